// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "profiler/os/clock.h"
#include "profiler/stacks/forwarding_sampler.h"
#include "profiler/target/runtime_finder.h"

namespace lambent {

// Samples a shell for want of anything better (WrapperPatience has run out), and looks now and then
// whether it has started the runtime meanwhile: then Observe returns false, and who drives it
// attaches anew. Confined to the sampler thread.
class WrapperSampler final : public ForwardingSampler {
 public:
  using Find = std::function<std::optional<RuntimeProcess>()>;

  // Looking at every process costs some 100 µs: the longer it was in vain, the more seldom.
  static constexpr int64_t kSoonestNs = 100'000'000;
  static constexpr int64_t kLatestNs = 5'000'000'000;

  // `clock` must outlive it.
  WrapperSampler(std::unique_ptr<ProcessSampler> shell, const os::Clock& clock, Find find)
      : ForwardingSampler(std::move(shell)),
        clock_(clock),
        find_(std::move(find)),
        next_ns_(clock.MonotonicNs() + wait_ns_) {}

  bool Observe(absl::FunctionRef<void(const ThreadSample&)> sink) override {
    return ForwardingSampler::Observe(sink) && !RuntimeCame();
  }

 private:
  bool RuntimeCame() {
    if (done_ || clock_.MonotonicNs() < next_ns_) return false;
    wait_ns_ = wait_ns_ * 2 < kLatestNs ? wait_ns_ * 2 : kLatestNs;
    next_ns_ = clock_.MonotonicNs() + wait_ns_;
    const std::optional<RuntimeProcess> found = find_();
    if (!found.has_value() || IsWrapper(found->exe)) return false;
    // The same one: it called exec, which its sampler has noticed by itself.
    done_ = found->pid == pid();
    return !done_;
  }

  const os::Clock& clock_;
  const Find find_;
  int64_t wait_ns_ = kSoonestNs;
  int64_t next_ns_;
  bool done_ = false;
};

}  // namespace lambent
