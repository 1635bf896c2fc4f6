//! Order entry: what `buy`, `sell`, `close`, `cancel` and `modify` are given, straight to actions.
//!
//! It takes plain numbers and words. Whatever else it is given goes to the entry in Python, which
//! makes a `Signal` of it, and states what is wrong where something is.

use std::sync::{Arc, Mutex, PoisonError};

use omega_core::execution::{
    Action, CloseTarget, Distance, ExitReason, Expiry, Level, LevelChange, ModifyRequest,
    OpenRequest, OrderType, ReduceOnly, Sizer,
};
use omega_core::types::{Direction, OrderId, SymbolId, TradeId};
use pyo3::exceptions::PyOverflowError;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyEllipsis, PyFloat, PyInt, PyList, PyString, PyTuple};

use super::clock::Tracks;
use super::snapshot::{OrderView, PositionView, StateSnapshot};

/// An action on its way from a method of the strategy to the loop.
#[pyclass(frozen, module = "omega._core")]
pub struct Queued(Mutex<Option<Action>>);

impl Queued {
    /// The action, once.
    pub(super) fn take(&self) -> Option<Action> {
        // A poisoned lock is taken all the same: nothing that holds it can fail.
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// Takes the orders of a strategy.
#[pyclass(frozen, module = "omega._core")]
pub struct OrderEntry {
    tracks: Arc<Tracks>,
    snapshot: Arc<StateSnapshot>,
    queue: Py<PyList>,
    /// Takes what this one does not.
    plain: Py<PyAny>,
    /// `omega.Distance`.
    distance: Py<PyAny>,
}

/// A word that a call was given.
type Word<'a, 'py> = &'a Bound<'py, PyAny>;

#[pymethods]
impl OrderEntry {
    /// Takes an action as it is.
    fn submit(&self, py: Python<'_>, action: &Bound<'_, PyAny>) -> PyResult<usize> {
        self.plain
            .bind(py)
            .call_method1("submit", (action,))?
            .extract()
    }

    /// Opens a position; the words are those of `Strategy.buy`.
    #[expect(clippy::too_many_arguments, reason = "an order has as many words")]
    fn open<'py>(
        &self,
        py: Python<'py>,
        direction: Word<'_, 'py>,
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
    ) -> PyResult<usize> {
        let request = || {
            let expiry = expiry(expires)?;
            let trail = self.distance(trail)?;
            let prices = [price(limit)?, price(stop)?, price(touch)?];
            Ok::<_, NotPlain>(OpenRequest {
                symbol: self.symbol(symbol)?.unwrap_or(SymbolId(0)),
                direction: direction_of(direction)?,
                kind: kind(prices, trail.is_some(), truth(at_close)?, expiry)?,
                size: price(size)?.map(Sizer::FixedLots),
                stop_loss: self.level(stop_loss)?,
                take_profit: self.level(take_profit)?,
                expiry,
                group: text(oco)?,
                trailing_stop: self.distance(trailing_stop)?,
                trail,
                reduce_only: if truth(reduce_only)? {
                    ReduceOnly::Any
                } else {
                    ReduceOnly::No
                },
                reason: text(reason)?,
                tags: texts(tags)?,
            })
        };
        if let Ok(request) = request() {
            return self.push(py, Action::Open(request));
        }
        let words = [
            direction,
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
        ];
        self.in_python(py, "open", &words)
    }

    /// Closes positions; gives the number of the first order.
    fn close<'py>(
        &self,
        py: Python<'py>,
        position: Word<'_, 'py>,
        symbol: Word<'_, 'py>,
        fraction: Word<'_, 'py>,
        reason: Word<'_, 'py>,
    ) -> PyResult<usize> {
        let words = [position, symbol, fraction, reason];
        let plain = || {
            let targets = self.targets(position, symbol)?;
            Ok::<_, NotPlain>((targets, number(fraction)?, exit(reason)?))
        };
        let Ok((targets, fraction, reason)) = plain() else {
            return self.in_python(py, "close", &words);
        };
        let first = self.next_number(py);
        for target in targets {
            let close = Action::Close {
                target,
                fraction,
                reason,
            };
            self.push(py, close)?;
        }
        Ok(first)
    }

