//! Sizes of candles, their averages, and a look back from each bar: what patterns are made of.
//!
//! Bars are looked at block by block, and conditions are joined by `&` and `|`, which have no
//! branch: the compiler turns them into vector instructions, and none is as hard to predict as the
//! market.

use std::ops::Range;

use super::dispersion::float;

/// What a pattern takes for long, short or near: so many times the mean of a size over the bars
/// before; of no bars, the size of the bar itself.
#[derive(Debug, Clone, Copy)]
pub(super) struct Setting {
    size: Size,
    pub(super) bars: usize,
    factor: f64,
}

/// A size of a bar.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Size {
    Body,
    Range,
    /// Both shadows.
    Shadows,
}

const fn setting(size: Size, bars: usize, factor: f64) -> Setting {
    Setting { size, bars, factor }
}

pub(super) const LONG: Setting = setting(Size::Body, 10, 1.0);
pub(super) const SHORT: Setting = LONG;
pub(super) const DOJI: Setting = setting(Size::Range, 10, 0.1);
pub(super) const SHADOW_LONG: Setting = setting(Size::Body, 0, 1.0);
pub(super) const SHADOW_VERY_LONG: Setting = setting(Size::Body, 0, 2.0);
/// Of one shadow, hence half.
pub(super) const SHADOW_SHORT: Setting = setting(Size::Shadows, 10, 0.5);
pub(super) const SHADOW_NONE: Setting = setting(Size::Range, 10, 0.1);
pub(super) const NEAR: Setting = setting(Size::Range, 5, 0.2);
pub(super) const FAR: Setting = setting(Size::Range, 5, 0.6);
pub(super) const EQUAL: Setting = setting(Size::Range, 5, 0.05);

/// How many bars are looked at together,
const BLOCK: usize = 128;
/// and how many before them: four, and the ten of an average.
const BACK: usize = 14;

/// A column of these.
type Window = [f64; BACK + BLOCK];

impl Size {
    /// Puts down that of each bar.
    fn measure(self, [open, high, low, close]: [&Window; 4], out: &mut Window) {
        let larger = |a: f64, b: f64| if a > b { a } else { b };
        let smaller = |a: f64, b: f64| if a < b { a } else { b };
        for (k, out) in out.iter_mut().enumerate() {
            *out = match self {
                Self::Body => (close[k] - open[k]).abs(),
                Self::Range => high[k] - low[k],
                Self::Shadows => {
                    (high[k] - larger(close[k], open[k])) + (smaller(close[k], open[k]) - low[k])
                }
            };
        }
    }
}

/// The bars up to one of them, seen from there: 0 is itself, 1 the one before.
#[derive(Debug, Clone, Copy)]
pub(super) struct View<'a> {
    bars: [&'a Window; 4],
    at: usize,
    /// How far a close must reach into another body, as a part of it.
    pub(super) depth: f64,
}

