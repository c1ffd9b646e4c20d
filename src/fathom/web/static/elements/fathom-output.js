// @ts-check
import { slice } from "../lib/frames.js";
import { fixed, ticks } from "../lib/numbers.js";
import { classColour, colourOf, css, paintClasses, paintOf } from "../lib/palette.js";
import { unitName } from "../lib/wiring.js";
import { change, look, make, send, sized, tell, token } from "./build.js";
import { tickField } from "./fields.js";
import { drawMap, pictureOf } from "./network-units.js";

/** @typedef {import("../lib/types.js").Model} Model */
/** @typedef {import("../lib/types.js").Side} Side */

const NEAR = 9;
const SMALL = 190;

/** What the network says at every place, with the points; also where points are drawn by hand. */
export class FathomOutput extends HTMLElement {
  /** @type {string | undefined} */
  penKey;
  /** @type {string | undefined} */
  legendKey;
  /** @type {import("../lib/types.js").Points | undefined} */
  scaledFor;

  connectedCallback() {
    if (this.firstChild) return;
    this.side = /** @type {Side} */ (this.getAttribute("side") ?? "a");
    this.title_ = make("h2", {}, "Output");
    this.map = make("canvas", { class: "map" });
    this.dots = make("canvas", { class: "dots", role: "img" });
    this.note = make("output", { class: "map-note", "aria-hidden": "true" });
    this.plot = make("div", { class: "plot" }, this.map, this.dots, this.note);
    this.caption = make("p", { class: "quiet small caption-line" });
    this.legend = make("div", { class: "legend", "aria-hidden": "true" });
    this.options = this.#buildOptions();
    this.append(
      make("header", {}, this.title_, this.caption),
      this.plot,
      this.legend,
      this.options,
    );
    this.dots.addEventListener("pointermove", (event) => this.#hover(event));
    this.dots.addEventListener("pointerleave", () => this.#leave());
    this.dots.addEventListener("click", (event) => this.#click(event));
    new ResizeObserver(() => this.#redraw()).observe(this.plot);
  }

  #buildOptions() {
    this.showTest = tickField({
      title: "Test points",
      topic: "show_test",
      choose: (on) => change(this, (draft) => void (draft.view.show_test = on), "a"),
    });
    this.discretize = tickField({
      title: "Only the answer",
      topic: "discretize",
      choose: (on) => change(this, (draft) => void (draft.view.discretize = on), "a"),
    });
    this.edit = tickField({
      title: "Draw points",
      topic: "editor",
      choose: (on) => look(this, { editing: on }),
    });
    this.showTest.root.setAttribute("data-control", "showTestData");
    this.discretize.root.setAttribute("data-control", "discretize");
    this.pens = make("div", {
      class: "pens",
      role: "group",
      "aria-label": "Class of a new point",
      hidden: true,
    });
    return make(
      "div",
      { class: "options" },
      this.showTest.root,
      this.discretize.root,
      this.edit.root,
      this.pens,
    );
  }

  /**
   * @param {Model} model
   * @param {Set<import("../lib/types.js").Change>} changes
   */
  update(model, changes) {
    this.model = model;
    const network = model.sides[this.side ?? "a"];
    this.hidden = !network?.state;
    if (!network?.state || !this.title_) return;
    if (changes.has("structure") || changes.has("look")) this.#structure(network.state, model);
    this.#drawMap(network, model);
    if (changes.has("points") || changes.has("structure") || changes.has("look")) this.#drawDots();
  }

  /**
   * @param {import("../lib/types.js").StateMessage} state
   * @param {Model} model
   */
  #structure(state, model) {
    const { view } = state.experiment;
    const both = !!model.sides.b;
    if (this.title_)
      this.title_.textContent = both ? `Output ${this.side?.toUpperCase()}` : "Output";
    if (this.options) this.options.hidden = this.side === "b";
    this.showTest?.set(!!view.show_test);
    this.discretize?.set(!!view.discretize);
    this.edit?.set(model.editing);
    if (this.edit) this.edit.root.hidden = state.data.kind !== "plane";
    this.classList.toggle("editing", model.editing);
    this.#showPens(state, model);
    this.#showLegend(state, model);
  }

  /**
   * @param {import("../lib/types.js").StateMessage} state
   * @param {Model} model
   */
  #showPens(state, model) {
    if (!this.pens) return;
    this.pens.hidden = !model.editing;
    const names = state.task === "regression" ? ["−1", "0", "1"] : state.classes;
    const key = JSON.stringify([names, model.palette, model.dark]);
    if (this.penKey !== key) {
      this.penKey = key;
      this.pens.replaceChildren(
        ...names.map((name, place) => this.#pen(name, place, names.length, state, model)),
      );
    }
    [...this.pens.children].forEach((pen, place) =>
      pen.setAttribute("aria-pressed", String(place === model.pen)),
    );
  }

  /**
   * @param {string} name
   * @param {number} place
   * @param {number} count
   * @param {import("../lib/types.js").StateMessage} state
   * @param {Model} model
   */
  #pen(name, place, count, state, model) {
    const paint = paintOf(model.palette, model.dark);
    const dot = make("i", { class: "dot" });
    dot.style.backgroundColor =
      state.task === "regression"
        ? colourOf(paint, place - 1)
        : css(classColour(paint, place, count));
    return make(
      "button",
      { class: "tiny", type: "button", onclick: () => look(this, { pen: place }) },
      dot,
      name,
    );
  }

  /**
   * @param {import("../lib/types.js").StateMessage} state
   * @param {Model} model
   */
  #showLegend(state, model) {
    const key = JSON.stringify([state.classes, state.task, model.palette, model.dark]);
    if (!this.legend || this.legendKey === key) return;
    this.legendKey = key;
    const paint = paintOf(model.palette, model.dark);
    if (state.classes.length > 2) {
      const names = state.classes.slice(0, 10).map((name, place) => {
        const dot = make("i", { class: "dot" });
        dot.style.backgroundColor = css(classColour(paint, place, state.classes.length));
        return make("span", {}, dot, name);
      });
      this.legend.replaceChildren(make("div", { class: "classes" }, ...names));
      return;
    }
    const bar = make("canvas", { class: "bar" });
    const picture = pictureOf(bar, 256, 1);
    picture.pixels.set(paint.table);
    picture.show();
    const names =
      state.task === "regression"
        ? ["−1", "0", "1"]
        : [state.classes[0] ?? "−1", "", state.classes[1] ?? "1"].map((name) =>
            name.replace(/^-(?=\d)/, "−"),
          );
    this.legend.replaceChildren(
      bar,
      make("div", { class: "ends small quiet" }, ...names.map((name) => make("span", {}, name))),
    );
  }

