// @ts-check
/** Binary messages: a small JSON header, then arrays at multiples of eight bytes. */

const READERS = {
  f4: Float32Array,
  u1: Uint8Array,
  i4: Int32Array,
};

/**
 * Read one binary message without copying its arrays.
 *
 * @param {ArrayBuffer} buffer
 * @returns {import("./types.js").Message}
 */
export function readMessage(buffer) {
  const size = new DataView(buffer).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, size)));
  /** @type {import("./types.js").Arrays} */
  const arrays = {};
  for (const [name, plan] of Object.entries(header.arrays ?? {})) {
    arrays[name] = readArray(buffer, 4 + size, plan);
  }
  return { header, arrays };
}

/**
 * @param {ArrayBuffer} buffer
 * @param {number} start
 * @param {{offset: number, shape: number[], dtype: keyof typeof READERS}} plan
 * @returns {import("./types.js").NamedArray}
 */
function readArray(buffer, start, plan) {
  const length = plan.shape.reduce((product, size) => product * size, 1);
  return {
    shape: plan.shape,
    values: new READERS[plan.dtype](buffer, start + plan.offset, length),
  };
}

/**
 * The part of a three-axis array that belongs to one unit.
 *
 * @param {import("./types.js").NamedArray} array
 * @param {number} place
 */
export function slice(array, place) {
  const [, height, width] = array.shape;
  const size = height * width;
  return array.values.subarray(place * size, (place + 1) * size);
}
