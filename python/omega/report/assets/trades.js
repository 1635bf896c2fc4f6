// The trades of one symbol beside its candles, ready to be found by bar.

import { lowerBound } from "./codec.js";

export class PlacedTrades {
  constructor(trades, symbol, candles) {
    this.rows = [];
    for (let k = 0; k < trades.rows; k += 1) if (trades.symbol[k] === symbol) this.rows.push(k);
    this.entryBar = Float64Array.from(this.rows, (k) => candles.barAt(trades.entryTime[k]));
    this.exitBar = Float64Array.from(this.rows, (k) => candles.barAt(trades.exitTime[k]));
    let latest = 0;
    this.latest = this.exitBar.map((bar) => (latest = Math.max(latest, bar)));
  }

  /** Places of the trades that touch the bars from `from` to `to`. */
  within(from, to) {
    const found = [];
    const end = lowerBound(this.entryBar, to + 1);
    for (let k = lowerBound(this.latest, from - 1); k < end; k += 1) {
      if (this.exitBar[k] >= from - 1) found.push(k);
    }
    return found;
  }

  placeOf(row) {
    return lowerBound(this.rows, row);
  }
}
