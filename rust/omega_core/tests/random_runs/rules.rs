//! Random rules of a run: every setting that the engine has.

use std::sync::Arc;

use omega_core::backtest::{Config, SymbolConfig};
use omega_core::execution::costs::{FeeFunction, Fees, Slippage, Swap};
use omega_core::execution::{
    AccountKind, AccountRules, Distance, Instrument, IntrabarPolicy, Limits, Manager, MarketFill,
    PositionMode, Semantics, Sizer,
};
use omega_core::replay::Rates;

use super::choices::Choices;
use super::market::Market;

/// Everything that a run needs beside its market and its strategy.
#[derive(Debug, Clone)]
pub struct Rules {
    /// What the run follows.
    pub config: Config,
    /// The first bar walked.
    pub start: usize,
    /// Whether the strategy has a position manager of its own.
    pub manages: bool,
}

impl Rules {
    /// Rules for a market.
    pub fn random(choices: &mut impl Choices, market: &Market) -> Self {
        let leveraged = choices.once_in(2);
        let mut config = config(choices, market, leveraged);
        let start = 1 + choices.index(4).min(market.bars.len().saturating_sub(2));
        config.warmup = vec![start];
        config.close_at_end = choices.once_in(2);
        let symbol = &mut config.symbols[0];
        symbol.magnifier = choices.once_in(4).then(|| market.finer_candles());
        symbol.rates = rates(choices, market);
        Self {
            config,
            start,
            manages: choices.once_in(4),
        }
    }

    /// The bar of the first equity row: the first of all, flat until the first decision (L2).
    pub fn first_row(&self) -> usize {
        match self.config.semantics {
            Semantics::One => self.start,
            Semantics::Two => 0,
        }
    }

    /// What holds for the one symbol.
    pub fn symbol(&self) -> &SymbolConfig {
        &self.config.symbols[0]
    }

    /// The same rules over a market that ended earlier, and without the end itself.
    pub fn until(&self, market: &Market) -> Self {
        let mut rules = self.clone();
        rules.config.close_at_end = false;
        let symbol = &mut rules.config.symbols[0];
        symbol.magnifier = symbol.magnifier.as_ref().map(|_| market.finer_candles());
        if let Rates::Symbol { candles, .. } = &mut symbol.rates {
            *candles = Arc::new(market.candles());
        }
        rules
    }
}

/// The smallest lots, as cash, prices and margin are made for them.
const LOTS: [f64; 3] = [1.0, 0.1, 0.37];

fn config(choices: &mut impl Choices, market: &Market, leveraged: bool) -> Config {
    Config {
        symbols: vec![symbol(choices, market.tick, leveraged)],
        intrabar: choices.pick(&[
            IntrabarPolicy::Pessimistic,
            IntrabarPolicy::Optimistic,
            IntrabarPolicy::OhlcPath,
            IntrabarPolicy::Nearest,
        ]),
        market_fill: choices.pick(&[MarketFill::NextOpen, MarketFill::LastClose]),
        position_mode: choices.pick(&[PositionMode::Hedging, PositionMode::Netting]),
        limit_improvement: !choices.once_in(3),
        sizer: choices.pick(&[
            Sizer::FixedLots(LOTS[0]),
            Sizer::FixedLots(LOTS[2]),
            Sizer::FixedUnits(150.0),
            Sizer::RiskAmount(50.0),
            Sizer::RiskPercent(1.0),
            Sizer::EquityPercent(20.0),
        ]),
        limits: limits(choices, market),
        managers: (0..choices.below(4))
            .map(|_| manager(choices, market))
            .collect(),
        semantics: choices.pick(&[Semantics::One, Semantics::Two, Semantics::Two]),
        account: AccountRules {
            kind: choices.pick(&[AccountKind::Margin, AccountKind::Margin, AccountKind::Cash]),
            tests_margin: !choices.once_in(4),
            stops_at_ruin: !choices.once_in(4),
            stop_out_level: (leveraged && choices.once_in(2)).then_some(0.5),
        },
        seed: choices.below(u64::MAX),
        strict: choices.once_in(64),
        ..Config::default()
    }
}

