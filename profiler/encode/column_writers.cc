// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/encode/column_writers.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <string_view>
#include <tuple>
#include <vector>

namespace lambent {
namespace {

constexpr int64_t kNsPerUs = 1000;

uint32_t Us(int64_t ns) {
  return static_cast<uint32_t>(
      std::clamp<int64_t>(ns / kNsPerUs, 0, std::numeric_limits<uint32_t>::max()));
}

int64_t UnixUs(int64_t monotonic_ns, int64_t unix_offset_ns) {
  return (monotonic_ns + unix_offset_ns) / kNsPerUs;
}

// Row numbers by thread, then by time.
std::vector<uint32_t> WireOrder(const SampleRows& rows) {
  std::vector<uint32_t> order(rows.size());
  std::iota(order.begin(), order.end(), 0u);
  std::stable_sort(order.begin(), order.end(), [&rows](uint32_t a, uint32_t b) {
    return std::tie(rows.thread[a], rows.start_ns[a]) < std::tie(rows.thread[b], rows.start_ns[b]);
  });
  return order;
}

// Times are rounded to about a 64th of the sampling period (128 µs at 99 Hz): what lies below is
// the sampler's own jitter, and costs more bytes than everything else of a row (2.6 of 7.1,
// measured).
int64_t GridNs(int64_t typical_ns) {
  int64_t grid_us = 1;
  while (grid_us < 128 && grid_us * 2 * 64 * kNsPerUs <= typical_ns) grid_us *= 2;
  return grid_us * kNsPerUs;
}

int64_t Round(int64_t ns, int64_t grid_ns) {
  return (ns >= 0 ? ns + grid_ns / 2 : ns - grid_ns / 2) / grid_ns * grid_ns;
}

void WriteRows(const Segment& segment, Naming& naming, v1::SampleColumns* out) {
  const SampleRows& rows = segment.rows;
  const auto count = static_cast<int>(rows.size());
  out->mutable_start_delta_us()->Reserve(count);
  out->mutable_thread()->Reserve(count);
  out->mutable_stack()->Reserve(count);
  out->mutable_observations()->Reserve(count);
  out->mutable_wall_us()->Reserve(count);
  out->mutable_cpu_us()->Reserve(count);
  out->mutable_state()->Reserve(count);
  out->mutable_rung()->Reserve(count);
  const bool waits = std::any_of(rows.run_queue_ns.begin(), rows.run_queue_ns.end(),
                                 [](int64_t ns) { return ns != 0; });
  const bool marks = std::any_of(rows.partial.begin(), rows.partial.end(),
                                 [](uint8_t partial) { return partial != 0; });
  int64_t last_us = 0;
  int64_t wait_carry_ns = 0;
  int64_t cpu_carry_ns = 0;  // what rounding took from the thread's rows before
  uint32_t last_thread = 0;
  for (const uint32_t row : WireOrder(rows)) {
    // Both ends are rounded on one grid, so contiguous rows stay so and sums stay right.
    const int64_t grid_ns = GridNs(rows.wall_ns[row] / rows.observations[row]);
    const int64_t start_ns = Round(rows.start_ns[row] - segment.start_ns, grid_ns);
    const int64_t end_ns =
        Round(rows.start_ns[row] - segment.start_ns + rows.wall_ns[row], grid_ns);
    if (rows.thread[row] != last_thread) cpu_carry_ns = wait_carry_ns = 0;
    last_thread = rows.thread[row];
    const int64_t cpu_ns = rows.cpu_ns[row] + cpu_carry_ns;
    const int64_t cpu_rounded_ns = std::max<int64_t>(Round(cpu_ns, GridNs(cpu_ns)), 0);
    cpu_carry_ns = cpu_ns - cpu_rounded_ns;
    const int64_t wait_ns = rows.run_queue_ns[row] + wait_carry_ns;
    const int64_t wait_rounded_ns =
        std::clamp<int64_t>(Round(wait_ns, grid_ns), 0, std::max<int64_t>(end_ns - start_ns, 0));
    wait_carry_ns = wait_ns - wait_rounded_ns;

    out->add_start_delta_us(start_ns / kNsPerUs - last_us);
    last_us = start_ns / kNsPerUs;
    out->add_thread(naming.ThreadOf(rows.thread[row]));
    out->add_stack(naming.StackOf(rows.stack[row]));
    out->add_observations(rows.observations[row]);
    out->add_wall_us(Us(end_ns - start_ns));
    out->add_cpu_us(Us(cpu_rounded_ns));
    out->add_state(static_cast<v1::ThreadState>(rows.state[row]));
    out->add_rung(static_cast<v1::Rung>(rows.rung[row]));
    if (waits) out->add_run_queue_us(Us(wait_rounded_ns));
    if (marks) out->add_partial(rows.partial[row] != 0);
  }
}

std::string_view Bounded(std::string_view text) { return text.substr(0, kMaxEventTextBytes); }

int64_t UnixUsOrZero(absl::Time time) {
  return time == absl::UnixEpoch() || time == absl::InfiniteFuture() ? 0 : absl::ToUnixMicros(time);
}

}  // namespace

void WriteDictionary(const Dictionary& dictionary, v1::Dictionary* out) {
  const Dictionary::Marks& sent = dictionary.sent();
  for (size_t i = sent.strings; i < dictionary.strings().size(); ++i) {
    const std::string_view text = dictionary.strings().Get(static_cast<StringId>(i));
    out->add_strings(text.data(), text.size());
  }
  for (size_t i = sent.modules; i < dictionary.modules().size(); ++i) {
    out->add_module_path(dictionary.modules()[i].path);
    out->add_module_build_id(dictionary.modules()[i].build_id);
  }
  const auto added = absl::MakeConstSpan(dictionary.frames()).subspan(sent.frames);
  const auto any = [&added](auto field) {
    return std::any_of(added.begin(), added.end(),
                       [field](const Dictionary::NamedFrame& frame) { return frame.*field != 0; });
  };
  const bool lines = any(&Dictionary::NamedFrame::current_line);
  const bool code_addresses = any(&Dictionary::NamedFrame::code_address);
  for (const Dictionary::NamedFrame& frame : added) {
    out->add_frame_kind(static_cast<v1::FrameKind>(frame.kind));
    out->add_frame_name(frame.name);
    out->add_frame_file(frame.file);
    out->add_frame_line(frame.line);
    if (lines) out->add_frame_current_line(frame.current_line);
    out->add_frame_module(frame.module);
    out->add_frame_address(frame.address);
    if (code_addresses) out->add_frame_code_address(frame.code_address);
  }
  for (size_t i = sent.stacks; i < dictionary.stacks().size(); ++i) {
    out->add_stack_parent(dictionary.stacks()[i].parent);
    out->add_stack_frame(dictionary.stacks()[i].frame);
  }
  for (size_t i = sent.threads; i < dictionary.threads().size(); ++i) {
    const Dictionary::Thread& thread = dictionary.threads()[i];
    out->add_thread_pid(thread.pid);
    out->add_thread_tid(thread.tid);
    out->add_thread_name(thread.name);
  }
}

void AddDrop(DropReason reason, uint64_t samples, v1::Segment* out) {
  if (samples == 0) return;
  const auto wire_reason = static_cast<v1::DropReason>(reason);
  for (v1::Drop& drop : *out->mutable_drops()) {
    if (drop.reason() != wire_reason) continue;
    drop.set_samples(drop.samples() + samples);
    return;
  }
  v1::Drop* drop = out->add_drops();
  drop->set_reason(wire_reason);
  drop->set_samples(samples);
}

void WriteSegment(const Segment& segment, Naming& naming, int64_t unix_offset_ns,
                  v1::Segment* out) {
  out->set_request_id(segment.request_id.substr(0, kMaxEventTextBytes));
  out->set_phase(static_cast<v1::Phase>(segment.phase));
  out->set_start_unix_us(UnixUs(segment.start_ns, unix_offset_ns));
  if (segment.rows.size() != 0) WriteRows(segment, naming, out->mutable_samples());
  for (int reason = 1; reason < kDropReasonCount; ++reason) {
    const auto drop = static_cast<DropReason>(reason);
    AddDrop(drop, segment.drops.of(drop), out);
  }
  v1::SelfCost* cost = out->mutable_cost();
  const auto us = [](int64_t ns) {
    return static_cast<uint64_t>(std::max<int64_t>(ns, 0) / kNsPerUs);
  };
  cost->set_wall_us(us(segment.cost.wall_ns));
  cost->set_self_cpu_us(us(segment.cost.self_cpu_ns));
  cost->set_stopped_us(us(segment.cost.stopped_ns));
  cost->set_target_cpu_us(us(segment.cost.target_cpu_ns));
  const auto count = [](int64_t n) { return static_cast<uint64_t>(std::max<int64_t>(n, 0)); };
  cost->set_ticks(count(segment.cost.ticks));
  cost->set_sampled_us(us(segment.cost.sampled_ns));
  cost->set_asked_microticks(count(segment.cost.asked_microticks));
  cost->set_allowed_microticks(count(segment.cost.allowed_microticks));
}

void WriteMetrics(absl::Span<const MetricReading> readings, int64_t unix_offset_ns,
                  v1::BatchContent* out) {
  struct Series {
    const MetricReading* last;
    v1::MetricColumns* columns;
  };
  std::vector<Series> all;
  for (const MetricReading& reading : readings) {
    auto series = std::find_if(all.begin(), all.end(), [&reading](const Series& known) {
      return known.last->role == reading.role && known.last->pid == reading.pid &&
             known.last->present == reading.present;
    });
    const bool first = series == all.end();
    if (first) {
      all.push_back({&reading, out->add_metrics()});
      series = all.end() - 1;
      series->columns->set_role(static_cast<v1::ProcessRole>(reading.role));
      series->columns->set_pid(static_cast<uint32_t>(reading.pid));
      series->columns->set_start_unix_us(UnixUs(reading.time_ns, unix_offset_ns));
    }
    const int64_t delta_us =
        UnixUs(reading.time_ns, unix_offset_ns) - UnixUs(series->last->time_ns, unix_offset_ns);
    series->columns->add_time_delta_us(delta_us);
    int column = 0;
    for (int m = 1; m < kMetricCount; ++m) {
      const auto metric = static_cast<Metric>(m);
      if (!reading.has(metric)) continue;
      if (first) series->columns->add_columns()->set_metric(static_cast<v1::Metric>(m));
      series->columns->mutable_columns(column++)->add_values(
          first ? reading.of(metric) : reading.of(metric) - series->last->of(metric));
    }
    series->last = &reading;
  }
}

void WriteEvent(const InvocationEvent& event, v1::InvocationEvent* out) {
  const auto set = [](std::string_view text, std::string* field) { field->assign(Bounded(text)); };
  out->set_kind(static_cast<v1::InvocationEvent::Kind>(event.kind));
  out->set_time_unix_us(absl::ToUnixMicros(event.time));
  set(event.request_id, out->mutable_request_id());
  out->set_status(static_cast<v1::InvocationStatus>(event.status));
  set(event.error_type, out->mutable_error_type());
  set(event.reason, out->mutable_reason());
  out->set_duration_us(absl::ToInt64Microseconds(event.duration));
  out->set_billed_duration_us(absl::ToInt64Microseconds(event.billed_duration));
  out->set_init_duration_us(absl::ToInt64Microseconds(event.init_duration));
  out->set_memory_size_mb(event.memory_size_mb);
  out->set_max_memory_used_mb(event.max_memory_used_mb);
  out->set_deadline_unix_us(UnixUsOrZero(event.deadline));
}

}  // namespace lambent
