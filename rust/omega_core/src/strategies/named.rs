//! The built-in strategies by name, with parameters by name.

use arrow_buffer::ScalarBuffer;

use super::{
    BuyAndHold, DonchianBreakout, RsiReversion, Signals, SmaCross, WarmedUp, Weights,
    ZscoreOptions, ZscoreReversion,
};
use crate::error::OmegaError;
use crate::execution::Action;
use crate::indicators::{Cache, From, Given, Source, Spec, Track, column};
use crate::replay::{State, Strategy, View};
use crate::store::{SymbolCandles, TrackId};

/// Parameters that were given, by name.
pub type Parameters = [(String, f64)];

/// Makes the set of strategies out of their types.
macro_rules! natives {
    ($($(#[$doc:meta])+ $strategy:ident)+) => {
        /// A strategy that is part of the core; a closed set, so that a run has no virtual call.
        #[derive(Debug, Clone)]
        pub enum Native {
            $($(#[$doc])+ $strategy($strategy),)+
        }

        impl WarmedUp for Native {
            fn warmup(&self) -> usize {
                match self {
                    $(Self::$strategy(strategy) => strategy.warmup(),)+
                }
            }
        }

        impl Strategy for Native {
            type Error = OmegaError;

            #[inline]
            fn next_decision_step(&mut self, step: usize) -> usize {
                match self {
                    $(Self::$strategy(strategy) => strategy.next_decision_step(step),)+
                }
            }

            #[inline]
            fn wants_events(&self) -> bool {
                match self {
                    $(Self::$strategy(strategy) => strategy.wants_events(),)+
                }
            }

            fn expected_orders(&self) -> usize {
                match self {
                    $(Self::$strategy(strategy) => strategy.expected_orders(),)+
                }
            }

            #[inline]
            fn evaluate(
                &mut self,
                view: &View<'_>,
                state: &State<'_>,
                actions: &mut Vec<Action>,
            ) -> Result<(), OmegaError> {
                match self {
                    $(Self::$strategy(strategy) => strategy.evaluate(view, state, actions),)+
                }
            }
        }
    };
}

natives! {
    /// Signal columns.
    Signals
    /// Two moving averages.
    SmaCross
    /// Mean reversion by z-score.
    ZscoreReversion
    /// Breakouts of a channel.
    DonchianBreakout
    /// Returns of the relative strength index from its extremes.
    RsiReversion
    /// The yardstick.
    BuyAndHold
    /// Target weights.
    Weights
}

impl Native {
    /// The target weights that were acted on last, where there are some.
    #[must_use]
    pub fn into_targets(self) -> Option<Vec<Option<f64>>> {
        match self {
            Self::Weights(weights) => Some(weights.into_targets()),
            _ => None,
        }
    }

    /// Goes on from target weights that another one has acted on (WF3).
    pub fn go_on_from(&mut self, targets: Option<Vec<Option<f64>>>) {
        if let (Self::Weights(weights), Some(targets)) = (self, targets) {
            weights.go_on_from(targets);
        }
    }
}

/// A strategy that has a name: its parameters with their defaults, and how it is made.
struct BuiltIn {
    name: &'static str,
    defaults: &'static [(&'static str, f64)],
    make: fn(&Arguments<'_>) -> Result<Native, OmegaError>,
}

/// All of them; the class of the same name in `examples/` does the same.
const BUILT_IN: [BuiltIn; 5] = [
    BuiltIn {
        name: "sma_cross",
        defaults: &[("fast", 20.0), ("slow", 50.0)],
        make: |given| {
            let (fast, slow) = (given.whole("fast")?, given.whole("slow")?);
            Ok(Native::SmaCross(match given.sharing() {
                Some(cache) => {
                    let of = |window| given.average(window, cache);
                    SmaCross::of_averages(&of(fast)?, &of(slow)?, fast.max(slow))
                }
                None => SmaCross::new(&given.closes()?, fast, slow),
            }))
        },
    },
    BuiltIn {
        name: "zscore_reversion",
        defaults: &[
            ("window", 100.0),
            ("threshold", 2.5),
            ("atr_window", 14.0),
            ("stop_atrs", 4.0),
            ("target_atrs", 3.0),
            ("bars_at_most", 30.0),
        ],
        make: |given| {
            let [high, low, close] = given.bars()?;
            let options = ZscoreOptions {
                window: given.whole("window")?,
                threshold: given.number("threshold"),
                atr_window: given.whole("atr_window")?,
                stop_atrs: given.number("stop_atrs"),
                target_atrs: given.number("target_atrs"),
                bars_at_most: given.whole("bars_at_most")?,
            };
            let reversion = ZscoreReversion::new([&high, &low, &close], options);
            Ok(Native::ZscoreReversion(reversion))
        },
    },
    BuiltIn {
        name: "donchian_breakout",
        defaults: &[("entry", 20.0), ("exit", 10.0)],
        make: |given| {
            let [high, low, close] = given.bars()?;
            let (entry, exit) = (given.whole("entry")?, given.whole("exit")?);
            let breakout = DonchianBreakout::new([&high, &low, &close], entry, exit);
            Ok(Native::DonchianBreakout(breakout))
        },
    },
    BuiltIn {
        name: "rsi_reversion",
        defaults: &[
            ("window", 14.0),
            ("low", 30.0),
            ("high", 70.0),
            ("middle", 50.0),
        ],
        make: |given| {
            Ok(Native::RsiReversion(RsiReversion::new(
                &column(given.candles, CLOSE)?,
                given.whole("window")?,
                given.number("low"),
                given.number("high"),
                given.number("middle"),
            )))
        },
    },
    BuiltIn {
        name: "buy_and_hold",
        defaults: &[],
        make: |_| Ok(Native::BuyAndHold(BuyAndHold::default())),
    },
];

/// A built-in strategy over candles, which are the first track of a shared cache.
///
/// # Errors
/// `Config` where name or parameter are unknown, or a window is no whole number above 0.
pub fn named(
    name: &str,
    given: &Parameters,
    candles: &SymbolCandles,
    shared: Option<&Cache>,
) -> Result<Native, OmegaError> {
    let built_in = BUILT_IN.iter().find(|one| one.name == name);
    let built_in = built_in.ok_or_else(|| {
        let known: Vec<&str> = BUILT_IN.iter().map(|one| one.name).collect();
        unknown("native", name, &known)
    })?;
    let known: Vec<&str> = built_in.defaults.iter().map(|(known, _)| *known).collect();
    if let Some((other, _)) = given
        .iter()
        .find(|(other, _)| !known.contains(&other.as_str()))
    {
        return Err(unknown(&format!("native {name}"), other, &known));
    }
    (built_in.make)(&Arguments {
        built_in,
        given,
        candles,
        shared,
    })
}

const CLOSE: Source = Source::Bid(3);

/// What a strategy is made of.
struct Arguments<'a> {
    built_in: &'a BuiltIn,
    given: &'a Parameters,
    candles: &'a SymbolCandles,
    shared: Option<&'a Cache>,
}

impl Arguments<'_> {
    /// A parameter: the value given, else the default.
    fn number(&self, wanted: &str) -> f64 {
        let given = self.given.iter().find(|(other, _)| other == wanted);
        let defaults = &mut self.built_in.defaults.iter();
        let default = defaults.find(|(known, _)| *known == wanted);
        given
            .map(|(_, value)| *value)
            .or(default.map(|(_, value)| *value))
            .unwrap_or(f64::NAN)
    }

    /// A parameter that is a window or a number of bars.
    fn whole(&self, wanted: &str) -> Result<usize, OmegaError> {
        whole(self.built_in.name, wanted, self.number(wanted))
    }

    /// Highs, lows and closes of the bid.
    fn bars(&self) -> Result<[ScalarBuffer<f64>; 3], OmegaError> {
        let of = |price| column(self.candles, Source::Bid(price));
        Ok([of(1)?, of(2)?, of(3)?])
    }

    /// The cache, where it is to have the averages: of long candles they would take memory that
    /// grows with the number of windows, and each run finds its crossings block by block.
    fn sharing(&self) -> Option<&Cache> {
        self.shared
            .filter(|cache| cache.holds_many_over(self.candles.len()))
    }

    fn track(&self) -> Track<'_> {
        Track {
            candles: self.candles,
            track: TrackId(0),
            days: None,
        }
    }

    /// The closes in one piece, put together once for all who share a cache.
    fn closes(&self) -> Result<ScalarBuffer<f64>, OmegaError> {
        match self.shared {
            Some(cache) => cache
                .of_candles(&self.track(), CLOSE)
                .map(|(_, closes)| closes),
            None => column(self.candles, CLOSE),
        }
    }

    /// The moving average of the closes, computed once for all who share a cache.
    fn average(&self, window: usize, cache: &Cache) -> Result<ScalarBuffer<f64>, OmegaError> {
        #[expect(
            clippy::cast_precision_loss,
            reason = "a window is below 2^53, as `whole` has checked"
        )]
        let spec = Spec::new("sma", vec![window as f64])?;
        let from = From::Columns(vec![Given::Candles(CLOSE)]);
        let (_, outputs) = cache.indicator(&self.track(), &spec, &from)?;
        Ok(outputs[0].clone())
    }
}

