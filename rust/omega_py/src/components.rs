//! What an engine adds to a run over the native executor: slices, cool-downs, and a portfolio of
//! the user's own.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use omega_core::execution::{Account, Booking, Exit, Fill, Lows, Position};
use omega_core::portfolio::{Portfolio, Trade};
use omega_core::replay;
use omega_core::store::Market;
use pyo3::intern;
use pyo3::prelude::*;

use super::events::TradeView;
use super::position_views::PositionView;
use super::tracks::{ClosedSteps, Tracks};

/// Bars and time after an entry, and time after an exit.
pub(super) type CooldownFields = (usize, i64, i64);

/// The components of an engine.
#[derive(FromPyObject)]
pub(super) struct Components<'py> {
    /// What the strategy sees of each symbol.
    #[pyo3(item)]
    pub(super) slices: Bound<'py, PyAny>,
    /// Whether the strategy is called with an index and the slices, and not with a bar.
    #[pyo3(item)]
    pub(super) takes_slices: bool,
    /// Makes actions of what an older strategy returned.
    #[pyo3(item)]
    pub(super) adapt: Option<Bound<'py, PyAny>>,
    #[pyo3(item)]
    pub(super) cooldown: CooldownFields,
    /// A portfolio of the user's own.
    #[pyo3(item)]
    pub(super) portfolio: Option<Bound<'py, PyAny>>,
}

/// The components of an engine whose executor is the user's own.
#[derive(FromPyObject)]
pub(super) struct Parts<'py> {
    /// The strategy's one function.
    #[pyo3(item)]
    pub(super) decide: Bound<'py, PyAny>,
    /// Whether it is called with an index and the slices, and not with a bar.
    #[pyo3(item)]
    pub(super) takes_slices: bool,
    /// Makes actions of what an older strategy returned.
    #[pyo3(item)]
    pub(super) adapt: Option<Bound<'py, PyAny>>,
    #[pyo3(item)]
    pub(super) slices: Bound<'py, PyAny>,
    #[pyo3(item)]
    pub(super) executor: Bound<'py, PyAny>,
    #[pyo3(item)]
    pub(super) portfolio: Bound<'py, PyAny>,
    #[pyo3(item)]
    pub(super) manager: Option<Bound<'py, PyAny>>,
    #[pyo3(item)]
    pub(super) cooldown: CooldownFields,
}

/// What a portfolio of the user's own raised; the next call of the strategy ends the run with it.
// Shared by strategy and portfolio of one run, which one thread calls.
pub(super) type Failure = Rc<RefCell<Option<PyErr>>>;

/// A portfolio of the user's own beside Omega's books, from which the result tables come. Its cash
/// is the account's balance.
pub(super) struct PyPortfolio<'a, 'py> {
    pub(super) books: Portfolio,
    py: Python<'py>,
    object: Bound<'py, PyAny>,
    update: Bound<'py, PyAny>,
    mark: Option<Bound<'py, PyAny>>,
    tracks: &'a Arc<Tracks>,
    market: &'a Market,
    closed: ClosedSteps<'a>,
    step: usize,
    cash: f64,
    failure: Failure,
}

impl<'a, 'py> PyPortfolio<'a, 'py> {
    /// A portfolio about to see the step at which a run begins.
    pub(super) fn new(
        object: Bound<'py, PyAny>,
        tracks: &'a Arc<Tracks>,
        step: usize,
        books: Portfolio,
        failure: Failure,
    ) -> PyResult<Self> {
        Ok(Self {
            py: object.py(),
            update: object.getattr("update")?,
            mark: object.getattr_opt("mark")?,
            cash: object.getattr("cash")?.extract()?,
            market: &tracks.market,
            closed: ClosedSteps::new(tracks, step),
            books,
            object,
            tracks,
            step,
            failure,
        })
    }

    /// Calls it, unless it failed before.
    fn call(&mut self, with: impl FnOnce(&Self) -> PyResult<()>) {
        if self.failure.borrow().is_some() {
            return;
        }
        // Read after each call: sizes and margins are measured by this cash, which any call may
        // change.
        let called = with(self).and_then(|()| self.object.getattr(intern!(self.py, "cash")));
        match called.and_then(|cash| cash.extract()) {
            Ok(cash) => self.cash = cash,
            Err(error) => {
                let noted = self.tracks.noted(self.py, error, "portfolio");
                *self.failure.borrow_mut() = Some(noted);
            }
        }
    }

    fn fee(&self, amount: f64, time: i64, kind: &str, of: &Bound<'py, PyAny>) -> PyResult<()> {
        let arguments = (amount, time, kind, of);
        self.object
            .call_method1(intern!(self.py, "register_fee"), arguments)?;
        Ok(())
    }

