// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
// Reads real Python processes: coroutines, subinterpreters, and interpreters in unusual places.
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "profiler/os/temp_dir.h"
#include "tests/profiler/interpreters/snake.h"

namespace lambent::cpython {
namespace {

using testing::ElementsAre;

class CPythonProgramsTest : public CPythonTest {};

INSTANTIATE_TEST_SUITE_P(Versions, CPythonProgramsTest,
                         testing::Range(kOldestMinor, kNewestMinor + 1), [](const auto& version) {
                           return "Python3" + std::to_string(version.param);
                         });

// A coroutine that runs, and all that await it.
TEST_P(CPythonProgramsTest, CoroutinesStandBelowThoseTheyAwait) {
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

TEST_P(CPythonProgramsTest, WaitingEventLoopIsSeenWaiting) {
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

TEST_P(CPythonProgramsTest, FramesOfASubinterpreterAreItsThreads) {
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
    if (GetParam() >= 10) {
      EXPECT_THAT(names, ElementsAre("within", "<module>", "[subinterpreter 1]"));
    } else {
      EXPECT_EQ(names[0], "thread");  // the subinterpreter's frames are nobody's, see ThreadStates
    }
  }
}

// Made, entered and left while it is looked at, by one thread and then by another; others see
// nothing of it.
TEST_P(CPythonProgramsTest, SubinterpreterIsSeenOnTheThreadThatRunsIt) {
  if (GetParam() < 10) GTEST_SKIP() << "3.9 does not tell who runs a subinterpreter";
  for (const std::string& interpreter : interpreters_) {
    SCOPED_TRACE(interpreter);
    const auto folder = os::TempDir::Create("lambent-steps-");
    ASSERT_TRUE(folder.ok()) << folder.status();
    // Pipes, at which the script waits, each once: who comes late to one still finds it open.
    const std::string door = folder->path() + "/door";
    const auto open_door = [&](int number) { std::ofstream opened(door + std::to_string(number)); };
    Snake snake(interpreter, "door = '" + door + "'" + R"(
import os, threading, time
for number in range(3): os.mkfifo(f'{door}{number}')
try:
    import _interpreters as interpreters
except ImportError:
    import _xxsubinterpreters as interpreters
run = getattr(interpreters, 'exec', None) or interpreters.run_string
steps = [threading.Event() for _ in range(4)]
def wait(step): steps[step].wait()
code = """
import os
def within():
    os.write(1, f'within {step}\\n'.encode())
    os.close(os.open(f'{door}{step}', os.O_RDONLY))
within()
"""
def worker():
    os.write(1, f'worker {threading.get_native_id()}\n'.encode())
    wait(0)
    run(other, f'step, door = 1, {door!r}\n' + code)
    steps[1].set()
    wait(2)
threading.Thread(target=worker, daemon=True).start()
def idle():
    os.write(1, f'idle {threading.get_native_id()}\n'.encode())
    wait(3)
threading.Thread(target=idle, daemon=True).start()
time.sleep(0.2)
print('ready')
os.close(os.open(f'{door}0', os.O_RDONLY))
other = interpreters.create()
steps[0].set()
wait(1)
run(other, f'step, door = 2, {door!r}\n' + code)
print('left')
wait(3)
)");
    ASSERT_TRUE(snake.ready()) << snake.output();
    auto reader = snake.Attach();
    ASSERT_TRUE(reader.ok()) << reader.status();
    const int32_t main = snake.pid();
    const int32_t worker = snake.Number("worker ");
    const int32_t idle = snake.Number("idle ");
    const auto root = [&](int32_t tid) { return snake.Names(**reader, tid).back(); };
    const std::string bottom = Qualified("Thread.", "_bootstrap");
    EXPECT_EQ(root(main), "<module>");
    EXPECT_EQ(root(worker), bottom);

    open_door(0);
    ASSERT_TRUE(snake.WaitFor("within 1")) << snake.output();
    EXPECT_EQ(root(worker), "[subinterpreter 1]");
    EXPECT_EQ(snake.Names(**reader, worker)[0], "within");
    EXPECT_EQ(root(main), "<module>");
    EXPECT_EQ(root(idle), bottom);

    open_door(1);
    ASSERT_TRUE(snake.WaitFor("within 2")) << snake.output();
    EXPECT_EQ(root(main), "[subinterpreter 1]");
    EXPECT_EQ(snake.Names(**reader, main)[0], "within");
    EXPECT_EQ(root(worker), bottom);
    EXPECT_EQ(root(idle), bottom);

    open_door(2);
    ASSERT_TRUE(snake.WaitFor("left")) << snake.output();
    EXPECT_EQ(root(main), "<module>");
  }
}

// AWS Lambda has its interpreters in /var/lang: a program and a library that are nobody's package.
TEST_P(CPythonProgramsTest, InterpreterElsewhereIsFoundByWhatItIs) {
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

TEST_P(CPythonProgramsTest, VirtualEnvironmentIsAnInterpreterToo) {
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

}  // namespace
}  // namespace lambent::cpython
