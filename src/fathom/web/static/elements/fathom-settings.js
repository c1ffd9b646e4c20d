// @ts-check
import {
  CLASSIC_ACTIVATIONS,
  REGRESSION_SOURCES,
  beyondClassic,
  toClassic,
} from "../lib/experiment.js";
import { short } from "../lib/numbers.js";
import { change, icon, make } from "./build.js";
import { ask, choiceField, numberField, settingFields, sliderField, tickField } from "./fields.js";

/** @typedef {import("../lib/types.js").Model} Model */
/** @typedef {import("../lib/types.js").Experiment} Experiment */
/** @typedef {import("../lib/types.js").Choice} Choice */

const PENALTIES = [
  { value: "none", text: "None" },
  { value: "l1", text: "L1" },
  { value: "l2", text: "L2" },
];

/** How the network learns: the row of settings, and a drawer with the rest. */
export class FathomSettings extends HTMLElement {
  connectedCallback() {
    if (this.firstChild) return;
    this.row = make("div", { class: "ribbon" });
    this.more = make("div", { class: "ribbon more", hidden: true, id: "more-settings" });
    this.#buildRow();
    this.#buildMore();
    this.append(this.row, this.more);
  }

  /** @param {(draft: Experiment) => void} edit */
  #change(edit) {
    change(this, edit);
  }

  #buildRow() {
    this.rate = choiceField({
      title: "Learning rate",
      topic: "learning_rate",
      choose: (value) => this.#change((draft) => void (draft.optimizer.learning_rate = value)),
    });
    this.activation = choiceField({
      title: "Activation",
      topic: "activation",
      choose: (value) =>
        this.#change((draft) => {
          draft.network.layers.forEach((layer) => void (layer.activation = value));
        }),
    });
    this.optimizer = choiceField({
      title: "Optimizer",
      topic: "optimizer",
      choose: (name) =>
        this.#change((draft) => {
          draft.optimizer = { name, learning_rate: draft.optimizer.learning_rate ?? 0.03 };
        }),
    });
    this.penalty = choiceField({
      title: "Regularisation",
      topic: "regularization",
      options: PENALTIES,
      choose: (name) => this.#change((draft) => void (draft.regularization.name = name)),
    });
    this.penaltyRate = choiceField({
      title: "Reg. rate",
      topic: "regularization_rate",
      choose: (rate) => this.#change((draft) => void (draft.regularization.rate = rate)),
    });
    this.batch = sliderField({
      title: "Batch size",
      topic: "batch_size",
      low: 1,
      high: 30,
      choose: (size) => this.#change((draft) => void (draft.batch_size = size)),
    });
    this.problem = choiceField({
      title: "Problem",
      topic: "problem",
      options: [
        { value: "classification", text: "Classification" },
        { value: "regression", text: "Regression" },
      ],
      choose: (task) => this.#change((draft) => chooseTask(draft, task)),
    });
    this.toggle = make(
      "button",
      {
        class: "plain disclosure",
        type: "button",
        "aria-expanded": "false",
        "aria-controls": "more-settings",
        onclick: () => this.#open(),
      },
      "More",
      icon("chevron"),
    );
    const controls = /** @type {[import("./fields.js").Field, string][]} */ ([
      [this.rate, "learningRate"],
      [this.activation, "activation"],
      [this.optimizer, ""],
      [this.penalty, "regularization"],
      [this.penaltyRate, "regularizationRate"],
      [this.batch, "batchSize"],
      [this.problem, "problem"],
    ]);
    for (const [field, control] of controls) {
      if (control) field.root.setAttribute("data-control", control);
      this.row?.append(field.root);
    }
    this.row?.append(this.toggle);
  }

  #open() {
    if (!this.more || !this.toggle) return;
    this.more.hidden = !this.more.hidden;
    this.toggle.setAttribute("aria-expanded", String(!this.more.hidden));
  }

  #buildMore() {
    this.engine = make("div", { class: "segments", role: "group", "aria-label": "Engine" });
    for (const [mode, title] of [
      ["classic", "Classic"],
      ["modern", "Modern"],
    ]) {
      this.engine.append(
        make(
          "button",
          { type: "button", "data-mode": mode, onclick: () => this.#chooseEngine(mode) },
          title,
        ),
      );
    }
    this.engineWords = make("span", { class: "quiet small" });
    this.loss = choiceField({
      title: "Loss",
      topic: "loss",
      choose: (value) => this.#change((draft) => void (draft.loss = value)),
    });
    this.output = choiceField({
      title: "Output",
      topic: "output",
      choose: (kind) =>
        this.#change((draft) => {
          draft.network.output.kind = kind;
          draft.loss = "auto";
        }),
    });
    this.initializer = choiceField({
      title: "First weights",
      topic: "initializer",
      choose: (value) => this.#change((draft) => void (draft.network.initializer = value)),
    });
    this.schedule = choiceField({
      title: "Schedule",
      topic: "schedule",
      choose: (name) => this.#change((draft) => void (draft.schedule = { name })),
    });
    this.shuffle = tickField({
      title: "Shuffle each epoch",
      topic: "shuffle",
      choose: (on) => this.#change((draft) => void (draft.shuffle = on)),
    });
    this.seed = make("input", {
      type: "text",
      spellcheck: false,
      autocomplete: "off",
      "aria-label": "Seed",
      onchange: () => this.#change((draft) => void (draft.seed = this.seed?.value.trim() || "0")),
    });
    this.optimizerSettings = make("div", { class: "group-fields" });
    this.scheduleSettings = make("div", { class: "group-fields" });
    this.stops = [
      this.#stop("Stop at epoch", "epochs", 1),
      this.#stop("Stop at test loss", "test_loss", 0),
      this.#stop("Patience, epochs", "patience", 1),
    ];
    this.more?.append(
      group(
        "Engine",
        make("div", { class: "row" }, this.engine, ask("engine", "Engine")),
        this.engineWords,
        make(
          "div",
          { class: "field" },
          make("div", { class: "caption" }, "Seed", ask("seed", "Seed")),
          this.seed,
        ),
      ),
      group("What is learned", this.loss.root, this.output.root, this.initializer.root),
      group(
        "How steps are taken",
        this.schedule.root,
        this.scheduleSettings,
        this.optimizerSettings,
        this.shuffle.root,
      ),
      group("When to stop", ...this.stops.map((stop) => stop.field.root)),
    );
  }

  /**
   * @param {string} title
   * @param {"epochs" | "test_loss" | "patience"} key
   * @param {number} low
   */
  #stop(title, key, low) {
    const field = numberField({
      title,
      topic: "stop",
      low,
      placeholder: "never",
      choose: (value) => this.#change((draft) => void (draft.stop[key] = value)),
    });
    return { key, field };
  }

  /** @param {string} mode */
  #chooseEngine(mode) {
    this.#change((draft) => {
      if (mode === "classic") Object.assign(draft, toClassic(draft));
      else draft.mode = "modern";
    });
  }

  /**
   * @param {Model} model
   * @param {Set<import("../lib/types.js").Change>} changes
   */
  update(model, changes) {
    if (!changes.has("structure") || !this.row) return;
    const network = model.sides[model.active] ?? model.sides.a;
    const { state } = network;
    if (!state) return;
    this.#offer(model.catalog, state);
    this.#show(state, model.catalog);
  }

  /**
   * @param {import("../lib/types.js").Catalog} catalog
   * @param {import("../lib/types.js").StateMessage} state
   */
  #offer(catalog, state) {
    const { experiment } = state;
    this.rate?.offer(
      catalog.learning_rates.map((value) => ({ value, text: short(value).replace("e−", "e-") })),
    );
    this.penaltyRate?.offer(
      catalog.regularization_rates.map((value) => ({ value, text: short(value) })),
    );
    this.activation?.offer(activationOptions(catalog.activations));
    this.optimizer?.offer(options(catalog.optimizers));
    this.schedule?.offer(options(catalog.schedules));
    this.initializer?.offer(options(catalog.initializers));
    this.output?.offer(withAuto(catalog.outputs));
    this.loss?.offer(withAuto(catalog.losses.filter((loss) => fits(loss, state, experiment))));
  }

  /**
   * @param {import("../lib/types.js").StateMessage} state
   * @param {import("../lib/types.js").Catalog} catalog
   */
  #show(state, catalog) {
    const { experiment } = state;
    this.rate?.set(experiment.optimizer.learning_rate);
    this.#showActivation(experiment);
    this.optimizer?.set(experiment.optimizer.name);
    this.penalty?.set(experiment.regularization.name);
    this.penaltyRate?.set(experiment.regularization.rate);
    if (this.batch) {
      this.batch.limit(
        1,
        Math.max(
          30,
          experiment.mode === "classic" ? 30 : Math.min(256, state.data.train),
          experiment.batch_size,
        ),
      );
      this.batch.set(experiment.batch_size);
    }
    this.problem?.set(state.task);
    this.loss?.set(experiment.loss);
    this.output?.set(experiment.network.output.kind);
    this.initializer?.set(experiment.network.initializer);
    this.schedule?.set(experiment.schedule.name);
    this.shuffle?.set(experiment.shuffle);
    for (const { key, field } of this.stops ?? []) field.set(experiment.stop[key]);
    if (this.seed && document.activeElement !== this.seed) this.seed.value = experiment.seed;
    this.#showEngine(experiment);
    this.#showSettings(experiment, catalog);
  }

  /** @param {Experiment} experiment */
  #showActivation(experiment) {
    const kinds = new Set(experiment.network.layers.map((layer) => layer.activation));
    if (this.activation) this.activation.input.disabled = kinds.size === 0;
    if (kinds.size > 1 && this.activation) this.activation.input.selectedIndex = -1;
    else this.activation?.set([...kinds][0]);
  }

  /** @param {Experiment} experiment */
  #showEngine(experiment) {
    for (const button of this.engine?.querySelectorAll("button") ?? []) {
      button.setAttribute("aria-pressed", String(button.dataset.mode === experiment.mode));
    }
    const beyond = beyondClassic(experiment);
    if (!this.engineWords) return;
    this.engineWords.textContent =
      experiment.mode === "classic"
        ? "TensorFlow Playground’s own rule, number for number."
        : beyond
          ? `A Keras model. Classic has not got ${beyond.replace(/^this/, "this")}.`
          : "A Keras model; classic could do this too.";
  }

  /**
   * @param {Experiment} experiment
   * @param {import("../lib/types.js").Catalog} catalog
   */
  #showSettings(experiment, catalog) {
    this.optimizerFields = refill(
      this.optimizerSettings,
      this.optimizerFields,
      experiment.optimizer.name,
      own(catalog.optimizers, experiment.optimizer.name),
      (key, value) => this.#change((draft) => void (draft.optimizer[key] = value)),
    );
    this.scheduleFields = refill(
      this.scheduleSettings,
      this.scheduleFields,
      experiment.schedule.name,
      own(catalog.schedules, experiment.schedule.name),
      (key, value) => this.#change((draft) => void (draft.schedule[key] = value)),
    );
    this.optimizerFields?.set(experiment.optimizer);
    this.scheduleFields?.set(experiment.schedule);
  }
}

