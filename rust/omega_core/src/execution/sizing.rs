//! Sizers: from money to lots (M3).

use super::{Instrument, RejectReason};

/// How large an order is, before rounding down to the volume step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Sizer {
    /// This many lots.
    FixedLots(f64),
    /// This many units; a lot has `contract_size` of them.
    FixedUnits(f64),
    /// So many lots that the distance to the stop costs this much money.
    RiskAmount(f64),
    /// So many lots that the distance to the stop costs this percentage of the equity.
    RiskPercent(f64),
    /// So many lots that their notional is this percentage of the equity.
    EquityPercent(f64),
}

/// What a sizer may know at the moment when the order is accepted.
#[derive(Debug, Clone, Copy)]
pub struct SizingBasis {
    /// Price that the order is expected to fill at: its own, or the last close for a market order.
    pub price: f64,
    /// Its stop loss.
    pub stop_loss: Option<f64>,
    /// Equity at the moment, in account currency.
    pub equity: f64,
    /// Account currency per unit of quote currency.
    pub rate: f64,
}

impl Sizer {
    /// Whether its sizes follow from the equity or the risk, and are made smaller where the account
    /// cannot carry them; the others are refused whole (M3).
    #[inline]
    #[must_use]
    pub fn scales(self) -> bool {
        match self {
            Self::FixedLots(_) | Self::FixedUnits(_) => false,
            Self::RiskAmount(_) | Self::RiskPercent(_) | Self::EquityPercent(_) => true,
        }
    }

    /// The size in lots, before rounding; capped at the instrument's largest order, except for an
    /// explicit number of lots.
    ///
    /// # Errors
    /// `RejectReason::SizerNeedsStop` where the size depends on a stop and there is none.
    #[inline]
    pub fn lots(self, basis: &SizingBasis, instrument: &Instrument) -> Result<f64, RejectReason> {
        // A product of its own, as M3.1 brackets it: the last bit of a size may depend on it.
        let per_lot = instrument.contract_size * basis.rate;
        let lots = match self {
            // Not capped: an explicit size that is too large is a mistake, and refused (M3).
            Self::FixedLots(lots) => return Ok(lots),
            Self::FixedUnits(units) => units / instrument.contract_size,
            Self::RiskAmount(money) => money / (stop_distance(basis)? * per_lot),
            Self::RiskPercent(percent) => {
                basis.equity * percent / 100.0 / (stop_distance(basis)? * per_lot)
            }
            Self::EquityPercent(percent) => {
                // Prices may be negative where the instrument allows it (T3).
                basis.equity * percent / 100.0 / (basis.price.abs() * per_lot)
            }
        };
        Ok(instrument
            .volume_max
            .map_or(lots, |max| if lots > max { max } else { lots }))
    }
}

fn stop_distance(basis: &SizingBasis) -> Result<f64, RejectReason> {
    let stop = basis.stop_loss.ok_or(RejectReason::SizerNeedsStop)?;
    Ok((basis.price - stop).abs())
}
