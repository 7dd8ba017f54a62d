// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "collector/store/invocation_table.h"

#include <cstdint>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace lambent::collector {
namespace {

constexpr char kLoad[] =
    "SELECT id, start_us, start_rank, end_us, deadline_us, last_sample_us, status, status_rank,"
    " error_type, duration_us, billed_duration_us, init_duration_us, memory_size_mb,"
    " max_memory_used_mb FROM invocations WHERE environment = ? AND request_id = ?";

constexpr char kSave[] =
    "UPDATE invocations SET start_us = ?, start_rank = ?, end_us = ?, deadline_us = ?,"
    " last_sample_us = ?, status = ?, status_rank = ?, error_type = ?, duration_us = ?,"
    " billed_duration_us = ?, init_duration_us = ?, memory_size_mb = ?, max_memory_used_mb = ?"
    " WHERE id = ?";

constexpr char kCreate[] =
    "INSERT INTO invocations (environment, request_id, function, cold, start_us, start_rank, "
    "end_us,"
    " deadline_us, last_sample_us, status, status_rank, error_type, duration_us,"
    " billed_duration_us, init_duration_us, memory_size_mb, max_memory_used_mb)"
    " VALUES (?, ?, ?, ?, 0, 0, 0, 0, 0, 0, 0, x'', 0, 0, 0, 0, 0)";

}  // namespace

absl::StatusOr<InvocationTable::Invocation> InvocationTable::Load(const std::string& request_id) {
  absl::StatusOr<Statement> row = database_.Prepare(kLoad);
  if (!row.ok()) return row.status();
  const absl::StatusOr<bool> found = row->With(environment_, request_id).Next();
  if (!found.ok()) return found.status();
  Invocation invocation;
  if (!*found) return invocation;
  InvocationFacts& facts = invocation.facts;
  invocation.id = row->Int(0);
  facts.start_us = row->Int(1);
  facts.start_rank = static_cast<uint32_t>(row->Int(2));
  facts.end_us = row->Int(3);
  facts.deadline_us = row->Int(4);
  facts.last_sample_us = row->Int(5);
  facts.status = static_cast<uint32_t>(row->Int(6));
  facts.status_source = static_cast<StatusSource>(row->Int(7));
  facts.error_type = row->String(8);
  facts.duration_us = row->Int(9);
  facts.billed_duration_us = row->Int(10);
  facts.init_duration_us = row->Int(11);
  facts.memory_size_mb = static_cast<uint32_t>(row->Int(12));
  facts.max_memory_used_mb = static_cast<uint32_t>(row->Int(13));
  row->With();
  return invocation;
}

absl::StatusOr<InvocationTable::Invocation> InvocationTable::Create(const std::string& request_id) {
  absl::StatusOr<Statement> any =
      database_.Prepare("SELECT 1 FROM invocations WHERE environment = ? LIMIT 1");
  if (!any.ok()) return any.status();
  const absl::StatusOr<bool> others = any->With(environment_).Next();
  if (!others.ok()) return others.status();
  any->With();
  const bool cold = complete_ && !*others;
  absl::StatusOr<Statement> create = database_.Prepare(kCreate);
  if (!create.ok()) return create.status();
  if (absl::Status s = create->With(environment_, request_id, function_, cold).Run(); !s.ok()) {
    return s;
  }
  Invocation invocation;
  invocation.id = database_.LastInsertId();
  if (!cold) return invocation;
  absl::StatusOr<Statement> first =
      database_.Prepare("UPDATE environments SET first_invocation = ? WHERE id = ?");
  if (!first.ok()) return first.status();
  if (absl::Status s = first->With(invocation.id, environment_).Run(); !s.ok()) return s;
  return invocation;
}

absl::StatusOr<InvocationTable::Invocation*> InvocationTable::Get(const std::string& request_id) {
  if (const auto known = invocations_.find(request_id); known != invocations_.end()) {
    return &known->second;
  }
  absl::StatusOr<Invocation> invocation = Load(request_id);
  if (invocation.ok() && invocation->id == 0) invocation = Create(request_id);
  if (!invocation.ok()) return invocation.status();
  return &invocations_.emplace(request_id, *std::move(invocation)).first->second;
}

absl::StatusOr<InvocationTable::Invocation*> InvocationTable::Latest() {
  absl::StatusOr<Statement> latest = database_.Prepare(
      "SELECT request_id FROM invocations WHERE environment = ? ORDER BY id DESC LIMIT 1");
  if (!latest.ok()) return latest.status();
  const absl::StatusOr<bool> found = latest->With(environment_).Next();
  if (!found.ok()) return found.status();
  const std::string request_id = *found ? latest->String(0) : "";
  latest->With();
  if (!*found) return nullptr;
  return Get(request_id);
}

absl::Status InvocationTable::Save() {
  for (const auto& [request_id, invocation] : invocations_) {
    const InvocationFacts& facts = invocation.facts;
    absl::StatusOr<Statement> save = database_.Prepare(kSave);
    if (!save.ok()) return save.status();
    const absl::Status saved =
        save->With(facts.start_us, facts.start_rank, facts.end_us, facts.deadline_us,
                   facts.last_sample_us, facts.status, static_cast<int>(facts.status_source),
                   facts.error_type, facts.duration_us, facts.billed_duration_us,
                   facts.init_duration_us, facts.memory_size_mb, facts.max_memory_used_mb,
                   invocation.id)
            .Run();
    if (!saved.ok()) return saved;
  }
  return absl::OkStatus();
}

}  // namespace lambent::collector
