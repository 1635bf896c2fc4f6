// Trades over the candles: marks of the library, and lines from entry to exit, stop and target.

import { colour } from "./theme.js";

const MOST_LEVELS = 40; // stops and targets are read one by one

/** Draws the trades in view on a series; `x` gives the place of a bar, `time` its candle's time. */
export class TradeOverlay {
  constructor(series, x, time) {
    this.series = series;
    this.x = x;
    this.time = time;
    this.trades = null;
    this.placed = null;
    this.shown = [];
    this.total = 0;
    this.selected = -1;
    this.marks = window.LightweightCharts.createSeriesMarkers(series, [], { autoScale: false });
    const renderer = { draw: (target) => target.useMediaCoordinateSpace((s) => this.draw(s)) };
    const views = [{ zOrder: () => "top", renderer: () => renderer }];
    series.attachPrimitive({ paneViews: () => views, updateAllViews: () => {} });
  }

  /** Choose what to draw; where there is too much, the largest profit or loss of each strip. */
  show(trades, placed, from, to, most) {
    this.trades = trades;
    this.placed = placed;
    const all = placed.within(from, to);
    this.total = all.length;
    this.shown = all.length > most ? thinned(all, trades, placed, from, to, most) : all;
    const chosen = this.selected < 0 ? -1 : placed.placeOf(this.selected);
    if (chosen >= 0 && all.includes(chosen) && !this.shown.includes(chosen)) {
      this.shown.push(chosen);
    }
    this.paint();
  }

  /** The ends of a trade: its bars and prices. */
  ends(k) {
    const { trades, placed } = this;
    const row = placed.rows[k];
    return [[placed.entryBar[k], trades.entry[row]], [placed.exitBar[k], trades.exit[row]]];
  }

  /** Mark entries by arrows, and exits by what came of them: told apart without colours, too. */
  paint() {
    const [text, win, loss, surface] = ["text", "win", "loss", "surface"].map(colour);
    const marks = this.shown.flatMap((k) => {
      const row = this.placed.rows[k];
      const [short, won] = [this.trades.short[row], this.trades.net[row] >= 0];
      const shared = { position: "atPriceMiddle", size: row === this.selected ? 1.4 : 1 };
      const [[entry, price], [exit, left]] = this.ends(k);
      return [
        { ...shared, bar: entry, price, color: text, shape: short ? "arrowDown" : "arrowUp" },
        { ...shared, bar: exit, price: left, color: won ? win : loss,
          shape: won ? "circle" : "square" },
      ];
    }).map((mark) => ({ ...mark, time: this.time(mark.bar) }));
    const known = marks.filter(({ time }) => time !== undefined).sort((a, b) => a.time - b.time);
    // A rim, so that marks stand out from candles of their colour.
    this.marks.setMarkers(known.flatMap((mark) => (
      [{ ...mark, size: mark.size + 0.35, color: surface }, mark]
    )));
  }

  draw({ context }) {
    const levels = this.shown.length <= MOST_LEVELS;
    for (const k of this.shown) {
      const row = this.placed.rows[k];
      const chosen = row === this.selected;
      const [[x1, y1], [x2, y2]] = this.ends(k).map(([bar, price]) => [this.x(bar), this.y(price)]);
      context.lineWidth = chosen ? 2.5 : 1.5;
      line(context, this.trades.net[row] >= 0 ? "win" : "loss", [3, 3], [x1, y1, x2, y2]);
      for (const name of levels || chosen ? ["stop", "target"] : []) {
        const y = this.y(this.trades[name][row]);
        line(context, name, [6, 3], [x1, y, Math.max(x2, x1 + 6), y]);
      }
    }
  }

  y(price) {
    return Number.isNaN(price) ? null : this.series.priceToCoordinate(price);
  }

  /** The row of the shown trade whose mark is nearest to a point, or -1. */
  at(x, y) {
    let [found, nearest] = [-1, 12];
    for (const k of this.shown) {
      for (const [bar, price] of this.ends(k)) {
        const away = Math.hypot(this.x(bar) - x, this.y(price) - y);
        if (away < nearest) [found, nearest] = [this.placed.rows[k], away];
      }
    }
    return found;
  }
}

function thinned(all, trades, placed, from, to, most) {
  const best = new Map();
  for (const k of all) {
    const strip = Math.floor(((placed.entryBar[k] - from) / (to - from)) * most);
    const rival = best.get(strip);
    const size = Math.abs(trades.net[placed.rows[k]]);
    if (rival === undefined || size > Math.abs(trades.net[placed.rows[rival]])) best.set(strip, k);
  }
  return [...best.values()].slice(0, most);
}

function line(context, paint, dash, ends) {
  if (ends.includes(null)) return;
  context.strokeStyle = colour(paint);
  context.setLineDash(dash);
  context.beginPath();
  context.moveTo(ends[0], ends[1]);
  context.lineTo(ends[2], ends[3]);
  context.stroke();
}
