// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "extensions/lambda_api/http_message.h"

#include <algorithm>

#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

#include "profiler/base/absl_view.h"

namespace lambent {
namespace {

constexpr size_t kMaxHeadBytes = 16 * 1024;
constexpr size_t kMaxFields = 64;
constexpr size_t kMaxLineBytes = 1024;  // chunk sizes and trailers

absl::Status Malformed(const char* what) {
  return absl::DataLossError(absl::StrCat("read http message: ", what));
}

bool SameWord(std::string_view a, std::string_view b) {
  return absl::EqualsIgnoreCase(AbslView(a), AbslView(b));
}

std::string_view Trim(std::string_view text) {
  return StdView(absl::StripAsciiWhitespace(AbslView(text)));
}

bool AllDigits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), absl::ascii_isdigit);
}

}  // namespace

std::string_view HeaderOf(const HttpHeaders& headers, std::string_view name) {
  for (const auto& [key, value] : headers) {
    if (SameWord(key, name)) return value;
  }
  return {};
}

std::string SerializeRequest(std::string_view host, const HttpMessage& request) {
  std::string bytes =
      absl::StrCat(request.method, " ", request.target, " HTTP/1.1\r\nHost: ", AbslView(host),
                   "\r\nContent-Length: ", request.body.size(), "\r\n");
  for (const auto& [key, value] : request.headers)
    absl::StrAppend(&bytes, key, ": ", value, "\r\n");
  absl::StrAppend(&bytes, "\r\n", request.body);
  return bytes;
}

absl::Status HttpReader::Feed(std::string_view bytes) {
  if (!error_.ok()) return error_;
  buffer_.append(bytes);
  return Advance();
}

absl::Status HttpReader::FeedEnd() {
  if (!error_.ok()) return error_;
  if (state_ == State::kUntilClose) state_ = State::kComplete;
  if (complete() || untouched()) return absl::OkStatus();
  return error_ = Malformed("the peer closed in the middle of a message");
}

bool HttpReader::expects_continue() const {
  return (state_ == State::kLength || state_ == State::kChunkSize) && buffer_.empty() &&
         message_.body.empty() && SameWord(HeaderOf(message_.headers, "expect"), "100-continue");
}

HttpMessage HttpReader::Take() {
  HttpMessage taken = std::move(message_);
  message_ = HttpMessage();
  state_ = State::kHead;
  Advance().IgnoreError();  // kept in error_, returned by the next Feed
  return taken;
}

absl::Status HttpReader::Advance() {
  while (!complete()) {
    const absl::StatusOr<bool> stepped = Step();
    if (!stepped.ok()) return error_ = stepped.status();
    if (!*stepped) break;
  }
  buffer_.erase(0, std::exchange(used_, 0));  // once a call: small chunks must not cost a move each
  return absl::OkStatus();
}

absl::StatusOr<bool> HttpReader::Step() {
  switch (state_) {
    case State::kHead: {
      const size_t end = pending().find("\r\n\r\n");
      if (std::min(end, pending().size()) > kMaxHeadBytes) return Malformed("head too long");
      if (end == std::string_view::npos) return false;
      const std::string_view head = pending().substr(0, end);
      used_ += end + 4;
      if (absl::Status parsed = ParseHead(head); !parsed.ok()) return parsed;
      return true;
    }
    case State::kLength:
      if (!MoveBody()) return false;
      state_ = State::kComplete;
      return true;
    case State::kUntilClose:
      remaining_ = pending().size();
      MoveBody();
      return false;
    case State::kComplete:
      return false;
    default:
      return StepChunked();
  }
}

absl::StatusOr<bool> HttpReader::StepChunked() {
  std::string_view line;
  if (state_ == State::kChunk) {
    if (!MoveBody()) return false;
    state_ = State::kChunkEnd;
    return true;
  }
  if (!TakeLine(&line)) {
    if (pending().size() > kMaxLineBytes) return Malformed("chunk line too long");
    return false;
  }
  switch (state_) {
    case State::kChunkSize: {
      const std::string_view digits = Trim(line.substr(0, line.find(';')));
      if (digits.empty() || digits.size() > 8 ||
          !std::all_of(digits.begin(), digits.end(), absl::ascii_isxdigit) ||
          !absl::SimpleHexAtoi(AbslView(digits), &remaining_)) {
        return Malformed("bad chunk size");
      }
      state_ = remaining_ == 0 ? State::kTrailer : State::kChunk;
      return true;
    }
    case State::kChunkEnd:
      if (!line.empty()) return Malformed("chunk longer than its size");
      state_ = State::kChunkSize;
      return true;
    default:  // kTrailer: its fields follow those of the head, which HeaderOf finds first
      if (line.empty()) {
        state_ = State::kComplete;
      } else if (const size_t colon = line.find(':');
                 colon != std::string_view::npos && message_.headers.size() < kMaxFields) {
        message_.headers.emplace_back(line.substr(0, colon), Trim(line.substr(colon + 1)));
      }
      return true;
  }
}

