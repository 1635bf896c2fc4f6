//! The probability of backtest overfitting by combinatorially symmetric cross-validation (Bailey,
//! Borwein, López de Prado and Zhu 2017), from block moments.

use rayon::iter::{IntoParallelIterator, ParallelIterator};

use super::moments::BlockMoments;
use super::{number, on_threads, sum, varies};

/// What the choices come to; a choice takes half of the blocks as its sample.
#[derive(Debug, Clone, PartialEq)]
pub struct Overfitting {
    /// Share of the choices whose best trial is in the worse half outside.
    pub probability: f64,
    /// Log-odds of the rank outside, of each choice in order.
    pub logits: Vec<f64>,
    /// Sharpe ratio of the best trial inside, of each choice.
    pub inside: Vec<f64>,
    /// And outside.
    pub outside: Vec<f64>,
    /// Slope of the line through them; none where all of `inside` are equal.
    pub slope: Option<f64>,
    /// Its value at 0.
    pub intercept: Option<f64>,
    /// Share of the choices whose best trial has a ratio below 0 outside.
    pub loss: f64,
}

/// Below this part of its terms a difference is rounding: 2 to the -40th.
const ROUNDING: f64 = 9.094_947_017_729_282e-13;
/// Blocks that are dealt out before the rest goes to threads.
const DEALT: usize = 6;

/// Blocks so far on one side: rows, sums and sums of squares of each trial.
struct Half {
    blocks: usize,
    rows: usize,
    sums: Vec<f64>,
    squares: Vec<f64>,
}

/// What one choice and its complement give.
#[derive(Clone, Copy)]
struct Pair {
    chosen: Found,
    complement: Found,
}

/// Of one choice: the logit, and the ratios of its best trial.
#[derive(Clone, Copy)]
struct Found {
    logit: f64,
    inside: f64,
    outside: f64,
}

/// All choices, in lexicographic order of their blocks; an even number of blocks, and two rows at
/// least in each half.
#[must_use]
pub fn overfitting(moments: &BlockMoments) -> Overfitting {
    let trials = moments.offsets.len();
    let until = DEALT.min(moments.lengths.len());
    let pairs: Vec<Pair> = on_threads(|| {
        let parts = begins(moments, until).into_par_iter().map(|begin| {
            let (inside, outside) = dealt(moments, begin, until);
            let mut pairs = Vec::new();
            let (mut a, mut b) = (vec![0.0; trials], vec![0.0; trials]);
            let all = moments.lengths.len();
            deal(
                moments,
                until,
                all,
                &inside,
                &outside,
                &mut |inside, outside| {
                    inside.ratios(&moments.offsets, &mut a);
                    outside.ratios(&moments.offsets, &mut b);
                    pairs.push(Pair {
                        chosen: found(&a, &b),
                        complement: found(&b, &a),
                    });
                },
            );
            pairs
        });
        parts.collect::<Vec<_>>().concat()
    });
    let first = pairs.iter().map(|pair| pair.chosen);
    // The complements of the first choices are the last ones, from the end.
    let found: Vec<Found> = first
        .chain(pairs.iter().rev().map(|pair| pair.complement))
        .collect();
    summed(&found)
}

/// How the blocks before one can lie, in the order of the choices: a bit for each after the first,
/// the highest for the earliest, set where it is outside.
///
/// The first block is inside: each choice without it is the complement of one with it.
fn begins(moments: &BlockMoments, until: usize) -> Vec<u32> {
    let half = moments.lengths.len() / 2;
    (0..1_u32 << (until - 1))
        .filter(|begin| {
            let outside = begin.count_ones() as usize;
            outside <= half && until - outside <= half
        })
        .collect()
}

/// The two sides of a begin: a thread adds them up when it comes to them, so that few are kept.
fn dealt(moments: &BlockMoments, begin: u32, until: usize) -> (Half, Half) {
    let trials = moments.offsets.len();
    let mut outside = Half {
        blocks: 0,
        rows: 0,
        sums: vec![0.0; trials],
        squares: vec![0.0; trials],
    };
    let mut inside = outside.with(moments, 0);
    for block in 1..until {
        let side = if begin >> (until - 1 - block) & 1 == 0 {
            &mut inside
        } else {
            &mut outside
        };
        *side = side.with(moments, block);
    }
    (inside, outside)
}

