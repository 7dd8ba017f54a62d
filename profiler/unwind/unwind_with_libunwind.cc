// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/unwind/unwind_with_libunwind.h"

#include <cstdint>
#include <optional>

#include "absl/container/flat_hash_map.h"
#include <libunwind.h>

#include "profiler/unwind/call_site.h"
#include "profiler/unwind/code_cache.h"
#include "profiler/unwind/rules_for_libunwind.h"
#include "profiler/unwind/stack_memory.h"

// Exported, and declared in no public header: what every remote unwinder with its own tables calls.
extern "C" int UNW_OBJ(dwarf_search_unwind_table)(unw_addr_space_t space, unw_word_t ip,
                                                  unw_dyn_info_t* table, unw_proc_info_t* found,
                                                  int need_unwind_info, void* arg);

namespace lambent {
namespace {

// libunwind's numbers are DWARF's, as ours are: no mapping is needed.
#if defined(__x86_64__)
static_assert(UNW_X86_64_RIP == os::Registers::kPc && UNW_X86_64_RSP == os::Registers::kSp &&
              UNW_X86_64_RBP == os::Registers::kFp && UNW_X86_64_R15 == 15);
#elif defined(__aarch64__)
static_assert(UNW_AARCH64_PC == os::Registers::kPc && UNW_AARCH64_SP == os::Registers::kSp &&
              UNW_AARCH64_X29 == os::Registers::kFp);
#endif

// Words one unwind may read: 1,024 frames with cold caches take half. Rules can hold loops.
constexpr size_t kMaxReads = 300'000;
// Rules kept parsed: libunwind's own default is 128 addresses, a Python call chain alone has more.
constexpr size_t kCachedRules = 1024;
// Addresses of outermost functions remembered.
constexpr size_t kMaxRoots = 4096;

class RemoteLibunwind final : public LibunwindUnwinder {
 public:
  explicit RemoteLibunwind(const ModuleTable& modules)
      : modules_(modules), code_(modules), generation_(modules.generation()), memory_(modules) {
    unw_accessors_t accessors{};
    accessors.find_proc_info = &FindProcInfo;
    accessors.put_unwind_info = &PutUnwindInfo;
    accessors.get_dyn_info_list_addr = &GetDynInfoList;
    accessors.access_mem = &AccessMemory;
    accessors.access_reg = &AccessRegister;
    accessors.access_fpreg = &AccessFloatRegister;
    accessors.resume = &Resume;
    accessors.get_proc_name = &GetProcName;
    space_ = unw_create_addr_space(&accessors, 0);
    // Not per thread: that cache would be shared with the unwinders of other processes.
    unw_set_caching_policy(space_, UNW_CACHE_GLOBAL);
    unw_set_cache_size(space_, kCachedRules, 0);
  }
  ~RemoteLibunwind() override { unw_destroy_addr_space(space_); }

  UnwindEnd Unwind(const RawSnapshot& snapshot, os::RemoteMemory* live, size_t max_depth,
                   std::vector<uint64_t>* pcs) override {
    pcs->clear();
    FollowModules();
    Begin(snapshot, live);
    const uint64_t pc = snapshot.registers().pc();
    if (!IsCode(pc)) return UnwindEnd::kUnknownCode;
    if (max_depth == 0) return UnwindEnd::kTooDeep;
    pcs->push_back(pc);
    unw_cursor_t cursor;
    if (unw_init_remote(&cursor, space_, this) < 0) return UnwindEnd::kBadFrame;
    return Climb(&cursor, max_depth, pcs);
  }

  void GuessWithin(size_t frames) override { guess_within_ = frames; }

 private:
  void FollowModules() {
    if (modules_.generation() == generation_) return;
    generation_ = modules_.generation();
    code_.OnModulesChanged();
    roots_.clear();
    unw_flush_cache(space_, 0, 0);
  }

