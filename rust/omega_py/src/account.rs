//! What a strategy reads of its account and requests of its run: the base class of strategies, so
//! that a read or an order is one step.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};

use pyo3::IntoPyObjectExt;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};

use super::orders::{Change, Desk, OpenWords, Word};
use super::run::Run;
use super::snapshot::StateSnapshot;
use super::tracks::Tracks;
use omega_core::types::Direction;

/// Account, positions and orders of the run that a strategy is in.
#[pyclass(frozen, subclass, module = "omega._core")]
#[derive(Default)]
pub struct AccountView {
    /// The run of this backend that it sees the whole of.
    // Set once and read without a lock: each run works on a copy of its strategy. One that sees a
    // second run reads that by name.
    seen: OnceLock<Seen>,
    /// Whether it is in it.
    is_in: AtomicBool,
}

/// A run as its strategy sees it.
struct Seen {
    tracks: Arc<Tracks>,
    snapshot: Arc<StateSnapshot>,
    /// Takes orders; none where others get each, as an object.
    desk: Option<Desk>,
}

#[pymethods]
impl AccountView {
    #[new]
    #[pyo3(signature = (*_arguments, **_words))]
    fn new(_arguments: &Bound<'_, PyAny>, _words: Option<&Bound<'_, PyAny>>) -> Self {
        Self::default() // the arguments are those of the user's own `__init__`
    }

    /// Reads a run from now on; where it is none of this backend, what the strategy is tied to.
    /// Orders go straight to it, unless they are heard as objects.
    #[pyo3(signature = (run, /, *, heard))]
    fn _see(&self, run: &Bound<'_, PyAny>, heard: bool) -> PyResult<()> {
        let Ok(run) = run.cast::<Run>() else {
            self.is_in.store(false, Relaxed);
            return Ok(());
        };
        let desk = (!heard).then(|| Desk::of(run)).transpose()?;
        let (tracks, snapshot) = run.get().seen();
        let seen = Seen {
            tracks: Arc::clone(tracks),
            snapshot: Arc::clone(snapshot),
            desk,
        };
        self.is_in.store(self.seen.set(seen).is_ok(), Relaxed);
        Ok(())
    }

