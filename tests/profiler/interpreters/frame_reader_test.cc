// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
// Reads the frames of an interpreter made of values, so that each way they can be wrong is a test.
#include "profiler/interpreters/cpython/frame_reader.h"

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "gtest/gtest.h"

#include "profiler/base/string_table.h"
#include "profiler/interpreters/cpython/code_cache.h"
#include "profiler/interpreters/cpython/offsets.h"
#include "profiler/interpreters/cpython/thread_states.h"
#include "tests/fakes/fake_remote_memory.h"

namespace lambent::cpython {
namespace {

constexpr uint64_t kRuntime = 0x10000;
constexpr uint64_t kInterpreter = 0x20000;
constexpr uint64_t kThread = 0x30000;
constexpr uint64_t kCFrame = 0x40000;
constexpr uint64_t kChunk = 0x50000;
constexpr uint64_t kCode = 0x60000;
constexpr uint64_t kText = 0x70000;
constexpr uint64_t kCodeType = 0x80000;
constexpr uint64_t kFrameStep = 96;
constexpr int32_t kTid = 77;

// A 3.12 process with one thread, whose frames a test lays out.
class FakeInterpreter : public testing::Test {
 protected:
  FakeInterpreter() {
    for (const uint64_t at : {kRuntime, kInterpreter, kThread, kCFrame, kChunk, kCode, kText}) {
      memory_.MapZero(at, 0x8000);
    }
    memory_.Put(kRuntime + offsets_.runtime_interpreters_head, kInterpreter);
    memory_.Put(kInterpreter + offsets_.interpreter_threads_head, kThread);
    memory_.Put(kThread + offsets_.thread_native_id, uint64_t{kTid});
    memory_.Put(kThread + offsets_.thread_frame, kCFrame);
    memory_.Put(kThread + offsets_.thread_chunk, kChunk);
    memory_.Put(kChunk + 8, uint64_t{16384});
    SetTop(kChunk + 2048);
  }
  void SetTop(uint64_t top) { memory_.Put(kThread + offsets_.thread_chunk + 8, top); }
  void SetCurrent(uint64_t frame) { memory_.Put(kCFrame + offsets_.cframe_current_frame, frame); }
  uint64_t Frame(int index) const {
    return kChunk + kChunkHeaderBytes + static_cast<uint64_t>(index) * kFrameStep;
  }
  // A code object called `name`; its number is its place.
  uint64_t Code(int number, const std::string& name) {
    const uint64_t code = kCode + static_cast<uint64_t>(number) * 256;
    const uint64_t text = kText + static_cast<uint64_t>(number) * 256;
    memory_.Put(code + kTypeOffset, kCodeType);
    memory_.Put(code + offsets_.code_qualified_name, text);
    memory_.Put(code + offsets_.code_file_name, text);
    memory_.Put(code + offsets_.code_first_line, uint32_t{5});
    memory_.Put(text + kTextLengthOffset, uint64_t{name.size()});
    memory_.Put(text + kTextStateOffset,
                uint32_t{kTextCompact | kTextAscii | 1u << kTextKindShift});
    for (size_t i = 0; i < name.size(); ++i) memory_.Put(text + offsets_.ascii_size + i, name[i]);
    return code;
  }
  void PutFrame(uint64_t frame, uint64_t code, uint64_t previous, uint8_t owner = 0) {
    memory_.Put(frame + offsets_.frame_code, code);
    memory_.Put(frame + offsets_.frame_previous, previous);
    memory_.Put(frame + offsets_.frame_owner, owner);
  }
  // `depth` frames of one function, leaf at the end of the chunk.
  void PutRecursion(int depth) {
    const uint64_t code = Code(0, "f");
    for (int i = 0; i < depth; ++i) PutFrame(Frame(i), code, i == 0 ? 0 : Frame(i - 1));
    SetCurrent(Frame(depth - 1));
    SetTop(Frame(depth));
  }
  FrameResult Read() {
    return reader_.Read(ThreadStateRef{.address = kThread}, kTid, &prediction_, &stack_);
  }

