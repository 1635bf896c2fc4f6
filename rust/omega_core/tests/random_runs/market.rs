//! Random bars: gaps, ties, touches, flat bars, missing bars, and now and then a crossed one.

use std::sync::Arc;

use omega_core::columns::{AskColumns, Segment};
use omega_core::store::SymbolCandles;
use omega_core::types::{Bar, Ohlc, TimeUnit};

use super::choices::Choices;

/// Bars of one symbol, finer bars inside them, and where both are cut into segments.
#[derive(Debug, Clone)]
pub struct Market {
    /// Unit of the times.
    pub unit: TimeUnit,
    /// The bars that are walked.
    pub bars: Vec<Bar>,
    /// The bars inside them; some bars have none.
    pub finer: Vec<Bar>,
    /// Distance between neighbouring bars.
    pub step: i64,
    /// Smallest distance between two prices.
    pub tick: f64,
    spread: Option<f64>,
    cut: usize,
}

/// Finer bars inside a bar.
const PARTS: i64 = 4;

impl Market {
    /// A market of so many bars.
    pub fn random(choices: &mut impl Choices, bars: usize) -> Self {
        let unit = choices.pick(&[
            TimeUnit::Second,
            TimeUnit::Millisecond,
            TimeUnit::Microsecond,
            TimeUnit::Nanosecond,
        ]);
        let tick = choices.pick(&[0.25, 0.01, 0.000_01]);
        let step = choices.pick(&[60, 3_600, 86_400]) * unit.per_second();
        let spread = choices.pick(&[None, Some(0.0), Some(tick), Some(3.0 * tick)]);
        let mut market = Self {
            unit,
            bars: Vec::with_capacity(bars),
            finer: Vec::with_capacity(bars),
            step,
            tick,
            spread,
            cut: choices.pick(&[usize::MAX, 1, 7, 100]),
        };
        let mut time = choices.between(-20_000, 20_000) * unit.per_day();
        let mut ticks = choices.between(200, 2_000);
        for index in 0..bars {
            market.add_bar(choices, time, &mut ticks);
            time += step
                * if index == 0 {
                    1
                } else {
                    steps_to_next(choices)
                };
        }
        market
    }

    fn add_bar(&mut self, choices: &mut impl Choices, time: i64, ticks: &mut i64) {
        let first = self.finer.len();
        for part in 0..choices.between(1, PARTS) {
            let bar = self.random_bar(choices, time + part * self.step / PARTS, ticks);
            self.finer.push(bar);
        }
        let inside = &self.finer[first..];
        let bar = Bar {
            time,
            bid: whole(inside, |bar| bar.bid),
            ask: whole(inside, |bar| bar.ask),
        };
        self.bars.push(bar);
        if choices.once_in(8) {
            self.finer.truncate(first);
        }
    }

    fn random_bar(&self, choices: &mut impl Choices, time: i64, ticks: &mut i64) -> Bar {
        let bid = random_ohlc(choices, ticks);
        let ask = if self.spread.is_some() {
            bid
        } else {
            ask_over(choices, bid)
        };
        let prices = |[open, high, low, close]: [i64; 4]| Ohlc {
            open: self.price(open),
            high: self.price(high),
            low: self.price(low),
            close: self.price(close),
        };
        let (bid, mut ask) = (prices(bid), prices(ask));
        if let Some(spread) = self.spread {
            ask = Ohlc {
                open: ask.open + spread,
                high: ask.high + spread,
                low: ask.low + spread,
                close: ask.close + spread,
            };
        }
        Bar { time, bid, ask }
    }

