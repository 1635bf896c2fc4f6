//! The executor that the loop drives: it turns actions and bars into fills.

use super::{Feed, Portfolio};
use crate::error::OmegaError;
use crate::execution::{
    Account, Action, Concern, Fill, LastTrades, Lows, Order, OwnBars, Position, Simulator,
    StepBars, SymbolBar,
};
use crate::store::{Stretch, Walk};
use crate::types::{Bar, SymbolId};

/// Turns actions and bars into fills: Omega's [`Simulator`], or an adapter to another one.
pub trait Executor {
    /// The actions that it takes.
    type Action;
    /// What it may raise; the run ends there.
    type Error;

    /// Whether nothing is open and nothing waits, so that no bar can change anything.
    ///
    /// # Errors
    /// Its own failures.
    fn is_idle(&mut self) -> Result<bool, Self::Error>;

    /// The same where it is known without a call that may fail: the rows of such bars may be
    /// written later.
    #[inline]
    fn is_surely_idle(&self) -> bool {
        false
    }

    /// Lets go of the fills so far, which the strategy has seen, but the newest; gives how many.
    #[inline]
    fn forget_fills(&mut self) -> usize {
        0
    }

    /// Takes the actions of the strategy, to be processed at the open of the step at a time, and
    /// marks the symbols that the step concerns; gives how many orders were submitted.
    fn submit(
        &mut self,
        actions: &mut Vec<Self::Action>,
        time: i64,
        symbols: &mut [Concern],
    ) -> usize;

    /// What happens at the opens, and what was submitted: PROCESS (L1.2, L1.3).
    ///
    /// # Errors
    /// A refused order where the run is strict, and its own failures.
    fn on_open<A: Account>(
        &mut self,
        bars: StepBars<'_>,
        account: &mut A,
    ) -> Result<(), Self::Error>;

    /// What follows the open inside one bar, or inside a finer one: EXITS, and the built-in
    /// managers (L1.4 to L1.6).
    ///
    /// # Errors
    /// As `on_open`.
    fn on_bar<A: Account>(&mut self, now: &SymbolBar, account: &mut A) -> Result<(), Self::Error>;

    /// The closes: takes the actions of the strategy's own position manager, then marks open
    /// positions and applies the stop-out.
    ///
    /// # Errors
    /// As `on_open`, and an action that is not for managers.
    fn on_close<A: Account>(
        &mut self,
        bars: StepBars<'_>,
        managed: &mut Vec<Self::Action>,
        account: &mut A,
    ) -> Result<(), Self::Error>;

    /// Takes the bars ahead in which nothing can happen, and writes their rows; gives how many.
    ///
    /// # Errors
    /// Its own failures.
    fn quiet<P: Portfolio>(
        &mut self,
        ahead: Ahead<'_, '_>,
        portfolio: &mut P,
    ) -> Result<usize, Self::Error>;

    /// Takes the rest of the bar that has opened and the bars after it, as far as nothing can
    /// happen in them, and writes their rows; gives how many.
    ///
    /// # Errors
    /// Its own failures.
    fn after_open<P: Portfolio>(
        &mut self,
        _opened: StepBars<'_>,
        _ahead: Ahead<'_, '_>,
        _portfolio: &mut P,
    ) -> Result<usize, Self::Error> {
        Ok(0)
    }

    /// In how many of the bars ahead nothing can happen, as far as can be seen; none is taken.
    /// Gives the open profits at their closes, where they are wanted.
    fn foresee(
        &mut self,
        _ahead: Ahead<'_, '_>,
        _balance: f64,
        _profits: Option<&mut Vec<f64>>,
    ) -> usize {
        0
    }

    /// Whether some of the bars ahead may be quiet, as far as that does not depend on their prices,
    /// which are not read.
    fn may_be_quiet(&mut self, _ahead: Ahead<'_, '_>, _balance: f64) -> bool {
        false
    }

    /// What it holds.
    fn state(&self) -> ExecutorState<'_>;

    /// The open profit at the last mark, summed in the order of entry (M5.1).
    fn marked_profit(&self) -> f64 {
        let open = self.state().positions.iter();
        open.fold(0.0, |sum, position| sum + position.marked_profit)
    }

    /// After the last bar: closes what is still open at the last closes, where there are any (L4).
    ///
    /// # Errors
    /// Its own failures.
    fn finish<A: Account>(
        &mut self,
        closes: Option<StepBars<'_>>,
        account: &mut A,
    ) -> Result<(), Self::Error>;
}

/// What an executor holds after the newest visible bar.
#[derive(Debug, Clone, Copy, Default)]
pub struct ExecutorState<'a> {
    /// Open positions, in the order of entry.
    pub positions: &'a [Position],
    /// Whether any position is open; an executor of the user's own may have no more to report.
    pub has_positions: bool,
    /// All fills so far that are kept.
    pub fills: &'a [Fill],
    /// Orders from the oldest that waits on, those among them that have ended as well.
    pub orders: &'a [Order],
    /// When each symbol was last traded.
    pub last_trades: &'a [LastTrades],
    /// The number that the next action will take.
    pub next_order: u32,
    /// Grows with every change of orders and positions.
    pub changes: u64,
}