  const Offsets offsets_ = *OffsetsOfMinor(12);
  fakes::FakeRemoteMemory memory_;
  FrameReader reader_{memory_, offsets_, kRuntime, kCodeType};
  FramePrediction prediction_;
  RawPythonStack stack_;
};

TEST_F(FakeInterpreter, SecondReadTakesOneSystemCall) {
  PutRecursion(10);
  ASSERT_EQ(Read(), FrameResult::kOk);
  const RawPythonStack first = stack_;
  const int before = memory_.calls();
  ASSERT_EQ(Read(), FrameResult::kOk);
  EXPECT_EQ(memory_.calls() - before, 1);
  EXPECT_EQ(stack_, first);
  EXPECT_EQ(stack_.frames.size(), 10u);
  EXPECT_EQ(stack_.codes.size(), 1u);
}

// The same thread calls many functions; then all of them are freed, and others lie there.
TEST_F(FakeInterpreter, OtherFunctionsAtTheSameAddressesAreSeenAtOnce) {
  constexpr int kFunctions = 10;
  for (int i = 0; i < kFunctions; ++i) {
    PutFrame(Frame(i), Code(i, "f"), i == 0 ? 0 : Frame(i - 1));
  }
  SetCurrent(Frame(kFunctions - 1));
  ASSERT_EQ(Read(), FrameResult::kOk);
  for (int i = 0; i < kFunctions; ++i) {
    memory_.Put(Code(i, "g") + offsets_.code_first_line, uint32_t{6});
  }
  ASSERT_EQ(Read(), FrameResult::kOk);
  for (const CodeHead& head : stack_.codes) EXPECT_EQ(head.first_line, 6u);
}

TEST_F(FakeInterpreter, MemoryThatIsNoCodeAnyMoreIsNotTakenForIt) {
  PutRecursion(3);
  ASSERT_EQ(Read(), FrameResult::kOk);
  memory_.Put(kCode + kTypeOffset, uint64_t{0x1234});
  EXPECT_EQ(Read(), FrameResult::kInconsistent);
}

TEST_F(FakeInterpreter, CpuIsReadOutOfTheThreadsRseqArea) {
  constexpr uint64_t kPthread = 0x90000;
  constexpr int64_t kOffset = 0x9a0;
  memory_.MapZero(kPthread, 0x1000);
  memory_.Put(kThread + offsets_.thread_id, kPthread);
  memory_.Put(kPthread + kOffset, uint32_t{7});  // cpu_id_start: not what is wanted
  memory_.Put(kPthread + kOffset + 4, uint32_t{3});
  PutRecursion(3);
  FrameReader reader(memory_, offsets_, kRuntime, kCodeType, kOffset);
  const ThreadStateRef thread{.address = kThread, .pthread = kPthread};
  ASSERT_EQ(reader.Read(thread, kTid, &prediction_, &stack_), FrameResult::kOk);
  EXPECT_EQ(reader.cpu(), 3);
  const int before = memory_.calls();
  ASSERT_EQ(reader.Read(thread, kTid, &prediction_, &stack_), FrameResult::kOk);
  EXPECT_EQ(memory_.calls() - before, 1);

  memory_.Put(kPthread + kOffset + 4, ~uint32_t{0});  // not registered
  ASSERT_EQ(reader.Read(thread, kTid, &prediction_, &stack_), FrameResult::kOk);
  EXPECT_EQ(reader.cpu(), -1);
  memory_.Unmap(kPthread);
  ASSERT_EQ(reader.Read(thread, kTid, &prediction_, &stack_), FrameResult::kOk);
  EXPECT_EQ(reader.cpu(), -1);
}

TEST_F(FakeInterpreter, HolderOfTheLockIsSeenInTheSameCopy) {
  constexpr uint64_t kGil = 0xa0000;
  memory_.MapZero(kGil, kGilBytes);
  memory_.Put(kThread + offsets_.thread_interpreter, kInterpreter);
  memory_.Put(kInterpreter + offsets_.interpreter_gil, kGil);
  PutRecursion(3);
  const auto holds = [&](uint32_t status, uint32_t locked, uint64_t holder) {
    memory_.Put(kThread + offsets_.thread_status, status);
    memory_.Put(kGil + kGilLockedOffset, locked);
    memory_.Put(kGil + kGilHolderOffset, holder);
    EXPECT_EQ(Read(), FrameResult::kOk);
    EXPECT_EQ(stack_.gil, kGil);
    return stack_.holds_gil;
  };
  EXPECT_TRUE(holds(kActiveBit, 1, kThread));
  const int before = memory_.calls();
  EXPECT_TRUE(holds(~uint32_t{0}, 1, kThread));
  EXPECT_EQ(memory_.calls() - before, 1);
  EXPECT_FALSE(holds(~kActiveBit, 1, kThread));
  EXPECT_FALSE(holds(kActiveBit, 0, kThread));  // given up, by the one that held it last
  EXPECT_FALSE(holds(kActiveBit, 1, kThread + 8));
  EXPECT_FALSE(holds(kActiveBit, ~uint32_t{0}, kThread));  // not made yet

  // Another interpreter's lock, where the one known before is gone.
  constexpr uint64_t kOtherGil = 0xb0000;
  memory_.MapZero(kOtherGil, kGilBytes);
  memory_.Put(kInterpreter + offsets_.interpreter_gil, kOtherGil);
  memory_.Unmap(kGil);
  ASSERT_EQ(Read(), FrameResult::kOk);
  EXPECT_EQ(stack_.gil, kOtherGil);
  EXPECT_FALSE(stack_.holds_gil);
  memory_.Unmap(kOtherGil);
  ASSERT_EQ(Read(), FrameResult::kOk);
  EXPECT_EQ(stack_.gil, 0u);
  EXPECT_EQ(stack_.frames.size(), 3u);
}

TEST_F(FakeInterpreter, UpTo311TheRuntimeSaysWhoHoldsTheLock) {
  const Offsets old = *OffsetsOfMinor(11);
  memory_.Put(kThread + old.thread_native_id, uint64_t{kTid});
  memory_.Put(kThread + old.thread_frame, kCFrame);
  FrameReader reader(memory_, old, kRuntime, kCodeType);
  const ThreadStateRef thread{.address = kThread};
  ASSERT_EQ(reader.Read(thread, kTid, &prediction_, &stack_), FrameResult::kOk);
  EXPECT_EQ(stack_.gil, kRuntime + old.runtime_gil);
  EXPECT_FALSE(stack_.holds_gil);
  memory_.Put(kRuntime + old.runtime_current_thread, kThread);
  const int before = memory_.calls();
  ASSERT_EQ(reader.Read(thread, kTid, &prediction_, &stack_), FrameResult::kOk);
  EXPECT_EQ(memory_.calls() - before, 1);
  EXPECT_TRUE(stack_.holds_gil);
}

TEST_F(FakeInterpreter, StalePredictionNeverChangesTheStack) {
  PutRecursion(10);
  ASSERT_EQ(Read(), FrameResult::kOk);
  prediction_.cframe = 0x999000;  // unmapped by now
  prediction_.loose[prediction_.loose_count++] = 0x998000;
  ASSERT_EQ(Read(), FrameResult::kOk);
  EXPECT_EQ(stack_.frames.size(), 10u);
  PutRecursion(20);  // deeper than was predicted
  ASSERT_EQ(Read(), FrameResult::kOk);
  EXPECT_EQ(stack_.frames.size(), 20u);
  PutRecursion(3);
  ASSERT_EQ(Read(), FrameResult::kOk);
  EXPECT_EQ(stack_.frames.size(), 3u);
}

TEST_F(FakeInterpreter, ShimsAreSkippedAndMarkTheEntry) {
  const uint64_t code = Code(0, "f");
  PutFrame(Frame(0), code, kCFrame + 512);
  PutFrame(Frame(1), code, kCFrame + 256);
  PutFrame(Frame(2), code, Frame(1));
  PutFrame(kCFrame + 256, 0, Frame(0), kOwnedByCStack);
  PutFrame(kCFrame + 512, 0, 0, kOwnedByCStack);
  SetCurrent(Frame(2));
  ASSERT_EQ(Read(), FrameResult::kOk);
  ASSERT_EQ(stack_.frames.size(), 3u);
  EXPECT_FALSE(stack_.frames[0].entry);
  EXPECT_TRUE(stack_.frames[1].entry);
  EXPECT_TRUE(stack_.frames[2].entry);
}

TEST_F(FakeInterpreter, ThreadWithoutFramesHasAnEmptyStack) {
  ASSERT_EQ(Read(), FrameResult::kOk);
  EXPECT_TRUE(stack_.frames.empty());
}

TEST_F(FakeInterpreter, FramesInACircleAreNoStack) {
  PutRecursion(10);
  PutFrame(Frame(0), Code(0, "f"), Frame(7));
  EXPECT_EQ(Read(), FrameResult::kInconsistent);
}

TEST_F(FakeInterpreter, WhatIsNoCodeObjectIsNoStack) {
  PutRecursion(3);
  memory_.Put(kCode + kTypeOffset, kText);
  EXPECT_EQ(Read(), FrameResult::kInconsistent);
}

TEST_F(FakeInterpreter, WildPointersAreNoStack) {
  for (const uint64_t wild : {uint64_t{1}, uint64_t{0x51001}, uint64_t{0x999000}, ~uint64_t{0}}) {
    PutRecursion(3);
    PutFrame(Frame(1), Code(0, "f"), wild);
    EXPECT_EQ(Read(), FrameResult::kInconsistent) << wild;
    PutRecursion(3);
    PutFrame(Frame(1), wild, Frame(0));
    EXPECT_EQ(Read(), FrameResult::kInconsistent) << wild;
  }
}

TEST_F(FakeInterpreter, ThreadStateOfAnotherThreadIsTold) {
  PutRecursion(3);
  memory_.Put(kThread + offsets_.thread_native_id, uint64_t{78});
  EXPECT_EQ(Read(), FrameResult::kOtherThread);
  memory_.Unmap(kThread);
  EXPECT_EQ(Read(), FrameResult::kOtherThread);
}

TEST_F(FakeInterpreter, NameIsNotGivenToAnotherFunctionAtTheSameAddress) {
  PutRecursion(1);
  ASSERT_EQ(Read(), FrameResult::kOk);
  StringTable strings;
  CodeCache codes(memory_, offsets_, kCodeType, strings);
  EXPECT_EQ(strings.Get(codes.Find(stack_.codes[0]).name), "f");
  const CodeHead old = stack_.codes[0];
  Code(0, "g");
  memory_.Put(kCode + offsets_.code_first_line, uint32_t{6});
  ASSERT_EQ(Read(), FrameResult::kOk);
  EXPECT_EQ(strings.Get(codes.Find(stack_.codes[0]).name), "g");
  // A stack copied before can no longer be named.
  EXPECT_EQ(strings.Get(codes.Find(old).name), "");
}

TEST_F(FakeInterpreter, LineTablesAreReadOnceAndAgainForAnotherFunction) {
  PutRecursion(1);
  const uint64_t table = kText + 0x1000;
  memory_.Put(kCode + offsets_.code_line_table, table);
  memory_.Put(table + kBytesSizeOffset, uint64_t{5});
  // Two instructions of the first line, two of the next.
  memory_.Put(table + kBytesDataOffset, uint64_t{0xd9'00'81});
  memory_.Put(Frame(0) + offsets_.frame_instruction, kCode + offsets_.code_instructions + 4);
  ASSERT_EQ(Read(), FrameResult::kOk);
  ASSERT_EQ(stack_.frames[0].instruction, 4);
  StringTable strings;
  CodeCache codes(memory_, offsets_, kCodeType, strings);
  EXPECT_EQ(codes.FindLine(stack_.codes[0], 0), 5u);
  EXPECT_EQ(codes.FindLine(stack_.codes[0], 4), 6u);
  EXPECT_EQ(codes.FindLine(stack_.codes[0], -2), 5u);
  EXPECT_EQ(codes.FindLine(stack_.codes[0], RawFrame::kNowhere), 0u);
  const int before = memory_.calls();
  EXPECT_EQ(codes.FindLine(stack_.codes[0], 4), 6u);
  EXPECT_EQ(memory_.calls() - before, 0);
  memory_.Put(kCode + offsets_.code_first_line, uint32_t{50});
  EXPECT_EQ(codes.FindLine(stack_.codes[0], 4), 6u);  // of the stack as it was copied
  ASSERT_EQ(Read(), FrameResult::kOk);
  EXPECT_EQ(codes.FindLine(stack_.codes[0], 4), 51u);
}

TEST_F(FakeInterpreter, StackIsTheSameWhicheverInstructionIsExecuted) {
  PutRecursion(2);
  ASSERT_EQ(Read(), FrameResult::kOk);
  const RawPythonStack first = stack_;
  memory_.Put(Frame(1) + offsets_.frame_instruction, kCode + offsets_.code_instructions + 8);
  ASSERT_EQ(Read(), FrameResult::kOk);
  EXPECT_EQ(stack_, first);
  EXPECT_NE(stack_.frames[0].instruction, first.frames[0].instruction);
}

TEST_F(FakeInterpreter, ThreadsAreLookedForAgainOnlyWhenOneWasAdded) {
  ThreadStates threads(memory_, offsets_, kRuntime, kTid);
  EXPECT_EQ(threads.Find(kTid).address, kThread);
  EXPECT_EQ(threads.Find(88).address, 0u);
  const int before = memory_.calls();
  EXPECT_EQ(threads.Find(88).address, 0u);
  EXPECT_EQ(memory_.calls() - before, 2);  // the heads of the lists
  const uint64_t added = kThread + 0x1000;
  memory_.Put(added + offsets_.thread_native_id, uint64_t{88});
  memory_.Put(added + offsets_.thread_next, kThread);
  memory_.Put(kInterpreter + offsets_.interpreter_threads_head, added);
  EXPECT_EQ(threads.Find(88).address, added);
  EXPECT_EQ(threads.Find(kTid).address, kThread);
}

// A subinterpreter's thread state tells the main thread, which made it; whoever's C stack it points
// into runs it.
TEST_F(FakeInterpreter, RunnerOfASubinterpreterIsToldByItsStack) {
  constexpr uint64_t kSub = kInterpreter + 0x4000;
  constexpr uint64_t kSubThread = kThread + 0x1000;
  constexpr uint64_t kWorker = kThread + 0x2000;
  constexpr uint64_t kIdle = kThread + 0x3000;
  constexpr uint64_t kMainStackEnd = 0x7ffc'0000'0000;
  constexpr uint64_t kWorkerPthread = 0x7f00'0900'0000;
  constexpr uint64_t kIdlePthread = 0x7f00'0800'0000;  // its stack lies below the worker's
  memory_.Put(kRuntime + offsets_.runtime_interpreters_head, kSub);
  memory_.Put(kSub + offsets_.interpreter_next, kInterpreter);
  memory_.Put(kSub + offsets_.interpreter_id, int64_t{5});
  memory_.Put(kSub + offsets_.interpreter_threads_head, kSubThread);
  memory_.Put(kSubThread + offsets_.thread_native_id, uint64_t{kTid});
  memory_.Put(kThread + offsets_.thread_next, kWorker);
  memory_.Put(kWorker + offsets_.thread_native_id, uint64_t{88});
  memory_.Put(kWorker + offsets_.thread_id, kWorkerPthread);
  memory_.Put(kWorker + offsets_.thread_next, kIdle);
  memory_.Put(kIdle + offsets_.thread_native_id, uint64_t{99});
  memory_.Put(kIdle + offsets_.thread_id, kIdlePthread);
  PutRecursion(3);
  ThreadStates threads(memory_, offsets_, kRuntime, kTid, kMainStackEnd);
  const auto runs = [&](int32_t tid) {
    const ThreadStateRef state = threads.Find(tid);
    EXPECT_EQ(state.address, kSubThread);
    EXPECT_EQ(state.number, 5);
    EXPECT_EQ(reader_.Read(state, tid, &prediction_, &stack_, threads.watched()), FrameResult::kOk);
    return stack_.frames.size() == 3;
  };
  const auto enter_from = [&](uint64_t stack_pointer) {
    memory_.MapZero(stack_pointer, 64);
    memory_.Put(stack_pointer + offsets_.cframe_current_frame, Frame(2));
    memory_.Put(kSubThread + offsets_.thread_frame, stack_pointer);
  };
  enter_from(kWorkerPthread - 0x5000);
  EXPECT_TRUE(!runs(kTid) && runs(88) && !runs(99));
  enter_from(kIdlePthread - 0x5000);
  EXPECT_TRUE(!runs(kTid) && !runs(88) && runs(99));
  enter_from(kMainStackEnd - 0x5000);
  EXPECT_TRUE(runs(kTid) && !runs(88) && !runs(99));
  enter_from(kIdlePthread - 0x100'0000);  // of a thread that is not known
  EXPECT_TRUE(!runs(kTid) && !runs(88) && !runs(99));
  memory_.Put(kSubThread + offsets_.thread_frame, kSubThread + 64);  // nobody's: its root
  EXPECT_TRUE(!runs(kTid) && !runs(88) && !runs(99));
  // After them, each thread's own.
  EXPECT_EQ(threads.Find(kTid, 1).address, kThread);
  EXPECT_EQ(threads.Find(88, 1).address, kWorker);
  EXPECT_EQ(threads.Find(88, 2).address, 0u);
}

TEST_F(FakeInterpreter, NewInterpreterMeansThatTheListsAreReadAgain) {
  PutRecursion(3);
  ThreadStates threads(memory_, offsets_, kRuntime, kTid);
  const ThreadStateRef thread = threads.Find(kTid);
  EXPECT_EQ(reader_.Read(thread, kTid, &prediction_, &stack_, threads.watched()), FrameResult::kOk);
  const int before = memory_.calls();
  EXPECT_EQ(reader_.Read(thread, kTid, &prediction_, &stack_, threads.watched()), FrameResult::kOk);
  EXPECT_EQ(memory_.calls() - before, 1);
  memory_.Put(kRuntime + offsets_.runtime_interpreters_head, kInterpreter + 0x4000);
  EXPECT_EQ(reader_.Read(thread, kTid, &prediction_, &stack_, threads.watched()),
            FrameResult::kOtherThread);
}

TEST_F(FakeInterpreter, ThreadsInACircleEnd) {
  memory_.Put(kThread + offsets_.thread_next, kThread);
  ThreadStates threads(memory_, offsets_, kRuntime, kTid);
  EXPECT_EQ(threads.Find(kTid).address, kThread);
  EXPECT_EQ(threads.Find(88).address, 0u);
}

TEST(OffsetsTest, EveryTableFitsAndOthersAreUnknown) {
  for (int minor = kOldestMinor; minor < kFirstDescribedMinor; ++minor) {
    ASSERT_TRUE(OffsetsOfMinor(minor).has_value());
    EXPECT_TRUE(Fits(*OffsetsOfMinor(minor))) << minor;
  }
  EXPECT_FALSE(OffsetsOfMinor(8).has_value());
  EXPECT_FALSE(OffsetsOfMinor(13).has_value());
}

TEST(OffsetsTest, FreeThreadedAndLaterRuntimesAreUnimplemented) {
  std::vector<char> runtime(kDebugOffsetsBytes);
  EXPECT_EQ(OffsetsOfRuntime(runtime).status().code(), absl::StatusCode::kInvalidArgument);
  std::memcpy(runtime.data(), "xdebugpy", 8);
  runtime[11] = 3;
  runtime[10] = 15;
  EXPECT_EQ(OffsetsOfRuntime(runtime).status().code(), absl::StatusCode::kUnimplemented);
  runtime[10] = 14;
  EXPECT_TRUE(OffsetsOfRuntime(runtime).ok());
  EXPECT_TRUE(OffsetsOfRuntime(runtime)->frame_code_is_tagged);
  runtime[10] = 13;
  EXPECT_TRUE(OffsetsOfRuntime(runtime).ok());
  EXPECT_FALSE(OffsetsOfRuntime(runtime)->frame_code_is_tagged);
  runtime[16] = 1;
  EXPECT_EQ(OffsetsOfRuntime(runtime).status().code(), absl::StatusCode::kUnimplemented);
  runtime[16] = 0;
  runtime[168 + 3] = 1;  // a huge offset
  EXPECT_EQ(OffsetsOfRuntime(runtime).status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace lambent::cpython
