//! The configuration of a backtest: plain values with defaults, checked against a market.

use std::sync::Arc;

use crate::error::OmegaError;
use crate::execution::costs::{Fees, Slippage, Swap};
use crate::execution::{
    AccountRules, Carry, Distance, Instrument, IntrabarPolicy, Limits, Manager, MarketFill,
    Participation, PositionMode, Schedule, Semantics, Settings, Sizer, Stale, SymbolSettings,
};
use crate::replay::{Magnifier, Plan, Rates, SymbolContext, VolumeOf};
use crate::store::{Market, SymbolCandles, Walk};
use crate::types::{Days, SymbolId};

/// Everything that a backtest needs beside its market and its strategy.
#[derive(Debug, Clone)]
pub struct Config {
    /// The version of the rules.
    pub semantics: Semantics,
    /// Balance at the start, in account currency.
    pub cash: f64,
    /// First time to trade at, in the unit of the time column; the first bar where there is none.
    pub start: Option<i64>,
    /// Last time to trade at; the last bar where there is none.
    pub end: Option<i64>,
    /// Whether positions still open at the end are closed at the last close (L4).
    pub close_at_end: bool,
    /// Complete bars needed before the first decision, by track; tracks left out need none (L2).
    pub warmup: Vec<usize>,
    /// At which price market orders fill (L3).
    pub market_fill: MarketFill,
    /// What happened first inside a bar (I2).
    pub intrabar: IntrabarPolicy,
    /// What opposite orders do to open positions (F7).
    pub position_mode: PositionMode,
    /// Whether a limit that the open passes fills at the better open (F2).
    pub limit_improvement: bool,
    /// Size of orders that name none (M3).
    pub sizer: Sizer,
    /// When nothing may be opened.
    pub limits: Limits,
    /// Days of other symbols after which a symbol without a bar is given up (F15); never, where
    /// there are none.
    pub stale_after: Option<usize>,
    /// Corporate actions, where there are any (A).
    pub schedule: Option<Arc<Schedule>>,
    /// What holding costs, where it does (C).
    pub carry: Option<Arc<Carry>>,
    /// By `SymbolId` intervals `[from, to)` in which a symbol is not stale, whatever others do.
    pub halts: Vec<Vec<(i64, i64)>>,
    /// Built-in position managers, applied in this order (I4).
    pub managers: Vec<Manager>,
    /// How much of the volume may be traded (W10).
    pub participation: Option<Participation>,
    /// What the account may hold, and when it closes positions (M7 to M12).
    pub account: AccountRules,
    /// Key of the random slippage.
    pub seed: u64,
    /// Whether a rejected order ends the run (F12).
    pub strict: bool,
    /// By `SymbolId`; symbols left out have the default.
    pub symbols: Vec<SymbolConfig>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            semantics: Semantics::default(),
            cash: 10_000.0,
            start: None,
            end: None,
            close_at_end: true,
            warmup: Vec::new(),
            market_fill: MarketFill::default(),
            intrabar: IntrabarPolicy::default(),
            position_mode: PositionMode::default(),
            limit_improvement: true,
            sizer: Sizer::FixedLots(1.0),
            limits: Limits::default(),
            stale_after: Some(10),
            schedule: None,
            carry: None,
            halts: Vec::new(),
            managers: Vec::new(),
            participation: None,
            account: AccountRules::default(),
            seed: 0,
            strict: false,
            symbols: Vec::new(),
        }
    }
}

/// One symbol: what is traded, what that costs, and the data beside its candles.
#[derive(Debug, Clone)]
pub struct SymbolConfig {
    /// Contract size, steps and margin; one unit a lot where nothing else is set.
    pub instrument: Instrument,
    /// Fees of each leg.
    pub fees: Fees,
    /// Slippage of each fill.
    pub slippage: Slippage,
    /// Financing of each night.
    pub swap: Swap,
    /// Open times of the bars that hold the end of a session, where the calendar has sessions.
    pub session_ends: Option<Arc<[i64]>>,
    /// Account currency per unit of quote currency.
    pub rates: Rates,
    /// Finer candles of the same symbol, which decide what happened inside a bar.
    pub magnifier: Option<Arc<SymbolCandles>>,
}

