"""The demo runs over each source that is at hand everywhere, and names the one that it took."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest


def _nothing() -> None:
    return None


@pytest.mark.parametrize(
    ("missing", "told"),
    [(["fxcm_minutes"], "real EURUSD hours"), (["fxcm_minutes", "packaged_hours"], "INVENTED")],
)
def test_the_demo_ends_with_time_and_bytes(
    missing: list[str],
    told: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    from examples import demo  # noqa: PLC0415 - it brings Matplotlib, where all tests are found too

    for source in missing:
        monkeypatch.setattr(demo, source, _nothing)
    demo.main(tmp_path)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith(f"data: {told}")
    assert lines[-1] == "bytes of candles copied: 0"
    assert pl.read_parquet(tmp_path / "trades.parquet").height > 0
    assert (tmp_path / "equity.png").stat().st_size > 10_000