/// Deals the blocks from one to another out, each to the inside first, and takes what comes of it.
///
/// Choices that begin with the same blocks share their sums, so that each step adds one block to
/// one side.
fn deal(
    moments: &BlockMoments,
    block: usize,
    until: usize,
    inside: &Half,
    outside: &Half,
    take: &mut impl FnMut(&Half, &Half),
) {
    if block == until {
        take(inside, outside);
        return;
    }
    let half = moments.lengths.len() / 2;
    if inside.blocks < half {
        let next = inside.with(moments, block);
        deal(moments, block + 1, until, &next, outside, take);
    }
    if outside.blocks < half {
        let next = outside.with(moments, block);
        deal(moments, block + 1, until, inside, &next, take);
    }
}

impl Half {
    /// With one more block.
    fn with(&self, moments: &BlockMoments, block: usize) -> Self {
        let trials = moments.offsets.len();
        let place = block * trials..(block + 1) * trials;
        let added = |own: &[f64], more: &[f64]| own.iter().zip(more).map(|(a, b)| a + b).collect();
        Self {
            blocks: self.blocks + 1,
            rows: self.rows + moments.lengths[block],
            sums: added(&self.sums, &moments.sums[place.clone()]),
            squares: added(&self.squares, &moments.squares[place]),
        }
    }

    /// The Sharpe ratio of each trial; 0 without spread, and where the mean is rounding.
    fn ratios(&self, offsets: &[f64], into: &mut [f64]) {
        let n = number(self.rows);
        let sums = self.sums.iter().zip(&self.squares);
        for (ratio, ((sum, square), offset)) in into.iter_mut().zip(sums.zip(offsets)) {
            let mean = sum / n;
            let apart = square - sum * mean;
            let whole = offset + mean;
            let varies = apart > ROUNDING * square;
            *ratio = if varies && whole.abs() > ROUNDING * offset.abs() {
                whole / (apart / (n - 1.0)).sqrt()
            } else {
                0.0
            };
        }
    }
}

/// Whether two ratios differ by rounding alone: equal ones of two trials have sums of their own.
fn alike(a: f64, b: f64) -> bool {
    (a - b).abs() <= ROUNDING * b.abs()
}

/// The best trial of one half and its rank in the other; of equal ones the first is the best.
fn found(inside: &[f64], outside: &[f64]) -> Found {
    let most = inside.iter().copied().fold(inside[0], f64::max);
    let best = inside.iter().position(|&ratio| alike(ratio, most));
    let best = best.unwrap_or_default();
    let own = outside[best];
    let (mut below, mut equal) = (0_u32, 0_u32);
    for &ratio in outside {
        let is_equal = alike(ratio, own);
        below += u32::from(ratio < own && !is_equal);
        equal += u32::from(is_equal);
    }
    // The mean rank of equal ones, 1 for the worst.
    let rank = f64::from(below) + f64::midpoint(f64::from(equal), 1.0);
    // `ω/(1 − ω)` without the division by N + 1, so that the middle rank is exactly 1.
    let odds = rank / (number(outside.len()) + 1.0 - rank);
    Found {
        logit: odds.ln(),
        inside: inside[best],
        outside: own,
    }
}

fn summed(found: &[Found]) -> Overfitting {
    let n = number(found.len());
    let share = |is: fn(&Found) -> bool| number(found.iter().filter(|one| is(one)).count()) / n;
    let logits: Vec<f64> = found.iter().map(|one| one.logit).collect();
    let inside: Vec<f64> = found.iter().map(|one| one.inside).collect();
    let outside: Vec<f64> = found.iter().map(|one| one.outside).collect();
    let line = line(&inside, &outside);
    Overfitting {
        probability: share(|one| one.logit <= 0.0),
        loss: share(|one| one.outside < 0.0),
        logits,
        inside,
        outside,
        slope: line.map(|line| line.0),
        intercept: line.map(|line| line.1),
    }
}

/// Slope and value at 0 of the line of least squares; none where `x` does not vary.
fn line(x: &[f64], y: &[f64]) -> Option<(f64, f64)> {
    let n = number(x.len());
    let (mean_x, mean_y) = (sum(x.iter().copied()) / n, sum(y.iter().copied()) / n);
    let squares = sum(x.iter().map(|x| (x - mean_x) * (x - mean_x)));
    let crosses = sum(x.iter().zip(y).map(|(x, y)| (x - mean_x) * (y - mean_y)));
    let slope = (varies(x) && squares > 0.0).then(|| crosses / squares)?;
    Some((slope, mean_y - slope * mean_x))
}
