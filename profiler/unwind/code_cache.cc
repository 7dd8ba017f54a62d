// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/unwind/code_cache.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace lambent {

CodeCache::Loaded* CodeCache::FindModule(uint64_t pc) {
  if (pc - last_.start < last_.end - last_.start) return last_.loaded;
  const Module* module = modules_.Find(pc).module;
  if (module == nullptr) return nullptr;
  Loaded* const loaded = Open(*module);
  const Mapping* const mapping = modules_.FindMapping(pc);
  last_ = {mapping->start, mapping->end, loaded->code == nullptr ? nullptr : loaded};
  return last_.loaded;
}

CodeCache::Loaded* CodeCache::FindModule(const Module& module) {
  Loaded* const loaded = Open(module);
  return loaded->code == nullptr ? nullptr : loaded;
}

CodeCache::Loaded* CodeCache::Open(const Module& module) {
  const auto id = static_cast<size_t>(module.id);
  if (id >= loaded_.size()) loaded_.resize(id + 1);
  if (loaded_[id] == nullptr) {
    loaded_[id] = std::make_unique<Loaded>();
    loaded_[id]->module = &module;
    loaded_[id]->number = ++openings_;
    if (auto file = open_(module); file.ok()) {
      if (auto code = ModuleCode::Create(*std::move(file)); code.ok()) {
        loaded_[id]->code = *std::move(code);
        loaded_[id]->table = FdeTable(loaded_[id]->code->table());
      }
    }
  }
  Loaded* const loaded = loaded_[id].get();
  if (loaded->code == nullptr) return loaded;
  const auto used = std::find(recent_.begin(), recent_.end(), loaded);
  if (used != recent_.end()) {
    std::rotate(recent_.begin(), used, used + 1);
    return loaded;
  }
  if (recent_.size() == kMaxOpen) {
    loaded_[static_cast<size_t>(recent_.back()->module->id)].reset();
    recent_.pop_back();
  }
  recent_.insert(recent_.begin(), loaded);
  return loaded;
}

const CodeCache::Loaded* CodeCache::Holding(uint64_t address) const {
  for (const Loaded* loaded : recent_) {
    const uint64_t in_file = address - loaded->module->bias;
    if (in_file >= loaded->code->low() && in_file < loaded->code->high()) return loaded;
  }
  return nullptr;
}

bool CodeCache::ReadWord(uint64_t address, uint64_t* word) {
  const Loaded* const loaded = Holding(address);
  if (loaded == nullptr) return false;
  *word = 0;
  return Read(*loaded, address - loaded->module->bias, word, sizeof(*word)) > 0;
}

size_t CodeCache::Read(const Loaded& loaded, uint64_t address, void* into, size_t size) {
  size_t done = 0;
  while (done < size) {
    const uint64_t at = address + done;
    const uint64_t within = at % kPageBytes;
    const Page& page = Load(loaded, at - within);
    if (within >= page.size) break;
    const size_t piece = std::min<size_t>(size - done, page.size - within);
    std::memcpy(static_cast<char*>(into) + done, page.bytes.data() + within, piece);
    done += piece;
  }
  return done;
}

absl::Span<const uint8_t> CodeCache::ReadChunk(const Loaded& loaded, uint64_t address) {
  const Page& page = Load(loaded, address);
  return {page.bytes.data(), page.size};
}

const CodeCache::Page& CodeCache::Load(const Loaded& loaded, uint64_t address) {
  constexpr uint64_t kMix = 0x9e3779b97f4a7c15;
  const uint64_t hash = (address + uint64_t{loaded.number} * 0x10001) * kMix;
  Set& set = sets_[static_cast<size_t>((hash >> 40) % sets_.size())];
  size_t way = 0;
  for (; way < kWays && set[way] != nullptr; ++way) {
    if (set[way]->address == address && set[way]->number == loaded.number) {
      if (way != 0) std::rotate(set.begin(), set.begin() + way, set.begin() + way + 1);
      return *set[0];
    }
  }
  if (way == kWays) --way;
  std::rotate(set.begin(), set.begin() + way, set.begin() + way + 1);
  if (set[0] == nullptr) set[0] = std::make_unique<Page>();
  Page& page = *set[0];
  page.number = loaded.number;
  page.address = address;
  page.size = static_cast<uint32_t>(loaded.code->Read(address, page.bytes.data(), kPageBytes));
  ++file_reads_;
  return page;
}

void CodeCache::OnModulesChanged() {
  // Modules never change once known, so what is loaded stays true while the module is mapped.
  last_ = {};
  std::erase_if(recent_, [this](const Loaded* loaded) { return !IsMapped(*loaded->module); });
  for (std::unique_ptr<Loaded>& loaded : loaded_) {
    if (loaded == nullptr) continue;
    // One that could not be read may be readable by now.
    if (loaded->code == nullptr || !IsMapped(*loaded->module)) loaded.reset();
  }
}

bool CodeCache::IsMapped(const Module& module) const {
  return modules_.Find(module.mapping_start).module == &module;
}

size_t CodeCache::memory_bytes() const {
  size_t bytes = loaded_.capacity() * sizeof(loaded_[0]) + sets_.capacity() * sizeof(Set);
  for (const Set& set : sets_) {
    for (const auto& page : set) bytes += page == nullptr ? 0 : sizeof(Page);
  }
  for (const auto& loaded : loaded_) {
    if (loaded == nullptr) continue;
    bytes += sizeof(Loaded) + loaded->table.memory_bytes();
    if (loaded->index.has_value()) bytes += loaded->index->memory_bytes();
  }
  return bytes;
}

}  // namespace lambent
