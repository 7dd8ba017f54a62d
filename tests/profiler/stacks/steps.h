// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <utility>

namespace lambent {

// Counts what a ladder asks of the system, and does something to its target just before the one
// question that is chosen: every place between two steps can be hit, again and again the same.
class Steps {
 public:
  // Before question number `at`, counted from 1; 0: never. Counting begins anew.
  void Do(int at, std::function<void()> act) {
    taken_ = 0;
    at_ = at;
    act_ = std::move(act);
  }
  void Take() {
    if (++taken_ == at_) act_();
  }
  int taken() const { return taken_; }
  bool done() const { return at_ > 0 && taken_ >= at_; }

  // A thread is held now: what is done to the target must not wait for it.
  bool holds = false;

 private:
  int taken_ = 0;
  int at_ = 0;
  std::function<void()> act_;
};

}  // namespace lambent
