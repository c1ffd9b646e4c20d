// @ts-check
import { plainLayer } from "../lib/experiment.js";
import { change, make } from "./build.js";
import { choiceField, sliderField, tickField } from "./fields.js";
import { activationOptions, options } from "./fathom-settings.js";
import { openBeside } from "./floating.js";

/** @typedef {import("../lib/types.js").Layer} Layer */
/** @typedef {import("../lib/types.js").Model} Model */

/** The settings of one hidden layer. */
export class FathomLayerCard extends HTMLElement {
  connectedCallback() {
    if (this.firstChild) return;
    this.setAttribute("popover", "auto");
    this.setAttribute("role", "dialog");
    this.heading = make("h3", {});
    this.units = sliderField({
      title: "Units",
      topic: "units",
      low: 1,
      high: 64,
      choose: (value) => this.#edit((layer) => void (layer.units = value)),
    });
    this.activation = choiceField({
      title: "Activation",
      topic: "layer_activation",
      choose: (value) => this.#edit((layer) => void (layer.activation = value)),
    });
    this.normalization = choiceField({
      title: "Normalisation",
      topic: "normalization",
      choose: (value) => this.#edit((layer) => void (layer.normalization = value)),
    });
    this.dropout = sliderField({
      title: "Dropout",
      topic: "dropout",
      low: 0,
      high: 0.9,
      step: 0.05,
      say: (value) => `${Math.round(value * 100)}%`,
      choose: (value) => this.#edit((layer) => void (layer.dropout = value)),
    });
    this.skip = tickField({
      title: "Skip: add the input to the output",
      topic: "skip",
      choose: (on) => this.#edit((layer) => void (layer.skip = on)),
    });
    this.frozen = tickField({
      title: "Frozen: keep these weights",
      topic: "frozen",
      choose: (on) => this.#edit((layer) => void (layer.frozen = on)),
    });
    this.append(
      this.heading,
      make(
        "div",
        { class: "stack" },
        this.units.root,
        this.activation.root,
        this.normalization.root,
        this.dropout.root,
        this.skip.root,
        this.frozen.root,
      ),
      make(
        "div",
        { class: "row" },
        make(
          "button",
          { class: "tiny", type: "button", onclick: () => this.#insert() },
          "Add a layer after",
        ),
        make("button", { class: "tiny", type: "button", onclick: () => this.#remove() }, "Remove"),
      ),
    );
  }

  /** @param {(layer: Layer) => void} edit */
  #edit(edit) {
    const place = this.place ?? 0;
    change(this, (draft) => edit(draft.network.layers[place]), this.side);
  }

  #insert() {
    const place = this.place ?? 0;
    change(
      this,
      (draft) => {
        const { units, activation } = draft.network.layers[place];
        draft.network.layers.splice(place + 1, 0, plainLayer(units, activation));
      },
      this.side,
    );
  }

  #remove() {
    const place = this.place ?? 0;
    change(this, (draft) => void draft.network.layers.splice(place, 1), this.side);
    this.hidePopover();
  }

  /**
   * @param {number} place
   * @param {import("../lib/types.js").Side} side
   * @param {Element} anchor
   */
  show(place, side, anchor) {
    this.place = place;
    this.side = side;
    this.#fill();
    openBeside(this, anchor);
  }

  /**
   * @param {Model} model
   * @param {Set<import("../lib/types.js").Change>} changes
   */
  update(model, changes) {
    this.model = model;
    if (changes.has("structure") && this.matches(":popover-open")) this.#fill();
  }

  #fill() {
    const { model } = this;
    const layer = model?.sides[this.side ?? "a"]?.state?.experiment.network.layers[this.place ?? 0];
    if (!layer || !model) {
      if (this.matches(":popover-open")) this.hidePopover();
      return;
    }
    if (this.heading) this.heading.textContent = `Hidden layer ${(this.place ?? 0) + 1}`;
    this.activation?.offer(activationOptions(model.catalog.activations));
    this.normalization?.offer(options(model.catalog.normalizations));
    this.units?.set(layer.units);
    this.activation?.set(layer.activation);
    this.normalization?.set(layer.normalization);
    this.dropout?.set(layer.dropout);
    this.skip?.set(layer.skip);
    this.frozen?.set(layer.frozen);
  }
}

customElements.define("fathom-layer-card", FathomLayerCard);
