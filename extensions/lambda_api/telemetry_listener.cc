// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "extensions/lambda_api/telemetry_listener.h"

#include <algorithm>
#include <array>

#include "absl/strings/str_cat.h"
#include "absl/types/span.h"

#include "profiler/os/clock.h"
#include "profiler/os/poll.h"

namespace lambent {
namespace {

constexpr size_t kMaxBodyBytes = 4 << 20;
constexpr size_t kMaxConnections = 16;
// A peer that asks and does not read the answer: given up after this long.
constexpr int64_t kAnswerTimeoutNs = 1'000'000'000;

constexpr std::string_view kOk = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

}  // namespace

absl::StatusOr<std::unique_ptr<TelemetryListener>> TelemetryListener::Start(BatchSink sink) {
  absl::StatusOr<os::ListeningSocket> listening = os::ListeningSocket::Create({"0.0.0.0", 0});
  if (!listening.ok()) return listening.status();
  return std::unique_ptr<TelemetryListener>(
      new TelemetryListener(*std::move(listening), std::move(sink)));
}

TelemetryListener::TelemetryListener(os::ListeningSocket listening, BatchSink sink)
    : listening_(std::move(listening)), sink_(std::move(sink)), thread_([this] { Run(); }) {}

TelemetryListener::~TelemetryListener() {
  listening_.Wake();
  thread_.join();
}

std::string TelemetryListener::uri() const {
  return absl::StrCat("http://sandbox.localdomain:", port(), "/");
}

void TelemetryListener::Run() {
  std::vector<os::PollEntry> entries;
  for (;;) {
    entries.assign(1, {listening_.descriptor(), /*want_read=*/true});
    for (const auto& connection : connections_) {
      entries.push_back({connection->socket.descriptor(), /*want_read=*/true});
    }
    if (!os::Poll(entries, /*timeout_ns=*/-1).ok()) return;
    for (size_t i = connections_.size(); i > 0; --i) {
      if (entries[i].readable && !Serve(*connections_[i - 1])) {
        connections_.erase(connections_.begin() + static_cast<ptrdiff_t>(i - 1));
      }
    }
    if (entries[0].readable && !AcceptOne()) return;
  }
}

bool TelemetryListener::AcceptOne() {
  absl::StatusOr<os::StreamSocket> accepted = listening_.Accept(/*deadline_ns=*/0);
  if (absl::IsCancelled(accepted.status())) return false;
  if (!accepted.ok()) {
    // Out of descriptors, most likely the function's doing; poll would report the same at once.
    os::RealClock().SleepUntil(os::RealClock().MonotonicNs() + 50'000'000);
    return true;
  }
  if (connections_.size() >= kMaxConnections) connections_.erase(connections_.begin());
  connections_.push_back(std::make_unique<Connection>(
      Connection{*std::move(accepted), HttpReader(HttpReader::Kind::kRequest, kMaxBodyBytes)}));
  return true;
}

bool TelemetryListener::Serve(Connection& connection) {
  std::array<char, 16 * 1024> chunk;
  const absl::StatusOr<size_t> got = connection.socket.Read(absl::MakeSpan(chunk), 0);
  if (absl::IsDeadlineExceeded(got.status())) return true;  // woken for nothing
  if (!got.ok() || *got == 0) return false;
  if (!connection.reader.Feed(std::string_view(chunk.data(), *got)).ok()) return false;
  const int64_t deadline_ns = os::RealClock().MonotonicNs() + kAnswerTimeoutNs;
  if (connection.reader.expects_continue() && !connection.told_to_continue) {
    connection.told_to_continue = true;
    return connection.socket.Write(kContinue, deadline_ns).ok();
  }
  while (connection.reader.complete()) {
    const HttpMessage request = connection.reader.Take();
    connection.told_to_continue = false;
    // Answered first: the platform's time is worth more than ours.
    if (!connection.socket.Write(kOk, deadline_ns).ok()) return false;
    if (!request.body.empty()) sink_(request.body);
    if (!request.keep_alive) return false;
  }
  return true;
}

}  // namespace lambent
