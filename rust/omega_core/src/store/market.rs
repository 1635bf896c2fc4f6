//! All candles of a run under one clock: symbols, their higher timeframes, and the timeline.

use std::sync::Arc;

use arrow_buffer::ScalarBuffer;

use super::SymbolCandles;
use crate::error::OmegaError;
use crate::types::{Days, SymbolId, TimeUnit};

/// When a bar of a higher timeframe is complete (TF1).
#[derive(Debug, Clone)]
pub enum Ends {
    /// At a time of its own, and no sooner than the bars that it was made of: so many of them, from
    /// the first on.
    At {
        /// When its bucket ends.
        ends: ScalarBuffer<i64>,
        /// How many bars of the symbol come before that.
        bars: ScalarBuffer<u64>,
    },
    /// At these times.
    Known(ScalarBuffer<i64>),
}

/// The candles of a symbol on a higher timeframe.
#[derive(Debug, Clone)]
pub struct Timeframe {
    /// Its name, such as `H1`.
    pub name: String,
    /// The symbol.
    pub symbol: SymbolId,
    /// Its candles.
    pub candles: Arc<SymbolCandles>,
    /// When they are complete.
    pub ends: Ends,
}

impl Timeframe {
    /// Whether a bar is complete at a time at which so many bars of the symbol are.
    #[inline]
    pub(super) fn is_complete(&self, index: usize, time: i64, base: usize) -> bool {
        match &self.ends {
            // Both: a bucket from 10:00 to 10:30 has ended at 10:30, but an hourly bar in it is not
            // over before 11:00.
            Ends::At { ends, bars } => ends[index] <= time && bars[index] <= base as u64,
            Ends::Known(ends) => ends[index] <= time,
        }
    }
}

/// Which times are steps where there are several symbols (X1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    /// Each time of any symbol.
    Union,
    /// The times that all symbols have.
    Intersection,
}

/// The steps of a run.
#[derive(Debug, Clone)]
pub(super) enum Timeline {
    /// Each bar of the only symbol.
    Bars,
    /// Each of these times.
    Times(ScalarBuffer<i64>),
}

/// What is known of a run's clock beside the times of its bars.
#[derive(Debug, Clone)]
pub struct Clock {
    /// Which day an instant belongs to (T4).
    pub days: Days,
    /// By symbol: the days that its bars belong to.
    pub of_symbols: Vec<Days>,
    /// By symbol: when each of its bars is complete, where the data has it.
    pub closes: Vec<Option<ScalarBuffer<i64>>>,
    /// How long bars of several symbols last.
    pub lasting: Lasting,
}

/// How long a bar lasts at most, as far as steps between bars show (TF1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lasting {
    /// The shortest step so far, as in version 1 of the rules.
    Step,
    /// The same, with room for a change of the clock and for the lengths of months; an hour has
    /// so many units of time.
    Longest(i64),
}

impl Lasting {
    /// The longest that a bar can last where the shortest step is so long.
    #[inline]
    pub(super) fn of(self, step: i64) -> i64 {
        match self {
            Self::Step => step,
            Self::Longest(hour) if step <= hour => step,
            Self::Longest(hour) => {
                let least = match step.div_euclid(hour) {
                    // Days have 23 to 25 hours.
                    20..=24 => 25,
                    // Months have 28 to 31 days.
                    672..=743 => 745,
                    _ => 0,
                };
                step.saturating_add(hour).max(least * hour)
            }
        }
    }
}

/// A column set with a clock of its own: the symbols in order, then the higher timeframes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct TrackId(pub usize);

/// The candles of a run, and its steps.
#[derive(Debug, Clone)]
pub struct Market {
    symbols: Vec<Arc<SymbolCandles>>,
    timeframes: Vec<Timeframe>,
    pub(super) timeline: Timeline,
    /// Whether each bar of each symbol is at a step.
    pub(super) has_all_bars: bool,
    clock: Clock,
}

