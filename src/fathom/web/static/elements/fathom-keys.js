// @ts-check
import { icon, make } from "./build.js";

const KEYS = [
  ["Space", "play or pause"],
  ["→", "one step (as large as the speed says)"],
  ["R", "start again with the same weights"],
  ["N", "start again with new weights"],
  ["G", "new points"],
  ["Ctrl Z", "undo"],
  ["Ctrl ⇧ Z", "redo"],
  ["T", "show test points"],
  ["O", "only the answer"],
  ["B", "compare with a second network"],
  ["D", "dark or light"],
  ["Tab, arrows", "from unit to unit; Enter opens its weights"],
  ["?", "this list"],
];

/** The keyboard, at a glance. */
export class FathomKeys extends HTMLElement {
  connectedCallback() {
    if (this.firstChild) return;
    const close = make(
      "button",
      {
        class: "icon plain",
        type: "button",
        "aria-label": "Close",
        onclick: () => this.dialog?.close(),
      },
      icon("close"),
    );
    const rows = KEYS.map(([key, words]) =>
      make(
        "tr",
        {},
        make(
          "td",
          {},
          ...key.split(", ").flatMap((one, i) => [i ? ", " : "", make("kbd", {}, one)]),
        ),
        make("td", {}, words),
      ),
    );
    this.dialog = make(
      "dialog",
      { "aria-label": "Keyboard" },
      make("header", {}, make("h2", {}, "Keyboard"), close),
      make("div", { class: "body" }, make("table", {}, make("tbody", {}, ...rows))),
    );
    this.append(this.dialog);
  }

  show() {
    this.dialog?.showModal();
  }
}

customElements.define("fathom-keys", FathomKeys);
