// @ts-check
import { change, make } from "./build.js";
import { textField } from "./fields.js";
import { openBeside } from "./floating.js";

const IDEAS = ["r", "sin(a + r)", "x * sin(y)", "abs(x) - abs(y)"];

/** A formula that becomes an input of the network. */
export class FathomFeatureCard extends HTMLElement {
  connectedCallback() {
    if (this.firstChild) return;
    this.setAttribute("popover", "auto");
    this.setAttribute("role", "dialog");
    this.setAttribute("aria-label", "A feature of your own");
    this.field = textField({
      title: "Formula of x and y",
      topic: "own_feature",
      placeholder: "sin(a + r)",
      choose: (text) => text && this.#add(text),
    });
    this.known = make("p", { class: "quiet small" });
    this.append(
      make("h3", {}, "A feature of your own"),
      this.field.root,
      make(
        "div",
        { class: "row" },
        ...IDEAS.map((idea) =>
          make("button", { class: "tiny", type: "button", onclick: () => this.#add(idea) }, idea),
        ),
      ),
      this.known,
    );
  }

  /** @param {string} formula */
  #add(formula) {
    change(
      this,
      (draft) => void (draft.features.includes(formula) || draft.features.push(formula)),
      this.side,
    );
    this.hidePopover();
  }

  /**
   * @param {Element} anchor
   * @param {import("../lib/types.js").Side} side
   */
  show(anchor, side) {
    this.side = side;
    if (this.field) this.field.set("");
    openBeside(this, anchor);
    this.field?.input.focus();
  }

  /** @param {import("../lib/types.js").Model} model */
  update(model) {
    const words = `x, y, r, a, pi, e, and ${(model.catalog.functions ?? []).join(", ")}`;
    if (this.known && this.known.textContent !== words) this.known.textContent = words;
  }
}

customElements.define("fathom-feature-card", FathomFeatureCard);
