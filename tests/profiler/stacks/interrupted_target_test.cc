// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
// A target that exits, is killed, or becomes another program, between any two steps of attaching to
// it and observing it: nothing hangs, nothing is made up, each observation is a stack or a counted
// reason.
#include <signal.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/profiler/stacks/ladder_fixture.h"
#include "tests/profiler/stacks/stepped_parts.h"

namespace lambent {
namespace {

// Places tried, of each combination; beyond it every second one, or third.
constexpr int kMostPlaces = 120;

using Calls = std::set<std::pair<std::string, std::string>>;

// Callee and caller, of the program before and of the one after. Between their own functions.
const Calls kCalls = {{"TargetSpinLeaf", "TargetMiddle"},  // native_target
                      {"TargetMiddle", "TargetOuter"},
                      {"TargetOuter", "main"},
                      {"TargetSpinLeaf", "TargetSpin"},  // agent_target
                      {"TargetSpin", "main"},
                      {"spin_leaf", "spin_middle"},  // python_target.py
                      {"spin_middle", "children"},
                      {"children", "main"},
                      {"main", "<module>"}};

enum class Language { kNative, kPython };
enum class Event { kExits, kKilled, kExec };
struct Case {
  std::string name;
  Language language;
  Event event;
  bool may_stop = true;  // ptrace is not refused
};
void PrintTo(const Case& one, std::ostream* out) { *out << one.name; }

int SignalOf(Event event) {
  return event == Event::kKilled ? SIGKILL : event == Event::kExits ? SIGUSR2 : SIGUSR1;
}

class InterruptedTargetTest : public LadderTest, public testing::WithParamInterface<Case> {
 protected:
  static Language language() { return GetParam().language; }
  static Event event() { return GetParam().event; }

  // A process of the test's own, in pid_.
  void StartTarget() {
    if (language() == Language::kNative) {
      Start({LAMBENT_NATIVE_TARGET, "becomes", LAMBENT_AGENT_TARGET});
      pid_ = program_->pid();
      return;
    }
    // A child for each place: an interpreter takes long to start.
    if (!program_.has_value()) {
      Start({Python(), LAMBENT_PYTHON_TARGET, "children", LAMBENT_AGENT_TARGET});
    }
    const std::string word = absl::StrCat("child ", pid_);
    ASSERT_TRUE(program_->CollectUntil(
        [&] {
          const std::string& out = program_->out();
          const size_t last = out.rfind("child ");
          return last != std::string::npos && out.back() == '\n' &&
                 out.compare(last, word.size() + 1, word + "\n") != 0;
        },
        kLimit));
    pid_ = std::atoi(program_->out().c_str() + program_->out().rfind("child ") + 6);
  }

  bool Ended() const {
    os::ProcessStat stat;
    return os::CreateProcFiles()->OpenProcess(pid_)->ReadStat(&stat) != os::ReadResult::kOk ||
           stat.state == 'Z' || stat.state == 'X';
  }
  std::string Exe() const {
    std::error_code error;
    return std::filesystem::read_symlink(absl::StrCat("/proc/", pid_, "/exe"), error).string();
  }

