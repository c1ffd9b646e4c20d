// @ts-check
import { nextLayer } from "../lib/experiment.js";
import { featureLabel, featureMap, isStandard, offered } from "../lib/features.js";
import { planNetwork } from "../lib/layout.js";
import { fixed, plural, whole } from "../lib/numbers.js";
import { paintOf } from "../lib/palette.js";
import { biasesOf, linksOf, unitName } from "../lib/wiring.js";
import { change, icon, look, make, svg, tell } from "./build.js";
import { ask } from "./fields.js";
import { Links } from "./network-links.js";
import { drawBias, drawCells, drawFilters, drawMap, makeBias, makeCell } from "./network-units.js";

/** @typedef {import("../lib/types.js").Model} Model */
/** @typedef {import("../lib/types.js").Side} Side */

const HEAD = 62;
const MOST_INPUTS = 24;
const REACH = 7;
const FIT_HEIGHT = 590;
const SHARED_HEIGHT = 400;

/** The network: inputs, units with their maps, links, biases, and what can be changed about them. */
export class FathomNetwork extends HTMLElement {
  /** @type {string | undefined} */
  structureKey;
  /** @type {HTMLCanvasElement | null} */
  sample = null;

  constructor() {
    super();
    /** @type {Side} */
    this.side = "a";
    /** @type {import("./network-units.js").Cell[]} */
    this.cells = [];
    /** @type {string[]} */
    this.remembered = [];
    /** @type {import("../lib/wiring.js").Bias[]} */
    this.biases = [];
    this.fit = true;
    this.samplePlace = 0;
  }

