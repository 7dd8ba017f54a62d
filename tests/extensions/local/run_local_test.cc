// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
// Runs real processes: our Python runtime client, a recording extension (fixtures/recorder.py),
// shells.
#include "extensions/local/run_local.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"

#include "profiler/os/environment.h"
#include "profiler/os/program_path.h"
#include "profiler/os/temp_dir.h"

namespace lambent::local {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using Json = nlohmann::json;

const char* const kFixtures = LAMBENT_SOURCE_DIR "/tests/extensions/local/fixtures";

std::string ReadFile(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::vector<Json> ReadLines(const fs::path& path) {
  std::vector<Json> lines;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) lines.push_back(Json::parse(line));
  return lines;
}

class RunLocalTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const os::Environment ours = os::ReadEnvironment();
    if (!os::FindProgram("python3", std::string(os::ValueOf(ours, "PATH"))).ok()) {
      GTEST_SKIP() << "python3 is not in PATH";
    }
    for (const char* folder : {"record", "extensions"}) fs::create_directory(Dir() / folder);
  }

  fs::path Dir() const { return dir_.path(); }

  void AddExtension(const std::string& name) {
    fs::copy_file(fs::path(kFixtures) / "recorder.py", Dir() / "extensions" / name);
  }

  // Runs the fixture's handler, or `command` after --.
  int Run(std::vector<std::string> arguments, std::vector<std::string> command = {}) {
    std::vector<std::string> all = {"--task-root",    kFixtures,
                                    "--handler",      "handler.handle",
                                    "--env",          "RECORD_DIR=" + (Dir() / "record").string(),
                                    "--extensions",   Dir() / "extensions",
                                    "--response-dir", Dir() / "responses",
                                    "--report",       Dir() / "report",
                                    "--seed",         "42"};
    if (command.empty()) all.insert(all.end(), {"--runtime", "python"});
    all.insert(all.end(), arguments.begin(), arguments.end());
    if (!command.empty()) all.emplace_back("--");
    all.insert(all.end(), command.begin(), command.end());
    ::testing::internal::CaptureStdout();
    const int status = RunLocal(all);
    output_ = ::testing::internal::GetCapturedStdout();
    reports_ = ReadLines(Dir() / "report");
    return status;
  }

  // The bytes of response n.
  std::string Response(int n) const {
    for (const auto& entry : fs::directory_iterator(Dir() / "responses")) {
      const std::string name = entry.path().filename();
      if (name.rfind(std::to_string(n) + "-", 0) == 0) return ReadFile(entry.path());
    }
    return "(none)";
  }

  // What the extension wrote down, of one kind.
  std::vector<Json> Notes(const std::string& extension, const std::string& what) const {
    std::vector<Json> notes;
    for (Json& note : ReadLines(Dir() / "record" / (extension + ".jsonl"))) {
      if (note["what"] == what) notes.push_back(std::move(note));
    }
    return notes;
  }

  std::vector<std::string> EventsOf(const std::string& extension) const {
    std::vector<std::string> events;
    for (const Json& note : Notes(extension, "event")) {
      const Json& event = note["event"];
      events.push_back(event["eventType"] == "SHUTDOWN" ? event["shutdownReason"].get<std::string>()
                                                        : event["eventType"].get<std::string>());
    }
    return events;
  }

  std::vector<std::string> TelemetryTypes(const std::string& extension) const {
    std::vector<std::string> types;
    for (const Json& note : Notes(extension, "telemetry")) {
      const Json& event = note["event"];
      types.push_back(event.is_object() ? event.value("type", "?") : "?");
    }
    return types;
  }

  void ExpectNoProcessLeft() {
    std::vector<int> pids;
    std::ifstream runtimes(Dir() / "record" / "runtime_pids");
    for (int pid = 0; runtimes >> pid;) pids.push_back(pid);
    for (const auto& entry : fs::directory_iterator(Dir() / "record")) {
      if (entry.path().extension() != ".jsonl") continue;
      for (const Json& note : ReadLines(entry.path())) pids.push_back(note["pid"].get<int>());
    }
    EXPECT_FALSE(pids.empty());
    for (int pid : pids) EXPECT_FALSE(fs::exists("/proc/" + std::to_string(pid))) << pid;
  }

  const os::TempDir dir_ = *os::TempDir::Create("lambent-local-test-");
  std::string output_;
  std::vector<Json> reports_;
};

