// Equity with its drawdown, and the scatter of excursions.

import { Reader, summed, times, unpack } from "./codec.js";
import { chartColours, colour, onTheme } from "./theme.js";
import { moment, number } from "./format.js";

/** Draw the curve; a click gives its moment to `onPick`. */
export async function drawEquity(box, about, onPick) {
  const reader = new Reader(await unpack(about.block));
  const clock = summed(times(reader.unsigned(about.rows), about.unit), about.first);
  const equity = times(summed(reader.signed(about.rows)), 10 ** -about.decimals);
  const fall = times(summed(reader.signed(about.rows)), 1e-5 * 100);
  const points = (values) => Array.from(values, (value, k) => ({ time: clock[k], value }));
  const library = window.LightweightCharts;
  const chart = library.createChart(box, {
    autoSize: true,
    crosshair: { mode: 0 },
    handleScroll: { mouseWheel: false },
    handleScale: { mouseWheel: false },
    localization: { timeFormatter: moment },
  });
  const shared = { lineWidth: 1.5, priceLineVisible: false, lastValueVisible: false };
  const digits = equity[0] < 100_000 ? Math.max(about.decimals, 2) : 0;
  const money = { type: "custom", minMove: 0.01, formatter: (v) => number(v, digits) };
  const curve = chart.addSeries(library.AreaSeries, { ...shared, priceFormat: money }, 0);
  const drop = chart.addSeries(
    library.AreaSeries,
    {
      ...shared,
      invertFilledArea: true,
      priceFormat: { type: "custom", minMove: 0.01, formatter: (v) => `${number(v, 1)} %` },
    },
    1,
  );
  curve.setData(points(equity));
  drop.setData(points(fall));
  const [upper, lower] = chart.panes();
  upper.setStretchFactor(3);
  lower.setStretchFactor(1);
  chart.subscribeClick((event) => event.time !== undefined && onPick(event.time));
  onTheme(() => paintEquity(chart, curve, drop));
  chart.timeScale().fitContent();
}

function paintEquity(chart, curve, drop) {
  chart.applyOptions({
    ...chartColours(),
    rightPriceScale: { borderColor: colour("line"), minimumWidth: 64 },
    timeScale: { borderColor: colour("line"), timeVisible: true, minBarSpacing: 0.01 },
  });
  const [line, fill] = [colour("accent"), colour("accent-soft")];
  curve.applyOptions({ lineColor: line, topColor: fill, bottomColor: colour("surface") });
  const [fall, below] = [colour("loss"), colour("loss-soft")];
  drop.applyOptions({ lineColor: fall, topColor: below, bottomColor: below });
}

const EDGE = { left: 52, right: 22, top: 10, bottom: 34 };

/** Draw how far each trade went against and for the trader. */
export function drawScatter(canvas, trades) {
  const worst = Float64Array.from(trades.mae, (value) => Math.abs(value));
  const best = Float64Array.from(trades.mfe, (value) => Math.max(value, 0));
  const limits = [reach(worst), reach(best)];
  const draw = () => paintScatter(canvas, { trades, worst, best, limits });
  onTheme(draw);
  new ResizeObserver(draw).observe(canvas);
}

/** All but the most extreme half of a hundredth. */
function reach(values) {
  const ordered = Float64Array.from(values).sort();
  return ordered[Math.floor((ordered.length - 1) * 0.995)] * 1.05 || 1;
}

function paintScatter(canvas, { trades, worst, best, limits }) {
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  const ratio = window.devicePixelRatio || 1;
  canvas.width = width * ratio;
  canvas.height = height * ratio;
  const context = canvas.getContext("2d");
  context.scale(ratio, ratio);
  const [wide, high] = [width - EDGE.left - EDGE.right, height - EDGE.top - EDGE.bottom];
  axes(context, { width, height, wide, high, limits });
  const dot = trades.rows > 5_000 ? 1.5 : trades.rows > 500 ? 2.5 : 5;
  context.globalAlpha = trades.rows > 5_000 ? 0.35 : 0.7;
  for (const [paint, wins] of [[colour("loss"), false], [colour("win"), true]]) {
    context.fillStyle = paint;
    for (let k = 0; k < trades.rows; k += 1) {
      if (trades.net[k] > 0 !== wins) continue;
      const x = EDGE.left + (Math.min(worst[k], limits[0]) / limits[0]) * wide;
      const y = EDGE.top + (1 - Math.min(best[k], limits[1]) / limits[1]) * high;
      context.fillRect(x - dot / 2, y - dot / 2, dot, dot);
    }
  }
}

function axes(context, { width, height, wide, high, limits }) {
  context.font = `11px ${getComputedStyle(document.body).fontFamily}`;
  context.strokeStyle = colour("grid");
  context.fillStyle = colour("muted");
  const compact = new Intl.NumberFormat("en-US", { notation: "compact", maximumFractionDigits: 1 });
  for (let k = 0; k <= 4; k += 1) {
    const x = EDGE.left + (k / 4) * wide;
    const y = EDGE.top + (1 - k / 4) * high;
    context.strokeRect(x, EDGE.top, 0, high);
    context.strokeRect(EDGE.left, y, wide, 0);
    context.textAlign = "center";
    context.fillText(compact.format((limits[0] * k) / 4), x, height - 18);
    context.textAlign = "right";
    context.fillText(compact.format((limits[1] * k) / 4), EDGE.left - 6, y + 4);
  }
  context.textAlign = "center";
  context.fillText("against the trade (MAE)", EDGE.left + wide / 2, height - 4);
  context.save();
  context.translate(11, EDGE.top + high / 2);
  context.rotate(-Math.PI / 2);
  context.fillText("for it (MFE)", 0, 0);
  context.restore();
}