impl Market {
    /// One symbol: each bar is a step.
    #[must_use]
    pub fn single(candles: impl Into<Arc<SymbolCandles>>) -> Self {
        let symbols = vec![candles.into()];
        Self {
            clock: Clock::utc(&symbols),
            symbols,
            timeframes: Vec::new(),
            timeline: Timeline::Bars,
            has_all_bars: true,
        }
    }

    /// Several symbols in their order; their times are merged, their columns stay where they are.
    ///
    /// # Errors
    /// `Config` where there is no symbol, their units differ, or one repeats a time.
    pub fn new(symbols: Vec<Arc<SymbolCandles>>, align: Align) -> Result<Self, OmegaError> {
        let Some(first) = symbols.first() else {
            return Err(refused(
                "data",
                "no symbol".into(),
                "at least one",
                "Give candles",
            ));
        };
        // Before the checks below: the quotes of a single symbol may repeat a time (rule T1).
        if symbols.len() == 1 {
            return Ok(Self::single(Arc::clone(first)));
        }
        // Times are compared as integers from here on.
        if let Some(other) = symbols.iter().find(|other| other.unit() != first.unit()) {
            return Err(refused(
                "data",
                format!(
                    "times of {} in {} and of {} in {}",
                    first.name(),
                    first.unit().abbreviation(),
                    other.name(),
                    other.unit().abbreviation()
                ),
                "one unit for all symbols",
                "Cast one of the time columns",
            ));
        }
        for candles in &symbols {
            refuse_repeated_times(candles)?;
        }
        let times = match align {
            Align::Union => union(&symbols),
            Align::Intersection => intersection(&symbols),
        };
        if times.is_empty() {
            let names: Vec<&str> = symbols.iter().map(|candles| candles.name()).collect();
            let expected = format!("times that all of {} have", names.join(", "));
            let hint = "Use align='union', or candles of one clock";
            return Err(refused("align", "intersection".into(), &expected, hint));
        }
        Ok(Self {
            clock: Clock::utc(&symbols),
            symbols,
            timeframes: Vec::new(),
            timeline: Timeline::Times(times.into()),
            has_all_bars: align == Align::Union,
        })
    }

    /// The same market under the clock of a calendar, which has an entry for each symbol.
    #[must_use]
    pub fn under(self, clock: Clock) -> Self {
        Self { clock, ..self }
    }

    /// Its calendar, and how long bars last.
    #[inline]
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// The days of a symbol's bars, on all its tracks (T4).
    #[must_use]
    pub fn days(&self, symbol: SymbolId) -> &Days {
        &self.clock.of_symbols[symbol.index()]
    }

    /// By symbol, the numbers of the days on which any symbol has a bar, ascending; days as that
    /// symbol counts them.
    #[must_use]
    pub fn traded_days(&self) -> Vec<Arc<[i64]>> {
        let mut known: Vec<(&Days, Arc<[i64]>)> = Vec::new();
        let of_symbols = self.clock().of_symbols.iter().map(|days| {
            // Mostly all symbols count the same days.
            if let Some((_, found)) = known.iter().find(|(other, _)| *other == days) {
                return Arc::clone(found);
            }
            let mut numbers = Vec::new();
            let mut step = 0;
            while step < self.steps() {
                let time = self.time(step);
                numbers.push(days.of(time));
                step = self.first_at_or_after(days.end(time)).max(step + 1);
            }
            numbers.dedup();
            let numbers: Arc<[i64]> = numbers.into();
            known.push((days, Arc::clone(&numbers)));
            numbers
        });
        of_symbols.collect()
    }

    /// The symbols in their order.
    pub fn symbol_ids(&self) -> impl Iterator<Item = SymbolId> + use<> {
        #[expect(clippy::cast_possible_truncation, reason = "symbols are few")]
        let symbols = self.symbols.len() as u32;
        (0..symbols).map(SymbolId)
    }

    /// The symbol of a track.
    #[must_use]
    pub fn symbol_of(&self, TrackId(track): TrackId) -> SymbolId {
        match track.checked_sub(self.symbols.len()) {
            Some(timeframe) => self.timeframes[timeframe].symbol,
            #[expect(clippy::cast_possible_truncation, reason = "symbols are few")]
            None => SymbolId(track as u32),
        }
    }

