// @ts-check
import { plural, whole } from "../lib/numbers.js";
import { icon, look, make, send, tell } from "./build.js";
import { ask } from "./fields.js";

/** @typedef {import("../lib/types.js").Model} Model */

const SPEEDS = [
  { unit: "sample", per_frame: 1, per_second: 1, words: "1 sample a second" },
  { unit: "sample", per_frame: 1, per_second: 5, words: "5 samples a second" },
  { unit: "sample", per_frame: 1, per_second: 25, words: "25 samples a second" },
  { unit: "batch", per_frame: 1, per_second: 5, words: "5 batches a second" },
  { unit: "batch", per_frame: 1, per_second: null, words: "1 batch a picture" },
  { unit: "epoch", per_frame: 1, per_second: 5, words: "5 epochs a second" },
  { unit: "epoch", per_frame: 1, per_second: null, words: "1 epoch a picture" },
  { unit: "epoch", per_frame: 5, per_second: null, words: "5 epochs a picture" },
  { unit: "epoch", per_frame: 20, per_second: null, words: "20 epochs a picture" },
  { unit: "epoch", per_frame: "max", per_second: null, words: "as fast as it goes" },
];
export const USUAL_SPEED = 6;

/** Play, step, reset; where in time we are; how fast. */
export class FathomTransport extends HTMLElement {
  /** @type {string | undefined} */
  face;

