"""Which runs a sweep makes: a full grid, random ones, a Latin hypercube, or those of Optuna.

A sampler is a frozen value over a space, the values of each parameter by its name. It begins a
`Search`, which returns the parameters of the runs in order, batch by batch, and takes their
metrics. The same space and the same seed give the same runs, however many workers there are, and
on every machine (of a range with `log=True`, to the last bits of its `exp`).

    >>> space = {"fast": [5, 10, 20], "slow": Between(50, 200, step=50)}
    >>> len(Grid(space))
    12
    >>> search = Random(space, runs=2).begin(seed=7)
    >>> search.total, len(search.ask())
    (2, 2)
"""

from omega.sweeps.samplers import (
    Between,
    Grid,
    LatinHypercube,
    Optuna,
    Parameters,
    Random,
    Sampler,
    Search,
    begin,
)

__all__ = [
    "Between",
    "Grid",
    "LatinHypercube",
    "Optuna",
    "Parameters",
    "Random",
    "Sampler",
    "Search",
    "begin",
]
