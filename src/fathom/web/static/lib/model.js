// @ts-check
/** The one state object of the page. */

import { Curve } from "./curve.js";

/** @typedef {import("./types.js").Network} Network */
/** @typedef {import("./types.js").Model} Model */

/** @returns {Network} */
export function newNetwork() {
  return {
    state: null,
    points: null,
    images: null,
    frame: null,
    curve: new Curve(),
    trouble: null,
    playing: false,
    phase: "ready",
    words: "",
  };
}

/**
 * Choices without words of their own come as mere names.
 *
 * @param {any} catalog
 * @returns {import("./types.js").Catalog}
 */
export function readCatalog(catalog) {
  const choice = (/** @type {any} */ one) =>
    typeof one === "string" ? { key: one, title: one[0].toUpperCase() + one.slice(1) } : one;
  const entries = Object.entries(catalog).map(([name, list]) => [
    name,
    Array.isArray(list) && name !== "functions" ? list.map(choice) : list,
  ]);
  return Object.fromEntries(entries);
}

/**
 * @param {import("./types.js").Catalog} catalog
 * @param {{palette: string, dark: boolean}} look
 * @returns {Model}
 */
export function newModel(catalog, { palette, dark }) {
  return {
    catalog,
    connection: "connecting",
    session: null,
    sides: { a: newNetwork(), b: null },
    active: "a",
    speed: { unit: "epoch", per_frame: 1, per_second: null },
    history: { epochs: [0], branches: [] },
    focus: null,
    pen: 1,
    editing: false,
    palette,
    dark,
    many: null,
    depths: null,
    slow: null,
    descent: null,
    uploads: [],
  };
}

/**
 * The side that a message speaks of, made if it is new.
 *
 * @param {Model} model
 * @param {import("./types.js").Side} side
 */
export function sideOf(model, side) {
  if (side === "b" && !model.sides.b) model.sides.b = newNetwork();
  return /** @type {Network} */ (model.sides[side]);
}

/**
 * Take in a frame; false if it belongs to a network that is gone.
 *
 * @param {Network} network
 * @param {import("./types.js").Frame} frame
 */
export function takeFrame(network, frame) {
  if (!network.state || frame.header.build !== network.state.build) return false;
  if (frame.header.curve_reset) network.curve.clear();
  if (frame.arrays.curve) network.curve.extend(frame.arrays.curve.values);
  network.frame = frame;
  network.playing = frame.header.playing;
  return true;
}

/**
 * @param {import("./types.js").Message} message
 * @returns {import("./types.js").Points}
 */
export function pointsOf({ header, arrays }) {
  return {
    build: header.build,
    position: arrays.position.values,
    label: arrays.label.values,
    split: arrays.split.values,
    id: arrays.id.values,
  };
}
