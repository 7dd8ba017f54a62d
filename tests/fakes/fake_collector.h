// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "extensions/stream/batch_stream.h"
#include "tests/fakes/fake_batch_sink.h"

namespace lambent::fakes {

// A collector without a network: keeps the rules of ingest.proto for one environment, and breaks
// the connection as the test says. Must outlive its streams. Thread-compatible.
class FakeCollector {
 public:
  // A StreamOpener.
  std::unique_ptr<BatchStream> Open();

  // Refuses connections and ends the one there is.
  void Down() {
    up_ = false;
    Break();
  }
  void Up() { up_ = true; }
  // Ends the stream; what it has received stays.
  void Break();
  // Takes batches but keeps its answers to itself until Answer.
  void HoldAnswers() { hold_ = true; }
  void Answer();
  // Takes nothing any more and says nothing: a peer that vanished behind a NAT.
  void Vanish() { vanished_ = true; }
  // Ends the stream at the next Hello, as one that knows no second does.
  void EndAtNextHello(absl::Status status) { end_at_hello_ = std::move(status); }
  // Refuses the next batch as malformed.
  void RejectNext() { reject_next_ = true; }
  // Cuts the connection when `answers` more were given, the last of them lost on its way.
  void CutAtAnswer(int answers) { cut_at_ = answers; }
  // Its data directory was removed. What it had acknowledged still counts as delivered.
  void Forget(uint64_t acknowledged);
  void Say(const v1::ServerMessage& message);

  uint64_t durable() const { return durable_; }
  uint64_t opened() const { return opened_; }
  const std::vector<v1::SymbolTable>& symbol_tables() const { return symbol_tables_; }
  // 'b' a batch, 's' part of a symbol table, as they came.
  const std::string& received() const { return received_; }
  uint64_t duplicates() const { return duplicates_; }
  const std::vector<v1::Hello>& hellos() const { return hellos_; }
  const std::map<uint64_t, v1::BatchContent>& contents() const { return contents_; }
  uint64_t observations() const {
    uint64_t sum = 0;
    for (const auto& [sequence, content] : contents_) sum += Observations(content);
    return sum;
  }
  uint64_t drops() const {
    uint64_t sum = 0;
    for (const auto& [sequence, content] : contents_) sum += Drops(content);
    return sum;
  }
  // Broken rules: an index beyond the dictionary, a gap within an epoch, a wrong size.
  const std::vector<std::string>& violations() const { return violations_; }

 private:
  class Stream;
  void Receive(const v1::ClientMessage& message);
  void ReceiveBatch(const v1::Batch& batch);
  void Reply(v1::ServerMessage message);
  v1::Rejected RejectionOf(uint64_t sequence) const;
  void Reject(const v1::Batch& batch);
  void ReplyAck(uint64_t sequence);

  Stream* stream_ = nullptr;  // the newest
  std::deque<v1::ServerMessage> held_;
  bool up_ = true, hold_ = false, vanished_ = false, reject_next_ = false, broken_ = false;
  int cut_at_ = 0;  // 0: never
  absl::Status end_at_hello_;
  uint64_t durable_ = 0;
  uint32_t epoch_ = 0;
  int stacks_ = 1, frames_ = 1, strings_ = 1, threads_ = 1;
  uint64_t opened_ = 0, duplicates_ = 0;
  std::set<uint64_t> rejected_;
  std::vector<v1::Hello> hellos_;
  std::vector<v1::SymbolTable> symbol_tables_;
  std::string received_;
  std::map<uint64_t, v1::BatchContent> contents_;  // by sequence
  std::vector<std::string> violations_;
};

class FakeCollector::Stream final : public BatchStream {
 public:
  explicit Stream(FakeCollector& collector) : collector_(collector) {}
  ~Stream() override {
    if (collector_.stream_ == this) collector_.stream_ = nullptr;
  }

  void Write(const v1::ClientMessage& message) override {
    if (closed_ || collector_.vanished_) return;
    StreamEvent written;
    written.kind = StreamEvent::Kind::kWritten;
    events_.push_back(written);
    collector_.Receive(message);
  }
  StreamEvent Next(absl::Duration) override {
    StreamEvent event;
    if (events_.empty()) return event;
    event = std::move(events_.front());
    events_.pop_front();
    return event;
  }
  void Wake() override {}

  bool quiet() const { return events_.empty(); }
  void Push(StreamEvent event) { events_.push_back(std::move(event)); }
  void Close(absl::Status status = absl::UnavailableError("connection refused")) {
    closed_ = true;
    events_.clear();
    StreamEvent event;
    event.kind = StreamEvent::Kind::kClosed;
    event.status = std::move(status);
    events_.push_back(std::move(event));
  }

