// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "extensions/stream/symbol_uploads.h"

#include <sys/resource.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "collector/receive/symbol_part.h"
#include "collector/receive/symbol_table.h"
#include "extensions/stream/hello.h"
#include "tests/support/elf_image.h"

namespace lambent {
namespace {

using ::lambent::support::ElfImage;
using ::testing::HasSubstr;

// Functions of 16 bytes from 0x1000 on, with names that fill several parts.
std::string LargeImage(size_t functions) {
  ElfImage image;
  for (size_t i = 0; i < functions; ++i) {
    image.Function("function_" + std::to_string(i) + std::string(200, 'x'), 0x1000 + 16 * i, 16);
  }
  return image.Build();
}

// Tells when it is closed.
class WatchedFile final : public os::FileBytes {
 public:
  WatchedFile(std::string bytes, absl::Notification& closed)
      : bytes_(std::move(bytes)), closed_(closed) {}
  ~WatchedFile() override { closed_.Notify(); }
  size_t ReadAt(uint64_t offset, void* into, size_t size) const override {
    return bytes_.ReadAt(offset, into, size);
  }
  uint64_t size() const override { return bytes_.size(); }
  os::FileIdentity identity() const override { return bytes_.identity(); }

 private:
  const os::MemoryFileBytes bytes_;
  absl::Notification& closed_;
};

class SymbolUploadsTest : public ::testing::Test {
 protected:
  // The next part, waited for.
  EncodedSymbols Take() {
    for (;;) {
      if (auto part = uploads_->Take(); part.has_value()) return *std::move(part);
      absl::MutexLock lock(&mutex_);
      mutex_.Await(absl::Condition(&ready_));
      ready_ = false;
    }
  }

  // As the collector takes it.
  static v1::SymbolTable OnTheWire(EncodedSymbols part) {
    return SymbolsMessage(std::move(part)).symbol_table();
  }

  std::string image_ = LargeImage(10);
  std::atomic<int> opened_{0};
  std::atomic<bool> gives_way_{false};
  absl::Notification closed_;
  absl::Mutex mutex_;
  bool ready_ = false;
  std::unique_ptr<SymbolUploads> uploads_ = std::make_unique<SymbolUploads>(
      [this](const std::string& build_id) -> absl::StatusOr<std::unique_ptr<os::FileBytes>> {
        ++opened_;
        gives_way_ = getpriority(PRIO_PROCESS, 0) >= 10;
        if (build_id == "gone") return absl::NotFoundError("open /x: it is gone");
        if (build_id == "watched") return std::make_unique<WatchedFile>(image_, closed_);
        return std::make_unique<os::MemoryFileBytes>(image_);
      },
      [this] {
        absl::MutexLock lock(&mutex_);
        ready_ = true;
      });
};

TEST_F(SymbolUploadsTest, HasNothingUnlessAsked) {
  EXPECT_FALSE(uploads_->Take().has_value());
  uploads_->Ask({});
  EXPECT_FALSE(uploads_->Take().has_value());
}

TEST_F(SymbolUploadsTest, SendsATableTheCollectorUnderstands) {
  uploads_->Ask({"id"});
  collector::SymbolTableAssembly assembly("id");
  const absl::Status added = assembly.Add(OnTheWire(Take()));
  ASSERT_TRUE(added.ok()) << added;
  EXPECT_TRUE(assembly.complete());
  const auto& part = assembly.table().parts[0];
  const auto decoded = collector::SymbolPart::Decode(part.content, part.content_bytes, part.base);
  EXPECT_THAT(std::string(decoded->Find(0x1018)->name), HasSubstr("function_1x"));
  EXPECT_FALSE(uploads_->Take().has_value()) << "once";
}

TEST_F(SymbolUploadsTest, SendsALargeTableInParts) {
  image_ = LargeImage(6000);
  uploads_->Ask({"id"});
  collector::SymbolTableAssembly assembly("id");
  while (!assembly.complete()) {
    const absl::Status added = assembly.Add(OnTheWire(Take()));
    ASSERT_TRUE(added.ok()) << added;
  }
  EXPECT_GE(assembly.table().parts.size(), 3u);
  EXPECT_EQ(assembly.table().parts.back().end, 0x1000u + 16 * 6000);
  EXPECT_EQ(opened_, 1);
}

TEST_F(SymbolUploadsTest, SaysWhatCannotBeHadAndGoesOn) {
  uploads_->Ask({"gone", "id"});
  const EncodedSymbols gone = Take();
  EXPECT_EQ(gone.build_id, "gone");
  EXPECT_EQ(gone.unavailable, "open /x: it is gone");
  EXPECT_EQ(Take().build_id, "id");
  image_ = ElfImage().Build();
  uploads_->Ask({"without"});
  EXPECT_THAT(Take().unavailable, HasSubstr("names no functions"));
}

TEST_F(SymbolUploadsTest, IsAskedOnceForOneThing) {
  uploads_->Ask({"id", "id"});
  uploads_->Ask({"id"});
  EXPECT_TRUE(Take().last);
  EXPECT_FALSE(uploads_->Take().has_value());
}

TEST_F(SymbolUploadsTest, StartsOverOnTheNextStream) {
  image_ = LargeImage(6000);
  uploads_->Ask({"id"});
  EXPECT_EQ(Take().part, 0u);
  EXPECT_EQ(Take().part, 1u);
  uploads_->Forget();
  EXPECT_FALSE(uploads_->Take().has_value());
  uploads_->Ask({"id"});
  EXPECT_EQ(Take().part, 0u);
}

TEST_F(SymbolUploadsTest, KeepsNothingOfAStreamThatHasEnded) {
  image_ = LargeImage(6000);
  uploads_->Ask({"watched"});
  EXPECT_EQ(Take().part, 0u);
  uploads_->Forget();
  EXPECT_TRUE(closed_.WaitForNotificationWithTimeout(absl::Seconds(30)));
}

TEST_F(SymbolUploadsTest, ReadsNothingBeforeAPartIsWanted) {
  uploads_->Ask({"id"});
  EXPECT_TRUE(Take().last);
  uploads_->Ask({"other"});
  // Time for a thread that would read too early.
  absl::SleepFor(absl::Milliseconds(20));
  EXPECT_EQ(opened_, 1);
  EXPECT_EQ(Take().build_id, "other");
}

TEST_F(SymbolUploadsTest, GivesWayToOtherThreads) {
  uploads_->Ask({"id"});
  Take();
  EXPECT_TRUE(gives_way_);
}

TEST_F(SymbolUploadsTest, EndsInTheMiddleOfATable) {
  image_ = LargeImage(6000);
  uploads_->Ask({"id", "other"});
  Take();
  uploads_.reset();
}

}  // namespace
}  // namespace lambent
