// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
//
// The state in the address, so that a view can be linked to.
'use strict';

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
  if (state.hiddenRungs.size) parts.set('g', [...state.hiddenRungs].join());
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
  state.hiddenRungs = numbers('g');
  const index = (key) => Math.max(0, parseInt(parts.get(key), 10) || 0);
  zoomed = index('z');
  selected = index('s');
  theme(['dark', 'light'].includes(parts.get('c')) ? parts.get('c') : '');
}
