// @ts-check
/** Day or night, by what is behind an element: every notebook says it in its own way. */

import { make } from "../elements/build.js";

const MIDDLE = 0.5;

/**
 * Colours as the style sheet has them, for canvases.
 *
 * @typedef {object} Theme
 * @property {(name: string) => string} colour Of a variable, such as "validation".
 * @property {() => string} ink The colour of text.
 * @property {() => void} stop
 */

/**
 * Give an element the notebook's day or night, and keep to it.
 *
 * @param {HTMLElement} root
 * @param {() => void} changed Called when day has become night, or night day.
 * @returns {Theme}
 */
export function followTheme(root, changed) {
  const probe = make("i", { hidden: true });
  root.append(probe);
  let dark = false;

  function look() {
    const now = isDark(root);
    if (now === dark && root.style.colorScheme) return;
    dark = now;
    root.style.colorScheme = dark ? "dark" : "light";
    changed();
  }

  const system = matchMedia("(prefers-color-scheme: dark)");
  const page = new MutationObserver(() => requestAnimationFrame(look));
  page.observe(document.documentElement, { attributes: true });
  page.observe(document.body, { attributes: true });
  system.addEventListener("change", look);
  requestAnimationFrame(look);
  return {
    colour(name) {
      probe.style.color = `var(--${name})`;
      return getComputedStyle(probe).color;
    },
    ink() {
      return getComputedStyle(root).color;
    },
    stop() {
      page.disconnect();
      system.removeEventListener("change", look);
    },
  };
}

/**
 * Whether the nearest background that is not transparent is dark.
 *
 * @param {Element} element
 */
export function isDark(element) {
  for (let at = above(element); at; at = above(at)) {
    const [red, green, blue, alpha = 1] = numbers(getComputedStyle(at).backgroundColor);
    if (alpha > MIDDLE) return (0.299 * red + 0.587 * green + 0.114 * blue) / 255 < MIDDLE;
  }
  return false;
}

/**
 * The element around, out of shadow trees too.
 *
 * @param {Element} element
 * @returns {Element | null}
 */
function above(element) {
  const root = element.getRootNode();
  return element.parentElement ?? (root instanceof ShadowRoot ? root.host : null);
}

/**
 * Red, green and blue up to 255, and opacity, of a computed colour.
 *
 * @param {string} colour Such as "rgb(1, 2, 3)", "rgba(0, 0, 0, 0)" or "color(srgb 1 1 1 / 0.5)".
 */
function numbers(colour) {
  const found = (colour.match(/[\d.]+(e-?\d+)?/g) ?? []).map(Number);
  if (!colour.startsWith("color(")) return found;
  return found.map((value, place) => (place < 3 ? 255 * value : value));
}