    /// The oldest open position, or None.
    #[getter]
    fn position<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        let own = |seen: &Seen| seen.snapshot.position(py, &seen.tracks);
        read(slf, intern!(py, "position"), own)
    }

    /// All open positions of all symbols, oldest first.
    #[getter]
    fn positions<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        let own = |seen: &Seen| seen.snapshot.positions(py, &seen.tracks);
        read(slf, intern!(py, "positions"), own)
    }

    /// Orders that wait, oldest first.
    #[getter]
    fn pending<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        let own = |seen: &Seen| seen.snapshot.pending(py, &seen.tracks);
        read(slf, intern!(py, "pending"), own)
    }

    /// Balance plus open profit at the newest bar's close, in account currency.
    #[getter]
    fn equity<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        read(slf, intern!(slf.py(), "equity"), |seen| {
            Ok(seen.snapshot.equity())
        })
    }

    /// Cash after all booked profits and costs, in account currency.
    #[getter]
    fn balance<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        read(slf, intern!(slf.py(), "balance"), |seen| {
            Ok(seen.snapshot.balance())
        })
    }

    /// Buy: at the market, at `limit` or better, or at the market once `stop` is reached.
    ///
    /// `size` is in lots; None leaves it to the run's sizer. `stop_loss` and `take_profit` are
    /// prices or distances from the entry, `trail` and `trailing_stop` distances: in units of the
    /// price, or an `omega.Distance`. Returns the order's number, which its trade has as well.
    #[pyo3(
        signature = (
            size=Word::LEFT_OUT, *, limit=Word::LEFT_OUT, stop=Word::LEFT_OUT,
            touch=Word::LEFT_OUT, trail=Word::LEFT_OUT, at_close=Word::LEFT_OUT,
            stop_loss=Word::LEFT_OUT, take_profit=Word::LEFT_OUT, symbol=Word::LEFT_OUT,
            expires=Word::LEFT_OUT, trailing_stop=Word::LEFT_OUT, oco=Word::LEFT_OUT,
            reduce_only=Word::LEFT_OUT, reason=Word::LEFT_OUT, tags=Word::LEFT_OUT
        ),
        text_signature = "($self, size=None, *, limit=None, stop=None, touch=None, trail=None, \
            at_close=False, stop_loss=None, take_profit=None, symbol=None, expires=None, \
            trailing_stop=None, oco=None, reduce_only=False, reason=None, tags=())"
    )]
    #[expect(clippy::too_many_arguments, reason = "an order has as many words")]
    fn buy<'py>(
        slf: &Bound<'py, Self>,
        size: Word<'_, 'py>,
        limit: Word<'_, 'py>,
        stop: Word<'_, 'py>,
        touch: Word<'_, 'py>,
        trail: Word<'_, 'py>,
        at_close: Word<'_, 'py>,
        stop_loss: Word<'_, 'py>,
        take_profit: Word<'_, 'py>,
        symbol: Word<'_, 'py>,
        expires: Word<'_, 'py>,
        trailing_stop: Word<'_, 'py>,
        oco: Word<'_, 'py>,
        reduce_only: Word<'_, 'py>,
        reason: Word<'_, 'py>,
        tags: Word<'_, 'py>,
    ) -> PyResult<u32> {
        let words = OpenWords {
            size,
            limit,
            stop,
            touch,
            trail,
            at_close,
            stop_loss,
            take_profit,
            symbol,
            expires,
            trailing_stop,
            oco,
            reduce_only,
            reason,
            tags,
        };
        open(slf, Direction::Long, &words)
    }

    /// Sell short; the arguments are those of `buy`.
    #[pyo3(
        signature = (
            size=Word::LEFT_OUT, *, limit=Word::LEFT_OUT, stop=Word::LEFT_OUT,
            touch=Word::LEFT_OUT, trail=Word::LEFT_OUT, at_close=Word::LEFT_OUT,
            stop_loss=Word::LEFT_OUT, take_profit=Word::LEFT_OUT, symbol=Word::LEFT_OUT,
            expires=Word::LEFT_OUT, trailing_stop=Word::LEFT_OUT, oco=Word::LEFT_OUT,
            reduce_only=Word::LEFT_OUT, reason=Word::LEFT_OUT, tags=Word::LEFT_OUT
        ),
        text_signature = "($self, size=None, *, limit=None, stop=None, touch=None, trail=None, \
            at_close=False, stop_loss=None, take_profit=None, symbol=None, expires=None, \
            trailing_stop=None, oco=None, reduce_only=False, reason=None, tags=())"
    )]
    #[expect(clippy::too_many_arguments, reason = "an order has as many words")]
    fn sell<'py>(
        slf: &Bound<'py, Self>,
        size: Word<'_, 'py>,
        limit: Word<'_, 'py>,
        stop: Word<'_, 'py>,
        touch: Word<'_, 'py>,
        trail: Word<'_, 'py>,
        at_close: Word<'_, 'py>,
        stop_loss: Word<'_, 'py>,
        take_profit: Word<'_, 'py>,
        symbol: Word<'_, 'py>,
        expires: Word<'_, 'py>,
        trailing_stop: Word<'_, 'py>,
        oco: Word<'_, 'py>,
        reduce_only: Word<'_, 'py>,
        reason: Word<'_, 'py>,
        tags: Word<'_, 'py>,
    ) -> PyResult<u32> {
        let words = OpenWords {
            size,
            limit,
            stop,
            touch,
            trail,
            at_close,
            stop_loss,
            take_profit,
            symbol,
            expires,
            trailing_stop,
            oco,
            reduce_only,
            reason,
            tags,
        };
        open(slf, Direction::Short, &words)
    }

    /// Close positions at the market.
    ///
    /// `position` is one, or the number of its order; None closes all, or all of `symbol`.
    /// `fraction` is the part of the lots. Returns the order's number; of several symbols that of
    /// the first.
    #[pyo3(
        signature = (
            position=Word::LEFT_OUT, *, symbol=Word::LEFT_OUT, fraction=Word::LEFT_OUT,
            reason=Word::LEFT_OUT
        ),
        text_signature = "($self, position=None, *, symbol=None, fraction=1.0, reason='signal')"
    )]
    fn close<'py>(
        slf: &Bound<'py, Self>,
        position: Word<'_, 'py>,
        symbol: Word<'_, 'py>,
        fraction: Word<'_, 'py>,
        reason: Word<'_, 'py>,
    ) -> PyResult<u32> {
        let native = |desk: &Desk| desk.close(position, symbol, fraction, reason);
        if let Some(number) = slf.get().entered(slf.py(), native) {
            return Ok(number);
        }
        let words = [
            ("position", position),
            ("symbol", symbol),
            ("fraction", fraction),
            ("reason", reason),
        ];
        in_python(slf, "close", None, &words)
    }

    /// Cancel an order that waits.
    fn cancel<'py>(slf: &Bound<'py, Self>, order: Word<'_, 'py>) -> PyResult<u32> {
        match slf.get().entered(slf.py(), |desk| desk.cancel(order)) {
            Some(number) => Ok(number),
            None => in_python(slf, "cancel", None, &[("order", order)]),
        }
    }

    /// Change an order that waits, or the protective exits of a position.
    ///
    /// What is left out stays; None removes an exit, or lets an order work until it is cancelled.
    #[pyo3(
        signature = (
            order, *, price=Word::LEFT_OUT, limit_price=Word::LEFT_OUT, size=Word::LEFT_OUT,
            stop_loss=Word::LEFT_OUT, take_profit=Word::LEFT_OUT, expires=Word::LEFT_OUT
        ),
        text_signature = "($self, order, *, price=..., limit_price=..., size=..., stop_loss=..., \
            take_profit=..., expires=...)"
    )]
    #[expect(clippy::too_many_arguments, reason = "as many things may change")]
    fn modify<'py>(
        slf: &Bound<'py, Self>,
        order: Word<'_, 'py>,
        price: Word<'_, 'py>,
        limit_price: Word<'_, 'py>,
        size: Word<'_, 'py>,
        stop_loss: Word<'_, 'py>,
        take_profit: Word<'_, 'py>,
        expires: Word<'_, 'py>,
    ) -> PyResult<u32> {
        let change = Change {
            order,
            price,
            limit_price,
            size,
            stop_loss,
            take_profit,
            expires,
        };
        match slf.get().entered(slf.py(), |desk| desk.modify(&change)) {
            Some(number) => Ok(number),
            None => in_python(slf, "modify", None, &change.by_name()),
        }
    }
}

