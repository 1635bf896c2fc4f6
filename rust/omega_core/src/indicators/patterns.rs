//! Candlestick patterns: TA-Lib's 61, with its settings and values.
//!
//! A pattern is a row of a table: how many bars it looks back, which averages it compares with,
//! what must hold, and its value then. An average is that of the bars before the compared one.

use super::candlesticks::{
    DOJI, EQUAL, FAR, LONG, NEAR, SHADOW_LONG, SHADOW_NONE, SHADOW_SHORT, SHADOW_VERY_LONG, SHORT,
    close_to, confirmed, longest, scan,
};
use super::spec::OF_WINDOW;
use super::{Definition, Kind, Need};

/// Conditions of which one list must hold as a whole.
macro_rules! any {
    ($([$($holds:expr),+]),+) => { false $(| (true $(& ($holds))+))+ };
}

/// An inside bar, and a bar that breaks out of it with both ends.
fn hikkake(bars: [&[f64]; 4], depth: f64) -> Vec<f64> {
    let breaks = scan((bars, depth), 2, [], |v, []| {
        if v.is_inside(1) & v.breaks() {
            v.against()
        } else {
            0.0
        }
    });
    confirmed(bars, breaks)
}

/// The same of two inside bars, the first of which closes near its end.
fn modified_hikkake(bars: [&[f64]; 4], depth: f64) -> Vec<f64> {
    let breaks = scan((bars, depth), 2, [(NEAR, 2)], |v, [near]| {
        let is_near = any![
            [v.high(0) < v.high(1), v.close(2) <= v.low(2) + near],
            [v.high(0) >= v.high(1), v.close(2) >= v.high(2) - near]
        ];
        if v.is_inside(2) & v.is_inside(1) & v.breaks() & is_near {
            v.against()
        } else {
            0.0
        }
    });
    confirmed(bars, breaks)
}

/// A pattern of the table.
struct Pattern {
    /// Bars before the first value.
    lookback: usize,
    /// How far it reaches into another body, where nothing is given.
    depth: f64,
    of: fn([&[f64]; 4], f64) -> Vec<f64>,
}

/// Rows of the table: bars back, averages and of which bar they are, depth, what must hold, and the
/// value then.
macro_rules! patterns {
    ($v:ident; $($back:literal $(depth $depth:literal)?
        [$($mean:ident: $setting:ident $ago:literal),*] $($holds:expr),+ => $value:expr;)*) => {
        [$(Pattern {
            lookback: $back + longest(&[$($setting.bars),*]),
            depth: 0.0 $(+ $depth)?,
            of: |bars, depth| {
                scan((bars, depth), $back, [$(($setting, $ago)),*], |$v, [$($mean),*]| {
                    if $(($holds))&+ { $value } else { 0.0 }
                })
            },
        }),*]
    };
}

