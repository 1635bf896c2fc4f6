//! Arithmetic over columns: `a - b`, `2 * a`, `abs(a)`, the smaller of two (E2).
//!
//! A value with NaN in it is NaN, also the smaller and the larger of two; otherwise IEEE 754 holds,
//! so that 1 / 0 is infinite.

use super::spec::OF_WINDOW;
use super::spec::Parameters;
use super::{Definition, Kind, Need};

/// How two numbers become one, by the place that a parameter names it by.
const OPERATIONS: [fn(f64, f64) -> f64; 6] = [
    |a, b| a + b,
    |a, b| a - b,
    |a, b| a * b,
    |a, b| a / b,
    // Not `f64::min` and `f64::max`, which leave NaN out.
    |a, b| if b.is_nan() || b < a { b } else { a },
    |a, b| if b.is_nan() || b > a { b } else { a },
];

/// The number itself, or the one NaN whose sign and payload no processor has chosen.
fn plain(value: f64) -> f64 {
    if value.is_nan() { f64::NAN } else { value }
}

fn operation(of: &Parameters<'_>) -> fn(f64, f64) -> f64 {
    OPERATIONS[of.whole(0)]
}

/// What this family is known by. It is not in the catalog: strategies write operators.
pub(super) const DEFINITIONS: &[Definition] = &[
    Definition {
        name: "of_two",
        parameters: &[("operation", Kind::Choice(OPERATIONS.len()))],
        needs: &[Need::Source, Need::Second],
        // As many bars as its operands need.
        warmup: |_| 0,
        compute: |of, inputs| {
            let [first, second] = inputs.columns();
            let (combine, pairs) = (operation(of), first.iter().zip(second));
            vec![pairs.map(|(a, b)| plain(combine(*a, *b))).collect()]
        },
        ..OF_WINDOW
    },
    Definition {
        name: "with_number",
        parameters: &[
            ("operation", Kind::Choice(OPERATIONS.len())),
            ("number", Kind::Number(f64::NEG_INFINITY)),
            ("number_first", Kind::Choice(2)),
        ],
        warmup: |_| 0,
        compute: |of, inputs| {
            let (combine, number) = (operation(of), of.number(1));
            let values = inputs.column(0).iter();
            vec![if of.whole(2) == 1 {
                values.map(|a| plain(combine(number, *a))).collect()
            } else {
                values.map(|a| plain(combine(*a, number))).collect()
            }]
        },
        ..OF_WINDOW
    },
    Definition {
        name: "absolute",
        parameters: &[],
        warmup: |_| 0,
        compute: |_, inputs| {
            let values = inputs.column(0).iter();
            vec![values.map(|a| plain(a.abs())).collect()]
        },
        ..OF_WINDOW
    },
];
