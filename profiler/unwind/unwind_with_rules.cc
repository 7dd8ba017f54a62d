// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/unwind/unwind_with_rules.h"

#include <array>

#include "profiler/unwind/call_site.h"
#include "profiler/unwind/code_cache.h"
#include "profiler/unwind/frame_step.h"
#include "profiler/unwind/rule_cache.h"
#include "profiler/unwind/rule_finder.h"
#include "profiler/unwind/stack_memory.h"
#include "profiler/unwind/trampoline.h"

namespace lambent {
namespace {

// Work for one snapshot, as RuleFinder counts it: 1,024 frames of functions never seen before take
// half.
constexpr uint64_t kMaxWork = 2'000'000;

class LazyRuleUnwinder final : public RuleUnwinder {
 public:
  explicit LazyRuleUnwinder(const ModuleTable& modules)
      : modules_(modules), code_(modules), finder_(code_), memory_(modules) {}

  UnwindEnd Unwind(const RawSnapshot& snapshot, os::RemoteMemory* live, size_t max_depth,
                   std::vector<uint64_t>* pcs) override {
    pcs->clear();
    if (modules_.generation() != generation_) FollowModules();
    memory_.Begin(snapshot, live);
    work_left_until_ = finder_.work() + kMaxWork;
    registers_.values = snapshot.registers().values;
    registers_.known = snapshot.known();
    return Climb(snapshot.registers().pc(), max_depth, pcs);
  }

  RuleUnwinderUse Use() const override {
    return {.memory_bytes = sizeof(*this) + code_.memory_bytes() + finder_.memory_bytes() +
                            cache_.memory_bytes(),
            .lookups = lookups_,
            .file_reads = code_.file_reads()};
  }
  void ForgetAddresses() override { cache_.Clear(); }

 private:
  void FollowModules() {
    generation_ = modules_.generation();
    code_.OnModulesChanged();
    cache_.Clear();
  }

  UnwindEnd Climb(uint64_t pc, size_t max_depth, std::vector<uint64_t>* pcs) {
    uint64_t at = pc;
    bool exact = true;        // `at` is the pc itself, not within a call before it
    bool by_pointer = false;  // found by frame pointer alone
    for (;;) {
      const FrameRule* rule = cache_.Find(at);
      if (rule == nullptr || (by_pointer && rule->follows_call == 0)) {
        UnwindEnd end = UnwindEnd::kBadFrame;
        rule = Resolve(at, by_pointer, &end);
        if (rule == nullptr) return end;
      }
      if (pcs->size() >= max_depth) return UnwindEnd::kTooDeep;
      pcs->push_back(at);
      const uint64_t sp = registers_.sp();
      by_pointer = rule->kind == FrameRule::Kind::kFramePointer;
      const bool interrupted = rule->is_signal != 0;
      const bool in_module = rule->in_module != 0;
      const StepEnd step = rule->kind == FrameRule::Kind::kStep
                               ? StepByRule(*rule, &registers_, memory_, &pc)
                               : StepOtherwise(*rule, at, exact, &pc);
      if (step != StepEnd::kStepped) return EndOf(step, by_pointer, in_module);
      pc = StripAuthentication(pc, kSignsReturns);
      if (pc == 0) return by_pointer && !in_module ? UnwindEnd::kNoRules : UnwindEnd::kComplete;
      // The stack grows down, so callers lie above, at the same place only those of a function
      // without a frame; a handler may run on a stack of its own.
      const uint64_t next_sp = registers_.sp();
      if (!interrupted && (next_sp < sp || (next_sp == sp && !exact))) return UnwindEnd::kBadFrame;
      exact = interrupted;
      at = exact ? pc : pc - 1;
    }
  }

  UnwindEnd EndOf(StepEnd step, bool by_pointer, bool in_module) const {
    switch (step) {
      case StepEnd::kRoot:
        // Generated code may have any use for the frame pointer's register.
        return by_pointer && !in_module ? UnwindEnd::kNoRules : UnwindEnd::kComplete;
      case StepEnd::kNoRegister:
        return UnwindEnd::kNoRegister;
      case StepEnd::kUnreadable:
        if (memory_.missed()) return UnwindEnd::kNoBytes;
        break;
      default:
        break;
    }
    return by_pointer ? UnwindEnd::kNoRules : UnwindEnd::kBadFrame;
  }

