//! Order entry: what `buy`, `sell`, `close`, `cancel` and `modify` are given, straight to actions.
//!
//! It takes plain numbers and words. Whatever else it is given goes to the entry in Python, which
//! makes a `Signal` of it, and states what is wrong where something is.

use std::convert::Infallible;
use std::sync::Arc;

use omega_core::execution::{
    Action, CloseTarget, Distance, ExitReason, Expiry, Level, LevelChange, ModifyRequest,
    OpenRequest, OrderType, ReduceOnly, Sizer,
};
use omega_core::types::{Direction, OrderId, SymbolId, TradeId};
use pyo3::exceptions::PyOverflowError;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyEllipsis, PyFloat, PyInt, PyList, PyString, PyTuple};

use super::position_views::{OrderView, PositionView};
use super::run::Run;
use super::snapshot::StateSnapshot;
use super::tracks::Tracks;

/// A word that a call was given; none where it was left out, which is not the same as `None`.
#[derive(Clone, Copy)]
pub(super) struct Word<'a, 'py>(Option<Borrowed<'a, 'py, PyAny>>);

impl<'a, 'py> Word<'a, 'py> {
    pub(super) const LEFT_OUT: Self = Self(None);

    /// What was given.
    #[inline]
    pub(super) fn given(self) -> Option<Borrowed<'a, 'py, PyAny>> {
        self.0
    }

    /// The same, where it is not `None` either.
    #[inline]
    fn present(self) -> Option<Borrowed<'a, 'py, PyAny>> {
        self.0.filter(|given| !given.is_none())
    }
}

impl<'a, 'py> FromPyObject<'a, 'py> for Word<'a, 'py> {
    type Error = Infallible;

    #[inline]
    fn extract(given: Borrowed<'a, 'py, PyAny>) -> Result<Self, Infallible> {
        Ok(Self(Some(given)))
    }
}

/// The words of `buy` and `sell`.
pub(super) struct OpenWords<'a, 'py> {
    pub(super) size: Word<'a, 'py>,
    pub(super) limit: Word<'a, 'py>,
    pub(super) stop: Word<'a, 'py>,
    pub(super) touch: Word<'a, 'py>,
    pub(super) trail: Word<'a, 'py>,
    pub(super) at_close: Word<'a, 'py>,
    pub(super) stop_loss: Word<'a, 'py>,
    pub(super) take_profit: Word<'a, 'py>,
    pub(super) symbol: Word<'a, 'py>,
    pub(super) expires: Word<'a, 'py>,
    pub(super) trailing_stop: Word<'a, 'py>,
    pub(super) oco: Word<'a, 'py>,
    pub(super) reduce_only: Word<'a, 'py>,
    pub(super) reason: Word<'a, 'py>,
    pub(super) tags: Word<'a, 'py>,
}

impl<'a, 'py> OpenWords<'a, 'py> {
    /// The words by their names.
    pub(super) fn by_name(&self) -> [(&'static str, Word<'a, 'py>); 15] {
        [
            ("size", self.size),
            ("limit", self.limit),
            ("stop", self.stop),
            ("touch", self.touch),
            ("trail", self.trail),
            ("at_close", self.at_close),
            ("stop_loss", self.stop_loss),
            ("take_profit", self.take_profit),
            ("symbol", self.symbol),
            ("expires", self.expires),
            ("trailing_stop", self.trailing_stop),
            ("oco", self.oco),
            ("reduce_only", self.reduce_only),
            ("reason", self.reason),
            ("tags", self.tags),
        ]
    }
}

/// The words of `modify`.
pub(super) struct Change<'a, 'py> {
    pub(super) order: Word<'a, 'py>,
    pub(super) price: Word<'a, 'py>,
    pub(super) limit_price: Word<'a, 'py>,
    pub(super) size: Word<'a, 'py>,
    pub(super) stop_loss: Word<'a, 'py>,
    pub(super) take_profit: Word<'a, 'py>,
    pub(super) expires: Word<'a, 'py>,
}

impl<'a, 'py> Change<'a, 'py> {
    /// The words by their names.
    pub(super) fn by_name(&self) -> [(&'static str, Word<'a, 'py>); 7] {
        [
            ("order", self.order),
            ("price", self.price),
            ("limit_price", self.limit_price),
            ("size", self.size),
            ("stop_loss", self.stop_loss),
            ("take_profit", self.take_profit),
            ("expires", self.expires),
        ]
    }
}

/// Takes the orders of a strategy for its run.
pub(super) struct Desk {
    tracks: Arc<Tracks>,
    snapshot: Arc<StateSnapshot>,
    /// The actions that came as objects.
    queue: Py<PyList>,
    /// `omega.Distance`.
    distance: Py<PyAny>,
}

impl Desk {
    pub(super) fn of(run: &Bound<'_, Run>) -> PyResult<Self> {
        let py = run.py();
        let (tracks, snapshot) = run.get().seen();
        let distances = py.import("omega.config.distances")?;
        Ok(Self {
            tracks: Arc::clone(tracks),
            snapshot: Arc::clone(snapshot),
            queue: run.get().queue(py),
            distance: distances.getattr("Distance")?.unbind(),
        })
    }

