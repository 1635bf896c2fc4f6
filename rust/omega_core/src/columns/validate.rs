//! Rules T1 and T3 in one pass: blocks that hold are passed at memory speed, others row by row.

use std::ops::ControlFlow;

use super::scan;
use super::{
    AskColumns, Finding, Findings, Level, Rule, Rules, Segment, Slot, SymbolColumns, Tally,
};
use crate::error::OmegaError;
use crate::interrupt::Pace;

/// Rows checked together, few enough for their columns to stay in the cache.
const BLOCK: usize = 512;

/// Checks every row; the first finding of a rule at [`Level::Error`] refuses the symbol.
///
/// # Errors
/// [`OmegaError::InvalidCandleData`] for the first such finding by row, then rule, then column.
pub fn validate(columns: &SymbolColumns, rules: Rules) -> Result<Findings, OmegaError> {
    let mut warnings: Vec<Tally> = Vec::new();
    let mut refused = None;
    let crossed = pass(
        columns,
        rules,
        &mut |finding| match rules.level(finding.rule) {
            Level::Error => {
                refused = Some(finding);
                ControlFlow::Break(())
            }
            Level::Warn => {
                match warnings
                    .iter_mut()
                    .find(|tally| tally.first.rule == finding.rule)
                {
                    Some(tally) => tally.count += 1,
                    None => warnings.push(Tally {
                        count: 1,
                        first: finding,
                    }),
                }
                ControlFlow::Continue(())
            }
            Level::Allow => ControlFlow::Continue(()),
        },
    );
    match refused {
        Some(finding) => Err(finding.into_error(&columns.symbol, &columns.names, columns.unit)),
        None => Ok(Findings {
            rows: Vec::new(),
            crossed_rows: Some(crossed),
            warnings,
        }),
    }
}

/// Checks every row and returns every finding of a rule that is not allowed.
#[must_use]
pub fn report(columns: &SymbolColumns, rules: Rules) -> Findings {
    let mut rows = Vec::new();
    let crossed = pass(columns, rules, &mut |finding| {
        rows.push(finding);
        ControlFlow::Continue(())
    });
    Findings {
        rows,
        crossed_rows: Some(crossed),
        warnings: Vec::new(),
    }
}

/// Refuses missing values alone: all that has to be checked in data known to be good.
///
/// # Errors
/// [`OmegaError::InvalidCandleData`] for the first missing value.
pub fn refuse_nulls(columns: &SymbolColumns) -> Result<(), OmegaError> {
    let Some(&(row, slot)) = columns.nulls.first() else {
        return Ok(());
    };
    let rule = Rule::Null;
    let missing = Finding {
        row,
        rule,
        slot,
        time: None,
        value: None,
        against: None,
        before: None,
    };
    Err(missing.into_error(&columns.symbol, &columns.names, columns.unit))
}

// `dyn`, as it is called for findings only, and generics would compile the whole pass twice.
type Sink<'a> = dyn FnMut(Finding) -> ControlFlow<()> + 'a;

/// One walk over all rows; returns the number of crossed rows, as far as it came.
fn pass(columns: &SymbolColumns, rules: Rules, sink: &mut Sink<'_>) -> usize {
    let mut walk = Walk {
        rules,
        repeats: columns.names.are_quotes(),
        nulls: &columns.nulls,
        before: None,
        crossed: 0,
    };
    let (mut start, mut pace) = (0, Pace::default());
    for segment in &columns.segments {
        for offset in (0..segment.len()).step_by(BLOCK) {
            if pace.is_over(BLOCK) {
                return walk.crossed;
            }
            let end = segment.len().min(offset + BLOCK);
            if walk.block(segment, start, offset..end, sink).is_break() {
                return walk.crossed;
            }
        }
        start += segment.len();
    }
    walk.crossed
}

struct Walk<'a> {
    rules: Rules,
    /// Whether a time may repeat.
    repeats: bool,
    /// Missing values not yet reached.
    nulls: &'a [(usize, Slot)],
    /// The last time seen.
    before: Option<i64>,
    crossed: usize,
}

