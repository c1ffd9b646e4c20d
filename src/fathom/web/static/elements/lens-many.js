// @ts-check
import { slice } from "../lib/frames.js";
import { fixed, ticks, whole } from "../lib/numbers.js";
import { paintOf } from "../lib/palette.js";
import { make, send, sized, token } from "./build.js";
import { choiceField } from "./fields.js";
import { drawMap } from "./network-units.js";

/** @typedef {import("../lib/types.js").Model} Model */

const HEIGHT = 120;
const RESOLUTION = 40;
const PILE = 9;

/** The same network from many seeds: the spread of losses, and a picture of each. */
export class FathomMany extends HTMLElement {
  connectedCallback() {
    if (this.firstChild) return;
    this.count = choiceField({
      title: "Seeds",
      topic: "many",
      options: [8, 16, 32, 64].map((value) => ({ value, text: String(value) })),
      choose: (value) => this.#begin(value),
    });
    this.count.set(32);
    this.order = choiceField({
      title: "Order",
      topic: "many",
      options: [
        { value: "seed", text: "as drawn" },
        { value: "loss", text: "best first" },
      ],
      choose: (value) => {
        this.sorted = value === "loss";
        this.#draw();
      },
    });
    this.words = make("p", { class: "verdict", "aria-live": "polite" });
    this.spread = make("canvas", { class: "spread", role: "img" });
    this.thumbs = make("div", { class: "thumbs" });
    this.append(
      make(
        "div",
        { class: "lens-head" },
        make("div", { class: "lens-fields" }, this.count.root, this.order.root),
        this.words,
      ),
      this.spread,
      this.thumbs,
    );
    new ResizeObserver(() => this.#draw()).observe(this);
  }

  opened() {
    this.#begin(32);
  }

  /** @param {number} count */
  #begin(count) {
    if (this.model) this.model.many = null;
    if (this.words) this.words.textContent = `Preparing ${count} networks…`;
    this.thumbs?.replaceChildren();
    send(this, { type: "many", count, resolution: RESOLUTION });
  }

  close() {
    send(this, { type: "many", count: 0 });
  }

  /** @param {string} words */
  refused(words) {
    if (this.words && !this.model?.many) this.words.textContent = words;
  }

  /**
   * @param {Model} model
   * @param {Set<import("../lib/types.js").Change>} changes
   */
  update(model, changes) {
    this.model = model;
    if (changes.has("many") || changes.has("look")) this.#draw();
  }

