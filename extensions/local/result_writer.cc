// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "extensions/local/result_writer.h"

#include <cctype>
#include <cstdio>
#include <filesystem>
#include <system_error>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

#include "extensions/local/report_lines.h"

namespace lambent::local {
namespace {

void Print(std::FILE* to, const std::string& line) {
  const std::string whole = line + "\n";
  std::fwrite(whole.data(), 1, whole.size(), to);
  std::fflush(to);
}

// A request id may hold anything; a file name may not.
std::string FileName(const Invocation& invocation) {
  std::string name = absl::StrCat(invocation.number, "-");
  for (char c : invocation.request_id) {
    const bool plain = std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-';
    name.push_back(plain ? c : '_');
  }
  return name + ".json";
}

}  // namespace

ResultWriter::ResultWriter(const LocalOptions& options)
    : quiet_(options.quiet), memory_mb_(options.memory_mb), response_dir_(options.response_dir) {}

absl::StatusOr<ResultWriter> ResultWriter::Create(const LocalOptions& options) {
  ResultWriter writer(options);
  if (!options.response_dir.empty()) {
    std::error_code failed;
    std::filesystem::create_directories(options.response_dir, failed);
    if (failed) {
      return absl::InternalError(
          absl::StrCat("create folder ", options.response_dir, ": ", failed.message()));
    }
  }
  if (!options.report_file.empty()) {
    writer.report_.open(options.report_file, std::ios::trunc);
    if (!writer.report_) {
      return absl::InternalError(absl::StrCat("open ", options.report_file, " for writing"));
    }
  }
  return writer;
}

void ResultWriter::PlatformLine(const std::string& line) {
  if (!quiet_) Print(stdout, line);
}

void ResultWriter::LogLine(const std::string& source, const std::string& line) {
  Print(stderr, source.empty() ? line : absl::StrCat("[", source, "] ", line));
}

void ResultWriter::Response(const Invocation& invocation) {
  Print(stdout, invocation.response);
  if (response_dir_.empty()) return;
  const std::string path = absl::StrCat(response_dir_, "/", FileName(invocation));
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << invocation.response;
  if (!file.flush()) Print(stderr, absl::StrCat("lambent local: write ", path, ": failed"));
}

void ResultWriter::Report(const Outcome& outcome, const Invocation& invocation) {
  PlatformLine(EndLine(outcome.request_id));
  PlatformLine(ReportLine(outcome, memory_mb_));
  if (!report_.is_open()) return;
  report_ << ReportJson(outcome, memory_mb_, static_cast<int64_t>(invocation.response.size()))
          << '\n'
          << std::flush;
}

}  // namespace lambent::local
