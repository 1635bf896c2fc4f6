//! Signals in: what a callback returned or queued, as actions of the core.

use std::sync::Arc;

use pyo3::exceptions::PyOverflowError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyEllipsis, PyList, PyTuple};

use omega_core::execution::{
    Action, CloseTarget, Distance, ExitReason, Expiry, Level, LevelChange, ModifyRequest,
    OpenRequest, OrderType, Phases, Rebalance, ReduceOnly, Sizer, Target, TargetSize,
};
use omega_core::types::{Direction, OrderId, SymbolId, TradeId};

use super::callbacks::Collect;
use super::snapshot::StateSnapshot;
use super::weights::{self, RuleFields};

/// The classes that a callback may return, looked up once a run.
pub(super) struct Vocabulary<'py> {
    signal: Bound<'py, PyAny>,
    close: Bound<'py, PyAny>,
    cancel: Bound<'py, PyAny>,
    modify: Bound<'py, PyAny>,
    rebalance: Bound<'py, PyAny>,
    failed: Bound<'py, PyAny>,
    to_units: Bound<'py, PyAny>,
    symbols: Vec<String>,
    unit: &'static str,
}

#[derive(FromPyObject)]
struct SignalFields<'py> {
    direction: String,
    r#type: String,
    entry_price: Option<f64>,
    limit_price: Option<f64>,
    stop_loss: Option<Bound<'py, PyAny>>,
    take_profit: Option<Bound<'py, PyAny>>,
    size: Option<f64>,
    symbol: Option<String>,
    reason: Option<String>,
    tags: Vec<String>,
    expires: Bound<'py, PyAny>,
    oco: Option<String>,
    trailing_stop: Option<Bound<'py, PyAny>>,
    trail: Option<Bound<'py, PyAny>>,
    reduce_only: Bound<'py, PyAny>,
}

#[derive(FromPyObject)]
struct CloseFields<'py> {
    symbol: Option<String>,
    trade_id: Option<Bound<'py, PyAny>>,
    fraction: f64,
    reason: String,
}

/// A request to bring positions to targets: symbol, kind and number of each.
#[derive(FromPyObject)]
struct RebalanceFields {
    targets: Vec<(String, String, f64)>,
    missing: String,
    rules: RuleFields,
}

/// The size of a target by its kind, of which the face has checked the word.
fn target_size(kind: &str, number: f64) -> TargetSize {
    match kind {
        "weight" => TargetSize::Weight(number),
        "value" => TargetSize::Value(number),
        "units" => TargetSize::Units(number),
        _ => TargetSize::Keep,
    }
}