  connectedCallback() {
    if (this.firstChild) return;
    this.side = /** @type {Side} */ (this.getAttribute("side") ?? "a");
    this.head = make("header", {});
    this.drawing = svg("svg", { class: "links", "aria-hidden": "true" });
    this.links = new Links(this.drawing);
    this.stage = make("div", { class: "stage", role: "group" });
    this.frameBox = make("div", { class: "scroller" }, this.stage);
    this.foot = make("p", { class: "quiet small foot" });
    this.#buildHead();
    this.#listen();
    this.append(this.head, this.frameBox, this.foot);
    new ResizeObserver(() => this.#resized()).observe(this.frameBox);
  }

  #buildHead() {
    const name = this.side === "a" ? "Network" : "Network B";
    this.title = "";
    this.nameTag = make("h2", {}, name);
    this.fewer = this.#headButton("minus", "One hidden layer less", () =>
      change(this, (draft) => void draft.network.layers.pop(), this.side),
    );
    this.count = make("output", { class: "number" });
    this.more = this.#headButton("plus", "One hidden layer more", () =>
      change(this, (draft) => void draft.network.layers.push(nextLayer(draft)), this.side),
    );
    this.zoom = make(
      "button",
      { class: "plain tiny", type: "button", hidden: true, onclick: () => this.#zoom() },
      "Enlarge",
    );
    this.head?.append(
      make("div", { class: "row" }, this.nameTag, ask("network", "Network")),
      make(
        "div",
        { class: "row depth", "data-control": "numHiddenLayers" },
        this.fewer,
        this.count,
        this.more,
        ask("layers", "Hidden layers"),
      ),
      make("div", { class: "row tools" }, this.zoom),
    );
  }

  /**
   * @param {string} name
   * @param {string} title
   * @param {() => void} press
   */
  #headButton(name, title, press) {
    return make(
      "button",
      { class: "icon tiny", type: "button", title, "aria-label": title, onclick: press },
      icon(name),
    );
  }

  #zoom() {
    this.fit = !this.fit;
    this.#rebuild();
  }

  #listen() {
    const stage = /** @type {HTMLElement} */ (this.stage);
    stage.addEventListener("pointermove", (event) => this.#hover(event));
    stage.addEventListener("pointerleave", () => this.#leave());
    stage.addEventListener("click", (event) => this.#click(event));
    stage.addEventListener("keydown", (event) => this.#key(event));
    stage.addEventListener("focusin", (event) => this.#focusUnit(unitOf(event.target)));
    stage.addEventListener("focusout", () => this.#focusUnit(null));
  }

  /**
   * @param {Model} model
   * @param {Set<import("../lib/types.js").Change>} changes
   */
  update(model, changes) {
    this.model = model;
    const network = model.sides[this.side];
    this.hidden = !network?.state;
    if (!network?.state) return;
    if (changes.has("structure") || changes.has("look")) this.#structure(network.state, model);
    if (changes.has("structure") || changes.has("frame") || changes.has("look"))
      this.#draw(network, model);
    this.#showReadings(model);
  }

  /**
   * @param {import("../lib/types.js").StateMessage} state
   * @param {Model} model
   */
  #structure(state, model) {
    const { experiment } = state;
    const own = experiment.features.filter((key) => !isStandard(key));
    this.remembered = [...new Set([...this.remembered, ...own])];
    const count = experiment.network.layers.length;
    if (this.count) this.count.textContent = plural(count, "hidden layer");
    const limits = model.catalog.limits;
    if (this.fewer) this.fewer.disabled = count === 0;
    if (this.more) this.more.disabled = count >= (limits.layers ?? limits.max_layers ?? 32);
    this.classList.toggle("active", !!model.sides.b && model.active === this.side);
    if (this.nameTag)
      this.nameTag.textContent = model.sides.b ? `Network ${this.side.toUpperCase()}` : "Network";
    const key = JSON.stringify([
      state.build,
      state.network,
      experiment.features,
      experiment.network,
      this.remembered,
      model.dark,
      model.palette,
      !!model.sides.b,
    ]);
    if (this.structureKey === key) return;
    this.structureKey = key;
    this.#rebuild();
  }

  #resized() {
    const width = this.frameBox ? innerWidth(this.frameBox) : 0;
    if (Math.abs(width - (this.laidWidth ?? 0)) > 3) this.#rebuild();
  }

  /** How many units of a layer are drawn. @param {number} layer */
  #shown(layer) {
    const plan = this.model?.sides[this.side]?.state?.network;
    const one = plan?.layers[layer];
    if (!one) return 0;
    if (one.kind !== "input") return one.units;
    if (this.model?.sides[this.side]?.state?.data.kind === "image") return 0;
    return Math.min(one.units, MOST_INPUTS);
  }

  /** The rows of the input column: features of the plane, or columns of a table. */
  #inputRows() {
    const state = this.model?.sides[this.side]?.state;
    if (!state) return [];
    if (state.data.kind === "image") return [{ unit: -1, label: "", key: "", kind: "image" }];
    if (state.data.kind !== "plane") {
      const labels = state.network.layers[0].labels ?? state.data.inputs;
      return labels
        .slice(0, MOST_INPUTS)
        .map((label, unit) => ({ unit, label, key: label, kind: "column" }));
    }
    const chosen = state.experiment.features;
    return offered(chosen, this.remembered).map((key) => ({
      unit: chosen.indexOf(key),
      label: featureLabel(key, state.data.inputs),
      key,
      kind: "feature",
    }));
  }

  #rebuild() {
    const { model, stage, frameBox, links, drawing } = this;
    const state = model?.sides[this.side]?.state;
    if (!model || !state || !stage || !frameBox || !links || !drawing) return;
    const inputs = this.#inputRows();
    const layers = state.network.layers;
    const units = [
      inputs.length + (state.data.kind === "plane" ? 1 : 0),
      ...layers.slice(1).map((one) => one.units),
    ];
    this.laidWidth = innerWidth(frameBox);
    const narrow = this.laidWidth < 480;
    const layout = planNetwork(units, {
      width: this.laidWidth,
      height: this.fit ? (model.sides.b ? SHARED_HEIGHT : FIT_HEIGHT) : 4000,
      top: HEAD,
      left: narrow ? 58 : 84,
      right: 14,
      smallest: this.fit ? (narrow ? 18 : 13) : 30,
    });
    this.sample = null;
    const held = this.#heldFocus();
    stage.style.width = `${layout.width}px`;
    stage.style.height = `${layout.height}px`;
    stage.style.setProperty("--corner", `${Math.min(5, (layout.columns[0]?.size ?? 40) / 6)}px`);
    drawing.setAttribute("width", String(layout.width));
    drawing.setAttribute("height", String(layout.height));
    const spots = this.#spots(layout, inputs);
    this.cells = this.#makeCells(layout, inputs, spots, state);
    this.biases = biasesOf(state.network).filter((bias) => spots.has(bias.unit));
    const size = layout.columns[0]?.size ?? 40;
    this.#addBiases(spots, state, size);
    links.lay(
      linksOf(state.network, (layer) => this.#shown(layer)),
      spots,
      size,
    );
    stage.replaceChildren(
      drawing,
      ...this.#heads(layout, state, model),
      ...this.#labels(layout, inputs, state),
      ...this.cells.map((cell) => cell.button),
      ...this.cells.flatMap((cell) => (cell.bias ? [cell.bias] : [])),
    );
    if (this.zoom) this.zoom.hidden = this.fit && size >= 26;
    if (this.zoom) this.zoom.textContent = this.fit ? "Enlarge" : "Fit";
    this.#rove(held);
    const network = model.sides[this.side];
    if (network) this.#draw(network, model);
  }

  #heldFocus() {
    const unit = unitOf(document.activeElement);
    return this.contains(document.activeElement) ? unit : null;
  }

  /**
   * @param {import("../lib/layout.js").Plan} layout
   * @param {{unit: number}[]} inputs
   * @returns {Map<number, import("../lib/layout.js").Spot>}
   */
  #spots(layout, inputs) {
    const layers = this.model?.sides[this.side]?.state?.network.layers ?? [];
    const spots = new Map();
    for (const spot of layout.spots) {
      if (spot.layer === 0) {
        const unit = inputs[spot.place]?.unit ?? -1;
        if (unit >= 0) spots.set(unit, spot);
      } else spots.set(layers[spot.layer].first + spot.place, spot);
    }
    return spots;
  }

  /**
   * @param {import("../lib/layout.js").Plan} layout
   * @param {{unit: number, label: string, key: string, kind: string}[]} inputs
   * @param {Map<number, import("../lib/layout.js").Spot>} spots
   * @param {import("../lib/types.js").StateMessage} state
   */
  #makeCells(layout, inputs, spots, state) {
    const first = layout.spots.filter((spot) => spot.layer === 0 && spot.place < inputs.length);
    const cells = first.map((spot) => this.#inputCell(spot, inputs[spot.place], state));
    for (const [unit, spot] of spots) {
      if (spot.layer > 0)
        cells.push(makeCell(spot, unit, unitName(state.network, unit, state.classes)));
    }
    return cells;
  }

  /**
   * @param {import("../lib/layout.js").Spot} spot
   * @param {{unit: number, label: string, key: string, kind: string}} input
   * @param {import("../lib/types.js").StateMessage} state
   */
  #inputCell(spot, input, state) {
    const cell = makeCell(
      spot,
      input.unit,
      input.kind === "feature" ? `feature ${input.label}` : input.label || "image",
    );
    if (input.kind === "image") {
      cell.button.classList.add("sample");
      this.sample = cell.canvas;
      const side = Math.max(spot.size, Math.min(96, spot.x + spot.size - 4));
      Object.assign(cell.button.style, {
        left: `${spot.x + spot.size - side}px`,
        width: `${side}px`,
        height: `${side}px`,
      });
      cell.button.title = "Click for the next image";
    }
    if (input.kind !== "feature") return cell;
    cell.feature = input.key;
    cell.button.setAttribute("aria-pressed", String(input.unit >= 0));
    cell.button.classList.add("feature");
    if (input.unit < 0) {
      cell.button.classList.add("off");
      const map = featureMap(input.key, 40, state.data.ranges);
      const paint = this.#paint();
      if (map) drawMap(cell.canvas, map, 40, paint.table, 1);
    }
    return cell;
  }

  #paint() {
    return paintOf(this.model?.palette ?? "classic", this.model?.dark ?? false);
  }

  /**
   * @param {Map<number, import("../lib/layout.js").Spot>} spots
   * @param {import("../lib/types.js").StateMessage} state
   * @param {number} size
   */
  #addBiases(spots, state, size) {
    if (size < 15) return;
    const cells = new Map(this.cells.map((cell) => [cell.unit, cell]));
    for (const bias of this.biases) {
      const [cell, spot] = [cells.get(bias.unit), spots.get(bias.unit)];
      if (!cell || !spot) continue;
      cell.bias = makeBias(spot, unitName(state.network, bias.unit, state.classes));
      cell.bias.dataset.bias = String(bias.unit);
    }
  }

  /**
   * @param {import("../lib/layout.js").Plan} layout
   * @param {import("../lib/types.js").StateMessage} state
   * @param {Model} model
   */
  #heads(layout, state, model) {
    const wide = (layout.columns[1]?.x ?? 999) - (layout.columns[0]?.x ?? 0) >= 86;
    return layout.columns.map((column) => {
      const kind = state.network.layers[column.layer]?.kind;
      const head = make("div", { class: `head ${kind}` });
      head.style.left = `${column.x + column.size / 2}px`;
      if (kind === "hidden") head.append(...this.#hiddenHead(column.layer - 1, state, model, wide));
      else if (wide || column.size > 20) {
        head.append(
          make("span", { class: "title" }, kind === "input" ? this.#inputTitle(state) : "Output"),
        );
      }
      if (kind === "input" && wide)
        head.append(ask(state.data.kind === "plane" ? "features" : "axes", "Features"));
      return head;
    });
  }

  /** @param {import("../lib/types.js").StateMessage} state */
  #inputTitle(state) {
    return state.data.kind === "plane"
      ? "Features"
      : state.data.kind === "image"
        ? "Image"
        : "Inputs";
  }

  /**
   * @param {number} place
   * @param {import("../lib/types.js").StateMessage} state
   * @param {Model} model
   * @param {boolean} wide
   */
  #hiddenHead(place, state, model, wide) {
    const layer = state.experiment.network.layers[place];
    if (!layer) return [];
    const most = model.catalog.limits.units ?? model.catalog.limits.max_units ?? 64;
    const resize = (/** @type {number} */ by) =>
      change(this, (draft) => void (draft.network.layers[place].units += by), this.side);
    const open = make(
      "button",
      {
        class: "tiny plain layer-open",
        type: "button",
        title: `Settings of layer ${place + 1}`,
        "aria-label": `Settings of layer ${place + 1}: ${layer.units} units, ${layer.activation}`,
        onclick: () => tell(this, { do: "layer", place, side: this.side, anchor: open }),
      },
      wide ? plural(layer.units, "unit") : String(layer.units),
    );
    const marks = layerMarks(layer, state.experiment.network.layers);
    const under = marks ? make("span", { class: "marks small quiet" }, marks) : null;
    if (!wide) return [open];
    const fewer = this.#headButton("minus", `One unit less in layer ${place + 1}`, () =>
      resize(-1),
    );
    const more = this.#headButton("plus", `One unit more in layer ${place + 1}`, () => resize(1));
    fewer.disabled = layer.units <= 1;
    more.disabled = layer.units >= most;
    return [make("div", { class: "row tight" }, fewer, more), open, ...(under ? [under] : [])];
  }

  /**
   * @param {import("../lib/layout.js").Plan} layout
   * @param {{label: string, key: string, kind: string, unit: number}[]} inputs
   * @param {import("../lib/types.js").StateMessage} state
   */
  #labels(layout, inputs, state) {
    const column = layout.spots.filter((spot) => spot.layer === 0);
    const labels = inputs.map((input, i) => {
      const label = make(
        "span",
        { class: `input-label ${input.unit < 0 ? "off" : ""}`, title: input.label },
        input.label,
      );
      placeLabel(label, column[i]);
      return label;
    });
    if (state.data.kind === "plane") labels.push(this.#formulaButton(column[inputs.length]));
    const more = (state.network.layers[0]?.units ?? 0) - MOST_INPUTS;
    if (state.data.kind === "table" && more > 0 && column.length) {
      const last = column[column.length - 1];
      const note = make("span", { class: "input-label" }, `+ ${whole(more)}`);
      placeLabel(note, { ...last, y: last.y + last.size });
      labels.push(note);
    }
    return labels;
  }

  /** @param {import("../lib/layout.js").Spot} spot */
  #formulaButton(spot) {
    const button = make(
      "button",
      {
        class: "unit add-feature",
        type: "button",
        title: "A feature of your own",
        "aria-label": "Add a feature of your own",
        onclick: () => tell(this, { do: "feature", anchor: button, side: this.side }),
      },
      "ƒ",
    );
    Object.assign(button.style, {
      left: `${spot.x}px`,
      top: `${spot.y}px`,
      width: `${spot.size}px`,
      height: `${spot.size}px`,
    });
    return button;
  }

  /**
   * @param {import("../lib/types.js").Network} network
   * @param {Model} model
   */
  #draw(network, model) {
    const { frame, state } = network;
    if (!frame || !state || !this.links || frame.header.build !== state.build) return;
    const paint = this.#paint();
    const { maps, filters, parameters, dead } = frame.arrays;
    drawCells(
      this.cells,
      maps,
      model.sides.a.state?.experiment.view.discretize ? paint.sharp : paint.table,
    );
    if (filters) drawFilters(this.cells, filters, state.network.layers[1]?.first ?? 0, paint.table);
    if (this.sample && network.images) drawSample(this.sample, network.images, this.samplePlace);
    if (!parameters) return;
    this.links.draw(parameters.values, dead?.values ?? null, paint);
    const cells = new Map(this.cells.map((cell) => [cell.unit, cell]));
    for (const bias of this.biases) {
      const cell = cells.get(bias.unit);
      if (cell) drawBias(cell, parameters.values[bias.index], paint);
    }
    this.#showFoot(state);
  }

  /** @param {import("../lib/types.js").StateMessage} state */
  #showFoot(state) {
    if (!this.foot || !this.links) return;
    const { total, shown } = this.links;
    const count = `${whole(state.network.num_parameters)} parameters`;
    const engine = state.experiment.mode === "classic" ? "classic engine" : "Keras model";
    const links =
      shown < total ? ` · strongest ${whole(shown)} of ${whole(total)} links drawn` : "";
    const text = `${count} · ${engine}${links}`;
    if (this.foot.textContent !== text) this.foot.textContent = text;
  }

  /** @param {Model} model */
  #showReadings(model) {
    const readings = /** @type {any} */ (model).readings;
    const outputs = readings?.side === this.side ? readings.outputs : null;
    if (outputs === this.readings) return;
    this.readings = outputs;
    for (const cell of this.cells) {
      const value = outputs && cell.unit >= 0 ? outputs[cell.unit] : undefined;
      cell.reading.textContent = value === undefined ? "" : fixed(value, 2);
    }
  }

  /** @param {PointerEvent} event */
  #hover(event) {
    if (event.pointerType === "touch") return;
    const unit = unitOf(event.target);
    this.#focusUnit(unit);
    const wire = unit === null ? this.#wireAt(event) : null;
    this.links?.mark(wire);
    this.classList.toggle("on-wire", !!wire);
    const bias = biasOf(event.target);
    if (wire) this.#card(event, this.#linkCard(wire.link), false);
    else if (bias !== null) this.#card(event, this.#biasCard(bias), false);
    else tell(this, { do: "value", card: null });
  }

  #leave() {
    this.links?.mark(null);
    this.#focusUnit(null);
    tell(this, { do: "value", card: null });
  }

  /** @param {number | null} unit */
  #focusUnit(unit) {
    const wanted = unit !== null && unit >= 0 ? unit : null;
    if (!this.model || this.model.focus === wanted) return;
    look(this, {
      focus: wanted,
      ...(wanted === null ? {} : { active: this.model.sides.b ? this.side : this.model.active }),
    });
  }

  /** @param {MouseEvent} event */
  #wireAt(event) {
    const box = this.stage?.getBoundingClientRect();
    if (!box || !this.links) return null;
    return this.links.near(event.clientX - box.left, event.clientY - box.top, REACH);
  }

  /** @param {MouseEvent} event */
  #click(event) {
    const cell = this.cells.find((one) => one.button.contains(/** @type {Node} */ (event.target)));
    if (cell?.feature) return this.#toggleFeature(cell.feature);
    if (cell && cell.canvas === this.sample) return this.#nextSample();
    if (this.model?.sides.b && this.model.active !== this.side) look(this, { active: this.side });
    if (cell && cell.unit >= 0) return this.#openUnit(cell);
    const bias = biasOf(event.target);
    if (bias !== null) return this.#card(event, this.#biasCard(bias), true);
    if (
      event.target !== this.stage &&
      event.target !== this.drawing &&
      !(event.target instanceof SVGElement)
    )
      return;
    const wire = this.#wireAt(event);
    if (wire) this.#card(event, this.#linkCard(wire.link), true);
  }

  #nextSample() {
    const images = this.model?.sides[this.side]?.images;
    if (!images || !this.sample) return;
    this.samplePlace = (this.samplePlace + 1) % images.shape[0];
    drawSample(this.sample, images, this.samplePlace);
  }

  /** @param {string} key */
  #toggleFeature(key) {
    change(
      this,
      (draft) => {
        const on = draft.features.includes(key);
        const order = offered(draft.features, this.remembered);
        const wanted = on ? draft.features.filter((one) => one !== key) : [...draft.features, key];
        if (wanted.length) draft.features = order.filter((one) => wanted.includes(one));
      },
      this.side,
    );
  }

  /** @param {import("./network-units.js").Cell} cell */
  #openUnit(cell) {
    const state = this.model?.sides[this.side]?.state;
    if (!state || cell.unit < state.network.layers[0].units) return;
    const links = (this.links?.gaps ?? []).flat().filter((link) => link.to === cell.unit);
    const bias = this.biases.find((one) => one.unit === cell.unit);
    const cards = [
      ...(bias ? [this.#biasCard(cell.unit)] : []),
      ...links.slice(0, 64).map((link) => this.#linkCard(link)),
    ];
    tell(this, {
      do: "unit",
      anchor: cell.button,
      title: unitName(state.network, cell.unit, state.classes),
      side: this.side,
      cards,
    });
  }

  /** @param {import("../lib/wiring.js").Link} link */
  #linkCard(link) {
    const state = /** @type {import("../lib/types.js").StateMessage} */ (
      this.model?.sides[this.side]?.state
    );
    return {
      kind: "Weight",
      title: `${unitName(state.network, link.from)} → ${unitName(state.network, link.to, state.classes)}`,
      side: this.side,
      parameter: link.parameter,
      place: link.place,
      index: link.index,
    };
  }

  /** @param {number} unit */
  #biasCard(unit) {
    const state = /** @type {import("../lib/types.js").StateMessage} */ (
      this.model?.sides[this.side]?.state
    );
    const bias = this.biases.find((one) => one.unit === unit);
    return {
      kind: "Bias",
      title: unitName(state.network, unit, state.classes),
      side: this.side,
      parameter: bias?.parameter ?? 0,
      place: bias?.place ?? 0,
      index: bias?.index ?? 0,
    };
  }

  /**
   * @param {MouseEvent} event
   * @param {object} card
   * @param {boolean} pinned
   */
  #card(event, card, pinned) {
    tell(this, { do: "value", card, x: event.clientX, y: event.clientY, pinned });
  }

  /** One unit can be reached with Tab, the others with the arrow keys. @param {number | null} [held] */
  #rove(held = null) {
    const usable = this.cells.filter((cell) => cell.unit >= 0 || cell.feature);
    const entry = usable.find((cell) => cell.unit === held) ?? usable[0];
    if (entry) entry.button.tabIndex = 0;
    if (held !== null) entry?.button.focus({ preventScroll: true });
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const moves = /** @type {{[key: string]: [number, number]}} */ ({
      ArrowUp: [0, -1],
      ArrowDown: [0, 1],
      ArrowLeft: [-1, 0],
      ArrowRight: [1, 0],
    });
    const move = moves[event.key];
    const cell = this.cells.find((one) => one.button === event.target);
    if (!move || !cell) return;
    event.preventDefault();
    event.stopPropagation();
    const target = this.#neighbour(cell, move);
    if (!target) return;
    for (const one of this.cells) one.button.tabIndex = -1;
    target.button.tabIndex = 0;
    target.button.focus();
  }

  /**
   * @param {import("./network-units.js").Cell} cell
   * @param {[number, number]} move
   */
  #neighbour(cell, [across, down]) {
    const here = boxOf(cell.button);
    let best = null;
    let cost = Number.POSITIVE_INFINITY;
    for (const other of this.cells) {
      const there = boxOf(other.button);
      const [dx, dy] = [there.x - here.x, there.y - here.y];
      const ahead = dx * across + dy * down;
      const aside = Math.abs(dx * down) + Math.abs(dy * across);
      if (other === cell || ahead <= 1 || (down && aside > 1)) continue;
      const price = ahead * 3 + aside;
      if (price < cost) [best, cost] = [other, price];
    }
    return best;
  }

  /** The drawing as a picture in one file. @returns {string} SVG */
  picture() {
    const box = { width: this.stage?.scrollWidth ?? 0, height: this.stage?.scrollHeight ?? 0 };
    const root = svg("svg", {
      xmlns: "http://www.w3.org/2000/svg",
      viewBox: `0 0 ${box.width} ${box.height}`,
      width: box.width,
      height: box.height,
      "font-family": "system-ui, sans-serif",
      "font-size": 12,
    });
    const wires = svg("g", { fill: "none", "stroke-linecap": "round" });
    for (const { path } of this.links?.wires ?? []) wires.append(path.cloneNode());
    root.append(
      wires,
      ...this.cells.filter((cell) => cell.unit >= 0).map((cell) => this.#pictureOf(cell)),
    );
    for (const label of this.querySelectorAll(".input-label:not(.off)"))
      root.append(textAt(label, this.stage));
    return new XMLSerializer().serializeToString(root);
  }

  /** @param {import("./network-units.js").Cell} cell */
  #pictureOf(cell) {
    const { left, top, width, height } = cell.button.style;
    const [x, y, w, h] = [left, top, width, height].map(Number.parseFloat);
    const image = svg("image", {
      x,
      y,
      width: w,
      height: h,
      href: cell.canvas.toDataURL(),
      preserveAspectRatio: "none",
    });
    const edge = svg("rect", { x, y, width: w, height: h, rx: 3, fill: "none", stroke: "#888" });
    return svg("g", {}, image, edge);
  }
}

