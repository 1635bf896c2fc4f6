//! From targets to trades: sizes, the least trade, bands, and the limit on turnover.

use super::{RebalanceRules, TargetSize};
use crate::execution::Instrument;
use crate::execution::instrument::EQUAL_SIZES;

/// The prices at which a symbol is sized: of the side that a purchase trades on, and of that of a
/// sale.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Quote {
    /// What a purchase pays.
    pub ask: f64,
    /// What a sale gets.
    pub bid: f64,
    /// Account currency per unit of quote currency.
    pub rate: f64,
}

/// What an account holds of a symbol, and what it is worth in all.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Holding {
    /// Lots, below 0 for shorts.
    pub lots: f64,
    /// The equity that weights are shares of.
    pub equity: f64,
}

/// The trade that brings a position to its target.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PlannedTrade {
    /// The weight of the target; none for a symbol that is left alone.
    pub weight: Option<f64>,
    /// Lots to be held, below 0 for shorts.
    pub target: f64,
    /// Lots held before.
    pub held: f64,
    /// Lots to be traded, below 0 to sell.
    pub delta: f64,
    /// What they are worth, in account currency.
    pub money: f64,
    /// Why it is less than the target.
    pub reason: Option<&'static str>,
}

/// Lots to be traded: first what reduces a position, then what increases one.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Traded {
    /// Lots that reduce.
    pub reduces: f64,
    /// Lots that increase.
    pub increases: f64,
}

/// The trade for a target at given prices; none where the target has no size, as at a price of 0
/// (W2, W4, W5).
#[must_use]
pub fn plan_trade(
    size: TargetSize,
    quote: &Quote,
    held: &Holding,
    instrument: &Instrument,
    rules: &RebalanceRules,
) -> Option<PlannedTrade> {
    if size == TargetSize::Keep {
        return Some(PlannedTrade::kept(held.lots));
    }
    // By the price that is traded at: what buys pays the ask, what sells gets the bid. Between the
    // two there is nothing to trade.
    let bought = lots_of(size, quote.ask, quote.rate, held.equity, instrument);
    let sold = lots_of(size, quote.bid, quote.rate, held.equity, instrument);
    let (target, price) = if bought > held.lots {
        (bought, quote.ask)
    } else if sold < held.lots {
        (sold, quote.bid)
    } else if bought.is_finite() && sold.is_finite() {
        (held.lots, quote.bid)
    } else {
        return None;
    };
    if !target.is_finite() {
        return None;
    }
    let unit = price.abs() * instrument.contract_size * quote.rate;
    let share = |lots: f64| {
        if held.equity > 0.0 {
            lots * unit / held.equity
        } else {
            0.0
        }
    };
    let weight = match size {
        TargetSize::Weight(weight) => weight,
        TargetSize::Value(_) | TargetSize::Units(_) | TargetSize::Keep => share(target),
    };
    let delta = target - held.lots;
    let mut planned = PlannedTrade {
        weight: Some(weight),
        target,
        held: held.lots,
        delta,
        money: delta.abs() * unit,
        reason: None,
    };
    if !planned.is_exit() {
        let least = if rules.min_trade < 1.0 {
            rules.min_trade * held.equity
        } else {
            rules.min_trade
        };
        if delta != 0.0 && planned.money < least {
            planned.give_up("min_trade");
        } else if (share(held.lots) - weight).abs() < rules.band {
            planned.give_up("band");
        }
    }
    Some(planned)
}

/// The lots of a target at a price, rounded toward 0 to the volume step (W2).
fn lots_of(size: TargetSize, price: f64, rate: f64, equity: f64, instrument: &Instrument) -> f64 {
    let unit = price.abs() * instrument.contract_size * rate;
    let lots = match size {
        // What is gone cannot be shared out.
        TargetSize::Weight(weight) => {
            let equity = if equity > 0.0 { equity } else { 0.0 };
            weight * equity / unit
        }
        TargetSize::Value(value) => value / unit,
        TargetSize::Units(units) => units / instrument.contract_size,
        TargetSize::Keep => 0.0,
    };
    toward_zero(lots, instrument)
}

fn toward_zero(lots: f64, instrument: &Instrument) -> f64 {
    let rounded = instrument.round_down(lots.abs());
    if lots < 0.0 { -rounded } else { rounded }
}

/// Cuts all trades by one factor where together they are more than a share of the equity (W9).
pub fn cut_to_turnover<'a>(
    plans: impl Iterator<Item = (&'a mut PlannedTrade, &'a Instrument)>,
    most: f64,
) {
    let mut plans: Vec<_> = plans.collect();
    let all = plans
        .iter()
        .fold(0.0, |sum, (planned, _)| sum + planned.money);
    // Of an equity below 0 nothing can be traded.
    let most = if most > 0.0 { most } else { 0.0 };
    if all <= most {
        return;
    }
    let factor = most / all;
    for (planned, instrument) in &mut plans {
        if planned.delta != 0.0 {
            planned.delta = toward_zero(planned.delta * factor, instrument);
            planned.reason = Some("turnover");
        }
    }
}