impl<'py> Vocabulary<'py> {
    pub(super) fn new<'a>(
        py: Python<'py>,
        symbols: impl Iterator<Item = &'a str>,
        unit: &'static str,
    ) -> PyResult<Self> {
        // Once a run: an import is a look-up in a dictionary for each class, and actions come on
        // many bars.
        let signals = py.import("omega.strategy.actions")?;
        Ok(Self {
            signal: signals.getattr("Signal")?,
            close: signals.getattr("Close")?,
            cancel: signals.getattr("Cancel")?,
            modify: signals.getattr("Modify")?,
            rebalance: signals.getattr("Rebalance")?,
            failed: py.import("omega.errors")?.getattr("CallbackFailed")?,
            to_units: py.import("omega.config.times")?.getattr("to_units")?,
            symbols: symbols.map(str::to_owned).collect(),
            unit,
        })
    }

    fn action(&self, item: &Bound<'py, PyAny>) -> PyResult<Action> {
        if item.is_instance(&self.signal)? {
            return Ok(Action::Open(self.open(item)?));
        }
        if item.is_instance(&self.close)? {
            return self.close(item);
        }
        if item.is_instance(&self.cancel)? {
            return Ok(Action::Cancel(OrderId(number(&item.getattr("order_id")?)?)));
        }
        if item.is_instance(&self.modify)? {
            return Ok(Action::Modify(self.modify(item)?));
        }
        if item.is_instance(&self.rebalance)? {
            return Ok(Action::Rebalance(self.rebalance(item)?));
        }
        Err(self.no_action(item)?)
    }

    fn close(&self, item: &Bound<'py, PyAny>) -> PyResult<Action> {
        let fields: CloseFields<'py> = item.extract()?;
        let symbol = self.symbol(fields.symbol.as_deref())?;
        Ok(Action::Close {
            // The trade before the symbol, which it has anyway (X3.1).
            target: match (&fields.trade_id, &fields.symbol) {
                (Some(trade), _) => CloseTarget::Trade(TradeId(number(trade)?)),
                (None, Some(_)) => CloseTarget::Symbol(symbol),
                (None, None) => CloseTarget::All,
            },
            fraction: fields.fraction,
            reason: if fields.reason == "time" {
                ExitReason::Time
            } else {
                ExitReason::Signal
            },
        })
    }

    fn modify(&self, item: &Bound<'py, PyAny>) -> PyResult<ModifyRequest> {
        let changed = |name| -> PyResult<Option<Bound<'py, PyAny>>> {
            let given = item.getattr(name)?;
            Ok((!given.is(PyEllipsis::get(item.py()))).then_some(given))
        };
        let price = |name| changed(name)?.map(|given| given.extract()).transpose();
        Ok(ModifyRequest {
            trade: TradeId(number(&item.getattr("trade_id")?)?),
            price: price("price")?,
            limit_price: price("limit_price")?,
            lots: price("size")?,
            stop_loss: level_change(changed("stop_loss")?)?,
            take_profit: level_change(changed("take_profit")?)?,
            expiry: changed("expires")?
                .map(|given| self.expiry(&given))
                .transpose()?,
        })
    }

    fn rebalance(&self, item: &Bound<'py, PyAny>) -> PyResult<Rebalance> {
        let fields: RebalanceFields = item.extract()?;
        let targets = fields.targets.iter().map(|(symbol, kind, number)| {
            let symbol = self.symbol(Some(symbol))?;
            let size = target_size(kind, *number);
            Ok::<_, PyErr>(Target { symbol, size })
        });
        Ok(Rebalance {
            targets: targets.collect::<PyResult<_>>()?,
            missing: weights::missing(&fields.missing),
            rules: Arc::new(fields.rules.rules()),
            phases: Phases::default(),
        })
    }

    /// Refuses what is no action.
    fn check(&self, item: &Bound<'py, PyAny>) -> PyResult<()> {
        for class in [&self.signal, &self.close, &self.cancel, &self.modify] {
            if item.is_instance(class)? {
                return Ok(());
            }
        }
        // An older system's own class, which its executor reads.
        if item.hasattr(intern!(item.py(), "direction"))? {
            return Ok(());
        }
        Err(self.no_action(item)?)
    }

    /// Whether an action opens a position: a signal, or an object of the user's own.
    pub(super) fn is_entry(&self, item: &Bound<'py, PyAny>) -> PyResult<bool> {
        for class in [&self.close, &self.cancel, &self.modify] {
            if item.is_instance(class)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn no_action(&self, item: &Bound<'py, PyAny>) -> PyResult<PyErr> {
        let message = format!(
            "the strategy returned {}, expected None, a Signal, Close, Cancel or Modify, or a list \
             of these",
            item.repr()?
        );
        Ok(PyErr::from_value(self.failed.call1((message,))?))
    }

    fn open(&self, item: &Bound<'py, PyAny>) -> PyResult<OpenRequest> {
        let fields: SignalFields<'py> = item.extract()?;
        let symbol = self.symbol(fields.symbol.as_deref())?;
        // Never read where it is NaN: the class refuses an order that waits without a price.
        let price = fields.entry_price.unwrap_or(f64::NAN);
        let limit = fields.limit_price.unwrap_or(f64::NAN);
        Ok(OpenRequest {
            symbol,
            // The class has checked the words, so that what is not long is short.
            direction: if fields.direction == "long" {
                Direction::Long
            } else {
                Direction::Short
            },
            kind: match fields.r#type.as_str() {
                "market" => OrderType::Market,
                "limit" => OrderType::Limit(price),
                "stop" => OrderType::Stop(price),
                "stop_limit" => OrderType::StopLimit { stop: price, limit },
                "limit_if_touched" => OrderType::LimitIfTouched {
                    touch: price,
                    limit,
                },
                // The last of the words that the class allows.
                _ => OrderType::AtClose,
            },
            size: fields.size.map(Sizer::FixedLots),
            stop_loss: fields.stop_loss.as_ref().map(level).transpose()?,
            take_profit: fields.take_profit.as_ref().map(level).transpose()?,
            expiry: self.expiry(&fields.expires)?,
            group: fields.oco,
            trailing_stop: fields.trailing_stop.as_ref().map(distance).transpose()?,
            trail: fields.trail.as_ref().map(distance).transpose()?,
            reduce_only: reduce_only(&fields.reduce_only)?,
            reason: fields.reason,
            tags: fields.tags,
        })
    }

    fn expiry(&self, expires: &Bound<'py, PyAny>) -> PyResult<Expiry> {
        if expires.is_none() {
            return Ok(Expiry::GoodTillCancelled);
        }
        match expires.extract::<&str>() {
            Ok("day") => return Ok(Expiry::Day),
            Ok("ioc") => return Ok(Expiry::ImmediateOrCancel),
            Ok("fok") => return Ok(Expiry::FillOrKill),
            Ok(_) | Err(_) => {}
        }
        let time = self.to_units.call1((expires, self.unit))?.extract()?;
        Ok(Expiry::GoodTillTime(time))
    }

    /// The symbol of this name; the first one where none is given.
    fn symbol(&self, given: Option<&str>) -> PyResult<SymbolId> {
        let Some(name) = given else {
            return Ok(SymbolId(0));
        };
        let found = self.symbols.iter().position(|symbol| symbol == name);
        let id = found.and_then(|place| u32::try_from(place).ok());
        id.map(SymbolId).map_or_else(
            || {
                let expected = match self.symbols.as_slice() {
                    [only] => format!("'{only}', the only symbol of this run"),
                    all => format!("one of '{}'", all.join("', '")),
                };
                let message = format!("a signal for symbol '{name}', expected {expected}");
                Err(PyErr::from_value(self.failed.call1((message,))?))
            },
            Ok,
        )
    }
}

