//! Sizes of candles, their averages, and a look back from each bar: what patterns are made of.

use super::spread::float;

/// What a pattern takes for long, short or near: so many times the mean of a size over the bars
/// before; of no bars, the size of the bar itself.
#[derive(Debug, Clone, Copy)]
pub(super) struct Setting {
    size: Size,
    pub(super) bars: usize,
    factor: f64,
}

/// A size of a bar.
#[derive(Debug, Clone, Copy)]
enum Size {
    Body,
    Range,
    /// Both shadows; the mean of one is meant.
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
pub(super) const SHADOW_SHORT: Setting = setting(Size::Shadows, 10, 1.0);
pub(super) const SHADOW_NONE: Setting = setting(Size::Range, 10, 0.1);
pub(super) const NEAR: Setting = setting(Size::Range, 5, 0.2);
pub(super) const FAR: Setting = setting(Size::Range, 5, 0.6);
pub(super) const EQUAL: Setting = setting(Size::Range, 5, 0.05);

/// The bars up to one of them, seen from there: 0 is itself, 1 the one before.
#[derive(Debug, Clone, Copy)]
pub(super) struct View<'a> {
    bars: [&'a [f64]; 4],
    at: usize,
    /// The first bar that is looked at.
    start: usize,
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
        if self.white(ago) {
            self.close(ago)
        } else {
            self.open(ago)
        }
    }

    /// The lower end of the body.
    pub(super) fn bottom(&self, ago: usize) -> f64 {
        if self.white(ago) {
            self.open(ago)
        } else {
            self.close(ago)
        }
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
        price > self.bottom(ago) && price < self.top(ago)
    }

    fn size(&self, size: Size, ago: usize) -> f64 {
        match size {
            Size::Body => self.body(ago),
            Size::Range => self.range(ago),
            Size::Shadows => self.above(ago) + self.below(ago),
        }
    }

    pub(super) fn whites(&self, count: usize) -> bool {
        (0..count).all(|ago| self.white(ago))
    }

    pub(super) fn blacks(&self, count: usize) -> bool {
        (0..count).all(|ago| self.black(ago))
    }

    /// Whether both ends break out of the bar before the same way.
    pub(super) fn breaks(&self) -> bool {
        let (up, down) = (self.high(0) > self.high(1), self.high(0) < self.high(1));
        down && self.low(0) < self.low(1) || up && self.low(0) > self.low(1)
    }

    /// Whether bars rise, their ends and not only their closes.
    pub(super) fn climbs(&self, ago: usize) -> bool {
        self.high(ago) > self.high(ago + 1) && self.low(ago) > self.low(ago + 1)
    }

    pub(super) fn sinks(&self, ago: usize) -> bool {
        self.high(ago) < self.high(ago + 1) && self.low(ago) < self.low(ago + 1)
    }

    /// Whether the body opens no lower than the one before and no more than so far above its close.
    pub(super) fn opens_within(&self, ago: usize, near: f64) -> bool {
        self.open(ago) > self.open(ago + 1) && self.open(ago) <= self.close(ago + 1) + near
    }

    /// 100 where the body lies within that of the bar before, 80 where they share an end, against
    /// the direction of that bar.
    pub(super) fn harami(&self) -> f64 {
        let within = self.top(0) <= self.top(1) && self.bottom(0) >= self.bottom(1);
        let apart = self.top(0) < self.top(1) && self.bottom(0) > self.bottom(1);
        match (apart, within) {
            (true, _) => -self.sign(1) * 100.0,
            (false, true) => -self.sign(1) * 80.0,
            _ => 0.0,
        }
    }

    /// 100 in its direction where the body holds that of the bar before, 80 where they share one.
    pub(super) fn engulfing(&self) -> f64 {
        let apart = self.open(0) - self.close(1) != 0.0 && self.close(0) - self.open(1) != 0.0;
        self.sign(0) * if apart { 100.0 } else { 80.0 }
    }