 private:
  FakeCollector& collector_;
  std::deque<StreamEvent> events_;
  bool closed_ = false;
};

inline std::unique_ptr<BatchStream> FakeCollector::Open() {
  ++opened_;
  held_.clear();
  vanished_ = false;
  auto stream = std::make_unique<Stream>(*this);
  stream_ = stream.get();
  if (!up_) stream->Close();
  return stream;
}

inline void FakeCollector::Break() {
  if (stream_ != nullptr) stream_->Close();
}

inline void FakeCollector::Answer() {
  hold_ = false;
  for (v1::ServerMessage& message : held_) Say(message);
  held_.clear();
}

inline void FakeCollector::Forget(uint64_t acknowledged) {
  contents_.erase(contents_.upper_bound(acknowledged), contents_.end());
  Break();
  durable_ = 0;
  epoch_ = 0;
  broken_ = false;
  rejected_.clear();
}

inline void FakeCollector::Say(const v1::ServerMessage& message) {
  if (stream_ == nullptr || vanished_) return;
  StreamEvent event;
  event.kind = StreamEvent::Kind::kMessage;
  event.message = message;
  stream_->Push(std::move(event));
}

inline void FakeCollector::Reply(v1::ServerMessage message) {
  if (cut_at_ > 0 && --cut_at_ == 0) return Break();
  if (hold_) {
    held_.push_back(std::move(message));
  } else {
    Say(message);
  }
}

inline void FakeCollector::Receive(const v1::ClientMessage& message) {
  if (message.has_hello()) {
    hellos_.push_back(message.hello());
    if (!end_at_hello_.ok()) {
      return stream_->Close(std::exchange(end_at_hello_, absl::OkStatus()));
    }
    v1::ServerMessage welcome;
    welcome.mutable_welcome()->set_durable_sequence(durable_);
    for (const uint64_t sequence : rejected_) {
      if (sequence <= message.hello().settled_sequence()) continue;
      *welcome.mutable_welcome()->add_rejected() = RejectionOf(sequence);
    }
    Reply(std::move(welcome));
  } else if (message.has_symbol_table()) {
    symbol_tables_.push_back(message.symbol_table());
    received_.push_back('s');
  } else {
    received_.push_back('b');
    ReceiveBatch(message.batch());
  }
}

inline v1::Rejected FakeCollector::RejectionOf(uint64_t sequence) const {
  v1::Rejected rejected;
  rejected.set_sequence(sequence);
  rejected.set_reason("as the test says");
  return rejected;
}

inline void FakeCollector::Reject(const v1::Batch& batch) {
  reject_next_ = false;
  broken_ = true;
  durable_ = std::max(durable_, batch.sequence());
  rejected_.insert(batch.sequence());
  v1::ServerMessage message;
  *message.mutable_rejected() = RejectionOf(batch.sequence());
  Reply(std::move(message));
}

inline void FakeCollector::ReplyAck(uint64_t sequence) {
  v1::ServerMessage message;
  message.mutable_ack()->set_durable_sequence(sequence);
  Reply(std::move(message));
}

inline void FakeCollector::ReceiveBatch(const v1::Batch& batch) {
  if (batch.sequence() <= durable_) {
    ++duplicates_;
    return rejected_.count(batch.sequence()) != 0 ? Reject(batch) : ReplyAck(batch.sequence());
  }
  const v1::BatchContent content = ParseContent(batch.content());
  const bool new_epoch = content.epoch_first_sequence() == batch.sequence();
  if (reject_next_ || (!new_epoch && (broken_ || batch.sequence() != durable_ + 1))) {
    return Reject(batch);
  }
  broken_ = false;
  if (content.ByteSizeLong() != batch.content_bytes()) violations_.push_back("content_bytes lies");
  if (new_epoch) stacks_ = frames_ = strings_ = threads_ = 1;
  epoch_ = content.dictionary_epoch();
  strings_ += content.dictionary().strings_size();
  frames_ += content.dictionary().frame_kind_size();
  stacks_ += content.dictionary().stack_parent_size();
  threads_ += content.dictionary().thread_tid_size();
  const auto check = [this](const auto& column, int bound, const char* what) {
    for (const uint32_t index : column) {
      if (index >= static_cast<uint32_t>(bound)) violations_.emplace_back(what);
    }
  };
  check(content.dictionary().frame_name(), strings_, "frame_name");
  check(content.dictionary().stack_frame(), frames_, "stack_frame");
  check(content.dictionary().stack_parent(), stacks_, "stack_parent");
  for (const v1::Segment& segment : content.segments()) {
    check(segment.samples().stack(), stacks_, "stack");
    check(segment.samples().thread(), threads_, "thread");
  }
  if (Observations(content) != batch.samples()) violations_.push_back("samples lies");
  contents_[batch.sequence()] = content;
  durable_ = batch.sequence();
  ReplyAck(durable_);
}

}  // namespace lambent::fakes
