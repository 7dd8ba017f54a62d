// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "absl/status/statusor.h"

#include "collector/store/records.h"

namespace lambent::collector {

// What is asked for: the store's filter and what is looked at sample by sample. A value.
struct Selection {
  SampleFilter filter;
  std::string thread_name;  // empty: all threads
  bool with_lock = false;   // only threads that held their interpreter's global lock
};

// The selection in words, for a title: "orders:7 · request 8476a536… · cold start". Pure.
std::string Describe(const Selection& selection);

// 32 hexadecimal digits to 16 raw bytes. INVALID_ARGUMENT for anything else. Pure.
absl::StatusOr<std::string> EnvironmentIdFromHex(const std::string& hex);
std::string EnvironmentIdToHex(const std::string& id);

}  // namespace lambent::collector
