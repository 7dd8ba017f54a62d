// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
//
// What the other files of the viewer share. They are put into one script in the order that
// .cmake/embed.cmake gives and share its scope.
//
// Names come from strangers: they reach the page as canvas text and textContent only, never as
// markup, and with characters that would reorder or hide text made visible (shown, in state.js).
'use strict';

const $ = (id) => document.getElementById(id);
const UNKNOWN = 0, NATIVE = 1, PYTHON = 2, TRUNCATED = 3, SYSTEM_CALL = 4, RUN_QUEUE = 5, LOCK = 6;  // profiler/base/frame_kind.h
const KINDS = ['unknown', 'native', 'Python', 'truncated', 'waiting: blocked in the kernel', 'waiting: for a CPU',
               'waiting: for the interpreter\u2019s lock'];
const PHASES = ['outside phases', 'init', 'invoke', 'after', 'shutdown'];
const WEIGHTS = ['wall', 'cpu', 'samples'];
const WHY = {
  [UNKNOWN]: 'Something ran here that could not be identified. Its time is real, its name is not known.',
  [TRUNCATED]: 'The walk ended early here: callers between this and the root are missing.',
  [SYSTEM_CALL]: 'No code runs here: the thread sleeps in the kernel until what it asked for is there.',
  [RUN_QUEUE]: 'No code runs here: the thread could run, and others had the CPUs.',
  [LOCK]: 'No code runs here: another thread has the lock that the interpreter needs to run Python code.',
};
const ROW = 19;          // px
const NARROWEST = 0.4;   // px; a narrower subtree is not drawn
const stage = $('stage'), canvas = $('canvas'), pen = canvas.getContext('2d', { alpha: false });
