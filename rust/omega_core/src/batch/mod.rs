//! Many backtests over one market, on threads of their own.
//!
//! In: trials, each a configuration and a way to make its strategy, one after the other while those
//! before run. Out: one outcome a trial, in the order of the trials, whichever thread was done
//! first, while those after it run. Candles and indicators are shared; once `keep` has taken from a
//! result what the caller wants, its memory goes to the next trial.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use rayon::ThreadPoolBuilder;

use crate::backtest::{Backtest, Config};
use crate::error::OmegaError;
use crate::indicators::Cache;
use crate::interrupt::{self, LOOK};
use crate::replay::{Observer, Strategy};
use crate::results::{Metrics, RunBuffers, RunSums, RunTables};
use crate::store::Market;
use crate::strategies::WarmedUp;

/// One backtest of a batch.
#[derive(Debug, Clone)]
pub struct Trial<M> {
    /// Its configuration, which many trials may share.
    pub config: Arc<Config>,
    /// Complete bars that it needs of each track, instead of the configuration's; the first track
    /// has at least the strategy's own.
    pub warmup: Vec<usize>,
    /// Makes its strategy: called once, on the thread of the trial.
    pub make: M,
}

type Run<'t, T> = dyn FnOnce(&SharedState<'_>) -> Result<T, OmegaError> + Send + 't;

/// A trial that waits for its thread, whatever its strategy is.
pub struct Task<'t, T>(Box<Run<'t, T>>);

impl<M> Trial<M> {
    /// The trial, of whose result `keep` takes what the caller wants.
    pub fn task<'t, S, T>(self, keep: &'t (impl Fn(&mut Outcome) -> T + Sync)) -> Task<'t, T>
    where
        M: FnOnce(&Market, &Cache) -> Result<S, OmegaError> + Send + 't,
        S: Strategy<Error = OmegaError> + WarmedUp,
    {
        Task(Box::new(move |shared| shared.outcome(self, keep)))
    }
}

/// What a trial is run for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// Its tables, and whatever is computed from them.
    Tables,
    /// Its metrics and its fingerprint.
    Fingerprint,
    /// Its metrics alone.
    Metrics,
}

/// A trial that is over.
#[derive(Debug)]
pub enum Outcome {
    /// With its tables.
    Tables(Box<RunTables>),
    /// Without them.
    Sums(Box<RunSums>),
}

impl Outcome {
    /// All metrics, and the return of each day that they were made of; none where days have no
    /// return.
    #[must_use]
    pub fn measured(&self) -> (Metrics, Option<Vec<f64>>) {
        match self {
            Self::Tables(tables) => tables.measured(),
            Self::Sums(sums) => sums.measured(),
        }
    }

    /// The fingerprint, but of a trial that was run for its metrics alone.
    pub fn fingerprint(&mut self) -> Option<String> {
        match self {
            Self::Tables(tables) => Some(tables.fingerprint().to_owned()),
            Self::Sums(sums) => sums.fingerprint(),
        }
    }

    /// The tables, where they are kept.
    #[must_use]
    pub fn tables(&self) -> Option<&RunTables> {
        match self {
            Self::Tables(tables) => Some(tables),
            Self::Sums(_) => None,
        }
    }
}

/// Many backtests over one market.
#[derive(Debug, Clone, Copy)]
pub struct Batch<'a> {
    /// The candles that all trials walk.
    pub market: &'a Market,
    /// The indicators that all trials share.
    pub cache: &'a Cache,
    /// Threads at most; fewer where there are fewer trials.
    pub threads: usize,
    /// What the trials are run for.
    pub wanted: Wanted,
}

impl Batch<'_> {
    /// Runs trials, at most so many, and hands on what was kept of each, or why it failed; a trial
    /// fails alone.
    ///
    /// `next` is called on the calling thread until it has no trial left, while those before run;
    /// after that `take`, with one outcome after the other while the rest run, and `look`, every
    /// 50 ms. Where one of them breaks, trials that run end at their next look, the rest do not
    /// begin, and all of them are `Stopped`.
    ///
    /// # Errors
    /// `Config` where the system has no thread to give.
    pub fn run<'t, T: Send>(
        &self,
        most: usize,
        mut next: impl FnMut() -> ControlFlow<(), Option<Task<'t, T>>>,
        take: impl FnMut(Result<T, OmegaError>) -> ControlFlow<()>,
        look: impl FnMut() -> ControlFlow<()>,
    ) -> Result<(), OmegaError> {
        let threads = self.threads.clamp(1, most.max(1));
        // A pool of the batch's own: a sweep leaves no threads behind, and takes none of another
        // library's.
        let pool = ThreadPoolBuilder::new().num_threads(threads).build();
        let pool = pool.map_err(|error| no_threads(threads, &error.to_string()))?;
        let shared = SharedState {
            batch: *self,
            stop: Arc::default(),
            buffers: Mutex::default(),
        };
        let shared = &shared;
        // The calling thread stays outside the pool, free to make trials and to look up.
        pool.in_place_scope(|scope| {
            let (sender, receiver) = channel();
            let mut begun = 0;
            loop {
                match next() {
                    ControlFlow::Continue(Some(Task(run))) => {
                        let (sender, place) = (sender.clone(), begun);
                        begun += 1;
                        // One at a time, in their order: runs differ in length.
                        scope.spawn(move |_| {
                            let outcome = watching(&shared.stop, || run(shared));
                            // Nobody receives only where the calling thread has panicked.
                            drop(sender.send((place, outcome)));
                        });
                    }
                    ControlFlow::Continue(None) => break,
                    ControlFlow::Break(()) => {
                        shared.stop();
                        break;
                    }
                }
            }
            drop(sender);
            shared.hand_on(&receiver, take, look);
        });
        Ok(())
    }
}