TEST_F(RunLocalTest, PythonHandlerAnswersEachEvent) {
  EXPECT_EQ(Run({"--event", R"({"a":"\u00e9"})", "--event", R"({"then":"context"})"}), 0);
  EXPECT_EQ(Response(1), R"({"echo": {"a": "é"}})");
  const Json context = Json::parse(Response(2));
  EXPECT_EQ(context["id"], reports_[1]["requestId"]);
  EXPECT_EQ(context["arn"], "arn:aws:lambda:us-east-1:123456789012:function:function");
  EXPECT_EQ(context["left"], true);
  ASSERT_EQ(reports_.size(), 2u);
  EXPECT_EQ(reports_[0]["status"], "success");
  EXPECT_GT(reports_[0]["initDurationMs"], 0);
  EXPECT_GT(reports_[0]["maxMemoryUsedMB"], 0);
  EXPECT_FALSE(reports_[1].contains("initDurationMs"));
  EXPECT_THAT(output_, HasSubstr("START RequestId: " + reports_[0]["requestId"].get<std::string>() +
                                 " Version: $LATEST\n"));
}

TEST_F(RunLocalTest, FunctionErrorGoesToTheCallerAndTheEnvironmentStays) {
  EXPECT_EQ(Run({"--event", R"({"then":"raise"})", "--event", "{}", "--fail-on-error"}), 1);
  const Json error = Json::parse(Response(1));
  EXPECT_EQ(error["errorType"], "ValueError");
  EXPECT_EQ(error["errorMessage"], "no <such> thing");
  EXPECT_THAT(error["stackTrace"].dump(), HasSubstr("in handle"));
  EXPECT_EQ(reports_[0]["status"], "error");
  EXPECT_EQ(reports_[1]["status"], "success");
}

TEST_F(RunLocalTest, TimeoutResetsTheEnvironmentAndTheNextEventIsAnswered) {
  AddExtension("recorder");
  EXPECT_EQ(Run({"--timeout", "1.5", "--event", R"({"then":"hang"})", "--event", "{}"}), 0);
  EXPECT_THAT(Response(1), HasSubstr("Task timed out after 1.50 seconds"));
  EXPECT_EQ(Response(2), R"({"echo": {}})");
  EXPECT_EQ(reports_[0]["status"], "timeout");
  EXPECT_EQ(reports_[1]["status"], "success");
  EXPECT_THAT(EventsOf("recorder"),
              ::testing::ElementsAre("INVOKE", "TIMEOUT", "INVOKE", "SPINDOWN"));
  EXPECT_EQ(Notes("recorder", "registered").size(), 2u);
  ExpectNoProcessLeft();
}

TEST_F(RunLocalTest, KilledRuntimeIsAnExitErrorAndTheExtensionHearsOfIt) {
  AddExtension("recorder");
  EXPECT_EQ(Run({"--event", R"({"then":"die"})", "--event", R"({"then":"leave"})"}), 0);
  EXPECT_THAT(Response(1), HasSubstr("Runtime exited with error: signal: killed"));
  EXPECT_THAT(Response(2), HasSubstr("Runtime exited with error: exit status 3"));
  EXPECT_EQ(reports_[0]["status"], "failure");
  EXPECT_EQ(reports_[0]["errorType"], "Runtime.ExitError");
  EXPECT_THAT(EventsOf("recorder"),
              ::testing::ElementsAre("INVOKE", "FAILURE", "INVOKE", "FAILURE"));
}

TEST_F(RunLocalTest, RuntimeThatExitsInInitIsTriedOnceMoreAndReported) {
  EXPECT_EQ(Run({"--event", "{}"}, {"sh", "-c", "echo x >> $RECORD_DIR/starts; exit 3"}), 4);
  EXPECT_EQ(ReadFile(Dir() / "record" / "starts"), "x\nx\n");
  EXPECT_EQ(reports_[0]["errorType"], "Runtime.ExitError");
  EXPECT_THAT(output_, HasSubstr("INIT_REPORT Init Duration: "));
  EXPECT_THAT(output_, HasSubstr("Phase: init\tStatus: error\tError Type: Runtime.ExitError"));
}

