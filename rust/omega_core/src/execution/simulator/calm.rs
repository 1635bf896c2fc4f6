//! Bars in which nothing can happen: no price reaches a level and no time runs out.
//!
//! Such a bar only marks positions and widens the range that prices have been in. Levels are
//! gathered into one range for each side once, and looked at again when something has changed, so
//! that a quiet bar costs four comparisons and the marks, however many levels there are.

use super::Simulator;
use crate::execution::{Expiry, OrderType, Position};
use crate::types::{Bar, Direction, Ohlc, Side};

/// Prices of one side from `low` to `high`, both outside it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    pub(super) low: f64,
    pub(super) high: f64,
}

impl Span {
    const EVERYWHERE: Self = Self {
        low: f64::NEG_INFINITY,
        high: f64::INFINITY,
    };
    const NOWHERE: Self = Self {
        low: f64::INFINITY,
        high: f64::NEG_INFINITY,
    };

    /// Whether nothing can be outside.
    pub(super) fn is_everywhere(&self) -> bool {
        self.low == f64::NEG_INFINITY && self.high == f64::INFINITY
    }

    /// Whether a bar stays inside; one with a price that is no number does not.
    #[inline]
    fn holds(&self, bar: &Ohlc) -> bool {
        bar.low > self.low && bar.high < self.high && bar.open > self.low && bar.open < self.high
    }

    fn cut_below(&mut self, level: f64) {
        if level > self.low {
            self.low = level;
        }
    }

    fn cut_above(&mut self, level: f64) {
        if level < self.high {
            self.high = level;
        }
    }

    #[inline]
    fn widen(&mut self, bar: &Ohlc) {
        if bar.low < self.low {
            self.low = bar.low;
        }
        if bar.high > self.high {
            self.high = bar.high;
        }
    }
}

/// What marking needs of each position, in columns: the profits are independent of each other and
/// computed side by side; their sum is taken in the order of trade numbers (M5).
#[derive(Debug, Default)]
pub(super) struct Marks {
    pub(super) entry_price: Vec<f64>,
    pub(super) sign: Vec<f64>,
    pub(super) lots: Vec<f64>,
    pub(super) contract_size: Vec<f64>,
    profit: Vec<f64>,
}

impl Marks {
    fn clear(&mut self) {
        self.entry_price.clear();
        self.sign.clear();
        self.lots.clear();
        self.contract_size.clear();
        self.profit.clear();
    }

    fn push(&mut self, position: &Position) {
        self.entry_price.push(position.entry_price);
        self.sign.push(position.direction.sign());
        self.lots.push(position.lots);
        self.contract_size.push(position.contract_size);
        self.profit.push(0.0);
    }

    /// The open profit at the closes of bid and ask, each position by rule M2.
    #[inline]
    fn profit(&mut self, [bid, ask]: [f64; 2], rate: f64) -> f64 {
        let sizes = self.lots.iter().zip(&self.contract_size);
        let positions = self.entry_price.iter().zip(&self.sign).zip(sizes);
        for (profit, ((entry, sign), (lots, size))) in self.profit.iter_mut().zip(positions) {
            // A long position is left on the bid, a short one on the ask.
            let close = if *sign > 0.0 { bid } else { ask };
            *profit = (close - entry) * sign * lots * size * rate;
        }
        self.profit.iter().fold(0.0, |sum, profit| sum + profit)
    }
}

/// A stretch of quiet bars.
#[derive(Debug)]
pub(super) struct Calm {
    /// Where prices reach nothing, bid and ask.
    pub(super) free: [Span; 2],
    /// Where prices have been since the stretch began, on a side that a position is left on.
    pub(super) seen: [Span; 2],
    /// Whether a position is left on that side.
    pub(super) held: [bool; 2],
    /// The first time at which something ends or is due.
    pub(super) until: i64,
    pub(super) marks: Marks,
    /// Closes, bid and ask, and the rate of the last mark.
    pub(super) closes: Option<([f64; 2], f64)>,
}

