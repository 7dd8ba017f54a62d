// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

namespace lambent::os {

// On which CPU the calling thread runs. While the sampler runs on a thread's own CPU, that thread
// cannot run: its memory stands still. Confined to the thread that created it.
class Affinity {
 public:
  virtual ~Affinity() = default;

  // The CPU this thread is on, -1: unknown.
  virtual int CurrentCpu() const = 0;

  // Moves this thread to `cpu` and keeps it there. False, and nothing changed, when that CPU is not
  // one this thread may use: one that it was allowed on at first, or, when somebody else has set
  // its CPUs since, then. When it is there already and bound: no system call.
  virtual bool MoveTo(int cpu) = 0;

  // Allows all CPUs that this thread may use again.
  virtual void Release() = 0;
};

std::unique_ptr<Affinity> CreateAffinity();

}  // namespace lambent::os
