// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/target/process_family.h"

#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/fakes/fake_process_files.h"

namespace lambent {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class ProcessFamilyTest : public ::testing::Test {
 protected:
  ProcessFamilyTest() {
    Add(1, 0);
    Add(proc_.self_pid, 1);
    Add(200, proc_.self_pid);
  }
  void Add(int32_t pid, int32_t parent) { proc_.processes[pid].stat.parent = parent; }
  std::vector<int32_t> Born() {
    std::vector<int32_t> born;
    family_.Refresh(&born);
    return born;
  }

  fakes::FakeProcFiles proc_;
  ProcessFamily family_{proc_, 200};
};

TEST_F(ProcessFamilyTest, ChildrenAndTheirsBelongToIt) {
  Add(201, 200);
  Add(202, 201);
  Add(203, 1);
  EXPECT_THAT(Born(), ElementsAre(201, 202));
  EXPECT_THAT(Born(), IsEmpty());
}

TEST_F(ProcessFamilyTest, AParentMayHaveTheHigherNumber) {
  Add(50, 300);
  Add(300, 200);
  EXPECT_THAT(Born(), ElementsAre(300, 50));
}

TEST_F(ProcessFamilyTest, AStrangerStaysOneAndItsChildrenToo) {
  Add(203, 1);
  EXPECT_THAT(Born(), IsEmpty());
  Add(204, 203);
  EXPECT_THAT(Born(), IsEmpty());
}

TEST_F(ProcessFamilyTest, AnOrphanLeftToUsBelongsToIt) {
  Add(205, proc_.self_pid);
  EXPECT_THAT(Born(), ElementsAre(205));
}

TEST_F(ProcessFamilyTest, ANumberThatIsUsedAgainIsLookedAtAgain) {
  Add(203, 1);
  EXPECT_THAT(Born(), IsEmpty());
  proc_.processes.erase(203);
  EXPECT_THAT(Born(), IsEmpty());
  Add(203, 200);
  EXPECT_THAT(Born(), ElementsAre(203));
}

}  // namespace
}  // namespace lambent
