// @ts-check
/** Wires the page: messages from the server and the reader go into one model, and down to the elements. */

import "./elements/fathom-masthead.js";
import "./elements/fathom-notices.js";
import "./elements/fathom-transport.js";
import "./elements/fathom-settings.js";
import "./elements/fathom-data.js";
import "./elements/fathom-network.js";
import "./elements/fathom-output.js";
import "./elements/fathom-scores.js";
import "./elements/fathom-curve.js";
import "./elements/fathom-lenses.js";
import "./elements/fathom-help.js";
import "./elements/fathom-value-card.js";
import "./elements/fathom-unit-card.js";
import "./elements/fathom-layer-card.js";
import "./elements/fathom-feature-card.js";
import "./elements/fathom-upload.js";
import "./elements/fathom-keys.js";
import { Connection } from "./lib/connection.js";
import { changed } from "./lib/experiment.js";
import { newModel, newNetwork, pointsOf, readCatalog, sideOf, takeFrame } from "./lib/model.js";
import { wantOf } from "./lib/want.js";

/** @typedef {import("./lib/types.js").Change} Change */
/** @typedef {import("./lib/types.js").Experiment} Experiment */
/** @typedef {import("./lib/types.js").Side} Side */

const HISTORY_MILLISECONDS = 700;
const INSPECT_MILLISECONDS = 60;
const MOST_CARRIED = 50_000;

/** The page, once the catalogue is here. */
class Playground {
  /** @type {string | undefined} */
  sentWant;

  /** @param {import("./lib/types.js").Catalog} catalog */
  constructor(catalog) {
    this.model = /** @type {any} */ (
      newModel(catalog, {
        palette: localStorage.getItem("fathom-palette") ?? "classic",
        dark: isDark(),
      })
    );
    /** @type {Set<Change>} */
    this.changes = new Set();
    /** @type {{frame: number}[]} */
    this.undrawn = [];
    /** @type {{[side: string]: {experiment: Experiment, request: number} | null}} */
    this.wanted = { a: null, b: null };
    this.parts = /** @type {any[]} */ ([...document.querySelectorAll("*")]).filter(
      (one) => "update" in one,
    );
    this.connection = new Connection(
      `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/api/live`,
      {
        text: (message) => this.#text(message),
        arrays: (message) => this.#arrays(message),
        changed: (state, code) => this.#connectionChanged(state, code),
        start: () => this.#start(),
      },
    );
    this.notices = /** @type {any} */ (document.querySelector("fathom-notices"));
    document.addEventListener("fathom", (event) => this.#told(/** @type {CustomEvent} */ (event)));
    document.addEventListener("keydown", (event) => this.#key(event));
    document.addEventListener("click", (event) => {
      // What the keyboard presses counts no clicks.
      this.clicked = event.detail > 0 ? document.activeElement : null;
    });
    window.addEventListener("pagehide", () => leave(this.#carried()));
    window.addEventListener("hashchange", () => this.#addressChanged());
    window
      .matchMedia("(prefers-color-scheme: dark)")
      .addEventListener("change", () => this.#look({ dark: isDark() }));
    this.connection.open();
  }

  /** @param {...Change} kinds */
  #mark(...kinds) {
    for (const kind of kinds) this.changes.add(kind);
    if (this.due) return;
    this.due = true;
    requestAnimationFrame(() => this.#draw());
  }

  /** Everything is drawn here, once for each picture of the screen. */
  #draw() {
    this.due = false;
    const changes = this.changes;
    this.changes = new Set();
    try {
      for (const part of this.parts) part.update(this.model, changes);
    } finally {
      for (const { frame } of this.undrawn.splice(0)) this.connection.acknowledge(frame);
    }
    if (changes.has("structure")) this.#hideControls();
  }

  #hideControls() {
    const hidden = new Set(this.model.sides.a.state?.experiment.hide ?? []);
    for (const control of document.querySelectorAll("[data-control]")) {
      control.classList.toggle("withheld", hidden.has(control.getAttribute("data-control") ?? ""));
    }
  }

  // The server speaks

  #start() {
    const { session, sides } = this.model;
    const carried = sides.a.state ? this.#carried() : left();
    return { ...carried, type: "start", session: session ?? carried?.session, hash: location.hash };
  }

  /** What a page goes on with when its server, or itself, begins anew. */
  #carried() {
    const { session, sides } = this.model;
    const frame = sides.a.frame;
    const values = frame?.arrays.parameters?.values;
    const fits = values && values.length <= MOST_CARRIED && values.every(Number.isFinite);
    return {
      session,
      hash: location.hash,
      experiment: sides.a.state?.experiment ?? null,
      parameters: fits ? Array.from(values) : null,
      epoch: frame?.header.epoch ?? 0,
    };
  }

  /**
   * @param {"connecting" | "open" | "lost"} state
   * @param {number} [code]
   */
  #connectionChanged(state, code) {
    this.model.connection = state;
    document.documentElement.dataset.connection = state;
    if (state === "lost") {
      this.undrawn = [];
      this.sentWant = "";
      this.model.sides.a.playing = false;
      this.#askWhy();
      if (code === 1013)
        this.notices.say(
          "This server has as many pages open as it allows.",
          "Close another page.",
          "error",
        );
    }
    this.#mark("connection");
  }

  /** A server that was started anew does not know this page: only its new address lets it in. */
  async #askWhy() {
    if (this.model.stranger) return;
    try {
      const answer = await fetch("/api/catalog");
      this.model.stranger = [401, 403].includes(answer.status);
    } catch {
      this.model.stranger = false;
    }
    this.#mark("connection");
  }

