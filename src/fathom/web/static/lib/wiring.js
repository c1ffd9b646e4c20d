// @ts-check
/** Which weight joins which units: from the server's plan of the network to links and biases. */

/** @typedef {import("./types.js").NetworkPlan} NetworkPlan */
/** @typedef {{from: number, to: number, index: number, layer: number, parameter: number, place: number, frozen: boolean}} Link */
/** @typedef {{unit: number, index: number, parameter: number, place: number}} Bias */

/**
 * Every weight between units that are drawn, one list for each layer but the first.
 *
 * @param {NetworkPlan} plan
 * @param {(layer: number) => number} shown How many units of a layer are drawn.
 * @returns {Link[][]}
 */
export function linksOf(plan, shown) {
  return plan.parameters.flatMap((array, parameter) => {
    const from = plan.layers[array.layer - 1];
    const to = plan.layers[array.layer];
    const fits = array.name === "kernel" && array.shape.length === 2 && array.offset !== null;
    if (!fits || !from || !to || array.shape[0] !== from.units || array.shape[1] !== to.units)
      return [];
    /** @type {Link[]} */
    const links = [];
    const [rows, columns] = [
      Math.min(from.units, shown(array.layer - 1)),
      Math.min(to.units, shown(array.layer)),
    ];
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < columns; j++) {
        const place = i * to.units + j;
        links.push({
          from: from.first + i,
          to: to.first + j,
          index: (array.offset ?? 0) + place,
          layer: array.layer,
          parameter,
          place,
          frozen: !array.trainable,
        });
      }
    }
    return [links];
  });
}

/**
 * The bias of every unit that has one.
 *
 * @param {NetworkPlan} plan
 * @returns {Bias[]}
 */
export function biasesOf(plan) {
  return plan.parameters.flatMap((array, parameter) => {
    const layer = plan.layers[array.layer];
    if (array.name !== "bias" || array.offset === null || !layer || array.shape[0] !== layer.units)
      return [];
    const offset = array.offset;
    return Array.from({ length: layer.units }, (_, place) => ({
      unit: layer.first + place,
      index: offset + place,
      parameter,
      place,
    }));
  });
}

/**
 * The layer and the place in it of a unit.
 *
 * @param {NetworkPlan} plan
 * @param {number} unit
 */
export function placeOf(plan, unit) {
  const layer = plan.layers.findLastIndex((one) => one.first <= unit);
  return { layer, place: unit - (plan.layers[layer]?.first ?? 0) };
}

/**
 * A unit's name in words.
 *
 * @param {NetworkPlan} plan
 * @param {number} unit
 * @param {string[]} [classes]
 */
export function unitName(plan, unit, classes = []) {
  const { layer, place } = placeOf(plan, unit);
  const one = plan.layers[layer];
  if (!one) return "";
  if (one.kind === "input") return one.labels?.[place] ?? `input ${place + 1}`;
  if (one.kind === "output")
    return one.units > 1 ? `output ${classes[place] ?? place + 1}` : "output";
  return `layer ${layer}, unit ${place + 1}`;
}
