// @ts-check
import { CLASSIC_SOURCES, REGRESSION_SOURCES } from "../lib/experiment.js";
import { whole } from "../lib/numbers.js";
import { colourOf, paintOf } from "../lib/palette.js";
import { thumbnail } from "../lib/thumbnails.js";
import { change, icon, make, send, sized, tell } from "./build.js";
import { ask, choiceField, sliderField, textField } from "./fields.js";

/** @typedef {import("../lib/types.js").Model} Model */
/** @typedef {import("../lib/types.js").Experiment} Experiment */

const TILES = {
  classification: ["circle", "xor", "gauss", "spiral", "moons", "formula"],
  regression: ["plane", "gaussian", "formula"],
};
const NAMES = /** @type {{[key: string]: string}} */ ({
  circle: "Circle",
  xor: "Exclusive or",
  gauss: "Two clouds",
  spiral: "Spiral",
  moons: "Moons",
  formula: "Formula",
  plane: "Plane",
  gaussian: "Hills",
});

/** What there is to learn. */
export class FathomData extends HTMLElement {
  /** @type {string | undefined} */
  notesShown;
  /** @type {string | undefined} */
  drawn;
  /** @type {string | undefined} */
  columnKey;

  connectedCallback() {
    if (this.firstChild) return;
    this.tiles = make("div", {
      class: "tiles",
      role: "group",
      "aria-label": "Data sets",
      "data-control": "dataset",
    });
    this.other = choiceField({
      title: "Real data",
      topic: "data",
      choose: (key) => key && this.#source(key),
    });
    this.upload = make(
      "button",
      { type: "button", class: "wide", onclick: () => tell(this, { do: "upload" }) },
      icon("upload"),
      "Open a file…",
    );
    this.formula = textField({
      title: "Border",
      topic: "formula",
      placeholder: "sin(x) * y",
      choose: (text) => change(this, (draft) => void (draft.data.formula = text)),
    });
    this.#buildSliders();
    this.columns = make("div", { class: "stack" });
    this.notes = make("details", { class: "about quiet small", hidden: true });
    this.append(
      make("header", {}, make("h2", {}, "Data"), ask("data", "Data")),
      this.tiles,
      this.formula.root,
      make("div", { class: "stack tight" }, this.other.root, this.upload),
      this.columns,
      this.sliders ?? "",
      make(
        "button",
        {
          type: "button",
          class: "wide",
          title: "New points from a new seed (G)",
          onclick: () => send(this, { type: "regenerate" }),
        },
        icon("dice"),
        "New points",
      ),
      this.notes,
    );
  }

