"""Run files: everything that a run takes, in TOML.

Each part is checked by itself; an unknown key is refused with its line and the nearest known one.
Paths count from the file's own folder.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

import omega
from omega.cli._plan import Plan
from omega.cli._shared import Misunderstood, candle_file
from omega.cli._strategies import found_at
from omega.config.sizers import Sizer
from omega.config.values import closest
from omega.libraries import error_text, refused_as

_Kinds = type | tuple[type, ...]
_NUMBER = (int, float)
_Made = TypeVar("_Made")

SECTIONS: dict[str, Mapping[str, _Kinds] | None] = {
    "run": {
        "strategy": str,
        "data": (str, dict),
        "ask": str,
        "symbol": str,
        "start": (str, int, date),
        "end": (str, int, date),
        "cash": _NUMBER,
        "account_currency": str,
        "timeframes": list,
        "align": str,
        "allow": list,
        "instruments": str,
        "backend": str,
        "seed": int,
        "strict": bool,
        "cast": bool,
        "calendar": str,
        "benchmark": (str, bool),
    },
    "output": {"directory": str, "overwrite": bool, "report": str},
    "sweep": {"workers": int, "metric": str, "metrics": str, "out": str, "top": int},
    "parameters": None,
    "grid": None,
    "conversion": None,
    "costs": None,
    "execution": None,
    "account": None,
    "calendar": None,
    "limits": None,
    "instrument": None,
    "sizer": None,
    "position_manager": None,
    "events": None,
    "carry": None,
    "universe": None,
}
"""The keys of each section; None where something else knows them."""

_SIZERS: dict[str, Callable[[float], Sizer]] = {
    "fixed_lots": omega.FixedLots,
    "fixed_units": omega.FixedUnits,
    "risk_amount": omega.RiskAmount,
    "risk_percent": omega.RiskPercent,
    "equity_percent": omega.EquityPercent,
}
_MANAGERS: dict[str, Callable[..., Any]] = {
    "trailing_stop": omega.TrailingStop,
    "break_even": omega.BreakEven,
    "time_exit": omega.TimeExit,
    "partial_close": omega.PartialClose,
}


def read(path: Path) -> Plan:
    """Read a run file.

    Raises:
        Misunderstood: It is no TOML, or something in it is unknown or of another type.
    """
    if not path.is_file():
        raise Misunderstood(f"there is no run file {str(path)!r}")
    try:
        text = path.read_text(encoding="utf-8")
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Misunderstood(f"{path}: this is no TOML: {error}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise Misunderstood(
            f"{path}: the file cannot be read as UTF-8 ({error_text(error)}); save it so"
        ) from None
    except RecursionError:
        raise Misunderstood(f"{path}: its values are nested too deep; write them flat") from None
    return _File(path, text, document).plan()


class _File:
    """A run file and what stands in it."""

    def __init__(self, path: Path, text: str, document: Mapping[str, Any]) -> None:
        self.path, self.lines, self.document = path, text.splitlines(), document

    def plan(self) -> Plan:
        """Check every section and put them together."""
        for section, content in self.document.items():
            self._check_section(section, content)
        run = dict(self._section("run"))
        plan = Plan(strategy=self._strategy(run.pop("strategy", "")))
        plan.parameters = dict(self._section("parameters"))
        plan.grid = dict(self._section("grid"))
        plan.data = self._data(run.pop("data", None))
        plan.ask = self._file_at("ask", run.pop("ask")) if "ask" in run else None
        plan.symbol = run.pop("symbol", None)
        plan.benchmark = run.pop("benchmark", None)
        plan.allow = tuple(run.pop("allow", ()))
        if not all(isinstance(rule, str) for rule in plan.allow):
            raise self._refused("allow", f"run.allow: given {list(plan.allow)!r}, expected names")
        plan.output = self._output()
        plan.sweep = dict(self._section("sweep"))
        plan.settings = {**run, **self._values()}
        if "timeframes" in run:
            plan.settings["timeframes"] = self._timeframes(run["timeframes"])
        return plan

    def _section(self, name: str) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.document.get(name, {})
        return found

    def _check_section(self, name: str, content: object) -> None:
        if name not in SECTIONS:
            raise self._refused(name, f"there is no section [{name}]", SECTIONS)
        if not isinstance(content, dict):
            raise self._refused(name, f"{name!r} is a section: write [{name}] on a line of its own")
        known = SECTIONS[name]
        if known is None:
            return
        for key, value in content.items():
            if key not in known:
                raise self._refused(key, f"[{name}] has no {key!r}", known)
            kinds = known[key]
            is_flag = isinstance(value, bool) and kinds is not bool and kinds != (str, bool)
            if not isinstance(value, kinds) or is_flag:
                report = _as_text(kinds)
                raise self._refused(key, f"{name}.{key}: given {value!r}, expected {report}")

    def _strategy(self, where: str) -> str:
        if not where:
            raise Misunderstood(
                f"{self.path}: it names no strategy. Write [run] and below it "
                'strategy = "strategy.py:Name"'
            )
        file, colon, name = where.rpartition(":")
        return f"{self.path.parent / file}:{name}" if colon and file != "native" else where

    def _data(self, given: str | Mapping[str, str] | None) -> dict[str | None, Path]:
        if given is None:
            return {}
        files = {None: given} if isinstance(given, str) else given
        return {symbol: self._file_at("data", file) for symbol, file in files.items()}

    def _file_at(self, key: str, file: object) -> Path:
        if not isinstance(file, str):
            raise self._refused(key, f"run.{key}: given {file!r}, expected the name of a file")
        try:
            return candle_file(self.path.parent / file)
        except Misunderstood as error:
            raise self._refused(key, f"run.{key}: {error.message}") from None

    def _output(self) -> dict[str, Any]:
        given = dict(self._section("output"))
        for key in ("directory", "report"):
            if key in given:
                given[key] = self.path.parent / given[key]
        return given

    def _values(self) -> dict[str, Any]:
        """Make the frozen values of a run, each of which names its own mistakes."""
        found: dict[str, Any] = {}
        if "costs" in self.document:
            found["costs"] = self._made("costs", omega.Costs, self._costs())
        kinds: dict[str, Callable[..., Any]] = {
            "account": omega.Account,
            "calendar": omega.Calendar,
            "limits": omega.Limits,
        }
        for name, kind in kinds.items():
            if name in self.document:
                found[name] = self._made(name, kind, self._section(name))
        if "execution" in self.document:
            given = dict(self._section("execution"))
            if isinstance(given.get("magnifier"), str):
                given["magnifier"] = self._file_at("magnifier", given["magnifier"])
            found["execution"] = self._made("execution", omega.Execution, given)
        if "instrument" in self.document:
            own = self._section("instrument")
            found["instruments"] = self._made("instrument", omega.Instrument, own)
        if "conversion" in self.document:
            found["conversion"] = {
                name: self._file_at(name, rate) if isinstance(rate, str) else rate
                for name, rate in self._section("conversion").items()
            }
        if "sizer" in self.document:
            found["sizer"] = self._sizer(self._section("sizer"))
        if "position_manager" in self.document:
            found["position_manager"] = self._managers(self._section("position_manager"))
        return found | self._dated()

    def _dated(self) -> dict[str, Any]:
        """Make what happens by date; a table is a file, or rows in this one."""
        kinds: dict[str, Callable[..., Any]] = {
            "events": omega.Events,
            "carry": omega.Carry,
            "universe": omega.Universe,
        }
        found = {}
        for section, kind in kinds.items():
            if section in self.document:
                given = {
                    name: self._table(name, own) for name, own in self._section(section).items()
                }
                found[section] = self._made(section, kind, given)
        return found

    def _table(self, key: str, given: object) -> object:
        """Read a table where a file is named."""
        if isinstance(given, dict):
            return {name: self._table(name, own) for name, own in given.items()}
        if not isinstance(given, str) or Path(given).suffix not in (".csv", ".parquet"):
            return given
        import polars as pl  # noqa: PLC0415 - slow to import, and few run files need it

        path = self.path.parent / given
        try:
            with refused_as(omega.ConfigError):
                if path.suffix == ".csv":
                    return pl.read_csv(path, try_parse_dates=True)
                return pl.read_parquet(path)
        except omega.ConfigError as error:
            raise self._refused(key, f"{key}: {given!r} cannot be read: {error}") from None

    def _costs(self) -> Mapping[str, Any]:
        given = dict(self._section("costs"))
        if isinstance(given.get("fee"), str):
            try:
                given["fee"] = found_at(self._strategy(given["fee"]))
            except Misunderstood as error:
                named = error.message.removeprefix("STRATEGY: ")
                raise self._refused("fee", f"costs.fee: {named}") from None
        if given.get("swap_triple_day") == "none":  # TOML has no null
            given["swap_triple_day"] = None
        return given

    def _sizer(self, given: Mapping[str, Any]) -> Sizer:
        if len(given) != 1:
            raise self._refused(
                "sizer",
                f"[sizer] has {len(given)} keys, expected one of {', '.join(_SIZERS)}, such as "
                "risk_percent = 0.5",
            )
        (name, value), *_ = given.items()
        if name not in _SIZERS:
            raise self._refused(name, f"[sizer] has no {name!r}", _SIZERS)
        sizer: Sizer = self._made(name, _SIZERS[name], value)
        return sizer

    def _managers(self, given: Mapping[str, Any]) -> list[Any]:
        for name in given:
            if name not in _MANAGERS:
                raise self._refused(name, f"[position_manager] has no {name!r}", _MANAGERS)
        return [self._made(name, _MANAGERS[name], value) for name, value in given.items()]

    def _timeframes(self, given: list[Any]) -> list[Any]:
        return [
            self._made("timeframes", omega.Timeframe, one) if isinstance(one, dict) else one
            for one in given
        ]

    def _made(self, key: str, kind: Callable[..., _Made], given: object) -> _Made:
        """Make a value of a section; an error has its place in the file."""
        try:
            return kind(**given) if isinstance(given, Mapping) else kind(given)
        except omega.ConfigError as error:
            named = [name for name in _keys(given) if re.search(rf"\b{name}\b", str(error))]
            raise self._refused(named[0] if named else key, str(error)) from None

    def _refused(
        self, key: str, message: str, known: Mapping[str, object] | None = None
    ) -> Misunderstood:
        """Make the error of a key, with its line and the nearest known one."""
        place = rf"^\s*\[?\s*[\"']?{re.escape(key)}[\"']?\s*[\]=.]"
        lines = [number for number, line in enumerate(self.lines, 1) if re.match(place, line)]
        at = f"{self.path}, line {lines[0]}" if lines else str(self.path)
        hint = ""
        if known is not None:
            near = closest(key, known)
            hint = f". Did you mean {near!r}?" if near else f". Known: {', '.join(known)}."
        return Misunderstood(f"{at}: {message}{hint}")


def _keys(given: object) -> list[str]:
    return list(given) if isinstance(given, Mapping) else []


def _as_text(kinds: _Kinds) -> str:
    names = {
        str: "a text",
        dict: "a table",
        int: "a whole number",
        float: "a number",
        bool: "true or false",
        list: "a list",
        date: "a date",
    }
    several = kinds if isinstance(kinds, tuple) else (kinds,)
    if several == _NUMBER:
        return "a number"
    return " or ".join(names[kind] for kind in several)
