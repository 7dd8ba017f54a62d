// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/unwind/unwind_with_rules.h"

#include <algorithm>
#include <array>
#include <optional>

#include "absl/hash/hash.h"

#include "profiler/unwind/bare_code.h"
#include "profiler/unwind/call_site.h"
#include "profiler/unwind/code_cache.h"
#include "profiler/unwind/frame_step.h"
#include "profiler/unwind/rule_cache.h"
#include "profiler/unwind/rule_finder.h"
#include "profiler/unwind/short_climb.h"
#include "profiler/unwind/stack_memory.h"

namespace lambent {
namespace {

// Work for one snapshot, as RuleFinder counts it: 1,024 frames of functions never seen before take
// half.
constexpr uint64_t kMaxWork = 2'000'000;

class LazyRuleUnwinder final : public RuleUnwinder {
 public:
  LazyRuleUnwinder(const ModuleTable& modules, os::RemoteMemory* generated)
      : modules_(modules),
        code_(modules),
        generated_(generated),
        finder_(code_),
        memory_(modules) {}

  UnwindEnd Unwind(const RawSnapshot& snapshot, os::RemoteMemory* live, size_t max_depth,
                   std::vector<uint64_t>* pcs) override {
    pcs->clear();
    if (modules_.generation() != generation_) FollowModules();
    memory_.Begin(snapshot, live);
    work_left_until_ = finder_.work() + kMaxWork;
    registers_.values = snapshot.registers().values;
    registers_.known = snapshot.known();
    registers_depth_ = 0;
    return Climb(snapshot.registers().pc(), max_depth, pcs);
  }

  RuleUnwinderUse Use() const override {
    return {.memory_bytes = sizeof(*this) + code_.memory_bytes() + finder_.memory_bytes() +
                            cache_.memory_bytes(),
            .lookups = lookups_,
            .file_reads = code_.file_reads()};
  }

 private:
  // Maps change all the time, by heaps and stacks; what is known of code stays true until code
  // does.
  void FollowModules() {
    generation_ = modules_.generation();
    uint64_t layout = 0;
    for (const Mapping& mapping : modules_.mappings()) {
      if (!mapping.executable) continue;
      const Module* const module = modules_.Find(mapping.start).module;
      layout = absl::HashOf(layout, mapping.start, mapping.end, module);
    }
    if (layout == layout_) return;
    layout_ = layout;
    code_.OnModulesChanged();
    cache_.Clear();
  }

