// @ts-check
import { EPOCH, TEST_LOSS, TEST_METRIC, TRAIN_LOSS, TRAIN_METRIC } from "../lib/curve.js";
import { fixed, whole } from "../lib/numbers.js";
import { make, sized, token } from "./build.js";
import { drawFrame, drawLine, EDGE, scaleOf } from "./chart.js";
import { ask } from "./fields.js";

/** @typedef {import("../lib/types.js").Model} Model */

const HEIGHT = 132;

/** The loss over time, exact where the reader points. */
export class FathomCurve extends HTMLElement {
  connectedCallback() {
    if (this.firstChild) return;
    this.canvas = make("canvas", { role: "img", tabIndex: 0 });
    this.reading = make("div", { class: "reading small" });
    this.what = make(
      "button",
      { class: "tiny plain", type: "button", onclick: () => this.#swap() },
      "loss",
    );
    this.log = make(
      "button",
      {
        class: "tiny plain",
        type: "button",
        "aria-pressed": "false",
        title: "Logarithmic scale",
        onclick: () => this.#toggleLog(),
      },
      "log",
    );
    this.heading = make("h2", {}, "Loss");
    this.append(
      make(
        "header",
        {},
        this.heading,
        ask("curve", "Loss"),
        make("span", { class: "grow" }),
        this.what,
        this.log,
      ),
      this.canvas,
      this.reading,
    );
    this.canvas.addEventListener("pointermove", (event) => this.#point(event.offsetX));
    this.canvas.addEventListener("pointerleave", () => this.#point(null));
    this.canvas.addEventListener("keydown", (event) => this.#key(event));
    new ResizeObserver(() => this.#draw()).observe(this);
  }

  #swap() {
    this.metric = !this.metric;
    this.#draw();
  }

  #toggleLog() {
    this.logarithmic = !this.logarithmic;
    this.log?.setAttribute("aria-pressed", String(this.logarithmic));
    this.#draw();
  }

  /** @param {number | null} x */
  #point(x) {
    this.pointed = x;
    this.#draw();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const by = event.key === "ArrowLeft" ? -8 : event.key === "ArrowRight" ? 8 : 0;
    if (!by) return;
    event.preventDefault();
    event.stopPropagation();
    const width = this.canvas?.clientWidth ?? 0;
    this.#point(Math.max(EDGE.left, Math.min(width - EDGE.right, (this.pointed ?? width) + by)));
  }

  /**
   * @param {Model} model
   * @param {Set<import("../lib/types.js").Change>} changes
   */
  update(model, changes) {
    this.model = model;
    if (changes.has("frame") || changes.has("look") || changes.has("structure")) this.#draw();
  }

  #lines() {
    const { model } = this;
    if (!model) return [];
    const [train, test] = this.metric ? [TRAIN_METRIC, TEST_METRIC] : [TRAIN_LOSS, TEST_LOSS];
    const lines = [
      {
        rows: model.sides.a.curve.rows,
        column: train,
        colour: token("train"),
        name: "train",
        dash: false,
      },
      {
        rows: model.sides.a.curve.rows,
        column: test,
        colour: token("test"),
        name: "test",
        dash: false,
      },
    ];
    if (model.sides.b) {
      const { rows } = model.sides.b.curve;
      lines[0].name = "train A";
      lines[1].name = "test A";
      lines.push({ rows, column: train, colour: token("faint"), name: "train B", dash: true });
      lines.push({ rows, column: test, colour: token("accent"), name: "test B", dash: true });
    }
    return lines;
  }

  #draw() {
    const { canvas, model } = this;
    const state = model?.sides.a.state;
    const width = this.clientWidth;
    if (!canvas || !model || !state || !width) return;
    if (this.what)
      this.what.textContent = this.metric ? "show loss" : `show ${metricName(state.metric)}`;
    if (this.heading) this.heading.textContent = this.metric ? metricName(state.metric) : "Loss";
    const context = sized(canvas, width, HEIGHT);
    canvas.style.height = `${HEIGHT}px`;
    canvas.style.width = `${width}px`;
    const lines = this.#lines();
    const scale = this.#scale(lines, width);
    drawFrame(context, scale, { line: token("line"), text: token("muted") });
    for (const line of lines) drawLine(context, line, scale);
    this.#read(context, lines, scale);
    canvas.setAttribute("aria-label", this.#words());
  }

  /**
   * @param {import("./chart.js").Line[]} lines
   * @param {number} width
   */
  #scale(lines, width) {
    return scaleOf(lines, {
      width,
      height: HEIGHT,
      log: !!this.logarithmic && !this.metric,
      share: !!this.metric,
    });
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {import("./chart.js").Line[]} lines
   * @param {import("./chart.js").Scale} scale
   */
  #read(context, lines, scale) {
    const { reading, pointed } = this;
    if (!reading) return;
    const rows = lines[0]?.rows ?? [];
    const row =
      pointed === null || pointed === undefined ? rows.at(-1) : this.#nearest(scale.epoch(pointed));
    if (!row) return void (reading.textContent = "");
    if (pointed !== null && pointed !== undefined) {
      context.fillStyle = token("strong-line");
      context.fillRect(scale.x(row[EPOCH]) - 0.5, EDGE.top, 1, HEIGHT - EDGE.top - EDGE.bottom);
    }
    const parts = lines.map((line) => {
      const at = line.rows === rows ? row : nearestRow(line.rows, row[EPOCH]);
      const value = at?.[line.column];
      if (pointed !== null && pointed !== undefined && at && Number.isFinite(value)) {
        context.fillStyle = line.colour;
        context.beginPath();
        context.arc(scale.x(at[EPOCH]), scale.y(value ?? 0), 3, 0, 7);
        context.fill();
      }
      const swatch = make("i", { class: "swatch" });
      swatch.style.backgroundColor = line.colour;
      return make(
        "span",
        {},
        swatch,
        `${line.name} `,
        make("b", {}, fixed(value, pointed === null || pointed === undefined ? 3 : 6)),
      );
    });
    const when =
      pointed === null || pointed === undefined
        ? null
        : make("span", { class: "quiet" }, `epoch ${whole(row[EPOCH])}`);
    reading.replaceChildren(...parts, ...(when ? [when] : []));
  }

  /** @param {number} epoch */
  #nearest(epoch) {
    return this.model?.sides.a.curve.nearest(epoch) ?? null;
  }

  #words() {
    const curve = this.model?.sides.a.curve;
    const row = curve?.rows.at(-1);
    if (!row) return "Loss curve, empty";
    return `Loss curve to epoch ${row[EPOCH]}: train ${fixed(row[TRAIN_LOSS])}, test ${fixed(row[TEST_LOSS])}`;
  }
}

/**
 * @param {number[][]} rows
 * @param {number} epoch
 */
function nearestRow(rows, epoch) {
  return rows.findLast((row) => row[EPOCH] <= epoch) ?? rows[0];
}

/** @param {string} metric */
export function metricName(metric) {
  return metric === "r2" ? "R²" : metric;
}

customElements.define("fathom-curve", FathomCurve);
