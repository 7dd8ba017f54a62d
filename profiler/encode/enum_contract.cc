// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
// Nothing but the proof that our enums and the wire's are the same numbers, so that a cast
// converts.
#include "lambent/v1/profile.pb.h"
#include "profiler/base/drop_reason.h"
#include "profiler/base/frame_kind.h"
#include "profiler/base/phase.h"
#include "profiler/base/rung.h"
#include "profiler/base/thread_state.h"
#include "profiler/encode/invocation_event.h"
#include "profiler/metrics/metric.h"

namespace lambent {
namespace {

template <typename Ours, typename Wire>
constexpr bool Same(Ours ours, Wire wire) {
  return static_cast<int>(ours) == static_cast<int>(wire);
}

static_assert(Same(Phase::kUnspecified, v1::PHASE_UNSPECIFIED));
static_assert(Same(Phase::kInit, v1::PHASE_INIT));
static_assert(Same(Phase::kInvoke, v1::PHASE_INVOKE));
static_assert(Same(Phase::kAfter, v1::PHASE_AFTER));
static_assert(Same(Phase::kShutdown, v1::PHASE_SHUTDOWN));

static_assert(Same(Rung::kUnchanged, v1::RUNG_UNCHANGED));
static_assert(Same(Rung::kBlocked, v1::RUNG_BLOCKED));
static_assert(Same(Rung::kConsistentRead, v1::RUNG_CONSISTENT_READ));
static_assert(Same(Rung::kAgent, v1::RUNG_AGENT));
static_assert(Same(Rung::kStop, v1::RUNG_STOP));
static_assert(Same(Rung::kPerf, v1::RUNG_PERF));
static_assert(Same(Rung::kMetricsOnly, v1::RUNG_METRICS_ONLY));

static_assert(Same(ThreadState::kUnspecified, v1::THREAD_STATE_UNSPECIFIED));
static_assert(Same(ThreadState::kRunning, v1::THREAD_STATE_RUNNING));
static_assert(Same(ThreadState::kBlocked, v1::THREAD_STATE_BLOCKED));
static_assert(Same(ThreadState::kRunningWithLock, v1::THREAD_STATE_RUNNING_WITH_LOCK));
static_assert(Same(ThreadState::kBlockedWithLock, v1::THREAD_STATE_BLOCKED_WITH_LOCK));

static_assert(Same(FrameKind::kUnknown, v1::FRAME_KIND_UNKNOWN));
static_assert(Same(FrameKind::kNative, v1::FRAME_KIND_NATIVE));
static_assert(Same(FrameKind::kPython, v1::FRAME_KIND_PYTHON));
static_assert(Same(FrameKind::kTruncated, v1::FRAME_KIND_TRUNCATED));
static_assert(Same(FrameKind::kSystemCall, v1::FRAME_KIND_SYSTEM_CALL));
static_assert(Same(FrameKind::kRunQueue, v1::FRAME_KIND_RUN_QUEUE));
static_assert(Same(FrameKind::kInterpreterLock, v1::FRAME_KIND_INTERPRETER_LOCK));

static_assert(Same(DropReason::kUnspecified, v1::DROP_REASON_UNSPECIFIED));
static_assert(Same(DropReason::kInconsistent, v1::DROP_REASON_INCONSISTENT));
static_assert(Same(DropReason::kRefused, v1::DROP_REASON_REFUSED));
static_assert(Same(DropReason::kTargetGone, v1::DROP_REASON_TARGET_GONE));
static_assert(Same(DropReason::kUnreadable, v1::DROP_REASON_UNREADABLE));
static_assert(Same(DropReason::kWindowFull, v1::DROP_REASON_WINDOW_FULL));
static_assert(Same(DropReason::kOutboxFull, v1::DROP_REASON_OUTBOX_FULL));
static_assert(Same(DropReason::kRejected, v1::DROP_REASON_REJECTED));
static_assert(Same(DropReason::kCollectorReset, v1::DROP_REASON_COLLECTOR_RESET));
static_assert(Same(DropReason::kShutdown, v1::DROP_REASON_SHUTDOWN));
static_assert(Same(DropReason::kTooManyThreads, v1::DROP_REASON_TOO_MANY_THREADS));

static_assert(Same(InvocationStatus::kUnspecified, v1::INVOCATION_STATUS_UNSPECIFIED));
static_assert(Same(InvocationStatus::kSuccess, v1::INVOCATION_STATUS_SUCCESS));
static_assert(Same(InvocationStatus::kError, v1::INVOCATION_STATUS_ERROR));
static_assert(Same(InvocationStatus::kTimeout, v1::INVOCATION_STATUS_TIMEOUT));
static_assert(Same(InvocationStatus::kFailure, v1::INVOCATION_STATUS_FAILURE));

static_assert(Same(ProcessRole::kUnspecified, v1::PROCESS_ROLE_UNSPECIFIED));
static_assert(Same(ProcessRole::kRuntime, v1::PROCESS_ROLE_RUNTIME));
static_assert(Same(ProcessRole::kExtension, v1::PROCESS_ROLE_EXTENSION));
static_assert(Same(ProcessRole::kEnvironment, v1::PROCESS_ROLE_ENVIRONMENT));

static_assert(Same(Metric::kUnspecified, v1::METRIC_UNSPECIFIED));
static_assert(Same(Metric::kCpuUserUs, v1::METRIC_CPU_USER_US));
static_assert(Same(Metric::kCpuSystemUs, v1::METRIC_CPU_SYSTEM_US));
static_assert(Same(Metric::kRunQueueWaitUs, v1::METRIC_RUN_QUEUE_WAIT_US));
static_assert(Same(Metric::kRssBytes, v1::METRIC_RSS_BYTES));
static_assert(Same(Metric::kRssPeakBytes, v1::METRIC_RSS_PEAK_BYTES));
static_assert(Same(Metric::kMinorFaults, v1::METRIC_MINOR_FAULTS));
static_assert(Same(Metric::kMajorFaults, v1::METRIC_MAJOR_FAULTS));
static_assert(Same(Metric::kVoluntarySwitches, v1::METRIC_VOLUNTARY_SWITCHES));
static_assert(Same(Metric::kInvoluntarySwitches, v1::METRIC_INVOLUNTARY_SWITCHES));
static_assert(Same(Metric::kReadBytes, v1::METRIC_READ_BYTES));
static_assert(Same(Metric::kWriteBytes, v1::METRIC_WRITE_BYTES));
static_assert(Same(Metric::kThreads, v1::METRIC_THREADS));
static_assert(Same(Metric::kOpenFiles, v1::METRIC_OPEN_FILES));
static_assert(Same(Metric::kNetworkReceivedBytes, v1::METRIC_NETWORK_RECEIVED_BYTES));
static_assert(Same(Metric::kNetworkSentBytes, v1::METRIC_NETWORK_SENT_BYTES));
static_assert(Same(Metric::kTmpUsedBytes, v1::METRIC_TMP_USED_BYTES));
static_assert(Same(Metric::kTmpLimitBytes, v1::METRIC_TMP_LIMIT_BYTES));
static_assert(Same(Metric::kOpenFilesLimit, v1::METRIC_OPEN_FILES_LIMIT));
static_assert(Same(Metric::kMemoryLimitBytes, v1::METRIC_MEMORY_LIMIT_BYTES));

static_assert(Same(InvocationEvent::Kind::kUnspecified, v1::InvocationEvent::KIND_UNSPECIFIED));
static_assert(Same(InvocationEvent::Kind::kInitStart, v1::InvocationEvent::INIT_START));
static_assert(Same(InvocationEvent::Kind::kInitRuntimeDone,
                   v1::InvocationEvent::INIT_RUNTIME_DONE));
static_assert(Same(InvocationEvent::Kind::kInitReport, v1::InvocationEvent::INIT_REPORT));
static_assert(Same(InvocationEvent::Kind::kInvoke, v1::InvocationEvent::INVOKE));
static_assert(Same(InvocationEvent::Kind::kStart, v1::InvocationEvent::START));
static_assert(Same(InvocationEvent::Kind::kRuntimeDone, v1::InvocationEvent::RUNTIME_DONE));
static_assert(Same(InvocationEvent::Kind::kReport, v1::InvocationEvent::REPORT));
static_assert(Same(InvocationEvent::Kind::kShutdown, v1::InvocationEvent::SHUTDOWN));
static_assert(Same(InvocationEvent::Kind::kFreeze, v1::InvocationEvent::FREEZE));
static_assert(Same(InvocationEvent::Kind::kTelemetryDropped,
                   v1::InvocationEvent::TELEMETRY_DROPPED));

// And that neither side has values that the other lacks.
static_assert(kRungCount == v1::Rung_ARRAYSIZE);
static_assert(kDropReasonCount == v1::DropReason_ARRAYSIZE);
static_assert(kMetricCount == v1::Metric_ARRAYSIZE);
static_assert(Same(Phase::kShutdown, v1::Phase_MAX));
static_assert(Same(kLastFrameKind, v1::FrameKind_MAX));
static_assert(Same(kLastThreadState, v1::ThreadState_MAX));
static_assert(Same(InvocationStatus::kFailure, v1::InvocationStatus_MAX));
static_assert(Same(ProcessRole::kEnvironment, v1::ProcessRole_MAX));
static_assert(Same(InvocationEvent::Kind::kTelemetryDropped, v1::InvocationEvent::Kind_MAX));

}  // namespace
}  // namespace lambent
