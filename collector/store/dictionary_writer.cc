// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "collector/store/batch_writer.h"

// BatchWriter's first part: the dictionary.
namespace lambent::collector {

int64_t BatchWriter::Id(std::vector<int64_t> GlobalIds::*table, uint32_t index) const {
  static const GlobalIds* const kEmpty = new GlobalIds(GlobalIds::Empty());
  const std::vector<int64_t>& before = (batch_.starts_epoch ? *kEmpty : session_.ids).*table;
  if (index < before.size()) return before[index];
  return (delta_.added.*table)[index - before.size()];
}

absl::Status BatchWriter::WriteDictionary() {
  const ValidatedDictionary& dictionary = batch_.dictionary;
  for (const std::string& text : dictionary.strings) {
    const absl::StatusOr<int64_t> id = interner_.String(text);
    if (!id.ok()) return id.status();
    delta_.added.strings.push_back(*id);
    delta_.string_bytes += text.size();
  }
  for (const ValidatedDictionary::Module& module : dictionary.modules) {
    const absl::StatusOr<int64_t> build_id = interner_.String(module.build_id);
    if (!build_id.ok()) return build_id.status();
    const absl::StatusOr<int64_t> id =
        interner_.Module(Id(&GlobalIds::strings, module.path), *build_id);
    if (!id.ok()) return id.status();
    delta_.added.modules.push_back(*id);
  }
  if (absl::Status s = InternFrames(); !s.ok()) return s;
  absl::StatusOr<Statement> add_thread =
      database_.Prepare("INSERT INTO threads (environment, pid, tid, name) VALUES (?, ?, ?, ?)");
  if (!add_thread.ok()) return add_thread.status();
  for (const ValidatedDictionary::Thread& thread : dictionary.threads) {
    const absl::Status added = add_thread
                                   ->With(session_.environment, thread.pid, thread.tid,
                                          Id(&GlobalIds::strings, thread.name))
                                   .Run();
    if (!added.ok()) return added;
    delta_.added.threads.push_back(database_.LastInsertId());
  }
  return SaveDelta();
}

absl::Status BatchWriter::WantSymbols(int64_t module) {
  absl::StatusOr<Statement> want = database_.Prepare(
      "INSERT INTO symbol_tables (build_id, state, refusals) SELECT build_id, 0, 0 FROM modules"
      " WHERE id = ? AND build_id <> 0 ON CONFLICT DO NOTHING");
  if (!want.ok()) return want.status();
  return want->With(module).Run();
}

absl::Status BatchWriter::InternFrames() {
  absl::flat_hash_set<int64_t> nameless;  // modules
  for (const ValidatedDictionary::Frame& frame : batch_.dictionary.frames) {
    const absl::StatusOr<int64_t> id =
        interner_.FrameId({.name = Id(&GlobalIds::strings, frame.name),
                           .address = frame.address,
                           .file = Id(&GlobalIds::strings, frame.file),
                           .line = frame.line,
                           .current_line = frame.current_line,
                           .code_address = frame.code_address,
                           .module = Id(&GlobalIds::modules, frame.module),
                           .kind = static_cast<uint32_t>(frame.kind)});
    if (!id.ok()) return id.status();
    delta_.added.frames.push_back(*id);
    if (frame.kind == FrameKind::kNative && frame.name == 0) {
      nameless.insert(Id(&GlobalIds::modules, frame.module));
    }
  }
  for (const int64_t module : nameless) {
    if (absl::Status s = WantSymbols(module); !s.ok()) return s;
  }
  for (const ValidatedDictionary::Stack& stack : batch_.dictionary.stacks) {
    const absl::StatusOr<int64_t> id =
        interner_.Stack(Id(&GlobalIds::stacks, stack.parent), Id(&GlobalIds::frames, stack.frame));
    if (!id.ok()) return id.status();
    delta_.added.stacks.push_back(*id);
    delta_.stack_depth.push_back(stack.depth);
  }
  return absl::OkStatus();
}

absl::Status BatchWriter::SaveDelta() {
  if (batch_.starts_epoch) {
    absl::StatusOr<Statement> clear =
        database_.Prepare("DELETE FROM dictionary_deltas WHERE environment = ?");
    if (!clear.ok()) return clear.status();
    if (absl::Status s = clear->With(session_.environment).Run(); !s.ok()) return s;
  }
  const GlobalIds& added = delta_.added;
  if (added.strings.empty() && added.modules.empty() && added.frames.empty() &&
      added.stacks.empty() && added.threads.empty()) {
    return absl::OkStatus();
  }
  absl::StatusOr<Statement> save = database_.Prepare(
      "INSERT INTO dictionary_deltas (environment, epoch, sequence, content) VALUES (?, ?, ?, ?)");
  if (!save.ok()) return save.status();
  const std::string blob = EncodeDelta(delta_);
  return save->With(session_.environment, batch_.epoch, batch_.sequence, blob).Run();
}

}  // namespace lambent::collector
