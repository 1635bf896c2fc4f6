//! Arrow arrays of every kind, as the columns of one symbol.

#![allow(
    clippy::from_iter_instead_of_collect,
    reason = "the names of the arrays are what the table of kinds is about"
)]

use std::sync::Arc;

use arrow_array::types::{ArrowPrimitiveType, Float64Type, Int8Type, TimestampMillisecondType};
use arrow_array::{
    Array, ArrayRef, BooleanArray, Date32Array, Date64Array, Decimal128Array, DictionaryArray,
    DurationSecondArray, Float32Array, Float64Array, Int32Array, Int64Array, LargeStringArray,
    NullArray, PrimitiveArray, StringArray, StringViewArray, StructArray, Time64NanosecondArray,
    TimestampMicrosecondArray, TimestampMillisecondArray, TimestampNanosecondArray,
    TimestampSecondArray, UInt64Array,
};
use arrow_buffer::Buffer;
use omega_core::columns::{
    self, Finding, InputColumn, Level, Role, Rule, Rules, SymbolColumns, SymbolInput,
};
use omega_core::execution::Semantics;
use omega_core::indicators::{self, Cache, From, Given, Need, Source, Spec, Track};
use omega_core::replay::{Magnifier, Plan, Rates};
use omega_core::store::{Cursor, Market, SymbolCandles, TrackId};
use omega_core::types::Side;

use crate::random_runs::choices::Choices;

const ROLES: [Role; 12] = [
    Role::Time,
    Role::Price(0),
    Role::Price(1),
    Role::Price(2),
    Role::Price(3),
    Role::Volume,
    Role::Spread,
    Role::AskTime,
    Role::BidQuote,
    Role::AskQuote,
    Role::Bid(2),
    Role::Ask(1),
];

const TEXTS: [&str; 8] = [
    "1.5",
    "",
    "2024-01-02T03:04:05",
    "2024-01-02",
    "nan",
    "-7",
    "9999999999999999999999",
    "ä",
];

/// Reads columns made from the choices, and checks everything that results.
pub fn check(choices: &mut impl Choices) {
    let input = symbol_input(choices);
    let cast = choices.once_in(2);
    if let Ok(columns) = columns::read(input, cast) {
        check_validation(choices, &columns);
        check_candles(choices, &SymbolCandles::from_columns(columns));
    }
    let file = Buffer::from_vec(
        (0..choices.below(96))
            .map(|_| byte(choices))
            .collect::<Vec<u8>>(),
    );
    let schema = columns::ipc_schema(&file);
    // 96 random bytes are no Arrow file with such a column; what counts is that reading them does
    // not panic.
    assert!(schema.is_err() || columns::ipc_columns(&file, &["x".to_owned()]).is_err());
}

fn byte(choices: &mut impl Choices) -> u8 {
    u8::try_from(choices.below(1 << 8)).unwrap_or(0)
}

fn symbol_input(choices: &mut impl Choices) -> SymbolInput {
    let rows = choices.index(40);
    // Whole layouts three times in four: random roles alone hardly ever form candles, and nothing
    // behind the first check would be reached.
    let mut roles: Vec<Role> = match choices.below(4) {
        0 => (0..choices.index(10))
            .map(|_| choices.pick(&ROLES))
            .collect(),
        1 => vec![Role::Time, Role::BidQuote, Role::AskQuote],
        2 => [Role::Time]
            .into_iter()
            .chain((0..4).map(Role::Bid))
            .chain((0..4).map(Role::Ask))
            .collect(),
        _ => ROLES[..5].to_vec(),
    };
    if choices.once_in(3) {
        roles.push(choices.pick(&ROLES));
    }
    // Mostly columns that fit, for the same reason.
    let good = !choices.once_in(3);
    let columns = roles
        .into_iter()
        .map(|role| column(choices, role, rows, good));
    SymbolInput {
        symbol: "FUZZ".to_owned(),
        columns: columns.collect(),
        spread: choices.pick(&[0.0, 0.5, -1.0, f64::NAN, f64::INFINITY]),
    }
}

/// A column of chunks; a good one has the type and the length that its role needs.
fn column(choices: &mut impl Choices, role: Role, rows: usize, good: bool) -> InputColumn {
    let is_time = matches!(role, Role::Time | Role::AskTime);
    let kind = match (good, is_time) {
        (true, true) => 0,
        (true, false) => 1,
        _ => choices.below(KINDS),
    };
    let mut left = if good || !choices.once_in(4) {
        rows
    } else {
        choices.index(40)
    };
    let (mut chunks, mut start) = (Vec::new(), 0);
    while left > 0 || choices.once_in(8) {
        let length = choices
            .index(left + 1)
            .max(usize::from(choices.once_in(2) && left > 0));
        let length = if choices.once_in(4) { left } else { length };
        let kind = if good || !choices.once_in(16) {
            kind
        } else {
            choices.below(KINDS)
        };
        chunks.push(array(choices, kind, start, length));
        start += length;
        left -= length;
        // Chunks may be empty, so that the loop has no end of its own.
        if chunks.len() > 60 {
            break;
        }
    }
    InputColumn {
        role,
        name: format!("my {role}"),
        chunks,
        copied_bytes: 0,
    }
}

