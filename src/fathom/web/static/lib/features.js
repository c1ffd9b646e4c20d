// @ts-check
/** The seven standard features: their names, and what they look like before the server draws them. */

/** @type {{[key: string]: {label: string, value: (x: number, y: number) => number}}} */
const STANDARD = {
  x: { label: "x", value: (x) => x },
  y: { label: "y", value: (_, y) => y },
  "x^2": { label: "x²", value: (x) => x * x },
  "y^2": { label: "y²", value: (_, y) => y * y },
  "x*y": { label: "x·y", value: (x, y) => x * y },
  "sin(x)": { label: "sin x", value: (x) => Math.sin(x) },
  "sin(y)": { label: "sin y", value: (_, y) => Math.sin(y) },
};

/**
 * A feature in words; of real data the two inputs have names of their own.
 *
 * @param {string} key
 * @param {string[]} inputs
 */
export function featureLabel(key, inputs) {
  if (key === "x") return inputs[0] ?? key;
  if (key === "y") return inputs[1] ?? key;
  return STANDARD[key]?.label ?? key;
}

/** @param {string} key */
export function isStandard(key) {
  return key in STANDARD;
}

/**
 * The map of a standard feature over the square, from the top left; null for others.
 *
 * @param {string} key
 * @param {number} size Cells on a side.
 * @param {number[][]} ranges
 * @returns {Float32Array | null}
 */
export function featureMap(key, size, ranges) {
  const feature = STANDARD[key];
  if (!feature) return null;
  const [[left, right], [low, high]] = ranges;
  const values = new Float32Array(size * size);
  for (let row = 0; row < size; row++) {
    const y = high - ((high - low) * row) / (size - 1);
    for (let column = 0; column < size; column++) {
      const x = left + ((right - left) * column) / (size - 1);
      values[row * size + column] = feature.value(x, y);
    }
  }
  return values;
}

/**
 * All features a page offers: the standard ones first, then the reader's own.
 *
 * @param {string[]} chosen
 * @param {string[]} remembered Own formulas that were switched off.
 */
export function offered(chosen, remembered) {
  const own = [...chosen, ...remembered].filter((key) => !isStandard(key));
  return [...Object.keys(STANDARD), ...new Set(own)];
}
