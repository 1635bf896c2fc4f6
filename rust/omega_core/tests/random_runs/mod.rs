//! Random whole runs, and what must hold of every one: shared by the tests and the fuzz targets.

pub mod checks;
pub mod choices;
mod market;
mod rules;
mod trader;
mod watch;

use omega_core::error::OmegaError;
use omega_core::execution::Simulator;
use omega_core::portfolio::Portfolio;
use omega_core::replay::{self, Feed, Magnifier, Observer, Rates};

use checks::Outcome;
use choices::Choices;
use market::Market;
use rules::Rules;
use trader::Trader;

/// Nobody looks up from the work.
struct Nobody;

impl Observer for Nobody {
    type Error = OmegaError;

    fn tick(&mut self, _bars_done: usize) -> Result<(), OmegaError> {
        Ok(())
    }
}

/// What a random run was made of.
pub struct RandomRun<C> {
    market: Market,
    rules: Rules,
    choices: C,
}

/// How much a run did.
#[derive(Debug, Clone, Copy, Default)]
pub struct Done {
    /// Bars walked.
    pub bars: usize,
    /// Fills made.
    pub fills: usize,
    /// Trades whose outcome a policy decided.
    pub ambiguous: usize,
}

impl<C: Choices + Clone> RandomRun<C> {
    /// A market of so many bars, rules and a strategy, all of these choices.
    pub fn new(mut choices: C, bars: usize) -> Self {
        let market = Market::random(&mut choices, bars);
        let rules = Rules::random(&mut choices, &market);
        Self {
            market,
            rules,
            choices,
        }
    }

    /// Walks the bars and checks everything; a refused order ends a strict run, and its check.
    pub fn check(&self) -> Done {
        let Some(outcome) = self.walk(&self.market, &self.rules) else {
            return Done::default();
        };
        outcome.check(&self.market, &self.rules);
        Done {
            bars: outcome.equity.time.len(),
            fills: outcome.fills.len(),
            ambiguous: outcome
                .trades
                .iter()
                .filter(|trade| trade.ambiguous)
                .count(),
        }
    }

    /// L5: had the data ended after so many bars, everything up to there would be the same.
    pub fn check_prefix(&self, bars: usize) {
        let Some(whole) = self.walk(&self.market, &self.rules) else {
            return;
        };
        let (market, mut rules) = (self.market.until(bars), self.rules.clone());
        rules.plan.end = bars;
        rules.plan.close_at_end = false;
        if let Rates::Symbol { candles, .. } = &mut rules.rates {
            *candles = std::sync::Arc::new(market.candles());
        }
        let prefix = self.walk(&market, &rules);
        assert!(
            prefix.is_some(),
            "L5: an order is refused only where later bars are missing"
        );
        let Some(prefix) = prefix else { return };
        let fills: Vec<_> = whole
            .fills
            .iter()
            .filter(|fill| fill.index < bars)
            .collect();
        assert!(
            fills.iter().copied().eq(&prefix.fills),
            "L5: fills up to bar {bars}"
        );
        let trades = whole.trades.iter().filter(|trade| trade.exit_index < bars);
        assert!(trades.eq(&prefix.trades), "L5: trades up to bar {bars}");
        let rows = prefix.equity.time.len();
        assert_eq!(
            whole.equity.equity[..rows],
            prefix.equity.equity,
            "L5: equity"
        );
        assert_eq!(
            whole.equity.balance[..rows],
            prefix.equity.balance,
            "L5: balance"
        );
        assert!(
            prefix.ledger.iter().zip(&whole.ledger).all(|(a, b)| a == b),
            "L5: ledger"
        );
    }

    /// The rows of a run; none where a strict one was refused an order.
    fn walk(&self, market: &Market, rules: &Rules) -> Option<Outcome> {
        let candles = market.candles();
        let magnifier = rules
            .magnified
            .then(|| Magnifier::new(market.finer_candles()));
        let mut feed = Feed {
            candles: &candles,
            rates: rules.rates.clone(),
            magnifier,
        };
        let plan = &rules.plan;
        let mut executor = Simulator::new(rules.settings.clone());
        let first = market.bars[plan.start].time;
        let mut portfolio = Portfolio::new(rules.cash, first, plan.end - plan.start);
        let mut trader = Trader::new(self.choices.clone(), market, rules);
        let desk = (&mut executor, &mut portfolio);
        let ended = replay::run(&mut feed, plan, &mut trader, desk, &mut Nobody);
        if let Err(error) = ended {
            let strict = matches!(error, OmegaError::OrderRejected { .. }) && rules.settings.strict;
            assert!(strict, "{error}");
            return None;
        }
        let closed = portfolio.trades().to_vec();
        let (orders, fills, positions) = executor.into_rows();
        let (_, ledger, equity) = portfolio.into_rows(candles.times(plan.start..plan.end));
        Some(Outcome {
            orders,
            fills,
            positions,
            trades: closed,
            ledger,
            equity,
            shown_equity: trader.shown_equity().to_vec(),
        })
    }
}
