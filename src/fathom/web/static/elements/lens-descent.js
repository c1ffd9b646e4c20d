// @ts-check
import { fixed, ticks } from "../lib/numbers.js";
import { unitName } from "../lib/wiring.js";
import { make, send, sized, token } from "./build.js";
import { choiceField, sliderField } from "./fields.js";

/** @typedef {import("../lib/types.js").Model} Model */

const EDGE = { left: 46, right: 14, top: 12, bottom: 30 };
const RUNNERS = [
  { title: "Plain descent", settings: { name: "sgd" } },
  { title: "Momentum 0.9", settings: { name: "sgd", momentum: 0.9 } },
  { title: "Nesterov 0.9", settings: { name: "sgd", momentum: 0.9, nesterov: true } },
  { title: "Adam", settings: { name: "adam" } },
];
const COLOURS = ["#d55e00", "#0072b2", "#aa4a86", "#a87000"];
const NIGHT_COLOURS = ["#f0883e", "#56b4e9", "#dc9cc4", "#e5b94e"];

/** Loss along one or two weights, and how optimizers come down on it. */
export class FathomDescent extends HTMLElement {
  /** @type {number | undefined} */
  offeredBuild;

  connectedCallback() {
    if (this.firstChild) return;
    this.first = choiceField({ title: "Across", topic: "descent", choose: () => this.#ask() });
    this.second = choiceField({ title: "Up", topic: "descent", choose: () => this.#ask() });
    this.span = sliderField({
      title: "Span",
      topic: "descent",
      low: 0.5,
      high: 10,
      step: 0.5,
      say: (value) => `±${value}`,
      choose: () => this.#ask(),
    });
    this.span.set(4);
    this.rate = choiceField({
      title: "Learning rate of the race",
      topic: "descent",
      options: [1, 3, 10, 30, 100].map((value) => ({
        value,
        text: value === 1 ? "as set above" : `${value} times as large`,
      })),
      choose: () => this.#ask(),
    });
    this.rate.set(10);
    this.step = sliderField({
      title: "Step",
      topic: "descent",
      low: 0,
      high: 60,
      choose: () => {},
    });
    this.step.input.addEventListener("input", () => this.#draw());
    this.step.set(60);
    this.legend = make("div", { class: "legend-list" });
    this.canvas = make("canvas", { class: "descent", role: "img" });
    const again = make(
      "button",
      { type: "button", onclick: () => this.#ask() },
      "From here, again",
    );
    this.append(
      make(
        "div",
        { class: "lens-side" },
        make(
          "div",
          { class: "stack" },
          this.first.root,
          this.second.root,
          this.span.root,
          this.rate.root,
          this.step.root,
          this.legend,
          again,
        ),
        this.canvas,
      ),
    );
    new ResizeObserver(() => this.#draw()).observe(this);
  }

  opened() {
    if (this.model) this.#offer(this.model);
    this.#ask();
  }

  structureChanged() {
    this.waiting = true;
  }

  /** @param {Model} model */
  #offer(model) {
    const network = model.sides.a.state?.network;
    if (!network) return;
    const list = network.parameters.flatMap((array, parameter) => {
      if (array.offset === null || !["kernel", "bias"].includes(array.name)) return [];
      const layer = network.layers[array.layer];
      const from = network.layers[array.layer - 1];
      const size = Math.min(
        200,
        array.shape.reduce((a, b) => a * b, 1),
      );
      return Array.from({ length: size }, (_, index) => {
        const to = unitName(network, layer.first + (index % layer.units));
        const source =
          array.name === "bias"
            ? "bias"
            : unitName(network, from.first + Math.floor(index / layer.units));
        return { value: `${parameter}:${index}`, text: `${source} → ${to}` };
      });
    });
    const kernels = network.parameters.flatMap((array, parameter) =>
      array.name === "kernel" && array.offset !== null ? [parameter] : [],
    );
    this.first?.offer(list);
    this.second?.offer([{ value: "", text: "only one weight" }, ...list]);
    if (this.offeredBuild !== model.sides.a.state?.build) {
      this.offeredBuild = model.sides.a.state?.build;
      const [first, last] = [kernels[0], kernels.at(-1)];
      this.choice = [`${first}:0`, first === last ? `${first}:1` : `${last}:0`];
      this.first?.set(this.choice[0]);
      this.second?.set(this.choice[1]);
    }
  }

  #ask() {
    const { model } = this;
    const optimizer = model?.sides.a.state?.experiment.optimizer;
    const first = this.first?.input.selectedIndex ?? -1;
    if (!model || !optimizer || first < 0) return;
    const chosen = [pick(this.first), pick(this.second)].filter((one) => one !== null);
    const rate = optimizer.learning_rate * (this.rate?.value() ?? 1);
    const race = RUNNERS.map(({ settings }) => ({ ...settings, learning_rate: rate }));
    this.waiting = false;
    this.legend?.replaceChildren(make("p", { class: "quiet" }, "Measuring the loss around here…"));
    send(this, {
      type: "descent",
      parameters: chosen,
      span: Number(this.span?.input.value ?? 4),
      resolution: chosen.length > 1 ? 41 : 161,
      race,
      steps: 60,
    });
  }

  /** @param {string} words */
  refused(words) {
    this.legend?.replaceChildren(make("p", { class: "quiet" }, words));
  }

  /**
   * @param {Model} model
   * @param {Set<import("../lib/types.js").Change>} changes
   */
  update(model, changes) {
    this.model = model;
    if (changes.has("structure")) {
      this.#offer(model);
      if (this.waiting) this.#ask();
    }
    if (changes.has("descent") || changes.has("look")) this.#draw();
  }

  #draw() {
    const { model, canvas } = this;
    const message = model?.descent;
    if (!message || !canvas || !model) return;
    const narrow = window.innerWidth <= 760;
    const width = Math.max(260, Math.min(this.clientWidth - (narrow ? 0 : 290), 760));
    const height = Math.min(440, width * 0.8);
    const context = sized(canvas, width, height);
    Object.assign(canvas.style, { width: `${width}px`, height: `${height}px` });
    if (message.arrays.axis1) drawPlane(context, message, width, height, model, this.#shownSteps());
    else drawLine(context, message, width, height, model, this.#shownSteps());
    this.#showLegend(message, model);
    canvas.setAttribute(
      "aria-label",
      `Loss along ${message.header.parameters.length} weights with the optimizer’s path`,
    );
  }

  #shownSteps() {
    return Number(this.step?.input.value ?? 60);
  }

  /**
   * @param {import("../lib/types.js").Message} message
   * @param {Model} model
   */
  #showLegend(message, model) {
    const colours = model.dark ? NIGHT_COLOURS : COLOURS;
    const steps = this.#shownSteps();
    const race = message.arrays.race;
    const items = RUNNERS.map(({ title }, i) => {
      const swatch = make("i", { class: "swatch" });
      swatch.style.backgroundColor = colours[i % colours.length];
      const [, count, width] = race.shape;
      const at = Math.min(steps, count - 1);
      return make(
        "div",
        { class: "spread" },
        make("span", {}, swatch, title),
        make(
          "output",
          { class: "number" },
          fixed(race.values[(i * count + at) * width + width - 1]),
        ),
      );
    });
    const own = make("i", { class: "swatch" });
    own.style.backgroundColor = token("ink");
    this.legend?.replaceChildren(...items, make("div", {}, own, "the way it came"));
  }
}

/** @param {{value: () => any} | undefined} field @returns {number[] | null} Parameter and index. */
function pick(field) {
  const value = field?.value();
  return value ? value.split(":").map(Number) : null;
}

/**
 * @param {Float32Array} axis
 * @param {number} from
 * @param {number} to
 */
function scaleOf(axis, from, to) {
  const [low, high] = [axis[0], axis[axis.length - 1]];
  return (/** @type {number} */ value) => from + ((value - low) / (high - low || 1)) * (to - from);
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {import("../lib/types.js").Message} message
 * @param {number} width
 * @param {number} height
 * @param {Model} model
 * @param {number} steps
 */
function drawPlane(context, { header, arrays }, width, height, model, steps) {
  const [axis0, axis1, loss] = [arrays.axis0.values, arrays.axis1.values, arrays.loss.values];
  const x = scaleOf(axis0, EDGE.left, width - EDGE.right);
  const y = scaleOf(axis1, height - EDGE.bottom, EDGE.top);
  drawHeat(
    context,
    loss,
    axis0.length,
    axis1.length,
    {
      left: EDGE.left,
      top: EDGE.top,
      width: width - EDGE.left - EDGE.right,
      height: height - EDGE.top - EDGE.bottom,
    },
    model.dark,
  );
  drawScale(context, axis0, axis1, x, y, width, height);
  context.save();
  context.beginPath();
  context.rect(
    EDGE.left,
    EDGE.top,
    width - EDGE.left - EDGE.right,
    height - EDGE.top - EDGE.bottom,
  );
  context.clip();
  const path = arrays.path;
  drawPath(
    context,
    points(path.values, path.shape[1], 0, path.shape[0], (v) => [x(v[0]), y(v[1])]),
    token("ink"),
    1.4,
    false,
  );
  drawRace(context, arrays.race, steps, model, (v) => [x(v[0]), y(v[1])]);
  context.restore();
  drawHere(context, x(header.here[0]), y(header.here[1]));
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {import("../lib/types.js").Message} message
 * @param {number} width
 * @param {number} height
 * @param {Model} model
 * @param {number} steps
 */
function drawLine(context, { arrays, header }, width, height, model, steps) {
  const [axis, loss] = [arrays.axis0.values, arrays.loss.values];
  const finite = Array.from(loss).filter(Number.isFinite);
  const [low, high] = [Math.min(...finite, 0), Math.max(...finite) * 1.05];
  const x = scaleOf(axis, EDGE.left, width - EDGE.right);
  const y = (/** @type {number} */ value) =>
    height - EDGE.bottom - ((value - low) / (high - low || 1)) * (height - EDGE.top - EDGE.bottom);
  drawScale(context, axis, new Float32Array([low, high]), x, y, width, height);
  drawPath(
    context,
    Array.from(loss, (/** @type {number} */ value, /** @type {number} */ i) => [
      x(axis[i]),
      y(value),
    ]),
    token("muted"),
    2,
    false,
  );
  const path = arrays.path;
  drawPath(
    context,
    points(path.values, path.shape[1], 0, path.shape[0], (v) => [x(v[0]), y(v[1])]),
    token("ink"),
    1.2,
    false,
  );
  drawRace(context, arrays.race, steps, model, (v) => [x(v[0]), y(v[1])]);
  const nearest = axis.reduce(
    (/** @type {number} */ best, /** @type {number} */ value, /** @type {number} */ i) =>
      Math.abs(value - header.here[0]) < Math.abs(axis[best] - header.here[0]) ? i : best,
    0,
  );
  drawHere(context, x(header.here[0]), y(loss[nearest]));
}

/**
 * @param {Float32Array} values
 * @param {number} width
 * @param {number} start
 * @param {number} count
 * @param {(row: Float32Array) => number[]} place
 */
function points(values, width, start, count, place) {
  return Array.from({ length: count }, (_, i) =>
    place(values.subarray(start + i * width, start + (i + 1) * width)),
  );
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {import("../lib/types.js").NamedArray | undefined} race
 * @param {number} steps
 * @param {Model} model
 * @param {(row: Float32Array) => number[]} place
 */
function drawRace(context, race, steps, model, place) {
  if (!race) return;
  const [runners, count, width] = race.shape;
  const colours = model.dark ? NIGHT_COLOURS : COLOURS;
  for (let i = 0; i < runners; i++) {
    const way = points(race.values, width, i * count * width, Math.min(count, steps + 1), place);
    drawPath(context, way, colours[i % colours.length], 2, true);
  }
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {number[][]} way
 * @param {string} colour
 * @param {number} width
 * @param {boolean} marked
 */
function drawPath(context, way, colour, width, marked) {
  context.strokeStyle = context.fillStyle = colour;
  context.lineWidth = width;
  context.lineJoin = "round";
  context.beginPath();
  let open = false;
  for (const [x, y] of way) {
    if (!Number.isFinite(x) || !Number.isFinite(y)) break;
    if (open) context.lineTo(x, y);
    else context.moveTo(x, y);
    open = true;
  }
  context.stroke();
  if (!marked) return;
  for (const [x, y] of way) {
    if (!Number.isFinite(x) || !Number.isFinite(y)) break;
    context.beginPath();
    context.arc(x, y, 2.2, 0, 7);
    context.fill();
  }
}

/**
 * Loss in steps of the logarithm, so that valleys show.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {Float32Array} loss [i, j] at axis0[i], axis1[j]
 * @param {number} across
 * @param {number} up
 * @param {{left: number, top: number, width: number, height: number}} box
 * @param {boolean} dark
 */
function drawHeat(context, loss, across, up, box, dark) {
  const logs = Array.from(loss, (value) => Math.log10(Math.max(value, 1e-9)));
  const finite = logs.filter(Number.isFinite);
  const [low, high] = [Math.min(...finite), Math.max(...finite)];
  const image = new ImageData(across, up);
  for (let i = 0; i < across; i++) {
    for (let j = 0; j < up; j++) {
      const share = (logs[i * up + j] - low) / (high - low || 1);
      const band = Math.floor((Number.isFinite(share) ? share : 1) * 14) / 14;
      const place = ((up - 1 - j) * across + i) * 4;
      image.data.set(heat(band, dark), place);
    }
  }
  const small = new OffscreenCanvas(across, up);
  small.getContext("2d")?.putImageData(image, 0, 0);
  context.imageSmoothingEnabled = true;
  context.imageSmoothingQuality = "high";
  context.drawImage(small, box.left, box.top, box.width, box.height);
}

/**
 * @param {number} share 0: the lowest loss.
 * @param {boolean} dark
 */
function heat(share, dark) {
  const [from, to] = dark
    ? [
        [38, 96, 84],
        [24, 28, 34],
      ]
    : [
        [176, 219, 205],
        [247, 246, 242],
      ];
  return [...from.map((value, i) => value + (to[i] - value) * share), 255];
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Float32Array} axis0
 * @param {Float32Array} axis1
 * @param {(value: number) => number} x
 * @param {(value: number) => number} y
 * @param {number} width
 * @param {number} height
 */
function drawScale(context, axis0, axis1, x, y, width, height) {
  context.font = "11px system-ui, sans-serif";
  context.fillStyle = token("muted");
  context.textAlign = "center";
  for (const tick of ticks(axis0[0], axis0[axis0.length - 1], 6))
    context.fillText(fixed(tick, 1), x(tick), height - 12);
  context.textAlign = "right";
  for (const tick of ticks(axis1[0], axis1[axis1.length - 1], 5))
    context.fillText(fixed(tick, Math.abs(tick) < 0.1 && tick ? 2 : 1), EDGE.left - 8, y(tick) + 4);
  context.strokeStyle = token("strong-line");
  context.lineWidth = 1;
  context.strokeRect(
    EDGE.left,
    EDGE.top,
    width - EDGE.left - EDGE.right,
    height - EDGE.top - EDGE.bottom,
  );
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {number} x
 * @param {number} y
 */
function drawHere(context, x, y) {
  context.strokeStyle = token("ink");
  context.fillStyle = token("surface");
  context.lineWidth = 2.4;
  context.beginPath();
  context.arc(x, y, 5.5, 0, 7);
  context.fill();
  context.stroke();
}

customElements.define("fathom-descent", FathomDescent);
