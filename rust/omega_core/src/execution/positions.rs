//! The open positions of a run and the fills that made them.

use std::cell::Cell;

use super::places::Places;
use super::roster::Roster;
use super::{Account, Concern, Fill, LastTrades, Live, Position, Semantics, StepBars, SymbolBar};
use crate::types::{SymbolId, TradeId};

/// Open positions in the order of entry, the fills that are kept, and when each symbol was last
/// traded.
#[derive(Debug)]
pub(super) struct Positions {
    /// In the order of entry, in which sums are taken and ties are broken; their numbers ascend in
    /// version 1 of the rules alone (F13).
    pub(super) open: Roster<Position>,
    pub(super) fills: Vec<Fill>,
    /// By `SymbolId`.
    pub(super) last_trades: Vec<LastTrades>,
    /// How many are open, by `SymbolId`.
    of_each: Vec<u32>,
    /// Places among the open ones, by `SymbolId`; not kept up while `is_indexed` is false.
    // Of 500 symbols each would look at all positions of all others on each bar.
    pub(super) places: Vec<Places>,
    /// Whether `places` are right; never of one symbol, whose positions are all.
    pub(super) is_indexed: bool,
    /// Whether what is closed stays in its place, without lots, until the closes are over.
    // One by one, each would move the positions behind it.
    pub(super) is_closing_many: bool,
    entries: u32,
    /// Whether a position with a trailing stop of its own was ever opened.
    pub(super) has_trailing: bool,
    /// By trade number, how many positions the run had opened before it.
    entry_of: Vec<u32>,
    /// Counts every change, so that a reader knows whether to look again.
    pub(super) changes: u64,
    /// Counts those that took lots off a position.
    pub(super) closes: u64,
    /// The last sums, which go on with the positions that were opened since.
    // Each entry reads the equity and the margin: one that added up all positions anew made the
    // time of a bar grow with the square of its orders.
    sums: Cell<Sums>,
}

/// Sums over the first of the open positions, in the order of entry.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    /// How many the open profit is of.
    profits: usize,
    profit: f64,
    /// How many the margin held is of.
    margins: usize,
    margin: f64,
}

/// So many positions are searched one by one.
const FEW: usize = 8;

impl Positions {
    pub(super) fn new(symbols: usize) -> Self {
        Self {
            open: Roster::new(),
            fills: Vec::new(),
            last_trades: vec![LastTrades::default(); symbols],
            of_each: vec![0; symbols],
            places: vec![Places::default(); symbols],
            is_indexed: symbols > 1,
            is_closing_many: false,
            entries: 0,
            has_trailing: false,
            entry_of: Vec::new(),
            changes: 0,
            closes: 0,
            sums: Cell::default(),
        }
    }

    /// How many positions were opened so far.
    #[inline]
    pub(super) fn entries(&self) -> u32 {
        self.entries
    }

    #[inline]
    pub(super) fn index_of(&self, trade: TradeId) -> Option<usize> {
        if self.open.len() <= FEW {
            return self.open.iter().position(|position| position.id == trade);
        }
        // By entry and not by number: an order may fill after one with a higher number (F13).
        let entry = self.entry_of.get(trade.0 as usize)?;
        self.open.binary_search_by_key(entry, |p| p.entry).ok()
    }

    #[inline]
    pub(super) fn get(&self, trade: TradeId) -> Option<&Position> {
        self.index_of(trade).map(|index| &self.open[index])
    }

    /// Marks the symbols of which positions are open.
    pub(super) fn mark_symbols(&self, symbols: &mut [Concern], concern: Concern) {
        if self.open.is_empty() {
            return;
        }
        for (marked, &count) in symbols.iter_mut().zip(&self.of_each) {
            // Written in any case: many symbols are then marked side by side.
            *marked = if count > 0 { concern } else { *marked };
        }
    }

    /// How many positions of a symbol are open.
    #[inline]
    pub(super) fn count_of(&self, symbol: SymbolId) -> usize {
        self.of_each[symbol.index()] as usize
    }

    /// How many are open of each symbol.
    pub(super) fn counts(&self) -> impl Iterator<Item = usize> {
        self.of_each.iter().map(|&count| count as usize)
    }

