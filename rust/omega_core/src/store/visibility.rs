//! The engine's own position in the market: one step after the other, and what is visible at each.

use super::market::Timeline;
use super::place::Place;
use super::{Cursor, Market, Stretch, Timeframe, TrackId};
use crate::types::{Bar, SymbolId};

/// Symbols whose next changes are looked at together.
const TOGETHER: usize = 8;

/// A walk over the steps of a market. It knows the bar that orders are matched against, and how
/// many bars of each track a strategy may see.
#[derive(Debug, Clone)]
pub struct Walk<'a> {
    market: &'a Market,
    step: usize,
    places: Vec<Place<'a>>,
    /// By symbol, the time before which a step finds nothing changed: most symbols of many pause at
    /// most steps, where times are their own. In blocks, the last filled up with the largest time.
    changes: Vec<[i64; TOGETHER]>,
    /// The earliest of each block.
    earliest: Vec<i64>,
    visible: Vec<usize>,
    fresh: Vec<bool>,
    moved: Vec<TrackId>,
    /// Complete bars that are needed of each track.
    needs: Vec<usize>,
    /// The symbols that have not had them yet.
    waiting: Vec<SymbolId>,
}

impl<'a> Walk<'a> {
    /// A walk that stands at a step; `None` where there is no such step.
    #[must_use]
    pub fn at(market: &'a Market, step: usize) -> Option<Self> {
        if step >= market.steps() {
            return None;
        }
        let closes = market.clock().closes.iter().map(Option::as_deref);
        let symbols = market.symbols().iter().zip(closes);
        let places = symbols.map(|(candles, closes)| Place::new(candles, closes));
        let mut walk = Self {
            market,
            step: 0,
            places: places.collect(),
            changes: first_changes(market.symbols().len()),
            earliest: vec![i64::MIN; market.symbols().len().div_ceil(TOGETHER)],
            visible: vec![0; market.tracks()],
            fresh: vec![true; market.tracks()],
            moved: Vec::new(),
            needs: Vec::new(),
            waiting: Vec::new(),
        };
        match &market.timeline {
            Timeline::Bars => walk.jump(step),
            Timeline::Times(times) => {
                walk.look(times[0]);
                // Not a jump: the shortest step so far depends on every bar before.
                for _ in 0..step {
                    walk.advance();
                }
            }
        }
        Some(walk)
    }

    /// Goes to a bar of the only symbol at once.
    fn jump(&mut self, step: usize) {
        self.step = step;
        let place = &mut self.places[0];
        place.cursor = Cursor::at(place.candles, step);
        place.next = step;
        place.present = true;
        self.visible[0] = step;
        if let Some(before) = step.checked_sub(1) {
            // Higher timeframes are shown twice, for the step before and for this one, because
            // `fresh` compares the two.
            self.visible[0] = before;
            if !self.market.timeframes().is_empty() {
                self.look_higher(self.market.time(before));
            }
        }
        self.visible[0] = step;
        if !self.market.timeframes().is_empty() {
            self.look_higher(self.market.time(step));
        }
        // After a jump any track may show another bar.
        self.moved.clear();
        self.moved.extend((0..self.market.tracks()).map(TrackId));
    }

    /// Goes to the next step; stays at the last one.
    #[inline]
    pub fn advance(&mut self) {
        if self.step + 1 >= self.market.steps() {
            return;
        }
        self.step += 1;
        match &self.market.timeline {
            Timeline::Bars => {
                let place = &mut self.places[0];
                place.next = self.step;
                self.visible[0] = self.step;
                if let Some(cursor) = &mut place.cursor {
                    cursor.advance();
                }
                if !self.market.timeframes().is_empty() {
                    self.moved.clear();
                    self.moved.push(TrackId(0));
                    self.look_higher(self.market.time(self.step));
                }
            }
            Timeline::Times(times) => self.look(times[self.step]),
        }
    }

