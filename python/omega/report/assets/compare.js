// Several runs: their curves over each other, as growth since the start.

import { drawCurves } from "./curves.js";
import { opened, startTheme } from "./theme.js";

startTheme();
const { curves } = JSON.parse(document.getElementById("about").textContent);
const keys = document.querySelector('[data-keys="growth"]');
const drawn = curves.growth && drawCurves(document.getElementById("growth"), keys, curves.growth);
Promise.resolve(drawn).then(opened);
