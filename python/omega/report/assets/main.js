// The page: data is read where it is needed, and the parts are told of each other.

import { Candles } from "./candles.js";
import { PriceChart } from "./chart.js";
import { TradeTable } from "./table.js";
import { drawCurves, switchOf } from "./curves.js";
import { drawScatter } from "./scatter.js";
import { drawAll, whenSeen } from "./seen.js";
import { listen } from "./input.js";
import { loadTrades } from "./trades.js";
import { moment, number, short, words } from "./format.js";
import { startTheme } from "./theme.js";

/**
 * An element of the page, of the kind that its place has.
 * @param {string} id
 * @returns {any}
 */
const at = (id) => document.getElementById(id);

/**
 * @param {string} selector
 * @returns {NodeListOf<HTMLElement>}
 */
const elementsOf = (selector) => document.querySelectorAll(selector);

/** What the buttons of the chart do. */
function buttons(chart, table) {
  const actions = {
    in: () => chart.zoom(0.5),
    out: () => chart.zoom(2),
    all: () => chart.look(0, chart.candles.bars),
    before: () => table.step(-1),
    after: () => table.step(1),
  };
  for (const button of elementsOf("[data-do]")) {
    button.addEventListener("click", () => actions[button.dataset.do]());
  }
}

/** A trade in words, below the chart. */
function describe(trades, k) {
  const { about } = trades;
  const price = (value) => number(value, about.priceDecimals);
  const money = (value) => number(value, about.moneyDecimals);
  const parts = [
    ["Trade", `${trades.id[k]}, ${trades.short[k] ? "short" : "long"}, ${short(trades.lots[k])} `
      + (trades.lots[k] === 1 ? "lot" : "lots")],
    ["Entry", `${moment(trades.entryTime[k])} at ${price(trades.entry[k])}`],
    ["Exit", `${moment(trades.exitTime[k])} at ${price(trades.exit[k])}, `
      + words(about.reasons[trades.reason[k]])],
    ["Stop, target", `${price(trades.stop[k])}, ${price(trades.target[k])}`],
    ["Net", `${money(trades.net[k])} (${number(trades.r[k], 2)} R)`],
    ["Against, for", `${money(trades.mae[k])}, ${money(trades.mfe[k])}`],
    ["Fees, swap", `${money(trades.fees[k])}, ${money(trades.swap[k])}`],
  ];
  if (trades.ambiguous[k]) parts.push(["Ambiguous", "an intrabar policy decided it"]);
  const list = at("chosen");
  list.replaceChildren();
  for (const [name, text] of parts) {
    const pair = document.createElement("div");
    pair.append(Object.assign(document.createElement("dt"), { textContent: name }));
    pair.append(Object.assign(document.createElement("dd"), { textContent: text }));
    list.append(pair);
  }
}

/** The chart of the symbols that have candles; null where there are none. */
async function startChart(about, trades, pick) {
  if (!about.candles.length) return null;
  const chart = new PriceChart(at("chart"), at("range"));
  const loaded = new Map();
  const keys = at("lines");
  const switches = () => {
    keys.replaceChildren(...chart.groups.map((group) => {
      const turn = (on) => chart.turn(group, on);
      return switchOf(group.about.name, `var(--${group.colour})`, group.shown, turn);
    }));
  };
  let wanted = -1;
  const show = async (symbol) => {
    const own = about.candles.find((one) => one.symbol === symbol);
    if (!own || chart.symbol === symbol) return;
    wanted = symbol;
    if (!loaded.has(symbol)) loaded.set(symbol, await Candles.load(own));
    if (wanted !== symbol) return; // another one was chosen meanwhile
    chart.use(loaded.get(symbol), trades, symbol);
    switches();
    const choice = at("symbol");
    if (choice) choice.value = String(symbol);
  };
  chart.show = show;
  listen(chart, pick);
  const choice = at("symbol");
  if (choice) choice.addEventListener("change", () => show(Number(choice.value)));
  await show(about.candles[0].symbol);
  return chart;
}

/** Draw each place of curves when it comes into view. */
function startCurves(page, onPick) {
  for (const box of elementsOf("[data-curves]")) {
    const name = box.dataset.curves;
    const keys = document.querySelector(`[data-keys="${name}"]`);
    const parts = page.about.curves[name];
    if (!parts) continue;
    whenSeen(box, async () => {
      page.curves[name] = await drawCurves(box, keys, parts, onPick);
    });
  }
}

async function start() {
  startTheme(at("theme"));
  const about = JSON.parse(at("about").textContent);
  const trades = await loadTrades(about.trades);
  const page = { about, trades, curves: {}, table: null, chart: null, drawAll };
  const pick = async (row) => {
    describe(trades, row);
    page.table.mark(row);
    if (!page.chart) return;
    await page.chart.show(trades.symbol[row]);
    if (page.chart.symbol === trades.symbol[row]) page.chart.goTo(row);
  };
  const parts = { grid: at("grid"), body: at("rows"), head: at("head"), count: at("count") };
  Object.assign(parts, { search: at("search"), outcome: at("outcome") });
  page.table = new TradeTable(parts, trades, pick);
  page.chart = await startChart(about, trades, pick);
  if (page.chart) buttons(page.chart, page.table);
  startCurves(page, (time) => page.chart && page.chart.goToTime(time));
  if (trades.rows) whenSeen(at("scatter"), () => drawScatter(at("scatter"), trades, about.scatter));
  // Once the first frame is painted the page is open; tests and the curious look here.
  requestAnimationFrame(() => {
    window.omega = page;
    performance.mark("ready");
    document.documentElement.dataset.ready = "true";
  });
}

start();
