// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "collector/store/database.h"
#include "collector/store/records.h"

namespace lambent::collector {

// Conditions of a SampleFilter as SQL over fixed parameters, so that there are few texts and no
// stranger's text is ever part of one. Tables by alias: i invocations, e environments, f functions,
// s segments. Pure.
// InvocationRecord.attempt of the row of table invocations that `alias` names.
std::string AttemptOf(const std::string& alias);
std::string InvocationConditions(const SampleFilter& filter);
std::string SegmentConditions(const SampleFilter& filter);

// The values of those parameters. Borrows from the filter, which must outlive the statement's
// steps.
class FilterValues {
 public:
  explicit FilterValues(const SampleFilter& filter) : filter_(filter) {}

  // ?1 function, ?2 version, ?3 request id, ?4 environment, ?5 since, ?6 until, ?7 cold, ?8 status,
  // ?9 bit set of phases, ?10 limit, ?11 attempt. A statement ignores those it does not use.
  void BindTo(Statement& statement, int64_t limit) const;

 private:
  const SampleFilter& filter_;
};

}  // namespace lambent::collector
