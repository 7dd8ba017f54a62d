// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>
#include <time.h>

#include <cstdint>

namespace lambent::os {

// An end for calls that block and take no time limit, such as waitid(2): from a while after Begin()
// they fail with EINTR, again and again until End(), so that one which is begun late ends too, 1 ms
// later at most or as much later as the limit is long. By a
// timer whose signal, SIGRTMAX, goes to the calling thread alone and has a handler that does
// nothing. Two calls of half a microsecond each time. Confined to one thread.
class WaitLimit {
 public:
  WaitLimit() = default;
  ~WaitLimit();
  WaitLimit(const WaitLimit&) = delete;
  WaitLimit& operator=(const WaitLimit&) = delete;

  // False: there is no timer to be had, and no call may block.
  bool Begin(int64_t limit_ns);
  void End();

 private:
  bool Create();

  timer_t timer_{};
  pid_t thread_ = 0;  // whose timer it is; 0: none yet
};

}  // namespace lambent::os
