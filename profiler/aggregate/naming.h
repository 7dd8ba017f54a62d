// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "profiler/aggregate/dictionary.h"
#include "profiler/aggregate/stack_trie.h"
#include "profiler/aggregate/thread_table.h"
#include "profiler/stacks/process_sampler.h"

namespace lambent {

// From captured stacks and threads to the dictionary's: asks the sampler for names, once a frame,
// folds captured stacks that differ only in addresses within the same functions, and leaves out
// frames that the sampler hides. Apart from capture, because names cost symbol tables. Must be
// asked while the sampled process is still known: names of a process that was replaced cannot be
// had any more. Confined to the sampler thread.
class Naming {
 public:
  // All must outlive this.
  Naming(const StackTrie& captured, const ThreadTable& threads, Dictionary& dictionary)
      : captured_(captured), threads_(threads), dictionary_(dictionary) {}

  // Names frames and threads that have no name yet; at most `max_frames` frames.
  void Describe(ProcessSampler& sampler, size_t max_frames = SIZE_MAX);
  // What was not described while its sampler was there stays unknown. A sampler whose process has
  // ended still knows modules and build ids: Describe comes first.
  void GiveUp();

  // Numbers in the dictionary. REQUIRES: Describe or GiveUp named all.
  uint32_t StackOf(uint32_t captured_node);
  uint32_t ThreadOf(uint32_t captured_thread) const { return thread_of_[captured_thread]; }

  // Forgets everything: the captured tables or the dictionary were emptied.
  void Clear();

 private:
  static constexpr uint32_t kHidden = 0;  // no frame has this number

  const StackTrie& captured_;
  const ThreadTable& threads_;
  Dictionary& dictionary_;
  std::vector<uint32_t> frame_of_;      // by captured frame
  std::vector<uint32_t> stack_of_{0};   // by captured node; 0: not asked yet
  std::vector<uint32_t> thread_of_{0};  // by captured thread
  std::vector<uint32_t> path_;          // of StackOf, kept for its memory
};

}  // namespace lambent
