// @ts-check
import { fixed, percent } from "../lib/numbers.js";
import { make } from "./build.js";
import { metricName } from "./fathom-curve.js";
import { ask } from "./fields.js";

/** @typedef {import("../lib/types.js").Model} Model */

/** The numbers: losses, accuracy or R², and which class is mistaken for which. */
export class FathomScores extends HTMLElement {
  /** @type {string | undefined} */
  confusionKey;

  connectedCallback() {
    if (this.firstChild) return;
    this.testLoss = make("output", { class: "big number", id: "test-loss" });
    this.trainLoss = make("output", { class: "number", id: "train-loss" });
    this.testScore = make("output", { class: "big number" });
    this.trainScore = make("output", { class: "number" });
    this.scoreName = make("span", { class: "quiet small" });
    this.confusion = make("details", { class: "confusion" });
    this.second = make("p", { class: "small", hidden: true });
    this.append(
      make(
        "div",
        { class: "figures" },
        make(
          "div",
          {},
          make("span", { class: "quiet small" }, "Test loss"),
          this.testLoss,
          this.#under("train", this.trainLoss),
        ),
        make("div", {}, this.scoreName, this.testScore, this.#under("train", this.trainScore)),
      ),
      this.second,
      this.confusion,
    );
  }

  /**
   * @param {string} word
   * @param {HTMLElement} output
   */
  #under(word, output) {
    return make("span", { class: "quiet small" }, `${word} `, output);
  }

  /** @param {Model} model */
  update(model) {
    const { state, frame } = model.sides.a;
    if (
      !state ||
      !frame ||
      !this.testLoss ||
      !this.trainLoss ||
      !this.testScore ||
      !this.trainScore ||
      !this.scoreName
    )
      return;
    const { train, test } = frame.header.metrics;
    const say =
      state.metric === "accuracy" ? percent : (/** @type {any} */ value) => fixed(value, 3);
    this.testLoss.textContent = fixed(test.loss);
    this.trainLoss.textContent = fixed(train.loss);
    this.scoreName.textContent = `Test ${metricName(state.metric)}`;
    this.testScore.textContent = say(test[state.metric]);
    this.trainScore.textContent = say(train[state.metric]);
    this.#showSecond(model, say);
    this.#showConfusion(frame.header.confusion, state.classes);
  }

  /**
   * @param {Model} model
   * @param {(value: any) => string} say
   */
  #showSecond(model, say) {
    const b = model.sides.b;
    if (!this.second) return;
    this.second.hidden = !b?.frame;
    if (!b?.frame || !b.state) return;
    const { train, test } = b.frame.header.metrics;
    this.second.textContent = `Network B: test loss ${fixed(test.loss)}, train ${fixed(train.loss)}, test ${metricName(b.state.metric)} ${say(test[b.state.metric])}`;
  }

  /**
   * @param {number[][] | undefined} counts
   * @param {string[]} classes
   */
  #showConfusion(counts, classes) {
    if (!this.confusion) return;
    this.confusion.hidden = !counts?.length;
    const key = JSON.stringify([counts, classes]);
    if (!counts || this.confusionKey === key) return;
    this.confusionKey = key;
    const total = counts.flat().reduce((sum, count) => sum + count, 0);
    const right = counts.reduce((sum, row, i) => sum + row[i], 0);
    if (!this.summary) {
      this.summary = make("summary", {});
      this.table = make("div", { class: "matrix" });
      this.confusion.append(
        this.summary,
        make(
          "div",
          { class: "row small quiet" },
          "rows: truth, columns: answer",
          ask("confusion", "Confusion"),
        ),
        this.table,
      );
    }
    this.summary.textContent = `Confusion: ${total - right} of ${total} wrong`;
    this.table?.replaceChildren(matrix(counts, classes));
  }
}

/**
 * @param {number[][]} counts
 * @param {string[]} classes
 */
function matrix(counts, classes) {
  const most = Math.max(1, ...counts.flat());
  const head = make(
    "tr",
    {},
    make("td", {}),
    ...classes.map((name) => make("th", { class: "number", scope: "col" }, name)),
  );
  const rows = counts.map((row, i) =>
    make(
      "tr",
      {},
      make("th", { scope: "row" }, classes[i] ?? String(i)),
      ...row.map((count, j) => {
        const cell = make("td", { class: i === j ? "right" : count ? "wrong" : "" }, String(count));
        cell.style.setProperty("--share", String(count / most));
        return cell;
      }),
    ),
  );
  return make("table", {}, make("thead", {}, head), make("tbody", {}, ...rows));
}

customElements.define("fathom-scores", FathomScores);