impl Walk<'_> {
    fn block(
        &mut self,
        segment: &Segment,
        start: usize,
        rows: std::ops::Range<usize>,
        sink: &mut Sink<'_>,
    ) -> ControlFlow<()> {
        // Counted even where the rule is off: the count is part of the result at every level.
        let crossed = crossed_rows(segment, &rows);
        // Nulls are sorted, so that the first one left decides for the block.
        let complete = self
            .nulls
            .first()
            .is_none_or(|(row, _)| *row >= start + rows.end);
        let crossed_pass = crossed == 0 || self.rules.level(Rule::Crossed) == Level::Allow;
        if complete
            && crossed_pass
            && self.times_hold(&segment.time[rows.clone()])
            && values_hold(segment, &rows, self.floor())
        {
            self.before = segment.time[rows].last().copied();
            self.crossed += crossed;
            return ControlFlow::Continue(());
        }
        // One bad value sends its block to the slow path, where findings come out in row order.
        for offset in rows {
            self.row(segment, start + offset, offset, sink)?;
        }
        ControlFlow::Continue(())
    }

    fn floor(&self) -> f64 {
        let allowed = self.rules.level(Rule::Price) == Level::Allow;
        if allowed { f64::NEG_INFINITY } else { 0.0 }
    }

    fn times_hold(&self, times: &[i64]) -> bool {
        let first = times.first().is_some_and(|&time| self.follows(time));
        first
            && if self.repeats {
                scan::not_decreasing(times)
            } else {
                scan::increasing(times)
            }
    }

    /// Whether a time may come next; the lowest integer stands for no time in many libraries.
    fn follows(&self, time: i64) -> bool {
        let order = match self.before {
            Some(before) if self.repeats => before <= time,
            Some(before) => before < time,
            None => true,
        };
        order && time != i64::MIN
    }

    /// Every rule on one row, in the order of the rules, then of the columns.
    fn row(
        &mut self,
        segment: &Segment,
        row: usize,
        offset: usize,
        sink: &mut Sink<'_>,
    ) -> ControlFlow<()> {
        let missing = self.take_nulls(row);
        let view = RowView::new(segment, offset, &missing);
        let stamp = view.time;
        let before = self.before;
        let mut emit = |rule, slot, value, against| {
            if self.rules.level(rule) == Level::Allow {
                return ControlFlow::Continue(());
            }
            let before = if rule == Rule::TimeOrder {
                before
            } else {
                None
            };
            sink(Finding {
                row,
                rule,
                slot,
                time: stamp,
                value,
                against,
                before,
            })
        };
        if stamp.is_none() {
            emit(Rule::Null, Slot::Time, None, None)?;
        }
        for &slot in missing.iter().filter(|slot| **slot != Slot::Time) {
            emit(Rule::Null, slot, None, None)?;
        }
        for (slot, value) in view.values() {
            if !value.is_finite() {
                emit(Rule::Nan, slot, Some(value), None)?;
            }
        }
        if stamp.is_some_and(|time| !self.follows(time)) {
            emit(Rule::TimeOrder, Slot::Time, None, None)?;
        }
        view.price_findings(&mut emit)?;
        self.crossed += usize::from(view.is_crossed());
        // Also where the order was broken, so that one jump back is one finding and not one for
        // every row until the old time is reached; a missing time is stepped over.
        self.before = stamp.or(self.before);
        ControlFlow::Continue(())
    }

    fn take_nulls(&mut self, row: usize) -> Vec<Slot> {
        let here = self.nulls.iter().take_while(|(at, _)| *at == row).count();
        let (taken, rest) = self.nulls.split_at(here);
        self.nulls = rest;
        taken.iter().map(|(_, slot)| *slot).collect()
    }
}

fn side<'a>(
    columns: &'a [arrow_buffer::ScalarBuffer<f64>; 4],
    rows: &std::ops::Range<usize>,
) -> [&'a [f64]; 4] {
    columns.each_ref().map(|column| &column[rows.clone()])
}

/// Whether four prices are one buffer: a quote.
fn is_quote(columns: &[arrow_buffer::ScalarBuffer<f64>; 4]) -> bool {
    // By address and length, which slicing keeps the same for all four.
    columns.iter().all(|column| column.ptr_eq(&columns[0]))
}

fn crossed_rows(segment: &Segment, rows: &std::ops::Range<usize>) -> usize {
    match &segment.ask {
        AskColumns::Quoted(ask) if is_quote(ask) && is_quote(&segment.bid) => {
            scan::crossed_quotes(&segment.bid[0][rows.clone()], &ask[0][rows.clone()])
        }
        AskColumns::Quoted(ask) => scan::crossed_bars(side(&segment.bid, rows), side(ask, rows)),
        // `check_spread` has refused negative ones.
        AskColumns::Constant(_) => 0,
        AskColumns::Spread(column) => column[rows.clone()]
            .iter()
            .map(|&spread| usize::from(spread < 0.0))
            .sum(),
    }
}

fn values_hold(segment: &Segment, rows: &std::ops::Range<usize>, floor: f64) -> bool {
    let prices = |columns: &[arrow_buffer::ScalarBuffer<f64>; 4]| {
        if is_quote(columns) {
            scan::above(&columns[0][rows.clone()], floor)
        } else {
            scan::prices_hold(side(columns, rows), floor)
        }
    };
    let ask = match &segment.ask {
        AskColumns::Quoted(ask) => prices(ask),
        // Rounding is monotonic: an ask made by adding one number to four ordered prices is
        // ordered, too. So is one made with a spread column, which only has to be finite.
        AskColumns::Constant(_) => true,
        AskColumns::Spread(column) => scan::above(&column[rows.clone()], f64::NEG_INFINITY),
    };
    let volume = segment.volume.as_ref();
    prices(&segment.bid) && ask && volume.is_none_or(|v| scan::not_negative(&v[rows.clone()]))
}

