"""A profit in another currency is converted at the newest rate that there is (M2)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import omega
from omega.importing._result import ImportedCandles
from tests.support import candles

MINUTES = 8


def pair(*, inverse: bool) -> pl.DataFrame:
    """Give a pair with a bar every three minutes only, a spread of 0.2 and a rate that rises."""
    rows = range(0, MINUTES, 3)
    prices = [1.0 + minute / 10 for minute in rows]
    bid = [1 / price - 0.1 if inverse else price - 0.1 for price in prices]
    naive = candles.START.replace(tzinfo=None)
    return pl.DataFrame(
        {"time": [naive + timedelta(minutes=minute) for minute in rows]}
        | {f"bid_{name}": bid for name in ("open", "high", "low", "close")}
        | {f"ask_{name}": [p + 0.2 for p in bid] for name in ("open", "high", "low", "close")}
    )


@pytest.mark.parametrize(("name", "inverse"), [("GBPUSD", False), ("USDGBP", True)])
def test_the_rate_is_the_middle_of_the_newest_bar_of_the_pair(
    backend: str, name: str, inverse: bool
) -> None:
    """Each minute's close is a point higher; the pair's bars are those of minutes 0, 3 and 6."""
    data = {"EURGBP": candles.rising(MINUTES, zone=None), name: pair(inverse=inverse)}
    result = omega.run_backtest(
        data,
        candles.told({1: omega.Signal("long"), 4: omega.Close()}),
        instruments=omega.Instrument("EURGBP", quote_currency="GBP"),
        backend=backend,
    )
    # bought at the open of bar 2 (102), sold at that of bar 5 (105), where bar 3 of the pair counts
    assert result.trades["gross_pnl"].to_list() == pytest.approx([3 * 1.3])
    # marked at the close of bar 2 with the rate of bar 0, of bars 3 and 4 with that of bar 3
    marks = (result.equity["equity"] - 10_000).to_list()
    assert marks[:2] == [0, 0]  # before the first decision, and before the purchase
    assert marks[2:5] == pytest.approx([0.5 * 1.0, 1.5 * 1.3, 2.5 * 1.3])


def opens(*prices: float) -> pl.DataFrame:
    """Give minutes whose four prices are the same."""
    return candles.rising(len(prices), zone=None).with_columns(
        pl.Series(name, prices) for name in ("open", "high", "low", "close")
    )


def profit(
    symbol: str,
    prices: tuple[float, ...],
    lots: float,
    **settings: Any,  # noqa: ANN401 - as run_backtest
) -> float:
    """Give the profit of a long trade from the second bar to the third."""
    result = omega.run_backtest(
        opens(*prices),
        candles.told({0: omega.Signal("long", size=lots), 1: omega.Close()}),
        symbol=symbol,
        instruments=omega.Instrument(symbol, contract_size=100_000, quote_currency=symbol[3:]),
        account=omega.Account(leverage=100),
        **settings,
    )
    return float(result.trades["net_pnl"].item())


def euro_in_yen(**settings: Any) -> float:  # noqa: ANN401 - as run_backtest
    """Give the profit in dollars of half a lot of EURJPY, 100,000 yen."""
    return profit("EURJPY", (160.0, 160.0, 162.0), 0.5, **settings)


YEN = opens(151.0, 151.0, 151.0)  # USDJPY
IMPORT: dict[str, Any] = {"source": "csv", "time_zone": "UTC", "files": (), "bar_time": "open"}


def imported(symbol: str | None) -> ImportedCandles:
    return ImportedCandles(
        frame=YEN, findings=pl.DataFrame({"kind": [], "done": []}), symbol=symbol, timeframe="M1",
        **IMPORT,
    )  # fmt: skip


def written(folder: Path, name: str) -> Path:
    YEN.write_parquet(folder / name)
    return folder / name


def later(folder: Path) -> Path:
    """Write the same prices a day later."""
    path = folder / "usdjpy_2025.parquet"
    YEN.with_columns(pl.col("time").dt.offset_by("1d")).write_parquet(path)
    return path


def stamped(folder: Path, name: str) -> Path:
    """Write a file whose metadata names the pair, and whose name does not."""
    path = folder / name
    rates = imported("USDJPY")
    (rates.write_parquet if path.suffix == ".parquet" else rates.write_arrow)(path)
    return path


NAMED: dict[str, Callable[[Path], dict[str, Any]]] = {
    "key": lambda _: {"USDJPY": YEN},
    "key with a suffix": lambda _: {"usd/jpy.m": YEN},
    "key over a store without a name": lambda _: {"USDJPY": omega.CandleStore(YEN)},
    "key over a file": lambda folder: {"USDJPY": written(folder, "rates.parquet")},
    "key of a constant": lambda _: {"USDJPY": 151},
    "other way round": lambda _: {"JPYUSD": opens(1 / 151, 1 / 151, 1 / 151)},
    "store": lambda _: {"JPY": omega.CandleStore(YEN, symbol="USDJPY_test")},
    "mapping": lambda _: {"JPY": {"EURUSD": YEN, "USDJPY": YEN}},
    "symbol column": lambda _: {"JPY": YEN.with_columns(symbol=pl.lit("USDJPY"))},
    "data set": lambda folder: {
        "JPY": omega.Dataset(written(folder, "rates.parquet"), symbol="USDJPY")
    },
    "import": lambda _: {"JPY": imported("USDJPY")},
    "name of a file": lambda folder: {"JPY": written(folder, "usdjpy_m1.parquet")},
    "names of files": lambda folder: {
        "JPY": omega.Dataset([written(folder, "usdjpy_2024.parquet"), later(folder)])
    },
    "metadata of a Parquet file": lambda folder: {"JPY": stamped(folder, "rates.parquet")},
    "metadata of an Arrow file": lambda folder: {"JPY": str(stamped(folder, "rates.arrow"))},
    "unused beside it": lambda _: {"USDJPY": YEN, "GBPUSD": YEN, "CHF": 1.1},
}


@pytest.mark.parametrize("named", NAMED)
def test_a_pair_divides_or_multiplies_by_its_name(backend: str, tmp_path: Path, named: str) -> None:
    """2 yen on 50,000 units are 100,000 yen, at 151 yen a dollar."""
    net = euro_in_yen(conversion=NAMED[named](tmp_path), backend=backend)
    assert net == pytest.approx(100_000 / 151)
    assert round(net, 2) == 662.25


@pytest.mark.parametrize("name", ["EURUSD", "EURUSD.m", "eurusd_test"])
def test_dollars_become_euros_by_a_store_of_euros_in_dollars(backend: str, name: str) -> None:
    """0.0108 dollars on 10,000 units are 108 dollars, at 1.08 dollars a euro."""
    prices = (1.25, 1.25, 1.2608)
    rates = omega.CandleStore(opens(1.08, 1.08, 1.08), symbol=name)
    words: dict[str, Any] = {"account_currency": "EUR", "backend": backend}
    for conversion in ({"USD": rates}, {name: rates}):
        net = profit("GBPUSD", prices, 0.1, conversion=conversion, **words)
        assert net == pytest.approx(100.0)


def test_a_symbol_of_the_run_may_have_a_suffix(backend: str) -> None:
    data = {"EURJPY": opens(160.0, 160.0, 162.0), "USDJPY.m": YEN}
    result = omega.run_backtest(
        data,
        candles.told({0: omega.Signal("long", size=50, symbol="EURJPY"), 1: omega.Close()}),
        instruments={
            "EURJPY": omega.Instrument("EURJPY", quote_currency="JPY"),
            "USDJPY.m": omega.Instrument("USDJPY.m", quote_currency="JPY"),
        },
        backend=backend,
    )
    assert result.trades["net_pnl"].to_list() == pytest.approx([100 / 151])


@pytest.mark.parametrize(
    ("conversion", "told"),
    [
        ({"JPY": YEN}, "given candles without a pair under 'JPY', expected .* USDJPY or JPYUSD"),
        ({"JPY": omega.CandleStore(YEN)}, "without a pair under 'JPY'.* USDJPY or JPYUSD"),
        ({"JPY": omega.Candles(bid=YEN, spread=0.1)}, "without a pair.* USDJPY or JPYUSD"),
        ({"JPY": imported(None)}, "without a pair under 'JPY'.* USDJPY or JPYUSD"),
        ({"JPY": {"EURJPY": YEN}}, "candles of EURJPY under 'JPY', expected.* USDJPY or JPYUSD"),
        ({"JPY": {"JPY": YEN}}, "candles of JPY under 'JPY', expected.* USDJPY or JPYUSD"),
        ({"USDJPY": {"JPYUSD": YEN}}, "candles of JPYUSD under 'USDJPY', expected .* USDJPY"),
        ({"USDJPY": imported("EURUSD")}, "candles of EURUSD under 'USDJPY', expected .* USDJPY"),
        ({"EURJPY": YEN, "EURUSD": YEN}, "has only EURJPY, EURUSD: give.* USDJPY or JPYUSD"),
        ({"JPY": 0.0066, "USDJPY": YEN}, "given JPY and USDJPY, expected one rate of JPY in USD"),
        (YEN, "given DataFrame, expected {currency: number} or {pair: candles}"),
    ],
)
def test_candles_that_do_not_name_the_pair_are_refused(
    backend: str,
    conversion: Any,  # noqa: ANN401 - some are of a wrong type
    told: str,
) -> None:
    with pytest.raises(omega.ConfigError, match=told):
        euro_in_yen(conversion=conversion, backend=backend)


def test_files_that_do_not_name_the_pair_are_refused(tmp_path: Path) -> None:
    several = [written(tmp_path, "usdchf_2023.parquet"), later(tmp_path)]
    for given in (omega.Dataset(several), written(tmp_path, "rates.parquet")):
        with pytest.raises(omega.ConfigError, match=r"under 'JPY', expected .* USDJPY or JPYUSD"):
            euro_in_yen(conversion={"JPY": given})


def test_executors_of_engines_read_the_pair_as_well(backend: str) -> None:
    def made(conversion: dict[str, Any]) -> float:
        executor = omega.ExecutionSimulator(
            omega.Instrument("EURJPY", quote_currency="JPY"), conversion=conversion
        )
        executor.process_signal(omega.Signal("long", size=50, take_profit=162))
        rows = opens(160.0, 160.0, 162.0)
        table = executor.evaluate_exits_batch(rows, symbol="EURJPY", backend=backend)
        return float(table["net_pnl"].item())

    assert made({"USDJPY": YEN}) == pytest.approx(100 / 151)
    with pytest.raises(omega.ConfigError, match="USDJPY or JPYUSD"):
        made({"JPY": YEN})


def test_sweeps_read_the_pair_as_well() -> None:
    def swept(conversion: dict[str, Any]) -> dict[str, Any]:
        result = omega.sweep(
            opens(160.0, 160.0, 162.0),
            Buyer,
            {"lots": [50.0]},
            symbol="EURJPY",
            instruments=omega.Instrument("EURJPY", quote_currency="JPY"),
            conversion=conversion,
            workers=1,
        )
        return result.to_polars().row(0, named=True)

    assert swept({"USDJPY": YEN})["net_profit"] == pytest.approx(100 / 151)
    assert "USDJPY or JPYUSD" in swept({"JPY": YEN})["error"]


class Buyer(omega.Strategy):
    """Buy on the first bar."""

    lots: float = 1.0

    def on_bar(self, bar: omega.Bar) -> None:
        """Buy once."""
        if bar.index == 0:
            self.buy(self.lots)
