//! Computed columns by request, so that each is computed once in a run or sweep.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use arrow_buffer::ScalarBuffer;

use super::inputs::{column, source_of};
use super::{Inputs, Need, Source, Spec, compute};
use crate::allocation;
use crate::error::OmegaError;
use crate::interrupt;
use crate::store::{Market, SymbolCandles, TrackId};
use crate::types::{Days, Side};

/// Default bound of the memory that cached results take.
// A bound, because all runs of a sweep share one cache: without it, memory would grow with the
// number of windows tried.
const LIMIT: usize = 1 << 30;

/// Of so many columns a sweep may need each for another run.
const MANY: usize = 1 << 12;

/// Candles, and which they are among those that share a cache.
#[derive(Debug, Clone, Copy)]
pub struct Track<'a> {
    /// The candles.
    pub candles: &'a SymbolCandles,
    /// Their track among those of the run.
    pub track: TrackId,
    /// Their days (T4); those of UTC where none are given.
    pub days: Option<&'a Days>,
}

impl<'a> Track<'a> {
    /// A track of a market.
    #[must_use]
    pub fn of(market: &'a Market, track: TrackId) -> Self {
        Self {
            candles: market.track(track),
            track,
            days: Some(market.days(market.symbol_of(track))),
        }
    }
}

/// Which column a request reads: of the candles, an output of another request, or one that was
/// given from outside and took a number.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Column {
    /// Of candles: track and column.
    Candles(TrackId, Source),
    /// An output of a request, by place.
    Output(Arc<Key>, usize),
    /// A column from outside.
    Given(u64),
}

/// A request: the indicator and what it reads.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    spec: Option<Spec>,
    columns: Vec<Column>,
}

/// What the caller names as the source of an indicator.
#[derive(Debug, Clone)]
pub enum Given {
    /// A column of the candles.
    Candles(Source),
    /// A column that is already there.
    Values(Column, ScalarBuffer<f64>),
}

/// The sources of a request.
#[derive(Debug, Clone)]
pub enum From {
    /// Fixed columns of one side of the candles.
    Side(Side),
    /// One column, or two.
    Columns(Vec<Given>),
}

/// A result: its key, which names its columns, and one column for each output.
pub type Outputs = (Arc<Key>, Vec<ScalarBuffer<f64>>);

// A slot is filled outside the lock on the entries: a kernel that ran under it would hold up every
// other thread of a sweep, also those that read another indicator.
// Nothing is in it where an interrupt stopped the kernel.
type Slot = Arc<OnceLock<Option<Vec<ScalarBuffer<f64>>>>>;

#[derive(Debug)]
struct Entry {
    slot: Slot,
    bytes: usize,
    used: u64,
}

#[derive(Debug, Default)]
struct Entries {
    // Ordered, since eviction iterates over the entries and library code never iterates in hash
    // order (D3).
    by_key: BTreeMap<Arc<Key>, Entry>,
    bytes: usize,
    // Counts requests and serves as the clock of "least recently used": no wall clock (D3), and no
    // two entries have the same reading.
    uses: u64,
    given: u64,
}

/// Results over the columns of one store, within a bound; the least recently used goes first.
#[derive(Debug)]
pub struct Cache {
    entries: Mutex<Entries>,
    limit: usize,
}

impl Default for Cache {
    fn default() -> Self {
        Self::bounded(LIMIT)
    }
}

impl Cache {
    /// A cache whose results take at most so many bytes.
    #[must_use]
    pub fn bounded(limit: usize) -> Self {
        Self {
            entries: Mutex::default(),
            limit,
        }
    }

    /// A name for a column from outside.
    pub fn give(&self) -> Column {
        let mut entries = self.lock();
        entries.given += 1;
        // A number is never used again, as an address would be: another column could lie there
        // while results of the first are still cached.
        Column::Given(entries.given)
    }

