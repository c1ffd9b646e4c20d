// @ts-check
/** What a notebook shows while a network or a study trains: an anywidget module. */

import { make } from "../elements/build.js";
import { followTheme } from "./theme.js";
import { FitView } from "./fit-view.js";
import { StudyView } from "./study-view.js";

/**
 * @typedef {object} WidgetModel What anywidget hands over of the Python side.
 * @property {(name: string) => any} get
 * @property {(event: string, listener: () => void) => void} on
 * @property {(event: string, listener: () => void) => void} off
 */

/**
 * @typedef {object} Told What there is to show.
 * @property {"" | "fit" | "study"} kind
 * @property {string} head
 * @property {string} phase
 * @property {number} share Of the training that is done, in [0, 1].
 */

/**
 * Show the training in an element, and follow it.
 *
 * @param {{model: WidgetModel, el: HTMLElement}} place
 * @returns {() => void} Stops following.
 */
function render({ model, el }) {
  const head = make("p", { class: "head", "aria-live": "polite" });
  const phase = make("p", { class: "quiet" });
  const fill = make("i", {});
  const bar = make(
    "div",
    { class: "progress", role: "progressbar", "aria-label": "Trained" },
    fill,
  );
  const body = make("div", {});
  const root = make("div", { class: "fathom-cell" }, head, bar, phase, body);
  el.append(root);
  const theme = followTheme(root, () => draw());
  /** @type {FitView | StudyView | undefined} */
  let view;
  let kind = "";
  let waiting = 0;

  function draw() {
    waiting = 0;
    /** @type {Told} */
    const told = model.get("told");
    if (head.textContent !== told.head) head.textContent = told.head;
    phase.textContent = told.phase;
    fill.style.width = `${100 * told.share}%`;
    bar.setAttribute("aria-valuenow", String(Math.round(100 * told.share)));
    bar.hidden = !told.kind;
    if (told.kind !== kind) {
      kind = told.kind;
      body.replaceChildren();
      if (kind === "fit") view = new FitView(body, theme);
      else if (kind === "study") view = new StudyView(body, theme);
      else view = undefined;
    }
    view?.show(/** @type {any} */ (told));
  }

  function wait() {
    waiting ||= requestAnimationFrame(draw);
  }

  model.on("change:told", wait);
  const resized = new ResizeObserver(wait);
  resized.observe(root);
  draw();
  return () => {
    model.off("change:told", wait);
    resized.disconnect();
    theme.stop();
    cancelAnimationFrame(waiting);
  };
}

export default { render };