impl Simulator {
    /// Takes a bar in which nothing happens and gives the open profit at its close; `None` where
    /// something may happen, and the bar has to be walked.
    #[inline]
    pub fn glide(&mut self, bar: &Bar, rate: f64) -> Option<f64> {
        if self.calm.is_none() {
            self.calm_down();
        }
        let calm = self.calm.as_mut()?;
        let quiet =
            bar.time < calm.until && calm.free[0].holds(&bar.bid) && calm.free[1].holds(&bar.ask);
        if !quiet {
            return None;
        }
        calm.seen[0].widen(&bar.bid);
        calm.seen[1].widen(&bar.ask);
        let closes = [bar.bid.close, bar.ask.close];
        calm.closes = Some((closes, rate));
        Some(calm.marks.profit(closes, rate))
    }

    /// Ends a quiet stretch: positions get what it brought.
    pub fn rouse(&mut self) {
        let Some(calm) = self.calm.take() else {
            return;
        };
        self.spare = calm.marks;
        let Some((closes, rate)) = calm.closes else {
            return;
        };
        for position in &mut self.positions {
            let ask = usize::from(position.direction.exit_side() == Side::Ask);
            let (low, high) = match position.direction {
                Direction::Long => (calm.seen[ask].low, calm.seen[ask].high),
                Direction::Short => (-calm.seen[ask].high, -calm.seen[ask].low),
            };
            let sign = position.direction.sign();
            if low < position.worst_price * sign {
                position.worst_price = low * sign;
            }
            if high > position.best_price * sign {
                position.best_price = high * sign;
            }
            position.marked_profit = position.profit(closes[ask], position.lots, rate);
        }
    }

    /// Gathers the levels, unless something looks at every bar, or something has just changed: a
    /// run that changes something on each bar has no use for it.
    pub(super) fn calm_down(&mut self) {
        if self.changes != self.settled {
            self.settled = self.changes;
            return;
        }
        let [symbol] = self.settings.symbols.as_slice() else {
            return;
        };
        let watched = !self.settings.managers.is_empty()
            || self.settings.stop_out_level.is_some()
            || !self.asked.is_empty()
            || self.positions.iter().any(|p| p.trailing_stop.is_some());
        if watched {
            return;
        }
        let mut calm = Calm {
            free: [Span::EVERYWHERE; 2],
            seen: [Span::NOWHERE; 2],
            held: [false; 2],
            until: i64::MAX,
            marks: std::mem::take(&mut self.spare),
            closes: None,
        };
        calm.marks.clear();
        let day_after = |time: i64| {
            let per_day = self.settings.units_per_day;
            (time.div_euclid(per_day) + 1).saturating_mul(per_day)
        };
        if (symbol.swap.long != 0.0 || symbol.swap.short != 0.0) && !self.positions.is_empty() {
            calm.until = day_after(self.walked);
        }
        for position in &self.positions {
            calm.watch_position(position);
        }
        for waiting in &self.working {
            let order = &self.orders[waiting.row];
            calm.watch_order(waiting.kind, order.direction);
            let end = match order.expiry {
                Expiry::GoodTillCancelled => i64::MAX,
                Expiry::GoodTillTime(end) => end,
                Expiry::Day => day_after(order.submitted_time),
            };
            calm.until = calm.until.min(end);
        }
        self.calm = Some(calm);
    }
}

impl Calm {
    fn watch_position(&mut self, position: &Position) {
        let side = position.direction.exit_side();
        let place = usize::from(side == Side::Ask);
        self.held[place] = true;
        let free = &mut self.free[place];
        let (below, above) = match position.direction {
            Direction::Long => (position.stop_loss, position.take_profit),
            Direction::Short => (position.take_profit, position.stop_loss),
        };
        if let Some(level) = below {
            free.cut_below(level);
        }
        if let Some(level) = above {
            free.cut_above(level);
        }
        self.marks.push(position);
    }

    fn watch_order(&mut self, kind: OrderType, direction: Direction) {
        let free = &mut self.free[usize::from(direction.entry_side() == Side::Ask)];
        match (kind, direction) {
            (OrderType::Limit(price), Direction::Long)
            | (
                OrderType::Stop(price) | OrderType::StopLimit { stop: price, .. },
                Direction::Short,
            ) => {
                free.cut_below(price);
            }
            (OrderType::Limit(price), Direction::Short)
            | (
                OrderType::Stop(price) | OrderType::StopLimit { stop: price, .. },
                Direction::Long,
            ) => {
                free.cut_above(price);
            }
            (OrderType::Market | OrderType::Modify | OrderType::Cancel, _) => {}
        }
    }
}
