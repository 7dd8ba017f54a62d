// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
// A program that makes code at run time and says so in its perf map: runs "jit_first", and from
// SIGUSR1 on "jit_second", which lies where "jit_stale" and part of "jit_overwritten" were said to
// be.
#include <sys/mman.h>
#include <unistd.h>

#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <initializer_list>

// Counts its argument down, with a frame of its own as JIT compilers make them.
#if defined(__x86_64__)
const uint8_t kCountDown[] = {0x55, 0x48, 0x89, 0xe5, 0x48, 0xff, 0xcf, 0x75, 0xfb, 0x5d, 0xc3};
#elif defined(__aarch64__)
const uint32_t kCountDown[] = {0xa9bf7bfd, 0x910003fd, 0xf1000400,
                               0x54ffffe1, 0xa8c17bfd, 0xd65f03c0};
#endif

volatile std::sig_atomic_t asked_for_second = 0;

void OnSignal(int) { asked_for_second = 1; }

extern "C" __attribute__((noinline, used)) void JitCaller(void (*code)(uint64_t)) {
  code(2'000'000);
  __asm__ volatile("" ::: "memory");
}

int main() {
  char path[64];
  std::snprintf(path, sizeof path, "/tmp/perf-%d.map", static_cast<int>(getpid()));
  std::FILE* const map = std::fopen(path, "w");
  void* const memory =
      mmap(nullptr, 8192, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (map == nullptr || memory == MAP_FAILED) std::abort();
  const auto say = [map](const char* at, size_t size, const char* name) {
    std::fprintf(map, "%lx %zx %s\n", reinterpret_cast<unsigned long>(at), size, name);
    std::fflush(map);
  };
  char* const first = static_cast<char*>(memory);
  char* const second = first + 4096;
  for (char* code : {first, second}) {
    std::memcpy(code, kCountDown, sizeof kCountDown);
    __builtin___clear_cache(code, code + sizeof kCountDown);
  }
  say(first, sizeof kCountDown, "jit_first");
  say(second, sizeof kCountDown, "jit_stale");
  say(second - 8, 16, "jit_overwritten");
  std::signal(SIGUSR1, &OnSignal);
  std::puts("ready");
  std::fflush(stdout);
  for (bool said = false;;) {
    if (asked_for_second != 0 && !said) {
      say(second, sizeof kCountDown, "jit_second");
      said = true;
    }
    JitCaller(reinterpret_cast<void (*)(uint64_t)>(said ? second : first));
  }
}
