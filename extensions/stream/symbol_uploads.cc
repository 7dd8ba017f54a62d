// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "extensions/stream/symbol_uploads.h"

#include <algorithm>
#include <system_error>
#include <utility>

#include "profiler/os/thread_priority.h"

namespace lambent {
namespace {

constexpr size_t kMaxReasonBytes = 256;

EncodedSymbols Unavailable(const std::string& build_id, const absl::Status& why) {
  return {.build_id = build_id,
          .unavailable = std::string(why.message().substr(0, kMaxReasonBytes))};
}

}  // namespace

SymbolUploads::~SymbolUploads() {
  {
    absl::MutexLock lock(&mutex_);
    stop_ = true;
  }
  if (thread_.joinable()) thread_.join();
}

void SymbolUploads::Ask(std::vector<std::string> build_ids) {
  absl::MutexLock lock(&mutex_);
  for (std::string& build_id : build_ids) {
    const bool known = std::find(asked_.begin(), asked_.end(), build_id) != asked_.end();
    if (known || asked_.size() >= kMaxAsked) continue;
    asked_.push_back(std::move(build_id));
  }
  if (asked_.empty() || thread_.joinable()) return;
  try {
    thread_ = std::thread([this] { Run(); });
  } catch (const std::system_error&) {
    // The function has used up the environment's threads: others are asked when this stays silent.
    asked_.clear();
  }
}

std::optional<EncodedSymbols> SymbolUploads::Take() {
  absl::MutexLock lock(&mutex_);
  std::optional<EncodedSymbols> part = std::exchange(ready_, std::nullopt);
  if (part.has_value() && (part->last || !part->unavailable.empty())) asked_.pop_front();
  wanted_ = !asked_.empty();
  return part;
}

void SymbolUploads::Forget() {
  absl::MutexLock lock(&mutex_);
  asked_.clear();
  ready_.reset();
  wanted_ = false;
  ++stream_;
}

EncodedSymbols SymbolUploads::Make(const std::string& build_id) {
  if (encoder_ == nullptr) {
    absl::StatusOr<std::unique_ptr<os::FileBytes>> file = open_(build_id);
    if (!file.ok()) return Unavailable(build_id, file.status());
    auto encoder = SymbolTableEncoder::Create(build_id, *std::move(file));
    if (!encoder.ok()) return Unavailable(build_id, encoder.status());
    encoder_ = *std::move(encoder);
  }
  EncodedSymbols part = encoder_->Next();
  if (encoder_->done()) encoder_.reset();
  return part;
}

void SymbolUploads::Run() {
  // Nobody waits for symbols, and invocations run meanwhile.
  os::LowerThreadPriority();
  for (;;) {
    std::string build_id;
    uint64_t stream = 0;
    bool abandoned = false;
    {
      absl::MutexLock lock(&mutex_);
      mutex_.Await(absl::Condition(this, &SymbolUploads::HasWork));
      if (stop_) return;
      abandoned = IsAbandoned();
      stream = stream_;
      if (abandoned) {
        encoding_of_.reset();
      } else {
        encoding_of_ = stream;
        build_id = asked_.front();
      }
    }
    if (abandoned) {
      encoder_.reset();
      continue;
    }
    EncodedSymbols part = Make(build_id);
    {
      absl::MutexLock lock(&mutex_);
      if (encoder_ == nullptr) encoding_of_.reset();
      if (stream != stream_) continue;
      ready_ = std::move(part);
    }
    on_ready_();
  }
}

}  // namespace lambent
