// @ts-check
/** What the page wants to be true, and which of the two engines can do it. */

/** @typedef {import("./types.js").Experiment} Experiment */
/** @typedef {import("./types.js").Layer} Layer */

export const CLASSIC_SOURCES = ["circle", "xor", "gauss", "spiral", "plane", "gaussian"];
export const CLASSIC_FEATURES = ["x", "y", "x^2", "y^2", "x*y", "sin(x)", "sin(y)"];
export const CLASSIC_ACTIVATIONS = ["relu", "tanh", "sigmoid", "linear"];
export const REGRESSION_SOURCES = ["plane", "gaussian"];
const CLASSIC_LAYERS = 6;
const CLASSIC_UNITS = 8;
export const CLASSIC_BATCH = 30;

/**
 * @param {number} units
 * @param {string} activation
 * @returns {Layer}
 */
export function plainLayer(units, activation) {
  return { units, activation, normalization: "none", dropout: 0, skip: false, frozen: false };
}

/**
 * Why the classic engine cannot do this, or null if it can.
 *
 * @param {Experiment} experiment
 * @returns {string | null}
 */
export function beyondClassic(experiment) {
  const { data, network, optimizer } = experiment;
  const checks = /** @type {[boolean, string][]} */ ([
    [!CLASSIC_SOURCES.includes(data.source), "this data set"],
    [!!data.task && data.task !== naturalTask(data.source), "another task on this data"],
    [experiment.features.some((f) => !CLASSIC_FEATURES.includes(f)), "own features"],
    [experiment.features.length === 0, "no features"],
    [network.layers.length > CLASSIC_LAYERS, `more than ${CLASSIC_LAYERS} layers`],
    [network.layers.some((l) => l.units > CLASSIC_UNITS), `more than ${CLASSIC_UNITS} units`],
    [new Set(network.layers.map((l) => l.activation)).size > 1, "an activation for each layer"],
    [network.layers.some((l) => !CLASSIC_ACTIVATIONS.includes(l.activation)), "this activation"],
    [network.layers.some(isModernLayer), "normalisation, dropout, skips and freezing"],
    [network.output.kind !== "auto" || network.output.frozen, "another output"],
    [network.initializer !== "playground", "another initializer"],
    [experiment.loss !== "auto", "another loss"],
    [!isPlainDescent(optimizer), "another optimizer"],
    [experiment.schedule.name !== "constant", "a schedule"],
    [experiment.shuffle, "shuffling"],
    [experiment.batch_size > CLASSIC_BATCH, `batches of more than ${CLASSIC_BATCH}`],
  ]);
  return checks.find(([is]) => is)?.[1] ?? null;
}

/** @param {string} source */
function naturalTask(source) {
  return REGRESSION_SOURCES.includes(source) ? "regression" : "classification";
}

/** @param {Layer} layer */
function isModernLayer(layer) {
  return layer.normalization !== "none" || layer.dropout > 0 || layer.skip || layer.frozen;
}

/** @param {import("./types.js").Named} optimizer */
function isPlainDescent(optimizer) {
  return optimizer.name === "sgd" && !optimizer.momentum && !optimizer.nesterov;
}

/**
 * The nearest experiment that the classic engine can do.
 *
 * @param {Experiment} experiment
 * @returns {Experiment}
 */
export function toClassic(experiment) {
  const source = CLASSIC_SOURCES.includes(experiment.data.source)
    ? experiment.data.source
    : "circle";
  const first = experiment.network.layers[0]?.activation ?? "tanh";
  const activation = CLASSIC_ACTIVATIONS.includes(first) ? first : "tanh";
  const features = experiment.features.filter((f) => CLASSIC_FEATURES.includes(f));
  return {
    ...experiment,
    mode: "classic",
    data: { ...experiment.data, source, task: null, target: null, inputs: null, axes: [0, 1] },
    features: features.length ? features : ["x", "y"],
    network: {
      layers: experiment.network.layers
        .slice(0, CLASSIC_LAYERS)
        .map((layer) => plainLayer(Math.min(layer.units, CLASSIC_UNITS), activation)),
      output: { kind: "auto", frozen: false },
      initializer: "playground",
    },
    loss: "auto",
    optimizer: { name: "sgd", learning_rate: experiment.optimizer.learning_rate ?? 0.03 },
    schedule: { name: "constant" },
    batch_size: Math.min(experiment.batch_size, CLASSIC_BATCH),
    shuffle: false,
  };
}

/**
 * Change a copy of an experiment; it becomes modern when classic cannot do it.
 *
 * @param {Experiment} experiment
 * @param {(draft: Experiment) => void} change
 * @returns {Experiment}
 */
export function changed(experiment, change) {
  const draft = structuredClone(experiment);
  change(draft);
  if (draft.mode === "classic" && beyondClassic(draft)) draft.mode = "modern";
  return draft;
}

/**
 * A new layer like its neighbour.
 *
 * @param {Experiment} experiment
 * @returns {Layer}
 */
export function nextLayer(experiment) {
  const last = experiment.network.layers.at(-1);
  return plainLayer(Math.max(2, Math.min(last?.units ?? 4, 4)), last?.activation ?? "tanh");
}

/**
 * Which of the original's control names an address may hide.
 *
 * @param {Experiment | undefined} experiment
 * @param {string} control
 */
export function isHidden(experiment, control) {
  return experiment?.hide?.includes(control) ?? false;
}
