// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "collector/store/filter_sql.h"

#include <cstdint>
#include <limits>
#include <string>

namespace lambent::collector {
namespace {

std::string EnvironmentConditions(const SampleFilter& filter) {
  std::string sql = "1";
  if (!filter.function_name.empty()) sql += " AND f.name = ?1";
  if (!filter.function_version.empty()) sql += " AND f.version = ?2";
  if (!filter.environment_id.empty()) sql += " AND e.uuid = ?4";
  return sql;
}

}  // namespace

std::string AttemptOf(const std::string& alias) {
  return "(SELECT count(*) FROM invocations j WHERE j.request_id = " + alias +
         ".request_id AND j.function = " + alias + ".function AND (j.start_us, j.id) <= (" + alias +
         ".start_us, " + alias + ".id))";
}

std::string InvocationConditions(const SampleFilter& filter) {
  std::string sql = EnvironmentConditions(filter);
  if (!filter.request_id.empty()) sql += " AND i.request_id = ?3";
  if (filter.attempt != 0) sql += " AND " + AttemptOf("i") + " = ?11";
  if (filter.since_us != 0) {
    sql += " AND max(i.start_us, i.end_us, i.last_sample_us) >= ?5";
  }
  if (filter.until_us != 0) sql += " AND i.start_us <= ?6";
  if (filter.cold.has_value()) sql += " AND i.cold = ?7";
  if (filter.status != 0) sql += " AND i.status = ?8";
  return sql;
}

std::string SegmentConditions(const SampleFilter& filter) {
  std::string sql = EnvironmentConditions(filter);
  if (!filter.phases.empty()) sql += " AND (?9 >> s.phase) & 1";
  if (filter.since_us != 0) sql += " AND s.end_us >= ?5";
  if (filter.until_us != 0) sql += " AND s.start_us <= ?6";
  if (filter.cold.has_value() || filter.status != 0) {
    // The init segment counts as its environment's first invocation.
    sql +=
        " AND EXISTS (SELECT 1 FROM invocations i WHERE i.id = CASE WHEN s.invocation != 0 THEN"
        " s.invocation WHEN s.phase = 1 THEN e.first_invocation ELSE 0 END";
    if (filter.cold.has_value()) sql += " AND i.cold = ?7";
    if (filter.status != 0) sql += " AND i.status = ?8";
    sql += ")";
  }
  if (!filter.request_id.empty()) {
    const auto attempt = [&filter](const char* alias) {
      return filter.attempt == 0 ? "" : " AND " + AttemptOf(alias) + " = ?11";
    };
    sql +=
        " AND s.id IN (SELECT s1.id FROM invocations i1 JOIN segments s1 ON s1.invocation ="
        " i1.id WHERE i1.request_id = ?3" +
        attempt("i1") +
        " UNION ALL SELECT s2.id FROM invocations i2 JOIN"
        " environments e2 ON e2.first_invocation = i2.id AND e2.id = i2.environment JOIN"
        " segments s2 ON s2.environment = e2.id AND s2.invocation = 0 AND s2.phase = 1"
        " WHERE i2.request_id = ?3" +
        attempt("i2") + ")";
  }
  return sql;
}

void FilterValues::BindTo(Statement& statement, int64_t limit) const {
  int64_t phases = 0;
  for (const Phase phase : filter_.phases) phases |= int64_t{1} << static_cast<int>(phase);
  statement.With(Text{filter_.function_name}, Text{filter_.function_version}, filter_.request_id,
                 filter_.environment_id, filter_.since_us,
                 filter_.until_us != 0 ? filter_.until_us : std::numeric_limits<int64_t>::max(),
                 filter_.cold.value_or(false), filter_.status, phases, limit, filter_.attempt);
}

}  // namespace lambent::collector
