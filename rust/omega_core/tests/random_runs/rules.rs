//! Random rules of a run: every setting that the engine has.

use omega_core::execution::costs::{Fees, Slippage, Swap};
use omega_core::execution::{
    Instrument, IntrabarPolicy, Limits, Manager, MarketFill, PositionMode, Settings, Sizer,
    SymbolSettings,
};
use omega_core::replay::{Plan, Rates};

use super::choices::Choices;
use super::market::Market;

/// Everything that a run needs beside its market and its strategy.
#[derive(Debug, Clone)]
pub struct Rules {
    /// What the executor follows.
    pub settings: Settings,
    /// What the loop follows.
    pub plan: Plan,
    /// Whether bars are looked into.
    pub magnified: bool,
    /// Where the conversion rate comes from.
    pub rates: Rates,
    /// Cash at the start.
    pub cash: f64,
    /// Whether the strategy has a position manager of its own.
    pub manages: bool,
}

impl Rules {
    /// Rules for a market.
    pub fn random(choices: &mut impl Choices, market: &Market) -> Self {
        let bars = market.bars.len();
        let leveraged = choices.once_in(2);
        Self {
            settings: settings(choices, market, leveraged),
            plan: Plan {
                start: 1 + choices.index(4).min(bars.saturating_sub(2)),
                end: bars,
                close_at_end: choices.once_in(2),
            },
            magnified: choices.once_in(4),
            rates: rates(choices, market),
            cash: 10_000.0,
            manages: choices.once_in(4),
        }
    }
}

/// The smallest lots, as cash, prices and margin are made for them.
const LOTS: [f64; 3] = [1.0, 0.1, 0.37];

fn settings(choices: &mut impl Choices, market: &Market, leveraged: bool) -> Settings {
    Settings {
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
        stop_out_level: (leveraged && choices.once_in(2)).then_some(0.5),
        seed: choices.bits(64),
        strict: choices.once_in(64),
        units_per_day: market.unit.per_day(),
    }
}

fn symbol(choices: &mut impl Choices, tick: f64, leveraged: bool) -> SymbolSettings {
    let stepped = choices.once_in(2);
    let sized = choices.pick(&[0.0, 1.0, 2.5]);
    SymbolSettings {
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
                0.0
            },
        },
        fees: Fees {
            per_million: 20.0 * sized,
            per_lot: choices.pick(&[0.0, 0.7]),
            percent: choices.pick(&[0.0, 0.01]),
            minimum: choices.pick(&[0.0, 0.0, 1.5]),
        },
        slippage: Slippage {
            fixed: choices.pick(&[0.0, 0.5]) * tick,
            random: choices.pick(&[0.0, 1.7]) * tick,
        },
        swap: Swap {
            long: choices.pick(&[0.0, -0.3]) * tick,
            short: choices.pick(&[0.0, 0.2]) * tick,
            triple_day: choices.between(0, 6),
        },
    }
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
        0 => Manager::TrailingStop { distance: far },
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
            candles: std::sync::Arc::new(market.candles()),
            inverse: choices.once_in(2),
            newest: 0,
        };
    }
    Rates::Constant(choices.pick(&[1.0, 0.8]))
}
