// The price chart. It counts in bars; the library only gets the candles around the view.

import { PlacedTrades } from "./trades.js";
import { TradeOverlay } from "./overlay.js";
import { LineGroup } from "./lines.js";
import { makeChart } from "./curves.js";
import { colour, onTheme } from "./theme.js";
import { counted, moment, number } from "./format.js";

const FEWEST_BARS = 12;
const PIXELS_OF_CANDLE = 3.2; // a candle narrower than this says little
const PIXELS_OF_MARK = 9; // more marks than one in so many would hide the candles
const AROUND = 1; // widths of the view that are loaded to either side

export class PriceChart {
  constructor(box, label) {
    this.box = box;
    this.label = label;
    this.from = 0;
    this.to = 1;
    this.loaded = null; // what the library has: bars a candle, and which
    this.stale = true;
    this.scheduled = false;
    this.groups = [];
    this.candles = null;
    this.trades = null;
    this.placed = null;
    this.symbol = -1;
    /** @type {(symbol: number) => Promise<void>} how another symbol is shown; the page says it */
    this.show = async () => {};
    this.chart = makeChart(box, { handleScroll: false, handleScale: false });
    this.series = this.chart.addSeries(window.LightweightCharts.CandlestickSeries, {
      borderVisible: false,
      lastValueVisible: false,
      priceLineVisible: false,
    });
    this.overlay = new TradeOverlay(this.series, (bar) => this.x(bar), (bar) => this.timeOf(bar));
    onTheme(() => this.paint());
  }

  paint() {
    const [up, down] = [colour("up"), colour("down")];
    this.series.applyOptions({
      upColor: up, downColor: down, wickUpColor: up, wickDownColor: down,
    });
    this.groups.forEach((group) => group.paint());
    this.overlay.paint();
  }

  /** Show a symbol, all of it, with its lines in place of those of the one before. */
  use(candles, trades, symbol) {
    this.candles = candles;
    this.trades = trades;
    this.symbol = symbol;
    this.stale = true;
    this.placed = new PlacedTrades(trades, symbol, candles);
    const { precision, step, blocks, firstLine, groups } = candles.about;
    this.series.applyOptions({ priceFormat: { type: "price", precision, minMove: step } });
    for (const group of [...this.groups].reverse()) group.detach(this.chart);
    this.groups = groups.map((group, place) => new LineGroup(group, blocks[firstLine], place));
    for (const group of this.groups) if (group.shown) this.turn(group, true);
    this.look(0, candles.bars);
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
    const fewest = Math.min(FEWEST_BARS, bars);
    const span = Math.min(Math.max(to - from, fewest), bars * 1.04 + fewest);
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
    const factor = this.candles.factorFor(this.span, most);
    if (!this.covers(factor)) this.load(factor);
    const { begin } = this.loaded;
    this.chart.timeScale().setVisibleLogicalRange({
      from: (this.from - begin) / factor - 0.5,
      to: (this.to - begin) / factor - 0.5,
    });
    const marks = Math.max(this.box.clientWidth / PIXELS_OF_MARK, 20);
    this.overlay.show(this.trades, this.placed, this.from, this.to, Math.floor(marks));
    this.tell();
  }

  covers(factor) {
    const { loaded, candles } = this;
    if (this.stale || loaded.factor !== factor) return false;
    return loaded.begin <= Math.max(this.from, 0) && loaded.end >= Math.min(this.to, candles.bars);
  }

  load(factor) {
    const { candles } = this;
    const margin = this.span * AROUND;
    const begin = Math.max(Math.floor((this.from - margin) / factor) * factor, 0);
    const end = Math.min(Math.ceil((this.to + margin) / factor) * factor, candles.bars);
    const reading = candles.missing(factor, begin, end);
    if (reading) reading.then(() => this.refresh());
    // No line may have a time that the candles do not have: the library asks them for it.
    for (const group of this.groups) group.clear();
    this.series.setData(candles.slice(factor, begin, end));
    for (const group of this.groups) group.show(candles, factor, begin, end);
    this.loaded = { factor, begin, end };
    this.stale = false;
  }

  /** Load again what is shown, for finer bars have come. */
  refresh() {
    this.stale = true;
    this.schedule();
  }

  tell() {
    const { candles, overlay, loaded } = this;
    const [first, end] = [this.from, this.to].map((bar) => (
      moment(candles.time[Math.min(Math.max(Math.floor(bar), 0), candles.bars - 1)])
    ));
    const { factor } = loaded;
    const detail = factor === 1 ? "single bars" : `${counted(factor, "bar")} a candle`;
    const [shown, all] = [overlay.shown.length, overlay.total];
    const some = shown < all ? `the ${number(shown, 0)} largest of ` : "";
    const marks = `${some}${counted(all, "trade")} marked`;
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

  /** How many candles of those that are loaded lie before the one of a bar. */
  candleOf(bar) {
    return Math.floor((bar - this.loaded.begin) / this.loaded.factor);
  }

  /** The time of the loaded candle of a bar; undefined where it is not loaded. */
  timeOf(bar) {
    if (!this.loaded || bar < this.loaded.begin || bar >= this.loaded.end) return undefined;
    return this.candles.time[this.loaded.begin + this.candleOf(bar) * this.loaded.factor];
  }

  /** The place of the candle of a bar; beyond those that are loaded as if there were more. */
  x(bar) {
    if (!this.loaded) return null;
    const scale = this.chart.timeScale();
    const [left, right] = [scale.logicalToCoordinate(0), scale.logicalToCoordinate(1000)];
    if (left === null || right === null) return null;
    return left + ((right - left) / 1000) * this.candleOf(bar);
  }
}
