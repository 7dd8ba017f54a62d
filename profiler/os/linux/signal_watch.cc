// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/os/signal_watch.h"

#include <pthread.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "absl/status/status.h"

#include "profiler/os/owned_fd.h"

namespace lambent::os {
namespace {

class LinuxSignalWatch final : public SignalWatch {
 public:
  LinuxSignalWatch(OwnedFd fd, const sigset_t& before) : fd_(std::move(fd)), before_(before) {}
  ~LinuxSignalWatch() override {
    Drain();  // what is still pending must not strike when it is unblocked
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }

  int fd() const override { return fd_.get(); }

  Pending Drain() override {
    Pending pending;
    signalfd_siginfo signal{};
    while (read(fd_.get(), &signal, sizeof(signal)) == sizeof(signal)) {
      if (signal.ssi_signo == SIGCHLD) {
        pending.child = true;
      } else {
        pending.stop = true;
        pending.stop_signal = static_cast<int>(signal.ssi_signo);
        pending.stop_sent_to_us = signal.ssi_code != SI_KERNEL;
      }
    }
    return pending;
  }

 private:
  OwnedFd fd_;
  sigset_t before_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<SignalWatch>> SignalWatch::Create() {
  sigset_t wanted;
  sigset_t before;
  sigemptyset(&wanted);
  for (int signal : {SIGINT, SIGTERM, SIGHUP, SIGCHLD}) sigaddset(&wanted, signal);
  const int failed = pthread_sigmask(SIG_BLOCK, &wanted, &before);
  if (failed != 0) return absl::ErrnoToStatus(failed, "block signals");
  OwnedFd fd(signalfd(-1, &wanted, SFD_NONBLOCK | SFD_CLOEXEC));
  if (!fd.valid()) {
    const int cause = errno;
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    return absl::ErrnoToStatus(cause, "create signalfd");
  }
  return std::make_unique<LinuxSignalWatch>(std::move(fd), before);
}

}  // namespace lambent::os
