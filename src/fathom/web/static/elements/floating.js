// @ts-check
/** Where a floating card goes: beside what it is about, always on the screen. */

const GAP = 8;

/**
 * @param {HTMLElement} card
 * @param {{left: number, top: number, right: number, bottom: number}} about In page coordinates of the window.
 */
export function placeBeside(card, about) {
  const { offsetWidth: width, offsetHeight: height } = card;
  const [across, down] = [window.innerWidth, window.innerHeight];
  const middle = (about.left + about.right) / 2;
  const left = Math.max(GAP, Math.min(middle - width / 2, across - width - GAP));
  const below = about.bottom + GAP;
  const above = about.top - GAP - height;
  const top =
    below + height <= down - GAP || above < GAP
      ? Math.min(below, Math.max(GAP, down - height - GAP))
      : above;
  Object.assign(card.style, {
    position: "fixed",
    inset: "auto",
    left: `${left}px`,
    top: `${top}px`,
  });
}

/**
 * Show a popover beside an element.
 *
 * @param {HTMLElement} card
 * @param {Element} anchor
 */
export function openBeside(card, anchor) {
  if (!card.matches(":popover-open")) card.showPopover();
  placeBeside(card, anchor.getBoundingClientRect());
}