    fn position(&self, position: &Position) -> PyResult<Bound<'py, PyAny>> {
        // A copy: the portfolio may keep what it is given, and the position goes on changing.
        let view = PositionView::new(position, self.tracks, None);
        Ok(Bound::new(self.py, view)?.into_any())
    }

    /// PORTFOLIO of a step.
    fn end_step(&mut self) {
        let time = self.market.time(self.step);
        self.step += 1;
        self.call(|this| this.update.call1((time,)).map(drop));
    }
}

impl Account for PyPortfolio<'_, '_> {
    fn balance(&self) -> f64 {
        self.cash
    }

    fn note_equity(&mut self, equity: f64) {
        self.books.note_equity(equity);
    }

    fn note_ruin(&mut self, time: i64) {
        self.books.note_ruin(time);
    }

    fn book_entry(&mut self, position: &Position, fill: &Fill) {
        // Omega's books first, since the result comes from them whatever the other portfolio does.
        self.books.book_entry(position, fill);
        self.call(|this| {
            let shown = this.position(position)?;
            this.object
                .call_method1(intern!(this.py, "register_entry"), (&shown,))?;
            // No fee, no call, as the books write no line.
            if fill.fee == 0.0 {
                return Ok(());
            }
            this.fee(fill.fee, fill.time, "entry", &shown)
        });
    }

    fn book_swap(&mut self, position: &Position, amount: f64, time: i64) {
        self.books.book_swap(position, amount, time);
        self.call(|this| this.fee(-amount, time, "swap", &this.position(position)?));
    }

    fn book(&mut self, booking: &Booking) {
        self.books.book(booking);
    }

    fn note_receivable(&mut self, amount: f64) {
        self.books.note_receivable(amount);
    }

    fn receivable(&self) -> f64 {
        self.books.receivable()
    }

    fn book_exit(&mut self, exit: &Exit<'_>) {
        self.books.book_exit(exit);
        self.call(|this| {
            // The trade that the books have just made of this exit.
            let Some(trade) = this.books.trades().last() else {
                return Ok(());
            };
            let shown = TradeView::new(this.py, this.tracks.of_trade(trade), trade)?;
            let shown = Bound::new(this.py, shown)?.into_any();
            this.object
                .call_method1(intern!(this.py, "register_exit"), (&shown,))?;
            if exit.fill.fee == 0.0 {
                return Ok(());
            }
            this.fee(exit.fill.fee, exit.fill.time, "exit", &shown)
        });
    }
}

impl replay::Portfolio for PyPortfolio<'_, '_> {
    // A quiet range keeps marks back, and `mark` gets the positions of every bar.
    fn watches(&self) -> bool {
        true
    }

    fn marked_equity(&self) -> f64 {
        self.books.marked_equity()
    }

    fn trades(&self) -> &[Trade] {
        self.books.trades()
    }

    fn write_row(&mut self, open: &[Position], profit: f64) {
        replay::Portfolio::write_row(&mut self.books, open, profit);
        self.closed.show_next();
        // Views are made only where there is a `mark` to read them.
        if self.mark.is_some() && !open.is_empty() {
            self.call(|this| {
                let shown: Vec<_> = open
                    .iter()
                    .map(|one| this.position(one))
                    .collect::<PyResult<_>>()?;
                if let Some(mark) = &this.mark {
                    mark.call1((shown,))?;
                }
                Ok(())
            });
        }
        self.end_step();
    }

    fn write_quiet_row(&mut self, profit: f64, open_positions: usize, low: Option<f64>) {
        self.books.write_quiet_row(profit, open_positions, low);
        self.closed.show_next();
        self.end_step();
    }

    fn write_rows(&mut self, profits: &[f64], open_positions: usize, _lows: Option<Lows<'_>>) {
        // Row by row: `update` is called for each bar, with the books at that bar.
        for profit in profits {
            self.books.write_row(*profit, open_positions);
            self.closed.show_next();
            self.end_step();
        }
    }

    fn write_flat_rows(&mut self, bars: usize) {
        for _ in 0..bars {
            self.books.write_flat_rows(1);
            self.closed.show_next();
            self.end_step();
        }
    }

    /// Its last row is written again, by `update` with the same time where it knows no other way.
    fn rewrite_last_row(&mut self) {
        self.books.rewrite_last_row();
        let time = self.market.time(self.step - 1);
        self.call(|this| rewrite(&this.object, time));
    }
}

/// Lets a portfolio write its last row again.
pub(super) fn rewrite(portfolio: &Bound<'_, PyAny>, time: i64) -> PyResult<()> {
    match portfolio.getattr_opt("rewrite_last_row")? {
        Some(rewrite) => rewrite.call0()?,
        None => portfolio.call_method1("update", (time,))?,
    };
    Ok(())
}