impl View<'_> {
    pub(super) fn open(&self, ago: usize) -> f64 {
        self.bars[0][self.at - ago]
    }

    pub(super) fn high(&self, ago: usize) -> f64 {
        self.bars[1][self.at - ago]
    }

    pub(super) fn low(&self, ago: usize) -> f64 {
        self.bars[2][self.at - ago]
    }

    pub(super) fn close(&self, ago: usize) -> f64 {
        self.bars[3][self.at - ago]
    }

    pub(super) fn white(&self, ago: usize) -> bool {
        self.close(ago) >= self.open(ago)
    }

    pub(super) fn black(&self, ago: usize) -> bool {
        !self.white(ago)
    }

    /// 1 of a white bar, −1 of a black one.
    pub(super) fn sign(&self, ago: usize) -> f64 {
        if self.white(ago) { 1.0 } else { -1.0 }
    }

    pub(super) fn body(&self, ago: usize) -> f64 {
        (self.close(ago) - self.open(ago)).abs()
    }

    pub(super) fn range(&self, ago: usize) -> f64 {
        self.high(ago) - self.low(ago)
    }

    /// The upper end of the body.
    pub(super) fn top(&self, ago: usize) -> f64 {
        // In this form it is one instruction; of equal ones either will do.
        let (open, close) = (self.open(ago), self.close(ago));
        if close > open { close } else { open }
    }

    /// The lower end of the body.
    pub(super) fn bottom(&self, ago: usize) -> f64 {
        let (open, close) = (self.open(ago), self.close(ago));
        if close < open { close } else { open }
    }

    /// The upper shadow.
    pub(super) fn above(&self, ago: usize) -> f64 {
        self.high(ago) - self.top(ago)
    }

    /// The lower shadow.
    pub(super) fn below(&self, ago: usize) -> f64 {
        self.bottom(ago) - self.low(ago)
    }

    /// Whether the body lies above that of an earlier bar.
    pub(super) fn gaps_up(&self, ago: usize, from: usize) -> bool {
        self.bottom(ago) > self.top(from)
    }

    pub(super) fn gaps_down(&self, ago: usize, from: usize) -> bool {
        self.top(ago) < self.bottom(from)
    }

    /// Whether the whole bar does.
    pub(super) fn leaps_up(&self, ago: usize, from: usize) -> bool {
        self.low(ago) > self.high(from)
    }

    pub(super) fn leaps_down(&self, ago: usize, from: usize) -> bool {
        self.high(ago) < self.low(from)
    }

    /// Whether a price lies inside the body.
    pub(super) fn holds(&self, ago: usize, price: f64) -> bool {
        (price > self.bottom(ago)) & (price < self.top(ago))
    }

    pub(super) fn whites(&self, count: usize) -> bool {
        (0..count).fold(true, |all, ago| all & self.white(ago))
    }

    pub(super) fn blacks(&self, count: usize) -> bool {
        (0..count).fold(true, |all, ago| all & self.black(ago))
    }

    /// Whether bars rise, their ends and not only their closes.
    pub(super) fn climbs(&self, ago: usize) -> bool {
        (self.high(ago) > self.high(ago + 1)) & (self.low(ago) > self.low(ago + 1))
    }

    pub(super) fn sinks(&self, ago: usize) -> bool {
        (self.high(ago) < self.high(ago + 1)) & (self.low(ago) < self.low(ago + 1))
    }

    /// Whether both ends break out of the bar before the same way.
    pub(super) fn breaks(&self) -> bool {
        self.climbs(0) | self.sinks(0)
    }

    /// Whether the bar lies within the one before.
    pub(super) fn is_inside(&self, ago: usize) -> bool {
        (self.high(ago) < self.high(ago + 1)) & (self.low(ago) > self.low(ago + 1))
    }

    /// The value of a break that is expected to be false: against its direction.
    pub(super) fn against(&self) -> f64 {
        if self.high(0) < self.high(1) {
            100.0
        } else {
            -100.0
        }
    }

    /// Whether the body opens no lower than the one before and no more than so far above its close.
    pub(super) fn opens_within(&self, ago: usize, near: f64) -> bool {
        (self.open(ago) > self.open(ago + 1)) & (self.open(ago) <= self.close(ago + 1) + near)
    }

    /// 100 where the body lies within that of the bar before, 80 where they share an end, against
    /// the direction of that bar.
    pub(super) fn harami(&self) -> f64 {
        let within = (self.top(0) <= self.top(1)) & (self.bottom(0) >= self.bottom(1));
        let apart = (self.top(0) < self.top(1)) & (self.bottom(0) > self.bottom(1));
        let size = if apart { 100.0 } else { 80.0 };
        if within { -self.sign(1) * size } else { 0.0 }
    }

    /// 100 in its direction where the body holds that of the bar before, 80 where they share one.
    pub(super) fn engulfing(&self) -> f64 {
        let apart = (self.open(0) - self.close(1) != 0.0) & (self.close(0) - self.open(1) != 0.0);
        self.sign(0) * if apart { 100.0 } else { 80.0 }
    }

    /// Whether the whole bar lies beyond the one before, against the direction of that.
    pub(super) fn kicks(&self) -> bool {
        (self.black(1) & self.white(0) & self.leaps_up(0, 1))
            | (self.white(1) & self.black(0) & self.leaps_down(0, 1))
    }
}

