// @ts-check
import { make, send, tell } from "./build.js";

/** @typedef {import("../lib/types.js").Model} Model */

/** The network on screen as a program. */
export class FathomCode extends HTMLElement {
  /** @type {string | undefined} */
  hash;

  connectedCallback() {
    if (this.firstChild) return;
    this.framework = "keras";
    this.choice = make("div", { class: "segments", role: "group", "aria-label": "Framework" });
    for (const [key, title] of [
      ["keras", "Keras"],
      ["pytorch", "PyTorch"],
    ]) {
      this.choice.append(
        make(
          "button",
          { type: "button", "data-framework": key, onclick: () => this.#choose(key) },
          title,
        ),
      );
    }
    this.text = make("pre", { tabIndex: 0, "aria-label": "Program" });
    this.append(
      make(
        "div",
        { class: "spread" },
        this.choice,
        make("button", { type: "button", onclick: () => this.#copy() }, "Copy"),
      ),
      this.text,
    );
  }

  opened() {
    this.#choose("keras");
  }

  /** @param {string} framework */
  #choose(framework) {
    this.framework = framework;
    for (const button of this.choice?.querySelectorAll("button") ?? []) {
      button.setAttribute("aria-pressed", String(button.dataset.framework === framework));
    }
    send(this, { type: "code", framework });
  }

  /**
   * @param {Model} model
   * @param {Set<import("../lib/types.js").Change>} changes
   */
  update(model, changes) {
    const hash = model.sides.a.state?.hash;
    if (!changes.has("structure") || this.hash === hash) return;
    const again = this.hash !== undefined;
    this.hash = hash;
    if (again) send(this, { type: "code", framework: this.framework });
  }

  /** @param {{framework: string, text: string}} message */
  code({ framework, text }) {
    if (framework === this.framework && this.text) this.text.textContent = text;
  }

  async #copy() {
    try {
      await navigator.clipboard.writeText(this.text?.textContent ?? "");
      tell(this, { do: "say", words: "The program is copied." });
    } catch {
      getSelection()?.selectAllChildren(/** @type {Node} */ (this.text));
    }
  }
}

customElements.define("fathom-code", FathomCode);
