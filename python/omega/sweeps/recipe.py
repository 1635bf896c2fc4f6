"""The part of a sweep that is sent to other machines, which have nothing but Omega."""

from __future__ import annotations

import contextlib
import dataclasses
import pickle
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import cloudpickle  # type: ignore[import-untyped]  # it ships no types

from omega.cluster.content import Content, Fetched, contents_of, located
from omega.contract import ArrowLike
from omega.keys.installed import distribution
from omega.sweeps.core import Core, Numbered, is_of_core
from omega.sweeps.spec import METRICS, Parameters, Row, SweepSpec, TrialRunner

Result = tuple[int, Sequence[Any] | None, str | None, str | None, Mapping[str, Any]]
"""Number, metrics in the order of `METRICS`, fingerprint, error, and further fields of `Row`."""

_FURTHER = ("tables", "moments", "daily", "first")


@dataclasses.dataclass(frozen=True)
class _Located(SweepSpec):
    """A spec whose candles are named by their content.

    Attributes:
        files: Where they are on this machine, as far as runs have asked for them.
    """

    files: dict[str, Path] = dataclasses.field(default_factory=dict)

    def data_of(self, parameters: Parameters) -> ArrowLike:
        """Return the candles of a run, which are on this machine by now."""
        found: ArrowLike = located(self.named_data(parameters), self.files)
        return found

    def named_data(self, parameters: Parameters) -> Any:  # noqa: ANN401 - data with names of files
        """Return the candles of a run as they are named; a path that nobody named is itself."""
        if "data" not in parameters:
            return self.data
        given = parameters["data"]
        try:
            return self.named.get("data", {}).get(given, given)
        except TypeError:  # a list of paths
            return given


class Recipe:
    """Makes the runs of a sweep, wherever it is unpacked."""

    def __init__(self, spec: SweepSpec, cache_bytes: int) -> None:
        """Take a spec whose candles are named by their content."""
        fields = {one.name: getattr(spec, one.name) for one in dataclasses.fields(SweepSpec)}
        self._spec, self._cache_bytes = _Located(**fields), cache_bytes
        self._runner: TrialRunner | None = None
        self._core: Core | None = None

    def contents(self, trials: Sequence[Numbered]) -> Iterable[Content]:
        """Yield the candles of some runs."""
        for _, parameters in trials:
            yield from contents_of(self._spec.named_data(parameters))

    def forget(self) -> None:
        """Let go of candles that were read, since one of their files is another one now."""
        self._runner, self._core = None, None

    def results(self, trials: Sequence[Numbered], files: Fetched, threads: int) -> list[Result]:
        """Make runs."""
        self._spec.files.update(files)
        return [packed(row) for row in self._rows(trials, threads)]

    def _rows(self, trials: Sequence[Numbered], threads: int) -> Iterator[Row]:
        if self._is_of_core(trials[0][1]):
            if self._core is None:
                self._core = Core(self._spec, threads, self._cache_bytes)
            yield from self._core.rows(trials)
            return
        if self._runner is None:
            self._runner = TrialRunner(self._spec)
        for trial in trials:
            yield self._runner.run(*trial)

    def _is_of_core(self, parameters: Parameters) -> bool:
        if self._spec.backend != "rust":
            return False
        try:
            return is_of_core(self._spec.strategy_of(parameters))
        except Exception:  # noqa: BLE001 - whatever it is, each run has it in its row
            return False


def packed(row: Row) -> Result:
    """Return a row without what the driver knows: names and parameters."""
    values = None if row.error is not None else tuple(row.metrics.values())  # in order
    further = {name: getattr(row, name) for name in _FURTHER}
    return row.number, values, row.fingerprint, row.error, further


def unpacked(trial: Numbered, result: Result) -> Row:
    """Return a row again."""
    number, values, fingerprint, error, further = result
    metrics = {} if values is None else dict(zip(METRICS, values, strict=True))
    return Row(number, trial[1], metrics, fingerprint, error, **further)


def mark_of(result: Result) -> str:
    """Return what has to be the same whoever makes a run."""
    _, values, fingerprint, error, _ = result
    return error or fingerprint or repr(values)


def lost(trial: Numbered, error: str) -> Row:
    """Return the row of a run that no worker survives."""
    return Row(*trial, {}, error=error)


def by_value(recipe: object) -> bytes:
    """Pack a recipe with the user's own modules in it, which other machines may not have.

    Where one of them holds what cannot be packed, they are named, as those that are installed are.
    """
    with _own_modules():
        try:
            whole: bytes = cloudpickle.dumps(recipe)
        except (TypeError, pickle.PicklingError, AttributeError, RecursionError):
            pass
        else:
            return whole
    named: bytes = cloudpickle.dumps(recipe)
    return named


@contextlib.contextmanager
def _own_modules() -> Iterator[None]:
    """Have the modules of the user's own packed by value."""
    known = set(cloudpickle.list_registry_pickle_by_value())
    own = [
        module
        for name, module in list(sys.modules.items())
        if name not in known
        and name == getattr(module, "__name__", None)
        and name not in ("__main__", "__mp_main__")
        and name.partition(".")[0] not in sys.stdlib_module_names
        and distribution(name) is None
    ]
    for module in own:
        cloudpickle.register_pickle_by_value(module)
    try:
        yield
    finally:
        for module in own:
            cloudpickle.unregister_pickle_by_value(module)
