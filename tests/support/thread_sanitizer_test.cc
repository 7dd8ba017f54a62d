// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
// Under -fsanitize=thread: that what locks order is known, and nothing else is taken for ordered.
#include "absl/base/config.h"

#ifdef ABSL_HAVE_THREAD_SANITIZER

#include <cstdlib>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include <gtest/gtest.h>

namespace lambent {
namespace {

// A number that two threads change; `locked`: both under the lock.
class Shared {
 public:
  void Change(bool locked) ABSL_NO_THREAD_SAFETY_ANALYSIS {
    if (locked) mutex_.Lock();
    ++number_;
    if (locked) mutex_.Unlock();
  }
  void AwaitChange() ABSL_NO_THREAD_SAFETY_ANALYSIS {
    const auto changed = [this] { return number_ > 0; };
    absl::MutexLock lock(&mutex_);
    mutex_.Await(absl::Condition(&changed));
    ++number_;
  }

 private:
  absl::Mutex mutex_;
  int number_ = 0;
};

[[noreturn]] void Race(bool other_locked) {
  Shared shared;
  std::thread other([&] { shared.Change(other_locked); });
  shared.Change(/*locked=*/true);
  other.join();
  std::exit(0);
}

TEST(ThreadSanitizerDeathTest, FindsAPlantedRace) {
  EXPECT_EXIT(Race(/*other_locked=*/false), testing::ExitedWithCode(66), "data race");
  EXPECT_EXIT(Race(/*other_locked=*/true), testing::ExitedWithCode(0), "");
}

TEST(ThreadSanitizerTest, KnowsWhatWaitingOrders) {
  Shared shared;
  std::thread other([&] { shared.AwaitChange(); });
  shared.Change(/*locked=*/true);
  other.join();
}

TEST(ThreadSanitizerTest, KnowsWhatANotificationOrders) {
  int number = 0;
  absl::Notification done;
  std::thread other([&] {
    number = 1;
    done.Notify();
  });
  while (!done.HasBeenNotified()) std::this_thread::yield();
  EXPECT_EQ(number, 1);
  other.join();
}

}  // namespace
}  // namespace lambent

#endif
