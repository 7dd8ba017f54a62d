// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "collector/receive/symbol_requests.h"

namespace lambent::collector {

SymbolRequests::Asker SymbolRequests::NewAsker() {
  absl::MutexLock lock(&mutex_);
  return ++last_asker_;
}

bool SymbolRequests::Acquire(const std::string& build_id, Asker asker, int64_t now_ns) {
  absl::MutexLock lock(&mutex_);
  if (open_.size() >= kMaxOpen) {
    absl::erase_if(open_, [now_ns](const auto& one) { return one.second.until_ns <= now_ns; });
  }
  const auto open = open_.find(build_id);
  if (open == open_.end() && open_.size() >= kMaxOpen) return false;
  if (open != open_.end() && open->second.until_ns > now_ns) return false;
  open_[build_id] = {asker, now_ns + kPatienceNs};
  return true;
}

bool SymbolRequests::Holds(const std::string& build_id, Asker asker, int64_t now_ns) {
  absl::MutexLock lock(&mutex_);
  const auto open = open_.find(build_id);
  if (open == open_.end() || open->second.asker != asker) return false;
  open->second.until_ns = now_ns + kPatienceNs;
  return true;
}

void SymbolRequests::Release(const std::string& build_id, Asker asker) {
  absl::MutexLock lock(&mutex_);
  const auto open = open_.find(build_id);
  if (open != open_.end() && open->second.asker == asker) open_.erase(open);
}

}  // namespace lambent::collector
