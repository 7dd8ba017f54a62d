// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "collector/render/svg.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

#include "collector/render/svg_colour.h"
#include "collector/render/text_escape.h"
#include "collector/render/tree_view.h"
#include "profiler/base/absl_view.h"

namespace lambent::collector {
namespace {

constexpr double kWidth = 1200;
constexpr double kMargin = 12;
constexpr double kRow = 18;
constexpr double kHeader = 62;
constexpr double kFooter = 46;
constexpr double kNarrowest = 0.3;    // px; narrower subtrees are counted, not drawn
constexpr double kCharacter = 6.75;   // px, of the 11 px monospace font
constexpr size_t kTitleLimit = 1000;  // characters of a name in a hover title

// What both kinds of picture come to: widths, colours and words per node.
class SvgWriter {
 public:
  SvgWriter(const TreeView& tree, std::vector<double> widths)
      : tree_(tree), widths_(std::move(widths)), depths_(NodeDepths(tree)) {}

  // `colour(node)` is a CSS colour, `words(node)` the hover text after the name.
  template <typename Colour, typename Words>
  std::string Draw(std::string_view title, std::string_view subtitle, std::string_view legend,
                   Colour colour, Words words) {
    Place();
    const double height = kHeader + kRow * (deepest_ + 1) + kFooter;
    Head(title, subtitle, height);
    for (size_t node = 0; node < tree_.size();) {
      if (pixels(node) < kNarrowest) {
        node = tree_.subtree_end[node];
        continue;
      }
      const double y = height - kFooter - kRow * (depths_[node] + 1);
      Frame(node, y, colour(node), words(node));
      ++node;
    }
    Foot(legend, height);
    return std::move(out_);
  }

 private:
  double pixels(size_t node) const {
    return widths_[0] > 0 ? widths_[node] / widths_[0] * (kWidth - 2 * kMargin)
                          : (node == 0 ? kWidth - 2 * kMargin : 0);
  }

  // Left edges: a child begins where its elder sibling ended.
  void Place() {
    left_.assign(tree_.size(), kMargin);
    std::vector<double> next(tree_.size(), kMargin);  // where a node's next child begins
    for (size_t node = 0; node < tree_.size();) {
      if (node != 0) {
        double& at = next[tree_.node_parent[node]];
        left_[node] = at;
        at += pixels(node);
      }
      next[node] = left_[node];
      if (pixels(node) < kNarrowest) {
        ++elided_;
        elided_frames_ += tree_.subtree_end[node] - node;
        node = tree_.subtree_end[node];
      } else {
        deepest_ = std::max(deepest_, depths_[node]);
        ++node;
      }
    }
  }

  void Head(std::string_view title, std::string_view subtitle, double height) {
    absl::StrAppendFormat(
        &out_,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %.0f %.0f\" width=\"%.0f\" "
        "height=\"%.0f\" role=\"img\">\n<style>\n"
        "svg{background:#fff;font:11px ui-monospace,Menlo,Consolas,monospace}\n"
        "text{fill:#1c2430}.h{font:600 15px system-ui,sans-serif}\n"
        ".s{font:12px system-ui,sans-serif;fill:#5a6675}g text{fill:#14181f;pointer-events:none}\n"
        "rect{rx:2}g:hover rect{stroke:#14181f}\n"
        "@media(prefers-color-scheme:dark){svg{background:#14181f}text{fill:#e6eaf0}"
        ".s{fill:#9aa6b5}g:hover rect{stroke:#fff}}\n</style>\n"
        "<defs><pattern id=\"x\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\" "
        "patternTransform=\"rotate(45)\"><rect width=\"6\" height=\"6\" fill=\"#c3c9d1\"/>"
        "<rect width=\"2\" height=\"6\" fill=\"#a3abb6\"/></pattern></defs>\n",
        kWidth, height, kWidth, height);
    out_.append("<title>");
    AppendXmlText(title, &out_);
    out_.append("</title>\n");
    Text(kMargin, 26, "h", Shorten(ValidUtf8(title), 120));
    Text(kMargin, 46, "s", subtitle);
  }

  void Text(double x, double y, std::string_view style, std::string_view text) {
    absl::StrAppendFormat(&out_, "<text x=\"%.0f\" y=\"%.0f\" class=\"%s\">", x, y, style);
    AppendXmlText(text, &out_);
    out_.append("</text>\n");
  }