  // What is done to the target; back when it has happened. A thread that is held gets its signal
  // when it is let go.
  void Act() {
    const bool ends = event() != Event::kExec;
    const std::string before = Exe();
    kill(pid_, SignalOf(event()));
    if (event() != Event::kKilled && steps_.holds) return;
    const int64_t end = os::RealClock().MonotonicNs() + absl::ToInt64Nanoseconds(kLimit);
    while (ends ? !Ended() : Exe() == before) {
      ASSERT_LT(os::RealClock().MonotonicNs(), end);
      os::RealClock().SleepUntil(os::RealClock().MonotonicNs() + 100'000);
    }
  }

  // Attaches and observes twice, with the event before question number `place` (0: never). False:
  // there are not so many.
  bool Interrupt(int place) {
    ladder_.reset();
    StartTarget();
    if (HasFatalFailure()) return false;
    steps_.Do(place, [this] { Act(); });
    LadderParts parts = SteppedParts(steps_);
    if (!GetParam().may_stop) parts.control = std::make_unique<RefusingControl>();
    auto ladder =
        Ladder::Attach(pid_, os::RealClock(), {.native = NativeFrames::kAlways}, std::move(parts));
    if (!ladder.ok()) {
      EXPECT_NE(event(), Event::kExec) << ladder.status();
      EXPECT_EQ(ladder.status().code(), absl::StatusCode::kNotFound) << ladder.status();
      return steps_.done();
    }
    ladder_ = *std::move(ladder);
    alive_ = true;
    for (int tick = 0; tick < 2 && alive_; ++tick) Check(Tick());
    return steps_.done();
  }

  void Check(const std::vector<Seen>& all) {
    for (const Seen& seen : all) {
      EXPECT_EQ(seen.sample.stack == nullptr, seen.sample.drop != DropReason::kUnspecified);
      EXPECT_GE(seen.sample.wall_ns, 0);
      const std::vector<std::string> own = Own(seen.names);
      for (size_t i = 0; i + 1 < own.size(); ++i) {
        if (own[i].empty() || own[i + 1].empty()) continue;  // its name was not there any more
        EXPECT_TRUE(kCalls.count({own[i], own[i + 1]}) > 0) << absl::StrJoin(seen.names, " < ");
      }
    }
  }
  // The programs' own functions, and "" for what has no name.
  static std::vector<std::string> Own(const std::vector<std::string>& names) {
    std::vector<std::string> own;
    for (const std::string& name : names) {
      const bool known =
          name.empty() || std::any_of(kCalls.begin(), kCalls.end(), [&](const auto& call) {
            return call.first == name || call.second == name;
          });
      if (known) own.push_back(name);
    }
    return own;
  }

  // What must come of it in the end.
  void ExpectTheEnd() {
    if (ladder_ == nullptr) return;  // it was gone before
    const auto seen = Await([&](const Seen& s) {
      Check({s});
      const std::vector<std::string> own = Own(s.names);
      return event() == Event::kExec &&
             (!Works(Rung::kStop) || std::count(own.begin(), own.end(), "TargetSpin") > 0);
    });
    EXPECT_EQ(seen.has_value(), event() == Event::kExec) << Reasons();
    EXPECT_EQ(alive_, event() == Event::kExec);
    kill(pid_, SIGKILL);
  }

  Steps steps_;
  int32_t pid_ = 0;
};

TEST_P(InterruptedTargetTest, IsSeenRightOrCountedWhereverItIsHit) {
  Interrupt(0);
  ASSERT_FALSE(HasFatalFailure());
  const int places = steps_.taken();
  ASSERT_GT(places, 10);
  kill(pid_, SIGKILL);
  RecordProperty("places", places);
  const int stride = (places + kMostPlaces - 1) / kMostPlaces;
  int hit = 0;
  for (int place = 1; place <= places && !HasFailure(); place += stride) {
    SCOPED_TRACE(absl::StrCat("before question ", place, " of ", places));
    hit += Interrupt(place) ? 1 : 0;
    if (HasFatalFailure()) return;
    if (steps_.done()) {
      ExpectTheEnd();
    } else {
      kill(pid_, SIGKILL);  // fewer questions this time
    }
  }
  EXPECT_GT(hit, places / stride / 2);
}

INSTANTIATE_TEST_SUITE_P(
    Targets, InterruptedTargetTest,
    testing::Values(Case{"NativeExits", Language::kNative, Event::kExits},
                    Case{"NativeKilled", Language::kNative, Event::kKilled},
                    Case{"NativeExec", Language::kNative, Event::kExec},
                    Case{"PythonExits", Language::kPython, Event::kExits},
                    Case{"PythonKilled", Language::kPython, Event::kKilled},
                    Case{"PythonExec", Language::kPython, Event::kExec},
                    Case{"PythonReadExits", Language::kPython, Event::kExits, false},
                    Case{"PythonReadKilled", Language::kPython, Event::kKilled, false},
                    Case{"PythonReadExec", Language::kPython, Event::kExec, false}),
    [](const auto& kind) { return kind.param.name; });

}  // namespace
}  // namespace lambent
