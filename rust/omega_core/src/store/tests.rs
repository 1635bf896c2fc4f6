//! Goal: an index means the same bar whatever the segments. Method: one table, cut in every way.

use std::sync::Arc;

use arrow_array::{Array, cast::AsArray, types::TimestampMillisecondType};
use arrow_buffer::ScalarBuffer;

use super::{
    Align, AskColumns, Cursor, Ends, Grid, Lasting, Market, Segment, SymbolCandles, Timeframe,
    TrackId, Walk, resample,
};
use crate::columns::Role;
use crate::types::{Ohlc, SymbolId, TimeUnit};

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

/// One symbol whose bars open at these minutes; its prices are 100 and the bar's index above that.
fn at_minutes(name: &str, minutes: &[i64]) -> Arc<SymbolCandles> {
    let prices: ScalarBuffer<f64> = (0..minutes.len()).map(price).collect();
    let segment = Segment {
        time: minutes.iter().map(|minute| minute * 60_000).collect(),
        bid: [prices.clone(), prices.clone(), prices.clone(), prices],
        ask: AskColumns::Constant(0.5),
        volume: None,
    };
    let unit = TimeUnit::Millisecond;
    Arc::new(SymbolCandles::new(
        name.to_owned(),
        unit,
        None,
        vec![segment],
        0,
    ))
}

/// A minute; what is visible of each track; which symbols trade; which tracks are fresh.
type Step = (i64, Vec<usize>, Vec<bool>, Vec<bool>);

/// What is visible of each track, which symbols trade, and which are fresh, step by step.
fn walked(market: &Market) -> Vec<Step> {
    let mut walk = Walk::at(market, 0).expect("a step");
    let symbols = || (0..).map(SymbolId).take(market.symbols().len());
    let mut seen = Vec::new();
    for _ in 0..market.steps() {
        seen.push((
            walk.time() / 60_000,
            walk.visible().to_vec(),
            symbols().map(|symbol| walk.is_present(symbol)).collect(),
            (0..market.tracks())
                .map(|track| walk.is_fresh(TrackId(track)))
                .collect(),
        ));
        walk.advance();
    }
    seen
}

#[test]
fn a_union_walks_each_time_and_an_intersection_the_shared_ones() {
    let symbols = vec![
        at_minutes("A", &[0, 1, 2, 5]),
        at_minutes("B", &[1, 2, 3, 5]),
    ];
    let union = Market::new(symbols.clone(), Align::Union).expect("a market");
    let expected = [
        (0, vec![0, 0], vec![true, false], vec![false, false]),
        (1, vec![1, 0], vec![true, true], vec![true, false]),
        (2, vec![2, 1], vec![true, true], vec![true, true]),
        (3, vec![3, 2], vec![false, true], vec![true, true]),
        (5, vec![3, 3], vec![true, true], vec![false, true]),
    ];
    assert_eq!(walked(&union), expected);
    let shared = Market::new(symbols, Align::Intersection).expect("a market");
    let times: Vec<i64> = walked(&shared).iter().map(|step| step.0).collect();
    assert_eq!(times, [1, 2, 5]);
    let last = Walk::at(&shared, 2).expect("a step");
    assert_eq!(last.visible(), [3, 3]);
    assert_eq!(last.newest(SymbolId(1)).map(|bar| bar.time), Some(180_000));
}

#[test]
fn a_longer_bar_of_another_symbol_is_not_seen_while_it_forms() {
    let symbols = vec![
        at_minutes("FINE", &(0..130).collect::<Vec<_>>()),
        at_minutes("COARSE", &[0, 60, 120]),
    ];
    let market = Market::new(symbols, Align::Union).expect("a market");
    let seen = walked(&market);
    assert_eq!(seen[59].1, [59, 0], "its length is not known yet");
    assert_eq!(seen[60].1, [60, 1]);
    assert_eq!(seen[119].1, [119, 1], "the bar of 60 is complete at 120");
    assert_eq!(seen[120].1, [120, 2]);
    assert_eq!(seen[129].1, [129, 2]);
    for (step, seen) in seen.iter().enumerate() {
        let complete = [0, 1].map(|track| market.complete_at(TrackId(track), market.time(step)));
        assert_eq!(complete.as_slice(), seen.1);
    }
}

#[test]
fn times_that_repeat_and_units_that_differ_are_refused() {
    let once = at_minutes("A", &[0, 1]);
    let twice = at_minutes("B", &[0, 1, 1]);
    let refused = Market::new(vec![Arc::clone(&once), twice], Align::Union);
    let message = refused.expect_err("a repeated time").to_string();
    assert!(
        message.contains("B with the time 60000 twice, at row 2"),
        "{message}"
    );
    let segments = once.segments().to_vec();
    let other = SymbolCandles::new("C".to_owned(), TimeUnit::Second, None, segments, 0);
    let refused = Market::new(vec![once, Arc::new(other)], Align::Union);
    let message = refused.expect_err("two units").to_string();
    assert!(
        message.contains("times of A in ms and of C in s"),
        "{message}"
    );
}

