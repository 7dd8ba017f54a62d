// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
//
// The filters that are lists of check boxes: threads, and the rungs that took the samples.
'use strict';

const checkLists = [];

// Entries are [value, name, amount], in the order they are shown; state[key] holds the hidden values.
function addChecks(id, word, key, entries) {
  checkLists.push({ id, word, key, entries });
  const list = document.querySelector(`#${id} .pop`), every = document.createElement('button');
  every.textContent = 'All or none';
  every.onclick = () => {
    state[key] = new Set(state[key].size ? [] : entries.map(([value]) => value));
    refresh();
  };
  list.append(every);
  for (const [value, name, amount] of entries.slice(0, 500)) {
    const label = document.createElement('label'), box = document.createElement('input'), sum = document.createElement('span');
    box.type = 'checkbox';
    box.value = value;
    box.onchange = () => { toggle(state[key], value); if (state.inverted) home(); refresh(); };
    sum.textContent = amount;
    label.append(box, short(shown(name) || '(no name)', 60), sum);
    list.append(label);
  }
}

function buildChecks() {
  const { head, rows } = profile;
  const sumsBy = (column, weight, length) => {
    const sums = new Float64Array(length);
    for (let i = 0; i < rows.n; i++) sums[column[i]] += weight[i];
    return sums;
  };
  $('threads').hidden = head.threads.length < 2;
  const wall = sumsBy(rows.thread, rows.weights[0], head.threads.length);
  addChecks('threads', 'Threads', 'hiddenThreads',
            [...wall.keys()].sort((a, b) => wall[b] - wall[a]).map((thread) => [thread, head.threads[thread], duration(wall[thread])]));
  $('rungs').hidden = !!diff();
  if (diff()) return;
  const taken = sumsBy(rows.rung, rows.weights[2], head.rungs.length), time = sumsBy(rows.rung, rows.weights[0], head.rungs.length);
  const rungs = [...new Set(rows.rung)].sort((a, b) => taken[b] - taken[a]);
  addChecks('rungs', 'Rungs', 'hiddenRungs',
            rungs.map((rung) => [rung, head.rungs[rung], `${taken[rung].toLocaleString('en-US')} samples, ${duration(time[rung])}`]));
}

function showChecks() {
  for (const { id, word, key, entries } of checkLists) {
    const all = entries.length, on = entries.filter(([value]) => !state[key].has(value)).length;
    document.querySelector(`#${id} summary`).textContent = on === all ? `${word}: all ${all}` : `${word}: ${on} of ${all}`;
    for (const box of document.querySelectorAll(`#${id} input`)) box.checked = !state[key].has(+box.value);
  }
}
