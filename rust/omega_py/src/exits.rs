//! Exits that no executor reports: a position manager, a portfolio, or an executor that takes a
//! signal may close positions of the user's own at once.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

use omega_core::types::SymbolId;
use pyo3::intern;
use pyo3::prelude::*;

use super::tracks::Tracks;

/// Watches the portfolio's open positions while others act. One for a run, which one thread calls.
pub(super) struct Exits<'py> {
    portfolio: Bound<'py, PyAny>,
    tracks: Arc<Tracks>,
    /// Whether the executor has anything active; while it has nothing, nobody is asked.
    is_active: Cell<bool>,
    /// Symbols and times of exits that the executor has not yet taken note of.
    unseen: RefCell<Vec<(SymbolId, i64)>>,
}

pub(super) type SharedExits<'py> = Rc<Exits<'py>>;

impl<'py> Exits<'py> {
    pub(super) fn new(portfolio: Bound<'py, PyAny>, tracks: &Arc<Tracks>) -> SharedExits<'py> {
        Rc::new(Self {
            portfolio,
            tracks: Arc::clone(tracks),
            is_active: Cell::default(),
            unseen: RefCell::default(),
        })
    }

    pub(super) fn set_active(&self, is_active: bool) {
        self.is_active.set(is_active);
    }

    /// The open positions of a symbol, as the portfolio has them.
    pub(super) fn open(&self, symbol: SymbolId) -> PyResult<Bound<'py, PyAny>> {
        let name = self.tracks.symbol(symbol).candles.name();
        let method = intern!(self.portfolio.py(), "get_open_positions");
        self.portfolio.call_method1(method, (name,))
    }

    /// Calls, and notes which positions of all symbols are open no more.
    pub(super) fn watching_all<T>(
        &self,
        time: i64,
        with: impl FnOnce() -> PyResult<T>,
    ) -> PyResult<T> {
        if !self.is_active.get() {
            return with();
        }
        let named = (0_u32..).map(SymbolId).zip(self.tracks.market.symbols());
        let symbols: Vec<_> = named.map(|(symbol, _)| symbol).collect();
        self.watching(&symbols, time, with)
    }

    /// Calls, and notes which positions of some symbols are open no more.
    pub(super) fn watching<T>(
        &self,
        symbols: &[SymbolId],
        time: i64,
        with: impl FnOnce() -> PyResult<T>,
    ) -> PyResult<T> {
        let open = |symbol: &SymbolId| Ok((*symbol, Open::of(&self.open(*symbol)?)?));
        let before: Vec<_> = symbols.iter().map(open).collect::<PyResult<_>>()?;
        let answer = with()?;
        for (symbol, open) in before.iter().filter(|(_, open)| open.count > 0) {
            let gone = open.gone(&Open::of(&self.open(*symbol)?)?)?;
            let mut unseen = self.unseen.borrow_mut();
            unseen.extend(std::iter::repeat_n((*symbol, time), gone));
        }
        Ok(answer)
    }

    /// What happened since the last call.
    pub(super) fn take(&self) -> Vec<(SymbolId, i64)> {
        self.unseen.take()
    }
}

/// Open positions at a moment.
struct Open<'py> {
    count: usize,
    /// Their numbers, where each has one.
    numbers: Option<Vec<Bound<'py, PyAny>>>,
}

impl<'py> Open<'py> {
    fn of(positions: &Bound<'py, PyAny>) -> PyResult<Self> {
        if positions.is_none() {
            let numbers = Some(Vec::new());
            return Ok(Self { count: 0, numbers });
        }
        let items: Vec<_> = positions.try_iter()?.collect::<PyResult<_>>()?;
        let name = intern!(positions.py(), "trade_id");
        let numbers = items.iter().map(|item| item.getattr_opt(name));
        let numbers: Vec<Option<_>> = numbers.collect::<PyResult<_>>()?;
        let numbers: Vec<_> = numbers.into_iter().flatten().collect();
        Ok(Self {
            count: items.len(),
            numbers: (numbers.len() == items.len()).then_some(numbers),
        })
    }

    /// How many of them are open no more; one that was closed while another was opened counts, as
    /// far as they have numbers.
    fn gone(&self, after: &Self) -> PyResult<usize> {
        let (Some(before), Some(after)) = (&self.numbers, &after.numbers) else {
            return Ok(self.count.saturating_sub(after.count));
        };
        let mut gone = 0;
        for number in before {
            let mut left = false;
            for other in after {
                left = left || other.eq(number)?;
            }
            gone += usize::from(!left);
        }
        Ok(gone)
    }
}
