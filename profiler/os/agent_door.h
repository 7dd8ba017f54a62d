// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace lambent::os {

// A file shared with another process, which maps it. Read and written like any file: however short
// the other side cuts it, that cannot fault. No call allocates. Thread-compatible.
class SharedFile {
 public:
  virtual ~SharedFile() = default;
  // Reads up to `size` bytes at `offset`; returns how many were there.
  virtual size_t ReadAt(uint64_t offset, void* into, size_t size) = 0;
  // Writes `size` bytes within the file as it is now; false, and nothing written, when it is
  // shorter: it never grows.
  virtual bool WriteAt(uint64_t offset, const void* from, size_t size) = 0;
};

// The two ways to the agent in another process (profiler/base/agent_memory.h). Thread-compatible.
class AgentDoor {
 public:
  virtual ~AgentDoor() = default;

  // The agent's memory: a deleted regular file of its name among those the process holds open. It
  // is for one reader: AlreadyExists when another has it. NotFound: no agent; PermissionDenied: the
  // process may not be looked at.
  virtual absl::StatusOr<std::unique_ptr<SharedFile>> Open(int32_t pid) = 0;

  // Sends the agent's signal to one thread, rt_tgsigqueueinfo(2). To a process without agent it
  // means nothing: its default action is to be ignored. False: refused, or the thread has ended.
  virtual bool Request(int32_t pid, int32_t tid, uint64_t value) = 0;

  // How many filters of system calls the thread has (seccomp), proc(5); 0: none, or the kernel is
  // older than 5.9.
  virtual uint32_t CountFilters(int32_t pid, int32_t tid) = 0;
};

std::unique_ptr<AgentDoor> CreateAgentDoor(const std::string& proc_root = "/proc");

}  // namespace lambent::os
