// @ts-check
/** Numbers in words that fit their place. */

/**
 * @param {number | null | undefined} value
 * @param {number} [digits] After the point.
 */
export function fixed(value, digits = 3) {
  if (value === null || value === undefined || Number.isNaN(value)) return "–";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  if (value !== 0 && Math.abs(value) < 10 ** -digits / 2)
    return value.toExponential(1).replace("-", "−");
  if (Math.abs(value) >= 1e6) return value.toExponential(2);
  return value.toFixed(digits).replace("-", "−");
}

/** @param {number | null | undefined} value As few letters as say it: 0.03, 1e-5, 12. */
export function short(value) {
  if (value === null || value === undefined || Number.isNaN(value)) return "–";
  return String(Number(value.toPrecision(4))).replace("-", "−");
}

/** @param {number | null | undefined} value A share in [0, 1]. */
export function percent(value) {
  if (value === null || value === undefined || Number.isNaN(value)) return "–";
  return `${(value * 100).toFixed(value > 0.995 && value < 1 ? 1 : value === 1 || value === 0 ? 0 : 1)}%`;
}

/** @param {number} value 12345 becomes 12,345. */
export function whole(value) {
  return Math.round(value).toLocaleString("en-GB");
}

/**
 * @param {number} count
 * @param {string} word
 */
export function plural(count, word) {
  return `${whole(count)} ${word}${count === 1 ? "" : "s"}`;
}

const DIGITS = "₀₁₂₃₄₅₆₇₈₉";

/** @param {number} value A small number below the line. */
export function subscript(value) {
  return String(value).replace(/\d/g, (digit) => DIGITS[Number(digit)]);
}

/**
 * Places for about `count` labels between two numbers, at round steps.
 *
 * @param {number} low
 * @param {number} high
 * @param {number} count
 * @returns {number[]}
 */
export function ticks(low, high, count) {
  if (!(high > low)) return [low];
  const raw = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= raw) ?? raw;
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, i) =>
    Number(((first + i) * step).toPrecision(12)),
  );
}