/// The values of one row; `None` where a value is missing or the input has no such column.
struct RowView {
    time: Option<i64>,
    bid: [Option<f64>; 4],
    ask: [Option<f64>; 4],
    spread: Option<f64>,
    volume: Option<f64>,
}

/// The prices of a side that are columns of their own: one for quotes, four for bars.
fn own_prices(
    columns: &[arrow_buffer::ScalarBuffer<f64>; 4],
    offset: usize,
    missing: impl Fn(u8) -> bool,
) -> [Option<f64>; 4] {
    // Otherwise one bad quote would be four findings.
    let count = if is_quote(columns) { 1 } else { 4 };
    let mut prices = [None; 4];
    for ((k, price), column) in (0u8..).zip(&mut prices).zip(columns).take(count) {
        *price = (!missing(k)).then(|| column[offset]);
    }
    prices
}

impl RowView {
    fn new(segment: &Segment, offset: usize, missing: &[Slot]) -> Self {
        let has = |slot: Slot| !missing.contains(&slot);
        let bid = own_prices(&segment.bid, offset, |k| !has(Slot::Bid(k)));
        let (ask, spread) = match &segment.ask {
            AskColumns::Quoted(ask) => (own_prices(ask, offset, |k| !has(Slot::Ask(k))), None),
            AskColumns::Constant(_) => ([None; 4], None),
            AskColumns::Spread(column) => ([None; 4], has(Slot::Spread).then(|| column[offset])),
        };
        // The lowest integer is what NumPy and pandas store for NaT, so it counts as missing.
        let time = Some(segment.time[offset]).filter(|&time| has(Slot::Time) && time != i64::MIN);
        let volume = segment.volume.as_ref().filter(|_| has(Slot::Volume));
        Self {
            time,
            bid,
            ask,
            spread,
            volume: volume.map(|column| column[offset]),
        }
    }

    /// Every value that is there, in the order of the columns.
    fn values(&self) -> impl Iterator<Item = (Slot, f64)> + '_ {
        let prices = |side: fn(u8) -> Slot, values: [Option<f64>; 4]| {
            (0u8..)
                .zip(values)
                .filter_map(move |(k, value)| Some((side(k), value?)))
        };
        prices(Slot::Bid, self.bid)
            .chain(prices(Slot::Ask, self.ask))
            .chain(self.spread.map(|value| (Slot::Spread, value)))
            .chain(self.volume.map(|value| (Slot::Volume, value)))
    }

    fn price_findings(
        &self,
        emit: &mut dyn FnMut(Rule, Slot, Option<f64>, Option<f64>) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let is_price = |slot| matches!(slot, Slot::Bid(_) | Slot::Ask(_));
        for (slot, value) in self
            .values()
            .filter(|(slot, v)| is_price(*slot) && v.is_finite())
        {
            if value <= 0.0 {
                emit(Rule::Price, slot, Some(value), None)?;
            }
        }
        let sides = [
            (Slot::Bid as fn(u8) -> Slot, finite(self.bid)),
            (Slot::Ask, finite(self.ask)),
        ];
        for (slot, [open, high, _, close]) in sides {
            // Of the prices that are finite: NaN is a finding of its own and must not hide or cause
            // another.
            let top = [open, close].into_iter().flatten().reduce(f64::max);
            if let (Some(high), Some(top)) = (high, top)
                && high < top
            {
                emit(Rule::High, slot(1), Some(high), Some(top))?;
            }
        }
        for (slot, [open, _, low, close]) in sides {
            let bottom = [open, close].into_iter().flatten().reduce(f64::min);
            if let (Some(low), Some(bottom)) = (low, bottom)
                && low > bottom
            {
                emit(Rule::Low, slot(2), Some(low), Some(bottom))?;
            }
        }
        for (k, ask, bid) in self.crossed_prices() {
            emit(Rule::Crossed, Slot::Ask(k), Some(ask), Some(bid))?;
        }
        if let Some(spread) = self
            .spread
            .filter(|&spread| spread < 0.0 && spread.is_finite())
        {
            emit(Rule::Crossed, Slot::Spread, Some(spread), None)?;
        }
        if let Some(volume) = self
            .volume
            .filter(|&volume| volume < 0.0 && volume.is_finite())
        {
            emit(Rule::Volume, Slot::Volume, Some(volume), None)?;
        }
        ControlFlow::Continue(())
    }

    fn crossed_prices(&self) -> impl Iterator<Item = (u8, f64, f64)> + '_ {
        (0u8..)
            .zip(finite(self.ask).into_iter().zip(finite(self.bid)))
            .filter_map(|(k, (ask, bid))| Some((k, ask?, bid?)))
            .filter(|(_, ask, bid)| ask < bid)
    }

    fn is_crossed(&self) -> bool {
        self.crossed_prices().next().is_some() || self.spread.is_some_and(|spread| spread < 0.0)
    }
}

fn finite(prices: [Option<f64>; 4]) -> [Option<f64>; 4] {
    prices.map(|price| price.filter(|value| value.is_finite()))
}
