//! Forced closes: of all positions at ruin (M8), of the largest losses at a stop-out (M6). The
//! account is tested at the open, inside the bar and at the close (M9).

use super::Simulator;
use super::account_values::{MadeOf, Standing, SymbolAccount};
use super::extreme_prices::Extreme;
use crate::execution::{
    Account, AccountStop, ExitReason, Exposure, Live, Position, Semantics, StepBars, SymbolBar,
};
use crate::types::SymbolId;

/// The price at which a position is tested, and that at which it is closed.
type PriceOf<'a> = &'a dyn Fn(&Position) -> (f64, f64);

/// Why the account closes positions inside a bar, and whether they were certainly closed.
#[derive(Debug, Clone, Copy)]
struct Forced {
    reason: ExitReason,
    is_certain: bool,
}

impl Simulator {
    /// Whether the account is tested at opens and inside bars as well.
    #[inline]
    pub(super) fn tests_inside(&self) -> bool {
        let rules = &self.settings.account;
        self.settings.semantics == Semantics::Two
            && (rules.stops_at_ruin || rules.stop_out_level.is_some())
    }

    /// Whether the equities inside bars are noted.
    #[inline]
    pub fn notes_equity(&self) -> bool {
        self.settings.semantics == Semantics::Two
    }

    #[inline]
    fn stops_at_ruin(&self) -> bool {
        self.settings.semantics == Semantics::Two && self.settings.account.stops_at_ruin
    }

    /// Notes which symbols have a bar at this step, or at this time inside it.
    #[inline]
    pub(super) fn begin_step(&mut self, bars: StepBars<'_>) {
        // In a run of one symbol it is not read.
        if self.settings.symbols.len() > 1 {
            self.trading.clear();
            self.trading.extend(bars.trading().map(|now| now.symbol));
        }
    }

    /// Closes, at the open of a symbol, what a ruined account still holds of it (M8).
    pub(super) fn close_ruined<A: Account>(&mut self, now: &SymbolBar, account: &mut A) {
        if self.is_ruined {
            let bars = StepBars(std::slice::from_ref(now));
            self.close_all(bars, account, &|position, now| {
                exit_price(position, now).open
            });
        }
    }

    /// The test at the opens of a step, after what they trigger (M9).
    pub(super) fn test_opens<A: Account>(&mut self, bars: StepBars<'_>, account: &mut A) {
        let mut trading = bars.trading();
        if let (Some(only), None) = (trading.next(), trading.next())
            && self.is_surely_solvent(only.symbol, (&only.bar, only.last_rate), account)
        {
            return;
        }
        let mut standing = self.standing_at_opens(bars, account);
        account.note_equity(standing.equity);
        if !self.tests_inside() {
            return;
        }
        if self.settings.account.stops_at_ruin && standing.equity <= 0.0 {
            self.ruin(time_of(bars), account);
            self.close_all(bars, account, &|position, now| {
                exit_price(position, now).open
            });
            return;
        }
        let Some(level) = self.settings.account.stop_out_level else {
            return;
        };
        while standing.equity < level * standing.margin && !self.is_stopped_among_open() {
            let profit = |position: &Position| {
                let now = bars.trading_of(position.symbol)?;
                let open = exit_price(position, now).open;
                Some(position.profit(open, position.lots, now.last_rate))
            };
            let Some(index) = self.positions.largest_loss(profit) else {
                return;
            };
            let now = bars.of(self.positions.open[index].symbol);
            let open = exit_price(&self.positions.open[index], now).open;
            self.close_protected(index, open, ExitReason::StopOut, now, account);
            standing = self.standing_at_opens(bars, account);
        }
    }

