// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
// engine_rows CLAIM [--quick]: a JSON array of rows on stdout; called by bench/process/engine.py.
// Exit status 77: this machine lacks or refuses what the claim is about.
#include <cstdio>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "bench/engine/rows.h"

int main(int argc, char** argv) {
  using namespace lambent::bench;
  const std::map<std::string_view, absl::Status (*)(bool, std::vector<Row>*)> claims = {
      {"alternating", &MeasureAlternating},
      {"attach", &MeasureAttach},
      {"depth", &MeasureDepth},
      {"memory", &MeasureUnwindMemory},
      {"oracle", &MeasureOracle},
      {"pause", &MeasurePause},
      {"python_read", &MeasurePythonRead},
      {"unchanged", &MeasureUnchanged}};
  const auto claim = claims.find(argc > 1 ? argv[1] : "");
  if (claim == claims.end()) {
    std::fprintf(stderr, "usage: engine_rows CLAIM [--quick]\n");
    return 2;
  }
  std::vector<Row> rows;
  const absl::Status status =
      claim->second(argc > 2 && std::string_view(argv[2]) == "--quick", &rows);
  std::printf("%s\n", ToJson(rows).c_str());
  if (!status.ok()) std::fprintf(stderr, "%s\n", std::string(status.message()).c_str());
  if (status.ok()) return 0;
  return absl::IsPermissionDenied(status) || absl::IsNotFound(status) ? 77 : 1;
}
