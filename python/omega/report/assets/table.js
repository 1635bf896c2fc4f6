// The table of trades: sorted and filtered by columns of numbers; only rows in view exist.

import { counted, moment, number, short, words } from "./format.js";

const ROW = 30; // pixels, as page.css says
const SPARE = 8; // rows beyond the view
const SEEN = 500; // rows, and the largest value, that the width of a column follows
const MOVES = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10, Home: -Infinity,
  End: Infinity };

export class TradeTable {
  constructor(at, trades, onPick) {
    const body = at("rows");
    this.grid = at("grid");
    this.body = body;
    this.count = at("count");
    this.search = at("search");
    this.outcome = at("outcome");
    this.trades = trades;
    this.onPick = onPick;
    this.columns = columnsOf(trades);
    this.rows = [];
    this.sorted = { column: null, down: false };
    this.active = -1;
    this.scheduled = false;
    this.space = element("div", "space");
    body.append(this.space);
    this.grid.style.setProperty("--tracks", this.columns.map(({ width }) => width).join(" "));
    at("head").append(...this.columns.map((column) => this.heading(column)));
    body.addEventListener("scroll", () => this.schedule(), { passive: true });
    body.addEventListener("click", ({ target }) => {
      const row = target.closest(".row");
      if (row) this.pick(Number(row.dataset.row));
    });
    body.addEventListener("keydown", (event) => this.pressed(event));
    this.search.addEventListener("input", () => this.filter());
    this.outcome.addEventListener("change", () => this.filter());
    new ResizeObserver(() => this.schedule()).observe(body);
    this.filter();
  }

  heading(column) {
    const button = element("button", "sort", column.title);
    column.cell = element("div", column.text ? "cell" : "cell right");
    column.cell.setAttribute("role", "columnheader");
    column.cell.setAttribute("aria-sort", "none");
    button.setAttribute("type", "button");
    button.addEventListener("click", () => this.sortBy(column));
    column.cell.append(button);
    return column.cell;
  }

  sortBy(column) {
    const again = this.sorted.column === column;
    this.sorted = { column, down: again ? !this.sorted.down : !column.text };
    for (const { cell } of this.columns) cell.setAttribute("aria-sort", "none");
    column.cell.setAttribute("aria-sort", this.sorted.down ? "descending" : "ascending");
    this.order();
  }

  /** Keep the rows whose words have every word that is looked for. */
  filter() {
    const wanted = this.search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const test = OUTCOMES[this.outcome.value];
    const searched = this.columns.filter((column) => column.text);
    this.rows = [];
    for (let k = 0; k < this.trades.rows; k += 1) {
      if (test && !test(this.trades, k)) continue;
      const text = wanted.length && searched.map(({ show }) => show(k)).join(" ").toLowerCase();
      if (wanted.every((word) => text.includes(word))) this.rows.push(k);
    }
    this.order();
  }

  order() {
    const { column, down } = this.sorted;
    const way = down ? -1 : 1;
    this.rows.sort((a, b) => {
      if (!column) return a - b;
      const [left, right] = [column.value(a), column.value(b)];
      // What is missing comes last, either way.
      if (Number.isNaN(left)) return Number.isNaN(right) ? a - b : 1;
      if (Number.isNaN(right)) return -1;
      return left < right ? -way : left > right ? way : a - b;
    });
    const all = this.trades.rows;
    const some = this.rows.length === all ? "" : `${number(this.rows.length, 0)} of `;
    this.count.textContent = some + counted(all, "trade");
    this.grid.setAttribute("aria-rowcount", String(this.rows.length + 1));
    this.space.style.height = `${this.rows.length * ROW}px`;
    this.body.scrollTop = 0;
    this.schedule();
  }

  schedule() {
    if (this.scheduled) return;
    this.scheduled = true;
    requestAnimationFrame(() => {
      this.scheduled = false;
      const first = Math.max(Math.floor(this.body.scrollTop / ROW) - SPARE, 0);
      const last = first + Math.ceil(this.body.clientHeight / ROW) + 2 * SPARE;
      const shown = this.rows.slice(first, last);
      this.space.replaceChildren(...shown.map((k, place) => this.row(k, first + place)));
    });
  }

