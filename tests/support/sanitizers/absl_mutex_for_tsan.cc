// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
// Tells the thread sanitizer what absl's locks order. The distribution's absl is not instrumented,
// so that everything a lock protects would look like a race. These definitions stand before those
// of the shared library, for us and for gRPC, and call them. Linked into tests under
// -fsanitize=thread.
#include <dlfcn.h>
#include <sanitizer/tsan_interface.h>

#include <string>

#include "absl/base/config.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/time.h"

extern "C" {
void AnnotateIgnoreReadsBegin(const char* file, int line);
void AnnotateIgnoreReadsEnd(const char* file, int line);

// What libraries that are not instrumented do through libc is not held against anybody: gRPC orders
// it by atomics of its own. The extension exits without joining its threads.
const char* __tsan_default_options() {
  return "ignore_noninstrumented_modules=1:report_thread_leaks=0";
}
}

namespace {

#define LAMBENT_TEXT_OF(x) #x
#define LAMBENT_TEXT(x) LAMBENT_TEXT_OF(x)

// The library's function: `name` is its mangled name behind that of absl's namespace, and `kind`
// what stands before it, "_ZNK" for a const member.
template <typename Function>
Function Real(const char* name, const char* kind = "_ZN") {
  std::string mangled = std::string(kind) + "4absl";
#if ABSL_OPTION_USE_INLINE_NAMESPACE
  const std::string inner = LAMBENT_TEXT(ABSL_OPTION_INLINE_NAMESPACE_NAME);
  mangled += std::to_string(inner.size()) + inner;
#endif
  return reinterpret_cast<Function>(dlsym(RTLD_NEXT, (mangled + name).c_str()));
}

// Conditions are evaluated by whoever has the lock, also on behalf of others.
class IgnoredReads {
 public:
  IgnoredReads() { AnnotateIgnoreReadsBegin(__FILE__, __LINE__); }
  ~IgnoredReads() { AnnotateIgnoreReadsEnd(__FILE__, __LINE__); }
  IgnoredReads(const IgnoredReads&) = delete;
  IgnoredReads& operator=(const IgnoredReads&) = delete;
};

// The functions below call each other: the outermost one tells.
thread_local int calls = 0;

class Call {
 public:
  Call() { ++calls; }
  ~Call() { --calls; }
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;
  bool tells() const { return calls == 1; }
};

template <typename Result, typename... Arguments>
Result Acquire(Result (*real)(absl::Mutex*, Arguments...), absl::Mutex* mutex, unsigned flags,
               Arguments... arguments) {
  struct Locked : Call {
    Locked(void* m, unsigned f) : mutex(m), flags(f) {
      if (tells()) __tsan_mutex_pre_lock(mutex, flags);
    }
    ~Locked() {
      if (tells()) __tsan_mutex_post_lock(mutex, flags, 0);
    }
    void* mutex;
    unsigned flags;
  } const locked(mutex, flags);
  const IgnoredReads ignored;
  return real(mutex, arguments...);
}

void Release(void (*real)(absl::Mutex*), absl::Mutex* mutex, unsigned flags) {
  const Call call;
  if (call.tells()) __tsan_mutex_pre_unlock(mutex, flags);
  {
    const IgnoredReads ignored;
    real(mutex);
  }
  if (call.tells()) __tsan_mutex_post_unlock(mutex, flags);
}

// Calls `real`, which lets go of the lock and takes it again.
template <typename Real, typename... Arguments>
auto WaitUnlocked(absl::Mutex* mutex, Real real, Arguments... arguments) {
  struct Unlocked : Call {
    explicit Unlocked(void* m) : mutex(m) {
      if (!tells()) return;
      __tsan_mutex_pre_unlock(mutex, 0);
      __tsan_mutex_post_unlock(mutex, 0);
    }
    ~Unlocked() {
      if (!tells()) return;
      __tsan_mutex_pre_lock(mutex, 0);
      __tsan_mutex_post_lock(mutex, 0, 0);
    }
    void* mutex;
  } const unlocked(mutex);
  const IgnoredReads ignored;
  return real(arguments...);
}

bool Try(bool (*real)(absl::Mutex*), absl::Mutex* mutex, unsigned flags) {
  const Call call;
  if (!call.tells()) return real(mutex);
  flags |= __tsan_mutex_try_lock;
  __tsan_mutex_pre_lock(mutex, flags);
  const bool locked = real(mutex);
  __tsan_mutex_post_lock(mutex, locked ? flags : flags | __tsan_mutex_try_lock_failed, 0);
  return locked;
}

// Where Notification::HasBeenNotified(), which is inline, looks.
void* FlagOf(const absl::Notification* notification) {
  return const_cast<char*>(reinterpret_cast<const char*>(notification)) + sizeof(absl::Mutex);
}

}  // namespace

