// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "collector/receive/validated_batch.h"
#include "collector/store/database.h"
#include "collector/store/global_ids.h"
#include "collector/store/interner.h"
#include "collector/store/invocation_table.h"
#include "collector/store/write_session.h"

namespace lambent::collector {

// Writes one batch of one environment into the tables, within the caller's transaction.
// Thread-compatible; lives for one batch.
class BatchWriter {
 public:
  // All references must outlive this. `session` is as of the batch before and is not changed.
  BatchWriter(Database& database, Interner& interner, const WriteSession& session,
              const ValidatedBatch& batch, int64_t now_unix_us)
      : database_(database),
        interner_(interner),
        session_(session),
        batch_(batch),
        now_unix_us_(now_unix_us) {}

  // The dictionary entries the batch added, for the session once the transaction is committed.
  absl::StatusOr<DictionaryDelta> Write();

 private:
  absl::Status WriteDictionary();
  absl::Status InternFrames();
  // A native frame of this module (modules.id) came without a name: its symbols are wanted.
  absl::Status WantSymbols(int64_t module);
  absl::Status SaveDelta();
  absl::Status WriteEventsAndSegments();
  absl::Status WriteEvents(InvocationTable& invocations);
  absl::Status WriteEvent(const ValidatedEvent& event, int64_t invocation);
  absl::Status WriteInitEvent(const ValidatedEvent& event);
  absl::Status WriteSegment(const ValidatedSegment& segment, int64_t invocation);
  absl::Status WriteMetrics(const ValidatedMetrics& metrics);
  absl::Status MarkDurable();

  // The id of an index of the environment's: of a batch before, or of this one.
  int64_t Id(std::vector<int64_t> GlobalIds::*table, uint32_t index) const;

  Database& database_;
  Interner& interner_;
  const WriteSession& session_;
  const ValidatedBatch& batch_;
  const int64_t now_unix_us_;
  DictionaryDelta delta_;
};

}  // namespace lambent::collector
