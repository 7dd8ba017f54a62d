// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "collector/server/collector_main.h"

int main(int argc, char** argv) { return lambent::collector::CollectorMain(argc, argv); }
