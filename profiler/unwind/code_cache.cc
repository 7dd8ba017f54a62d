// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/unwind/code_cache.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace lambent {

const CodeCache::Loaded* CodeCache::FindModule(uint64_t pc) {
  const Module* module = modules_.Find(pc).module;
  if (module == nullptr) return nullptr;
  auto [it, added] = loaded_.try_emplace(module);
  if (added) {
    it->second = std::make_unique<Loaded>();
    it->second->module = module;
    if (auto file = modules_.Open(*module); file.ok()) {
      if (auto code = ModuleCode::Create(*std::move(file)); code.ok()) {
        it->second->code = *std::move(code);
      }
    }
  }
  const Loaded* loaded = it->second.get();
  if (loaded->code == nullptr) return nullptr;
  const auto used = std::find(recent_.begin(), recent_.end(), loaded);
  if (used == recent_.end()) {
    recent_.insert(recent_.begin(), loaded);
  } else {
    std::rotate(recent_.begin(), used, used + 1);
  }
  return loaded;
}

const CodeCache::Loaded* CodeCache::Holding(uint64_t address) {
  for (const Loaded* loaded : recent_) {
    const uint64_t in_file = address - loaded->module->bias;
    if (in_file >= loaded->code->low() && in_file < loaded->code->high()) return loaded;
  }
  return nullptr;
}

bool CodeCache::ReadWord(uint64_t address, uint64_t* word) {
  const Loaded* loaded = Holding(address);
  if (loaded == nullptr) return false;
  *word = 0;
  const uint64_t in_file = address - loaded->module->bias;
  size_t done = 0;
  while (done < sizeof(*word)) {
    const uint64_t at = in_file + done;
    const uint64_t within = at % kPageBytes;
    const Page& page = Load(*loaded->code, at - within);
    if (within >= page.size) break;
    const size_t piece = std::min<size_t>(sizeof(*word) - done, page.size - within);
    std::memcpy(reinterpret_cast<char*>(word) + done, page.bytes.data() + within, piece);
    done += piece;
  }
  return done > 0;
}

const CodeCache::Page& CodeCache::Load(const ModuleCode& code, uint64_t page_address) {
  const uint64_t number = page_address / kPageBytes + reinterpret_cast<uintptr_t>(&code) / 64;
  std::unique_ptr<Page>& slot = pages_[number % kPages];
  if (slot == nullptr) slot = std::make_unique<Page>();
  if (slot->code != &code || slot->address != page_address) {
    slot->code = &code;
    slot->address = page_address;
    slot->size = code.Read(page_address, slot->bytes.data(), kPageBytes);
  }
  return *slot;
}

void CodeCache::OnModulesChanged() {
  // Modules never change once known, so what is loaded stays true; only whether it is still mapped,
  // and what else is, has to be found out again.
  recent_.clear();
}

}  // namespace lambent
