//! Mean reversion by z-score: buy what fell too far, sell what rose too far.

use super::{WarmedUp, close, enter, first_value, position};
use crate::error::OmegaError;
use crate::execution::{Action, ExitReason};
use crate::indicators::statistics::{Mean, zscore};
use crate::indicators::volatility::atr;
use crate::replay::{State, Strategy, View};
use crate::types::{Direction, SymbolId};

/// Windows in bars, distances in average true ranges.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ZscoreOptions {
    /// Window of the z-score.
    pub window: usize,
    /// Standard deviations at which a trade is entered.
    pub threshold: f64,
    /// Window of the average true range.
    pub atr_window: usize,
    /// Distance of the stop loss.
    pub stop_atrs: f64,
    /// Distance of the take profit.
    pub target_atrs: f64,
    /// Bars after which a trade is left.
    pub bars_at_most: usize,
}

/// Trades against moves of more than a threshold of standard deviations.
#[derive(Debug, Clone)]
pub struct ZscoreReversion {
    options: ZscoreOptions,
    score: Vec<f64>,
    range: Vec<f64>,
    /// Bars at which the score is extreme: a long or a short entry.
    extreme: Vec<bool>,
    next: usize,
    is_open: bool,
}

impl ZscoreReversion {
    /// Over highs, lows and closes of the bid.
    #[must_use]
    pub fn new([high, low, close]: [&[f64]; 3], options: ZscoreOptions) -> Self {
        let score = zscore(close, options.window, Mean::Rolling, false);
        let threshold = options.threshold;
        // Found once for the whole column, so that sleeping is a search and not a decision a bar.
        let extreme = score.iter().map(|&z| z <= -threshold || z >= threshold);
        Self {
            extreme: extreme.collect(),
            range: atr(high, low, close, options.atr_window),
            score,
            options,
            next: 0,
            is_open: false,
        }
    }

    fn leave_or_enter(&self, view: &View<'_>, state: &State<'_>) -> Option<Action> {
        let options = &self.options;
        let now = view.newest();
        if let Some(open) = position(state) {
            let held = now.saturating_sub(open.entry_index);
            return (held >= options.bars_at_most).then(|| close(open, ExitReason::Time));
        }
        let (score, reach) = (self.score[now], self.range[now]);
        let bar = view.bar(0)?;
        let (bid, ask) = (bar.bid.close, bar.ask.close);
        if score <= -options.threshold {
            let stop = bid - options.stop_atrs * reach;
            let target = ask + options.target_atrs * reach;
            return Some(enter(
                SymbolId(0),
                Direction::Long,
                (Some(stop), Some(target)),
                None,
            ));
        }
        if score >= options.threshold {
            let stop = ask + options.stop_atrs * reach;
            let target = bid - options.target_atrs * reach;
            return Some(enter(
                SymbolId(0),
                Direction::Short,
                (Some(stop), Some(target)),
                None,
            ));
        }
        None
    }
}

impl WarmedUp for ZscoreReversion {
    fn warmup(&self) -> usize {
        first_value(&self.score)
            .max(first_value(&self.range))
            .max(self.options.window)
            .max(self.options.atr_window + 1)
    }
}

impl Strategy for ZscoreReversion {
    type Error = OmegaError;

    /// While nothing is open, only an extreme score matters; the first bar after an entry or exit
    /// shows which of the two it is.
    #[inline]
    fn next_decision_step(&mut self, step: usize) -> usize {
        if self.is_open {
            return step;
        }
        if self.next < step {
            // A step sees the bar before it.
            let ahead = self.extreme[step - 1..].iter().position(|&extreme| extreme);
            self.next = ahead.map_or(usize::MAX, |ahead| step + ahead);
        }
        self.next
    }

    fn evaluate(
        &mut self,
        view: &View<'_>,
        state: &State<'_>,
        actions: &mut Vec<Action>,
    ) -> Result<(), OmegaError> {
        let action = self.leave_or_enter(view, state);
        // An order counts as open until the next bar, since it may have been refused, or the
        // position stopped out on its first bar.
        self.is_open = !state.positions.is_empty() || action.is_some();
        actions.extend(action);
        Ok(())
    }
}