TEST_F(RunLocalTest, ErrorInTheModuleIsReportedByInitError) {
  EXPECT_EQ(Run({"--event", "{}", "--env", "HANDLER_FAILS_INIT=1"}), 4);
  EXPECT_EQ(reports_[0]["errorType"], "OSError");
  EXPECT_THAT(Response(1), HasSubstr("no such table"));
}

TEST_F(RunLocalTest, MissingModuleIsAnImportModuleError) {
  EXPECT_EQ(Run({"--event", "{}", "--handler", "nowhere.handle"}), 4);
  EXPECT_EQ(reports_[0]["errorType"], "Runtime.ImportModuleError");
}

TEST_F(RunLocalTest, ExtensionsGetTheFilteredEnvironmentAndTheRuntimeTheWhole) {
  AddExtension("recorder");
  EXPECT_EQ(Run({"--event", R"({"then":"environment"})", "--memory", "512"}), 0);
  const Json runtime = Json::parse(Response(1));
  const Json extension = Notes("recorder", "registered").at(0)["environment"];
  EXPECT_EQ(runtime["_HANDLER"], "handler.handle");
  EXPECT_TRUE(runtime.contains("AWS_EXECUTION_ENV"));
  EXPECT_EQ(runtime["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"], "512");
  EXPECT_FALSE(extension.contains("_HANDLER"));
  EXPECT_FALSE(extension.contains("AWS_EXECUTION_ENV"));
  EXPECT_FALSE(extension.contains("LAMBDA_TASK_ROOT"));
  EXPECT_EQ(extension["AWS_LAMBDA_RUNTIME_API"], runtime["AWS_LAMBDA_RUNTIME_API"]);
}

TEST_F(RunLocalTest, RuntimeIsStartedThroughTheExecWrapper) {
  const fs::path wrapper = Dir() / "wrapper";
  std::ofstream(wrapper) << "#!/bin/sh\nexport WRAPPED=\"$#: $1\"\nexec \"$@\"\n";
  fs::permissions(wrapper, fs::perms::owner_all);
  EXPECT_EQ(Run({"--event", R"({"then":"environment"})", "--env",
                 "AWS_LAMBDA_EXEC_WRAPPER=" + wrapper.string()}),
            0);
  const std::string wrapped = Json::parse(Response(1))["WRAPPED"];
  EXPECT_THAT(wrapped, ::testing::MatchesRegex("4: /.*/python3.*"));
  EXPECT_EQ(Run({"--event", "{}", "--env", "AWS_LAMBDA_EXEC_WRAPPER=" + (Dir() / "no").string()}),
            4);
}

TEST_F(RunLocalTest, ExtensionThatCrashesInAnInvocationFailsIt) {
  AddExtension("recorder");
  EXPECT_EQ(Run({"--event", R"({"then":"hang"})", "--env-extensions", "RECORD_CRASH_ON=INVOKE"}),
            0);
  EXPECT_EQ(reports_[0]["errorType"], "Extension.Crash");
  EXPECT_EQ(reports_[0]["status"], "failure");
  EXPECT_THAT(Response(1), HasSubstr("extension recorder: exit status 7"));
  ExpectNoProcessLeft();
}

TEST_F(RunLocalTest, ExtensionThatDiesBeforeItRegistersFailsTheInit) {
  AddExtension("recorder");
  EXPECT_EQ(Run({"--event", "{}", "--env-extensions", "RECORD_CRASH_ON=register"}), 4);
  EXPECT_EQ(reports_[0]["errorType"], "Extension.Crash");
}

TEST_F(RunLocalTest, FileThatCannotBeExecutedIsALaunchError) {
  std::ofstream(Dir() / "extensions" / "plain.txt") << "not a program";
  EXPECT_EQ(Run({"--event", "{}"}), 4);
  EXPECT_EQ(reports_[0]["errorType"], "Extension.LaunchError");
}

