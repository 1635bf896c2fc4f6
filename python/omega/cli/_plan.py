"""What is to be run: from a run file, from the words of a command, or from both.

What goes in: either; words win. What comes out: the arguments of `omega.run_backtest`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import click

import omega
from omega.cli._shared import DataFile, Misunderstood, candle_file
from omega.cli._strategies import parameters_of, strategy_of
from omega.config.values import closest

_Command = TypeVar("_Command", bound=Callable[..., Any])
_SETTINGS = ("start", "end", "cash", "seed", "backend", "timeframes", "account_currency")


@dataclass
class Plan:
    """A run that was asked for.

    Attributes:
        strategy: Where the strategy stands.
        parameters: Those of its class.
        data: Files of candles by symbol; None where the data has one that needs no name.
        ask: The ask side, where the data holds only the bid side.
        symbol: The name of single-symbol data.
        allow: Rules that the data may break.
        settings: Of `run_backtest`, by name.
        output: Where results go: "directory", "overwrite", "report".
        grid: Values of each parameter of a sweep.
        sweep: "workers", "metric", "out" and "top" of a sweep.
    """

    strategy: str
    parameters: dict[str, object] = field(default_factory=dict)
    data: dict[str | None, Path] = field(default_factory=dict)
    ask: Path | None = None
    symbol: str | None = None
    allow: tuple[str, ...] = ()
    settings: dict[str, Any] = field(default_factory=dict)
    output: dict[str, Any] = field(default_factory=dict)
    grid: dict[str, Any] = field(default_factory=dict)
    sweep: dict[str, Any] = field(default_factory=dict)

    def made_strategy(self) -> Any:  # noqa: ANN401 - any form
        """Make the strategy with its parameters."""
        return strategy_of(self.strategy, self.parameters)

    def candles(self) -> Any:  # noqa: ANN401 - see run_backtest
        """Give the data as `run_backtest` takes it."""
        if not self.data:
            raise Misunderstood(
                "DATA: no file of candles was given. Name one after the strategy, such as "
                "candles.parquet, or SYMBOL=candles.parquet for each of several"
            )
        if set(self.data) != {None}:
            return dict(self.data)
        bid = self.data[None]
        return bid if self.ask is None else omega.Candles(bid=bid, ask=self.ask)

    def arguments(self) -> dict[str, Any]:
        """Give the settings of the run, presets of known symbols among them."""
        found = dict(self.settings)
        if self.symbol is not None:
            found["symbol"] = self.symbol
        if self.allow:
            found["validate"] = dict.fromkeys(self.allow, "allow")
        known = omega.instruments.names()
        symbols = [self.symbol, *self.data]
        named = [symbol for symbol in symbols if symbol is not None]
        if "instruments" not in found and named and all(name in known for name in named):
            found["instruments"] = "auto"
        return found


def planned(command: _Command) -> _Command:
    """Give a command the arguments of a run; it gets a `Plan` as `plan`."""

    @functools.wraps(command)
    def with_plan(target: str, data: tuple[str, ...], **words: Any) -> object:  # noqa: ANN401 - any
        own = {name: words.pop(name) for name in [*_OPTIONS, *_SETTINGS] if name in words}
        return command(plan=_plan(target, data, own), **words)

    found: Any = with_plan
    for option in reversed(_DECLARED):
        found = option(found)
    return found  # type: ignore[no-any-return]  # the command that came in, with its options


_OPTIONS = ("ask", "symbol", "params", "allow")
_DECLARED = (
    click.argument("target", metavar="STRATEGY"),
    click.argument("data", nargs=-1, metavar="[DATA]..."),
    click.option("--ask", type=DataFile(), help="The ask side, where DATA holds only the bid."),
    click.option("--symbol", help="The symbol; its preset is used where there is one."),
    click.option("--param", "params", multiple=True, metavar="NAME=VALUE", help="Of the strategy."),
    click.option("--start", help="First moment at which the strategy may act, as 2024-01-31."),
    click.option("--end", help="Moment at which the run ends."),
    click.option("--cash", type=float, help="Money at the start.  [default: 10,000]"),
    click.option("--account-currency", help="Currency of the account.  [default: USD]"),
    click.option("--timeframe", "timeframes", multiple=True, metavar="H1", help="Higher bars."),
    click.option("--seed", type=int, help="Of random slippage.  [default: 0]"),
    click.option("--allow", multiple=True, metavar="RULE", help="A rule the data may break."),
    click.option(
        "--backend", type=click.Choice(["auto", "rust", "python"]), help="[default: auto]"
    ),
)


def _plan(target: str, data: Sequence[str], words: dict[str, Any]) -> Plan:
    """Read the run file if one is named; what the command says comes after it, and wins."""
    if target.lower().endswith(".toml"):
        from omega.cli import _runfile  # noqa: PLC0415 - it makes plans

        plan = _runfile.read(Path(target))
    else:
        plan = Plan(strategy=target)
    plan.data = _files(data) or plan.data
    plan.ask = words["ask"] or plan.ask
    plan.symbol = words["symbol"] or plan.symbol
    plan.allow = words["allow"] or plan.allow
    plan.parameters |= parameters_of(words["params"])
    plan.settings |= {name: words[name] for name in _SETTINGS if words.get(name) not in (None, ())}
    return plan


def _files(words: Sequence[str]) -> dict[str | None, Path]:
    """Give the files of candles; of several, each with its symbol."""
    found: dict[str | None, Path] = {}
    for word in words:
        symbol, equals, file = word.partition("=")
        name = symbol if equals and not Path(word).exists() else None
        if name in found:
            told = f"{name} twice" if name else "two files without symbols"
            raise Misunderstood(
                f"DATA: given {told}, expected SYMBOL=FILE for each of several, such as "
                "EURUSD=euro.parquet GBPUSD=pound.parquet"
            )
        try:
            found[name] = candle_file(Path(file if name else word))
        except Misunderstood as error:
            raise Misunderstood(f"DATA: {error.message}") from None
    if None in found and len(found) > 1:
        raise Misunderstood(
            f"DATA: {found[None]} has no symbol beside others that have one; write SYMBOL="
            f"{found[None]}"
        )
    return found


def unknown_metric(name: str, known: Sequence[str]) -> Misunderstood:
    """Make the error of a metric that there is not."""
    near = closest(name, known)
    hint = f"Did you mean {near!r}?" if near else f"There are {', '.join(known)}."
    return Misunderstood(f"--metric: there is no {name!r}. {hint}")
