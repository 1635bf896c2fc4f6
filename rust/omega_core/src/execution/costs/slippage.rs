//! Slippage: a distance against the trader, fixed, random, in percent of the price, and by the size
//! of the fill (M4).

use std::sync::Arc;

/// Slippage of one symbol.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Slippage {
    /// Price units, always.
    pub fixed: f64,
    /// Price units times a draw from [0, 1) that only the seed, the order and the leg decide.
    pub random: f64,
    /// Percent of the price before slippage.
    pub percent: f64,
    /// By bar, the part of the price that a fill of one unit moves it by (M13).
    pub impact: Option<Arc<[f64]>>,
}

impl Slippage {
    /// The distance of one fill from its price before slippage.
    #[inline]
    #[must_use]
    pub fn distance(&self, price: f64, seed: u64, order: u32, leg: u32) -> f64 {
        // The three rounds of mixing are spared where they would be multiplied by 0.
        let pips = if self.random > 0.0 {
            self.fixed + uniform(seed, order, leg) * self.random
        } else {
            self.fixed
        };
        // Last and of the raw price, so that the draw stays what it is without a percentage. As a
        // magnitude, since a price below 0 slips against the trader as well.
        pips + price.abs() * self.percent / 100.0
    }

    /// How far a fill of so many units in a bar moves its price: with the root of its size.
    #[inline]
    #[must_use]
    pub fn impact(&self, price: f64, units: f64, bar: usize) -> f64 {
        let Some(impact) = &self.impact else {
            return 0.0;
        };
        let known = impact.get(bar).or_else(|| impact.last());
        price.abs() * known.copied().unwrap_or(0.0) * units.sqrt()
    }
}

/// A uniform number in [0, 1) that depends on its three arguments and on nothing else; the upper
/// 53 bits of [`key_bits`] make the number.
#[must_use]
pub fn uniform(seed: u64, order: u32, leg: u32) -> f64 {
    // Without a state from fill to fill: one order more would otherwise change the price of every
    // later one, and with it what a sweep compares (M4).
    let state = key_bits(seed, order, leg);
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit a double exactly")]
    let upper = (state >> 11) as f64;
    upper / 9_007_199_254_740_992.0
}

/// The golden ratio, which parts one stream from the next.
const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

/// Random bits of a key: `SplitMix64`'s finaliser (Steele, Lea and Flood 2014) over the seed and
/// the two numbers in turn.
#[must_use]
pub fn key_bits(seed: u64, first: u32, second: u32) -> u64 {
    let state = mix(seed.wrapping_add(GOLDEN));
    let state = mix(state ^ u64::from(first));
    mix(state ^ (u64::from(second) << 32))
}

/// More random bits of the same key.
#[must_use]
pub fn next_bits(bits: u64) -> u64 {
    mix(bits.wrapping_add(GOLDEN))
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
    fn a_percentage_of_the_price_comes_on_top_of_the_pips() {
        let slippage = Slippage {
            fixed: 0.5,
            random: 2.0,
            percent: 0.25,
            impact: None,
        };
        let pips = 0.5 + uniform(7, 3, 1) * 2.0;
        assert_eq!(slippage.distance(200.0, 7, 3, 1), pips + 0.5);
        assert_eq!(slippage.distance(-200.0, 7, 3, 1), pips + 0.5);
    }

    #[test]
    fn a_fill_moves_the_price_with_the_root_of_its_size() {
        let slippage = Slippage {
            impact: Some(Arc::from([f64::NAN, 0.001])),
            ..Slippage::default()
        };
        assert_eq!(slippage.impact(-50.0, 400.0, 1), 1.0);
        assert_eq!(slippage.impact(50.0, 100.0, 2), 0.5);
        assert_eq!(Slippage::default().impact(50.0, 100.0, 1), 0.0);
    }

    #[test]
    fn draws_fill_the_interval_evenly() {
        let mean = (0..10_000).map(|order| uniform(1, order, 0)).sum::<f64>() / 10_000.0;
        assert!((mean - 0.5).abs() < 0.01, "{mean}");
    }
}