    /// Adds a position and the fill that opened it.
    pub(super) fn open(&mut self, position: Position, fill: Fill) {
        self.entries += 1;
        self.has_trailing |= position.trailing_stop.is_some();
        self.of_each[fill.symbol.index()] += 1;
        let number = position.id.0 as usize;
        if self.entry_of.len() <= number {
            self.entry_of.resize(number + 1, u32::MAX);
        }
        self.entry_of[number] = position.entry;
        self.last_trades[fill.symbol.index()].entry = Some((fill.index, fill.time));
        if self.is_indexed {
            #[expect(clippy::cast_possible_truncation, reason = "orders have 32 bits")]
            let place = self.open.len() as u32;
            self.places[fill.symbol.index()].push(place);
        }
        self.open.push(position);
        self.record(fill);
    }

    /// Takes the lots of a fill off a position, with the shares that the exit was booked with.
    pub(super) fn close(&mut self, index: usize, share: &ClosedShare, fill: Fill) {
        self.last_trades[fill.symbol.index()].exit = Some(fill.time);
        self.closes += 1;
        self.forget_sums();
        if share.part < 1.0 {
            // What is left after the subtraction, not a share of the first amounts: the last part
            // then takes exactly what is still there (M4.2).
            let position = &mut self.open[index];
            position.lots -= fill.lots;
            position.entry_fee -= share.entry_fee;
            position.swap -= share.swap;
            position.alternative_pnl = position
                .alternative_pnl
                .zip(share.alternative_pnl)
                .map(|(all, gone)| (all.0 - gone.0, all.1 - gone.1));
            position.value -= position.value * share.part;
            position.marked_profit -= position.marked_profit * share.part;
            position.exit_legs += 1;
        } else {
            self.of_each[fill.symbol.index()] -= 1;
            if self.is_closing_many {
                self.open[index].lots = 0.0;
            } else {
                // The others keep their order: sums need that of entry.
                self.open.remove(index);
                self.is_indexed = false;
            }
        }
        self.record(fill);
    }

    /// Records the two fills of a position that was rolled and stays open.
    pub(super) fn rolled(&mut self, exit: Fill, entry: Fill) {
        self.closes += 1;
        self.forget_sums();
        self.record(exit);
        self.record(entry);
    }

    #[inline]
    fn record(&mut self, fill: Fill) {
        self.changes += 1;
        self.fills.push(fill);
    }

    /// Balance plus the open profit of the last mark, summed in the order of entry (M5).
    pub(super) fn equity<A: Account>(&self, account: &A) -> f64 {
        account.balance() + self.marked_profit() + account.receivable()
    }

    #[inline]
    pub(super) fn marked_profit(&self) -> f64 {
        // In the order of entry, because a sum of doubles depends on its order and both
        // backends have to come to the same bits (M5.1).
        let mut sums = self.sums.get();
        let open = self.open[sums.profits..].iter();
        sums.profit = open.fold(sums.profit, |sum, p| sum + p.marked_profit);
        sums.profits = self.open.len();
        self.sums.set(sums);
        sums.profit
    }

    /// Margin held: the sum of `margin` over the positions. Every call has to pass the same
    /// function, since sums are kept.
    pub(super) fn margin_held(&self, margin: impl Fn(&Position) -> f64) -> f64 {
        let mut sums = self.sums.get();
        let open = self.open[sums.margins..].iter();
        sums.margin = open.fold(sums.margin, |sum, p| sum + margin(p));
        sums.margins = self.open.len();
        self.sums.set(sums);
        sums.margin
    }

    /// Positions have changed other than by a new one: sums begin anew.
    #[inline]
    pub(super) fn forget_sums(&self) {
        self.sums.set(Sums::default());
    }

    /// Positions have changed without a fill.
    pub(super) fn change_all(&mut self) {
        self.forget_sums();
        self.changes += 1;
        // What was made of them is made anew.
        self.closes += 1;
    }

    /// Positions have changed their symbol: those of each are counted anew.
    pub(super) fn count_anew(&mut self) {
        self.is_indexed = false;
        self.of_each.fill(0);
        for position in &*self.open {
            self.of_each[position.symbol.index()] += 1;
        }
    }

    /// Margin held at the rate of each position's symbol, in order of entry (M6).
    pub(super) fn margin(&self, rate: impl Fn(SymbolId) -> f64) -> f64 {
        let open = self.open.iter();
        open.fold(0.0, |sum, p| sum + p.value * rate(p.symbol))
    }

