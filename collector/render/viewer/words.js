// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
//
// What is said of a frame, in the tooltip and the status line.
'use strict';

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
  const inlined = frames.inlined[f] ? ', inlined into its caller' : '';
  if (node) out.push(line('p', (KINDS[kind] || 'kind ' + kind) + inlined));
  out.push(table);
  if (node && WHY[kind]) out.push(line('p', WHY[kind]));
  box.replaceChildren(...out);
  const size = box.getBoundingClientRect();
  box.style.left = Math.max(4, Math.min(clientX + 14, innerWidth - size.width - 8)) + 'px';
  box.style.top = (clientY + 18 + size.height > innerHeight ? Math.max(4, clientY - size.height - 12) : clientY + 18) + 'px';
}