  /** @param {any} message */
  #text(message) {
    const handlers = /** @type {{[type: string]: (message: any) => void}} */ ({
      welcome: (one) => this.#welcome(one),
      state: (one) => this.#state(one),
      status: (one) => this.#status(one),
      trouble: (one) => this.#trouble(one),
      stopped: (one) => this.notices.say(one.words),
      error: (one) => this.#error(one),
      history: (one) => this.#history(one),
      inspection: (one) => this.#inspection(one),
      slow: (one) => this.#keep({ slow: one }, "slow"),
      code: (one) => this.lenses.code(one),
    });
    handlers[message.type]?.(message);
  }

  get lenses() {
    return /** @type {any} */ (document.querySelector("fathom-lenses"));
  }

  /** @param {any} message */
  #welcome({ session, limits }) {
    this.model.session = session;
    this.model.stranger = false;
    Object.assign(this.model.catalog.limits, limits);
    this.sentWant = "";
    this.#want();
    this.connection.send({ type: "speed", ...this.model.speed });
  }

  /** @param {import("./lib/types.js").StateMessage} state */
  #state(state) {
    const side = state.side ?? "a";
    const network = sideOf(this.model, side);
    const first = !network.state;
    const before = network.state;
    network.state = state;
    network.playing = state.playing;
    network.phase = state.phase;
    if (state.effect === "reset" || state.effect === "data") network.trouble = null;
    const wanted = this.wanted[side];
    if (wanted && (!state.request || state.request >= wanted.request)) this.wanted[side] = null;
    if (
      state.request &&
      state.request === this.freshStart &&
      !["reset", "data"].includes(state.effect)
    ) {
      this.connection.send({ type: "reset", weights: "same" });
    }
    if (side === "a") {
      this.#showAddress(state);
      this.#notePresets(state);
    }
    if (!first) for (const note of state.notes) this.notices.say(note);
    if (state.phase === "failed" && state.error) this.notices.say(state.error, state.hint, "error");
    if (before && before.build !== state.build) this.lenses.structureChanged?.();
    this.#want();
    this.#mark("structure", "frame");
  }

  /** @param {import("./lib/types.js").StateMessage} state */
  #showAddress(state) {
    if (location.hash === state.hash) return;
    this.writtenHash = state.hash;
    history.replaceState(null, "", state.hash || location.pathname);
  }

  /** @param {import("./lib/types.js").StateMessage} state */
  #notePresets(state) {
    const { preset, presetHash } = this.model;
    if (preset && presetHash === "pending") this.model.presetHash = state.hash;
    else if (preset && presetHash !== state.hash) this.model.preset = null;
    const words = document.getElementById("preset-words");
    const chosen = this.model.catalog.presets.find(
      (/** @type {any} */ one) => one.key === this.model.preset,
    );
    if (words) {
      words.hidden = !chosen;
      words.textContent = chosen?.words ?? "";
    }
  }

  /** @param {any} message */
  #status({ side = "a", playing, phase, words }) {
    const network = sideOf(this.model, side);
    if (playing !== undefined) network.playing = playing;
    if (phase) network.phase = phase;
    network.words = words ?? "";
    this.#mark("connection");
  }

  /** @param {any} message */
  #trouble(message) {
    sideOf(this.model, message.side ?? "a").trouble = message;
    sideOf(this.model, message.side ?? "a").playing = false;
    this.#mark("connection");
  }

  /** @param {any} message */
  #error({ request, error, hint }) {
    for (const side of ["a", "b"]) {
      if (this.wanted[side] && (!request || request === this.wanted[side]?.request))
        this.wanted[side] = null;
    }
    if (this.model.presetHash === "pending") this.model.preset = null;
    this.notices.say(error, hint, "error");
    this.lenses.refused?.(error);
    this.#mark("structure");
  }

  /** @param {any} message */
  #history({ epochs, branches }) {
    this.model.history = { epochs, branches };
    this.#mark("history");
  }

  /** @param {any} message */
  #inspection(message) {
    if (message.request !== this.inspectRequest) return;
    this.#keep({ readings: { side: this.inspectSide, ...message } }, "look");
  }

  /** @param {import("./lib/types.js").Message} message */
  #arrays(message) {
    const { header, arrays } = message;
    const handlers = /** @type {{[type: string]: () => void}} */ ({
      frame: () => this.#frame(/** @type {any} */ (message)),
      points: () => this.#points(message),
      images: () => {
        this.model.sides.a.images = { pixels: arrays.pixels.values, shape: arrays.pixels.shape };
        this.#mark("frame");
      },
      many: () => this.#counted({ many: message }, header, "many"),
      depths: () => this.#counted({ depths: message }, header, "depths"),
      descent: () => this.#keep({ descent: message }, "descent"),
    });
    handlers[header.type]?.();
  }

  /** @param {import("./lib/types.js").Frame} frame */
  #frame(frame) {
    this.undrawn.push({ frame: frame.header.frame });
    takeFrame(sideOf(this.model, frame.header.side ?? "a"), frame);
    const now = performance.now();
    if (now - (this.askedHistory ?? -1e9) > HISTORY_MILLISECONDS) {
      this.askedHistory = now;
      this.connection.send({ type: "history" });
      clearTimeout(this.lateHistory);
      this.lateHistory = setTimeout(
        () => this.connection.send({ type: "history" }),
        HISTORY_MILLISECONDS,
      );
    }
    this.#mark("frame");
  }

  /** @param {import("./lib/types.js").Message} message */
  #points(message) {
    sideOf(this.model, message.header.side ?? "a").points = pointsOf(message);
    if (this.model.sides.a.state?.data.kind !== "image") this.model.sides.a.images = null;
    this.#mark("points", "frame");
  }

  /**
   * @param {any} values
   * @param {any} header
   * @param {Change} kind
   */
  #counted(values, header, kind) {
    if (header.frame !== undefined) this.undrawn.push({ frame: header.frame });
    this.#keep(values, kind);
  }

  /**
   * @param {any} values
   * @param {Change} kind
   */
  #keep(values, kind) {
    Object.assign(this.model, values);
    this.#mark(kind);
  }

  // The page asks

  /** Say what frames should contain, when that changed. */
  #want() {
    const want = wantOf(this.model, this.lenses.lens ?? null, this.lenses.space ?? null);
    const text = JSON.stringify(want);
    if (text === this.sentWant || !this.model.sides.a.state) return;
    this.sentWant = text;
    this.model.focusSent = want.focus;
    this.connection.send(want);
    if (this.model.sides.b) this.connection.send({ ...want, side: "b" });
  }

  /** @param {CustomEvent} event */
  #told({ detail }) {
    const handlers = /** @type {{[what: string]: (detail: any) => void}} */ ({
      send: (one) => this.#send(one.message),
      change: (one) => this.change(one.change, one.side),
      look: (one) => this.#look(one.values),
      ask: (one) => this.#part("fathom-help").show(one.topic, one.anchor),
      value: (one) => this.#part("fathom-value-card").show(one.card, one.x, one.y, one.pinned),
      unit: (one) => this.#part("fathom-unit-card").show(one.title, one.cards, one.anchor),
      layer: (one) => this.#part("fathom-layer-card").show(one.place, one.side, one.anchor),
      feature: (one) => this.#part("fathom-feature-card").show(one.anchor, one.side),
      upload: () => this.#part("fathom-upload").show(),
      uploaded: (one) => this.#uploaded(one.upload, one.choice),
      keys: () => this.#part("fathom-keys").show(),
      toggle: () => this.#toggle(),
      step: () => this.#send({ type: "step", unit: this.model.speed.unit, count: 1 }),
      seek: (one) => this.#seek(one.epoch),
      inspect: (one) => this.#inspect(one.what, one.side),
      preset: (one) => this.#preset(one.key),
      mend: (one) => this.#mend(one.mend, one.side),
      calm: (one) => this.#calm(one.side),
      compare: () => this.#compare(),
      theme: () => this.#theme(),
      share: () => this.#share(),
      save: (one) => this.#save(one.what),
      want: () => this.#want(),
      lens: (one) => this.lenses.open(one.lens),
      say: (one) => this.notices.say(one.words, one.hint, one.kind),
    });
    handlers[detail.do]?.(detail);
  }

  /** @param {string} name @returns {any} */
  #part(name) {
    return document.querySelector(name);
  }

  /** @param {any} message */
  #send(message) {
    if (!this.connection.send(message))
      this.notices.say("There is no connection to the server just now.", null, "error");
  }

  /**
   * Change the experiment; quick changes build on one another before the server has answered.
   *
   * @param {(draft: Experiment) => void} edit
   * @param {Side} [side]
   */
  change(edit, side = this.model.active) {
    const state = this.model.sides[side]?.state;
    if (!state) return;
    const before = this.wanted[side]?.experiment ?? state.experiment;
    const experiment = changed(before, edit);
    const request = this.connection.send({ type: "experiment", side, experiment });
    if (!request) return this.#send({ type: "experiment" });
    this.wanted[side] = { experiment, request };
    if (before.mode === "classic" && experiment.mode === "modern") {
      this.notices.say("Now a modern Keras model: the classic engine has no such setting.");
    }
    this.#optimistic(state, experiment);
  }

  /**
   * What only the page draws need not wait for the server.
   *
   * @param {import("./lib/types.js").StateMessage} state
   * @param {Experiment} experiment
   */
  #optimistic(state, experiment) {
    state.experiment.view = experiment.view;
    this.#mark("look");
  }

  /** @param {Partial<import("./lib/types.js").Model>} values */
  #look(values) {
    Object.assign(this.model, values);
    if (values.palette) localStorage.setItem("fathom-palette", values.palette);
    if ("focus" in values) this.#want();
    this.#mark("look");
  }

  #toggle() {
    const playing = this.model.sides.a.playing;
    this.model.sides.a.playing = !playing;
    this.#send({ type: playing ? "pause" : "play" });
    this.#mark("connection");
  }

  /** @param {number | null} epoch */
  #seek(epoch) {
    this.wantedEpoch = epoch;
    if (this.seekDue) return;
    this.seekDue = true;
    requestAnimationFrame(() => {
      this.seekDue = false;
      this.#send({ type: "seek", epoch: this.wantedEpoch });
    });
  }

  /**
   * @param {any} what
   * @param {Side} side
   */
  #inspect(what, side) {
    clearTimeout(this.inspectTimer);
    if (!what) {
      this.inspectRequest = 0;
      return void (this.model.readings && this.#keep({ readings: null }, "look"));
    }
    this.inspectTimer = setTimeout(() => {
      this.inspectSide = side;
      this.inspectRequest = this.connection.send({ type: "inspect", side, ...what });
    }, INSPECT_MILLISECONDS);
  }

  /** @param {string} key */
  #preset(key) {
    const preset = this.model.catalog.presets.find((/** @type {any} */ one) => one.key === key);
    if (!preset) return;
    this.model.preset = key;
    this.model.presetHash = "pending";
    const request = this.connection.send({ type: "experiment", experiment: preset.experiment });
    this.wanted.a = { experiment: preset.experiment, request };
    this.freshStart = request;
  }

  /**
   * @param {any} mend
   * @param {Side} side
   */
  #mend(mend, side) {
    this.#calm(side);
    if (mend.experiment) this.#send({ type: "experiment", side, experiment: mend.experiment });
    if (mend.reset) this.#send({ type: "reset", weights: mend.reset });
  }

  /** @param {Side} side */
  #calm(side) {
    sideOf(this.model, side).trouble = null;
    this.#mark("connection");
  }

  #compare() {
    const { model } = this;
    if (model.sides.b) {
      model.sides.b = null;
      model.active = "a";
      this.#send({ type: "compare", experiment: null });
    } else {
      model.sides.b = newNetwork();
      model.active = "b";
      this.sentWant = "";
      this.#send({ type: "compare", experiment: model.sides.a.state.experiment });
    }
    document.body.classList.toggle("comparing", !!model.sides.b);
    this.#mark("structure", "look");
  }

  #theme() {
    const next = isDark() ? "light" : "dark";
    document.documentElement.dataset.theme = next;
    localStorage.setItem("fathom-theme", next);
    this.#look({ dark: isDark() });
  }

  async #share() {
    try {
      await navigator.clipboard.writeText(location.href);
      this.notices.say("The address of this experiment is copied.");
    } catch {
      this.notices.say("The address bar holds this experiment; copy it from there.");
    }
  }

  /** @param {string} what */
  #save(what) {
    const side = this.model.active;
    const base = `/api/sessions/${encodeURIComponent(this.model.session ?? "")}`;
    if (what === "keras") download(`${base}/network.keras?side=${side}`);
    else if (what === "weights") download(`${base}/weights.json?side=${side}`);
    else if (what === "code") this.lenses.open("code");
    else {
      const picture = this.#part(`fathom-network[side="${side}"]`).picture();
      const url = URL.createObjectURL(new Blob([picture], { type: "image/svg+xml" }));
      download(url, "network.svg");
      setTimeout(() => URL.revokeObjectURL(url), 1000);
    }
  }

  /**
   * @param {any} upload
   * @param {any} choice
   */
  #uploaded(upload, choice) {
    this.model.uploads = [
      ...this.model.uploads.filter((/** @type {any} */ one) => one.source !== upload.source),
      upload,
    ];
    this.change((draft) => {
      Object.assign(draft.data, {
        source: upload.source,
        rows: null,
        task: null,
        axes: [0, 1],
        added: [],
        removed: [],
        ...choice,
      });
      draft.loss = "auto";
    }, "a");
  }

  #addressChanged() {
    if (location.hash === this.writtenHash || location.hash === this.model.sides.a.state?.hash)
      return;
    this.#send({ type: "open", hash: location.hash });
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.key === "Tab") this.clicked = null;
    const target = /** @type {HTMLElement} */ (event.target);
    const command = event.ctrlKey || event.metaKey;
    if (command && event.key.toLowerCase() === "z" && !isTyping(target)) {
      event.preventDefault();
      return this.#send({ type: event.shiftKey ? "redo" : "undo" });
    }
    if (command || event.altKey || isTyping(target)) return;
    const handlers = /** @type {{[key: string]: () => void}} */ ({
      " ": () => this.#toggle(),
      ArrowRight: () => this.#send({ type: "step", unit: this.model.speed.unit, count: 1 }),
      r: () => this.#send({ type: "reset", weights: "same" }),
      n: () => this.#send({ type: "reset", weights: "new" }),
      g: () => this.#send({ type: "regenerate" }),
      b: () => this.#compare(),
      d: () => this.#theme(),
      t: () => this.#tick("show_test"),
      o: () => this.#tick("discretize"),
      "?": () => this.#part("fathom-keys").show(),
    });
    const handler = handlers[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!handler || document.querySelector("dialog[open]")) return;
    if ((event.key !== " " || target !== this.clicked) && isItsOwn(target, event.key)) return;
    // A button that was clicked keeps the focus; the next Space is meant for the page.
    if (event.key === " ") target.blur();
    event.preventDefault();
    handler();
  }

  /** @param {"show_test" | "discretize"} key */
  #tick(key) {
    this.change((draft) => void (draft.view[key] = !draft.view[key]), "a");
  }
}

