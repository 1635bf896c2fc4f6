"""Plays a scenario through `omega.run_backtest` and compares what came out with what it expects."""

from __future__ import annotations

import dataclasses
import inspect
import math
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any, TypeVar

import polars as pl

import omega
from omega.strategy.actions import Action
from tests.scenarios.scenario import EXPECTED, Scenario, Table, sides

MIDNIGHT = datetime(2024, 1, 1)  # noqa: DTZ001 - a Monday, in the data's own clock
_NAMES = {
    "entry_bar": "entry_index",
    "exit_bar": "exit_index",
    "order": "order_id",
    "position": "trade_id",
    "trade": "trade_id",
    "worst": "net_pnl_worst",
    "best": "net_pnl_best",
    "submitted": "submitted_time",
}
_KINDS = {
    "limit": "limit",
    "stop": "stop",
    "limit stop": "stop_limit",
    "limit touch": "limit_if_touched",
    "trail": "stop",
    "at_close": "close",
}
T = TypeVar("T")

_TRUTH = {"yes": True, "no": False}


def play(scenario: Scenario, backend: str) -> omega.BacktestResult:
    """Run a scenario's actions over its bars."""
    settings = dict(scenario.settings)
    costs = _taken(settings, omega.Costs)
    execution = _taken(settings, omega.Execution)
    account = _taken(settings, omega.Account)
    limits = _taken(settings, omega.Limits)
    instrument = _taken(settings, omega.Instrument)
    known = set(inspect.signature(omega.run_backtest).parameters)
    if set(settings) - known:
        message = f"{scenario}: unknown settings {sorted(set(settings) - known)}"
        raise ValueError(message)
    if "finer_bar" in scenario.tables:
        execution["magnifier"] = candles(scenario.tables["finer_bar"])
    given: dict[str, Any] = {
        "backend": backend,
        "costs": omega.Costs(**costs),
        "execution": omega.Execution(**execution),
        "account": omega.Account(**account),
        "limits": omega.Limits(**limits),
        "instruments": omega.Instrument("SYMBOL", **instrument) if instrument else None,
        **settings,
    }
    data = candles(scenario.tables["bar"])
    if not isinstance(data, dict):
        plan = _plan(scenario.tables.get("after_bar"), int)
        return omega.run_backtest(data, lambda bar: plan.get(bar.index, []), **given)
    timed = _plan(scenario.tables.get("at"), moment)
    idle = omega.run_backtest(data, lambda bar: None, **given)
    times = idle.equity["time"]
    steps = iter(times.filter(times >= idle.metrics["first_decision"]))
    return omega.run_backtest(data, lambda bar: timed.get(next(steps), []), **given)


def _taken(settings: dict[str, object], kind: type) -> dict[str, Any]:
    names = {item.name for item in dataclasses.fields(kind)}
    return {name: settings.pop(name) for name in sorted(names & set(settings))}


def candles(table: Table) -> pl.DataFrame | dict[str, pl.DataFrame]:
    """Give a table of bars as candles, by symbol where it has a column of symbols."""
    if "symbol" not in table.columns:
        return frame(table)
    by_symbol: dict[str, list[tuple[str, ...]]] = {}
    place = table.columns.index("symbol")
    for row in table.rows:
        by_symbol.setdefault(row[place], []).append(row)
    return {symbol: frame(Table(table.columns, tuple(rows))) for symbol, rows in by_symbol.items()}


def frame(table: Table) -> pl.DataFrame:
    """Give a table of bars as candles with both sides; one bar a minute where no time is shown."""
    rows = []
    for number, row in enumerate(table.records()):
        bid, ask = sides(row)
        rows.append(
            {"time": moment(row["time"]) if "time" in row else MIDNIGHT + timedelta(minutes=number)}
            | {f"bid_{price}": value for price, value in bid.items()}
            | {f"ask_{price}": value for price, value in ask.items()}
        )
    return pl.DataFrame(rows)


def moment(cell: str) -> datetime:
    """Read a time of the first day, or a moment."""
    return datetime.fromisoformat(cell if "-" in cell else f"{MIDNIGHT:%Y-%m-%d} {cell}")


def _plan(table: Table | None, when: Callable[[str], T]) -> dict[T, list[Action]]:
    """Give what to do when, read from the first column of a table."""
    plan: dict[T, list[Action]] = {}
    for cell, words in table.rows if table else ():
        plan.setdefault(when(cell), []).append(action(words))
    return plan


