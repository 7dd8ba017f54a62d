// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "collector/query/demangle.h"

#include <cxxabi.h>
#include <libiberty/demangle.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>

namespace lambent::collector {
namespace {

// Template-heavy C++ has names of some 4,000 bytes; more is cut off by who reads symbols.
constexpr size_t kMaxMangledBytes = 4096;
// What demangling C++ may be asked to write, by the estimate below.
constexpr uint64_t kMaxGrownBytes = uint64_t{16} << 20;
// Longest text of a Rust name, and in how many pieces it may come.
constexpr size_t kMaxRustBytes = 16384;
constexpr size_t kMaxRustPieces = 65536;

// An upper estimate of how long a mangled name's text is. A back reference (S_, T0_) repeats what
// was written before, so a short name made of references to references stands for a text of
// astronomic length, and __cxa_demangle would try to write it. The first use of a reference can at
// most double the text so far; what its later uses add is known by then.
uint64_t GrownBytes(std::string_view symbol) {
  std::array<uint64_t, 256> known{};
  uint64_t grown = 0;
  for (size_t i = 0; i < symbol.size() && grown <= kMaxGrownBytes; ++i) {
    grown += 8;  // built-in types and operators are written longer than they are mangled
    if (symbol[i] != 'S' && symbol[i] != 'T') continue;
    size_t end = i + 1;
    while (end < symbol.size() && end - i <= 3 &&
           ((symbol[end] >= '0' && symbol[end] <= '9') ||
            (symbol[end] >= 'A' && symbol[end] <= 'Z'))) {
      ++end;
    }
    if (end >= symbol.size() || symbol[end] != '_') continue;  // not a reference: St, Ss, a letter
    size_t slot = symbol[i] == 'S' ? 0 : 128;
    for (size_t j = i + 1; j < end; ++j) slot += static_cast<size_t>(symbol[j]) * 37 + 1;
    uint64_t& size = known[slot % known.size()];
    if (size == 0) size = grown;
    grown += size;
  }
  return grown;
}

// A Rust name while it is demangled. A back reference of v0 stands for a part of the name again, so
// that a short name can stand for a text of any length, and the library has no bound for that. It
// reads the name out of a buffer of ours: emptied, it stops at the next character it looks at.
struct RustName {
  std::string mangled;
  std::string text;
  size_t pieces = 0;
  bool too_long = false;

  static void Append(const char* piece, size_t size, void* self) {
    auto& name = *static_cast<RustName*>(self);
    name.too_long =
        name.too_long || ++name.pieces > kMaxRustPieces || name.text.size() + size > kMaxRustBytes;
    if (name.too_long) {
      std::fill(name.mangled.begin(), name.mangled.end(), '\0');
    } else {
      name.text.append(piece, size);
    }
  }
};

bool IsBase62(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// Whether a v0 name may bind more than some thousand lifetimes at once ("for<'a, 'b, …>"): a number
// of three digits or more behind the G of a function's or a dyn's type. The library would write
// them all without looking at the name.
bool BindsTooMany(std::string_view symbol) {
  for (size_t i = 1; i < symbol.size(); ++i) {
    if (symbol[i] != 'G' || (symbol[i - 1] != 'D' && symbol[i - 1] != 'F')) continue;
    size_t end = i + 1;
    while (end < symbol.size() && IsBase62(symbol[end])) ++end;
    if (end < symbol.size() && symbol[end] == '_' && end - i > 3) return true;
  }
  return false;
}

// Empty: it is no Rust name, or too much.
std::string RustText(std::string_view symbol) {
  if (symbol.starts_with("_R") && BindsTooMany(symbol)) return "";
  RustName name;
  name.mangled = symbol;
  const int understood =
      rust_demangle_callback(name.mangled.c_str(), DMGL_NO_OPTS, &RustName::Append, &name);
  return understood != 0 && !name.too_long ? name.text : "";
}

std::string CppText(const std::string& symbol) {
  if (GrownBytes(symbol) > kMaxGrownBytes) return "";
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> text(
      abi::__cxa_demangle(symbol.c_str(), nullptr, nullptr, &status), &std::free);
  return status == 0 && text != nullptr ? text.get() : "";
}

}  // namespace

std::string Demangled(std::string_view symbol) {
  std::string name(symbol);
  const bool cpp = symbol.starts_with("_Z");
  if ((!cpp && !symbol.starts_with("_R")) || symbol.size() > kMaxMangledBytes) return name;
  // Rust's legacy mangling is C++'s, with a hash at its end that the library knows.
  std::string text = RustText(symbol);
  if (text.empty() && cpp) text = CppText(name);
  return text.empty() ? name : text;
}

}  // namespace lambent::collector
