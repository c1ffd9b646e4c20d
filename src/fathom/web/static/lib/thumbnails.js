// @ts-check
/** A few points that look like each data set, for its button: [x, y, label] in [-1, 1]. */

/** A small, fast generator, so that the pictures never change. @param {number} seed */
function generator(seed) {
  let state = seed;
  return () => {
    state = (state * 1664525 + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** @param {() => number} random */
function normal(random) {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** @type {{[source: string]: (i: number, count: number, random: () => number) => number[]}} */
const MAKERS = {
  circle: (i, count, random) => {
    const inside = i < count / 2;
    const radius = inside ? random() * 0.42 : 0.66 + random() * 0.26;
    const angle = random() * 2 * Math.PI;
    return [radius * Math.sin(angle), radius * Math.cos(angle), inside ? 1 : -1];
  },
  xor: (_, __, random) => {
    const away = (/** @type {number} */ v) => v + (v < 0 ? -0.08 : 0.08);
    const [x, y] = [away(random() * 1.7 - 0.85), away(random() * 1.7 - 0.85)];
    return [x, y, x * y >= 0 ? 1 : -1];
  },
  gauss: (i, count, random) => {
    const label = i < count / 2 ? 1 : -1;
    return [label * 0.42 + normal(random) * 0.17, label * 0.42 + normal(random) * 0.17, label];
  },
  spiral: (i, count) => {
    const half = count / 2;
    const place = (i % half) / half;
    const angle = 1.75 * 2 * Math.PI * place + (i < half ? 0 : Math.PI);
    return [place * 0.9 * Math.sin(angle), place * 0.9 * Math.cos(angle), i < half ? 1 : -1];
  },
  moons: (i, count, random) => {
    const upper = i < count / 2;
    const angle = Math.PI * random();
    const [x, y] = upper
      ? [Math.cos(angle) - 0.5, Math.sin(angle) - 0.2]
      : [0.5 - Math.cos(angle), 0.2 - Math.sin(angle)];
    return [x * 0.6 + normal(random) * 0.04, y * 0.75 + normal(random) * 0.04, upper ? 1 : -1];
  },
  formula: (_, __, random) => {
    const [x, y] = [random() * 1.8 - 0.9, random() * 1.8 - 0.9];
    return [x, y, Math.sin(x * 4.2) * 0.55 < y ? 1 : -1];
  },
  plane: (_, __, random) => {
    const [x, y] = [random() * 1.8 - 0.9, random() * 1.8 - 0.9];
    return [x, y, (x + y) / 1.6];
  },
  gaussian: (_, __, random) => {
    const [x, y] = [random() * 1.8 - 0.9, random() * 1.8 - 0.9];
    const hills = [
      [-0.6, 0.4, 1],
      [0, 0.4, -1],
      [0.6, 0.4, 1],
      [-0.6, -0.4, -1],
      [0, -0.4, 1],
      [0.6, -0.4, -1],
    ];
    const heights = hills.map(
      ([a, b, sign]) => sign * Math.max(0, 1 - Math.hypot(x - a, y - b) / 0.34),
    );
    return [x, y, heights.reduce((best, h) => (Math.abs(h) > Math.abs(best) ? h : best), 0)];
  },
};

/**
 * @param {string} source
 * @param {number} [count]
 * @returns {number[][]}
 */
export function thumbnail(source, count = 130) {
  const maker = MAKERS[source];
  if (!maker) return [];
  const random = generator(7);
  return Array.from({ length: count }, (_, i) => maker(i, count, random));
}
