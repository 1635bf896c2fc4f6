//! Sums over a window in whole numbers, so that a value depends on its window alone.
//!
//! A double is a whole multiple of a power of two. In units of the smallest such power of a column
//! its values, their squares and products are whole numbers; they are added and taken away without
//! any rounding, and the result is rounded once. The width is chosen from the column: 128 bits
//! hold prices, 256 nearly all else, and 68 limbs every double there is.

use super::wide::{Whole, Wide, power_of_two};

/// Wide enough for everything that squares in common use need.
type Middle = Wide<4>;
/// Wide enough for the squares of all doubles together, 2^32 of them.
type Widest = Wide<68>;

/// The unit of a column, and how large its values are in it.
#[derive(Debug, Clone, Copy)]
struct Grid {
    /// Every value is a whole multiple of `2 ** unit`.
    unit: i32,
    /// No value reaches `2 ** top`.
    top: i32,
    /// The largest value less the smallest is below `2 ** range`.
    range: i32,
}

impl Grid {
    /// Of the finite values; what is not finite is a hole.
    fn of(values: &[f64]) -> Self {
        let (mut unit, mut top) = (i32::MAX, i32::MIN);
        let (mut least, mut most) = (f64::INFINITY, f64::NEG_INFINITY);
        for value in values.iter().filter(|value| value.is_finite()) {
            let (mantissa, exponent) = parts(*value);
            least = least.min(*value);
            most = most.max(*value);
            if mantissa != 0 {
                unit = unit.min(exponent + mantissa.trailing_zeros().cast_signed());
                top = top.max(exponent + 64 - mantissa.leading_zeros().cast_signed());
            }
        }
        if unit > top {
            (unit, top) = (0, 0);
        }
        // The power above the difference, and one more where rounding made it smaller.
        let range = parts(most - least).1 + 54;
        Self { unit, top, range }
    }

    /// Bits that a number needs which is read off a window of less than `2 ** count` values: their
    /// sum, or `n² · range² / 4`, which no spread exceeds.
    fn needs(self, count: i32) -> i32 {
        let sum = self.top - self.unit + count;
        let spread = 2 * (self.range - self.unit + count) - 2;
        sum.max(spread) + 1
    }

    /// Whether scaling by the unit, or by two of them, is exact and nothing is subnormal.
    fn is_ordinary(self) -> bool {
        self.unit >= -500 && self.top <= 400
    }
}

/// Mantissa without its sign, and the power of two that it counts in.
fn parts(value: f64) -> (u64, i32) {
    let bits = value.to_bits();
    let exponent = i32::try_from((bits >> 52) & 0x7ff).unwrap_or(0);
    let fraction = bits & ((1 << 52) - 1);
    if exponent == 0 {
        (fraction, -1074)
    } else {
        (fraction | (1 << 52), exponent - 1075)
    }
}

/// How a column's values become whole numbers.
trait Reader {
    type Number: Whole;
    fn new(grid: Grid) -> Self;
    /// The value in units; 0 where there is none.
    fn read(&self, value: f64) -> Self::Number;
}

/// Fewer than 63 bits: one multiplication by a power of two, which is exact.
struct Narrow(f64);

impl Reader for Narrow {
    type Number = i128;

    fn new(grid: Grid) -> Self {
        Self(power_of_two(-grid.unit))
    }

    #[expect(
        clippy::cast_possible_truncation,
        reason = "the product is a whole number below 2^62"
    )]
    fn read(&self, value: f64) -> i128 {
        let whole = if value.is_finite() { value } else { 0.0 };
        i128::from((whole * self.0) as i64)
    }
}

struct Shifting<W> {
    unit: i32,
    of: std::marker::PhantomData<W>,
}

impl<W: Whole> Reader for Shifting<W> {
    type Number = W;

    fn new(grid: Grid) -> Self {
        Self {
            unit: grid.unit,
            of: std::marker::PhantomData,
        }
    }

    fn read(&self, value: f64) -> W {
        let (mantissa, exponent) = parts(value);
        if mantissa == 0 || !value.is_finite() {
            return W::shifted(0, 0);
        }
        // A shift may lie below 0 where the mantissa ends in as many zeros.
        let shift = exponent - self.unit;
        let whole = (mantissa >> (-shift).clamp(0, 63)).cast_signed();
        let signed = if value < 0.0 { -whole } else { whole };
        W::shifted(signed, shift.max(0).cast_unsigned())
    }
}

/// The width that a column needs for windows of n.
enum Width {
    Narrow,
    Middle,
    Widest,
}