    /// Marks positions to the closes of a step (M5); one whose symbol has no bar keeps its mark.
    pub(super) fn mark(&mut self, bars: StepBars<'_>, semantics: Semantics) {
        if bars.trading().next().is_none() {
            return;
        }
        self.forget_sums();
        self.index();
        // Without a bar there is no price to mark to: the row adds the profit of the last one
        // (X2.1).
        for now in bars.trading() {
            self.for_each_of(now.symbol, |position| {
                let close = now.bar.side(position.direction.exit_side()).close;
                position.mark(close, now.rate, semantics);
            });
        }
    }

    /// The position with the least profit among some; of equal ones the oldest (M6.2).
    pub(super) fn largest_loss(&self, profit: impl Fn(&Position) -> Option<f64>) -> Option<usize> {
        let open = self.open.iter().enumerate();
        let known = open.filter_map(|(index, position)| Some((index, profit(position)?)));
        // Strictly below, so that of equal losses the older position goes first.
        let least = known.reduce(|most, other| if other.1 < most.1 { other } else { most });
        least.map(|(index, _)| index)
    }

    /// Notes how far prices went for and against each position that outlived the bar. In its entry
    /// bar a position counts only the extremes that certainly followed its fill; of the next one,
    /// all follows.
    pub(super) fn observe_extremes(&mut self, now: &SymbolBar) {
        self.for_each_of(now.symbol, |position| {
            let bar = now
                .bar
                .side(position.direction.exit_side())
                .facing(position.direction);
            let live = position.live;
            // Only what certainly came after the fill, else the close: a trailing stop that
            // followed an extreme from before the entry would lock in a price that the position
            // never had (L1.5).
            position.observe(
                if live.low_follows() {
                    bar.low
                } else {
                    bar.close
                },
                if live.high_follows() {
                    bar.high
                } else {
                    bar.close
                },
            );
            // Between finer bars as well, where the rest of the entry's bar is in doubt no longer
            // (I1.1).
            position.live = Live::FromOpen;
        });
    }
}

/// What belongs to the lots of a position that are being closed.
#[derive(Debug, Clone, Copy)]
pub(super) struct ClosedShare {
    /// Part of the open lots; 1 where all are closed.
    pub(super) part: f64,
    /// Of the entry fee.
    pub(super) entry_fee: f64,
    /// Of the financing booked so far.
    pub(super) swap: f64,
    /// Of the worst and the best net profit of outcomes that a policy did not choose (I3).
    pub(super) alternative_pnl: Option<(f64, f64)>,
}