/**
 * Leave a note for the page that follows in this tab. It is written only when a page goes, so
 * that a copied tab begins a session of its own.
 *
 * @param {{session: string | null, hash: string, [member: string]: any}} carried
 */
function leave(carried) {
  if (carried.session) sessionStorage.setItem("fathom-left", JSON.stringify(carried));
}

/** The note of the page before, if this one is about the same experiment or about none. */
function left() {
  const carried = JSON.parse(sessionStorage.getItem("fathom-left") ?? "null");
  sessionStorage.removeItem("fathom-left");
  return carried && ["", carried.hash].includes(location.hash) ? carried : null;
}

/** @param {HTMLElement} target */
function isTyping(target) {
  return target.matches?.(
    "input[type=text], input[type=number], input[type=file], textarea, select",
  );
}

/**
 * Whether a key belongs to the control that has the focus: arrows to sliders, Space to buttons.
 *
 * @param {HTMLElement} target
 * @param {string} key
 */
function isItsOwn(target, key) {
  if (key === "ArrowRight") return target.matches?.("input");
  return key === " " && target.matches?.("button, summary, a, input:not([type=range])");
}

function isDark() {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === "dark" : window.matchMedia("(prefers-color-scheme: dark)").matches;
}

/**
 * @param {string} address
 * @param {string} [name]
 */
function download(address, name = "") {
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
}

async function begin() {
  document.getElementById("starting")?.remove();
  const answer = await fetch("/api/catalog");
  const catalog = await answer.json();
  if (!answer.ok) throw new Error(catalog.error);
  return new Playground(readCatalog(catalog));
}

begin().catch((error) => {
  /** @type {any} */ (document.querySelector("fathom-notices"))?.say(
    String(error.message ?? error),
    "Load the page again.",
    "error",
  );
});