  void Begin(const RawSnapshot& snapshot, os::RemoteMemory* live) {
    snapshot_ = &snapshot;
    memory_.Begin(snapshot, live);
    reads_ = 0;
  }

  UnwindEnd Climb(unw_cursor_t* cursor, size_t max_depth, std::vector<uint64_t>* pcs) {
    unw_word_t sp = snapshot_->registers().sp();
    for (;;) {
      no_rules_ = false;
      const int step = unw_step(cursor);
      // Said of the frame that a step out of the kernel's led to.
      const bool interrupted = step > 0 && unw_is_signal_frame(cursor) > 0;
      if (step < 0) return Failure();
      unw_word_t pc = 0;
      unw_word_t next_sp = 0;
      if (step > 0 && (unw_get_reg(cursor, UNW_REG_IP, &pc) < 0 ||
                       unw_get_reg(cursor, UNW_REG_SP, &next_sp) < 0)) {
        return UnwindEnd::kBadFrame;
      }
      if (step == 0 || pc == 0) return IsRoot(pcs->back()) ? UnwindEnd::kComplete : Failure();
      // The stack grows down, so callers lie above; a handler may run on a stack of its own.
      if (!interrupted && (next_sp < sp || (next_sp == sp && pcs->size() > 1))) {
        return UnwindEnd::kBadFrame;
      }
      sp = next_sp;
      const uint64_t at = interrupted ? pc : pc - 1;
      if (!IsCode(at)) return no_rules_ ? UnwindEnd::kNoRules : UnwindEnd::kUnknownCode;
      if (no_rules_ && !interrupted && (pcs->size() >= guess_within_ || !FollowsCall(pc))) {
        return UnwindEnd::kNoRules;
      }
      if (pcs->size() >= max_depth) return UnwindEnd::kTooDeep;
      pcs->push_back(at);
    }
  }

  UnwindEnd Failure() const {
    if (memory_.missed()) return UnwindEnd::kNoBytes;
    return no_rules_ ? UnwindEnd::kNoRules : UnwindEnd::kBadFrame;
  }

  bool IsCode(uint64_t pc) const {
    const Mapping* mapping = modules_.FindMapping(pc);
    return mapping != nullptr && mapping->executable;
  }

  // A return address found by frame pointer alone. JIT code cannot be looked at: taken as it is.
  bool FollowsCall(uint64_t pc) {
    uint64_t word = 0;
    if (code_.FindModule(pc - 1) == nullptr || !code_.ReadWord(pc - kCallBytes, &word)) return true;
    return EndsInCall(word);
  }

  // Whether unwinding ended at `pc` because its rules say that nobody calls it.
  bool IsRoot(uint64_t pc) {
    if (auto it = roots_.find(pc); it != roots_.end()) return it->second;
    unw_proc_info_t info;
    const bool root = FindProcInfo(space_, pc, &info, 0, this) == 0;
    if (roots_.size() >= kMaxRoots) roots_.clear();
    roots_.emplace(pc, root);
    return root;
  }

  // The entry of the sorted table that has rules for `pc` which libunwind can be handed.
  std::optional<FdeTable::Found> FindFitRules(CodeCache::Loaded& loaded, uint64_t pc) {
    const std::optional<FdeTable::Found> found =
        loaded.table.Find(*loaded.code, pc - loaded.module->bias,
                          [&](uint64_t address) { return code_.ReadChunk(loaded, address); });
    if (!found.has_value() || !IsFitForLibunwind(code_, loaded, found->fde)) return std::nullopt;
    return found;
  }

  bool ReadWord(uint64_t address, unw_word_t* word) {
    uint64_t value = 0;
    if (!snapshot_->ReadStack(address, &value) && !code_.ReadWord(address, &value) &&
        !memory_.Read(address, &value)) {
      return false;
    }
    *word = value;
    return true;
  }

  static RemoteLibunwind& Self(void* arg) { return *static_cast<RemoteLibunwind*>(arg); }

