// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
// Reads real Python processes of every version on this machine.
#include "profiler/interpreters/cpython/cpython_reader.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "profiler/os/affinity.h"
#include "profiler/os/clock.h"
#include "tests/profiler/interpreters/snake.h"

namespace lambent::cpython {
namespace {

using testing::Contains;
using testing::ElementsAre;

INSTANTIATE_TEST_SUITE_P(Versions, CPythonTest, testing::Range(kOldestMinor, kNewestMinor + 1),
                         [](const auto& version) {
                           return "Python3" + std::to_string(version.param);
                         });

TEST_P(CPythonTest, BlockedRecursionIsReadInOrder) {
  for (const std::string& interpreter : interpreters_) {
    SCOPED_TRACE(interpreter);
    Snake snake(interpreter, R"(
import time
def leaf():
    print('ready')
    time.sleep(1000)
def descend(n):
    return leaf() if n == 0 else descend(n - 1)
def handler():
    return descend(3)
handler()
)");
    ASSERT_TRUE(snake.ready()) << snake.output();
    auto reader = snake.Attach();
    ASSERT_TRUE(reader.ok()) << reader.status();
    EXPECT_EQ((*reader)->location().minor, GetParam());
    EXPECT_THAT(
        snake.Names(**reader, snake.pid()),
        ElementsAre("leaf", "descend", "descend", "descend", "descend", "handler", "<module>"));
    EXPECT_EQ(snake.frames()[0].line, 3u);
    EXPECT_EQ(snake.frames()[1].line, 6u);
    EXPECT_EQ(snake.File(0), "<string>");
    EXPECT_TRUE(snake.frames().back().entry);
    std::vector<uint32_t> lines;
    for (const PythonFrame& frame : snake.frames()) lines.push_back(frame.current_line);
    EXPECT_THAT(lines, ElementsAre(5, 7, 7, 7, 7, 9, 10));
  }
}

// What each frame executes as Python itself says: backwards jumps, calls over several lines, lines
// far apart and functions longer than a byte can say.
TEST_P(CPythonTest, LinesAreThoseOfATraceback) {
  std::string script = R"(
import sys, time
def leaf(x=0):
    frame = sys._getframe(1)
    while frame:
        print('line', frame.f_lineno)
        frame = frame.f_back
    print('ready')
    time.sleep(1000)
def looping():
    for i in range(2):
        if i == 1:
            leaf()
        x = [
            i
        ]
def wide():
    x = dict(
        a=1,
        b=(looping(),
           2),
        c=3)
def generating():
    try:
        yield wide()
    finally:
        pass
def long():
    x = 0
)";
  for (int i = 0; i < 400; ++i) script += "    x = x + len(str(" + std::to_string(i) + "))\n";
  script += std::string(300, '\n') + "    for y in generating(): pass\n" + std::string(200, '\n');
  script += "    return x\nlambda_ = lambda: (\n  1,\n  long())\nlambda_()\n";
  for (const std::string& interpreter : interpreters_) {
    SCOPED_TRACE(interpreter);
    Snake snake(interpreter, script);
    ASSERT_TRUE(snake.ready()) << snake.output();
    auto reader = snake.Attach();
    ASSERT_TRUE(reader.ok()) << reader.status();
    ASSERT_EQ(snake.Names(**reader, snake.pid()).size(), 7u);
    std::string expected;
    std::string found;
    for (const PythonFrame& frame : snake.frames()) {
      if (&frame == &snake.frames()[0]) {
        EXPECT_EQ(frame.current_line, 9u);
      } else {
        found += "line " + std::to_string(frame.current_line) + "\n";
      }
    }
    expected = snake.output().substr(0, snake.output().find("ready"));
    EXPECT_EQ(found, expected);
  }
}

TEST_P(CPythonTest, EveryThreadHasItsOwnStack) {
  for (const std::string& interpreter : interpreters_) {
    SCOPED_TRACE(interpreter);
    Snake snake(interpreter, R"(
import os, threading, time
class Worker:
    def work(self, key):
        os.write(1, f'{key} {threading.get_native_id()}\n'.encode())
        time.sleep(1000)
def run(key): Worker().work(key)
for key in ('first', 'second'):
    threading.Thread(target=run, args=(key,), daemon=True).start()
time.sleep(0.3)
print('ready')
threading.Event().wait()
)");
    ASSERT_TRUE(snake.ready()) << snake.output();
    auto reader = snake.Attach();
    ASSERT_TRUE(reader.ok()) << reader.status();
    for (const char* key : {"first", "second"}) {
      const auto names = snake.Names(**reader, snake.Number(key));
      ASSERT_GE(names.size(), 4u) << testing::PrintToString(names);
      EXPECT_EQ(names[0], Qualified("Worker.", "work"));
      EXPECT_EQ(names[1], "run");
      EXPECT_EQ(names[2], Qualified("Thread.", "run"));
    }
    const auto names = snake.Names(**reader, snake.pid());
    EXPECT_EQ(names.back(), "<module>");
    EXPECT_THAT(names, Contains(Qualified("Event.", "wait")));
  }
}

TEST_P(CPythonTest, GeneratorsAndCallbacksFromCKeepTheirPlace) {
  for (const std::string& interpreter : interpreters_) {
    SCOPED_TRACE(interpreter);
    Snake snake(interpreter, R"(
import time
def numbers():
    print('ready')
    time.sleep(1000)
    yield 1
def total():
    return sum(numbers())
def key(x):
    return total()
sorted([1], key=key)
)");
    ASSERT_TRUE(snake.ready()) << snake.output();
    auto reader = snake.Attach();
    ASSERT_TRUE(reader.ok()) << reader.status();
    EXPECT_THAT(snake.Names(**reader, snake.pid()),
                ElementsAre("numbers", "total", "key", "<module>"));
    // sum() and sorted() are C: the loop was entered anew for what they call.
    EXPECT_TRUE(snake.frames()[0].entry);
    EXPECT_TRUE(snake.frames()[2].entry);
    if (GetParam() >= 11) {
      EXPECT_FALSE(snake.frames()[1].entry);
    }
  }
}

TEST_P(CPythonTest, DeepStacksSpanChunksAndAreCutAtTheLimit) {
  for (const std::string& interpreter : interpreters_) {
    SCOPED_TRACE(interpreter);
    for (const int depth : {700, 3000}) {
      Snake snake(interpreter,
                  "import sys, time\nsys.setrecursionlimit(5000)\n"
                  "def leaf(): print('ready'); time.sleep(1000)\n"
                  "def descend(n, a=0, b=0, c=0):\n"
                  "    x = y = z = n\n"
                  "    return leaf() if n == 0 else descend(n - 1)\n"
                  "descend(" +
                      std::to_string(depth) + ")");
      ASSERT_TRUE(snake.ready()) << snake.output();
      auto reader = snake.Attach();
      ASSERT_TRUE(reader.ok()) << reader.status();
      for (int again = 0; again < 2; ++again) {  // the second time as predicted
        const auto names = snake.Names(**reader, snake.pid());
        EXPECT_EQ(names.size(), depth == 700 ? 703 : kMaxFrames);
        EXPECT_EQ(names.front(), "leaf");
        EXPECT_EQ(names.back(), depth == 700 ? "<module>" : "descend");
        EXPECT_EQ(snake.truncated(), depth == 3000);
      }
    }
  }
}

TEST_P(CPythonTest, NamesOfEveryAlphabetAreUtf8) {
  for (const std::string& interpreter : interpreters_) {
    SCOPED_TRACE(interpreter);
    Snake snake(interpreter, R"(
import time
def größe():
    print('ready')
    time.sleep(1000)
def 漢字(): größe()
def 𐐀(): 漢字()
𐐀()
)");
    ASSERT_TRUE(snake.ready()) << snake.output();
    auto reader = snake.Attach();
    ASSERT_TRUE(reader.ok()) << reader.status();
    EXPECT_THAT(snake.Names(**reader, snake.pid()), ElementsAre("größe", "漢字", "𐐀", "<module>"));
  }
}

// Two families of functions that never call each other, deeper and shallower at random: a stack
// with both, or with one missing in between, was never on the thread.
constexpr char kFamilies[] = R"(
import random
source = ''
for letter in 'AB':
    for i in range(20):
        call = f'{letter}{i + 1}(d - 1)' if i < 19 else '0'
        source += f'def {letter}{i}(d):\n    return 0 if d == 0 else {call}\n'
exec(source)
def main():
    print('ready')
    choose = random.Random(1).random
    while True:
        (A0 if choose() < 0.5 else B0)(int(choose() * 20))
main()
)";

