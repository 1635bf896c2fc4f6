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
    /// Whether some values are no numbers.
    holes: bool,
}

impl Grid {
    /// By the sizes of the values: all mantissas may be odd.
    fn roughly(values: &[f64]) -> Self {
        let (mut smallest, mut largest) = (f64::INFINITY, 0.0);
        let (mut least, mut most) = (f64::INFINITY, f64::NEG_INFINITY);
        let mut holes = false;
        for value in values.iter().copied() {
            let size = value.abs();
            let hole = !size.is_finite();
            holes |= hole;
            let below = if size > 0.0 { size } else { f64::INFINITY };
            let above = if hole { 0.0 } else { size };
            smallest = if below < smallest { below } else { smallest };
            largest = if above > largest { above } else { largest };
            least = if !hole && value < least { value } else { least };
            most = if !hole && value > most { value } else { most };
        }
        let (unit, top) = if largest > 0.0 {
            (parts(smallest).1, parts(largest).1 + 53)
        } else {
            (0, 0)
        };
        Self {
            unit,
            top,
            // The power above the difference, and one more where rounding made it smaller.
            range: parts(most - least).1 + 54,
            holes,
        }
    }

    /// By the lowest bit of all mantissas.
    fn exactly(self, values: &[f64]) -> Self {
        let unit = values
            .iter()
            .filter(|value| value.is_finite() && **value != 0.0)
            .map(|value| {
                let (mantissa, exponent) = parts(*value);
                exponent + mantissa.trailing_zeros().cast_signed()
            })
            .min();
        Self {
            unit: unit.unwrap_or(0),
            ..self
        }
    }

    /// As rough as suffices for the narrowest numbers, else exact.
    fn of(values: &[f64], n: usize) -> Self {
        let rough = Self::roughly(values);
        if rough.is_narrow(n) {
            rough
        } else {
            rough.exactly(values)
        }
    }

    /// Bits that a number needs which is read off a window of n: a sum, or `n² · range² / 4`, which
    /// no spread exceeds.
    fn needs(self, n: usize) -> i32 {
        let count = (usize::BITS - n.leading_zeros()).cast_signed();
        let sum = self.top - self.unit + count;
        let spread = 2 * (self.range - self.unit + count) - 2;
        sum.max(spread) + 1
    }

    fn is_narrow(self, n: usize) -> bool {
        self.is_ordinary() && self.top - self.unit <= 62 && self.needs(n) <= 128
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
    /// A value in units.
    type Value: Copy;
    /// Wide enough for what is read off a window.
    type Number: Whole;
    fn new(grid: Grid) -> Self;
    /// The value in units; any number for a hole, as long as it is always the same.
    fn read(&self, value: f64) -> Self::Value;
    fn whole(value: Self::Value) -> Self::Number;
    fn product(a: Self::Value, b: Self::Value) -> Self::Number;
}

/// Fewer than 63 bits: one multiplication by a power of two, which is exact.
struct Narrow(f64);

impl Reader for Narrow {
    type Value = i64;
    type Number = i128;

    fn new(grid: Grid) -> Self {
        Self(power_of_two(-grid.unit))
    }

    #[expect(
        clippy::cast_possible_truncation,
        reason = "the product is a whole number below 2^62, or a hole, which leaves as it came"
    )]
    fn read(&self, value: f64) -> i64 {
        (value * self.0) as i64
    }

    fn whole(value: i64) -> i128 {
        i128::from(value)
    }

    fn product(a: i64, b: i64) -> i128 {
        i128::from(a) * i128::from(b)
    }
}

struct Shifting<W> {
    unit: i32,
    of: std::marker::PhantomData<W>,
}

impl<W: Whole> Reader for Shifting<W> {
    type Value = W;
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

    fn whole(value: W) -> W {
        value
    }

    fn product(a: W, b: W) -> W {
        a.times(b)
    }
}

/// The width that a column needs for windows of n.
enum Width {
    Narrow,
    Middle,
    Widest,
}

fn width(grids: &[Grid], n: usize) -> Width {
    let middle = |grid: &Grid| grid.is_ordinary() && grid.needs(n) <= 256;
    if grids.iter().all(|grid| grid.is_narrow(n)) {
        Width::Narrow
    } else if grids.iter().all(middle) {
        Width::Middle
    } else {
        Width::Widest
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
    let grid = Grid::of(values, n);
    let mut result = match width(&[grid], n) {
        Width::Narrow => sliding::<Narrow>(values, n, grid, what, of),
        Width::Middle => sliding::<Shifting<Middle>>(values, n, grid, what, of),
        Width::Widest => sliding::<Shifting<Widest>>(values, n, grid, what, of),
    };
    if grid.holes {
        without_holes(&mut result, values, n);
    }
    result
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
        Of::Spread => windows(values, n, &reader, Spread::<R>::new(grid, n), of),
        Of::Trend => windows(values, n, &reader, Trend::<R>::new(grid, n), of),
    }
}

/// Sums that a window keeps up to date.
trait Moment<R: Reader> {
    fn new(grid: Grid, n: usize) -> Self;
    /// `place` is that of the entering value in a window that is not full yet.
    fn enter(&mut self, value: R::Value, place: usize);
    fn leave(&mut self, value: R::Value);
    fn value(&self) -> f64;
}

