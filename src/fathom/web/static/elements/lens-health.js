// @ts-check
import { fixed, percent } from "../lib/numbers.js";
import { make, sized, token } from "./build.js";

/** @typedef {import("../lib/types.js").Model} Model */

const MEASURES = [
  {
    title: "Gradient",
    column: 0,
    log: true,
    words: "norm of the loss’s gradient in the layer’s weights",
  },
  {
    title: "Update ÷ weight",
    column: 1,
    log: true,
    words: "size of a step beside the size of the weights; about 0.001 is usual",
  },
  {
    title: "Activation",
    column: 3,
    log: false,
    words: "standard deviation of the layer’s outputs",
  },
  {
    title: "Dead units",
    column: 4,
    log: false,
    share: true,
    words: "share of units that say the same for every point",
  },
  {
    title: "Saturated",
    column: 5,
    log: false,
    share: true,
    words: "share of outputs at the flat end of the activation",
  },
];
const COLUMNS = 6;
const KEPT = 400;
const HEALTHY =
  "Every layer gets a gradient of a useful size, and no unit is dead or stuck: nothing to mend.";

/** Gradients and activations by layer, over time, and what they mean. */
export class FathomHealth extends HTMLElement {
  /** @type {string | undefined} */
  key;
  /** @type {string | undefined} */
  saidKey;

  constructor() {
    super();
    /** @type {{epoch: number, values: Float32Array}[]} */
    this.rows = [];
  }

  connectedCallback() {
    if (this.firstChild) return;
    this.diagnosis = make("ul", { class: "diagnosis", "aria-live": "polite" });
    this.table = make("div", {
      class: "health-grid",
      role: "table",
      "aria-label": "Health of every layer",
    });
    this.append(this.diagnosis, this.table);
  }

  structureChanged() {
    this.rows = [];
    this.key = "";
  }

  /**
   * @param {Model} model
   * @param {Set<import("../lib/types.js").Change>} changes
   */
  update(model, changes) {
    this.model = model;
    const network = model.sides[model.active] ?? model.sides.a;
    const { frame, state } = network;
    if (!frame || !state || !this.table) return;
    const health = frame.arrays.health;
    if (health && changes.has("frame") && this.last !== frame) this.#keep(frame);
    this.#build(state);
    if (health) this.#draw(health.values, state);
    this.#say(frame.header.diagnosis ?? [], state, frame.header.epoch > 0);
  }

