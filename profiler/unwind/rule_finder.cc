// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/unwind/rule_finder.h"

#include <algorithm>
#include <optional>

#include "profiler/unwind/cfi_program.h"

namespace lambent {
namespace {

constexpr size_t kFirstRead = 96;  // most FDEs are smaller
constexpr uint64_t kWorkOfLookup = 64;
constexpr uint64_t kWorkOfFileRead = 256;
// An index is made of at most this many entries of a section, CIEs counted.
constexpr size_t kMaxScanned = 4 * FdeIndex::kMaxEntries;

}  // namespace

bool RuleFinder::Find(uint64_t pc, FoundRules* found) {
  const uint64_t reads = code_.file_reads();
  work_ += kWorkOfLookup;
  CodeCache::Loaded* const loaded = code_.FindModule(pc);
  if (loaded == nullptr) return false;
  const uint64_t at = pc - loaded->module->bias;
  const std::optional<uint64_t> sorted = loaded->table.Find(
      *loaded->code, at, [&](uint64_t address) { return code_.ReadChunk(*loaded, address); });
  bool is_found = sorted.has_value() && FindIn(*loaded, CfiFormat::kEhFrame, *sorted, at, found);
  if (!is_found) {
    if (!loaded->index.has_value()) MakeIndex(*loaded);
    const std::optional<uint64_t> indexed = loaded->index->Find(at);
    const CfiFormat format = loaded->index->section().format;
    is_found = indexed.has_value() && FindIn(*loaded, format, *indexed, at, found);
  }
  work_ += (code_.file_reads() - reads) * kWorkOfFileRead;
  return is_found;
}

bool RuleFinder::FindIn(CodeCache::Loaded& loaded, CfiFormat format, uint64_t fde_address,
                        uint64_t at, FoundRules* found) {
  Fde fde;
  const Cie* const cie = ReadFde(loaded, format, fde_address, &fde);
  if (cie == nullptr || at - fde.start >= fde.size) return false;
  work_ += fde.instructions.size();
  if (!RunFdeInstructions(*cie, fde, at, &found->row)) return false;
  found->return_column = static_cast<size_t>(cie->return_column);
  found->signal_frame = cie->signal_frame;
  found->fde = fde.instructions;
  found->cie = cie->instructions;
  return true;
}

bool RuleFinder::ReadEntry(const CodeCache::Loaded& loaded, CfiFormat format, uint64_t address,
                           EntryHead* head) {
  size_t got = code_.Read(loaded, address, entry_.data(), kFirstRead);
  const absl::Span<const uint8_t> first(entry_.data(), std::min(got, kEntryHeadBytes));
  const std::optional<EntryHead> parsed = ParseEntryHead(first, format);
  if (!parsed.has_value() || parsed->next == 0 || parsed->next > kMaxEntryBytes) return false;
  *head = *parsed;
  if (parsed->next <= got) return true;
  const auto size = static_cast<size_t>(parsed->next);
  if (entry_.size() < size) entry_.resize(size);
  return code_.Read(loaded, address, entry_.data(), size) == size;
}

const Cie* RuleFinder::ReadFde(const CodeCache::Loaded& loaded, CfiFormat format, uint64_t address,
                               Fde* fde) {
  EntryHead head;
  if (!ReadEntry(loaded, format, address, &head) || head.is_cie) return nullptr;
  const uint64_t section = format == CfiFormat::kDebugFrame ? ModuleCode::kDebugFrameAddress : 0;
  const Cie* const cie = FindCie(loaded, format, section + head.CieOf(format, address));
  if (cie == nullptr) return nullptr;
  const auto content = static_cast<size_t>(head.content);
  const absl::Span<const uint8_t> bytes(entry_.data() + content,
                                        static_cast<size_t>(head.next) - content);
  return ParseFde(bytes, address + head.content, *cie, fde) ? cie : nullptr;
}

// Does not touch entry_, which holds an FDE meanwhile.
const Cie* RuleFinder::FindCie(const CodeCache::Loaded& loaded, CfiFormat format,
                               uint64_t address) {
  CachedCie& cached = cies_[(address / 8 + loaded.number) % kCies];
  if (cached.number == loaded.number && cached.address == address) {
    return cached.good ? &cached.cie : nullptr;
  }
  cached.number = loaded.number;
  cached.address = address;
  cached.good = false;
  const size_t got = code_.Read(loaded, address, cached.bytes.data(), kMaxCieBytes);
  const absl::Span<const uint8_t> first(cached.bytes.data(), std::min(got, kEntryHeadBytes));
  const std::optional<EntryHead> head = ParseEntryHead(first, format);
  if (!head.has_value() || !head->is_cie || head->next > got) return nullptr;
  const auto content = static_cast<size_t>(head->content);
  const absl::Span<const uint8_t> bytes(cached.bytes.data() + content,
                                        static_cast<size_t>(head->next) - content);
  cached.good = ParseCie(bytes, format, &cached.cie) && RunCieInstructions(&cached.cie);
  return cached.good ? &cached.cie : nullptr;
}

void RuleFinder::MakeIndex(CodeCache::Loaded& loaded) {
  const std::optional<RuleSection> section = loaded.code->FindRuleSection();
  FdeIndex& index = loaded.index.emplace(section.value_or(RuleSection{}), loaded.code->low());
  if (!section.has_value()) return;
  uint64_t offset = 0;
  for (size_t scanned = 0; offset < section->size && scanned < kMaxScanned; ++scanned) {
    const uint64_t address = section->address + offset;
    std::array<uint8_t, kEntryHeadBytes> bytes;
    const size_t got = code_.Read(loaded, address, bytes.data(), bytes.size());
    const std::optional<EntryHead> parsed = ParseEntryHead({bytes.data(), got}, section->format);
    if (!parsed.has_value() || parsed->next == 0) break;
    Fde fde;
    if (!parsed->is_cie && ReadFde(loaded, section->format, address, &fde) != nullptr &&
        !index.Add(fde.start, offset)) {
      break;
    }
    if (parsed->next > section->size - offset) break;
    offset += parsed->next;
  }
  index.Finish();
}

}  // namespace lambent
