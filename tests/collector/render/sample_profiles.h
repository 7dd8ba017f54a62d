// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "collector/query/diff.h"
#include "collector/query/profile.h"
#include "profiler/base/phase.h"
#include "tests/collector/render/profile_builder.h"

namespace lambent::collector {

// A small profile with everything a renderer must tell apart: two threads, three phases, Python and
// native code, an unknown and a truncated frame, all that a thread may wait for, drops, a cost.
inline Profile SmallProfile() {
  ProfileBuilder b;
  b.profile().title = "checkout · version 7 · 3 invocations";
  b.profile().drops = {{"inconsistent", 3}, {"outbox-full", 2}};
  b.profile().self_cpu_us = 4200;
  b.profile().stopped_us = 310;
  b.profile().target_cpu_us = 640000;
  b.profile().rate = {.asked_hz = 99, .allowed_hz = 46.125, .achieved_hz = 45.25, .ticks = 181};
  const uint32_t main_thread = b.Thread("MainThread");
  const uint32_t worker = b.Thread("worker-1");
  const auto py = [&](const char* name, const char* file, uint32_t line) {
    return b.Frame(FrameKind::kPython, name, file, line);
  };
  const auto native = [&](const char* name, const char* module, uint64_t address) {
    return b.Frame(FrameKind::kNative, name, "", 0, module, address);
  };
  const uint32_t module = py("<module>", "/var/task/app.py", 1);
  const uint32_t import = py("_find_and_load", "<frozen importlib._bootstrap>", 1165);
  const uint32_t handler = py("handler", "/var/task/app.py", 41);
  const uint32_t price = py("price_basket", "/var/task/pricing.py", 12);
  const uint32_t tax = py("tax", "/var/task/pricing.py", 88);
  const uint32_t loads = py("loads", "/usr/lib/python3.12/json/__init__.py", 299);
  const uint32_t fetch = py("fetch_stock", "/var/task/stock.py", 20);
  const uint32_t poll = native("poll", "/lib64/libc.so.6", 0x10dc40);
  const uint32_t sort = native("std::sort<Item*>(Item*, Item*)", "/var/task/fast.so", 0x2a10);
  const uint32_t polls = b.Frame(FrameKind::kSystemCall, "[poll]");
  const uint32_t queues = b.Frame(FrameKind::kRunQueue, "[run-queue wait]");
  const uint32_t locked = b.Frame(FrameKind::kInterpreterLock, "[waiting for the GIL]");
  const uint32_t cut = b.Frame(FrameKind::kTruncated, "[truncated]");
  const uint32_t unknown = b.Frame(FrameKind::kUnknown, "[unknown]", "", 0, "/lib64/libz.so.1");
  const auto row = [](uint32_t thread, Phase phase, int64_t wall, int64_t cpu, uint64_t samples,
                      Rung rung = Rung::kConsistentRead, bool partial = false) {
    return Profile::Row{0, thread, static_cast<uint32_t>(phase), wall, cpu, samples, rung, partial};
  };
  b.Add({module, import}, row(main_thread, Phase::kInit, 180000, 172000, 18));
  b.Add({module, import, unknown}, row(main_thread, Phase::kInit, 40000, 38000, 4));
  b.Add({handler, price, tax}, row(main_thread, Phase::kInvoke, 210000, 205000, 21));
  b.Add({handler, price}, row(main_thread, Phase::kInvoke, 60000, 58000, 6));
  b.Add({handler, price, sort}, row(main_thread, Phase::kInvoke, 90000, 90000, 9, Rung::kStop));
  b.Add({handler, loads},
        row(main_thread, Phase::kInvoke, 30000, 29000, 3, Rung::kConsistentRead, true));
  b.Add({handler, price, queues}, row(main_thread, Phase::kInvoke, 20000, 0, 2));
  b.Add({handler, fetch, poll, polls},
        row(main_thread, Phase::kInvoke, 10000, 1000, 1, Rung::kBlocked));
  b.Add({handler, fetch, poll, polls},
        row(main_thread, Phase::kInvoke, 390000, 0, 39, Rung::kUnchanged));
  b.Add({fetch, poll, polls}, row(worker, Phase::kInvoke, 300000, 500, 30, Rung::kUnchanged));
  b.Add({fetch, poll, polls}, row(worker, Phase::kAfter, 50000, 0, 5, Rung::kUnchanged));
  b.Add({fetch, locked}, row(worker, Phase::kInvoke, 50000, 0, 5, Rung::kBlocked));
  b.Add({cut, sort}, row(worker, Phase::kInvoke, 20000, 20000, 2));
  return b.Build();
}

// Names as only strangers choose them.
inline Profile HostileProfile() {
  ProfileBuilder b;
  b.profile().title = "</title><script>window.__pwned=1</script><!--DATA-->";
  b.Thread("\"><img src=x onerror=window.__pwned=2>");
  const std::vector<std::string> names = {
      "<script>window.__pwned=3</script>",
      "</script><script>window.__pwned=4</script>",
      "<!--DATA--><!--JS-->",
      "\"quotes\" & 'apostrophes' `backticks` ${window.__pwned=5}",
      "line\nbreak\rand\ttab",
      std::string("nul\0inside", 10),
      "invalid \xff\xfe utf-8 \xc3",
      "overlong \xc0\xaf surrogate \xed\xa0\x80",
      "\u202Ereversed\u202C \u2066isolate",
      "semi;colon; and space 42",
      "]]> &amp; &#60;",
      "\\u003cscript\\u003e \u2028 \u2029",
      "\uFEFFbom 日本語 👩‍💻",
      std::string(10000, 'x'),
  };
  int64_t wall = 10000;
  std::vector<uint32_t> stack;
  for (const std::string& name : names) {
    stack.push_back(b.Frame(FrameKind::kPython, name, "file<" + name + ">", 1, name, 0));
    b.Add(stack, {0, 0, static_cast<uint32_t>(Phase::kInvoke), wall, wall / 2, 1});
    wall += 1000;
  }
  return b.Build();
}

// At least `nodes` nodes, bushy and up to 60 deep, the same every time.
inline Profile BigProfile(size_t nodes) {
  ProfileBuilder b;
  b.profile().title = "big · " + std::to_string(nodes) + " nodes";
  for (int i = 0; i < 4; ++i) b.Thread("thread-" + std::to_string(i));
  uint64_t state = 42;
  const auto random = [&](uint64_t below) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (state >> 33) % below;
  };
  for (int i = 0; i < 3000; ++i) {
    const bool python = random(3) != 0;
    const std::string place = std::to_string(random(120));
    b.Frame(python ? FrameKind::kPython : FrameKind::kNative,
            (python ? "compute_step_" : "ns::Widget::Method") + std::to_string(i),
            python ? "/var/task/package/module_" + place + ".py" : "", static_cast<uint32_t>(i),
            python ? "" : "/opt/lib/lib" + place + ".so.6", static_cast<uint64_t>(i) * 64);
  }
  size_t made = 1;
  std::vector<uint32_t> stack;
  while (made < nodes) {
    stack.resize(stack.empty() ? 0 : random(stack.size()));
    const size_t more = 1 + random(14);
    for (size_t i = 0; i < more && stack.size() < 60; ++i) {
      stack.push_back(1 + static_cast<uint32_t>(random(3000)));
      ++made;
    }
    const auto wall = static_cast<int64_t>(10000 * (1 + random(4)));
    b.Add(stack, {0, static_cast<uint32_t>(random(4)), static_cast<uint32_t>(1 + random(3)), wall,
                  wall / 2, static_cast<uint64_t>(wall / 10000)});
  }
  return b.Build();
}

