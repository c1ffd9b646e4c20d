// @ts-check
import { make, send } from "./build.js";
import { makeEditor } from "./fathom-value-card.js";
import { openBeside } from "./floating.js";

/** @typedef {import("./fathom-value-card.js").Card} Card */

/** Everything that goes into one unit, to type or drag: also the keyboard's way to the weights. */
export class FathomUnitCard extends HTMLElement {
  connectedCallback() {
    this.setAttribute("popover", "auto");
    this.setAttribute("role", "dialog");
    /** @type {{card: Card, editor: ReturnType<typeof makeEditor>}[]} */
    this.rows = [];
  }

  /**
   * @param {string} title
   * @param {Card[]} cards
   * @param {Element} anchor
   */
  show(title, cards, anchor) {
    this.setAttribute("aria-label", `Weights of ${title}`);
    this.rows = cards.map((card) => ({ card, editor: this.#editor(card) }));
    const list = this.rows.map(({ card, editor }) => {
      const name = card.kind === "Bias" ? "bias" : card.title.split(" → ")[0];
      editor.number.setAttribute("aria-label", `${card.kind} ${card.title}`);
      return make(
        "div",
        { class: "unit-row" },
        make("span", { class: "small" }, name),
        editor.root,
      );
    });
    this.replaceChildren(make("h3", {}, title), make("div", { class: "unit-rows" }, ...list));
    this.#fill(true);
    openBeside(this, anchor);
  }

  /** @param {Card} card */
  #editor(card) {
    return makeEditor(
      () => card,
      (one, value) =>
        send(this, {
          type: "edit",
          side: one.side,
          parameter: one.parameter,
          index: one.place,
          value,
        }),
    );
  }

  /** @param {import("../lib/types.js").Model} model */
  update(model) {
    this.model = model;
    if (this.matches(":popover-open")) this.#fill(false);
  }

  /** @param {boolean} force */
  #fill(force) {
    for (const { card, editor } of this.rows ?? []) {
      const value = this.model?.sides[card.side]?.frame?.arrays.parameters?.values[card.index];
      if (value !== undefined) editor.set(value, force);
    }
  }
}

customElements.define("fathom-unit-card", FathomUnitCard);