  /** @param {import("../lib/types.js").Frame} frame */
  #keep(frame) {
    this.last = frame;
    const { epoch } = frame.header;
    if (this.rows.length && this.rows[this.rows.length - 1].epoch > epoch) this.rows = [];
    this.rows.push({ epoch, values: Float32Array.from(frame.arrays.health.values) });
    if (this.rows.length > KEPT)
      this.rows = this.rows.filter((_, i) => i % 2 === 0 || i > KEPT / 2);
  }

  /** @param {import("../lib/types.js").StateMessage} state */
  #build(state) {
    const layers = state.network.layers.slice(1);
    const key = `${state.build}/${layers.length}`;
    if (this.key === key || !this.table) return;
    this.key = key;
    this.rows = [];
    const head = [
      make("span", {}),
      ...MEASURES.map((one) =>
        make(
          "span",
          { class: "measure", title: one.words },
          make("b", {}, one.title),
          make("span", { class: "quiet small" }, one.words),
        ),
      ),
    ];
    /** @type {{canvas: HTMLCanvasElement, value: HTMLElement}[][]} */
    this.cells = [];
    const body = layers.flatMap((layer, i) => {
      const row = MEASURES.map(() => ({
        canvas: make("canvas", {}),
        value: make("output", { class: "number small" }),
      }));
      this.cells?.push(row);
      const name = layer.kind === "output" ? "Output" : `Layer ${i + 1}`;
      return [
        make(
          "span",
          { class: "layer-name" },
          make("b", {}, name),
          make("span", { class: "quiet small" }, layer.activation ?? ""),
        ),
        ...row.map((cell) => make("span", { class: "health-cell" }, cell.canvas, cell.value)),
      ];
    });
    this.table.replaceChildren(...head, ...body);
  }

  /**
   * @param {Float32Array} now
   * @param {import("../lib/types.js").StateMessage} state
   */
  #draw(now, state) {
    const layers = state.network.layers.length - 1;
    const colours = { line: token("accent"), fill: token("accent-soft"), base: token("line") };
    MEASURES.forEach((measure, m) => {
      const range = this.#range(measure, layers);
      for (let layer = 0; layer < layers; layer++) {
        const cell = this.cells?.[layer]?.[m];
        if (!cell) continue;
        const value = now[layer * COLUMNS + measure.column];
        const words = measure.share
          ? percent(value)
          : value !== 0 && Math.abs(value) < 0.001
            ? value.toExponential(1).replace("-", "−")
            : fixed(value, 3);
        if (cell.value.textContent !== words) cell.value.textContent = words;
        drawTrace(
          cell.canvas,
          this.rows,
          layer * COLUMNS + measure.column,
          range,
          measure.log,
          colours,
        );
      }
    });
  }

  /**
   * One scale for all layers of a measure, so that they can be compared.
   *
   * @param {{column: number, log: boolean, share?: boolean}} measure
   * @param {number} layers
   */
  #range(measure, layers) {
    if (measure.share) return [0, 1];
    let [low, high] = [Infinity, -Infinity];
    for (const row of this.rows) {
      for (let layer = 0; layer < layers; layer++) {
        const value = row.values[layer * COLUMNS + measure.column];
        if (!Number.isFinite(value) || (measure.log && value <= 0)) continue;
        low = Math.min(low, value);
        high = Math.max(high, value);
      }
    }
    if (!(high >= low)) return [0, 1];
    if (!measure.log) return [0, Math.max(high, 1e-6)];
    return [Math.log10(low) - 0.15, Math.log10(high) + 0.15];
  }

  /**
   * @param {import("../lib/types.js").Diagnosis[]} list
   * @param {import("../lib/types.js").StateMessage} state
   * @param {boolean} trained
   */
  #say(list, state, trained) {
    const key = JSON.stringify([list, trained]);
    if (this.saidKey === key || !this.diagnosis) return;
    this.saidKey = key;
    const items = list.map(({ layer, level, words }) => {
      const name = state.network.layers[layer]?.kind === "output" ? "Output" : `Layer ${layer}`;
      return make("li", { class: level }, make("b", {}, `${name}: `), words);
    });
    if (!items.length)
      items.push(
        make(
          "li",
          { class: "info" },
          trained ? HEALTHY : "Train for a while to see how the layers do.",
        ),
      );
    this.diagnosis.replaceChildren(...items);
  }
}

/**
 * @param {HTMLCanvasElement} canvas
 * @param {{values: Float32Array}[]} rows
 * @param {number} column
 * @param {number[]} range
 * @param {boolean} log
 * @param {{line: string, fill: string, base: string}} colours
 */
function drawTrace(canvas, rows, column, [low, high], log, colours) {
  const [width, height] = [canvas.clientWidth || 120, 30];
  const context = sized(canvas, width, height);
  context.fillStyle = colours.base;
  context.fillRect(0, height - 1, width, 1);
  const path = new Path2D();
  rows.forEach((row, i) => {
    const raw = row.values[column];
    const value = log ? Math.log10(Math.max(raw, 1e-30)) : raw;
    const x = rows.length < 2 ? width : (i / (rows.length - 1)) * width;
    const y =
      height - 2 - Math.max(0, Math.min(1, (value - low) / (high - low || 1))) * (height - 4);
    if (i) path.lineTo(x, Number.isFinite(y) ? y : height);
    else path.moveTo(x, Number.isFinite(y) ? y : height);
  });
  const area = new Path2D(path);
  area.lineTo(width, height);
  area.lineTo(0, height);
  context.fillStyle = colours.fill;
  context.fill(area);
  context.strokeStyle = colours.line;
  context.lineWidth = 1.5;
  context.stroke(path);
}

customElements.define("fathom-health", FathomHealth);
