// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

namespace lambent::bench {

// One line of the engine's table, as bench/run.py reads it: what was measured and how.
struct Row {
  std::string name;
  std::optional<double> value;  // none: it could not be measured, and `how` says why
  std::string how;
};

// The row, unless more than 1 % of the samples failed: the others were the easy ones. `quick`: all
// the same, nothing is judged.
Row RowOfMost(const Row& row, int failed, int samples, bool quick);

// The row, if there are as many stacks as it takes to see one impossible among 10,000. `quick`: all
// the same.
Row RowOfEnough(const Row& row, uint64_t stacks, bool quick);

// A JSON array; a value that is not there is null.
std::string ToJson(const std::vector<Row>& rows);

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
