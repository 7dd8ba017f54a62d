// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <signal.h>
#include <sys/ptrace.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include <libunwind-ptrace.h>

namespace lambent {

// A copy of this process, stopped where it was made, and its stack as libunwind unwinds a process
// it traces: a word of memory for each ptrace call. What others do, for comparison.
// Thread-compatible.
class TracedCopy {
 public:
  TracedCopy() : pid_(fork()) {
    if (pid_ == 0) {
      ptrace(PTRACE_TRACEME, 0, nullptr, nullptr);
      raise(SIGSTOP);
      _exit(0);
    }
    int status = 0;
    if (pid_ < 0 || waitpid(pid_, &status, 0) != pid_ || !WIFSTOPPED(status)) return;
    space_ = unw_create_addr_space(&_UPT_accessors, 0);
    unw_set_caching_policy(space_, UNW_CACHE_GLOBAL);
    process_ = _UPT_create(pid_);
  }
  ~TracedCopy() {
    if (process_ != nullptr) _UPT_destroy(process_);
    if (space_ != nullptr) unw_destroy_addr_space(space_);
    if (pid_ <= 0) return;
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  TracedCopy(const TracedCopy&) = delete;
  TracedCopy& operator=(const TracedCopy&) = delete;

  bool traced() const { return process_ != nullptr; }  // false: ptrace is refused

  // The frames found, innermost first. True: all of them, down to the thread's first function.
  bool Unwind(size_t max_depth, std::vector<uint64_t>* pcs) {
    pcs->clear();
    unw_cursor_t cursor;
    if (!traced() || unw_init_remote(&cursor, space_, process_) != 0) return false;
    while (pcs->size() < max_depth) {
      unw_word_t pc = 0;
      if (unw_get_reg(&cursor, UNW_REG_IP, &pc) != 0) return false;
      if (pc == 0) return !pcs->empty();  // nothing called the last one
      pcs->push_back(pc);
      const int left = unw_step(&cursor);
      if (left <= 0) return left == 0;
    }
    return false;
  }

 private:
  const pid_t pid_;
  unw_addr_space_t space_ = nullptr;
  void* process_ = nullptr;
};

}  // namespace lambent
