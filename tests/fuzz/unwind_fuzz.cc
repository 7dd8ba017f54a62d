// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
// A thread with any registers and any stack, in functions with any rules. Input: registers, a
// length and that much stack, then instructions of two functions, half each.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "profiler/unwind/unwinder.h"
#include "tests/profiler/unwind/cfi_image.h"
#include "tests/profiler/unwind/fake_target.h"

namespace {

// Takes up to `size` bytes off the front.
std::string Take(std::string* bytes, size_t size) {
  const std::string taken = bytes->substr(0, size);
  bytes->erase(0, taken.size());
  return taken;
}

// Words of the input become places that matter when they are small.
uint64_t Place(uint64_t word) {
  switch (word % 5) {
    case 0:
      return lambent::FakeTarget::kText + word / 5 % lambent::CfiImage::kTextBytes;
    case 1:
      return lambent::FakeTarget::kSp + word / 5 % 0x2800;
    case 2:
      return lambent::FakeTarget::kGenerated + word / 5 % 0x1000;
    default:
      return word;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* input, size_t size) {
  using lambent::CfiImage;
  using lambent::FakeTarget;
  if (size < 2) return 0;
  std::string bytes(reinterpret_cast<const char*>(input), size);
  const auto choice = static_cast<uint8_t>(bytes.back());
  const size_t depth = static_cast<uint8_t>(bytes[bytes.size() - 2]) * size_t{5};
  bytes.resize(size - 2);

  std::vector<std::pair<size_t, uint64_t>> registers;
  for (size_t reg = 0; reg < lambent::os::Registers::kPc && bytes.size() >= 2; ++reg) {
    uint16_t word = 0;
    std::memcpy(&word, Take(&bytes, 2).data(), 2);
    if (reg != lambent::os::Registers::kSp) registers.emplace_back(reg, Place(word));
  }
  const std::string stack = Take(&bytes, bytes.size() / 2);
  const std::string first = Take(&bytes, bytes.size() / 2);
  CfiImage image;
  image.Function(0, 0x1000, first, (choice & 1) != 0);
  image.Function(0x1000, 0xf00, bytes, (choice & 2) != 0);
  const CfiImage::Form forms[] = {CfiImage::Form::kTable, CfiImage::Form::kTable,
                                  CfiImage::Form::kSection, CfiImage::Form::kDebugFrame};
  FakeTarget target(image.Build(forms[choice >> 2 & 3]));
  target.max_depth = depth;
  for (size_t slot = 0; slot < std::min<size_t>(0x500, stack.size() / 2); ++slot) {
    uint16_t word = 0;
    std::memcpy(&word, stack.data() + slot * 2, 2);
    target.Push(static_cast<int64_t>(slot), Place(word));
  }
  const uint64_t pc = Place((choice >> 4) * 0x101u * 5);

  for (const bool standing : {false, true}) {
    target.Unwind(pc, registers, 0x800, standing);
    const std::vector<uint64_t> cold = target.pcs();
    if (cold.size() > depth) __builtin_trap();
    for (const uint64_t at : cold) {
      const lambent::Mapping* mapping = target.modules().FindMapping(at);
      if (mapping == nullptr || !mapping->executable) __builtin_trap();
    }
    target.Unwind(pc, registers, 0x800, standing);
    // What is remembered is what was found; work saved may lead further.
    const std::vector<uint64_t>& warm = target.pcs();
    if (warm.size() < cold.size() || !std::equal(cold.begin(), cold.end(), warm.begin())) {
      __builtin_trap();
    }
    const std::vector<uint64_t> known = warm;
    target.UnwindFurther(standing);
    const std::vector<uint64_t>& further = target.pcs();
    if (further.size() < known.size() || further.size() > depth ||
        !std::equal(known.begin(), known.end(), further.begin())) {
      __builtin_trap();
    }
  }
  target.UnwindBlocked(pc);
  target.UnwindFurther(true);
  return 0;
}