TEST_F(RunLocalTest, RefusedRegistrationLeavesTheFunctionAlone) {
  AddExtension("recorder");
  EXPECT_EQ(Run({"--event", "{}", "--register-refuse"}), 0);
  EXPECT_EQ(Response(1), R"({"echo": {}})");
  EXPECT_EQ(Notes("recorder", "registered").at(0)["status"], 403);
  ExpectNoProcessLeft();
}

TEST_F(RunLocalTest, FreezeStopsTheRuntime) {
  EXPECT_EQ(Run({"--event", R"({"then":"watch"})", "--event", "{}", "--freeze-ms", "400"}), 0);
  EXPECT_EQ(ReadFile(Dir() / "record" / "state"), "T");
  EXPECT_EQ(Response(2), R"({"echo": {}})") << "and it goes on after the thaw";
}

TEST_F(RunLocalTest, TelemetryTellsTheLifeInOrderAndReportsAfterTheThaw) {
  AddExtension("recorder");
  EXPECT_EQ(Run({"--event", R"({"then":"print"})", "--invocations", "2", "--freeze-ms", "300",
                 "--env-extensions", "RECORD_TELEMETRY=1"}),
            0);
  const std::vector<std::string> types = TelemetryTypes("recorder");
  const std::vector<std::string> expected = {"platform.initStart",
                                             "platform.telemetrySubscription",
                                             "extension",
                                             "platform.initRuntimeDone",
                                             "platform.extension",
                                             "platform.initReport",
                                             "platform.start",
                                             "function",
                                             "function",
                                             "platform.runtimeDone",
                                             "platform.report",
                                             "platform.start",
                                             "function",
                                             "function",
                                             "platform.runtimeDone",
                                             "platform.report"};
  // The extension's own line is free to come anywhere in the init.
  std::vector<std::string> platform = types;
  std::vector<std::string> wanted = expected;
  for (auto* list : {&platform, &wanted}) {
    list->erase(std::remove(list->begin(), list->end(), "extension"), list->end());
  }
  EXPECT_EQ(platform, wanted);
  EXPECT_EQ(std::count(types.begin(), types.end(), "extension"), 1);

  // The report of the first invocation came after a freeze, which lay after its second next.
  std::vector<Json> reports;
  for (const Json& note : Notes("recorder", "telemetry")) {
    if (note["event"]["type"] == "platform.report") reports.push_back(note);
    if (note["event"]["type"] != "platform.initStart") continue;
    EXPECT_THAT(note["event"]["record"].value("runtimeVersion", ""),
                ::testing::MatchesRegex("python:3(\\.[0-9]+)?\\.v1"));
  }
  const Json second_next = Notes("recorder", "next").at(1);
  EXPECT_GE(reports.at(0)["at"].get<double>() - second_next["at"].get<double>(), 0.3);
  EXPECT_EQ(reports.at(0)["event"]["record"]["requestId"], reports_[0]["requestId"]);
  EXPECT_EQ(Notes("recorder", "goodbye").size(), 1u);
}

TEST_F(RunLocalTest, QuietLeavesOnlyResponsesAndStandardError) {
  ::testing::internal::CaptureStderr();
  EXPECT_EQ(Run({"--event", R"({"then":"print"})", "--quiet"}), 0);
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "line one\nline two\n");
  EXPECT_EQ(output_, Response(1) + "\n");
}

TEST_F(RunLocalTest, ShutdownReachesExtensionsAfterTheRuntimeWasTerminated) {
  AddExtension("recorder");
  EXPECT_EQ(Run({"--event", "{}"}), 0);
  const std::vector<Json> events = Notes("recorder", "event");
  EXPECT_EQ(events.back()["event"]["eventType"], "SHUTDOWN");
  EXPECT_EQ(events.back()["runtime_terminated"], true);
  EXPECT_EQ(events.front()["runtime_terminated"], false);
}

