// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "extensions/internal/stack_bounds.h"

#include <linux/fcntl.h>

#include "extensions/internal/kernel.h"

namespace lambent::agent {
namespace {

// Not on the handler's stack, which may be as small as MINSIGSTKSZ.
char buffer[4096];
bool buffer_taken = false;

// Maps of so many bytes are given up on: a thread is not to be held for them.
constexpr uint64_t kMaxMapsBytes = 1 << 20;

// The file's text, byte by byte.
class MapsText {
 public:
  explicit MapsText(long fd) : fd_(fd) {}

  // 0 at the end.
  char Next() {
    if (at_ == size_) {
      if (total_ > kMaxMapsBytes) return '\0';
      const long got = Call(__NR_read, fd_, Address(buffer), sizeof(buffer));
      if (got <= 0) return '\0';
      size_ = static_cast<uint32_t>(got);
      total_ += size_;
      at_ = 0;
    }
    return buffer[at_++];
  }

  // A hexadecimal number and the character after it.
  uint64_t Number() {
    uint64_t number = 0;
    for (;;) {
      const char c = Next();
      if (c >= '0' && c <= '9') {
        number = number << 4 | static_cast<uint64_t>(c - '0');
      } else if (c >= 'a' && c <= 'f') {
        number = number << 4 | static_cast<uint64_t>(c - 'a' + 10);
      } else {
        return number;
      }
    }
  }

  // Whether the line ends in "[stack]"; goes on to the next. False also at the end of the text.
  bool EndsInStack(bool* more) {
    constexpr char kName[] = "[stack]\n";
    uint32_t matched = 0;
    for (;;) {
      const char c = Next();
      *more = c != '\0';
      if (!*more) return false;
      matched = c == kName[matched] ? matched + 1 : (c == kName[0] ? 1 : 0);
      if (c == '\n') return matched == sizeof(kName) - 1;
    }
  }

 private:
  const long fd_;
  uint32_t at_ = 0;
  uint32_t size_ = 0;
  uint64_t total_ = 0;
};

bool Find(MapsText text, uint64_t sp, StackBounds* bounds) {
  const uint64_t descriptor = ThreadPointer();
  for (bool more = true; more;) {
    const uint64_t start = text.Number();
    const uint64_t end = text.Number();
    const bool is_stack = text.EndsInStack(&more);
    if (!more || sp < start || sp >= end) continue;
    if (descriptor > sp && descriptor < end) {
      // Up to the descriptor: what lies beyond may be another's mapping next to this one.
      *bounds = {start, descriptor};
      return true;
    }
    if (is_stack) *bounds = {start, end};
    return is_stack;
  }
  return false;
}

}  // namespace

bool FindStack(uint64_t sp, StackBounds* bounds) {
  if (__atomic_test_and_set(&buffer_taken, __ATOMIC_ACQUIRE)) return false;
  const long fd = Call(__NR_openat, AT_FDCWD, Address("/proc/self/maps"), O_RDONLY | O_CLOEXEC);
  const bool found = fd >= 0 && Find(MapsText(fd), sp, bounds);
  if (fd >= 0) Call(__NR_close, fd);
  __atomic_clear(&buffer_taken, __ATOMIC_RELEASE);
  return found;
}

}  // namespace lambent::agent
