// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

namespace lambent::bench {

// One line of the engine's table, as bench/run.py reads it: what was measured and how.
struct Row {
  std::string name;
  double value = 0;
  std::string how;
};

// Each measures one claim on real processes, in the file of its name. `quick`: once around, to see
// that it works. An error is why there is no figure; what was found before stays in `rows`.
absl::Status MeasureAlternating(bool quick, std::vector<Row>* rows);
absl::Status MeasureAttach(bool quick, std::vector<Row>* rows);
absl::Status MeasureDepth(bool quick, std::vector<Row>* rows);
absl::Status MeasureOracle(bool quick, std::vector<Row>* rows);
absl::Status MeasurePause(bool quick, std::vector<Row>* rows);
absl::Status MeasurePythonRead(bool quick, std::vector<Row>* rows);
absl::Status MeasureUnchanged(bool quick, std::vector<Row>* rows);
absl::Status MeasureUnwindMemory(bool quick, std::vector<Row>* rows);

}  // namespace lambent::bench