fn symbol(choices: &mut impl Choices, tick: f64, leveraged: bool) -> SymbolConfig {
    let stepped = choices.once_in(2);
    let sized = choices.pick(&[0.0, 1.0, 2.5]);
    SymbolConfig {
        instrument: Instrument {
            contract_size: choices.pick(&[1.0, 10.0, 1_000.0]),
            tick_size: Some(tick),
            pip_size: Some(tick),
            volume_min: stepped.then_some(0.01),
            volume_step: stepped.then(|| choices.pick(&[0.01, 0.1, 0.03])),
            volume_max: choices.once_in(2).then_some(5.0),
            margin_rate: if leveraged {
                choices.pick(&[0.02, 0.5])
            } else {
                choices.pick(&[0.0, 1.0])
            },
            margin_per_lot: None,
            maintenance_rate: choices.pick(&[0.0, 0.01, 0.5]),
            liquidation_fee: choices.pick(&[0.0, 0.5]),
        },
        fees: Fees {
            per_million: 20.0 * sized,
            per_lot: choices.pick(&[0.0, 0.7]),
            percent: choices.pick(&[0.0, 0.01]),
            fixed: choices.pick(&[0.0, 0.3]),
            maker: choices.pick(&[0.0, 0.02]),
            taker: choices.pick(&[0.0, 0.05]),
            function: (choices.once_in(4)).then(graded),
            minimum: choices.pick(&[0.0, 0.0, 1.5]),
            entry_only: choices.once_in(4),
        },
        slippage: Slippage {
            fixed: choices.pick(&[0.0, 0.5]) * tick,
            random: choices.pick(&[0.0, 1.7]) * tick,
            percent: choices.pick(&[0.0, 0.01]),
            impact: None,
        },
        swap: Swap {
            long: choices.pick(&[0.0, -0.3]) * tick,
            short: choices.pick(&[0.0, 0.2]) * tick,
            long_percent: choices.pick(&[0.0, -5.1]),
            short_percent: choices.pick(&[0.0, 2.3]),
            triple_day: choices.once_in(2).then(|| choices.between(0, 6)),
        },
        ..SymbolConfig::default()
    }
}

/// A fee that depends on size, role and leg.
fn graded() -> FeeFunction {
    FeeFunction::new(|fill| {
        let role = 2 * u8::from(fill.is_maker) + u8::from(fill.is_entry);
        Ok(fill.units.min(40.0) / 32.0 + f64::from(role) * 0.25)
    })
}

fn limits(choices: &mut impl Choices, market: &Market) -> Limits {
    let limited = choices.once_in(4);
    let mut some = |value: usize| (limited && choices.once_in(2)).then_some(value);
    let (max_positions, max_positions_per_symbol) = (some(4), some(3));
    let mut limits = Limits {
        max_positions,
        max_positions_per_symbol,
        ..Limits::default()
    };
    if limited {
        let hour = 3_600 * market.unit.per_second();
        let start = market.bars.first().map_or(0, |bar| bar.time);
        limits.cooldown_bars = choices.index(3);
        limits.cooldown_entry = choices.between(0, 2) * market.step;
        limits.cooldown_exit = choices.between(0, 2) * market.step;
        limits.sessions = choices.pick(&[vec![], vec![(22 * hour, 17 * hour)]]);
        limits.blackouts = choices.pick(&[
            vec![],
            vec![
                (start + 20 * market.step, start + 25 * market.step),
                (start + 22 * market.step, start + 23 * market.step),
            ],
        ]);
    }
    limits
}

fn manager(choices: &mut impl Choices, market: &Market) -> Manager {
    let far = market.price(choices.between(1, 30));
    match choices.below(4) {
        0 => Manager::TrailingStop {
            distance: choices.pick(&[Distance::Price(far), Distance::Percent(0.2)]),
            trigger: choices.pick(&[None, Some(far)]),
        },
        1 => Manager::BreakEven {
            trigger: far,
            offset: market.price(choices.between(-2, 2)),
        },
        2 => Manager::TimeExit {
            bars: choices.pick(&[None, Some(5), Some(40)]),
            duration: choices.pick(&[None, Some(30 * market.step)]),
        },
        _ => Manager::PartialClose {
            trigger: far,
            fraction: choices.pick(&[0.5, 0.3, 1.0]),
        },
    }
}

/// One for all times, or the market's own middle price, this way round or the other.
fn rates(choices: &mut impl Choices, market: &Market) -> Rates {
    if choices.once_in(3) {
        return Rates::Symbol {
            candles: Arc::new(market.candles()),
            inverse: choices.once_in(2),
            newest: 0,
        };
    }
    Rates::Constant(choices.pick(&[1.0, 0.8]))
}
