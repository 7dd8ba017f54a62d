// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
// Reads the names of threads out of an interpreter made of values, so that each way they can be
// wrong is a test.
#include <cstdint>
#include <string>
#include <vector>

#include "gtest/gtest.h"

#include "profiler/interpreters/cpython/thread_names.h"
#include "tests/fakes/fake_remote_memory.h"

namespace lambent::cpython {
namespace {

constexpr uint64_t kInterpreter = 0x20000;
constexpr uint64_t kThread = 0x30000;
constexpr uint64_t kDictType = 0x41000;
constexpr uint64_t kTextType = 0x42000;
constexpr uint64_t kThreadType = 0x43000;
constexpr uint64_t kObjects = 0x50000;
constexpr size_t kObjectsBytes = 0x8000;
constexpr uint64_t kPthread = 0x7f00'1234'5000;
constexpr int32_t kMain = 70;
constexpr int32_t kTid = 77;
constexpr uint8_t kGeneral = 0;
constexpr uint8_t kTexts = 1;
constexpr uint8_t kSplit = 2;

// A 3.12 process with one thread that is called "fetcher".
class FakeNames : public testing::Test {
 protected:
  struct Entry {
    uint64_t key = 0;
    uint64_t value = 0;
    uint64_t hash = 0;
  };

  FakeNames() {
    for (const uint64_t at : {kInterpreter, kThread, kDictType, kTextType, kThreadType}) {
      memory_.MapZero(at, 0x1000);
    }
    memory_.MapZero(kObjects, kObjectsBytes);
    memory_.Put(kThread + offsets_.thread_interpreter, kInterpreter);
    memory_.Put(kThreadType + kTypeFlagsOffset, kTypeManagedDict);
    name_ = Text("fetcher");
    ident_ = Int(kPthread);
    native_id_ = Int(kTid);
    const uint64_t shared = Keys(
        kSplit, {{Text("_target"), 0, 0}, {Text("_name")}, {Text("_ident")}, {Text("_native_id")}});
    memory_.Put(kThreadType + layout_.type_cached_keys, shared);
    values_ = Take(4 * 8);
    SetValues(name_, ident_, native_id_);
    object_ = Take(64) + 32;
    memory_.Put(object_ + kTypeOffset, kThreadType);
    memory_.Put(object_ - kManagedDictBefore, values_ - 1);
    active_ = Dict(Keys(kGeneral, {{Int(1), object_, 1}, {Int(kPthread), object_, kPthread}}));
    const uint64_t globals =
        Dict(Keys(kTexts, {{Text("_other"), active_}, {Text("_active"), active_}}));
    const uint64_t module = Take(32);
    memory_.Put(module + kModuleDictOffset, globals);
    modules_keys_ = Keys(kTexts, {{Text("sys"), module}, {0, 0}, {Text("threading"), module}});
    modules_ = Dict(modules_keys_);
    memory_.Put(kInterpreter + offsets_.interpreter_modules, modules_);
  }

