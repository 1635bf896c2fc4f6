"""The catalog of indicators: parameters, inputs and outputs by name.

Parameters by position or name become floats in the catalog's order, which is all that a backend
takes, and labels of the outputs. A mistake is a `ConfigError` before any backend is called.
"""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from omega.config.values import (
    Check,
    Refused,
    flag,
    nearest,
    number,
    one_of,
    optional,
    taken,
    whole,
)
from omega.errors import ConfigError
from omega.indicators import groups
from omega.indicators.pattern_names import PATTERNS, needs_no_depth

REQUIRED = object()
"""The default of a parameter that must be given."""


class Reads(Enum):
    """What an indicator is computed from."""

    SOURCE = "one column, or another indicator"
    PAIR = "two columns or indicators"
    THREE = "three columns or indicators"
    CANDLES = "fixed columns of the bid or of the ask side"


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter: its name, its default, and what it may be."""

    name: str
    default: Any
    check: Check[Any]
    words: tuple[str, ...] = ()

    def code(self, value: object) -> float:
        """Return the float that a backend gets: a choice by its place, None as NaN."""
        if value is None:
            return math.nan
        number: Any = self.words.index(str(value)) if self.words else value
        return float(number)


@dataclass(frozen=True, slots=True)
class Definition:
    """An indicator of the catalog."""

    name: str
    parameters: tuple[Parameter, ...]
    reads: Reads = Reads.SOURCE
    group: Callable[..., Any] | None = None
    together: Callable[[Mapping[str, Any]], None] | None = None
    """Refuses values that are possible alone and not together."""

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of the outputs; none where there is one."""
        return () if self.group is None else tuple(inspect.get_annotations(self.group))


@dataclass(frozen=True, slots=True)
class Call:
    """A checked call: what a backend is requested."""

    definition: Definition
    parameters: list[float]
    labels: list[str]


def integer(name: str, default: object = REQUIRED, *, least: int = 1) -> Parameter:
    """Describe a whole number, such as a window."""
    return Parameter(name, default, whole(least))


def real(name: str, default: object = REQUIRED, *, least: float = 0.0) -> Parameter:
    """Describe a finite number."""
    return Parameter(name, default, number(minimum=least))


def maybe(name: str, rule: Check[Any]) -> Parameter:
    """Describe a parameter that is None unless it is given."""
    return Parameter(name, None, optional(rule))


def zero_or_one(given: object) -> int:
    """Take 0 or 1."""
    try:
        return whole(0, 1)(given)
    except Refused:
        raise Refused("0 or 1") from None


def choice(name: str, *words: str, default: str | None = None) -> Parameter:
    """Describe one of several words; the first is the default."""
    return Parameter(name, default or words[0], one_of(*words), words)


KINDS = ("sma", "ema", "wma", "dema", "tema", "hma", "rma", "trima", "kama", "t3", "zlema")
"""Averages that others take as a word, each with its own defaults."""

PERIODS = ("day", "week", "month", "quarter", "year")
LEVELS = ("classic", "fibonacci", "camarilla", "woodie", "demark")


def average(default: str) -> Parameter:
    """Describe the kind of an average."""
    return choice("average", *KINDS, default=default)


AVERAGES = (
    Definition("sma", (integer("window"),)),
    Definition("ema", (integer("window"), choice("seed", "sma", "first"))),
    Definition("wma", (integer("window"),)),
    Definition("dema", (integer("window"),)),
    Definition("tema", (integer("window"),)),
    Definition("hma", (integer("window", least=2),)),
    Definition("rma", (integer("window"),)),
    Definition("trima", (integer("window"),)),
    Definition("kama", (integer("window", 10), integer("fast", 2), integer("slow", 30))),
    Definition("t3", (integer("window", 5), real("factor", 0.7))),
    Definition("zlema", (integer("window"),)),
)


def _one_begin(values: Mapping[str, Any]) -> None:
    """Refuse a window that begins with a period."""
    if values["window"] is not None and values["since"] != "day":
        raise ConfigError(
            f"vwap: given window {values['window']} and since {values['since']!r}, expected one of "
            "them. A window begins so many bars ago, whatever day that is"
        )


VOLUME = (
    Definition(
        "vwap",
        (maybe("window", whole(1)), choice("since", *PERIODS)),
        Reads.CANDLES,
        together=_one_begin,
    ),
    Definition("anchored_vwap", (), Reads.THREE),
    Definition("typical_price", (), Reads.CANDLES),
    Definition("vwma", (integer("window"),), Reads.CANDLES),
    Definition("obv", (), Reads.CANDLES),
    Definition("mfi", (integer("window", 14),), Reads.CANDLES),
    Definition("ad", (), Reads.CANDLES),
    Definition("adosc", (integer("fast", 3), integer("slow", 10)), Reads.CANDLES),
    Definition("cmf", (integer("window", 20),), Reads.CANDLES),
    Definition("force_index", (integer("window", 13),), Reads.CANDLES),
)

