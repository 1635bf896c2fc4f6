// Candles by level: the finest around trades, one whole level, and coarser ones made from it.

import { Reader, lowerBound, summed, times, unpack } from "./codec.js";

const STEP = 4; // from one level to the next
const FEWEST = 400; // a level this short needs no coarser one

/** The candles of one symbol. Prices are kept in ticks; bars are counted from 0. */
export class Candles {
  static async load(about) {
    const [clock, whole] = await Promise.all([unpack(about.blocks[0]), unpack(about.blocks[1])]);
    return new Candles(about, clock, whole);
  }

  constructor(about, clock, whole) {
    this.about = about;
    this.bars = about.bars;
    this.scale = 10 ** -about.decimals;
    const steps = new Reader(clock).unsigned(about.bars);
    this.time = summed(times(steps, about.unit), about.first);
    const count = Math.ceil(this.bars / about.factor);
    this.levels = pyramid(readColumns(new Reader(whole), count, new Map()), about.factor);
    this.fine = about.factor > 1 ? new Fine(about) : null;
  }

  /** The finest level that shows so many bars as at most so many candles. */
  levelFor(span, most) {
    if (this.fine && span <= most) return -1;
    const found = this.levels.findIndex((level) => span / level.factor <= most);
    return found < 0 ? this.levels.length - 1 : found;
  }

  factorOf(level) {
    return level < 0 ? 1 : this.levels[level].factor;
  }

  /** Begin to read the fine blocks of a stretch; null where all of them are there. */
  missing(level, begin, end) {
    if (level >= 0) return null;
    const { factor } = this.about;
    return this.fine.missing(Math.floor(begin / factor), Math.ceil(end / factor), this.levels[0]);
  }

  /** The candles of the bars from `begin` up to `end`, both multiples of the level's factor. */
  slice(level, begin, end) {
    return level < 0 ? this.fineSlice(begin, end) : this.wholeSlice(this.levels[level], begin, end);
  }

  wholeSlice(level, begin, end) {
    const out = [];
    for (let k = begin / level.factor; k * level.factor < end; k += 1) {
      out.push(this.candle(level, k, this.time[k * level.factor]));
    }
    return out;
  }

  /** Where no fine bars were kept, a coarse candle stands in the middle of its bars. */
  fineSlice(begin, end) {
    const { factor } = this.about;
    const out = [];
    for (let bar = begin; bar < end; bar += 1) {
      const cell = Math.floor(bar / factor);
      const place = this.fine.placeOf(cell);
      const time = this.time[bar];
      if (place) out.push(this.candle(place.columns, place.start + bar - cell * factor, time));
      else if (bar - cell * factor === factor >> 1) {
        out.push(this.candle(this.levels[0], cell, time));
      } else out.push({ time });
    }
    return out;
  }

  candle(level, k, time) {
    const { scale } = this;
    return {
      time,
      open: level.open[k] * scale,
      high: level.high[k] * scale,
      low: level.low[k] * scale,
      close: level.close[k] * scale,
    };
  }

  /** The bar that holds a moment. */
  barAt(seconds) {
    const place = lowerBound(this.time, seconds + 1e-6) - 1;
    return Math.min(Math.max(place, 0), this.bars - 1);
  }
}

/** Which stretches have their finest bars, and those that were read. */
class Fine {
  constructor(about) {
    this.about = about;
    this.first = Float64Array.from(about.fine, (stretch) => stretch[1]);
    this.read = new Map();
    this.reading = new Set();
  }

  stretchOf(cell) {
    const place = lowerBound(this.first, cell + 1) - 1;
    if (place < 0) return -1;
    const [, first, length] = this.about.fine[place];
    return cell < first + length ? place : -1;
  }

  placeOf(cell) {
    const stretch = this.stretchOf(cell);
    const found = stretch < 0 ? undefined : this.read.get(stretch);
    if (!found) return null;
    const cells = cell - this.about.fine[stretch][1];
    return { columns: found.columns, start: found.start + cells * this.about.factor };
  }

  missing(begin, end, whole) {
    const wanted = new Set();
    for (let cell = Math.max(begin, 0); cell < end; cell += 1) {
      const stretch = this.stretchOf(cell);
      if (stretch >= 0 && !this.read.has(stretch)) wanted.add(this.about.fine[stretch][0]);
    }
    const fresh = [...wanted].filter((block) => !this.reading.has(block));
    fresh.forEach((block) => this.reading.add(block));
    return fresh.length ? Promise.all(fresh.map((block) => this.load(block, whole))) : null;
  }

  async load(block, whole) {
    const bytes = await unpack(this.about.blocks[2 + block]);
    const { factor, bars } = this.about;
    const starts = new Map();
    let count = 0;
    this.about.fine.forEach(([owner, first, length], stretch) => {
      if (owner !== block) return;
      starts.set(count, whole.open[first]);
      this.read.set(stretch, { start: count });
      count += Math.min(length * factor, bars - first * factor);
    });
    const columns = readColumns(new Reader(bytes), count, starts);
    this.about.fine.forEach(([owner], stretch) => {
      if (owner === block) this.read.get(stretch).columns = columns;
    });
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

function pyramid(whole, factor) {
  const levels = [{ ...whole, factor }];
  while (levels[levels.length - 1].open.length > FEWEST) {
    levels.push(coarser(levels[levels.length - 1]));
  }
  return levels;
}

function coarser(level) {
  const from = level.open.length;
  const count = Math.ceil(from / STEP);
  const made = { factor: level.factor * STEP };
  for (const name of ["open", "high", "low", "close"]) made[name] = new Float64Array(count);
  for (let k = 0; k < count; k += 1) {
    const begin = k * STEP;
    const end = Math.min(begin + STEP, from);
    let high = level.high[begin];
    let low = level.low[begin];
    for (let j = begin + 1; j < end; j += 1) {
      if (level.high[j] > high) high = level.high[j];
      if (level.low[j] < low) low = level.low[j];
    }
    made.open[k] = level.open[begin];
    made.high[k] = high;
    made.low[k] = low;
    made.close[k] = level.close[end - 1];
  }
  return made;
}
