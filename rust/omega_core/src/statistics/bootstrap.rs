//! Draws of the stationary bootstrap (Politis and Romano 1994), each by its own key.
//!
//! A draw depends on the seed, the replicate and the position and on nothing else, so that results
//! do not depend on threads, nor on how many replicates there are.

use crate::execution::costs::{key_bits, next_bits};

use super::number;

/// Two to the 53rd.
const FULL: f64 = 9_007_199_254_740_992.0;

/// A uniform number in [0, 1) of a key.
fn uniform(bits: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit a double exactly")]
    let upper = (bits >> 11) as f64;
    upper / FULL
}

/// A uniform place among `n`.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "it is not below 0, and below the number of rows"
)]
pub(super) fn place(bits: u64, n: usize) -> u32 {
    let found = (uniform(bits) * number(n)) as u32;
    // The product may round up to `n`.
    if found as usize >= n {
        found - 1
    } else {
        found
    }
}

/// Row numbers of one replicate: with probability `1/block` a new start, else the next row, the
/// first after the last.
#[must_use]
pub fn draws(n: usize, block: f64, replicate: u32, seed: u64) -> Vec<u32> {
    let chance = 1.0 / block;
    let mut row = 0;
    (0..u32::try_from(n).unwrap_or(u32::MAX))
        .map(|position| {
            let bits = key_bits(seed, replicate, position);
            row = if position == 0 || uniform(bits) < chance {
                place(next_bits(bits), n)
            } else if row as usize + 1 == n {
                0
            } else {
                row + 1
            };
            row
        })
        .collect()
}

/// All `n^n` draws of `n` rows, the last position changing first.
#[must_use]
pub fn every_draw(n: usize) -> Vec<u32> {
    let count = n.pow(u32::try_from(n).unwrap_or(u32::MAX));
    let mut all = Vec::with_capacity(count * n);
    for mut code in 0..count {
        let begin = all.len();
        all.resize(begin + n, 0);
        for slot in all[begin..].iter_mut().rev() {
            *slot = u32::try_from(code % n).unwrap_or(0);
            code /= n;
        }
    }
    all
}
