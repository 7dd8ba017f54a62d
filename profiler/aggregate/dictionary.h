// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"

#include "profiler/base/frame_kind.h"
#include "profiler/base/string_table.h"
#include "profiler/stacks/process_sampler.h"

namespace lambent {

// The environment's dictionary as the collector will know it: strings, modules, frames, stacks and
// threads by number, each once, index 0 the zero value (lambent.v1.Dictionary). It only grows; what
// a batch has to carry is what lies beyond the marks of the batch before it. Thread-compatible.
class Dictionary {
 public:
  static constexpr size_t kMaxStringBytes = 4096;
  // Bounds of one epoch; about 2 MiB of tables. Checked by the owner through full().
  static constexpr size_t kMaxStacks = 65'536;
  static constexpr size_t kMaxBytes = 2 << 20;

  struct Module {
    uint32_t path = 0;
    std::string build_id;
  };
  struct NamedFrame {
    FrameKind kind = FrameKind::kUnknown;
    uint32_t name = 0;
    uint32_t file = 0;
    uint32_t line = 0;
    uint32_t current_line = 0;
    uint32_t module = 0;
    uint64_t address = 0;
    uint64_t code_address = 0;
    friend bool operator==(const NamedFrame&, const NamedFrame&) = default;
    template <typename H>
    friend H AbslHashValue(H h, const NamedFrame& f) {
      return H::combine(std::move(h), f.kind, f.name, f.file, f.line, f.current_line, f.module,
                        f.address, f.code_address);
    }
  };
  struct StackNode {
    uint32_t parent = 0;
    uint32_t frame = 0;
  };
  struct Thread {
    uint32_t pid = 0;
    uint32_t tid = 0;
    uint32_t name = 0;
  };
  // Sizes of the tables at some moment.
  struct Marks {
    size_t strings = 1, modules = 1, frames = 1, stacks = 1, threads = 1;
    friend bool operator==(const Marks&, const Marks&) = default;
  };

  Dictionary();
  Dictionary(const Dictionary&) = delete;
  Dictionary& operator=(const Dictionary&) = delete;

  uint32_t AddFrame(const FrameDescription& frame);
  // REQUIRES: `parent` and `frame` are of this dictionary.
  uint32_t AddStack(uint32_t parent, uint32_t frame);
  uint32_t AddThread(int32_t pid, int32_t tid, std::string_view name);

  // True when the epoch has reached its bounds: time for Clear.
  bool full() const { return stacks_.size() >= kMaxStacks || bytes() >= kMaxBytes; }
  size_t bytes() const;

  // Epochs count from 1.
  uint32_t epoch() const { return epoch_; }
  // The tables as they are, to be sent anew from the beginning: the collector lost them.
  void RestartEpoch();
  // Empty tables.
  void Clear();

  const Marks& sent() const { return sent_; }
  void MarkSent();

  const StringTable& strings() const { return *strings_; }
  const std::vector<Module>& modules() const { return modules_; }
  const std::vector<NamedFrame>& frames() const { return frames_; }
  const std::vector<StackNode>& stacks() const { return stacks_; }
  const std::vector<Thread>& threads() const { return threads_; }

 private:
  uint32_t AddString(std::string_view text);
  uint32_t AddModule(std::string_view path, std::string_view build_id);

  std::unique_ptr<StringTable> strings_;  // a pointer, because StringTable cannot be emptied
  std::vector<Module> modules_;
  std::vector<NamedFrame> frames_;
  std::vector<StackNode> stacks_;
  std::vector<Thread> threads_;
  absl::flat_hash_map<std::pair<uint32_t, std::string>, uint32_t> known_modules_;
  absl::flat_hash_map<NamedFrame, uint32_t> known_frames_;
  absl::flat_hash_map<std::pair<uint32_t, uint32_t>, uint32_t> known_stacks_;
  absl::flat_hash_map<std::tuple<uint32_t, uint32_t, uint32_t>, uint32_t> known_threads_;
  Marks sent_;
  uint32_t epoch_ = 1;
};

}  // namespace lambent
