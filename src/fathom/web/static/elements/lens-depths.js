// @ts-check
import { slice } from "../lib/frames.js";
import { fixed, percent, plural, whole } from "../lib/numbers.js";
import { paintOf } from "../lib/palette.js";
import { make, send } from "./build.js";
import { metricName } from "./fathom-curve.js";
import { sliderField } from "./fields.js";
import { drawMap } from "./network-units.js";

/** @typedef {import("../lib/types.js").Model} Model */

const RESOLUTION = 60;

/** The same problem with ever more hidden layers, side by side. */
export class FathomDepths extends HTMLElement {
  connectedCallback() {
    if (this.firstChild) return;
    this.most = sliderField({
      title: "Deepest",
      topic: "depths",
      low: 1,
      high: 8,
      say: (value) => `${value} layers`,
      choose: (value) => this.#begin(value),
    });
    this.most.set(8);
    this.words = make("p", { class: "verdict", "aria-live": "polite" });
    this.row = make("div", { class: "depth-row" });
    this.append(
      make(
        "div",
        { class: "lens-head" },
        make("div", { class: "lens-fields" }, this.most.root),
        this.words,
      ),
      this.row,
    );
  }

  opened() {
    this.#begin(8);
  }

  /** @param {number} most */
  #begin(most) {
    if (this.model) this.model.depths = null;
    if (this.words) this.words.textContent = `Preparing depths 0 to ${most}…`;
    this.row?.replaceChildren();
    send(this, { type: "depths", most, resolution: RESOLUTION });
  }

  close() {
    send(this, { type: "depths", most: null });
  }

  /** @param {string} words */
  refused(words) {
    if (this.words && !this.model?.depths) this.words.textContent = words;
  }

  /**
   * @param {Model} model
   * @param {Set<import("../lib/types.js").Change>} changes
   */
  update(model, changes) {
    this.model = model;
    if (changes.has("depths") || changes.has("look")) this.#draw();
  }

  #draw() {
    const { model, row, words } = this;
    const message = model?.depths;
    if (!message || !model || !row || !words) return;
    const { members, summary, epoch, phase } = message.header;
    const waiting =
      phase === "compiling"
        ? " Compiling…"
        : epoch === 0
          ? " Press play to train them together."
          : "";
    words.textContent = `${summary?.words ?? ""} Epoch ${whole(epoch)}.${waiting}`;
    if (row.childElementCount !== members.length) {
      row.replaceChildren(
        ...members.map((/** @type {any} */ one, /** @type {number} */ i) =>
          this.#card(one.depth ?? i, i),
        ),
      );
    }
    const { maps, loss, metric } = message.arrays;
    const tests = members.map(
      (/** @type {any} */ _, /** @type {number} */ i) => loss.values[i * 2 + 1],
    );
    const best = Math.min(...tests.filter(Number.isFinite));
    const most = Math.max(1e-9, ...tests.filter(Number.isFinite));
    const paint = paintOf(model.palette, model.dark);
    const name = model.sides.a.state?.metric ?? "accuracy";
    members.forEach((/** @type {any} */ _, /** @type {number} */ i) => {
      const card = /** @type {HTMLElement} */ (row.children[i]);
      if (maps)
        drawMap(
          /** @type {HTMLCanvasElement} */ (card.querySelector("canvas")),
          slice(maps, i),
          maps.shape[1],
          paint.table,
        );
      card.classList.toggle("best", tests[i] === best && epoch > 0);
      const [lossWords, scoreWords] = card.querySelectorAll("output");
      lossWords.textContent = Number.isFinite(tests[i]) ? fixed(tests[i]) : "diverged";
      const score = metric?.values[i * 2 + 1];
      scoreWords.textContent = `${metricName(name)} ${name === "accuracy" ? percent(score) : fixed(score)}`;
      /** @type {HTMLElement} */ (card.querySelector(".fill")).style.width =
        `${Math.min(100, (tests[i] / most) * 100)}%`;
    });
  }

  /**
   * @param {number} depth
   * @param {number} member
   */
  #card(depth, member) {
    return make(
      "button",
      {
        class: "depth-card",
        type: "button",
        "aria-label": `Depth ${depth}: open`,
        onclick: () => send(this, { type: "open_member", of: "depths", member }),
      },
      make("h3", {}, plural(depth, "layer")),
      make("canvas", {}),
      make("span", { class: "bar" }, make("i", { class: "fill" })),
      make("output", { class: "number loss" }),
      make("output", { class: "quiet small" }),
    );
  }
}

customElements.define("fathom-depths", FathomDepths);
