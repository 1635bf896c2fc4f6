//! Goal: every rule is found where it is broken, first things first, whatever the chunking.
//! Method: one small table of good bars, and a case for each way to spoil it.

use std::sync::Arc;

use arrow_array::types::TimestampMillisecondType;
use arrow_array::{
    Array, ArrayRef, Date32Array, Date64Array, Decimal128Array, DictionaryArray, Float32Array,
    Float64Array, Int8Array, Int64Array, PrimitiveArray, StringArray, TimestampMillisecondArray,
};

use super::{
    AskColumns, InputColumn, Level, Role, Rule, Rules, SymbolColumns, SymbolInput, read,
    refuse_nulls, report, validate,
};
use crate::error::OmegaError;

type Row<'a> = (&'a str, &'a [Option<f64>]);

const TIMES: [Option<i64>; 4] = [Some(0), Some(60_000), Some(120_000), Some(180_000)];
const GOOD: [Row; 5] = [
    ("open", &[Some(10.0), Some(11.0), Some(12.0), Some(13.0)]),
    ("high", &[Some(12.0), Some(12.0), Some(13.0), Some(14.0)]),
    ("low", &[Some(9.0), Some(10.0), Some(11.0), Some(12.0)]),
    ("close", &[Some(11.0), Some(12.0), Some(13.0), Some(13.0)]),
    ("volume", &[Some(0.0), Some(1.0), Some(2.0), Some(3.0)]),
];

fn chunked<T: Array + 'static>(array: T, sizes: &[usize]) -> Vec<ArrayRef> {
    let whole: ArrayRef = Arc::new(array);
    let mut start = 0;
    let mut chunks = Vec::new();
    for &size in sizes {
        let rows = size.min(whole.len() - start);
        chunks.push(whole.slice(start, rows));
        start += rows;
    }
    chunks.push(whole.slice(start, whole.len() - start));
    chunks
}

fn column(role: &str, chunks: Vec<ArrayRef>) -> InputColumn {
    let role = Role::parse(role).expect("a role");
    InputColumn {
        role,
        name: format!("my_{role}"),
        chunks,
        copied_bytes: 0,
    }
}

fn floats(role: &str, values: &[Option<f64>], sizes: &[usize]) -> InputColumn {
    column(
        role,
        chunked(values.iter().copied().collect::<Float64Array>(), sizes),
    )
}

fn times(values: &[Option<i64>], sizes: &[usize]) -> InputColumn {
    column(
        "time",
        chunked(
            values
                .iter()
                .copied()
                .collect::<TimestampMillisecondArray>(),
            sizes,
        ),
    )
}

fn input(columns: Vec<InputColumn>) -> SymbolInput {
    SymbolInput {
        symbol: "EURUSD".to_owned(),
        columns,
        spread: 0.0,
    }
}

/// The good bars, with one column put in the place of its like.
fn bars_with(other: InputColumn) -> SymbolInput {
    let mut columns = vec![times(&TIMES, &[])];
    columns.extend(GOOD.iter().map(|(role, values)| floats(role, values, &[])));
    match columns.iter_mut().find(|column| column.role == other.role) {
        Some(place) => *place = other,
        None => columns.push(other),
    }
    input(columns)
}

fn spoiled(role: &str, row: usize, value: Option<f64>) -> SymbolColumns {
    let good = GOOD
        .iter()
        .find(|(name, _)| *name == role)
        .map_or(&[Some(0.0); 4][..], |g| g.1);
    let mut values = good.to_vec();
    values[row] = value;
    read(bars_with(floats(role, &values, &[])), false).expect("readable")
}

fn refusal(columns: &SymbolColumns) -> (String, usize, String, &'static str) {
    match validate(columns, Rules::ALL_ERRORS) {
        Err(OmegaError::InvalidCandleData {
            column,
            row,
            value,
            rule,
            ..
        }) => (column.into(), row, value, rule),
        other => panic!("expected a refusal, got {other:?}"),
    }
}