    /// Cancels an order that waits.
    fn cancel<'py>(&self, py: Python<'py>, order: Word<'_, 'py>) -> PyResult<usize> {
        match self.order_number(order) {
            Ok(order) => self.push(py, Action::Cancel(OrderId(order))),
            Err(NotPlain) => self.in_python(py, "cancel", &[order]),
        }
    }

    /// Changes an order that waits, or the exits of a position.
    #[expect(clippy::too_many_arguments, reason = "as many things may change")]
    fn modify<'py>(
        &self,
        py: Python<'py>,
        order: Word<'_, 'py>,
        price: Word<'_, 'py>,
        limit_price: Word<'_, 'py>,
        size: Word<'_, 'py>,
        stop_loss: Word<'_, 'py>,
        take_profit: Word<'_, 'py>,
        expires: Word<'_, 'py>,
    ) -> PyResult<usize> {
        let request = || {
            Ok::<_, NotPlain>(ModifyRequest {
                trade: TradeId(self.order_number(order)?),
                price: changed(price, number)?,
                limit_price: changed(limit_price, number)?,
                lots: changed(size, number)?,
                stop_loss: level_change(stop_loss, |given| self.level(given))?,
                take_profit: level_change(take_profit, |given| self.level(given))?,
                expiry: changed(expires, expiry)?,
            })
        };
        if let Ok(request) = request() {
            return self.push(py, Action::Modify(request));
        }
        let words = [
            order,
            price,
            limit_price,
            size,
            stop_loss,
            take_profit,
            expires,
        ];
        self.in_python(py, "modify", &words)
    }
}

impl OrderEntry {
    pub(super) fn new(
        py: Python<'_>,
        tracks: Arc<Tracks>,
        snapshot: Arc<StateSnapshot>,
        queue: Py<PyList>,
        plain: Py<PyAny>,
    ) -> PyResult<Self> {
        let distances = py.import("omega.config.distances")?;
        Ok(Self {
            tracks,
            snapshot,
            queue,
            plain,
            distance: distances.getattr("Distance")?.unbind(),
        })
    }

    /// Queues an action; gives its number.
    fn push(&self, py: Python<'_>, action: Action) -> PyResult<usize> {
        let number = self.next_number(py);
        let queued = Py::new(py, Queued(Mutex::new(Some(action))))?;
        self.queue.bind(py).append(queued)?;
        Ok(number)
    }

    /// The number that the next queued action will take.
    fn next_number(&self, py: Python<'_>) -> usize {
        // What is queued has taken its numbers, though the loop has not seen it.
        self.snapshot.next_order() as usize + self.queue.bind(py).len()
    }

    #[cold]
    fn in_python<'py>(
        &self,
        py: Python<'py>,
        method: &str,
        words: &[Word<'_, 'py>],
    ) -> PyResult<usize> {
        let words = PyTuple::new(py, words)?;
        self.plain.bind(py).call_method1(method, words)?.extract()
    }

    /// What a close is about. Without a position and a symbol, of several symbols each that is
    /// open, in the order of the run.
    fn targets(&self, position: Word<'_, '_>, symbol: Word<'_, '_>) -> Plain<Vec<CloseTarget>> {
        let symbol = self.symbol(symbol)?;
        if !position.is_none() {
            let trade = self.order_number(position)?;
            return Ok(vec![CloseTarget::Trade(TradeId(trade))]);
        }
        if let Some(symbol) = symbol {
            return Ok(vec![CloseTarget::Symbol(symbol)]);
        }
        let open = self.snapshot.open_symbols();
        if self.tracks.market.symbols().len() == 1 || open.is_empty() {
            return Ok(vec![CloseTarget::All]);
        }
        Ok(open.into_iter().map(CloseTarget::Symbol).collect())
    }

    /// The number of an order or trade, given itself or as a number of it.
    fn order_number(&self, given: Word<'_, '_>) -> Plain<u32> {
        if let Ok(position) = given.cast_exact::<PositionView>() {
            return position.get().number_in(&self.tracks).ok_or(NotPlain);
        }
        if let Ok(order) = given.cast_exact::<OrderView>() {
            return order.get().number_in(&self.tracks).ok_or(NotPlain);
        }
        if !given.is_exact_instance_of::<PyInt>() {
            return Err(NotPlain);
        }
        match given.extract::<u32>() {
            Ok(number) => Ok(number),
            // Numbers that no run gives become the largest, which nothing has either (F12.2).
            Err(error) if error.is_instance_of::<PyOverflowError>(given.py()) => Ok(u32::MAX),
            Err(_) => Err(NotPlain),
        }
    }

    /// A symbol of the run.
    fn symbol(&self, given: Word<'_, '_>) -> Plain<Option<SymbolId>> {
        let Some(name) = text_of(given)? else {
            return Ok(None);
        };
        let track = self.tracks.look_up_symbol(name).ok_or(NotPlain)?;
        Ok(Some(self.tracks.symbol_of(track)))
    }

    /// A price, or a distance from the entry.
    fn level(&self, given: Word<'_, '_>) -> Plain<Option<Level>> {
        if let Ok(price) = price(given) {
            return Ok(price.map(Level::At));
        }
        Ok(self.distance(given)?.map(Level::Away))
    }

    /// A number of price, or an `omega.Distance`.
    fn distance(&self, given: Word<'_, '_>) -> Plain<Option<Distance>> {
        if let Ok(price) = price(given) {
            return Ok(price.map(Distance::Price));
        }
        if !given.get_type().is(&self.distance) {
            return Err(NotPlain);
        }
        let field = |name| given.getattr(name).map_err(|_| NotPlain);
        let number = field("given")?.extract().map_err(|_| NotPlain)?;
        Ok(Some(if truth(&field("is_percent")?)? {
            Distance::Percent(number)
        } else {
            Distance::Price(number)
        }))
    }
}

