// @ts-check
import { make } from "./build.js";
import { openBeside } from "./floating.js";

/** The explanation of one control, beside it. */
export class FathomHelp extends HTMLElement {
  connectedCallback() {
    this.setAttribute("popover", "auto");
    this.setAttribute("role", "note");
  }

  /**
   * @param {string} topic
   * @param {Element} anchor
   */
  async show(topic, anchor) {
    const { explanations } = await import("../lib/explanations.js");
    const explanation = explanations[topic];
    if (!explanation) return;
    this.replaceChildren(
      make("h3", {}, explanation.title),
      make("p", {}, explanation.words),
      make("p", { class: "attempt" }, make("b", {}, "Try: "), explanation.attempt),
    );
    openBeside(this, anchor);
  }
}

customElements.define("fathom-help", FathomHelp);
