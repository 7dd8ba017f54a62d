// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "extensions/internal/shared_memory.h"

#include <linux/fcntl.h>
#include <linux/memfd.h>
#include <linux/mman.h>

#include "extensions/internal/kernel.h"

namespace lambent::agent {
namespace {

// Out of the way: programs count on getting the lowest descriptors, and some close all up to 255.
constexpr long kDescriptors[] = {900, 200, 50, 3};

// Writes `number` in decimal digits to `at`; returns the end.
char* WriteNumber(char* at, uint32_t number) {
  char digits[10];
  int count = 0;
  do {
    digits[count++] = static_cast<char>('0' + number % 10);
    number /= 10;
  } while (number != 0);
  while (count > 0) *at++ = digits[--count];
  return at;
}

// A file of that size nobody else can open by name. Its blocks are reserved: writing to a mapping
// of a hole would end the process if the disk was full.
int OpenInTmp() {
  constexpr char kFolder[] = "/tmp/";
  char path[sizeof(kFolder) + sizeof(kAgentFileName) + 16];
  char* at = path;
  for (const char* from = kFolder; *from != '\0';) *at++ = *from++;
  for (const char* from = kAgentFileName; *from != '\0';) *at++ = *from++;
  *at++ = '.';
  *WriteNumber(at, static_cast<uint32_t>(ProcessId())) = '\0';
  const long fd = Call(__NR_openat, AT_FDCWD, Address(path),
                       O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return -1;
  Call(__NR_unlinkat, AT_FDCWD, Address(path), 0);
  if (Call(__NR_fallocate, fd, 0, 0, kAgentFileBytes) == 0) return static_cast<int>(fd);
  Call(__NR_close, fd);
  return -1;
}

int OpenMemoryFile() {
  const long fd = Call(__NR_memfd_create, Address(kAgentFileName), MFD_CLOEXEC);
  if (fd < 0) return OpenInTmp();
  if (Call(__NR_ftruncate, fd, kAgentFileBytes) == 0) return static_cast<int>(fd);
  Call(__NR_close, fd);
  return -1;
}

}  // namespace

AgentHeader* CreateMemory() {
  const long opened = OpenMemoryFile();
  if (opened < 0) return nullptr;
  long fd = -1;
  for (const long lowest : kDescriptors) {
    if (fd < 0) fd = Call(__NR_fcntl, opened, F_DUPFD_CLOEXEC, lowest);
  }
  Call(__NR_close, opened);
  if (fd < 0) return nullptr;
  const long mapped =
      Call(__NR_mmap, 0, kAgentFileBytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (mapped < 0 && mapped > -4096) {
    Call(__NR_close, fd);
    return nullptr;
  }
  Call(__NR_madvise, mapped, kAgentFileBytes, MADV_DONTDUMP);
  return reinterpret_cast<AgentHeader*>(mapped);
}

}  // namespace lambent::agent
