"""Arguments of the statistics, checked, as arrays and numbers that both backends take."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import polars as pl
from numpy.typing import NDArray

from omega._native import core
from omega.config.values import Check, Refused, number, one_of, optional, plain, whole
from omega.errors import ConfigError
from omega.run.backend import chosen_backend

if TYPE_CHECKING:
    from omega._core import Statistics

Numbers: TypeAlias = NDArray[np.float64]

ODDS = {"above": 0.0, "maximum": 1.0}
_MOST_REPLICATES = 10_000_000
_AT_ONCE = 1 << 20  # values that are looked at together
_SPREAD = 100  # columns whose block lengths stand for those of all

CONVENTIONS = one_of("2012", "2025")


def kernel(backend: str) -> type[Statistics]:
    """Return the functions of a backend; both have the same ones.

    Raises:
        ConfigError: There is no such backend.
    """
    if not isinstance(backend, str):
        raise ConfigError(f"backend: given {backend!r}, expected 'auto', 'rust' or 'python'")
    if chosen_backend(backend) == "rust":
        return core.Statistics
    from omega.reference.statistics import Statistics as Plain  # noqa: PLC0415 - only where wanted

    return Plain  # type: ignore[return-value]  # the same functions in plain Python


def field(name: str, given: object, rule: Check[Any]) -> Any:  # noqa: ANN401 - what the rule makes
    """Check an argument.

    Raises:
        ConfigError: It is not what is expected.
    """
    try:
        return rule(given)
    except Refused as refused:
        raise ConfigError(f"{name}: given {_shown(given)}, expected {refused}") from None


def numeric(name: str, given: object, **bounds: float) -> float:
    """Check a number."""
    return float(field(name, given, number(**bounds)))  # type: ignore[arg-type]  # bounds alone


def trials_field(given: object) -> float:
    """Check a number of trials: at least one, and not necessarily whole, as effective ones are."""
    return numeric("trials", given, minimum=1.0)


def way(convention: object, autocorrelation: object) -> tuple[bool, float]:
    """Check how the variance of a Sharpe ratio is taken."""
    chosen = field("convention", convention, CONVENTIONS)
    rho = numeric("autocorrelation", autocorrelation, above=-1.0, maximum=1.0)
    if rho == 1.0:
        raise ConfigError("autocorrelation: given 1.0, expected a number above -1 and below 1")
    return chosen == "2025", rho


def drawn(replicates: object, seed: object) -> tuple[int, int]:
    """Check how many replicates are drawn, and their seed."""
    many = field("replicates", replicates, whole(1, _MOST_REPLICATES))
    return many, field("seed", seed, whole(0, 2**64 - 1))


def matrix(returns: object, name: str = "returns") -> Numbers:
    """Return returns as an array with a row for each period and a column for each trial.

    Raises:
        ConfigError: They are no numbers, empty, not of two dimensions, or some are missing.
    """
    array = _array(returns, name)
    if array.ndim == 1:
        array = array.reshape(-1, 1)
    if array.ndim != 2 or not array.size:  # noqa: PLR2004 - periods and trials
        raise ConfigError(
            f"{name}: given an array of shape {array.shape}, expected a row for each period and a "
            "column for each trial"
        )
    _require_finite(array, name)
    return array


def series(returns: object, name: str = "returns", *, least: int = 1) -> Numbers:
    """Return the returns of one trial.

    Raises:
        ConfigError: They are no numbers, too few, of several trials, or some are missing.
    """
    array = _array(returns, name)
    if array.ndim == 2 and array.shape[1] == 1:  # noqa: PLR2004 - a frame with one column
        array = array.ravel()
    if array.ndim != 1 or len(array) < least:
        raise ConfigError(
            f"{name}: given an array of shape {array.shape}, expected the values of one series, "
            f"{least} at least"
        )
    _require_finite(array, name)
    return array


def over(returns: object, benchmark: object) -> Numbers:
    """Return returns less those of a benchmark, which is a number or a series."""
    own = matrix(returns)
    benchmark = plain(benchmark)
    if isinstance(benchmark, (int, float)) and not isinstance(benchmark, bool):
        return own - numeric("benchmark", benchmark)
    other = series(benchmark, "benchmark")
    if len(other) != len(own):
        raise ConfigError(
            f"benchmark: given {len(other)} returns, expected {len(own)}, one for each period"
        )
    return np.ascontiguousarray(own - other.reshape(-1, 1))


def block_of(returns: Numbers, block: object, kind: type[Statistics]) -> float:
    """Check the mean length of blocks, or choose it: the median of the columns' own lengths."""
    given = field("block", block, optional(number(minimum=1.0)))
    if given is not None:
        return float(given)
    columns = returns.shape[1]
    places = sorted({place * columns // _SPREAD for place in range(_SPREAD)})
    own = (np.ascontiguousarray(returns[:, place]) for place in places if place < columns)
    lengths = [kind.block_lengths(one)[0] for one in own if np.any(one != one[0])]
    return float(np.median(lengths)) if lengths else 1.0


def _array(given: object, name: str) -> Numbers:
    """Return numbers of any library as a contiguous array."""
    try:
        found = np.asarray(_plain(given))
    except ConfigError as problem:
        raise ConfigError(f"{name}: {problem}") from None
    except Exception as problem:
        raise _no_numbers(name, given) from problem
    if found.dtype.kind not in "fiu":
        raise _no_numbers(name, given)
    return np.ascontiguousarray(found, dtype=np.float64)


def _no_numbers(name: str, given: object) -> ConfigError:
    return ConfigError(
        f"{name}: given {_shown(given)}, expected numbers: an array, a frame or a list of rows"
    )


def _plain(given: Any) -> Any:  # noqa: ANN401 - of any library
    if isinstance(given, (pl.DataFrame, pl.Series)):
        _require_numbers(given)
        missing = given.null_count()
        count = missing if isinstance(missing, int) else sum(missing.row(0))
        # As NaN, which is refused by its place.
        return given.cast(pl.Float64).to_numpy() if count else given.to_numpy()
    if isinstance(given, (np.ndarray, list, tuple)):
        return _unmasked(given)
    if hasattr(given, "to_numpy") and not hasattr(given, "column_names"):
        return given.to_numpy()
    if hasattr(given, "__arrow_c_stream__"):
        return _plain(pl.DataFrame(given))
    if hasattr(given, "__arrow_c_array__"):
        return _plain(pl.Series(given))
    return ""  # no numbers


def _unmasked(given: Any) -> Any:  # noqa: ANN401 - an array or rows
    """What a mask hides as NaN, which is refused by its place; its numbers are there still."""
    return np.ma.filled(given.astype(np.float64), np.nan) if np.ma.is_masked(given) else given


def _require_numbers(given: pl.DataFrame | pl.Series) -> None:
    """Refuse times and truth values, which are numbers to NumPy beside others, as trials."""
    columns = given.get_columns() if isinstance(given, pl.DataFrame) else [given]
    for one in columns:
        if one.dtype.is_temporal() or one.dtype == pl.Boolean:
            raise ConfigError(f"column {one.name!r} has values of {one.dtype}: leave it out")


def _require_finite(array: Numbers, name: str) -> None:
    rows = max(_AT_ONCE // max(array[:1].size, 1), 1)  # a mask of all takes memory, too
    for first in range(0, len(array), rows):
        wrong = np.argwhere(~np.isfinite(array[first : first + rows]))
        if not len(wrong):
            continue
        row, *column = (int(index) for index in wrong[0])
        place = (first + row, *column)
        shown = f"row {place[0]}" + (f", column {place[1]}" if len(place) > 1 else "")
        raise ConfigError(
            f"{name}: {float(array[place])!r} in {shown}, expected finite numbers; leave out "
            "periods that have no return, of all trials alike"
        )


def _shown(given: object) -> str:
    if isinstance(given, (int, float, str, bool, type(None))):
        return repr(given)[:100]
    return type(given).__name__
