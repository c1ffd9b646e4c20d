// @ts-check
/** What the server should put into its frames: no more than what is on the screen. */

const RESOLUTION = 100;

/**
 * @param {import("./types.js").Model} model
 * @param {string | null} lens The view that is open.
 * @param {{layer: number, units: number[] | null} | null} space
 */
export function wantOf(model, lens, space) {
  return {
    type: "want",
    maps: "all",
    resolution: RESOLUTION,
    precision: "u1",
    focus: model.focus,
    parameters: true,
    health: lens === "health",
    space: lens === "space" ? space : null,
  };
}
