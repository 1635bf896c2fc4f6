// Volume, indicators and conditions of the price chart: one value for so many bars.

import { Reader, unpack } from "./codec.js";
import { colour } from "./theme.js";
import { axisTexts } from "./format.js";

/** One packed line; it is read when it is first shown. */
class Line {
  constructor(about, kind, number) {
    this.about = about;
    this.kind = kind;
    this.number = number;
    this.values = null;
    this.before = null;
  }

  async load() {
    const { about } = this;
    const differences = new Reader(await unpack(this.number)).nullable(about.rows);
    const scale = 10 ** -about.decimals;
    let sum = 0;
    this.values = differences.map((value) => {
      if (Number.isNaN(value)) return NaN;
      sum += value;
      return sum * scale;
    });
    if (this.kind === "volume" || this.kind === "marks") this.addUp();
  }

  /** Sums of all values before each, so that those of a candle cost no loop. */
  addUp() {
    this.before = new Float64Array(this.values.length + 1);
    this.values.forEach((value, k) => {
      this.before[k + 1] = this.before[k] + (Number.isNaN(value) ? 0 : value);
    });
  }

  /** The value of a candle that stands for the bars from `begin` up to `end`. */
  at(begin, end) {
    const { factor } = this.about;
    const first = Math.floor(begin / factor);
    const last = Math.min(Math.ceil(end / factor), this.values.length) - 1;
    if (this.before) {
      const sum = this.before[last + 1] - this.before[first];
      if (this.kind === "marks") return sum > 0 ? 1 : NaN;
      return end - begin < factor ? NaN : sum;
    }
    // A value is known at the last of its bars, and a candle shows the last one known in it.
    const whole = end >= this.values.length * factor ? last : Math.floor(end / factor) - 1;
    return (whole + 1) * factor <= begin ? NaN : this.values[whole];
  }
}

/** What one switch turns on and off: the lines of an indicator, on the candles or in a pane. */
export class LineGroup {
  constructor(about, firstBlock, place) {
    this.about = about;
    this.shown = about.shown;
    // The first two colours of runs are those of profit and loss.
    this.colour = about.kind === "volume" ? "volume" : `run-${2 + (place % 4)}`;
    this.lines = about.lines.map((line) => new Line(line, about.kind, firstBlock + line.block));
    this.series = [];
  }

  async load() {
    await Promise.all(this.lines.map((line) => (line.values ? null : line.load())));
  }

  /** Put the lines on a chart; those of a pane open one. */
  attach(chart) {
    const library = window.LightweightCharts;
    const { kind } = this.about;
    const pane = kind === "pane" || kind === "marks" ? chart.panes().length : 0;
    this.series = this.lines.map((line, k) => {
      const bars = kind === "volume" || kind === "marks";
      const made = chart.addSeries(
        bars ? library.HistogramSeries : library.LineSeries,
        this.options(line, k),
        pane,
      );
      const margins = { top: 0.82, bottom: 0 };
      if (kind === "volume") made.priceScale().applyOptions({ scaleMargins: margins });
      return made;
    });
    if (pane) chart.panes()[pane].setStretchFactor(kind === "marks" ? 0.12 : 0.35);
    this.paint();
  }

  options(line, k) {
    const { kind } = this.about;
    const shared = { lineWidth: 1.5, lineStyle: [0, 2, 1, 3][k % 4], priceLineVisible: false };
    if (kind === "over") return { ...shared, lastValueVisible: false };
    const written = {
      type: "custom",
      minMove: 10 ** -Math.min(line.about.decimals, 8),
      formatter: (value) => axisTexts([value], "number")[0],
      tickmarksFormatter: (values) =>
        kind === "marks" ? values.map(() => "") : axisTexts(values, "number"),
    };
    const scale = kind === "volume" ? { priceScaleId: "volume" } : {};
    return { ...shared, ...scale, lastValueVisible: false, priceFormat: written };
  }

  detach(chart) {
    for (const series of this.series) chart.removeSeries(series);
    this.series = [];
  }

  clear() {
    for (const series of this.series) series.setData([]);
  }

  paint() {
    const main = colour(this.colour);
    for (const series of this.series) series.applyOptions({ color: main });
  }

  /** Show the bars from `begin` up to `end` at a level; candles give the times. */
  show(candles, factor, begin, end) {
    this.series.forEach((series, k) => {
      const line = this.lines[k];
      if (!line.values) return;
      const points = [];
      for (let bar = begin; bar < end; bar += factor) {
        const value = line.at(bar, Math.min(bar + factor, candles.bars));
        const time = candles.time[bar];
        points.push(value === undefined || Number.isNaN(value) ? { time } : { time, value });
      }
      series.setData(points);
    });
  }
}