    /// Adds the candles of a symbol on a higher timeframe; gives its track.
    pub fn add(&mut self, timeframe: Timeframe) -> TrackId {
        self.timeframes.push(timeframe);
        TrackId(self.symbols.len() + self.timeframes.len() - 1)
    }

    /// The symbols' candles, in order.
    #[inline]
    #[must_use]
    pub fn symbols(&self) -> &[Arc<SymbolCandles>] {
        &self.symbols
    }

    /// The higher timeframes; their tracks follow those of the symbols.
    #[inline]
    #[must_use]
    pub fn timeframes(&self) -> &[Timeframe] {
        &self.timeframes
    }

    /// The candles of a symbol.
    #[inline]
    #[must_use]
    pub fn symbol(&self, id: SymbolId) -> &Arc<SymbolCandles> {
        &self.symbols[id.index()]
    }

    /// The candles of a track.
    #[inline]
    #[must_use]
    pub fn track(&self, TrackId(track): TrackId) -> &Arc<SymbolCandles> {
        match track.checked_sub(self.symbols.len()) {
            None => &self.symbols[track],
            Some(timeframe) => &self.timeframes[timeframe].candles,
        }
    }

    /// Number of tracks.
    #[must_use]
    pub fn tracks(&self) -> usize {
        self.symbols.len() + self.timeframes.len()
    }

    /// Number of steps.
    #[inline]
    #[must_use]
    pub fn steps(&self) -> usize {
        match &self.timeline {
            Timeline::Bars => self.symbols[0].len(),
            Timeline::Times(times) => times.len(),
        }
    }

    /// Time of a step; the step must be below `steps()`.
    #[inline]
    #[must_use]
    pub fn time(&self, step: usize) -> i64 {
        match &self.timeline {
            Timeline::Bars => self.symbols[0].time(step),
            Timeline::Times(times) => times[step],
        }
    }

    /// Times of a range of steps; of one symbol they are its own where one segment holds them.
    #[must_use]
    pub fn times(&self, steps: std::ops::Range<usize>) -> ScalarBuffer<i64> {
        match &self.timeline {
            Timeline::Bars => self.symbols[0].times(steps),
            Timeline::Times(times) => times.slice(steps.start, steps.len()),
        }
    }

    /// How many bars of a track are complete at a time, as a walk over several symbols sees it: a
    /// bar of a symbol is, once the next one opens, its close has come or the longest that it can
    /// last is over (TF1).
    #[must_use]
    pub fn complete_at(&self, TrackId(track): TrackId, time: i64) -> usize {
        match track.checked_sub(self.symbols.len()) {
            None => self.complete_in(track, time),
            Some(place) => {
                let timeframe = &self.timeframes[place];
                let base = self.complete_in(timeframe.symbol.index(), time);
                let bars = timeframe.candles.len();
                // A search by hand, since two columns decide and there is no one slice to search;
                // both ascend.
                let (mut complete, mut past) = (0, bars);
                while complete < past {
                    let middle = usize::midpoint(complete, past);
                    if timeframe.is_complete(middle, time, base) {
                        complete = middle + 1;
                    } else {
                        past = middle;
                    }
                }
                complete
            }
        }
    }

    /// How many bars of a symbol are complete at a time.
    fn complete_in(&self, symbol: usize, time: i64) -> usize {
        let candles = &self.symbols[symbol];
        let opened = candles.first_at_or_after(time);
        let opens = opened < candles.len() && candles.time(opened) == time;
        if opened == 0 || opens {
            return opened;
        }
        if self.clock.closed_by(symbol, opened - 1, time) {
            return opened;
        }
        let times = || times_of(candles).take(opened);
        // Only steps up to the time at hand count, as they did in the walk: a later, shorter one
        // would show a bar earlier than the strategy saw it.
        let steps = times().skip(1).zip(times()).map(|(next, this)| next - this);
        let is_over = steps.min().is_some_and(|step| {
            let length = self.clock.lasting.of(step);
            candles.time(opened - 1).saturating_add(length) <= time
        });
        if is_over { opened } else { opened - 1 }
    }