    /// Goes on by so many steps; of one symbol at once.
    pub fn skip(&mut self, steps: usize) {
        match &self.market.timeline {
            Timeline::Bars if self.step + steps < self.market.steps() => {
                self.jump(self.step + steps);
            }
            // All that the steps between leave behind is in the bars that are passed; the last but
            // one is looked at for what is fresh at the last.
            Timeline::Times(times)
                if self.market.has_all_bars
                    && steps > 2
                    && self.step + steps < self.market.steps() =>
            {
                self.step += steps - 1;
                self.look(times[self.step]);
                self.advance();
            }
            _ => (0..steps).for_each(|_| self.advance()),
        }
    }

    fn look(&mut self, time: i64) {
        self.moved.clear();
        let (lasting, has_all_bars) = (self.market.clock().lasting, self.market.has_all_bars);
        // Of many symbols most have no bar at most steps: these comparisons are then all that they
        // cost.
        let blocks = self.earliest.iter_mut().zip(&mut self.changes);
        for (block, (earliest, changes)) in blocks.enumerate() {
            if *earliest > time {
                continue;
            }
            // Apart from what follows, which takes all registers.
            let mut due = 0_u32;
            for (k, changes) in changes.iter().enumerate() {
                due |= u32::from(*changes <= time) << k;
            }
            while due != 0 {
                let k = due.trailing_zeros() as usize;
                due &= due - 1;
                let track = block * TOGETHER + k;
                let Some(place) = self.places.get_mut(track) else {
                    break;
                };
                let complete = place.go_to(time, lasting, has_all_bars);
                let fresh = complete > self.visible[track];
                self.fresh[track] = fresh;
                self.visible[track] = complete;
                self.moved.push(TrackId(track));
                // A fresh track is visited at the next step as well, to become stale.
                changes[k] = if fresh {
                    i64::MIN
                } else {
                    place.changes_at(complete)
                };
            }
            *earliest = changes.iter().copied().fold(i64::MAX, i64::min);
        }
        if !self.market.timeframes().is_empty() {
            self.look_higher(time);
        }
        // Mostly all symbols are there from the start.
        if !self.waiting.is_empty() {
            self.join_ready();
        }
    }

    /// Lets symbols wait until they have had so many complete bars of each of their tracks, at
    /// least one of their own (L2).
    pub fn wait_for(&mut self, needs: &[usize]) {
        self.needs = needs.to_vec();
        self.waiting = self.market.symbol_ids().collect();
        self.join_ready();
    }

    fn join_ready(&mut self) {
        let mut waiting = std::mem::take(&mut self.waiting);
        waiting.retain(|symbol| !self.is_ready_with(*symbol, &self.needs));
        self.waiting = waiting;
    }

    /// Whether a symbol has had so many complete bars of each of its tracks.
    #[must_use]
    pub fn is_ready_with(&self, symbol: SymbolId, needs: &[usize]) -> bool {
        let has = |track: usize| {
            needs
                .get(track)
                .is_none_or(|need| self.visible[track] >= *need)
        };
        let mut higher = (self.places.len()..).zip(self.market.timeframes());
        self.visible[symbol.index()] > 0
            && has(symbol.index())
            && higher.all(|(track, timeframe)| timeframe.symbol != symbol || has(track))
    }

    /// The symbols that are not ready yet.
    #[inline]
    #[must_use]
    pub fn waiting(&self) -> &[SymbolId] {
        &self.waiting
    }

    /// Whether a symbol has had the bars that are needed of it.
    #[inline]
    #[must_use]
    pub fn is_ready(&self, symbol: SymbolId) -> bool {
        !self.waiting.contains(&symbol)
    }

    /// Shows the bars of higher timeframes that are complete by now, never one that forms (TF1).
    fn look_higher(&mut self, time: i64) {
        let first = self.places.len();
        for (place, timeframe) in self.market.timeframes().iter().enumerate() {
            // Symbols have moved before: a bar of a timeframe also waits for the bars in it.
            let base = self.visible[timeframe.symbol.index()];
            let visible = &mut self.visible[first + place];
            let complete = complete(timeframe, *visible, time, base);
            let fresh = complete > *visible;
            // No longer fresh is a change, too.
            if fresh || self.fresh[first + place] {
                self.moved.push(TrackId(first + place));
            }
            self.fresh[first + place] = fresh;
            *visible = complete;
        }
    }

