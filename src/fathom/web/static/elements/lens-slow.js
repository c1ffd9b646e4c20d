// @ts-check
import { linkHeight, linkPath, linkWidth, planNetwork } from "../lib/layout.js";
import { fixed, short, whole } from "../lib/numbers.js";
import { colourOf, paintOf } from "../lib/palette.js";
import { icon, make, send, svg } from "./build.js";
import { choiceField } from "./fields.js";

/** @typedef {import("../lib/types.js").Model} Model */
/** @typedef {{z: number[][], a: number[][], delta: number[][], gradient: any, before: any, change: any, after: any}} SlowLayer */

const STAGES = [
  { key: "batch", title: "Take a batch" },
  { key: "forward", title: "Forward" },
  { key: "loss", title: "Loss" },
  { key: "backward", title: "Backward" },
  { key: "gradient", title: "Gradient" },
  { key: "update", title: "Update" },
];
const MOST_UNITS = 8;
const MOST_LABELS = 40;
const SHARES = [0.5, 0.34, 0.66, 0.22, 0.78, 0.42, 0.58];
const BEAT_MILLISECONDS = 3200;

/** One learning step, stage by stage, with the numbers on the wires. */
export class FathomSlow extends HTMLElement {
  /** @type {ReturnType<typeof setInterval> | undefined} */
  timer;
  /** @type {number[][]} */
  taken = [];

