// @ts-check
import { change, make, tell } from "./build.js";
import { ask } from "./fields.js";

/** @typedef {import("../lib/types.js").Model} Model */

const LENSES = [
  { key: "slow", title: "Slow motion" },
  { key: "health", title: "Health" },
  { key: "many", title: "Many at once" },
  { key: "depths", title: "Depths" },
  { key: "descent", title: "Descent" },
  { key: "space", title: "Transformed space" },
  { key: "code", title: "Code" },
  { key: "studies", title: "Studies" },
];

/** The ways to look deeper, one at a time; each is loaded when it is opened. */
export class FathomLenses extends HTMLElement {
  /** @type {string | null | undefined} */
  wanted;

  connectedCallback() {
    if (this.firstChild) return;
    /** @type {string | null} */
    this.lens = null;
    /** @type {any} */
    this.view = null;
    this.tabs = make("div", { class: "tabs", role: "tablist", "aria-label": "Views" });
    for (const { key, title } of LENSES) {
      this.tabs.append(
        make(
          "button",
          {
            type: "button",
            role: "tab",
            id: `tab-${key}`,
            "aria-selected": "false",
            "aria-controls": "lens",
            "data-lens": key,
            tabIndex: -1,
            onclick: () => this.#choose(this.lens === key ? null : key),
          },
          title,
        ),
      );
    }
    this.tabs.addEventListener("keydown", (event) => this.#key(event));
    this.body = make("div", { class: "lens", id: "lens", role: "tabpanel" });
    this.idle = make(
      "p",
      { class: "quiet idle" },
      "Open a view to look deeper: one step in slow motion, the luck of 32 seeds, the health of every layer.",
    );
    this.append(this.tabs, this.idle, this.body);
    this.#rove();
  }

  /** What the space view wants from the server. */
  get space() {
    return this.view?.space ?? null;
  }

  /** @param {string | null} key */
  #choose(key) {
    change(
      this,
      (draft) => {
        if (key) draft.view.lens = key;
        else delete draft.view.lens;
      },
      "a",
    );
    this.open(key);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const by = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (!by) return;
    event.preventDefault();
    event.stopPropagation();
    const tabs = /** @type {HTMLElement[]} */ ([...(this.tabs?.children ?? [])]);
    const here = tabs.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    tabs[(here + by + tabs.length) % tabs.length].focus();
  }

  #rove() {
    const tabs = /** @type {HTMLElement[]} */ ([...(this.tabs?.children ?? [])]);
    for (const tab of tabs) {
      const on = tab.dataset.lens === this.lens;
      tab.setAttribute("aria-selected", String(on));
      tab.tabIndex = on || (!this.lens && tab === tabs[0]) ? 0 : -1;
    }
  }

  /** @param {string | null} key */
  async open(key) {
    if (this.lens === key || (key && !LENSES.some((one) => one.key === key))) return;
    this.view?.close?.();
    this.lens = key;
    this.view = null;
    this.#rove();
    if (this.idle) this.idle.hidden = !!key;
    this.body?.replaceChildren();
    if (key) {
      await import(`./lens-${key}.js`);
      if (this.lens !== key) return;
      const view = /** @type {any} */ (document.createElement(`fathom-${key}`));
      this.body?.setAttribute("aria-labelledby", `tab-${key}`);
      const title = LENSES.find((one) => one.key === key)?.title ?? "";
      this.body?.append(make("div", { class: "lens-ask" }, ask(key, title)), view);
      this.view = view;
      if (this.model) view.update?.(this.model, ALL);
      view.opened?.();
    }
    tell(this, { do: "want" });
  }

  /**
   * @param {Model} model
   * @param {Set<import("../lib/types.js").Change>} changes
   */
  update(model, changes) {
    this.model = model;
    const wanted = model.sides.a.state?.experiment.view?.lens ?? null;
    if (changes.has("structure") && wanted !== this.wanted) {
      this.wanted = wanted;
      // Another experiment without a view of its own leaves the open one open.
      if (wanted) this.open(wanted);
    }
    this.view?.update?.(model, changes);
  }

  /** @param {any} message */
  code(message) {
    this.view?.code?.(message);
  }

  /** @param {string} words */
  refused(words) {
    this.view?.refused?.(words);
  }

  structureChanged() {
    this.view?.structureChanged?.();
  }
}

/** @type {Set<import("../lib/types.js").Change>} */
const ALL = new Set([
  "structure",
  "frame",
  "points",
  "look",
  "many",
  "depths",
  "slow",
  "descent",
  "history",
]);

customElements.define("fathom-lenses", FathomLenses);
