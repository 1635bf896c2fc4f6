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
    Definition {
        name: "atr",
        parameters: &[("window", Kind::Whole(1))],
        needs: &[Need::High, Need::Low, Need::Close],
        days: false,
        outputs: 1,
        warmup: |of| of.whole(0) + 1,
        compute: |of, inputs| {
            let [high, low, close] = inputs.columns();
            vec![recursive::atr(high, low, close, of.whole(0))]
        },
    },
    Definition {
        name: "rolling_std",
        parameters: &[("window", Kind::Whole(2))],
        needs: &[Need::Source],
        days: false,
        outputs: 1,
        warmup: |of| of.whole(0),
        compute: |of, inputs| {
            let [values] = inputs.columns();
            vec![rolling::std(values, of.whole(0))]
        },
    },
    Definition {
        name: "zscore",
        parameters: &[("window", Kind::Whole(2))],
        needs: &[Need::Source],
        days: false,
        outputs: 1,
        warmup: |of| of.whole(0),
        compute: |of, inputs| {
            let [values] = inputs.columns();
            vec![rolling::zscore(values, of.whole(0))]
        },
    },
];
