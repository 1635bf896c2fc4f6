// A page that only needs its switch of colours.

import { opened, startTheme } from "./theme.js";

startTheme();
opened({});
