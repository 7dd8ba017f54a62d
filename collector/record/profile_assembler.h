// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "collector/query/profile.h"
#include "collector/query/selection.h"
#include "collector/query/source_view.h"
#include "collector/receive/validated_batch.h"
#include "collector/receive/validated_hello.h"
#include "collector/store/profile_store.h"
#include "profiler/base/drop_reason.h"
#include "profiler/base/rung.h"
#include "profiler/encode/encoded_batch.h"
#include "profiler/os/temp_dir.h"

namespace lambent::record {

// What became of the observations, all batches together.
struct SampleTotals {
  uint64_t samples = 0;
  std::array<uint64_t, kRungCount> by_rung{};
  uint64_t partial = 0;  // of samples: native frames are missing
  DropCounts drops;
  std::vector<std::string> losses;  // what else was lost, in words; the first few
  collector::Cost cost;
};

// Makes a profile of batches on one machine by the collector's own way: validated, stored (in a
// temporary folder), selected, merged. Confined to one thread.
class ProfileAssembler {
 public:
  // `hello` says what is recorded. Errors: the temporary folder's and the store's.
  static absl::StatusOr<std::unique_ptr<ProfileAssembler>> Create(
      const collector::ValidatedHello& hello);

  // Takes the next batches, in order. A batch that is refused is counted in its drops as rejected;
  // errors are the store's.
  absl::Status Add(std::vector<EncodedBatch> batches);

  // The selected samples as one profile. NotFound: there is neither a sample nor a drop.
  absl::StatusOr<collector::Profile> Build(const collector::Selection& selection,
                                           const collector::SourceView& view);
  const SampleTotals& totals() const { return totals_; }

 private:
  ProfileAssembler(os::TempDir folder, std::unique_ptr<collector::ProfileStore> store,
                   std::unique_ptr<collector::WriteSession> session)
      : folder_(std::move(folder)), store_(std::move(store)), session_(std::move(session)) {}
  void Count(const collector::ValidatedBatch& batch);

  const os::TempDir folder_;
  const std::unique_ptr<collector::ProfileStore> store_;
  const std::unique_ptr<collector::WriteSession> session_;
  SampleTotals totals_;
};

}  // namespace lambent::record
