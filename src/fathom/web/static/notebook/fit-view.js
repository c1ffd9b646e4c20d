// @ts-check
import { make, sized } from "../elements/build.js";
import { drawFrame, drawLine, EDGE, scaleOf } from "../elements/chart.js";
import { Curve, EPOCH, TEST_LOSS, TEST_METRIC, TRAIN_LOSS, TRAIN_METRIC } from "../lib/curve.js";
import { fixed, whole } from "../lib/numbers.js";

/** @typedef {import("./theme.js").Theme} Theme */

/**
 * @typedef {object} Strip
 * @property {string} name
 * @property {(number | null)[]} levels From 0 to 7.
 * @property {string} gradient
 * @property {string} update
 * @property {string} units
 * @property {boolean} is_bad
 */

/**
 * @typedef {object} FitTold
 * @property {(number | null)[]} rows Epoch and four values each, as a `Curve` takes them.
 * @property {number} epochs That are planned.
 * @property {string | null} score The metric beside the loss.
 * @property {boolean} wide Whether the loss spans powers of ten.
 * @property {Strip[]} layers
 * @property {string} note
 * @property {{name: string, severity: string, sentence: string, mend: string}[]} findings
 * @property {boolean} healthy Whether nothing is wrong although there is something to judge.
 */

const HEIGHT = 150;
const HEADERS = ["layer", "gradient, every epoch", "now", "update ÷ weights", "units"];
const HEALTHY = "Nothing is wrong so far.";

/** Losses, layers and findings of one network. */
export class FitView {
  /** @type {string | undefined} */
  said;

  /**
   * @param {HTMLElement} place
   * @param {Theme} theme
   */
  constructor(place, theme) {
    this.theme = theme;
    this.curve = new Curve();
    this.loss = new Chart("loss", TRAIN_LOSS, TEST_LOSS, theme);
    this.score = new Chart("score", TRAIN_METRIC, TEST_METRIC, theme);
    this.rows = make("tbody", {});
    const head = make("tr", {}, ...HEADERS.map((name) => make("th", { scope: "col" }, name)));
    this.table = make(
      "div",
      { class: "scroll", hidden: true },
      make("table", {}, make("thead", {}, head), this.rows),
    );
    this.note = make("p", { class: "quiet" });
    this.findings = make("ul", { class: "findings", "aria-live": "polite" });
    place.append(
      make("div", { class: "charts" }, this.loss.box, this.score.box),
      this.table,
      this.note,
      this.findings,
    );
  }

  /** @param {FitTold} told */
  show(told) {
    this.curve.clear();
    this.curve.extend(Float32Array.from(told.rows, (value) => value ?? NaN));
    this.loss.draw(this.curve, { last: told.epochs, log: told.wide, share: false });
    this.score.box.hidden = !told.score;
    if (told.score) {
      this.score.named(told.score);
      this.score.draw(this.curve, { last: told.epochs, log: false, share: false });
    }
    this.#strips(told.layers);
    this.note.textContent = told.note;
    this.#say(told);
  }

  /** @param {Strip[]} layers */
  #strips(layers) {
    this.table.hidden = !layers.length;
    while (this.rows.children.length > layers.length) this.rows.lastElementChild?.remove();
    while (this.rows.children.length < layers.length) this.rows.append(emptyRow());
    const colours = Array.from({ length: 8 }, (_, level) => this.theme.colour(`heat-${level}`));
    layers.forEach((layer, place) => {
      const [name, strip, ...numbers] = this.rows.children[place].children;
      name.textContent = layer.name;
      const canvas = /** @type {HTMLCanvasElement} */ (strip.firstElementChild);
      drawStrip(canvas, layer.levels, colours);
      [layer.gradient, layer.update, layer.units].forEach((text, i) => {
        numbers[i].textContent = text;
      });
      numbers[2].classList.toggle("many", layer.is_bad);
    });
  }

  /** @param {FitTold} told */
  #say({ findings, healthy }) {
    const key = JSON.stringify([findings, healthy]);
    if (this.said === key) return;
    this.said = key;
    const items = findings.map(({ name, severity, sentence, mend }) =>
      make(
        "li",
        { class: severity },
        make("strong", {}, name.replaceAll("-", " ")),
        `: ${sentence} `,
        make("span", { class: "quiet" }, `To mend it: ${mend}.`),
      ),
    );
    if (!items.length && healthy) items.push(make("li", { class: "healthy" }, HEALTHY));
    this.findings.replaceChildren(...items);
  }
}

