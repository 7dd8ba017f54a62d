// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>

namespace lambent::local {

// Cuts a stream into lines without their line breaks; a line longer than kMaxLineBytes comes in
// pieces, as Lambda splits log records at 256 KiB. Thread-compatible.
class LineSplitter {
 public:
  static constexpr size_t kMaxLineBytes = 256 * 1024;
  using Sink = std::function<void(const std::string& line)>;

  void Feed(std::string_view bytes, const Sink& sink) {
    for (char c : bytes) {
      if (c == '\n') {
        sink(std::exchange(line_, std::string()));
        continue;
      }
      line_.push_back(c);
      if (line_.size() == kMaxLineBytes) sink(std::exchange(line_, std::string()));
    }
  }

  // The stream has ended: what is left is a line too.
  void Finish(const Sink& sink) {
    if (!line_.empty()) sink(std::exchange(line_, std::string()));
  }

 private:
  std::string line_;
};

}  // namespace lambent::local