absl::Status HttpReader::ParseHead(std::string_view head) {
  const std::vector<absl::string_view> lines = absl::StrSplit(AbslView(head), "\r\n");
  if (lines.size() > kMaxFields + 1) return Malformed("too many header fields");
  if (absl::Status start = ParseStartLine(StdView(lines[0])); !start.ok()) return start;
  for (size_t i = 1; i < lines.size(); ++i) {
    const std::string_view line = StdView(lines[i]);
    const size_t colon = line.find(':');
    if (colon == 0 || colon == std::string_view::npos) return Malformed("bad header field");
    message_.headers.emplace_back(line.substr(0, colon), Trim(line.substr(colon + 1)));
  }
  return ChooseBody();
}

absl::Status HttpReader::ParseStartLine(std::string_view line) {
  const std::vector<absl::string_view> words =
      absl::StrSplit(AbslView(line), absl::MaxSplits(' ', 2));
  const absl::string_view version = words[kind_ == Kind::kRequest ? words.size() - 1 : 0];
  if (words.size() < 2 || !absl::StartsWith(version, "HTTP/1.")) {
    return Malformed("bad start line");
  }
  message_.keep_alive = version != "HTTP/1.0";
  if (kind_ == Kind::kRequest) {
    if (words.size() != 3) return Malformed("bad request line");
    message_.method = std::string(words[0]);
    message_.target = std::string(words[1]);
    return absl::OkStatus();
  }
  if (words[1].size() != 3 || !AllDigits(StdView(words[1])) ||
      !absl::SimpleAtoi(words[1], &message_.status)) {
    return Malformed("bad status");
  }
  return absl::OkStatus();
}

absl::Status HttpReader::ChooseBody() {
  const std::string_view connection = HeaderOf(message_.headers, "connection");
  if (SameWord(connection, "close")) message_.keep_alive = false;
  const std::string_view coding = HeaderOf(message_.headers, "transfer-encoding");
  const std::string_view length = HeaderOf(message_.headers, "content-length");
  remaining_ = 0;
  if (kind_ == Kind::kResponse && message_.status / 100 == 1) {  // 100 Continue: not the answer yet
    message_ = HttpMessage();
    return absl::OkStatus();
  }
  if (kind_ == Kind::kResponse && (message_.status == 204 || message_.status == 304)) {
    state_ = State::kComplete;
    return absl::OkStatus();
  }
  if (!coding.empty()) {
    if (!SameWord(coding, "chunked") || !length.empty()) {
      return Malformed("bad transfer-encoding");
    }
    state_ = State::kChunkSize;
    return absl::OkStatus();
  }
  if (!length.empty()) {
    if (!AllDigits(length) || !absl::SimpleAtoi(AbslView(length), &remaining_)) {
      return Malformed("bad content-length");
    }
    state_ = State::kLength;
    return absl::OkStatus();
  }
  if (kind_ == Kind::kRequest) {
    state_ = State::kComplete;
    return absl::OkStatus();
  }
  message_.keep_alive = false;
  state_ = State::kUntilClose;
  return absl::OkStatus();
}

bool HttpReader::MoveBody() {
  const size_t available = static_cast<size_t>(std::min<uint64_t>(remaining_, pending().size()));
  const size_t kept = std::min(available, max_body_bytes_ - message_.body.size());
  message_.body.append(pending().substr(0, kept));
  if (kept < available) message_.truncated = true;
  used_ += available;
  remaining_ -= available;
  return remaining_ == 0;
}

bool HttpReader::TakeLine(std::string_view* line) {
  const size_t end = pending().find("\r\n");
  if (end == std::string_view::npos) return false;
  *line = pending().substr(0, end);
  used_ += end + 2;
  return true;
}

}  // namespace lambent
