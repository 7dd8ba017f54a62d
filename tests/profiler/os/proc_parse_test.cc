// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/os/proc_parse.h"

#include <string>
#include <string_view>

#include "gtest/gtest.h"

namespace lambent::os {
namespace {

constexpr std::string_view kStat =
    "41 (a) name) R 7 1 1 0 -1 4194304 11 12 13 14 150 25 3 4 20 0 9 0 777 1000 200 184467 1 2 3 4 "
    "5 "
    "6 7 8 9 10 11 12 17 1 0 0 0 0 0\n";

TEST(ParseThreadStatTest, NameWithParenthesesAndBlanksIsSkipped) {
  ThreadStat stat;
  ASSERT_TRUE(ParseThreadStat(kStat, &stat));
  EXPECT_EQ(stat.state, 'R');
  EXPECT_EQ(stat.user_ticks, 150);
  EXPECT_EQ(stat.system_ticks, 25);
  EXPECT_EQ(stat.start_ticks, 777u);
  EXPECT_EQ(stat.processor, 1);
}

TEST(ParseThreadStatTest, EveryCutTextIsRefusedOrWhole) {
  const size_t last = kStat.find(" 1 0 0 0 0 0\n") + 2;  // after `processor`
  for (size_t size = 0; size < last - 1; ++size) {
    ThreadStat stat;
    EXPECT_FALSE(ParseThreadStat(kStat.substr(0, size), &stat)) << size;
  }
}

TEST(ParseProcessStatTest, FaultsThreadsAndParentAreRead) {
  ProcessStat stat;
  ASSERT_TRUE(ParseProcessStat(kStat, &stat));
  EXPECT_EQ(stat.parent, 7);
  EXPECT_EQ(stat.minor_faults, 11u);
  EXPECT_EQ(stat.major_faults, 13u);
  EXPECT_EQ(stat.threads, 9);
  EXPECT_EQ(stat.start_ticks, 777u);
}

TEST(ParseScheduleTest, ThreeFiguresAreWanted) {
  ThreadSchedule schedule;
  ASSERT_TRUE(ParseSchedule("1000 200 3\n", &schedule));
  EXPECT_EQ(schedule, (ThreadSchedule{1000, 200, 3}));
  EXPECT_FALSE(ParseSchedule("1000 200\n", &schedule));
  EXPECT_FALSE(ParseSchedule("1000 -200 3\n", &schedule));
  EXPECT_FALSE(ParseSchedule("99999999999999999999999 1 1\n", &schedule));
}

TEST(ParseCallTest, RunningBlockedAndFaultingAreToldApart) {
  ThreadCall call;
  ASSERT_TRUE(ParseCall("running\n", &call));
  EXPECT_EQ(call.kind, ThreadCall::Kind::kRunning);
  ASSERT_TRUE(ParseCall("232 0x3 0x7ff 0x1 0xffffffff 0x0 0x0 0x7ffe10 0x7f0a\n", &call));
  EXPECT_EQ(call.kind, ThreadCall::Kind::kInCall);
  EXPECT_EQ(call.number, 232);
  EXPECT_EQ(call.argument, 3u);
  EXPECT_EQ(call.sp, 0x7ffe10u);
  EXPECT_EQ(call.pc, 0x7f0au);
  ASSERT_TRUE(ParseCall("-1 0x7ffe10 0x7f0a\n", &call));
  EXPECT_EQ(call.kind, ThreadCall::Kind::kBlocked);
  EXPECT_EQ(call.sp, 0x7ffe10u);
  EXPECT_FALSE(ParseCall("", &call));
  EXPECT_FALSE(ParseCall("232 0x3 0x7ff\n", &call));
  EXPECT_FALSE(ParseCall("232\n", &call));
  EXPECT_FALSE(ParseCall("232 x 0x7ff 0x1 0xffffffff 0x0 0x0 0x7ffe10 0x7f0a\n", &call));
}

TEST(ParseStatusTest, ProcessWithoutMemoryHasNoPeak) {
  ProcessStatus status;
  ASSERT_TRUE(
      ParseStatus("Name:\tx\nTgid:\t41\nPPid:\t7\nUid:\t1 993 1 1\nVmHWM:\t  2048 kB\n", &status));
  EXPECT_EQ(status.uid, 993u);
  EXPECT_EQ(status.leader, 41);
  EXPECT_EQ(status.parent, 7);
  EXPECT_EQ(status.rss_peak_bytes, 2048u * 1024);
  ASSERT_TRUE(ParseStatus("Tgid:\t41\nPPid:\t7\nUid:\t1 993 1 1\n", &status));
  EXPECT_EQ(status.rss_peak_bytes, 0u);
  EXPECT_EQ(status.namespace_pid, 0);
  ASSERT_TRUE(ParseStatus("Tgid:\t41\nPPid:\t7\nUid:\t1 993 1 1\nNSpid:\t41\t17\t3\n", &status));
  EXPECT_EQ(status.namespace_pid, 3);
  EXPECT_FALSE(ParseStatus("Name:\tx\n", &status));
}

TEST(ParseSwitchesTest, NonvoluntaryIsNotTakenForVoluntary) {
  ThreadSwitches switches;
  ASSERT_TRUE(
      ParseSwitches("nonvoluntary_ctxt_switches:\t5\nvoluntary_ctxt_switches:\t7\n", &switches));
  EXPECT_EQ(switches.voluntary, 7u);
  EXPECT_EQ(switches.involuntary, 5u);
}

TEST(ParseLimitTest, UnlimitedAndMissingAreToldApart) {
  int64_t limit = 0;
  ASSERT_TRUE(ParseOpenFilesLimit("Max open files            1024     4096   files\n", &limit));
  EXPECT_EQ(limit, 1024);
  ASSERT_TRUE(ParseOpenFilesLimit("Max open files            unlimited unlimited files\n", &limit));
  EXPECT_EQ(limit, -1);
  EXPECT_FALSE(ParseOpenFilesLimit("Max processes 1 1\n", &limit));
}

}  // namespace
}  // namespace lambent::os
