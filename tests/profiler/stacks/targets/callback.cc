// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
// A library that Python calls and that calls Python: python_target.py callback.

namespace {

// Not the last thing its callers do, so that they keep their frames.
volatile int calls = 0;

}  // namespace

extern "C" {

[[gnu::noinline, gnu::visibility("default")]] void TargetCallBack(void (*back)()) {
  back();
  calls = calls + 1;
}

[[gnu::noinline, gnu::visibility("default")]] void TargetCallIn(void (*back)()) {
  TargetCallBack(back);
  calls = calls + 1;
}

}  // extern "C"