  connectedCallback() {
    if (this.firstChild) return;
    this.stage = 0;
    this.row = 0;
    this.steps = make("ol", { class: "stages" });
    STAGES.forEach(({ title }, i) => {
      const button = make(
        "button",
        { type: "button", onclick: () => this.#go(i) },
        make("b", {}, String(i + 1)),
        title,
      );
      this.steps?.append(make("li", {}, button));
    });
    this.heading = make("h3", {});
    this.words = make("p", { "aria-live": "polite" }, "Taking a step apart…");
    this.figures = make("div", { class: "slow-figures" });
    this.rowField = choiceField({
      title: "Point on the wires",
      topic: "slow",
      choose: (row) => {
        this.row = row;
        this.#draw();
      },
    });
    this.drawing = svg("svg", { class: "slow-drawing", role: "img" });
    this.auto = make(
      "button",
      { class: "tiny", type: "button", onclick: () => this.#toggleAuto() },
      icon("play"),
      "Play stages",
    );
    const previous = make(
      "button",
      { class: "tiny", type: "button", onclick: () => this.#go(this.stageNow - 1) },
      "Back",
    );
    const next = make(
      "button",
      { class: "tiny", type: "button", onclick: () => this.#go(this.stageNow + 1) },
      "Next",
    );
    this.take = make(
      "button",
      { class: "tiny primary", type: "button", onclick: () => this.#take() },
      "Take this step, show the next",
    );
    this.append(
      this.steps,
      make(
        "div",
        { class: "lens-side slow" },
        make(
          "div",
          { class: "stack" },
          this.heading,
          this.words,
          this.figures,
          this.rowField.root,
          make("div", { class: "row" }, previous, next, this.auto, this.take),
        ),
        make("div", { class: "scroller-free" }, this.drawing),
      ),
    );
    new ResizeObserver(() => this.#draw()).observe(this);
  }

  get stageNow() {
    return this.stage ?? 0;
  }

  opened() {
    send(this, { type: "slow" });
  }

  structureChanged() {
    if (this.isConnected) send(this, { type: "slow" });
  }

  close() {
    clearInterval(this.timer);
  }

  #take() {
    this.stage = 0;
    send(this, { type: "step", unit: "batch", count: 1 });
    send(this, { type: "slow" });
  }

  #toggleAuto() {
    const running = this.timer !== undefined;
    clearInterval(this.timer);
    this.timer = running
      ? undefined
      : setInterval(() => this.#go((this.stageNow + 1) % STAGES.length), BEAT_MILLISECONDS);
    this.auto?.replaceChildren(icon(running ? "play" : "pause"), running ? "Play stages" : "Pause");
  }

  /** @param {number} stage */
  #go(stage) {
    this.stage = Math.max(0, Math.min(STAGES.length - 1, stage));
    this.#draw();
  }

  /** @param {string} words */
  refused(words) {
    if (this.words && !this.model?.slow) this.words.textContent = words;
  }

  /**
   * @param {Model} model
   * @param {Set<import("../lib/types.js").Change>} changes
   */
  update(model, changes) {
    this.model = model;
    const step = model.sides.a.frame?.header.step ?? 0;
    const epoch = model.sides.a.frame?.header.epoch ?? 0;
    const here = `${epoch}/${step}`;
    if (changes.has("slow") && model.slow) {
      this.seen = here;
      this.row = Math.min(this.row ?? 0, model.slow.rows.length - 1);
      this.rowField?.offer(
        model.slow.rows.map((/** @type {number} */ id, /** @type {number} */ value) => ({
          value,
          text: `point ${id}, label ${short(model.slow.labels[value])}`,
        })),
      );
      this.rowField?.set(this.row);
    }
    if (changes.has("slow") || changes.has("look")) this.#draw();
  }

  #draw() {
    const { model, steps, heading, words, figures } = this;
    const slow = model?.slow;
    const state = model?.sides.a.state;
    if (!slow || !model || !state || !steps || !heading || !words || !figures) return;
    [...steps.children].forEach((item, i) => {
      item.classList.toggle("past", i < this.stageNow);
      item.firstElementChild?.setAttribute("aria-current", i === this.stageNow ? "step" : "false");
    });
    const stage = slow.stages[this.stageNow] ?? STAGES[this.stageNow];
    heading.textContent = stage.title;
    words.textContent = stage.words ?? "";
    figures.replaceChildren(...this.#numbers(slow));
    this.#drawNetwork(slow, state, model);
  }

  /** @param {any} slow */
  #numbers(slow) {
    const row = this.row ?? 0;
    const output = slow.layers.at(-1);
    const facts = [
      [
        [
          "Points in the batch",
          `${slow.rows.length}${slow.rows_total > slow.rows.length ? ` of ${whole(slow.rows_total)}` : ""}`,
        ],
        ["Inputs", slow.inputs[row].slice(0, 6).map(short).join(", ")],
      ],
      [["Answer", output.a[row].map((/** @type {number} */ v) => fixed(v, 3)).join(", ")]],
      [
        ["Answer", output.a[row].map((/** @type {number} */ v) => fixed(v, 3)).join(", ")],
        ["Label", short(slow.labels[row])],
        ["Loss of this point", fixed(slow.losses[row], 4)],
        ["Loss of the batch", fixed(slow.loss, 4)],
      ],
      [
        [
          "dE/dz at the output",
          slopes(output, row)
            .map((/** @type {number} */ v) => fixed(v, 3))
            .join(", "),
        ],
      ],
      [["Averaged over", `${whole(slow.rows_total ?? slow.rows.length)} points`]],
      [
        ["Learning rate", short(slow.learning_rate)],
        ["Batch loss before", fixed(slow.loss, 5)],
        ["Batch loss after", fixed(slow.loss_after, 5)],
      ],
    ][this.stageNow];
    return facts.map(([name, value]) =>
      make(
        "div",
        {},
        make("span", { class: "quiet small" }, name),
        make("output", { class: "number" }, value),
      ),
    );
  }

  /**
   * @param {any} slow
   * @param {import("../lib/types.js").StateMessage} state
   * @param {Model} model
   */
  #drawNetwork(slow, state, model) {
    const { drawing } = this;
    if (!drawing) return;
    const units = state.network.layers.map((layer) => Math.min(layer.units, MOST_UNITS));
    const width = Math.max(units.length * 140, drawing.parentElement?.clientWidth ?? 600);
    const layout = planNetwork(units, {
      width: width - 8,
      height: 380,
      top: 16,
      left: 52,
      right: 60,
      smallest: 24,
    });
    drawing.setAttribute("width", String(layout.width));
    drawing.setAttribute("height", String(layout.height + 14));
    drawing.setAttribute(
      "aria-label",
      `${STAGES[this.stageNow].title}: the network with its numbers`,
    );
    const paint = paintOf(model.palette, model.dark);
    const spot = (/** @type {number} */ layer, /** @type {number} */ place) =>
      layout.spots.find((one) => one.layer === layer && one.place === place);
    this.taken = [];
    const wires = svg("g", { fill: "none" });
    const tags = svg("g", { class: "wire-tags" });
    const total = slow.layers.reduce(
      (/** @type {number} */ sum, /** @type {SlowLayer} */ _, /** @type {number} */ l) =>
        sum + units[l] * units[l + 1],
      0,
    );
    slow.layers.forEach((/** @type {SlowLayer} */ layer, /** @type {number} */ l) => {
      for (let i = 0; i < units[l]; i++) {
        for (let j = 0; j < units[l + 1]; j++) {
          const [from, to] = [spot(l, i), spot(l + 1, j)];
          if (from && to)
            this.#wire(wires, tags, layer, {
              from,
              to,
              i,
              j,
              paint,
              labelled: total <= MOST_LABELS,
            });
        }
      }
    });
    const nodes = svg("g", {});
    layout.spots.forEach((one) => nodes.append(this.#node(one, slow, state, paint)));
    drawing.replaceChildren(wires, nodes, tags);
  }

  /**
   * @param {SVGElement} wires
   * @param {SVGElement} tags
   * @param {SlowLayer} layer
   * @param {{from: any, to: any, i: number, j: number, paint: import("../lib/palette.js").Paint, labelled: boolean}} where
   */
  #wire(wires, tags, layer, { from, to, i, j, paint, labelled }) {
    const { value, words, moving } = wireValue(layer, this.stageNow, i, j);
    const weight = layer.before.kernel?.[i]?.[j] ?? 0;
    const shown = moving ? value : weight;
    const most = moving ? largest(moving) : 1;
    wires.append(
      svg("path", {
        d: linkPath(from, to),
        stroke: colourOf(
          paint,
          Math.max(-1, Math.min(1, (shown / (most || 1)) * 0.9 + Math.sign(shown) * 0.1)),
        ),
        "stroke-width": (moving
          ? 0.8 + 4 * Math.abs(shown / (most || 1))
          : linkWidth(shown)
        ).toFixed(2),
        class: moving
          ? this.stageNow === 3
            ? "flow back"
            : "flow"
          : this.stageNow === 1
            ? "flow"
            : "",
      }),
    );
    if (!labelled || !words) return;
    const [x, y] = this.#freePlace(from, to, words.length * 6.2);
    const text = svg("text", { x: x.toFixed(1), y: (y + 3).toFixed(1), "text-anchor": "middle" });
    text.textContent = words;
    tags.append(text);
  }

  /**
   * A place along a wire where its number hides no other number.
   *
   * @param {import("../lib/layout.js").Spot} from
   * @param {import("../lib/layout.js").Spot} to
   * @param {number} width Of the number, in pixels.
   */
  #freePlace(from, to, width) {
    const places = SHARES.map((share) => {
      const x = from.x + from.size + (to.x - from.x - from.size) * share;
      return [x, linkHeight(from, to, x)];
    });
    const crowd = (/** @type {number[]} */ [x, y]) =>
      this.taken.filter(([a, b]) => Math.abs(a - x) < width && Math.abs(b - y) < 12).length;
    const best = places.reduce((one, other) => (crowd(other) < crowd(one) ? other : one));
    this.taken.push(best);
    return best;
  }