  row(k, place) {
    const row = element("div", "row");
    row.style.transform = `translateY(${place * ROW}px)`;
    row.id = `trade-${k}`;
    row.dataset.row = k;
    row.setAttribute("role", "row");
    row.setAttribute("aria-rowindex", String(place + 2));
    row.setAttribute("aria-selected", String(k === this.active));
    row.append(...this.columns.map((column) => {
      const cell = element("div", column.text ? "cell" : "cell right", column.show(k));
      cell.setAttribute("role", "gridcell");
      if (column.signed) cell.dataset.sign = Math.sign(column.value(k)) || 0;
      return cell;
    }));
    return row;
  }

  pressed(event) {
    if (!(event.key in MOVES)) return;
    event.preventDefault();
    const place = this.rows.indexOf(this.active) + MOVES[event.key];
    const inside = Math.min(Math.max(place, 0), this.rows.length - 1);
    if (inside >= 0) this.pick(this.rows[inside]);
  }

  pick(k) {
    this.mark(k);
    this.onPick(k);
  }

  /** Step to the trade after or before the active one, in the order shown. */
  step(by) {
    if (!this.rows.length) return;
    const place = this.rows.indexOf(this.active);
    const next = place < 0 ? (by > 0 ? 0 : this.rows.length - 1) : place + by;
    this.pick(this.rows[(next + this.rows.length) % this.rows.length]);
  }

  /** Show a row as the active one, and scroll to it where it is out of view. */
  mark(k) {
    this.active = k;
    const top = this.rows.indexOf(k) * ROW;
    const { scrollTop, clientHeight } = this.body;
    if (top >= 0 && (top < scrollTop || top + ROW > scrollTop + clientHeight)) {
      this.body.scrollTop = top - clientHeight / 2 + ROW;
    }
    this.schedule();
  }
}

const OUTCOMES = {
  wins: (trades, k) => trades.net[k] > 0,
  losses: (trades, k) => trades.net[k] < 0,
  ambiguous: (trades, k) => trades.ambiguous[k] === 1,
};

/**
 * The columns: what each shows and is sorted by, and whether it is text, which is looked through.
 * @returns {any[]}
 */
function columnsOf(trades) {
  const { about } = trades;
  const texts = (title, width, show, value = show) => ({ title, width, show, value, text: true });
  const numbers = (title, width, name, write, signed = false) => {
    const value = (k) => trades[name][k];
    return { title, width, value, show: (k) => write(value(k)), signed };
  };
  const spread = 0.55 * Math.max(...Array.from(trades.entryTime.slice(0, SEEN), moment)
    .map(({ length }) => length), 10);
  const time = (title, name) => (
    texts(title, `${spread}rem`, (k) => moment(trades[name][k]), (k) => trades[name][k])
  );
  const to = (decimals) => (value) => number(value, decimals);
  const [price, money] = [to(about.priceDecimals), to(about.moneyDecimals)];
  const whole = (title, name, write, signed = false) => {
    const largest = trades[name].reduce((one, other) => Math.max(one, Math.abs(other)), 0);
    const shown = [largest, ...trades[name].slice(0, SEEN)].map(write);
    const longest = Math.max(7, ...shown.map(({ length }) => length));
    return numbers(title, `minmax(${Math.max(4, 0.55 * longest)}rem, 1fr)`, name, write, signed);
  };
  const reason = (k) => words(about.reasons[trades.reason[k]]) + (trades.ambiguous[k] ? " ?" : "");
  const columns = [
    numbers("Trade", "3.5rem", "id", String),
    texts("Symbol", "5rem", (k) => about.symbols[trades.symbol[k]]),
    texts("Side", "4rem", (k) => (trades.short[k] ? "short" : "long")),
    time("Entry", "entryTime"),
    time("Exit", "exitTime"),
    numbers("Bars", "3.5rem", "bars", to(0)),
    whole("Lots", "lots", short),
    whole("Entry price", "entry", price),
    whole("Exit price", "exit", price),
    whole("Net profit", "net", money, true),
    numbers("R", "3.5rem", "r", to(2), true),
    texts("Exit reason", "minmax(7rem, 1.2fr)", reason),
  ];
  return columns.filter(({ title }) => title !== "Symbol" || about.symbols.length > 1);
}

/** @returns {any} */
function element(tag, className, textContent = "") {
  return Object.assign(document.createElement(tag), { className, textContent });
}
