// @ts-check
/** The loss over time, kept at a bounded size however long training goes on. */

const COLUMNS = 5;
const MOST_ROWS = 4096;

export const EPOCH = 0;
export const TRAIN_LOSS = 1;
export const TEST_LOSS = 2;
export const TRAIN_METRIC = 3;
export const TEST_METRIC = 4;

/** Rows of epoch, train loss, test loss, train metric, test metric. */
export class Curve {
  constructor() {
    /** @type {number[][]} */
    this.rows = [];
  }

  clear() {
    this.rows = [];
  }

  get length() {
    return this.rows.length;
  }

  /**
   * Add rows as the server sends them. Rows at or before the last epoch replace what was there.
   *
   * @param {Float32Array} values (m, 5), flat
   */
  extend(values) {
    for (let start = 0; start + COLUMNS <= values.length; start += COLUMNS) {
      const row = Array.from(values.subarray(start, start + COLUMNS));
      this.#cutFrom(row[EPOCH]);
      this.rows.push(row);
    }
    if (this.rows.length > MOST_ROWS) this.#thin();
  }

  /** @param {number} epoch */
  #cutFrom(epoch) {
    while (this.rows.length && this.rows[this.rows.length - 1][EPOCH] >= epoch) this.rows.pop();
  }

  /** Every second row of the older half goes; the newest stay whole. */
  #thin() {
    const half = this.rows.length >> 1;
    this.rows = this.rows.filter((_, i) => i >= half || i % 2 === 0);
  }

  /**
   * The row whose epoch is nearest.
   *
   * @param {number} epoch
   * @returns {number[] | null}
   */
  nearest(epoch) {
    if (!this.rows.length) return null;
    let low = 0;
    let high = this.rows.length - 1;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (this.rows[middle][EPOCH] <= epoch) low = middle;
      else high = middle;
    }
    const [left, right] = [this.rows[low], this.rows[high]];
    return epoch - left[EPOCH] <= right[EPOCH] - epoch ? left : right;
  }
}
