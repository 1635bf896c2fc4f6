//! Minutes of a price that walks at random, from a fixed seed.

use std::sync::Arc;

use omega_core::error::OmegaError;
use omega_core::store::{Align, AskColumns, Market, Segment, SymbolCandles};
use omega_core::types::TimeUnit;

/// How many bars a workload of one symbol has.
pub const BARS: u32 = 50_000;

const SEED: u64 = 20_240_101;
const MINUTE: i64 = 60;
const TICK: f64 = 1.0 / 512.0; // exact in binary, so that no sum depends on how it was rounded

/// A stream of numbers that look random: a multiplication and an addition a step.
pub struct Stream(u64);

impl Stream {
    /// The stream of a number.
    pub fn new(number: u64) -> Self {
        Self(SEED.wrapping_add(number.wrapping_mul(0x9E37_79B9_7F4A_7C15)))
    }

    /// The next number below a limit.
    pub fn below(&mut self, limit: u32) -> u32 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        u32::try_from((self.0 >> 33) % u64::from(limit)).unwrap_or(0)
    }
}

/// Candles of the first stream.
pub fn candles() -> Arc<SymbolCandles> {
    Arc::new(symbol(0, BARS, 0))
}

/// Symbols of one length, each some seconds of the minute after the one before.
pub fn apart(symbols: u32, bars: u32) -> Result<Market, OmegaError> {
    let candles = (0..symbols).map(|number| Arc::new(symbol(number, bars, i64::from(number))));
    Market::new(candles.collect(), Align::Union)
}

/// The candles of one symbol.
fn symbol(number: u32, bars: u32, seconds: i64) -> SymbolCandles {
    let segment = segment(number, bars, seconds);
    let name = format!("S{number}");
    SymbolCandles::new(name, TimeUnit::Second, None, vec![segment], 0)
}

/// One segment of bars, each of which opens at the close before it.
pub fn segment(number: u32, bars: u32, seconds: i64) -> Segment {
    let mut stream = Stream::new(u64::from(number));
    let mut prices: [Vec<f64>; 4] = Default::default();
    let mut volume = Vec::new();
    let mut ticks: f64 = 512.0 * 100.0;
    for _ in 0..bars {
        let open = ticks;
        ticks = (ticks + f64::from(stream.below(41)) - 20.0).max(512.0);
        let above = open.max(ticks) + f64::from(stream.below(9));
        let below = open.min(ticks) - f64::from(stream.below(9));
        for (column, price) in prices.iter_mut().zip([open, above, below, ticks]) {
            column.push(price * TICK);
        }
        volume.push(f64::from(stream.below(1_000) + 1));
    }
    Segment {
        time: (0..i64::from(bars))
            .map(|bar| bar * MINUTE + seconds)
            .collect(),
        bid: prices.map(Into::into),
        ask: AskColumns::Constant(2.0 * TICK),
        volume: Some(volume.into()),
    }
}