fn windows<R: Reader, M: Moment<R>>(
    values: &[f64],
    n: usize,
    reader: &R,
    mut moment: M,
    of: impl Fn(f64) -> f64,
) -> Vec<f64> {
    let mut result = Vec::with_capacity(values.len());
    let first = n.min(values.len());
    for (place, value) in values[..first].iter().enumerate() {
        moment.enter(reader.read(*value), place);
        result.push(f64::NAN);
    }
    if first == n {
        result[n - 1] = of(moment.value());
    }
    let pairs = values[first..].iter().zip(values);
    result.extend(pairs.map(|(entering, leaving)| {
        moment.leave(reader.read(*leaving));
        moment.enter(reader.read(*entering), n - 1);
        of(moment.value())
    }));
    result
}

/// Makes NaN of every window that holds a value which is no number.
fn without_holes(result: &mut [f64], values: &[f64], n: usize) {
    for (place, value) in values.iter().enumerate() {
        if !value.is_finite() {
            let end = result.len().min(place + n);
            result[place..end].fill(f64::NAN);
        }
    }
}

/// A count as a whole number.
fn counted<W: Whole>(n: usize) -> W {
    W::shifted(i64::try_from(n).unwrap_or(i64::MAX), 0)
}

struct Spread<R: Reader> {
    sum: R::Number,
    squares: R::Number,
    count: R::Number,
    unit: i32,
}

impl<R: Reader> Moment<R> for Spread<R> {
    fn new(grid: Grid, n: usize) -> Self {
        Self {
            sum: counted(0),
            squares: counted(0),
            count: counted(n),
            unit: 2 * grid.unit,
        }
    }

    fn enter(&mut self, value: R::Value, _: usize) {
        self.sum = self.sum.plus(R::whole(value));
        self.squares = self.squares.plus(R::product(value, value));
    }

    fn leave(&mut self, value: R::Value) {
        self.sum = self.sum.minus(R::whole(value));
        self.squares = self.squares.minus(R::product(value, value));
    }

    fn value(&self) -> f64 {
        let whole = self.count.times(self.squares);
        whole.minus(self.sum.times(self.sum)).rounded(self.unit)
    }
}

struct Trend<R: Reader> {
    sum: R::Number,
    weighted: R::Number,
    last: R::Number,
    n: usize,
    unit: i32,
}

impl<R: Reader> Moment<R> for Trend<R> {
    fn new(grid: Grid, n: usize) -> Self {
        Self {
            sum: counted(0),
            weighted: counted(0),
            last: counted(n - 1),
            n,
            unit: grid.unit,
        }
    }

    fn enter(&mut self, value: R::Value, place: usize) {
        let weight = if place + 1 == self.n {
            self.last
        } else {
            counted(place)
        };
        self.sum = self.sum.plus(R::whole(value));
        self.weighted = self.weighted.plus(weight.times(R::whole(value)));
    }

    /// The oldest has weight 0; all others move down by one.
    fn leave(&mut self, value: R::Value) {
        self.sum = self.sum.minus(R::whole(value));
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
    let grids = [Grid::of(x, n), Grid::of(y, n)];
    let mut result = match width(&grids, n) {
        Width::Narrow => pairs::<Narrow>(x, y, n, grids, of),
        Width::Middle => pairs::<Shifting<Middle>>(x, y, n, grids, of),
        Width::Widest => pairs::<Shifting<Widest>>(x, y, n, grids, of),
    };
    for (grid, values) in grids.iter().zip([x, y]) {
        if grid.holes {
            without_holes(&mut result, values, n);
        }
    }
    result
}

fn pairs<R: Reader>(
    x: &[f64],
    y: &[f64],
    n: usize,
    grids: [Grid; 2],
    of: impl Fn(f64, f64, f64) -> f64,
) -> Vec<f64> {
    let readers = [R::new(grids[0]), R::new(grids[1])];
    let read = |x: f64, y: f64| (readers[0].read(x), readers[1].read(y));
    let mut state = Joint::<R>::new(grids, n);
    let value = |state: &Joint<R>| {
        let (both, of_x, of_y) = state.values();
        of(both, of_x, of_y)
    };
    let mut result = Vec::with_capacity(x.len());
    let first = n.min(x.len());
    for (x, y) in x[..first].iter().zip(y) {
        state.enter(read(*x, *y));
        result.push(f64::NAN);
    }
    if first == n {
        result[n - 1] = value(&state);
    }
    let entering = x[first..].iter().zip(&y[first..]);
    result.extend(entering.zip(x.iter().zip(y)).map(|(entering, leaving)| {
        state.leave(read(*leaving.0, *leaving.1));
        state.enter(read(*entering.0, *entering.1));
        value(&state)
    }));
    result
}

struct Joint<R: Reader> {
    x: Spread<R>,
    y: Spread<R>,
    products: R::Number,
    unit: i32,
}

impl<R: Reader> Joint<R> {
    fn new(grids: [Grid; 2], n: usize) -> Self {
        Self {
            x: Spread::new(grids[0], n),
            y: Spread::new(grids[1], n),
            products: counted(0),
            unit: grids[0].unit + grids[1].unit,
        }
    }

    fn enter(&mut self, (x, y): (R::Value, R::Value)) {
        self.x.enter(x, 0);
        self.y.enter(y, 0);
        self.products = self.products.plus(R::product(x, y));
    }

    fn leave(&mut self, (x, y): (R::Value, R::Value)) {
        self.x.leave(x);
        self.y.leave(y);
        self.products = self.products.minus(R::product(x, y));
    }

    fn values(&self) -> (f64, f64, f64) {
        let whole = self.x.count.times(self.products);
        let both = whole.minus(self.x.sum.times(self.y.sum));
        (both.rounded(self.unit), self.x.value(), self.y.value())
    }
}
