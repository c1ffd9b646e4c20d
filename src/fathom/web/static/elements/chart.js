// @ts-check
/** Curves over epochs on a canvas: scales, a frame with labels, and lines. */

import { EPOCH } from "../lib/curve.js";
import { ticks, whole } from "../lib/numbers.js";

/** Pixels around the plot, for labels. */
export const EDGE = { left: 40, right: 10, top: 8, bottom: 18 };

/**
 * @typedef {object} Line
 * @property {number[][]} rows As a `Curve` has them.
 * @property {number} column Which of a row's numbers is drawn.
 * @property {string} colour
 * @property {string} name
 * @property {boolean} dash
 */

/**
 * From epochs and values to pixels, and back.
 *
 * @typedef {object} Scale
 * @property {number} width
 * @property {number} height
 * @property {boolean} log
 * @property {number} low
 * @property {number} high
 * @property {number} last Epoch at the right end.
 * @property {(epoch: number) => number} x
 * @property {(value: number) => number} y
 * @property {(x: number) => number} epoch
 */

/**
 * The scale that all lines fit.
 *
 * @param {Pick<Line, "rows" | "column">[]} lines
 * @param {{width: number, height: number, log: boolean, share: boolean, last?: number}} look
 *   `share`: values lie in [0, 1]. `last`: the epoch at the right end, if it is later than the rows.
 * @returns {Scale}
 */
export function scaleOf(lines, { width, height, log, share, last = 1 }) {
  let [low, high] = [Infinity, -Infinity];
  for (const { rows, column } of lines) {
    if (rows.length) last = Math.max(last, rows[rows.length - 1][EPOCH]);
    for (const row of rows) {
      const value = row[column];
      if (!Number.isFinite(value) || (log && value <= 0)) continue;
      if (value < low) low = value;
      if (value > high) high = value;
    }
  }
  if (!(high >= low)) [low, high] = share ? [0, 1] : [log ? 0.1 : 0, 1];
  if (!log) low = Math.min(low, 0);
  if (share) high = Math.max(high, 1);
  if (high <= low) high = log ? low * 1.01 : low + 1e-6;
  const bend = log ? Math.log10 : (/** @type {number} */ v) => v;
  const [a, b] = [bend(low), bend(high)];
  const [across, down] = [width - EDGE.left - EDGE.right, height - EDGE.top - EDGE.bottom];
  return {
    width,
    height,
    log,
    low,
    high,
    last,
    x: (epoch) => EDGE.left + (epoch / last) * across,
    y: (value) => EDGE.top + (1 - (bend(value) - a) / (b - a || 1)) * down,
    epoch: (x) => ((x - EDGE.left) / across) * last,
  };
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Scale} scale
 * @param {{line: string, text: string}} colours
 */
export function drawFrame(context, scale, colours) {
  const { width, height } = scale;
  context.font = "10px system-ui, sans-serif";
  context.textAlign = "right";
  const marks = scale.log ? powers(scale.low, scale.high) : ticks(scale.low, scale.high, 3);
  for (const tick of marks) {
    const y = scale.y(tick);
    context.fillStyle = colours.line;
    context.fillRect(EDGE.left, Math.round(y), width - EDGE.left - EDGE.right, 1);
    context.fillStyle = colours.text;
    context.fillText(
      tick === 0 ? "0" : Math.abs(tick) < 1e-3 ? tick.toExponential(0) : String(tick),
      EDGE.left - 6,
      y + 3.5,
    );
  }
  context.textAlign = "center";
  context.fillStyle = colours.text;
  const across = ticks(0, scale.last, Math.max(2, Math.floor(width / 90)));
  for (const tick of across) {
    if (tick % 1) continue;
    context.fillText(
      whole(tick),
      Math.max(EDGE.left + 3, Math.min(scale.x(tick), width - 16)),
      height - 4,
    );
  }
}

/**
 * @param {number} low
 * @param {number} high
 */
function powers(low, high) {
  const [first, last] = [Math.ceil(Math.log10(low)), Math.floor(Math.log10(high))];
  const step = Math.max(1, Math.ceil((last - first) / 4));
  const marks = [];
  for (let power = first; power <= last; power += step) marks.push(10 ** power);
  return marks.length > 1 ? marks : [low, high].map((value) => Number(value.toPrecision(2)));
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Line} line
 * @param {Scale} scale
 */
export function drawLine(context, { rows, column, colour, dash }, scale) {
  context.strokeStyle = colour;
  context.lineWidth = 1.6;
  context.lineJoin = "round";
  context.setLineDash(dash ? [5, 3] : []);
  context.beginPath();
  let open = false;
  for (const row of rows) {
    const value = row[column];
    if (!Number.isFinite(value) || (scale.log && value <= 0)) {
      open = false;
      continue;
    }
    const [x, y] = [scale.x(row[EPOCH]), scale.y(value)];
    if (open) context.lineTo(x, y);
    else context.moveTo(x, y);
    open = true;
  }
  context.stroke();
  context.setLineDash([]);
}