// Whether `names` (leaf first) can be a stack of kFamilies.
bool IsPossible(const std::vector<std::string>& names) {
  if (names.size() < 2 || names.back() != "<module>" || names[names.size() - 2] != "main") {
    return false;
  }
  for (size_t i = 0; i + 2 < names.size(); ++i) {
    const std::string& name = names[names.size() - 3 - i];
    if (name != names[names.size() - 3][0] + std::to_string(i)) return false;
  }
  return true;
}

TEST_P(CPythonTest, StackOfARunningThreadIsTrueWhenItIsProvenThatItDidNotRun) {
  for (const std::string& interpreter : interpreters_) {
    SCOPED_TRACE(interpreter);
    Snake snake(interpreter, kFamilies);
    ASSERT_TRUE(snake.ready()) << snake.output();
    auto reader = snake.Attach();
    ASSERT_TRUE(reader.ok()) << reader.status();
    const auto thread = os::CreateProcFiles()->OpenProcess(snake.pid())->OpenThread(snake.pid());
    const auto affinity = os::CreateAffinity();
    RawPythonStack stack;
    int proven = 0;
    for (int i = 0; i < 200; ++i) {
      os::RealClock().SleepUntil(os::RealClock().MonotonicNs() + 2'000'000);
      os::ThreadStat stat;
      os::ThreadSchedule before;
      os::ThreadSchedule after;
      ASSERT_EQ(thread->ReadStat(&stat), os::ReadResult::kOk);
      ASSERT_TRUE(affinity->MoveTo(stat.processor));
      ASSERT_EQ(thread->ReadSchedule(&before), os::ReadResult::kOk);
      const CaptureResult result = (*reader)->Capture(snake.pid(), &stack);
      ASSERT_EQ(thread->ReadSchedule(&after), os::ReadResult::kOk);
      ASSERT_EQ(thread->ReadStat(&stat), os::ReadResult::kOk);
      if (before != after || stat.processor != affinity->CurrentCpu()) continue;
      // Caught between two steps of a call, it may be refused; never shown wrongly.
      if (result != CaptureResult::kOk) continue;
      ++proven;
      const auto names = snake.Decoded(**reader, stack);
      EXPECT_TRUE(IsPossible(names)) << testing::PrintToString(names);
    }
    affinity->Release();
    EXPECT_GT(proven, 100);
  }
}

