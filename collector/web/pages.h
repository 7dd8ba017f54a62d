// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "collector/query/source_view.h"
#include "collector/receive/ingest_counters.h"
#include "collector/store/profile_store.h"
#include "collector/web/parameters.h"
#include "profiler/os/clock.h"

namespace lambent::collector {

// What HTTP answers with. A value.
struct WebAnswer {
  std::string body;
  std::string content_type;
  std::string file_name;  // not empty: to be saved under this name
};

// The pages by path, without HTTP. Thread-safe.
class Pages {
 public:
  // All, and what `view` refers to, must outlive this.
  Pages(ProfileStore& store, const IngestCounters& counters, const os::Clock& clock,
        const SourceView& view)
      : store_(store), counters_(counters), clock_(clock), view_(view) {}

  // Errors: INVALID_ARGUMENT for parameters that make no sense, NOT_FOUND when nothing matches or
  // there is no such page; else the store's.
  absl::StatusOr<WebAnswer> Get(const std::string& path, const Parameters& parameters) const;

 private:
  absl::StatusOr<WebAnswer> Overview(const Parameters& parameters) const;
  absl::StatusOr<WebAnswer> Export(const Parameters& parameters, bool saved) const;
  absl::StatusOr<WebAnswer> Diff(const Parameters& parameters) const;
  absl::StatusOr<WebAnswer> Metrics() const;
  absl::StatusOr<WebAnswer> Health() const;

  ProfileStore& store_;
  const IngestCounters& counters_;
  const os::Clock& clock_;
  const SourceView view_;
};

// The number HTTP has for it. Pure.
int HttpStatus(const absl::Status& status);

}  // namespace lambent::collector