/// A window or a number of bars.
fn whole(strategy: &str, parameter: &str, given: f64) -> Result<usize, OmegaError> {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "in range by the condition"
    )]
    if given.fract() == 0.0 && (1.0..=9_007_199_254_740_992.0).contains(&given) {
        return Ok(given as usize);
    }
    Err(OmegaError::Config {
        parameter: format!("native {strategy}: {parameter}"),
        given: given.to_string(),
        expected: "a whole number of bars, at least 1".into(),
        hint: "Choose another number".into(),
    })
}

fn unknown(parameter: &str, given: &str, known: &[&str]) -> OmegaError {
    OmegaError::Config {
        parameter: parameter.into(),
        given: given.into(),
        expected: if known.is_empty() {
            "no parameter".into()
        } else {
            format!("one of {}", known.join(", "))
        },
        hint: "Correct the name".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::TimeUnit;

    fn candles() -> SymbolCandles {
        let prices = (0..200).map(|bar| (i64::from(bar) * 60, f64::from(bar % 7) + 1.0));
        SymbolCandles::from_prices("SAW", TimeUnit::Second, prices)
    }

    #[test]
    fn each_name_makes_the_strategy_of_that_name() {
        for built_in in &BUILT_IN {
            let made = named(built_in.name, &[], &candles(), None).unwrap();
            let camel: String = built_in
                .name
                .split('_')
                .map(|word| word[..1].to_uppercase() + &word[1..])
                .collect();
            assert!(format!("{made:?}").starts_with(&format!("{camel}({camel}")));
        }
    }

    #[test]
    fn averages_are_shared_where_the_cache_holds_thousands_of_them() {
        let made = |limit: usize| {
            let cache = Cache::bounded(limit);
            let made = named(
                "sma_cross",
                &[("fast".into(), 3.0)],
                &candles(),
                Some(&cache),
            );
            (format!("{:?}", made.unwrap()), cache.bytes())
        };
        let column = 200 * size_of::<f64>();
        let (shared, alone) = (made(4_096 * column), made(4_096 * column - 1));
        assert_eq!((shared.1, alone.1), (2 * column, 0));
        assert_eq!(shared.0, alone.0);
    }

    #[test]
    fn what_is_unknown_is_refused_with_what_is_known() {
        let refusal = |name: &str, parameters: &Parameters| {
            named(name, parameters, &candles(), None).map_err(|error| error.to_string())
        };
        let name = refusal("buy_and_hope", &[]).unwrap_err();
        assert!(name.contains("rsi_reversion, buy_and_hold"), "{name}");
        let parameter = refusal("sma_cross", &[("quick".into(), 5.0)]).unwrap_err();
        assert!(parameter.contains("fast, slow"), "{parameter}");
        assert!(refusal("sma_cross", &[("fast".into(), 2.5)]).is_err());
    }
}
