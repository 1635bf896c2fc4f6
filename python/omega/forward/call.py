"""The one call of a walk-forward."""

from __future__ import annotations

import os
from collections.abc import Mapping
from concurrent.futures import Executor
from typing import Any

from omega.cluster.protocol import Cluster
from omega.config.values import plain
from omega.contract import AnyForm, ArrowLike
from omega.data.store import CandleStore
from omega.errors import ConfigError
from omega.forward.choice import Chooser, Chosen, Objective
from omega.forward.inputs import Inputs
from omega.forward.layout import Layout, Window
from omega.forward.parameter_sets import Sets, history_of, require_settings
from omega.forward.purging import without_holding
from omega.forward.result import WalkForward
from omega.forward.runs import Runs
from omega.forward.sliced import METRICS as OF_SLICES
from omega.forward.sliced import sliced
from omega.forward.timeline import Timeline
from omega.libraries import arguments_of
from omega.results.result import BacktestResult
from omega.run.backend import chosen_backend
from omega.run.backtest import run_backtest
from omega.run.candles import store_of_run
from omega.run.prepare import Moment
from omega.run.settings import seed_field
from omega.strategy.schedule import Border, Schedule, Stage
from omega.sweeps.constraints import Given
from omega.sweeps.ledger import GivenLedger
from omega.sweeps.progress import Shown
from omega.sweeps.spec import METRICS, SETTINGS

_BORDERS = ("keep", "flat")
_REUSES = ("exact", "sliced")


@arguments_of("walk_forward")
def walk_forward(
    data: ArrowLike,
    strategy: AnyForm,
    grid: Any,  # noqa: ANN401 - values by name, a list of runs, or a sampler
    *,
    train: object,
    test: object,
    step: object = None,
    anchored: bool = False,
    purge: object = 0,
    gap: object = 0,
    objective: Objective = "sharpe",
    minimum: Mapping[str, float] | None = None,
    border: str = "keep",
    start: Moment | None = None,
    partial_test: bool = True,
    reuse: str = "exact",
    check: bool = False,
    constraint: Given = None,
    workers: int | None = None,
    executor: Executor | Cluster | None = None,
    out: str | os.PathLike[str] | None = None,
    daily: bool = False,
    trials: GivenLedger = None,
    progress: bool | Shown = False,
    seed: int = 0,
    backend: str = "auto",
    **settings: Any,  # noqa: ANN401 - those of run_backtest
) -> WalkForward:
    """Choose parameters on a stretch of the data, trade the next one with them, and so on.

    All test windows are one run on one account: capital compounds through them, positions go over
    the borders, and the result is a full one. A window's choice depends on bars before its test
    begins alone, so that a walk-forward over the first part of the data gives the same windows.

    Lengths are numbers of bars, or durations by the run's calendar: "2y", "3mo", "6w", "10d",
    "12h". Windows are laid from `start`, or from the first bar on which every set of the grid has
    the history that it needs.

    Args:
        data: As `run_backtest`.
        strategy: As `sweep`; any form.
        grid: Parameters of the strategy, as `sweep` takes them.
        train: Length of the stretch that is chosen on.
        test: Length of the stretch that is traded.
        step: From one window to the next; `test` by default, and at least that.
        anchored: Whether all train stretches begin with the first one.
        purge: Bars or a duration that are left out between the two stretches; "holding": the train
            stretch ends so many bars earlier as its longest trade was held.
        gap: How long a decision takes to be used; old parameters go on in it.
        objective: What is chosen by: a metric; "plateau:" and a metric, for the median of the
            neighbourhood; or a function of the window's `SweepResult` that returns a run, or None.
        minimum: The least values of metrics that a run must have to be chosen, as
            {"trades": 30}. A window in which none has them trades nothing.
        border: "keep": positions and orders go over into the next window; "flat": all is closed at
            the open of its first bar, with costs (`exit_reason` "window").
        start: The first bar of the first train stretch.
        partial_test: Whether a last window is traded whose test stretch is cut by the data's end.
        reuse: "exact" runs every set on every train stretch; "sliced" runs each once over all data
            and scores slices of its daily returns, which is approximate: it differs by positions
            open at the borders and by sizes that follow the account.
        check: Whether the plain run is made as well and compared, where there is one set; see
            `WalkForward.checked`.
        constraint: Which combinations are sets, as `sweep`.
        workers: As `sweep`.
        executor: As `sweep`.
        out: As `sweep`: a folder for the rows of the train runs.
        daily: Whether the returns of the days of the train runs are kept, as `sweep`: for
            `p_adjusted` of `sweeps`, and their `trust()`. Slices have none.
        trials: A ledger of trials for what is chosen from, as `sweep`.
        progress: As `sweep`.
        seed: As `sweep`.
        backend: As `run_backtest`.
        **settings: Further settings of `run_backtest`, the same for all runs; `benchmark` and
            `risk_free` are of the one account alone, and nothing is chosen by them.

    Returns:
        The windows, the one result over all of them, and the sweeps.

    Raises:
        ConfigError: A length or setting is impossible, or `start` is without the history needed.
        WarmupIndexNotFound: The data is shorter than the warm-up.

    Example:
        >>> import omega
        >>> wf = omega.walk_forward(
        ...     candles, omega.native("sma_cross"), {"fast": [3, 5], "slow": [12, 20]},
        ...     train=90, test=50, objective="total_return",
        ... )
        >>> wf.windows.height, wf.oos.metrics["trades"] > 0
        (3, True)
    """
    _refuse(border, reuse, settings)
    chosen_by = Chooser.of(objective, minimum, OF_SLICES if reuse == "sliced" else METRICS)
    layout = Layout.of(
        train=train,
        test=test,
        step=step,
        purge=purge,
        gap=gap,
        anchored=_flag("anchored", anchored),
        partial=_flag("partial_test", partial_test),
    )
    backend, seed = chosen_backend(backend, warn=True), seed_field(seed)
    store = store_of(data, settings)
    shared = {name: one for name, one in settings.items() if name in SETTINGS}
    sets = Sets.of(strategy, grid, {**shared, "seed": seed}, seed, backend, constraint)
    if _flag("check", check):
        _refuse_check(sets, layout, border, chosen_by)
    given = {**SETTINGS, **settings}
    timeline = Timeline.of(store, given["calendar"], given["align"], given["semantics"])
    history = history_of(store, sets, backend)
    origin = origin_of(timeline, history.first, start)
    windows = layout.windows(timeline, origin)
    kept = {"daily": _flag("daily", daily), "trials": trials}
    runs = Runs(store, sets, timeline, backend, workers, executor, out, progress, kept)
    if layout.by_holding:
        windows = without_holding(runs, windows)
    score = sliced(runs, windows) if reuse == "sliced" else runs.train(windows)
    choices = [chosen_by.choose(one) for one in score]
    schedule = Schedule(tuple(_stages(sets, windows, choices, border)), history.needs)
    oos = _run(runs, schedule, windows, settings)
    parts = Inputs(windows, choices, score, chosen_by, runs)
    checked = _is_plain(runs, oos, windows, settings) if check else None
    return WalkForward(parts, oos, is_approximate=reuse == "sliced", checked=checked)


