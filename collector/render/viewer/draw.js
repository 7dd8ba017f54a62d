// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
//
// The canvas.
'use strict';

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
