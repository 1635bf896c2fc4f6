// Curves over time in panes, each with a switch: growth, rolling figures, weights, comparisons.

import { readTable } from "./codec.js";
import { colour, onTheme } from "./theme.js";
import { formatOf, moment } from "./format.js";

const DASHES = [0, 2, 1, 3]; // told apart without colours, too
const KINDS = { area: "AreaSeries", under: "AreaSeries", stack: "BaselineSeries",
  bars: "HistogramSeries" };

/** A chart of the library in the colours of the page. */
export function makeChart(box, options) {
  const chart = window.LightweightCharts.createChart(box, {
    autoSize: true,
    crosshair: { mode: 0 },
    localization: { timeFormatter: moment },
    ...options,
  });
  onTheme(() => {
    const [line, grid] = [colour("line"), { color: colour("grid") }];
    chart.applyOptions({
      layout: {
        background: { type: "solid", color: colour("surface") },
        textColor: colour("muted"),
        fontFamily: getComputedStyle(document.body).fontFamily,
        fontSize: 11,
        attributionLogo: false,
        panes: { separatorColor: line, separatorHoverColor: line },
      },
      grid: { vertLines: grid, horzLines: grid },
      rightPriceScale: { borderColor: line, minimumWidth: 64, entireTextOnly: true },
      timeScale: { borderColor: line, timeVisible: true, minBarSpacing: 0.001 },
    });
  });
  return chart;
}

/** Add a line to a chart: its name of a kind, unit, decimals, number of dashes, and pane. */
export function addLine(chart, { kind, unit, decimals, dash = 0, pane = 0 }, options = {}) {
  const library = window.LightweightCharts;
  return chart.addSeries(library[KINDS[kind] || "LineSeries"], {
    lineWidth: 1.5,
    lineStyle: DASHES[dash % DASHES.length],
    lineType: kind === "steps" || kind === "stack" ? 1 : 0,
    invertFilledArea: kind === "under",
    priceLineVisible: false,
    lastValueVisible: false,
    priceFormat: formatOf(unit, decimals),
    ...options,
  }, pane);
}

/** Times with the values that there are, as the library takes them. */
export function pointsOf(times, values) {
  return Array.from(values, (value, k) => (
    Number.isNaN(value) ? { time: times[k] } : { time: times[k], value }
  ));
}

/** Read the curves of a block, each with its points. */
async function readCurves(about) {
  const table = await readTable(about, about.block);
  return about.lines.map((line, k) => ({ ...line, points: pointsOf(table.time, table[k]) }));
}

/** Draw all curves of a place; a click gives its moment to `onPick`. */
export async function drawCurves(box, keys, parts, onPick) {
  const lines = (await Promise.all(parts.map(readCurves))).flat();
  const chart = makeChart(box, {
    handleScroll: { mouseWheel: false },
    handleScale: { mouseWheel: false },
  });
  const series = lines.map((line) => addLine(chart, line));
  chart.panes().forEach((pane, k) => pane.setStretchFactor(k === 0 ? 3 : 1.4));
  if (onPick) chart.subscribeClick((event) => event.time !== undefined && onPick(event.time));
  onTheme(() => series.forEach((one, k) => one.applyOptions(paintOf(lines[k]))));
  const show = () => stacked(lines).forEach((points, k) => {
    series[k].applyOptions({ visible: lines[k].shown });
    series[k].setData(points);
    // Those nearer to 0 cover what of the others is not their own.
    if (lines[k].kind === "stack") series[k].setSeriesOrder(lines.length - 1 - k);
  });
  show();
  if (lines.length > 1) {
    keys.append(...lines.map((line) => switchOf(line.name, line.colour, line.shown, (on) => {
      line.shown = on;
      show();
    })));
  }
  const money = series.filter((_, k) => lines[k].unit === "money");
  if (money.length && money.every((one) => one.data().every(({ value }) => !(value <= 0)))) {
    keys.append(logSwitch(money[0]));
  }
  showValues(chart, box, lines, series);
  // The width is known only then: a box has its size before its chart has.
  chart.timeScale().subscribeSizeChange(() => fit(chart, lines));
  fit(chart, lines);
  box.dataset.drawn = "true";
  return { chart, lines, series };
}

/** Show all of the time, with room for half a label at both ends. */
function fit(chart, lines) {
  const scale = chart.timeScale();
  if (!scale.width()) return; // not painted yet
  const last = new Set(lines.flatMap(({ points }) => points.map(({ time }) => time))).size - 1;
  const room = (28 * last) / Math.max(scale.width() - 56, 56);
  scale.setVisibleLogicalRange({ from: -room, to: last + room });
}

/** The points of each line; those of a stack lie over those before them, shorts below 0. */
function stacked(lines) {
  const sums = [[], []];
  return lines.map(({ kind, shown, points }) => {
    if (kind !== "stack" || !shown) return points;
    return points.map(({ time, value }, k) => {
      if (value === undefined) return { time };
      const side = sums[value < 0 ? 1 : 0];
      side[k] = (side[k] || 0) + value;
      return { time, value: side[k] };
    });
  });
}

/** Write the values under the crosshair into a corner of the chart. */
function showValues(chart, box, lines, series) {
  const place = document.createElement("p");
  place.className = "values";
  box.append(place);
  const known = lines.map(({ points }) => new Map(points.map(({ time, value }) => [time, value])));
  chart.subscribeCrosshairMove(({ time }) => {
    const texts = lines.map(({ name, shown }, k) => {
      const value = shown ? known[k].get(time) : undefined;
      return value === undefined ? "" : `${name} ${series[k].priceFormatter().format(value)}`;
    });
    place.textContent = texts.filter(Boolean).join(" · ");
  });
}

function paintOf(line) {
  const main = colour(line.colour);
  if (line.kind === "stack") {
    const edge = colour("surface");
    return {
      lineWidth: 1, baseValue: { type: "price", price: 0 },
      topLineColor: edge, bottomLineColor: edge,
      topFillColor1: main, topFillColor2: main, bottomFillColor1: main, bottomFillColor2: main,
    };
  }
  const soft = colour(`${line.colour}-soft`) || "transparent";
  const below = line.kind === "area" ? colour("surface") : soft;
  return { color: main, lineColor: main, topColor: soft, bottomColor: below };
}

/** A button that makes equal steps of a price scale equal shares. */
export function logSwitch(series) {
  const button = switchOf("Log scale", "text", false, (on) => (
    series.priceScale().applyOptions({ mode: on ? 1 : 0 })
  ));
  button.querySelector(".key").remove();
  return button;
}

/** A button that turns something on and off. */
export function switchOf(name, paint, shown, onTurn) {
  const [button, key] = [document.createElement("button"), document.createElement("i")];
  Object.assign(button, { type: "button", className: "turn" });
  key.className = "key";
  key.style.background = `var(--${paint})`;
  button.append(key, name);
  button.setAttribute("aria-pressed", String(shown));
  button.addEventListener("click", () => {
    const on = button.getAttribute("aria-pressed") !== "true";
    button.setAttribute("aria-pressed", String(on));
    onTurn(on);
  });
  return button;
}
