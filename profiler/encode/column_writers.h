// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "absl/types/span.h"

#include "lambent/v1/profile.pb.h"
#include "profiler/aggregate/dictionary.h"
#include "profiler/aggregate/naming.h"
#include "profiler/aggregate/segment.h"
#include "profiler/encode/invocation_event.h"
#include "profiler/metrics/metric.h"

namespace lambent {

// The parts of a BatchContent, each from its own type. `unix_offset_ns`: UnixTime minus
// MonotonicNs.

// What lies beyond the dictionary's marks.
void WriteDictionary(const Dictionary& dictionary, v1::Dictionary* out);

void WriteSegment(const Segment& segment, Naming& naming, int64_t unix_offset_ns, v1::Segment* out);

// One MetricColumns for each (role, pid, set of metrics), in order of first appearance.
void WriteMetrics(absl::Span<const MetricReading> readings, int64_t unix_offset_ns,
                  v1::BatchContent* out);

void WriteEvent(const InvocationEvent& event, v1::InvocationEvent* out);

// Adds to the drop of that reason.
void AddDrop(DropReason reason, uint64_t samples, v1::Segment* out);

}  // namespace lambent
