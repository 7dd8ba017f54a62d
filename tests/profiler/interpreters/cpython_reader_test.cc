// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
// Reads real Python processes of every version on this machine.
#include "profiler/interpreters/cpython/cpython_reader.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "profiler/os/affinity.h"
#include "profiler/os/clock.h"
#include "profiler/os/process_files.h"
#include "profiler/os/remote_memory.h"
#include "profiler/os/temp_dir.h"
#include "profiler/target/module_table.h"
#include "tests/support/program.h"

namespace lambent::cpython {
namespace {

using testing::Contains;
using testing::ElementsAre;

// Interpreters called 3.`minor`: those of pyenv, then those in the usual places, and what
// get_python3_14.sh in this folder has brought.
std::vector<std::string> FindInterpreters(int minor) {
  namespace fs = std::filesystem;
  const std::string name = "python3." + std::to_string(minor);
  std::vector<std::string> found;
  std::error_code error;
  if (const char* home = std::getenv("HOME")) {
    for (const char* folder : {".pyenv/versions", ".cache/lambent"}) {
      for (const auto& entry : fs::directory_iterator(fs::path(home) / folder, error)) {
        const fs::path program = entry.path() / "bin" / name;
        if (fs::exists(program, error)) found.push_back(program);
      }
    }
  }
  for (const char* folder : {"/usr/local/bin/", "/usr/bin/", "/var/lang/bin/"}) {
    if (fs::exists(folder + name, error)) found.push_back(folder + name);
  }
  return found;
}

// A Python script that runs until it has said "ready", and a reader attached to it.
class Snake {
 public:
  Snake(const std::string& interpreter, const std::string& script)
      : Snake(std::vector<std::string>{interpreter}, script) {}
  Snake(std::vector<std::string> command, const std::string& script) {
    for (const char* word : {"-u", "-c"}) command.emplace_back(word);
    command.push_back(script);
    auto program = support::Program::Start(command);
    if (!program.ok()) return;
    program_.emplace(*std::move(program));
    program_->CollectUntil([&] { return Says("ready"); }, absl::Seconds(30));
    files_ = os::CreateProcFiles();
    process_ = files_->OpenProcess(program_->pid());
    memory_ = os::CreateVmReadMemory(program_->pid());
    modules_ = std::make_unique<ModuleTable>(*process_, memory_.get());
    modules_->Refresh();
  }

  bool ready() const { return program_.has_value() && Says("ready"); }
  std::string output() const { return program_->out() + program_->err(); }
  int pid() const { return program_->pid(); }
  os::RemoteMemory& memory() { return *memory_; }
  absl::StatusOr<std::unique_ptr<CPythonReader>> Attach() {
    return CPythonReader::Attach(pid(), *modules_, *memory_, strings_);
  }
  // The number the script printed after `key`.
  int32_t Number(std::string_view key) const {
    const size_t at = program_->out().find(key);
    return at == std::string::npos ? 0 : std::atoi(program_->out().c_str() + at + key.size());
  }
  // Waits for `tid` to be blocked, so that its stack stands still.
  bool WaitBlocked(int32_t tid) {
    const auto thread = process_->OpenThread(tid);
    for (int i = 0; i < 2000; ++i) {
      os::ThreadStat stat;
      if (thread->ReadStat(&stat) == os::ReadResult::kOk && stat.state == 'S') return true;
      program_->CollectUntil([] { return false; }, absl::Milliseconds(5));
    }
    return false;
  }
  // Names of the Python frames of `tid`, leaf first.
  std::vector<std::string> Names(CPythonReader& reader, int32_t tid) {
    RawPythonStack stack;
    if (!WaitBlocked(tid) || reader.Capture(tid, &stack) != CaptureResult::kOk) return {"?"};
    truncated_ = stack.truncated;
    return Decoded(reader, stack);
  }
  std::vector<std::string> Decoded(CPythonReader& reader, const RawPythonStack& stack) {
    reader.Decode(stack, /*lines=*/true, &frames_);
    std::vector<std::string> names;
    for (const PythonFrame& frame : frames_) names.emplace_back(strings_.Get(frame.name));
    return names;
  }
  const std::vector<PythonFrame>& frames() const { return frames_; }
  std::string File(size_t frame) const { return std::string(strings_.Get(frames_[frame].file)); }
  bool truncated() const { return truncated_; }

