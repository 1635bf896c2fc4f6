//! The common factor of the purchases of a rebalance (W7, W8).

/// A little below 1, so that what rounding adds to a sum of purchases is never more than there is.
const BARELY_LESS: f64 = 1.0 - 1.0 / 1_099_511_627_776.0;

/// What the increases of a step need, added up in their order.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Needs {
    /// What grows with the sizes: margin, and proportional fees; with it the last-close value of
    /// the increases that wait for a bar.
    pub variable: f64,
    /// What does not: fixed and minimum fees, and what a fee function gives.
    pub fixed: f64,
    /// Both as they are at the full sizes, what waits included.
    pub full: f64,
}

/// By which factor all increases are made smaller: 1 where the money suffices.
#[must_use]
pub fn factor(needs: &Needs, free: f64) -> f64 {
    if needs.full <= free {
        return 1.0;
    }
    let left = free - needs.fixed;
    // In this form a factor of NaN is none either.
    if left > 0.0 && needs.variable > 0.0 {
        let factor = left / needs.variable * BARELY_LESS;
        if factor < 1.0 { factor } else { BARELY_LESS }
    } else {
        0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn purchases_that_are_paid_for_are_whole_and_others_shrink_together() {
        let needs = Needs {
            variable: 100_100.0,
            fixed: 0.0,
            full: 100_100.0,
        };
        assert_eq!(factor(&needs, 100_100.0), 1.0);
        let less = factor(&needs, 100_000.0);
        assert!((less - 0.999_000_999).abs() < 1e-9 && less * 100_100.0 < 100_000.0);
    }

    #[test]
    fn fixed_fees_come_first() {
        let needs = Needs {
            variable: 1_000.0,
            fixed: 10.0,
            full: 1_010.0,
        };
        assert!((factor(&needs, 510.0) - 0.5).abs() < 1e-9);
        assert_eq!(factor(&needs, 10.0), 0.0);
        assert_eq!(factor(&needs, -1.0), 0.0);
    }
}