    /// The first step at or after a time; `steps()` where there is none.
    #[must_use]
    pub fn first_at_or_after(&self, time: i64) -> usize {
        match &self.timeline {
            Timeline::Bars => self.symbols[0].first_at_or_after(time),
            Timeline::Times(times) => times.partition_point(|&t| t < time),
        }
    }
}

impl Clock {
    /// That of UTC, for symbols of one unit.
    fn utc(symbols: &[Arc<SymbolCandles>]) -> Self {
        let unit = symbols.first().map_or(TimeUnit::Second, |one| one.unit());
        Self {
            days: Days::utc(unit),
            of_symbols: vec![Days::utc(unit); symbols.len()],
            closes: vec![None; symbols.len()],
            lasting: Lasting::Longest(unit.per_second() * 3_600),
        }
    }

    /// Whether by the data a bar of a symbol is complete by a time.
    #[inline]
    pub(super) fn closed_by(&self, symbol: usize, bar: usize, time: i64) -> bool {
        let closes = self.closes[symbol].as_ref();
        closes.is_some_and(|closes| closes[bar] <= time)
    }
}

fn refused(parameter: &str, given: String, expected: &str, hint: &str) -> OmegaError {
    OmegaError::Config {
        parameter: parameter.into(),
        given,
        expected: expected.into(),
        hint: hint.into(),
    }
}

fn times_of(candles: &SymbolCandles) -> impl Iterator<Item = i64> + '_ {
    let segments = candles.segments().iter();
    segments.flat_map(|segment| segment.time.iter().copied())
}

/// Quotes may repeat a time; beside other symbols their order would be undefined.
fn refuse_repeated_times(candles: &SymbolCandles) -> Result<(), OmegaError> {
    let mut before = None;
    for (row, time) in times_of(candles).enumerate() {
        if before == Some(time) {
            return Err(refused(
                "data",
                format!(
                    "{} with the time {time} twice, at row {row}",
                    candles.name()
                ),
                "one bar a time in a run of several symbols",
                "Make bars of the ticks first",
            ));
        }
        before = Some(time);
    }
    Ok(())
}

/// The sorted union of all times, by a merge over the time columns.
fn union(symbols: &[Arc<SymbolCandles>]) -> Vec<i64> {
    match symbols {
        [] => Vec::new(),
        [one] => times_of(one).collect(),
        _ => {
            // In halves: fifty symbols take six comparisons a bar, where one after the other would
            // take up to 49.
            let (some, others) = symbols.split_at(symbols.len() / 2);
            merged(&union(some), &union(others))
        }
    }
}

/// The times of both, each once; mostly all symbols have the same.
fn merged(some: &[i64], others: &[i64]) -> Vec<i64> {
    if some == others {
        return some.to_vec();
    }
    let mut times = Vec::with_capacity(some.len().max(others.len()));
    let (mut a, mut b) = (0, 0);
    while a < some.len() && b < others.len() {
        let time = some[a].min(others[b]);
        times.push(time);
        // Both advance where both have the time, which thus appears once.
        a += usize::from(some[a] == time);
        b += usize::from(others[b] == time);
    }
    times.extend_from_slice(&some[a..]);
    times.extend_from_slice(&others[b..]);
    times
}

/// The times that all symbols have, by a merge over the time columns.
fn intersection(symbols: &[Arc<SymbolCandles>]) -> Vec<i64> {
    let mut heads: Vec<_> = symbols.iter().map(|s| times_of(s).peekable()).collect();
    let mut times = Vec::new();
    // The latest of the heads is the earliest time that all of them can have.
    while let Some(latest) = heads
        .iter_mut()
        .map(|head| head.peek().copied())
        .collect::<Option<Vec<_>>>()
        .and_then(|heads| heads.into_iter().max())
    {
        let mut shared = true;
        for head in &mut heads {
            while head.next_if(|&time| time < latest).is_some() {}
            shared &= head.peek() == Some(&latest);
        }
        if shared {
            times.push(latest);
            for head in &mut heads {
                head.next();
            }
        }
    }
    times
}