TEST_F(RunLocalTest, ExtensionsThatIgnoreOrDoNotWantShutdownAreKilled) {
  AddExtension("recorder");
  EXPECT_EQ(Run({"--event", "{}", "--env-extensions", "RECORD_STUBBORN=1"}), 0);
  EXPECT_THAT(EventsOf("recorder"), ::testing::ElementsAre("INVOKE", "SPINDOWN"));
  ExpectNoProcessLeft();
  EXPECT_EQ(Run({"--event", "{}", "--env-extensions", "RECORD_EVENTS=INVOKE"}), 0);
  EXPECT_THAT(EventsOf("recorder"), ::testing::ElementsAre("INVOKE", "SPINDOWN", "INVOKE"));
  ExpectNoProcessLeft();
}

TEST_F(RunLocalTest, ManyInvocationsWithOddRequestIds) {
  AddExtension("one");
  AddExtension("two");
  EXPECT_EQ(Run({"--event", R"({"n":1})", "--event", R"({"n":2})", "--invocations", "12",
                 "--odd-request-ids", "--freeze-ms", "0-5"}),
            0);
  ASSERT_EQ(reports_.size(), 12u);
  for (int n = 1; n <= 12; ++n) {
    EXPECT_EQ(Response(n), n % 2 == 1 ? R"({"echo": {"n": 1}})" : R"({"echo": {"n": 2}})");
  }
  EXPECT_THAT(reports_[0]["requestId"].get<std::string>(), HasSubstr("<b>&"));
  EXPECT_EQ(Notes("one", "event").at(0)["event"]["requestId"], reports_[0]["requestId"]);
  EXPECT_EQ(EventsOf("two").size(), 13u);
}

TEST_F(RunLocalTest, FaultyTelemetryIsDeliveredAsAskedFor) {
  AddExtension("recorder");
  EXPECT_EQ(Run({"--event", "{}", "--invocations", "2", "--env-extensions", "RECORD_TELEMETRY=1",
                 "--telemetry-faults", "late,duplicate,out-of-order,unknown,malformed"}),
            0);
  EXPECT_FALSE(Notes("recorder", "malformed").empty());
  const std::vector<std::string> types = TelemetryTypes("recorder");
  EXPECT_THAT(types, ::testing::Contains("platform.nobodyKnows"));
  EXPECT_GE(std::count(types.begin(), types.end(), "platform.initStart"), 2);
}

TEST_F(RunLocalTest, UnsupportedTelemetryIsAnsweredWith202AndNothingComes) {
  AddExtension("recorder");
  EXPECT_EQ(
      Run({"--event", "{}", "--telemetry-unsupported", "--env-extensions", "RECORD_TELEMETRY=1"}),
      0);
  EXPECT_EQ(Notes("recorder", "subscribed").at(0)["status"], 202);
  EXPECT_TRUE(Notes("recorder", "telemetry").empty());
}

TEST_F(RunLocalTest, StreamedResponsesAreTakenAndTheirTrailersCount) {
  const std::string runtime = std::string(kFixtures) + "/streaming_runtime.py";
  EXPECT_EQ(Run({"--event", "{}", "--invocations", "2"}, {"python3", runtime}), 0);
  EXPECT_EQ(Response(1), "onetwo!");
  EXPECT_EQ(reports_[0]["status"], "success");
  EXPECT_EQ(Response(2), "onetwo!");
  EXPECT_EQ(reports_[1]["errorType"], "Broken");
}

TEST_F(RunLocalTest, InterruptEndsCleanlyAndLeavesNoProcess) {
  AddExtension("recorder");
  EXPECT_EQ(Run({"--timeout", "60", "--event", R"({"then":"interrupt"})", "--event", "{}"}), 130);
  EXPECT_EQ(reports_.size(), 1u);
  EXPECT_THAT(EventsOf("recorder"), ::testing::ElementsAre("INVOKE", "SPINDOWN"));
  ExpectNoProcessLeft();
}

TEST_F(RunLocalTest, WrongUsageAndMissingPartsHaveTheirOwnExitStatus) {
  EXPECT_EQ(RunLocal(std::vector<std::string>{"--bogus"}), 2);
  EXPECT_EQ(RunLocal(std::vector<std::string>{"--event", "{}", "--task-root", "/no/such"}), 4);
  EXPECT_EQ(
      RunLocal(std::vector<std::string>{"--event", "{}", "--extensions", "/no/such", "--", "true"}),
      4);
}

}  // namespace
}  // namespace lambent::local
