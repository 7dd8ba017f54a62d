// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
// Runs a command under a seccomp filter that refuses system calls with EPERM, as a container's or
// Lambda's does:   refuse_calls CALL[,CALL…] COMMAND ARGUMENTS…
// CALL is ptrace, process_vm_readv, perf_event_open or memfd_create.
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define MACHINE AUDIT_ARCH_X86_64
#else
#define MACHINE AUDIT_ARCH_AARCH64
#endif
#define MAX_CALLS 8

static int number_of(const char* name) {
  if (strcmp(name, "ptrace") == 0) return SYS_ptrace;
  if (strcmp(name, "process_vm_readv") == 0) return SYS_process_vm_readv;
  if (strcmp(name, "perf_event_open") == 0) return SYS_perf_event_open;
  if (strcmp(name, "memfd_create") == 0) return SYS_memfd_create;
  return -1;
}

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  struct sock_filter filter[4 + 2 * MAX_CALLS];
  unsigned short length = 0;
  filter[length++] =
      (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch));
  filter[length++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, MACHINE, 1, 0);
  filter[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
  filter[length++] =
      (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
  int calls = 0;
  for (char* name = strtok(argv[1], ","); name != NULL && calls < MAX_CALLS - 1;
       name = strtok(NULL, ","), ++calls) {
    const int number = number_of(name);
    if (number < 0) {
      fprintf(stderr, "refuse_calls: unknown call %s\n", name);
      return 2;
    }
    filter[length++] =
        (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)number, 0, 1);
    filter[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM);
  }
  filter[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
  const struct sock_fprog program = {length, filter};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
      prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) {
    perror("refuse_calls: no seccomp here");
    return 77;
  }
  execvp(argv[2], argv + 2);
  perror(argv[2]);
  return 127;
}
