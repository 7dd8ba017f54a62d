// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

// What a stranger may make the collector hold. A batch beyond any of these is refused as a whole.
namespace lambent::collector {

// Serialised BatchContent, claimed and actual (ingest.proto, Batch.content_bytes).
inline constexpr size_t kMaxContentBytes = size_t{16} << 20;
// A string of the dictionary.
inline constexpr size_t kMaxStringBytes = 4096;
// Request ids, error types, reasons, and the texts of Hello.
inline constexpr size_t kMaxIdBytes = 256;
inline constexpr size_t kMaxBuildIdBytes = 64;
inline constexpr size_t kEnvironmentIdBytes = 16;
// Frames of a stack: profiler/stacks/stack.h's kMaxStackDepth and the frame that says "truncated".
inline constexpr uint32_t kMaxStackFrames = 1025;

// Entries of one environment's dictionary in one epoch.
inline constexpr size_t kMaxDictionaryStrings = size_t{1} << 20;
inline constexpr size_t kMaxDictionaryStringBytes = size_t{256} << 20;
inline constexpr size_t kMaxDictionaryModules = size_t{1} << 16;
inline constexpr size_t kMaxDictionaryFrames = size_t{1} << 20;
inline constexpr size_t kMaxDictionaryStacks = size_t{1} << 22;
inline constexpr size_t kMaxDictionaryThreads = size_t{1} << 18;

// A symbol table (ingest.proto): each part serialised; all parts compressed, and serialised.
inline constexpr size_t kMaxSymbolPartBytes = size_t{1} << 20;
inline constexpr size_t kMaxSymbolTableBytes = size_t{8} << 20;
inline constexpr size_t kMaxSymbolTableContentBytes = size_t{48} << 20;
// Each is a row of the store. Those of a large table hold 20,000 functions each.
inline constexpr size_t kMaxSymbolTableParts = 1024;
// Addresses of code: what the store's integers hold.
inline constexpr uint64_t kMaxCodeAddress = (uint64_t{1} << 63) - 1;

// One batch.
inline constexpr uint64_t kMaxSequence = uint64_t{1} << 62;
inline constexpr size_t kMaxSegments = 4096;
inline constexpr size_t kMaxRows = size_t{1} << 21;
inline constexpr size_t kMaxMetricSeries = 1024;
inline constexpr size_t kMaxMetricColumns = 64;
inline constexpr size_t kMaxMetricValues = size_t{1} << 20;
inline constexpr size_t kMaxEvents = 65536;
inline constexpr size_t kMaxRungs = 16;

// Times: µs since the Unix epoch, up to the year 9999; clocks of strangers may be wrong, not
// absurd.
inline constexpr int64_t kMaxUnixUs = int64_t{253'402'300'799} * 1'000'000;
// Durations, and samples of one batch or drop: no real one comes near, and sums stay in range.
inline constexpr int64_t kMaxDurationUs = int64_t{1} << 48;
inline constexpr uint64_t kMaxSamplesCounted = uint64_t{1} << 40;

}  // namespace lambent::collector
