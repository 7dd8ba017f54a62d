// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
//
// The tree that is drawn: weights by the filters, places, and the inverted tree.
'use strict';

function selvesOf(rows) {
  const out = new Float64Array(profile.tree.n), weight = rows.weights[state.weight];
  for (let i = 0; i < rows.n; i++) {
    if (state.hiddenPhases.has(rows.phase[i]) || state.hiddenThreads.has(rows.thread[i]) || state.hiddenRungs.has(rows.rung[i])) continue;
    out[rows.leaf[i]] += weight[i];
  }
  return out;
}

// Self weights become inclusive ones: children come after their parents.
function totalsOf(selves, parent) {
  const out = selves.slice();
  for (let i = out.length - 1; i > 0; i--) out[parent[i]] += out[i];
  return out;
}

// What is drawn: the tree (or the inverted one) with weights by the filters.
function makeView() {
  const self = selvesOf(profile.rows), was = diff() ? selvesOf(profile.base) : null;
  const tree = state.inverted ? invert(self, was) : { ...profile.tree, self, was };
  const total = totalsOf(tree.self, tree.parent);
  const base = was ? totalsOf(tree.was, tree.parent) : null;
  let width = total;
  if (base) {
    const a = state.shares ? 1 / (base[0] || 1) : 1, b = state.shares ? 1 / (total[0] || 1) : 1;
    width = total.map((value, i) => base[i] * a + value * b);
  }
  const x = new Float64Array(tree.n), next = new Float64Array(tree.n);
  let deepest = 0;
  for (let i = 1; i < tree.n; i++) {
    const p = tree.parent[i];
    x[i] = next[i] = next[p];
    next[p] += width[i];
    if (tree.depth[i] > deepest && width[i] > 0) deepest = tree.depth[i];
  }
  view = { ...tree, total, base, width, x, deepest };
  if (query) markMatches();
}

// The tree of callers under each function that had weight of its own. Heaviest first; branches
// below a 200,000th of the whole are not opened further.
function invert(self, was) {
  const { frame, parent, n } = profile.tree;
  const weightOf = (i) => self[i] + (was ? was[i] : 0);
  let all = 0;
  const leaves = [];
  for (let i = 1; i < n; i++) if (weightOf(i) > 0) { leaves.push(i); all += weightOf(i); }
  const out = { frame: [frame[0]], depth: [0], self: [self[0]], was: [was ? was[0] : 0] };
  // One group: where each of its stacks stands (at) and where it began (from).
  const groupsOf = (group) => {
    const byFrame = new Map();
    for (let k = 0; k < group.at.length; k++) {
      const at = group.at[k];
      let found = byFrame.get(frame[at]);
      if (!found) byFrame.set(frame[at], found = { frame: frame[at], at: [], from: [], weight: 0 });
      found.at.push(at); found.from.push(group.from[k]);
      found.weight += weightOf(group.from[k]);
    }
    return [...byFrame.values()].sort((a, b) => a.weight - b.weight || b.frame - a.frame);
  };
  const push = (group, depth) => { for (const g of groupsOf(group)) { g.depth = depth; work.push(g); } };
  const work = [];
  push({ at: leaves, from: leaves }, 1);
  while (work.length) {
    const group = work.pop(), callers = { at: [], from: [] };
    let ends = 0, ended = 0;  // weight whose stack begins here
    const open = group.weight > all / 2e5;
    for (let k = 0; k < group.at.length; k++) {
      const up = parent[group.at[k]], from = group.from[k];
      if (up && open) { callers.at.push(up); callers.from.push(from); }
      else { ends += self[from]; if (was) ended += was[from]; }
    }
    out.frame.push(group.frame); out.depth.push(group.depth);
    out.self.push(ends); out.was.push(ended);
    push(callers, group.depth + 1);
  }
  const depth = Uint32Array.from(out.depth);
  return { n: depth.length, frame: Uint32Array.from(out.frame), depth, ...linksOf(depth),
           self: Float64Array.from(out.self), was: was && Float64Array.from(out.was) };
}