  /**
   * @param {import("../lib/layout.js").Spot} spot
   * @param {any} slow
   * @param {import("../lib/types.js").StateMessage} state
   * @param {import("../lib/palette.js").Paint} paint
   */
  #node(spot, slow, state, paint) {
    const row = this.row ?? 0;
    const layer = spot.layer ? slow.layers[spot.layer - 1] : null;
    const back = this.stageNow === 3;
    const value = layer
      ? back
        ? slopes(layer, row)[spot.place]
        : layer.a[row][spot.place]
      : slow.inputs[row][spot.place];
    const known = !layer || this.stageNow > 0;
    const scale = back && layer ? largest(slopes(layer, row)) || 1 : 1;
    const fill = known ? colourOf(paint, (value / scale) * 0.8) : "transparent";
    const box = svg("rect", {
      x: spot.x,
      y: spot.y,
      width: spot.size,
      height: spot.size,
      rx: 6,
      fill,
      class: "node",
    });
    const text = svg("text", {
      x: spot.x + spot.size / 2,
      y: spot.y + spot.size + 12,
      "text-anchor": "middle",
      class: "node-value",
    });
    text.textContent = known ? (back && !layer ? "" : fixed(value, 2)) : "";
    const group = svg("g", {}, box, text);
    if (!spot.layer)
      group.append(
        label(
          spot.x - 8,
          spot.y + spot.size / 2 + 4,
          state.network.layers[0].labels?.[spot.place] ?? "",
          "end",
        ),
      );
    const last = spot.layer === state.network.layers.length - 1;
    if (last && this.stageNow >= 2) {
      group.append(
        label(
          spot.x + spot.size + 8,
          spot.y + spot.size / 2 + 4,
          `label ${short(slow.labels[row])}`,
          "start",
        ),
      );
    }
    return group;
  }
}

/**
 * @param {number} x
 * @param {number} y
 * @param {string} words
 * @param {string} anchor
 */
function label(x, y, words, anchor) {
  const text = svg("text", { x, y, "text-anchor": anchor, class: "node-label" });
  text.textContent = words;
  return text;
}

/**
 * The loss's slope at a layer's units: by their sums, or where a layer has none, by its outputs.
 *
 * @param {any} layer
 * @param {number} row
 * @returns {number[]}
 */
function slopes(layer, row) {
  return (layer.delta ?? layer.by_output)[row];
}

/**
 * What is written on a wire at a stage.
 *
 * @param {SlowLayer} layer
 * @param {number} stage
 * @param {number} i
 * @param {number} j
 * @returns {{value: number, words: string, moving: number[][] | null}}
 */
function wireValue(layer, stage, i, j) {
  const weight = layer.before.kernel?.[i]?.[j] ?? 0;
  if (stage === 0) return { value: weight, words: "", moving: null };
  if (stage === 4) {
    const value = layer.gradient.kernel?.[i]?.[j] ?? 0;
    return { value, words: fixed(value, 3), moving: layer.gradient.kernel };
  }
  if (stage === 5) {
    const value = layer.change.kernel?.[i]?.[j] ?? 0;
    const sign = value > 0 ? "+" : "";
    return { value, words: `${sign}${fixed(value, 4)}`, moving: layer.change.kernel };
  }
  return { value: weight, words: fixed(weight, 2), moving: null };
}

/** @param {any} values @returns {number} */
function largest(values) {
  return (values ?? [])
    .flat()
    .reduce(
      (/** @type {number} */ most, /** @type {number} */ value) => Math.max(most, Math.abs(value)),
      0,
    );
}

customElements.define("fathom-slow", FathomSlow);
