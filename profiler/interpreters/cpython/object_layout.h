// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

namespace lambent::cpython {

// Where an object of a class written in Python keeps its attributes.
enum class AttributePlace : uint8_t {
  kDictPointer,    // a dict, pointed at from where tp_dictoffset says; to 3.10, later some classes
  kValuesPointer,  // before the object: pointers to its values and its dict, one of them null; 3.11
  kTaggedPointer,  // before the object: one pointer to either, of values with its lowest bit; 3.12
  kInline,         // values behind the object's fields, or a dict pointed at before it; from 3.13
};

// Where CPython keeps what objects hold, as byte offsets. Taken with offsetof() from the headers of
// each minor version, whose runtimes publish little of it. A value.
struct ObjectLayout {
  AttributePlace attributes = AttributePlace::kDictPointer;
  uint16_t type_cached_keys = 0;  // PyHeapTypeObject.ht_cached_keys
  // PyDictKeysObject
  bool keys_tell_log2 = true;  // dk_log2_size, dk_log2_index_bytes, dk_kind; before 3.11 dk_size
  uint16_t keys_count = 24;    // dk_nentries
  uint16_t keys_indices = 32;  // dk_indices; the entries follow them
  uint16_t values_first = 0;   // PyDictValues.values
  bool long_tells_tag = true;  // PyLongObject.lv_tag; before 3.12 ob_size
};

// PyDictObject.ma_keys and .ma_values, PyModuleObject.md_dict, PyTypeObject.tp_basicsize, .tp_flags
// and .tp_dictoffset, PyLongObject.lv_tag or .ob_size, and .ob_digit: the same in all versions.
inline constexpr size_t kDictKeysOffset = 32;
inline constexpr size_t kDictValuesOffset = 40;
inline constexpr size_t kModuleDictOffset = 16;
inline constexpr size_t kTypeBasicSizeOffset = 32;
inline constexpr size_t kTypeFlagsOffset = 168;
inline constexpr size_t kTypeDictOffsetOffset = 288;
inline constexpr size_t kLongSizeOffset = 16;
inline constexpr size_t kLongDigitsOffset = 24;
// Bits of tp_flags.
inline constexpr uint64_t kTypeInlineValues = 1 << 2;  // from 3.13
inline constexpr uint64_t kTypeManagedDict = 1 << 4;   // from 3.11
// Of a managed dict: pointers before the object.
inline constexpr uint64_t kManagedDictBefore = 24;
inline constexpr uint64_t kManagedValuesBefore = 32;  // 3.11

// The layout of 3.`minor`, a version that offsets.h knows.
ObjectLayout ObjectLayoutOf(int minor);

}  // namespace lambent::cpython
