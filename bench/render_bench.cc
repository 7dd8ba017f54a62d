// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
// Time from a merged profile to the bytes of each format.
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "benchmark/benchmark.h"

#include "collector/render/render.h"
#include "profiler/base/phase.h"
#include "tests/collector/render/profile_builder.h"

namespace lambent::collector {
namespace {

// Some ten nodes a stack, of 500 functions.
Profile ProfileOf(int64_t stacks) {
  ProfileBuilder builder;
  builder.profile().title = "orders";
  const uint32_t thread = builder.Thread("MainThread");
  std::vector<uint32_t> functions;
  for (int i = 0; i < 500; ++i) {
    functions.push_back(builder.Frame(FrameKind::kPython, absl::StrCat("function_", i),
                                      absl::StrCat("/var/task/module_", i / 8, ".py"), 7));
  }
  std::minstd_rand random(42);
  for (int64_t i = 0; i < stacks; ++i) {
    std::vector<uint32_t> stack;
    for (int depth = 0; depth < 20; ++depth) {
      // Near the root there are few callees.
      stack.push_back(functions[random() % (depth < 10 ? 2 : functions.size())]);
    }
    builder.Add(stack, {0, thread, static_cast<uint32_t>(Phase::kInvoke), 10'000, 9'000, 1});
  }
  return builder.Build();
}

void BM_Render(benchmark::State& state) {
  const Profile profile = ProfileOf(state.range(0));
  const auto format = static_cast<Format>(state.range(1));
  state.SetLabel(
      absl::StrCat(std::string(FormatName(format)), ", ", profile.node_frame.size(), " nodes"));
  for (auto _ : state) {
    const auto bytes = Render(profile, format, Weight::kWall);
    if (!bytes.ok()) state.SkipWithError("not rendered");
    benchmark::DoNotOptimize(bytes);
  }
}
BENCHMARK(BM_Render)
    ->ArgsProduct({{100, 10'000}, {1, 2, 3, 4, 5, 6, 7}})
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace lambent::collector