/// A word of another kind than the usual one, or one that contradicts the others.
struct NotPlain;

type Plain<T> = Result<T, NotPlain>;

/// What makes an order fill, by the prices that it was given.
fn kind(
    [limit, stop, touch]: [Option<f64>; 3],
    trails: bool,
    at_close: bool,
    expiry: Expiry,
) -> Plain<OrderType> {
    Ok(match (limit, stop, touch, trails, at_close) {
        (None, None, None, false, false) => OrderType::Market,
        (Some(limit), None, None, false, false) => OrderType::Limit(limit),
        (None, Some(stop), None, false, false) => OrderType::Stop(stop),
        (Some(limit), Some(stop), None, false, false) => OrderType::StopLimit { stop, limit },
        (Some(limit), None, Some(touch), false, false) => {
            OrderType::LimitIfTouched { touch, limit }
        }
        // Its price is made of the market (F16).
        (None, None, None, true, false) => OrderType::Stop(f64::NAN),
        (None, None, None, false, true) => match expiry {
            Expiry::ImmediateOrCancel | Expiry::FillOrKill => return Err(NotPlain),
            Expiry::GoodTillCancelled | Expiry::Day | Expiry::GoodTillTime(_) => OrderType::AtClose,
        },
        _ => return Err(NotPlain),
    })
}

fn direction_of(given: Word<'_, '_>) -> Plain<Direction> {
    match text_of(given)? {
        Some("long") => Ok(Direction::Long),
        Some("short") => Ok(Direction::Short),
        _ => Err(NotPlain),
    }
}

fn exit(reason: Word<'_, '_>) -> Plain<ExitReason> {
    match text_of(reason)? {
        Some("signal") => Ok(ExitReason::Signal),
        Some("time") => Ok(ExitReason::Time),
        _ => Err(NotPlain),
    }
}

fn expiry(given: Word<'_, '_>) -> Plain<Expiry> {
    match text_of(given)? {
        None => Ok(Expiry::GoodTillCancelled),
        Some("day") => Ok(Expiry::Day),
        Some("ioc") => Ok(Expiry::ImmediateOrCancel),
        Some("fok") => Ok(Expiry::FillOrKill),
        Some(_) => Err(NotPlain),
    }
}

/// A float, or an integer that is one exactly.
fn number(given: Word<'_, '_>) -> Plain<f64> {
    if let Ok(float) = given.cast::<PyFloat>() {
        return Ok(float.value());
    }
    // A truth value is an integer to Python, and no number of money.
    if !given.is_exact_instance_of::<PyInt>() {
        return Err(NotPlain);
    }
    let whole: i32 = given.extract().map_err(|_| NotPlain)?;
    Ok(f64::from(whole))
}

fn price(given: Word<'_, '_>) -> Plain<Option<f64>> {
    if given.is_none() {
        return Ok(None);
    }
    number(given).map(Some)
}

fn truth(given: Word<'_, '_>) -> Plain<bool> {
    let truth = given.cast::<PyBool>().map_err(|_| NotPlain)?;
    Ok(truth.is_true())
}

fn text_of<'a>(given: Word<'a, '_>) -> Plain<Option<&'a str>> {
    if given.is_none() {
        return Ok(None);
    }
    let text = given.cast_exact::<PyString>().map_err(|_| NotPlain)?;
    text.to_str().map(Some).map_err(|_| NotPlain)
}

fn text(given: Word<'_, '_>) -> Plain<Option<String>> {
    Ok(text_of(given)?.map(str::to_owned))
}

fn texts(given: Word<'_, '_>) -> Plain<Vec<String>> {
    let several = given.cast_exact::<PyTuple>().map_err(|_| NotPlain)?;
    let texts = several.iter().map(|one| text(&one)?.ok_or(NotPlain));
    texts.collect()
}

/// What becomes of something that stays where it is left out.
fn changed<T>(given: Word<'_, '_>, read: impl Fn(Word<'_, '_>) -> Plain<T>) -> Plain<Option<T>> {
    if given.is(PyEllipsis::get(given.py())) {
        return Ok(None);
    }
    read(given).map(Some)
}

fn level_change(
    given: Word<'_, '_>,
    read: impl Fn(Word<'_, '_>) -> Plain<Option<Level>>,
) -> Plain<LevelChange> {
    if given.is(PyEllipsis::get(given.py())) {
        return Ok(LevelChange::Keep);
    }
    read(given).map(LevelChange::Set)
}
