// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
//
// write_pages DIR [NODES]: the pages that viewer_test.py and bench/browser open, from the sample
// profiles: small.html, diff.html, hostile.html, big.html (NODES nodes, 100,000 unless told).
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>

#include "collector/render/render.h"
#include "tests/collector/render/sample_profiles.h"

namespace lambent::collector {
namespace {

bool Write(const std::string& path, const absl::StatusOr<std::string>& bytes) {
  if (!bytes.ok()) {
    std::fprintf(stderr, "write_pages: %s: %s\n", path.c_str(), bytes.status().ToString().c_str());
    return false;
  }
  std::ofstream file(path, std::ios::binary);
  file << *bytes;
  return file.good();
}

bool WriteAll(const std::string& directory, size_t nodes) {
  const auto page = [&](const char* name, const Profile& profile) {
    return Write(directory + "/" + name, Render(profile, Format::kHtml, Weight::kWall));
  };
  return page("small.html", SmallProfile()) && page("hostile.html", HostileProfile()) &&
         page("big.html", BigProfile(nodes)) &&
         Write(directory + "/diff.html", RenderDiff(SmallDiff(), Format::kHtml)) &&
         Write(directory + "/small.svg", Render(SmallProfile(), Format::kSvg, Weight::kWall)) &&
         Write(directory + "/hostile.svg", Render(HostileProfile(), Format::kSvg, Weight::kWall)) &&
         Write(directory + "/small.pb.gz", Render(SmallProfile(), Format::kPprof, Weight::kWall));
}

}  // namespace
}  // namespace lambent::collector

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fputs("usage: write_pages DIR [NODES]\n", stderr);
    return 2;
  }
  const size_t nodes = argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 100000;
  return lambent::collector::WriteAll(argv[1], nodes) ? 0 : 1;
}
