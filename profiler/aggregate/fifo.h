// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

namespace lambent {

// First in, first out, in one vector that keeps its memory: a queue of steady length allocates
// nothing, which std::deque does each few elements. Thread-compatible.
template <typename T>
class Fifo {
 public:
  bool empty() const { return head_ == items_.size(); }
  size_t size() const { return items_.size() - head_; }
  T& front() { return items_[head_]; }
  T& at(size_t index) { return items_[head_ + index]; }

  void push(T item) {
    if (items_.size() == items_.capacity() && head_ > items_.size() / 2) Compact();
    items_.push_back(std::move(item));
  }
  void pop() {
    if (++head_ == items_.size()) clear();
  }
  void clear() {
    items_.clear();
    head_ = 0;
  }

 private:
  void Compact() {
    for (size_t i = head_; i < items_.size(); ++i) items_[i - head_] = std::move(items_[i]);
    items_.resize(items_.size() - head_);
    head_ = 0;
  }

  std::vector<T> items_;
  size_t head_ = 0;
};

}  // namespace lambent
