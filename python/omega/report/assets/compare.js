// Several runs: their curves over each other, as growth since the start.

import { drawCurves } from "./curves.js";
import { startTheme } from "./theme.js";

startTheme(document.getElementById("theme"));
const { curves } = JSON.parse(document.getElementById("about").textContent);
const box = document.getElementById("growth");
const keys = document.querySelector('[data-keys="growth"]');
drawCurves(box, keys, curves.growth).then(() => {
  performance.mark("ready");
  document.documentElement.dataset.ready = "true";
});