    /// The same walk once this step is over: what the next step will see. After the last one its
    /// own bars are complete, and nothing else has changed.
    #[must_use]
    pub fn closed(&self) -> Self {
        // A copy, because the walk itself still stands at this step: its row is not written yet,
        // and the loop advances it.
        let mut closed = self.clone();
        if self.step + 1 < self.market.steps() {
            closed.advance();
            return closed;
        }
        closed.fresh.fill(false);
        for (track, place) in self.places.iter().enumerate() {
            closed.fresh[track] = place.present;
            if place.present {
                closed.visible[track] = place.next + 1;
            }
        }
        closed
    }

    /// The step that the walk stands at.
    #[inline]
    #[must_use]
    pub fn step(&self) -> usize {
        self.step
    }

    /// Its time.
    #[inline]
    #[must_use]
    pub fn time(&self) -> i64 {
        self.market.time(self.step)
    }

    /// How many bars of each track are complete: symbols in order, then timeframes.
    #[inline]
    #[must_use]
    pub fn visible(&self) -> &[usize] {
        &self.visible
    }

    /// Reads prices around this step of some symbols: see [`Stretch::fetch`].
    #[inline]
    pub(crate) fn fetch(&self, symbols: std::ops::Range<usize>) {
        let cursors = self.places[symbols].iter();
        let cursors = cursors.filter_map(|place| place.cursor.as_ref());
        cursors.for_each(|cursor| cursor.around().fetch());
    }

    /// Whether a symbol has a bar at this step.
    #[inline]
    #[must_use]
    pub fn is_present(&self, symbol: SymbolId) -> bool {
        self.places[symbol.index()].present
    }

    /// The symbols that have a bar at this step, in order.
    #[inline]
    pub(crate) fn present(&self) -> impl Iterator<Item = SymbolId> {
        // The only symbol has one at each step, and is not looked at.
        let only = matches!(self.market.timeline, Timeline::Bars).then_some(SymbolId(0));
        let looked_at = if only.is_none() { &*self.moved } else { &[] };
        let places = looked_at
            .iter()
            .take_while(|track| track.0 < self.places.len());
        #[expect(clippy::cast_possible_truncation, reason = "symbols are few")]
        let symbols = places.map(|track| SymbolId(track.0 as u32));
        only.into_iter()
            .chain(symbols.filter(|symbol| self.is_present(*symbol)))
    }

    /// The tracks that may show something else than at the step before; all after a skip.
    #[inline]
    #[must_use]
    pub fn moved(&self) -> &[TrackId] {
        &self.moved
    }

    /// Whether a track's newest visible bar became visible with this step.
    #[inline]
    #[must_use]
    pub fn is_fresh(&self, TrackId(track): TrackId) -> bool {
        self.fresh[track]
    }

    /// Index of a symbol's bar at this step, or of the next one to come.
    #[inline]
    #[must_use]
    pub fn index(&self, symbol: SymbolId) -> usize {
        self.places[symbol.index()].next
    }

    /// A symbol's bar at this step; none where it has none.
    #[inline]
    #[must_use]
    pub fn bar(&self, symbol: SymbolId) -> Option<Bar> {
        self.places[symbol.index()].bar()
    }

    /// The volume of a symbol's newest complete bar; none where there is none.
    #[must_use]
    pub fn newest_volume(&self, symbol: SymbolId) -> Option<f64> {
        let newest = self.visible[symbol.index()].checked_sub(1)?;
        self.places[symbol.index()].candles.volume(newest)
    }

    /// The volume of a symbol's bar at this step; none where it has none.
    #[must_use]
    pub fn volume(&self, symbol: SymbolId) -> Option<f64> {
        let place = &self.places[symbol.index()];
        let is_there = place.present && place.next < place.candles.len();
        is_there.then(|| place.candles.volume(place.next))?
    }