TEST_P(CPythonTest, ThreadWithoutPythonIsToldApart) {
  for (const std::string& interpreter : interpreters_) {
    SCOPED_TRACE(interpreter);
    Snake snake(interpreter, "import time\nprint('ready')\ntime.sleep(1000)");
    ASSERT_TRUE(snake.ready()) << snake.output();
    auto reader = snake.Attach();
    ASSERT_TRUE(reader.ok()) << reader.status();
    RawPythonStack stack;
    EXPECT_EQ((*reader)->Capture(snake.pid() + 1'000'000, &stack), CaptureResult::kNoPython);
    EXPECT_TRUE(stack.frames.empty());
  }
}

TEST(CPythonReaderTest, ShellIsNoPythonProcess) {
  auto program = support::Program::Start({"/bin/sleep", "1000"});
  ASSERT_TRUE(program.ok()) << program.status();
  const auto files = os::CreateProcFiles();
  const auto process = files->OpenProcess(program->pid());
  const auto memory = os::CreateVmReadMemory(program->pid());
  ModuleTable modules(*process, memory.get());
  ASSERT_EQ(modules.Refresh(), os::ReadResult::kOk);
  StringTable strings;
  const auto reader = CPythonReader::Attach(program->pid(), modules, *memory, strings);
  EXPECT_EQ(reader.status().code(), absl::StatusCode::kNotFound) << reader.status();
}

}  // namespace
}  // namespace lambent::cpython
