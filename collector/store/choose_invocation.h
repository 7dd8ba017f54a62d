// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include "absl/types/span.h"

#include "collector/receive/validated_batch.h"
#include "collector/store/invocation_facts.h"

namespace lambent::collector {

// A request id may run more than once in one environment: the platform tries an asynchronous event
// again, a minute later at the earliest, under the same id. Each INVOKE is an invocation of its
// own. What is told of one carries only the id and a time; these rules say whose it is.

// Which of `known` (the environment's invocations of the event's request id, in their order) the
// event is of; known.size() for one that is not there yet. An INVOKE takes the last one if that is
// still without, else it is a new one's. Everything else goes to the latest that began at or before
// it, with some patience as the platform's clock is not ours; an end that comes after an end, and
// no INVOKE between, is of one whose INVOKE is still to come. Pure.
size_t ChooseInvocation(absl::Span<const InvocationFacts> known, const ValidatedEvent& event);

// The same for a segment, whose time is of the clock of INVOKE: kOwnSlackUs for what that clock was
// set right in the meantime. Pure.
inline constexpr int64_t kOwnSlackUs = 100'000;
size_t ChooseInvocation(absl::Span<const InvocationFacts> known, const ValidatedSegment& segment);

}  // namespace lambent::collector