MOMENTUM = (
    Definition("momentum", (integer("window", 10),)),
    Definition("roc", (integer("window", 10),)),
    Definition("rsi", (integer("window", 14),)),
    Definition(
        "macd",
        (integer("fast", 12), integer("slow", 26), integer("signal", 9), average("ema")),
        group=groups.Macd,
    ),
    Definition(
        "stochastic",
        (integer("window", 14), integer("smooth", 3), integer("signal", 3), average("sma")),
        Reads.CANDLES,
        groups.Stochastic,
    ),
    Definition("williams_r", (integer("window", 14),), Reads.CANDLES),
    Definition("cci", (integer("window", 20, least=2),), Reads.CANDLES),
    Definition("dmi", (integer("window", 14),), Reads.CANDLES, groups.Dmi),
    Definition("adx", (integer("window", 14),), Reads.CANDLES),
    Definition("aroon", (integer("window", 14),), Reads.CANDLES, groups.Aroon),
    Definition("adxr", (integer("window", 14),), Reads.CANDLES),
    Definition("vortex", (integer("window", 14),), Reads.CANDLES, groups.Vortex),
    Definition("cmo", (integer("window", 14), choice("smoothing", "none", "wilder"))),
    Definition(
        "stochastic_rsi",
        (
            integer("window", 14),
            integer("length", 14),
            integer("smooth", 3),
            integer("signal", 3),
        ),
        group=groups.Stochastic,
    ),
    Definition("apo", (integer("fast", 12), integer("slow", 26), average("ema"))),
    Definition("ppo", (integer("fast", 12), integer("slow", 26), average("ema"))),
    Definition("trix", (integer("window", 15),)),
    Definition("tsi", (integer("long", 25), integer("short", 13))),
    Definition("ao", (integer("fast", 5), integer("slow", 34)), Reads.CANDLES),
    Definition("dpo", (integer("window", 20),)),
    Definition(
        "ultimate_oscillator",
        (integer("fast", 7), integer("middle", 14), integer("slow", 28)),
        Reads.CANDLES,
    ),
)


def _garch_is_bounded(values: Mapping[str, Any]) -> None:
    """Refuse weights under which the variance grows without end, and windows that are too short."""
    if values["alpha"] + values["beta"] >= 1.0:
        raise ConfigError(
            f"alpha + beta: given {values['alpha']} + {values['beta']}, expected below 1. "
            "From 1 on the variance has no level to return to"
        )
    lookback, least = values["lookback"], values["min_periods"] + 1
    if lookback is not None and lookback < least:
        raise ConfigError(
            f"lookback: given {lookback}, expected at least {least}, one more than min_periods. "
            "Choose a longer lookback or fewer min_periods"
        )


_KALMAN = (
    Parameter("measurement_variance", 0.01, number(above=0.0)),
    real("process_variance", 1.0),
)

_GARCH = (
    real("alpha", 0.1),
    real("beta", 0.85),
    maybe("omega", number(minimum=0.0)),
    integer("min_periods", 50, least=2),
    Parameter("log_returns", default=True, check=flag),
    Parameter("scale", 100.0, number(above=0.0)),
    maybe("lookback", whole(3)),
)

VOLATILITY = (
    Definition("true_range", (), Reads.CANDLES),
    Definition("atr", (integer("window", 14),), Reads.CANDLES),
    Definition("natr", (integer("window", 14),), Reads.CANDLES),
    Definition("choppiness", (integer("window", 14, least=2),), Reads.CANDLES),
    Definition("garch_volatility", _GARCH, together=_garch_is_bounded),
    Definition(
        "volatility_cluster",
        (
            choice("feature", "atr", "garch"),
            integer("window", 100, least=2),
            integer("k", 3, least=2),
            integer("atr_window", 14),
            *_GARCH,
        ),
        Reads.CANDLES,
        together=_garch_is_bounded,
    ),
    Definition(
        "volatility_rank",
        (integer("lookback", 100, least=2), integer("atr_window", 14)),
        Reads.CANDLES,
    ),
)

CHANNELS = (
    Definition(
        "bollinger",
        (integer("window", 20), real("deviations", 2.0), average("sma")),
        group=groups.Bands,
    ),
    Definition(
        "keltner",
        (
            integer("window", 20),
            real("multiplier", 2.0),
            integer("atr_window", 10),
            average("ema"),
        ),
        Reads.CANDLES,
        groups.Bands,
    ),
    Definition("donchian", (integer("window", 20),), Reads.CANDLES, groups.Bands),
    Definition(
        "supertrend",
        (integer("window", 10), real("multiplier", 3.0)),
        Reads.CANDLES,
        groups.Supertrend,
    ),
    Definition("parabolic_sar", (real("acceleration", 0.02), real("maximum", 0.2)), Reads.CANDLES),
    Definition(
        "ichimoku",
        (
            integer("conversion", 9),
            integer("base", 26),
            integer("span", 52),
            integer("displacement", 26, least=0),
        ),
        Reads.CANDLES,
        groups.Ichimoku,
    ),
)

