// The page: data is read where it is needed, and the parts are told of each other.

import { Candles } from "./candles.js";
import { PriceChart } from "./chart.js";
import { TradeTable } from "./table.js";
import { drawCurves, logSwitch, switchOf } from "./curves.js";
import { drawAll, whenSeen } from "./seen.js";
import { listen } from "./input.js";
import { readTable } from "./codec.js";
import { moment, number, short, words } from "./format.js";
import { opened, startTheme } from "./theme.js";

/** @type {(id: string) => any} an element of the page, of the kind that its place has */
const at = (id) => document.getElementById(id);

/** @type {(selector: string) => NodeListOf<HTMLElement>} */
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
  const price = (name) => number(trades[name][k], about.priceDecimals);
  const money = (name) => number(trades[name][k], about.moneyDecimals);
  const lots = `${short(trades.lots[k])} ${trades.lots[k] === 1 ? "lot" : "lots"}`;
  const reason = words(about.reasons[trades.reason[k]]);
  const parts = {
    Trade: `${trades.id[k]}, ${trades.short[k] ? "short" : "long"}, ${lots}`,
    Entry: `${moment(trades.entryTime[k])} at ${price("entry")}`,
    Exit: `${moment(trades.exitTime[k])} at ${price("exit")}, ${reason}`,
    "Stop, target": `${price("stop")}, ${price("target")}`,
    Net: `${money("net")} (${number(trades.r[k], 2)} R)`,
    "Against, for": `${money("mae")}, ${money("mfe")}`,
    "Fees, swap": `${money("fees")}, ${money("swap")}`,
  };
  if (trades.ambiguous[k]) parts.Ambiguous = "an intrabar policy decided it";
  at("chosen").replaceChildren(...Object.entries(parts).map(([name, text]) => {
    const pair = document.createElement("div");
    const add = (tag, textContent) => (
      pair.append(Object.assign(document.createElement(tag), { textContent }))
    );
    add("dt", name);
    add("dd", text);
    return pair;
  }));
}

/** The chart of the symbols that have candles; null where there are none. */
async function startChart(about, trades, pick) {
  if (!about.candles.length) return null;
  const chart = new PriceChart(at("chart"), at("range"));
  const [choice, log] = [at("symbol"), logSwitch(chart.series)];
  const loaded = new Map();
  let wanted = -1;
  const show = async (symbol) => {
    const own = about.candles.find((one) => one.symbol === symbol);
    if (!own || chart.symbol === symbol) return;
    wanted = symbol;
    if (!loaded.has(symbol)) loaded.set(symbol, await Candles.load(own));
    if (wanted !== symbol) return; // another one was chosen meanwhile
    chart.use(loaded.get(symbol), trades, symbol);
    at("lines").replaceChildren(...chart.groups.map((group) => (
      switchOf(group.about.name, group.colour, group.shown, (on) => chart.turn(group, on))
    )), log);
    if (choice) choice.value = String(symbol);
  };
  chart.show = show;
  if (choice) choice.addEventListener("change", () => show(Number(choice.value)));
  await show(about.candles[0].symbol);
  listen(chart, pick);
  return chart;
}

/** Draw each place of curves when it comes into view. */
function startCurves(page, onPick) {
  for (const box of elementsOf("[data-curves]")) {
    const name = box.dataset.curves;
    const keys = document.querySelector(`[data-keys="${name}"]`);
    whenSeen(box, () => drawCurves(box, keys, page.about.curves[name], onPick).then((drawn) => {
      page.curves[name] = drawn;
    }));
  }
}

async function start() {
  startTheme();
  const about = JSON.parse(at("about").textContent);
  const { rows, block } = about.trades;
  /** @type {any} */
  const trades = { rows, about: about.trades, ...await readTable(about.trades, block) };
  const page = { about, trades, curves: {}, table: null, chart: null, drawAll };
  const pick = async (row) => {
    describe(trades, row);
    page.table.mark(row);
    if (!page.chart) return;
    await page.chart.show(trades.symbol[row]);
    if (page.chart.symbol === trades.symbol[row]) page.chart.goTo(row);
  };
  page.table = new TradeTable(at, trades, pick);
  page.chart = await startChart(about, trades, pick);
  if (page.chart) buttons(page.chart, page.table);
  startCurves(page, (time) => page.chart && page.chart.goToTime(time));
  // Once the first frame is painted the page is open.
  requestAnimationFrame(() => opened(page));
}

start();
