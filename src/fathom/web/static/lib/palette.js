// @ts-check
/**
 * Colours for numbers and classes, as tables that turn a map into pixels in one pass.
 *
 * "Orange and blue" is the classic pair, safe for the usual colour blindnesses. Viridis and
 * cividis are Matplotlib's, sampled at nine places; cividis was designed so that people with
 * and without colour blindness see nearly the same (Nuñez, Anderton and Renslow, 2018).
 * Classes are Okabe and Ito's colours.
 */

/** @typedef {[number, number, number]} Colour */

/** @type {{key: string, title: string}[]} */
export const PALETTES = [
  { key: "classic", title: "Orange and blue" },
  { key: "purple", title: "Purple and green" },
  { key: "viridis", title: "Viridis" },
  { key: "cividis", title: "Cividis" },
  { key: "grey", title: "Grey" },
];

const DAY_MIDDLE = "#eceeee";
const NIGHT_MIDDLE = "#262b31";

/** @type {{[key: string]: (dark: boolean) => string[]}} */
const STOPS = {
  classic: (dark) =>
    dark
      ? ["#c9742b", "#9c5f2c", "#5d432d", NIGHT_MIDDLE, "#24455f", "#2a6696", "#3186c4"]
      : ["#ef8a35", "#f4ad70", "#f8d8bb", DAY_MIDDLE, "#bfdaec", "#74b2da", "#3a8bc6"],
  purple: (dark) =>
    dark
      ? ["#9a62b5", "#774b8c", "#4a3857", NIGHT_MIDDLE, "#2b4f3c", "#377a52", "#4aa970"]
      : ["#9458a5", "#b48dbf", "#dccbe1", DAY_MIDDLE, "#c2dfc3", "#7fbf88", "#439a57"],
  viridis: () => [
    "#440154",
    "#472d7b",
    "#3b528b",
    "#2c728e",
    "#21918c",
    "#28ae80",
    "#5ec962",
    "#addc30",
    "#fde725",
  ],
  cividis: () => [
    "#00224e",
    "#123570",
    "#3b496c",
    "#575d6d",
    "#707173",
    "#8a8678",
    "#a59c74",
    "#c3b369",
    "#fee838",
  ],
  grey: (dark) => (dark ? ["#000000", "#3c4147", "#e6e8ea"] : ["#2a2e33", "#8f959b", "#f4f5f5"]),
};

const DAY_CLASSES = [
  "#e8730c",
  "#0868ac",
  "#008a63",
  "#b04a8b",
  "#b98a00",
  "#45a5da",
  "#6b5fc7",
  "#8a5a32",
  "#5d6b78",
  "#c33c3c",
];
const NIGHT_CLASSES = [
  "#ffa23f",
  "#52b1f0",
  "#35c496",
  "#e08fc3",
  "#e5c24e",
  "#a3dcfa",
  "#a79cf5",
  "#c9976b",
  "#a5b1bc",
  "#f47f7f",
];

/** Stronger than the maps' own ends: points and lines must stand out from a map of their colour. */
/** @type {{[key: string]: (dark: boolean) => string[]}} */
const STRONG = {
  classic: (dark) => (dark ? ["#ffab52", "#8f98a1", "#6cc0fa"] : ["#d45500", "#b9c0c6", "#005a9c"]),
  purple: (dark) => (dark ? ["#d9a2f2", "#8f98a1", "#86e0a5"] : ["#6a1f78", "#b9c0c6", "#12692f"]),
  grey: (dark) => (dark ? ["#5a6168", "#99a0a7", "#ffffff"] : ["#000000", "#8f959b", "#c9cccf"]),
};

const STEPS = 256;

/**
 * @param {string} text "#rrggbb"
 * @returns {Colour}
 */
export function parseColour(text) {
  const number = Number.parseInt(text.slice(1), 16);
  return [number >> 16, (number >> 8) & 255, number & 255];
}

/**
 * @param {Colour[]} stops
 * @param {number} share In [0, 1].
 * @returns {Colour}
 */
function between(stops, share) {
  const place = share * (stops.length - 1);
  const left = Math.min(Math.floor(place), stops.length - 2);
  const rest = place - left;
  const [from, to] = [stops[left], stops[left + 1]];
  return /** @type {Colour} */ (from.map((value, i) => Math.round(value + (to[i] - value) * rest)));
}

/** @param {Colour} colour One pixel as canvas stores it on little-endian machines. */
function pixel([red, green, blue]) {
  return ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;
}