  void Frame(size_t node, double y, std::string_view colour, std::string_view words) {
    const Profile::Frame& frame = tree_.frame(node);
    const double width = pixels(node);
    const std::string name = ValidUtf8(frame.name);
    out_.append("<g><title>");
    AppendXmlText(Shorten(name, kTitleLimit), &out_);
    if (!frame.file.empty()) {
      out_.append("\n");
      AppendXmlText(Shorten(ValidUtf8(frame.file), kTitleLimit), &out_);
      if (frame.shown_line() != 0) absl::StrAppend(&out_, ":", frame.shown_line());
    }
    if (!frame.module.empty()) {
      out_.append("\n");
      AppendXmlText(Shorten(ValidUtf8(frame.module), kTitleLimit), &out_);
    }
    if (frame.inlined) out_.append("\ninlined into its caller");
    out_.append("\n");
    AppendXmlText(words, &out_);
    absl::StrAppendFormat(&out_,
                          "</title><rect x=\"%.2f\" y=\"%.1f\" width=\"%.2f\" height=\"%.0f\" "
                          "fill=\"%s\"/>",
                          left_[node], y, std::max(width - 0.5, 0.3), kRow - 1, colour);
    const auto characters = static_cast<size_t>(std::max(0.0, (width - 8) / kCharacter));
    if (characters >= 3) {
      absl::StrAppendFormat(&out_, "<text x=\"%.2f\" y=\"%.1f\">", left_[node] + 4, y + 12.5);
      AppendXmlText(Shorten(name, characters), &out_);
      out_.append("</text>");
    }
    out_.append("</g>\n");
  }

  void Foot(std::string_view legend, double height) {
    Text(kMargin, height - 26, "s", legend);
    if (elided_ != 0) {
      Text(kMargin, height - 10, "s",
           absl::StrCat(elided_frames_, " frames in ", elided_,
                        " branches are narrower than a third of a pixel and not drawn; the HTML "
                        "export has them all."));
    }
    out_.append("</svg>\n");
  }

  const TreeView tree_;
  const std::vector<double> widths_;
  const std::vector<uint32_t> depths_;
  std::vector<double> left_;
  uint32_t deepest_ = 0;
  size_t elided_ = 0;
  size_t elided_frames_ = 0;
  std::string out_;
};

double Share(int64_t part, int64_t whole) {
  return whole > 0 ? static_cast<double>(part) / static_cast<double>(whole) : 0;
}

std::string Subtitle(const Profile& profile, int64_t total, Weight weight) {
  uint64_t samples = 0;
  for (const Profile::Row& row : profile.rows) samples += row.samples;
  uint64_t drops = 0;
  for (const auto& [reason, count] : profile.drops) drops += count;
  const std::string rate = RateText(profile.rate);
  return absl::StrCat(weight == Weight::kWall  ? "Wall time "
                      : weight == Weight::kCpu ? "CPU "
                                               : "",
                      HumanWeight(total, weight), " · ", samples, " samples · ", drops,
                      " dropped · profiling cost ",
                      HumanWeight(static_cast<int64_t>(profile.self_cpu_us), Weight::kCpu),
                      " CPU, ", HumanWeight(static_cast<int64_t>(profile.stopped_us), Weight::kCpu),
                      " stopped", rate.empty() ? "" : absl::StrCat(" · sampled at ", rate));
}

}  // namespace

std::string RenderSvg(const Profile& profile, Weight weight) {
  const TreeView tree(profile);
  const std::vector<int64_t> totals = NodeTotals(profile, weight);
  const std::vector<int64_t> selves = NodeSelves(profile, weight);
  SvgWriter writer(tree, std::vector<double>(totals.begin(), totals.end()));
  return writer.Draw(
      profile.title, Subtitle(profile, totals[0], weight),
      "Warm: Python · cool: native code · green: waiting, no code runs · hatched: unknown, or "
      "truncated (callers missing)",
      [&](size_t node) { return FrameColour(tree.frame(node)); },
      [&](size_t node) {
        return absl::StrFormat("%s (%.2f%%), self %s", HumanWeight(totals[node], weight),
                               100 * Share(totals[node], totals[0]),
                               HumanWeight(selves[node], weight));
      });
}

std::string RenderDiffSvg(const ProfileDiff& diff) {
  const TreeView tree(diff);
  std::vector<double> widths(tree.size());
  for (size_t i = 0; i < widths.size(); ++i) {
    widths[i] = Share(diff.base_total[i], diff.base_total[0]) +
                Share(diff.compare_total[i], diff.compare_total[0]);
  }
  SvgWriter writer(tree, std::move(widths));
  return writer.Draw(
      absl::StrCat(diff.compare_title, " against ", diff.base_title),
      absl::StrCat("Base ", HumanWeight(diff.base_total[0], diff.weight), " · compare ",
                   HumanWeight(diff.compare_total[0], diff.weight), " · by ",
                   AbslView(WeightName(diff.weight)), " · widths are the mean share of both"),
      "Red: a greater share in compare · blue: a smaller one · white: the same",
      [&](size_t node) {
        return DiffColour(Share(diff.base_total[node], diff.base_total[0]),
                          Share(diff.compare_total[node], diff.compare_total[0]));
      },
      [&](size_t node) {
        const double base = Share(diff.base_total[node], diff.base_total[0]);
        const double compare = Share(diff.compare_total[node], diff.compare_total[0]);
        return absl::StrFormat("base %s (%.2f%%), compare %s (%.2f%%): %+.2f points",
                               HumanWeight(diff.base_total[node], diff.weight), 100 * base,
                               HumanWeight(diff.compare_total[node], diff.weight), 100 * compare,
                               100 * (compare - base));
      });
}

}  // namespace lambent::collector
