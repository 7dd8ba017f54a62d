// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
//
// What is shown and what was chosen.
'use strict';

let profile, view, matchedFrames = null, colours = [], hatch, query = null;
let left = 0, right = 1;  // the part of the root's width on show
let zoomed = 0, selected = 0, hovered = -1, asked = 0;
const state = { weight: 0, inverted: false, flip: false, shares: true, regex: false, text: '',
                hiddenPhases: new Set(), hiddenThreads: new Set(), hiddenRungs: new Set(), theme: '' };

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
  if (us < 999.5e3) return (us / 1e3).toPrecision(3) + ' ms';
  return (us / 1e6).toFixed(us < 1e7 ? 2 : 1) + ' s';
}
