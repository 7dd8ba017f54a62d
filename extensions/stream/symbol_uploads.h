// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"

#include "extensions/stream/symbol_source.h"
#include "profiler/encode/symbol_table_encoder.h"
#include "profiler/os/file_bytes.h"

namespace lambent {

// Reads and encodes the tables asked for, on a thread of its own that starts with the first
// question: sorting the symbols of a large file takes longer than a batch may wait for the uplink
// thread. It gives way to the others (os::LowerThreadPriority). Makes one part ahead of what is
// taken. Thread-safe.
class SymbolUploads final : public SymbolSource {
 public:
  // Build ids that wait at most; of more, the collector hears nothing and asks again.
  static constexpr size_t kMaxAsked = 64;

  // The module's file by its build id, already checked against it. Called on the thread.
  using OpenModule =
      std::function<absl::StatusOr<std::unique_ptr<os::FileBytes>>(const std::string& build_id)>;

  // `on_ready` is called on the thread, without a lock, when a part that was wanted can be taken.
  SymbolUploads(OpenModule open, std::function<void()> on_ready)
      : open_(std::move(open)), on_ready_(std::move(on_ready)) {}
  ~SymbolUploads() override;
  SymbolUploads(const SymbolUploads&) = delete;
  SymbolUploads& operator=(const SymbolUploads&) = delete;

  void Ask(std::vector<std::string> build_ids) override ABSL_LOCKS_EXCLUDED(mutex_);
  std::optional<EncodedSymbols> Take() override ABSL_LOCKS_EXCLUDED(mutex_);
  void Forget() override ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  void Run();
  // The next part of the table under way, or the first of `build_id`.
  EncodedSymbols Make(const std::string& build_id);
  // The table under way is of a stream that has ended: nobody waits for it any more.
  bool IsAbandoned() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return encoding_of_.has_value() && *encoding_of_ != stream_;
  }
  bool HasWork() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return stop_ || IsAbandoned() || (wanted_ && !ready_.has_value() && !asked_.empty());
  }

  const OpenModule open_;
  const std::function<void()> on_ready_;
  std::unique_ptr<SymbolTableEncoder> encoder_;  // confined to the thread

  absl::Mutex mutex_;
  std::deque<std::string> asked_ ABSL_GUARDED_BY(mutex_);  // the first is under way
  std::optional<EncodedSymbols> ready_ ABSL_GUARDED_BY(mutex_);
  bool wanted_ ABSL_GUARDED_BY(mutex_) = false;
  uint64_t stream_ ABSL_GUARDED_BY(mutex_) = 0;  // counts Forget
  // The stream whose table `encoder_` holds; unset: it holds none.
  std::optional<uint64_t> encoding_of_ ABSL_GUARDED_BY(mutex_);
  bool stop_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;  // touched by the uplink thread only
};

}  // namespace lambent
