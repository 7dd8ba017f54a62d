// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "tests/support/program.h"

#include <fstream>
#include <optional>
#include <sstream>
#include <utility>

#include "absl/strings/str_cat.h"

#include "profiler/os/clock.h"
#include "profiler/os/environment.h"
#include "profiler/os/loopback_socket.h"
#include "profiler/os/poll.h"
#include "profiler/os/program_path.h"

namespace lambent::support {
namespace {

constexpr size_t kPiece = 1 << 16;

int64_t Deadline(absl::Duration limit) {
  return os::RealClock().MonotonicNs() + absl::ToInt64Nanoseconds(limit);
}

}  // namespace

std::string Finished::Describe() const {
  return absl::StrCat(!ended      ? "did not end in time"
                      : by_signal ? absl::StrCat("killed by signal ", code)
                                  : absl::StrCat("exit status ", code),
                      "\n--- stdout\n", out, "\n--- stderr\n", err);
}

absl::StatusOr<Program> Program::Start(const std::vector<std::string>& arguments,
                                       const Variables& variables,
                                       const std::string& working_directory) {
  const os::Environment own = os::ReadEnvironment();
  Variables all;
  for (const char* name : {"PATH", "HOME", "TMPDIR"}) {
    if (!os::ValueOf(own, name).empty()) all[name] = os::ValueOf(own, name);
  }
  for (const auto& [name, value] : variables) all[name] = value;

  os::ChildSpec spec;
  const auto program = os::FindProgram(arguments.at(0), all["PATH"]);
  if (!program.ok()) return program.status();
  spec.program = *program;
  spec.arguments = arguments;
  spec.working_directory = working_directory;
  for (const auto& [name, value] : all) {
    spec.environment.push_back(absl::StrCat(name, "=", value));
  }
  auto child = os::ChildProcess::Spawn(spec);
  if (!child.ok()) return child.status();
  return Program(*std::move(child));
}

void Program::Drain(absl::Duration wait) {
  std::vector<os::PollEntry> entries;
  for (const int fd : {child_.stdout_fd(), child_.stderr_fd()}) {
    if (fd >= 0) entries.push_back({.fd = fd, .want_read = true});
  }
  if (entries.empty()) {
    os::RealClock().SleepUntil(Deadline(wait));
    return;
  }
  if (!os::Poll(entries, absl::ToInt64Nanoseconds(wait)).ok()) return;
  for (const os::PollEntry& entry : entries) {
    if (!entry.readable) continue;
    const bool is_out = entry.fd == child_.stdout_fd();
    const os::IoState state =
        os::ReadAvailable(entry.fd, kPiece, is_out ? &finished_.out : &finished_.err);
    if (state != os::IoState::kEnd) continue;
    if (is_out) {
      child_.CloseStdout();
    } else {
      child_.CloseStderr();
    }
  }
}

bool Program::CollectUntil(const std::function<bool()>& done, absl::Duration limit) {
  const int64_t deadline = Deadline(limit);
  for (;;) {
    Drain(absl::Milliseconds(10));
    if (done()) return true;
    if (!finished_.ended) {
      if (const std::optional<os::ChildExit> exit = child_.Reap()) {
        Drain(absl::ZeroDuration());
        finished_.ended = true;
        finished_.by_signal = exit->by_signal;
        finished_.code = exit->code;
      }
    } else if (child_.stdout_fd() < 0 && child_.stderr_fd() < 0) {
      return done();
    }
    if (os::RealClock().MonotonicNs() > deadline) return finished_.ended;
  }
}

Finished Program::Wait(absl::Duration limit) {
  const auto never = [] { return false; };
  CollectUntil([this] { return finished_.ended && child_.stdout_fd() < 0; }, limit);
  if (!finished_.ended) {
    child_.Signal(os::GroupSignal::kKill);
    CollectUntil(never, absl::Seconds(5));
    finished_.ended = false;
  }
  return finished_;
}

Finished Program::Stop(os::GroupSignal signal, absl::Duration limit) {
  child_.Signal(signal);
  return Wait(limit);
}

Finished RunProgram(const std::vector<std::string>& arguments, const Variables& variables,
                    absl::Duration limit) {
  auto program = Program::Start(arguments, variables);
  if (!program.ok()) return {.err = program.status().ToString()};
  return program->Wait(limit);
}

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream content;
  content << file.rdbuf();
  return content.str();
}

void WriteFile(const std::string& path, const std::string& content) {
  std::ofstream(path, std::ios::binary) << content;
}

}  // namespace lambent::support