#[test]
fn good_bars_pass() {
    let columns = read(bars_with(times(&TIMES, &[])), false).expect("readable");
    let findings = validate(&columns, Rules::ALL_ERRORS).expect("valid");
    assert_eq!(findings.crossed_rows, Some(0));
    assert_eq!(columns.copied_bytes, 0);
}

/// Column, row and value to break, and the rule, column and value that the error must name.
type Case<'a> = (&'a str, usize, Option<f64>, &'a str, &'a str, &'a str);

#[test]
fn each_rule_names_its_column_row_and_value() {
    let cases: [Case<'_>; 10] = [
        ("close", 2, None, "null", "my_close", "null"),
        ("close", 2, Some(f64::NAN), "nan", "my_close", "NaN"),
        ("volume", 3, Some(f64::INFINITY), "nan", "my_volume", "inf"),
        ("high", 1, Some(f64::NEG_INFINITY), "nan", "my_high", "-inf"),
        ("low", 0, Some(0.0), "price", "my_low", "0"),
        ("open", 3, Some(-2.0), "price", "my_open", "-2"),
        ("high", 1, Some(11.5), "high", "my_high", "11.5"),
        ("low", 1, Some(11.5), "low", "my_low", "11.5"),
        ("volume", 3, Some(-1.0), "volume", "my_volume", "-1"),
        ("spread", 3, Some(-0.1), "crossed", "my_spread", "-0.1"),
    ];
    for (role, row, value, rule, column, text) in cases {
        let found = refusal(&spoiled(role, row, value));
        assert_eq!(found, (column.to_owned(), row, text.to_owned(), rule));
    }
}

#[test]
fn times_must_increase_and_those_of_quotes_may_repeat() {
    let repeated = [Some(0), Some(60_000), Some(60_000), Some(180_000)];
    let back = [Some(0), Some(60_000), Some(59_999), Some(180_000)];
    let bars = |values: &[Option<i64>]| read(bars_with(times(values, &[1])), false);
    let found = refusal(&bars(&repeated).expect("readable"));
    assert_eq!(found.0, "my_time");
    assert_eq!(
        (found.1, found.2.as_str(), found.3),
        (2, "1970-01-01 00:01:00", "time_order")
    );
    let quotes = |values: &[Option<i64>]| {
        let prices = [Some(1.0); 4];
        let (bid, ask) = (floats("bid", &prices, &[]), floats("ask", &prices, &[3]));
        read(input(vec![times(values, &[2]), bid, ask]), false).expect("readable")
    };
    assert!(validate(&quotes(&repeated), Rules::ALL_ERRORS).is_ok());
    assert_eq!(refusal(&quotes(&back)).1, 2);
}

#[test]
fn the_lowest_integer_is_a_missing_time() {
    let first = [Some(i64::MIN), Some(60_000), Some(120_000), Some(180_000)];
    let columns = read(bars_with(times(&first, &[])), false).expect("readable");
    assert_eq!(refusal(&columns).3, "null");
}

#[test]
fn a_missing_time_is_stepped_over() {
    let gap = [Some(0), None, Some(0), Some(180_000)];
    let columns = read(bars_with(times(&gap, &[])), false).expect("readable");
    let found: Vec<_> = report(&columns, Rules::ALL_ERRORS)
        .rows
        .iter()
        .map(|finding| (finding.row, finding.rule))
        .collect();
    assert_eq!(found, [(1, Rule::Null), (2, Rule::TimeOrder)]);
    assert!(refuse_nulls(&columns).is_err());
}

#[test]
fn crossed_rows_are_counted_at_every_level() {
    let ask = [Some(9.5), Some(11.0), Some(11.9), Some(13.0)];
    let bid = [Some(10.0), Some(11.0), Some(12.0), Some(13.0)];
    let quotes = vec![
        times(&TIMES, &[]),
        floats("bid", &bid, &[]),
        floats("ask", &ask, &[]),
    ];
    let columns = read(input(quotes), false).expect("readable");
    let rules = |level| {
        Rules::ALL_ERRORS
            .with(Rule::Crossed, level)
            .expect("a free rule")
    };
    let allowed = validate(&columns, rules(Level::Allow)).expect("allowed");
    assert_eq!((allowed.crossed_rows, allowed.warnings.len()), (Some(2), 0));
    let warned = validate(&columns, rules(Level::Warn)).expect("warned");
    assert_eq!(
        (warned.crossed_rows, warned.warnings[0].count),
        (Some(2), 2)
    );
    assert_eq!(warned.warnings[0].first.row, 0);
    assert_eq!(refusal(&columns).2, "9.5");
}

