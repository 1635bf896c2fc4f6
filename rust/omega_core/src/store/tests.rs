//! Goal: an index means the same bar whatever the segments. Method: one table, cut in every way.

use arrow_array::{Array, cast::AsArray, types::TimestampMillisecondType};
use arrow_buffer::ScalarBuffer;

use super::{AskColumns, Cursor, Segment, SymbolCandles};
use crate::columns::Role;
use crate::types::{Ohlc, TimeUnit};

const BARS: usize = 7;

#[expect(clippy::cast_precision_loss, reason = "the numbers are small")]
fn price(index: usize) -> f64 {
    100.0 + index as f64
}

fn segment(from: usize, to: usize) -> Segment {
    let prices: ScalarBuffer<f64> = (from..to).map(price).collect();
    let times = (from..to).map(|index| 60_000 * i64::try_from(index).unwrap_or(0));
    Segment {
        time: times.collect(),
        bid: [prices.clone(), prices.clone(), prices.clone(), prices],
        ask: AskColumns::Constant(0.5),
        volume: None,
    }
}

fn candles(cuts: &[usize]) -> SymbolCandles {
    let mut segments = Vec::new();
    let mut from = 0;
    for &to in cuts.iter().chain([&BARS]) {
        segments.push(segment(from, to));
        from = to;
    }
    SymbolCandles::new(
        "EURUSD".to_owned(),
        TimeUnit::Millisecond,
        None,
        segments,
        0,
    )
}

const CUTS: [&[usize]; 4] = [&[], &[3], &[0, 1, 1, 6], &[1, 2, 3, 4, 5, 6]];

#[test]
fn a_cursor_and_an_index_see_the_same_bars() {
    for cuts in CUTS {
        let candles = candles(cuts);
        assert_eq!(candles.len(), BARS);
        let mut cursor = Cursor::at(&candles, 0).expect("a bar");
        for index in 0..BARS {
            let p = price(index);
            let flat = |p| Ohlc {
                open: p,
                high: p,
                low: p,
                close: p,
            };
            assert_eq!(cursor.bar(), candles.bar(index));
            assert_eq!(cursor.time(), candles.time(index));
            assert_eq!(
                (cursor.bar().bid, cursor.bar().ask),
                (flat(p), flat(p + 0.5))
            );
            cursor.advance();
        }
        assert_eq!(cursor.bar(), candles.bar(BARS - 1));
        assert!(Cursor::at(&candles, BARS).is_none());
    }
}

#[test]
fn the_first_bar_at_or_after_a_time() {
    for cuts in CUTS {
        let candles = candles(cuts);
        for time in (-60_000..=480_000).step_by(30_000) {
            let expected = (0..BARS)
                .find(|&index| candles.time(index) >= time)
                .unwrap_or(BARS);
            assert_eq!(
                candles.first_at_or_after(time),
                expected,
                "{time} in {cuts:?}"
            );
        }
    }
}

#[test]
fn columns_go_out_as_the_buffers_that_came_in() {
    let candles = candles(&[3]);
    let time = candles.column(1, Role::Time).expect("times");
    let shared = time.as_primitive::<TimestampMillisecondType>().values();
    assert!(shared.ptr_eq(&candles.segments()[1].time));
    for role in [Role::Price(3), Role::Bid(3), Role::BidQuote] {
        assert_eq!(candles.column(1, role).map(|column| column.len()), Some(4));
    }
    for role in [
        Role::Ask(0),
        Role::AskQuote,
        Role::Spread,
        Role::Volume,
        Role::AskTime,
    ] {
        assert!(candles.column(1, role).is_none());
    }
    assert!(candles.column(2, Role::Time).is_none());
}