/// What the trials of a batch share.
struct SharedState<'a> {
    batch: Batch<'a>,
    stop: Arc<AtomicBool>,
    /// As many as there are threads: each run leaves one for the next.
    buffers: Mutex<Vec<RunBuffers>>,
}

impl SharedState<'_> {
    /// Lets all trials end.
    fn stop(&self) {
        // Nothing is published with it: the flag itself is all that is read.
        self.stop.store(true, Relaxed);
    }

    /// Hands on all outcomes in the order of the trials, each as soon as those before it are there.
    fn hand_on<T>(
        &self,
        receiver: &Receiver<(usize, Result<T, OmegaError>)>,
        mut take: impl FnMut(Result<T, OmegaError>) -> ControlFlow<()>,
        mut look: impl FnMut() -> ControlFlow<()>,
    ) {
        let (mut early, mut next, mut looked) = (BTreeMap::new(), 0, Instant::now());
        loop {
            match receiver.recv_timeout(LOOK.saturating_sub(looked.elapsed())) {
                Ok((place, outcome)) => {
                    early.insert(place, outcome);
                    while let Some(outcome) = early.remove(&next) {
                        next += 1;
                        if take(outcome).is_break() {
                            self.stop();
                        }
                    }
                }
                Err(RecvTimeoutError::Timeout) => {
                    looked = Instant::now();
                    if look().is_break() {
                        self.stop();
                    }
                }
                // All are done. Where a trial has panicked, the scope raises it again as it closes.
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
    }

    fn outcome<M, S, T>(
        &self,
        trial: Trial<M>,
        keep: impl Fn(&mut Outcome) -> T,
    ) -> Result<T, OmegaError>
    where
        M: FnOnce(&Market, &Cache) -> Result<S, OmegaError>,
        S: Strategy<Error = OmegaError> + WarmedUp,
    {
        let market = self.batch.market;
        let mut observer = StopFlag(&self.stop);
        // Before the indicators: a trial that begins after the interrupt would compute them first.
        observer.tick(0)?;
        let mut strategy = (trial.make)(market, self.batch.cache)?;
        let mut warmup = trial.warmup;
        warmup.resize(market.tracks(), 0);
        warmup[0] = warmup[0].max(strategy.warmup());
        let config = Config {
            warmup,
            ..Config::clone(&trial.config)
        };
        let backtest = Backtest::new(market, config)?;
        let held = || self.buffers.lock().unwrap_or_else(PoisonError::into_inner);
        let buffers = held().pop().unwrap_or_default();
        let wanted = self.batch.wanted;
        let mut outcome = if wanted == Wanted::Tables {
            let result = backtest.run_in(buffers, &mut strategy, &mut observer)?;
            Outcome::Tables(Box::new(result.tables))
        } else {
            let is_hashed = wanted == Wanted::Fingerprint;
            let sums = backtest.run_summed(buffers, is_hashed, &mut strategy, &mut observer)?;
            Outcome::Sums(Box::new(sums))
        };
        let kept = keep(&mut outcome);
        held().push(match outcome {
            Outcome::Tables(tables) => RunBuffers::of(*tables),
            Outcome::Sums(sums) => RunBuffers::of_sums(*sums),
        });
        Ok(kept)
    }
}

/// Lets what is computed on this thread end with its batch: a kernel and a long step do not tick.
fn watching<T>(stop: &Arc<AtomicBool>, compute: impl FnOnce() -> T) -> T {
    let stop = Arc::clone(stop);
    let look = move || {
        if stop.load(Relaxed) {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    };
    interrupt::watched(look, compute)
}

/// Ends a run whose batch was interrupted.
struct StopFlag<'a>(&'a AtomicBool);

impl Observer for StopFlag<'_> {
    type Error = OmegaError;

    fn tick(&mut self, _bars_done: usize) -> Result<(), OmegaError> {
        if self.0.load(Relaxed) {
            return Err(OmegaError::Stopped);
        }
        Ok(())
    }
}

