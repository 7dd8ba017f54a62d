// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "collector/server/symbol_intake.h"

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

#include "profiler/base/log.h"

namespace lambent::collector {
namespace {

// Looked at when choosing what to ask for: more than others can have taken.
constexpr size_t kMaxLookedAt = 256;
constexpr size_t kMaxReasonBytes = 256;

}  // namespace

SymbolIntake::~SymbolIntake() {
  for (const std::string& build_id : asked_) requests_.Release(build_id, asker_);
}

std::optional<v1::ServerMessage> SymbolIntake::Ask(WriteSession& session) {
  if (asked_.size() >= kMaxAsked) return std::nullopt;
  const absl::StatusOr<std::vector<std::string>> wanted =
      store_.ReadWantedSymbols(session, kMaxLookedAt);
  if (!wanted.ok()) {
    Log(LogLevel::kWarn, absl::StrCat("symbols: ", wanted.status().message()));
    return std::nullopt;
  }
  v1::ServerMessage message;
  for (const std::string& build_id : *wanted) {
    if (asked_.size() >= kMaxAsked) break;
    if (asked_.contains(build_id) || refused_.contains(build_id)) continue;
    if (!requests_.Acquire(build_id, asker_, clock_.MonotonicNs())) continue;
    asked_.insert(build_id);
    message.mutable_need_symbols()->add_build_ids(build_id);
  }
  if (!message.has_need_symbols()) return std::nullopt;
  return message;
}

void SymbolIntake::Take(const WriteSession& session, const v1::SymbolTable& part) {
  const std::string& build_id = part.build_id();
  // Not asked, or so long ago that another is asked: there is nothing to be done with it.
  if (!asked_.contains(build_id)) return;
  if (!requests_.Holds(build_id, asker_, clock_.MonotonicNs())) return LeaveToOthers(build_id);
  if (!part.unavailable().empty()) return Refuse(session, build_id, part.unavailable());
  if (part.part() == 0) table_.emplace(build_id);
  if (!table_.has_value()) return Refuse(session, build_id, "symbols: a part without the first");
  if (const absl::Status added = table_->Add(part); !added.ok()) {
    return Refuse(session, build_id, std::string(added.message()));
  }
  if (!table_->complete()) return;
  const absl::StatusOr<bool> stored = store_.StoreSymbols(table_->table());
  if (stored.ok() && !*stored) return Refuse(session, build_id, "names none of its frames");
  if (stored.ok()) {
    ++counters_.symbol_tables_stored;
    return Settle(build_id);
  }
  Log(LogLevel::kWarn, absl::StrCat("symbols: ", stored.status().message()));
  LeaveToOthers(build_id);
}

void SymbolIntake::LeaveToOthers(const std::string& build_id) {
  refused_.insert(build_id);
  Settle(build_id);
}

void SymbolIntake::Refuse(const WriteSession& session, const std::string& build_id,
                          const std::string& why) {
  ++counters_.symbol_tables_refused;
  refused_.insert(build_id);
  Log(LogLevel::kInfo, absl::StrCat("symbols of build id ", absl::BytesToHexString(build_id), ": ",
                                    absl::CHexEscape(why.substr(0, kMaxReasonBytes))));
  if (const absl::Status s = store_.RefuseSymbols(session, build_id); !s.ok()) {
    Log(LogLevel::kWarn, absl::StrCat("symbols: ", s.message()));
  }
  Settle(build_id);
}

void SymbolIntake::Settle(const std::string& build_id) {
  const std::string settled = build_id;  // it may be the table's own
  requests_.Release(settled, asker_);
  asked_.erase(settled);
  table_.reset();
}

}  // namespace lambent::collector