const KINDS: u64 = 22;

fn array(choices: &mut impl Choices, kind: u64, start: usize, length: usize) -> ArrayRef {
    // A slice of something longer has an offset, as chunks of real frames often do.
    let before = choices.index(3);
    let length_of_all = length + before + choices.index(3);
    let whole = whole_array(choices, kind, start, length_of_all);
    whole.slice(before, length)
}

fn whole_array(choices: &mut impl Choices, kind: u64, start: usize, rows: usize) -> ArrayRef {
    let mut next = i64::try_from(start).unwrap_or(0) * 60_000;
    let mut int = |choices: &mut dyn FnMut(u64) -> u64| {
        next = match choices(64) {
            // Missing time, end of the range, a step back, a repeated time, and the first day of
            // the calendar.
            63 => i64::MIN,
            62 => i64::MAX,
            61 => next.saturating_sub(1),
            60 => next,
            59 => -62_135_596_800_000,
            _ => next.saturating_add(60_000),
        };
        next
    };
    let mut below = |bound: u64| choices.below(bound);
    let ints: Vec<Option<i64>> = (0..rows)
        .map(|_| Some(int(&mut below)).filter(|_| below(40) < 39))
        .collect();
    let floats: Vec<Option<f64>> = (0..rows).map(|_| float(&mut below)).collect();
    let texts: Vec<Option<&str>> = floats
        .iter()
        .map(|value| value.map(|value| TEXTS[usize::from(value.to_bits().to_le_bytes()[6] & 7)]))
        .collect();
    let bools = || ints.iter().map(|value| value.map(|value| value % 2 == 0));
    let small = || {
        ints.iter()
            .map(|value| value.map(|value| i32::try_from(value % 9_000).unwrap_or(0)))
    };
    match kind {
        0 => Arc::new(TimestampMillisecondArray::from(ints).with_timezone_opt(None::<&str>)),
        1 => Arc::new(Float64Array::from(floats)),
        2 => Arc::new(TimestampSecondArray::from(ints)),
        3 => Arc::new(TimestampMicrosecondArray::from(ints).with_timezone("Europe/Berlin")),
        4 => Arc::new(TimestampNanosecondArray::from(ints).with_timezone("no such zone")),
        5 => Arc::new(Float32Array::from_iter(
            small().map(|v| v.map(|v| f32::from(i16::try_from(v).unwrap_or(7)))),
        )),
        6 => Arc::new(Int64Array::from(ints)),
        7 => Arc::new(Int32Array::from_iter(small())),
        8 => Arc::new(UInt64Array::from_iter(
            floats.iter().map(|v| v.map(f64::to_bits)),
        )),
        9 => Arc::new(StringArray::from(texts)),
        10 => Arc::new(LargeStringArray::from(texts)),
        11 => Arc::new(StringViewArray::from(texts)),
        12 => Arc::new(BooleanArray::from_iter(bools())),
        13 => Arc::new(NullArray::new(rows)),
        14 => {
            let day = |at: i64| i32::try_from(at % (1 << 31)).unwrap_or(0);
            Arc::new(Date32Array::from_iter(ints.iter().map(|v| v.map(day))))
        }
        15 => Arc::new(Date64Array::from(ints)),
        16 => Arc::new(Decimal128Array::from_iter(
            ints.iter().map(|v| v.map(i128::from)),
        )),
        17 => Arc::new(Time64NanosecondArray::from(ints)),
        18 => Arc::new(DurationSecondArray::from(ints)),
        19 => Arc::new(texts.into_iter().collect::<DictionaryArray<Int8Type>>()),
        20 => dictionary::<Float64Type>(rows, vec![1.5, f64::NAN]),
        _ if rows.is_multiple_of(2) => {
            dictionary::<TimestampMillisecondType>(rows, vec![i64::MAX, 7])
        }
        _ => Arc::new(StructArray::new_empty_fields(rows, None)),
    }
}

fn dictionary<T: ArrowPrimitiveType>(rows: usize, values: Vec<T::Native>) -> ArrayRef {
    let keys = (0..rows).map(|row| (row % 5 > 0).then_some(i8::from(row % 3 == 0)));
    let values = PrimitiveArray::<T>::from_iter_values(values);
    Arc::new(DictionaryArray::new(
        keys.collect::<PrimitiveArray<Int8Type>>(),
        Arc::new(values),
    ))
}