impl Default for SymbolConfig {
    fn default() -> Self {
        Self {
            instrument: Instrument::default(),
            fees: Fees::default(),
            slippage: Slippage::default(),
            swap: Swap::default(),
            session_ends: None,
            rates: Rates::Constant(1.0),
            magnifier: None,
        }
    }
}

impl Config {
    /// Whether every value is possible for a market.
    ///
    /// # Errors
    /// `Config` with the first value that is not.
    pub(super) fn check(&self, market: &Market) -> Result<(), OmegaError> {
        at_most("warmup", self.warmup.len(), market.tracks(), "track")?;
        let symbols = market.symbols();
        at_most("symbols", self.symbols.len(), symbols.len(), "symbol")?;
        positive("cash", self.cash)?;
        // Every sizer by name, so that a new one does not compile without a check.
        let (Sizer::FixedLots(size)
        | Sizer::FixedUnits(size)
        | Sizer::RiskAmount(size)
        | Sizer::RiskPercent(size)
        | Sizer::EquityPercent(size)) = self.sizer;
        positive("sizer", size)?;
        if let Some(level) = self.account.stop_out_level {
            positive("stop_out_level", level)?;
        }
        for manager in &self.managers {
            // An offset may have either sign.
            match *manager {
                Manager::TrailingStop {
                    distance: Distance::Price(price) | Distance::Percent(price),
                    ..
                }
                | Manager::BreakEven { trigger: price, .. }
                | Manager::PartialClose { trigger: price, .. } => positive("managers", price)?,
                Manager::TimeExit { .. } => {}
            }
        }
        let mut named = self.symbols.iter().zip(symbols);
        named.try_for_each(|(own, candles)| own.check(candles.name()))
    }

    /// The rules of execution for a market, whose symbols all have their entry.
    pub(super) fn settings(&self, market: &Market, traded_days: &[Arc<[i64]>]) -> Settings {
        let symbols = self.symbols.iter().zip(&market.clock().of_symbols);
        Settings {
            semantics: self.semantics,
            symbols: symbols.map(|(own, days)| own.settings(days)).collect(),
            intrabar: self.intrabar,
            market_fill: self.market_fill,
            position_mode: self.position_mode,
            limit_improvement: self.limit_improvement,
            sizer: self.sizer,
            limits: self.limits.clone(),
            managers: self.managers.clone(),
            participation: self.participation,
            account: self.account,
            seed: self.seed,
            strict: self.strict,
            stale: self
                .stale_after
                .filter(|_| !traded_days.is_empty())
                .map(|after| Stale {
                    after,
                    traded_days: traded_days.to_vec(),
                }),
            schedule: self.schedule.clone(),
            carry: self.carry.clone(),
            units_per_day: market.symbols()[0].unit().per_day(),
        }
    }

    /// By symbol, the days on which any has a bar; empty where no symbol can be stale.
    pub(super) fn traded_days(&self, market: &Market) -> Vec<Arc<[i64]>> {
        let can_be_stale = self.semantics == Semantics::Two
            && self.stale_after.is_some()
            && market.symbols().len() > 1;
        if can_be_stale {
            self.without_halts(market)
        } else {
            Vec::new()
        }
    }

    /// The volume that limits what is traded.
    pub(super) fn volume(&self) -> VolumeOf {
        match self.participation {
            None => VolumeOf::Nothing,
            Some(Participation { lagged: true, .. }) => VolumeOf::BarBefore,
            Some(Participation { lagged: false, .. }) => VolumeOf::SameBar,
        }
    }

    /// The days on which any symbol has a bar, without those on which a symbol was halted (A8).
    fn without_halts(&self, market: &Market) -> Vec<Arc<[i64]>> {
        let mut traded = market.traded_days();
        let days = &market.clock().of_symbols;
        for ((own, halts), days) in traded.iter_mut().zip(&self.halts).zip(days) {
            let is_halted = |day: i64| {
                let mut halts = halts.iter();
                halts.any(|&(from, to)| days.of(from) <= day && day < days.of(to))
            };
            if !halts.is_empty() {
                *own = own.iter().copied().filter(|&day| !is_halted(day)).collect();
            }
        }
        traded
    }

