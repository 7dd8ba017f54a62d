// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
// The memory an agent shares, in which the other process may write anything: the input is laid over
// a sound header and its first cells, then all is read as at some ticks.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <utility>

#include "profiler/stacks/agent_reader.h"
#include "tests/fakes/fake_agent_door.h"

namespace {

constexpr int32_t kPid = 1;

void ReadAll(lambent::AgentReader& reader, const lambent::AgentHeader& header) {
  static lambent::AgentSnapshot& snapshot = *new lambent::AgentSnapshot();
  static char bytes[lambent::kAgentCellBytes];
  for (const uint32_t thread : header.cell_threads) {
    if (!reader.Take(static_cast<int32_t>(thread), &snapshot)) continue;
    if (snapshot.thread() >= lambent::kAgentThreads) std::abort();
    const uint64_t sp = snapshot.registers().sp();
    for (const uint64_t address : {sp - 128, sp, uint64_t{0}, ~uint64_t{0}}) {
      const size_t got = snapshot.Read(address, bytes, sizeof(bytes));
      if (got > lambent::kAgentMaxStackBytes) std::abort();
    }
    reader.WishStackBytes(snapshot.thread(), bytes[0] == 0 ? SIZE_MAX : 1);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* input, size_t size) {
  static lambent::fakes::FakeAgentMemory& memory = *new lambent::fakes::FakeAgentMemory(kPid);
  static const std::string& sound = *new std::string(memory.bytes);
  // The first byte: whether the header's start stays sound, and whether the file is cut.
  if (size == 0) return 0;
  memory.bytes = sound;
  const size_t from = (*input & 1) != 0 ? offsetof(lambent::AgentHeader, control) : 0;
  const size_t count = std::min(size - 1, memory.bytes.size() - from);
  std::memcpy(memory.bytes.data() + from, input + 1, count);
  if ((*input & 2) != 0) memory.bytes.resize(from + count);
  auto reader = lambent::AgentReader::Create(
      std::make_unique<lambent::fakes::FakeSharedFile>(memory.bytes), kPid);
  if (!reader.ok()) return 0;
  memory.bytes.resize(sound.size());
  std::memcpy(memory.bytes.data() + from, input + 1, count);
  for (int tick = 0; tick < 3 && (*reader)->BeginTick(); ++tick) {
    ReadAll(**reader, memory.header());
    if ((*input & 4) != 0) memory.bytes.resize(memory.bytes.size() / 2);
  }
  return 0;
}