    /// Whether orders may be entered: not after one that came as an object, which they would
    /// overtake.
    #[inline]
    pub(super) fn is_open(&self, py: Python<'_>) -> bool {
        self.queue.bind(py).is_empty()
    }

    /// Opens a position; gives the order's number.
    pub(super) fn open(&self, direction: Direction, words: &OpenWords<'_, '_>) -> Option<u32> {
        let request = self.request(direction, words).ok()?;
        Some(self.snapshot.enter(Action::Open(request)))
    }

    /// Closes positions; gives the number of the first order.
    pub(super) fn close(
        &self,
        position: Word<'_, '_>,
        symbol: Word<'_, '_>,
        fraction: Word<'_, '_>,
        reason: Word<'_, '_>,
    ) -> Option<u32> {
        let target = self.target(position, symbol).ok()?;
        let fraction = fraction.given().map_or(Ok(1.0), number).ok()?;
        let reason = exit(reason).ok()?;
        let close = |target| Action::Close {
            target,
            fraction,
            reason,
        };
        if let Some(target) = target {
            return Some(self.snapshot.enter(close(target)));
        }
        let open = self.snapshot.open_symbols().into_iter();
        let numbers = open.map(|symbol| self.snapshot.enter(close(CloseTarget::Symbol(symbol))));
        let first = numbers.reduce(|first, _| first);
        first.or_else(|| Some(self.snapshot.enter(close(CloseTarget::All))))
    }

    /// Cancels an order that waits; gives the number of the action.
    pub(super) fn cancel(&self, order: Word<'_, '_>) -> Option<u32> {
        let order = self.order_number(order.given()?).ok()?;
        Some(self.snapshot.enter(Action::Cancel(OrderId(order))))
    }

    /// Changes an order that waits, or the exits of a position; gives the number of the action.
    pub(super) fn modify(&self, words: &Change<'_, '_>) -> Option<u32> {
        let request = || {
            let order = words.order.given().ok_or(NotPlain)?;
            Ok::<_, NotPlain>(ModifyRequest {
                trade: TradeId(self.order_number(order)?),
                price: changed(words.price, number)?,
                limit_price: changed(words.limit_price, number)?,
                lots: changed(words.size, number)?,
                stop_loss: self.level_change(words.stop_loss)?,
                take_profit: self.level_change(words.take_profit)?,
                expiry: changed(words.expires, |given| expiry(Word(Some(given))))?,
            })
        };
        Some(self.snapshot.enter(Action::Modify(request().ok()?)))
    }

    fn request(&self, direction: Direction, words: &OpenWords<'_, '_>) -> Plain<OpenRequest> {
        let expiry = expiry(words.expires)?;
        let trail = self.distance(words.trail)?;
        let prices = [price(words.limit)?, price(words.stop)?, price(words.touch)?];
        Ok(OpenRequest {
            symbol: self.symbol(words.symbol)?.unwrap_or(SymbolId(0)),
            direction,
            kind: kind(prices, trail.is_some(), truth(words.at_close)?, expiry)?,
            size: price(words.size)?.map(Sizer::FixedLots),
            stop_loss: self.level(words.stop_loss)?,
            take_profit: self.level(words.take_profit)?,
            expiry,
            group: text(words.oco)?,
            trailing_stop: self.distance(words.trailing_stop)?,
            trail,
            reduce_only: if truth(words.reduce_only)? {
                ReduceOnly::Any
            } else {
                ReduceOnly::No
            },
            reason: text(words.reason)?,
            tags: texts(words.tags)?,
        })
    }

    /// What a close is about; none for each of several symbols that is open, in their order.
    fn target(&self, position: Word<'_, '_>, symbol: Word<'_, '_>) -> Plain<Option<CloseTarget>> {
        let symbol = self.symbol(symbol)?;
        if let Some(position) = position.present() {
            let trade = self.order_number(position)?;
            return Ok(Some(CloseTarget::Trade(TradeId(trade))));
        }
        if let Some(symbol) = symbol {
            return Ok(Some(CloseTarget::Symbol(symbol)));
        }
        // What is open of the only symbol is all that is open, and needs no search.
        let is_single = self.tracks.market.symbols().len() == 1;
        Ok(is_single.then_some(CloseTarget::Symbol(SymbolId(0))))
    }