    /// Whether the whole bar lies beyond the one before, against the direction of that.
    pub(super) fn kicks(&self) -> bool {
        self.black(1) && self.white(0) && self.leaps_up(0, 1)
            || self.white(1) && self.black(0) && self.leaps_down(0, 1)
    }
}

/// Whether two prices are no further apart than that.
pub(super) fn close_to(price: f64, other: f64, distance: f64) -> bool {
    price <= other + distance && price >= other - distance
}

/// The value of a pattern at each bar, NaN before it has its averages. `hidden` bars come before
/// the first that is shown.
///
/// A bar that is not finite ends what was, and the next ones begin anew.
pub(super) fn scan<const N: usize>(
    (bars, depth): ([&[f64]; 4], f64),
    (back, hidden): (usize, usize),
    averages: [(Setting, usize); N],
    mut value: impl FnMut(View<'_>, [f64; N]) -> f64,
) -> Vec<f64> {
    let rows = bars[0].len();
    let mut result = vec![f64::NAN; rows];
    let start = back + longest(&averages.map(|(setting, _)| setting.bars));
    let is_hole = |row: &usize| bars.iter().any(|column| !column[*row].is_finite());
    let whole = bars.iter().all(|column| adds_up(column));
    let mut first = 0;
    for end in (0..if whole { 0 } else { rows })
        .filter(is_hole)
        .chain([rows])
    {
        if end > first + start {
            let part = View {
                bars: bars.map(|column| &column[first..end]),
                at: start,
                start,
                depth,
            };
            let out = &mut result[first..end];
            of_part(part, averages, &mut value, out);
            let shown = out.len().min(start + hidden);
            out[..shown].fill(f64::NAN);
        }
        first = end + 1;
    }
    result
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

/// The values of bars that are all finite, from the one that is viewed on.
fn of_part<const N: usize>(
    part: View<'_>,
    averages: [(Setting, usize); N],
    value: &mut impl FnMut(View<'_>, [f64; N]) -> f64,
    out: &mut [f64],
) {
    // Updated from bar to bar, in doubles and in TA-Lib's order: where a body is as long as its
    // average, the last bits decide, and are to decide alike.
    let mut sums = averages.map(|(setting, ago)| {
        let rows = part.at - ago - setting.bars..part.at - ago;
        rows.fold(0.0, |sum, at| {
            sum + View { at, ..part }.size(setting.size, 0)
        })
    });
    for (at, out) in out.iter_mut().enumerate().skip(part.at) {
        let view = View { at, ..part };
        // By `from_fn`, so that each average has a code of its own, with its size and its bars.
        let means = std::array::from_fn(|place| {
            let (setting, ago) = averages[place];
            let size = view.size(setting.size, ago);
            if setting.bars == 0 {
                return setting.factor * size;
            }
            let mean = setting.factor * (sums[place] / float(setting.bars));
            sums[place] += size - view.size(setting.size, ago + setting.bars);
            if matches!(setting.size, Size::Shadows) {
                mean / 2.0
            } else {
                mean
            }
        });
        *out = value(view, means);
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

/// A false break that waits for its confirmation: where, and which way.
#[derive(Debug, Default)]
pub(super) struct Pending {
    at: usize,
    value: f64,
}

impl Pending {
    /// The value of a bar: that of a new break, or twice as much where one of the last three bars
    /// is confirmed by a close beyond the bar before it.
    pub(super) fn next(&mut self, view: View<'_>, is_new: bool) -> f64 {
        if view.at == view.start {
            // Of bars after a hole, whose places are counted anew.
            *self = Self::default();
        }
        if is_new {
            let value = if view.high(0) < view.high(1) {
                100.0
            } else {
                -100.0
            };
            *self = Self { at: view.at, value };
            return value;
        }
        if self.value == 0.0 || view.at > self.at + 3 {
            return 0.0;
        }
        let before = view.at - self.at + 1;
        let confirmed = if self.value > 0.0 {
            view.close(0) > view.high(before)
        } else {
            view.close(0) < view.low(before)
        };
        if confirmed {
            2.0 * std::mem::take(&mut self.value)
        } else {
            0.0
        }
    }
}
