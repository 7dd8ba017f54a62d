// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/session/session.h"

#include <memory>

#include <gtest/gtest.h>

#include "tests/fakes/fake_batch_sink.h"
#include "tests/fakes/fake_metrics_source.h"
#include "tests/fakes/fake_process_sampler.h"

namespace lambent {
namespace {

TEST(SessionTest, HandsOverTheLastBatchWhenStopped) {
  os::Clock& clock = os::RealClock();
  fakes::FakeMetricsSource metrics(clock);
  fakes::FakeBatchSink sink;
  Session session(SessionOptions{}, {clock,
                                     [&clock]() -> absl::StatusOr<std::unique_ptr<ProcessSampler>> {
                                       auto process =
                                           std::make_unique<fakes::FakeProcessSampler>(clock, 42);
                                       process->Run(42, {"main"});
                                       return std::unique_ptr<ProcessSampler>(std::move(process));
                                     },
                                     metrics, sink});
  session.Start();
  session.OnInvoke("r", clock.UnixTime(), clock.UnixTime() + absl::Seconds(3));
  session.OnShutdown("spindown", clock.UnixTime());

  ASSERT_TRUE(session.Stop(clock.UnixTime() + absl::Seconds(30)));

  ASSERT_FALSE(sink.contents().empty());
  int shutdowns = 0;
  for (const v1::BatchContent& content : sink.contents()) {
    for (const v1::InvocationEvent& event : content.events()) {
      shutdowns += event.kind() == v1::InvocationEvent::SHUTDOWN ? 1 : 0;
    }
  }
  EXPECT_EQ(shutdowns, 1);
}

TEST(SessionTest, StopsWithoutEverBeingStarted) {
  os::Clock& clock = os::RealClock();
  fakes::FakeMetricsSource metrics(clock);
  fakes::FakeBatchSink sink;
  Session session(SessionOptions{}, {clock, {}, metrics, sink});

  EXPECT_TRUE(session.Stop(clock.UnixTime()));
}

}  // namespace
}  // namespace lambent
