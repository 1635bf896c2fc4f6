//! What other orders of the same trades would have come to.

use super::bootstrap::place;
use super::positive;
use crate::execution::costs::key_bits;

/// Where a path ended, and how deep it fell below its peak.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Path {
    /// Account at the end; of one that began with 1 where returns compound.
    pub last: f64,
    /// Deepest fall, as a part of the peak.
    pub drawdown: f64,
    /// Deepest fall, in the unit of the account.
    pub money: f64,
}

/// Walks trades in order: returns on the account, compounded from 1, or money added to `initial`.
///
/// An account of compounded returns that has reached 0 stays there.
pub(super) fn fall(trades: impl Iterator<Item = f64>, initial: Option<f64>) -> Path {
    let mut account = initial.unwrap_or(1.0);
    let mut peak = account;
    let (mut drawdown, mut money) = (0.0_f64, 0.0_f64);
    for trade in trades {
        account = match initial {
            Some(_) => account + trade,
            None => positive(account * (1.0 + trade)),
        };
        peak = peak.max(account);
        money = money.max(peak - account);
        drawdown = drawdown.max((peak - account) / peak);
    }
    Path {
        last: account,
        drawdown,
        money,
    }
}

/// The path of each order, which is as many places as there are trades.
#[must_use]
pub fn paths(trades: &[f64], orders: &[u32], initial: Option<f64>) -> Vec<Path> {
    orders
        .chunks_exact(trades.len())
        .map(|order| fall(order.iter().map(|&place| trades[place as usize]), initial))
        .collect()
}

/// A random order of `n` trades, all equally likely (Fisher and Yates), drawn by its own key.
#[must_use]
pub fn orders(n: usize, replicate: u32, seed: u64) -> Vec<u32> {
    let count = u32::try_from(n).unwrap_or(u32::MAX);
    let mut order: Vec<u32> = (0..count).collect();
    for last in (1..count).rev() {
        let other = place(key_bits(seed, replicate, last), last as usize + 1);
        order.swap(last as usize, other as usize);
    }
    order
}

/// All orders of `n` trades, in lexicographic order.
#[must_use]
pub fn every_order(n: usize) -> Vec<u32> {
    let count = u32::try_from(n).unwrap_or(u32::MAX);
    let mut order: Vec<u32> = (0..count).collect();
    let mut all = order.clone();
    // The next in lexicographic order: the last rise, and the smallest number that is larger.
    while let Some(rise) = (1..n).rev().find(|&place| order[place - 1] < order[place]) {
        let pivot = order[rise - 1];
        let larger = (rise..n).rev().find(|&place| order[place] > pivot);
        order.swap(rise - 1, larger.unwrap_or(rise));
        order[rise..].reverse();
        all.extend(&order);
    }
    all
}