/// Whether two prices are no further apart than that.
#[expect(
    clippy::needless_bitwise_bool,
    reason = "a branch would keep a loop from vector instructions"
)]
pub(super) fn close_to(price: f64, other: f64, distance: f64) -> bool {
    (price <= other + distance) & (price >= other - distance)
}

/// The value of a pattern that looks `back` bars back, at each bar, NaN before it has its averages.
///
/// A bar that is not finite ends what was, and the next ones begin anew.
pub(super) fn scan<const N: usize>(
    (bars, depth): ([&[f64]; 4], f64),
    back: usize,
    averages: [(Setting, usize); N],
    value: impl Fn(View<'_>, [f64; N]) -> f64,
) -> Vec<f64> {
    let rows = bars[0].len();
    let start = back + longest(&averages.map(|(setting, _)| setting.bars));
    let mut result = Vec::with_capacity(rows);
    let mut edge = [[0.0; BACK + BLOCK]; 4];
    let mut block = Averages::new(averages);
    let (mut first, mut row) = (0, 0);
    while row < rows {
        let limit = rows.min(row + BLOCK);
        let end = first_hole(bars, row..limit);
        let from = row.max(first + start);
        result.resize(from.min(end), f64::NAN);
        if from < end {
            let bars = windows(bars, from..end, &mut edge);
            block.measure(bars);
            if from == first + start {
                block.begin();
            }
            block.step(end - from);
            // Of a whole block, whatever its last places hold: a length that the compiler knows.
            let values: [f64; BLOCK] = std::array::from_fn(|k| {
                let at = BACK + k;
                let means = std::array::from_fn(|place| block.means[place][k]);
                value(View { bars, at, depth }, means)
            });
            result.extend_from_slice(&values[..end - from]);
        }
        row = end;
        if end < limit {
            result.push(f64::NAN);
            row = end + 1;
            first = row;
        }
    }
    result
}

/// The first of some rows that has what is not finite, or the end of them.
fn first_hole(bars: [&[f64]; 4], rows: Range<usize>) -> usize {
    if bars.iter().all(|column| adds_up(&column[rows.clone()])) {
        return rows.end;
    }
    let is_hole = |row: &usize| bars.iter().any(|column| !column[*row].is_finite());
    rows.clone().find(is_hole).unwrap_or(rows.end)
}

/// Whether the sum of the values is finite, which it is only where all of them are.
fn adds_up(column: &[f64]) -> bool {
    // Side by side, which the compiler turns into vector instructions.
    let mut sums = [0.0; 8];
    let (chunks, rest) = column.as_chunks::<8>();
    for chunk in chunks {
        for (sum, value) in sums.iter_mut().zip(chunk) {
            *sum += value;
        }
    }
    sums.iter().chain(rest).all(|sum: &f64| sum.is_finite())
}

/// The columns from before some rows on: where they lie, or copied at the ends of the data.
fn windows<'a>(
    bars: [&'a [f64]; 4],
    rows: Range<usize>,
    edge: &'a mut [Window; 4],
) -> [&'a Window; 4] {
    let first = rows.start.saturating_sub(BACK);
    let place = BACK + first - rows.start;
    let is_whole = place == 0 && first + BACK + BLOCK <= bars[0].len();
    if !is_whole {
        for (kept, column) in edge.iter_mut().zip(bars) {
            kept[place..][..rows.end - first].copy_from_slice(&column[first..rows.end]);
        }
    }
    let edge = &*edge;
    std::array::from_fn(|column| {
        let lying = bars[column][first..].first_chunk();
        lying.filter(|_| is_whole).unwrap_or(&edge[column])
    })
}

/// Sizes of the bars of a block, and their averages.
struct Averages<const N: usize> {
    of: [(Setting, usize); N],
    sizes: [Window; 3],
    sums: [f64; N],
    means: [[f64; BLOCK]; N],
}

impl<const N: usize> Averages<N> {
    fn new(of: [(Setting, usize); N]) -> Self {
        Self {
            of,
            sizes: [[0.0; BACK + BLOCK]; 3],
            sums: [0.0; N],
            means: [[0.0; BLOCK]; N],
        }
    }

    fn measure(&mut self, bars: [&Window; 4]) {
        for size in [Size::Body, Size::Range, Size::Shadows] {
            if self.of.iter().any(|(setting, _)| setting.size == size) {
                size.measure(bars, &mut self.sizes[size as usize]);
            }
        }
    }

    /// The sums at the first of the bars.
    fn begin(&mut self) {
        self.sums = self.of.map(|(setting, ago)| {
            let sizes = &self.sizes[setting.size as usize][BACK - ago - setting.bars..];
            sizes[..setting.bars].iter().sum()
        });
    }

    /// The averages at so many bars, and the sums after the last.
    fn step(&mut self, length: usize) {
        let columns = self.of.map(|(setting, ago)| {
            let sizes = &self.sizes[setting.size as usize];
            let before = BACK - ago - setting.bars;
            (&sizes[BACK - ago..][..BLOCK], &sizes[before..][..BLOCK])
        });
        // Updated from bar to bar, in doubles and in TA-Lib's order: where a body is as long as its
        // average, the last bits decide, and are to decide alike. All side by side, as each waits
        // for its sum before; copies, which stay in registers.
        let mut sums = self.sums;
        for k in 0..length.min(BLOCK) {
            for place in 0..N {
                let (entering, leaving) = columns[place];
                self.means[place][k] = sums[place];
                sums[place] += entering[k] - leaving[k];
            }
        }
        self.sums = sums;
        let all = self.means.iter_mut().zip(self.of).zip(columns);
        for ((means, (setting, _)), (sizes, _)) in all {
            let (factor, count) = (setting.factor, float(setting.bars));
            if setting.bars == 0 {
                for (mean, size) in means.iter_mut().zip(sizes) {
                    *mean = factor * size;
                }
            } else {
                for mean in means {
                    *mean = factor * (*mean / count);
                }
            }
        }
    }
}

pub(super) const fn longest(bars: &[usize]) -> usize {
    let (mut most, mut place) = (0, 0);
    while place < bars.len() {
        most = if bars[place] > most {
            bars[place]
        } else {
            most
        };
        place += 1;
    }
    most
}

/// A break that waits for its confirmation: where, and its value.
type Pending = Option<(usize, f64)>;

/// Bars in which a break may be confirmed, and as many are counted before one is shown.
const PATIENCE: usize = 3;

/// The values of breaks that are expected to be false, and twice as much where one of the last
/// three bars is confirmed by a close beyond the bar before it.
pub(super) fn confirmed(bars: [&[f64]; 4], mut breaks: Vec<f64>) -> Vec<f64> {
    let [_, high, low, close] = bars;
    let (mut pending, mut hidden): (Pending, usize) = (None, PATIENCE);
    for (at, out) in breaks.iter_mut().enumerate() {
        if out.is_nan() {
            (pending, hidden) = (None, PATIENCE);
            continue;
        }
        if *out != 0.0 {
            pending = Some((at, *out));
        } else if let Some((broken, value)) = pending {
            let is_confirmed = if value > 0.0 {
                close[at] > high[broken - 1]
            } else {
                close[at] < low[broken - 1]
            };
            if at > broken + PATIENCE {
                pending = None;
            } else if is_confirmed {
                (pending, *out) = (None, 2.0 * value);
            }
        }
        if hidden > 0 {
            (hidden, *out) = (hidden - 1, f64::NAN);
        }
    }
    breaks
}
