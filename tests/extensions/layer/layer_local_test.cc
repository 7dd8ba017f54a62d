// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
//
// The layer's zip beside a function under `lambent local`, in a root folder of its own that holds a
// static shell, /proc and no library of this machine.
#include <filesystem>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/integration/integration_fixture.h"

namespace lambent {
namespace {

namespace fs = std::filesystem;
using support::Finished;
using support::RunProgram;

class LayerLocalTest : public IntegrationTest {
 protected:
  // Unpacks the layer below root/opt and makes the folder for --extensions, whose one file changes
  // into that root and starts the layer's launcher; exec keeps the process id.
  void MakeRoot() {
    const Finished packed =
        RunProgram({source() + "/extensions/layer/make-layer.sh", binaries(), Path("zip")});
    ASSERT_TRUE(packed.ok()) << packed.Describe();
    fs::create_directories(root() + "/bin");
    fs::create_directories(root() + "/proc");
    const std::string zip = fs::directory_iterator(Path("zip"))->path().string();
    const Finished unpacked = RunProgram({"unzip", "-q", zip, "-d", root() + "/opt"});
    ASSERT_TRUE(unpacked.ok()) << unpacked.Describe();
    fs::create_directories(Path("extensions"));
    fs::copy_file("/bin/busybox", root() + "/bin/sh");
    support::WriteFile(Path("extensions/lambent"),
                       "#!/bin/sh\nexec unshare --mount /bin/sh -c '\n"
                       "  mount -t proc proc " +
                           root() +
                           "/proc &&\n"
                           "  exec /usr/sbin/chroot " +
                           root() + " /opt/extensions/lambent'\n");
    fs::permissions(Path("extensions/lambent"), fs::perms::owner_all);
  }
  std::string root() const { return Path("root"); }
};

TEST_F(LayerLocalTest, ProfilesAFunctionWithoutALibraryOfThisMachine) {
  if (!RunProgram({"unshare", "--mount", "/usr/sbin/chroot", "/", "/bin/true"}).ok()) {
    GTEST_SKIP() << "mounting and changing the root folder are refused (needs root)";
  }
  if (!fs::exists("/bin/busybox")) GTEST_SKIP() << "no static shell: install busybox-static";
  MakeRoot();
  if (HasFatalFailure()) return;
  const Finished bare = RunProgram({"/usr/sbin/chroot", root(), "/bin/sh", "-c", "echo /*/*"});
  ASSERT_EQ(bare.out, "/bin/sh /opt/extensions /opt/lambent\n") << "nothing else is in there";

  StartCollector();
  const Finished run =
      Local({PythonFunction(kFunctions, "steady.echo"),
             {"--extensions", Path("extensions"), "--env",
              "LAMBENT_COLLECTOR=" + collector().grpc(), "--event", R"({"spin": 0.5})",
              "--invocations", "3", "--timeout", "20", "--fail-on-error"}});
  EXPECT_TRUE(run.ok()) << run.Describe();
  EXPECT_EQ(Invocations().size(), 3u);
  const support::FoldedProfile profile =
      Folded({"--function", "function", "--phase", "invoke", "--weight", "samples"});
  EXPECT_GT(profile.total(), 0);
  EXPECT_GT(profile.WeightOf({"spin"}), 0) << "frames have their names in there too";
}

}  // namespace
}  // namespace lambent
