"""Fuzzing of what is read back from disk: saved results and the folders of sweeps.

A changed file is refused with an `OmegaError`, or read; nothing in it is executed.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import hashlib
import json
import random
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl

import omega
from data.generate import random_walk
from omega.errors import ConfigError
from omega.libraries import refused_as
from omega.results.result import example_result

CORPUS = Path(__file__).parent / "corpus" / "saved"
"""Manifests and descriptions of sweeps with a fault each."""

_ODD: tuple[Any, ...] = (
    None, True, -1, 0, 1, 2**70, 1.5, float("nan"), float("inf"), "", "x", "\x1b[2J", "<script>",
    [], [1], {}, {"a": 1}, "../../etc/passwd", ["long"] * 3,
)  # fmt: skip
_STRATEGY = omega.native("sma_cross", slow=5)
_GRID = {"fast": [2, 3]}


def try_one(draw: random.Random, folder: Path) -> None:
    """Change the files of a saved result, or those of a sweep, and read them."""
    (_saved if draw.random() < 0.85 else _swept)(draw, folder)


def own_folder() -> Path:
    """Make a folder that goes when the process does."""
    folder = tempfile.mkdtemp(prefix="omega-fuzzing-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)


@functools.cache
def _original(kind: str) -> Path:
    """Write a folder once, to be copied for each input."""
    folder = own_folder() / kind
    if kind == "saved":
        example_result().save(folder)
    else:
        sweep(folder)
    return folder


def sweep(folder: Path) -> omega.SweepResult:
    return omega.sweep(candles(), _STRATEGY, _GRID, out=folder, workers=1, trades=True)


@functools.cache
def candles() -> pl.DataFrame:
    """Give the candles of all runs here."""
    return random_walk.candles(300, seed=3)


def fresh(kind: str, folder: Path) -> Path:
    place = folder / kind
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(_original(kind), place)
    return place


def _saved(draw: random.Random, folder: Path) -> None:
    place = fresh("saved", folder)
    manifest = place / "manifest.json"
    if draw.random() < 0.1:
        manifest.write_bytes(draw.choice(sorted(CORPUS.glob("manifest*.json"))).read_bytes())
    for _ in range(draw.choice((1, 1, 2, 3))):
        _spoil_file(draw, draw.choice(sorted(place.iterdir())), manifest)
    with contextlib.suppress(omega.OmegaError):
        look_at(omega.BacktestResult.load(place), folder)


def look_at(result: omega.BacktestResult, folder: Path) -> None:
    """Show all that a result shows."""
    repr(result)
    result.summary()
    result._repr_html_()
    result.metrics_table()
    page = result.report(folder / "report.html").read_text("utf-8")
    assert "<script>" not in page.partition("<body>")[2].partition("<script ")[0]
    again = folder / "again"
    result.save(again, overwrite=True)
    shutil.rmtree(again)


def _swept(draw: random.Random, folder: Path) -> None:
    place = fresh("swept", folder)
    if draw.random() < 0.2:
        kept = draw.choice(sorted(CORPUS.glob("sweep*.json")))
        (place / "sweep.json").write_bytes(kept.read_bytes())
    for _ in range(draw.choice((1, 1, 2))):
        _spoil_file(draw, draw.choice(sorted(place.iterdir())), None)
    with contextlib.suppress(omega.OmegaError):
        found = sweep(place)
        repr(found)
        found.to_polars()
        assert found.trades.height


def _spoil_file(draw: random.Random, file: Path, manifest: Path | None) -> None:
    """Change one file: its bytes, or what it means; the manifest then states the new digest."""
    if not file.is_file():
        return
    if file.suffix == ".json" and draw.random() < 0.75:
        _spoil_json(draw, file)
    elif file.suffix == ".parquet" and draw.random() < 0.6:
        _spoil_table(draw, file)
    else:
        file.write_bytes(spoiled(draw, file.read_bytes()))
    if manifest is not None and file.suffix == ".parquet" and draw.random() < 0.9:
        _restate(manifest, file)


def spoiled(draw: random.Random, content: bytes) -> bytes:
    """Change some bytes of a file, cut it, or put something between."""
    at = draw.randrange(len(content) + 1)
    match draw.randrange(5):
        case 0:
            return content[:at]
        case 1:
            return content[:at] + draw.randbytes(draw.choice((1, 4, 64))) + content[at:]
        case 2:
            return content[at:]
        case 3:
            return b""
        case _:
            changed = bytearray(content)
            for _ in range(draw.choice((1, 1, 3, 20)) if content else 0):
                changed[draw.randrange(len(content))] = draw.randrange(256)
            return bytes(changed)


def _restate(manifest: Path, file: Path) -> None:
    """State the digest of a changed file, as an attacker would."""
    try:
        kept = json.loads(manifest.read_text("utf-8"))
        kept["files"][file.stem] = hashlib.sha256(file.read_bytes()).hexdigest()
        if file.stem in ("trades", "orders", "equity"):
            with refused_as(ConfigError):  # a panic of Polars is no `Exception`
                kept["fingerprint"] = _fingerprint(manifest.parent, kept)
        manifest.write_text(json.dumps(kept), "utf-8")
    except Exception:  # noqa: BLE001 - the files were spoiled before
        return


def _fingerprint(folder: Path, kept: dict[str, Any]) -> str:
    """Give the fingerprint that the changed tables have."""
    from omega._native import core  # noqa: PLC0415 - an attacker's tool, not the test's
    from omega.results.files import TABLES  # noqa: PLC0415 - as above

    frames = {name: pl.read_parquet(folder / f"{name}.parquet") for name in TABLES}
    shape = kept["tables"]
    for name in ("noted", "days"):
        if shape.get(name):
            shape[name] = tuple(shape[name])
    return core.RunTables.from_tables(frames, **shape).fingerprint()


def _spoil_json(draw: random.Random, file: Path) -> None:
    try:
        whole = json.loads(file.read_text("utf-8"))
    except (ValueError, RecursionError):
        return
    place, key = _somewhere(draw, whole)
    if place is not None:
        match draw.randrange(4):
            case 0:
                del place[key]
            case 1:
                place[key] = [[place[key]]]
            case _:
                place[key] = draw.choice(_ODD)
    text = json.dumps(whole)
    if draw.random() < 0.03:
        text = "[" * 100_000
    file.write_text(text, "utf-8")


def _somewhere(draw: random.Random, whole: Any) -> tuple[Any, Any]:  # noqa: ANN401 - of JSON
    """Choose a place in a document."""
    place, key, here = None, None, whole
    while isinstance(here, (dict, list)) and here:
        place = here
        key = draw.choice(list(here)) if isinstance(here, dict) else draw.randrange(len(here))
        here = here[key]
        if draw.random() < 0.4:
            break
    return place, key


def _spoil_table(draw: random.Random, file: Path) -> None:
    """Change the columns or the values of a table."""
    try:
        with refused_as(ConfigError):  # as below: it may have been changed before
            frame = pl.read_parquet(file)
    except ConfigError:
        return
    if not frame.width:
        return
    name = draw.choice(frame.columns)
    changes: list[Callable[[], pl.DataFrame]] = [
        lambda: frame.drop(name),
        lambda: frame.rename({name: "other"}),
        lambda: frame.head(draw.randrange(3)),
        lambda: pl.concat([frame, frame]),
        lambda: frame.with_columns(pl.lit(draw.choice((None, "x", 1.5, True, -1))).alias(name)),
        lambda: frame.with_columns(pl.lit(draw.choice(_NUMBERS)).alias(name)),
        lambda: frame.with_columns(pl.col(name).reverse()),
        lambda: frame.with_columns(pl.lit("<script>alert(1)</script>\x1b[2J").alias(name)),
        lambda: frame.with_columns(pl.lit("\x1b[2J").cast(pl.Categorical).alias(name)),
    ]
    with contextlib.suppress(pl.exceptions.PolarsError):  # it was spoiled before
        draw.choice(changes)().write_parquet(file)


_NUMBERS = (float("nan"), float("inf"), -1e308, 0.0, 5e-324, 2**31, -(2**63), 2**63 - 1)
