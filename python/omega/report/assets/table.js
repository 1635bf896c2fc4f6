// The table of trades: sorted and filtered by columns of numbers; only rows in view exist.

import { moment, number, short, words } from "./format.js";

const ROW = 30; // pixels, as page.css says
const SPARE = 8; // rows beyond the view

export class TradeTable {
  constructor(parts, trades, onPick) {
    this.grid = parts.grid;
    this.body = parts.body;
    this.head = parts.head;
    this.count = parts.count;
    this.search = parts.search;
    this.outcome = parts.outcome;
    this.scheduled = false;
    this.trades = trades;
    this.onPick = onPick;
    this.columns = columnsOf(trades);
    this.rows = Array.from({ length: trades.rows }, (_, k) => k);
    this.sorted = { column: null, down: false };
    this.active = -1;
    this.pool = [];
    this.space = element("div", "space");
    this.body.append(this.space);
    this.makeHead();
    this.body.addEventListener("scroll", () => this.schedule(), { passive: true });
    this.body.addEventListener("click", (event) => this.clicked(event));
    this.body.addEventListener("keydown", (event) => this.pressed(event));
    this.search.addEventListener("input", () => this.filter());
    this.outcome.addEventListener("change", () => this.filter());
    new ResizeObserver(() => this.schedule()).observe(this.body);
    this.filter();
  }

  makeHead() {
    const tracks = this.columns.map((column) => column.width).join(" ");
    this.body.parentElement.style.setProperty("--tracks", tracks);
    for (const column of this.columns) {
      const cell = element("div", column.text ? "cell" : "cell right");
      cell.setAttribute("role", "columnheader");
      cell.setAttribute("aria-sort", "none");
      const button = element("button", "sort");
      button.type = "button";
      button.textContent = column.title;
      button.addEventListener("click", () => this.sortBy(column));
      cell.append(button);
      column.cell = cell;
      this.head.append(cell);
    }
  }

  sortBy(column) {
    const again = this.sorted.column === column;
    this.sorted = { column, down: again ? !this.sorted.down : !column.text };
    for (const one of this.columns) {
      const way = this.sorted.down ? "descending" : "ascending";
      one.cell.setAttribute("aria-sort", one === column ? way : "none");
    }
    this.order();
  }

  /** Keep the rows whose words have every word that is looked for. */
  filter() {
    const wanted = this.search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const test = OUTCOMES[this.outcome.value];
    this.rows = [];
    for (let k = 0; k < this.trades.rows; k += 1) {
      if (test && !test(this.trades, k)) continue;
      if (wanted.length && !this.matches(k, wanted)) continue;
      this.rows.push(k);
    }
    this.order();
  }

  matches(k, wanted) {
    const searched = this.columns.filter((column) => column.searched);
    const text = searched.map((column) => column.show(k)).join(" ").toLowerCase();
    return wanted.every((word) => text.includes(word));
  }