fn width(grids: &[Grid], n: usize) -> Width {
    let count = (usize::BITS - n.leading_zeros()).cast_signed();
    let needed = grids.iter().map(|grid| grid.needs(count)).max();
    let needed = needed.unwrap_or(0);
    let small = grids.iter().all(|grid| grid.top - grid.unit <= 62);
    if !grids.iter().all(|grid| grid.is_ordinary()) || needed > 256 {
        Width::Widest
    } else if small && needed <= 128 {
        Width::Narrow
    } else {
        Width::Middle
    }
}

/// Counts the holes of a window.
#[derive(Default)]
struct Holes {
    seen: usize,
    holes: usize,
}

impl Holes {
    fn pass(&mut self, entering: f64, leaving: Option<f64>) {
        self.seen += 1;
        self.holes += usize::from(!entering.is_finite());
        if leaving.is_some_and(|value| !value.is_finite()) {
            self.holes -= 1;
        }
    }

    fn full(&self, n: usize) -> bool {
        self.seen >= n && self.holes == 0
    }
}

/// What a window of one column is asked for.
#[derive(Clone, Copy)]
enum Of {
    Spread,
    Trend,
}

/// `of(n Σ x² − (Σ x)²)` of each full window, the difference rounded once: n² times the variance.
pub(super) fn spreads(values: &[f64], n: usize, of: impl Fn(f64) -> f64) -> Vec<f64> {
    over(values, n, Of::Spread, of)
}

/// `of(Σ (2 i − (n − 1)) x)` of each full window, i from 0, rounded once.
pub(super) fn trends(values: &[f64], n: usize, of: impl Fn(f64) -> f64) -> Vec<f64> {
    over(values, n, Of::Trend, of)
}

fn over(values: &[f64], n: usize, what: Of, of: impl Fn(f64) -> f64) -> Vec<f64> {
    let grid = Grid::of(values);
    match width(&[grid], n) {
        Width::Narrow => sliding::<Narrow>(values, n, grid, what, of),
        Width::Middle => sliding::<Shifting<Middle>>(values, n, grid, what, of),
        Width::Widest => sliding::<Shifting<Widest>>(values, n, grid, what, of),
    }
}

fn sliding<R: Reader>(
    values: &[f64],
    n: usize,
    grid: Grid,
    what: Of,
    of: impl Fn(f64) -> f64,
) -> Vec<f64> {
    let reader = R::new(grid);
    match what {
        Of::Spread => windows(values, n, &reader, Spread::new(&reader, grid, n), of),
        Of::Trend => windows(values, n, &reader, Trend::new(&reader, grid, n), of),
    }
}

/// Sums that a window keeps up to date.
trait Moment<W: Whole> {
    fn new<R: Reader<Number = W>>(reader: &R, grid: Grid, n: usize) -> Self;
    /// `place` is that of the entering value in a window that is not full yet.
    fn enter(&mut self, value: W, place: usize);
    fn leave(&mut self, value: W);
    fn value(&self) -> f64;
}

fn windows<R: Reader, M: Moment<R::Number>>(
    values: &[f64],
    n: usize,
    reader: &R,
    mut moment: M,
    of: impl Fn(f64) -> f64,
) -> Vec<f64> {
    let mut holes = Holes::default();
    let mut result = Vec::with_capacity(values.len());
    let first = n.min(values.len());
    for (place, value) in values[..first].iter().enumerate() {
        holes.pass(*value, None);
        moment.enter(reader.read(*value), place);
        let full = holes.full(n);
        result.push(if full { of(moment.value()) } else { f64::NAN });
    }
    for (entering, leaving) in values[first..].iter().zip(values) {
        holes.pass(*entering, Some(*leaving));
        moment.leave(reader.read(*leaving));
        moment.enter(reader.read(*entering), n - 1);
        let full = holes.full(n);
        result.push(if full { of(moment.value()) } else { f64::NAN });
    }
    result
}

/// A count as a whole number.
fn counted<W: Whole>(n: usize) -> W {
    W::shifted(i64::try_from(n).unwrap_or(i64::MAX), 0)
}

struct Spread<W> {
    sum: W,
    squares: W,
    count: W,
    unit: i32,
}

impl<W: Whole> Moment<W> for Spread<W> {
    fn new<R: Reader<Number = W>>(_: &R, grid: Grid, n: usize) -> Self {
        Self {
            sum: counted(0),
            squares: counted(0),
            count: counted(n),
            unit: 2 * grid.unit,
        }
    }