    /// Symbols with a bar at its open, the others at their last marks.
    fn standing_at_opens<A: Account>(&mut self, bars: StepBars<'_>, account: &A) -> Standing {
        let mut trading = bars.trading();
        if let (Some(only), None) = (trading.next(), trading.next()) {
            self.hold(only, account);
            let held = &self.held;
            let mut standing = Standing {
                equity: held.rest.equity,
                margin: held.rest.margin,
            };
            standing.add(&held.exposure, only, self.instrument(only.symbol));
            return standing;
        }
        if bars.trading().next().is_none() && self.settings.account.stop_out_level.is_none() {
            // No symbol has a price here, and the margin is not read: all is at its last mark.
            return Standing {
                equity: account.balance() + self.positions.marked_profit(),
                margin: 0.0,
            };
        }
        let mut marks = 0.0;
        let mut standing = Standing::default();
        for position in self.open_where_some_wait(bars) {
            if bars.trading_of(position.symbol).is_none() {
                marks += position.marked_profit;
                standing.margin +=
                    position.value * self.instrument(position.symbol).maintenance_rate;
            }
        }
        standing.equity = account.balance() + marks;
        for now in bars.trading() {
            let exposure = Exposure::of(self.positions.of_symbol(now.symbol), now.last_rate);
            standing.add(&exposure, now, self.instrument(now.symbol));
        }
        standing
    }

    /// Adds up the positions of a symbol and those of the rest of the account (M9). The sums of the
    /// call before go on with what was opened since, until a close, a rate or a mark changes them.
    // Into the simulator's own, since the sums are too large to be copied at each test.
    fn hold<A: Account>(&mut self, now: &SymbolBar, account: &A) {
        let made_of = MadeOf {
            symbol: now.symbol,
            closes: self.positions.closes,
            marks: self.marks_made,
            rate: now.last_rate.to_bits(),
        };
        if self.held.made_of != Some(made_of) {
            self.held = SymbolAccount {
                made_of: Some(made_of),
                ..SymbolAccount::default()
            };
        }
        if self.held.positions < self.positions.open.len() {
            self.add_up(now);
        }
        let (held, balance) = (&mut self.held, account.balance());
        if held.balance.to_bits() != balance.to_bits() {
            held.balance = balance;
            held.has_stop = false;
        }
        held.rest.equity = held.marks + balance;
    }

    /// Adds what was opened since the last time.
    fn add_up(&mut self, now: &SymbolBar) {
        let (held, symbols) = (&mut self.held, &self.settings.symbols);
        for position in &self.positions.open[held.positions..] {
            held.has_stop = false;
            if position.symbol == now.symbol {
                held.exposure.add(position, now.last_rate);
                held.has_entries |= position.live != Live::FromOpen;
            } else {
                let instrument = &symbols[position.symbol.index()].instrument;
                held.marks += position.marked_profit;
                held.rest.margin += position.value * instrument.maintenance_rate;
            }
        }
        held.positions = self.positions.open.len();
    }

    /// Gives each position of a symbol the account's stop, from the positions open by now (M9).
    pub(super) fn renew_account_stops<A: Account>(&mut self, now: &SymbolBar, account: &A) {
        if !self.tests_inside() {
            return;
        }
        let stop = self.renewed_stop(now, account);
        if std::mem::replace(&mut self.held.is_spread, true) {
            return;
        }
        self.positions.for_each_of(now.symbol, |position| {
            position.account_stop = stop;
        });
    }

    /// The same for one position, whose turn it is: each fill moves the stop of all.
    pub(super) fn renew_account_stop<A: Account>(
        &mut self,
        index: usize,
        now: &SymbolBar,
        account: &A,
    ) {
        if self.tests_inside() {
            self.positions.open[index].account_stop = self.renewed_stop(now, account);
        }
    }

    fn renewed_stop<A: Account>(&mut self, now: &SymbolBar, account: &A) -> Option<AccountStop> {
        self.hold(now, account);
        if self.held.has_stop {
            return self.held.stop;
        }
        let stop = self.account_stop(&self.held, now.symbol);
        (self.held.has_stop, self.held.is_spread) = (true, false);
        self.held.stop = stop;
        stop
    }

    #[inline]
    fn account_stop(&self, held: &SymbolAccount, symbol: SymbolId) -> Option<AccountStop> {
        let (exposure, rest, rules) = (&held.exposure, &held.rest, &self.settings.account);
        let by_margin = rules.stop_out_level.and_then(|level| {
            let rate = self.instrument(symbol).maintenance_rate;
            let price = exposure.price_at(rest, level, rate)?;
            let reason = ExitReason::StopOut;
            Some(AccountStop { price, reason })
        });
        by_margin.or_else(|| {
            let price = exposure.price_at(rest, 0.0, 0.0);
            let price = price.filter(|_| rules.stops_at_ruin)?;
            let reason = ExitReason::Ruin;
            Some(AccountStop { price, reason })
        })
    }

