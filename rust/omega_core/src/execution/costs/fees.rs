//! Fees of one leg, in account currency (M4).

/// The parts of a fee; they add up, and the minimum applies to their sum.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Fees {
    /// Per million of notional, in account currency.
    pub per_million: f64,
    /// Per lot.
    pub per_lot: f64,
    /// Percent of notional, in account currency.
    pub percent: f64,
    /// The least that a leg costs.
    pub minimum: f64,
}

/// A fee as a function of the size.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FeeParts {
    /// What does not depend on the size.
    pub constant: f64,
    /// What each lot adds.
    pub per_lot: f64,
    /// The least that it is.
    pub minimum: f64,
}

impl Fees {
    /// The parts of the fee of an entry, where one lot is worth so much.
    #[must_use]
    pub fn split(&self, of_one: f64) -> FeeParts {
        FeeParts {
            constant: 0.0,
            per_lot: of_one * self.per_million / 1e6 + self.per_lot + of_one * self.percent / 100.0,
            minimum: self.minimum,
        }
    }

    /// The fee of a leg. `notional` is lots × contract size × price × rate, as a magnitude.
    #[must_use]
    pub fn of(&self, lots: f64, notional: f64) -> f64 {
        // From the left, as M4.2 writes it and the reference adds.
        let fee = notional * self.per_million / 1e6
            + lots * self.per_lot
            + notional * self.percent / 100.0;
        if fee < self.minimum {
            self.minimum
        } else {
            fee
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_add_up_and_the_minimum_applies_to_their_sum() {
        let fees = Fees {
            per_million: 20.0,
            per_lot: 3.0,
            percent: 0.01,
            minimum: 0.0,
        };
        assert_eq!(fees.of(2.0, 250_000.0), 5.0 + 6.0 + 25.0);
        assert_eq!(
            Fees {
                minimum: 50.0,
                ..fees
            }
            .of(2.0, 250_000.0),
            50.0
        );
    }
}