impl ClosedShare {
    #[inline]
    pub(super) fn of(position: &Position, lots: f64) -> Self {
        let part = if lots < position.lots {
            lots / position.lots
        } else {
            1.0
        };
        Self {
            part,
            entry_fee: position.entry_fee * part,
            swap: position.swap * part,
            alternative_pnl: position
                .alternative_pnl
                .map(|(worst, best)| (worst * part, best * part)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::execution::{ExitReason, Labels};
    use crate::types::{Bar, Direction, Ohlc, OrderId};

    fn bar(low: f64, high: f64, close: f64) -> Ohlc {
        Ohlc {
            open: close,
            high,
            low,
            close,
        }
    }

    fn at(symbol: u32, trades: bool, ohlc: Ohlc) -> SymbolBar {
        let bar = Bar {
            time: 60,
            bid: ohlc,
            ask: ohlc,
        };
        SymbolBar {
            symbol: SymbolId(symbol),
            index: 1,
            trades,
            is_ready: true,
            bar,
            closes: true,
            opens: 60,
            since: 0,
            last: bar,
            rate: 2.0,
            last_rate: 2.0,
            volume: f64::NAN,
        }
    }

    fn fill(trade: TradeId, symbol: u32, lots: f64, closes: bool) -> Fill {
        Fill {
            order: OrderId(trade.0),
            trade,
            symbol: SymbolId(symbol),
            direction: Direction::Long,
            time: 60,
            index: 1,
            price: 100.0,
            lots,
            fee: 4.0,
            slippage: 0.0,
            rate: 1.0,
            closes,
        }
    }

    /// Positions of these symbols and directions, 4 lots each, entered at 100.
    fn positions(of: &[(u32, Direction)]) -> Positions {
        let mut positions = Positions::new(2);
        for &(symbol, direction) in of {
            let fill = fill(TradeId(positions.entries()), symbol, 4.0, false);
            let position = Position {
                id: fill.trade,
                entry: fill.trade.0,
                order: fill.order,
                symbol: fill.symbol,
                direction,
                lots: fill.lots,
                contract_size: 10.0,
                entry_index: 1,
                entry_time: 60,
                entry_price: 100.0,
                entry_fee: 4.0,
                swap: 2.0,
                stop_loss: None,
                stop_reason: ExitReason::StopLoss,
                take_profit: None,
                initial_stop: None,
                live: Live::FromLimit,
                best_price: 100.0,
                worst_price: 100.0,
                marked_price: 100.0,
                marked_profit: 0.0,
                value: 8.0,
                entry_rate: None,
                account_stop: None,
                exit_legs: 0,
                trailing_stop: None,
                closing: false,
                parts_closed: Vec::new(),
                alternative_pnl: None,
                origin: None,
                labels: Labels::default(),
            };
            positions.open(position, fill);
        }
        positions
    }

    #[test]
    fn a_part_that_is_closed_takes_its_share_of_fee_swap_and_value() {
        let mut positions = positions(&[(0, Direction::Long)]);
        let share = ClosedShare::of(&positions.open[0], 1.0);
        assert_eq!((share.part, share.entry_fee, share.swap), (0.25, 1.0, 0.5));
        positions.close(0, &share, fill(TradeId(0), 0, 1.0, true));
        let rest = &positions.open[0];
        assert_eq!((rest.lots, rest.entry_fee, rest.swap), (3.0, 3.0, 1.5));
        assert_eq!((rest.value, rest.exit_legs), (6.0, 1));
        let share = ClosedShare::of(rest, 3.0);
        positions.close(0, &share, fill(TradeId(0), 0, 3.0, true));
        assert!(positions.open.is_empty());
        assert_eq!((positions.fills.len(), positions.changes), (3, 3));
        assert_eq!(positions.last_trades[0].exit, Some(60));
        assert_eq!(positions.last_trades[1].entry, None);
    }

    #[test]
    fn marks_follow_the_close_and_wait_for_a_bar_of_their_symbol() {
        let mut positions = positions(&[(0, Direction::Long), (1, Direction::Short)]);
        let bars = [
            at(0, true, bar(99.0, 103.0, 102.0)),
            at(1, false, bar(1.0, 1.0, 1.0)),
        ];
        positions.mark(StepBars(&bars), Semantics::Two);
        // (102 - 100) x 4 lots x 10 units x rate 2
        assert_eq!(positions.open[0].marked_profit, 160.0);
        assert_eq!(positions.open[1].marked_profit, 0.0);
        assert_eq!(
            (positions.marked_profit(), positions.margin(|_| 0.5)),
            (160.0, 0.5 * 102.0 * 4.0 * 10.0 * 2.0 + 4.0)
        );
    }

    #[test]
    fn the_largest_loss_is_sought_where_there_is_a_bar_and_the_oldest_of_equals_is_taken() {
        let long = Direction::Long;
        let mut positions = positions(&[(0, long), (0, long), (1, long)]);
        for (position, profit) in positions.open.iter_mut().zip([-5.0, -5.0, -9.0]) {
            position.marked_profit = profit;
        }
        let flat = bar(1.0, 1.0, 1.0);
        let largest = |bars: &[SymbolBar]| {
            let known = |p: &Position| StepBars(bars).trading_of(p.symbol).map(|_| p.marked_profit);
            positions.largest_loss(known)
        };
        assert_eq!(largest(&[at(0, true, flat), at(1, false, flat)]), Some(0));
        assert_eq!(largest(&[at(0, true, flat), at(1, true, flat)]), Some(2));
        assert_eq!(largest(&[at(0, false, flat), at(1, false, flat)]), None);
    }

    #[test]
    fn the_entry_bar_counts_only_extremes_that_certainly_followed_the_fill() {
        let mut positions = positions(&[(0, Direction::Long)]);
        let now = at(0, true, bar(95.0, 110.0, 101.0));
        positions.observe_extremes(&now);
        let seen = |p: &Positions| (p.open[0].worst_price, p.open[0].best_price);
        // Filled on the way down: the high may have been before.
        assert_eq!(seen(&positions), (95.0, 101.0));
        positions.observe_extremes(&now);
        assert_eq!(seen(&positions), (95.0, 110.0));
    }
}
