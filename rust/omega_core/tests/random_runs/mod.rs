//! Random whole runs, and what must hold of every one: shared by the tests and the fuzz targets.

pub mod checks;
pub mod choices;
mod market;
mod numbers;
mod rules;
mod trader;
mod watch;

use std::sync::Arc;

use arbtest::arbitrary::Unstructured;
use omega_core::backtest::Backtest;
use omega_core::error::OmegaError;
use omega_core::replay::NoObserver;
use omega_core::results::RunBuffers;
use omega_core::store;

use checks::Outcome;
use choices::Choices;
use market::Market;
use numbers::check_numbers;
use rules::Rules;
use trader::Trader;

/// What a random run was made of.
pub struct RandomRun<'a> {
    market: Market,
    rules: Rules,
    prefix: usize,
    orders: &'a [u8],
}

/// Bytes for each bar of a run: what a bar and its orders use, and some more.
pub const BYTES_OF_BAR: usize = 28;

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

impl<'a> RandomRun<'a> {
    /// A market, rules and a strategy, all made of these bytes: few bytes, few bars.
    pub fn new(bytes: &'a [u8]) -> Self {
        let mut choices = Unstructured::new(bytes);
        let bars = 8 + bytes.len() / BYTES_OF_BAR;
        let prefix = 6 + choices.index(bars - 6);
        let market = Market::random(&mut choices, bars);
        let rules = Rules::random(&mut choices, &market);
        Self {
            market,
            rules,
            prefix,
            orders: choices.take_rest(),
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

    /// What a run comes to that keeps no rows is what its tables come to, to the last bit.
    pub fn check_sums(&self) {
        let single = store::Market::single(Arc::new(self.market.candles()));
        let Ok(backtest) = Backtest::new(&single, self.rules.config.clone()) else {
            return;
        };
        let trader = || Trader::new(self.orders, &self.market, &self.rules);
        let whole = backtest.run(&mut trader());
        let mut buffers = RunBuffers::default();
        // The second in the memory of the first.
        for is_hashed in [true, false, true] {
            let mut observer = NoObserver::new();
            let given = std::mem::take(&mut buffers);
            let summed = backtest.run_summed(given, is_hashed, &mut trader(), &mut observer);
            let (whole, mut sums) = match (&whole, summed) {
                (Ok(whole), Ok(sums)) => (whole, sums),
                (Err(whole), Err(summed)) => {
                    assert_eq!(summed.to_string(), whole.to_string(), "another refusal");
                    continue;
                }
                _ => panic!("only one of a run with tables and one without is refused"),
            };
            // As text, which has the sign of a zero.
            let shown = format!("{:?}", sums.measured());
            assert_eq!(shown, format!("{:?}", whole.tables.measured()));
            let hash = is_hashed.then(|| whole.fingerprint().to_owned());
            assert_eq!(sums.fingerprint(), hash);
            buffers = RunBuffers::of_sums(sums);
        }
    }

    /// L5: had the data ended some bars earlier, everything up to there would be the same.
    pub fn check_prefix(&self) {
        let bars = self.prefix;
        let Some(whole) = self.walk(&self.market, &self.rules) else {
            return;
        };
        let market = self.market.until(bars);
        let rules = self.rules.until(&market);
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
        assert!(
            whole
                .equity
                .balance()
                .take(rows)
                .eq(prefix.equity.balance()),
            "L5: balance"
        );
        assert!(
            prefix.ledger.iter().zip(&whole.ledger).all(|(a, b)| a == b),
            "L5: ledger"
        );
    }

    /// The rows of a run; none where a strict one was refused an order.
    fn walk(&self, market: &Market, rules: &Rules) -> Option<Outcome> {
        let single = store::Market::single(Arc::new(market.candles()));
        let backtest = Backtest::new(&single, rules.config.clone());
        let mut trader = Trader::new(self.orders, market, rules);
        let mut closed = Vec::new();
        let written = backtest.and_then(|backtest| {
            backtest.rows_with(&mut trader, &mut NoObserver::new(), Ok, |portfolio| {
                closed = portfolio.trades().to_vec(); // in the order of their exits
                portfolio
            })
        });
        let rows = match written {
            Ok(written) => written.rows,
            Err(error) => {
                let refused = matches!(error, OmegaError::OrderRejected { .. });
                assert!(refused && rules.config.strict, "{error}");
                return None;
            }
        };
        check_numbers(&rows);
        Some(Outcome {
            orders: rows.orders,
            fills: rows.fills,
            positions: rows.positions,
            trades: closed,
            ledger: rows.ledger,
            equity: rows.equity,
            shown_equity: trader.shown_equity().to_vec(),
        })
    }
}
