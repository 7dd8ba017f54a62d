// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
//
// Zoom and selection.
'use strict';

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
