// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "extensions/local/invoke_state_machine.h"

#include <memory>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace lambent::local {
namespace {

using ::testing::ElementsAre;
using Stage = InvokeStateMachine::Stage;

constexpr int64_t kSecond = 1'000'000'000;
constexpr int64_t kMillisecond = 1'000'000;

struct NameOf {
  std::string operator()(const LaunchExtensions&) const { return "launch-extensions"; }
  std::string operator()(const LaunchRuntime&) const { return "launch-runtime"; }
  std::string operator()(const AnswerRuntime&) const { return "event"; }
  std::string operator()(const AnswerInvoke&) const { return "invoke"; }
  std::string operator()(const AnswerShutdown& a) const {
    return "shutdown-" + std::string(ShutdownReasonName(a.reason));
  }
  std::string operator()(const DropTicket&) const { return "drop"; }
  std::string operator()(const TerminateRuntime&) const { return "term-runtime"; }
  std::string operator()(const KillRuntime&) const { return "kill-runtime"; }
  std::string operator()(const KillExtension&) const { return "kill-extension"; }
  std::string operator()(const Parked&) const { return "parked"; }
  std::string operator()(const ShutdownBegun&) const { return "shutdown"; }
  std::string operator()(const InvocationDone&) const { return "done"; }
  std::string operator()(const EnvironmentGone&) const { return "gone"; }
  std::string operator()(const InitStarted& f) const {
    return "initStart-" + std::string(InitPhaseName(f.phase));
  }
  std::string operator()(const InitRuntimeDone& f) const { return Fact("initRuntimeDone", f); }
  std::string operator()(const InitReported& f) const { return Fact("initReport", f); }
  std::string operator()(const ExtensionState& f) const { return "ext-" + std::string(f.state); }
  std::string operator()(const InvocationStarted&) const { return "start"; }
  std::string operator()(const RuntimeDone& f) const { return Fact("runtimeDone", f); }
  std::string operator()(const InvocationReported& f) const { return Fact("report", f.outcome); }

  template <typename F>
  static std::string Fact(const std::string& name, const F& fact) {
    std::string text = name + "-" + std::string(StatusName(fact.status));
    return fact.error_type.empty() ? text : text + "-" + fact.error_type;
  }
};

class InvokeStateMachineTest : public ::testing::Test {
 protected:
  std::vector<std::string> Actions() {
    std::vector<std::string> names;
    for (const MachineAction& action : machine_->TakeActions()) {
      names.push_back(std::visit(NameOf{}, action));
      if (const auto* report = std::get_if<InvocationReported>(&action)) outcome_ = report->outcome;
    }
    return names;
  }

  void Use(std::vector<std::string> extensions, bool refuse = false) {
    config_.extension_files = std::move(extensions);
    config_.refuse_registration = refuse;
    machine_ = std::make_unique<InvokeStateMachine>(config_);
  }

  // To kParked, with one extension "ext" (identifier "id") if there is one.
  void Initialise() {
    machine_->Start(now_);
    if (!config_.extension_files.empty()) {
      EXPECT_FALSE(machine_->Register("ext", "id", {"INVOKE", "SHUTDOWN"}).refused());
      EXPECT_FALSE(machine_->ExtensionNext("id", 1, now_).refused());
    }
    EXPECT_FALSE(machine_->RuntimeNext(2, now_ += 100 * kMillisecond).refused());
    EXPECT_EQ(machine_->stage(), Stage::kParked);
    Actions();
  }

