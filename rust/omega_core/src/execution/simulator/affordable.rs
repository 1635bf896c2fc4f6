//! What an account can pay for: the margin that an entry needs, and the largest size (M3, M7).

use super::Simulator;
use crate::execution::costs::{FeeBasis, FeeParts};
use crate::execution::{
    Account, AccountKind, Instrument, Position, RejectReason, Semantics, SymbolBar, SymbolSettings,
};
use crate::types::Direction;

/// How often the largest size is corrected for rounding before the order is refused.
const CORRECTIONS: usize = 64;

/// How many sizes are tried for a fee function that charges more for less.
const TARIFFS: usize = 8;

/// An entry at a price that is known.
pub(super) struct Entry<'a> {
    symbol: &'a SymbolSettings,
    /// At the full size.
    pub(super) full: FeeBasis,
    /// Account currency per unit of quote currency, the newest that is complete.
    rate: f64,
}

impl<'a> Entry<'a> {
    /// An entry of the size of a basis, at a rate.
    #[inline]
    pub(super) fn new(symbol: &'a SymbolSettings, basis: FeeBasis, rate: f64) -> Self {
        let full = basis;
        let mut entry = Self { symbol, full, rate };
        entry.full = entry.basis(basis.lots, rate);
        entry
    }

    /// The basis for another size, with its notional at a rate.
    #[inline]
    fn basis(&self, lots: f64, rate: f64) -> FeeBasis {
        let units = lots * self.symbol.instrument.contract_size;
        FeeBasis {
            lots,
            units,
            notional: (units * self.full.price * rate).abs(),
            ..self.full
        }
    }

    /// The basis for another size, at the rate of the test.
    pub(super) fn of(&self, lots: f64) -> FeeBasis {
        self.basis(lots, self.rate)
    }

    /// Margin and fee of a size, given the result of the fee function.
    #[inline]
    pub(super) fn need(&self, basis: &FeeBasis, own: f64) -> f64 {
        let margin = margin_of(&self.symbol.instrument, basis);
        margin + self.symbol.fees.with_own(basis, own)
    }

    /// The largest size, up to the full one, whose need is covered (M3).
    fn most_that_fits(&self, free: f64, own: f64) -> Result<f64, RejectReason> {
        let (instrument, asked) = (&self.symbol.instrument, self.full.lots);
        let one = self.basis(1.0, self.rate);
        let FeeParts {
            constant,
            per_lot,
            minimum,
        } = self.symbol.fees.split(&one, own);
        let margin = margin_of(instrument, &one);
        let mut most = (free - constant) / (margin + per_lot);
        if minimum > 0.0 {
            // Where the minimum applies, the fee is the same for all sizes.
            let at_minimum = (free - minimum) / margin;
            most = if at_minimum < most { at_minimum } else { most };
        }
        let mut lots = instrument.round_down(if most < asked { most } else { asked });
        for _ in 0..CORRECTIONS {
            if self.need(&self.basis(lots, self.rate), own) <= free {
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

/// A size that the free margin covers.
pub(super) struct Affordable {
    pub(super) basis: FeeBasis,
    /// What the fee function gave for it, where it was called.
    pub(super) own: Option<f64>,
}

/// The margin of a fill that opens a position (M7).
#[inline]
pub(super) fn margin_of(instrument: &Instrument, basis: &FeeBasis) -> f64 {
    instrument.margin(basis.notional, basis.lots, basis.price)
}

impl Simulator {
    /// The conversion rate that an entry is tested with: the newest that is complete (M7).
    #[inline]
    pub(super) fn entry_rate(&self, now: &SymbolBar) -> f64 {
        match self.settings.semantics {
            Semantics::One => now.rate,
            Semantics::Two => now.last_rate,
        }
    }

    /// The size of an entry that the free margin covers: all that was asked for, or less where it
    /// follows from the account (M3, M7).
    pub(super) fn affordable<A: Account>(
        &self,
        entry: &Entry<'_>,
        scales: bool,
        account: &A,
    ) -> Result<Affordable, RejectReason> {
        let full = |own| {
            let basis = entry.full;
            Ok(Affordable { basis, own })
        };
        // Fee, margin and profit would be infinite or NaN, and so would each balance after them.
        if !entry.full.notional.is_finite() {
            return Err(RejectReason::Size);
        }
        let free = self.free_margin(account);
        if self.settings.semantics == Semantics::One {
            let margin = margin_of(&entry.symbol.instrument, &entry.full);
            let is_covered = margin <= 0.0 || margin <= free;
            return if is_covered {
                full(None)
            } else {
                Err(RejectReason::Margin)
            };
        }
        if !self.settings.account.tests_margin {
            return full(None);
        }
        // Its result at the full size stands for all sizes, since it may be any function.
        let own = self.checked_fee(&entry.full, |fees| fees.own(&entry.full));
        if entry.need(&entry.full, own) <= free {
            return full(Some(own));
        }
        if scales {
            self.scaled(entry, free, own)
        } else {
            Err(RejectReason::Margin)
        }
    }

    /// The largest size that is covered.
    fn scaled(
        &self,
        entry: &Entry<'_>,
        free: f64,
        mut own: f64,
    ) -> Result<Affordable, RejectReason> {
        for _ in 0..TARIFFS {
            let lots = entry.most_that_fits(free, own)?;
            let basis = entry.basis(lots, entry.rate);
            own = self.checked_fee(&basis, |fees| fees.own(&basis));
            // A function may charge more for less, and no purchase takes cash below 0 (M12).
            if entry.need(&basis, own) <= free {
                let own = Some(own);
                return Ok(Affordable { basis, own });
            }
        }
        Err(RejectReason::Size)
    }

    /// The fee of an entry that fills at a rate.
    pub(super) fn entry_fee(&self, entry: &Entry<'_>, own: Option<f64>, rate: f64) -> f64 {
        match own {
            // The function has been called for this very fill.
            Some(own) if rate.to_bits() == entry.rate.to_bits() => {
                entry.symbol.fees.with_own(&entry.full, own)
            }
            Some(_) | None => self.fee(&entry.basis(entry.full.lots, rate)),
        }
    }

    pub(super) fn free_margin<A: Account>(&self, account: &A) -> f64 {
        let margin = |position: &Position| {
            let instrument = self.instrument(position.symbol);
            instrument.margin(position.value, position.lots, position.marked_price)
        };
        self.positions.equity(account) - self.positions.margin_held(margin)
    }

    /// Whether an order may open a position of a direction: a cash account holds no shorts (M12).
    #[inline]
    pub(super) fn check_short(&self, direction: Direction) -> Result<(), RejectReason> {
        let is_cash = self.settings.account.kind == AccountKind::Cash;
        if is_cash && direction == Direction::Short {
            Err(RejectReason::Short)
        } else {
            Ok(())
        }
    }
}
