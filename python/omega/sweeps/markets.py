"""Runs over several markets at once: where each has few runs, as one for each of many files.

Threads of the core share what one batch walks over, so that a batch of one run uses one of them.
Here a thread of Python takes a market: reading, checking and running release the interpreter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

_Trial = TypeVar("_Trial")


def small_markets(
    trials: Sequence[_Trial], key: Callable[[_Trial], object], window: int, workers: int
) -> list[Sequence[_Trial]]:
    """Return the markets at the begin of some trials that cannot keep all workers busy.

    Args:
        trials: What is to be run next, one more than the window if there is one.
        key: The market of a trial; equal ones that follow each other are one market.
        window: How many trials are checked. A market that goes on after them is left out.
        workers: How many runs go on at once; a market with as many is run by itself.

    Example:
        >>> small_markets("aabccc", str, 6, workers=3)
        ['aa', 'b']
        >>> small_markets("abc", str, 2, workers=2)
        ['a', 'b']
        >>> small_markets("aab", str, 1, workers=2)
        []
    """
    found: list[Sequence[_Trial]] = []
    begin, market = 0, key(trials[0])
    for end in range(1, len(trials) + 1):
        after = key(trials[end]) if end < len(trials) else None
        if end > window or end - begin >= workers:
            break
        if end == len(trials) or after != market:
            found.append(trials[begin:end])
            begin, market = end, after
    return found


_Runner = TypeVar("_Runner")
_Made = TypeVar("_Made")


def side_by_side(
    markets: Sequence[Sequence[_Trial]],
    runners: Sequence[_Runner],
    run: Callable[[_Runner, Sequence[_Trial]], list[_Made]],
) -> Iterator[_Made]:
    """Run as many markets at once as there are runners; rows come in the order of the trials.

    Example:
        >>> list(side_by_side(["ab", "c"], [1, 2], lambda number, given: [number, *given]))
        [1, 'a', 'b', 2, 'c']
    """
    pool = ThreadPoolExecutor(len(runners), thread_name_prefix="omega-markets")
    try:
        for first in range(0, len(markets), len(runners)):
            part = markets[first : first + len(runners)]
            for made in pool.map(run, runners, part):
                yield from made
    finally:
        pool.shutdown(wait=False, cancel_futures=True)  # Ctrl-C does not wait for a run
