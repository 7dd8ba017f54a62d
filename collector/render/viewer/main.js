// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
//
// Help, and the start.
'use strict';

function help() {
  const rows = [['Arrows', 'move the selection'], ['Enter or click', 'zoom to a frame'], ['Backspace', 'zoom out one level'],
                ['Esc or 0', 'show everything'], ['+  −  Ctrl+wheel', 'zoom in and out; drag to move'], ['/', 'search'],
                ['n  N', 'next, previous match'], ['I', 'inverted: heaviest functions first, their callers below'],
                ['F', 'flip: root at the bottom'], ['W', 'wall, CPU, samples'], ['S', 'difference by shares or by sums'], ['T', 'light or dark']];
  const table = document.createElement('table');
  for (const [key, text] of rows) {
    const tr = table.insertRow(), kbd = document.createElement('kbd');
    kbd.textContent = key;
    tr.insertCell().append(kbd);
    tr.insertCell().textContent = text;
  }
  $('keys').append(table);
}

async function start() {
  try {
    profile = readProfile(new Reader(await profileBytes));  // loader.js
    recall();
    build();
    help();
    listen();
    refresh();
    if (state.text) search();
    requestAnimationFrame(() => requestAnimationFrame(() => {
      document.documentElement.dataset.openMs = performance.now().toFixed(1);
    }));
  } catch (error) {
    $('status').textContent = 'This profile could not be read: ' + error.message;
    document.documentElement.dataset.failed = error.message;
  }
}

start();
