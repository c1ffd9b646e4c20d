// @ts-check
import { slice } from "../lib/frames.js";
import { colourOf, paintMap } from "../lib/palette.js";
import { make } from "./build.js";

/** @typedef {import("../lib/layout.js").Spot} Spot */
/**
 * @typedef {object} Cell
 * @property {number} unit -1: a feature that is switched off.
 * @property {HTMLButtonElement} button
 * @property {HTMLCanvasElement} canvas
 * @property {HTMLElement | null} bias
 * @property {HTMLElement} reading
 * @property {string} [feature]
 */

/** One picture; reused as long as its size stays. */
class Picture {
  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    this.canvas = canvas;
    this.context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    /** @type {ImageData | null} */
    this.image = null;
    /** @type {Uint32Array} */
    this.pixels = new Uint32Array(0);
  }

  /**
   * @param {number} width
   * @param {number} height
   */
  resize(width, height) {
    if (this.image && this.canvas.width === width && this.canvas.height === height) return;
    this.canvas.width = width;
    this.canvas.height = height;
    this.image = new ImageData(width, height);
    this.pixels = new Uint32Array(this.image.data.buffer);
  }

  show() {
    if (this.image) this.context.putImageData(this.image, 0, 0);
  }
}

/** @type {WeakMap<HTMLCanvasElement, Picture>} */
const pictures = new WeakMap();

/**
 * The pixels of a canvas, kept between frames.
 *
 * @param {HTMLCanvasElement} canvas
 * @param {number} width
 * @param {number} [height]
 */
export function pictureOf(canvas, width, height = width) {
  const picture = pictures.get(canvas) ?? new Picture(canvas);
  pictures.set(canvas, picture);
  picture.resize(width, height);
  return picture;
}

/**
 * Draw one map on a canvas, a cell to a pixel; the browser scales it.
 *
 * @param {HTMLCanvasElement} canvas
 * @param {Float32Array | Uint8Array} values
 * @param {number} size
 * @param {Uint32Array} table
 * @param {number} [scale]
 */
export function drawMap(canvas, values, size, table, scale = 1) {
  const picture = pictureOf(canvas, size);
  paintMap(picture.pixels, values, table, scale);
  picture.show();
}

/**
 * The square of one unit.
 *
 * @param {Spot} spot
 * @param {number} unit
 * @param {string} name
 * @returns {Cell}
 */
export function makeCell(spot, unit, name) {
  const canvas = make("canvas", {});
  const reading = make("span", { class: "reading", "aria-hidden": "true" });
  const button = make(
    "button",
    { class: "unit", type: "button", "aria-label": name, tabIndex: -1, "data-unit": unit },
    canvas,
    reading,
  );
  Object.assign(button.style, {
    left: `${spot.x}px`,
    top: `${spot.y}px`,
    width: `${spot.size}px`,
    height: `${spot.size}px`,
  });
  return { unit, button, canvas, bias: null, reading };
}

/**
 * The little square of a bias, at the lower left of its unit.
 *
 * @param {Spot} spot
 * @param {string} name
 */
export function makeBias(spot, name) {
  const side = Math.max(4, Math.min(9, spot.size * 0.22));
  const bias = make("button", {
    class: "bias",
    type: "button",
    tabIndex: -1,
    "aria-label": `bias of ${name}`,
  });
  Object.assign(bias.style, {
    left: `${spot.x - side - 2}px`,
    top: `${spot.y + spot.size - side}px`,
    width: `${side}px`,
    height: `${side}px`,
  });
  return bias;
}

/**
 * @param {Cell[]} cells
 * @param {import("../lib/types.js").NamedArray | undefined} maps
 * @param {Uint32Array} table
 */
export function drawCells(cells, maps, table) {
  if (!maps) return;
  const [count, size] = maps.shape;
  for (const cell of cells) {
    if (cell.unit >= 0 && cell.unit < count)
      drawMap(cell.canvas, slice(maps, cell.unit), size, table);
  }
}

/**
 * First-layer filters as little pictures.
 *
 * @param {Cell[]} cells
 * @param {import("../lib/types.js").NamedArray} filters (units, height, width, channels)
 * @param {number} first Number of the first unit that has a filter.
 * @param {Uint32Array} table
 */
export function drawFilters(cells, filters, first, table) {
  const [count, height, width, channels] = filters.shape;
  for (const cell of cells) {
    const place = cell.unit - first;
    if (cell.unit < 0 || place < 0 || place >= count) continue;
    const picture = pictureOf(cell.canvas, width, height);
    const values = filters.values.subarray(
      place * height * width * channels,
      (place + 1) * height * width * channels,
    );
    const plane =
      channels === 1
        ? values
        : values.filter((/** @type {number} */ _, /** @type {number} */ i) => i % channels === 0);
    const strongest = Math.max(1e-6, ...plane.map(Math.abs));
    paintMap(picture.pixels, plane, table, strongest);
    picture.show();
  }
}

/**
 * @param {Cell} cell
 * @param {number} value
 * @param {import("../lib/palette.js").Paint} paint
 */
export function drawBias(cell, value, paint) {
  if (cell.bias) cell.bias.style.backgroundColor = colourOf(paint, value);
}
