// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "gtest/gtest.h"

#include "profiler/os/clock.h"
#include "profiler/os/loopback_socket.h"
#include "profiler/os/poll.h"

namespace lambent {

// Passes connections on to a port of this machine; what comes back from there arrives `late`.
// Serves on a thread of its own.
class SlowRoad {
 public:
  SlowRoad(uint16_t to, absl::Duration late) : to_(to), late_ns_(absl::ToInt64Nanoseconds(late)) {
    auto listener = os::ListenOnLoopback(0);
    EXPECT_TRUE(listener.ok()) << listener.status();
    listener_ = *std::move(listener);
    thread_ = std::thread([this] { Serve(); });
  }
  ~SlowRoad() {
    stop_ = true;
    thread_.join();
  }

  std::string address() const { return "127.0.0.1:" + std::to_string(listener_.port); }

 private:
  struct Late {
    int64_t due_ns;
    std::string bytes;
  };
  struct Connection {
    os::OwnedFd near, far;
    std::string outward;
    std::deque<Late> homeward;
    bool ended = false;
  };

  void Serve() {
    while (!stop_) {
      std::vector<os::PollEntry> entries = {{.fd = listener_.fd.get(), .want_read = true}};
      for (const auto& connection : connections_) {
        entries.push_back({.fd = connection->near.get(), .want_read = true});
        entries.push_back({.fd = connection->far.get(), .want_read = true});
      }
      if (!os::Poll(entries, 5'000'000).ok()) return;
      for (const auto& connection : connections_) Carry(*connection);
      std::erase_if(connections_, [](const auto& connection) { return connection->ended; });
      auto near = os::AcceptConnection(listener_.fd.get());
      if (!near.ok()) continue;
      auto far = os::StartConnectToLoopback(to_);
      if (!far.ok()) continue;
      connections_.push_back(std::make_unique<Connection>());
      connections_.back()->near = *std::move(near);
      connections_.back()->far = *std::move(far);
    }
  }

  void Carry(Connection& connection) const {
    const int64_t now_ns = os::RealClock().MonotonicNs();
    std::string answer;
    const os::IoState there =
        os::ReadAvailable(connection.near.get(), 1 << 16, &connection.outward);
    const os::IoState back = os::ReadAvailable(connection.far.get(), 1 << 16, &answer);
    if (!answer.empty()) connection.homeward.push_back({now_ns + late_ns_, std::move(answer)});
    Forward(connection.far.get(), connection.outward);
    while (!connection.homeward.empty() && connection.homeward.front().due_ns <= now_ns) {
      Forward(connection.near.get(), connection.homeward.front().bytes);
      if (!connection.homeward.front().bytes.empty()) break;
      connection.homeward.pop_front();
    }
    connection.ended = there == os::IoState::kEnd || back == os::IoState::kEnd;
  }

  static void Forward(int fd, std::string& bytes) {
    size_t written = 0;
    if (!bytes.empty()) os::WriteAvailable(fd, bytes, &written);
    bytes.erase(0, written);
  }

  const uint16_t to_;
  const int64_t late_ns_;
  os::LoopbackListener listener_;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::atomic<bool> stop_ = false;
  std::thread thread_;
};

}  // namespace lambent
