//! Many backtests over one market, on threads of their own.
//!
//! In: trials, each a configuration and a way to make its strategy. Out: one outcome a trial, in
//! the order of the trials, whichever thread was done first. Candles and indicators are shared;
//! once `keep` has taken from a result what the caller wants, its memory goes to the next trial.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, PoisonError};

use rayon::ThreadPoolBuilder;
use rayon::iter::{IndexedParallelIterator, IntoParallelIterator, ParallelIterator};

use crate::backtest::{Backtest, BacktestResult, Config};
use crate::error::OmegaError;
use crate::indicators::Cache;
use crate::interrupt::{self, LOOK};
use crate::replay::{Observer, Strategy};
use crate::results::Spare;
use crate::store::Market;
use crate::strategies::WarmedUp;

/// One backtest of a batch.
#[derive(Debug, Clone)]
pub struct Trial<'a, M> {
    /// Its configuration, which many trials may share.
    pub config: &'a Config,
    /// Complete bars that it needs of each track, instead of the configuration's; the first track
    /// has at least the strategy's own.
    pub warmup: Vec<usize>,
    /// Makes its strategy: called once, on the thread of the trial.
    pub make: M,
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
}

impl Batch<'_> {
    /// Runs all trials and gives what `keep` took of each, or why it failed; a trial fails alone.
    ///
    /// `look` is called on the calling thread every 50 ms; where it breaks, trials that run end at
    /// their next look, the rest do not begin, and all of them are `Stopped`.
    ///
    /// # Errors
    /// `Config` where the system has no thread to give.
    pub fn run<M, S, T>(
        &self,
        trials: Vec<Trial<'_, M>>,
        keep: impl Fn(&BacktestResult) -> T + Sync,
        mut look: impl FnMut() -> ControlFlow<()>,
    ) -> Result<Vec<Result<T, OmegaError>>, OmegaError>
    where
        M: FnOnce(&Market, &Cache) -> Result<S, OmegaError> + Send,
        S: Strategy<Error = OmegaError> + WarmedUp,
        T: Send,
    {
        let threads = self.threads.clamp(1, trials.len().max(1));
        // A pool of the batch's own: a sweep leaves no threads behind, and takes none of another
        // library's.
        let pool = ThreadPoolBuilder::new().num_threads(threads).build();
        let pool = pool.map_err(|error| no_threads(threads, &error.to_string()))?;
        let stop = Arc::new(AtomicBool::new(false));
        let (sender, receiver) = channel();
        let (keep, stop) = (&keep, &stop);
        // The calling thread stays outside the pool, free to look up while the trials run.
        Ok(pool.in_place_scope(|scope| {
            scope.spawn(move |_| {
                // One trial at a time, since runs differ in length: a thread that took several
                // would keep them while others are done.
                let each = trials.into_par_iter().with_max_len(1);
                let spares = Mutex::default();
                let outcomes =
                    each.map(|trial| watching(stop, || self.outcome(trial, stop, &spares, keep)));
                // Nobody receives only where the calling thread has panicked.
                drop(sender.send(outcomes.collect()));
            });
            loop {
                match receiver.recv_timeout(LOOK) {
                    Ok(outcomes) => break outcomes,
                    Err(RecvTimeoutError::Timeout) if look().is_break() => {
                        // Nothing is published with it: the flag itself is all that is read.
                        stop.store(true, Relaxed);
                    }
                    Err(RecvTimeoutError::Timeout) => {}
                    // A trial has panicked; the scope raises it again when it closes.
                    Err(RecvTimeoutError::Disconnected) => break Vec::new(),
                }
            }
        }))
    }

    fn outcome<M, S, T>(
        &self,
        trial: Trial<'_, M>,
        stop: &AtomicBool,
        spares: &Mutex<Vec<Spare>>,
        keep: impl Fn(&BacktestResult) -> T,
    ) -> Result<T, OmegaError>
    where
        M: FnOnce(&Market, &Cache) -> Result<S, OmegaError>,
        S: Strategy<Error = OmegaError> + WarmedUp,
    {
        let mut observer = StopFlag(stop);
        // Before the indicators: a trial that begins after the interrupt would compute them first.
        observer.tick(0)?;
        let mut strategy = (trial.make)(self.market, self.cache)?;
        let mut warmup = trial.warmup;
        warmup.resize(self.market.tracks(), 0);
        warmup[0] = warmup[0].max(strategy.warmup());
        let config = Config {
            warmup,
            ..trial.config.clone()
        };
        let backtest = Backtest::new(self.market, config)?;
        let held = || spares.lock().unwrap_or_else(PoisonError::into_inner);
        // As many as there are threads: each run leaves one for the next.
        let spare = held().pop().unwrap_or_default();
        let result = backtest.run_in(spare, &mut strategy, &mut observer)?;
        let kept = keep(&result);
        held().push(Spare::of(result.tables));
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
        config: &Config,
        fast: f64,
    ) -> Trial<'_, impl FnOnce(&Market, &Cache) -> Result<Native, OmegaError> + Send> {
        let make = move |market: &Market, cache: &Cache| {
            let given = [("fast".into(), fast), ("slow".into(), 9.0)];
            named("sma_cross", &given, &market.symbols()[0], Some(cache))
        };
        Trial {
            config,
            warmup: Vec::new(),
            make,
        }
    }

    fn batch<'a>(market: &'a Market, cache: &'a Cache, threads: usize) -> Batch<'a> {
        Batch {
            market,
            cache,
            threads,
        }
    }

    fn kept(threads: usize) -> Vec<Result<(MetricValue, String), OmegaError>> {
        let (market, cache, config) = (market(500), Cache::default(), Config::default());
        let windows = [2.0, 0.5, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0];
        let trials = windows.iter().map(|&fast| trial(&config, fast)).collect();
        let keep = |result: &BacktestResult| {
            let hash = result.fingerprint().to_owned();
            (result.metrics().net_profit, hash)
        };
        let done = batch(&market, &cache, threads).run(trials, keep, || ControlFlow::Continue(()));
        done.unwrap()
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
        let (market, cache, config) = (market(2_000), Cache::default(), Config::default());
        let trials = (0..2_000).map(|_| trial(&config, 2.0)).collect();
        let pause = |_: &BacktestResult| std::thread::sleep(Duration::from_millis(20));
        let outcomes = batch(&market, &cache, 2).run(trials, pause, || ControlFlow::Break(()));
        let outcomes = outcomes.unwrap();
        let stopped = |one: &&Result<(), OmegaError>| **one == Err(OmegaError::Stopped);
        assert_eq!(outcomes.len(), 2_000);
        assert!(outcomes.iter().filter(stopped).count() > 1_900);
    }

    #[test]
    fn no_trials_have_no_outcomes() {
        let (market, cache, config) = (market(20), Cache::default(), Config::default());
        let mut trials = vec![trial(&config, 2.0)];
        trials.clear();
        let none = batch(&market, &cache, 4).run(trials, |_| (), || ControlFlow::Continue(()));
        assert_eq!(none, Ok(Vec::new()));
    }
}
