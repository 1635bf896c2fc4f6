// Curves over time in panes, each with a switch: growth, rolling figures, exposure, comparisons.

import { Reader, summed, times, unpack } from "./codec.js";
import { chartColours, colour, onTheme } from "./theme.js";
import { axisTexts, moment, valueText } from "./format.js";

const DASHES = [0, 2, 1, 3]; // told apart without colours, too

/** Read the curves of a block, each as points. */
async function readCurves(about) {
  const reader = new Reader(await unpack(about.block));
  const clock = summed(times(reader.unsigned(about.rows), about.unit), about.first);
  return about.lines.map((line) => {
    const values = times(reader.nullable(about.rows), 10 ** -line.decimals);
    const points = Array.from(values, (value, k) =>
      Number.isNaN(value) ? { time: clock[k] } : { time: clock[k], value },
    );
    return { ...line, points };
  });
}

/** Draw all curves of a place; a click gives its moment to `onPick`. */
export async function drawCurves(box, keys, parts, onPick) {
  const lines = (await Promise.all(parts.map(readCurves))).flat();
  const chart = window.LightweightCharts.createChart(box, {
    autoSize: true,
    crosshair: { mode: 0 },
    handleScroll: { mouseWheel: false },
    handleScale: { mouseWheel: false },
    localization: { timeFormatter: moment },
  });
  const series = lines.map((line) => addCurve(chart, line));
  chart.panes().forEach((pane, k) => pane.setStretchFactor(k === 0 ? 3 : 1.4));
  if (onPick) chart.subscribeClick((event) => event.time !== undefined && onPick(event.time));
  onTheme(() => {
    chart.applyOptions({
      ...chartColours(),
      rightPriceScale: { borderColor: colour("line"), minimumWidth: 64, entireTextOnly: true },
      timeScale: { borderColor: colour("line"), timeVisible: true, minBarSpacing: 0.001 },
    });
    series.forEach((one, k) => paintCurve(one, lines[k]));
  });
  lines.forEach((line, k) => {
    series[k].applyOptions({ visible: line.shown });
    if (lines.length > 1) keys.append(curveSwitch(line, series[k]));
  });
  chart.timeScale().fitContent();
  box.dataset.drawn = "true";
  return { chart, lines, series };
}

function addCurve(chart, line) {
  const library = window.LightweightCharts;
  const area = line.kind === "area" || line.kind === "under";
  const made = chart.addSeries(
    area ? library.AreaSeries : library.LineSeries,
    {
      lineWidth: 1.5,
      lineStyle: DASHES[(line.dash || 0) % DASHES.length],
      lineType: line.kind === "steps" ? 1 : 0,
      invertFilledArea: line.kind === "under",
      priceLineVisible: false,
      lastValueVisible: false,
      priceFormat: {
        type: "custom",
        minMove: 10 ** -Math.min(line.decimals, 6),
        formatter: (value) => valueText(value, line.unit, line.decimals),
        tickmarksFormatter: (values) => axisTexts(values, line.unit),
      },
    },
    line.pane,
  );
  made.setData(line.points);
  return made;
}

function paintCurve(series, line) {
  const main = colour(line.colour);
  const soft = colour(`${line.colour}-soft`) || "transparent";
  const below = line.kind === "area" ? colour("surface") : soft;
  series.applyOptions({ color: main, lineColor: main, topColor: soft, bottomColor: below });
}

function curveSwitch(line, series) {
  return switchOf(line.name, `var(--${line.colour})`, line.shown, (on) => {
    series.applyOptions({ visible: on });
  });
}

/** A button that turns something on and off. */
export function switchOf(name, paint, shown, onTurn) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "turn";
  const key = document.createElement("i");
  key.className = "key";
  key.style.background = paint;
  button.append(key, name);
  button.setAttribute("aria-pressed", String(shown));
  button.addEventListener("click", () => {
    const on = button.getAttribute("aria-pressed") !== "true";
    button.setAttribute("aria-pressed", String(on));
    onTurn(on);
  });
  return button;
}
