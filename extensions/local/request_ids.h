// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <random>
#include <string>

namespace lambent::local {

// UUIDs for requests, extensions and events, and random lengths; the same again for the same seed.
// Request ids are a sequence of their own, so that they do not depend on what else is running.
// Thread-compatible.
class RequestIds {
 public:
  // `odd`: request ids get a tail of characters that are special to shells, URLs, HTML and JSON.
  RequestIds(uint64_t seed, bool odd) : random_(seed), requests_(~seed), odd_(odd) {}

  std::string NextRequestId();
  std::string NextUuid();
  // Root=…;Parent=…;Sampled=0, as the header X-Amzn-Trace-Id has it.
  std::string NextTraceId(int64_t unix_seconds);
  // Uniform in [low, high].
  int64_t Between(int64_t low, int64_t high);

 private:
  std::mt19937_64 random_;
  std::mt19937_64 requests_;
  const bool odd_;
};

}  // namespace lambent::local