    /// The number of an order or trade, given itself or as a number of it.
    fn order_number(&self, given: Given<'_, '_>) -> Plain<u32> {
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
    fn symbol(&self, word: Word<'_, '_>) -> Plain<Option<SymbolId>> {
        let Some(given) = word.present() else {
            return Ok(None);
        };
        let track = self.tracks.look_up_symbol(plain_text(&given)?);
        Ok(Some(self.tracks.symbol_of(track.ok_or(NotPlain)?)))
    }

    /// A price, or a distance from the entry.
    fn level(&self, word: Word<'_, '_>) -> Plain<Option<Level>> {
        if let Ok(price) = price(word) {
            return Ok(price.map(Level::At));
        }
        Ok(self.distance(word)?.map(Level::Away))
    }

    /// A number of price, or an `omega.Distance`.
    fn distance(&self, word: Word<'_, '_>) -> Plain<Option<Distance>> {
        let Some(given) = word.present() else {
            return Ok(None);
        };
        if let Ok(price) = number(given) {
            return Ok(Some(Distance::Price(price)));
        }
        if !given.get_type().is(&self.distance) {
            return Err(NotPlain);
        }
        let field = |name| given.getattr(name).map_err(|_| NotPlain);
        let number = field("given")?.extract().map_err(|_| NotPlain)?;
        let is_percent = field("is_percent")?.extract().map_err(|_| NotPlain)?;
        Ok(Some(if is_percent {
            Distance::Percent(number)
        } else {
            Distance::Price(number)
        }))
    }

    fn level_change(&self, word: Word<'_, '_>) -> Plain<LevelChange> {
        let changed = changed(word, |given| self.level(Word(Some(given))))?;
        Ok(changed.map_or(LevelChange::Keep, LevelChange::Set))
    }
}

type Given<'a, 'py> = Borrowed<'a, 'py, PyAny>;

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

fn exit(reason: Word<'_, '_>) -> Plain<ExitReason> {
    let Some(given) = reason.given() else {
        return Ok(ExitReason::Signal);
    };
    match plain_text(&given)? {
        "signal" => Ok(ExitReason::Signal),
        "time" => Ok(ExitReason::Time),
        _ => Err(NotPlain),
    }
}

fn expiry(word: Word<'_, '_>) -> Plain<Expiry> {
    let Some(given) = word.present() else {
        return Ok(Expiry::GoodTillCancelled);
    };
    match plain_text(&given)? {
        "day" => Ok(Expiry::Day),
        "ioc" => Ok(Expiry::ImmediateOrCancel),
        "fok" => Ok(Expiry::FillOrKill),
        _ => Err(NotPlain),
    }
}

/// A float, or an integer that is one exactly.
fn number(given: Given<'_, '_>) -> Plain<f64> {
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

#[inline]
fn price(word: Word<'_, '_>) -> Plain<Option<f64>> {
    word.present().map(number).transpose()
}

#[inline]
fn truth(word: Word<'_, '_>) -> Plain<bool> {
    let Some(given) = word.given() else {
        return Ok(false);
    };
    let truth = given.cast::<PyBool>().map_err(|_| NotPlain)?;
    Ok(truth.is_true())
}

fn plain_text<'a>(given: &'a Bound<'_, PyAny>) -> Plain<&'a str> {
    let text = given.cast_exact::<PyString>().map_err(|_| NotPlain)?;
    text.to_str().map_err(|_| NotPlain)
}

#[inline]
fn text(word: Word<'_, '_>) -> Plain<Option<String>> {
    let Some(given) = word.present() else {
        return Ok(None);
    };
    plain_text(&given).map(|text| Some(text.to_owned()))
}

#[inline]
fn texts(word: Word<'_, '_>) -> Plain<Vec<String>> {
    let Some(given) = word.given() else {
        return Ok(Vec::new());
    };
    let several = given.cast_exact::<PyTuple>().map_err(|_| NotPlain)?;
    let texts = several.iter_borrowed();
    texts
        .map(|one| plain_text(&one).map(str::to_owned))
        .collect()
}

/// What becomes of something that stays where it is left out.
fn changed<'a, 'py, T>(
    word: Word<'a, 'py>,
    read: impl Fn(Given<'a, 'py>) -> Plain<T>,
) -> Plain<Option<T>> {
    let Some(given) = word.given() else {
        return Ok(None);
    };
    if given.is(PyEllipsis::get(given.py())) {
        return Ok(None);
    }
    read(given).map(Some)
}
