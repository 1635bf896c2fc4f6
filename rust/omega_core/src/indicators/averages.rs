//! Averages over a window and averages that never forget.

use super::{Definition, Kind, Need, recursive, rolling};

/// What this family is known by.
pub(super) const DEFINITIONS: &[Definition] = &[
    Definition {
        name: "sma",
        parameters: &[("window", Kind::Whole(1))],
        needs: &[Need::Source],
        days: false,
        outputs: 1,
        warmup: |of| of.whole(0),
        compute: |of, inputs| {
            let [values] = inputs.columns();
            vec![rolling::sma(values, of.whole(0))]
        },
    },
    Definition {
        name: "ema",
        parameters: &[("window", Kind::Whole(1))],
        needs: &[Need::Source],
        days: false,
        outputs: 1,
        warmup: |of| of.whole(0),
        compute: |of, inputs| {
            let [values] = inputs.columns();
            vec![recursive::ema(values, of.whole(0))]
        },
    },
    Definition {
        name: "rma",
        parameters: &[("window", Kind::Whole(1))],
        needs: &[Need::Source],
        days: false,
        outputs: 1,
        warmup: |of| of.whole(0),
        compute: |of, inputs| {
            let [values] = inputs.columns();
            vec![recursive::rma(values, of.whole(0))]
        },
    },
];