#[test]
fn null_and_time_order_cannot_be_let_off() {
    for rule in [Rule::Null, Rule::TimeOrder] {
        assert!(Rules::ALL_ERRORS.with(rule, Level::Warn).is_err());
        assert!(Rules::ALL_ERRORS.with(rule, Level::Error).is_ok());
    }
}

#[test]
fn prices_may_be_negative_where_the_instrument_says_so() {
    let columns = spoiled("low", 0, Some(-37.6));
    assert!(validate(&columns, Rules::ALL_ERRORS.allowing_negative()).is_ok());
}

#[test]
fn columns_are_cut_at_the_union_of_their_chunks_without_a_copy() {
    let time = times(&TIMES, &[1]);
    let bid = floats("bid", &[Some(1.0); 4], &[2, 0]);
    let ask = floats("ask", &[Some(1.5); 4], &[3]);
    let address = ask.chunks[0].to_data().buffers()[0].as_ptr();
    let columns = read(input(vec![time, bid, ask]), false).expect("readable");
    let lengths: Vec<usize> = columns.segments.iter().map(super::Segment::len).collect();
    assert_eq!(lengths, [1, 1, 1, 1]);
    for (k, segment) in columns.segments.iter().enumerate() {
        let AskColumns::Quoted(prices) = &segment.ask else {
            panic!("an ask side")
        };
        assert_eq!(
            prices[0].inner().as_ptr() as usize,
            address as usize + k * 8
        );
        assert!(prices.iter().all(|price| price.ptr_eq(&prices[0])));
    }
}

#[test]
fn other_types_are_cast_only_when_asked() {
    let cases: [ArrayRef; 4] = [
        Arc::new(Float32Array::from(vec![10.0, 11.0, 12.0, 13.0])),
        Arc::new(Int64Array::from(vec![10, 11, 12, 13])),
        Arc::new(StringArray::from(vec!["10", "11.0", "12", "13"])),
        Arc::new(
            Decimal128Array::from(vec![100, 110, 120, 130])
                .with_precision_and_scale(9, 1)
                .expect("fits"),
        ),
    ];
    for array in cases {
        let open = column("open", vec![array]);
        let refused = read(bars_with(open.clone()), false);
        assert!(
            matches!(refused, Err(OmegaError::InvalidColumn { .. })),
            "{refused:?}"
        );
        let columns = read(bars_with(open), true).expect("cast");
        assert_eq!(columns.copied_bytes, 32);
        assert_eq!(
            columns.segments[0].bid[0].as_ref(),
            [10.0, 11.0, 12.0, 13.0]
        );
    }
}

#[test]
fn volumes_of_any_number_are_cast_and_texts_are_not() {
    let counts = column("volume", vec![Arc::new(Int64Array::from(vec![0, 1, 2, 3]))]);
    let columns = read(bars_with(counts), false).expect("a number");
    assert_eq!(columns.copied_bytes, 32);
    let volume = columns.segments[0].volume.as_ref().expect("a volume");
    assert_eq!(volume.as_ref(), [0.0, 1.0, 2.0, 3.0]);
    let words = StringArray::from(vec!["0", "1", "2", "3"]);
    let texts = column("volume", vec![Arc::new(words)]);
    assert!(read(bars_with(texts), false).is_err());
}

#[test]
fn a_value_that_cannot_be_cast_is_named() {
    let open = column(
        "open",
        chunked(StringArray::from(vec!["10", "11", "twelve", "13"]), &[1]),
    );
    let Err(OmegaError::InvalidCandleData {
        row, value, rule, ..
    }) = read(bars_with(open), true)
    else {
        panic!("expected a refusal")
    };
    assert_eq!((row, value.as_str(), rule), (2, "twelve", "type"));
}

