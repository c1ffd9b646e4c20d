// @ts-check
import { icon, make, tell } from "./build.js";
import { choiceField } from "./fields.js";

/**
 * @typedef {{source: string, name: string, rows: number, columns: {name: string, kind: string}[], target: string | null, notes: string[]}} Upload
 */

/** A file of the reader's own, and which of its columns to use. */
export class FathomUpload extends HTMLElement {
  connectedCallback() {
    if (this.firstChild) return;
    this.picker = make("input", {
      type: "file",
      accept: ".csv,.tsv,.parquet,.npz",
      onchange: () => this.#chosen(this.picker?.files?.[0]),
    });
    this.target = choiceField({
      title: "Column to predict",
      topic: "upload",
      choose: (name) => this.#predict(name),
    });
    this.boxes = make("div", { class: "boxes columns-grid" });
    this.words = make("p", { class: "quiet", "aria-live": "polite" });
    this.refusal = make("div", { class: "refusal", role: "alert", hidden: true });
    this.use = make(
      "button",
      { class: "primary", type: "button", disabled: true, onclick: () => this.#use() },
      "Use these",
    );
    this.choice = make(
      "div",
      { class: "stack", hidden: true },
      this.target.root,
      make(
        "div",
        { class: "field" },
        make("div", { class: "caption" }, "Columns to use"),
        this.boxes,
      ),
    );
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
    this.drop = make(
      "label",
      { class: "drop" },
      icon("upload"),
      make("span", {}, make("b", {}, "Choose a file"), " or drop it here"),
      make("span", { class: "quiet small" }, "CSV, TSV, Parquet or NPZ. It stays on this machine."),
      this.picker,
    );
    this.#acceptDrops(this.drop);
    this.dialog = make(
      "dialog",
      { "aria-label": "Open a file" },
      make("header", {}, make("h2", {}, "Open a file"), close),
      make(
        "div",
        { class: "body stack" },
        this.drop,
        this.refusal,
        this.words,
        this.choice,
        make("div", { class: "row end" }, this.use),
      ),
    );
    this.append(this.dialog);
  }

  /** @param {HTMLElement} place */
  #acceptDrops(place) {
    place.addEventListener("dragover", (event) => {
      event.preventDefault();
      place.classList.add("over");
    });
    place.addEventListener("dragleave", () => place.classList.remove("over"));
    place.addEventListener("drop", (event) => {
      event.preventDefault();
      place.classList.remove("over");
      this.#chosen(event.dataTransfer?.files[0]);
    });
  }

  show() {
    this.dialog?.showModal();
  }

  /** @param {File | undefined} file */
  async #chosen(file) {
    if (!file || !this.words || !this.refusal || !this.choice || !this.use) return;
    this.words.textContent = `Reading ${file.name}…`;
    this.refusal.hidden = this.choice.hidden = true;
    this.use.disabled = true;
    const answer = await post(file);
    this.words.textContent = "";
    if (answer.error) this.#refuse(answer);
    else this.#offer(answer);
  }

  /** @param {{error: string, hint: string | null}} answer */
  #refuse({ error, hint }) {
    this.refusal?.replaceChildren(make("b", {}, error), hint ? make("div", {}, hint) : "");
    if (this.refusal) this.refusal.hidden = false;
  }

  /** @param {Upload} upload */
  #offer(upload) {
    this.upload = upload;
    const { name, rows, columns, notes } = upload;
    if (this.words)
      this.words.textContent = [`${name}: ${rows} rows, ${columns.length} columns.`, ...notes].join(
        " ",
      );
    this.target?.offer(columns.map((column) => ({ value: column.name, text: column.name })));
    this.target?.set(upload.target ?? columns.at(-1)?.name);
    this.#predict(upload.target ?? columns.at(-1)?.name ?? "");
    if (this.choice) this.choice.hidden = columns.length === 0;
    if (this.use) this.use.disabled = false;
  }

  /** @param {string} target */
  #predict(target) {
    const columns = this.upload?.columns.filter((column) => column.name !== target) ?? [];
    this.predicted = target;
    this.chosen = new Set(columns.map((column) => column.name));
    this.boxes?.replaceChildren(...columns.map((column) => this.#box(column)));
  }

  /** @param {{name: string, kind: string}} column */
  #box({ name, kind }) {
    const tick = make("input", {
      type: "checkbox",
      checked: true,
      onchange: () => (tick.checked ? this.chosen?.add(name) : this.chosen?.delete(name)),
    });
    return make(
      "label",
      { class: "check" },
      tick,
      make("span", {}, name),
      make("span", { class: "quiet small" }, kind),
    );
  }

  #use() {
    const { upload, chosen } = this;
    if (!upload) return;
    const others = upload.columns
      .map((column) => column.name)
      .filter((name) => name !== this.predicted);
    const all = others.every((name) => chosen?.has(name));
    const inputs = all ? null : others.filter((name) => chosen?.has(name));
    const choice = upload.columns.length ? { target: this.predicted, inputs } : {};
    tell(this, { do: "uploaded", upload, choice });
    this.dialog?.close();
  }
}

/** @param {File} file */
async function post(file) {
  try {
    const answer = await fetch("/api/uploads", {
      method: "POST",
      body: file,
      headers: {
        "Content-Type": "application/octet-stream",
        "X-File-Name": encodeURIComponent(file.name),
      },
    });
    return await answer.json();
  } catch {
    return { error: "The file did not reach the server.", hint: "Is it still running?" };
  }
}

customElements.define("fathom-upload", FathomUpload);
