// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <cstdlib>
#include <string>

#include "extensions/lambda_api/http_message.h"

// The same bytes at once and one by one must give the same messages.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* input, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(input), size);
  for (const auto kind :
       {lambent::HttpReader::Kind::kResponse, lambent::HttpReader::Kind::kRequest}) {
    lambent::HttpReader at_once(kind, 1000);
    lambent::HttpReader one_by_one(kind, 1000);
    bool fine = at_once.Feed(bytes).ok();
    std::string all;
    while (at_once.complete()) {
      const lambent::HttpMessage message = at_once.Take();
      if (message.body.size() > 1000) std::abort();
      all += std::to_string(message.status) + message.target + message.body + "\n";
    }
    fine = fine && at_once.Feed("").ok();
    std::string pieces;
    bool pieces_fine = true;
    for (char c : bytes) {
      pieces_fine = one_by_one.Feed(std::string_view(&c, 1)).ok();
      while (one_by_one.complete()) {
        const lambent::HttpMessage message = one_by_one.Take();
        pieces += std::to_string(message.status) + message.target + message.body + "\n";
      }
      if (!pieces_fine) break;
    }
    if (all != pieces || fine != pieces_fine) std::abort();
    at_once.FeedEnd().IgnoreError();
  }
  return 0;
}
