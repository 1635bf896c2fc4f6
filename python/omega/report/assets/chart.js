// The price chart. It counts in bars; the library only gets the candles of the view at one level.

import { PlacedTrades } from "./trades.js";
import { TradeOverlay } from "./overlay.js";
import { chartColours, colour, onTheme } from "./theme.js";
import { counted, moment } from "./format.js";
import { LineGroup } from "./lines.js";

const FEWEST_BARS = 12;
const PIXELS_OF_CANDLE = 3.2; // a candle narrower than this says little
const AROUND = 1; // widths of the view that are loaded to either side

export class PriceChart {
  constructor(box, label) {
    this.box = box;
    this.label = label;
    this.from = 0;
    this.to = 1;
    this.loaded = null; // what the library has: a level and its bars
    this.stale = true;
    this.scheduled = false;
    this.frames = 0;
    this.groups = [];
    this.candles = null;
    this.trades = null;
    this.placed = null;
    this.symbol = -1;
    /** @type {(symbol: number) => Promise<void>} how another symbol is shown; the page says it */
    this.show = async () => {};
    const library = window.LightweightCharts;
    this.chart = library.createChart(box, {
      autoSize: true,
      handleScroll: false,
      handleScale: false,
      crosshair: { mode: 0 },
      localization: { timeFormatter: moment },
    });
    this.series = this.chart.addSeries(library.CandlestickSeries, {
      borderVisible: false,
      lastValueVisible: false,
      priceLineVisible: false,
    });
    this.overlay = new TradeOverlay({ x: (bar) => this.x(bar), y: (price) => this.y(price) });
    this.series.attachPrimitive(this.overlay);
    onTheme(() => this.paint());
  }

  paint() {
    this.chart.applyOptions({
      ...chartColours(),
      rightPriceScale: { borderColor: colour("line"), minimumWidth: 64, entireTextOnly: true },
      timeScale: {
        borderColor: colour("line"), timeVisible: true, secondsVisible: false, minBarSpacing: 0.1,
      },
    });
    this.groups.forEach((group) => group.paint());
    const [up, down] = [colour("up"), colour("down")];
    this.series.applyOptions({
      upColor: up, downColor: down, wickUpColor: up, wickDownColor: down,
    });
    this.overlay.request();
  }

  /** Show a symbol, all of it. */
  use(candles, trades, symbol) {
    this.candles = candles;
    this.symbol = symbol;
    this.trades = trades;
    this.placed = new PlacedTrades(trades, symbol, candles);
    this.stale = true;
    const { precision, step } = candles.about;
    this.series.applyOptions({ priceFormat: { type: "price", precision, minMove: step } });
    this.useGroups(candles.about);
    this.look(0, candles.bars);
  }

  /** Take the lines of a symbol in place of those of the one before. */
  useGroups(about) {
    for (const group of [...this.groups].reverse()) group.detach(this.chart);
    const first = about.blocks[about.firstLine];
    this.groups = about.groups.map((group, place) => new LineGroup(group, first, place));
    for (const group of this.groups) if (group.shown) this.turn(group, true);
  }

  /** Turn the lines of a group on or off. */
  async turn(group, on) {
    group.shown = on;
    if (!on) {
      group.detach(this.chart);
      return;
    }
    await group.load();
    if (!group.shown || group.series.length || !this.groups.includes(group)) return;
    group.attach(this.chart);
    this.refresh();
  }

  get span() {
    return this.to - this.from;
  }

  /** Look at the bars from `from` to `to`; drawn with the next frame. */
  look(from, to) {
    if (!this.candles) return;
    const { bars } = this.candles;
    const span = Math.min(Math.max(to - from, FEWEST_BARS), bars * 1.04 + FEWEST_BARS);
    const middle = Math.min(Math.max((from + to) / 2, 0), bars);
    this.from = middle - span / 2;
    this.to = middle + span / 2;
    this.schedule();
  }

  zoom(factor, at = 0.5) {
    const fixed = this.from + this.span * at;
    const span = Math.min(Math.max(this.span * factor, FEWEST_BARS), this.candles.bars * 1.04);
    this.look(fixed - span * at, fixed + span * (1 - at));
  }

  /** Move by a share of the view. */
  pan(share) {
    this.look(this.from + this.span * share, this.to + this.span * share);
  }

