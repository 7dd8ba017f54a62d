// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/interpreters/cpython/object_layout.h"

namespace lambent::cpython {
namespace {

constexpr ObjectLayout k39 = {
    .attributes = AttributePlace::kDictPointer,
    .type_cached_keys = 864,
    .keys_tell_log2 = false,
    .keys_count = 32,
    .keys_indices = 40,
    .long_tells_tag = false,
};

constexpr ObjectLayout k310 = [] {
  ObjectLayout layout = k39;
  layout.type_cached_keys = 872;
  return layout;
}();

constexpr ObjectLayout k311 = {
    .attributes = AttributePlace::kValuesPointer,
    .type_cached_keys = 872,
    .long_tells_tag = false,
};

constexpr ObjectLayout k312 = {
    .attributes = AttributePlace::kTaggedPointer,
    .type_cached_keys = 880,
};

// And 3.14.
constexpr ObjectLayout k313 = {
    .attributes = AttributePlace::kInline,
    .type_cached_keys = 880,
    .values_first = 8,
};

}  // namespace

ObjectLayout ObjectLayoutOf(int minor) {
  switch (minor) {
    case 9:
      return k39;
    case 10:
      return k310;
    case 11:
      return k311;
    case 12:
      return k312;
    default:
      return k313;
  }
}

}  // namespace lambent::cpython
