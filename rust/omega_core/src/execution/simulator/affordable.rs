//! What an account can carry: the margin that an entry needs, and the size that fits (M3, M7).

use super::Simulator;
use crate::execution::costs::{FeeBasis, FeeParts};
use crate::execution::{Account, AccountKind, RejectReason, Semantics, SymbolBar, SymbolSettings};
use crate::types::{Direction, SymbolId};

/// How often the size that fits is corrected for rounding before it counts as none.
const CORRECTIONS: usize = 64;

/// How often a size is sought for a fee function that charges more for less.
const TARIFFS: usize = 8;

/// An entry at a price that is known.
pub(super) struct Entry<'a> {
    symbol: &'a SymbolSettings,
    /// At the full size.
    full: FeeBasis,
    /// Account currency per unit of quote currency, the newest that is complete.
    rate: f64,
}

impl<'a> Entry<'a> {
    pub(super) fn new(symbol: &'a SymbolSettings, full: FeeBasis, rate: f64) -> Self {
        Self { symbol, full, rate }
    }

    /// The entry with so many lots, worth what they are at a rate.
    pub(super) fn basis(&self, lots: f64, rate: f64) -> FeeBasis {
        let units = lots * self.symbol.instrument.contract_size;
        FeeBasis {
            lots,
            units,
            notional: (units * self.full.price * rate).abs(),
            ..self.full
        }
    }

    /// Margin and fee of so many lots, where the fee function gave so much.
    fn need(&self, lots: f64, own: f64) -> f64 {
        let basis = self.basis(lots, self.rate);
        let margin = basis.notional * self.symbol.instrument.margin_rate;
        margin + self.symbol.fees.with_own(&basis, own)
    }

    /// The largest size, of at most so many lots, whose need is covered (M3).
    fn most_that_fits(&self, free: f64, own: f64) -> Result<f64, RejectReason> {
        let (instrument, asked) = (&self.symbol.instrument, self.full.lots);
        let one = self.basis(1.0, self.rate);
        let FeeParts {
            constant,
            per_lot,
            minimum,
        } = self.symbol.fees.split(&one, own);
        let margin = one.notional * instrument.margin_rate;
        let mut most = (free - constant) / (margin + per_lot);
        if minimum > 0.0 {
            // Where the minimum applies, the fee is the same for all sizes.
            let at_minimum = (free - minimum) / margin;
            most = if at_minimum < most { at_minimum } else { most };
        }
        let mut lots = instrument.round_down(if most < asked { most } else { asked });
        for _ in 0..CORRECTIONS {
            if self.need(lots, own) <= free {
                return instrument.order_size(lots);
            }
            // The division has rounded up.
            lots = match instrument.volume_step {
                Some(step) => instrument.round_down(lots - step),
                None => lots * (1.0 - f64::EPSILON),
            };
        }
        Err(RejectReason::Size)
    }
}

impl Simulator {
    /// The conversion rate that an entry is tested with: the newest that is complete (M7).
    pub(super) fn entry_rate(&self, now: &SymbolBar) -> f64 {
        match self.settings.semantics {
            Semantics::One => now.rate,
            Semantics::Two => now.last_rate,
        }
    }

    /// The lots of an entry that the free margin covers: all that were asked for, or fewer where
    /// its size follows from the account (M3, M7). Beside them, what the fee function gave for all
    /// of them, where it was called.
    pub(super) fn affordable<A: Account>(
        &self,
        entry: &Entry<'_>,
        scales: bool,
        account: &A,
    ) -> Result<(f64, Option<f64>), RejectReason> {
        let basis = entry.basis(entry.full.lots, entry.rate);
        let (lots, value) = (basis.lots, basis.notional);
        // Fee, margin and profit would be infinite or NaN, and so would each balance after them.
        if !value.is_finite() {
            return Err(RejectReason::Size);
        }
        let free = self.free_margin(account);
        if self.settings.semantics == Semantics::One {
            let margin = value * entry.symbol.instrument.margin_rate;
            let is_covered = margin <= 0.0 || margin <= free;
            return if is_covered {
                Ok((lots, None))
            } else {
                Err(RejectReason::Margin)
            };
        }
        if !self.settings.account.tests_margin {
            return Ok((lots, None));
        }
        // A function counts as at the full size for all sizes: it may be any.
        let own = self.checked_fee(&basis, |fees| fees.own(&basis));
        if entry.need(lots, own) <= free {
            return Ok((lots, Some(own)));
        }
        if scales {
            self.scaled(entry, free, own)
        } else {
            Err(RejectReason::Margin)
        }
    }

    /// The largest size that is covered, and what the fee function gives for it.
    fn scaled(
        &self,
        entry: &Entry<'_>,
        free: f64,
        mut own: f64,
    ) -> Result<(f64, Option<f64>), RejectReason> {
        for _ in 0..TARIFFS {
            let lots = entry.most_that_fits(free, own)?;
            let basis = entry.basis(lots, entry.rate);
            own = self.checked_fee(&basis, |fees| fees.own(&basis));
            // A function may charge more for less, and no purchase takes cash below 0 (M12).
            if entry.need(lots, own) <= free {
                return Ok((lots, Some(own)));
            }
        }
        Err(RejectReason::Size)
    }

    /// The fee of an entry that fills with so many lots at a rate.
    pub(super) fn entry_fee(
        &self,
        entry: &Entry<'_>,
        (lots, own): (f64, Option<f64>),
        rate: f64,
    ) -> f64 {
        let basis = entry.basis(lots, rate);
        match own {
            // The function has been called for this very fill.
            Some(own) if rate.to_bits() == entry.rate.to_bits() => {
                entry.symbol.fees.with_own(&basis, own)
            }
            Some(_) | None => self.fee(&basis),
        }
    }

    fn free_margin<A: Account>(&self, account: &A) -> f64 {
        let rate = |symbol: SymbolId| self.instrument(symbol).margin_rate;
        self.positions.equity(account) - self.positions.margin(rate)
    }

    /// Whether an order may open a position of a direction: a cash account holds no shorts (M12).
    pub(super) fn check_short(&self, direction: Direction) -> Result<(), RejectReason> {
        let is_cash = self.settings.account.kind == AccountKind::Cash;
        if is_cash && direction == Direction::Short {
            Err(RejectReason::Short)
        } else {
            Ok(())
        }
    }
}
