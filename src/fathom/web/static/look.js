// @ts-check
// Before anything is drawn: the reader's choice of dark or light, so that nothing flashes.
(() => {
  const chosen = localStorage.getItem("fathom-theme");
  if (chosen) document.documentElement.dataset.theme = chosen;
})();
