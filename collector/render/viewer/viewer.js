// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
//
// The flame graph page. Data: viewer_blob.h says how it is packed. The tree stays what it is there,
// pre-order columns, so a subtree too narrow to see is skipped by one jump (`end`).
//
// Names come from strangers: they reach the page as canvas text and textContent only, never as
// markup, and with characters that would reorder or hide text made visible (`shown`).
'use strict';
(() => {
  const $ = (id) => document.getElementById(id);
  const UNKNOWN = 0, NATIVE = 1, TRUNCATED = 3;
  const KINDS = ['unknown', 'native', 'Python', 'truncated'];
  const PHASES = ['outside phases', 'init', 'invoke', 'after', 'shutdown'];
  const WEIGHTS = ['wall', 'cpu', 'samples'];
  const WHY = {
    [UNKNOWN]: 'Something ran here that could not be identified. Its time is real, its name is not known.',
    [TRUNCATED]: 'The walk ended early here: callers between this and the root are missing.',
  };
  const ROW = 19;          // px
  const NARROWEST = 0.4;   // px; a narrower subtree is not drawn
  const stage = $('stage'), canvas = $('canvas'), pen = canvas.getContext('2d', { alpha: false });

  // ---- Reading ----------------------------------------------------------------------------------

  class Reader {
    constructor(bytes) { this.bytes = bytes; this.at = 0; }
    number() { return this.column(1, Float64Array)[0]; }
    column(length, Type = Uint32Array) {
      const out = new Type(length), bytes = this.bytes;
      let at = this.at;
      for (let i = 0; i < length; i++) {
        let byte = bytes[at++], value = byte & 127;
        for (let unit = 128; byte > 127; unit *= 128) {
          byte = bytes[at++];
          value += (byte & 127) * unit;
        }
        out[i] = value;
      }
      this.at = at;
      return out;
    }
    text(length) {
      this.at += length;
      return new TextDecoder('utf-8', { ignoreBOM: true })
          .decode(this.bytes.subarray(this.at - length, this.at));
    }
  }

  function readRows(reader) {
    const n = reader.number();
    const leaf = reader.column(n);
    for (let i = 1; i < n; i++) leaf[i] += leaf[i - 1];
    const thread = reader.column(n), phase = reader.column(n);
    const weights = WEIGHTS.map(() => reader.column(n, Float64Array));
    return { n, leaf, thread, phase, weights };
  }

  function readProfile(reader) {
    const head = JSON.parse(reader.text(reader.number()));
    const count = reader.number(), bytes = reader.number();
    const lengths = reader.column(count);
    const all = reader.text(bytes);
    const strings = new Array(count);
    for (let i = 0, at = 0; i < count; at += lengths[i++]) strings[i] = all.substr(at, lengths[i]);
    const f = reader.number();
    const column = (Type) => reader.column(f, Type);
    const frames = { kind: column(), name: column(), file: column(), line: column(), module: column(),
                     low: column(), high: column() };
    const n = reader.number();
    const frame = reader.column(n), up = reader.column(n), depth = new Uint32Array(n);
    for (let i = 1; i < n; i++) depth[i] = depth[i - 1] + 1 - up[i];
    return { head, strings, frames, tree: { n, frame, depth, ...linksOf(depth) },
             rows: readRows(reader), base: readRows(reader) };
  }

  // Parents and subtree ends of nodes in pre-order, from their depths.
  function linksOf(depth) {
    const n = depth.length, parent = new Uint32Array(n), end = new Uint32Array(n), path = [];
    for (let i = 0; i < n; i++) {
      while (path.length > depth[i]) end[path.pop()] = i;
      parent[i] = i ? path[depth[i] - 1] : 0;
      path.push(i);
    }
    while (path.length) end[path.pop()] = n;
    return { parent, end };
  }

  // ---- State ------------------------------------------------------------------------------------

  let profile, view, matchedFrames = null, colours = [], hatch, query = null;
  let left = 0, right = 1;  // the part of the root's width on show
  let zoomed = 0, selected = 0, hovered = -1, asked = 0;
  const state = { weight: 0, inverted: false, flip: false, shares: true, regex: false, text: '',
                  hiddenPhases: new Set(), hiddenThreads: new Set(), theme: '' };

  const diff = () => profile.head.diff;
  const nameOf = (i) => profile.strings[profile.frames.name[view.frame[i]]];
  const shown = (text) => text.replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/g, '\ufffd');
  const short = (text, limit) => text.length > limit ? text.slice(0, limit - 1) + '…' : text;
  const percent = (part, whole) => whole > 0 ? (100 * part / whole).toFixed(2) + '%' : '–';

  function amount(value) {
    if (state.weight === 2) return value.toLocaleString('en-US') + (value === 1 ? ' sample' : ' samples');
    return duration(value);
  }
  function duration(us) {
    if (us < 1e3) return us + ' µs';
    if (us < 1e6) return (us / 1e3).toPrecision(us < 1e4 ? 3 : 4) .replace(/^(\d{3,})\..*$/, '$1') + ' ms';
    return (us / 1e6).toFixed(us < 1e7 ? 2 : 1) + ' s';
  }

  function selvesOf(rows) {
    const out = new Float64Array(profile.tree.n), weight = rows.weights[state.weight];
    for (let i = 0; i < rows.n; i++) {
      if (state.hiddenPhases.has(rows.phase[i]) || state.hiddenThreads.has(rows.thread[i])) continue;
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

  // ---- Colour -----------------------------------------------------------------------------------

  const dark = () => document.documentElement.classList.contains('dark');

  function hash(text) {
    let value = 2166136261;
    for (let i = 0; i < text.length && i < 400; i++) value = Math.imul(value ^ text.charCodeAt(i), 16777619);
    return value >>> 0;
  }

  // Warm: interpreted; cool: native; the hue by file or module. svg_colour.h follows the same rule.
  function frameColour(f) {
    if (colours[f]) return colours[f];
    const { frames, strings } = profile, kind = frames.kind[f];
    const place = hash(strings[frames.file[f] || frames.module[f]]), name = hash(strings[frames.name[f]]);
    const hue = kind === NATIVE ? 188 + place % 40 : 16 + place % 34;
    const light = (dark() ? 55 : 66) + (name >>> 8) % 9;
    return colours[f] = `hsl(${hue},${(dark() ? 48 : 62) + name % 12}%,${light}%)`;
  }

  const share = (value, whole) => whole > 0 ? value / whole : 0;

  // -1 … 1: how much smaller or greater compare's part is than base's.
  function change(i) {
    const b = state.shares ? share(view.base[i], view.base[0]) : view.base[i];
    const c = state.shares ? share(view.total[i], view.total[0]) : view.total[i];
    const larger = Math.max(b, c);
    return larger > 0 ? (c - b) / larger : 0;
  }

  function diffColour(value) {
    const strength = Math.sqrt(Math.abs(value));
    const light = dark() ? 74 - 20 * strength : 93 - 33 * strength;
    return `hsl(${value > 0 ? 4 : 214},${Math.round(12 + 66 * strength)}%,${light}%)`;
  }

  function colourOf(i) {
    const f = view.frame[i], kind = profile.frames.kind[f];
    if (!i) return dark() ? '#465162' : '#d9dfe6';
    if (view.base) return diffColour(change(i));
    return kind === UNKNOWN || kind === TRUNCATED ? hatch : frameColour(f);
  }

  function makeHatch() {
    const tile = document.createElement('canvas');
    tile.width = tile.height = 8;
    const t = tile.getContext('2d');
    t.fillStyle = dark() ? '#6f7a88' : '#c6ccd4';
    t.fillRect(0, 0, 8, 8);
    t.strokeStyle = dark() ? '#8792a1' : '#a9b1bc';
    t.lineWidth = 2;
    for (const d of [-8, 0, 8]) { t.beginPath(); t.moveTo(d - 1, 9); t.lineTo(d + 9, -1); t.stroke(); }
    hatch = pen.createPattern(tile, 'repeat');
  }

  // ---- Drawing ----------------------------------------------------------------------------------

  const scaleOf = () => stage.clientWidth / ((right - left) * (view.width[0] || 1));
  const levelY = (depth) => (state.flip ? view.deepest - depth : depth) * ROW;

  function draw() {
    asked = 0;
    const wide = stage.clientWidth, high = stage.clientHeight, dots = devicePixelRatio || 1;
    const sheet = Math.max((view.deepest + 1) * ROW + 8, high);
    $('sheet').style.height = sheet + 'px';
    if (canvas.width !== Math.round(wide * dots) || canvas.height !== Math.round(high * dots)) {
      canvas.width = Math.round(wide * dots);
      canvas.height = Math.round(high * dots);
      canvas.style.width = wide + 'px';
      canvas.style.height = high + 'px';
    }
    pen.setTransform(dots, 0, 0, dots, 0, 0);
    pen.fillStyle = dark() ? '#12161c' : '#fff';
    pen.fillRect(0, 0, wide, high);
    pen.font = '12px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace';
    pen.textBaseline = 'middle';
    pen.direction = 'ltr';
    const character = pen.measureText('m').width;
    const scale = scaleOf(), origin = left * view.width[0], top = stage.scrollTop + pad();
    const { n, x, width, depth, end } = view;
    // Neighbours too narrow to draw show together, so that their weight is never just missing.
    const thinFrom = new Float64Array(view.deepest + 1), thinTo = new Float64Array(view.deepest + 1);
    const thin = (d, from, to) => {
      if (from - thinTo[d] > NARROWEST || from < 0) {
        const y = levelY(d) - top;
        pen.fillStyle = dark() ? '#3c4654' : '#ccd3db';
        if (thinTo[d] - thinFrom[d] >= NARROWEST && y > -ROW && y < high) pen.fillRect(thinFrom[d], y, thinTo[d] - thinFrom[d], ROW - 1);
        thinFrom[d] = from;
      }
      thinTo[d] = to;
    };
    for (let i = 0; i < n;) {
      const w = width[i] * scale, at = (x[i] - origin) * scale;
      if (at > wide || at + w < 0) { i = end[i]; continue; }
      if (w < NARROWEST && i) {
        if (w) thin(depth[i], Math.max(at, 0), at + w);
        i = end[i];
        continue;
      }
      const y = levelY(depth[i]) - top;
      if (y > -ROW && y < high) rectangle(i, at, y, w, wide, character);
      else if (state.flip ? y <= -ROW : y >= high) { i = end[i]; continue; }
      i++;
    }
    for (let d = 0; d <= view.deepest; d++) thin(d, -1, -1);
    for (const [i, style] of [[hovered, dark() ? '#fff' : '#1a212b'], [selected, dark() ? '#7fa8ff' : '#2557c7']]) {
      if (i < 0 || i >= n || (i === selected && !i)) continue;
      pen.strokeStyle = style;
      pen.lineWidth = 2;
      const at = Math.max((x[i] - origin) * scale, -4);
      pen.strokeRect(at + 0.5, levelY(depth[i]) - top + 1,
                     Math.max(Math.min((x[i] + width[i] - origin) * scale, wide + 4) - at - 1.5, 2), ROW - 2);
    }
  }

  // Space above the root when the root is at the bottom of a window taller than the graph.
  const pad = () => state.flip ? Math.min(0, (view.deepest + 1) * ROW + 8 - stage.clientHeight) : -4;

  function rectangle(i, at, y, w, wide, character) {
    const from = Math.max(at, 0), to = Math.min(at + w, wide), span = to - from;
    const match = matchedFrames && matchedFrames[view.frame[i]];
    const behind = view.depth[i] < view.depth[zoomed];
    pen.globalAlpha = (behind ? 0.55 : 1) * (matchedFrames && !match ? 0.38 : 1);
    pen.fillStyle = match ? (dark() ? '#d77bf0' : '#d16ceb') : colourOf(i);
    pen.fillRect(from, y, Math.max(span - (w > 3 ? 1 : 0), NARROWEST), ROW - 1);
    if (span > 3 * character + 8) {
      pen.fillStyle = (!i || behind) && dark() ? '#dfe5ec' : '#10151b';
      pen.globalAlpha = matchedFrames && !match ? 0.6 : 1;
      const room = Math.floor((span - 8) / character);
      pen.fillText(short(shown(nameOf(i).slice(0, room + 1)), room), from + 4, y + ROW / 2, span - 6);
    }
    pen.globalAlpha = 1;
  }

  function redraw() { if (!asked) asked = requestAnimationFrame(draw); }

  // The node at a point of the stage, or -1.
  function nodeAt(clientX, clientY) {
    const box = canvas.getBoundingClientRect();
    const value = (clientX - box.left) / scaleOf() + left * view.width[0];
    const level = Math.floor((clientY - box.top + stage.scrollTop + pad()) / ROW);
    const wanted = state.flip ? view.deepest - level : level;
    if (wanted < 0 || wanted > view.deepest) return -1;
    let node = 0;
    while (view.depth[node] < wanted) {
      let child = node + 1;
      while (child < view.end[node] && value >= view.x[child] + view.width[child]) child = view.end[child];
      if (child >= view.end[node] || value < view.x[child]) return -1;
      node = child;
    }
    return node;
  }

  // ---- Moving -----------------------------------------------------------------------------------

  let flight = 0;
  function show(from, to, then) {
    const a = left, b = right, began = performance.now();
    cancelAnimationFrame(flight);
    const still = matchMedia('(prefers-reduced-motion: reduce)').matches || document.hidden;
    const step = (now) => {
      const t = still ? 1 : Math.min(1, (now - began) / 140), ease = 1 - (1 - t) ** 3;
      left = a + (from - a) * ease;
      right = b + (to - b) * ease;
      if (t < 1) flight = requestAnimationFrame(step);
      else { left = from; right = to; if (then) then(); }
      redraw();
    };
    step(began);
  }

  function zoomTo(node, quietly) {
    zoomed = node;
    const whole = view.width[0] || 1;
    const from = node ? view.x[node] / whole : 0, to = node ? (view.x[node] + view.width[node]) / whole : 1;
    if (quietly) { left = from; right = to; } else show(from, to);
    reveal(node);
    crumbs();
    matches();
    remember();
    redraw();
  }

  function reveal(node) {
    const y = levelY(view.depth[node]);
    if (y < stage.scrollTop + ROW || y > stage.scrollTop + stage.clientHeight - 2 * ROW) {
      stage.scrollTop = y - stage.clientHeight / 2;
    }
  }

  // Turns the wheel at a place: the window narrows or widens around it.
  function turn(clientX, factor) {
    const at = left + (right - left) * (clientX - canvas.getBoundingClientRect().left) / stage.clientWidth;
    const span = Math.min(1, Math.max((right - left) * factor, 1e-9));
    left = Math.min(Math.max(at - (at - left) * span / (right - left), 0), 1 - span);
    right = left + span;
    // What fills the window is what is zoomed to.
    const whole = view.width[0];
    let node = 0;
    for (let child = 1; child < view.end[node];) {
      if (view.x[child] <= left * whole && view.x[child] + view.width[child] >= right * whole) { node = child++; }
      else child = view.end[child];
    }
    zoomed = node;
    crumbs();
    remember();
    redraw();
  }

  function select(node, quietly) {
    selected = node;
    const parts = [nameOf(node), ...wordsOf(node)].map((part) => short(shown(part), 300));
    const bold = document.createElement('b');
    bold.textContent = parts[0];
    $('status').replaceChildren(bold, ' · ' + parts.slice(1).join(' · '));
    mirror();
    if (!quietly) { reveal(node); remember(); }
    redraw();
  }

  function childrenOf(node) {
    const out = [];
    for (let child = node + 1; child < view.end[node]; child = view.end[child]) if (view.width[child] > 0) out.push(child);
    return out;
  }

  // The tree around the selection for screen readers: its path, itself, its children.
  function mirror() {
    const item = (node, id, place, size) => {
      const div = document.createElement('div');
      div.setAttribute('role', 'treeitem');
      div.setAttribute('aria-level', view.depth[node] + 1);
      div.setAttribute('aria-posinset', place);
      div.setAttribute('aria-setsize', size);
      div.setAttribute('aria-selected', node === selected);
      if (id) div.id = id;
      div.textContent = [short(shown(nameOf(node)), 200), ...wordsOf(node).slice(0, 2)].join(', ');
      return div;
    };
    const out = [];
    for (const node of pathTo(selected).slice(0, -1).slice(-30)) out.push(item(node, '', 1, 1));
    const peers = selected ? childrenOf(view.parent[selected]) : [0];
    out.push(item(selected, 'here', peers.indexOf(selected) + 1, peers.length));
    const children = childrenOf(selected);
    children.slice(0, 50).forEach((child, k) => out.push(item(child, '', k + 1, children.length)));
    $('mirror').replaceChildren(...out);
  }

  function pathTo(node) {
    const out = [node];
    while (node) out.push(node = view.parent[node]);
    return out.reverse();
  }

  function crumbs() {
    const path = pathTo(zoomed), keep = path.length > 7 ? [path[0], -1, ...path.slice(-5)] : path;
    $('crumbs').replaceChildren(...keep.flatMap((node, k) => {
      if (node < 0) return [' › …'];
      const button = document.createElement('button');
      button.textContent = short(shown(nameOf(node)), 120);
      button.onclick = () => zoomTo(node);
      return k ? [' › ', button] : [button];
    }));
  }

  // ---- Words ------------------------------------------------------------------------------------

  function placeOf(node) {
    const { frames, strings } = profile, f = view.frame[node];
    const file = strings[frames.file[f]], line = frames.line[f];
    return file ? file + (line ? ':' + line : '') : '';
  }

  function selfOf(node) { return view.self[node]; }

  function deltaWords(node) {
    const b = share(view.base[node], view.base[0]), c = share(view.total[node], view.total[0]);
    const sign = (value) => (value > 0 ? '+' : value < 0 ? '−' : '±');
    const points = `${sign(c - b)}${Math.abs(100 * (c - b)).toFixed(2)} points of share`;
    const sum = view.total[node] - view.base[node];
    const factor = !view.base[node] ? 'new' : !view.total[node] ? 'gone'
        : `×${(state.shares ? c / b : view.total[node] / view.base[node]).toFixed(2)}`;
    return [points, `${sign(sum)}${amount(Math.abs(sum))}`, factor];
  }

  function wordsOf(node) {
    const place = placeOf(node), out = [];
    if (view.base) {
      out.push(`base ${amount(view.base[node])} (${percent(view.base[node], view.base[0])})`,
               `compare ${amount(view.total[node])} (${percent(view.total[node], view.total[0])})`,
               ...deltaWords(node));
    } else {
      out.push(amount(view.total[node]), percent(view.total[node], view.total[0]) + ' of all');
      if (!state.inverted) out.push('self ' + amount(selfOf(node)));
    }
    if (place) out.push(place);
    return out;
  }

  function tip(node, clientX, clientY) {
    const box = $('tip');
    box.hidden = node < 0;
    if (node < 0) return;
    const { frames, strings } = profile, f = view.frame[node], kind = frames.kind[f];
    const line = (tag, text, style) => {
      const element = document.createElement(tag);
      element.textContent = short(shown(text), 600);
      if (style) element.className = style;
      return element;
    };
    const table = document.createElement('table');
    const row = (...cells) => {
      const tr = table.insertRow();
      for (const cell of cells) tr.append(line('td', cell));
      return tr;
    };
    if (view.base) {
      row('base', amount(view.base[node]), percent(view.base[node], view.base[0]));
      row('compare', amount(view.total[node]), percent(view.total[node], view.total[0]));
      const [points, sum, factor] = deltaWords(node);
      row('change', `${sum}  ${factor}`, points).className = change(node) > 0 ? 'up' : change(node) < 0 ? 'down' : '';
    } else {
      row('total', amount(view.total[node]), percent(view.total[node], view.total[0]) + ' of all',
          zoomed ? percent(view.total[node], view.total[zoomed]) + ' of zoom' : '');
      if (!state.inverted) row('self', amount(selfOf(node)), percent(selfOf(node), view.total[0]) + ' of all',
          zoomed ? percent(selfOf(node), view.total[zoomed]) + ' of zoom' : '');
    }
    const out = [line('b', nameOf(node))], place = placeOf(node), module = strings[frames.module[f]];
    if (place) out.push(line('p', place));
    if (module) {
      const address = frames.high[f] * 2 ** 32 + frames.low[f];
      out.push(line('p', module + (address ? ' + 0x' + address.toString(16) : '')));
    }
    if (node) out.push(line('p', KINDS[kind] || 'kind ' + kind));
    out.push(table);
    if (node && WHY[kind]) out.push(line('p', WHY[kind]));
    box.replaceChildren(...out);
    const size = box.getBoundingClientRect();
    box.style.left = Math.max(4, Math.min(clientX + 14, innerWidth - size.width - 8)) + 'px';
    box.style.top = (clientY + 18 + size.height > innerHeight ? Math.max(4, clientY - size.height - 12) : clientY + 18) + 'px';
  }

  // ---- Search -----------------------------------------------------------------------------------

  function search() {
    const text = state.text;
    query = null;
    matchedFrames = null;
    $('matched').className = '';
    if (text) {
      try {
        query = new RegExp(state.regex ? text : text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'), 'i');
        markMatches();
      } catch (error) {
        $('matched').className = 'bad';
        $('matched').textContent = 'not a regular expression';
        return redraw();
      }
    }
    matches();
    remember();
    redraw();
  }

  // By frame, not by node: there are far fewer.
  function markMatches() {
    const { frames, strings } = profile, hit = strings.map((text) => query.test(text));
    matchedFrames = new Uint8Array(frames.name.length);
    for (let f = 0; f < matchedFrames.length; f++) {
      matchedFrames[f] = hit[frames.name[f]] || hit[frames.file[f]] || hit[frames.module[f]] ? 1 : 0;
    }
    matchedFrames[view ? view.frame[0] : 0] = 0;
  }

  // Weight of what matches within the zoom, each stack counted once.
  function matches() {
    $('previous').disabled = $('next').disabled = !matchedFrames;
    if (!matchedFrames) { if (!state.text) $('matched').textContent = ''; return; }
    let weight = 0, count = 0;
    for (let i = zoomed, inside = 0; i < view.end[zoomed]; i++) {
      if (!matchedFrames[view.frame[i]] || !view.width[i]) continue;
      count++;
      if (i >= inside) { weight += view.width[i]; inside = view.end[i]; }
    }
    $('matched').textContent = `${percent(weight, view.width[zoomed])} in ${count.toLocaleString('en-US')}`;
  }

  function step(by) {
    if (!matchedFrames) return;
    const from = zoomed, to = view.end[zoomed], size = to - from;
    for (let k = 1; k <= size; k++) {
      const i = from + (((selected - from + by * k) % size) + size) % size;
      if (!matchedFrames[view.frame[i]] || !view.width[i]) continue;
      select(i);
      // A match too narrow to see is zoomed to, with room around it.
      const wide = view.width[i] * scaleOf();
      const whole = view.width[0], at = (view.x[i] + view.width[i] / 2) / whole;
      if (wide < 6 || at < left || at > right) {
        const span = Math.min(1, Math.max(view.width[i] / whole * 4, wide < 6 ? 0 : right - left));
        const start = Math.min(Math.max(at - span / 2, 0), 1 - span);
        show(start, start + span);
      }
      return;
    }
  }

  // ---- Controls ---------------------------------------------------------------------------------

  function refresh() {
    makeView();
    if (zoomed >= view.n || !view.width[zoomed]) zoomed = 0;
    if (selected >= view.n) selected = 0;
    controls();
    zoomTo(zoomed, true);
    select(selected, true);
    matches();
    redraw();
  }

  const toggle = (set, value) => { if (!set.delete(value)) set.add(value); };
  // Nodes of the inverted tree are others: what was zoomed to means nothing there.
  const home = () => { zoomed = selected = 0; hovered = -1; };

  function press(id, on) { $(id).setAttribute('aria-pressed', on); }

  function controls() {
    press('invert', state.inverted);
    press('flip', state.flip);
    press('regex', state.regex);
    press('normalise', state.shares);
    $('query').value = state.text;
    [...$('weights').children].forEach((button, k) => {
      button.setAttribute('aria-checked', k === state.weight);
    });
    for (const button of $('phases').children) button.setAttribute('aria-pressed', !state.hiddenPhases.has(+button.dataset.phase));
    const threads = profile.head.threads.length, on = threads - state.hiddenThreads.size;
    document.querySelector('#threads summary').textContent = on === threads ? `Threads: all ${threads}` : `Threads: ${on} of ${threads}`;
    for (const box of document.querySelectorAll('#threads input')) box.checked = !state.hiddenThreads.has(+box.value);
  }

  function build() {
    const { head, rows } = profile;
    $('title').textContent = document.title = shown(head.title);
    $('title').title = shown(head.title);
    document.title += ' · Lambent';
    const chip = (label, value, title, bad) => {
      const span = document.createElement('span'), bold = document.createElement('b');
      bold.textContent = value;
      span.append(bold, ' ' + label);
      span.title = title;
      if (bad) span.className = 'bad';
      $('sums').append(span);
    };
    const sum = (list) => list.reduce((a, b) => a + b, 0);
    if (!diff()) {
      chip('wall', duration(sum(rows.weights[0])), 'Wall time of all threads, waiting included');
      chip('CPU', duration(sum(rows.weights[1])), 'CPU time');
      chip('samples', sum(rows.weights[2]).toLocaleString('en-US'), 'Samples drawn');
      const dropped = sum(head.drops.map((drop) => drop[1]));
      const reasons = head.drops.filter((drop) => drop[1]).map(([why, n]) => `${shown(why)} ${n}`).join(', ');
      chip('dropped' + (reasons ? ` (${reasons})` : ''), dropped.toLocaleString('en-US'), 'Samples that were due and are not here, by reason', dropped);
      const [cpu, stopped, target] = head.cost;
      chip(`CPU profiling cost${target ? ` (${percent(cpu, target)})` : ''}, ${duration(stopped)} stopped`, duration(cpu),
           'CPU of the profiler itself, beside the CPU of the profiled process, and time its threads were held stopped');
    } else {
      const one = (list) => sum(list.weights[state.weight]);
      chip('base: ' + shown(diff().base), amount(one(profile.base)), 'Total of the base');
      chip('compare: ' + shown(diff().compare), amount(one(rows)), 'Total of the compared');
    }
    $('normalise').hidden = !diff();
    for (const [k, weight] of WEIGHTS.entries()) {
      if (diff() && k !== state.weight) continue;
      const button = document.createElement('button');
      button.setAttribute('role', 'radio');
      button.textContent = ['Wall', 'CPU', 'Samples'][k];
      button.dataset.weight = weight;
      button.onclick = () => { if (!diff()) { state.weight = k; refresh(); } };
      $('weights').append(button);
    }
    if (diff()) $('weights').hidden = true;
    const phases = [...new Set(rows.phase)].sort();
    for (const phase of diff() || phases.length < 2 ? [] : phases) {
      const button = document.createElement('button');
      button.textContent = PHASES[phase] || 'phase ' + phase;
      button.dataset.phase = phase;
      button.onclick = () => { toggle(state.hiddenPhases, phase); if (state.inverted) home(); refresh(); };
      $('phases').append(button);
    }
    $('threads').hidden = head.threads.length < 2;
    const wall = new Float64Array(head.threads.length);
    for (let i = 0; i < rows.n; i++) wall[rows.thread[i]] += rows.weights[0][i];
    const list = document.querySelector('#threads .pop');
    const every = document.createElement('button');
    every.textContent = 'All or none';
    every.onclick = () => {
      const none = !state.hiddenThreads.size;
      state.hiddenThreads = new Set(none ? wall.keys() : []);
      refresh();
    };
    list.append(every);
    for (const thread of [...wall.keys()].sort((a, b) => wall[b] - wall[a]).slice(0, 500)) {
      const label = document.createElement('label'), box = document.createElement('input'), time = document.createElement('span');
      box.type = 'checkbox';
      box.value = thread;
      box.onchange = () => { toggle(state.hiddenThreads, thread); if (state.inverted) home(); refresh(); };
      time.textContent = duration(wall[thread]);
      label.append(box, short(shown(head.threads[thread]) || '(no name)', 60), time);
      list.append(label);
    }
    legend();
  }

  function legend() {
    const hatched = dark() ? 'repeating-linear-gradient(135deg,#6f7a88 0 3px,#8792a1 3px 5px)'
        : 'repeating-linear-gradient(135deg,#c6ccd4 0 3px,#a9b1bc 3px 5px)';
    const light = dark() ? '60%' : '70%';
    const kinds = new Set(profile.frames.kind.slice(1));
    const entries = diff()
        ? [[diffColour(-1), 'smaller in compare'], [diffColour(0), 'same'], [diffColour(1), 'greater']]
        : [kinds.has(2) && [`hsl(30,65%,${light})`, 'Python'], kinds.has(1) && [`hsl(205,65%,${light})`, 'native'],
           (kinds.has(0) || kinds.has(3)) && [hatched, 'unknown or truncated'],
           [dark() ? '#3c4654' : '#ccd3db', 'too narrow here: zoom in']];
    $('legend').replaceChildren(...entries.filter(Boolean).map(([colour, text]) => {
      const span = document.createElement('span'), swatch = document.createElement('i');
      swatch.style.background = colour;
      span.append(swatch, text);
      return span;
    }));
  }

  function theme(name) {
    state.theme = name;
    const isDark = name ? name === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
    document.documentElement.className = isDark ? 'dark' : 'light';
    colours = [];
    makeHatch();
    if (profile) legend();
  }

  // ---- The address ------------------------------------------------------------------------------

  function remember() {
    const parts = new URLSearchParams();
    if (WEIGHTS[state.weight] !== profile.head.weight) parts.set('w', WEIGHTS[state.weight]);
    if (state.inverted) parts.set('i', 1);
    if (state.flip) parts.set('f', 1);
    if (!state.shares) parts.set('a', 1);
    if (state.text) parts.set('q', state.text);
    if (state.regex) parts.set('r', 1);
    if (state.hiddenPhases.size) parts.set('p', [...state.hiddenPhases].join());
    if (state.hiddenThreads.size) parts.set('t', [...state.hiddenThreads].join());
    if (state.theme) parts.set('c', state.theme);
    if (zoomed) parts.set('z', zoomed);
    if (selected) parts.set('s', selected);
    const hash = '#' + parts;
    if (hash === (location.hash || '#')) return;
    try { history.replaceState(null, '', hash === '#' ? location.pathname + location.search : hash); } catch (error) { /* about:srcdoc */ }
  }

  function recall() {
    const parts = new URLSearchParams(location.hash.slice(1));
    const numbers = (key) => new Set((parts.get(key) || '').split(',').filter(Boolean).map(Number).filter(Number.isInteger));
    const weight = WEIGHTS.indexOf(diff() ? profile.head.weight : parts.get('w') || profile.head.weight);
    state.weight = Math.max(0, weight);
    state.inverted = parts.has('i');
    state.flip = parts.has('f');
    state.shares = !parts.has('a');
    state.text = parts.get('q') || '';
    state.regex = parts.has('r');
    state.hiddenPhases = numbers('p');
    state.hiddenThreads = numbers('t');
    const index = (key) => Math.max(0, parseInt(parts.get(key), 10) || 0);
    zoomed = index('z');
    selected = index('s');
    theme(['dark', 'light'].includes(parts.get('c')) ? parts.get('c') : '');
  }

  // ---- Events -----------------------------------------------------------------------------------

  const actions = {
    '/': () => { $('query').focus(); $('query').select(); },
    'n': () => step(1), 'N': () => step(-1),
    'i': () => { state.inverted = !state.inverted; home(); refresh(); },
    'f': () => { state.flip = !state.flip; refresh(); stage.scrollTop = state.flip ? stage.scrollHeight : 0; },
    's': () => { if (diff()) { state.shares = !state.shares; refresh(); } },
    'w': () => { if (!diff()) { state.weight = (state.weight + 1) % 3; refresh(); } },
    't': () => { theme(dark() ? 'light' : 'dark'); remember(); redraw(); },
    '?': () => $('keys').showModal(),
    '0': () => { stage.scrollTop = state.flip ? stage.scrollHeight : 0; zoomTo(0); },
    'Escape': () => { if (zoomed || right - left < 1) actions['0'](); else { state.text = ''; $('query').value = ''; search(); } },
    'Enter': () => zoomTo(selected),
    'Backspace': () => zoomTo(view.parent[zoomed]),
    'ArrowUp': () => vertical(state.flip), 'ArrowDown': () => vertical(!state.flip),
    'ArrowLeft': () => sideways(-1), 'ArrowRight': () => sideways(1),
    'Home': () => select(0),
    '+': () => turn(innerWidth / 2, 0.7), '-': () => turn(innerWidth / 2, 1 / 0.7),
  };
  actions.I = actions.i; actions.F = actions.f; actions.T = actions.t; actions.W = actions.w; actions.S = actions.s;

  // Away from the root: to the widest child.
  function vertical(deeper) {
    if (!deeper) return select(view.parent[selected]);
    const children = childrenOf(selected);
    if (children.length) select(children.reduce((a, b) => view.width[b] > view.width[a] ? b : a));
  }

  function sideways(by) {
    if (!selected) return;
    const peers = childrenOf(view.parent[selected]), next = peers[peers.indexOf(selected) + by];
    if (next) select(next);
  }

  function listen() {
    addEventListener('keydown', (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || $('keys').open) return;
      const typing = event.target === $('query');
      if (typing && event.key === 'Enter') { step(event.shiftKey ? -1 : 1); return event.preventDefault(); }
      if (typing && event.key !== 'Escape') return;
      if (typing) { stage.focus(); if (!state.text) return; }
      if (event.target !== stage && ['Enter', 'Backspace'].includes(event.key) && event.target.closest('button, summary, label')) return;
      const action = actions[event.key];
      if (action) { action(); event.preventDefault(); }
    });
    $('query').oninput = () => { state.text = $('query').value; search(); };
    $('regex').onclick = () => { state.regex = !state.regex; controls(); search(); };
    $('next').onclick = actions.n;
    $('previous').onclick = actions.N;
    for (const [id, key] of [['invert', 'i'], ['flip', 'f'], ['normalise', 's'], ['theme', 't'], ['help', '?'], ['reset', '0']]) $(id).onclick = actions[key];
    $('keys').onclick = () => $('keys').close();
    let grabbed = null;
    canvas.onpointerdown = (event) => { grabbed = { x: event.clientX, y: event.clientY, left, right, top: stage.scrollTop, moved: false }; };
    addEventListener('pointerup', (event) => {
      const was = grabbed;
      grabbed = null;
      if (!was || was.moved || event.target !== canvas) return;
      const node = nodeAt(event.clientX, event.clientY);
      if (node >= 0) { select(node, true); zoomTo(node); }
    });
    addEventListener('pointermove', (event) => {
      if (grabbed && event.buttons) {
        const dx = event.clientX - grabbed.x, dy = event.clientY - grabbed.y;
        if (Math.abs(dx) + Math.abs(dy) > 4) grabbed.moved = true;
        if (grabbed.moved) {
          const span = grabbed.right - grabbed.left;
          left = Math.min(Math.max(grabbed.left - dx / stage.clientWidth * span, 0), 1 - span);
          right = left + span;
          stage.scrollTop = grabbed.top - dy;
          redraw();
          return tip(-1);
        }
      }
      const node = event.target === canvas ? nodeAt(event.clientX, event.clientY) : -1;
      tip(node, event.clientX, event.clientY);
      if (node !== hovered) { hovered = node; redraw(); }
    });
    // The wheel scrolls what is taller than the window; else, or with Ctrl, it zooms.
    stage.addEventListener('wheel', (event) => {
      if (!event.ctrlKey && !event.metaKey && stage.scrollHeight > stage.clientHeight + 1) return;
      event.preventDefault();
      turn(event.clientX, Math.exp(Math.max(-120, Math.min(120, event.deltaY)) * 0.0025));
      tip(-1);
    }, { passive: false });
    stage.onscroll = () => { tip(-1); redraw(); };
    new ResizeObserver(redraw).observe(stage);
    addEventListener('hashchange', () => { recall(); search(); refresh(); });
    matchMedia('(prefers-color-scheme: dark)').onchange = () => { if (!state.theme) { theme(''); redraw(); } };
    document.addEventListener('click', (event) => { if (!$('threads').contains(event.target)) $('threads').open = false; });
  }

  function help() {
    const rows = [['Arrows', 'move the selection'], ['Enter or click', 'zoom to a frame'], ['Backspace', 'zoom out one level'],
                  ['Esc or 0', 'show everything'], ['+  −  Ctrl+wheel', 'zoom in and out; drag to move'], ['/', 'search'],
                  ['n  N', 'next, previous match'], ['I', 'inverted: heaviest functions first, their callers below'],
                  ['F', 'flip: root at the bottom'], ['W', 'wall, CPU, samples'], ['S', 'difference by shares or by sums'], ['T', 'light or dark']];
    const table = document.createElement('table');
    for (const [key, text] of rows) {
      const tr = table.insertRow(), kbd = document.createElement('kbd');
      kbd.textContent = key;
      tr.insertCell().append(kbd);
      tr.insertCell().textContent = text;
    }
    $('keys').append(table);
  }

  (async () => {
    try {
      profile = readProfile(new Reader(await profileBytes));  // loader.js
      recall();
      build();
      help();
      listen();
      refresh();
      if (state.text) search();
      requestAnimationFrame(() => requestAnimationFrame(() => {
        document.documentElement.dataset.openMs = performance.now().toFixed(1);
      }));
    } catch (error) {
      $('status').textContent = 'This profile could not be read: ' + error.message;
      document.documentElement.dataset.failed = error.message;
    }
  })();
})();
