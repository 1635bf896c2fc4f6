"""Walk-forward and robustness take any argument: they work, or an `OmegaError` gives the reason."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Callable
from datetime import timedelta

import polars as pl
import pytest

import omega
from tests.support.forward_forms import candles

ODD: tuple[object, ...] = (
    None, True, -1, 2**70, 1.5, float("nan"), "", "x", b"x", [], {}, {"x": 1}, object(),
    timedelta(1), pl.DataFrame(),
)  # fmt: skip
FRAME = candles(90, seed=1)
CALLS: dict[str, tuple[Callable[..., object], dict[str, object]]] = {
    "walk_forward": (
        omega.walk_forward,
        {
            "data": FRAME,
            "strategy": omega.native("sma_cross", slow=9),
            "grid": {"fast": [3]},
            "train": 30,
            "test": 20,
        },
    ),
    "stress": (
        omega.stress,
        {"data": FRAME, "strategy": omega.native("sma_cross", slow=9), "runs": 1, "starts": 1},
    ),
}


@pytest.mark.parametrize(
    ("name", "parameter"),
    [
        (name, parameter)
        for name, (call, _) in CALLS.items()
        for parameter, about in inspect.signature(call).parameters.items()
        if about.kind is not about.VAR_KEYWORD
    ],
)
@pytest.mark.filterwarnings("ignore")
def test_an_odd_argument_is_taken_or_refused(
    name: str, parameter: str, tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(str(tmp_path))
    call, usual = CALLS[name]
    for odd in ODD:
        with contextlib.suppress(omega.OmegaError):
            call(**{**usual, parameter: odd})


def test_an_odd_setting_is_refused() -> None:
    for call, usual in CALLS.values():
        with pytest.raises(omega.OmegaError):
            call(**{**usual, "cost": 1})
        with pytest.raises(omega.OmegaError):
            call(**{**usual, "costs": 1})