  StepEnd StepOtherwise(const FrameRule& rule, uint64_t at, bool exact, uint64_t* pc) {
    switch (rule.kind) {
      case FrameRule::Kind::kRoot:
        return StepEnd::kRoot;
      case FrameRule::Kind::kFramePointer:
        return StepByFramePointer(exact, &registers_, memory_, pc);
      case FrameRule::Kind::kTrampoline:
        return LeaveSignalFrame(&registers_, memory_, pc) ? StepEnd::kStepped
                                                          : StepEnd::kUnreadable;
      default:
        break;
    }
    FoundRules found;
    if (finder_.work() > work_left_until_ || !finder_.Find(at, &found)) return StepEnd::kBadFrame;
    return StepByRow(found, exact ? at : at + 1, &registers_, memory_, pc);
  }

  // The rule of an address that is not in the cache; null: it is no place to go on from.
  const FrameRule* Resolve(uint64_t at, bool by_pointer, UnwindEnd* end) {
    const Mapping* const mapping = modules_.FindMapping(at);
    if (mapping == nullptr || !mapping->executable) {
      *end = by_pointer ? UnwindEnd::kNoRules : UnwindEnd::kUnknownCode;
      return nullptr;
    }
    if (by_pointer && !FollowsCall(at + 1)) {
      *end = UnwindEnd::kNoRules;
      return nullptr;
    }
    if (finder_.work() > work_left_until_) {
      *end = UnwindEnd::kBadFrame;
      return nullptr;
    }
    ++lookups_;
    FrameRule rule = MakeRule(at);
    rule.follows_call = by_pointer ? 1 : 0;
    rule.in_module = code_.FindModule(at) != nullptr ? 1 : 0;
    return cache_.Insert(at, rule);
  }

  FrameRule MakeRule(uint64_t at) {
    FoundRules found;
    FrameRule rule;
    const bool has_rules = finder_.Find(at, &found);
    if (has_rules) rule = MakeFrameRule(found);
    // On aarch64 the kernel's own rules lead past the function that was interrupted.
    if (has_rules && (kReturnOnStack || rule.is_signal == 0)) return rule;
    std::array<uint8_t, kTrampolineBytes + 1> bytes;
    const absl::Span<const uint8_t> code = CodeAt(at, bytes.data(), bytes.size());
    if (IsSigreturn(code) || (!code.empty() && IsSigreturn(code.subspan(1)))) {
      rule.kind = FrameRule::Kind::kTrampoline;
      rule.is_signal = 1;
    } else if (!has_rules && IsLinkageStub(code)) {
      rule.kind = FrameRule::Kind::kStep;
      rule.base = os::Registers::kSp;
      rule.offset = 8;
      rule.return_offset = -8;
    }
    return rule;
  }

  absl::Span<const uint8_t> CodeAt(uint64_t address, uint8_t* into, size_t size) {
    const CodeCache::Loaded* const loaded = code_.FindModule(address);
    if (loaded == nullptr) return {};
    return {into, code_.Read(*loaded, address - loaded->module->bias, into, size)};
  }

  // A return address found by frame pointer alone. JIT code cannot be looked at: taken as it is.
  bool FollowsCall(uint64_t pc) {
    uint64_t word = 0;
    if (code_.FindModule(pc - 1) == nullptr || !code_.ReadWord(pc - kCallBytes, &word)) return true;
    return EndsInCall(word);
  }

  const ModuleTable& modules_;
  CodeCache code_;
  RuleFinder finder_;
  RuleCache cache_;
  uint64_t generation_ = 0;
  uint64_t lookups_ = 0;

  // Of the unwind under way.
  StackMemory memory_;
  FrameRegisters registers_;
  uint64_t work_left_until_ = 0;
};

}  // namespace

std::unique_ptr<RuleUnwinder> CreateRuleUnwinder(const ModuleTable& modules) {
  return std::make_unique<LazyRuleUnwinder>(modules);
}

}  // namespace lambent
