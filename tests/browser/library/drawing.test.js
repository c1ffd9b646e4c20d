// @ts-check
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  linkHeight,
  linkWidth,
  planNetwork,
  strongest,
} from "../../../src/fathom/web/static/lib/layout.js";
import {
  PALETTES,
  classColour,
  colourOf,
  paintMap,
  paintOf,
} from "../../../src/fathom/web/static/lib/palette.js";

const FRAME = { width: 640, height: 590, top: 62, left: 84, right: 14 };

test("the default network fits its frame", () => {
  const plan = planNetwork([8, 4, 2, 1], FRAME);
  assert.ok(plan.width <= FRAME.width);
  assert.equal(plan.spots.length, 15);
  for (const spot of plan.spots) assert.ok(spot.x + spot.size <= FRAME.width);
});

test("units never overlap, from none to 32 layers of 64", () => {
  for (const units of [
    [2, 1],
    [8, 8, 8, 8, 8, 8, 8, 1],
    [8, ...Array(32).fill(64), 10],
  ]) {
    const { spots } = planNetwork(units, FRAME);
    for (const [one, other] of spots.slice(1).map((spot, i) => [spots[i], spot])) {
      if (one.layer === other.layer) assert.ok(other.y - one.y >= one.size);
      else assert.ok(other.x - one.x > one.size);
    }
  }
});

test("a link begins at its source and ends at its target", () => {
  const from = { x: 0, y: 10, size: 20, layer: 0, place: 0 };
  const to = { x: 200, y: 150, size: 20, layer: 1, place: 0 };
  assert.ok(Math.abs(linkHeight(from, to, 20) - 20) < 0.5);
  assert.ok(Math.abs(linkHeight(from, to, 200) - 160) < 0.5);
});

test("links grow with their weight and stay visible at zero", () => {
  assert.ok(linkWidth(0) > 0);
  assert.ok(linkWidth(1) > linkWidth(0.1));
  assert.equal(linkWidth(2), linkWidth(-2));
  assert.ok(Number.isFinite(linkWidth(Number.NaN)));
});

test("of too many links the strongest of every layer are drawn", () => {
  const link = (/** @type {number} */ index) => ({ from: 0, to: 1, index, layer: 1 });
  const gaps = [
    Array.from({ length: 100 }, (_, i) => link(i)),
    Array.from({ length: 100 }, (_, i) => link(100 + i)),
  ];
  const drawn = strongest(gaps, (index) => index % 100, 40);
  assert.equal(drawn.length, 40);
  assert.equal(Math.min(...drawn.slice(0, 20).map((one) => one.index)), 80);
});

test("the ends of every palette differ from each other and from the middle, by day and at night", () => {
  for (const { key } of PALETTES) {
    for (const dark of [false, true]) {
      const paint = paintOf(key, dark);
      assert.equal(new Set([paint.table[0], paint.table[128], paint.table[255]]).size, 3, key);
      assert.notDeepEqual(classColour(paint, 0, 2), classColour(paint, 1, 2));
      assert.notEqual(colourOf(paint, -1), colourOf(paint, 1));
    }
  }
});

test("bytes and floats paint the same map, and what is not a number stays inside the table", () => {
  const { table } = paintOf("classic", false);
  const [bytes, floats] = [new Uint32Array(3), new Uint32Array(3)];
  paintMap(bytes, Uint8Array.of(0, 127, 255), table);
  paintMap(floats, Float32Array.of(-2, -0.003, 1), table);
  assert.deepEqual(bytes, floats);
  const odd = new Uint32Array(1);
  paintMap(odd, Float32Array.of(Number.NaN), table);
  assert.ok(table.includes(odd[0]));
});