/// From so many bars on they are taken column by column: to set that up costs as much as taking
/// this many one by one.
const SHORTEST_STRETCH: usize = 8;

/// The bars from a step on that the strategy does not have to see one by one.
#[derive(Debug)]
pub struct Ahead<'a, 'f> {
    pub(super) feed: &'a mut Feed<'f>,
    pub(super) walk: &'a Walk<'f>,
    pub(super) bars: usize,
}

impl<'f> Ahead<'_, 'f> {
    /// How many they are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.bars
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bars == 0
    }

    /// The first of them and its conversion rate, where the run has one symbol and no finer bars.
    #[inline]
    fn bar(&mut self) -> Option<(Bar, f64)> {
        let context = self.feed.only_symbol()?;
        let bar = self.walk.bar(SymbolId(0))?;
        Some((bar, context.rates.at(bar.time)))
    }

    /// The bars of one of several symbols, as far as it has one at each of so many steps, and its
    /// conversion rate, where one holds for all.
    fn stretch_of(&self, symbol: SymbolId, most: usize) -> Option<OwnBars<'f>> {
        let context = &self.feed.contexts[symbol.index()];
        if context.magnifier.is_some() {
            return None;
        }
        Some(OwnBars {
            bars: self.walk.stretch_of(symbol, most)?,
            first: self.walk.index(symbol),
            rate: context.rates.constant()?,
        })
    }

    /// All of them that lie in one segment, where there are enough and one rate holds for all.
    fn stretch(&mut self, shortest: usize) -> Option<(Stretch<'f>, f64)> {
        if self.bars < shortest {
            return None;
        }
        // One rate, since a block is marked at once. By columns, an SMA cross with 44,862 trades
        // over 2,000,000 bars went from 129 to 78 ns a bar.
        let rate = self.feed.only_symbol()?.rates.constant()?;
        Some((self.walk.stretch(self.bars)?, rate))
    }
}

impl Simulator {
    /// Takes the quiet bars at the head of a stretch that is at one rate, and writes their rows;
    /// gives how many.
    #[inline]
    fn take_quiet<P: Portfolio>(
        &mut self,
        (stretch, rate): (Stretch<'_>, f64),
        portfolio: &mut P,
    ) -> usize {
        let (positions, balance) = (self.positions().len(), portfolio.balance());
        let is_noted = self.notes_equity();
        self.advance_quiet(&stretch, rate, balance, |profits, lows: Lows<'_>| {
            portfolio.write_rows(profits, positions, is_noted.then_some(lows));
        })
    }

    /// Takes steps of several symbols in which nothing can happen; gives how many.
    fn skip_steps<P: Portfolio>(&mut self, ahead: &Ahead<'_, '_>, portfolio: &mut P) -> usize {
        if self.pass_apart(ahead, portfolio) {
            portfolio.write_quiet_row(self.open_profit(), self.positions().len(), None);
            return 1;
        }
        if !self.may_skip_steps() {
            return 0;
        }
        let positions = self.positions().len();
        let mut bars = Vec::with_capacity(ahead.feed.contexts.len());
        for symbol in ahead.feed.market.symbol_ids() {
            let own = self
                .holds(symbol)
                .then(|| ahead.stretch_of(symbol, ahead.bars));
            if matches!(own, Some(None)) {
                return 0;
            }
            bars.push(own.flatten());
        }
        self.advance_quiet_steps(&bars, portfolio, |portfolio, profit| {
            portfolio.write_quiet_row(profit, positions, None);
        })
    }

    /// Passes a step if no symbol with a bar has positions or waiting orders, or only one does and
    /// nothing can happen in its bar. Returns whether it has.
    // Where symbols have times of their own, most steps are such.
    fn pass_apart<P: Portfolio>(&mut self, ahead: &Ahead<'_, '_>, portfolio: &mut P) -> bool {
        if self.needs_waiting(ahead.walk.time()) {
            return false;
        }
        let is_concerned = |symbol: &SymbolId| {
            // Finer bars are times of their own inside the step.
            ahead.feed.contexts[symbol.index()].magnifier.is_some() || self.concerns(*symbol)
        };
        let mut concerned = ahead.walk.present().filter(is_concerned);
        match (concerned.next(), concerned.next()) {
            (None, _) => self.pass_step(portfolio),
            // Steps of the only symbol that is held are taken as one stretch elsewhere.
            (Some(only), None) if ahead.bars == 1 || !self.holds_only(only) => {
                let bar = ahead.stretch_of(only, 1).zip(ahead.walk.bar(only));
                bar.is_some_and(|(own, bar)| self.take_own_bar(only, (&own, &bar), portfolio))
            }
            _ => false,
        }
    }
}

impl Executor for Simulator {
    type Action = Action;
    type Error = OmegaError;

