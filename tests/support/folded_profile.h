// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace lambent::support {

// Folded stacks ("root;…;leaf weight" a line) as a test reads them. Frames are matched by
// substring, since a frame also says its file or module. Thread-compatible.
class FoldedProfile {
 public:
  struct Line {
    std::vector<std::string> frames;  // root first
    int64_t weight = 0;
  };

  // Lines that are not folded stacks are kept in malformed().
  explicit FoldedProfile(std::string_view text);

  const std::vector<Line>& lines() const { return lines_; }
  const std::vector<std::string>& malformed() const { return malformed_; }
  int64_t total() const;

  // Weight of the stacks in which the frames appear in this order, root side first, each below the
  // one before it (others may lie between).
  int64_t WeightOf(const std::vector<std::string>& path) const;

  // WeightOf(path) / WeightOf({root}), 0 when root has none.
  double Share(const std::vector<std::string>& path, const std::string& root) const;

 private:
  std::vector<Line> lines_;
  std::vector<std::string> malformed_;
};

}  // namespace lambent::support