  #buildSliders() {
    this.share = sliderField({
      title: "For training",
      topic: "train_share",
      low: 10,
      high: 90,
      step: 10,
      say: (value) => `${value}%`,
      choose: (value) => change(this, (draft) => void (draft.data.train_share = value)),
    });
    this.noise = sliderField({
      title: "Noise",
      topic: "noise",
      low: 0,
      high: 50,
      step: 5,
      say: (value) => `${value}%`,
      choose: (value) => change(this, (draft) => void (draft.data.noise = value)),
    });
    this.rows = sliderField({
      title: "Points",
      topic: "rows",
      low: 1,
      high: 3.7,
      step: 0.01,
      say: (value) => whole(roundRows(value)),
      choose: (value) => change(this, (draft) => void (draft.data.rows = roundRows(value))),
    });
    this.share.root.setAttribute("data-control", "percTrainData");
    this.noise.root.setAttribute("data-control", "noise");
    this.sliders = make(
      "div",
      { class: "stack" },
      this.share.root,
      this.noise.root,
      this.rows.root,
    );
  }

  /** @param {string} source */
  #source(source) {
    change(this, (draft) => {
      const { data } = draft;
      const task = REGRESSION_SOURCES.includes(source) ? "regression" : "classification";
      data.task = source === "formula" && this.task === "regression" ? "regression" : null;
      if (source !== data.source)
        Object.assign(data, { target: null, inputs: null, axes: [0, 1], added: [], removed: [] });
      if (!isPlane(source)) data.rows = null;
      else if (draft.features.length === 0) draft.features = ["x", "y"];
      data.source = source;
      if (task !== this.task && isPlane(source)) draft.loss = "auto";
    });
  }

  /**
   * @param {Model} model
   * @param {Set<import("../lib/types.js").Change>} changes
   */
  update(model, changes) {
    if (!changes.has("structure") && !changes.has("look")) return;
    const { state } = model.sides.a;
    if (!state || !this.tiles) return;
    this.task = state.task;
    const { data } = state.experiment;
    this.#showTiles(model, state);
    const real = model.catalog.sources.filter((source) => !isPlane(source.key));
    const uploads = model.uploads.map((one) => ({
      value: one.source,
      text: one.name,
      group: "Your files",
    }));
    this.other?.offer([
      { value: "", text: "None: made-up points" },
      ...real.map((source) => ({
        value: source.key,
        text: source.title ?? source.key,
        group: source.kind === "image" ? "Images" : "Tables",
      })),
      ...uploads,
    ]);
    this.other?.set(isPlane(data.source) ? "" : data.source);
    if (this.formula) {
      this.formula.root.hidden = data.source !== "formula";
      this.formula.set(data.formula);
    }
    this.share?.set(data.train_share);
    this.noise?.set(data.noise);
    if (this.noise) this.noise.root.hidden = !isPlane(data.source);
    this.rows?.set(Math.log10(data.rows ?? state.data.rows));
    this.#showColumns(state, model);
    this.#showNotes(state.data.notes);
  }

  /** @param {string[]} notes */
  #showNotes(notes) {
    if (!this.notes || this.notesShown === notes.join()) return;
    this.notesShown = notes.join();
    this.notes.hidden = notes.length === 0;
    const items = notes.map((note) => make("li", {}, note));
    this.notes.replaceChildren(make("summary", {}, "About these data"), make("ul", {}, ...items));
  }

  /**
   * @param {Model} model
   * @param {import("../lib/types.js").StateMessage} state
   */
  #showTiles(model, state) {
    const key = `${state.task}/${model.palette}/${model.dark}`;
    if (this.drawn !== key && this.tiles) {
      this.drawn = key;
      const known = new Set([
        ...CLASSIC_SOURCES,
        ...model.catalog.sources.map((source) => source.key),
      ]);
      const list = TILES[state.task === "regression" ? "regression" : "classification"];
      this.tiles.replaceChildren(
        ...list.filter((one) => known.has(one)).map((one) => this.#tile(one, model)),
      );
    }
    for (const tile of this.tiles?.querySelectorAll("button") ?? []) {
      tile.setAttribute(
        "aria-pressed",
        String(tile.dataset.source === state.experiment.data.source),
      );
    }
  }

  /**
   * @param {string} source
   * @param {Model} model
   */
  #tile(source, model) {
    const canvas = make("canvas", {});
    const tile = make(
      "button",
      {
        class: "tile",
        type: "button",
        title: NAMES[source],
        "aria-label": NAMES[source],
        "data-source": source,
        onclick: () => this.#source(source),
      },
      canvas,
      make("span", {}, NAMES[source]),
    );
    drawThumbnail(canvas, source, paintOf(model.palette, model.dark));
    return tile;
  }

  /**
   * @param {import("../lib/types.js").StateMessage} state
   * @param {Model} model
   */
  #showColumns(state, model) {
    if (!this.columns) return;
    const { data } = state.experiment;
    const upload = model.uploads.find((one) => one.source === data.source);
    const key = JSON.stringify([state.data.columns, state.data.inputs, data, upload?.columns]);
    if (this.columnKey === key) return;
    this.columnKey = key;
    const parts = [
      upload ? this.#target(upload, data.target) : null,
      state.data.columns ? this.#inputBoxes(state.data.columns, data.inputs) : null,
      state.data.kind === "table" && state.data.inputs.length > 1 ? this.#axes(state) : null,
    ].filter((part) => part !== null);
    this.columns.hidden = parts.length === 0;
    this.columns.replaceChildren(...parts);
  }

  /**
   * @param {Model["uploads"][number]} upload
   * @param {string | null} chosen
   */
  #target(upload, chosen) {
    const target = choiceField({
      title: "Predict",
      topic: "upload",
      options: upload.columns.map(({ name }) => ({ value: name, text: name })),
      choose: (name) =>
        change(this, (draft) =>
          Object.assign(draft.data, { target: name, inputs: null, axes: [0, 1], task: null }),
        ),
    });
    target.set(chosen ?? upload.target ?? "");
    return target.root;
  }

  /**
   * @param {string[]} names
   * @param {string[] | null} used
   */
  #inputBoxes(names, used) {
    const chosen = new Set(used ?? names);
    const choose = (/** @type {string} */ name, /** @type {boolean} */ on) => {
      if (on) chosen.add(name);
      else chosen.delete(name);
      const inputs = names.filter((one) => chosen.has(one));
      change(this, (draft) => Object.assign(draft.data, { inputs, axes: [0, 1] }));
    };
    const boxes = names.map((name) => {
      const tick = make("input", {
        type: "checkbox",
        checked: chosen.has(name),
        onchange: () => choose(name, tick.checked),
      });
      return make("label", { class: "check" }, tick, name);
    });
    const summary = make("summary", {}, `Use ${chosen.size} of ${names.length} inputs`);
    return make(
      "details",
      { class: "columns" },
      summary,
      make("div", { class: "boxes" }, ...boxes),
    );
  }

  /** @param {import("../lib/types.js").StateMessage} state */
  #axes(state) {
    const list = state.data.inputs.map((name, value) => ({ value, text: name }));
    const fields = ["Across", "Up"].map((title, place) => {
      const field = choiceField({
        title,
        topic: "axes",
        options: list,
        choose: (value) => change(this, (draft) => void (draft.data.axes[place] = value)),
      });
      field.set(state.experiment.data.axes[place]);
      return field.root;
    });
    return make("div", { class: "pair" }, ...fields);
  }
}

/** @param {string} source */
export function isPlane(source) {
  return source in NAMES;
}

/** @param {number} power */
function roundRows(power) {
  const rows = 10 ** power;
  const unit = rows < 100 ? 5 : rows < 1000 ? 50 : 100;
  return Math.max(10, Math.min(5000, Math.round(rows / unit) * unit));
}

/**
 * @param {HTMLCanvasElement} canvas
 * @param {string} source
 * @param {import("../lib/palette.js").Paint} paint
 */
function drawThumbnail(canvas, source, paint) {
  const size = 56;
  const context = sized(canvas, size, size);
  for (const [x, y, label] of thumbnail(source)) {
    context.fillStyle = colourOf(paint, label * 0.85);
    context.beginPath();
    context.arc(size / 2 + (x * size) / 2, size / 2 - (y * size) / 2, 1.7, 0, 7);
    context.fill();
  }
}

customElements.define("fathom-data", FathomData);
