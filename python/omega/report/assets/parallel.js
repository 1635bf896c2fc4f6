// Parallel coordinates: a stretch that is dragged along an axis keeps the runs that cross it.

import { opened, startTheme } from "./theme.js";

const NEAR = 24; // pixels from an axis that belong to it
const chart = document.getElementById("parallel");
const axes = [...chart.querySelectorAll(".axis")];
const lines = [...chart.querySelectorAll(".line")];
// A path goes from axis to axis, and its heights are thousandths from the top.
const heights = lines.map((line) => (
  line.getAttribute("d").match(/\d+/g).filter((_, k) => k % 2).map((text) => Number(text) / 1000)
));
const kept = axes.map(() => null);
let dragged = null;

/** Where a pointer is: how far down, and the axis that it is near to, or -1. */
function placeOf(event) {
  const at = chart.querySelector("svg").getBoundingClientRect();
  const apart = at.width / Math.max(axes.length - 1, 1);
  const axis = Math.round((event.clientX - at.left) / apart);
  const away = Math.abs(event.clientX - at.left - axis * apart);
  const down = Math.min(Math.max((event.clientY - at.top) / at.height, 0), 1);
  return { down, axis: away < NEAR && axis < axes.length ? axis : -1 };
}

function keep(axis, span) {
  kept[axis] = span;
  const box = axes[axis].querySelector(".kept");
  box.toggleAttribute("hidden", !span);
  if (span) {
    box.setAttribute("y", `${100 * span[0]}%`);
    box.setAttribute("height", `${100 * (span[1] - span[0])}%`);
  }
  showKept();
}

function showKept() {
  let count = 0;
  lines.forEach((line, k) => {
    const crosses = kept.every((span, axis) => (
      !span || (heights[k][axis] >= span[0] && heights[k][axis] <= span[1])
    ));
    count += Number(crosses);
    line.classList.toggle("off", !crosses);
  });
  const [some, all] = [count, lines.length].map((one) => one.toLocaleString("en-US"));
  document.getElementById("count").textContent = `${some} of ${all} runs`;
}

chart.addEventListener("pointerdown", (event) => {
  const { axis, down } = placeOf(event);
  if (axis < 0) return;
  chart.setPointerCapture(event.pointerId);
  dragged = { axis, start: down };
  keep(axis, null);
});
chart.addEventListener("pointermove", (event) => {
  if (!dragged) return;
  const { down } = placeOf(event);
  keep(dragged.axis, [Math.min(dragged.start, down), Math.max(dragged.start, down)]);
});
chart.addEventListener("pointerup", () => { dragged = null; });
document.getElementById("reset").addEventListener("click", () => (
  axes.forEach((_, axis) => keep(axis, null))
));
showKept();
startTheme();
opened({ axes, lines, kept });
