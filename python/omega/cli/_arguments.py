"""The arguments of a command as a plan, with a run file before them where one is named."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

import omega
from omega.cli import _runfile
from omega.cli._plan import Plan
from omega.cli._shared import DataFile, Misunderstood, candle_file
from omega.cli._strategies import parameters_of
from omega.config.values import closest

_Command = TypeVar("_Command", bound=Callable[..., Any])
_SETTINGS = (
    "start",
    "end",
    "cash",
    "seed",
    "backend",
    "timeframes",
    "account_currency",
    "calendar",
    "cast",
)


def planned(command: _Command) -> _Command:
    """Return a command the arguments of a run; it gets a `Plan` as `plan`."""

    @functools.wraps(command)
    def with_plan(target: str, data: tuple[str, ...], **words: Any) -> object:  # noqa: ANN401 - any
        own = {name: words.pop(name) for name in [*_OPTIONS, *_SETTINGS] if name in words}
        return command(plan=_plan(target, data, own), **words)

    found: Any = with_plan
    for option in reversed(_DECLARED):
        found = option(found)
    return found  # type: ignore[no-any-return]  # the command that came in, with its options


_ACCOUNT = {"account": "kind", "leverage": "leverage", "stop_out_level": "stop_out_level"}
_OPTIONS = ("ask", "symbol", "params", "allow", *_ACCOUNT)
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
    click.option(
        "--account", type=click.Choice(["cash", "margin"]), help="[default: paid in full]"
    ),
    click.option("--leverage", type=float, help="Notional that a unit of equity may carry."),
    click.option("--stop-out-level", type=float, help="Equity per margin that closes positions."),
    click.option("--calendar", help="Of days: FX, a zone, or an exchange.  [default: UTC]"),
    click.option("--timeframe", "timeframes", multiple=True, metavar="H1", help="Higher bars."),
    click.option("--seed", type=int, help="Of random slippage.  [default: 0]"),
    click.option("--allow", multiple=True, metavar="RULE", help="A rule the data may break."),
    click.option(
        "--cast", is_flag=True, default=None, help="Cast prices of other types, such as float32."
    ),
    click.option(
        "--backend", type=click.Choice(["auto", "rust", "python"]), help="[default: auto]"
    ),
)


def _plan(target: str, data: Sequence[str], words: dict[str, Any]) -> Plan:
    """Read the run file if one is named; the arguments of the command win."""
    if target.lower().endswith(".toml"):
        plan = _runfile.read(Path(target))
    else:
        plan = Plan(strategy=target)
    plan.data = _files(data) or plan.data
    plan.ask = words["ask"] or plan.ask
    plan.symbol = words["symbol"] or plan.symbol
    plan.allow = words["allow"] or plan.allow
    plan.parameters |= parameters_of(words["params"])
    plan.settings |= {name: words[name] for name in _SETTINGS if words.get(name) not in (None, ())}
    _change_account(plan, words)
    return plan


def _change_account(plan: Plan, words: dict[str, Any]) -> None:
    """Change the account of a run file by the arguments of the command."""
    given = {name: words[option] for option, name in _ACCOUNT.items() if words[option] is not None}
    before = plan.settings.get("account")
    if before is not None:  # what it has of cash and currency, the command replaces
        given |= {"cash": words["cash"]} if words["cash"] is not None else {}
        currency = words["account_currency"]
        given |= {"currency": currency} if currency is not None else {}
    if given:
        plan.settings["account"] = dataclasses.replace(before or omega.Account(), **given)


def _files(words: Sequence[str]) -> dict[str | None, Path]:
    """Return the files of candles; of several, each with its symbol."""
    found: dict[str | None, Path] = {}
    for word in words:
        symbol, equals, file = word.partition("=")
        name = symbol if equals and not Path(word).exists() else None
        if name in found:
            report = f"{name} twice" if name else "two files without symbols"
            raise Misunderstood(
                f"DATA: given {report}, expected SYMBOL=FILE for each of several, such as "
                "EURUSD=euro.parquet GBPUSD=pound.parquet"
            )
        try:
            found[name] = candle_file(Path(file if name else word))
        except Misunderstood as error:
            is_file = not equals or Path(file).suffix
            hint = "" if is_file else f". Is it a parameter? --param {word}, or --grid of a sweep"
            raise Misunderstood(f"DATA: {error.message}{hint}") from None
    if None in found and len(found) > 1:
        raise Misunderstood(
            f"DATA: {found[None]} has no symbol beside others that have one; write SYMBOL="
            f"{found[None]}"
        )
    return found


def unknown_metric(option: str, name: str, known: Sequence[str]) -> Misunderstood:
    """Make the error of a metric that there is not."""
    near = closest(name, known)
    hint = f"Did you mean {near!r}?" if near else f"There are {', '.join(known)}."
    return Misunderstood(f"{option}: there is no {name!r}. {hint}")
