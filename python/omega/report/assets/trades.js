// The trades of the run as columns.

import { Reader, lowerBound, summed, times, unpack } from "./codec.js";

/** Read the columns that _trades.py wrote, in its order. */
export async function loadTrades(about) {
  const reader = new Reader(await unpack(about.block));
  const { rows } = about;
  const entry = times(summed(reader.signed(rows)), about.unit);
  const held = times(reader.signed(rows), about.unit);
  const trades = { rows, about };
  trades.entryTime = entry.map((value) => value + about.first);
  trades.exitTime = trades.entryTime.map((value, k) => value + held[k]);
  trades.id = summed(reader.signed(rows));
  trades.bars = reader.unsigned(rows);
  const flags = reader.unsigned(rows);
  trades.short = flags.map((flag) => flag % 2);
  trades.ambiguous = flags.map((flag) => Math.floor(flag / 2) % 2);
  trades.reason = flags.map((flag) => Math.floor(flag / 4));
  trades.symbol = reader.unsigned(rows);
  trades.lots = times(summed(reader.signed(rows)), 10 ** -about.lotDecimals);
  readPrices(trades, reader);
  readMoney(trades, reader);
  return trades;
}

function readPrices(trades, reader) {
  const { rows, about } = trades;
  const entry = reader.signed(rows);
  const exit = reader.signed(rows);
  const stop = reader.nullable(rows);
  const target = reader.nullable(rows);
  let before = 0;
  for (let k = 0; k < rows; k += 1) {
    entry[k] += before;
    exit[k] += entry[k];
    stop[k] += entry[k];
    target[k] += entry[k];
    before = exit[k];
  }
  const tick = 10 ** -about.priceDecimals;
  Object.assign(trades, {
    entry: times(entry, tick),
    exit: times(exit, tick),
    stop: times(stop, tick),
    target: times(target, tick),
  });
}

function readMoney(trades, reader) {
  const { rows, about } = trades;
  const cent = 10 ** -about.moneyDecimals;
  for (const name of ["net", "mae", "mfe"]) trades[name] = times(reader.signed(rows), cent);
  for (const name of ["fees", "swap"]) trades[name] = times(summed(reader.signed(rows)), cent);
  trades.r = times(reader.nullable(rows), 10 ** -about.rDecimals);
}

/** The trades of one symbol beside its candles, ready to be found by bar. */
export class PlacedTrades {
  constructor(trades, symbol, candles) {
    this.rows = [];
    for (let k = 0; k < trades.rows; k += 1) if (trades.symbol[k] === symbol) this.rows.push(k);
    this.entryBar = Float64Array.from(this.rows, (k) => candles.barAt(trades.entryTime[k]));
    this.exitBar = Float64Array.from(this.rows, (k) => candles.barAt(trades.exitTime[k]));
    this.latest = this.exitBar.slice();
    for (let k = 1; k < this.latest.length; k += 1) {
      this.latest[k] = Math.max(this.latest[k], this.latest[k - 1]);
    }
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