/**
 * How values in [-1, 1] and classes are coloured.
 *
 * @typedef {object} Paint
 * @property {Uint32Array} table 256 pixels from -1 to 1.
 * @property {Uint32Array} sharp The same with the sign alone.
 * @property {string[]} words CSS colours of the 256 steps, for points and lines.
 * @property {Colour[]} ends Of those, the first and the last.
 * @property {Colour[]} classes
 * @property {Colour} middle
 * @property {boolean} dark
 */

/** @type {Map<string, Paint>} */
const made = new Map();

/**
 * The paint of a palette in daylight or at night; made once.
 *
 * @param {string} key
 * @param {boolean} dark
 * @returns {Paint}
 */
export function paintOf(key, dark) {
  const name = `${key}/${dark}`;
  const known = made.get(name);
  if (known) return known;
  const paint = mix(STOPS[key] ? key : "classic", dark);
  made.set(name, paint);
  return paint;
}

/**
 * @param {string} key
 * @param {boolean} dark
 * @returns {Paint}
 */
function mix(key, dark) {
  const stops = STOPS[key](dark).map(parseColour);
  const colours = Array.from({ length: STEPS }, (_, i) => between(stops, i / (STEPS - 1)));
  const table = Uint32Array.from(colours, pixel);
  const strong = (STRONG[key]?.(dark) ?? STOPS[key](dark)).map(parseColour);
  const strongs = Array.from({ length: STEPS }, (_, i) => between(strong, i / (STEPS - 1)));
  const sharp = table.map((_, i) => (i < STEPS / 2 ? table[24] : table[STEPS - 25]));
  const classes = (dark ? NIGHT_CLASSES : DAY_CLASSES).map(parseColour);
  return {
    table,
    sharp,
    words: strongs.map(css),
    ends: [strongs[0], strongs[STEPS - 1]],
    classes,
    middle: colours[STEPS / 2],
    dark,
  };
}

/** @param {Colour} colour */
export function css([red, green, blue]) {
  return `rgb(${red} ${green} ${blue})`;
}

/**
 * @param {Paint} paint
 * @param {number} value In [-1, 1]; beyond is clamped.
 * @returns {string} A CSS colour.
 */
export function colourOf(paint, value) {
  const step = Math.round((Math.max(-1, Math.min(1, value)) * 0.5 + 0.5) * (STEPS - 1));
  return paint.words[Number.isNaN(step) ? STEPS / 2 : step];
}

/**
 * The colour of a class: the ends of the palette for two, categories for more.
 *
 * @param {Paint} paint
 * @param {number} place
 * @param {number} count
 * @returns {Colour}
 */
export function classColour(paint, place, count) {
  if (count === 2) return paint.ends[place === 0 ? 0 : 1];
  return paint.classes[Math.abs(Math.round(place)) % paint.classes.length];
}

/**
 * Colour a map of values in [-1, 1] (float32) or 0 to 255 (bytes).
 *
 * @param {Uint32Array} pixels Written in place.
 * @param {Float32Array | Uint8Array} values
 * @param {Uint32Array} table
 * @param {number} [scale] Values are divided by it first.
 */
export function paintMap(pixels, values, table, scale = 1) {
  const size = Math.min(pixels.length, values.length);
  if (values instanceof Uint8Array) {
    for (let i = 0; i < size; i++) pixels[i] = table[values[i]];
    return;
  }
  const gain = 127.5 / scale;
  for (let i = 0; i < size; i++) {
    const step = values[i] * gain + 127.5;
    pixels[i] = table[step < 0 ? 0 : step > 255 ? 255 : step | 0];
  }
}

/**
 * Colour several class maps: the hue says which class leads, the strength by how much.
 *
 * @param {Uint32Array} pixels
 * @param {Float32Array} maps Class-major, one map after another.
 * @param {number} count
 * @param {Paint} paint
 * @param {boolean} sharp Only the leading class.
 */
export function paintClasses(pixels, maps, count, paint, sharp) {
  const size = pixels.length;
  const [red, green, blue] = paint.middle;
  for (let i = 0; i < size; i++) {
    let best = 0;
    for (let k = 1; k < count; k++) if (maps[k * size + i] > maps[best * size + i]) best = k;
    const chance = maps[best * size + i];
    const strength = sharp
      ? 0.55
      : 0.08 + 0.52 * Math.max(0, Math.min(1, (chance - 1 / count) / (1 - 1 / count)));
    const [r, g, b] = classColour(paint, best, count);
    pixels[i] = pixel([
      Math.round(red + (r - red) * strength),
      Math.round(green + (g - green) * strength),
      Math.round(blue + (b - blue) * strength),
    ]);
  }
}