  static int FindProcInfo(unw_addr_space_t space, unw_word_t ip, unw_proc_info_t* found,
                          int need_unwind_info, void* arg) {
    RemoteLibunwind& self = Self(arg);
    self.no_rules_ = true;
    CodeCache::Loaded* loaded = self.code_.FindModule(ip);
    if (loaded == nullptr || loaded->code->table().count == 0) return -UNW_ENOINFO;
    const uint64_t bias = loaded->module->bias;
    const UnwindTable& rules = loaded->code->table();
    unw_dyn_info_t table{};
    table.format = UNW_INFO_FORMAT_REMOTE_TABLE;
    table.start_ip = bias + loaded->code->low();
    table.end_ip = bias + loaded->code->high();
    if (ip < table.start_ip || ip >= table.end_ip) return -UNW_ENOINFO;  // it asserts this
    table.u.rti.segbase = bias + rules.header;
    table.u.rti.table_data = bias + rules.entries;
    table.u.rti.table_len = rules.count;  // in words of 8 bytes, what an entry takes
    if (UNW_OBJ(dwarf_search_unwind_table)(space, ip, &table, found, 0, arg) < 0) {
      return -UNW_ENOINFO;
    }
    // Its own search found a function; it gets the rules of that one entry, which were looked at.
    const std::optional<FdeTable::Found> fit = self.FindFitRules(*loaded, ip);
    if (!fit.has_value() || bias + fit->start != found->start_ip) return -UNW_ENOINFO;
    table.u.rti.table_data = bias + fit->entry;
    table.u.rti.table_len = 1;
    if (UNW_OBJ(dwarf_search_unwind_table)(space, ip, &table, found, need_unwind_info, arg) < 0) {
      return -UNW_ENOINFO;
    }
    self.no_rules_ = false;
    return 0;
  }

  static void PutUnwindInfo(unw_addr_space_t, unw_proc_info_t*, void*) {}

  static int GetDynInfoList(unw_addr_space_t, unw_word_t*, void*) { return -UNW_ENOINFO; }

  static int AccessMemory(unw_addr_space_t, unw_word_t address, unw_word_t* word, int write,
                          void* arg) {
    RemoteLibunwind& self = Self(arg);
    if (write != 0 || ++self.reads_ > kMaxReads) return -UNW_EINVAL;
    return self.ReadWord(address, word) ? 0 : -UNW_EINVAL;
  }

  static int AccessRegister(unw_addr_space_t, unw_regnum_t reg, unw_word_t* value, int write,
                            void* arg) {
    const RawSnapshot& snapshot = *Self(arg).snapshot_;
    if (write != 0) return -UNW_EREADONLYREG;
    if (reg < 0 || !snapshot.Knows(static_cast<size_t>(reg))) return -UNW_EBADREG;
    *value = snapshot.registers().values[static_cast<size_t>(reg)];
    return 0;
  }

  static int AccessFloatRegister(unw_addr_space_t, unw_regnum_t, unw_fpreg_t*, int, void*) {
    return -UNW_EBADREG;
  }

  static int Resume(unw_addr_space_t, unw_cursor_t*, void*) { return -UNW_EINVAL; }

  static int GetProcName(unw_addr_space_t, unw_word_t, char*, size_t, unw_word_t*, void*) {
    return -UNW_ENOINFO;
  }

  const ModuleTable& modules_;
  CodeCache code_;
  unw_addr_space_t space_ = nullptr;
  uint64_t generation_;
  size_t guess_within_ = SIZE_MAX;
  absl::flat_hash_map<uint64_t, bool> roots_;

  // Of the unwind under way.
  const RawSnapshot* snapshot_ = nullptr;
  StackMemory memory_;
  size_t reads_ = 0;
  bool no_rules_ = false;  // the last lookup of rules found none
};

}  // namespace

std::unique_ptr<LibunwindUnwinder> CreateLibunwindUnwinder(const ModuleTable& modules) {
  return std::make_unique<RemoteLibunwind>(modules);
}

}  // namespace lambent
