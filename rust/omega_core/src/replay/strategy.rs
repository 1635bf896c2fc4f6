//! What a strategy is, and all that it can see.

use super::{Foresight, Outlook};
use crate::error::OmegaError;
use crate::execution::{Action, Fill, LastTrades, Order, Position};
use crate::portfolio::Trade;
use crate::store::{Market, SymbolCandles, TrackId, Walk};
use crate::types::{Bar, SymbolId};

/// The candles up to the newest complete bar of each track; there is no way to reach a later one
/// (L1).
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    market: &'a Market,
    walk: &'a Walk<'a>,
}

impl<'a> View<'a> {
    /// What is complete at the step of a walk.
    #[must_use]
    pub fn new(market: &'a Market, walk: &'a Walk<'a>) -> Self {
        Self { market, walk }
    }

    /// How many bars of each track are complete: symbols in order, then timeframes.
    #[inline]
    #[must_use]
    pub fn visible(&self) -> &'a [usize] {
        self.walk.visible()
    }

    /// Whether a symbol has had the bars that the strategy needs of it (L2).
    #[inline]
    #[must_use]
    pub fn is_ready(&self, symbol: SymbolId) -> bool {
        self.walk.is_ready(symbol)
    }

    /// The symbols that have not had them.
    #[inline]
    #[must_use]
    pub fn waiting(&self) -> &'a [SymbolId] {
        self.walk.waiting()
    }

    /// The step at whose open the strategy acts.
    #[must_use]
    pub fn step(&self) -> usize {
        self.walk.step()
    }

    /// The time of that step.
    #[must_use]
    pub fn time(&self) -> i64 {
        self.walk.time()
    }

    /// Index of a symbol's bar at that step, or of the next one to come.
    #[must_use]
    pub fn index(&self, symbol: SymbolId) -> usize {
        self.walk.index(symbol)
    }

    /// Index of the first symbol's newest complete bar.
    #[inline]
    #[must_use]
    pub fn newest(&self) -> usize {
        self.visible()[0].saturating_sub(1)
    }

    /// The first symbol's bar this many bars before its newest; `None` before the first.
    #[must_use]
    pub fn bar(&self, ago: usize) -> Option<Bar> {
        self.bar_of(TrackId(0), ago)
    }

    /// The bar of a track this many bars before its newest; `None` before the first.
    #[must_use]
    pub fn bar_of(&self, track: TrackId, ago: usize) -> Option<Bar> {
        let newest = self.visible()[track.0].checked_sub(1)?;
        let index = newest.checked_sub(ago)?;
        Some(self.candles(track).bar(index))
    }

    /// The tracks that may show something else than at the step before.
    #[inline]
    #[must_use]
    pub fn moved(&self) -> &'a [TrackId] {
        self.walk.moved()
    }

    /// Whether a track's newest bar became complete with this step (X2).
    #[inline]
    #[must_use]
    pub fn is_fresh(&self, track: TrackId) -> bool {
        self.walk.is_fresh(track)
    }

    fn candles(&self, track: TrackId) -> &'a SymbolCandles {
        self.market.track(track)
    }
}

/// Account and positions as they stand after the newest visible bar.
#[derive(Debug, Clone, Copy)]
pub struct State<'a> {
    /// Open positions.
    pub positions: &'a [Position],
    /// The fills so far that are kept.
    pub fills: &'a [Fill],
    /// The closed trades so far that are kept.
    pub trades: &'a [Trade],
    /// How many of them the strategy has seen.
    pub seen_fills: usize,
    /// How many of the closed trades it has seen.
    pub seen_trades: usize,
    /// Orders from the oldest that waits on, those among them that have ended as well.
    pub orders: &'a [Order],
    /// When each symbol was last traded.
    pub last_trades: &'a [LastTrades],
    /// Cash after all booked profits and costs.
    pub balance: f64,
    /// Balance plus open profit.
    pub equity: f64,
    /// The number that the next action will take.
    pub next_order: u32,
    /// Grows with every change of orders and positions.
    pub changes: u64,
}

impl<'a> State<'a> {
    /// What happened since the strategy was last called, in order: each fill, with the trade that
    /// it closed.
    pub fn events(&self) -> impl Iterator<Item = (&'a Fill, Option<&'a Trade>)> {
        // Each closing fill has made one trade, in the same order, so that pairing them needs no
        // search.
        let mut trades = self.trades[self.seen_trades..].iter();
        let fills = self.fills[self.seen_fills..].iter();
        fills.map(move |fill| (fill, if fill.closes { trades.next() } else { None }))
    }
}

/// Decides, once a bar, on what it has seen. `A` is what its executor takes.
pub trait Strategy<A = Action> {
    /// What it may raise.
    type Error: From<OmegaError>;

    /// Adds the actions for the open of the next bar.
    ///
    /// # Errors
    /// Its own failures; the run ends there.
    fn evaluate(
        &mut self,
        view: &View<'_>,
        state: &State<'_>,
        actions: &mut Vec<A>,
    ) -> Result<(), Self::Error>;

    /// Called before `evaluate` when something happened since the last call: see `State::events`.
    ///
    /// # Errors
    /// Its own failures; the run ends there.
    fn on_events(
        &mut self,
        _view: &View<'_>,
        _state: &State<'_>,
        _actions: &mut Vec<A>,
    ) -> Result<(), Self::Error> {
        Ok(())
    }

    /// The first step, from `step` on, at which it has to decide although nothing has happened; the
    /// loop does not call it before.
    #[inline]
    fn next_decision_step(&mut self, step: usize) -> usize {
        step
    }

    /// Whether it is also called after each step at which something happened. One that is not finds
    /// in its events all that happened since it was last called.
    #[inline]
    fn wants_events(&self) -> bool {
        true
    }

    /// About how many orders it is sure to make: room is reserved for their rows.
    #[inline]
    fn expected_orders(&self) -> usize {
        0
    }

    /// Whether it can decide at several steps in a row while only equity changes, and reads that.
    #[inline]
    fn looks_ahead(&self) -> Foresight {
        Foresight::Never
    }

    /// Decides at this step as `evaluate` does, and then at those of the outlook until it adds an
    /// action, which is for the last step that it took; gives at how many steps it decided.
    ///
    /// # Errors
    /// Its own failures; the run ends there.
    fn decide_ahead(
        &mut self,
        view: &View<'_>,
        state: &State<'_>,
        _outlook: Outlook<'_>,
        actions: &mut Vec<A>,
    ) -> Result<usize, Self::Error> {
        self.evaluate(view, state, actions)?;
        Ok(1)
    }

    /// Whether it has a position manager of its own.
    fn manages(&self) -> bool {
        false
    }

    /// Manages open positions at the close of the newest visible bar; called only while there are
    /// any.
    ///
    /// # Errors
    /// Its own failures; the run ends there.
    fn manage(
        &mut self,
        _view: &View<'_>,
        _state: &State<'_>,
        _actions: &mut Vec<A>,
    ) -> Result<(), Self::Error> {
        Ok(())
    }

    /// Called after the last bar, with the last events.
    ///
    /// # Errors
    /// Its own failures.
    fn finish(&mut self, _view: &View<'_>, _state: &State<'_>) -> Result<(), Self::Error> {
        Ok(())
    }
}