  #draw() {
    const message = this.model?.many;
    if (!message || !this.model || !this.thumbs || !this.words) return;
    const { members, summary, epoch, phase } = message.header;
    const loss = message.arrays.loss.values;
    const losses = members.map((/** @type {any} */ _, /** @type {number} */ i) => loss[i * 2 + 1]);
    const waiting =
      phase === "compiling"
        ? " Compiling…"
        : epoch === 0
          ? " Press play to train them together."
          : "";
    this.words.textContent = `${summary?.words ?? ""} Epoch ${whole(epoch)}.${waiting}`;
    this.#drawSpread(losses);
    this.#fillThumbs(members, losses);
  }

  /** @param {number[]} losses */
  #drawSpread(losses) {
    const width = this.clientWidth;
    if (!this.spread || !width) return;
    const context = sized(this.spread, width, HEIGHT);
    Object.assign(this.spread.style, { width: `${width}px`, height: `${HEIGHT}px` });
    const finite = losses.filter(Number.isFinite);
    const high = Math.max(0.05, ...finite) * 1.05;
    const place = (/** @type {number} */ value) => 14 + (value / high) * (width - 28);
    drawAxis(context, high, place);
    const sorted = [...finite].sort((a, b) => a - b);
    const median = sorted[sorted.length >> 1];
    if (median !== undefined) {
      context.fillStyle = token("accent");
      context.fillRect(place(median) - 1, 8, 2, HEIGHT - 32);
      context.textAlign = place(median) > width - 130 ? "right" : "left";
      context.fillText(
        `median ${fixed(median)}`,
        place(median) + (context.textAlign === "left" ? 6 : -6),
        16,
      );
    }
    drawSwarm(context, finite, place);
    this.spread.setAttribute(
      "aria-label",
      `Test losses from ${fixed(sorted[0])} to ${fixed(sorted.at(-1))}, median ${fixed(median)}`,
    );
  }

  /**
   * @param {{seed: string}[]} members
   * @param {number[]} losses
   */
  #fillThumbs(members, losses) {
    const { thumbs, model } = this;
    const maps = model?.many?.arrays.maps;
    if (!thumbs || !model || !maps) return;
    if (thumbs.childElementCount !== members.length) {
      thumbs.replaceChildren(...members.map((member, i) => this.#thumb(member, i)));
    }
    const paint = paintOf(model.palette, model.dark);
    const order = members.map((_, i) => i);
    if (this.sorted) order.sort((i, j) => rank(losses[i]) - rank(losses[j]));
    order.forEach((member, place) => {
      const thumb = /** @type {HTMLElement} */ (thumbs.children[place]);
      thumb.dataset.member = String(member);
      const canvas = /** @type {HTMLCanvasElement} */ (thumb.querySelector("canvas"));
      drawMap(canvas, slice(maps, member), maps.shape[1], paint.table);
      const words = Number.isFinite(losses[member]) ? fixed(losses[member]) : "diverged";
      /** @type {HTMLElement} */ (thumb.lastElementChild).textContent = words;
      thumb.setAttribute("aria-label", `Seed ${members[member].seed}, test loss ${words}: open`);
    });
  }

  /**
   * @param {{seed: string}} _
   * @param {number} place
   */
  #thumb(_, place) {
    const thumb = make(
      "button",
      {
        class: "thumb",
        type: "button",
        "data-member": place,
        onclick: () =>
          send(this, { type: "open_member", of: "many", member: Number(thumb.dataset.member) }),
      },
      make("canvas", {}),
      make("span", { class: "number" }),
    );
    return thumb;
  }
}

/** @param {number} loss */
function rank(loss) {
  return Number.isFinite(loss) ? loss : Number.MAX_VALUE;
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {number} high
 * @param {(value: number) => number} place
 */
function drawAxis(context, high, place) {
  context.font = "11px system-ui, sans-serif";
  context.textAlign = "center";
  for (const tick of ticks(0, high, 8)) {
    context.fillStyle = token("line");
    context.fillRect(place(tick), 8, 1, HEIGHT - 28);
    context.fillStyle = token("muted");
    context.fillText(String(tick), place(tick), HEIGHT - 6);
  }
}

/**
 * @param {number[]} values
 * @param {(value: number) => number} place
 */
function pileSizes(values, place) {
  /** @type {Map<number, number>} */
  const sizes = new Map();
  for (const value of values) {
    const pile = Math.round(place(value) / PILE);
    sizes.set(pile, (sizes.get(pile) ?? 0) + 1);
  }
  return sizes.values();
}

/**
 * Points piled up where they would hide one another.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {number[]} values
 * @param {(value: number) => number} place
 */
function drawSwarm(context, values, place) {
  /** @type {Map<number, number>} */
  const piles = new Map();
  const tallest = Math.max(1, ...pileSizes(values, place));
  const rise = Math.min(9.5, (HEIGHT - 44) / tallest);
  context.fillStyle = token("ink");
  context.globalAlpha = 0.75;
  for (const value of values) {
    const pile = Math.round(place(value) / PILE);
    const high = piles.get(pile) ?? 0;
    piles.set(pile, high + 1);
    context.beginPath();
    context.arc(place(value), HEIGHT - 28 - high * rise, 4, 0, 7);
    context.fill();
  }
  context.globalAlpha = 1;
}

customElements.define("fathom-many", FathomMany);
