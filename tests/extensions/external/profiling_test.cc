// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "extensions/external/profiling.h"

#include <memory>

#include "absl/time/clock.h"
#include <gtest/gtest.h>

#include "extensions/external/configuration.h"

namespace lambent {
namespace {

// Neither a platform nor a collector is there.
Profiling::Setup Alone() {
  Profiling::Setup setup;
  setup.configuration = ReadConfiguration({{"LAMBENT_COLLECTOR", "127.0.0.1:1"}});
  setup.registration.function_name = "function";
  setup.api = *os::Endpoint::Parse("127.0.0.1:1");
  setup.api_address = "127.0.0.1:1";
  setup.extensions_folder = "/nonexistent";
  setup.started = absl::Now();
  return setup;
}

TEST(ProfilingTest, EndsWithAllItsThreads) {
  Profiling profiling(Alone());
  profiling.Start();
  profiling.OnInvoke(InvokeEvent{});
}

TEST(ProfilingTest, EndsWithoutHavingStarted) { Profiling profiling(Alone()); }

}  // namespace
}  // namespace lambent