fn no_threads(threads: usize, problem: &str) -> OmegaError {
    OmegaError::Config {
        parameter: "threads".into(),
        given: threads.to_string(),
        expected: "as many threads as the system has to give".into(),
        hint: format!("Choose fewer ({problem})"),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::results::MetricValue;
    use crate::store::SymbolCandles;
    use crate::strategies::{Native, named};
    use crate::types::TimeUnit;

    fn market(bars: u32) -> Market {
        let prices = (0..bars).map(|bar| (i64::from(bar) * 60, f64::from(bar % 9) + 1.0));
        Market::single(SymbolCandles::from_prices("SAW", TimeUnit::Second, prices))
    }

    /// A trial of an SMA cross with this fast window.
    fn trial(
        config: &Arc<Config>,
        fast: f64,
    ) -> Trial<impl FnOnce(&Market, &Cache) -> Result<Native, OmegaError> + Send + use<>> {
        let make = move |market: &Market, cache: &Cache| {
            let given = [("fast".into(), fast), ("slow".into(), 9.0)];
            named("sma_cross", &given, &market.symbols()[0], Some(cache))
        };
        Trial {
            config: Arc::clone(config),
            warmup: Vec::new(),
            make,
        }
    }

    /// Runs an SMA cross for each of these windows.
    fn run<T: Send>(
        (bars, threads): (u32, usize),
        windows: &[f64],
        keep: impl Fn(&mut Outcome) -> T + Sync,
        look: impl FnMut() -> ControlFlow<()>,
    ) -> Vec<Result<T, OmegaError>> {
        let (market, cache, config) = (market(bars), Cache::default(), Arc::default());
        let batch = Batch {
            market: &market,
            cache: &cache,
            threads,
            wanted: Wanted::Fingerprint,
        };
        let mut windows = windows.iter();
        let next = || {
            let window = windows.next();
            ControlFlow::Continue(window.map(|&fast| trial(&config, fast).task(&keep)))
        };
        let mut outcomes = Vec::new();
        batch.run(8, next, taken(&mut outcomes), look).unwrap();
        outcomes
    }

    /// Takes whatever comes.
    fn taken<T>(outcomes: &mut Vec<T>) -> impl FnMut(T) -> ControlFlow<()> {
        |outcome| {
            outcomes.push(outcome);
            ControlFlow::Continue(())
        }
    }

    fn kept(threads: usize) -> Vec<Result<(MetricValue, String), OmegaError>> {
        let windows = [2.0, 0.5, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0];
        let keep = |outcome: &mut Outcome| {
            let hash = outcome.fingerprint().unwrap_or_default();
            (outcome.measured().0.net_profit, hash)
        };
        run((500, threads), &windows, keep, || ControlFlow::Continue(()))
    }

    #[test]
    fn outcomes_come_in_the_order_of_the_trials_on_any_number_of_threads() {
        let alone = kept(1);
        assert_eq!(alone.len(), 8);
        assert_eq!(kept(3), alone);
        let different: std::collections::BTreeSet<_> =
            alone.iter().flatten().map(|one| &one.1).collect();
        assert!(different.len() > 3, "trials differ: {different:?}");
    }

    #[test]
    fn a_trial_fails_alone() {
        let outcomes = kept(2);
        let failed: Vec<usize> = (0..8).filter(|&place| outcomes[place].is_err()).collect();
        assert_eq!(failed, [1], "half a bar is no window");
    }

    #[test]
    fn a_broken_look_stops_what_runs_and_what_waits() {
        let pause = |_: &mut Outcome| std::thread::sleep(Duration::from_millis(20));
        let outcomes = run((2_000, 2), &[2.0; 2_000], pause, || ControlFlow::Break(()));
        let stopped = |one: &&Result<(), OmegaError>| **one == Err(OmegaError::Stopped);
        assert_eq!(outcomes.len(), 2_000);
        assert!(outcomes.iter().filter(stopped).count() > 1_900);
    }

    #[test]
    fn what_breaks_where_trials_are_made_stops_what_runs() {
        let (market, cache, config) = (market(2_000), Cache::default(), Arc::default());
        let batch = Batch {
            market: &market,
            cache: &cache,
            threads: 2,
            wanted: Wanted::Metrics,
        };
        let pause = |_: &mut Outcome| std::thread::sleep(Duration::from_millis(20));
        let mut made = 0;
        let next = || {
            made += 1;
            if made > 1_000 {
                return ControlFlow::Break(());
            }
            ControlFlow::Continue(Some(trial(&config, 2.0).task(&pause)))
        };
        let mut outcomes = Vec::new();
        let look = || ControlFlow::Continue(());
        let run = batch.run(1_000, next, taken(&mut outcomes), look);
        assert_eq!(run, Ok(()));
        assert_eq!(outcomes.len(), 1_000);
        assert_eq!(outcomes.last(), Some(&Err(OmegaError::Stopped)));
    }

    #[test]
    fn no_trials_have_no_outcomes() {
        let none = run((20, 4), &[], |_| (), || ControlFlow::Continue(()));
        assert_eq!(none, Vec::new());
    }
}