    /// Whether every conversion rate is known from the newest bar on that the first step sees.
    ///
    /// # Errors
    /// `Config` with the first pair that begins later.
    pub(super) fn check_rates(&self, market: &Market, plan: &Plan) -> Result<(), OmegaError> {
        let walk = Walk::at(market, plan.start);
        let symbols = (0_u32..).map(SymbolId).zip(market.symbols());
        for (own, (symbol, candles)) in self.symbols.iter().zip(symbols) {
            let Rates::Symbol { candles: pair, .. } = &own.rates else {
                continue;
            };
            let newest = walk.as_ref().and_then(|walk| walk.newest(symbol));
            let first = newest.map_or_else(|| candles.time(0), |bar| bar.time);
            // Otherwise the first rate of the pair would be used before its time, which is a look
            // into the future.
            if pair.is_empty() || pair.time(0) > first {
                return Err(OmegaError::Config {
                    parameter: "conversion".into(),
                    given: format!("{} without a bar at or before {first}", pair.name()),
                    expected: "rates from before the first bar of the run".into(),
                    hint: "Start later, or give data of the conversion pair that begins earlier"
                        .into(),
                });
            }
        }
        Ok(())
    }
}

impl SymbolConfig {
    fn check(&self, symbol: &str) -> Result<(), OmegaError> {
        let of = |field: &str| format!("{symbol}: {field}");
        let instrument = &self.instrument;
        positive(&of("contract_size"), instrument.contract_size)?;
        for (field, step) in [
            ("tick_size", instrument.tick_size),
            ("pip_size", instrument.pip_size),
            ("volume_min", instrument.volume_min),
            ("volume_step", instrument.volume_step),
            ("volume_max", instrument.volume_max),
        ] {
            step.map_or(Ok(()), |step| positive(&of(field), step))?;
        }
        for (field, cost) in [
            ("margin_rate", instrument.margin_rate),
            ("maintenance_rate", instrument.maintenance_rate),
            ("liquidation_fee", instrument.liquidation_fee),
            ("fees", self.fees.per_million),
            ("fees", self.fees.per_lot),
            ("fees", self.fees.percent),
            ("fees", self.fees.fixed),
            ("fees", self.fees.maker),
            ("fees", self.fees.taker),
            ("fees", self.fees.minimum),
            ("slippage", self.slippage.fixed),
            ("slippage", self.slippage.random),
            ("slippage", self.slippage.percent),
        ] {
            // Not the swap, which is paid or received.
            let holds = cost.is_finite() && cost >= 0.0;
            holds_or(holds, &of(field), cost, "a finite number, at least 0")?;
        }
        match self.rates {
            Rates::Constant(rate) => positive(&of("rates"), rate),
            Rates::Symbol { .. } => Ok(()),
        }
    }

    fn settings(&self, days: &Days) -> SymbolSettings {
        SymbolSettings {
            instrument: self.instrument.clone(),
            fees: self.fees.clone(),
            slippage: self.slippage.clone(),
            swap: self.swap,
            days: days.clone(),
            session_ends: self.session_ends.clone(),
        }
    }

    /// The data beside the candles, as the loop reads it.
    pub(super) fn context(&self, volume: VolumeOf) -> SymbolContext {
        let magnifier = self.magnifier.as_ref();
        SymbolContext {
            rates: self.rates.clone(),
            // The candles are shared; the place in them belongs to the run.
            magnifier: magnifier.map(|finer| Magnifier::new(Arc::clone(finer))),
            volume,
        }
    }
}

fn positive(parameter: &str, given: f64) -> Result<(), OmegaError> {
    // In this form NaN fails as well.
    let holds = given.is_finite() && given > 0.0;
    holds_or(holds, parameter, given, "a finite number above 0")
}

fn holds_or(holds: bool, parameter: &str, given: f64, expected: &str) -> Result<(), OmegaError> {
    if holds {
        return Ok(());
    }
    Err(OmegaError::Config {
        parameter: parameter.into(),
        given: given.to_string(),
        expected: expected.into(),
        hint: "Correct the number".into(),
    })
}

fn at_most(parameter: &str, given: usize, most: usize, one: &str) -> Result<(), OmegaError> {
    if given <= most {
        return Ok(());
    }
    Err(OmegaError::Config {
        parameter: parameter.into(),
        given: format!("{given} entries"),
        expected: format!("at most one for each {one} of the market, which are {most}"),
        hint: "Leave out the rest".into(),
    })
}