    /// So many ticks as a price.
    pub fn price(&self, ticks: i64) -> f64 {
        #[expect(
            clippy::cast_precision_loss,
            reason = "a market has some thousand ticks"
        )]
        let ticks = ticks as f64;
        ticks * self.tick
    }

    /// The bars as candles.
    pub fn candles(&self) -> SymbolCandles {
        self.as_candles(&self.bars)
    }

    /// The finer bars as candles.
    pub fn finer_candles(&self) -> Arc<SymbolCandles> {
        Arc::new(self.as_candles(&self.finer))
    }

    fn as_candles(&self, bars: &[Bar]) -> SymbolCandles {
        let segments = bars.chunks(self.cut.min(bars.len().max(1)));
        SymbolCandles::new(
            "RANDOM".to_owned(),
            self.unit,
            None,
            segments.map(|bars| self.segment(bars)).collect(),
            0,
        )
    }

    fn segment(&self, bars: &[Bar]) -> Segment {
        let column = |price: fn(&Bar) -> f64| bars.iter().map(price).collect();
        Segment {
            time: bars.iter().map(|bar| bar.time).collect(),
            bid: [
                column(|bar| bar.bid.open),
                column(|bar| bar.bid.high),
                column(|bar| bar.bid.low),
                column(|bar| bar.bid.close),
            ],
            ask: match self.spread {
                Some(spread) => AskColumns::Constant(spread),
                None => AskColumns::Quoted([
                    column(|bar| bar.ask.open),
                    column(|bar| bar.ask.high),
                    column(|bar| bar.ask.low),
                    column(|bar| bar.ask.close),
                ]),
            },
            volume: None,
        }
    }

    /// The same market, had it ended after so many bars.
    pub fn until(&self, bars: usize) -> Self {
        let end = self.bars.get(bars).map_or(i64::MAX, |bar| bar.time);
        let finer = self.finer.iter().filter(|bar| bar.time < end);
        Self {
            bars: self.bars[..bars].to_vec(),
            finer: finer.copied().collect(),
            ..self.clone()
        }
    }

    /// The finer bars inside a bar: their places among all of them.
    pub fn inside(&self, bar: usize) -> std::ops::Range<usize> {
        let from = self.bars[bar].time;
        let place = |time| self.finer.partition_point(|bar| bar.time < time);
        place(from)..place(from + self.step)
    }
}

/// Mostly the next bar; sometimes some are missing, or a few days.
fn steps_to_next(choices: &mut impl Choices) -> i64 {
    match choices.below(128) {
        0 => 200,
        1..4 => choices.between(2, 9),
        _ => 1,
    }
}

/// Open, high, low and close in ticks, from where the last bar ended.
fn random_ohlc(choices: &mut impl Choices, ticks: &mut i64) -> [i64; 4] {
    let gap = if choices.once_in(12) {
        choices.between(-25, 25)
    } else {
        choices.between(-1, 1)
    };
    let open = (*ticks + gap).clamp(30, 4_000);
    let (close, above, below) = if choices.once_in(10) {
        (open, 0, 0)
    } else {
        let shape = choices.below(1 << 16);
        let part = |shift: u32, most: u64| i64::try_from((shape >> shift) % most).unwrap_or(0);
        (open + part(0, 17) - 8, part(6, 7), part(10, 7))
    };
    let close = close.clamp(30, 4_000);
    *ticks = close;
    [
        open,
        open.max(close) + above,
        open.min(close) - below,
        close,
    ]
}

/// An ask side some ticks above the bid, and once in a while below it.
fn ask_over(choices: &mut impl Choices, [open, high, low, close]: [i64; 4]) -> [i64; 4] {
    if choices.once_in(64) {
        return [open - 3, high - 3, low - 3, close - 3];
    }
    let shape = choices.below(1 << 8);
    let part = |shift: u32| i64::try_from((shape >> shift) & 3).unwrap_or(0);
    let (open, close) = (open + part(0), close + part(2));
    [
        open,
        (high + part(4)).max(open).max(close),
        (low + part(6)).min(open).min(close),
        close,
    ]
}

/// One bar over several: the first open, the extremes, the last close.
fn whole(bars: &[Bar], side: fn(&Bar) -> Ohlc) -> Ohlc {
    let mut whole = side(&bars[0]);
    for bar in bars.iter().map(side) {
        whole.high = whole.high.max(bar.high);
        whole.low = whole.low.min(bar.low);
        whole.close = bar.close;
    }
    whole
}
