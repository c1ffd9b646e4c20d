// @ts-check
/** Building elements, and telling the application what the reader did. */

import { shapes } from "./icons.js";

const SVG = "http://www.w3.org/2000/svg";

/** @typedef {Node | string | null | undefined | false} Child */

/**
 * Make an element. Properties starting with `on` listen, `class`, `aria-*`, `data-*`, `role` and
 * `for` become attributes, all others are set as properties.
 *
 * @template {keyof HTMLElementTagNameMap} Name
 * @param {Name} name
 * @param {{[property: string]: any}} [properties]
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[Name]}
 */
export function make(name, properties = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) setProperty(element, key, value);
  element.append(...kept(children));
  return element;
}

/**
 * @param {HTMLElement} element
 * @param {string} key
 * @param {any} value
 */
function setProperty(element, key, value) {
  if (value === null || value === undefined) return;
  if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
  else if (/^(class|role|for|list|popover|aria-|data-)/.test(key))
    element.setAttribute(key, String(value));
  else /** @type {any} */ (element)[key] = value;
}

/** @param {Child[]} children */
function kept(children) {
  return /** @type {(Node | string)[]} */ (
    children.filter((child) => child !== null && child !== undefined && child !== false)
  );
}

/**
 * @param {string} name
 * @param {{[attribute: string]: any}} [attributes]
 * @param {...Child} children
 * @returns {SVGElement}
 */
export function svg(name, attributes = {}, ...children) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  element.append(...kept(children));
  return element;
}

/** @param {string} name A drawing of `icons.js`. */
export function icon(name) {
  const drawing = svg("svg", { class: "icon", viewBox: "0 0 24 24", "aria-hidden": "true" });
  drawing.append(svg("path", { d: shapes[name] ?? "" }));
  return drawing;
}

/**
 * Say something to the application above.
 *
 * @param {Element} from
 * @param {{do: string, [detail: string]: any}} detail
 */
export function tell(from, detail) {
  from.dispatchEvent(new CustomEvent("fathom", { bubbles: true, detail }));
}

/**
 * Send a message to the server.
 *
 * @param {Element} from
 * @param {{type: string, [member: string]: any}} message
 */
export function send(from, message) {
  tell(from, { do: "send", message });
}

/**
 * Change the experiment.
 *
 * @param {Element} from
 * @param {(draft: import("../lib/types.js").Experiment) => void} change
 * @param {import("../lib/types.js").Side} [side]
 */
export function change(from, change, side) {
  tell(from, { do: "change", change, side });
}

/**
 * Change what only the page knows.
 *
 * @param {Element} from
 * @param {Partial<import("../lib/types.js").Model>} values
 */
export function look(from, values) {
  tell(from, { do: "look", values });
}

/**
 * Size a canvas for its box and the screen's pixels.
 *
 * @param {HTMLCanvasElement} canvas
 * @param {number} width In CSS pixels.
 * @param {number} height
 * @returns {CanvasRenderingContext2D} Drawing in CSS pixels.
 */
export function sized(canvas, width, height) {
  const ratio = window.devicePixelRatio || 1;
  const [across, down] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== across || canvas.height !== down) {
    canvas.width = across;
    canvas.height = down;
  }
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return context;
}

/** The page's own colours, for canvases. @param {string} name */
export function token(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}
