// Candles by how many bars they stand for: the finest around trades, one whole level, and coarser.

import { Reader, lowerBound, readTable, unpack } from "./codec.js";

const STEP = 4; // from one level to the next

/** The candles of one symbol. Prices are kept in ticks; bars are counted from 0. */
export class Candles {
  static async load(about) {
    const [clock, whole] = await Promise.all([
      readTable(about, about.blocks[0]), unpack(about.blocks[1]),
    ]);
    return new Candles(about, clock.time, whole);
  }

  constructor(about, time, whole) {
    this.about = about;
    this.bars = about.bars;
    this.factor = about.factor; // of the whole level
    this.time = time;
    this.scale = 10 ** -about.decimals;
    const count = Math.ceil(this.bars / this.factor);
    this.whole = readColumns(new Reader(whole), count, new Map());
    this.cells = new Map(); // by cell of the whole level: where its finest bars begin
    this.blocks = new Map(); // and the block that has them, until it was read
    for (const [block, first, length] of about.fine) {
      for (let cell = first; cell < first + length; cell += 1) this.blocks.set(cell, block);
    }
  }

  /** How many bars a candle stands for where so many are shown as at most so many candles. */
  factorFor(span, most) {
    if (this.factor > 1 && span <= most) return 1;
    let { factor } = this;
    while (span / factor > most) factor *= STEP;
    return factor;
  }

  /** Begin to read the fine blocks of a stretch; null where all of them are there. */
  missing(factor, begin, end) {
    if (factor >= this.factor) return null;
    const wanted = new Set();
    const last = Math.ceil(end / this.factor);
    for (let cell = Math.floor(begin / this.factor); cell < last; cell += 1) {
      if (this.blocks.has(cell)) wanted.add(this.blocks.get(cell));
    }
    return wanted.size ? Promise.all([...wanted].map((block) => this.loadBlock(block))) : null;
  }

  async loadBlock(block) {
    const { factor, bars } = this;
    const [starts, places] = [new Map(), new Map()];
    let count = 0;
    for (const [owner, first, length] of this.about.fine) {
      if (owner !== block) continue;
      starts.set(count, this.whole.open[first]);
      for (let cell = first; cell < first + length; cell += 1) {
        places.set(cell, count);
        this.blocks.delete(cell);
        count += Math.min(factor, bars - cell * factor);
      }
    }
    const bytes = await unpack(this.about.blocks[2 + block]);
    const columns = readColumns(new Reader(bytes), count, starts);
    for (const [cell, start] of places) this.cells.set(cell, { columns, start });
  }

  /** The candles of the bars from `begin` up to `end`, both multiples of `factor`. */
  slice(factor, begin, end) {
    const out = [];
    for (let bar = begin; bar < end; bar += factor) {
      out.push(factor < this.factor ? this.fine(bar) : this.joined(bar, factor / this.factor));
    }
    return out;
  }

  /** So many candles of the whole level as one. */
  joined(bar, many) {
    const first = bar / this.factor;
    const made = this.candle(this.whole, first, bar);
    const end = Math.min(first + many, this.whole.open.length);
    for (let k = first + 1; k < end; k += 1) {
      made.high = Math.max(made.high, this.whole.high[k] * this.scale);
      made.low = Math.min(made.low, this.whole.low[k] * this.scale);
      made.close = this.whole.close[k] * this.scale;
    }
    return made;
  }

  /** A single bar; where none were kept, a coarse candle stands in the middle of its bars. */
  fine(bar) {
    const cell = Math.floor(bar / this.factor);
    const inside = bar - cell * this.factor;
    const place = this.cells.get(cell);
    if (place) return this.candle(place.columns, place.start + inside, bar);
    if (inside === this.factor >> 1) return this.candle(this.whole, cell, bar);
    return { time: this.time[bar] };
  }

  candle({ open, high, low, close }, k, bar) {
    const [{ scale }, time] = [this, this.time[bar]];
    return {
      time, open: open[k] * scale, high: high[k] * scale, low: low[k] * scale,
      close: close[k] * scale,
    };
  }

  /** The bar that holds a moment. */
  barAt(seconds) {
    const place = lowerBound(this.time, seconds + 1e-6) - 1;
    return Math.min(Math.max(place, 0), this.bars - 1);
  }
}

/** Read open, close, high and low; `starts` has the price that a stretch begins beside. */
function readColumns(reader, count, starts) {
  const open = reader.signed(count);
  const close = reader.signed(count);
  const high = reader.unsigned(count);
  const low = reader.unsigned(count);
  let before = 0;
  for (let k = 0; k < count; k += 1) {
    open[k] += starts.has(k) ? starts.get(k) : before;
    close[k] += open[k];
    high[k] += Math.max(open[k], close[k]);
    low[k] = Math.min(open[k], close[k]) - low[k];
    before = close[k];
  }
  return { open, high, low, close };
}
