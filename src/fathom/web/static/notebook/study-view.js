// @ts-check
import { make, sized } from "../elements/build.js";
import { drawFrame, drawLine, scaleOf } from "../elements/chart.js";
import { faint } from "./fit-view.js";

/**
 * @typedef {object} StudyTold
 * @property {string} metric
 * @property {number} deepest Depth that will be tried.
 * @property {{name: string, rows: number[][]}[]} lines Depth, mean, mean − se, mean + se.
 * @property {string[]} headers
 * @property {{cells: string[], kind: "" | "chosen" | "baseline"}[]} table
 */

const HEIGHT = 190;
const MEAN = 1;
const LOW = 2;
const HIGH = 3;
const KINDS = ["validation", "test", "chosen", "heat-4"];

/** The score by depth as it emerges, and the table of what was trained. */
export class StudyView {
  /** @type {string | undefined} */
  shown;

  /**
   * @param {HTMLElement} place
   * @param {import("./theme.js").Theme} theme
   */
  constructor(place, theme) {
    this.theme = theme;
    this.title = make("strong", {});
    this.canvas = make("canvas", { role: "img" });
    this.box = make("div", {}, this.title, this.canvas);
    this.head = make("tr", {});
    this.rows = make("tbody", {});
    const table = make("table", {}, make("thead", {}, this.head), this.rows);
    place.append(
      make("div", { class: "charts" }, this.box),
      make("div", { class: "scroll" }, table),
    );
  }

  /** @param {StudyTold} told */
  show(told) {
    this.box.hidden = !told.lines.length;
    if (told.lines.length) this.#draw(told);
    const key = JSON.stringify([told.headers, told.table]);
    if (this.shown === key) return;
    this.shown = key;
    this.head.replaceChildren(...told.headers.map((name) => make("th", { scope: "col" }, name)));
    this.rows.replaceChildren(
      ...told.table.map(({ cells, kind }) =>
        make("tr", { class: kind }, ...cells.map((text) => make("td", {}, text))),
      ),
    );
  }

  /** @param {StudyTold} told */
  #draw({ lines, metric, deepest }) {
    this.title.textContent = `validation ${metric} by depth, ± standard error`;
    const width = this.box.clientWidth;
    if (!width) return;
    const context = sized(this.canvas, width, HEIGHT);
    this.canvas.style.height = `${HEIGHT}px`;
    const drawn = lines.map(({ name, rows }, place) => ({
      rows,
      name,
      column: MEAN,
      colour: this.theme.colour(KINDS[place % KINDS.length]),
      dash: false,
    }));
    const reach = lines.flatMap(({ rows }) => [LOW, HIGH].map((column) => ({ rows, column })));
    const scale = scaleOf(reach, {
      width,
      height: HEIGHT,
      log: false,
      share: false,
      last: Math.max(deepest, 1),
    });
    const ink = this.theme.ink();
    drawFrame(context, scale, { line: faint(ink, 14), text: faint(ink, 72) });
    for (const line of drawn) {
      drawLine(context, line, scale);
      drawPoints(context, line, scale);
    }
    const words = lines.flatMap(({ rows }) => rows.map((row) => `${row[0]}: ${row[MEAN]}`));
    this.canvas.setAttribute("aria-label", `Score by depth: ${words.join(", ")}`);
  }
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {{rows: number[][], colour: string}} line
 * @param {import("../elements/chart.js").Scale} scale
 */
function drawPoints(context, { rows, colour }, scale) {
  context.fillStyle = colour;
  for (const row of rows) {
    const [x, y] = [scale.x(row[0]), scale.y(row[MEAN])];
    context.fillRect(x - 1, scale.y(row[HIGH]), 2, scale.y(row[LOW]) - scale.y(row[HIGH]));
    context.beginPath();
    context.arc(x, y, 3.5, 0, 7);
    context.fill();
  }
}
