// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "extensions/stream/hello.h"

#include <string>
#include <string_view>
#include <utility>

namespace lambent {
namespace {

constexpr size_t kMaxTextBytes = 256;

// protobuf refuses to send a `string` that is not UTF-8; environment variables may hold anything.
std::string Printable(std::string_view text) {
  std::string safe(text.substr(0, kMaxTextBytes));
  for (char& c : safe) {
    if (static_cast<unsigned char>(c) >= 0x80 || static_cast<unsigned char>(c) < 0x20) c = '?';
  }
  return safe;
}

}  // namespace

v1::ClientMessage HelloMessage(const Greeting& greeting, uint64_t settled_sequence) {
  v1::ClientMessage message;
  v1::Hello& hello = *message.mutable_hello();
  hello.set_environment_id(greeting.environment_id);
  hello.set_function_name(Printable(greeting.function_name));
  hello.set_function_version(Printable(greeting.function_version));
  hello.set_region(Printable(greeting.region));
  hello.set_handler(Printable(greeting.handler));
  hello.set_memory_mb(greeting.memory_mb);
  hello.set_architecture(Printable(greeting.architecture));
  hello.set_runtime(Printable(greeting.runtime));
  hello.set_initialization_type(Printable(greeting.initialization_type));
  hello.set_extension_version(Printable(greeting.extension_version));
  hello.set_sample_hz(greeting.sample_hz);
  for (const Greeting::RungProbe& probe : greeting.rungs) {
    v1::RungProbe& rung = *hello.add_rungs();
    rung.set_rung(probe.rung);
    rung.set_available(probe.available);
    rung.set_reason(Printable(probe.reason));
  }
  hello.set_started_unix_us(absl::ToUnixMicros(greeting.started));
  hello.set_settled_sequence(settled_sequence);
  hello.set_provides_symbols(greeting.provides_symbols);
  return message;
}

v1::ClientMessage BatchMessage(Outbox::Outgoing batch) {
  v1::ClientMessage message;
  v1::Batch& wire = *message.mutable_batch();
  wire.set_sequence(batch.sequence);
  wire.set_compression(v1::COMPRESSION_ZSTD);
  wire.set_content_bytes(batch.content_bytes);
  wire.set_content(std::move(batch.content));
  wire.set_samples(batch.samples);
  return message;
}

v1::ClientMessage SymbolsMessage(EncodedSymbols symbols) {
  v1::ClientMessage message;
  v1::SymbolTable& wire = *message.mutable_symbol_table();
  wire.set_build_id(std::move(symbols.build_id));
  if (!symbols.unavailable.empty()) {
    wire.set_unavailable(Printable(symbols.unavailable));
    return message;
  }
  wire.set_part(symbols.part);
  wire.set_last(symbols.last);
  wire.set_content_bytes(symbols.content_bytes);
  wire.set_content(std::move(symbols.content));
  return message;
}

}  // namespace lambent