    /// A bar reached the account's stop of a symbol at a price: everything of the symbol is closed,
    /// or the largest loss (M9).
    pub(super) fn close_for_account<A: Account>(
        &mut self,
        stop: AccountStop,
        price: f64,
        now: &SymbolBar,
        account: &mut A,
    ) {
        let forced = Forced {
            reason: stop.reason,
            // Which of two symbols moved first is not known.
            is_certain: !self.is_shared(now.symbol),
        };
        let price_of: PriceOf<'_> = &|_| (stop.price, price);
        self.force(forced, price_of, now, account);
    }

    /// Closes everything of a symbol, or the largest loss (M9).
    fn force<A: Account>(
        &mut self,
        forced: Forced,
        price_of: PriceOf<'_>,
        now: &SymbolBar,
        account: &mut A,
    ) {
        if forced.reason == ExitReason::Ruin {
            self.ruin(now.bar.time, account);
            while let Some(index) = self.positions.first_of(now.symbol) {
                let (_, price) = price_of(&self.positions.open[index]);
                self.close_in_bar(index, (price, forced), now, account);
            }
            return;
        }
        let loss = |position: &Position| {
            let of_symbol = position.symbol == now.symbol;
            let (tested, _) = price_of(position);
            of_symbol.then(|| position.profit(tested, position.lots, now.last_rate))
        };
        if let Some(index) = self.positions.largest_loss(loss) {
            let (_, price) = price_of(&self.positions.open[index]);
            self.close_in_bar(index, (price, forced), now, account);
        }
    }

    fn close_in_bar<A: Account>(
        &mut self,
        index: usize,
        (price, forced): (f64, Forced),
        now: &SymbolBar,
        account: &mut A,
    ) {
        if !forced.is_certain {
            let position = &self.positions.open[index];
            let still_open = self.net_at_close(position, now);
            self.positions.open[index].widen_alternatives(still_open, still_open);
        }
        self.close_protected(index, price, forced.reason, now, account);
    }

    /// Whether another symbol that holds positions has a bar at this step.
    fn is_shared(&self, symbol: SymbolId) -> bool {
        let mut open = self.positions.open.iter();
        open.any(|p| p.symbol != symbol && self.trading.contains(&p.symbol))
    }