  /**
   * @param {import("../lib/types.js").Network} network
   * @param {Model} model
   */
  #drawMap(network, model) {
    const { frame, state } = network;
    if (!frame || !state || !this.map || !this.caption || frame.header.build !== state.build)
      return;
    const paint = paintOf(model.palette, model.dark);
    const sharp = !!model.sides.a.state?.experiment.view.discretize;
    const focused = this.#focused(network, model);
    const name = focused
      ? unitName(state.network, model.focus ?? 0, state.classes)
      : this.#axesWords(state);
    if (this.caption.textContent !== name) this.caption.textContent = name;
    this.plot?.classList.toggle("focused", !!focused);
    if (focused)
      return drawMap(
        this.map,
        focused.values,
        focused.size,
        sharp ? paint.sharp : paint.table,
        focused.scale,
      );
    const { output } = frame.arrays;
    this.plot?.classList.toggle("no-map", !output);
    if (!output) return;
    const [count, size] = output.shape;
    if (count > 1) {
      const picture = pictureOf(this.map, size);
      paintClasses(picture.pixels, output.values, count, paint, sharp);
      picture.show();
    } else this.#drawSingle(output, size, state, sharp ? paint.sharp : paint.table);
  }

  /**
   * @param {import("../lib/types.js").NamedArray} output
   * @param {number} size
   * @param {import("../lib/types.js").StateMessage} state
   * @param {Uint32Array} table
   */
  #drawSingle(output, size, state, table) {
    const chance = state.network.layers.at(-1)?.activation === "sigmoid";
    const values = chance
      ? output.values.map((/** @type {number} */ value) => value * 2 - 1)
      : output.values;
    const scale = state.task === "regression" ? this.#labelScale() : 1;
    drawMap(/** @type {HTMLCanvasElement} */ (this.map), values, size, table, scale);
  }

  /** Regression colours run over the labels there are. */
  #labelScale() {
    const points = this.model?.sides.a.points;
    if (!points?.label.length) return 1;
    if (this.scaledFor !== points) {
      this.scaledFor = points;
      this.scale = Math.max(
        1,
        points.label.reduce((most, value) => Math.max(most, Math.abs(value)), 0),
      );
    }
    return this.scale ?? 1;
  }

  /**
   * @param {import("../lib/types.js").Network} network
   * @param {Model} model
   */
  #focused(network, model) {
    if (model.focus === null || (model.sides.b && model.active !== this.side)) return null;
    const { focus, maps } = network.frame?.arrays ?? {};
    const header = /** @type {any} */ (network.frame?.header);
    if (
      focus &&
      (header.focus === undefined || header.focus === model.focus) &&
      /** @type {any} */ (model).focusSent === model.focus
    ) {
      return { values: focus.values, size: focus.shape[0], scale: 1 };
    }
    if (!maps || model.focus >= maps.shape[0]) return null;
    return { values: slice(maps, model.focus), size: maps.shape[1], scale: 1 };
  }

  /** @param {import("../lib/types.js").StateMessage} state */
  #axesWords(state) {
    if (state.data.kind === "image") return "points on two principal components";
    if (state.data.kind === "plane" && state.data.inputs[0] === "x") return "";
    const [across, up] = state.experiment.data.axes;
    return `${state.data.inputs[across]} → , ${state.data.inputs[up]} ↑`;
  }

  #redraw() {
    if (this.model) this.#drawDots();
  }

  /** The points' box in pixels, and how to go from data to it. */
  #scales() {
    const size = this.plot?.clientWidth ?? 0;
    const network = this.model?.sides.a;
    const ranges =
      network?.state?.data.kind === "image"
        ? this.#pointRanges()
        : (network?.state?.data.ranges ?? [
            [-6, 6],
            [-6, 6],
          ]);
    const axes =
      network?.state?.data.kind === "table"
        ? (network.state.experiment.data.axes ?? [0, 1])
        : [0, 1];
    const pick = ranges.length > 2 ? axes.map((axis) => ranges[axis]) : ranges;
    const [[left, right], [low, high]] = pick.length > 1 ? pick : [pick[0] ?? [-6, 6], [-1, 1]];
    return {
      size,
      x: (/** @type {number} */ value) => ((value - left) / (right - left)) * size,
      y: (/** @type {number} */ value) => size - ((value - low) / (high - low)) * size,
      place: (/** @type {number} */ x, /** @type {number} */ y) => [
        left + (x / size) * (right - left),
        high - (y / size) * (high - low),
      ],
      ranges: [
        [left, right],
        [low, high],
      ],
    };
  }

  #pointRanges() {
    const points = this.model?.sides.a.points;
    const ends = [
      [Infinity, -Infinity],
      [Infinity, -Infinity],
    ];
    points?.position.forEach((value, i) => {
      const end = ends[i % 2];
      end[0] = Math.min(end[0], value);
      end[1] = Math.max(end[1], value);
    });
    return ends.map(([low, high]) => [
      low - (high - low) * 0.04 - 1e-6,
      high + (high - low) * 0.04 + 1e-6,
    ]);
  }

  #drawDots() {
    const { model, dots } = this;
    const network = model?.sides.a;
    if (!model || !network?.state || !dots) return;
    const scales = this.#scales();
    if (!scales.size) return;
    const context = sized(dots, scales.size, scales.size);
    drawAxes(context, scales);
    if (network.points) this.#drawPoints(context, scales, network.points, network.state, model);
    dots.setAttribute("aria-label", this.#words(network));
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {any} scales
   * @param {import("../lib/types.js").Points} points
   * @param {import("../lib/types.js").StateMessage} state
   * @param {Model} model
   */
  #drawPoints(context, scales, points, state, model) {
    const paint = paintOf(model.palette, model.dark);
    const showTest = !!state.experiment.view.show_test;
    const many = points.label.length > 800;
    const radius = (many ? 2.3 : 3.1) * Math.min(1.15, Math.max(0.8, scales.size / 300));
    const scale = state.task === "regression" ? this.#labelScale() : 1;
    for (const split of showTest ? [0, 1] : [0]) {
      context.strokeStyle = split
        ? model.dark
          ? "#000"
          : "#15181c"
        : model.dark
          ? "#e9ebec"
          : "#fff";
      context.lineWidth = split ? 1.2 : 1;
      for (let i = 0; i < points.label.length; i++) {
        if (points.split[i] !== split) continue;
        context.fillStyle = labelColour(points.label[i], state, paint, scale);
        context.beginPath();
        context.arc(
          scales.x(points.position[i * 2]),
          scales.y(points.position[i * 2 + 1]),
          radius,
          0,
          7,
        );
        context.fill();
        context.stroke();
      }
    }
  }

  /** @param {import("../lib/types.js").Network} network */
  #words(network) {
    const { state, frame } = network;
    if (!state) return "";
    const loss = frame?.header.metrics.test.loss;
    return `Output map: ${state.data.train} training and ${state.data.test} test points of ${state.data.name}; test loss ${fixed(loss)}`;
  }

  /** @param {PointerEvent | MouseEvent} event */
  #at(event) {
    const box = /** @type {HTMLElement} */ (this.dots).getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  /**
   * The point under the pointer.
   *
   * @param {number} x
   * @param {number} y
   */
  #pointAt(x, y) {
    const points = this.model?.sides.a.points;
    if (!points) return null;
    const scales = this.#scales();
    const showTest = !!this.model?.sides.a.state?.experiment.view.show_test;
    let best = null;
    let distance = NEAR;
    for (let i = 0; i < points.label.length; i++) {
      if (points.split[i] && !showTest) continue;
      const away = Math.hypot(
        scales.x(points.position[i * 2]) - x,
        scales.y(points.position[i * 2 + 1]) - y,
      );
      if (away < distance) [best, distance] = [i, away];
    }
    return best;
  }

  /** @param {PointerEvent} event */
  #hover(event) {
    const state = this.model?.sides.a.state;
    if (!state || event.pointerType === "touch") return;
    const [x, y] = this.#at(event);
    const near = this.#pointAt(x, y);
    const place = this.#scales().place(x, y);
    const points = this.model?.sides.a.points;
    const inspect =
      near !== null && points
        ? { point: points.id[near] }
        : state.data.kind === "plane"
          ? { input: place }
          : null;
    if (inspect) tell(this, { do: "inspect", what: inspect, side: this.side });
    if (this.note) this.note.textContent = this.#noteAt(place, near, state);
  }

  /**
   * @param {number[]} place
   * @param {number | null} near
   * @param {import("../lib/types.js").StateMessage} state
   */
  #noteAt(place, near, state) {
    const words = place.map((value) => fixed(value, 2)).join(", ");
    const value = this.#valueAt(place);
    const said = value === null ? "" : ` → ${value}`;
    const points = this.model?.sides.a.points;
    if (near === null || !points) return `${words}${said}`;
    const label = points.label[near];
    const name =
      state.task === "regression"
        ? fixed(label, 2)
        : (state.classes[classPlace(label, state)] ?? String(label));
    return `${points.split[near] ? "test" : "training"} point, ${name}${said}`;
  }

  /** @param {number[]} place */
  #valueAt(place) {
    const network = this.model?.sides[this.side ?? "a"];
    const output = network?.frame?.arrays.output;
    if (!output || !network?.state) return null;
    const [count, size] = output.shape;
    const scales = this.#scales();
    const column = Math.round((scales.x(place[0]) / scales.size) * (size - 1));
    const row = Math.round((scales.y(place[1]) / scales.size) * (size - 1));
    if (row < 0 || column < 0 || row >= size || column >= size) return null;
    const values = Array.from(
      { length: count },
      (_, k) => output.values[k * size * size + row * size + column],
    );
    if (count === 1) return fixed(values[0], 3);
    const best = values.indexOf(Math.max(...values));
    return `${network.state.classes[best] ?? best} ${fixed(values[best], 2)}`;
  }

  #leave() {
    if (this.note) this.note.textContent = "";
    tell(this, { do: "inspect", what: null, side: this.side });
  }

  /** @param {MouseEvent} event */
  #click(event) {
    const { model } = this;
    const state = model?.sides.a.state;
    if (!model?.editing || !state || state.data.kind !== "plane") return;
    const [x, y] = this.#at(event);
    if (event.shiftKey) {
      const near = this.#pointAt(x, y);
      if (near !== null && model.sides.a.points)
        send(this, { type: "points", add: [], remove: [model.sides.a.points.id[near]] });
      return;
    }
    const [across, up] = this.#scales().place(x, y);
    send(this, { type: "points", add: [[across, up, penLabel(model.pen, state)]], remove: [] });
  }
}