/// The patterns by the places of their words; the two that wait for a confirmation come after.
const TABLE: [Pattern; 59] = patterns! { v;
    // two crows
    2 [long: LONG 2] v.white(2), v.body(2) > long, v.blacks(2), v.gaps_up(1, 2),
        v.holds(1, v.open(0)), v.holds(2, v.close(0)) => -100.0;
    // three black crows
    3 [a: SHADOW_NONE 2, b: SHADOW_NONE 1, c: SHADOW_NONE 0] v.white(3), v.blacks(3),
        v.below(2) < a, v.below(1) < b, v.below(0) < c, v.holds(2, v.open(1)),
        v.holds(1, v.open(0)), v.high(3) > v.close(2), v.close(2) > v.close(1),
        v.close(1) > v.close(0) => -100.0;
    // three inside
    2 [long: LONG 2, short: SHORT 1] v.body(2) > long, v.body(1) <= short, v.top(1) < v.top(2),
        v.bottom(1) > v.bottom(2), any![[v.white(2), v.black(0), v.close(0) < v.open(2)],
        [v.black(2), v.white(0), v.close(0) > v.open(2)]] => -v.sign(2) * 100.0;
    // three line strike
    3 [a: NEAR 3, b: NEAR 2] v.white(3) == v.white(2), v.white(2) == v.white(1),
        v.white(0) != v.white(1), v.open(2) >= v.bottom(3) - a, v.open(2) <= v.top(3) + a,
        v.open(1) >= v.bottom(2) - b, v.open(1) <= v.top(2) + b, any![[v.white(1),
        v.close(1) > v.close(2), v.close(2) > v.close(3), v.open(0) > v.close(1),
        v.close(0) < v.open(3)], [v.black(1), v.close(1) < v.close(2), v.close(2) < v.close(3),
        v.open(0) < v.close(1), v.close(0) > v.open(3)]] => v.sign(1) * 100.0;
    // three outside
    3 [] v.white(1) != v.white(2), v.top(1) > v.top(2), v.bottom(1) < v.bottom(2), any![[v.white(1),
        v.close(0) > v.close(1)], [v.black(1), v.close(0) < v.close(1)]] => v.sign(1) * 100.0;
    // three stars in south
    2 [long: LONG 2, shadow: SHADOW_LONG 2, b: SHADOW_NONE 1, c: SHADOW_NONE 0, short: SHORT 0]
        v.blacks(3), v.body(2) > long, v.below(2) > shadow, v.body(1) < v.body(2),
        v.open(1) > v.close(2), v.open(1) <= v.high(2), v.low(1) < v.close(2), v.low(1) >= v.low(2),
        v.below(1) > b, v.body(0) < short, v.below(0) < c, v.above(0) < c, v.low(0) > v.low(1),
        v.high(0) < v.high(1) => 100.0;
    // three white soldiers
    2 [a: SHADOW_NONE 2, b: SHADOW_NONE 1, c: SHADOW_NONE 0, near_2: NEAR 2, near_1: NEAR 1,
        far_2: FAR 2, far_1: FAR 1, short: SHORT 0] v.whites(3), v.above(2) < a, v.above(1) < b,
        v.above(0) < c, v.close(0) > v.close(1), v.close(1) > v.close(2), v.opens_within(1, near_2),
        v.opens_within(0, near_1), v.body(1) > v.body(2) - far_2, v.body(0) > v.body(1) - far_1,
        v.body(0) > short => 100.0;
    // abandoned baby
    2 depth 0.3 [long: LONG 2, doji: DOJI 1, short: SHORT 0] v.body(2) > long, v.body(1) <= doji,
        v.body(0) > short, any![[v.white(2), v.black(0),
        v.close(0) < v.close(2) - v.body(2) * v.depth, v.leaps_up(1, 2), v.leaps_down(0, 1)],
        [v.black(2), v.white(0), v.close(0) > v.close(2) + v.body(2) * v.depth, v.leaps_down(1, 2),
        v.leaps_up(0, 1)]] => v.sign(0) * 100.0;
    // advance block
    2 [a: SHADOW_SHORT 2, b: SHADOW_SHORT 1, c: SHADOW_SHORT 0, shadow: SHADOW_LONG 0,
        near_2: NEAR 2, near_1: NEAR 1, far_2: FAR 2, far_1: FAR 1, long: LONG 2] v.whites(3),
        v.close(0) > v.close(1), v.close(1) > v.close(2), v.opens_within(1, near_2),
        v.opens_within(0, near_1), v.body(2) > long, v.above(2) < a,
        any![[v.body(1) < v.body(2) - far_2, v.body(0) < v.body(1) + near_1],
        [v.body(0) < v.body(1) - far_1], [v.body(0) < v.body(1), v.body(1) < v.body(2),
        any![[v.above(0) > c], [v.above(1) > b]]], [v.body(0) < v.body(1), v.above(0) > shadow]]
        => -100.0;
    // belt hold
    0 [long: LONG 0, shadow: SHADOW_NONE 0] v.body(0) > long, any![[v.white(0),
        v.below(0) < shadow], [v.black(0), v.above(0) < shadow]] => v.sign(0) * 100.0;
    // breakaway
    4 [long: LONG 4] v.body(4) > long, v.white(4) == v.white(3), v.white(3) == v.white(1),
        v.white(1) != v.white(0), any![[v.black(4), v.gaps_down(3, 4), v.sinks(2), v.sinks(1),
        v.close(0) > v.open(3), v.close(0) < v.close(4)], [v.white(4), v.gaps_up(3, 4), v.climbs(2),
        v.climbs(1), v.close(0) < v.open(3), v.close(0) > v.close(4)]] => v.sign(0) * 100.0;
    // closing marubozu
    0 [long: LONG 0, shadow: SHADOW_NONE 0] v.body(0) > long, any![[v.white(0),
        v.above(0) < shadow], [v.black(0), v.below(0) < shadow]] => v.sign(0) * 100.0;
    // concealing baby swallow
    3 [a: SHADOW_NONE 3, b: SHADOW_NONE 2, c: SHADOW_NONE 1] v.blacks(4), v.below(3) < a,
        v.above(3) < a, v.below(2) < b, v.above(2) < b, v.gaps_down(1, 2), v.above(1) > c,
        v.high(1) > v.close(2), v.high(0) > v.high(1), v.low(0) < v.low(1) => 100.0;
    // counterattack
    1 [equal: EQUAL 1, long_1: LONG 1, long_0: LONG 0] v.white(1) != v.white(0), v.body(1) > long_1,
        v.body(0) > long_0, close_to(v.close(0), v.close(1), equal) => v.sign(0) * 100.0;
    // dark cloud cover
    1 depth 0.5 [long: LONG 1] v.white(1), v.body(1) > long, v.black(0), v.open(0) > v.high(1),
        v.close(0) > v.open(1), v.close(0) < v.close(1) - v.body(1) * v.depth => -100.0;
    // doji
    0 [doji: DOJI 0] v.body(0) <= doji => 100.0;
    // doji star
    1 [long: LONG 1, doji: DOJI 0] v.body(1) > long, v.body(0) <= doji, any![[v.white(1),
        v.gaps_up(0, 1)], [v.black(1), v.gaps_down(0, 1)]] => -v.sign(1) * 100.0;
    // dragonfly doji
    0 [doji: DOJI 0, shadow: SHADOW_NONE 0] v.body(0) <= doji, v.above(0) < shadow,
        v.below(0) > shadow => 100.0;
    // engulfing
    2 [] v.white(0) != v.white(1), v.top(0) >= v.top(1), v.bottom(0) <= v.bottom(1),
        any![[v.top(0) > v.top(1)], [v.bottom(0) < v.bottom(1)]] => v.engulfing();
    // evening doji star
    2 depth 0.3 [long: LONG 2, doji: DOJI 1, short: SHORT 0] v.body(2) > long, v.white(2),
        v.body(1) <= doji, v.gaps_up(1, 2), v.body(0) > short, v.black(0),
        v.close(0) < v.close(2) - v.body(2) * v.depth => -100.0;
    // evening star
    2 depth 0.3 [long: LONG 2, short_1: SHORT 1, short_0: SHORT 0] v.body(2) > long, v.white(2),
        v.body(1) <= short_1, v.gaps_up(1, 2), v.body(0) > short_0, v.black(0),
        v.close(0) < v.close(2) - v.body(2) * v.depth => -100.0;
    // gap side by side white
    2 [near: NEAR 1, equal: EQUAL 1] any![[v.gaps_up(1, 2), v.gaps_up(0, 2)], [v.gaps_down(1, 2),
        v.gaps_down(0, 2)]], v.whites(2), close_to(v.body(0), v.body(1), near),
        close_to(v.open(0), v.open(1), equal) => if v.gaps_up(1, 2) { 100.0 } else { -100.0 };
    // gravestone doji
    0 [doji: DOJI 0, shadow: SHADOW_NONE 0] v.body(0) <= doji, v.below(0) < shadow,
        v.above(0) > shadow => 100.0;
    // hammer
    1 [short: SHORT 0, long: SHADOW_LONG 0, none: SHADOW_NONE 0, near: NEAR 1] v.body(0) < short,
        v.below(0) > long, v.above(0) < none, v.bottom(0) <= v.low(1) + near => 100.0;
    // hanging man
    1 [short: SHORT 0, long: SHADOW_LONG 0, none: SHADOW_NONE 0, near: NEAR 1] v.body(0) < short,
        v.below(0) > long, v.above(0) < none, v.bottom(0) >= v.high(1) - near => -100.0;
    // harami
    1 [long: LONG 1, short: SHORT 0] v.body(1) > long, v.body(0) <= short => v.harami();
    // harami cross
    1 [long: LONG 1, doji: DOJI 0] v.body(1) > long, v.body(0) <= doji => v.harami();
    // high wave
    0 [short: SHORT 0, long: SHADOW_VERY_LONG 0] v.body(0) < short, v.above(0) > long,
        v.below(0) > long => v.sign(0) * 100.0;
    // homing pigeon
    1 [long: LONG 1, short: SHORT 0] v.blacks(2), v.body(1) > long, v.body(0) <= short,
        v.open(0) < v.open(1), v.close(0) > v.close(1) => 100.0;
    // identical three crows
    2 [a: SHADOW_NONE 2, b: SHADOW_NONE 1, c: SHADOW_NONE 0, equal_2: EQUAL 2, equal_1: EQUAL 1]
        v.blacks(3), v.below(2) < a, v.below(1) < b, v.below(0) < c, v.close(2) > v.close(1),
        v.close(1) > v.close(0), close_to(v.open(1), v.close(2), equal_2),
        close_to(v.open(0), v.close(1), equal_1) => -100.0;
    // in neck
    1 [equal: EQUAL 1, long: LONG 1] v.black(1), v.body(1) > long, v.white(0), v.open(0) < v.low(1),
        v.close(0) <= v.close(1) + equal, v.close(0) >= v.close(1) => -100.0;
    // inverted hammer
    1 [short: SHORT 0, long: SHADOW_LONG 0, none: SHADOW_NONE 0] v.body(0) < short,
        v.above(0) > long, v.below(0) < none, v.gaps_down(0, 1) => 100.0;
    // kicking
    1 [none_1: SHADOW_NONE 1, none_0: SHADOW_NONE 0, long_1: LONG 1, long_0: LONG 0] v.kicks(),
        v.body(1) > long_1, v.above(1) < none_1, v.below(1) < none_1, v.body(0) > long_0,
        v.above(0) < none_0, v.below(0) < none_0 => v.sign(0) * 100.0;
    // kicking by length
    1 [none_1: SHADOW_NONE 1, none_0: SHADOW_NONE 0, long_1: LONG 1, long_0: LONG 0] v.kicks(),
        v.body(1) > long_1, v.above(1) < none_1, v.below(1) < none_1, v.body(0) > long_0,
        v.above(0) < none_0, v.below(0) < none_0
        => if v.body(0) > v.body(1) { v.sign(0) } else { v.sign(1) } * 100.0;
    // ladder bottom
    4 [none: SHADOW_NONE 1] v.white(0), v.black(1), v.black(2), v.black(3), v.black(4),
        v.open(4) > v.open(3), v.open(3) > v.open(2), v.close(4) > v.close(3),
        v.close(3) > v.close(2), v.above(1) > none, v.open(0) > v.open(1), v.close(0) > v.high(1)
        => 100.0;
    // long legged doji
    0 [doji: DOJI 0, long: SHADOW_LONG 0] v.body(0) <= doji, any![[v.below(0) > long],
        [v.above(0) > long]] => 100.0;
    // long line
    0 [long: LONG 0, short: SHADOW_SHORT 0] v.body(0) > long, v.above(0) < short, v.below(0) < short
        => v.sign(0) * 100.0;
    // marubozu
    0 [long: LONG 0, none: SHADOW_NONE 0] v.body(0) > long, v.above(0) < none, v.below(0) < none
        => v.sign(0) * 100.0;
    // matching low
    1 [equal: EQUAL 1] v.blacks(2), close_to(v.close(0), v.close(1), equal) => 100.0;
    // mat hold
    4 depth 0.5 [short_3: SHORT 3, short_2: SHORT 2, short_1: SHORT 1, long: LONG 4]
        v.body(4) > long, v.body(3) < short_3, v.body(2) < short_2, v.body(1) < short_1, v.white(4),
        v.black(3), v.white(0), v.gaps_up(3, 4), v.bottom(2) < v.close(4), v.bottom(1) < v.close(4),
        v.bottom(2) > v.close(4) - v.body(4) * v.depth,
        v.bottom(1) > v.close(4) - v.body(4) * v.depth, v.top(2) < v.open(3), v.top(1) < v.top(2),
        v.open(0) > v.close(1), v.close(0) > v.high(3), v.close(0) > v.high(2),
        v.close(0) > v.high(1) => 100.0;
    // morning doji star
    2 depth 0.3 [long: LONG 2, doji: DOJI 1, short: SHORT 0] v.body(2) > long, v.black(2),
        v.body(1) <= doji, v.gaps_down(1, 2), v.body(0) > short, v.white(0),
        v.close(0) > v.close(2) + v.body(2) * v.depth => 100.0;
    // morning star
    2 depth 0.3 [long: LONG 2, short_1: SHORT 1, short_0: SHORT 0] v.body(2) > long, v.black(2),
        v.body(1) <= short_1, v.gaps_down(1, 2), v.body(0) > short_0, v.white(0),
        v.close(0) > v.close(2) + v.body(2) * v.depth => 100.0;
    // on neck
    1 [equal: EQUAL 1, long: LONG 1] v.black(1), v.body(1) > long, v.white(0), v.open(0) < v.low(1),
        close_to(v.close(0), v.low(1), equal) => -100.0;
    // piercing
    1 [long_1: LONG 1, long_0: LONG 0] v.black(1), v.body(1) > long_1, v.white(0),
        v.body(0) > long_0, v.open(0) < v.low(1), v.close(0) < v.open(1),
        v.close(0) > v.close(1) + v.body(1) * 0.5 => 100.0;
    // rickshaw man
    0 [doji: DOJI 0, long: SHADOW_LONG 0, near: NEAR 0] v.body(0) <= doji, v.below(0) > long,
        v.above(0) > long, v.bottom(0) <= v.low(0) + v.range(0) / 2.0 + near,
        v.top(0) >= v.low(0) + v.range(0) / 2.0 - near => 100.0;
    // rising and falling three methods
    4 [short_3: SHORT 3, short_2: SHORT 2, short_1: SHORT 1, long_4: LONG 4, long_0: LONG 0]
        v.white(4) != v.white(3), v.white(3) == v.white(2), v.white(2) == v.white(1),
        v.white(1) != v.white(0), v.body(4) > long_4, v.body(3) < short_3, v.body(2) < short_2,
        v.body(1) < short_1, v.body(0) > long_0, v.bottom(3) < v.high(4), v.top(3) > v.low(4),
        v.bottom(2) < v.high(4), v.top(2) > v.low(4), v.bottom(1) < v.high(4), v.top(1) > v.low(4),
        v.close(2) * v.sign(4) < v.close(3) * v.sign(4),
        v.close(1) * v.sign(4) < v.close(2) * v.sign(4),
        v.open(0) * v.sign(4) > v.close(1) * v.sign(4),
        v.close(0) * v.sign(4) > v.close(4) * v.sign(4) => v.sign(4) * 100.0;
    // separating lines
    1 [none: SHADOW_NONE 0, long: LONG 0, equal: EQUAL 1] v.white(1) != v.white(0),
        close_to(v.open(0), v.open(1), equal), v.body(0) > long, any![[v.white(0),
        v.below(0) < none], [v.black(0), v.above(0) < none]] => v.sign(0) * 100.0;
    // shooting star
    1 [short: SHORT 0, long: SHADOW_LONG 0, none: SHADOW_NONE 0] v.body(0) < short,
        v.above(0) > long, v.below(0) < none, v.gaps_up(0, 1) => -100.0;
    // short line
    0 [short: SHORT 0, shadow: SHADOW_SHORT 0] v.body(0) < short, v.above(0) < shadow,
        v.below(0) < shadow => v.sign(0) * 100.0;
    // spinning top
    0 [short: SHORT 0] v.body(0) < short, v.above(0) > v.body(0), v.below(0) > v.body(0)
        => v.sign(0) * 100.0;
    // stalled
    2 [long_2: LONG 2, long_1: LONG 1, short: SHORT 0, none: SHADOW_NONE 1, near_2: NEAR 2,
        near_1: NEAR 1] v.whites(3), v.close(0) > v.close(1), v.close(1) > v.close(2),
        v.body(2) > long_2, v.body(1) > long_1, v.above(1) < none, v.opens_within(1, near_2),
        v.body(0) < short, v.open(0) >= v.close(1) - v.body(0) - near_1 => -100.0;
    // stick sandwich
    2 [equal: EQUAL 2] v.black(2), v.white(1), v.black(0), v.low(1) > v.close(2),
        close_to(v.close(0), v.close(2), equal) => 100.0;
    // takuri
    0 [doji: DOJI 0, none: SHADOW_NONE 0, long: SHADOW_VERY_LONG 0] v.body(0) <= doji,
        v.above(0) < none, v.below(0) > long => 100.0;
    // tasuki gap
    2 [near: NEAR 1] v.white(1) != v.white(0), v.holds(1, v.open(0)),
        (v.body(1) - v.body(0)).abs() < near, any![[v.white(1), v.gaps_up(1, 2),
        v.close(0) < v.open(1), v.close(0) > v.top(2)], [v.black(1), v.gaps_down(1, 2),
        v.close(0) > v.open(1), v.close(0) < v.bottom(2)]] => v.sign(1) * 100.0;
    // thrusting
    1 [equal: EQUAL 1, long: LONG 1] v.black(1), v.body(1) > long, v.white(0), v.open(0) < v.low(1),
        v.close(0) > v.close(1) + equal, v.close(0) <= v.close(1) + v.body(1) * 0.5 => -100.0;
    // tristar
    2 [doji: DOJI 2] v.body(2) <= doji, v.body(1) <= doji, v.body(0) <= doji
        => if v.gaps_down(1, 2) & (v.bottom(0) > v.bottom(1)) {
            100.0
        } else if v.gaps_up(1, 2) & (v.top(0) < v.top(1)) {
            -100.0
        } else {
            0.0
        };
    // unique three river
    2 [long: LONG 2, short: SHORT 0] v.body(2) > long, v.black(2), v.black(1),
        v.close(1) > v.close(2), v.open(1) <= v.open(2), v.low(1) < v.low(2), v.body(0) < short,
        v.white(0), v.open(0) > v.low(1) => 100.0;
    // upside gap two crows
    2 [long: LONG 2, short: SHORT 1] v.white(2), v.body(2) > long, v.blacks(2), v.body(1) <= short,
        v.gaps_up(1, 2), v.open(0) > v.open(1), v.close(0) < v.close(1), v.close(0) > v.close(2)
        => -100.0;
    // gap three methods
    2 [] v.white(2) == v.white(1), v.white(1) != v.white(0), v.holds(1, v.open(0)),
        v.holds(2, v.close(0)), any![[v.white(2), v.gaps_up(1, 2)], [v.black(2), v.gaps_down(1, 2)]]
        => v.sign(2) * 100.0;
};