    /// Tests a symbol with positions of both directions at the extremes of its bar; then notes the
    /// equity at the extremes for the positions that are left (M9).
    pub(super) fn test_extremes<A: Account>(&mut self, now: &SymbolBar, account: &mut A) {
        // Version 1 of the rules notes no equity inside bars, and tests nothing there.
        if self.positions.open.is_empty() || !self.notes_equity() {
            return;
        }
        self.hold(now, account);
        if self.tests_inside() && self.held.exposure.is_hedged() {
            while let Some((extreme, reason)) = self.failing_extreme(now, account)
                && !self.is_stopped_among_open()
            {
                let price_of: PriceOf<'_> = &|position| {
                    let price = extreme.price(position, now);
                    (price, price)
                };
                let is_certain = false;
                self.force(Forced { reason, is_certain }, price_of, now, account);
            }
            self.hold(now, account);
        }
        let held = &self.held;
        for &extreme in Extreme::worst_for(&held.exposure) {
            account.note_equity(self.equity_at(extreme, held, now));
        }
    }

    /// The extreme of a bar with the lower equity, where that is too low.
    fn failing_extreme<A: Account>(
        &mut self,
        now: &SymbolBar,
        account: &A,
    ) -> Option<(Extreme, ExitReason)> {
        self.hold(now, account);
        let held = &self.held;
        if held.exposure.is_empty() {
            return None;
        }
        let low = self.standing_at(Extreme::Low, held, now);
        let high = self.standing_at(Extreme::High, held, now);
        let (extreme, worst) = if high.equity < low.equity {
            (Extreme::High, high)
        } else {
            (Extreme::Low, low)
        };
        let rules = &self.settings.account;
        if rules.stops_at_ruin && worst.equity <= 0.0 {
            return Some((extreme, ExitReason::Ruin));
        }
        let level = rules.stop_out_level?;
        (worst.equity < level * worst.margin).then_some((extreme, ExitReason::StopOut))
    }

    /// The account at an extreme of a symbol's bar.
    #[inline]
    fn standing_at(&self, extreme: Extreme, held: &SymbolAccount, now: &SymbolBar) -> Standing {
        let (bid, ask) = extreme.of(now);
        let rate = self.instrument(now.symbol).maintenance_rate;
        Standing {
            equity: self.equity_at(extreme, held, now),
            margin: held.rest.margin + rate * held.exposure.value(bid, ask),
        }
    }

    /// The equity at an extreme of a symbol's bar. Positions entered in this bar count there only
    /// where the extreme certainly followed, else at the close.
    fn equity_at(&self, extreme: Extreme, held: &SymbolAccount, now: &SymbolBar) -> f64 {
        let (bid, ask) = extreme.of(now);
        if !held.has_entries {
            return held.rest.equity + held.exposure.profit(bid, ask);
        }
        let (mut certain, mut uncertain) = (Exposure::default(), Exposure::default());
        for position in self.positions.of_symbol(now.symbol) {
            if extreme.certainly_followed(position) {
                certain.add(position, now.last_rate);
            } else {
                uncertain.add(position, now.last_rate);
            }
        }
        let equity = held.rest.equity + certain.profit(bid, ask);
        if uncertain.is_empty() {
            equity
        } else {
            equity + uncertain.profit(now.bar.bid.close, now.bar.ask.close)
        }
    }

    /// The tests at the closes of a step, whose marks are made. A position whose symbol has no bar
    /// at this step cannot be closed.
    pub(super) fn test_closes<A: Account>(&mut self, bars: StepBars<'_>, account: &mut A) {
        let rules = self.settings.account;
        if self.stops_at_ruin() && self.positions.equity(account) <= 0.0 {
            self.ruin(time_of(bars), account);
        }
        if self.is_ruined {
            self.close_all(bars, account, &|position, now| {
                exit_price(position, now).close
            });
        }
        let Some(level) = rules.stop_out_level else {
            return;
        };
        // Again after each: the margin that one close frees may be enough. Without margin the
        // threshold is an equity of 0 (M6.2).
        while !self.positions.open.is_empty()
            && self.is_below(level, account)
            && !self.is_stopped_among_open()
        {
            let loss = |p: &Position| bars.trading_of(p.symbol).map(|_| p.marked_profit);
            let Some(index) = self.positions.largest_loss(loss) else {
                return;
            };
            let now = bars.of(self.positions.open[index].symbol);
            let close = exit_price(&self.positions.open[index], now).close;
            self.close_protected(index, close, ExitReason::StopOut, now, account);
        }
    }

    /// The test after the closes at the end of the data, whose costs may take all that is left.
    pub(super) fn test_end<A: Account>(&mut self, account: &mut A) {
        let Some(last) = self.positions.fills.last() else {
            return;
        };
        if self.stops_at_ruin() && account.balance() <= 0.0 {
            self.ruin(last.time, account);
        }
    }

    fn is_below<A: Account>(&self, level: f64, account: &A) -> bool {
        let rate = |symbol: SymbolId| self.instrument(symbol).maintenance_rate;
        self.positions.equity(account) < level * self.positions.margin(rate)
    }

    /// Closes what is open of the symbols with a bar, in order of entry.
    fn close_all<A: Account>(
        &mut self,
        bars: StepBars<'_>,
        account: &mut A,
        price: &dyn Fn(&Position, &SymbolBar) -> f64,
    ) {
        let mut index = 0;
        while let Some(position) = self.positions.open.get(index) {
            let Some(now) = bars.trading_of(position.symbol) else {
                // It waits for its next bar (M8).
                index += 1;
                continue;
            };
            let price = price(position, now);
            self.close_protected(index, price, ExitReason::Ruin, now, account);
        }
    }

    /// The account is ruined: for good, and nothing waits any longer (M8).
    fn ruin<A: Account>(&mut self, time: i64, account: &mut A) {
        self.is_ruined = true;
        account.note_ruin(time);
        self.book.cancel_all(crate::execution::RejectReason::Ruin);
    }
}

/// The time of the bars of a step.
fn time_of(bars: StepBars<'_>) -> i64 {
    bars.trading().next().map_or(i64::MIN, |now| now.bar.time)
}

/// The prices of the side that a position is left on.
fn exit_price(position: &Position, now: &SymbolBar) -> crate::types::Ohlc {
    *now.bar.side(position.direction.exit_side())
}