  order() {
    const { column, down } = this.sorted;
    this.rows.sort((a, b) => a - b);
    if (column) {
      const way = down ? -1 : 1;
      // What is missing comes last, either way.
      this.rows.sort((a, b) => {
        const [left, right] = [column.value(a), column.value(b)];
        if (Number.isNaN(left)) return Number.isNaN(right) ? a - b : 1;
        if (Number.isNaN(right)) return -1;
        return left < right ? -way : left > right ? way : a - b;
      });
    }
    const all = this.trades.rows.toLocaleString("en-US");
    const kept = this.rows.length.toLocaleString("en-US");
    const noun = this.trades.rows === 1 ? "trade" : "trades";
    this.count.textContent = kept === all ? `${all} ${noun}` : `${kept} of ${all} ${noun}`;
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
      this.draw();
    });
  }

  draw() {
    const first = Math.max(Math.floor(this.body.scrollTop / ROW) - SPARE, 0);
    const fitting = Math.ceil(this.body.clientHeight / ROW) + 2 * SPARE;
    const last = Math.min(first + fitting, this.rows.length);
    while (this.pool.length < last - first) this.pool.push(this.makeRow());
    this.pool.forEach((row, k) => this.fill(row, first + k, last));
  }

  makeRow() {
    const row = element("div", "row");
    row.setAttribute("role", "row");
    for (const column of this.columns) {
      const cell = element("div", column.text ? "cell" : "cell right");
      cell.setAttribute("role", "gridcell");
      row.append(cell);
    }
    this.space.append(row);
    return row;
  }

  fill(row, place, last) {
    row.hidden = place >= last;
    if (row.hidden) return;
    const k = this.rows[place];
    row.style.transform = `translateY(${place * ROW}px)`;
    row.id = `trade-${k}`;
    row.dataset.row = k;
    row.setAttribute("aria-rowindex", String(place + 2));
    row.setAttribute("aria-selected", String(k === this.active));
    this.columns.forEach((column, c) => {
      row.children[c].textContent = column.show(k);
      if (column.signed) row.children[c].dataset.sign = Math.sign(column.value(k)) || 0;
    });
  }

  clicked(event) {
    const row = event.target.closest(".row");
    if (row) this.pick(Number(row.dataset.row));
  }

  pressed(event) {
    const moves = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10 };
    const last = this.rows.length - 1;
    let place = this.rows.indexOf(this.active);
    if (event.key in moves) place += moves[event.key];
    else if (event.key === "Home") place = 0;
    else if (event.key === "End") place = last;
    else return;
    event.preventDefault();
    if (last >= 0) this.pick(this.rows[Math.min(Math.max(place, 0), last)]);
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
 * The columns: what each shows and is sorted by, and whether it is text, looked through, signed.
 * @returns {any[]}
 */
function columnsOf(trades) {
  const { about } = trades;
  const side = (k) => (trades.short[k] ? "short" : "long");
  const reason = (k) => words(about.reasons[trades.reason[k]]) + (trades.ambiguous[k] ? " ?" : "");
  const symbol = (k) => about.symbols[trades.symbol[k]];
  const amount = (name, decimals = about.moneyDecimals) => (k) => number(trades[name][k], decimals);
  const price = (name) => (k) => number(trades[name][k], about.priceDecimals);
  const plain = (name) => (k) => trades[name][k];
  const text = { text: true, searched: true };
  const columns = [
    { title: "Trade", width: "3.5rem", show: (k) => String(trades.id[k]), value: plain("id") },
    { title: "Symbol", width: "5rem", show: symbol, value: symbol, ...text },
    { title: "Side", width: "4rem", show: side, value: side, ...text },
    { title: "Entry", width: "8.75rem", show: (k) => moment(trades.entryTime[k]),
      value: plain("entryTime"), ...text },
    { title: "Exit", width: "8.75rem", show: (k) => moment(trades.exitTime[k]),
      value: plain("exitTime"), ...text },
    { title: "Bars", width: "3.5rem", show: (k) => number(trades.bars[k], 0),
      value: plain("bars") },
    { title: "Lots", width: "minmax(4rem, 1fr)", show: (k) => short(trades.lots[k]),
      value: plain("lots") },
    { title: "At", width: "minmax(5rem, 1fr)", show: price("entry"), value: plain("entry") },
    { title: "Out at", width: "minmax(5rem, 1fr)", show: price("exit"), value: plain("exit") },
    { title: "Net profit", width: "minmax(6rem, 1fr)", show: amount("net"), value: plain("net"),
      signed: true },
    { title: "R", width: "3.5rem", show: amount("r", 2), value: plain("r"), signed: true },
    { title: "Exit by", width: "minmax(7rem, 1.2fr)", show: reason, value: reason, ...text },
  ];
  return columns.filter((column) => column.title !== "Symbol" || about.symbols.length > 1);
}

function element(tag, name) {
  const made = document.createElement(tag);
  made.className = name;
  return made;
}
