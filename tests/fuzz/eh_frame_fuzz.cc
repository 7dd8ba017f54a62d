// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
// A module's file from a stranger: its sorted table, its rules, its sections, looked up at
// addresses all over it.
#include <cstddef>
#include <cstdint>
#include <string>

#include "profiler/target/module_table.h"
#include "profiler/unwind/code_cache.h"
#include "profiler/unwind/frame_rule.h"
#include "profiler/unwind/rule_finder.h"
#include "tests/fakes/fake_process_files.h"
#include "tests/profiler/unwind/cfi_image.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* input, size_t size) {
  if (size == 0) return 0;
  const std::string bytes(reinterpret_cast<const char*>(input) + 1, size - 1);
  const auto form = static_cast<lambent::CfiImage::Form>(input[0] % 4);
  lambent::fakes::FakeProcess process;
  process.files["/program"] = input[0] % 4 == 3 ? bytes : lambent::CfiImage::Wrap(form, bytes);
  process.maps = "00400000-00410000 r-xp 00000000 08:01 7 /program\n";
  lambent::fakes::FakeProcessFiles files(process, 1);
  lambent::ModuleTable modules(files, nullptr);
  modules.Refresh();
  lambent::CodeCache code(modules);
  lambent::RuleFinder finder(code);
  lambent::FoundRules found;
  for (uint64_t pc = 0x400000; pc < 0x410000; pc += 0x90) {
    const uint64_t before = finder.work();
    const bool has_rules = finder.Find(pc, &found) == lambent::RuleSearch::kFound;
    if (finder.work() - before > (uint64_t{1} << 26)) __builtin_trap();
    if (!has_rules) continue;
    if (found.return_column >= lambent::os::Registers::kCount) __builtin_trap();
    const lambent::FrameRule rule = lambent::MakeFrameRule(found);
    if (rule.saved_count > lambent::FrameRule::kMaxSaved) __builtin_trap();
    uint64_t word = 0;
    code.ReadWord(pc, &word);
  }
  if (code.memory_bytes() > 1 << 20) __builtin_trap();
  return 0;
}