/**
 * @param {string} title
 * @param {...Node} children
 */
function group(title, ...children) {
  return make(
    "div",
    { class: "group", role: "group", "aria-label": title },
    make("h3", {}, title),
    ...children,
  );
}

/**
 * @param {Choice[]} choices
 * @param {string} name
 */
function own(choices, name) {
  const settings = choices.find((choice) => choice.key === name)?.settings ?? [];
  return settings.filter((setting) => setting.key !== "learning_rate");
}

/**
 * @typedef {{name: string, set: (values: {[key: string]: any}) => void}} Filled
 *
 * @param {HTMLElement | undefined} place
 * @param {Filled | undefined} filled
 * @param {string} name
 * @param {import("../lib/types.js").Setting[]} settings
 * @param {(key: string, value: any) => void} choose
 * @returns {Filled | undefined}
 */
function refill(place, filled, name, settings, choose) {
  if (filled?.name === name || !place) return filled;
  const fields = settingFields(settings, "optimizer_setting", choose);
  place.replaceChildren(...fields.roots);
  return { name, set: fields.set };
}

/** @param {Choice[]} choices */
export function options(choices) {
  return choices.map((choice) => ({
    value: choice.key,
    text: choice.title ?? choice.label ?? choice.key,
  }));
}

/** @param {Choice[]} choices */
function withAuto(choices) {
  const rest = options(choices.filter((choice) => choice.key !== "auto"));
  return [{ value: "auto", text: "Automatic" }, ...rest];
}

