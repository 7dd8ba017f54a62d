// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <atomic>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "gtest/gtest.h"

#include "profiler/os/loopback_socket.h"
#include "profiler/os/poll.h"

namespace lambent {

// A server that accepts connections and answers whatever comes with `answer`, or never.
class StrangeServer {
 public:
  explicit StrangeServer(std::string answer) : answer_(std::move(answer)) {
    auto listener = os::ListenOnLoopback(0);
    EXPECT_TRUE(listener.ok()) << listener.status();
    listener_ = *std::move(listener);
    thread_ = std::thread([this] { Serve(); });
  }
  ~StrangeServer() {
    stop_ = true;
    thread_.join();
  }

  std::string address() const { return "127.0.0.1:" + std::to_string(listener_.port); }
  int connections() const { return connections_; }

 private:
  void Serve() {
    std::vector<os::OwnedFd> clients;
    while (!stop_) {
      std::vector<os::PollEntry> entries = {{.fd = listener_.fd.get(), .want_read = true}};
      for (const os::OwnedFd& client : clients) {
        entries.push_back({.fd = client.get(), .want_read = true});
      }
      if (!os::Poll(entries, 20'000'000).ok()) return;
      for (size_t i = 0; i < clients.size(); ++i) {
        if (!entries[i + 1].readable) continue;
        std::string ignored;
        size_t written = 0;
        if (os::ReadAvailable(clients[i].get(), 1 << 16, &ignored) == os::IoState::kEnd) {
          clients[i].Close();
        } else if (!answer_.empty()) {
          os::WriteAvailable(clients[i].get(), answer_, &written);
        }
      }
      clients.erase(std::remove_if(clients.begin(), clients.end(),
                                   [](const os::OwnedFd& fd) { return fd.get() < 0; }),
                    clients.end());
      if (auto client = os::AcceptConnection(listener_.fd.get()); client.ok()) {
        clients.push_back(*std::move(client));
        ++connections_;
      }
    }
  }

  std::string answer_;
  os::LoopbackListener listener_;
  std::atomic<bool> stop_ = false;
  std::atomic<int> connections_ = 0;
  std::thread thread_;
};

}  // namespace lambent
