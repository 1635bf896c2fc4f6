//! A strategy of one's own in Rust: it links the core, brings a type with `trait Strategy`, runs.
//!
//!     cargo run --release --package rust_strategy

use std::sync::Arc;

use omega_core::error::OmegaError;
use omega_core::execution::costs::{Fees, Slippage, Swap};
use omega_core::execution::{
    Action, CloseTarget, ExitReason, Expiry, Instrument, IntrabarPolicy, Limits, MarketFill,
    OpenRequest, OrderType, PositionMode, Settings, Simulator, Sizer, SymbolSettings,
};
use omega_core::portfolio::Portfolio;
use omega_core::replay::{self, Behind, Feed, Observer, Plan, State, Strategy, View};
use omega_core::store::{AskColumns, Market, Segment, SymbolCandles};
use omega_core::types::{Direction, SymbolId, TimeUnit};

/// Buys after so many falling closes in a row, and leaves at the first rising one.
struct DipBuyer {
    falls: usize,
}

impl Strategy for DipBuyer {
    type Error = OmegaError;

    fn evaluate(
        &mut self,
        view: &View<'_>,
        state: &State<'_>,
        actions: &mut Vec<Action>,
    ) -> Result<(), OmegaError> {
        // A view has no later bar to ask for, and `None` before the first one.
        let close = |ago| view.bar(ago).map(|bar| bar.bid.close);
        let fell = |ago| close(ago) < close(ago + 1);
        if let Some(position) = state.positions.first() {
            if !fell(0) {
                actions.push(Action::Close {
                    target: CloseTarget::Trade(position.id),
                    fraction: 1.0,
                    reason: ExitReason::Signal,
                });
            }
        } else if (0..self.falls).all(fell) {
            actions.push(Action::Open(OpenRequest {
                symbol: SymbolId(0),
                direction: Direction::Long,
                kind: OrderType::Market,
                size: None, // the run's sizer
                stop_loss: close(0).map(|price| price - 0.5),
                take_profit: None,
                expiry: Expiry::GoodTillCancelled,
                group: None,
                trailing_stop: None,
                reason: Some("dip".into()),
                tags: Vec::new(),
            }));
        }
        Ok(())
    }
}

/// Nobody looks up from the work.
struct Nobody;

impl Observer for Nobody {
    type Error = OmegaError;

    fn tick(&mut self, _done: usize) -> Result<(), OmegaError> {
        Ok(())
    }
}

/// Minutes of a price that swings around 100.
fn candles(bars: u32) -> SymbolCandles {
    let swing = |bar: u32, length: f64| (f64::from(bar) / length).sin();
    let close = |bar: u32| 100.0 + swing(bar, 7.0) + swing(bar, 2.0) / 4.0;
    let open = |bar: u32| close(bar.saturating_sub(1));
    let column = |price: &dyn Fn(u32) -> f64| (0..bars).map(price).collect();
    let segment = Segment {
        time: (0..bars).map(|bar| i64::from(bar) * 60).collect(),
        bid: [
            column(&open),
            column(&|bar| open(bar).max(close(bar)) + 0.05),
            column(&|bar| open(bar).min(close(bar)) - 0.05),
            column(&close),
        ],
        ask: AskColumns::Constant(0.02),
        volume: None,
    };
    SymbolCandles::new("SWING".into(), TimeUnit::Second, None, vec![segment], 0)
}

fn settings() -> Settings {
    let instrument = Instrument {
        contract_size: 1.0,
        tick_size: None,
        pip_size: None,
        volume_min: None,
        volume_step: None,
        volume_max: None,
        margin_rate: 0.0,
    };
    Settings {
        symbols: vec![SymbolSettings {
            instrument,
            fees: Fees::default(),
            slippage: Slippage::default(),
            swap: Swap::default(),
        }],
        intrabar: IntrabarPolicy::Pessimistic,
        market_fill: MarketFill::NextOpen,
        position_mode: PositionMode::Hedging,
        limit_improvement: true,
        sizer: Sizer::FixedLots(1.0),
        limits: Limits::default(),
        managers: Vec::new(),
        stop_out_level: None,
        seed: 0,
        strict: true,
        units_per_day: TimeUnit::Second.per_day(),
    }
}

fn main() -> Result<(), OmegaError> {
    let market = Market::single(Arc::new(candles(10_000)));
    let plan = Plan::new(&market, None, None, &[4], true)?;
    let mut feed = Feed {
        market: &market,
        behind: vec![Behind::rate(1.0)],
    };
    let mut executor = Simulator::new(settings());
    let mut portfolio = Portfolio::new(10_000.0, market.time(plan.start), plan.end - plan.start);
    let mut strategy = DipBuyer { falls: 3 };
    let desk = (&mut executor, &mut portfolio);
    let counts = replay::run(&mut feed, &plan, &mut strategy, desk, &mut Nobody)?;
    let net: f64 = portfolio.trades().iter().map(|trade| trade.net_pnl).sum();
    println!(
        "{} bars, {} signals, {} trades, net profit {net:.2}",
        counts.bars,
        counts.signals,
        portfolio.trades().len()
    );
    Ok(())
}
