//! Fees of one leg, in account currency (M4).

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use crate::error::{Cause, OmegaError};
use crate::types::{Direction, OrderId, SymbolId};

/// A fill, as far as its fee depends on it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FeeBasis {
    /// The symbol.
    pub symbol: SymbolId,
    /// Whether it buys (long) or sells (short).
    pub direction: Direction,
    /// Its size.
    pub lots: f64,
    /// Lots × contract size.
    pub units: f64,
    /// Its price, slippage included.
    pub price: f64,
    /// What it is worth in account currency: |units × price × rate|.
    pub notional: f64,
    /// Whether it rested in the order book and was met there: a limit order or a take profit.
    pub is_maker: bool,
    /// Whether it opens a position.
    pub is_entry: bool,
    /// Time of the bar that it fills in.
    pub time: i64,
    /// The order that fills; of a protective exit, the order that opened its position.
    pub order: OrderId,
}

/// A fee of the user's own: a function of the fill, which may fail. It has to give the same fee for
/// the same fill, because it is also called for exits that a bar may have made (I3) and for sizes
/// that are only tried (M3).
// A type of its own around the function, so that `Fees` can be compared and printed: two of them
// are equal where they are one function.
#[derive(Clone)]
pub struct FeeFunction(Arc<Function>);

type Function = dyn Fn(&FeeBasis) -> Result<f64, Failed> + Send + Sync;

/// Why a function of the user's own failed.
type Failed = Box<dyn Error + Send + Sync>;

impl FeeFunction {
    /// Wraps a function. What it raises, or a fee that is not finite or below 0, ends the run.
    pub fn new(
        function: impl Fn(&FeeBasis) -> Result<f64, Failed> + Send + Sync + 'static,
    ) -> Self {
        Self(Arc::new(function))
    }

    #[inline]
    fn of(&self, basis: &FeeBasis) -> Result<f64, OmegaError> {
        let checked = (self.0)(basis).and_then(|fee| {
            // In this form NaN fails as well.
            if fee.is_finite() && fee >= 0.0 {
                Ok(fee)
            } else {
                Err(format!("it gave {fee}, expected a finite number, at least 0").into())
            }
        });
        checked.map_err(|cause| OmegaError::FeeFailed {
            order: basis.order.0,
            time: basis.time,
            cause: Cause::new(cause),
        })
    }
}

impl PartialEq for FeeFunction {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl fmt::Debug for FeeFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FeeFunction")
    }
}

/// The parts of a fee; they add up, and the minimum applies to their sum.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Fees {
    /// Per million of notional, in account currency.
    pub per_million: f64,
    /// Per lot.
    pub per_lot: f64,
    /// Percent of notional, in account currency.
    pub percent: f64,
    /// Per leg.
    pub fixed: f64,
    /// Percent of notional of limit orders that rested and of take profits.
    pub maker: f64,
    /// Percent of notional of all other fills.
    pub taker: f64,
    /// The user's own.
    pub function: Option<FeeFunction>,
    /// The least that a leg costs.
    pub minimum: f64,
    /// Whether only entries cost anything.
    pub entry_only: bool,
}

/// The fee of an entry of `x` lots: the greater of `constant + x × per_lot` and `minimum`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FeeParts {
    /// What any size costs: the fixed part, and the value of a function at the full size.
    pub constant: f64,
    /// What a lot costs at the price of the fill.
    pub per_lot: f64,
    /// The least that the leg costs.
    pub minimum: f64,
}

impl Fees {
    /// The fee of a leg.
    ///
    /// # Errors
    /// `FeeFailed` where the function fails.
    #[inline]
    pub fn of(&self, basis: &FeeBasis) -> Result<f64, OmegaError> {
        if self.entry_only && !basis.is_entry {
            return Ok(0.0);
        }
        Ok(self.with_own(basis, self.own(basis)?))
    }

    /// The fee of a leg whose fee function gave so much.
    #[inline]
    #[must_use]
    pub fn with_own(&self, basis: &FeeBasis, own: f64) -> f64 {
        // From the left, as M4.2 writes it and the reference adds.
        let fee = self.proportional(basis) + self.fixed + self.by_role(basis) + own;
        if fee < self.minimum {
            self.minimum
        } else {
            fee
        }
    }

    /// The fee of an entry as a function of its size (M3): a fee function counts with what it gave
    /// at the full size, which is that of the basis.
    #[must_use]
    pub fn split(&self, basis: &FeeBasis, own: f64) -> FeeParts {
        FeeParts {
            constant: self.fixed + own,
            per_lot: self.variable(basis) / basis.lots,
            minimum: self.minimum,
        }
    }

    /// The part of the fee of a leg that grows with its size.
    #[must_use]
    pub fn variable(&self, basis: &FeeBasis) -> f64 {
        self.proportional(basis) + self.by_role(basis)
    }

    #[inline]
    fn proportional(&self, basis: &FeeBasis) -> f64 {
        basis.notional * self.per_million / 1e6
            + basis.lots * self.per_lot
            + basis.notional * self.percent / 100.0
    }