/**
 * @param {Element} label
 * @param {HTMLElement | undefined} stage
 */
function textAt(label, stage) {
  const box = label.getBoundingClientRect();
  const frame = stage?.getBoundingClientRect() ?? box;
  const text = svg("text", {
    x: box.right - frame.left,
    y: box.top - frame.top + 13,
    "text-anchor": "end",
  });
  text.textContent = label.textContent;
  return text;
}

/** @param {HTMLElement} element */
function innerWidth(element) {
  const style = getComputedStyle(element);
  return (
    element.clientWidth -
    Number.parseFloat(style.paddingLeft) -
    Number.parseFloat(style.paddingRight)
  );
}

/** @param {HTMLElement} element */
function boxOf(element) {
  return { x: Number.parseFloat(element.style.left), y: Number.parseFloat(element.style.top) };
}

/** @param {EventTarget | null} target @returns {number | null} */
function unitOf(target) {
  const button = target instanceof Element ? target.closest("[data-unit]") : null;
  return button ? Number(button.getAttribute("data-unit")) : null;
}

/** @param {EventTarget | null} target @returns {number | null} */
function biasOf(target) {
  return target instanceof HTMLElement && target.dataset.bias ? Number(target.dataset.bias) : null;
}

/**
 * @param {HTMLElement} label
 * @param {import("../lib/layout.js").Spot} spot
 */
