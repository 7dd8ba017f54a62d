// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "gtest/gtest.h"

#include "collector/receive/batch_validator.h"
#include "collector/receive/validated_hello.h"
#include "collector/store/sqlite_store.h"
#include "profiler/os/temp_dir.h"
#include "tests/support/wire_batch.h"

namespace lambent::testing {

// A store in a directory of its own, written as the collector writes it. Header-only.
class StoreTest : public ::testing::Test {
 protected:
  StoreTest() : directory_(*os::TempDir::Create("lambent-store-")) { Reopen(); }

  // As after a restart of the collector.
  void Reopen() {
    store_.reset();
    auto store = collector::SqliteStore::Create(directory_.path());
    ASSERT_TRUE(store.ok()) << store.status();
    store_ = *std::move(store);
  }

  std::unique_ptr<collector::WriteSession> Open(const v1::Hello& hello = GoodHello()) {
    auto session = store_->OpenEnvironment(*collector::ValidateHello(hello), kTestTimeUs);
    EXPECT_TRUE(session.ok()) << session.status();
    return session.ok() ? *std::move(session) : nullptr;
  }

  absl::Status Store(collector::WriteSession& session, uint64_t sequence,
                     const v1::BatchContent& content) {
    const auto batch = collector::ValidateBatch(Sealed(sequence, content), session.extent);
    if (!batch.ok()) return batch.status();
    return store_->StoreBatch(session, *batch, kTestTimeUs);
  }

  // Σ observations and Σ drops of all segments of a filter.
  struct Sums {
    uint64_t samples = 0;
    uint64_t drops = 0;
    friend bool operator==(const Sums&, const Sums&) = default;
  };
  Sums Count(const collector::SampleFilter& filter = {}) {
    Sums sums;
    const absl::Status read =
        store_->ReadSegments(filter, [&](const collector::SegmentRecord& segment) {
          for (const uint32_t n : segment.samples.observations) sums.samples += n;
          sums.drops += segment.drops.total();
        });
    EXPECT_TRUE(read.ok()) << read;
    return sums;
  }

  std::string DatabasePath() const { return directory_.path() + "/lambent.db"; }

  const os::TempDir directory_;
  std::unique_ptr<collector::SqliteStore> store_;
};

// A batch that needs the dictionary of GoodContent: no entries of its own.
inline v1::BatchContent NextContent(const std::string& request_id, v1::Phase phase) {
  v1::BatchContent content;
  content.set_dictionary_epoch(1);
  content.set_epoch_first_sequence(1);
  AddSegment(content, request_id, phase);
  return content;
}

}  // namespace lambent::testing