def action(words: str) -> Action:
    """Read an action: `buy limit=98 stop_loss=95`, `close trade=0 fraction=0.5` and so on."""
    verb, *pairs = words.split()
    given = dict(pair.split("=") for pair in pairs)
    match verb:
        case "buy" | "sell":
            return _entry(verb, given)
        case "close":
            number = int(given["trade"]) if "trade" in given else None
            part = float(given.get("fraction", "1"))
            reason = given.get("reason", "signal")
            return omega.Close(given.get("symbol"), number, part, reason)
        case "cancel":
            return omega.Cancel(int(given["order"]))
        case "modify":
            number = int(given.pop("trade"))
            expires = {"expires": _expires(given.pop("expires"))} if "expires" in given else {}
            changes: Any = {name: _level(cell) for name, cell in given.items()} | expires
            return omega.Modify(number, **changes)
        case _:
            message = f"{words!r}: expected buy, sell, close, cancel or modify"
            raise ValueError(message)


def _entry(verb: str, given: dict[str, str]) -> omega.Signal:
    kind = " ".join(sorted({"limit", "stop", "touch", "trail", "at_close"} & set(given)))
    signal: dict[str, Any] = {"direction": verb, "type": _KINDS.get(kind, "market")}
    given.pop("at_close", None)
    if kind in ("limit stop", "limit touch"):
        signal["limit_price"] = float(given.pop("limit"))
    for name, cell in given.items():
        if name in ("limit", "stop", "touch"):
            signal["entry_price"] = float(cell)
        elif name == "expires":
            signal["expires"] = _expires(cell)
        elif name == "reduce_only":
            signal[name] = _TRUTH[cell]
        elif name in ("reason", "oco", "symbol"):
            signal[name] = cell
        else:
            signal[name] = _level(cell)
    return omega.Signal(**signal)


def _expires(cell: str) -> str | datetime | None:
    if cell in ("day", "ioc", "fok", "none"):
        return None if cell == "none" else cell
    return moment(cell.replace("_", " "))


def _level(cell: str) -> float | omega.Distance | None:
    word, _, far = cell.rpartition(":")
    if far.endswith("%"):
        return omega.Distance.percent(float(far[:-1]))
    if word:
        return omega.Distance(float(far))
    return None if cell == "none" else float(cell)


def differences(scenario: Scenario, result: omega.BacktestResult) -> Iterator[str]:
    """Give every place where the result isn't what the scenario expects, in words."""
    for name in set(EXPECTED) & set(scenario.tables):
        expected = list(scenario.tables[name].records())
        actual = _actual(scenario, result, name)
        if any(row[name] == "..." for row in expected):
            expected = [row for row in expected if row[name] != "..."]
            shown = [row[name] for row in expected]
            actual = [row for row in actual if _is_shown(row[_NAMES.get(name, name)], shown)]
        if len(actual) != len(expected):
            yield f"{name}: {len(actual)} rows, expected {len(expected)}: {actual}"
            continue
        for row, wanted in zip(actual, expected, strict=True):
            for column, cell in wanted.items():
                found = row[_NAMES.get(column, column)]
                if not _agree(found, cell):
                    yield f"{name} {wanted[name]}, {column}: {found}, expected {cell}"


def _actual(scenario: Scenario, result: omega.BacktestResult, name: str) -> list[dict[str, Any]]:
    intervals = pl.DataFrame(result.tables.intervals()).drop("trade_id")
    tables = {
        "order": result.orders,
        "fill": result.fills,
        "trade": result.trades.hstack(intervals),
        "equity_at_bar": result.equity,
        "equity_at": result.equity,
        "ledger": result.ledger,
        "position": result.positions,
    }
    index = {time: k for k, time in enumerate(frame(scenario.tables["bar"])["time"])}
    rows = []
    for number, row in enumerate(tables[name].iter_rows(named=True)):
        time = row.get("submitted_time", row.get("time"))
        bar = index.get(time)
        own = {"fill": number, "ledger": number, "bar": bar, "equity_at_bar": bar}
        rows.append({**own, "equity_at": time, **row})
    return rows


def _is_shown(number: object, shown: list[str]) -> bool:
    if isinstance(number, datetime):
        return number in map(moment, shown)
    return str(number) in shown


def _agree(found: object, cell: str) -> bool:
    if cell == "_":
        return True
    if cell in ("", "none"):
        return found is None
    if cell in _TRUTH:
        return found is _TRUTH[cell]
    if isinstance(found, datetime):
        return found == moment(cell)
    if isinstance(found, (int, float)):
        return math.isclose(found, float(cell), rel_tol=1e-12, abs_tol=1e-9)
    return str(found) == cell
