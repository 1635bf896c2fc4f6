//! The built-in strategies by name, with parameters by name.

use arrow_buffer::ScalarBuffer;

use super::{
    BuyAndHold, DonchianBreakout, RsiReversion, Signals, SmaCross, WarmedUp, ZscoreOptions,
    ZscoreReversion,
};
use crate::error::OmegaError;
use crate::execution::Action;
use crate::indicators::averages::sma;
use crate::indicators::{Cache, From, Given, Source, Spec, Track, column};
use crate::replay::{State, Strategy, View};
use crate::store::{SymbolCandles, TrackId};

/// Parameters that were given, by name.
pub type Parameters = [(String, f64)];

/// Parameters with their defaults, in order.
type Defaults = &'static [(&'static str, f64)];

/// The strategies that `named` knows.
pub const NAMES: [&str; 5] = [
    "sma_cross",
    "zscore_reversion",
    "donchian_breakout",
    "rsi_reversion",
    "buy_and_hold",
];

/// A strategy that is part of the core; a closed set, so that a run over it has no virtual call.
#[derive(Debug, Clone)]
pub enum Native {
    /// Signal columns.
    Signals(Signals),
    /// Two moving averages.
    SmaCross(SmaCross),
    /// Mean reversion by z-score.
    ZscoreReversion(ZscoreReversion),
    /// Breakouts of a channel.
    DonchianBreakout(DonchianBreakout),
    /// Returns of the relative strength index from its extremes.
    RsiReversion(RsiReversion),
    /// The yardstick.
    BuyAndHold(BuyAndHold),
}

/// Does the same to whichever strategy it is.
macro_rules! with {
    ($native:expr, $strategy:ident => $body:expr) => {
        match $native {
            Native::Signals($strategy) => $body,
            Native::SmaCross($strategy) => $body,
            Native::ZscoreReversion($strategy) => $body,
            Native::DonchianBreakout($strategy) => $body,
            Native::RsiReversion($strategy) => $body,
            Native::BuyAndHold($strategy) => $body,
        }
    };
}

impl WarmedUp for Native {
    fn warmup(&self) -> usize {
        with!(self, strategy => strategy.warmup())
    }
}

impl Strategy for Native {
    type Error = OmegaError;

    #[inline]
    fn next_decision_step(&mut self, step: usize) -> usize {
        with!(self, strategy => strategy.next_decision_step(step))
    }

    #[inline]
    fn wants_events(&self) -> bool {
        with!(self, strategy => strategy.wants_events())
    }

    #[inline]
    fn evaluate(
        &mut self,
        view: &View<'_>,
        state: &State<'_>,
        actions: &mut Vec<Action>,
    ) -> Result<(), OmegaError> {
        with!(self, strategy => strategy.evaluate(view, state, actions))
    }
}

/// The parameters of a built-in strategy and their defaults; `None` where there is none of the
/// name.
#[must_use]
pub fn defaults(name: &str) -> Option<Defaults> {
    Some(match name {
        "sma_cross" => &[("fast", 20.0), ("slow", 50.0)],
        "zscore_reversion" => &[
            ("window", 100.0),
            ("threshold", 2.5),
            ("atr_window", 14.0),
            ("stop_atrs", 4.0),
            ("target_atrs", 3.0),
            ("bars_at_most", 30.0),
        ],
        "donchian_breakout" => &[("entry", 20.0), ("exit", 10.0)],
        "rsi_reversion" => &[
            ("window", 14.0),
            ("low", 30.0),
            ("high", 70.0),
            ("middle", 50.0),
        ],
        "buy_and_hold" => &[],
        _ => return None,
    })
}

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
    let defaults = defaults(name).ok_or_else(|| unknown("native", name, &NAMES))?;
    let known: Vec<&str> = defaults.iter().map(|(known, _)| *known).collect();
    if let Some((other, _)) = given
        .iter()
        .find(|(other, _)| !known.contains(&other.as_str()))
    {
        return Err(unknown(&format!("native {name}"), other, &known));
    }
    let number = |wanted: &str| {
        let given = given.iter().find(|(other, _)| other == wanted);
        let default = defaults.iter().find(|(known, _)| *known == wanted);
        given
            .map(|(_, value)| *value)
            .or(default.map(|(_, value)| *value))
            .unwrap_or(f64::NAN)
    };
    let whole = |wanted: &str| whole(name, wanted, number(wanted));
    let of = |price| column(candles, Source::Bid(price));
    let bars = || Ok::<_, OmegaError>([of(1)?, of(2)?, of(3)?]);
    Ok(match name {
        "sma_cross" => {
            let (fast, slow) = (whole("fast")?, whole("slow")?);
            let mean = |window| average(candles, shared, window);
            let (short, long) = (mean(fast)?, mean(slow)?);
            Native::SmaCross(SmaCross::of_averages(&short, &long, fast.max(slow)))
        }
        "zscore_reversion" => {
            let [high, low, close] = bars()?;
            let options = ZscoreOptions {
                window: whole("window")?,
                threshold: number("threshold"),
                atr_window: whole("atr_window")?,
                stop_atrs: number("stop_atrs"),
                target_atrs: number("target_atrs"),
                bars_at_most: whole("bars_at_most")?,
            };
            Native::ZscoreReversion(ZscoreReversion::new([&high, &low, &close], options))
        }
        "donchian_breakout" => {
            let [high, low, close] = bars()?;
            let (entry, exit) = (whole("entry")?, whole("exit")?);
            Native::DonchianBreakout(DonchianBreakout::new([&high, &low, &close], entry, exit))
        }
        "rsi_reversion" => Native::RsiReversion(RsiReversion::new(
            &of(3)?,
            whole("window")?,
            number("low"),
            number("high"),
            number("middle"),
        )),
        _ => Native::BuyAndHold(BuyAndHold::default()),
    })
}

/// The moving average of the closes, computed once for all who share a cache.
fn average(
    candles: &SymbolCandles,
    shared: Option<&Cache>,
    window: usize,
) -> Result<ScalarBuffer<f64>, OmegaError> {
    const CLOSE: Source = Source::Bid(3);
    let Some(cache) = shared else {
        return Ok(sma(&column(candles, CLOSE)?, window).into());
    };
    let track = Track {
        candles,
        track: TrackId(0),
    };
    #[expect(
        clippy::cast_precision_loss,
        reason = "a window is below 2^53, as `whole` has checked"
    )]
    let spec = Spec::new("sma", vec![window as f64])?;
    let from = From::Columns(vec![Given::Candles(CLOSE)]);
    let (_, outputs) = cache.indicator(&track, &spec, &from)?;
    Ok(outputs[0].clone())
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
