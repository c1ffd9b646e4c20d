// @ts-check
import { whole } from "../lib/numbers.js";
import { make, send, tell } from "./build.js";

const POLL_MILLISECONDS = 2000;
const REST_MILLISECONDS = 10_000;

/** The studies this machine has stored; running ones move. */
export class FathomStudies extends HTMLElement {
  /** @type {string | undefined} */
  key;

  connectedCallback() {
    if (this.firstChild) return;
    this.list = make("div", { class: "studies" });
    this.append(this.list);
    this.#poll();
  }

  close() {
    clearTimeout(this.timer);
    this.closed = true;
  }

  disconnectedCallback() {
    this.close();
  }

  async #poll() {
    let wait = REST_MILLISECONDS;
    try {
      const answer = await fetch("/api/studies");
      const body = await answer.json();
      if (!answer.ok) throw new Error(body.error);
      this.#show(body.studies);
      if (body.studies.some((/** @type {any} */ one) => one.state === "running"))
        wait = POLL_MILLISECONDS;
    } catch (error) {
      this.list?.replaceChildren(
        make("p", { class: "quiet" }, String(/** @type {Error} */ (error).message)),
      );
    }
    if (!this.closed) this.timer = setTimeout(() => this.#poll(), wait);
  }

  /** @param {any[]} studies */
  #show(studies) {
    const key = JSON.stringify(studies);
    if (this.key === key) return;
    this.key = key;
    if (!studies.length) {
      this.list?.replaceChildren(
        make("p", {}, "No studies are stored here yet."),
        make(
          "p",
          { class: "quiet" },
          "In a terminal, ",
          make("code", {}, "fathom study digits"),
          " finds out how deep a network digits need; it appears here while it runs.",
        ),
      );
      return;
    }
    this.list?.replaceChildren(...studies.map((study) => this.#card(study)));
  }

  /** @param {any} study */
  #card(study) {
    const { done = 0, planned = 0 } = study.progress ?? {};
    const fill = make("i", { class: "fill" });
    fill.style.width = `${planned ? (done / planned) * 100 : 0}%`;
    const address = `/studies/${encodeURIComponent(study.name)}`;
    return make(
      "article",
      { class: `study ${study.state}` },
      make(
        "div",
        { class: "spread" },
        make("h3", {}, study.name),
        make("span", { class: `state ${study.state}` }, study.state),
      ),
      make(
        "p",
        { class: "quiet small" },
        [study.source, study.task, study.created?.slice(0, 10)].filter(Boolean).join(" · "),
      ),
      make(
        "span",
        {
          class: "bar",
          role: "progressbar",
          "aria-valuemin": 0,
          "aria-valuemax": planned,
          "aria-valuenow": done,
          "aria-label": "Trainings",
        },
        fill,
      ),
      make("p", { class: "small quiet" }, `${whole(done)} of ${whole(planned)} trainings`),
      make("p", {}, study.verdict ?? ""),
      make(
        "div",
        { class: "row" },
        make(
          "a",
          { class: "button tiny", href: address, target: "_blank", rel: "noopener" },
          "Figures and table",
        ),
        make(
          "button",
          {
            class: "tiny",
            type: "button",
            disabled: study.state === "unreadable",
            onclick: () => {
              send(this, { type: "open_study", study: study.name });
              tell(this, { do: "say", words: `Opening the best network of ${study.name}.` });
            },
          },
          "Open the best network",
        ),
      ),
    );
  }
}

customElements.define("fathom-studies", FathomStudies);
