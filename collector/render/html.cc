// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "collector/render/html.h"

#include <string_view>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

#include "collector/render/gzip.h"
#include "collector/render/text_escape.h"
#include "collector/render/viewer_blob.h"
#include "collector/render/viewer_files.h"

namespace lambent::collector {
namespace {

// viewer.js packed as the profile is: a third of its size, and exports are one file an invocation.
const std::string& PackedViewer() {
  static const auto* const kPacked =
      new std::string(absl::Base64Escape(Gzip(std::string_view(kViewerJs, kViewerJsBytes))));
  return *kPacked;
}

// Fills the places of viewer.html, which are written <!--NAME-->. One pass over the template: what
// is put in is never searched for further places.
std::string FillTemplate(std::string_view title, std::string_view blob) {
  std::string_view rest(kViewerHtml, kViewerHtmlBytes);
  std::string out;
  out.reserve(rest.size() + kViewerCssBytes + kLoaderJsBytes + PackedViewer().size() +
              title.size() + blob.size());
  while (true) {
    const size_t open = rest.find("<!--");
    const size_t close = rest.find("-->", open);
    if (open == std::string_view::npos || close == std::string_view::npos) break;
    out.append(rest.substr(0, open));
    const std::string_view place = rest.substr(open + 4, close - open - 4);
    if (place == "TITLE") AppendXmlText(title, &out);
    if (place == "CSS") out.append(kViewerCss, kViewerCssBytes);
    if (place == "JS") out.append(PackedViewer());
    if (place == "LOADER") out.append(kLoaderJs, kLoaderJsBytes);
    if (place == "DATA") out.append(blob);
    rest.remove_prefix(close + 3);
  }
  out.append(rest);
  return out;
}

}  // namespace

std::string RenderHtml(const Profile& profile, Weight weight) {
  return FillTemplate(profile.title, absl::Base64Escape(Gzip(ViewerBlob(profile, weight))));
}

std::string RenderDiffHtml(const ProfileDiff& diff) {
  return FillTemplate(absl::StrCat(diff.compare_title, " against ", diff.base_title),
                      absl::Base64Escape(Gzip(ViewerBlob(diff))));
}

}  // namespace lambent::collector