impl<'py> Collect<'py> for Vocabulary<'py> {
    type Action = Action;

    fn entered(&self, snapshot: &StateSnapshot, actions: &mut Vec<Action>) {
        snapshot.take_entered(actions);
    }

    fn collect(&self, returned: &Bound<'py, PyAny>, actions: &mut Vec<Action>) -> PyResult<()> {
        for_each_item(returned, |item| {
            actions.push(self.action(item)?);
            Ok(())
        })
    }

    fn orders(&self, action: &Action, open: usize) -> usize {
        match action {
            Action::Close {
                target: CloseTarget::All,
                ..
            // One for each symbol that is open, as `submit` resolves it: otherwise `buy()` would
            // give a wrong number after it.
            } => open,
            Action::Open(_)
            | Action::Close { .. }
            | Action::Cancel(_)
            | Action::Modify(_)
            // Its orders take theirs after those of all other actions.
            | Action::Rebalance(_) => 1,
        }
    }
}

/// Hands the objects on as they are, to an executor of the user's own.
pub(super) struct AsGiven<'a, 'py>(pub(super) &'a Vocabulary<'py>);

impl<'py> Collect<'py> for AsGiven<'_, 'py> {
    type Action = Bound<'py, PyAny>;

    // All that such an executor takes comes as an object.
    fn entered(&self, _snapshot: &StateSnapshot, _actions: &mut Vec<Bound<'py, PyAny>>) {}

    fn collect(
        &self,
        returned: &Bound<'py, PyAny>,
        actions: &mut Vec<Bound<'py, PyAny>>,
    ) -> PyResult<()> {
        for_each_item(returned, |item| {
            // Checked here as well, so that a wrong value raises in the strategy's name and not
            // inside the executor.
            self.0.check(item)?;
            actions.push(item.clone());
            Ok(())
        })
    }

    // Numbers mean nothing to an executor of the user's own; one for each object is as good as any.
    fn orders(&self, _action: &Bound<'py, PyAny>, _open: usize) -> usize {
        1
    }
}

/// Takes what a callback returned: nothing, one action, or a list of them.
fn for_each_item<'py>(
    returned: &Bound<'py, PyAny>,
    mut take: impl FnMut(&Bound<'py, PyAny>) -> PyResult<()>,
) -> PyResult<()> {
    if returned.is_none() {
        return Ok(());
    }
    if let Ok(list) = returned.cast::<PyList>() {
        return list.iter().try_for_each(|item| take(&item));
    }
    if let Ok(tuple) = returned.cast::<PyTuple>() {
        return tuple.iter().try_for_each(|item| take(&item));
    }
    take(returned)
}

/// The number of an order or trade. Those that no run gives become the largest, which nothing has
/// either: the action is refused like that on any number that is not there (F12.2).
fn number(given: &Bound<'_, PyAny>) -> PyResult<u32> {
    match given.extract::<u32>() {
        Err(error) if error.is_instance_of::<PyOverflowError>(given.py()) => Ok(u32::MAX),
        number => number,
    }
}

/// A price, or a `Distance` from the entry.
fn level(given: &Bound<'_, PyAny>) -> PyResult<Level> {
    if let Ok(price) = given.extract::<f64>() {
        return Ok(Level::At(price));
    }
    Ok(Level::Away(distance(given)?))
}

/// A number of price, or a `Distance`.
fn distance(given: &Bound<'_, PyAny>) -> PyResult<Distance> {
    if let Ok(price) = given.extract::<f64>() {
        return Ok(Distance::Price(price));
    }
    let number = given.getattr("given")?.extract()?;
    Ok(if given.getattr("is_percent")?.extract()? {
        Distance::Percent(number)
    } else {
        Distance::Price(number)
    })
}

/// True, false, "tag" or "owner", which are the words that the class allows.
fn reduce_only(given: &Bound<'_, PyAny>) -> PyResult<ReduceOnly> {
    Ok(match given.extract::<&str>() {
        Ok("tag") => ReduceOnly::Tagged,
        Ok(_) => ReduceOnly::Owned,
        Err(_) if given.extract()? => ReduceOnly::Any,
        Err(_) => ReduceOnly::No,
    })
}

/// What is left out keeps a level, `None` removes it, a price or distance replaces it.
fn level_change(given: Option<Bound<'_, PyAny>>) -> PyResult<LevelChange> {
    let Some(given) = given else {
        return Ok(LevelChange::Keep);
    };
    Ok(LevelChange::Set(if given.is_none() {
        None
    } else {
        Some(level(&given)?)
    }))
}
