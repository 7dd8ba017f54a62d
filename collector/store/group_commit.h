// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>

#include "absl/base/thread_annotations.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"

#include "collector/store/database.h"

namespace lambent::collector {

// One writer's transactions, shared: what several threads want written at the same time is
// committed together, so that they share one fsync. The thread that comes first does the work for
// all that came while the one before was busy. Thread-safe.
class GroupCommit {
 public:
  // `rolled_back` is called, within the lock of the work, whenever work was undone. Both must
  // outlive this; `database` is used only by the work.
  GroupCommit(Database& database, absl::FunctionRef<void()> rolled_back)
      : database_(database), rolled_back_(rolled_back) {}

  // Runs `work` within a transaction and returns when that is committed. Work that fails is undone
  // alone; when the database fails, all of the group is undone and gets the error.
  absl::Status Run(absl::FunctionRef<absl::Status()> work);

 private:
  struct Request {
    absl::FunctionRef<absl::Status()> work;
    absl::Status status;
    bool done = false;
  };

  // Runs a group's work and commits it; sets each one's status.
  void Commit(std::deque<Request*>& group);
  absl::Status RunAll(std::deque<Request*>& group);
  absl::Status RunOne(Request& request);

  Database& database_;
  absl::FunctionRef<void()> rolled_back_;
  absl::Mutex mutex_;
  absl::CondVar changed_;
  std::deque<Request*> waiting_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace lambent::collector