    fn enter(&mut self, value: W, _: usize) {
        self.sum = self.sum.plus(value);
        self.squares = self.squares.plus(value.times(value));
    }

    fn leave(&mut self, value: W) {
        self.sum = self.sum.minus(value);
        self.squares = self.squares.minus(value.times(value));
    }

    fn value(&self) -> f64 {
        let whole = self.count.times(self.squares);
        whole.minus(self.sum.times(self.sum)).rounded(self.unit)
    }
}

struct Trend<W> {
    sum: W,
    weighted: W,
    last: W,
    n: usize,
    unit: i32,
}

impl<W: Whole> Moment<W> for Trend<W> {
    fn new<R: Reader<Number = W>>(_: &R, grid: Grid, n: usize) -> Self {
        Self {
            sum: counted(0),
            weighted: counted(0),
            last: counted(n - 1),
            n,
            unit: grid.unit,
        }
    }

    fn enter(&mut self, value: W, place: usize) {
        let weight = if place + 1 == self.n {
            self.last
        } else {
            counted(place)
        };
        self.sum = self.sum.plus(value);
        self.weighted = self.weighted.plus(weight.times(value));
    }

    /// The oldest has weight 0; all others move down by one.
    fn leave(&mut self, value: W) {
        self.sum = self.sum.minus(value);
        self.weighted = self.weighted.minus(self.sum);
    }

    fn value(&self) -> f64 {
        let twice = self.weighted.plus(self.weighted);
        twice.minus(self.last.times(self.sum)).rounded(self.unit)
    }
}

/// `of(nΣxy − ΣxΣy, nΣx² − (Σx)², nΣy² − (Σy)²)` of each window that is full in both columns, each
/// of the three rounded once.
pub(super) fn joint(x: &[f64], y: &[f64], n: usize, of: impl Fn(f64, f64, f64) -> f64) -> Vec<f64> {
    let grids = [Grid::of(x), Grid::of(y)];
    match width(&grids, n) {
        Width::Narrow => pairs::<Narrow>(x, y, n, grids, of),
        Width::Middle => pairs::<Shifting<Middle>>(x, y, n, grids, of),
        Width::Widest => pairs::<Shifting<Widest>>(x, y, n, grids, of),
    }
}

fn pairs<R: Reader>(
    x: &[f64],
    y: &[f64],
    n: usize,
    grids: [Grid; 2],
    of: impl Fn(f64, f64, f64) -> f64,
) -> Vec<f64> {
    let readers = [R::new(grids[0]), R::new(grids[1])];
    let mut state = Joint::new(&readers, grids, n);
    let mut holes = [Holes::default(), Holes::default()];
    let mut result = Vec::with_capacity(x.len());
    for i in 0..x.len().min(y.len()) {
        if i >= n {
            holes[0].pass(x[i], Some(x[i - n]));
            holes[1].pass(y[i], Some(y[i - n]));
            state.leave(readers[0].read(x[i - n]), readers[1].read(y[i - n]));
        } else {
            holes[0].pass(x[i], None);
            holes[1].pass(y[i], None);
        }
        state.enter(readers[0].read(x[i]), readers[1].read(y[i]));
        let full = holes[0].full(n) && holes[1].full(n);
        result.push(if full {
            let (both, of_x, of_y) = state.values();
            of(both, of_x, of_y)
        } else {
            f64::NAN
        });
    }
    result
}

struct Joint<W> {
    x: Spread<W>,
    y: Spread<W>,
    products: W,
    unit: i32,
}

impl<W: Whole> Joint<W> {
    fn new<R: Reader<Number = W>>(readers: &[R; 2], grids: [Grid; 2], n: usize) -> Self {
        Self {
            x: Spread::new(&readers[0], grids[0], n),
            y: Spread::new(&readers[1], grids[1], n),
            products: counted(0),
            unit: grids[0].unit + grids[1].unit,
        }
    }

    fn enter(&mut self, x: W, y: W) {
        self.x.enter(x, 0);
        self.y.enter(y, 0);
        self.products = self.products.plus(x.times(y));
    }

    fn leave(&mut self, x: W, y: W) {
        self.x.leave(x);
        self.y.leave(y);
        self.products = self.products.minus(x.times(y));
    }

    fn values(&self) -> (f64, f64, f64) {
        let whole = self.x.count.times(self.products);
        let both = whole.minus(self.x.sum.times(self.y.sum));
        (both.rounded(self.unit), self.x.value(), self.y.value())
    }
}
