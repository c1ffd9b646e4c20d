// @ts-check
import { PALETTES } from "../lib/palette.js";
import { icon, look, make, send, tell } from "./build.js";
import { choiceField } from "./fields.js";
import { openBeside } from "./floating.js";

/** @typedef {import("../lib/types.js").Model} Model */

/** The name, the presets, and what concerns the page as a whole. */
export class FathomMasthead extends HTMLElement {
  /** @type {boolean | undefined} */
  darkShown;

  connectedCallback() {
    if (this.firstChild) return;
    this.presets = make("select", {
      "aria-label": "Presets",
      onchange: () => this.#choosePreset(),
    });
    this.undo = this.#tool("undo", "Undo (Ctrl+Z)", () => send(this, { type: "undo" }));
    this.redo = this.#tool("redo", "Redo (Ctrl+Shift+Z)", () => send(this, { type: "redo" }));
    this.compare = this.#tool("compare", "Compare with a second network (B)", () =>
      tell(this, { do: "compare" }),
    );
    this.theme = this.#tool("moon", "Dark or light (D)", () => tell(this, { do: "theme" }));
    const save = this.#tool("save", "Save", () => this.#openSave());
    const tools = make(
      "div",
      { class: "tools" },
      this.undo,
      this.redo,
      this.compare,
      this.#tool("link", "Copy the address of this experiment", () => tell(this, { do: "share" })),
      save,
      this.#tool("palette", "Palette", () => this.#openPalette()),
      this.theme,
      this.#tool("keys", "Keyboard (?)", () => tell(this, { do: "keys" })),
    );
    this.saveMenu = this.#buildSave();
    this.paletteMenu = this.#buildPalette();
    this.append(
      make(
        "a",
        {
          class: "brand",
          href: "#",
          "aria-label": "Fathom playground",
          onclick: (/** @type {Event} */ e) => e.preventDefault(),
        },
        mark(),
        make("h1", {}, "Fathom ", make("span", {}, "playground")),
      ),
      make("div", { class: "preset" }, this.presets),
      tools,
      this.saveMenu,
      this.paletteMenu,
    );
  }

  /**
   * @param {string} name
   * @param {string} title
   * @param {() => void} press
   */
  #tool(name, title, press) {
    return make(
      "button",
      {
        class: "icon plain",
        type: "button",
        title,
        "aria-label": title,
        "data-tool": name,
        onclick: press,
      },
      icon(name),
    );
  }

  #buildSave() {
    const item = (/** @type {string} */ text, /** @type {string} */ what) =>
      make(
        "button",
        {
          class: "plain",
          type: "button",
          onclick: () => {
            this.saveMenu?.hidePopover();
            tell(this, { do: "save", what });
          },
        },
        text,
      );
    return make(
      "div",
      { class: "menu", popover: "auto", "aria-label": "Save" },
      item("Model, .keras", "keras"),
      item("Weights, JSON", "weights"),
      item("Picture, SVG", "svg"),
      item("Code, Keras and PyTorch", "code"),
    );
  }

  #buildPalette() {
    this.palette = choiceField({
      title: "Palette",
      topic: "palette",
      options: PALETTES.map(({ key, title }) => ({ value: key, text: title })),
      choose: (palette) => look(this, { palette }),
    });
    return make("div", { class: "menu wide", popover: "auto" }, this.palette.root);
  }

  #openSave() {
    openUnder(this.saveMenu, this.querySelector('[data-tool="save"]'));
  }

  #openPalette() {
    openUnder(this.paletteMenu, this.querySelector('[data-tool="palette"]'));
  }

  #choosePreset() {
    const key = this.presets?.value;
    if (key) tell(this, { do: "preset", key });
  }

  /**
   * @param {Model} model
   * @param {Set<import("../lib/types.js").Change>} changes
   */
  update(model, changes) {
    if (!changes.has("structure") && !changes.has("look")) return;
    const { state } = model.sides.a;
    if (this.undo) this.undo.disabled = !state?.can_undo;
    if (this.redo) this.redo.disabled = !state?.can_redo;
    this.compare?.setAttribute("aria-pressed", String(!!model.sides.b));
    this.palette?.set(model.palette);
    if (this.darkShown !== model.dark) {
      this.darkShown = model.dark;
      this.theme?.replaceChildren(icon(model.dark ? "sun" : "moon"));
    }
    if (this.presets && !this.presets.options.length) {
      this.presets.append(
        make("option", { value: "", textContent: "Presets…" }),
        ...model.catalog.presets.map((preset) =>
          make("option", { value: preset.key, textContent: preset.title ?? preset.key }),
        ),
      );
    }
    const preset = /** @type {any} */ (model).preset ?? "";
    if (this.presets && this.presets.value !== preset) this.presets.value = preset;
  }
}

/**
 * @param {HTMLElement | undefined} menu
 * @param {Element | null} anchor
 */
function openUnder(menu, anchor) {
  if (menu && anchor) openBeside(menu, anchor);
}

/** The sign of Fathom: a line with a lead, let down into the deep. */
function mark() {
  const drawing = icon("");
  drawing.setAttribute("class", "mark");
  drawing.firstElementChild?.setAttribute(
    "d",
    "M2.500 7c2.400-1.900 4.300-1.900 6.300 0s4 1.900 6.400 0 4.200-1.900 6.300 0M12 8.500v7.500M12 16a2.300 2.300 0 1 0 .01 0",
  );
  return drawing;
}

customElements.define("fathom-masthead", FathomMasthead);