    /// The bars from this step on in a row, where the market is one symbol.
    #[inline]
    #[must_use]
    pub fn stretch(&self, most: usize) -> Option<Stretch<'a>> {
        match (&self.market.timeline, &self.places[0].cursor) {
            (Timeline::Bars, Some(cursor)) => Some(cursor.stretch(most)),
            _ => None,
        }
    }

    /// The bars of a symbol at this step and those after it, as far as it has one at each.
    #[must_use]
    pub fn stretch_of(&self, symbol: SymbolId, most: usize) -> Option<Stretch<'a>> {
        let Timeline::Times(times) = &self.market.timeline else {
            return self.stretch(most);
        };
        let place = &self.places[symbol.index()];
        let cursor = place.cursor.as_ref().filter(|_| place.present)?;
        let stretch = cursor.stretch(most.min(times.len() - self.step));
        let steps = &times[self.step..self.step + stretch.len()];
        // At once first: mostly all symbols have the same times. The first bar is at this step.
        if stretch.len() == 1 || stretch.times() == steps {
            return Some(stretch);
        }
        let same = stretch.times().iter().zip(steps);
        let same = same.take_while(|(opens, step)| opens == step).count();
        Some(stretch.part(0, same))
    }

    /// Open time of a symbol's bar at the last step before this one at which it had a bar; none
    /// where there is none.
    #[inline]
    #[must_use]
    pub fn since(&self, symbol: SymbolId) -> Option<i64> {
        if let Timeline::Bars = self.market.timeline {
            // Looked up: few steps of one symbol ask, and a walk would read the times of all.
            let before = self.step.checked_sub(1)?;
            return Some(self.market.time(before));
        }
        let since = self.places[symbol.index()].since;
        (since != i64::MAX).then_some(since)
    }

    /// A symbol's newest complete bar.
    #[inline]
    #[must_use]
    pub fn newest(&self, symbol: SymbolId) -> Option<Bar> {
        let newest = self.visible[symbol.index()].checked_sub(1)?;
        let place = &self.places[symbol.index()];
        // Mostly the bar before the one that the cursor is at, which needs no search.
        let before = place.cursor.as_ref().filter(|_| place.next == newest + 1);
        before
            .and_then(Cursor::bar_before)
            .or_else(|| Some(place.candles.bar(newest)))
    }
}

/// A walk that stands where another one will stand once its step is over. It is kept from step to
/// step, because a walk is a handful of lists and copying it costs more than to advance it.
#[derive(Debug, Default)]
pub struct ClosedWalk<'a>(Option<Walk<'a>>);

impl<'a> ClosedWalk<'a> {
    /// Goes where the walk will be after its step.
    pub fn after(&mut self, walk: &Walk<'a>) -> &Walk<'a> {
        let is_last = walk.step + 1 >= walk.market.steps();
        match &mut self.0 {
            // It stands where the walk is now.
            Some(closed) if closed.step == walk.step && !is_last => closed.advance(),
            other => *other = Some(walk.closed()),
        }
        self.0.get_or_insert_with(|| walk.closed())
    }
}

/// Times at which all symbols are looked at.
fn first_changes(symbols: usize) -> Vec<[i64; TOGETHER]> {
    let mut blocks = vec![[i64::MIN; TOGETHER]; symbols.div_ceil(TOGETHER)];
    if let Some(last) = blocks.last_mut() {
        last[(symbols - 1) % TOGETHER + 1..].fill(i64::MAX);
    }
    blocks
}

/// How many bars of a timeframe are complete at a time, known that so many were before.
fn complete(timeframe: &Timeframe, mut visible: usize, time: i64, base: usize) -> usize {
    // A loop and no search: after the first step a bar or none is added.
    let bars = timeframe.candles.len();
    while visible < bars && timeframe.is_complete(visible, time, base) {
        visible += 1;
    }
    visible
}