/// Mostly a price; sometimes what no price is.
fn float(below: &mut impl FnMut(u64) -> u64) -> Option<f64> {
    let ticks = u32::try_from(below(4)).unwrap_or(0);
    Some(match below(256) {
        255 => return None,
        254 => f64::NAN,
        253 => f64::INFINITY,
        252 => f64::NEG_INFINITY,
        251 => -1.0,
        250 => -0.0,
        // Subnormal, which the exact sums have to scale.
        249 => f64::MIN_POSITIVE / 4.0,
        248 => f64::MAX,
        _ => 100.0 + f64::from(ticks),
    })
}

/// Validation refuses exactly what its report lists, whatever the rules.
fn check_validation(choices: &mut impl Choices, columns: &SymbolColumns) {
    let mut rules = Rules::ALL_ERRORS;
    for rule in Rule::ALL {
        let level = choices.pick(&[Level::Error, Level::Warn, Level::Allow]);
        rules = rules.with(rule, level).unwrap_or(rules);
    }
    if choices.once_in(4) {
        rules = rules.allowing_negative();
    }
    let report = columns::report(columns, rules);
    let is_error = |finding: &&Finding| rules.level(finding.rule) == Level::Error;
    let first = report.rows.iter().find(is_error);
    match columns::validate(columns, rules) {
        Ok(findings) => {
            assert!(first.is_none(), "{first:?}");
            assert_eq!(findings.crossed_rows, report.crossed_rows);
            let warned: usize = findings.warnings.iter().map(|tally| tally.count).sum();
            assert_eq!(warned, report.rows.len());
        }
        Err(error) => {
            let expected =
                first.map(|f| f.into_error(&columns.symbol, &columns.names, columns.unit));
            assert_eq!(
                Some(error.to_string()),
                expected.map(|error| error.to_string())
            );
        }
    }
    assert_eq!(
        columns::refuse_nulls(columns).is_ok(),
        columns.nulls.is_empty()
    );
}

/// Candles of whatever was read: every access stays within them.
fn check_candles(choices: &mut impl Choices, candles: &SymbolCandles) {
    let bars = candles.len();
    let mut cursor = Cursor::at(candles, 0);
    for index in 0..bars {
        let bar = candles.bar(index);
        assert_eq!(bar.time, candles.time(index));
        if let Some(cursor) = &mut cursor {
            assert_eq!(cursor.time(), bar.time);
            cursor.advance();
        }
    }
    let market = Market::single(Arc::new(candles.clone()));
    for time in [i64::MIN, i64::MAX, 0, choices.between(-1 << 40, 1 << 40)] {
        assert!(candles.first_at_or_after(time) <= bars);
        let end = choices.once_in(2).then_some(time);
        if let Ok(plan) = Plan::new(
            &market,
            (Some(time), end),
            &[choices.index(5)],
            true,
            Semantics::Two,
        ) {
            assert!(1 <= plan.start && plan.start < plan.end && plan.end <= bars);
            assert_eq!(
                candles.times(plan.start..plan.end).len(),
                plan.end - plan.start
            );
        }
    }
    let exported: usize = (0..candles.segments().len())
        .filter_map(|k| candles.column(k, Role::Time))
        .map(|array| array.len())
        .sum();
    assert_eq!(exported, bars);
    for role in ROLES {
        let _ = candles.column(choices.index(3), role);
    }
    assert_eq!(
        candles.to_columns().segments.len(),
        candles.segments().len()
    );
    assert!(bars == 0 || candles.nbytes() > 0);
    check_indicators(choices, candles);
    let shared = Arc::new(candles.clone());
    if bars > 0 {
        let mut magnifier = Magnifier::new(Arc::clone(&shared));
        let inside = magnifier.inside(candles, choices.index(bars));
        assert!(inside.start <= inside.end && inside.end <= bars);
        let mut rates = Rates::Symbol {
            candles: shared,
            inverse: true,
            newest: 0,
        };
        rates.at(candles.time(bars - 1));
        rates.at(candles.time(0));
    }
}

/// Any indicator with any parameters gives a value for each bar, or is refused.
fn check_indicators(choices: &mut impl Choices, candles: &SymbolCandles) {
    let all: Vec<_> = indicators::definitions().collect();
    let definition = all[choices.index(all.len())];
    let numbers = [f64::NAN, 0.0, 0.1, 1.0, 2.0, 3.0, 7.0];
    let parameters = definition.parameters.iter();
    let given = parameters.map(|_| choices.pick(&numbers)).collect();
    let Ok(spec) = Spec::new(definition.name, given) else {
        return;
    };
    let sources = definition
        .needs
        .iter()
        .filter(|need| matches!(need, Need::Source | Need::Second | Need::Third));
    let from = match sources.count() {
        0 => From::Side(Side::Ask),
        count => From::Columns(vec![Given::Candles(Source::Bid(3)); count]),
    };
    let track = Track {
        candles,
        track: TrackId(0),
        days: None,
    };
    if let Ok((_, outputs)) = Cache::default().indicator(&track, &spec, &from) {
        assert_eq!(outputs.len(), definition.outputs);
        for column in outputs {
            assert_eq!(column.len(), candles.len());
        }
    }
}