/**
 * @param {number} pen
 * @param {import("../lib/types.js").StateMessage} state
 */
function penLabel(pen, state) {
  if (state.task === "regression") return pen - 1;
  return state.data.labels === "signed" ? (pen === 0 ? -1 : 1) : pen;
}

/**
 * @param {number} label
 * @param {import("../lib/types.js").StateMessage} state
 */
export function classPlace(label, state) {
  return state.data.labels === "signed" ? (label > 0 ? 1 : 0) : label;
}

/**
 * @param {number} label
 * @param {import("../lib/types.js").StateMessage} state
 * @param {import("../lib/palette.js").Paint} paint
 * @param {number} scale
 */
export function labelColour(label, state, paint, scale) {
  if (state.task === "regression") return colourOf(paint, label / scale);
  return css(classColour(paint, classPlace(label, state), Math.max(2, state.classes.length)));
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {any} scales
 */
function drawAxes(context, scales) {
  const { size, ranges } = scales;
  if (size < SMALL) return;
  context.font = "10px system-ui, sans-serif";
  context.fillStyle = token("muted");
  context.strokeStyle = token("muted");
  context.globalAlpha = 0.75;
  const marks = ranges.map((/** @type {number[]} */ [low, high]) =>
    ticks(low, high, 4).filter((tick) => tick > low && tick < high),
  );
  context.textAlign = "center";
  for (const tick of marks[0]) {
    const x = scales.x(tick);
    context.fillRect(x - 0.5, size - 4, 1, 4);
    context.fillText(String(tick).replace("-", "−"), x, size - 7);
  }
  context.textAlign = "left";
  for (const tick of marks[1]) {
    const y = scales.y(tick);
    context.fillRect(0, y - 0.5, 4, 1);
    context.fillText(String(tick).replace("-", "−"), 7, y + 3.5);
  }
  context.globalAlpha = 1;
}

customElements.define("fathom-output", FathomOutput);
