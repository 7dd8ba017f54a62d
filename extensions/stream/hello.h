// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "extensions/stream/outbox.h"
#include "extensions/stream/uplink_options.h"
#include "lambent/v1/ingest.pb.h"
#include "profiler/encode/encoded_symbols.h"

namespace lambent {

// The messages we send, from values. Texts that must be UTF-8 on the wire are made so.
v1::ClientMessage HelloMessage(const Greeting& greeting, uint64_t settled_sequence);
v1::ClientMessage BatchMessage(Outbox::Outgoing batch);
v1::ClientMessage SymbolsMessage(EncodedSymbols symbols);

}  // namespace lambent
