// Several runs: their curves over each other, as growth since the start.

import { Reader, summed, times, unpack } from "./codec.js";
import { chartColours, colour, onTheme, startTheme } from "./theme.js";
import { moment, number } from "./format.js";

const DASHES = [0, 2, 1, 3]; // told apart without colours, too

async function curves() {
  const about = JSON.parse(document.getElementById("about").textContent);
  const library = window.LightweightCharts;
  const chart = library.createChart(document.getElementById("equity"), {
    autoSize: true,
    crosshair: { mode: 0 },
    handleScroll: { mouseWheel: false },
    handleScale: { mouseWheel: false },
    localization: { timeFormatter: moment },
  });
  const made = [];
  for (const [k, run] of about.runs.entries()) {
    if (run.rows) made.push([k, await curve(chart, library, run, k)]);
  }
  onTheme(() => {
    chart.applyOptions({
      ...chartColours(),
      rightPriceScale: { borderColor: colour("line"), minimumWidth: 64 },
      timeScale: { borderColor: colour("line"), timeVisible: true, minBarSpacing: 0.01 },
    });
    for (const [k, series] of made) series.applyOptions({ color: colour(`run-${k % 6}`) });
  });
  chart.timeScale().fitContent();
}

async function curve(chart, library, run, k) {
  const reader = new Reader(await unpack(run.block));
  const clock = summed(times(reader.unsigned(run.rows), run.unit), run.first);
  const equity = summed(reader.signed(run.rows));
  const start = run.start * 10 ** run.decimals || 1;
  const series = chart.addSeries(library.LineSeries, {
    lineWidth: 2,
    lineStyle: DASHES[Math.floor(k / 6) % DASHES.length],
    priceLineVisible: false,
    lastValueVisible: false,
    priceFormat: { type: "custom", minMove: 0.01, formatter: (v) => `${number(v, 1)} %` },
  });
  const points = Array.from(equity, (value, row) => ({
    time: clock[row],
    value: (value / start - 1) * 100,
  }));
  series.setData(points);
  return series;
}

startTheme(document.getElementById("theme"));
curves().then(() => {
  performance.mark("ready");
  document.documentElement.dataset.ready = "true";
});
