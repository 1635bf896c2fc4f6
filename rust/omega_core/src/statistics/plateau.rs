//! Whether the best point of a grid stands on a plateau or on a peak of its own.

use super::intervals::quantile;
use super::{number, sum};

/// A point of a grid beside its neighbours.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Plateau {
    /// Place of the point.
    pub point: usize,
    /// Neighbours with a value.
    pub neighbours: usize,
    /// Mean of the neighbours over the point's value; none unless that is above 0.
    pub ratio: Option<f64>,
    /// The worst of them over it.
    pub worst: Option<f64>,
    /// The median of the point and its neighbours.
    pub median: Option<f64>,
}

/// The point with the best value, or a given one, and its neighbours up to `steps` away in each
/// parameter; with `diagonal` in all of them at once. A NaN is a point without a value; none where
/// no point has one.
#[must_use]
pub fn plateau(
    values: &[f64],
    shape: &[usize],
    point: Option<usize>,
    steps: usize,
    diagonal: bool,
) -> Option<Plateau> {
    let point = point.or_else(|| best(values))?;
    let around: Vec<f64> = (0..values.len())
        .filter(|&other| other != point && are_near(point, other, shape, steps, diagonal))
        .map(|other| values[other])
        .filter(|value| !value.is_nan())
        .collect();
    let own = values[point];
    let over = |value: f64| (own > 0.0 && !around.is_empty()).then(|| value / own);
    let least = around.iter().copied().fold(f64::INFINITY, f64::min);
    let mut all = around.clone();
    all.push(own);
    all.sort_by(f64::total_cmp);
    Some(Plateau {
        point,
        neighbours: around.len(),
        ratio: over(sum(around.iter().copied()) / number(around.len())),
        worst: over(least),
        median: (!own.is_nan()).then(|| quantile(&all, 0.5)),
    })
}

/// The first of the largest values.
fn best(values: &[f64]) -> Option<usize> {
    let mut found: Option<usize> = None;
    for (place, value) in values.iter().enumerate() {
        let better = found.is_none_or(|best| *value > values[best]);
        if !value.is_nan() && better {
            found = Some(place);
        }
    }
    found
}

/// Whether two places are neighbours, the last parameter changing first.
fn are_near(a: usize, b: usize, shape: &[usize], steps: usize, diagonal: bool) -> bool {
    let (mut a, mut b) = (a, b);
    let mut differing = 0;
    for &length in shape.iter().rev() {
        let apart = (a % length).abs_diff(b % length);
        if apart > steps {
            return false;
        }
        differing += usize::from(apart > 0);
        (a, b) = (a / length, b / length);
    }
    diagonal || differing <= 1
}