def _refuse(border: str, reuse: str, settings: Mapping[str, Any]) -> None:
    for name, given, known in (("border", border, _BORDERS), ("reuse", reuse, _REUSES)):
        if given not in known:
            raise ConfigError(f"{name}: given {given!r}, expected one of {', '.join(known)}")
    require_settings("walk_forward", settings)
    if "end" in settings and settings["end"] is not None:
        raise ConfigError(
            "end: given to walk_forward, whose windows go to the end of the data; cut the data"
        )
    if isinstance(settings.get("semantics", 2), int) and settings.get("semantics", 2) == 1:
        raise ConfigError(
            "semantics: given 1, expected 2: the first release has no walk-forward to compare with"
        )


def _flag(name: str, given: object) -> bool:
    taken = plain(given)
    if not isinstance(taken, bool):
        raise ConfigError(f"{name}: given {given!r}, expected True or False")
    return taken


def _refuse_check(sets: Sets, layout: Layout, border: str, chooser: Chooser) -> None:
    fits = (
        len(sets) == 1
        and border == "keep"
        and layout.step == layout.test
        and layout.purge.is_empty
        and layout.gap.is_empty
        and not chooser.minimum
        and not layout.by_holding
    )
    if not fits:
        raise ConfigError(
            f"check: given True with {len(sets)} sets, border={border!r}, expected one set with "
            "border='keep', no purge, gap or minimum, and the step of the test stretch: only then "
            "is there a plain run that does the same"
        )


def store_of(data: ArrowLike, settings: dict[str, Any]) -> CandleStore:
    """Read the candles once, for all runs."""
    validate = settings.pop("validate", "error")
    symbol, cast = settings.pop("symbol", None), settings.pop("cast", False)
    return store_of_run(data, symbol, validate, settings.get("instruments"), cast=cast)


def origin_of(timeline: Timeline, first: int, start: Moment | None) -> int:
    """Return the step from which windows are laid (WF2)."""
    moment = timeline.clock.start(start)
    if moment is None:
        return timeline.first_of_time(first)
    step = timeline.at(moment)
    if step >= len(timeline):
        raise ConfigError(
            f"start: given {start!r}, expected a moment before the last bar, "
            f"{timeline.shown(len(timeline) - 1)}"
        )
    if step < first:
        raise ConfigError(
            f"start: given {start!r}, expected {timeline.shown(first)} or later: before it not "
            "every set of the grid has the bars that it needs; give more data before it, or "
            "shorter indicators"
        )
    return step


def _stages(sets: Sets, windows: list[Window], choices: list[Chosen], border: str) -> list[Stage]:
    """Return each window its strategy; where there is none, nothing is held (WF6)."""
    stages: list[Stage] = []
    ended: int | None = None
    over: Border = "flat" if border == "flat" else "keep"
    for window, choice in zip(windows, choices, strict=True):
        begin, end = window.test
        if begin >= end:
            continue
        if ended is not None and ended < begin:  # a hole: nothing is opened in it
            stages.append(Stage(ended, None, "flat" if border == "flat" else "cancel"))
        if choice.run is None:
            stages.append(Stage(begin, None, "flat"))
        else:
            stages.append(Stage(begin, sets.strategy(choice.run), over))
        ended = end
    return stages


def _run(
    runs: Runs,
    strategy: Any,  # noqa: ANN401 - of any form
    windows: list[Window],
    settings: Mapping[str, Any],
) -> BacktestResult:
    """Run a strategy from the first test bar to the last one."""
    tested = [window.test for window in windows if window.test[0] < window.test[1]]
    times = runs.timeline.times
    return run_backtest(
        runs.store,
        strategy,
        start=int(times[tested[0][0]]),
        end=int(times[tested[-1][1] - 1]),
        seed=runs.sets.spec.settings["seed"],
        backend=runs.backend,
        **settings,
    )


def _is_plain(
    runs: Runs, oos: BacktestResult, windows: list[Window], settings: Mapping[str, Any]
) -> bool:
    """Whether the plain run of the only set gives the same bytes (WF7)."""
    plain_run = _run(runs, runs.sets.strategy(0), windows, settings)
    return plain_run.fingerprint == oos.fingerprint
