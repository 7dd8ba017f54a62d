// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
//
// The header: sums, buttons, filters, legend, theme.
'use strict';

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
  showChecks();
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
    const partial = rows.weights[2].reduce((all, n, i) => all + rows.partial[i] * n, 0);
    if (partial) {
      chip(`partial (${percent(partial, sum(rows.weights[2]))})`, partial.toLocaleString('en-US'),
           'Samples whose native frames were to be read and were not: the time of C functions counts as that of their Python callers');
    }
    if (head.rate) {
      const [rate, why] = head.rate.split(': ');
      chip('sampled' + (why ? ` (${why})` : ''), rate, 'How often each thread was looked at', why);
    }
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
  buildChecks();
  legend();
}

function legend() {
  const hatched = dark() ? 'repeating-linear-gradient(135deg,#6f7a88 0 3px,#8792a1 3px 5px)'
      : 'repeating-linear-gradient(135deg,#c6ccd4 0 3px,#a9b1bc 3px 5px)';
  const light = dark() ? '60%' : '70%';
  const kinds = new Set(profile.frames.kind.slice(1));
  const entries = diff()
      ? [[diffColour(-1), 'smaller in compare'], [diffColour(0), 'same'], [diffColour(1), 'greater']]
      : [kinds.has(PYTHON) && [`hsl(30,65%,${light})`, 'Python'], kinds.has(NATIVE) && [`hsl(205,65%,${light})`, 'native'],
         kinds.has(SYSTEM_CALL) && [`hsl(118,${dark() ? '26%,56%' : '36%,74%'})`, 'blocked in a system call'],
         kinds.has(RUN_QUEUE) && [`hsl(74,${dark() ? '26%,56%' : '36%,74%'})`, 'waiting for a CPU'],
         kinds.has(LOCK) && [`hsl(156,${dark() ? '26%,56%' : '36%,74%'})`, 'waiting for the GIL'],
         (kinds.has(UNKNOWN) || kinds.has(TRUNCATED)) && [hatched, 'unknown or truncated'],
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
