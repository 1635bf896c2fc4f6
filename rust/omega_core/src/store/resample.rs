//! Higher timeframes made of a symbol's own bars (TF1): labelled by open time, one pass, owned.

use arrow_buffer::ScalarBuffer;

use super::{Ends, SymbolCandles};
use crate::columns::{AskColumns, ColumnNames, Role, Segment};
use crate::error::OmegaError;
use crate::types::Ohlc;

/// Where the buckets of a timeframe begin.
#[derive(Debug, Clone)]
pub enum Grid {
    /// At `offset + k × step`.
    Every {
        /// Length of a bucket.
        step: i64,
        /// Begin of one of them.
        offset: i64,
    },
    /// At these times, of which the last one only ends a bucket.
    At(ScalarBuffer<i64>),
}

impl Grid {
    /// Begin and end of the bucket that holds a time, at or after bucket `from` of a list.
    fn bucket(&self, time: i64, from: &mut usize) -> Option<(i64, i64)> {
        match self {
            Self::Every { step, offset } => {
                // Euclidean, so that buckets before 1970 begin at or before their bars.
                let begin = time - (time - offset).rem_euclid(*step);
                Some((begin, begin + step))
            }
            Self::At(begins) => {
                if time < *begins.get(*from)? {
                    return None;
                }
                // Times ascend, so that the list is walked once in all.
                while *begins.get(*from + 1)? <= time {
                    *from += 1;
                }
                Some((begins[*from], begins[*from + 1]))
            }
        }
    }
}

/// The bars of one side in the making.
#[derive(Debug, Default)]
struct Columns([Vec<f64>; 4]);

impl Columns {
    fn open(&mut self, bar: &Ohlc) {
        let Self([open, high, low, close]) = self;
        open.push(bar.open);
        high.push(bar.high);
        low.push(bar.low);
        close.push(bar.close);
    }

    fn extend(&mut self, bar: &Ohlc) {
        let Self([_, high, low, close]) = self;
        let (Some(high), Some(low), Some(close)) =
            (high.last_mut(), low.last_mut(), close.last_mut())
        else {
            return;
        };
        // Strict, so that of 0.0 and −0.0 the first stays, as in the reference.
        if bar.high > *high {
            *high = bar.high;
        }
        if bar.low < *low {
            *low = bar.low;
        }
        *close = bar.close;
    }

    fn finished(self) -> [ScalarBuffer<f64>; 4] {
        self.0.map(ScalarBuffer::from)
    }
}

/// The candles of a symbol on a coarser grid, and when each of them is complete.
///
/// A bucket without bars has no candle. The ask side has extremes of its own; volumes are summed
/// in order.
///
/// # Errors
/// `Config` where the grid is a list that does not cover the candles.
pub fn resample(candles: &SymbolCandles, grid: &Grid) -> Result<(SymbolCandles, Ends), OmegaError> {
    let (mut times, mut ends) = (Vec::new(), Vec::<i64>::new());
    let mut bars = Vec::<u64>::new();
    let (mut bid, mut ask) = (Columns::default(), Columns::default());
    let mut volume = has_volume(candles).then(Vec::<f64>::new);
    let spread = constant_spread(candles);
    let mut at = 0;
    for segment in candles.segments() {
        for offset in 0..segment.len() {
            let time = segment.time[offset];
            let adds = ends.last().is_some_and(|&end| time < end);
            if adds {
                bid.extend(&segment.bid(offset));
            } else {
                let bucket = grid.bucket(time, &mut at);
                let (begin, end) = bucket.ok_or_else(|| not_covered(candles, time))?;
                times.push(begin);
                ends.push(end);
                // Counts from the first bar of the data: completeness is tested against how many
                // are complete.
                bars.push(bars.last().copied().unwrap_or(0));
                bid.open(&segment.bid(offset));
            }
            if let Some(bars) = bars.last_mut() {
                *bars += 1;
            }
            match (spread, adds) {
                // Highest bid plus spread is the highest ask, so that nothing has to be stored.
                (Some(_), _) => {}
                (None, true) => ask.extend(&segment.ask(offset)),
                (None, false) => ask.open(&segment.ask(offset)),
            }
            if let (Some(sums), Some(column)) = (&mut volume, &segment.volume) {
                match sums.last_mut() {
                    // From the first value on, in order: the reference adds in the same way.
                    Some(sum) if adds => *sum += column[offset],
                    _ => sums.push(column[offset]),
                }
            }
        }
    }
    let segment = Segment {
        time: times.into(),
        bid: bid.finished(),
        ask: spread.map_or_else(|| AskColumns::Quoted(ask.finished()), AskColumns::Constant),
        volume: volume.map(ScalarBuffer::from),
    };
    let names = names_of(&segment);
    let coarse = SymbolCandles::new(
        candles.name().to_owned(),
        candles.unit(),
        candles.timezone().map(str::to_owned),
        vec![segment],
        0,
    );
    let ends = Ends::At {
        ends: ends.into(),
        bars: bars.into(),
    };
    Ok((coarse.named(names), ends))
}

/// The columns by the names that they have in every input.
fn names_of(segment: &Segment) -> ColumnNames {
    let sides = match segment.ask {
        AskColumns::Quoted(_) => vec!["bid_", "ask_"],
        _ => vec![""],
    };
    let prices = sides.iter().flat_map(|side| {
        let names = ["open", "high", "low", "close"];
        names.map(|name| format!("{side}{name}"))
    });
    let volume = segment.volume.as_ref().map(|_| "volume".to_owned());
    let names = std::iter::once("time".to_owned())
        .chain(prices)
        .chain(volume);
    let roles = names.filter_map(|name| Some((Role::parse(&name)?, name)));
    ColumnNames::new(roles.collect())
}

fn has_volume(candles: &SymbolCandles) -> bool {
    candles.segments().iter().all(|part| part.volume.is_some())
}

/// The spread where it is one number for all bars; it then holds on every timeframe.
fn constant_spread(candles: &SymbolCandles) -> Option<f64> {
    let mut spreads = candles.segments().iter().map(|part| match part.ask {
        AskColumns::Constant(spread) => Some(spread),
        _ => None,
    });
    let first = spreads.next().flatten()?;
    spreads
        // By bits: segments are one store only where they add the very same number.
        .all(|spread| spread.is_some_and(|spread| spread.to_bits() == first.to_bits()))
        .then_some(first)
}

fn not_covered(candles: &SymbolCandles, time: i64) -> OmegaError {
    OmegaError::Config {
        parameter: "timeframe".into(),
        given: format!("begins that do not hold {time} of {}", candles.name()),
        expected: "begins from before the first bar to after the last".into(),
        hint: "Give more of them".into(),
    }
}
