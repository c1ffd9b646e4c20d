// @ts-check
/**
 * Draws the page's figures in the colours of the moment, folds small multiples
 * where the window is narrow, and turns the page from light to dark.
 */

/**
 * @typedef {{panels: number, columns: number, panel_height: number,
 *            x_title: string, y_title: string}} Panels
 * @typedef {{data: any[], layout: Record<string, any>}} Drawing
 * @typedef {{react(plot: HTMLElement, data: any[], layout: object, config: object): unknown}} Plotly
 */

(() => {
  "use strict";

  // As in figures/panels.py, but for the margins: the page writes titles itself.
  const GAP_WIDTH = 0.035;
  const GAP_HEIGHT = 64;
  const MARGINS = 140;
  const NARROWEST_PANEL = 260;
  const NARROW = 620;

  const CONFIG = {
    displaylogo: false,
    showSendToCloud: false, // a study leaves this page only if its reader takes it
    plotlyServerURL: "",
    modeBarButtonsToRemove: ["select2d", "lasso2d", "autoScale2d", "zoomIn2d", "zoomOut2d"],
    toImageButtonOptions: { format: "svg" },
  };

  const root = document.documentElement;
  const plotly = /** @type {{Plotly?: Plotly}} */ (/** @type {unknown} */ (window)).Plotly;
  const darkness = window.matchMedia("(prefers-color-scheme: dark)");
  const plots = /** @type {HTMLElement[]} */ ([...document.querySelectorAll("[data-figure]")]);

  /** @type {Record<string, string>} */
  const night = parse("night-colours");
  const drawings = new Map(plots.map((plot) => [plot, parse(plot.dataset.figure ?? "")]));

  let isPrinting = false;

  /** @param {string} id @returns {any} */
  function parse(id) {
    return JSON.parse(document.getElementById(id)?.textContent ?? "{}");
  }

  /** @returns {boolean} */
  function isDark() {
    if (isPrinting) return false;
    return root.dataset.theme ? root.dataset.theme === "dark" : darkness.matches;
  }

  /** A copy in which every colour is that of the night. @param {any} value @returns {any} */
  function darkened(value) {
    if (typeof value === "string") return night[value] ?? value;
    if (Array.isArray(value)) return value.map(darkened);
    if (value === null || typeof value !== "object") return value;
    return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, darkened(entry)]));
  }

  /** @param {string} kind @param {number} panel @returns {string} */
  function axisKey(kind, panel) {
    return `${kind}axis${panel === 0 ? "" : panel + 1}`;
  }

  /**
   * Put panels into as many columns as fit: the rule of `placement` in figures/panels.py.
   * @param {Record<string, any>} layout @param {Panels} style @param {number} width
   */
  function fold(layout, style, width) {
    const fitting = Math.max(1, Math.floor(width / NARROWEST_PANEL));
    const columns = Math.min(style.columns, fitting);
    const rows = Math.ceil(style.panels / columns);
    const inner = rows * style.panel_height + (rows - 1) * GAP_HEIGHT;
    const panelWidth = (1 - (columns - 1) * GAP_WIDTH) / columns;
    const panelHeight = style.panel_height / inner;
    layout.height = inner + MARGINS;
    layout.legend = { ...layout.legend, y: 1 + 26 / inner };
    for (let panel = 0; panel < style.panels; panel += 1) {
      const column = panel % columns;
      const left = column * (panelWidth + GAP_WIDTH);
      const top = 1 - Math.floor(panel / columns) * (panelHeight + GAP_HEIGHT / inner);
      const isLowest = panel + columns >= style.panels;
      const x = layout[axisKey("x", panel)];
      const y = layout[axisKey("y", panel)];
      x.domain = [left, Math.min(left + panelWidth, 1)];
      y.domain = [Math.max(top - panelHeight, 0), Math.min(top, 1)];
      x.title = { ...x.title, text: isLowest ? style.x_title : "" };
      y.title = { ...y.title, text: column === 0 ? style.y_title : "" };
      y.showticklabels = column === 0;
    }
  }

  /** @param {Record<string, any>} layout @param {number} width */
  function narrow(layout, width) {
    if (width >= NARROW) return;
    layout.dragmode = false; // a finger on a figure scrolls the page
    if (!layout.meta?.panels) layout.height += 90; // the legend takes more lines
    layout.font = { ...layout.font, size: 11 };
    layout.margin = { ...layout.margin, l: 48, r: Math.min(layout.margin?.r ?? 12, 84) };
  }

  /** @param {HTMLElement} plot */
  function draw(plot) {
    const stored = /** @type {Drawing} */ (drawings.get(plot));
    const drawing = isDark() ? darkened(stored) : structuredClone(stored);
    const layout = drawing.layout;
    const width = Math.max(plot.clientWidth, layout.meta?.min_width ?? 0);
    layout.width = width;
    if (layout.meta?.panels) fold(layout, layout.meta.panels, width);
    narrow(layout, width);
    plot.style.minHeight = `${layout.height}px`;
    plotly?.react(plot, drawing.data, layout, CONFIG);
  }

  function drawAll() {
    plots.forEach(draw);
  }

  function nameTheme() {
    const button = document.querySelector(".theme");
    if (button) button.textContent = isDark() ? "Light page" : "Dark page";
  }

  /** @param {boolean} dark */
  function turn(dark) {
    root.dataset.theme = dark ? "dark" : "light";
    window.history.replaceState(null, "", `#${root.dataset.theme}`);
    nameTheme();
    drawAll();
  }

  /** @param {boolean} printing */
  function print(printing) {
    isPrinting = printing;
    if (printing) document.querySelectorAll("details").forEach((part) => (part.open = true));
    drawAll();
  }

  const asked = window.location.hash.slice(1);
  if (asked === "dark" || asked === "light") root.dataset.theme = asked;
  nameTheme();

  // Drawing changes heights; within the observer's own turn that would start a new one.
  /** @type {Map<Element, number>} */
  const widths = new Map();
  const watcher = new ResizeObserver((entries) => {
    for (const { target } of entries) {
      if (widths.get(target) === target.clientWidth) continue;
      widths.set(target, target.clientWidth);
      window.requestAnimationFrame(() => draw(/** @type {HTMLElement} */ (target)));
    }
  });
  plots.forEach((plot) => watcher.observe(plot));

  document.querySelector(".theme")?.addEventListener("click", () => turn(!isDark()));
  darkness.addEventListener("change", () => {
    nameTheme();
    drawAll();
  });
  window.addEventListener("beforeprint", () => print(true));
  window.addEventListener("afterprint", () => print(false));
})();
