// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "tests/support/workbench.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "absl/strings/str_cat.h"

namespace lambent::support {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

Arguments Joined(Arguments all, const std::vector<Arguments>& parts) {
  for (const Arguments& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

}  // namespace

Workbench::Workbench(std::string binaries, std::string source)
    : binaries_(std::move(binaries)), source_(std::move(source)) {}

void Workbench::SetUp() {
  auto folder = os::TempDir::Create("lambent-test-");
  ASSERT_TRUE(folder.ok()) << folder.status();
  folder_ = std::make_unique<os::TempDir>(*std::move(folder));
  // As the layer is unpacked, but with the program where it was built.
  fs::create_directories(extensions());
  fs::create_directories(Path("opt/lambent"));
  fs::copy_file(source_ + "/extensions/layer/lambent", extensions() + "/lambent");
  fs::create_symlink(binaries_ + "/lambent-extension", Path("opt/lambent/lambent-extension"));
  collector_ = std::make_unique<CollectorProcess>(binaries_, folder_->path());
}

void Workbench::StartCollector(const Arguments& more) {
  const absl::Status started = collector_->Start(more);
  ASSERT_TRUE(started.ok()) << started;
}

Arguments Workbench::PythonFunction(const std::string& folder, const std::string& handler) const {
  return {"--runtime",        "python",      "--python",
          "/usr/bin/python3", "--task-root", source_ + "/" + folder,
          "--handler",        handler};
}

Arguments Workbench::NativeFunction() const {
  return {"--runtime", "provided", "--task-root",
          (fs::path(binaries_).parent_path() / "examples/native").string()};
}

Arguments Workbench::WithExtension(const std::string& collector_address) const {
  return {"--extensions", extensions(), "--env", "LAMBENT_COLLECTOR=" + collector_address};
}

absl::StatusOr<Program> Workbench::StartLocal(const std::vector<Arguments>& parts) {
  return Program::Start(Joined({binaries_ + "/lambent", "local"}, parts));
}

Finished Workbench::Local(const std::vector<Arguments>& parts, absl::Duration limit) {
  auto program = StartLocal(parts);
  if (program.ok()) return program->Wait(limit);
  Finished failed;
  failed.err = program.status().ToString();
  return failed;
}

Finished Workbench::TryCli(const Arguments& arguments) {
  return RunProgram(
      Joined({binaries_ + "/lambent"}, {arguments, {"--collector", collector_->grpc()}}));
}

std::string Workbench::Cli(const Arguments& arguments) {
  const Finished run = TryCli(arguments);
  EXPECT_TRUE(run.ok()) << "lambent " << arguments.at(0) << ": " << run.Describe();
  return run.out;
}

FoldedProfile Workbench::Folded(const Arguments& selection) {
  const std::string file = Path("exported.folded");
  fs::remove(file);
  Cli(Joined({"export"}, {selection, {"--format", "folded", "-o", file}}));
  FoldedProfile profile(ReadFile(file));
  EXPECT_TRUE(profile.malformed().empty()) << profile.malformed().front();
  return profile;
}

std::vector<Json> Workbench::Invocations(const Arguments& selection) {
  const std::string text = Cli(Joined({"invocations", "--json"}, {selection}));
  const Json parsed = Json::parse(text, nullptr, false);
  EXPECT_FALSE(parsed.is_discarded()) << "not JSON: " << text;
  if (parsed.is_discarded()) return {};
  const Json list = parsed.is_object() ? parsed.value("invocations", Json::array()) : parsed;
  std::vector<Json> invocations(list.begin(), list.end());
  const auto start = [](const Json& i) { return i.value("start_unix_us", int64_t{0}); };
  std::stable_sort(invocations.begin(), invocations.end(),
                   [&](const Json& a, const Json& b) { return start(a) < start(b); });
  return invocations;
}

std::vector<std::pair<std::string, std::string>> Workbench::Files(const std::string& folder) {
  std::vector<std::pair<std::string, std::string>> files;
  for (const auto& entry : fs::directory_iterator(folder)) {
    files.emplace_back(entry.path().filename().string(), ReadFile(entry.path().string()));
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace lambent::support