    #[inline]
    fn is_idle(&mut self) -> Result<bool, OmegaError> {
        Ok(Simulator::is_idle(self))
    }

    #[inline]
    fn is_surely_idle(&self) -> bool {
        Simulator::is_idle(self)
    }

    fn submit(&mut self, actions: &mut Vec<Action>, time: i64, symbols: &mut [Concern]) -> usize {
        let submitted = self.submit(actions);
        // Each step anew: of many symbols, only those with something open, waiting or submitted
        // cost anything.
        if let [only] = symbols {
            // Every step concerns the only symbol.
            *only = Concern::Itself;
        } else {
            symbols.fill(Concern::Nothing);
            self.mark_symbols(time, symbols);
        }
        submitted
    }

    fn on_open<A: Account>(
        &mut self,
        bars: StepBars<'_>,
        account: &mut A,
    ) -> Result<(), OmegaError> {
        self.on_open(bars, account)
    }

    fn on_bar<A: Account>(&mut self, now: &SymbolBar, account: &mut A) -> Result<(), OmegaError> {
        self.on_bar(now, account)
    }

    fn on_close<A: Account>(
        &mut self,
        bars: StepBars<'_>,
        managed: &mut Vec<Action>,
        account: &mut A,
    ) -> Result<(), OmegaError> {
        // Before the stop-out (L1): the close of a position that is then stopped out has taken its
        // order number by now, and is cancelled at the next bar.
        for action in managed.drain(..) {
            self.process_managed(&action, bars)?;
        }
        self.on_close(bars, account)
    }

    #[inline]
    fn quiet<P: Portfolio>(
        &mut self,
        mut ahead: Ahead<'_, '_>,
        portfolio: &mut P,
    ) -> Result<usize, OmegaError> {
        // First, since it needs neither a price nor a rate: the rows of any number of bars and
        // symbols are known at once. Only a portfolio that watches leaves them to here.
        if Simulator::is_idle(self) {
            portfolio.write_flat_rows(ahead.bars);
            return Ok(ahead.bars);
        }
        if let Some(stretch) = ahead.stretch(SHORTEST_STRETCH) {
            return Ok(self.take_quiet(stretch, portfolio));
        }
        let positions = self.positions().len();
        let (balance, is_noted) = (portfolio.balance(), self.notes_equity());
        let Some((bar, rate)) = ahead.bar() else {
            return Ok(self.skip_steps(&ahead, portfolio));
        };
        let is_alone = ahead.bars == 1;
        let Some(quiet) = self.advance_quiet_bar(&bar, rate, balance, is_alone) else {
            return Ok(0);
        };
        let low = is_noted.then(|| quiet.low(&bar));
        portfolio.write_quiet_row(quiet.profit, positions, low);
        Ok(1)
    }

    fn after_open<P: Portfolio>(
        &mut self,
        opened: StepBars<'_>,
        mut ahead: Ahead<'_, '_>,
        portfolio: &mut P,
    ) -> Result<usize, OmegaError> {
        // Any number pays: a bar that is walked from its open costs as much as many.
        let stretch = ahead.stretch(1);
        let Some(stretch) = stretch.filter(|_| self.begin_quiet_inside(opened, portfolio)) else {
            return Ok(0);
        };
        let taken = self.take_quiet(stretch, portfolio);
        if taken == 0 {
            // Something is reached in this bar, which is then walked as usual.
            self.end_bars();
        }
        Ok(taken)
    }

    fn foresee(
        &mut self,
        mut ahead: Ahead<'_, '_>,
        balance: f64,
        profits: Option<&mut Vec<f64>>,
    ) -> usize {
        ahead
            .stretch(SHORTEST_STRETCH)
            .map_or(0, |(stretch, rate)| {
                self.foresee_quiet(&stretch, rate, balance, profits)
            })
    }

    #[inline]
    fn forget_fills(&mut self) -> usize {
        self.forget_fills()
    }

    fn may_be_quiet(&mut self, mut ahead: Ahead<'_, '_>, balance: f64) -> bool {
        let stretch = ahead.stretch(SHORTEST_STRETCH);
        stretch.is_some_and(|(_, rate)| self.may_be_quiet(rate, balance))
    }

    fn marked_profit(&self) -> f64 {
        // Mostly it was added up at this close already.
        self.open_profit()
    }

    #[inline]
    fn state(&self) -> ExecutorState<'_> {
        ExecutorState {
            positions: self.positions(),
            has_positions: !self.positions().is_empty(),
            fills: self.fills(),
            orders: self.orders(),
            last_trades: self.last_trades(),
            next_order: self.next_order(),
            changes: self.changes(),
        }
    }

    fn finish<A: Account>(
        &mut self,
        closes: Option<StepBars<'_>>,
        account: &mut A,
    ) -> Result<(), OmegaError> {
        // Before anyone reads the positions: a quiet range still has the extremes and marks of its
        // bars.
        self.end_bars();
        if let Some(bars) = closes {
            self.close_at_end(bars, account)?;
        }
        Ok(())
    }
}