impl PlannedTrade {
    /// Of a symbol that is left alone.
    fn kept(held: f64) -> Self {
        Self {
            weight: None,
            target: held,
            held,
            delta: 0.0,
            money: 0.0,
            reason: Some("hold"),
        }
    }

    /// Whether everything is to go.
    fn is_exit(&self) -> bool {
        self.target == 0.0 && self.held != 0.0
    }

    fn give_up(&mut self, reason: &'static str) {
        self.delta = 0.0;
        self.money = 0.0;
        self.reason = Some(reason);
    }

    /// The two parts of the trade, each a size that an order may have.
    #[must_use]
    pub fn traded(&self, instrument: &Instrument) -> Traded {
        let (delta, held) = (self.delta.abs(), self.held.abs());
        if delta == 0.0 {
            return Traded::default();
        }
        let is_whole = self.reason.is_none();
        if self.held == 0.0 || (self.delta > 0.0) == (self.held > 0.0) {
            let increases = instrument.round_down(delta);
            return Traded {
                reduces: 0.0,
                increases,
            };
        }
        if is_whole && self.target == 0.0 {
            // As it is, also where it is no multiple of the step.
            return Traded {
                reduces: held,
                increases: 0.0,
            };
        }
        if delta < held * (1.0 - EQUAL_SIZES) {
            return Traded {
                reduces: instrument.round_down(delta),
                increases: 0.0,
            };
        }
        let rest = if is_whole {
            self.target.abs()
        } else {
            instrument.round_down(delta - held)
        };
        Traded {
            reduces: held,
            increases: if rest > 0.0 { rest } else { 0.0 },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shares() -> Instrument {
        Instrument {
            volume_step: Some(1.0),
            ..Instrument::default()
        }
    }

    fn at(price: f64) -> Quote {
        Quote {
            ask: price,
            bid: price,
            rate: 1.0,
        }
    }

    fn planned(weight: f64, lots: f64, rules: &RebalanceRules) -> PlannedTrade {
        let held = Holding {
            lots,
            equity: 100_000.0,
        };
        let size = TargetSize::Weight(weight);
        plan_trade(size, &at(100.0), &held, &shares(), rules).unwrap()
    }

    #[test]
    fn a_weight_becomes_whole_lots_toward_zero() {
        let rules = RebalanceRules::default();
        assert_eq!(planned(0.3, 400.0, &rules).delta, -100.0);
        assert_eq!(planned(0.2999, 0.0, &rules).target, 299.0);
        assert_eq!(planned(-0.2999, 0.0, &rules).target, -299.0);
        // A billionth of a step counts as the step.
        assert_eq!(planned(0.29 + 0.01, 0.0, &rules).target, 300.0);
    }

    #[test]
    fn small_trades_are_left_out_but_exits_are_done() {
        let least = |min_trade| RebalanceRules {
            min_trade,
            ..RebalanceRules::default()
        };
        assert_eq!(
            planned(0.3, 310.0, &least(1_001.0)).reason,
            Some("min_trade")
        );
        assert_eq!(planned(0.3, 310.0, &least(1_000.0)).delta, -10.0);
        assert_eq!(planned(0.3, 310.0, &least(0.011)).reason, Some("min_trade"));
        assert_eq!(planned(0.0, 10.0, &least(1_001.0)).delta, -10.0);
        let band = RebalanceRules {
            band: 0.02,
            ..RebalanceRules::default()
        };
        assert_eq!(planned(0.3, 315.0, &band).reason, Some("band"));
        assert_eq!(planned(0.3, 325.0, &band).delta, -25.0);
        assert_eq!(planned(0.0, 10.0, &band).delta, -10.0);
    }

    #[test]
    fn a_flip_reduces_then_increases() {
        let flip = planned(-0.1, 50.0, &RebalanceRules::default());
        let expected = Traded {
            reduces: 50.0,
            increases: 100.0,
        };
        assert_eq!(flip.traded(&shares()), expected);
    }

    #[test]
    fn turnover_cuts_all_trades_by_one_factor() {
        let mut plans = [
            planned(0.0, 400.0, &RebalanceRules::default()),
            planned(0.4, 0.0, &RebalanceRules::default()),
        ];
        let instrument = shares();
        let all = plans.iter_mut().map(|planned| (planned, &instrument));
        cut_to_turnover(all, 20_000.0);
        assert_eq!(plans.map(|planned| planned.delta), [-100.0, 100.0]);
        assert_eq!(plans[0].traded(&shares()).reduces, 100.0);
    }

    #[test]
    fn between_bid_and_ask_there_is_nothing_to_trade() {
        let quote = Quote {
            ask: 101.0,
            bid: 99.0,
            rate: 1.0,
        };
        let planned = |lots| {
            let held = Holding {
                lots,
                equity: 100_000.0,
            };
            let rules = RebalanceRules::default();
            let size = TargetSize::Weight(0.5);
            plan_trade(size, &quote, &held, &shares(), &rules)
                .unwrap()
                .delta
        };
        // 495 at the ask, 505 at the bid.
        assert_eq!([400.0, 500.0, 600.0].map(planned), [95.0, 0.0, -95.0]);
    }
}