  UnwindEnd Climb(uint64_t pc, size_t max_depth, std::vector<uint64_t>* pcs) {
    uint64_t at = pc;
    bool exact = true;        // `at` is the pc itself, not within a call before it
    bool by_pointer = false;  // found by frame pointer alone
    for (;;) {
      if (!by_pointer && ClimbShort(max_depth, &at, pcs)) {
        if (at == kNoCaller) return UnwindEnd::kComplete;
        exact = false;
        // Before another rule takes the place of one that they go by.
        if (!RestoreRegisters(*pcs)) return UnwindEnd::kBadFrame;
      }
      const FrameRule* rule = cache_.Find(at);
      if (rule == nullptr || (by_pointer && rule->follows_call == 0)) {
        UnwindEnd end = UnwindEnd::kBadFrame;
        if (!exact && IsTrampolineAtItsBegin(at + 1)) ++at;
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
      registers_depth_ = pcs->size();
      pc = StripAuthentication(pc, kSignsReturns);
      if (pc == 0) {
        // Where nothing has been called yet the frame pointer's register may hold anything.
        const bool any_use = by_pointer && (!in_module || exact);
        return any_use ? UnwindEnd::kNoRules : UnwindEnd::kComplete;
      }
      // The stack grows down, so callers lie above, at the same place only those of a function
      // without a frame; a handler may run on a stack of its own.
      const uint64_t next_sp = registers_.sp();
      if (!interrupted && (next_sp < sp || (next_sp == sp && !exact))) return UnwindEnd::kBadFrame;
      exact = interrupted;
      at = exact ? pc : pc - 1;
    }
  }

  // Climbs by short rules, from where registers_ are, which stay behind. False: not one frame.
  bool ClimbShort(size_t max_depth, uint64_t* at, std::vector<uint64_t>* pcs) {
    const StackCopy& copied = memory_.copied();
    ClimbPoint point = {*at, registers_.sp(), copied.from - 1};
    if (registers_.Knows(os::Registers::kFp)) point.fp = registers_.values[os::Registers::kFp];
    ClimbByShortRules(cache_, copied, max_depth, &point, pcs);
    *at = point.at;
    return pcs->size() != registers_depth_;
  }

  // Takes registers_ through the frames they were left behind in. False: impossible.
  bool RestoreRegisters(const std::vector<uint64_t>& pcs) {
    for (; registers_depth_ < pcs.size(); ++registers_depth_) {
      const FrameRule* const rule = cache_.Find(pcs[registers_depth_]);
      uint64_t pc = 0;
      if (rule == nullptr || StepByRule(*rule, &registers_, memory_, &pc) != StepEnd::kStepped) {
        return false;
      }
    }
    return true;
  }

  UnwindEnd EndOf(StepEnd step, bool by_pointer, bool in_module) const {
    switch (step) {
      case StepEnd::kRoot:
        // Generated code may have any use for the frame pointer's register.
        return by_pointer && !in_module ? UnwindEnd::kNoRules : UnwindEnd::kComplete;
      case StepEnd::kNoRegister:
        return UnwindEnd::kNoRegister;
      case StepEnd::kBadRules:
        return UnwindEnd::kBadRules;
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
        if (exact && StepOutOfBareLeaf(at, pc)) return StepEnd::kStepped;
        return StepByFramePointer(exact, &registers_, memory_, pc);
      case FrameRule::Kind::kTrampoline:
        return LeaveSignalFrame(&registers_, memory_, pc) ? StepEnd::kStepped
                                                          : StepEnd::kUnreadable;
      case FrameRule::Kind::kBadRules:
        return StepEnd::kBadRules;
      default:
        break;
    }
    FoundRules found;
    if (finder_.work() > work_left_until_ || finder_.Find(at, &found) != RuleSearch::kFound) {
      return StepEnd::kBadFrame;
    }
    return StepByRow(found, exact ? at : at + 1, &registers_, memory_, pc);
  }

  // The rule of an address that is not in the cache; null: it is no place to go on from.
  const FrameRule* Resolve(uint64_t at, bool by_pointer, UnwindEnd* end) {
    if (!IsCode(at)) {
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
    const RuleSearch search = finder_.Find(at, &found);
    const bool has_rules = search == RuleSearch::kFound;
    if (has_rules) rule = MakeFrameRule(found);
    if (search == RuleSearch::kNotUnderstood) rule.kind = FrameRule::Kind::kBadRules;
    // On aarch64 the kernel's own rules lead past the function that was interrupted.
    if (has_rules && (kReturnOnStack || rule.is_signal == 0)) return rule;
    if (IsSigreturn(CodeAround(at))) {
      rule.kind = FrameRule::Kind::kTrampoline;
      rule.is_signal = 1;
    }
    return rule;
  }

  // Where code without rules begins or ends, its frame pointer is still, or again, its caller's:
  // going by it would leave the caller out.
  bool StepOutOfBareLeaf(uint64_t at, uint64_t* pc) {
    const std::optional<uint64_t> pushed = PushedSinceCall(CodeAround(at));
    if (!pushed.has_value()) return false;
    FrameRegisters caller = registers_;
    uint64_t sp = registers_.sp() + *pushed;
    if (kReturnOnStack) {
      if (!memory_.Read(sp, pc)) return false;
      sp += sizeof(*pc);
    } else {
      if (!registers_.Knows(kLinkRegister)) return false;
      *pc = StripAuthentication(registers_.values[kLinkRegister], kSignsReturns);
    }
    if (!IsCode(*pc - 1) || !FollowsCall(*pc)) return false;
    caller.Set(os::Registers::kSp, sp);
    caller.known &= ~kLostInCalls;
    registers_ = caller;
    return true;
  }

  // The kernel may map a page that begins with its trampoline, which nothing calls: no code
  // precedes where a handler returns to.
  bool IsTrampolineAtItsBegin(uint64_t pc) {
    return pc % RawSnapshot::kPageBytes == 0 && !IsCode(pc - 1) && IsCode(pc) &&
           IsSigreturn(CodeAround(pc));
  }

  bool IsCode(uint64_t address) const {
    const Mapping* const mapping = modules_.FindMapping(address);
    return mapping != nullptr && mapping->executable;
  }

  // Code of a file, or generated code out of the process if that may be read, as bare_code.h wants
  // it; zeros in front of the address where another page begins. Valid until called again.
  absl::Span<const uint8_t> CodeAround(uint64_t at) {
    around_.fill(0);
    const size_t lead = std::min<size_t>(at % RawSnapshot::kPageBytes, kBareCodeBefore);
    uint8_t* const into = around_.data() + kBareCodeBefore - lead;
    const size_t size = kBareCodeBytes - kBareCodeBefore + lead;
    size_t got = 0;
    if (const CodeCache::Loaded* const loaded = code_.FindModule(at)) {
      got = code_.Read(*loaded, at - lead - loaded->module->bias, into, size);
    } else if (generated_ != nullptr && IsCode(at)) {
      got = generated_->Read(at - lead, into, size);
    }
    return {around_.data(), got + kBareCodeBefore - lead};
  }

  // Whether a return address found by frame pointer alone follows a call. Generated code is taken
  // as it is: HotSpot's interpreter returns to addresses that nothing called from.
  bool FollowsCall(uint64_t pc) {
    uint64_t word = 0;
    if (code_.FindModule(pc - 1) == nullptr || !code_.ReadWord(pc - kCallBytes, &word)) return true;
    return EndsInCall(word);
  }

  const ModuleTable& modules_;
  CodeCache code_;
  os::RemoteMemory* const generated_;
  RuleFinder finder_;
  RuleCache cache_;
  uint64_t generation_ = 0;
  uint64_t layout_ = 0;  // where code lies, as a hash
  uint64_t lookups_ = 0;

  std::array<uint8_t, kBareCodeBytes> around_;

  // Of the unwind under way.
  StackMemory memory_;
  FrameRegisters registers_;
  size_t registers_depth_ = 0;  // how many frames they have been taken through
  uint64_t work_left_until_ = 0;
};

}  // namespace

std::unique_ptr<RuleUnwinder> CreateRuleUnwinder(const ModuleTable& modules,
                                                 os::RemoteMemory* generated) {
  return std::make_unique<LazyRuleUnwinder>(modules, generated);
}

}  // namespace lambent