    #[inline]
    fn by_role(&self, basis: &FeeBasis) -> f64 {
        let percent = if basis.is_maker {
            self.maker
        } else {
            self.taker
        };
        basis.notional * percent / 100.0
    }

    /// What the fee function gives for a leg; 0 where there is none.
    ///
    /// # Errors
    /// `FeeFailed` where it fails.
    #[inline]
    pub fn own(&self, basis: &FeeBasis) -> Result<f64, OmegaError> {
        match &self.function {
            // An entry without a notional is refused (M3.1): there is no fill to call it for.
            Some(function) if basis.notional.is_finite() => function.of(basis),
            Some(_) | None => Ok(0.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASIS: FeeBasis = FeeBasis {
        symbol: SymbolId(0),
        direction: Direction::Long,
        lots: 2.0,
        units: 200_000.0,
        price: 1.25,
        notional: 250_000.0,
        is_maker: false,
        is_entry: true,
        time: 60,
        order: OrderId(3),
    };

    fn exit() -> FeeBasis {
        FeeBasis {
            is_entry: false,
            ..BASIS
        }
    }

    fn maker() -> FeeBasis {
        FeeBasis {
            is_maker: true,
            ..BASIS
        }
    }

    /// 5 of the millions, 6 of the lots and 25 of the percent, 4 fixed, 50 or 125 by role.
    fn fees() -> Fees {
        Fees {
            per_million: 20.0,
            per_lot: 3.0,
            percent: 0.01,
            fixed: 4.0,
            maker: 0.02,
            taker: 0.05,
            ..Fees::default()
        }
    }

    #[test]
    fn parts_add_up_and_the_minimum_applies_to_their_sum() {
        assert_eq!(fees().of(&BASIS), Ok(5.0 + 6.0 + 25.0 + 4.0 + 125.0));
        assert_eq!(fees().of(&maker()), Ok(5.0 + 6.0 + 25.0 + 4.0 + 50.0));
        let least = |minimum| Fees { minimum, ..fees() };
        assert_eq!(least(164.0).of(&BASIS), Ok(165.0));
        assert_eq!(least(166.0).of(&BASIS), Ok(166.0));
    }

    #[test]
    fn a_function_adds_to_the_other_parts() {
        let function = FeeFunction::new(|fill| Ok(fill.units / 1e5 + f64::from(fill.order.0)));
        let own = |minimum| Fees {
            function: Some(function.clone()),
            minimum,
            ..fees()
        };
        assert_eq!(own(0.0).of(&BASIS), Ok(165.0 + 5.0));
        assert_eq!(own(171.0).of(&BASIS), Ok(171.0));
        assert_eq!(own(0.0), own(0.0));
        assert_ne!(own(0.0), fees());
    }

    #[test]
    fn an_exit_is_free_where_only_entries_cost() {
        let function = FeeFunction::new(|_| Err("called for an exit".into()));
        let entry_only = Fees {
            entry_only: true,
            minimum: 7.0,
            function: Some(function),
            ..fees()
        };
        assert_eq!(entry_only.of(&exit()), Ok(0.0));
        assert!(entry_only.of(&BASIS).is_err());
    }

    #[test]
    fn a_function_that_fails_names_the_order_and_keeps_its_cause() {
        let failed = |function: FeeFunction| {
            let fees = Fees {
                function: Some(function),
                ..Fees::default()
            };
            fees.of(&BASIS).unwrap_err().to_string()
        };
        assert_eq!(
            failed(FeeFunction::new(|_| Err("no tier for this size".into()))),
            "the fee function failed at the fill of order 3 at time 60: no tier for this size"
        );
        for fee in [-1.0, f64::NAN, f64::INFINITY] {
            assert_eq!(
                failed(FeeFunction::new(move |_| Ok(fee))),
                format!(
                    "the fee function failed at the fill of order 3 at time 60: it gave {fee}, \
                     expected a finite number, at least 0"
                )
            );
        }
    }

    #[test]
    fn a_notional_that_is_no_number_has_no_fee_of_a_function() {
        let basis = FeeBasis {
            notional: f64::INFINITY,
            ..BASIS
        };
        let fees = Fees {
            fixed: 1.0,
            function: Some(FeeFunction::new(|_| Err("called".into()))),
            ..Fees::default()
        };
        assert!(fees.of(&basis).is_ok());
    }

    #[test]
    fn the_split_of_an_entry_gives_its_fee_at_the_full_size() {
        let own = Fees {
            function: Some(FeeFunction::new(|fill| Ok(fill.lots))),
            minimum: 9.0,
            ..fees()
        };
        // (5 + 6 + 25 + 125) / 2 a lot for a taker, (5 + 6 + 25 + 50) / 2 for a maker.
        let parts = |per_lot| FeeParts {
            constant: 4.0 + 2.0,
            per_lot,
            minimum: 9.0,
        };
        let given = own.own(&BASIS).unwrap();
        assert_eq!(own.split(&BASIS, given), parts(80.5));
        assert_eq!(own.split(&maker(), given), parts(43.0));
        assert_eq!(own.of(&BASIS), Ok(6.0 + 2.0 * 80.5));
    }
}
