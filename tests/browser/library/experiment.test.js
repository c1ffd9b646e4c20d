// @ts-check
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  beyondClassic,
  changed,
  plainLayer,
  toClassic,
} from "../../../src/fathom/web/static/lib/experiment.js";

/** @returns {any} */
function classic() {
  return {
    mode: "classic",
    seed: "1",
    data: {
      source: "circle",
      rows: null,
      noise: 0,
      train_share: 50,
      target: null,
      inputs: null,
      axes: [0, 1],
      formula: "",
      added: [],
      removed: [],
    },
    features: ["x", "y"],
    network: {
      layers: [plainLayer(4, "tanh"), plainLayer(2, "tanh")],
      output: { kind: "auto", frozen: false },
      initializer: "playground",
    },
    loss: "auto",
    optimizer: { name: "sgd", learning_rate: 0.03 },
    schedule: { name: "constant" },
    regularization: { name: "none", rate: 0 },
    batch_size: 10,
    shuffle: false,
    stop: { epochs: null, test_loss: null, patience: null },
    hide: [],
    view: {},
  };
}

/** @type {[string, (draft: any) => void][]} */
const OUTSIDE = [
  ["another optimizer", (draft) => (draft.optimizer = { name: "adam", learning_rate: 0.01 })],
  ["momentum", (draft) => (draft.optimizer.momentum = 0.9)],
  ["a ninth unit", (draft) => (draft.network.layers[0].units = 9)],
  [
    "a seventh layer",
    (draft) => (draft.network.layers = Array.from({ length: 7 }, () => plainLayer(2, "tanh"))),
  ],
  ["two activations", (draft) => (draft.network.layers[1].activation = "relu")],
  ["dropout", (draft) => (draft.network.layers[0].dropout = 0.2)],
  ["a skip", (draft) => (draft.network.layers[0].skip = true)],
  ["a frozen layer", (draft) => (draft.network.layers[0].frozen = true)],
  ["an own feature", (draft) => draft.features.push("sin(a + r)")],
  ["moons", (draft) => (draft.data.source = "moons")],
  ["cross-entropy", (draft) => (draft.loss = "binary_crossentropy")],
  ["a schedule", (draft) => (draft.schedule.name = "cosine")],
];

test("every original control keeps an experiment classic", () => {
  const after = changed(classic(), (draft) => {
    draft.network.layers.forEach((layer) => (layer.activation = "relu"));
    draft.regularization = { name: "l1", rate: 0.003 };
    draft.features = ["x^2", "sin(y)"];
    draft.data.source = "gaussian";
    draft.batch_size = 30;
  });
  assert.equal(after.mode, "classic");
});

for (const [name, edit] of OUTSIDE) {
  test(`${name} makes an experiment modern, and classic can be had back`, () => {
    const before = classic();
    const after = changed(before, edit);
    assert.equal(after.mode, "modern");
    assert.equal(before.mode, "classic", "the experiment itself must not change");
    assert.equal(beyondClassic(toClassic(after)), null);
  });
}