 private:
  bool Says(std::string_view text) const { return program_->out().find(text) != std::string::npos; }

  std::optional<support::Program> program_;
  std::unique_ptr<os::ProcFiles> files_;
  std::unique_ptr<os::ProcessFiles> process_;
  std::unique_ptr<os::RemoteMemory> memory_;
  std::unique_ptr<ModuleTable> modules_;
  StringTable strings_;
  std::vector<PythonFrame> frames_;
  bool truncated_ = false;
};

// Runs the body on every interpreter of the version.
class CPythonTest : public testing::TestWithParam<int> {
 protected:
  void SetUp() override {
    interpreters_ = FindInterpreters(GetParam());
    if (interpreters_.empty()) {
      GTEST_SKIP() << "no python3." << GetParam() << " on this machine";
    }
  }
  // co_qualname came with 3.11.
  std::string Qualified(const std::string& prefix, const std::string& name) const {
    return GetParam() >= 11 ? prefix + name : name;
  }
  std::vector<std::string> interpreters_;
};

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

// A coroutine that runs, and all that await it.
TEST_P(CPythonTest, CoroutinesStandBelowThoseTheyAwait) {
  for (const std::string& interpreter : interpreters_) {
    SCOPED_TRACE(interpreter);
    Snake snake(interpreter, R"(
import asyncio, time
async def inner():
    await asyncio.sleep(0)
    print('ready')
    time.sleep(1000)
async def numbers():
    await inner()
    yield 1
async def middle():
    async for number in numbers():
        pass
async def outer():
    await asyncio.gather(asyncio.create_task(middle()), asyncio.sleep(1000))
asyncio.run(outer())
)");
    ASSERT_TRUE(snake.ready()) << snake.output();
    auto reader = snake.Attach();
    ASSERT_TRUE(reader.ok()) << reader.status();
    const auto names = snake.Names(**reader, snake.pid());
    ASSERT_GE(names.size(), 6u) << testing::PrintToString(names);
    EXPECT_EQ(names[0], "inner");
    EXPECT_EQ(names[1], "numbers");
    EXPECT_EQ(names[2], "middle");  // its task is run by the loop, nobody awaits it now
    EXPECT_EQ(names[3], Qualified("Handle.", "_run"));
    EXPECT_EQ(names[4], Qualified("BaseEventLoop.", "_run_once"));
    EXPECT_EQ(names.back(), "<module>");
    EXPECT_EQ(snake.frames()[1].current_line, 8u);
  }
}

TEST_P(CPythonTest, WaitingEventLoopIsSeenWaiting) {
  for (const std::string& interpreter : interpreters_) {
    SCOPED_TRACE(interpreter);
    Snake snake(interpreter, R"(
import asyncio
async def main():
    print('ready')
    await asyncio.sleep(1000)
asyncio.run(main())
)");
    ASSERT_TRUE(snake.ready()) << snake.output();
    auto reader = snake.Attach();
    ASSERT_TRUE(reader.ok()) << reader.status();
    const auto names = snake.Names(**reader, snake.pid());
    EXPECT_EQ(names[0], Qualified("EpollSelector.", "select")) << testing::PrintToString(names);
  }
}

TEST_P(CPythonTest, FramesOfASubinterpreterAreItsThreads) {
  if (GetParam() < 11) GTEST_SKIP() << "before 3.11 thread states do not tell their kernel threads";
  for (const std::string& interpreter : interpreters_) {
    SCOPED_TRACE(interpreter);
    Snake snake(interpreter, R"(
import os, threading, time
try:
    import _interpreters as interpreters
except ImportError:
    import _xxsubinterpreters as interpreters
run = getattr(interpreters, 'exec', None) or interpreters.run_string
other = interpreters.create()
code = """
import time
def within():
    time.sleep(1000)
within()
"""
def thread():
    os.write(1, f'other {threading.get_native_id()}\n'.encode())
    run(other, code)
threading.Thread(target=thread, daemon=True).start()
time.sleep(0.3)
def waiting():
    print('ready')
    time.sleep(1000)
waiting()
)");
    ASSERT_TRUE(snake.ready()) << snake.output();
    auto reader = snake.Attach();
    ASSERT_TRUE(reader.ok()) << reader.status();
    EXPECT_THAT(snake.Names(**reader, snake.pid()), ElementsAre("waiting", "<module>"));
    const auto names = snake.Names(**reader, snake.Number("other"));
    if (GetParam() >= 13) {
      EXPECT_THAT(names, ElementsAre("within", "<module>"));
    } else {
      EXPECT_EQ(names[0], "thread");  // the subinterpreter's frames are nobody's, see ThreadStates
    }
  }
}

// AWS Lambda has its interpreters in /var/lang: a program and a library that are nobody's package.
TEST_P(CPythonTest, InterpreterElsewhereIsFoundByWhatItIs) {
  namespace fs = std::filesystem;
  for (const std::string& interpreter : interpreters_) {
    SCOPED_TRACE(interpreter);
    const auto folder = os::TempDir::Create("lambent-lang-");
    ASSERT_TRUE(folder.ok()) << folder.status();
    const fs::path lang = fs::path(folder->path()) / "var/lang";
    const fs::path from = fs::canonical(interpreter).parent_path().parent_path();
    const std::string name = "python3." + std::to_string(GetParam());
    fs::create_directories(lang / "bin");
    fs::create_directories(lang / "lib");
    fs::copy_file(fs::canonical(interpreter), lang / "bin" / name);
    fs::create_symlink(from / "lib" / name, lang / "lib" / name);
    const std::string library = "lib" + name + ".so.1.0";
    if (fs::exists(from / "lib" / library)) {
      fs::copy_file(from / "lib" / library, lang / "lib" / library);
    }
    Snake snake({"/usr/bin/env", "LD_LIBRARY_PATH=" + (lang / "lib").string(), "LC_ALL=C.UTF-8",
                 (lang / "bin" / name).string()},
                "import time\ndef f(): print('ready'); time.sleep(1000)\nf()");
    ASSERT_TRUE(snake.ready()) << snake.output();
    auto reader = snake.Attach();
    ASSERT_TRUE(reader.ok()) << reader.status();
    EXPECT_EQ((*reader)->location().minor, GetParam());
    EXPECT_FALSE((*reader)->location().eval.empty());
    EXPECT_THAT(snake.Names(**reader, snake.pid()), ElementsAre("f", "<module>"));
  }
}

TEST_P(CPythonTest, VirtualEnvironmentIsAnInterpreterToo) {
  namespace fs = std::filesystem;
  for (const std::string& interpreter : interpreters_) {
    SCOPED_TRACE(interpreter);
    const auto folder = os::TempDir::Create("lambent-venv-");
    ASSERT_TRUE(folder.ok()) << folder.status();
    const auto made = support::RunProgram(
        {interpreter, "-m", "venv", "--without-pip", "--copies", folder->path() + "/v"});
    if (!made.ok()) GTEST_SKIP() << "no venv: " << made.Describe();
    const std::string libraries = fs::canonical(interpreter).parent_path().parent_path() / "lib";
    Snake snake({"/usr/bin/env", "LD_LIBRARY_PATH=" + libraries, folder->path() + "/v/bin/python"},
                "import time\ndef f(): print('ready'); time.sleep(1000)\nf()");
    ASSERT_TRUE(snake.ready()) << snake.output();
    auto reader = snake.Attach();
    ASSERT_TRUE(reader.ok()) << reader.status();
    EXPECT_EQ((*reader)->location().minor, GetParam());
    EXPECT_THAT(snake.Names(**reader, snake.pid()), ElementsAre("f", "<module>"));
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
