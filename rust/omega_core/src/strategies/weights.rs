//! Target weights: what is to be held of each symbol stands in a table before the run begins (W).

use std::sync::Arc;

use super::WarmedUp;
use crate::error::OmegaError;
use crate::execution::{Action, Missing, Phases, Rebalance, RebalanceRules, Target, TargetSize};
use crate::replay::{State, Strategy, View};
use crate::store::Market;
use crate::types::SymbolId;

/// A weight in a table: that of a symbol from a time on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TargetWeight {
    /// The symbol.
    pub symbol: SymbolId,
    /// Its share of the equity; none leaves it alone.
    pub weight: Option<f64>,
}

/// The weights of one time.
#[derive(Debug, Clone, PartialEq)]
pub struct TargetSet {
    /// The time that they are dated.
    pub time: i64,
    /// At most one for each symbol.
    pub weights: Vec<TargetWeight>,
}

/// When positions are brought to their targets.
#[derive(Debug, Clone, PartialEq)]
pub enum Schedule {
    /// Where the target of a symbol is another one than before, and of that symbol alone.
    Changes,
    /// At the first step at or after each of these times, of all symbols.
    Times(Vec<i64>),
}

/// Brings positions to target weights.
#[derive(Debug, Clone)]
pub struct Weights {
    /// In order of time.
    sets: Arc<[TargetSet]>,
    /// The first step at which each set is known.
    known: Arc<[usize]>,
    /// The steps of a schedule; none where changes decide.
    due: Option<Arc<[usize]>>,
    missing: Missing,
    rules: Arc<RebalanceRules>,
    /// How many sets were taken.
    taken: usize,
    /// By symbol, the last target that was acted on.
    last: Vec<Option<f64>>,
}

impl Weights {
    /// Over the steps of a market; sets are in order of time.
    #[must_use]
    pub fn new(
        market: &Market,
        sets: Vec<TargetSet>,
        schedule: &Schedule,
        missing: Missing,
        rules: RebalanceRules,
    ) -> Self {
        // What is dated with a step is known once that is complete: at the next one (W1).
        let known = sets.iter().map(|set| after(market, set.time));
        let due = match schedule {
            Schedule::Changes => None,
            Schedule::Times(times) => {
                let mut due: Vec<usize> = times
                    .iter()
                    .map(|&time| market.first_at_or_after(time))
                    // Nothing is complete before the second step, so that the first is none to act
                    // at; nor does a time before it become due later.
                    .filter(|&step| step > 0)
                    .collect();
                due.sort_unstable();
                due.dedup();
                Some(due.into())
            }
        };
        Self {
            known: known.collect(),
            sets: sets.into(),
            due,
            missing,
            rules: Arc::new(rules),
            taken: 0,
            last: vec![None; market.symbols().len()],
        }
    }

    /// The last target of each symbol that was acted on.
    #[must_use]
    pub fn into_targets(self) -> Vec<Option<f64>> {
        self.last
    }

    /// Goes on from targets that another one has acted on: what does not differ is left alone.
    pub fn go_on_from(&mut self, targets: Vec<Option<f64>>) {
        self.last = targets;
    }

    /// The targets of the newest set that is known by a step.
    fn scheduled(&self) -> Vec<Target> {
        let Some(newest) = self.taken.checked_sub(1) else {
            return Vec::new();
        };
        self.sets[newest].weights.iter().map(target_of).collect()
    }

    /// The targets that differ from the last ones, after all sets known by now.
    fn changed(&mut self, sets: std::ops::Range<usize>) -> Vec<Target> {
        let mut wanted = self.last.clone();
        for set in &self.sets[sets] {
            if self.missing == Missing::Sell {
                let mut named = vec![false; wanted.len()];
                for own in &set.weights {
                    named[own.symbol.index()] = true;
                }
                for (wanted, _) in wanted.iter_mut().zip(named).filter(|(_, named)| !named) {
                    *wanted = wanted.map(|_| 0.0);
                }
            }
            for own in &set.weights {
                if own.weight.is_some() {
                    wanted[own.symbol.index()] = own.weight;
                }
            }
        }
        let both = wanted.iter().zip(&self.last);
        let changed = (0_u32..).map(SymbolId).zip(both);
        let targets = changed.filter(|(_, (wanted, last))| wanted != last);
        let targets = targets.filter_map(|(symbol, (wanted, _))| {
            let size = TargetSize::Weight((*wanted)?);
            Some(Target { symbol, size })
        });
        let targets = targets.collect();
        self.last = wanted;
        targets
    }
}

/// The first step after a time.
fn after(market: &Market, time: i64) -> usize {
    market.first_at_or_after(time.saturating_add(1))
}

fn target_of(own: &TargetWeight) -> Target {
    Target {
        symbol: own.symbol,
        size: own.weight.map_or(TargetSize::Keep, TargetSize::Weight),
    }
}

impl WarmedUp for Weights {
    fn warmup(&self) -> usize {
        0
    }
}

impl Strategy for Weights {
    type Error = OmegaError;

    #[inline]
    fn next_decision_step(&mut self, step: usize) -> usize {
        let next = match &self.due {
            None => self.known.get(self.taken).copied(),
            Some(due) => due.get(due.partition_point(|&due| due < step)).copied(),
        };
        next.map_or(usize::MAX, |next| next.max(step))
    }

    #[inline]
    fn wants_events(&self) -> bool {
        // Reads its table only, so that no fill or exit has to wake it.
        false
    }

    fn expected_orders(&self) -> usize {
        let own = |set: &TargetSet| set.weights.len();
        match &self.due {
            // Each symbol is traded to its own target.
            Some(due) => due.len() * self.sets.iter().map(own).max().unwrap_or(0),
            None => self.sets.iter().map(own).sum(),
        }
    }

    fn evaluate(
        &mut self,
        view: &View<'_>,
        _state: &State<'_>,
        actions: &mut Vec<Action>,
    ) -> Result<(), OmegaError> {
        let step = view.step();
        if let Some(due) = &self.due
            && due.binary_search(&step).is_err()
        {
            return Ok(()); // woken by a wrapper around it, not by its schedule
        }
        let before = self.taken;
        self.taken += self.known[before..]
            .iter()
            .take_while(|&&known| known <= step)
            .count();
        let (targets, missing) = match &self.due {
            None => (self.changed(before..self.taken), Missing::Hold),
            Some(_) => (self.scheduled(), self.missing),
        };
        if self.taken > 0 && !(targets.is_empty() && missing == Missing::Hold) {
            actions.push(Action::Rebalance(Rebalance {
                targets,
                missing,
                rules: Arc::clone(&self.rules),
                phases: Phases::default(),
            }));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::SymbolCandles;
    use crate::types::TimeUnit;

    #[test]
    fn orders_are_expected_of_each_set_or_of_each_step_of_a_schedule() {
        let prices = (0..10).map(|day| (day, 1.0));
        let market = Market::single(SymbolCandles::from_prices("A", TimeUnit::Second, prices));
        let weight = TargetWeight {
            symbol: SymbolId(0),
            weight: Some(0.5),
        };
        let sets = [2, 4].map(|time| TargetSet {
            time,
            weights: vec![weight],
        });
        let expected = |schedule| {
            let rules = RebalanceRules::default();
            let missing = Missing::default();
            Weights::new(&market, sets.to_vec(), &schedule, missing, rules).expected_orders()
        };
        assert_eq!(expected(Schedule::Changes), 2);
        assert_eq!(expected(Schedule::Times(vec![3, 5, 7])), 3);
    }
}
