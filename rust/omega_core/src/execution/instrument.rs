//! What is traded: contract size, pip, volume steps and margin (M1).

use super::RejectReason;

/// The part of an instrument that execution needs.
#[derive(Debug, Clone, PartialEq)]
pub struct Instrument {
    /// Units in one lot.
    pub contract_size: f64,
    /// Smallest price step; the unit of swap points.
    pub tick_size: Option<f64>,
    /// Size of a pip; the unit of slippage.
    pub pip_size: Option<f64>,
    /// Smallest order in lots.
    pub volume_min: Option<f64>,
    /// Step of order sizes in lots.
    pub volume_step: Option<f64>,
    /// Largest order in lots.
    pub volume_max: Option<f64>,
    /// Margin of an entry as a fraction of notional: 1 is fully funded, 0 needs none (M7).
    pub margin_rate: f64,
    /// Margin of a lot in quote currency, where it is fixed; else a fraction of the notional (M7).
    pub margin_per_lot: Option<f64>,
    /// Margin that positions hold in the tests for a stop-out (M9).
    pub maintenance_rate: f64,
    /// Fee of a close by the account, in percent of the notional.
    pub liquidation_fee: f64,
}

/// One unit a lot, in any size, fully funded.
impl Default for Instrument {
    fn default() -> Self {
        Self {
            contract_size: 1.0,
            tick_size: None,
            pip_size: None,
            volume_min: None,
            volume_step: None,
            volume_max: None,
            margin_rate: 1.0,
            margin_per_lot: None,
            maintenance_rate: 1.0,
            liquidation_fee: 0.0,
        }
    }
}

/// Sizes within this part of a step, or of a lot where there is none, are equal (M3.1).
pub(super) const EQUAL_STEPS: f64 = 1e-9;

/// Sizes within this part of each other are equal (F7.1).
// Lots that were added or split differ in their last bits: without a tolerance, a position of 1e-17
// lots would stay open or be opened.
pub(super) const EQUAL_SIZES: f64 = 1e-9;

impl Instrument {
    /// The margin of lots that are worth so much in account currency at a price (M7).
    #[inline]
    #[must_use]
    pub fn margin(&self, worth: f64, lots: f64, price: f64) -> f64 {
        let Some(per_lot) = self.margin_per_lot else {
            return worth * self.margin_rate;
        };
        // The rate of conversion is in what they are worth.
        let quoted = (lots * self.contract_size * price).abs();
        let rate = if quoted > 0.0 { worth / quoted } else { 1.0 };
        lots * per_lot * rate
    }

    /// Rounds a size down to the volume step (M3). A size within a billionth of a step counts as
    /// that step, so that 0.3 lots in steps of 0.1 are three steps and not two.
    #[inline]
    #[must_use]
    pub fn round_down(&self, lots: f64) -> f64 {
        self.steps_down(lots, EQUAL_STEPS)
    }

    /// Rounds a size down to the volume step, and a size just short of one as well (W7).
    #[must_use]
    pub fn floor(&self, lots: f64) -> f64 {
        self.steps_down(lots, 0.0)
    }

    #[inline]
    fn steps_down(&self, lots: f64, tolerance: f64) -> f64 {
        let Some(step) = self.volume_step else {
            return lots;
        };
        let steps = (lots / step + tolerance).floor();
        let per_lot = (1.0 / step).round();
        if per_lot >= 1.0 && (per_lot * step - 1.0).abs() < 1e-12 {
            steps / per_lot
        } else {
            steps * step
        }
    }

    /// Rounds an order's size down and checks it against the volume limits (M3).
    ///
    /// # Errors
    /// `RejectReason::Size` where it is not a positive number, or outside the limits.
    #[inline]
    pub fn order_size(&self, lots: f64) -> Result<f64, RejectReason> {
        let rounded = self.round_down(lots);
        self.check_size(rounded).map(|()| rounded)
    }

    /// Checks a size that is rounded against the volume limits (M3).
    ///
    /// # Errors
    /// `RejectReason::Size` where it is not a positive number, or outside the limits.
    #[inline]
    pub fn check_size(&self, lots: f64) -> Result<(), RejectReason> {
        let positive = lots.is_finite() && lots > 0.0;
        let enough = self.volume_min.is_none_or(|min| lots >= min);
        let allowed = self.volume_max.is_none_or(|max| lots <= max);
        if positive && enough && allowed {
            Ok(())
        } else {
            Err(RejectReason::Size)
        }
    }
}

impl Instrument {
    /// The lots of a position that a fraction of it closes, below 1: at least one volume step, and
    /// everything where what would stay is below the smallest volume, or next to nothing (M3).
    #[must_use]
    pub fn part_to_close(&self, open: f64, fraction: f64) -> f64 {
        let step = self.volume_step.unwrap_or(0.0);
        let rounded = self.round_down(open * fraction);
        let lots = if rounded < step { step } else { rounded };
        // What subtractions leave of a step is not compared to the last bit.
        let tolerance = EQUAL_STEPS * self.volume_step.unwrap_or(1.0);
        let rest = open - lots;
        let least = self.volume_min.map_or(0.0, |least| least - 2.0 * tolerance);
        if rest < tolerance || rest < least {
            open
        } else {
            lots
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fx() -> Instrument {
        Instrument {
            contract_size: 100_000.0,
            tick_size: Some(1e-5),
            pip_size: Some(1e-4),
            volume_min: Some(0.01),
            volume_step: Some(0.01),
            volume_max: Some(50.0),
            ..Instrument::default()
        }
    }

    #[test]
    fn sizes_are_rounded_down_to_exact_decimals() {
        assert_eq!(fx().order_size(0.299_999), Ok(0.29));
        assert_eq!(fx().order_size(0.3), Ok(0.3));
        assert_eq!(fx().order_size(0.07), Ok(0.07));
    }

    #[test]
    fn a_part_closes_a_step_at_least_and_leaves_no_less_than_the_minimum() {
        let parts = |step, min, mut open: f64| {
            let instrument = Instrument {
                volume_step: step,
                volume_min: min,
                ..Instrument::default()
            };
            let mut left = Vec::new();
            while open > 0.0 {
                open -= instrument.part_to_close(open, 0.5);
                left.push(open);
            }
            left
        };
        assert_eq!(parts(Some(1.0), None, 10.0), [5.0, 3.0, 2.0, 1.0, 0.0]);
        assert_eq!(parts(None, None, 10.0).len(), 34);
        assert_eq!(parts(Some(1.0), Some(3.0), 10.0), [5.0, 3.0, 0.0]);
        // 0.3 - 0.2 is a little less than 0.1, and no less than the smallest volume.
        assert_eq!(parts(Some(0.1), Some(0.1), 0.4).len(), 3);
    }

    #[test]
    fn sizes_below_the_minimum_are_rejected_never_rounded_up() {
        for lots in [0.009, 0.0, -1.0, f64::NAN, f64::INFINITY, 50.01] {
            assert_eq!(fx().order_size(lots), Err(RejectReason::Size), "{lots}");
        }
    }
}
