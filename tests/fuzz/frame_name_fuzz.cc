// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
// Names of strangers on their way to people.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "collector/query/frame_name.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* input, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(input), size);
  lambent::collector::FrameRecord frame;
  frame.kind = lambent::FrameKind::kNative;
  frame.name = std::string(bytes);
  const auto shown = lambent::collector::ShownFrame(frame);
  if (shown.name.empty()) std::abort();
  for (const char c : shown.name) {
    if (static_cast<unsigned char>(c) < 0x20) std::abort();
  }
  // What is safe stays as it is, unless it was cut.
  if (shown.name.size() < 4096 && lambent::collector::SafeText(shown.name) != shown.name) {
    std::abort();
  }
  return 0;
}
