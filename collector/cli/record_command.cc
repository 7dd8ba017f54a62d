// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <memory>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

#include "collector/cli/command_list.h"
#include "collector/cli/words.h"
#include "collector/cli/write_output.h"
#include "collector/record/recording.h"
#include "collector/record/summary.h"
#include "collector/render/render.h"

namespace lambent::cli {
namespace {

using record::RecordOptions;

constexpr uint32_t kMaxHz = 1000;

// A line that is written over itself while the recording goes on; nothing where nobody reads along.
class ProgressLine {
 public:
  ProgressLine(std::ostream& err, bool shown) : err_(err), shown_(shown) {}
  ~ProgressLine() {
    if (drawn_) err_ << "\r\033[K" << std::flush;
  }

  void Draw(const std::string& target, const record::Recording::Progress& progress) {
    if (!shown_) return;
    err_ << "\r\033[K"
         << absl::StrFormat("recording %s: %.0f s, %d samples; %s", Printable(target).substr(0, 40),
                            absl::ToDoubleSeconds(progress.elapsed), progress.samples,
                            progress.ending ? "waiting for the command to end" : "Ctrl-C ends it")
         << std::flush;
    drawn_ = true;
  }

 private:
  std::ostream& err_;
  const bool shown_;
  bool drawn_ = false;
};

absl::Status Wrong(const std::string& what) {
  return absl::InvalidArgumentError("record: " + what);
}

absl::StatusOr<absl::Duration> DurationOf(const std::string& text) {
  double seconds = 0;
  absl::Duration duration;
  if (absl::SimpleAtod(text, &seconds)) {
    duration = absl::Seconds(seconds);
  } else if (!absl::ParseDuration(text, &duration)) {
    return Wrong(absl::StrCat("--duration ", text, ": want seconds (10, 0.5) or 90s, 5m, 1h"));
  }
  // Also what is no number at all.
  if (!(duration > absl::ZeroDuration())) {
    return Wrong(absl::StrCat("--duration ", text, ": must be above 0"));
  }
  return duration;
}

absl::StatusOr<RecordOptions> OptionsOf(const Call& call) {
  const Arguments& given = call.arguments;
  RecordOptions options;
  options.command = call.words;
  if (given.has("pid") == !options.command.empty()) {
    return Wrong(given.has("pid") ? "--pid and a command exclude each other"
                                  : "what is to be recorded? --pid PID, or -- COMMAND ARGUMENTS…");
  }
  if (given.has("pid") &&
      (!absl::SimpleAtoi(given.value("pid"), &options.pid) || options.pid < 1)) {
    return Wrong(absl::StrCat("--pid ", given.value("pid"), ": is not a process id"));
  }
  if (given.has("rate") && (!absl::SimpleAtoi(given.value("rate"), &options.sample_hz) ||
                            options.sample_hz < 1 || options.sample_hz > kMaxHz)) {
    return Wrong(
        absl::StrCat("--rate ", given.value("rate"), ": want 1 to ", kMaxHz, " samples a second"));
  }
  if (given.has("duration")) {
    const absl::StatusOr<absl::Duration> duration = DurationOf(given.value("duration"));
    if (!duration.ok()) return duration.status();
    options.duration = *duration;
  }
  options.children = given.value("children") == "true";
  options.thread_roots = given.value("threads") == "true";
  options.native = given.value("native") != "false" && given.value("no-native") != "true";
  options.lines = given.value("lines") == "true";
  options.inlined = given.value("no-inline") != "true";
  options.debug_directories = given.values("debug-dir");
  options.with_lock = given.value("gil") == "true";
  for (int rung = 0; rung < kRungCount; ++rung) {
    if (given.value("rung") == RungName(static_cast<Rung>(rung))) {
      options.rung = static_cast<Rung>(rung);
    }
  }
  return options;
}

// "record-python3.html": after the program, or the process's id.
std::string StandardName(const RecordOptions& options, const std::string& format) {
  std::string what = absl::StrCat(options.pid);
  if (options.pid == 0) {
    const std::string& program = options.command[0];
    what = program.substr(program.rfind('/') + 1);
  }
  return OutputName({"record", what}, ExtensionOf(format));
}

std::string FormatOf(const Call& call) {
  return call.arguments.has("format") ? call.arguments.value("format") : "html";
}

int WriteProfile(const Call& call, const RecordOptions& options, const record::Recorded& recorded) {
  const std::string format = FormatOf(call);
  const collector::Weight weight =
      call.arguments.value("mode") == "cpu" ? collector::Weight::kCpu : collector::Weight::kWall;
  const absl::StatusOr<std::string> content =
      collector::Render(*recorded.profile, *collector::ParseFormat(format), weight);
  if (!content.ok()) return Fail(call, content.status());
  const std::string name = StandardName(options, format);
  call.around.err << record::SummaryText(recorded) << "\n";
  const int code = WriteOutput(call, name, *content);
  const std::string path = call.arguments.has("output") ? call.arguments.value("output") : name;
  // Standard output is the profile's when it was asked for there.
  if (call.json)
    (path == "-" ? call.around.err : call.around.out)
        << record::SummaryJson(recorded, path) << "\n";
  return code;
}

int Run(const Call& call) {
  const absl::StatusOr<RecordOptions> options = OptionsOf(call);
  if (!options.ok()) return Fail(call, options.status());
  // Not after an hour of recording.
  if (absl::Status s = CheckOutput(call, StandardName(*options, FormatOf(call))); !s.ok()) {
    return Fail(call, absl::Status(s.code(), absl::StrCat("record: ", s.message())));
  }
  absl::StatusOr<std::unique_ptr<record::Recording>> recording = record::Recording::Start(*options);
  if (!recording.ok()) {
    return Fail(call, absl::Status(recording.status().code(),
                                   absl::StrCat("record: ", recording.status().message())));
  }
  {
    // A command writes to the terminal itself; the line would run through its output.
    const bool shown =
        call.around.err_is_terminal && (options->pid != 0 || !call.around.out_is_terminal);
    ProgressLine line(call.around.err, shown);
    (*recording)->Run([&](const record::Recording::Progress& progress) {
      line.Draw((*recording)->target(), progress);
    });
  }
  const absl::StatusOr<record::Recorded> recorded = (*recording)->Finish();
  if (!recorded.ok()) return Fail(call, recorded.status());
  int code = kNothingMatched;
  if (recorded->profile.has_value()) {
    code = WriteProfile(call, *options, *recorded);
  } else {
    call.around.err << "lambent: record: " << Printable(record::WhyEmpty(*recorded)) << "\n";
  }
  if (options->pid == 0 && !recorded->command_end.has_value()) {
    call.around.err << "the command goes on; waiting for it (Ctrl-C to leave it)\n" << std::flush;
    (*recording)->AwaitCommand();
  }
  return code;
}

}  // namespace

Command RecordCommand() {
  Command command;
  command.name = "record";
  command.summary = "a flame graph of any program of this machine, no Lambda and no collector";
  command.usage = "[FLAGS] (--pid PID | -- COMMAND ARGUMENTS…)";
  command.description = absl::StrFormat(
      "Samples the stacks of native and Python programs, without a change to them, until the "
      "program\n"
      "ends, --duration is over or Ctrl-C. Ctrl-C reaches the command as it would without "
      "lambent;\n"
      "it has two seconds to end before the profile is written without the rest of it. It is "
      "never\n"
      "killed. Needs no root for own processes.\n"
      "\n"
      "Sampling may take %.0f %% of one CPU, the time that threads stand still for it included. "
      "Where "
      "--rate\n"
      "would take more the rate is lowered, at most to a thirty-second, and raised again when it "
      "fits; "
      "the\n"
      "profile and the summary say the rate there was and why.",
      100 * record::kOverheadBudget);
  command.flags = {
      {"pid", "PID", "a process that runs already", {}, "p"},
      {"rate", "HZ", "samples a second of each thread, 1 to 1000 (99)", {}, "r"},
      {"duration", "S", "end after so many seconds, or 90s, 5m (when the program ends)", {}, "d"},
      {"format",
       "FORMAT",
       "what to write (html)",
       {"html", "svg", "folded", "pprof", "speedscope", "json", "gperftools"},
       ""},
      {"output", "FILE", "write here; - is standard output", {}, "o"},
      {"mode",
       "MODE",
       "wall: all of the time, waiting too (default); cpu: the time on a CPU",
       {"wall", "cpu"},
       ""},
      {"children", "", "its child processes too, each program a tower of its own", {}, "c"},
      {"threads", "", "each thread a tower of its own", {}, "t"},
      {"native", "", "C functions called from Python too, in their place (default)", {}, ""},
      {"lines", "", "tell frames apart by the line they execute", {}, "l"},
      {"gil", "", "only while a thread held its Python's global lock", {}, ""},
      {"no-inline",
       "",
       "functions that were inlined belong to the ones they were inlined into",
       {},
       ""},
      {"debug-dir",
       "DIR",
       "debugging information of native code is in DIR/.build-id too (/usr/lib/debug); may be "
       "given "
       "again",
       {},
       ""},
      {"no-native",
       "",
       "Python's frames only: a running thread need not be stopped for them",
       {},
       ""},
      {"rung",
       "RUNG",
       "how stacks of running threads are taken (auto): see lambent doctor",
       {"auto", "blocked", "consistent-read", "agent", "stop", "perf"},
       ""},
  };
  command.takes_words = true;
  command.examples = {"lambent record -o out.html -- python3 script.py",
                      "lambent record --pid 1234 --duration 10 --format pprof -o server.pb.gz",
                      "lambent record --mode cpu --rate 499 --format folded -o - -- ./program"};
  command.run = Run;
  return command;
}

}  // namespace lambent::cli
