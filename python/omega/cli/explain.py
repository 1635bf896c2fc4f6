"""`omega explain`: what a refused order, notice, error or finding means, and what to do."""

from __future__ import annotations

import dataclasses
import textwrap

import click

from omega.cli._shared import as_json, print_json, say
from omega.remedies import KINDS, Remedy, explained, remedies


@click.command()
@click.argument("names", nargs=-1, metavar="[NAME]...")
@as_json
def explain(*, names: tuple[str, ...], as_json: bool) -> None:
    """Explain what a NAME means and what to do: margin, no_swap, ConfigError.

    NAME is the reason of a refused order, the kind of a notice, an error, or what an import found.
    Without one all names are listed.
    """
    entries = [one for name in names for one in explained(name)]
    if as_json:
        shown = entries if names else remedies().values()
        print_json({"entries": [dataclasses.asdict(one) | {"anchor": one.anchor} for one in shown]})
    else:
        say("\n\n".join(map(str, entries)) if names else "\n\n".join(map(_names, KINDS)))


def _names(kind: str) -> str:
    """Return the names of a kind, in lines that a terminal holds."""
    listed: list[Remedy] = [one for one in remedies().values() if one.kind == kind]
    names = ", ".join(one.name for one in listed)
    return f"{KINDS[kind]}:\n" + textwrap.fill(
        names, 78, initial_indent="  ", subsequent_indent="  "
    )
