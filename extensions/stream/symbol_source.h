// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "profiler/encode/encoded_symbols.h"

namespace lambent {

// Symbol tables that the collector asks for (lambent.v1.NeedSymbols): the seam between the protocol
// and whoever reads them. None of the calls waits. Called on the uplink thread.
class SymbolSource {
 public:
  virtual ~SymbolSource() = default;

  // The collector asks for the tables of these build ids, on the stream there is.
  virtual void Ask(std::vector<std::string> build_ids) = 0;

  // The next part to send. Nullopt: none is asked for, or the next is not ready. What is asked for
  // is made ready only once a part was wanted: not while something else is to be done.
  virtual std::optional<EncodedSymbols> Take() = 0;

  // The stream has ended: who wants something asks again on the next.
  virtual void Forget() = 0;
};

}  // namespace lambent
