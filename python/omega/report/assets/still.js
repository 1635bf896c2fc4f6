// A page that only needs its switch of colours.

import { startTheme } from "./theme.js";

startTheme(document.getElementById("theme"));
performance.mark("ready");
document.documentElement.dataset.ready = "true";
