// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
// A library linked for an address of its own, as prelink leaves them: what its file says of
// addresses is neither where it is mapped nor counted from there.
#include "../target.h"

NAMED __attribute__((visibility("default"))) void CasePrelinkedLeaf(int rounds) { Work(rounds); }
NAMED __attribute__((visibility("default"))) void CasePrelinkedOuter(int rounds) {
  CasePrelinkedLeaf(rounds);
  STAY;
}
