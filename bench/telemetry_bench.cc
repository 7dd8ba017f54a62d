// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
// What the platform's telemetry of one invocation costs to read.
#include <string>

#include "benchmark/benchmark.h"

#include "extensions/lambda_api/telemetry_parser.h"

namespace lambent {
namespace {

const std::string kInvocation =
    R"([{"time":"2026-05-04T10:00:02.764Z","type":"platform.start","record":)"
    R"({"requestId":"8476a536-e9f4-11e8-9739-2dfe598c3fcd","version":"$LATEST"}},)"
    R"({"time":"2026-05-04T10:00:02.923Z","type":"platform.runtimeDone","record":)"
    R"({"requestId":"8476a536-e9f4-11e8-9739-2dfe598c3fcd","status":"success",)"
    R"("metrics":{"durationMs":158.9,"producedBytes":4096},)"
    R"("spans":[{"name":"responseLatency","start":"2026-05-04T10:00:02.764Z","durationMs":158.1}]}},)"
    R"({"time":"2026-05-04T10:00:02.930Z","type":"platform.report","record":)"
    R"({"requestId":"8476a536-e9f4-11e8-9739-2dfe598c3fcd","status":"success",)"
    R"("metrics":{"durationMs":158.9,"billedDurationMs":159,"memorySizeMB":256,)"
    R"("maxMemoryUsedMB":71}}}])";

void BM_ParseTelemetryBatch(benchmark::State& state) {
  for (auto _ : state) {
    const TelemetryBatch batch = ParseTelemetryBatch(kInvocation);
    if (batch.events.size() != 3) state.SkipWithError("not read");
    benchmark::DoNotOptimize(batch);
  }
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(kInvocation.size()));
}
BENCHMARK(BM_ParseTelemetryBatch);

}  // namespace
}  // namespace lambent
