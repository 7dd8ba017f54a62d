// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "absl/status/status.h"
#include "absl/time/time.h"

#include "lambent/v1/ingest.pb.h"

namespace lambent {

// What happened on a stream.
struct StreamEvent {
  enum class Kind {
    kTimeout,  // nothing by the time asked for
    kWoken,    // Wake was called
    kWritten,  // the last Write is on its way; the next may follow
    kMessage,  // `message` came
    kClosed,   // the stream ended, `status` says why; nothing follows
  };
  Kind kind = Kind::kTimeout;
  v1::ServerMessage message;
  absl::Status status;
};

// One connection attempt and, if it succeeds, one Ingest.Stream call: the seam between the protocol
// and gRPC. Tests use fakes::FakeBatchStream. Confined to the uplink thread, but for Wake.
class BatchStream {
 public:
  virtual ~BatchStream() = default;  // cancels a call that is still open

  // Queues one message. REQUIRES: no Write is outstanding (the last one's kWritten came).
  virtual void Write(const v1::ClientMessage& message) = 0;

  // Waits for the next event, at most `wait`.
  virtual StreamEvent Next(absl::Duration wait) = 0;

  // Makes a Next that waits, or the next one, return kWoken. Thread-safe.
  virtual void Wake() = 0;
};

// Starts a connection attempt; never blocks, never null. Failure shows as kClosed.
using StreamOpener = std::function<std::unique_ptr<BatchStream>()>;

}  // namespace lambent
