// @ts-check
import { fixed } from "../lib/numbers.js";
import { make, send } from "./build.js";
import { placeBeside } from "./floating.js";

/**
 * @typedef {object} Card One value that can be changed.
 * @property {string} kind
 * @property {string} title
 * @property {import("../lib/types.js").Side} side
 * @property {number} parameter
 * @property {number} place
 * @property {number} index
 */

const SPAN = 3;

/** A weight or bias: read on hover; typed or dragged once clicked. */
export class FathomValueCard extends HTMLElement {
  connectedCallback() {
    if (this.firstChild) return;
    this.setAttribute("popover", "manual");
    this.setAttribute("role", "dialog");
    this.setAttribute("aria-label", "Value");
    this.what = make("div", { class: "quiet small" });
    this.value = make("output", { class: "number value" });
    this.editor = makeEditor(
      () => this.card ?? null,
      (card, value) =>
        send(this, {
          type: "edit",
          side: card.side,
          parameter: card.parameter,
          index: card.place,
          value,
        }),
    );
    this.hint = make("div", { class: "quiet small" }, "Click to change");
    this.append(this.what, this.value, this.editor.root, this.hint);
    this.addEventListener("keydown", (event) => {
      if (event.key === "Escape" || event.key === "Enter") this.close();
      if (event.key !== "Tab") event.stopPropagation();
    });
    document.addEventListener("pointerdown", (event) => {
      if (this.pinned && !this.contains(/** @type {Node} */ (event.target))) this.close();
    });
  }

  close() {
    this.pinned = false;
    this.card = null;
    if (this.matches(":popover-open")) this.hidePopover();
  }

  /**
   * @param {Card | null} card
   * @param {number} [x]
   * @param {number} [y]
   * @param {boolean} [pinned]
   */
  show(card, x = 0, y = 0, pinned = false) {
    if (this.pinned && !pinned) return;
    if (!card) return this.close();
    this.card = card;
    this.pinned = pinned;
    if (this.what) this.what.textContent = `${card.kind} · ${card.title}`;
    if (this.editor) this.editor.root.hidden = !pinned;
    if (this.hint) this.hint.hidden = pinned;
    if (this.value) this.value.hidden = pinned;
    this.#refresh(true);
    if (!this.matches(":popover-open")) this.showPopover();
    placeBeside(this, { left: x, right: x, top: y - 6, bottom: y + 10 });
    if (pinned) this.editor?.number.select();
  }

  /** @param {import("../lib/types.js").Model} model */
  update(model) {
    this.model = model;
    if (this.card) this.#refresh(false);
  }

  /** @param {boolean} force */
  #refresh(force) {
    const { card, model } = this;
    if (!card || !model) return;
    const frame = model.sides[card.side]?.frame;
    const value = frame?.arrays.parameters?.values[card.index];
    const dead = !!frame?.arrays.dead?.values[card.index];
    if (this.value)
      this.value.textContent = dead ? "0 (dead: L1 cut this link for good)" : fixed(value, 4);
    if (value !== undefined) this.editor?.set(value, force);
  }
}

/**
 * A number to type and a handle to drag.
 *
 * @param {() => Card | null} cardOf
 * @param {(card: Card, value: number) => void} choose
 */
export function makeEditor(cardOf, choose) {
  let waiting = /** @type {number | null} */ (null);
  let due = false;
  const post = (/** @type {number} */ value) => {
    waiting = value;
    if (due) return;
    due = true;
    requestAnimationFrame(() => {
      due = false;
      const card = cardOf();
      if (card && waiting !== null) choose(card, waiting);
    });
  };
  const number = make("input", {
    type: "text",
    inputMode: "decimal",
    "aria-label": "Value",
    oninput: () => {
      const value = Number(number.value.replace("−", "-").replace(",", "."));
      const wrong = number.value.trim() === "" || !Number.isFinite(value);
      number.setAttribute("aria-invalid", String(wrong));
      if (!wrong) post(value);
    },
  });
  const handle = make("input", {
    type: "range",
    min: String(-SPAN),
    max: String(SPAN),
    step: "0.01",
    "aria-label": "Drag the value",
    oninput: () => {
      number.value = handle.value;
      post(Number(handle.value));
    },
  });
  const set = (/** @type {number} */ value, force = false) => {
    if (force || document.activeElement !== number)
      number.value = String(Number(value.toPrecision(6)));
    const reach = Math.max(SPAN, Math.ceil(Math.abs(value)));
    if (!handle.matches(":active")) {
      handle.min = String(-reach);
      handle.max = String(reach);
      handle.value = String(value);
    }
  };
  return { root: make("div", { class: "editor" }, number, handle), number, set };
}

customElements.define("fathom-value-card", FathomValueCard);
