// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "extensions/local/outcome.h"

namespace lambent::local {

std::string_view StatusName(Status status) {
  switch (status) {
    case Status::kSuccess:
      return "success";
    case Status::kError:
      return "error";
    case Status::kFailure:
      return "failure";
    case Status::kTimeout:
      return "timeout";
  }
  return "failure";
}

std::string_view InitPhaseName(InitPhase phase) {
  return phase == InitPhase::kInit ? "init" : "invoke";
}

std::string_view ShutdownReasonName(ShutdownReason reason) {
  switch (reason) {
    case ShutdownReason::kSpindown:
      return "SPINDOWN";
    case ShutdownReason::kTimeout:
      return "TIMEOUT";
    case ShutdownReason::kFailure:
      return "FAILURE";
  }
  return "FAILURE";
}

}  // namespace lambent::local
