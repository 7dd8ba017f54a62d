// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "tests/profiler/unwind/oracle.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

#include "profiler/os/file_bytes.h"
#include "profiler/unwind/unwind_with_libunwind.h"

namespace lambent {
namespace {

// For a thread to be given a CPU, on a busy machine.
constexpr os::StopPatience kPatience{.asleep_ns = 20'000'000};

// Whether `some` are, in order, among `all`.
bool Within(const std::vector<uint64_t>& some, const std::vector<uint64_t>& all) {
  auto next = some.begin();
  for (const uint64_t pc : all) {
    if (next != some.end() && pc == *next) ++next;
  }
  return next == some.end();
}

}  // namespace

Oracle::Oracle(int pid, std::string names_from)
    : proc_(os::CreateProcFiles()),
      files_(proc_->OpenProcess(pid)),
      memory_(os::CreateProcMemory(pid)),
      control_(os::CreateThreadControl()),
      modules_(*files_, memory_.get()),
      names_from_(std::move(names_from)),
      rules_(CreateRuleUnwinder(modules_, memory_.get())),
      libunwind_(CreateLibunwindUnwinder(modules_)) {}

bool Oracle::Sample(int tid) {
  os::Registers registers;
  const os::StopResult stop = control_->Stop(tid, kPatience, &registers);
  refused_ = stop == os::StopResult::kRefused;
  if (stop != os::StopResult::kStopped) return false;
  snapshot_.SetRegisters(registers, 0);
  const bool copied = snapshot_.CopyStack(*memory_, snapshot_.capacity(), UINT64_MAX) > 0;
  if (copied) {
    UnwindEnd end = rules_->Unwind(snapshot_, memory_.get(), kDepth, &pcs_);
    if (end == UnwindEnd::kUnknownCode && modules_.Refresh() == os::ReadResult::kOk) {
      end = rules_->Unwind(snapshot_, memory_.get(), kDepth, &pcs_);
    }
    const UnwindEnd oracle_end = libunwind_->Unwind(snapshot_, memory_.get(), kDepth, &oracle_pcs_);
    Compare(end, oracle_end);
  }
  control_->Resume();
  return copied;
}

void Oracle::Compare(UnwindEnd end, UnwindEnd oracle_end) {
  ++stacks_;
  ++ends_[absl::StrCat(std::string(UnwindEndName(end)), "/",
                       std::string(UnwindEndName(oracle_end)))];
  const bool complete = end == UnwindEnd::kComplete;
  const bool oracle_complete = oracle_end == UnwindEnd::kComplete;
  last_complete_ = complete;
  complete_ += complete ? 1 : 0;
  const auto parted =
      std::mismatch(pcs_.begin(), pcs_.end(), oracle_pcs_.begin(), oracle_pcs_.end());
  const auto common = static_cast<size_t>(parted.first - pcs_.begin());
  const size_t longer = std::max(pcs_.size(), oracle_pcs_.size());
  const bool goes_on = common == oracle_pcs_.size() && common < pcs_.size();
  const bool left_out = complete && oracle_pcs_.size() < pcs_.size() && Within(oracle_pcs_, pcs_);
  const bool beyond = (!oracle_complete && (complete || goes_on)) || left_out;
  if (beyond) {
    ++beyond_;
  } else {
    frames_ += longer;
    equal_frames_ += common;
  }
  const bool worth_telling =
      beyond || common != longer || (!complete && end != UnwindEnd::kTooDeep);
  if (worth_telling && differences_.size() < 3) {
    differences_.push_back(
        absl::StrCat("ours ", Describe(end, pcs_), "oracle ", Describe(oracle_end, oracle_pcs_)));
  }
}

std::string Oracle::NameOf(uint64_t pc) {
  const ModuleAddress at = modules_.Find(pc);
  if (at.module == nullptr) return "?";
  std::unique_ptr<SymbolIndex>& index = symbols_[at.module->id];
  if (index == nullptr) {
    const bool elsewhere = !names_from_.empty() && at.module->path[0] == '/';
    auto file = elsewhere ? os::OpenFileBytes(names_from_) : modules_.Open(*at.module);
    if (!file.ok()) return "!";
    auto created = SymbolIndex::Create(*std::move(file));
    if (!created.ok()) return "!";
    index = *std::move(created);
  }
  const std::string name(index->Find(at.address).name);
  return name.empty() ? absl::StrCat("+", absl::Hex(at.address)) : name;
}

std::vector<std::string> Oracle::Names() {
  std::vector<std::string> names;
  for (const uint64_t pc : pcs_) names.push_back(NameOf(pc));
  return names;
}

std::string Oracle::Describe(UnwindEnd end, const std::vector<uint64_t>& pcs) {
  std::string text = absl::StrCat(std::string(UnwindEndName(end)), ":\n");
  for (size_t i = 0; i < std::min<size_t>(pcs.size(), 24); ++i) {
    absl::StrAppend(&text, "    ", absl::Hex(pcs[i]), " ", NameOf(pcs[i]), "\n");
  }
  return text;
}

std::string Oracle::Report() const {
  std::string text =
      absl::StrCat(stacks_, " stacks, ", complete_, " complete, ", beyond_, " beyond the oracle; ",
                   equal_frames_, " of ", frames_, " frames equal; ends");
  for (const auto& [end, count] : ends_) absl::StrAppend(&text, " ", end, "=", count);
  for (const std::string& difference : differences_) absl::StrAppend(&text, "\n", difference);
  return text;
}

}  // namespace lambent
