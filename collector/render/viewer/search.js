// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
//
// Search.
'use strict';

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
