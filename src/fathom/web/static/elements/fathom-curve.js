// @ts-check
import { EPOCH, TEST_LOSS, TEST_METRIC, TRAIN_LOSS, TRAIN_METRIC } from "../lib/curve.js";
import { fixed, ticks, whole } from "../lib/numbers.js";
import { make, sized, token } from "./build.js";
import { ask } from "./fields.js";

/** @typedef {import("../lib/types.js").Model} Model */

const HEIGHT = 132;
const EDGE = { left: 40, right: 10, top: 8, bottom: 18 };

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
    if (!scale) return;
    drawFrame(context, scale, width);
    for (const line of lines) drawLine(context, line, scale);
    this.#read(context, lines, scale);
    canvas.setAttribute("aria-label", this.#words());
  }

  /**
   * @param {{rows: number[][], column: number}[]} lines
   * @param {number} width
   */
  #scale(lines, width) {
    let [low, high, last] = [Infinity, -Infinity, 1];
    const log = !!this.logarithmic && !this.metric;
    for (const { rows, column } of lines) {
      if (rows.length) last = Math.max(last, rows[rows.length - 1][EPOCH]);
      for (const row of rows) {
        const value = row[column];
        if (!Number.isFinite(value) || (log && value <= 0)) continue;
        if (value < low) low = value;
        if (value > high) high = value;
      }
    }
    if (!(high >= low)) [low, high] = this.metric ? [0, 1] : [0, 0.5];
    if (!log) low = Math.min(low, 0);
    if (this.metric) high = Math.max(high, 1);
    if (high <= low) high = low + 1e-6;
    const bend = log ? Math.log10 : (/** @type {number} */ v) => v;
    const [a, b] = [bend(low), bend(high)];
    const [across, down] = [width - EDGE.left - EDGE.right, HEIGHT - EDGE.top - EDGE.bottom];
    return {
      log,
      low,
      high,
      last,
      x: (/** @type {number} */ epoch) => EDGE.left + (epoch / last) * across,
      y: (/** @type {number} */ value) => EDGE.top + (1 - (bend(value) - a) / (b - a || 1)) * down,
      epoch: (/** @type {number} */ x) => ((x - EDGE.left) / across) * last,
    };
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {{rows: number[][], column: number, colour: string, name: string}[]} lines
   * @param {any} scale
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

/**
 * @param {CanvasRenderingContext2D} context
 * @param {any} scale
 * @param {number} width
 */
function drawFrame(context, scale, width) {
  context.font = "10px system-ui, sans-serif";
  context.textAlign = "right";
  const marks = scale.log ? powers(scale.low, scale.high) : ticks(scale.low, scale.high, 3);
  for (const tick of marks) {
    const y = scale.y(tick);
    context.fillStyle = token("line");
    context.fillRect(EDGE.left, Math.round(y), width - EDGE.left - EDGE.right, 1);
    context.fillStyle = token("muted");
    context.fillText(
      tick === 0 ? "0" : Math.abs(tick) < 1e-3 ? tick.toExponential(0) : String(tick),
      EDGE.left - 6,
      y + 3.5,
    );
  }
  context.textAlign = "center";
  const across = ticks(0, scale.last, Math.max(2, Math.floor(width / 90)));
  for (const tick of across) {
    if (scale.last <= 1 && tick % 1) continue;
    context.fillText(
      whole(tick),
      Math.max(EDGE.left + 3, Math.min(scale.x(tick), width - 16)),
      HEIGHT - 4,
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
 * @param {{rows: number[][], column: number, colour: string, dash: boolean}} line
 * @param {any} scale
 */
function drawLine(context, { rows, column, colour, dash }, scale) {
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

customElements.define("fathom-curve", FathomCurve);
