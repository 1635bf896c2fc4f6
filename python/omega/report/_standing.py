"""Rank of the run in its sweep, number of trials, and how much is luck."""

from __future__ import annotations

from typing import Any

from omega.config.values import counted
from omega.report._labels import label
from omega.report._parts import hint, table
from omega.report._reported import Reported

SAYS = {
    "psr": (
        "how likely the true Sharpe ratio is above 0, given the length, skewness and tails of "
        "this run"
    ),
    "dsr": "how likely it is above what the best of distinct trials would show without skill",
    "dsr_null": "the same, with the variance that trials without skill have at least",
    "pbo": (
        "how often the best run of one half of the days is in the worse half of the runs on "
        "the other days"
    ),
    "p_adjusted": (
        "whether the run beats cash, all runs considered, with their tails and "
        "autocorrelation (Romano and Wolf)"
    ),
}
CANNOT_SAY = {
    "psr": "anything about a run that was chosen from many: it does not know of the others",
    "dsr": (
        "anything about trials that were not in the sweep: other strategies, other data, ideas "
        "thrown away. A fine grid has ratios that hardly differ, and the hurdle vanishes"
    ),
    "dsr_null": "it is too strict where trials are nearly the same. Of the two believe the smaller",
    "pbo": (
        "whether there is skill. It is near one half also where all trials are equally good: "
        "the choice is arbitrary then, and nothing is overfit. It is not 1 \u2212 dsr"
    ),
    "p_adjusted": "a probability that the run is good. Runs above 0.05 may be good, too",
}
"""What each number shows and does not show, as the page "How much of this is luck?" has it."""
_NAMES = {
    "psr": "Probabilistic Sharpe ratio",
    "dsr": "Deflated Sharpe ratio (DSR)",
    "dsr_null": "DSR, trials without skill",
    "pbo": "Probability of overfitting (PBO)",
    "p_adjusted": "Adjusted p-value",
}


def panel(result: Reported) -> str:
    """The standing of a run of a sweep as a table; nothing for any other run."""
    standing: Any = getattr(result, "standing", None)
    if standing is None:
        return ""
    place = "-" if standing.rank is None else f"{standing.rank:,}"
    rows = [
        (
            "Rank",
            [
                f"{place} of {standing.ranked:,}",
                f"its place among {counted(standing.ranked, 'run')} by {label(standing.metric)}",
                "",
            ],
        ),
        (
            "Trials",
            [
                f"{standing.distinct:,}",
                (
                    f"distinct results of {counted(standing.trials, 'run')} and of the ledger: two "
                    "runs with the same result were one trial"
                ),
                "ideas thrown away before the sweep",
            ],
        ),
    ]
    rows += [
        (_NAMES[name], [_written(getattr(standing, name)), SAYS[name], CANNOT_SAY[name]])
        for name in SAYS
    ]
    head = ["Value", "What it shows", "What it does not show"]
    shown = table(head, rows, caption="Standing in the sweep", first="Number", kind="texts words")
    notes = "".join(hint(note) for note in standing.notes)
    return f"{shown}{notes}{hint('All ratios are those of a day, never annualised.')}"


def _written(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
