// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

#include "collector/receive/content_checks.h"
#include "collector/receive/limits.h"

namespace lambent::collector {
namespace {

absl::Status Wrong(const char* column, size_t at, const std::string& what) {
  return absl::InvalidArgumentError(absl::StrCat("dictionary.", column, "[", at, "]: ", what));
}

absl::Status TooMany(const char* table, size_t size) {
  return absl::InvalidArgumentError(
      absl::StrCat("dictionary.", table, ": would grow to ", size, " entries"));
}

absl::Status Unequal(const char* table) {
  return absl::InvalidArgumentError(
      absl::StrCat("dictionary.", table, ": columns differ in length"));
}

absl::Status CheckStrings(const v1::Dictionary& in, const DictionaryExtent& extent,
                          ValidatedDictionary& out) {
  const auto count = static_cast<size_t>(in.strings_size());
  if (extent.strings + count > kMaxDictionaryStrings) {
    return TooMany("strings", extent.strings + count);
  }
  size_t bytes = extent.string_bytes;
  for (const std::string& text : in.strings()) {
    if (text.size() > kMaxStringBytes) {
      return Wrong("strings", out.strings.size(), absl::StrCat(text.size(), " bytes"));
    }
    bytes += text.size();
    out.strings.push_back(text);
  }
  if (bytes > kMaxDictionaryStringBytes) {
    return absl::InvalidArgumentError("dictionary.strings: too many bytes together");
  }
  return absl::OkStatus();
}

absl::Status CheckModules(const v1::Dictionary& in, const DictionaryExtent& extent, size_t strings,
                          ValidatedDictionary& out) {
  if (in.module_path_size() != in.module_build_id_size()) return Unequal("module");
  const auto count = static_cast<size_t>(in.module_path_size());
  if (extent.modules + count > kMaxDictionaryModules) {
    return TooMany("module", extent.modules + count);
  }
  for (int i = 0; i < in.module_path_size(); ++i) {
    const auto at = static_cast<size_t>(i);
    if (in.module_path(i) >= strings) return Wrong("module_path", at, "no such string");
    if (in.module_build_id(i).size() > kMaxBuildIdBytes) {
      return Wrong("module_build_id", at, "too long");
    }
    out.modules.push_back({in.module_path(i), in.module_build_id(i)});
  }
  return absl::OkStatus();
}

FrameKind KnownKind(int kind) {
  return kind >= 0 && kind <= static_cast<int>(kLastFrameKind) ? static_cast<FrameKind>(kind)
                                                               : FrameKind::kUnknown;
}

absl::Status CheckFrames(const v1::Dictionary& in, const DictionaryExtent& extent, size_t strings,
                         size_t modules, ValidatedDictionary& out) {
  const int count = in.frame_kind_size();
  if (in.frame_name_size() != count || in.frame_file_size() != count ||
      in.frame_line_size() != count || in.frame_module_size() != count ||
      in.frame_address_size() != count ||
      (in.frame_current_line_size() != count && in.frame_current_line_size() != 0) ||
      (in.frame_code_address_size() != count && in.frame_code_address_size() != 0)) {
    return Unequal("frame");
  }
  if (extent.frames + static_cast<size_t>(count) > kMaxDictionaryFrames) {
    return TooMany("frame", extent.frames + static_cast<size_t>(count));
  }
  for (int i = 0; i < count; ++i) {
    const auto at = static_cast<size_t>(i);
    if (in.frame_name(i) >= strings) return Wrong("frame_name", at, "no such string");
    if (in.frame_file(i) >= strings) return Wrong("frame_file", at, "no such string");
    if (in.frame_module(i) >= modules) return Wrong("frame_module", at, "no such module");
    out.frames.push_back(
        {KnownKind(in.frame_kind(i)), in.frame_name(i), in.frame_file(i), in.frame_line(i),
         in.frame_current_line_size() == 0 ? 0 : in.frame_current_line(i), in.frame_module(i),
         in.frame_address(i), in.frame_code_address_size() == 0 ? 0 : in.frame_code_address(i)});
  }
  return absl::OkStatus();
}

absl::Status CheckStacks(const v1::Dictionary& in, const DictionaryExtent& extent, size_t frames,
                         ValidatedDictionary& out) {
  if (in.stack_parent_size() != in.stack_frame_size()) return Unequal("stack");
  const size_t before = extent.stack_depth.size();
  const auto count = static_cast<size_t>(in.stack_parent_size());
  if (before + count > kMaxDictionaryStacks) return TooMany("stack", before + count);
  out.stacks.reserve(count);
  for (size_t i = 0; i < count; ++i) {
    const uint32_t parent = in.stack_parent(static_cast<int>(i));
    const uint32_t frame = in.stack_frame(static_cast<int>(i));
    if (parent >= before + i) return Wrong("stack_parent", i, "not before its child");
    if (frame >= frames) return Wrong("stack_frame", i, "no such frame");
    const uint32_t above =
        parent < before ? extent.stack_depth[parent] : out.stacks[parent - before].depth;
    if (above + 1 > kMaxStackFrames) return Wrong("stack_parent", i, "stack too deep");
    out.stacks.push_back({parent, frame, static_cast<uint16_t>(above + 1)});
  }
  return absl::OkStatus();
}

absl::Status CheckThreads(const v1::Dictionary& in, const DictionaryExtent& extent, size_t strings,
                          ValidatedDictionary& out) {
  const int count = in.thread_pid_size();
  if (in.thread_tid_size() != count || in.thread_name_size() != count) return Unequal("thread");
  if (extent.threads + static_cast<size_t>(count) > kMaxDictionaryThreads) {
    return TooMany("thread", extent.threads + static_cast<size_t>(count));
  }
  for (int i = 0; i < count; ++i) {
    if (in.thread_name(i) >= strings) {
      return Wrong("thread_name", static_cast<size_t>(i), "no such string");
    }
    out.threads.push_back({in.thread_pid(i), in.thread_tid(i), in.thread_name(i)});
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckDictionary(const v1::Dictionary& dictionary, const DictionaryExtent& extent,
                             ValidatedDictionary& result) {
  if (absl::Status s = CheckStrings(dictionary, extent, result); !s.ok()) return s;
  const size_t strings = extent.strings + result.strings.size();
  if (absl::Status s = CheckModules(dictionary, extent, strings, result); !s.ok()) return s;
  const size_t modules = extent.modules + result.modules.size();
  if (absl::Status s = CheckFrames(dictionary, extent, strings, modules, result); !s.ok()) return s;
  const size_t frames = extent.frames + result.frames.size();
  if (absl::Status s = CheckStacks(dictionary, extent, frames, result); !s.ok()) return s;
  return CheckThreads(dictionary, extent, strings, result);
}

}  // namespace lambent::collector