#[test]
fn dates_are_times_only_when_cast_and_bare_numbers_never() {
    let dates = column("time", vec![Arc::new(Date32Array::from(vec![0, 1, 2, 3]))]);
    assert!(read(bars_with(dates.clone()), false).is_err());
    assert_eq!(
        read(bars_with(dates), true).expect("cast").segments[0].time[1],
        86_400_000_000
    );
    let numbers = column("time", vec![Arc::new(Int64Array::from(vec![0, 1, 2, 3]))]);
    assert!(read(bars_with(numbers), true).is_err());
}

#[test]
fn an_ask_frame_must_have_the_times_of_the_bid_frame() {
    let cases: [(&[Option<i64>], usize); 3] = [
        (&[Some(0), Some(60_000), Some(120_001), Some(180_000)], 2),
        (&TIMES[..3], 3),
        (
            &[
                Some(0),
                Some(60_000),
                Some(120_000),
                Some(180_000),
                Some(200_000),
            ],
            4,
        ),
    ];
    for (ask_times, expected) in cases {
        let mut ask_time = times(ask_times, &[2]);
        ask_time.role = Role::AskTime;
        let Err(OmegaError::InvalidCandleData { row, rule, .. }) = read(bars_with(ask_time), false)
        else {
            panic!("expected a refusal")
        };
        assert_eq!((row, rule), (expected, "same_times"));
    }
}

#[test]
fn missing_empty_and_uneven_columns_are_refused() {
    let mut missing = bars_with(times(&TIMES, &[]));
    missing
        .columns
        .retain(|column| column.role != Role::Price(2));
    let empty = input(vec![times(&[], &[])]);
    let uneven = bars_with(floats("volume", &[Some(1.0)], &[]));
    for (case, name) in [(missing, "low"), (empty, "my_time"), (uneven, "my_volume")] {
        let Err(OmegaError::InvalidColumn { column, .. }) = read(case, false) else {
            panic!("expected a refusal")
        };
        assert_eq!(&*column, name);
    }
}

#[test]
fn a_zone_is_kept_and_order_is_by_utc() {
    let zoned = PrimitiveArray::<TimestampMillisecondType>::from(vec![0, 1, 2, 3])
        .with_timezone("Europe/Berlin");
    let columns = read(bars_with(column("time", vec![Arc::new(zoned)])), false).expect("readable");
    assert_eq!(columns.timezone.as_deref(), Some("Europe/Berlin"));
}

#[test]
fn a_fixed_offset_is_shown_in_utc() {
    for zone in ["+05:30", "-03:00", "UTC+05:30", "UTC-03:00", "UTC"] {
        let zoned =
            PrimitiveArray::<TimestampMillisecondType>::from(vec![0, 1, 2, 3]).with_timezone(zone);
        let columns =
            read(bars_with(column("time", vec![Arc::new(zoned)])), false).expect("readable");
        assert_eq!(columns.timezone.as_deref(), Some("UTC"), "{zone}");
    }
}

#[test]
fn chunks_of_another_type_and_dates_beyond_all_times_are_refused() {
    let mixed: Vec<ArrayRef> = vec![
        Arc::new(Date32Array::from(vec![1, 2])),
        Arc::new(Date64Array::from(vec![0, i64::MAX])),
    ];
    let keys = Int8Array::from(vec![0, 1, 1, 1]);
    let dates = Date64Array::from(vec![0, i64::MAX]);
    let dictionary = DictionaryArray::new(keys, Arc::new(dates));
    assert!(matches!(
        read(bars_with(column("time", mixed)), true),
        Err(OmegaError::InvalidColumn { .. })
    ));
    let Err(OmegaError::InvalidCandleData { row, rule, .. }) =
        read(bars_with(column("time", vec![Arc::new(dictionary)])), true)
    else {
        panic!("expected a refusal")
    };
    assert_eq!((row, rule), (1, "type"));
}
