// @ts-check
import { icon, make, tell } from "./build.js";

/** @typedef {import("../lib/types.js").Model} Model */

const LINGER_MILLISECONDS = 7000;

/** What went wrong, what changed by itself, and what to do about it. */
export class FathomNotices extends HTMLElement {
  /** @type {import("../lib/types.js").Trouble | null | undefined} */
  shown;
  /** @type {string | undefined} */
  lastKey;

  connectedCallback() {
    if (this.firstChild) return;
    this.line = make("div", { class: "lost", role: "status", hidden: true });
    this.trouble = make("div", { class: "trouble", role: "alert", hidden: true });
    this.toasts = make("div", { class: "toasts", role: "status", "aria-live": "polite" });
    this.append(this.line, this.trouble, this.toasts);
  }

  /**
   * @param {Model} model
   * @param {Set<import("../lib/types.js").Change>} changes
   */
  update(model, changes) {
    if (this.line) {
      this.line.hidden = model.connection !== "lost";
      this.line.textContent = /** @type {any} */ (model).stranger
        ? "The server was started anew. Open the address it printed in this tab: your network comes along."
        : "The server is gone. Waiting for it; your network is kept here.";
    }
    const troubled = /** @type {const} */ (["a", "b"]).find((side) => model.sides[side]?.trouble);
    this.#showTrouble(troubled ? (model.sides[troubled]?.trouble ?? null) : null, troubled ?? "a");
  }

  /**
   * @param {import("../lib/types.js").Trouble | null} trouble
   * @param {import("../lib/types.js").Side} side
   */
  #showTrouble(trouble, side) {
    if (!this.trouble || this.shown === trouble) return;
    this.shown = trouble;
    this.trouble.hidden = !trouble;
    if (!trouble) return;
    const mends = trouble.mends.map((mend) =>
      make(
        "button",
        {
          class: "tiny primary",
          type: "button",
          onclick: () => tell(this, { do: "mend", mend, side }),
        },
        mend.label,
      ),
    );
    this.trouble.replaceChildren(
      icon("warning"),
      make("div", { class: "words" }, make("b", {}, "Training stopped. "), trouble.words),
      make("div", { class: "row" }, ...mends, this.#dismiss(side)),
    );
  }

  /** @param {import("../lib/types.js").Side} side */
  #dismiss(side) {
    return make(
      "button",
      {
        class: "icon tiny plain",
        type: "button",
        "aria-label": "Close",
        onclick: () => tell(this, { do: "calm", side }),
      },
      icon("close"),
    );
  }

  /**
   * @param {string} words
   * @param {string | null} [hint]
   * @param {"note" | "error"} [kind]
   */
  say(words, hint = null, kind = "note") {
    const key = `${words}/${hint}`;
    if (!this.toasts || (this.lastKey === key && this.toasts.childElementCount)) return;
    this.lastKey = key;
    const toast = make(
      "div",
      { class: `toast ${kind}` },
      kind === "error" ? icon("warning") : icon("check"),
      make("div", {}, words, hint ? make("div", { class: "small hint" }, hint) : null),
      make(
        "button",
        {
          class: "icon tiny plain",
          type: "button",
          "aria-label": "Close",
          onclick: () => toast.remove(),
        },
        icon("close"),
      ),
    );
    this.toasts.append(toast);
    while (this.toasts.childElementCount > 3) this.toasts.firstElementChild?.remove();
    setTimeout(
      () => toast.remove(),
      kind === "error" ? LINGER_MILLISECONDS * 2 : LINGER_MILLISECONDS,
    );
  }
}

customElements.define("fathom-notices", FathomNotices);