  schedule() {
    if (this.scheduled) return;
    this.scheduled = true;
    requestAnimationFrame(() => {
      this.scheduled = false;
      this.draw();
    });
  }

  draw() {
    const most = Math.max(this.box.clientWidth / PIXELS_OF_CANDLE, 60);
    const level = this.candles.levelFor(this.span, most);
    if (!this.covers(level)) this.load(level);
    const { factor, begin } = this.loaded;
    this.chart.timeScale().setVisibleLogicalRange({
      from: (this.from - begin) / factor - 0.5,
      to: (this.to - begin) / factor - 0.5,
    });
    this.overlay.show(this.trades, this.placed, this.from, this.to);
    this.frames += 1;
    this.tell();
  }

  covers(level) {
    const { loaded, candles } = this;
    if (!loaded || this.stale || loaded.level !== level) return false;
    const [from, to] = [Math.max(this.from, 0), Math.min(this.to, candles.bars)];
    return loaded.begin <= from && loaded.end >= to;
  }

  load(level) {
    const { candles } = this;
    const factor = candles.factorOf(level);
    const margin = this.span * AROUND;
    const begin = Math.max(Math.floor((this.from - margin) / factor) * factor, 0);
    const end = Math.min(Math.ceil((this.to + margin) / factor) * factor, candles.bars);
    const reading = candles.missing(level, begin, end);
    if (reading) reading.then(() => this.refresh());
    // No line may have a time that the candles do not have: the library asks them for it.
    for (const group of this.groups) group.clear();
    this.series.setData(candles.slice(level, begin, end));
    for (const group of this.groups) group.show(candles, factor, begin, end);
    this.loaded = { level, factor, begin, end };
    this.stale = false;
  }

  /** Load again what is shown, for finer bars have come. */
  refresh() {
    this.stale = true;
    this.schedule();
  }

  tell() {
    const { candles, overlay, loaded } = this;
    const last = candles.bars - 1;
    const [first, end] = [this.from, this.to].map((bar) =>
      moment(candles.time[Math.min(Math.max(Math.floor(bar), 0), last)]),
    );
    const { factor } = loaded;
    const detail = factor === 1 ? "single bars" : `${counted(factor, "bar")} a candle`;
    const hidden = overlay.total - overlay.shown.length;
    const some = hidden > 0 ? `${overlay.shown.length.toLocaleString("en-US")} of ` : "";
    const marks = `${some}${counted(overlay.total, "trade")} marked`;
    this.label.textContent = `${first} to ${end} · ${detail} · ${marks}`;
  }

  /** Put a trade in the middle of the view. */
  goTo(row) {
    const place = this.placed.placeOf(row);
    const [entry, exit] = [this.placed.entryBar[place], this.placed.exitBar[place]];
    const span = Math.max((exit - entry) * 2.5, 80);
    this.overlay.selected = row;
    this.look((entry + exit - span) / 2, (entry + exit + span) / 2);
  }

  /** Put a moment in the middle. */
  goToTime(seconds) {
    const bar = this.candles.barAt(seconds);
    const span = Math.min(this.span, 2000);
    this.look(bar - span / 2, bar + span / 2);
  }

  x(bar) {
    if (!this.loaded) return null;
    const { factor, begin } = this.loaded;
    const scale = this.chart.timeScale();
    const [left, right] = [scale.logicalToCoordinate(0), scale.logicalToCoordinate(1000)];
    if (left === null || right === null) return null;
    return left + ((right - left) / 1000) * ((bar + 0.5 - begin) / factor - 0.5);
  }

  y(price) {
    return Number.isNaN(price) ? null : this.series.priceToCoordinate(price);
  }

  /** The row of the shown trade whose mark is nearest to a point, or -1. */
  tradeAt(x, y) {
    let [found, nearest] = [-1, 12];
    for (const k of this.overlay.shown) {
      const row = this.placed.rows[k];
      const marks = [
        [this.placed.entryBar[k], this.trades.entry[row]],
        [this.placed.exitBar[k], this.trades.exit[row]],
      ];
      for (const [bar, price] of marks) {
        const away = Math.hypot(this.x(bar) - x, this.y(price) - y);
        if (away < nearest) [found, nearest] = [row, away];
      }
    }
    return found;
  }
}