/** One measure over epochs, on the training and the validation rows, exact where one points. */
class Chart {
  /** @type {Curve | undefined} */
  curve;
  /** @type {{last: number, log: boolean, share: boolean} | undefined} */
  look;

  /**
   * @param {string} name
   * @param {number} train Column of the curve.
   * @param {number} validation
   * @param {Theme} theme
   */
  constructor(name, train, validation, theme) {
    this.columns = [
      { column: train, name: "training", kind: "train" },
      { column: validation, name: "validation", kind: "validation" },
    ];
    this.theme = theme;
    this.title = make("strong", {}, name);
    this.canvas = make("canvas", { role: "img" });
    this.reading = make("div", { class: "key quiet" });
    this.box = make("div", {}, this.title, this.canvas, this.reading);
    this.canvas.addEventListener("pointermove", (event) => this.#point(event.offsetX));
    this.canvas.addEventListener("pointerleave", () => this.#point(null));
  }

  /** @param {string} name */
  named(name) {
    this.title.textContent = name;
  }

  /** @param {number | null} x */
  #point(x) {
    this.pointed = x;
    if (this.curve && this.look) this.draw(this.curve, this.look);
  }

  /**
   * @param {Curve} curve
   * @param {{last: number, log: boolean, share: boolean}} look
   */
  draw(curve, look) {
    this.curve = curve;
    this.look = look;
    const width = this.box.clientWidth;
    if (!width) return;
    const context = sized(this.canvas, width, HEIGHT);
    this.canvas.style.height = `${HEIGHT}px`;
    const { rows } = curve;
    const lines = this.columns
      .filter(({ column }) => rows.some((row) => Number.isFinite(row[column])))
      .map(({ column, name, kind }) => ({
        rows: rows.filter((row) => !Number.isNaN(row[column])),
        column,
        name,
        colour: this.#colour(kind),
        dash: false,
      }));
    const scale = scaleOf(lines, { width, height: HEIGHT, ...look });
    const ink = this.theme.ink();
    drawFrame(context, scale, { line: faint(ink, 14), text: faint(ink, 72) });
    for (const line of lines) drawLine(context, line, scale);
    const row =
      typeof this.pointed === "number" ? curve.nearest(scale.epoch(this.pointed)) : rows.at(-1);
    if (row && typeof this.pointed === "number") {
      context.fillStyle = faint(ink, 40);
      context.fillRect(scale.x(row[EPOCH]), EDGE.top, 1, HEIGHT - EDGE.top - EDGE.bottom);
    }
    this.#read(lines, row);
  }

  /** @param {string} kind */
  #colour(kind) {
    return kind === "train" ? faint(this.theme.ink(), 55) : this.theme.colour(kind);
  }

  /**
   * @param {import("../elements/chart.js").Line[]} lines
   * @param {number[] | null | undefined} row
   */
  #read(lines, row) {
    const parts = lines.map((line) => {
      const swatch = make("i", { class: "swatch" });
      swatch.style.background = line.colour;
      return make("span", {}, swatch, `${line.name} `, make("b", {}, fixed(row?.[line.column], 4)));
    });
    const when = row ? [make("span", {}, `epoch ${whole(row[EPOCH])}`)] : [];
    this.reading.replaceChildren(...parts, ...when);
    this.canvas.setAttribute(
      "aria-label",
      `${this.title.textContent}: ${this.reading.textContent}`,
    );
  }
}

function emptyRow() {
  const strip = make("canvas", { class: "strip", role: "img" });
  strip.setAttribute("aria-label", "Gradient, from the first look to the last");
  const cells = [null, strip, null, null, null].map((child) => make("td", {}, child));
  return make("tr", {}, ...cells);
}

/**
 * @param {HTMLCanvasElement} canvas
 * @param {(number | null)[]} levels
 * @param {string[]} colours
 */
function drawStrip(canvas, levels, colours) {
  const [width, height] = [canvas.clientWidth || 176, canvas.clientHeight || 14];
  const context = sized(canvas, width, height);
  const step = width / levels.length;
  levels.forEach((level, place) => {
    if (level === null) return;
    context.fillStyle = colours[level];
    const left = Math.round(place * step);
    context.fillRect(left, 0, Math.round((place + 1) * step) - left, height);
  });
}

/**
 * A colour of which only a part is left.
 *
 * @param {string} colour
 * @param {number} percent
 */
export function faint(colour, percent) {
  return `color-mix(in srgb, ${colour} ${percent}%, transparent)`;
}
