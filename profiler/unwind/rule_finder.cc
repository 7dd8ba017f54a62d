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

RuleSearch RuleFinder::Find(uint64_t pc, FoundRules* found) {
  const uint64_t reads = code_.file_reads();
  work_ += kWorkOfLookup;
  CodeCache::Loaded* const loaded = code_.FindModule(pc);
  if (loaded == nullptr) return RuleSearch::kNone;
  const uint64_t at = pc - loaded->module->bias;
  RuleSearch search = RuleSearch::kNone;
  ForEachFde(*loaded, at, [&](CfiFormat format, uint64_t fde) {
    const RuleSearch one = FindIn(*loaded, format, fde, at, found);
    if (one != RuleSearch::kNone) search = one;
    return one == RuleSearch::kFound;
  });
  work_ += (code_.file_reads() - reads) * kWorkOfFileRead;
  return search;
}

std::optional<uint64_t> RuleFinder::FindFunction(CodeCache::Loaded& loaded, uint64_t at) {
  std::optional<uint64_t> start;
  ForEachFde(loaded, at, [&](CfiFormat format, uint64_t fde) {
    const ReadingOfFde reading = ReadFde(loaded, format, fde);
    const bool covers = reading.grasp >= Grasp::kHead && at - reading.fde.start < reading.fde.size;
    // Rules of a signal frame begin before its function: a handler returns to its first byte.
    if (covers && !reading.cie->signal_frame) start = reading.fde.start;
    return covers;
  });
  return start;
}

void RuleFinder::ForEachFde(CodeCache::Loaded& loaded, uint64_t at,
                            absl::FunctionRef<bool(CfiFormat, uint64_t)> visit) {
  const std::optional<FdeTable::Found> sorted = loaded.table.Find(
      *loaded.code, at, [&](uint64_t address) { return code_.ReadChunk(loaded, address); });
  if (sorted.has_value() && visit(CfiFormat::kEhFrame, sorted->fde)) return;
  if (!loaded.index.has_value()) MakeIndex(loaded);
  const std::optional<uint64_t> indexed = loaded.index->Find(at);
  if (indexed.has_value()) visit(loaded.index->section().format, *indexed);
}

RuleSearch RuleFinder::FindIn(CodeCache::Loaded& loaded, CfiFormat format, uint64_t fde_address,
                              uint64_t at, FoundRules* found) {
  const ReadingOfFde reading = ReadFde(loaded, format, fde_address);
  const Fde& fde = reading.fde;
  if (reading.grasp == Grasp::kNothing) return RuleSearch::kNone;
  if (reading.grasp == Grasp::kEntry) return RuleSearch::kNotUnderstood;
  if (at - fde.start >= fde.size) return RuleSearch::kNone;
  if (reading.grasp == Grasp::kHead) return RuleSearch::kNotUnderstood;
  work_ += fde.instructions.size();
  const Cie& cie = *reading.cie;
  if (!RunFdeInstructions(cie, fde, at, &found->row)) return RuleSearch::kNotUnderstood;
  found->return_column = static_cast<size_t>(cie.return_column);
  found->signal_frame = cie.signal_frame;
  found->fde = fde.instructions;
  found->cie = cie.instructions;
  return RuleSearch::kFound;
}

size_t RuleFinder::ReadEntry(const CodeCache::Loaded& loaded, CfiFormat format, uint64_t address,
                             EntryHead* head) {
  const size_t got = code_.Read(loaded, address, entry_.data(), kFirstRead);
  const absl::Span<const uint8_t> first(entry_.data(), std::min(got, kEntryHeadBytes));
  const std::optional<EntryHead> parsed = ParseEntryHead(first, format);
  if (!parsed.has_value() || parsed->next == 0) return 0;
  *head = *parsed;
  if (parsed->next <= got || parsed->next > kMaxEntryBytes) return got;
  const auto size = static_cast<size_t>(parsed->next);
  if (entry_.size() < size) entry_.resize(size);
  return code_.Read(loaded, address, entry_.data(), size);
}

RuleFinder::ReadingOfFde RuleFinder::ReadFde(const CodeCache::Loaded& loaded, CfiFormat format,
                                             uint64_t address) {
  EntryHead head;
  const size_t got = ReadEntry(loaded, format, address, &head);
  if (got < head.content || got == 0 || head.is_cie) return {};
  const uint64_t section = format == CfiFormat::kDebugFrame ? ModuleCode::kDebugFrameAddress : 0;
  const CachedCie& cie = FindCie(loaded, format, section + head.CieOf(format, address));
  ReadingOfFde reading;
  reading.grasp = std::min(cie.grasp, Grasp::kEntry);
  if (cie.grasp < Grasp::kHead) return reading;
  const auto content = static_cast<size_t>(head.content);
  const size_t end = static_cast<size_t>(std::min<uint64_t>(got, head.next));
  const absl::Span<const uint8_t> bytes(entry_.data() + content, end - content);
  if (!ParseFde(bytes, address + head.content, cie.cie, &reading.fde)) return reading;
  reading.grasp = end < head.next ? Grasp::kHead : cie.grasp;
  reading.cie = &cie.cie;
  return reading;
}

// Does not touch entry_, which holds an FDE meanwhile.
const RuleFinder::CachedCie& RuleFinder::FindCie(const CodeCache::Loaded& loaded, CfiFormat format,
                                                 uint64_t address) {
  CachedCie& cached = cies_[(address / 8 + loaded.number) % kCies];
  if (cached.number == loaded.number && cached.address == address) return cached;
  cached.number = loaded.number;
  cached.address = address;
  cached.grasp = Grasp::kNothing;
  const size_t got = code_.Read(loaded, address, cached.bytes.data(), kMaxCieBytes);
  const absl::Span<const uint8_t> first(cached.bytes.data(), std::min(got, kEntryHeadBytes));
  const std::optional<EntryHead> head = ParseEntryHead(first, format);
  if (!head.has_value() || !head->is_cie || head->content > got) return cached;
  cached.grasp = Grasp::kEntry;
  const auto content = static_cast<size_t>(head->content);
  const auto end = static_cast<size_t>(std::min<uint64_t>(got, head->next));
  const absl::Span<const uint8_t> bytes(cached.bytes.data() + content, end - content);
  if (!ParseCie(bytes, format, &cached.cie)) return cached;
  const bool all = end == head->next && RunCieInstructions(&cached.cie);
  cached.grasp = all ? Grasp::kAll : Grasp::kHead;
  return cached;
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
    if (!parsed->is_cie) {
      const ReadingOfFde reading = ReadFde(loaded, section->format, address);
      if (reading.grasp >= Grasp::kHead && !index.Add(reading.fde.start, offset)) break;
    }
    if (parsed->next > section->size - offset) break;
    offset += parsed->next;
  }
  index.Finish();
}

}  // namespace lambent
