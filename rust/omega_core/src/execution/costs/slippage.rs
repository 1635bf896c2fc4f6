//! Slippage: a distance against the trader, fixed and random (M4).

/// Slippage of one symbol, in price units.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Slippage {
    /// Always.
    pub fixed: f64,
    /// Times a draw from [0, 1) that only the seed, the order and the leg decide.
    pub random: f64,
}

impl Slippage {
    /// The distance of one fill.
    #[must_use]
    pub fn distance(&self, seed: u64, order: u32, leg: u32) -> f64 {
        // The three rounds of mixing are spared where they would be multiplied by 0.
        if self.random > 0.0 {
            self.fixed + uniform(seed, order, leg) * self.random
        } else {
            self.fixed
        }
    }
}

/// A uniform number in [0, 1) that depends on its three arguments and on nothing else:
/// `SplitMix64`'s finaliser (Steele, Lea and Flood 2014) over the seed, the order and the leg in
/// turn; the upper 53 bits of the last state make the number.
#[must_use]
pub fn uniform(seed: u64, order: u32, leg: u32) -> f64 {
    // Without a state from fill to fill: one order more would otherwise change the price of every
    // later one, and with it what a sweep compares (M4).
    let state = mix(seed.wrapping_add(0x9E37_79B9_7F4A_7C15));
    let state = mix(state ^ u64::from(order));
    let state = mix(state ^ (u64::from(leg) << 32));
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit a double exactly")]
    let upper = (state >> 11) as f64;
    upper / 9_007_199_254_740_992.0
}

fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_depend_on_every_key_and_repeat() {
        let draw = uniform(7, 3, 1);
        assert!((0.0..1.0).contains(&draw));
        assert_eq!(draw.to_bits(), uniform(7, 3, 1).to_bits());
        for other in [uniform(8, 3, 1), uniform(7, 4, 1), uniform(7, 3, 2)] {
            assert_ne!(draw.to_bits(), other.to_bits());
        }
    }

    #[test]
    fn draws_fill_the_interval_evenly() {
        let mean = (0..10_000).map(|order| uniform(1, order, 0)).sum::<f64>() / 10_000.0;
        assert!((mean - 0.5).abs() < 0.01, "{mean}");
    }
}
