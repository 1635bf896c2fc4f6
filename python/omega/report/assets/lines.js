// Volume, indicators and conditions of the price chart: one value for so many bars.

import { readTable } from "./codec.js";
import { addLine, pointsOf } from "./curves.js";
import { colour } from "./theme.js";

/** One packed line; it is read when it is first shown. */
class Line {
  constructor(about, kind, block) {
    this.about = about;
    this.kind = kind;
    this.block = block;
    this.values = null;
    this.before = null;
  }

  async load() {
    this.values = (await readTable(this.about, this.block)).value;
    if (this.kind !== "volume" && this.kind !== "marks") return;
    // Sums of all values before each, so that those of a candle cost no loop.
    this.before = new Float64Array(this.values.length + 1);
    this.values.forEach((value, k) => {
      this.before[k + 1] = this.before[k] + (Number.isNaN(value) ? 0 : value);
    });
  }

  /** The value of a candle that stands for the bars from `begin` up to `end`. */
  at(begin, end) {
    const { factor } = this.about;
    const last = Math.min(Math.ceil(end / factor), this.values.length) - 1;
    if (this.before) {
      const sum = this.before[last + 1] - this.before[Math.floor(begin / factor)];
      if (this.kind === "marks") return sum > 0 ? 1 : NaN;
      return end - begin < factor ? NaN : sum;
    }
    // A value is known at the last of its bars, and a candle shows the last one known in it.
    const whole = end >= this.values.length * factor ? last : Math.floor(end / factor) - 1;
    return (whole + 1) * factor <= begin || whole < 0 ? NaN : this.values[whole];
  }
}

/** What one switch turns on and off: the lines of an indicator, on the candles or in a pane. */
export class LineGroup {
  constructor(about, firstBlock, place) {
    this.about = about;
    this.shown = about.shown;
    this.series = [];
    // The first two colours of runs are those of profit and loss.
    this.colour = about.kind === "volume" ? "volume" : `run-${2 + (place % 4)}`;
    this.lines = about.lines.map((line) => new Line(line, about.kind, firstBlock + line.block));
  }

  async load() {
    await Promise.all(this.lines.map((line) => (line.values ? null : line.load())));
  }

  /** Put the lines on a chart; those of a pane open one. */
  attach(chart) {
    const { kind } = this.about;
    const pane = kind === "pane" || kind === "marks" ? chart.panes().length : 0;
    const bars = kind === "volume" || kind === "marks";
    /** @type {any} */
    const options = kind === "volume" ? { priceScaleId: "volume" } : {};
    const [candles] = chart.panes()[0].getSeries();
    if (kind === "over") options.priceFormat = candles.options().priceFormat;
    this.series = this.lines.map((line, dash) => addLine(chart, {
      kind: bars ? "bars" : "line", unit: kind, decimals: line.about.decimals, dash, pane,
    }, options));
    const margins = { top: 0.82, bottom: 0 };
    if (kind === "volume") {
      this.series[0].priceScale().applyOptions({ scaleMargins: margins });
      candles.priceScale().applyOptions({ scaleMargins: { top: 0.06, bottom: 0.2 } });
    }
    if (pane) chart.panes()[pane].setStretchFactor(kind === "marks" ? 0.12 : 0.35);
    this.paint();
  }

  detach(chart) {
    for (const series of this.series) chart.removeSeries(series);
    this.series = [];
  }

  clear() {
    for (const series of this.series) series.setData([]);
  }

  paint() {
    for (const series of this.series) series.applyOptions({ color: colour(this.colour) });
  }

  /** Show the bars from `begin` up to `end` at a level; candles give the times. */
  show(candles, factor, begin, end) {
    const bars = Array.from({ length: Math.ceil((end - begin) / factor) }, (_, k) => (
      begin + k * factor
    ));
    const times = bars.map((bar) => candles.time[bar]);
    this.series.forEach((series, k) => {
      const ends = (bar) => Math.min(bar + factor, candles.bars);
      series.setData(pointsOf(times, bars.map((bar) => this.lines[k].at(bar, ends(bar)))));
    });
  }
}
