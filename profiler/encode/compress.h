// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace lambent {

// zstd (RFC 8878) in one shot. Keeps its working memory between calls. Thread-compatible.
class Compressor {
 public:
  Compressor();
  ~Compressor();
  Compressor(const Compressor&) = delete;
  Compressor& operator=(const Compressor&) = delete;

  // One frame with the content's size in its header. Fails only for want of memory: empty then.
  std::string Compress(std::string_view content);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace lambent
