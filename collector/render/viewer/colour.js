// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
//
// Colours of frames and of changes.
'use strict';

const dark = () => document.documentElement.classList.contains('dark');

function hash(text) {
  let value = 2166136261;
  for (let i = 0; i < text.length && i < 400; i++) value = Math.imul(value ^ text.charCodeAt(i), 16777619);
  return value >>> 0;
}

// Warm: interpreted; cool: native; the hue by file or module. Pale green: no code, the thread waits.
// svg_colour.h follows the same rule.
function frameColour(f) {
  if (colours[f]) return colours[f];
  const { frames, strings } = profile, kind = frames.kind[f];
  const place = hash(strings[frames.file[f] || frames.module[f]]), name = hash(strings[frames.name[f]]);
  if (kind >= SYSTEM_CALL) {
    const hue = kind === SYSTEM_CALL ? 104 + name % 32 : kind === RUN_QUEUE ? 74 : 156;
    return colours[f] = `hsl(${hue},${dark() ? 26 : 36}%,${dark() ? 56 : 74}%)`;
  }
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