SHAPES = (
    Definition("heikin_ashi", (), Reads.CANDLES, groups.HeikinAshi),
    Definition(
        "fractals", (integer("left", 2), integer("right", 2)), Reads.CANDLES, groups.Fractals
    ),
    Definition(
        "pivots",
        (choice("kind", *LEVELS), choice("period", *PERIODS)),
        Reads.CANDLES,
        groups.Pivots,
    ),
    Definition(
        "pattern",
        (
            Parameter("name", REQUIRED, one_of(*PATTERNS), PATTERNS),
            maybe("penetration", number(minimum=0.0)),
        ),
        Reads.CANDLES,
        together=needs_no_depth,
    ),
)

STATISTICS = (
    Definition("rolling_mean", (integer("window"),)),
    Definition("rolling_std", (integer("window", least=2), Parameter("ddof", 1, zero_or_one))),
    Definition("rolling_min", (integer("window"),)),
    Definition("rolling_max", (integer("window"),)),
    Definition("rolling_median", (integer("window"),)),
    Definition(
        "rolling_quantile",
        (integer("window"), Parameter("quantile", REQUIRED, number(minimum=0.0, maximum=1.0))),
    ),
    Definition("slope", (integer("window", least=2),)),
    Definition(
        "linear_regression", (integer("window", 14, least=2),), group=groups.LinearRegression
    ),
    Definition("percent_rank", (integer("window", 100),)),
    Definition("correlation", (integer("window", least=2),), Reads.PAIR),
    Definition(
        "zscore",
        (
            integer("window", least=2),
            choice("mean", "rolling", "ema"),
            maybe("period", whole(1)),
            maybe("residual_std", flag),
        ),
    ),
    Definition("kalman_mean", _KALMAN),
    Definition("kalman_zscore", (integer("window", 100, least=2), *_KALMAN)),
    Definition("kalman_garch_zscore", (*_KALMAN, *_GARCH), together=_garch_is_bounded),
)

CATALOG: Mapping[str, Definition] = {
    definition.name: definition
    for definition in (
        *AVERAGES,
        *VOLUME,
        *MOMENTUM,
        *VOLATILITY,
        *CHANNELS,
        *SHAPES,
        *STATISTICS,
    )
}
"""All indicators by name."""


def definition(name: object) -> Definition:
    """Return the indicator of a name.

    Raises:
        ConfigError: There is none.

    Example:
        >>> [parameter.name for parameter in definition("sma").parameters]
        ['window']
    """
    if isinstance(name, str) and name in CATALOG:
        return CATALOG[name]
    near = f"{nearest(name, CATALOG)} " if isinstance(name, str) else ""
    raise ConfigError(
        f"indicator: given {name!r}, expected one of {', '.join(sorted(CATALOG))}. "
        f"{near}Or use self.column() with any Polars expression"
    )


def resolve(name: str, given: Sequence[object], named: Mapping[str, object]) -> Call:
    """Check a call, and give what a backend gets.

    Example:
        >>> call = resolve("sma", [20], {})
        >>> call.parameters, call.labels
        ([20.0], ['sma(20)'])
    """
    if all(map(_is_plain, (name, *given, *named.values()))):
        return _resolved(name, *given, **named)
    return _checked(name, given, named)


def _is_plain(given: object) -> bool:
    """Return whether two that are equal and of one type read alike; 0.0 and -0.0 do not."""
    return type(given) in (int, str, bool, type(None)) or (type(given) is float and given != 0.0)


@functools.lru_cache(maxsize=4096, typed=True)
def _resolved(name: str, /, *given: object, **named: object) -> Call:
    """Check a call of plain values once: runs of a sweep declare the same over and over."""
    return _checked(name, given, named)


def _checked(name: str, given: Sequence[object], named: Mapping[str, object]) -> Call:
    found = definition(name)
    values = _bound(found, given, named)
    parameters, accepted = [], []
    for parameter, value in zip(found.parameters, values, strict=True):
        accepted.append(taken(f"{name} {parameter.name}", value, parameter.check))
        parameters.append(parameter.code(accepted[-1]))
    if found.together is not None:
        names = [parameter.name for parameter in found.parameters]
        found.together(dict(zip(names, accepted, strict=True)))
    label = f"{name}({', '.join(map(str, accepted))})"
    return Call(found, parameters, [f"{label}.{output}" for output in found.outputs] or [label])


def _bound(found: Definition, given: Sequence[object], named: Mapping[str, object]) -> list[object]:
    """Put each value to its parameter, as Python does with a call."""
    names = [parameter.name for parameter in found.parameters]
    if len(given) > len(names):
        raise ConfigError(
            f"{found.name}: given {len(given)} parameters, expected ({', '.join(names)})"
        )
    values = dict(zip(names, given, strict=False))
    for name, value in named.items():
        if name not in names:
            raise ConfigError(f"{found.name} has no parameter {name!r}. {nearest(name, names)}")
        if name in values:
            raise ConfigError(f"{found.name}: {name} is given twice")
        values[name] = value
    for parameter in found.parameters:
        if values.setdefault(parameter.name, parameter.default) is REQUIRED:
            raise ConfigError(
                f"{found.name}: {parameter.name} is not given, expected ({', '.join(names)})"
            )
    return [values[name] for name in names]