namespace absl {
ABSL_NAMESPACE_BEGIN

void Mutex::Lock() {
  static const auto real = Real<void (*)(Mutex*)>("5Mutex4LockEv");
  Acquire(real, this, 0);
}

void Mutex::Unlock() {
  static const auto real = Real<void (*)(Mutex*)>("5Mutex6UnlockEv");
  Release(real, this, 0);
}

bool Mutex::TryLock() {
  static const auto real = Real<bool (*)(Mutex*)>("5Mutex7TryLockEv");
  return Try(real, this, 0);
}

void Mutex::ReaderLock() {
  static const auto real = Real<void (*)(Mutex*)>("5Mutex10ReaderLockEv");
  Acquire(real, this, __tsan_mutex_read_lock);
}

void Mutex::ReaderUnlock() {
  static const auto real = Real<void (*)(Mutex*)>("5Mutex12ReaderUnlockEv");
  Release(real, this, __tsan_mutex_read_lock);
}

void Mutex::LockWhen(const Condition& condition) {
  static const auto real =
      Real<void (*)(Mutex*, const Condition*)>("5Mutex8LockWhenERKNS0_9ConditionE");
  Acquire(real, this, 0, &condition);
}

bool Mutex::LockWhenWithTimeout(const Condition& condition, Duration timeout) {
  static const auto real = Real<bool (*)(Mutex*, const Condition*, Duration)>(
      "5Mutex19LockWhenWithTimeoutERKNS0_9ConditionENS0_8DurationE");
  return Acquire(real, this, 0, &condition, timeout);
}

bool Mutex::LockWhenWithDeadline(const Condition& condition, Time deadline) {
  static const auto real = Real<bool (*)(Mutex*, const Condition*, Time)>(
      "5Mutex20LockWhenWithDeadlineERKNS0_9ConditionENS0_4TimeE");
  return Acquire(real, this, 0, &condition, deadline);
}

void Mutex::Await(const Condition& condition) {
  static const auto real =
      Real<void (*)(Mutex*, const Condition*)>("5Mutex5AwaitERKNS0_9ConditionE");
  WaitUnlocked(this, real, this, &condition);
}

bool Mutex::AwaitWithTimeout(const Condition& condition, Duration timeout) {
  static const auto real = Real<bool (*)(Mutex*, const Condition*, Duration)>(
      "5Mutex16AwaitWithTimeoutERKNS0_9ConditionENS0_8DurationE");
  return WaitUnlocked(this, real, this, &condition, timeout);
}

bool Mutex::AwaitWithDeadline(const Condition& condition, Time deadline) {
  static const auto real = Real<bool (*)(Mutex*, const Condition*, Time)>(
      "5Mutex17AwaitWithDeadlineERKNS0_9ConditionENS0_4TimeE");
  return WaitUnlocked(this, real, this, &condition, deadline);
}

void CondVar::Wait(Mutex* mutex) {
  static const auto real = Real<void (*)(CondVar*, Mutex*)>("7CondVar4WaitEPNS0_5MutexE");
  WaitUnlocked(mutex, real, this, mutex);
}

bool CondVar::WaitWithTimeout(Mutex* mutex, Duration timeout) {
  static const auto real = Real<bool (*)(CondVar*, Mutex*, Duration)>(
      "7CondVar15WaitWithTimeoutEPNS0_5MutexENS0_8DurationE");
  return WaitUnlocked(mutex, real, this, mutex, timeout);
}

bool CondVar::WaitWithDeadline(Mutex* mutex, Time deadline) {
  static const auto real =
      Real<bool (*)(CondVar*, Mutex*, Time)>("7CondVar16WaitWithDeadlineEPNS0_5MutexENS0_4TimeE");
  return WaitUnlocked(mutex, real, this, mutex, deadline);
}

void Notification::Notify() {
  static const auto real = Real<void (*)(Notification*)>("12Notification6NotifyEv");
  __tsan_release(FlagOf(this));
  real(this);
}

void Notification::WaitForNotification() const {
  static const auto real =
      Real<void (*)(const Notification*)>("12Notification19WaitForNotificationEv", "_ZNK");
  real(this);
  __tsan_acquire(FlagOf(this));
}

bool Notification::WaitForNotificationWithTimeout(Duration timeout) const {
  static const auto real = Real<bool (*)(const Notification*, Duration)>(
      "12Notification30WaitForNotificationWithTimeoutENS0_8DurationE", "_ZNK");
  const bool notified = real(this, timeout);
  __tsan_acquire(FlagOf(this));
  return notified;
}

ABSL_NAMESPACE_END
}  // namespace absl
