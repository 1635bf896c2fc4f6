//! Actions of other languages, made actions of the core as they come.

use omega_core::error::OmegaError;
use omega_core::execution::{
    Action, CloseTarget, Distance, ExitReason, Expiry, Level, LevelChange, ModifyRequest,
    OpenRequest, OrderType, Position, ReduceOnly, Sizer,
};
use omega_core::types::{Direction, OrderId, SymbolId, TradeId};

use super::abi::ActionRow;

/// The texts of an action.
pub(crate) struct Words {
    pub(crate) reason: Option<String>,
    pub(crate) oco: Option<String>,
    pub(crate) tags: Vec<String>,
}

/// What a function has requested during a call.
#[derive(Debug, Default)]
pub(crate) struct Inbox {
    pub(crate) actions: Vec<Action>,
    /// The number of the first of them.
    pub(crate) first: u32,
    symbols: usize,
    /// Symbols with a position, in order.
    open: Vec<SymbolId>,
    problem: Option<OmegaError>,
}

impl Inbox {
    pub(super) fn new(symbols: usize) -> Self {
        Self {
            symbols,
            ..Self::default()
        }
    }

    /// Notes which symbols a close of everything is about.
    pub(super) fn note_open(&mut self, positions: &[Position]) {
        self.open.clear();
        self.open.extend(positions.iter().map(|one| one.symbol));
        self.open.sort_unstable();
        self.open.dedup();
    }

    /// Whether nothing was requested.
    #[inline]
    pub(super) fn is_untouched(&self) -> bool {
        self.actions.is_empty() && self.problem.is_none()
    }

    /// Whether an action was refused.
    pub(super) fn is_refused(&self) -> bool {
        self.problem.is_some()
    }

    /// Forgets what was requested.
    pub(super) fn clear(&mut self) {
        self.actions.clear();
        self.problem = None;
    }

    /// Why an action was refused.
    pub(super) fn problem(&mut self) -> Option<OmegaError> {
        self.problem.take()
    }

    /// Takes an action; gives the number of its order, or -1.
    pub(crate) fn take(&mut self, row: &ActionRow, words: impl FnOnce() -> Words) -> i64 {
        let number = self.next();
        match self.add(row, words) {
            Ok(()) => i64::from(number),
            Err((field, given, expected)) => {
                self.problem.get_or_insert(OmegaError::Config {
                    parameter: format!("omega_action.{field}"),
                    given: given.to_string(),
                    expected: expected.into(),
                    hint: "omega.h has the words of each field".into(),
                });
                -1
            }
        }
    }

    fn next(&self) -> u32 {
        let taken = u32::try_from(self.actions.len()).unwrap_or(u32::MAX);
        self.first.saturating_add(taken)
    }

    fn add(&mut self, row: &ActionRow, words: impl FnOnce() -> Words) -> Read<()> {
        match row.kind {
            1 => {
                let request = self.open(row, words())?;
                self.actions.push(Action::Open(request));
            }
            2 => {
                let (fraction, reason) = (row.fraction, exit_reason(row)?);
                let close = |target| Action::Close {
                    target,
                    fraction,
                    reason,
                };
                if let Some(target) = self.target(row)? {
                    self.actions.push(close(target));
                } else {
                    let open = self.open.iter().copied().map(CloseTarget::Symbol);
                    self.actions.extend(open.map(close));
                }
            }
            3 => self.actions.push(Action::Cancel(OrderId(number(row)))),
            4 => self.actions.push(Action::Modify(modify(row)?)),
            other => return Err(("kind", other.into(), "1 (open) to 4 (modify)")),
        }
        Ok(())
    }

    fn symbol(&self, row: &ActionRow) -> Read<SymbolId> {
        let known = u32::try_from(row.symbol).ok();
        let known = known.filter(|&symbol| (symbol as usize) < self.symbols);
        known
            .map(SymbolId)
            .ok_or(("symbol", row.symbol.into(), "the place of a symbol"))
    }

    fn open(&self, row: &ActionRow, words: Words) -> Read<OpenRequest> {
        Ok(OpenRequest {
            symbol: self.symbol(row)?,
            direction: match row.direction {
                1 => Direction::Long,
                -1 => Direction::Short,
                other => return Err(("direction", other.into(), "1 (long) or -1 (short)")),
            },
            kind: order_type(row)?,
            size: given("size_is", row.size_is, row.size)?.map(Sizer::FixedLots),
            stop_loss: level("stop_loss_is", row.stop_loss_is, row.stop_loss)?,
            take_profit: level("take_profit_is", row.take_profit_is, row.take_profit)?,
            expiry: expiry(row)?.unwrap_or(Expiry::GoodTillCancelled),
            group: words.oco,
            trailing_stop: distance("trailing_stop_is", row.trailing_stop_is, row.trailing_stop)?,
            trail: distance("trail_is", row.trail_is, row.trail)?,
            reduce_only: match row.reduce_only {
                0 => ReduceOnly::No,
                1 => ReduceOnly::Any,
                2 => ReduceOnly::Tagged,
                3 => ReduceOnly::Owned,
                other => return Err(("reduce_only", other.into(), "0 to 3")),
            },
            reason: words.reason,
            tags: words.tags,
        })
    }