impl AccountView {
    /// The run that it is in.
    #[inline]
    fn seen(&self) -> Option<&Seen> {
        if self.is_in.load(Relaxed) {
            self.seen.get()
        } else {
            None
        }
    }

    /// The number of what was entered; none where it has to be in Python.
    #[inline]
    fn entered(&self, py: Python<'_>, enter: impl FnOnce(&Desk) -> Option<u32>) -> Option<u32> {
        let desk = self.seen()?.desk.as_ref()?;
        desk.is_open(py).then(|| enter(desk))?
    }
}

/// Opens a position.
fn open<'py>(
    strategy: &Bound<'py, AccountView>,
    direction: Direction,
    words: &OpenWords<'_, 'py>,
) -> PyResult<u32> {
    let native = |desk: &Desk| desk.open(direction, words);
    match strategy.get().entered(strategy.py(), native) {
        Some(number) => Ok(number),
        None => in_python(strategy, "open", Some(direction), &words.by_name()),
    }
}

/// Reads the run that a strategy sees the whole of. Where there is none, it is tied to a part of
/// one, to one of the other backend, or to one that is over, which has what it shows by name.
#[inline]
fn read<'py, T: IntoPyObject<'py>>(
    strategy: &Bound<'py, AccountView>,
    name: &Bound<'py, PyString>,
    own: impl FnOnce(&Seen) -> PyResult<T>,
) -> PyResult<Bound<'py, PyAny>> {
    if let Some(seen) = strategy.get().seen() {
        return own(seen)?.into_bound_py_any(strategy.py());
    }
    strategy
        .call_method0(intern!(strategy.py(), "_shown"))?
        .getattr(name)
}

/// Hands an order to the entry in Python, which takes all words, and refuses wrong ones.
#[cold]
fn in_python<'py>(
    strategy: &Bound<'py, AccountView>,
    method: &str,
    direction: Option<Direction>,
    words: &[(&str, Word<'_, 'py>)],
) -> PyResult<u32> {
    let entry = strategy.call_method0("_orders")?;
    let given = PyDict::new(strategy.py());
    for (name, word) in words {
        if let Some(word) = word.given() {
            given.set_item(name, word)?;
        }
    }
    let made = match direction {
        Some(Direction::Long) => entry.call_method(method, ("long",), Some(&given))?,
        Some(Direction::Short) => entry.call_method(method, ("short",), Some(&given))?,
        None => entry.call_method(method, (), Some(&given))?,
    };
    made.extract()
}
