// @ts-check
import assert from "node:assert/strict";
import { test } from "node:test";
import { Curve } from "../../../src/fathom/web/static/lib/curve.js";
import { readMessage, slice } from "../../../src/fathom/web/static/lib/frames.js";
import { fixed, percent, short, ticks } from "../../../src/fathom/web/static/lib/numbers.js";
import { biasesOf, linksOf, unitName } from "../../../src/fathom/web/static/lib/wiring.js";

/** @type {any} */
const PLAN = {
  layers: [
    { kind: "input", units: 2, labels: ["x", "y"], first: 0 },
    { kind: "hidden", units: 3, first: 2 },
    { kind: "output", units: 1, first: 5 },
  ],
  parameters: [
    { layer: 1, name: "kernel", shape: [2, 3], offset: 0, trainable: true },
    { layer: 1, name: "bias", shape: [3], offset: 6, trainable: true },
    { layer: 2, name: "kernel", shape: [3, 1], offset: null, trainable: true },
    { layer: 2, name: "bias", shape: [1], offset: 9, trainable: true },
  ],
  num_parameters: 10,
};

/** @param {object} header @param {Uint8Array[]} blobs */
function message(header, blobs) {
  let text = JSON.stringify(header);
  while ((4 + text.length) % 8) text += " ";
  const bytes = [
    ...new Uint8Array(Uint32Array.of(text.length).buffer),
    ...new TextEncoder().encode(text),
  ];
  for (const blob of blobs) {
    bytes.push(...blob);
    while (bytes.length % 8) bytes.push(0);
  }
  return Uint8Array.from(bytes).buffer;
}

test("arrays are read where the header says they are", () => {
  const maps = Float32Array.from({ length: 8 }, (_, i) => i);
  const header = {
    type: "frame",
    arrays: {
      dead: { offset: 0, shape: [3], dtype: "u1" },
      maps: { offset: 8, shape: [2, 2, 2], dtype: "f4" },
    },
  };
  const read = readMessage(message(header, [Uint8Array.of(1, 0, 1), new Uint8Array(maps.buffer)]));
  assert.deepEqual([...read.arrays.dead.values], [1, 0, 1]);
  assert.deepEqual([...slice(read.arrays.maps, 1)], [4, 5, 6, 7]);
});

test("links name the weight the server means", () => {
  const [first] = linksOf(PLAN, (layer) => PLAN.layers[layer].units);
  assert.equal(first.length, 6);
  assert.deepEqual(first.find((link) => link.from === 1 && link.to === 4)?.index, 5);
  assert.equal(
    linksOf(PLAN, (layer) => PLAN.layers[layer].units).length,
    1,
    "arrays too large to send have no links",
  );
  assert.equal(biasesOf(PLAN).find((bias) => bias.unit === 5)?.index, 9);
});

test("units are named as people count", () => {
  assert.equal(unitName(PLAN, 1), "y");
  assert.equal(unitName(PLAN, 2), "layer 1, unit 1");
  assert.equal(unitName(PLAN, 5), "output");
});

test("a curve stays bounded, keeps its ends, and forgets what is trained anew", () => {
  const curve = new Curve();
  for (let epoch = 0; epoch < 20_000; epoch++) curve.extend(Float32Array.of(epoch, 1, 1, 1, 1));
  assert.ok(curve.length <= 4097);
  assert.equal(curve.rows[0][0], 0);
  assert.equal(curve.rows.at(-1)?.[0], 19_999);
  curve.extend(Float32Array.of(100, 0.5, 0.5, 1, 1));
  assert.equal(curve.rows.at(-1)?.[0], 100);
  assert.equal(curve.nearest(1e9)?.[1], 0.5);
});

test("numbers fit their place", () => {
  assert.equal(fixed(null), "–");
  assert.equal(fixed(-0.25, 2), "−0.25");
  assert.equal(fixed(Number.POSITIVE_INFINITY), "∞");
  assert.equal(short(0.03), "0.03");
  assert.equal(percent(1), "100%");
  assert.deepEqual(ticks(0, 1, 4), [0, 0.5, 1]);
});