function placeLabel(label, spot) {
  Object.assign(label.style, {
    top: `${spot.y + spot.size / 2}px`,
    width: `${Math.max(0, spot.x - 9)}px`,
  });
}

/**
 * What sets a layer apart, in a word or two.
 *
 * @param {import("../lib/types.js").Layer} layer
 * @param {import("../lib/types.js").Layer[]} all
 */
function layerMarks(layer, all) {
  const mixed = new Set(all.map((one) => one.activation)).size > 1;
  return [
    mixed ? layer.activation : "",
    layer.frozen ? "frozen" : "",
    layer.normalization !== "none" ? `${layer.normalization} norm` : "",
    layer.dropout > 0 ? `drop ${layer.dropout}` : "",
    layer.skip ? "skip" : "",
  ]
    .filter(Boolean)
    .join(" · ");
}

/**
 * @param {HTMLCanvasElement} canvas
 * @param {{pixels: Uint8Array, shape: number[]}} images
 */
export function drawSample(canvas, images, place = 0) {
  const [count, height, width, channels] = images.shape;
  if (place >= count) return;
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext("2d");
  const image = new ImageData(width, height);
  const start = place * height * width * channels;
  for (let i = 0; i < height * width; i++) {
    for (let k = 0; k < 3; k++)
      image.data[i * 4 + k] = images.pixels[start + i * channels + Math.min(k, channels - 1)];
    image.data[i * 4 + 3] = 255;
  }
  context?.putImageData(image, 0, 0);
}

customElements.define("fathom-network", FathomNetwork);