  connectedCallback() {
    if (this.firstChild) return;
    this.play = make(
      "button",
      {
        class: "play",
        type: "button",
        "data-control": "playButton",
        "aria-keyshortcuts": "Space",
        onclick: () => tell(this, { do: "toggle" }),
      },
      icon("play"),
    );
    this.reset = this.#button("reset", "Start again with the same weights (R)", "resetButton", () =>
      send(this, { type: "reset", weights: "same" }),
    );
    this.renew = this.#button("dice", "Start again with new weights (N)", "resetButton", () =>
      send(this, { type: "reset", weights: "new" }),
    );
    this.step = this.#button("step", "One step (→)", "stepButton", () =>
      tell(this, { do: "step" }),
    );
    this.epoch = make("output", { class: "epoch number", "aria-label": "Epoch" }, "000,000");
    this.rate = make("span", { class: "quiet small rate" });
    this.append(
      make("div", { class: "keys" }, this.reset, this.renew, this.play, this.step),
      make(
        "div",
        { class: "clock" },
        make("div", { class: "over" }, make("span", { class: "quiet small" }, "Epoch"), this.rate),
        this.epoch,
      ),
      this.#buildTravel(),
      this.#buildSpeed(),
    );
  }

  /**
   * @param {string} name
   * @param {string} title
   * @param {string} control
   * @param {() => void} press
   */
  #button(name, title, control, press) {
    return make(
      "button",
      {
        class: "icon plain",
        type: "button",
        title,
        "aria-label": title,
        "data-control": control,
        onclick: press,
      },
      icon(name),
    );
  }

  #buildTravel() {
    this.travel = make("input", {
      type: "range",
      min: "0",
      max: "0",
      value: "0",
      "aria-label": "Time: the epoch on show",
      oninput: () => this.#seek(),
    });
    this.now = make(
      "button",
      {
        class: "tiny",
        type: "button",
        hidden: true,
        onclick: () => send(this, { type: "seek", epoch: null }),
      },
      "Back to now",
    );
    this.branch = make(
      "button",
      {
        class: "tiny primary",
        type: "button",
        hidden: true,
        onclick: () => send(this, { type: "branch" }),
      },
      "Go on from here",
    );
    this.when = make("output", {});
    this.branches = make("span", { class: "quiet" });
    return make(
      "div",
      { class: "field travel" },
      make(
        "div",
        { class: "caption" },
        "Time",
        ask("travel", "Time"),
        this.branches,
        this.when,
        this.branch,
        this.now,
      ),
      this.travel,
    );
  }

  #buildSpeed() {
    this.speedWords = make("output", {});
    this.speed = make("input", {
      type: "range",
      min: "0",
      max: String(SPEEDS.length - 1),
      value: String(USUAL_SPEED),
      "aria-label": "Speed",
      oninput: () => this.#choose(),
    });
    return make(
      "div",
      { class: "field speed" },
      make("div", { class: "caption" }, "Speed", ask("speed", "Speed"), this.speedWords),
      this.speed,
    );
  }

  #choose() {
    const { words, ...speed } = SPEEDS[Number(this.speed?.value)];
    look(this, { speed: /** @type {any} */ (speed) });
    send(this, { type: "speed", ...speed });
  }

  #seek() {
    const epochs = this.epochs ?? [];
    const place = Number(this.travel?.value);
    const epoch = place >= epochs.length - 1 ? null : epochs[place];
    tell(this, { do: "seek", epoch });
  }

  /**
   * @param {Model} model
   * @param {Set<import("../lib/types.js").Change>} changes
   */
  update(model, changes) {
    const { a } = model.sides;
    if (!this.play || !this.epoch || !this.speedWords || !this.rate) return;
    this.#showPlaying(a.playing, a.phase);
    const header = a.frame?.header;
    if (header) {
      this.epoch.textContent = header.epoch < 1e6 ? sixDigits(header.epoch) : whole(header.epoch);
      this.rate.textContent = this.#pace(header, a);
    }
    const speed = SPEEDS.findIndex(
      (one) =>
        one.unit === model.speed.unit &&
        one.per_frame === model.speed.per_frame &&
        one.per_second === model.speed.per_second,
    );
    if (speed >= 0) {
      this.speedWords.textContent = SPEEDS[speed].words;
      this.speed?.setAttribute("aria-valuetext", SPEEDS[speed].words);
      if (this.speed) this.speed.value = String(speed);
    }
    if (changes.has("history") || changes.has("frame")) this.#showTime(model);
  }

  /**
   * @param {import("../lib/types.js").FrameHeader} header
   * @param {import("../lib/types.js").Network} network
   */
  #pace(header, network) {
    if (network.phase === "compiling") return network.words || "compiling…";
    if (header.step) return `step ${whole(header.step)}`;
    if (!header.playing || !header.epochs_per_second) return "";
    return `${whole(header.epochs_per_second)}/s`;
  }

  /**
   * @param {boolean} playing
   * @param {string} phase
   */
  #showPlaying(playing, phase) {
    const face = phase === "compiling" && playing ? "compiling" : playing ? "pause" : "play";
    if (this.face === face) return;
    this.face = face;
    const title = playing ? "Pause (Space)" : "Play (Space)";
    this.play?.replaceChildren(icon(playing ? "pause" : "play"));
    this.play?.setAttribute("aria-label", title);
    this.play?.setAttribute("title", title);
    this.play?.classList.toggle("busy", face === "compiling");
    this.play?.classList.toggle("playing", playing);
  }

  /** @param {Model} model */
  #showTime(model) {
    const { travel, when, now, branch, branches } = this;
    if (!travel || !when || !now || !branch || !branches) return;
    const header = model.sides.a.frame?.header;
    this.epochs = model.history.epochs;
    const viewing = header?.viewing ?? null;
    const last = Math.max(0, this.epochs.length - 1);
    travel.max = String(last);
    travel.disabled = last === 0;
    if (!travel.matches(":active")) {
      travel.value = String(viewing === null ? last : nearestPlace(this.epochs, viewing));
    }
    when.textContent = viewing === null ? "now" : `epoch ${whole(viewing)}`;
    travel.setAttribute("aria-valuetext", when.textContent);
    now.hidden = branch.hidden = viewing === null;
    const count = model.history.branches.length;
    branches.textContent = count
      ? `${plural(count, "branch").replace("branchs", "branches")} left`
      : "";
    this.classList.toggle("travelling", viewing !== null);
  }
}

/** @param {number} epoch */
function sixDigits(epoch) {
  const text = String(epoch).padStart(6, "0");
  return `${text.slice(0, 3)},${text.slice(3)}`;
}

/**
 * @param {number[]} epochs
 * @param {number} wanted
 */
function nearestPlace(epochs, wanted) {
  let best = 0;
  epochs.forEach((epoch, place) => {
    if (Math.abs(epoch - wanted) < Math.abs(epochs[best] - wanted)) best = place;
  });
  return best;
}

customElements.define("fathom-transport", FathomTransport);
