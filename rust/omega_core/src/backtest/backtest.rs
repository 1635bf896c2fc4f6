//! The stages of a run, joined.

use std::sync::Arc;

use super::{BacktestResult, BacktestRows, Config, SymbolConfig};
use crate::allocation;
use crate::error::OmegaError;
use crate::execution::{Fill, Order, Simulator, SimulatorRows};
use crate::portfolio::{EquityStream, EquityWalk, Portfolio};
use crate::replay::{self, Feed, NoObserver, Observer, Plan, RunCounts, Strategy};
use crate::results::schema::Shared;
use crate::results::{RunBuffers, RunRows, RunSums};
use crate::run_length::Changes;
use crate::store::Market;

/// A checked configuration over a market; it runs as often as wanted.
#[derive(Debug, Clone)]
pub struct Backtest<'a> {
    market: &'a Market,
    config: Config,
    plan: Plan,
    /// By symbol, the days on which any has a bar; empty where no symbol can be stale.
    traded_days: Vec<Arc<[i64]>>,
}

impl<'a> Backtest<'a> {
    /// Checks a configuration and finds the steps to walk.
    ///
    /// # Errors
    /// `Config` where a value is impossible, `WarmupIndexNotFound` where no step is left.
    pub fn new(market: &'a Market, mut config: Config) -> Result<Self, OmegaError> {
        config.check(market)?;
        let (symbols, warmup) = (market.symbols().len(), &config.warmup);
        let plan = Plan::new(
            market,
            (config.start, config.end),
            warmup,
            config.close_at_end,
            config.semantics,
        )?;
        // After the check, which refuses too many entries: here they would be cut off in silence.
        config.symbols.resize_with(symbols, SymbolConfig::default);
        // After the plan: rates are needed from its first step on, not from the first candle.
        config.check_rates(market, &plan)?;
        Ok(Self {
            traded_days: config.traded_days(market),
            market,
            config,
            plan,
        })
    }

    /// The steps that it walks.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Its configuration, with an entry for each symbol.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Runs a strategy.
    ///
    /// # Errors
    /// What the strategy raises, and a refused order where the run is strict.
    pub fn run<S: Strategy>(&self, strategy: &mut S) -> Result<BacktestResult, S::Error> {
        self.run_observed(strategy, &mut NoObserver::new())
    }

    /// Runs a strategy under an observer, who may end the run.
    ///
    /// # Errors
    /// What the strategy or the observer raises, and a refused order where the run is strict.
    pub fn run_observed<S, O>(
        &self,
        strategy: &mut S,
        observer: &mut O,
    ) -> Result<BacktestResult, S::Error>
    where
        S: Strategy,
        O: Observer<Error = S::Error>,
    {
        self.rows(strategy, observer).map(BacktestResult::from)
    }

    /// The same, in memory of a run that is over.
    ///
    /// # Errors
    /// As for `run_observed`.
    pub fn run_in<S, O>(
        &self,
        buffers: RunBuffers,
        strategy: &mut S,
        observer: &mut O,
    ) -> Result<BacktestResult, S::Error>
    where
        S: Strategy,
        O: Observer<Error = S::Error>,
    {
        let buffers = buffers.with_room(self.plan.end - self.plan.from);
        let rows = self.rows_in(buffers, strategy, observer, Ok, |native| native);
        rows.map(BacktestResult::from)
    }

    /// Runs a strategy for what its tables come to, without keeping their rows, in memory of a run
    /// that is over; with what the fingerprint hashes where there is to be one.
    ///
    /// # Errors
    /// As for `run_observed`.
    pub fn run_summed<S, O>(
        &self,
        buffers: RunBuffers,
        is_hashed: bool,
        strategy: &mut S,
        observer: &mut O,
    ) -> Result<RunSums, S::Error>
    where
        S: Strategy,
        O: Observer<Error = S::Error>,
    {
        let (market, plan) = (self.market, &self.plan);
        let steps = plan.end - plan.from;
        let RunBuffers {
            orders,
            fills,
            mut books,
            hashed_times,
        } = buffers.with_room(steps);
        let changes = if is_hashed {
            require_equity(steps)?;
            Some(Changes::with_room(
                steps,
                std::mem::take(&mut books.changes),
            ))
        } else {
            None
        };
        let (shared, times) = (self.shared(), market.times(plan.from..plan.end));
        let walk = EquityWalk::new(times.clone(), shared.clock(), Some(self.config.cash));
        let books = Portfolio::summed(self.config.cash, EquityStream { walk, changes }, books);
        let mut executor = self.simulator(orders, fills).summing_fills(is_hashed);
        let (portfolio, _) = self.walk(&mut executor, books, strategy, observer, |native| {
            Ok(native)
        })?;
        let (orders, fills, fill_sums) = executor.into_sums();
        Ok(RunSums {
            shared,
            initial: self.config.cash,
            times,
            books: portfolio.into_sums(),
            orders,
            fill_sums,
            fills,
            hashed_times,
        })
    }