/// The patterns that are confirmed by a later bar.
const CONFIRMED: [Pattern; 2] = [
    Pattern {
        lookback: 5,
        depth: 0.0,
        of: hikkake,
    },
    Pattern {
        lookback: 5 + NEAR.bars,
        depth: 0.0,
        of: modified_hikkake,
    },
];

fn row(place: usize) -> &'static Pattern {
    if place < TABLE.len() {
        &TABLE[place]
    } else {
        &CONFIRMED[place - TABLE.len()]
    }
}

/// The value of a pattern at each bar of open, high, low and close: 0 where it is not, 100 up and
/// −100 down where it is, 80 where two bodies share an end and 200 where a break is confirmed, as
/// TA-Lib's `CDL` functions have it; `depth` is their penetration.
#[must_use]
pub fn pattern(bars: [&[f64]; 4], place: usize, depth: Option<f64>) -> Vec<f64> {
    let found = row(place);
    (found.of)(bars, depth.unwrap_or(found.depth))
}

/// What this family is known by.
pub(super) const DEFINITIONS: &[Definition] = &[Definition {
    name: "pattern",
    parameters: &[
        ("name", Kind::Choice(TABLE.len() + CONFIRMED.len())),
        ("penetration", Kind::OptionalNumber(0.0)),
    ],
    needs: &[Need::Open, Need::High, Need::Low, Need::Close],
    warmup: |of| row(of.whole(0)).lookback + 1,
    compute: |of, inputs| {
        vec![pattern(
            inputs.columns(),
            of.whole(0),
            of.optional_number(1),
        )]
    },
    ..OF_WINDOW
}];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_that_holds_the_one_before_engulfs_it() {
        let (open, close) = ([1.0, 2.0, 2.5, 0.5], [1.5, 2.5, 1.0, 3.0]);
        let high = [3.0, 3.0, 3.0, 3.5];
        let low = [0.5, 0.5, 0.5, 0.25];
        let found = pattern([&open, &high, &low, &close], 18, None);
        assert!(found[1].is_nan());
        assert_eq!(found[2..], [-80.0, 100.0]);
    }

    #[test]
    fn a_hole_ends_what_was_and_patterns_begin_anew() {
        let open: Vec<f64> = (0..40).map(|i| 10.0 + f64::from(i % 7)).collect();
        let close: Vec<f64> = open.iter().map(|price| price + 0.5).collect();
        let high: Vec<f64> = close.iter().map(|price| price + 0.25).collect();
        let mut low: Vec<f64> = open.iter().map(|price| price - 0.25).collect();
        low[20] = f64::NAN;
        for place in 0..TABLE.len() + CONFIRMED.len() {
            let whole = pattern([&open, &high, &low, &close], place, None);
            let part = pattern(
                [&open[21..], &high[21..], &low[21..], &close[21..]],
                place,
                None,
            );
            let bits = |values: &[f64]| values.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
            assert_eq!(bits(&whole[21..]), bits(&part), "{place}");
            let lookback = row(place).lookback;
            assert!(
                part[..lookback].iter().all(|value| value.is_nan()),
                "{place}"
            );
            assert!(
                !part[lookback..].iter().any(|value| value.is_nan()),
                "{place}"
            );
        }
    }
}
