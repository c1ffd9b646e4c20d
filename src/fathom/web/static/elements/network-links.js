// @ts-check
import { linkHeight, linkPath, linkWidth, strongest } from "../lib/layout.js";
import { colourOf } from "../lib/palette.js";
import { svg } from "./build.js";

/** @typedef {import("../lib/wiring.js").Link} Link */
/** @typedef {import("../lib/layout.js").Spot} Spot */
/** @typedef {{link: Link, path: SVGElement, width: number, colour: string, value: number}} Wire */

const MOST_LINKS = 1600;
const REORDER_MILLISECONDS = 1500;

/** The lines of a network in one SVG; only what changed is touched. */
export class Links {
  /** @type {Wire | null | undefined} */
  marked;

  /** @param {SVGElement} drawing */
  constructor(drawing) {
    this.drawing = drawing;
    /** @type {Wire[]} */
    this.wires = [];
    /** @type {Link[][]} */
    this.gaps = [];
    /** @type {Map<number, Spot>} */
    this.spots = new Map();
    this.thickness = 1;
    this.ordered = 0;
    this.total = 0;
  }

  /**
   * @param {Link[][]} gaps
   * @param {Map<number, Spot>} spots Of units, by number.
   * @param {number} size Side of a unit in pixels.
   */
  lay(gaps, spots, size) {
    this.gaps = gaps;
    this.spots = spots;
    this.total = gaps.reduce((sum, gap) => sum + gap.length, 0);
    this.thickness = Math.max(0.35, Math.min(1, size / 34));
    this.ordered = 0;
    this.wires = [];
    this.drawing.replaceChildren();
  }

  /** How many links are drawn of how many there are. */
  get shown() {
    return this.wires.length;
  }

  /**
   * @param {Float32Array} values All parameters.
   * @param {Uint8Array | null} dead
   * @param {import("../lib/palette.js").Paint} paint
   */
  draw(values, dead, paint) {
    this.#choose(values);
    for (const wire of this.wires)
      this.#paint(wire, values[wire.link.index], !!dead?.[wire.link.index], paint);
  }

  /** @param {Float32Array} values */
  #choose(values) {
    const now = performance.now();
    const partial = this.total > MOST_LINKS;
    if (this.wires.length && (!partial || now - this.ordered < REORDER_MILLISECONDS)) return;
    this.ordered = now;
    const links = /** @type {Link[]} */ (
      strongest(this.gaps, (index) => values[index], MOST_LINKS)
    );
    this.wires = links.map((link) => ({
      link,
      path: this.#path(link),
      width: -1,
      colour: "",
      value: 0,
    }));
    this.drawing.replaceChildren(...this.wires.map((wire) => wire.path));
  }

  /** @param {Link} link */
  #path(link) {
    const [from, to] = [this.spots.get(link.from), this.spots.get(link.to)];
    const path = svg("path", { d: from && to ? linkPath(from, to) : "" });
    if (link.frozen) path.setAttribute("stroke-dasharray", "5 3");
    return path;
  }

  /**
   * @param {Wire} wire
   * @param {number} value
   * @param {boolean} dead
   * @param {import("../lib/palette.js").Paint} paint
   */
  #paint(wire, value, dead, paint) {
    wire.value = value;
    const width = dead ? 0 : linkWidth(value) * this.thickness;
    if (Math.abs(width - wire.width) > 0.04) {
      wire.width = width;
      wire.path.setAttribute("stroke-width", width.toFixed(2));
    }
    const colour = colourOf(
      paint,
      value >= 0 ? 0.28 + Math.min(0.72, value * 0.7) : -0.28 + Math.max(-0.72, value * 0.7),
    );
    if (colour !== wire.colour) {
      wire.colour = colour;
      wire.path.setAttribute("stroke", colour);
    }
  }

  /**
   * The line under the pointer.
   *
   * @param {number} x
   * @param {number} y
   * @param {number} reach In pixels.
   * @returns {Wire | null}
   */
  near(x, y, reach) {
    let best = null;
    let distance = reach;
    for (const wire of this.wires) {
      const [from, to] = [this.spots.get(wire.link.from), this.spots.get(wire.link.to)];
      if (!from || !to || x < from.x + from.size || x > to.x) continue;
      const away = Math.abs(linkHeight(from, to, x) - y);
      if (away < distance) [best, distance] = [wire, away];
    }
    return best;
  }

  /** @param {Wire | null} wire */
  mark(wire) {
    if (this.marked === wire) return;
    this.marked?.path.classList.remove("marked");
    this.marked = wire;
    wire?.path.classList.add("marked");
  }
}
