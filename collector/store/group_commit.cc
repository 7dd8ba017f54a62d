// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "collector/store/group_commit.h"

#include <algorithm>
#include <cstddef>

#include "absl/status/status.h"

namespace lambent::collector {
namespace {

// Bounds how long the first of a group waits for the rest's work.
constexpr size_t kMaxGroup = 64;

// Whether the database itself failed, so that nothing of the transaction can be kept.
bool OfDatabase(const absl::Status& status) {
  return status.code() == absl::StatusCode::kResourceExhausted ||
         status.code() == absl::StatusCode::kDataLoss ||
         status.code() == absl::StatusCode::kUnavailable ||
         status.code() == absl::StatusCode::kPermissionDenied ||
         status.code() == absl::StatusCode::kInternal;
}

}  // namespace

absl::Status GroupCommit::Run(absl::FunctionRef<absl::Status()> work) {
  Request request{work, absl::OkStatus(), false};
  std::deque<Request*> group;
  {
    absl::MutexLock lock(&mutex_);
    waiting_.push_back(&request);
    while (!request.done && waiting_.front() != &request) changed_.Wait(&mutex_);
    if (request.done) return request.status;
    // First in line: this thread works for all that wait now. They stay in line, so that whoever
    // comes next waits until this is over.
    const auto end =
        waiting_.begin() + static_cast<std::ptrdiff_t>(std::min(waiting_.size(), kMaxGroup));
    group.assign(waiting_.begin(), end);
  }
  Commit(group);
  absl::MutexLock lock(&mutex_);
  for (Request* done : group) {
    done->done = true;
    waiting_.pop_front();
  }
  changed_.SignalAll();
  return request.status;
}

void GroupCommit::Commit(std::deque<Request*>& group) {
  absl::Status status = database_.Execute("BEGIN IMMEDIATE");
  if (status.ok()) status = RunAll(group);
  if (status.ok()) status = database_.Execute("COMMIT");
  if (status.ok()) return;
  // SQLite may have rolled back by itself, for instance when the disk is full.
  if (database_.InTransaction()) database_.Execute("ROLLBACK").IgnoreError();
  rolled_back_();
  for (Request* request : group) request->status = status;
}

absl::Status GroupCommit::RunAll(std::deque<Request*>& group) {
  for (Request* request : group) {
    if (absl::Status s = RunOne(*request); !s.ok()) return s;
  }
  return absl::OkStatus();
}

absl::Status GroupCommit::RunOne(Request& request) {
  if (absl::Status s = database_.Execute("SAVEPOINT one"); !s.ok()) return s;
  request.status = request.work();
  if (request.status.ok()) return database_.Execute("RELEASE one");
  if (OfDatabase(request.status)) return request.status;
  rolled_back_();
  return database_.Execute("ROLLBACK TO one; RELEASE one");
}

}  // namespace lambent::collector
