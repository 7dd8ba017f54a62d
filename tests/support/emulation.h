// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <errno.h>
#include <sys/uio.h>
#include <unistd.h>

namespace lambent::support {

// Whether these tests are run by an emulator of another machine's programs (CONTRIBUTING.md): it
// has neither ptrace nor process_vm_readv, perf events or filters of system calls, and shows of
// another process what it is itself.
inline bool IsEmulated() {
  char byte = 0;
  const iovec piece{&byte, sizeof(byte)};
  return process_vm_readv(getpid(), &piece, 1, &piece, 1, 0) < 0 && errno == ENOSYS;
}

}  // namespace lambent::support

// First in a test or in a fixture's SetUp: the test is about what an emulator has not.
#define LAMBENT_SKIP_IF_EMULATED() \
  if (::lambent::support::IsEmulated()) GTEST_SKIP() << "this machine is emulated"
