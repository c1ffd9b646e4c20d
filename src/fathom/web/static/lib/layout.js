// @ts-check
/**
 * Where the units and links of a network lie.
 *
 * Units are squares in columns; links leave at the right edge and arrive at the left. From
 * 2-4-2-1 to 32 layers of 64 units the squares shrink until they would be too small to see;
 * then the drawing grows past its frame and scrolls.
 */

/** @typedef {{x: number, y: number, size: number, layer: number, place: number}} Spot */
/** @typedef {{width: number, height: number, spots: Spot[], columns: {x: number, size: number, layer: number, top: number, bottom: number}[]}} Plan */

const LARGEST = 48;
const MARGIN = 22;

/**
 * Place every unit.
 *
 * @param {number[]} units Of each column, input first.
 * @param {object} frame
 * @param {number} frame.width Pixels there are.
 * @param {number} frame.height Pixels the drawing may take before squares shrink.
 * @param {number} frame.top Room above the units for the head of a column.
 * @param {number} [frame.left] Room for labels left of the inputs.
 * @param {number} [frame.right] Room right of the output.
 * @param {number} [frame.smallest] Side of the smallest square.
 * @returns {Plan}
 */
export function planNetwork(units, { width, height, top, left = 0, right = 0, smallest = 12 }) {
  const columns = units.length;
  const most = Math.max(...units);
  const tall = (height - top - MARGIN) / most;
  const wide = (width - left - right) / (columns - 0.4);
  const size = Math.max(smallest, Math.min(LARGEST, tall * 0.78, wide * 0.56));
  const room = width - left - right;
  const narrowest = size * 1.75;
  const step = columns > 1 ? Math.max(narrowest, (room - size) / (columns - 1)) : 0;
  const total = Math.max(room, step * (columns - 1) + size) + left + right;
  const row = Math.max(size * 1.2, Math.min(size * 1.5, (height - top - MARGIN) / most));
  const bottom = top + most * row;
  const spots = [];
  const heads = [];
  for (let layer = 0; layer < columns; layer++) {
    const x = left + layer * step;
    heads.push({ x, size, layer, top, bottom: top + units[layer] * row });
    for (let place = 0; place < units[layer]; place++) {
      spots.push({ x, y: top + place * row, size, layer, place });
    }
  }
  return { width: total, height: bottom + MARGIN / 2, spots, columns: heads };
}

/**
 * The path of a link, flat where it leaves and where it arrives.
 *
 * @param {Spot} from
 * @param {Spot} to
 */
export function linkPath(from, to) {
  const [x0, y0] = [from.x + from.size, from.y + from.size / 2];
  const [x1, y1] = [to.x, to.y + to.size / 2];
  const bend = (x1 - x0) * 0.48;
  return `M${x0.toFixed(1)} ${y0.toFixed(1)}C${(x0 + bend).toFixed(1)} ${y0.toFixed(1)} ${(x1 - bend).toFixed(1)} ${y1.toFixed(1)} ${x1.toFixed(1)} ${y1.toFixed(1)}`;
}

/**
 * The height of a link at a place along it.
 *
 * @param {Spot} from
 * @param {Spot} to
 * @param {number} x
 */
export function linkHeight(from, to, x) {
  const [x0, y0] = [from.x + from.size, from.y + from.size / 2];
  const [x1, y1] = [to.x, to.y + to.size / 2];
  let [low, high] = [0, 1];
  for (let i = 0; i < 12; i++) {
    const t = (low + high) / 2;
    const across = 3 * t * (1 - t) * (1 - t) * 0.48 + 3 * t * t * (1 - t) * 0.52 + t * t * t;
    if (x0 + across * (x1 - x0) < x) low = t;
    else high = t;
  }
  const t = (low + high) / 2;
  return y0 + (y1 - y0) * (3 * t * t - 2 * t * t * t);
}

/** @param {number} weight Width in pixels: grows with the size of the weight, never hides it. */
export function linkWidth(weight) {
  const size = Math.abs(weight);
  return Number.isFinite(size) ? Math.min(9, 0.7 + 3.2 * size ** 0.8) : 0.7;
}

/**
 * The links to draw: all of a small network, the strongest of a large one, shared among layers.
 *
 * @param {{from: number, to: number, index: number, layer: number}[][]} gaps Links between each pair of layers.
 * @param {(index: number) => number} valueOf
 * @param {number} most
 * @returns {{from: number, to: number, index: number, layer: number}[]}
 */
export function strongest(gaps, valueOf, most) {
  const total = gaps.reduce((sum, gap) => sum + gap.length, 0);
  if (total <= most) return gaps.flat();
  const each = Math.max(8, Math.floor(most / gaps.length));
  return gaps.flatMap((gap) => {
    if (gap.length <= each) return gap;
    const sizes = gap.map((link) => Math.abs(valueOf(link.index)));
    const order = [...sizes.keys()].sort((i, j) => sizes[j] - sizes[i]).slice(0, each);
    return order.map((i) => gap[i]);
  });
}
