// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"

#include "collector/store/database.h"
#include "collector/store/group_commit.h"
#include "collector/store/interner.h"
#include "collector/store/profile_store.h"
#include "profiler/os/file_lock.h"

namespace lambent::collector {

// Profiles in one SQLite file, lambent.db, of a directory that one collector owns at a time. WAL
// with synchronous=FULL: a commit is on the disk before it is acknowledged. One connection writes,
// readers have their own and never wait for it. Thread-safe.
class SqliteStore final : public ProfileStore {
 public:
  // Opens or creates the store in `directory`, which is made if need be. Errors, besides those of
  // PrepareSchema: FAILED_PRECONDITION when another collector has the directory.
  static absl::StatusOr<std::unique_ptr<SqliteStore>> Create(const std::string& directory);

  absl::StatusOr<std::unique_ptr<WriteSession>> OpenEnvironment(const ValidatedHello& hello,
                                                                int64_t now_unix_us) override;
  absl::Status StoreBatch(WriteSession& session, const ValidatedBatch& batch,
                          int64_t now_unix_us) override;
  absl::Status RejectBatch(WriteSession& session, uint64_t sequence, uint64_t samples,
                           const std::string& reason, int64_t now_unix_us) override;
  absl::StatusOr<std::vector<RejectedBatch>> ReadRejected(const WriteSession& session,
                                                          uint64_t after, uint64_t until,
                                                          size_t limit) override;
  absl::StatusOr<std::vector<std::string>> ReadWantedSymbols(WriteSession& session,
                                                             size_t limit) override;
  absl::StatusOr<bool> StoreSymbols(const ValidatedSymbols& symbols) override;
  absl::Status RefuseSymbols(const WriteSession& session, const std::string& build_id) override;
  absl::StatusOr<std::vector<FunctionRecord>> ReadFunctions() override;
  absl::StatusOr<std::vector<InvocationRecord>> ReadInvocations(const SampleFilter& filter,
                                                                size_t limit) override;
  absl::Status ReadSegments(const SampleFilter& filter,
                            absl::FunctionRef<void(const SegmentRecord&)> sink) override;
  absl::StatusOr<StackForest> ReadStacks(absl::Span<const int64_t> stacks) override;
  absl::StatusOr<absl::flat_hash_map<int64_t, std::string>> ReadThreadNames(
      absl::Span<const int64_t> threads) override;
  absl::Status ReadMetrics(const std::string& environment_id, int64_t since_us, int64_t until_us,
                           absl::FunctionRef<void(const MetricsRecord&)> sink) override;
  absl::StatusOr<std::vector<RejectionRecord>> ReadRejections(size_t limit) override;
  absl::StatusOr<StoreTotals> ReadTotals() override;

  // Lets the file grow to at most this many pages of 4 KiB: a full disk without one. For tests.
  absl::Status LimitPages(int64_t pages);

 private:
  SqliteStore(os::FileLock lock, std::string path, Database database)
      : lock_(std::move(lock)),
        path_(std::move(path)),
        writer_(std::move(database)),
        interner_(writer_),
        forget_([this] { interner_.Forget(); }),
        commits_(writer_, forget_) {}

  // A reading connection, taken from those at rest or opened; returned to them at the end.
  class Reader;
  absl::StatusOr<Reader> TakeReader();

  absl::Status LoadSession(const ValidatedHello& hello, int64_t now_unix_us, WriteSession& session);
  absl::Status LoadDictionary(WriteSession& session);
  absl::Status CheckLatest(const WriteSession& session) const;

  const os::FileLock lock_;
  const std::string path_;

  // Used within commits_.Run only.
  Database writer_;
  Interner interner_;
  absl::flat_hash_map<int64_t, uint64_t> generations_;  // latest session by environment
  uint64_t last_generation_ = 0;

  const std::function<void()> forget_;
  GroupCommit commits_;

  absl::Mutex mutex_;
  std::vector<std::unique_ptr<Database>> readers_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace lambent::collector
