// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "collector/cli/write_output.h"

#include <filesystem>
#include <fstream>
#include <system_error>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

#include "collector/cli/words.h"

namespace lambent::cli {

namespace {

std::string PathOf(const Call& call, const std::string& standard_name) {
  return call.arguments.has("output") ? call.arguments.value("output") : standard_name;
}

std::string Unwritable(const std::string& path) {
  std::error_code error;
  return absl::StrCat("write the export to ", path, ": ",
                      std::filesystem::is_directory(path, error)
                          ? "it is a folder"
                          : "cannot be written; is its folder there, the disk not full?");
}

}  // namespace

absl::Status CheckOutput(const Call& call, const std::string& standard_name) {
  const std::string path = PathOf(call, standard_name);
  if (path == "-") return absl::OkStatus();
  std::error_code error;
  const std::filesystem::file_status there = std::filesystem::status(path, error);
  const bool was_there = std::filesystem::exists(there);
  const bool link = std::filesystem::is_symlink(std::filesystem::symlink_status(path, error));
  // Whoever reads a pipe would see its end.
  if (was_there && !std::filesystem::is_regular_file(there) &&
      !std::filesystem::is_directory(there)) {
    return absl::OkStatus();
  }
  const bool writable = std::ofstream(path, std::ios::binary | std::ios::app).good();
  if (!writable) return absl::InvalidArgumentError(Unwritable(path));
  // A link that led nowhere stays; what it leads to is there now.
  if (!was_there && !link) std::filesystem::remove(path, error);
  return absl::OkStatus();
}

int WriteOutput(const Call& call, const std::string& standard_name, const std::string& content) {
  const std::string path = PathOf(call, standard_name);
  if (path == "-") {
    call.around.out << content << std::flush;
    return call.around.out.good()
               ? kOk
               : Fail(call, absl::InternalError("write the export to standard output: failed"));
  }
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << content;
  file.close();
  if (!file) return Fail(call, absl::InternalError(Unwritable(path)));
  call.around.err << "wrote " << path << " (" << BytesText(static_cast<int64_t>(content.size()))
                  << ")\n";
  return kOk;
}

std::string OutputName(const std::vector<std::string>& parts, const std::string& extension) {
  std::string out;
  for (const std::string& part : parts) {
    if (part.empty()) continue;
    if (!out.empty()) out += '-';
    for (const char c : part.substr(0, 64)) {
      out += absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_' ? c : '-';
    }
  }
  return absl::StrCat(out.empty() ? "profile" : out, ".", extension);
}

std::string ExtensionOf(const std::string& format) {
  if (format == "pprof") return "pb.gz";
  if (format == "speedscope") return "speedscope.json";
  if (format == "gperftools") return "prof";
  return format;
}

}  // namespace lambent::cli
