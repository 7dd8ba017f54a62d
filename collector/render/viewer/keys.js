// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
//
// Keyboard, mouse and wheel.
'use strict';

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
  document.addEventListener('click', (event) => { for (const id of ['threads', 'rungs']) if (!$(id).contains(event.target)) $(id).open = false; });
}
