// @ts-check
/** Labelled controls, each with its little question mark. */

import { make, tell } from "./build.js";

let made = 0;

/** @param {string} prefix */
function nextId(prefix) {
  made += 1;
  return `${prefix}-${made}`;
}

/**
 * The button that explains a control.
 *
 * @param {string} topic A key of `lib/explanations.js`.
 * @param {string} title
 */
export function ask(topic, title) {
  const button = make(
    "button",
    {
      class: "ask",
      type: "button",
      "aria-label": `What is “${title}”?`,
      onclick: (/** @type {Event} */ event) => {
        event.preventDefault();
        event.stopPropagation();
        tell(button, { do: "ask", topic, anchor: button });
      },
    },
    "?",
  );
  return button;
}

/**
 * @typedef {object} Field
 * @property {HTMLElement} root
 * @property {(value: any) => void} set
 * @property {any} input
 */

/**
 * @param {string} title
 * @param {string} topic
 * @param {HTMLElement} input
 * @param {HTMLElement | null} [reading]
 */
function captioned(title, topic, input, reading = null) {
  input.id = nextId("field");
  const caption = make(
    "div",
    { class: "caption" },
    make("label", { for: input.id }, title),
    topic ? ask(topic, title) : null,
    reading,
  );
  return make("div", { class: "field", "data-topic": topic }, caption, input);
}

/**
 * A list to choose from.
 *
 * @param {object} plan
 * @param {string} plan.title
 * @param {string} plan.topic
 * @param {{value: any, text: string}[]} [plan.options]
 * @param {(value: any) => void} plan.choose
 * @returns {Field & {value: () => any, offer: (options: {value: any, text: string, group?: string, disabled?: boolean}[]) => void}}
 */
export function choiceField({ title, topic, options = [], choose }) {
  /** @type {{value: any, text: string, group?: string, disabled?: boolean}[]} */
  let offered = [];
  const input = make("select", { onchange: () => choose(offered[input.selectedIndex].value) });
  const root = captioned(title, topic, input);
  let wanted = /** @type {any} */ (undefined);
  const set = (/** @type {any} */ value) => {
    wanted = value;
    let place = offered.findIndex((option) => option.value === value);
    if (place < 0 && value !== undefined && typeof value !== "object") {
      offer([...offered, { value, text: String(value) }]);
      place = offered.length - 1;
    }
    input.selectedIndex = place;
  };
  /** @param {{value: any, text: string, group?: string, disabled?: boolean}[]} list */
  const offer = (list) => {
    if (same(offered, list)) return;
    offered = list;
    input.replaceChildren(...grouped(list));
    if (wanted !== undefined) input.selectedIndex = offered.findIndex((o) => o.value === wanted);
  };
  offer(options);
  return { root, input, set, offer, value: () => offered[input.selectedIndex]?.value };
}

/**
 * @param {{value: any, text: string, disabled?: boolean}[]} one
 * @param {{value: any, text: string, disabled?: boolean}[]} other
 */
function same(one, other) {
  return (
    one.length === other.length &&
    one.every((option, i) => option.value === other[i].value && option.text === other[i].text)
  );
}

/** @param {{value: any, text: string, group?: string, disabled?: boolean}[]} list */
function grouped(list) {
  /** @type {HTMLElement[]} */
  const top = [];
  /** @type {Map<string, HTMLOptGroupElement>} */
  const groups = new Map();
  for (const { text, group, disabled } of list) {
    const option = make("option", { textContent: text, disabled: disabled ?? false });
    if (!group) {
      top.push(option);
      continue;
    }
    const known = groups.get(group) ?? make("optgroup", { label: group });
    if (!groups.has(group)) top.push(known);
    groups.set(group, known);
    known.append(option);
  }
  return top;
}

/**
 * A slider with its value in words; `choose` is called when the hand lets go, `moved` meanwhile.
 *
 * @param {object} plan
 * @param {string} plan.title
 * @param {string} plan.topic
 * @param {number} plan.low
 * @param {number} plan.high
 * @param {number} [plan.step]
 * @param {(value: number) => string} [plan.say]
 * @param {(value: number) => void} plan.choose
 * @returns {Field & {limit: (low: number, high: number) => void}}
 */