    /// What a close is about, as in `Strategy.close`; none where each symbol that is open.
    fn target(&self, row: &ActionRow) -> Read<Option<CloseTarget>> {
        Ok(if row.id >= 0 {
            Some(CloseTarget::Trade(TradeId(number(row))))
        } else if row.symbol >= 0 {
            Some(CloseTarget::Symbol(self.symbol(row)?))
        } else if self.symbols == 1 {
            // What all would be resolved to, which need not be then.
            Some(CloseTarget::Symbol(SymbolId(0)))
        } else if self.open.is_empty() {
            Some(CloseTarget::All)
        } else {
            None
        })
    }
}

/// What was read, or the field, what it was given, and what was expected.
type Read<T> = Result<T, (&'static str, i64, &'static str)>;

/// Numbers that no run gives become the largest, which nothing has either (F12.2).
fn number(row: &ActionRow) -> u32 {
    u32::try_from(row.id).unwrap_or(u32::MAX)
}

fn order_type(row: &ActionRow) -> Read<OrderType> {
    let (price, limit) = (row.price, row.limit_price);
    Ok(match row.order_type {
        0 => OrderType::Market,
        1 => OrderType::Limit(price),
        2 => OrderType::Stop(price),
        3 => OrderType::StopLimit { stop: price, limit },
        4 => OrderType::LimitIfTouched {
            touch: price,
            limit,
        },
        5 => OrderType::AtClose,
        other => return Err(("order_type", other.into(), "0 (market) to 5 (at the close)")),
    })
}

fn exit_reason(row: &ActionRow) -> Read<ExitReason> {
    match row.exit_reason {
        0 => Ok(ExitReason::Signal),
        1 => Ok(ExitReason::Time),
        other => Err(("exit_reason", other.into(), "0 (signal) or 1 (time)")),
    }
}

/// How long an order works; none where that is not given.
fn expiry(row: &ActionRow) -> Read<Option<Expiry>> {
    Ok(Some(match row.expiry {
        0 => return Ok(None),
        1 => Expiry::GoodTillTime(row.expires),
        2 => Expiry::Day,
        3 => Expiry::ImmediateOrCancel,
        4 => Expiry::FillOrKill,
        5 => Expiry::GoodTillCancelled,
        other => return Err(("expiry", other.into(), "0 (not given) to 5 (cancelled)")),
    }))
}

fn given(field: &'static str, how: i32, number: f64) -> Read<Option<f64>> {
    match how {
        0 => Ok(None),
        1 => Ok(Some(number)),
        other => Err((field, other.into(), "0 (not given) or 1 (a number)")),
    }
}

fn distance(field: &'static str, how: i32, number: f64) -> Read<Option<Distance>> {
    match how {
        0 => Ok(None),
        1 | 2 => Ok(Some(Distance::Price(number))),
        3 => Ok(Some(Distance::Percent(number))),
        other => Err((field, other.into(), "0 (not given) to 3 (percent)")),
    }
}

fn level(field: &'static str, how: i32, number: f64) -> Read<Option<Level>> {
    match how {
        1 => Ok(Some(Level::At(number))),
        _ => Ok(distance(field, how, number)?.map(Level::Away)),
    }
}

fn change(field: &'static str, how: i32, number: f64) -> Read<LevelChange> {
    Ok(match how {
        0 => LevelChange::Keep,
        4 => LevelChange::Set(None),
        _ => LevelChange::Set(level(field, how, number)?),
    })
}

fn modify(row: &ActionRow) -> Read<ModifyRequest> {
    Ok(ModifyRequest {
        trade: TradeId(number(row)),
        price: given("price_is", row.price_is, row.price)?,
        limit_price: given("limit_price_is", row.limit_price_is, row.limit_price)?,
        lots: given("size_is", row.size_is, row.size)?,
        stop_loss: change("stop_loss_is", row.stop_loss_is, row.stop_loss)?,
        take_profit: change("take_profit_is", row.take_profit_is, row.take_profit)?,
        expiry: expiry(row)?,
    })
}
