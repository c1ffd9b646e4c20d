// @ts-check
/** One study: progress, verdict, figures and table. Plotly is loaded here and nowhere else. */

import { make } from "./elements/build.js";
import { fixed, whole } from "./lib/numbers.js";

const POLL_MILLISECONDS = 2000;
const USUAL_HEIGHT = 440;
const main = /** @type {HTMLElement} */ (document.getElementById("study"));
const name = decodeURIComponent(location.pathname.replace(/^\/studies\/?/, ""));
/** @type {Promise<any> | null} */
let plotly = null;

/** @returns {Promise<any>} */
function loadPlotly() {
  plotly ??= new Promise((resolve, reject) => {
    const script = make("script", { src: "/plotly.min.js" });
    script.onload = () => resolve(/** @type {any} */ (window).Plotly);
    script.onerror = () => reject(new Error("The figures could not be loaded."));
    document.head.append(script);
  });
  return plotly;
}

/** @param {string} path */
async function read(path) {
  const answer = await fetch(path);
  const body = await answer.json();
  if (!answer.ok) throw new Error(body.error);
  return body;
}

async function showList() {
  const { studies } = await read("/api/studies");
  const rows = studies.map((/** @type {any} */ one) =>
    make(
      "li",
      {},
      make("a", { href: `/studies/${encodeURIComponent(one.name)}` }, one.name),
      ` · ${one.state}`,
    ),
  );
  main.replaceChildren(
    make(
      "section",
      { class: "panel stack" },
      make("h2", {}, "Stored studies"),
      rows.length ? make("ul", {}, ...rows) : make("p", { class: "quiet" }, "None yet."),
    ),
  );
}

/** @param {any} study */
function head(study) {
  const { done = 0, planned = 0 } = study.progress ?? {};
  const fill = make("i", { class: "fill" });
  fill.style.width = `${planned ? (done / planned) * 100 : 0}%`;
  return make(
    "section",
    { class: "panel stack" },
    make("h2", { class: "study-title" }, study.name),
    make(
      "p",
      { class: "quiet" },
      [study.source, study.task, study.state].filter(Boolean).join(" · "),
    ),
    make("span", { class: "bar" }, fill),
    make("p", { class: "small quiet" }, `${whole(done)} of ${whole(planned)} trainings`),
    study.verdict ? make("p", { class: "verdict" }, study.verdict) : null,
  );
}

/** @param {{columns: string[], rows: any[][], chosen?: number[]}} table */
function tableOf({ columns, rows, chosen = [] }) {
  const cell = (/** @type {any} */ value) =>
    make(
      "td",
      { class: typeof value === "number" ? "number" : "" },
      typeof value === "number"
        ? Number.isInteger(value)
          ? whole(value)
          : fixed(value, 4)
        : String(value ?? "–"),
    );
  return make(
    "div",
    { class: "matrix" },
    make(
      "table",
      {},
      make(
        "thead",
        {},
        make("tr", {}, ...columns.map((title) => make("th", { scope: "col" }, title))),
      ),
      make(
        "tbody",
        {},
        ...rows.map((row, i) =>
          make("tr", { class: chosen.includes(i) ? "chosen" : "" }, ...row.map(cell)),
        ),
      ),
    ),
  );
}

/** @param {any} study */
async function drawFigures(study) {
  const places = (study.figures ?? []).map((/** @type {any} */ figure) => {
    const plot = make("div", { class: "figure", "data-figure": figure.key });
    main.append(
      make(
        "section",
        { class: "panel stack" },
        make("h2", {}, figure.title),
        make("p", { class: "quiet" }, figure.words ?? ""),
        plot,
      ),
    );
    return { plot, key: figure.key };
  });
  if (!places.length) return;
  const Plotly = await loadPlotly();
  for (const { plot, key } of places) {
    const figure = await read(
      `/api/studies/${encodeURIComponent(name)}/figures/${encodeURIComponent(key)}`,
    );
    const { title: _, height = USUAL_HEIGHT, ...layout } = figure.layout;
    plot.style.height = `${height}px`;
    await Plotly.newPlot(plot, figure.data, layout, { responsive: true, displaylogo: false });
  }
}

async function showStudy() {
  const study = await read(`/api/studies/${encodeURIComponent(name)}`);
  const done = study.progress?.done;
  if (showStudy.done !== done || showStudy.state !== study.state) {
    showStudy.done = done;
    showStudy.state = study.state;
    document.title = `${study.name} · Fathom`;
    main.replaceChildren(head(study));
    await drawFigures(study);
    if (study.table?.rows.length)
      main.append(
        make(
          "section",
          { class: "panel stack" },
          make("h2", {}, "Every depth in numbers"),
          tableOf(study.table),
        ),
      );
  }
  if (study.state === "running") setTimeout(() => show(), POLL_MILLISECONDS);
}
showStudy.done = /** @type {number | undefined} */ (undefined);
showStudy.state = "";

async function show() {
  try {
    await (name ? showStudy() : showList());
  } catch (error) {
    main.replaceChildren(
      make("p", { class: "panel", role: "alert" }, String(/** @type {Error} */ (error).message)),
    );
  }
}

show();
