// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
//
// The layer's zip, unpacked into a folder that holds a static shell and no library at all, run
// there by chroot.
#include <filesystem>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "profiler/os/temp_dir.h"
#include "tests/fakes/fake_platform.h"
#include "tests/support/program.h"

namespace lambent {
namespace {

namespace fs = std::filesystem;
using support::Finished;
using support::Program;
using support::RunProgram;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr absl::Duration kLimit = absl::Seconds(30);

class LayerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::path(::testing::TempDir()) /
              ("lambent-layer-" +
               std::string(::testing::UnitTest::GetInstance()->current_test_info()->name()));
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    const Finished packed = Pack("out");
    ASSERT_TRUE(packed.ok()) << packed.Describe();
  }
  void TearDown() override { fs::remove_all(folder_); }

  Finished Pack(const std::string& out) const {
    return RunProgram({std::string(LAMBENT_SOURCE_DIR) + "/extensions/layer/make-layer.sh",
                       LAMBENT_BINARY_DIR, (folder_ / out).string()},
                      {}, kLimit);
  }

  fs::path ZipIn(const std::string& out) const {
    for (const auto& entry : fs::directory_iterator(folder_ / out)) return entry.path();
    return {};
  }

  // The command that changes the root: as root, or as the root of a user namespace; empty where
  // this machine allows neither.
  static std::vector<std::string> Chroot() {
    for (std::vector<std::string> prefix :
         {std::vector<std::string>{"/usr/sbin/chroot"},
          std::vector<std::string>{"unshare", "--map-root-user", "/usr/sbin/chroot"}}) {
      std::vector<std::string> command = prefix;
      command.insert(command.end(), {"/", "/bin/true"});
      if (RunProgram(command).ok()) return prefix;
    }
    return {};
  }

  fs::path folder_;
};

TEST_F(LayerTest, TheSameProgramGivesTheSameBytes) {
  ASSERT_TRUE(Pack("again").ok());
  EXPECT_EQ(support::ReadFile(ZipIn("out").string()), support::ReadFile(ZipIn("again").string()));
}

TEST_F(LayerTest, HoldsTheLauncherAndTheProgramAndNothingElseToStart) {
  const Finished list = RunProgram({"unzip", "-Z1", ZipIn("out").string()});
  EXPECT_EQ(list.out,
            "extensions/lambent\nlambent/LICENSE\nlambent/exec-wrapper\nlambent/lambent-extension\n"
            "lambent/liblambent-agent.so\n");
  const Finished modes = RunProgram(
      {"unzip", "-Z", ZipIn("out").string(), "extensions/lambent", "lambent/lambent-extension"});
  EXPECT_THAT(modes.out, HasSubstr("-rwxr-xr-x"));
  EXPECT_LE(fs::file_size(ZipIn("out")), 7u << 20);
}

TEST_F(LayerTest, ItsWrapperLoadsTheAgentIntoTheRuntime) {
  const std::string opt = (folder_ / "opt").string();
  ASSERT_TRUE(RunProgram({"unzip", "-q", ZipIn("out").string(), "-d", opt}).ok());
  const Finished loaded = RunProgram({opt + "/lambent/exec-wrapper", "/bin/sh", "-c",
                                      "ls -l /proc/$$/fd; echo \"$1\"", "sh", "a b"},
                                     {}, kLimit);
  EXPECT_TRUE(loaded.ok()) << loaded.Describe();
  EXPECT_EQ(loaded.err, "");
  EXPECT_THAT(loaded.out, HasSubstr("/memfd:lambent-agent"));
  EXPECT_THAT(loaded.out, EndsWith("a b\n"));
}

TEST_F(LayerTest, RunsWhereThereIsNoLibrary) {
  const std::vector<std::string> chroot = Chroot();
  if (chroot.empty()) GTEST_SKIP() << "this machine lets nobody change the root folder";
  if (!fs::exists("/bin/busybox")) GTEST_SKIP() << "no static shell: install busybox-static";
  const fs::path root = folder_ / "root";
  fs::create_directories(root / "bin");
  fs::copy_file("/bin/busybox", root / "bin/sh");
  ASSERT_TRUE(
      RunProgram({"unzip", "-q", ZipIn("out").string(), "-d", (root / "opt").string()}).ok());

  fakes::FakePlatform platform;
  std::vector<std::string> command = chroot;
  command.insert(command.end(), {root.string(), "/opt/extensions/lambent"});
  absl::StatusOr<Program> program =
      Program::Start(command, {{"AWS_LAMBDA_RUNTIME_API", platform.address()},
                               {"AWS_LAMBDA_FUNCTION_NAME", "function"},
                               {"LAMBENT_COLLECTOR", "127.0.0.1:9"}});
  ASSERT_TRUE(program.ok()) << program.status();
  // Were the program not to start, nobody would ever ask for an event: said rather than waited for.
  ASSERT_TRUE(program->CollectUntil([&] { return !platform.requests().empty(); }, kLimit))
      << program->err();
  platform.AwaitNextCalls(1);
  platform.SendInvoke("request-1");
  platform.AwaitNextCalls(2);
  platform.SendShutdown("spindown");
  const Finished finished = program->Wait(kLimit);
  EXPECT_TRUE(finished.ok()) << finished.Describe();
  // gRPC works in there too: it finds that nobody listens.
  EXPECT_THAT(finished.err, StartsWith("lambent: profiles cannot be delivered to 127.0.0.1:9: "));
  EXPECT_THAT(finished.err, HasSubstr("Connection refused"));
  EXPECT_EQ(HeaderOf(platform.requests().at(0).headers, "Lambda-Extension-Name"), "lambent");
}

// The wrapper beside the agent, as the layer has them, and a shell as the runtime.
class ExecWrapperTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const std::string wrapper = std::string(LAMBENT_SOURCE_DIR) + "/extensions/layer/exec-wrapper";
    fs::copy_file(wrapper, dir_.path() + "/exec-wrapper");
    fs::copy_file(LAMBENT_BINARY_DIR "/liblambent-agent.so", Agent());
  }
  std::string Agent() const { return dir_.path() + "/liblambent-agent.so"; }
  Finished RunWrapped(const std::string& script, const support::Variables& variables = {}) const {
    return RunProgram({dir_.path() + "/exec-wrapper", "/bin/sh", "-c", script, "sh", "a b"},
                      variables, kLimit);
  }

  const os::TempDir dir_ = *os::TempDir::Create("lambent-wrapper-test-");
};

TEST_F(ExecWrapperTest, KeepsWhatIsPreloadedAlready) {
  const Finished kept = RunWrapped("echo $LD_PRELOAD", {{"LD_PRELOAD", "libc.so.6"}});
  EXPECT_EQ(kept.out, Agent() + ":libc.so.6\n");
}

TEST_F(ExecWrapperTest, StartsTheRuntimeWithoutAgentWhenThatIsMissing) {
  fs::remove(Agent());
  const Finished without = RunWrapped("echo \"<$LD_PRELOAD>\"");
  EXPECT_TRUE(without.ok()) << without.Describe();
  EXPECT_EQ(without.out + without.err, "<>\n");
}

TEST_F(ExecWrapperTest, GoesThroughAnotherWrapper) {
  const std::string next = dir_.path() + "/next";
  support::WriteFile(next, "#!/bin/sh\necho wrapped\nexec \"$@\"\n");
  fs::permissions(next, fs::perms::owner_all);
  const Finished both = RunWrapped("echo \"$1\"", {{"LAMBENT_EXEC_WRAPPER", next}});
  EXPECT_EQ(both.out, "wrapped\na b\n");
}

}  // namespace
}  // namespace lambent