  MachineConfig config_;
  std::unique_ptr<InvokeStateMachine> machine_ = std::make_unique<InvokeStateMachine>(config_);
  int64_t now_ = 50 * kSecond;
  Outcome outcome_;
};

TEST_F(InvokeStateMachineTest, RuntimeStartsOnlyWhenEveryExtensionHasRegistered) {
  Use({"a", "b"});
  machine_->Start(now_);
  EXPECT_THAT(Actions(), ElementsAre("initStart-init", "launch-extensions"));
  EXPECT_FALSE(machine_->Register("a", "1", {"INVOKE"}).refused());
  EXPECT_THAT(Actions(), ElementsAre());
  EXPECT_FALSE(machine_->Register("b", "2", {}).refused());
  EXPECT_THAT(Actions(), ElementsAre("launch-runtime"));
}

TEST_F(InvokeStateMachineTest, InitEndsWhenRuntimeAndExtensionsAreParked) {
  Use({"ext"});
  machine_->Start(now_);
  machine_->Register("ext", "id", {"INVOKE"});
  Actions();
  machine_->RuntimeNext(7, now_ + 1);
  EXPECT_THAT(Actions(), ElementsAre("initRuntimeDone-success"));
  machine_->ExtensionNext("id", 8, now_ + 2);
  EXPECT_THAT(Actions(), ElementsAre("ext-Ready", "initReport-success", "parked"));
}

TEST_F(InvokeStateMachineTest, InvocationEndsWhenTheLastExtensionAsksForNext) {
  Use({"ext"});
  Initialise();
  machine_->Invoke("r1", now_);
  EXPECT_THAT(Actions(), ElementsAre("start", "invoke", "event"));
  EXPECT_FALSE(machine_->RuntimeAnswer("r1", "", 12, now_ += kMillisecond).refused());
  EXPECT_THAT(Actions(), ElementsAre());
  machine_->RuntimeNext(3, now_ += kMillisecond);
  EXPECT_THAT(Actions(), ElementsAre("runtimeDone-success"));
  machine_->ExtensionNext("id", 4, now_ += 3 * kMillisecond);
  EXPECT_THAT(Actions(), ElementsAre("report-success", "done", "parked"));
  EXPECT_DOUBLE_EQ(outcome_.duration_ms, 5);
  EXPECT_DOUBLE_EQ(outcome_.overhead_ms, 3);
  EXPECT_DOUBLE_EQ(outcome_.init_ms, 100);
  EXPECT_EQ(outcome_.billed_ms, 105) << "the init phase is billed";
}

TEST_F(InvokeStateMachineTest, OnlyTheFirstInvocationCarriesTheInitDuration) {
  Initialise();
  for (const char* id : {"r1", "r2"}) {
    machine_->Invoke(id, now_);
    machine_->RuntimeAnswer(id, "", 0, now_);
    machine_->RuntimeNext(9, now_);
    Actions();
  }
  EXPECT_EQ(outcome_.request_id, "r2");
  EXPECT_DOUBLE_EQ(outcome_.init_ms, -1);
}

TEST_F(InvokeStateMachineTest, ReportedFunctionErrorIsAnErrorAndKeepsTheEnvironment) {
  Initialise();
  machine_->Invoke("r1", now_);
  machine_->RuntimeAnswer("r1", "ValueError", 9, now_);
  machine_->RuntimeNext(3, now_);
  EXPECT_THAT(Actions(), ElementsAre("start", "event", "runtimeDone-error-ValueError",
                                     "report-error-ValueError", "done", "parked"));
}

TEST_F(InvokeStateMachineTest, WrongRequestIdSecondAnswerAndEarlyNextAreRefused) {
  Initialise();
  machine_->Invoke("r1", now_);
  EXPECT_EQ(machine_->RuntimeAnswer("r0", "", 0, now_).error_type, "InvalidRequestID");
  EXPECT_EQ(machine_->RuntimeNext(3, now_).error_type, "InvalidStateTransition");
  EXPECT_FALSE(machine_->RuntimeAnswer("r1", "", 0, now_).refused());
  EXPECT_TRUE(machine_->RuntimeAnswer("r1", "", 0, now_).refused());
}

TEST_F(InvokeStateMachineTest, TimeoutResetsWithThirtyPercentForTheRuntimeThenShutdown) {
  Use({"ext"});
  Initialise();
  machine_->Invoke("r1", now_);
  machine_->ExtensionNext("id", 5, now_ + 1);
  Actions();
  EXPECT_EQ(machine_->NextDeadline(), now_ + 3 * kSecond);
  machine_->OnTime(now_ += 3 * kSecond);
  EXPECT_THAT(Actions(),
              ElementsAre("runtimeDone-timeout-Sandbox.Timedout", "report-timeout-Sandbox.Timedout",
                          "done", "shutdown", "term-runtime"));
  EXPECT_DOUBLE_EQ(outcome_.duration_ms, 3000);
  EXPECT_EQ(machine_->NextDeadline(), now_ + 600 * kMillisecond);
  machine_->OnTime(now_ + 600 * kMillisecond);
  EXPECT_THAT(Actions(), ElementsAre("kill-runtime"));
  machine_->RuntimeExited(true, now_ + 601 * kMillisecond);
  EXPECT_THAT(Actions(), ElementsAre("shutdown-TIMEOUT"));
  EXPECT_EQ(machine_->NextDeadline(), now_ + 2 * kSecond);
  machine_->OnTime(now_ + 2 * kSecond);
  EXPECT_THAT(Actions(), ElementsAre("kill-extension"));
  machine_->ExtensionExited(0, true, now_ + 2 * kSecond + 1);
  EXPECT_THAT(Actions(), ElementsAre("gone"));
}

TEST_F(InvokeStateMachineTest, RuntimeIsKilledAtOnceWithoutExtensions) {
  Initialise();
  machine_->Shutdown(ShutdownReason::kSpindown, now_);
  EXPECT_THAT(Actions(), ElementsAre("shutdown", "kill-runtime"));
  machine_->RuntimeExited(true, now_);
  EXPECT_THAT(Actions(), ElementsAre("drop", "gone"));
}

TEST_F(InvokeStateMachineTest, InternalExtensionGivesTheRuntimeItsShareOfHalfASecond) {
  machine_->Start(now_);
  EXPECT_EQ(machine_->Register("inside", "1", {"SHUTDOWN"}).error_type,
            "ShutdownEventNotSupportedForInternalExtension");
  EXPECT_FALSE(machine_->Register("inside", "1", {"INVOKE"}).refused());
  machine_->RuntimeNext(1, now_);
  machine_->ExtensionNext("1", 2, now_);
  machine_->Shutdown(ShutdownReason::kSpindown, now_);
  Actions();
  EXPECT_EQ(machine_->NextDeadline(), now_ + 150 * kMillisecond);
}

TEST_F(InvokeStateMachineTest, NextEventAfterACrashInitialisesInsideTheInvocation) {
  Initialise();
  machine_->Invoke("r1", now_);
  machine_->RuntimeExited(true, now_);
  EXPECT_THAT(Actions(),
              ElementsAre("start", "event", "runtimeDone-failure-Runtime.ExitError",
                          "report-failure-Runtime.ExitError", "done", "shutdown", "gone"));
  machine_->Invoke("r2", now_);
  EXPECT_THAT(Actions(), ElementsAre("initStart-invoke", "launch-extensions", "launch-runtime"));
  machine_->RuntimeNext(1, now_ += 80 * kMillisecond);
  EXPECT_THAT(Actions(),
              ElementsAre("initRuntimeDone-success", "initReport-success", "start", "event"));
  machine_->RuntimeAnswer("r2", "", 0, now_);
  machine_->RuntimeNext(2, now_);
  Actions();
  EXPECT_DOUBLE_EQ(outcome_.init_ms, -1) << "a suppressed init is part of the duration";
  EXPECT_DOUBLE_EQ(outcome_.duration_ms, 80);
}

TEST_F(InvokeStateMachineTest, FailedInitIsReportedAndTriedAgainInTheInvocation) {
  machine_->Start(now_);
  machine_->RuntimeExited(true, now_);
  EXPECT_THAT(Actions(), ElementsAre("initStart-init", "launch-extensions", "launch-runtime",
                                     "initRuntimeDone-error-Runtime.ExitError",
                                     "initReport-error-Runtime.ExitError", "shutdown", "gone"));
  machine_->Invoke("r1", now_);
  machine_->RuntimeInitError("Runtime.ImportModuleError", now_);
  EXPECT_THAT(Actions(), ElementsAre("initStart-invoke", "launch-extensions", "launch-runtime",
                                     "initRuntimeDone-error-Runtime.ImportModuleError",
                                     "initReport-error-Runtime.ImportModuleError", "start",
                                     "runtimeDone-error-Runtime.ImportModuleError",
                                     "report-error-Runtime.ImportModuleError", "done", "shutdown",
                                     "kill-runtime"));
}

TEST_F(InvokeStateMachineTest, ExtensionThatNeverRegistersTimesTheInitOut) {
  Use({"ext"});
  machine_->Start(now_);
  Actions();
  EXPECT_EQ(machine_->NextDeadline(), now_ + 10 * kSecond);
  machine_->OnTime(now_ + 10 * kSecond);
  EXPECT_THAT(Actions(), ElementsAre("ext-Started", "initReport-timeout-Sandbox.Timedout",
                                     "shutdown", "kill-extension"));
}

TEST_F(InvokeStateMachineTest, AnyExitOfAnExtensionOutsideShutdownIsACrash) {
  Use({"ext"});
  Initialise();
  machine_->Invoke("r1", now_);
  Actions();
  machine_->ExtensionExited(0, true, now_);
  EXPECT_THAT(Actions(),
              ElementsAre("runtimeDone-failure-Extension.Crash", "report-failure-Extension.Crash",
                          "done", "shutdown", "term-runtime"));
}

TEST_F(InvokeStateMachineTest, ExtensionThatCannotBeLaunchedFailsTheInit) {
  Use({"ext"});
  machine_->Start(now_);
  Actions();
  machine_->ExtensionExited(0, false, now_);
  EXPECT_THAT(Actions(), ElementsAre("ext-InitError", "initReport-error-Extension.LaunchError",
                                     "shutdown", "gone"));
}

TEST_F(InvokeStateMachineTest, ShutdownWaitsForABusyExtensionToAskForIt) {
  Use({"ext"});
  Initialise();
  machine_->Invoke("r1", now_);
  machine_->RuntimeExited(true, now_);  // the extension has not called next again
  Actions();
  EXPECT_FALSE(machine_->ExtensionNext("id", 9, now_).refused());
  EXPECT_THAT(Actions(), ElementsAre("shutdown-FAILURE"));
}

TEST_F(InvokeStateMachineTest, RegistrationIsRefusedByTheRulesOfTheApi) {
  Use({"ext"});
  machine_->Start(now_);
  EXPECT_EQ(machine_->Register("", "x", {}).error_type, "Extension.InvalidExtensionName");
  EXPECT_EQ(machine_->Register("ext", "x", {"FOO"}).error_type, "Extension.InvalidEventType");
  EXPECT_FALSE(machine_->Register("ext", "x", {}).refused());
  EXPECT_EQ(machine_->Register("ext", "y", {}).error_type, "Extension.InvalidExtensionState");
  for (int i = 0; i < 9; ++i) {
    EXPECT_FALSE(machine_->Register(std::string(1, static_cast<char>('a' + i)), "i", {}).refused());
  }
  EXPECT_EQ(machine_->Register("z", "z", {}).error_type, "Extension.TooManyExtensions");
  EXPECT_EQ(machine_->ExtensionNext("nobody", 1, now_).error_type,
            "Extension.UnknownExtensionIdentifier");
}

TEST_F(InvokeStateMachineTest, RegistrationAndSubscriptionCloseWithTheInit) {
  Use({"ext"});
  Initialise();
  EXPECT_EQ(machine_->Register("late", "x", {}).error_type, "Extension.RegistrationClosed");
  std::string name;
  EXPECT_EQ(machine_->Subscribe("id", &name).error_type, "Telemetry.SubscriptionClosed");
}

TEST_F(InvokeStateMachineTest, RefusedExtensionsHoldNothingUp) {
  Use({"ext"}, /*refuse=*/true);
  machine_->Start(now_);
  EXPECT_TRUE(machine_->Register("ext", "id", {}).refused());
  machine_->RuntimeNext(1, now_);
  EXPECT_EQ(machine_->stage(), Stage::kParked);
  machine_->ExtensionExited(0, true, now_);
  EXPECT_EQ(machine_->stage(), Stage::kParked);
  machine_->Shutdown(ShutdownReason::kSpindown, now_);
  machine_->RuntimeExited(true, now_);
  EXPECT_EQ(machine_->stage(), Stage::kNone);
}

TEST_F(InvokeStateMachineTest, NextAskedTwiceAnswersTheNewerRequest) {
  Use({"ext"});
  Initialise();
  machine_->ExtensionNext("id", 41, now_);
  EXPECT_THAT(Actions(), ElementsAre("drop"));
  machine_->Invoke("r1", now_);
  for (const MachineAction& action : machine_->TakeActions()) {
    if (const auto* answer = std::get_if<AnswerInvoke>(&action)) {
      EXPECT_EQ(answer->ticket, 41u);
    }
  }
}

TEST_F(InvokeStateMachineTest, ShutdownDuringAnInvocationEndsItAsAFailure) {
  Initialise();
  machine_->Invoke("r1", now_);
  Actions();
  machine_->Shutdown(ShutdownReason::kSpindown, now_);
  EXPECT_THAT(Actions(),
              ElementsAre("runtimeDone-failure-Sandbox.Terminated",
                          "report-failure-Sandbox.Terminated", "done", "shutdown", "kill-runtime"));
}

}  // namespace
}  // namespace lambent::local