    /// How many bytes the kept results take.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.lock().bytes
    }

    /// Whether thousands of columns over so many bars fit.
    #[must_use]
    pub fn holds_many_over(&self, bars: usize) -> bool {
        bars <= self.limit / (MANY * size_of::<f64>())
    }

    /// An indicator over candles and columns, computed at the first request.
    ///
    /// # Errors
    /// `Config` where a column is not there or does not fit, `Stopped` by an interrupt.
    pub fn indicator(
        &self,
        track: &Track<'_>,
        spec: &Spec,
        from: &From,
    ) -> Result<Outputs, OmegaError> {
        let given = self.columns(track, spec, from)?;
        let (names, columns): (Vec<_>, Vec<_>) = given.into_iter().unzip();
        let mut inputs = Inputs::new(spec, columns)?;
        // The times need no part in the key: an indicator with days reads candles only, and the
        // track that they belong to is in it.
        if spec.definition().days {
            inputs = inputs.with_times(track.candles, track.days);
        }
        let key = Arc::new(Key {
            spec: Some(spec.clone()),
            columns: names,
        });
        if self.known(&key).is_none() {
            let (bars, name) = (track.candles.len(), spec.definition().name);
            // A column, and as much for what it is computed from.
            allocation::require(2 * bars * size_of::<f64>(), || {
                format!("the indicator {name} over {bars} bars")
            })?;
        }
        let outputs = self.kept(&key, || {
            let outputs = compute(spec, &inputs);
            // A kernel that was stopped gave a part of its columns.
            let outputs = (!interrupt::is_requested()).then_some(outputs)?;
            Some(outputs.into_iter().map(ScalarBuffer::from).collect())
        });
        Ok((key, outputs.ok_or(OmegaError::Stopped)?))
    }

    fn columns(
        &self,
        track: &Track<'_>,
        spec: &Spec,
        from: &From,
    ) -> Result<Vec<(Column, ScalarBuffer<f64>)>, OmegaError> {
        let definition = spec.definition();
        let wrong = || OmegaError::Config {
            parameter: format!("{} source", definition.name),
            given: match from {
                From::Side(_) => "a side".into(),
                From::Columns(columns) => format!("{} of them", columns.len()),
            },
            expected: match definition.needs {
                [Need::Source] => "one column".into(),
                [Need::Source, Need::Second] => "two columns".into(),
                [Need::Source, Need::Second, Need::Third] => "three columns".into(),
                _ => "a side of the candles, bid or ask".into(),
            },
            hint: "See docs/concepts/indicators.md".into(),
        };
        let mut found = Vec::new();
        for (place, need) in definition.needs.iter().enumerate() {
            let given = match from {
                From::Side(side) => source_of(*need, *side).map(Given::Candles),
                From::Columns(columns) => match need {
                    Need::Source | Need::Second | Need::Third
                        if columns.len() == definition.needs.len() =>
                    {
                        Some(columns[place].clone())
                    }
                    _ => None,
                },
            };
            found.push(match given.ok_or_else(wrong)? {
                Given::Candles(source) => self.of_candles(track, source)?,
                Given::Values(name, values) => (name, values),
            });
        }
        Ok(found)
    }

    /// A column of candles in one piece; joined chunks are cached.
    ///
    /// # Errors
    /// As [`column`].
    pub fn of_candles(
        &self,
        track: &Track<'_>,
        source: Source,
    ) -> Result<(Column, ScalarBuffer<f64>), OmegaError> {
        let name = Column::Candles(track.track, source);
        // One segment is read where it lies: an entry would count memory that belongs to the store.
        if track.candles.segments().len() <= 1 {
            return Ok((name, column(track.candles, source)?));
        }
        let key = Arc::new(Key {
            spec: None,
            columns: vec![name.clone()],
        });
        // Checked before joining, since joining can fail and a `OnceLock` takes no closure that
        // fails. Two threads may then join the same column; the first result is kept.
        if let Some(known) = self.known(&key) {
            return Ok((name, known[0].clone()));
        }
        let joined = column(track.candles, source)?;
        let kept = self.kept(&key, || Some(vec![joined.clone()]));
        Ok((name, kept.map_or(joined, |mut kept| kept.swap_remove(0))))
    }

    fn known(&self, key: &Arc<Key>) -> Option<Vec<ScalarBuffer<f64>>> {
        let mut entries = self.lock();
        entries.uses += 1;
        let now = entries.uses;
        let entry = entries.by_key.get_mut(key)?;
        entry.used = now;
        entry.slot.get().cloned()?
    }

    /// The result under a key: the first thread computes it, the others wait for it. None where
    /// that was stopped; the next request computes it anew.
    fn kept(
        &self,
        key: &Arc<Key>,
        make: impl FnOnce() -> Option<Vec<ScalarBuffer<f64>>>,
    ) -> Option<Vec<ScalarBuffer<f64>>> {
        let slot = self.slot(key);
        let Some(outputs) = slot.get_or_init(make).clone() else {
            self.forget(key, &slot);
            return None;
        };
        self.account(
            key,
            &slot,
            outputs.iter().map(|column| column.len() * 8).sum(),
        );
        Some(outputs)
    }

    /// Lets go of a request that was stopped, unless it was made anew meanwhile.
    fn forget(&self, key: &Arc<Key>, slot: &Slot) {
        let mut entries = self.lock();
        let entry = entries.by_key.get(key);
        if entry.is_some_and(|entry| Arc::ptr_eq(&entry.slot, slot)) {
            entries.by_key.remove(key);
        }
    }

    fn slot(&self, key: &Arc<Key>) -> Slot {
        let mut entries = self.lock();
        entries.uses += 1;
        let now = entries.uses;
        let entry = entries
            .by_key
            .entry(Arc::clone(key))
            .or_insert_with(|| Entry {
                slot: Slot::default(),
                bytes: 0,
                used: now,
            });
        entry.used = now;
        Arc::clone(&entry.slot)
    }

    /// Counts a result that was made, and lets go of the oldest until all fit.
    fn account(&self, key: &Arc<Key>, slot: &Slot, bytes: usize) {
        let mut entries = self.lock();
        // Every request ends here, so bytes are added by the first one only; and by none where the
        // result was evicted meanwhile and the entry is a new one.
        if let Some(entry) = entries.by_key.get_mut(key)
            && Arc::ptr_eq(&entry.slot, slot)
            && entry.bytes == 0
        {
            entry.bytes = bytes;
            entries.bytes += bytes;
        }
        while entries.bytes > self.limit {
            // Entries without bytes are still being computed. Evicting one would free nothing, and
            // the next request would compute it a second time.
            let made = entries.by_key.iter().filter(|(_, entry)| entry.bytes > 0);
            let oldest = made.min_by_key(|(_, entry)| entry.used);
            let Some(oldest) = oldest.map(|(key, _)| Arc::clone(key)) else {
                break;
            };
            let gone = entries.by_key.remove(&oldest);
            entries.bytes -= gone.map_or(0, |entry| entry.bytes);
        }
    }

    /// A panic elsewhere leaves the entries whole: nothing is changed in two steps.
    fn lock(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

    use super::*;

    fn key(number: u64) -> Arc<Key> {
        Arc::new(Key {
            spec: None,
            columns: vec![Column::Given(number)],
        })
    }

    fn made(calls: &AtomicUsize, length: usize) -> Vec<ScalarBuffer<f64>> {
        calls.fetch_add(1, Relaxed);
        vec![vec![0.5; length].into()]
    }

    #[test]
    fn what_was_stopped_is_made_anew() {
        let (cache, calls) = (Cache::default(), AtomicUsize::new(0));
        assert!(cache.kept(&key(1), || None).is_none());
        assert!(cache.kept(&key(1), || Some(made(&calls, 10))).is_some());
        assert_eq!((calls.load(Relaxed), cache.bytes()), (1, 80));
    }

    #[test]
    fn each_result_is_made_once_by_all_threads_together() {
        let (cache, calls) = (Cache::default(), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| cache.kept(&key(1), || Some(made(&calls, 10))));
            }
        });
        assert_eq!(calls.load(Relaxed), 1);
        assert_eq!(cache.bytes(), 80);
    }

    #[test]
    fn the_one_not_asked_for_the_longest_goes_first() {
        let (cache, calls) = (Cache::bounded(240), AtomicUsize::new(0));
        for number in [1, 2, 1, 3] {
            cache.kept(&key(number), || Some(made(&calls, 10)));
        }
        assert_eq!((calls.load(Relaxed), cache.bytes()), (3, 240));
        cache.kept(&key(4), || Some(made(&calls, 10)));
        assert!(cache.known(&key(2)).is_none());
        assert!(cache.known(&key(1)).is_some());
        assert_eq!(cache.bytes(), 240);
    }

    #[test]
    fn a_result_larger_than_the_bound_is_given_and_not_kept() {
        let (cache, calls) = (Cache::bounded(8), AtomicUsize::new(0));
        let outputs = cache.kept(&key(1), || Some(made(&calls, 2)));
        assert_eq!(outputs.map(|columns| columns[0].len()), Some(2));
        assert_eq!(cache.bytes(), 0);
    }

    #[test]
    fn parameters_compare_by_their_bits() {
        let spec = |n: f64| Spec::new("sma", vec![n]).ok();
        assert_eq!(spec(2.0), spec(2.0));
        assert_ne!(spec(2.0), spec(3.0));
    }
}
