//! Columns to segments, the rules on every value, and the walk over bars.

use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, PrimitiveArray, types::TimestampSecondType};
use omega_core::columns::{InputColumn, Role, Rules, Segment, SymbolInput, read, validate};
use omega_core::error::OmegaError;
use omega_core::store::{Market, Walk};

use super::bars::{BARS, apart, candles, segment};
use super::{Again, Answer, Work, Workload};

const SYMBOLS: u32 = 8;

/// Of the stages columns and store.
pub const WORKLOADS: &[Workload] = &[
    Workload {
        name: "columns: read and validate",
        prepare: validated,
        answer: Answer::Is(BARS as f64),
    },
    Workload {
        name: "store: walk one symbol",
        prepare: one,
        answer: Answer::Is(BARS as f64),
    },
    Workload {
        name: "store: walk eight symbols with times of their own",
        prepare: several,
        answer: Answer::Is(BARS as f64),
    },
];

fn validated() -> Result<Again, OmegaError> {
    let segment = segment(0, BARS, 0);
    let column = |role, name: &str, values: ArrayRef| InputColumn {
        role,
        name: name.to_owned(),
        chunks: vec![values],
        copied_bytes: 0,
    };
    let times = PrimitiveArray::<TimestampSecondType>::new(segment.time, None);
    let mut columns = vec![column(Role::Time, "time", Arc::new(times))];
    for ((k, name), price) in (0u8..)
        .zip(["open", "high", "low", "close"])
        .zip(segment.bid)
    {
        let values = Arc::new(Float64Array::new(price, None));
        columns.push(column(Role::Price(k), name, values));
    }
    let input = SymbolInput {
        symbol: "S0".to_owned(),
        columns,
        spread: 0.01,
    };
    Ok(Box::new(move || -> Work {
        let input = input.clone();
        Box::new(|| {
            let checked = read(input, false).and_then(|columns| {
                validate(&columns, Rules::default())?;
                Ok(columns.segments.iter().map(Segment::len).sum())
            });
            checked.map_or(f64::NAN, |bars: usize| bars as f64)
        })
    }))
}

fn one() -> Result<Again, OmegaError> {
    Ok(walking(Market::single(candles())))
}

fn several() -> Result<Again, OmegaError> {
    Ok(walking(apart(SYMBOLS, BARS / SYMBOLS)?))
}

/// Walks a market, and counts the bars with a close above 0.
fn walking(market: Market) -> Again {
    let market = Arc::new(market);
    Box::new(move || {
        let market = Arc::clone(&market);
        Box::new(move || walked(&market) as f64)
    })
}

fn walked(market: &Market) -> usize {
    let ids: Vec<_> = (0u16..)
        .take(market.symbols().len())
        .map(|id| omega_core::types::SymbolId(id.into()))
        .collect();
    let Some(mut walk) = Walk::at(market, 0) else {
        return 0;
    };
    let mut seen = 0;
    for step in 0..market.steps() {
        for id in &ids {
            let bar = walk.bar(*id);
            seen += usize::from(bar.is_some_and(|bar| bar.bid.close > 0.0));
        }
        if step + 1 < market.steps() {
            walk.advance();
        }
    }
    seen
}
