// Trades drawn over the candles: a line from entry to exit, marks, stop and target.

import { colour } from "./theme.js";

const MOST_MARKS = 160; // more would hide the candles
const MOST_LEVELS = 40; // stops and targets are read one by one
const MARK = 5; // half the width of a mark, in pixels

/** A primitive of the charting library that draws the trades in view. */
export class TradeOverlay {
  constructor(place) {
    this.place = place; // gives x of a bar and y of a price
    this.shown = [];
    this.selected = -1;
    this.request = () => {};
    const renderer = { draw: (target) => target.useMediaCoordinateSpace((s) => this.draw(s)) };
    this.views = [{ zOrder: () => "top", renderer: () => renderer }];
  }

  attached({ requestUpdate }) {
    this.request = requestUpdate;
  }

  paneViews() {
    return this.views;
  }

  updateAllViews() {}

  /** Choose what to draw; where there is too much, the largest profit or loss of each strip. */
  show(trades, placed, from, to) {
    this.trades = trades;
    this.placed = placed;
    const all = placed.within(from, to);
    this.total = all.length;
    this.shown = all.length > MOST_MARKS ? thinned(all, trades, placed, from, to) : all;
    const chosen = this.selected < 0 ? -1 : placed.placeOf(this.selected);
    if (chosen >= 0 && all.includes(chosen) && !this.shown.includes(chosen)) {
      this.shown.push(chosen);
    }
    this.request();
  }

  draw({ context }) {
    if (!this.trades) return;
    const colours = {
      win: colour("win"), loss: colour("loss"), stop: colour("stop"), target: colour("target"),
      surface: colour("surface"), text: colour("text"),
    };
    const levels = this.shown.length <= MOST_LEVELS;
    for (const k of this.shown) this.drawTrade(context, colours, k, levels);
  }

  drawTrade(context, colours, k, levels) {
    const { trades, placed, place } = this;
    const row = placed.rows[k];
    const [x1, x2] = [place.x(placed.entryBar[k]), place.x(placed.exitBar[k])];
    const [y1, y2] = [place.y(trades.entry[row]), place.y(trades.exit[row])];
    if ([x1, x2, y1, y2].includes(null)) return;
    const chosen = row === this.selected;
    const paint = trades.net[row] >= 0 ? colours.win : colours.loss;
    if (levels || chosen) {
      level(context, colours.stop, x1, x2, place.y(trades.stop[row]));
      level(context, colours.target, x1, x2, place.y(trades.target[row]));
    }
    context.globalAlpha = chosen ? 1 : 0.75;
    context.strokeStyle = paint;
    context.lineWidth = chosen ? 2.5 : 1.25;
    stroke(context, [3, 3], x1, y1, x2, y2);
    context.globalAlpha = 1;
    entryMark(context, colours, x1, y1, trades.short[row], chosen);
    exitMark(context, colours, paint, x2, y2, chosen);
  }
}

function thinned(all, trades, placed, from, to) {
  const best = new Map();
  for (const k of all) {
    const strip = Math.floor(((placed.entryBar[k] - from) / (to - from)) * MOST_MARKS);
    const rival = best.get(strip);
    const size = Math.abs(trades.net[placed.rows[k]]);
    if (rival === undefined || size > Math.abs(trades.net[placed.rows[rival]])) best.set(strip, k);
  }
  return [...best.values()].slice(0, MOST_MARKS);
}

function stroke(context, dash, x1, y1, x2, y2) {
  context.setLineDash(dash);
  context.beginPath();
  context.moveTo(x1, y1);
  context.lineTo(x2, y2);
  context.stroke();
  context.setLineDash([]);
}

function level(context, paint, x1, x2, y) {
  if (y === null) return;
  context.strokeStyle = paint;
  context.lineWidth = 1.5;
  stroke(context, [6, 3], x1, y, Math.max(x2, x1 + 6), y);
}

/** A triangle at the entry price: up for a long trade, down for a short one. */
function entryMark(context, colours, x, y, isShort, chosen) {
  const size = chosen ? MARK + 2 : MARK;
  const up = isShort ? -1 : 1;
  context.beginPath();
  context.moveTo(x, y - up * size);
  context.lineTo(x - size, y + up * size);
  context.lineTo(x + size, y + up * size);
  context.closePath();
  outlined(context, colours.text, colours.surface);
}

/** A dot at the exit price with profit, a square with loss, in the colour of what came of it. */
function exitMark(context, colours, paint, x, y, chosen) {
  const size = chosen ? MARK : MARK - 1;
  context.beginPath();
  if (paint === colours.win) context.arc(x, y, size, 0, 7);
  else context.rect(x - size, y - size, 2 * size, 2 * size);
  outlined(context, paint, colours.surface);
}

function outlined(context, fill, line) {
  context.fillStyle = fill;
  context.fill();
  context.strokeStyle = line;
  context.lineWidth = 1;
  context.stroke();
}