/** @param {Choice[]} activations */
export function activationOptions(activations) {
  const title = (/** @type {Choice} */ choice) => choice.title ?? choice.label ?? choice.key;
  return activations.map((choice) => ({
    value: choice.key,
    text: title(choice),
    group: CLASSIC_ACTIVATIONS.includes(choice.key) ? "Classic" : "Modern",
  }));
}

/**
 * @param {Choice} loss
 * @param {import("../lib/types.js").StateMessage} state
 * @param {Experiment} experiment
 */
function fits(loss, state, experiment) {
  const { kind } = experiment.network.output;
  return (
    (!loss.task || loss.task === state.task) &&
    (kind === "auto" || !loss.outputs || loss.outputs.includes(kind))
  );
}

/**
 * @param {Experiment} draft
 * @param {string} task
 */
function chooseTask(draft, task) {
  const { data } = draft;
  data.added = [];
  data.removed = [];
  const classicSource = task === "regression" ? "plane" : "circle";
  if (["formula", "given"].includes(data.source) || data.source.startsWith("upload:"))
    data.task = task;
  else if (REGRESSION_SOURCES.includes(data.source) !== (task === "regression")) {
    data.source = classicSource;
    data.task = null;
    data.target = null;
    data.inputs = null;
  }
}

customElements.define("fathom-settings", FathomSettings);