export function sliderField({ title, topic, low, high, step = 1, say = String, choose }) {
  const reading = make("output", {});
  const input = make("input", {
    type: "range",
    min: String(low),
    max: String(high),
    step: String(step),
    oninput: () => speak(),
    onchange: () => choose(Number(input.value)),
  });
  const speak = () => {
    const words = say(Number(input.value));
    reading.textContent = words;
    input.setAttribute("aria-valuetext", words);
  };
  const root = captioned(title, topic, input, reading);
  const set = (/** @type {number} */ value) => {
    if (document.activeElement === input && input.matches(":active")) return;
    input.value = String(value);
    speak();
  };
  const limit = (/** @type {number} */ least, /** @type {number} */ most) => {
    input.min = String(least);
    input.max = String(most);
  };
  return { root, input, set, limit };
}

/**
 * A number to type.
 *
 * @param {object} plan
 * @param {string} plan.title
 * @param {string} plan.topic
 * @param {number} [plan.low]
 * @param {number} [plan.high]
 * @param {string} [plan.placeholder]
 * @param {(value: number | null) => void} plan.choose Null when it is emptied.
 * @returns {Field}
 */
export function numberField({ title, topic, low, high, placeholder = "", choose }) {
  const input = make("input", {
    type: "text",
    inputMode: "decimal",
    placeholder,
    autocomplete: "off",
    onchange: () => take(),
  });
  const take = () => {
    const text = input.value.trim().replace("−", "-").replace(",", ".");
    const value = text === "" ? null : Number(text);
    const wrong =
      value !== null &&
      (Number.isNaN(value) ||
        (low !== undefined && value < low) ||
        (high !== undefined && value > high));
    input.setAttribute("aria-invalid", String(wrong));
    if (!wrong) choose(value);
  };
  const root = captioned(title, topic, input);
  const set = (/** @type {number | null | undefined} */ value) => {
    if (document.activeElement === input) return;
    input.value = value === null || value === undefined ? "" : String(value);
    input.removeAttribute("aria-invalid");
  };
  return { root, input, set };
}

/**
 * A line of text to type.
 *
 * @param {object} plan
 * @param {string} plan.title
 * @param {string} plan.topic
 * @param {string} [plan.placeholder]
 * @param {(value: string) => void} plan.choose
 * @returns {Field}
 */
export function textField({ title, topic, placeholder = "", choose }) {
  const input = make("input", {
    type: "text",
    placeholder,
    autocomplete: "off",
    spellcheck: false,
    onchange: () => choose(input.value.trim()),
  });
  const root = captioned(title, topic, input);
  const set = (/** @type {string} */ value) => {
    if (document.activeElement !== input) input.value = value;
  };
  return { root, input, set };
}

/**
 * A box to tick.
 *
 * @param {object} plan
 * @param {string} plan.title
 * @param {string} plan.topic
 * @param {(value: boolean) => void} plan.choose
 * @returns {Field}
 */
export function tickField({ title, topic, choose }) {
  const input = make("input", { type: "checkbox", onchange: () => choose(input.checked) });
  const root = make(
    "div",
    { class: "row tick", "data-topic": topic },
    make("label", { class: "check" }, input, title),
    topic ? ask(topic, title) : null,
  );
  const set = (/** @type {boolean} */ value) => {
    input.checked = value;
  };
  return { root, input, set };
}

/**
 * Fields for the settings that a catalogue entry lists.
 *
 * @param {import("../lib/types.js").Setting[]} settings
 * @param {string} topic
 * @param {(key: string, value: any) => void} choose
 * @returns {{roots: HTMLElement[], set: (values: {[key: string]: any}) => void}}
 */
export function settingFields(settings, topic, choose) {
  const fields = settings.map((setting) => ({
    setting,
    field: settingField(setting, topic, choose),
  }));
  return {
    roots: fields.map(({ field }) => field.root),
    set: (values) => {
      for (const { setting, field } of fields) field.set(values[setting.key] ?? setting.default);
    },
  };
}

/**
 * @param {import("../lib/types.js").Setting} setting
 * @param {string} topic
 * @param {(key: string, value: any) => void} choose
 * @returns {Field}
 */
function settingField(setting, topic, choose) {
  const title = setting.title ?? setting.key.replaceAll("_", " ");
  if (setting.kind === "flag") {
    return tickField({ title, topic, choose: (value) => choose(setting.key, value) });
  }
  return numberField({
    title,
    topic,
    low: setting.low,
    high: setting.high,
    choose: (value) => choose(setting.key, value ?? setting.default),
  });
}
