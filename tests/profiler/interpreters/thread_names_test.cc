// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
// Reads the names of threads of real interpreters of every version on this machine.
#include "profiler/interpreters/cpython/thread_names.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"

#include "tests/profiler/interpreters/snake.h"

namespace lambent::cpython {
namespace {

class ThreadNamesTest : public CPythonTest {};

INSTANTIATE_TEST_SUITE_P(Versions, ThreadNamesTest, testing::Range(kOldestMinor, kNewestMinor + 1),
                         [](const auto& version) {
                           return "Python3" + std::to_string(version.param);
                         });

// Objects whose attributes lie in each of the places there are for them: values with shared keys, a
// dict that was asked for, a dict of its own because the attributes are many or their order is
// another, an object with fields before them.
constexpr char kPlaces[] = R"(
import os, threading, time
def work(key):
    os.write(1, f'{key} {threading.get_native_id()}\n'.encode())
    time.sleep(1000)
class Many(threading.Thread):
    def __init__(self, **arguments):
        for i in range(60): setattr(self, f'before_{i}', i)
        super().__init__(**arguments)
        for i in range(60): setattr(self, f'after_{i}', i)
class Slotted(threading.Thread):
    __slots__ = ('first', 'second')
class Emptied(threading.Thread):
    def __init__(self, **arguments):
        self.gone = 1
        del self.gone
        super().__init__(**arguments)
threading.main_thread().name = 'boss'
started = []
def start(kind, key, name, **arguments):
    thread = kind(target=work, args=(key,), name=name, daemon=True)
    thread.start()
    started.append(thread)
    return thread
start(threading.Thread, 'plain', 'fetcher')
start(threading.Thread, 'long', 'a name that is longer than the kernel has room for')
start(threading.Thread, 'wide', 'größe 漢字 𐐀')
start(threading.Thread, 'endless', 'é' * 1000)
vars(start(threading.Thread, 'asked', 'asked for its dict'))
vars(start(threading.Thread, 'written', '?'))['_name'] = 'written into its dict'
start(threading.Thread, 'renamed', 'before').name = 'after'
start(Many, 'many', 'with many attributes')
start(Slotted, 'slotted', 'with slots')
start(Emptied, 'emptied', 'with a deleted attribute')
for i in range(300): start(threading.Thread, f'crowd{i}-', f'crowd number {i}')
time.sleep(0.3)
while any(not thread.native_id for thread in started): time.sleep(0.01)
print('ready')
time.sleep(1000)
)";

TEST_P(ThreadNamesTest, ThreadsAreCalledWhatPythonCallsThem) {
  for (const std::string& interpreter : interpreters_) {
    SCOPED_TRACE(interpreter);
    Snake snake(interpreter, kPlaces);
    ASSERT_TRUE(snake.ready()) << snake.output();
    auto reader = snake.Attach();
    ASSERT_TRUE(reader.ok()) << reader.status();
    const auto name = [&](const char* key) {
      return snake.ThreadName(**reader, snake.Number(std::string(key) + " "));
    };
    EXPECT_EQ(snake.ThreadName(**reader, snake.pid()), "boss");
    EXPECT_EQ(name("plain"), "fetcher");
    EXPECT_EQ(name("long"), "a name that is longer than the kernel has room for");
    EXPECT_EQ(name("wide"), "größe 漢字 𐐀");
    EXPECT_EQ(name("endless").size(), 2 * kMaxThreadName);
    EXPECT_EQ(name("asked"), "asked for its dict");
    EXPECT_EQ(name("written"), "written into its dict");
    EXPECT_EQ(name("renamed"), "after");
    EXPECT_EQ(name("many"), "with many attributes");
    EXPECT_EQ(name("slotted"), "with slots");
    EXPECT_EQ(name("emptied"), "with a deleted attribute");
    for (int i = 0; i < 300; ++i) {
      EXPECT_EQ(name(("crowd" + std::to_string(i) + "-").c_str()),
                "crowd number " + std::to_string(i));
    }
  }
}

TEST_P(ThreadNamesTest, NameIsThatOfNobodyElse) {
  for (const std::string& interpreter : interpreters_) {
    SCOPED_TRACE(interpreter);
    Snake snake(interpreter, R"(
import _thread, os, threading, time
def work(key):
    os.write(1, f'{key} {threading.get_native_id()}\n'.encode())
    if key == 'dummy': threading.current_thread()
    time.sleep(1000)
other = threading.Thread(target=work, args=('other',), name='other', daemon=True)
other.start()
_thread.start_new_thread(work, ('bare',))
_thread.start_new_thread(work, ('dummy',))
time.sleep(0.3)
print('ready')
time.sleep(1000)
)");
    ASSERT_TRUE(snake.ready()) << snake.output();
    auto reader = snake.Attach();
    ASSERT_TRUE(reader.ok()) << reader.status();
    for (int again = 0; again < 10; ++again) {
      EXPECT_EQ(snake.ThreadName(**reader, snake.Number("bare ")), "");
      EXPECT_EQ(snake.ThreadName(**reader, snake.Number("dummy ")), "");
      EXPECT_EQ(snake.ThreadName(**reader, snake.pid()), "");
      EXPECT_EQ(snake.ThreadName(**reader, snake.pid() + 1'000'000), "");
      EXPECT_EQ(snake.ThreadName(**reader, snake.Number("other ")), "other");
    }
  }
}

TEST_P(ThreadNamesTest, ProcessWithoutTheModuleHasNoNamesUntilItIsLoaded) {
  for (const std::string& interpreter : interpreters_) {
    SCOPED_TRACE(interpreter);
    // Without `site`, which may load anything.
    Snake snake(std::vector<std::string>{interpreter, "-S"}, R"(
import sys, time
assert 'threading' not in sys.modules
print('ready')
time.sleep(1)
import threading
threading.current_thread().name = 'named late'
print('loaded')
time.sleep(1000)
)");
    ASSERT_TRUE(snake.ready()) << snake.output();
    auto reader = snake.Attach();
    ASSERT_TRUE(reader.ok()) << reader.status();
    snake.ThreadName(**reader, snake.pid());  // not there yet, as a rule
    ASSERT_TRUE(snake.WaitFor("loaded")) << snake.output();
    EXPECT_EQ(snake.ThreadName(**reader, snake.pid()), "named late");
  }
}

// After a fork the thread that is left has another kernel id than its object tells.
TEST_P(ThreadNamesTest, ForkedProcessHasItsMainThreadsName) {
  for (const std::string& interpreter : interpreters_) {
    SCOPED_TRACE(interpreter);
    Snake snake(interpreter, R"(
import os, threading, time
threading.current_thread().name = 'boss'
child = os.fork()
if child == 0:
    os.write(1, b'forked\n')
    time.sleep(1000)
os.write(1, f'child {child}\n'.encode())
print('ready')
time.sleep(1000)
)");
    ASSERT_TRUE(snake.ready() && snake.WaitFor("forked")) << snake.output();
    snake.LookAt(snake.Number("child"));
    auto reader = snake.Attach();
    ASSERT_TRUE(reader.ok()) << reader.status();
    EXPECT_EQ(snake.ThreadName(**reader, snake.pid()), "boss");
  }
}

// Read as fast as can be while threads start, end and are renamed.
TEST_P(ThreadNamesTest, NamesReadWhileTheyChangeAreTrue) {
  for (const std::string& interpreter : interpreters_) {
    SCOPED_TRACE(interpreter);
    Snake snake(interpreter, R"(
import os, threading, time
class Spawned(threading.Thread):
    def run(self): pass
def renamed():
    os.write(1, f'renamed {threading.get_native_id()}\n'.encode())
    thread, i = threading.current_thread(), 0
    while True:
        i += 1
        thread.name = f'{"even" if i % 2 == 0 else "odd"} ' + 'x' * (i % 50)
        vars(thread) if i % 1000 == 0 else None
threading.Thread(target=renamed, name='odd ', daemon=True).start()
time.sleep(0.2)
threading.current_thread().name = 'boss'
print('ready')
while True:
    threads = [Spawned(name=f'spawned {i}') for i in range(10)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
)");
    ASSERT_TRUE(snake.ready()) << snake.output();
    auto reader = snake.Attach();
    ASSERT_TRUE(reader.ok()) << reader.status();
    int read = 0;
    for (int i = 0; i < 3000; ++i) {
      const std::string name = snake.ThreadName(**reader, snake.Number("renamed "));
      read += name.empty() ? 0 : 1;
      const std::string kind = name.substr(0, name.find(' '));
      EXPECT_TRUE(name.empty() || kind == "even" || kind == "odd") << name;
      if (!name.empty()) {
        EXPECT_EQ(name.find_first_not_of('x', kind.size() + 1), std::string::npos) << name;
      }
      const std::string main = snake.ThreadName(**reader, snake.pid());
      EXPECT_TRUE(main.empty() || main == "boss") << main;
    }
    EXPECT_GT(read, 0);
  }
}

TEST(ThreadNameTest, SomeNamesSayNothing) {
  for (const char* name : {"", "MainThread", "Dummy-1", "Dummy-123"}) {
    EXPECT_TRUE(SaysNothing(name)) << name;
  }
  for (const char* name : {"Dummy", "Dummy-", "Dummy-a", "Dummy-1a", "dummy-1", "Thread-1"}) {
    EXPECT_FALSE(SaysNothing(name)) << name;
  }
}

}  // namespace
}  // namespace lambent::cpython
