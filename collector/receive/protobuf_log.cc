// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "collector/receive/protobuf_log.h"

#include <atomic>
#include <string>

#include "absl/strings/str_cat.h"
#include <google/protobuf/stubs/common.h>

#include "profiler/base/log.h"

// From 22 on protobuf logs by Abseil, for all of the process.
#if GOOGLE_PROTOBUF_VERSION < 4022000
#include <google/protobuf/stubs/logging.h>
#else
#include "absl/log/globals.h"
#endif

namespace lambent::collector {
namespace {

std::atomic<uint64_t> lines{0};

#if GOOGLE_PROTOBUF_VERSION < 4022000
void Take(google::protobuf::LogLevel level, const char*, int, const std::string& message) {
  const bool first = lines.fetch_add(1, std::memory_order_relaxed) == 0;
  if (level == google::protobuf::LOGLEVEL_FATAL) return Log(LogLevel::kError, message);
  if (!first) return;
  Log(LogLevel::kWarn,
      absl::StrCat(message, " (said once; counted in lambent_malformed_messages_total)"));
}
#endif

}  // namespace

void QuietProtobuf() {
#if GOOGLE_PROTOBUF_VERSION < 4022000
  google::protobuf::SetLogHandler(&Take);
#else
  absl::SetStderrThreshold(absl::LogSeverityAtLeast::kFatal);
#endif
}

uint64_t ProtobufLines() { return lines.load(std::memory_order_relaxed); }

}  // namespace lambent::collector
