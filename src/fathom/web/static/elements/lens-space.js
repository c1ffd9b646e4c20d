// @ts-check
import { percent } from "../lib/numbers.js";
import { paintOf } from "../lib/palette.js";
import { make, sized, tell, token } from "./build.js";
import { choiceField } from "./fields.js";
import { labelColour } from "./fathom-output.js";

/** @typedef {import("../lib/types.js").Model} Model */

const GRID = 21;

/** Where a layer puts the points, and what becomes of the square's grid. */
export class FathomSpace extends HTMLElement {
  connectedCallback() {
    if (this.firstChild) return;
    /** @type {{layer: number, units: number[] | null}} */
    this.space = { layer: 1, units: null };
    this.layer = choiceField({
      title: "Layer",
      topic: "space",
      choose: (layer) => this.#want({ layer, units: null }),
    });
    this.across = choiceField({
      title: "Across",
      topic: "space",
      choose: (unit) => this.#axis(0, unit),
    });
    this.up = choiceField({ title: "Up", topic: "space", choose: (unit) => this.#axis(1, unit) });
    this.words = make("p", { class: "quiet" }, "Looking through the layer…");
    this.canvas = make("canvas", {
      class: "space",
      role: "img",
      "aria-label": "The points as the layer sees them",
    });
    this.append(
      make(
        "div",
        { class: "lens-side" },
        make(
          "div",
          { class: "stack" },
          this.layer.root,
          this.across.root,
          this.up.root,
          this.words,
        ),
        this.canvas,
      ),
    );
    new ResizeObserver(() => this.#draw()).observe(this);
  }

  /** @param {{layer: number, units: number[] | null}} space */
  #want(space) {
    this.space = space;
    tell(this, { do: "want" });
    if (this.model) this.#offer(this.model);
  }

  /**
   * @param {number} place
   * @param {number} unit
   */
  #axis(place, unit) {
    if (unit < 0) return this.#want({ layer: this.space?.layer ?? 1, units: null });
    const units = [...(this.space?.units ?? [0, 1])];
    units[place] = unit;
    this.#want({ layer: this.space?.layer ?? 1, units });
  }

  /**
   * @param {Model} model
   * @param {Set<import("../lib/types.js").Change>} changes
   */
  update(model, changes) {
    this.model = model;
    if (changes.has("structure")) this.#offer(model);
    this.#draw();
  }

  /** @param {Model} model */
  #offer(model) {
    const layers = model.sides.a.state?.network.layers ?? [];
    if (!this.space) return;
    if (this.space.layer >= layers.length)
      this.#want({ layer: Math.max(0, layers.length - 1), units: null });
    this.layer?.offer(
      layers.map((layer, value) => ({
        value,
        text:
          layer.kind === "input"
            ? "Input"
            : layer.kind === "output"
              ? "Output"
              : `Hidden layer ${value}`,
      })),
    );
    this.layer?.set(this.space.layer);
    const units = layers[this.space.layer]?.units ?? 0;
    const list = [
      { value: -1, text: units > 2 ? "main component" : "automatic" },
      ...Array.from({ length: units }, (_, value) => ({ value, text: `unit ${value + 1}` })),
    ];
    this.across?.offer(list);
    this.up?.offer(list);
    this.across?.set(this.space.units?.[0] ?? -1);
    this.up?.set(this.space.units?.[1] ?? -1);
  }

  #draw() {
    const { model, canvas } = this;
    const network = model?.sides.a;
    const space = network?.frame?.arrays.space;
    if (!model || !canvas || !network?.state || !space) return;
    const size = Math.min(this.clientWidth - 16, window.innerWidth > 760 ? 520 : 420);
    const context = sized(canvas, size, size);
    Object.assign(canvas.style, { width: `${size}px`, height: `${size}px` });
    const grid = network.frame?.arrays.space_grid?.values;
    const scale = fit(space.values, grid, size);
    if (grid) drawGrid(context, grid, scale);
    this.#drawPoints(context, space.values, scale, network, model);
    this.#say(network.frame?.header.space);
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {Float32Array} values
   * @param {(x: number, y: number) => number[]} scale
   * @param {import("../lib/types.js").Network} network
   * @param {Model} model
   */
  #drawPoints(context, values, scale, network, model) {
    const { points, state } = network;
    if (!points || !state) return;
    const paint = paintOf(model.palette, model.dark);
    const most = points.label.reduce((high, value) => Math.max(high, Math.abs(value)), 1);
    context.strokeStyle = token("surface");
    context.lineWidth = 0.8;
    const count = Math.min(points.label.length, values.length / 2);
    for (let i = 0; i < count; i++) {
      const [x, y] = scale(values[i * 2], values[i * 2 + 1]);
      context.fillStyle = labelColour(
        points.label[i],
        state,
        paint,
        state.task === "regression" ? most : 1,
      );
      context.beginPath();
      context.arc(x, y, 3.4, 0, 7);
      context.fill();
      context.stroke();
    }
  }

  /** @param {{layer: number, units?: number[], components?: number[]} | undefined} header */
  #say(header) {
    if (!this.words || !header) return;
    this.words.textContent = header.components
      ? `The two directions that vary most: ${header.components.map((share) => percent(share)).join(" and ")} of the variance.`
      : "The lines are the square’s own grid, as this layer bends it.";
  }
}

/**
 * @param {Float32Array} points
 * @param {Float32Array | undefined} grid
 * @param {number} size
 */
function fit(points, grid, size) {
  let [left, right, low, high] = [Infinity, -Infinity, Infinity, -Infinity];
  for (const values of grid ? [points, grid] : [points]) {
    for (let i = 0; i + 1 < values.length; i += 2) {
      left = Math.min(left, values[i]);
      right = Math.max(right, values[i]);
      low = Math.min(low, values[i + 1]);
      high = Math.max(high, values[i + 1]);
    }
  }
  const edge = 16;
  const room = size - 2 * edge;
  return (/** @type {number} */ x, /** @type {number} */ y) => [
    edge + ((x - left) / (right - left || 1)) * room,
    size - edge - ((y - low) / (high - low || 1)) * room,
  ];
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Float32Array} grid
 * @param {(x: number, y: number) => number[]} scale
 */
function drawGrid(context, grid, scale) {
  const at = (/** @type {number} */ row, /** @type {number} */ column) => {
    const place = (row * GRID + column) * 2;
    return scale(grid[place], grid[place + 1]);
  };
  context.strokeStyle = token("strong-line");
  context.lineWidth = 1;
  for (const along of [false, true]) {
    for (let i = 0; i < GRID; i++) {
      context.beginPath();
      for (let j = 0; j < GRID; j++) {
        const [x, y] = along ? at(j, i) : at(i, j);
        if (j) context.lineTo(x, y);
        else context.moveTo(x, y);
      }
      context.stroke();
    }
  }
}

customElements.define("fathom-space", FathomSpace);