  uint64_t Take(size_t size) {
    const uint64_t at = next_;
    next_ += (size + 15) & ~size_t{15};
    return at;
  }
  uint64_t Text(const std::string& text) {
    const uint64_t at = Take(offsets_.ascii_size + text.size() + 1);
    memory_.Put(at + kTypeOffset, kTextType);
    memory_.Put(at + kTextLengthOffset, uint64_t{text.size()});
    memory_.Put(at + kTextStateOffset, uint32_t{kTextCompact | kTextAscii | 1u << kTextKindShift});
    for (size_t i = 0; i < text.size(); ++i) memory_.Put(at + offsets_.ascii_size + i, text[i]);
    return at;
  }
  uint64_t Int(uint64_t value) {
    const uint64_t at = Take(40);
    memory_.Put(at + kLongSizeOffset, uint64_t{2} << 3);
    memory_.Put(at + kLongDigitsOffset, static_cast<uint32_t>(value & 0x3fff'ffff));
    memory_.Put(at + kLongDigitsOffset + 4, static_cast<uint32_t>(value >> 30));
    return at;
  }
  uint64_t Keys(uint8_t kind, const std::vector<Entry>& entries) {
    const uint64_t at = Take(layout_.keys_indices + 8 + entries.size() * 24);
    memory_.Put(at + 8, uint8_t{3});
    memory_.Put(at + 9, uint8_t{3});
    memory_.Put(at + 10, kind);
    memory_.Put(at + layout_.keys_count, uint64_t{entries.size()});
    uint64_t to = at + layout_.keys_indices + 8;
    for (const Entry& entry : entries) {
      if (kind == kGeneral) {
        memory_.Put(to, entry.hash);
        to += 8;
      }
      memory_.Put(to, entry.key);
      memory_.Put(to + 8, entry.value);
      to += 16;
    }
    return at;
  }
  uint64_t Dict(uint64_t keys) {
    const uint64_t at = Take(48);
    memory_.Put(at + kTypeOffset, kDictType);
    memory_.Put(at + kDictKeysOffset, keys);
    return at;
  }
  void SetValues(uint64_t name, uint64_t ident, uint64_t native_id) {
    memory_.Put(values_ + 8, name);
    memory_.Put(values_ + 16, ident);
    memory_.Put(values_ + 24, native_id);
  }
  // What the thread is called; "": it has no name.
  std::string Read(int32_t tid = kTid) {
    ThreadNames names(memory_, offsets_, layout_, kMain);
    return Read(names, tid);
  }
  static std::string Read(ThreadNames& names, int32_t tid = kTid) {
    std::string name;
    return names.Read({.address = kThread, .pthread = kPthread}, tid, &name) ? name : "";
  }

  const Offsets offsets_ = *OffsetsOfMinor(12);
  const ObjectLayout layout_ = ObjectLayoutOf(12);
  fakes::FakeRemoteMemory memory_;
  uint64_t next_ = kObjects;
  uint64_t name_ = 0;
  uint64_t ident_ = 0;
  uint64_t native_id_ = 0;
  uint64_t values_ = 0;  // of the Thread object
  uint64_t object_ = 0;
  uint64_t active_ = 0;
  uint64_t modules_ = 0;
  uint64_t modules_keys_ = 0;
};

TEST_F(FakeNames, NameIsFound) { EXPECT_EQ(Read(), "fetcher"); }

TEST_F(FakeNames, ModuleIsLookedForOnce) {
  ThreadNames names(memory_, offsets_, layout_, kMain);
  ASSERT_EQ(Read(names), "fetcher");
  memory_.Put(kInterpreter + offsets_.interpreter_modules, uint64_t{0});
  const int before = memory_.calls();
  EXPECT_EQ(Read(names), "fetcher");
  EXPECT_LE(memory_.calls() - before, 24);
}

TEST_F(FakeNames, ModuleLoadedAnewIsFoundAgain) {
  ThreadNames names(memory_, offsets_, layout_, kMain);
  ASSERT_EQ(Read(names), "fetcher");
  memory_.Put(active_ + kDictKeysOffset, Keys(kGeneral, {}));  // the old one has no threads
  EXPECT_EQ(Read(names), "");
  const uint64_t active = Dict(Keys(kGeneral, {{Int(kPthread), object_, kPthread}}));
  const uint64_t module = Take(32);
  memory_.Put(module + kModuleDictOffset, Dict(Keys(kTexts, {{Text("_active"), active}})));
  memory_.Put(kInterpreter + offsets_.interpreter_modules,
              Dict(Keys(kTexts, {{Text("threading"), module}})));
  EXPECT_EQ(Read(names), "fetcher");
}

TEST_F(FakeNames, ObjectOfAnotherThreadHasNoNameForIt) {
  SetValues(name_, Int(kPthread + 64), native_id_);
  EXPECT_EQ(Read(), "");
  SetValues(name_, ident_, Int(kTid + 1));
  EXPECT_EQ(Read(), "");
  SetValues(name_, 0, native_id_);
  EXPECT_EQ(Read(), "");
  SetValues(name_, ident_, 0);
  EXPECT_EQ(Read(), "");
  SetValues(name_, ident_, native_id_);
  EXPECT_EQ(Read(), "fetcher");
}

TEST_F(FakeNames, MainThreadsKernelIdIsNotAskedFor) {
  SetValues(name_, ident_, Int(1234));
  EXPECT_EQ(Read(kMain), "fetcher");
  SetValues(name_, Int(kPthread + 64), native_id_);
  EXPECT_EQ(Read(kMain), "");
}

TEST_F(FakeNames, WhatIsNoStringIsNoName) {
  SetValues(active_, ident_, native_id_);
  EXPECT_EQ(Read(), "");
  memory_.Put(name_ + kTypeOffset, kDictType);
  SetValues(name_, ident_, native_id_);
  EXPECT_EQ(Read(), "");
}

TEST_F(FakeNames, NamesThatPythonMadeUpAreNotTaken) {
  for (const char* name : {"Dummy-3", "MainThread", ""}) {
    SetValues(Text(name), ident_, native_id_);
    EXPECT_EQ(Read(), "");
  }
}

TEST_F(FakeNames, HugeDictsAreRefusedAndUnreadableKeysSkipped) {
  for (const uint64_t count : {uint64_t{ObjectReader::kMaxEntries + 1}, ~uint64_t{0}}) {
    memory_.Put(modules_keys_ + layout_.keys_count, count);
    const int before = memory_.calls();
    EXPECT_EQ(Read(), "");
    EXPECT_LE(memory_.calls() - before, 10);
  }
  memory_.Put(modules_keys_ + layout_.keys_count, uint64_t{3});
  const uint64_t first = modules_keys_ + layout_.keys_indices + 8;
  memory_.Put(first, uint64_t{0x990000});  // unmapped
  EXPECT_EQ(Read(), "fetcher");
  memory_.Put(modules_keys_ + 9, uint8_t{200});  // the index would be larger than memory
  EXPECT_EQ(Read(), "");
}

TEST_F(FakeNames, KeysThatCannotBeReadDoNotTakeForever) {
  std::vector<Entry> entries(500, {0x990000, modules_});
  const uint64_t keys = kObjects + kObjectsBytes;
  memory_.MapZero(keys, 0x4000);
  next_ = keys;
  memory_.Put(modules_ + kDictKeysOffset, Keys(kTexts, entries));
  const int before = memory_.calls();
  EXPECT_EQ(Read(), "");
  EXPECT_LE(memory_.calls() - before, 60);
}

// Whatever one word holds, reading ends, and the thread has its own name or none.
TEST_F(FakeNames, GarbageInAnyWordIsNoOtherName) {
  const std::vector<uint64_t> garbage = {0,       1,       8,           kObjects, modules_,
                                         object_, active_, kThread + 1, 0x990000, ~uint64_t{0}};
  const uint64_t end = next_;
  for (uint64_t at = kObjects; at < end; at += 8) {
    uint64_t was = 0;
    ASSERT_TRUE(os::ReadRemote(memory_, at, &was));
    if (at >= name_ && at < name_ + offsets_.ascii_size + 8) continue;  // then that is its name
    for (const uint64_t word : garbage) {
      memory_.Put(at, word);
      const int before = memory_.calls();
      const std::string name = Read();
      EXPECT_LE(memory_.calls() - before, 60);
      EXPECT_TRUE(name == "fetcher" || name.empty()) << name << " with " << word << " at " << at;
    }
    memory_.Put(at, was);
  }
  ASSERT_EQ(Read(), "fetcher");
  for (const uint64_t piece : {kThreadType, kInterpreter, kThread, kObjects}) {
    memory_.Unmap(piece);
    EXPECT_EQ(Read(), "");
  }
}

}  // namespace
}  // namespace lambent::cpython
