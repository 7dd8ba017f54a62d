// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
//
// The profile out of its packed form, which viewer_blob.h describes. The tree stays what it is there,
// pre-order columns, so a subtree too narrow to see is skipped by one jump (`end`).
'use strict';

class Reader {
  constructor(bytes) { this.bytes = bytes; this.at = 0; }
  number() { return this.column(1, Float64Array)[0]; }
  column(length, Type = Uint32Array) {
    const out = new Type(length), bytes = this.bytes;
    let at = this.at;
    for (let i = 0; i < length; i++) {
      let byte = bytes[at++], value = byte & 127;
      for (let unit = 128; byte > 127; unit *= 128) {
        byte = bytes[at++];
        value += (byte & 127) * unit;
      }
      out[i] = value;
    }
    this.at = at;
    return out;
  }
  text(length) {
    this.at += length;
    return new TextDecoder('utf-8', { ignoreBOM: true })
        .decode(this.bytes.subarray(this.at - length, this.at));
  }
}

function readRows(reader) {
  const n = reader.number();
  const leaf = reader.column(n);
  for (let i = 1; i < n; i++) leaf[i] += leaf[i - 1];
  const thread = reader.column(n), phase = reader.column(n), rung = reader.column(n);
  const partial = rung.map((one) => one >> 3);
  for (let i = 0; i < n; i++) rung[i] &= 7;
  const weights = WEIGHTS.map(() => reader.column(n, Float64Array));
  return { n, leaf, thread, phase, rung, partial, weights };
}

function readProfile(reader) {
  const head = JSON.parse(reader.text(reader.number()));
  const count = reader.number(), bytes = reader.number();
  const lengths = reader.column(count);
  const all = reader.text(bytes);
  const strings = new Array(count);
  for (let i = 0, at = 0; i < count; at += lengths[i++]) strings[i] = all.substr(at, lengths[i]);
  const f = reader.number();
  const column = (Type) => reader.column(f, Type);
  const frames = { kind: column(), name: column(), file: column(), line: column(), module: column(),
                   low: column(), high: column(), inlined: column() };
  const n = reader.number();
  const frame = reader.column(n), up = reader.column(n), depth = new Uint32Array(n);
  for (let i = 1; i < n; i++) depth[i] = depth[i - 1] + 1 - up[i];
  return { head, strings, frames, tree: { n, frame, depth, ...linksOf(depth) },
           rows: readRows(reader), base: readRows(reader) };
}

// Parents and subtree ends of nodes in pre-order, from their depths.
function linksOf(depth) {
  const n = depth.length, parent = new Uint32Array(n), end = new Uint32Array(n), path = [];
  for (let i = 0; i < n; i++) {
    while (path.length > depth[i]) end[path.pop()] = i;
    parent[i] = i ? path[depth[i] - 1] : 0;
    path.push(i);
  }
  while (path.length) end[path.pop()] = n;
  return { parent, end };
}