#[test]
fn a_bar_lasts_the_longest_that_its_steps_allow() {
    let lasts = |hours: i64| Lasting::Longest(3_600).of(hours * 3_600) / 3_600;
    assert_eq!([1, 2, 19, 20, 24, 25].map(lasts), [1, 3, 20, 25, 25, 26]);
    assert_eq!([7 * 24, 28 * 24, 31 * 24].map(lasts), [169, 745, 745]);
    assert_eq!(Lasting::Longest(3_600).of(60), 60);
    assert_eq!(Lasting::Step.of(86_400), 86_400);
    assert_eq!(Lasting::Longest(3_600).of(i64::MAX), i64::MAX);
}

#[test]
fn a_close_time_ends_a_bar_of_a_symbol_before_its_step_does() {
    let symbols = vec![
        at_minutes("A", &[0, 1, 2, 3, 4, 5]),
        at_minutes("B", &[0, 3]),
    ];
    let market = Market::new(symbols, Align::Union).expect("a market");
    let mut clock = market.clock().clone();
    clock.closes[1] = Some(vec![120_000, 300_000].into());
    let market = market.under(clock);
    let visible: Vec<_> = walked(&market).iter().map(|step| step.1[1]).collect();
    assert_eq!(visible, [0, 0, 1, 1, 1, 2]);
    let complete = (0..market.steps()).map(|k| market.complete_at(TrackId(1), market.time(k)));
    assert!(complete.eq(visible));
}

#[test]
fn a_higher_timeframe_is_seen_when_it_is_complete() {
    let base = at_minutes("A", &[1, 2, 4, 5, 10, 11, 15]);
    let grid = Grid::Every {
        step: 5 * 60_000,
        offset: 0,
    };
    let (coarse, ends) = resample(&base, &grid).expect("a timeframe");
    assert_eq!(coarse.times(0..4).to_vec(), [0, 300_000, 600_000, 900_000]);
    let first = coarse.bar(0).bid;
    assert_eq!(
        (first.open, first.high, first.low, first.close),
        (100.0, 102.0, 100.0, 102.0)
    );
    let mut market = Market::single(base);
    let track = market.add(Timeframe {
        name: "M5".to_owned(),
        symbol: SymbolId(0),
        candles: Arc::new(coarse),
        ends,
    });
    assert_eq!(track, TrackId(1));
    let visible: Vec<_> = walked(&market).iter().map(|step| step.1[1]).collect();
    assert_eq!(visible, [0, 0, 0, 1, 2, 2, 3]);
    for step in 0..market.steps() {
        let jumped = Walk::at(&market, step).expect("a step");
        assert_eq!(jumped.visible(), walked(&market)[step].1);
        let complete = market.complete_at(track, market.time(step));
        assert_eq!(complete, jumped.visible()[track.0]);
        assert_eq!(jumped.is_fresh(track), walked(&market)[step].3[1]);
    }
    let listed = Grid::At(vec![0, 300_000, 900_000, 1_200_000].into());
    let (uneven, ends) = resample(market.symbol(SymbolId(0)), &listed).expect("a timeframe");
    assert_eq!(uneven.times(0..3).to_vec(), [0, 300_000, 900_000]);
    let Ends::At { ends, bars } = ends else {
        panic!("a resampled bar ends with its bucket");
    };
    assert_eq!(ends.to_vec(), [300_000, 900_000, 1_200_000]);
    assert_eq!(bars.to_vec(), [3, 6, 7]);
    let short = Grid::At(vec![0, 300_000].into());
    assert!(resample(market.symbol(SymbolId(0)), &short).is_err());
}

/// What a walk shows of each symbol: bars in all, whether one is new, the next one, its bar at this
/// step, and that at its last step.
fn shown(walk: &Walk<'_>, market: &Market) -> Vec<(usize, bool, usize, bool, Option<i64>)> {
    let of = |symbol: SymbolId| {
        (
            walk.visible()[symbol.index()],
            walk.is_fresh(TrackId(symbol.index())),
            walk.index(symbol),
            walk.is_present(symbol),
            walk.since(symbol),
        )
    };
    market.symbol_ids().map(of).collect()
}

#[test]
fn steps_that_are_passed_over_leave_the_same_behind() {
    let symbols = [
        at_minutes("A", &[0, 1, 2, 3, 5, 8, 13, 14, 15, 16, 17, 30]),
        at_minutes("B", &[2, 4, 6, 8, 10, 12, 14, 16, 18]),
        at_minutes("C", &(0..40).collect::<Vec<_>>()),
        at_minutes("D", &[7, 21]),
    ];
    for align in [Align::Union, Align::Intersection] {
        let some = &symbols[..if align == Align::Union { 4 } else { 3 }];
        let market = Market::new(some.to_vec(), align).unwrap();
        for first in 0..market.steps() {
            for steps in 1..market.steps() - first {
                let mut passed = Walk::at(&market, first).unwrap();
                let mut walked = passed.clone();
                passed.skip(steps);
                (0..steps).for_each(|_| walked.advance());
                assert_eq!(passed.step(), walked.step());
                assert_eq!(shown(&passed, &market), shown(&walked, &market), "{steps}");
                let present = market.symbol_ids().filter(|&own| walked.is_present(own));
                assert!(walked.present().eq(present));
                // Whatever comes after it.
                passed.advance();
                walked.advance();
                assert_eq!(shown(&passed, &market), shown(&walked, &market), "{steps}");
            }
        }
    }
}
