// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "collector/store/invocation_table.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "collector/store/choose_invocation.h"
#include "lambent/v1/profile.pb.h"

namespace lambent::collector {
namespace {

// Of one request id in one environment that are looked at. The platform tries twice again.
constexpr int kMaxAttempts = 16;

constexpr char kLoad[] =
    "SELECT id, start_us, start_rank, end_us, deadline_us, last_sample_us, status, status_rank,"
    " error_type, duration_us, billed_duration_us, init_duration_us, memory_size_mb,"
    " max_memory_used_mb, ordinal FROM invocations WHERE environment = ? AND request_id = ?"
    " ORDER BY ordinal DESC LIMIT ?";

constexpr char kSave[] =
    "UPDATE invocations SET start_us = ?, start_rank = ?, end_us = ?, deadline_us = ?,"
    " last_sample_us = ?, status = ?, status_rank = ?, error_type = ?, duration_us = ?,"
    " billed_duration_us = ?, init_duration_us = ?, memory_size_mb = ?, max_memory_used_mb = ?"
    " WHERE id = ?";

constexpr char kCreate[] =
    "INSERT INTO invocations (environment, request_id, ordinal, function, cold, start_us,"
    " start_rank, end_us, deadline_us, last_sample_us, status, status_rank, error_type, "
    "duration_us,"
    " billed_duration_us, init_duration_us, memory_size_mb, max_memory_used_mb)"
    " VALUES (?, ?, ?, ?, ?, 0, 0, 0, 0, 0, 0, 0, x'', 0, 0, 0, 0, 0)";

}  // namespace

absl::StatusOr<InvocationTable::Attempts> InvocationTable::Load(const std::string& request_id) {
  absl::StatusOr<Statement> row = database_.Prepare(kLoad);
  if (!row.ok()) return row.status();
  row->With(environment_, request_id, kMaxAttempts);
  Attempts attempts;
  for (;;) {
    const absl::StatusOr<bool> more = row->Next();
    if (!more.ok()) return more.status();
    if (!*more) return attempts;
    Invocation& invocation = attempts.invocations.emplace_front();  // the newest comes first
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
    attempts.last_ordinal = std::max(attempts.last_ordinal, row->Int(14));
  }
}

absl::Status InvocationTable::Create(const std::string& request_id, Attempts& attempts) {
  absl::StatusOr<Statement> any =
      database_.Prepare("SELECT 1 FROM invocations WHERE environment = ? LIMIT 1");
  if (!any.ok()) return any.status();
  const absl::StatusOr<bool> others = any->With(environment_).Next();
  if (!others.ok()) return others.status();
  any->With();
  const bool cold = complete_ && !*others;
  absl::StatusOr<Statement> create = database_.Prepare(kCreate);
  if (!create.ok()) return create.status();
  const absl::Status created =
      create->With(environment_, request_id, attempts.last_ordinal + 1, function_, cold).Run();
  if (!created.ok()) return created;
  ++attempts.last_ordinal;
  Invocation& invocation = attempts.invocations.emplace_back();
  invocation.id = database_.LastInsertId();
  if (!cold) return absl::OkStatus();
  absl::StatusOr<Statement> first =
      database_.Prepare("UPDATE environments SET first_invocation = ? WHERE id = ?");
  if (!first.ok()) return first.status();
  return first->With(invocation.id, environment_).Run();
}

absl::StatusOr<InvocationTable::Attempts*> InvocationTable::Get(const std::string& request_id) {
  if (const auto known = attempts_.find(request_id); known != attempts_.end()) {
    return &known->second;
  }
  absl::StatusOr<Attempts> attempts = Load(request_id);
  if (!attempts.ok()) return attempts.status();
  return &attempts_.emplace(request_id, *std::move(attempts)).first->second;
}

absl::Status InvocationTable::Mention(const std::string& request_id) {
  const absl::StatusOr<Attempts*> attempts = Get(request_id);
  if (!attempts.ok()) return attempts.status();
  return (*attempts)->invocations.empty() ? Create(request_id, **attempts) : absl::OkStatus();
}

template <typename News>
absl::StatusOr<InvocationTable::Invocation*> InvocationTable::Choose(const News& news,
                                                                     bool* is_new) {
  const absl::StatusOr<Attempts*> attempts = Get(news.request_id);
  if (!attempts.ok()) return attempts.status();
  std::deque<Invocation>& invocations = (*attempts)->invocations;
  // The rules look at the latest few only.
  const size_t skipped = invocations.size() - std::min(invocations.size(), size_t{kMaxAttempts});
  std::vector<InvocationFacts> known;
  for (size_t i = skipped; i < invocations.size(); ++i) known.push_back(invocations[i].facts);
  const size_t chosen = skipped + ChooseInvocation(known, news);
  if (chosen == invocations.size()) {
    if (absl::Status s = Create(news.request_id, **attempts); !s.ok()) return s;
    if (is_new != nullptr) *is_new = true;
  }
  return &invocations[chosen];
}

absl::StatusOr<InvocationTable::Invocation*> InvocationTable::Of(const ValidatedEvent& event) {
  bool is_new = false;
  const absl::StatusOr<Invocation*> chosen = Choose(event, &is_new);
  if (!chosen.ok() || !is_new || event.kind != v1::InvocationEvent::INVOKE) return chosen;
  std::deque<Invocation>& invocations = attempts_[event.request_id].invocations;
  if (invocations.size() > 1) {
    const absl::Status moved =
        MoveSegments(*(invocations.end() - 2), invocations.back(), event.time_unix_us);
    if (!moved.ok()) return moved;
  }
  return chosen;
}

absl::StatusOr<InvocationTable::Invocation*> InvocationTable::Of(const ValidatedSegment& segment) {
  return Choose(segment);
}

absl::Status InvocationTable::MoveSegments(Invocation& from, Invocation& to, int64_t invoked_us) {
  absl::StatusOr<Statement> move = database_.Prepare(
      "UPDATE segments SET invocation = ? WHERE invocation = ? AND start_us >= ?");
  if (!move.ok()) return move.status();
  const absl::Status moved = move->With(to.id, from.id, invoked_us - kOwnSlackUs).Run();
  if (!moved.ok() || database_.Changes() == 0) return moved;
  absl::StatusOr<Statement> last =
      database_.Prepare("SELECT max(end_us) FROM segments WHERE invocation = ? AND phase = 2");
  if (!last.ok()) return last.status();
  for (Invocation* invocation : {&from, &to}) {
    const absl::StatusOr<bool> row = last->With(invocation->id).Next();
    if (!row.ok()) return row.status();
    invocation->facts.last_sample_us = last->Int(0);
  }
  last->With();
  return absl::OkStatus();
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
  const absl::StatusOr<Attempts*> attempts = Get(request_id);
  if (!attempts.ok()) return attempts.status();
  return &(*attempts)->invocations.back();
}

absl::Status InvocationTable::Save() {
  for (const auto& [request_id, attempts] : attempts_) {
    for (const Invocation& invocation : attempts.invocations) {
      if (absl::Status s = Save(invocation); !s.ok()) return s;
    }
  }
  return absl::OkStatus();
}

absl::Status InvocationTable::Save(const Invocation& invocation) {
  const InvocationFacts& facts = invocation.facts;
  absl::StatusOr<Statement> save = database_.Prepare(kSave);
  if (!save.ok()) return save.status();
  return save
      ->With(facts.start_us, facts.start_rank, facts.end_us, facts.deadline_us,
             facts.last_sample_us, facts.status, static_cast<int>(facts.status_source),
             facts.error_type, facts.duration_us, facts.billed_duration_us, facts.init_duration_us,
             facts.memory_size_mb, facts.max_memory_used_mb, invocation.id)
      .Run();
}

}  // namespace lambent::collector