// What a reviewer of version 8 looks at: SmallProfile with tax() slower, loads() gone, discount()
// new. Made by hand, so that these tests do not rest on DiffProfiles.
inline ProfileDiff SmallDiff() {
  ProfileBuilder b;
  const uint32_t handler = b.Frame(FrameKind::kPython, "handler", "/var/task/app.py", 41);
  const uint32_t price = b.Frame(FrameKind::kPython, "price_basket", "/var/task/pricing.py", 12);
  const uint32_t tax = b.Frame(FrameKind::kPython, "tax", "/var/task/pricing.py", 88);
  const uint32_t loads =
      b.Frame(FrameKind::kPython, "loads", "/usr/lib/python3.12/json/__init__.py");
  const uint32_t discount = b.Frame(FrameKind::kPython, "discount", "/var/task/pricing.py", 140);
  const uint32_t fetch = b.Frame(FrameKind::kPython, "fetch_stock", "/var/task/stock.py", 20);
  const uint32_t poll = b.Frame(FrameKind::kNative, "poll", "", 0, "/lib64/libc.so.6", 0x10dc40);
  // Thread 0 stands for base, 1 for compare.
  const auto add = [&](const std::vector<uint32_t>& stack, int64_t base, int64_t compare) {
    if (base != 0) b.Add(stack, {0, 0, 0, base, 0, 0});
    if (compare != 0) b.Add(stack, {0, 1, 0, compare, 0, 0});
  };
  add({handler, price, tax}, 210000, 420000);
  add({handler, price, discount}, 0, 80000);
  add({handler, price}, 60000, 62000);
  add({handler, loads}, 30000, 0);
  add({handler, fetch, poll}, 400000, 310000);
  const Profile both = b.Build();
  ProfileDiff diff;
  diff.base_title = "checkout · version 7";
  diff.compare_title = "checkout · version 8";
  diff.frames = both.frames;
  diff.node_frame = both.node_frame;
  diff.node_parent = both.node_parent;
  diff.subtree_end = both.subtree_end;
  diff.base_self.resize(both.node_frame.size());
  diff.compare_self.resize(both.node_frame.size());
  for (const Profile::Row& row : both.rows) {
    (row.thread == 0 ? diff.base_self : diff.compare_self)[row.leaf] += row.wall_us;
  }
  diff.base_total = diff.base_self;
  diff.compare_total = diff.compare_self;
  for (size_t node = both.node_frame.size(); node-- > 1;) {
    diff.base_total[both.node_parent[node]] += diff.base_total[node];
    diff.compare_total[both.node_parent[node]] += diff.compare_total[node];
  }
  return diff;
}

}  // namespace lambent::collector