    /// The same, without making tables of the rows.
    ///
    /// # Errors
    /// As for `run_observed`.
    pub fn rows<S, O>(&self, strategy: &mut S, observer: &mut O) -> Result<BacktestRows, S::Error>
    where
        S: Strategy,
        O: Observer<Error = S::Error>,
    {
        self.rows_with(strategy, observer, Ok, |portfolio| portfolio)
    }

    /// The same with another portfolio, which `wrap` builds around the native one; `unwrap` gives
    /// back the native one, from whose books the rows come.
    ///
    /// # Errors
    /// As for `run_observed`, and what `wrap` raises.
    pub fn rows_with<S, O, P>(
        &self,
        strategy: &mut S,
        observer: &mut O,
        wrap: impl FnOnce(Portfolio) -> Result<P, S::Error>,
        unwrap: impl FnOnce(P) -> Portfolio,
    ) -> Result<BacktestRows, S::Error>
    where
        S: Strategy,
        O: Observer<Error = S::Error>,
        P: replay::Portfolio,
    {
        self.rows_in(RunBuffers::default(), strategy, observer, wrap, unwrap)
    }

    fn rows_in<S, O, P>(
        &self,
        buffers: RunBuffers,
        strategy: &mut S,
        observer: &mut O,
        wrap: impl FnOnce(Portfolio) -> Result<P, S::Error>,
        unwrap: impl FnOnce(P) -> Portfolio,
    ) -> Result<BacktestRows, S::Error>
    where
        S: Strategy,
        O: Observer<Error = S::Error>,
        P: replay::Portfolio,
    {
        let (first, steps) = (
            self.market.time(self.plan.from),
            self.plan.end - self.plan.from,
        );
        require_equity(steps)?;
        let buffers = buffers.with_room_for(strategy.expected_orders());
        let mut executor = self.simulator(buffers.orders, buffers.fills);
        // Room for all rows at once: a column that grew would be copied each time.
        let books = Portfolio::new(self.config.cash, first, steps, buffers.books);
        let (portfolio, counts) = self.walk(&mut executor, books, strategy, observer, wrap)?;
        Ok(self.written(executor, unwrap(portfolio), counts))
    }

    fn simulator(&self, orders: Vec<Order>, fills: Vec<Fill>) -> Simulator {
        // The unit of the first symbol, which is that of all: a market refuses others.
        Simulator::new(self.config.settings(self.market, &self.traded_days))
            .with_memory(orders, fills)
    }

    fn walk<S, O, P>(
        &self,
        executor: &mut Simulator,
        mut books: Portfolio,
        strategy: &mut S,
        observer: &mut O,
        wrap: impl FnOnce(Portfolio) -> Result<P, S::Error>,
    ) -> Result<(P, RunCounts), S::Error>
    where
        S: Strategy,
        O: Observer<Error = S::Error>,
        P: replay::Portfolio,
    {
        let plan = &self.plan;
        // Made for each run, because rates and magnifiers move along the candles: two runs of one
        // backtest share nothing that changes.
        let contexts = self.config.symbols.iter();
        let mut feed = Feed {
            market: self.market,
            contexts: contexts
                .map(|symbol| symbol.context(self.config.volume()))
                .collect(),
        };
        // Here and not in the loop: a portfolio of the user's own begins with the first decision.
        books.write_flat_rows(plan.start - plan.from);
        let mut portfolio = wrap(books)?;
        let counts = replay::run(
            &mut feed,
            plan,
            strategy,
            executor,
            &mut portfolio,
            observer,
        )?;
        Ok((portfolio, counts))
    }

    /// What the tables of a run have in common.
    fn shared(&self) -> Shared {
        let candles = self.market.symbols();
        Shared {
            symbols: candles.iter().map(|one| one.name().to_owned()).collect(),
            unit: candles[0].unit(),
            timezone: candles[0].timezone().map(Into::into),
            days: self.market.clock().days.clone(),
            first_decision: Some(self.market.time(self.plan.start)),
        }
    }

    fn written(
        &self,
        executor: Simulator,
        portfolio: Portfolio,
        counts: RunCounts,
    ) -> BacktestRows {
        let SimulatorRows {
            orders,
            fills,
            positions,
            weights,
        } = executor.into_rows();
        // The candles' own memory where they come in one chunk, not a copy.
        let times = self.market.times(self.plan.from..self.plan.end);
        let extremes = portfolio.extremes();
        let (trades, ledger, equity) = portfolio.into_rows(times);
        let contract_size = |symbol: &SymbolConfig| symbol.instrument.contract_size;
        BacktestRows {
            rows: RunRows {
                shared: self.shared(),
                contract_sizes: self.config.symbols.iter().map(contract_size).collect(),
                trades,
                orders,
                fills,
                ledger,
                equity,
                positions,
                weights,
                extremes,
            },
            counts,
            start: self.plan.start,
        }
    }
}

fn require_equity(steps: usize) -> Result<(), OmegaError> {
    allocation::require(steps * size_of::<f64>(), || {
        format!("the equity of {steps} bars")
    })
}
