// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"

#include "collector/receive/symbol_table.h"
#include "collector/receive/validated_batch.h"
#include "collector/receive/validated_hello.h"
#include "collector/store/records.h"
#include "collector/store/write_session.h"

namespace lambent::collector {

// Environments asked for a symbol table that none of them has, before it is given up: a file may be
// gone from one of them, seldom from three.
inline constexpr int kMaxSymbolRefusals = 3;

// Where profiles are kept. Thread-safe (a WriteSession is for one thread at a time).
//
// Errors of all: RESOURCE_EXHAUSTED when there is no room, DATA_LOSS when what is kept is damaged,
// UNAVAILABLE when trying again may help.
class ProfileStore {
 public:
  virtual ~ProfileStore() = default;

  // Starts or goes on with an environment. From here on only the new session may write it. Errors:
  // INVALID_ARGUMENT when it is known as another function's, or version's; nothing was written.
  virtual absl::StatusOr<std::unique_ptr<WriteSession>> OpenEnvironment(const ValidatedHello& hello,
                                                                        int64_t now_unix_us) = 0;

  // Makes a batch durable: when this returns OK, it survives whatever happens to the process and
  // the machine. Brings `session` up to date. REQUIRES: the batch was validated against
  // session.extent and comes next. Errors: ABORTED when a later session took over; nothing was
  // written then, as with every other error.
  virtual absl::Status StoreBatch(WriteSession& session, const ValidatedBatch& batch,
                                  int64_t now_unix_us) = 0;

  // Makes durable that a batch was refused: it counts as handled, and the dictionary has a hole
  // until the next epoch. `samples`: as its sender claimed.
  virtual absl::Status RejectBatch(WriteSession& session, uint64_t sequence, uint64_t samples,
                                   const std::string& reason, int64_t now_unix_us) = 0;

  // The batches of the session's environment above `after` and up to `until` that were refused, in
  // rising sequence, at most `limit`.
  virtual absl::StatusOr<std::vector<RejectedBatch>> ReadRejected(const WriteSession& session,
                                                                  uint64_t after, uint64_t until,
                                                                  size_t limit) = 0;

  // Build ids (raw) of modules the session's environment has whose symbol tables are wanted: native
  // frames of theirs have no name, no table is there, fewer than kMaxSymbolRefusals environments
  // said they have none, and this one did not. At most `limit`.
  virtual absl::StatusOr<std::vector<std::string>> ReadWantedSymbols(WriteSession& session,
                                                                     size_t limit) = 0;
  // Makes a table durable; frames without a name are named after it from here on, those stored
  // before too. A table that is there already stays. False: it names none of the frames that are
  // without a name (a stripped file's), so it is wanted of others still; of such tables the largest
  // is kept until one comes that does.
  virtual absl::StatusOr<bool> StoreSymbols(const ValidatedSymbols& symbols) = 0;
  // The session's environment could not provide the table; said again, it counts once.
  virtual absl::Status RefuseSymbols(const WriteSession& session, const std::string& build_id) = 0;

  virtual absl::StatusOr<std::vector<FunctionRecord>> ReadFunctions() = 0;

  // Newest first, at most `limit`. The filter's phases do not restrict.
  virtual absl::StatusOr<std::vector<InvocationRecord>> ReadInvocations(const SampleFilter& filter,
                                                                        size_t limit) = 0;

  // Calls `sink` for every segment that may hold samples of the filter (times are the sink's to
  // check, sample by sample). The init segment belongs to its environment's first invocation.
  virtual absl::Status ReadSegments(const SampleFilter& filter,
                                    absl::FunctionRef<void(const SegmentRecord&)> sink) = 0;

  // The stacks of these ids, their ancestors and frames. Native frames that came without a name
  // have that of their module's symbol table, where it is there.
  virtual absl::StatusOr<StackForest> ReadStacks(absl::Span<const int64_t> stacks) = 0;
  // Names by thread id.
  virtual absl::StatusOr<absl::flat_hash_map<int64_t, std::string>> ReadThreadNames(
      absl::Span<const int64_t> threads) = 0;

  // Readings of one environment (16 raw bytes) that overlap [since_us, until_us], in time order.
  virtual absl::Status ReadMetrics(const std::string& environment_id, int64_t since_us,
                                   int64_t until_us,
                                   absl::FunctionRef<void(const MetricsRecord&)> sink) = 0;

  // Newest first.
  virtual absl::StatusOr<std::vector<RejectionRecord>> ReadRejections(size_t limit) = 0;
  virtual absl::StatusOr<StoreTotals> ReadTotals() = 0;
};

}  // namespace lambent::collector
