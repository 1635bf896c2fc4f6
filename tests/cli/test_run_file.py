"""Run files: what they may say, and what is said about mistakes in them."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner, Result

from omega import Carry, Events, Universe, calendars
from omega.cli import _runfile, main
from omega.config.calendar import calendar_of

TOP = Path(__file__).resolve().parents[2]
SAMPLE = TOP / "data" / "samples" / "random-walk_eurusd_2024-01-01_m1.parquet"
STRATEGY = """
import omega

class Every(omega.Strategy):
    n: int = 100

    def init(self):
        self.hours = self.sma(2, timeframe="H1")

    def on_bar(self, bar):
        if bar.index % self.n == 0:
            self.buy(stop_loss=bar.close * 0.999)
"""
RUN = """\
[run]
strategy = "mine.py:Every"
data = "candles.parquet"
symbol = "EURUSD"
start = 2024-01-01
end = "2024-01-02 12:00"
cash = 20_000
timeframes = ["H1", {name = "D1", anchor = "17:00", zone = "America/New_York"}]
allow = ["crossed"]

[parameters]
n = 50

[costs]
slippage_pips = 0.1
fee_per_million = 30

[execution]
intrabar = "nearest"

[account]
leverage = 30

[instrument]
contract_size = 100_000
pip_size = 0.0001
tick_size = 0.00001
volume_step = 0.01

[sizer]
risk_percent = 0.5

[position_manager]
trailing_stop = 0.002
time_exit = {bars = 30}

[output]
directory = "out"
overwrite = true
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "mine.py").write_text(STRATEGY)
    (tmp_path / "candles.parquet").write_bytes(SAMPLE.read_bytes())
    (tmp_path / "run.toml").write_text(RUN)
    return tmp_path


def omega(*words: object) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


def test_a_run_file_says_everything(folder: Path) -> None:
    done = omega("run", folder / "run.toml", "--json")
    assert done.exit_code == 0, done.output
    document = json.loads(done.stdout)
    assert document["metrics"]["initial_equity"] == 20_000
    assert document["metrics"]["end"].startswith("2024-01-02 12:00")
    assert document["metrics"]["total_costs"] > 0
    assert document["tables"] == str(folder / "out")
    manifest = json.loads((folder / "out" / "manifest.json").read_text())
    assert "Every(n=50)" in json.dumps(manifest)
    assert "RiskPercent(percent=0.5)" in json.dumps(manifest)
    assert "TrailingStop(distance=0.002)" in json.dumps(manifest)


def test_what_the_command_says_wins(folder: Path) -> None:
    words = ("--cash", "500", "--param", "n=40", "--out", folder / "other", "--json")
    done = omega("run", folder / "run.toml", *words)
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["metrics"]["initial_equity"] == 500
    assert "Every(n=40)" in (folder / "other" / "manifest.json").read_text()


def test_symbols_and_conversion_are_tables(folder: Path) -> None:
    (folder / "run.toml").write_text(
        """
        [run]
        strategy = "mine.py:Every"
        data = {EURUSD = "candles.parquet", EURGBP = "candles.parquet"}
        instruments = "auto"
        timeframes = ["H1"]
        [conversion]
        GBP = 1.27
        """
    )
    done = omega("run", folder / "run.toml", "--json")
    assert done.exit_code == 0, done.output


@pytest.mark.parametrize(
    ("key", "file", "told"),
    [
        ("USDGBP", "candles.parquet", None),
        ("GBP", "gbpusd.parquet", None),
        ("GBP", "candles.parquet", "under 'GBP', expected candles named USDGBP or GBPUSD"),
    ],
)
def test_a_file_of_conversion_candles_names_its_pair(
    folder: Path, key: str, file: str, told: str | None
) -> None:
    if not (folder / file).exists():
        (folder / file).write_bytes((folder / "candles.parquet").read_bytes())
    (folder / "run.toml").write_text(
        f"""
        [run]
        strategy = "mine.py:Every"
        data = {{EURGBP = "candles.parquet"}}
        instruments = "auto"
        timeframes = ["H1"]
        [conversion]
        {key} = "{file}"
        """
    )
    done = omega("run", folder / "run.toml", "--json")
    assert done.exit_code == (1 if told else 0), done.output
    assert (told or "") in " ".join(done.stderr.split())


@pytest.mark.parametrize(
    ("line", "by", "told"),
    [
        ("symbol =", "symbl =", "line 4: [run] has no 'symbl'. Did you mean 'symbol'?"),
        ("[sizer]", "[sizr]", "there is no section [sizr]. Did you mean 'sizer'?"),
        ("[sizer]", "[size]", "there is no section [size]"),
        ("slippage_pips", "slipage_pips", "Costs has no 'slipage_pips'. Did you mean"),
        ("fee_per_million = 30", 'fee_per_million = "30"', "given '30', expected a number"),
        ("fee_per_million = 30", 'fee = "mine.py:flt"', "costs.fee: mine.py has no 'flt'; it has"),
        ("fee_per_million = 30", 'fee = "native:sma_cross"', "expected a function of the fill"),
        ("risk_percent = 0.5", "risk_percnt = 0.5", "Did you mean 'risk_percent'?"),
        ("risk_percent = 0.5", "", "[sizer] has 0 keys, expected one of fixed_lots"),
        ('"nearest"', '"nearst"', "Did you mean 'nearest'?"),
        ("leverage", "leverag", "Account has no 'leverag'. Did you mean 'leverage'?"),
        ("trailing_stop", "trailing", "Did you mean 'trailing_stop'?"),
        ("bars = 30", "minuts = 30", "TimeExit has no 'minuts'. Did you mean 'minutes'?"),
        ("cash = 20_000", 'cash = "20k"', "run.cash: given '20k', expected a number"),
        ("start = 2024-01-01", "start = true", "run.start: given True, expected a text or"),
        ('"candles.parquet"', '"candle.parquet"', "there is no file"),
        ("data =", "data ", "this is no TOML"),
        ('strategy = "mine.py:Every"', "", 'Write [run] and below it strategy = "strategy.py'),
        ("mine.py:Every", "mine.py:Evry", "mine.py has no 'Evry'"),
        ("contract_size", "contract", "Instrument has no 'contract'"),
        ('anchor = "17:00"', 'anchor = "5 pm"', "expected a time of day as 'HH:MM'"),
    ],
)
def test_a_mistake_is_named_with_its_line_and_the_nearest(
    folder: Path, line: str, by: str, told: str
) -> None:
    file = folder / "run.toml"
    assert line in RUN
    file.write_text(RUN.replace(line, by, 1))
    done = omega("run", file)
    assert done.exit_code in (1, 2)
    assert done.stderr.startswith("Error: ")
    assert told in " ".join(done.stderr.split())
    assert "Traceback" not in done.output


def test_a_fee_function_has_a_file_and_a_name_and_no_triple_day_a_word(folder: Path) -> None:
    (folder / "fees.py").write_text("def flat(fill):\n    return 2.5\n")
    costs = 'fee = "fees.py:flat"\nswap_triple_day = "none"'
    (folder / "run.toml").write_text(RUN.replace("fee_per_million = 30", costs))
    done = omega("run", folder / "run.toml")
    assert done.exit_code == 0, done.output
    manifest = (folder / "out" / "manifest.json").read_text()
    assert "Costs(slippage_pips=0.1, fee=flat, swap_triple_day=None)" in manifest
    assert set(pl.read_parquet(folder / "out" / "fills.parquet")["fee"]) == {2.5}


def test_a_parameter_that_the_strategy_does_not_have_is_refused(folder: Path) -> None:
    (folder / "run.toml").write_text(RUN.replace("n = 50", "m = 50"))
    done = omega("run", folder / "run.toml")
    assert done.exit_code == 1
    assert "Every has no parameter 'm'; it has n" in done.stderr


def test_a_section_is_written_as_one(folder: Path) -> None:
    (folder / "run.toml").write_text('sizer = 3\n[run]\nstrategy = "mine.py:Every"\n')
    done = omega("run", folder / "run.toml")
    assert done.exit_code == 2
    assert "'sizer' is a section: write [sizer] on a line of its own" in done.stderr


def test_a_run_file_that_is_not_there_is_said_to_be_missing(folder: Path) -> None:
    done = omega("run", folder / "rn.toml")
    assert done.exit_code == 2
    assert "there is no run file" in done.stderr


def test_a_run_is_compared_with_holding_by_its_file_or_the_command(folder: Path) -> None:
    path, again = folder / "run.toml", ["--overwrite"]
    path.write_text(RUN.replace("\n[parameters]", "benchmark = true\n\n[parameters]", 1))
    done = omega("run", path, *again, "--json")
    assert done.exit_code == 0, done.output
    by_file = json.loads(done.stdout)["metrics"]
    assert by_file["benchmark_return"] is not None
    path.write_text(RUN)
    assert (
        "benchmark_return" not in json.loads(omega("run", path, *again, "--json").stdout)["metrics"]
    )
    for word in ("hold", "EURUSD"):
        done = omega("run", path, *again, "--benchmark", word, "--json")
        assert json.loads(done.stdout)["metrics"] == by_file
    assert (
        "\nBenchmark      EURUSD: return"
        in omega("run", path, *again, "--benchmark", "hold").stdout
    )
    refused = omega("run", path, *again, "--benchmark", "GBPUSD")
    assert "benchmark: 'GBPUSD' is no symbol of this run" in refused.output


@pytest.mark.parametrize(
    "words",
    [
        'calendar = "FX"\n',
        '\n[calendar]\nzone = "America/New_York"\nday_start = "17:00"\n',
    ],
)
def test_a_run_file_names_its_calendar(folder: Path, words: str) -> None:
    path = folder / "run.toml"
    given = RUN.replace("\n[parameters]", f"{words}\n[parameters]", 1)
    path.write_text(given)
    plan = _runfile.read(path)
    calendar = plan.settings["calendar"]
    assert calendar_of(calendar) == calendars.FX
    result = omega("run", path, "--calendar", "Asia/Tokyo", "--out", folder / "other", "--json")
    kept = json.loads((folder / "other" / "manifest.json").read_text())
    assert result.exit_code == 0
    assert kept["config"]["calendar"] == "Calendar(zone='Asia/Tokyo')"
    path.write_text(given.replace(words, words.replace("17:00", "5 pm").replace("FX", "Mars/Base")))
    refused = omega("run", path)
    assert refused.exit_code in (1, 2)
    assert "Calendar." in refused.output


DATED = """\
[run]
strategy = "mine.py:Every"
data = "candles.parquet"
symbol = "EURUSD"
timeframes = ["H1"]

[events]
dividends = [{symbol = "EURUSD", date = 2024-01-02, amount = 0.001}]
tax = 0.25

[carry]
cash = 0.03
borrow = {EURUSD = "borrow.csv"}

[universe]
members = "members.csv"
leave = "once"
"""


def test_what_happens_by_date_is_rows_or_files(folder: Path) -> None:
    (folder / "run.toml").write_text(DATED)
    (folder / "borrow.csv").write_text("date,rate\n2024-01-01,0.02\n2024-01-03,\n")
    (folder / "members.csv").write_text("symbol,from,to\nEURUSD,2024-01-01,2024-01-03\n")
    given = _runfile.read(folder / "run.toml").settings
    assert given["events"] == Events(
        dividends=[{"symbol": "EURUSD", "date": "2024-01-02", "amount": 0.001}], tax=0.25
    )
    lent = [{"date": "2024-01-01", "rate": 0.02}, {"date": "2024-01-03", "rate": None}]
    assert given["carry"] == Carry(cash=0.03, borrow={"EURUSD": lent})
    members = [{"symbol": "EURUSD", "from": "2024-01-01", "to": "2024-01-03"}]
    assert given["universe"] == Universe(members, leave="once")
    done = omega("run", folder / "run.toml", "--json", "--out", folder / "out")
    assert done.exit_code == 0, done.output
    ledger = pl.read_parquet(folder / "out" / "ledger.parquet")["kind"].cast(pl.String).unique()
    assert {"dividend", "tax"} <= set(ledger)
    assert "Universe(" in (folder / "out" / "manifest.json").read_text()


@pytest.mark.parametrize(
    ("line", "wrong", "told"),
    [
        ('borrow = {EURUSD = "borrow.csv"}', 'borrow = "none.csv"', "'none.csv' cannot be read"),
        ("tax = 0.25", "taxes = 0.25", "Did you mean 'tax'?"),
        ("amount = 0.001", 'amount = "much"', "given 'much' as amount in row 0"),
    ],
)
def test_a_mistake_in_what_happens_by_date_has_its_line(
    folder: Path, line: str, wrong: str, told: str
) -> None:
    (folder / "run.toml").write_text(DATED.replace(line, wrong))
    (folder / "borrow.csv").write_text("date,rate\n2024-01-01,0.02\n")
    (folder / "members.csv").write_text("symbol,from,to\nEURUSD,2024-01-01,2024-01-03\n")
    done = omega("run", folder / "run.toml")
    assert done.exit_code == 2, done.output
    assert told in done.output
    assert "run.toml, line" in done.output


def test_a_function_of_parameters_makes_weights(folder: Path) -> None:
    (folder / "made.py").write_text(
        "import omega\n\n"
        "def share(part, when='1d'):\n"
        "    table = {'time': ['2024-01-01'], 'EURUSD': [part]}\n"
        "    return omega.Weights(table, when=when)\n\n"
        "half = share(0.5)\n"
    )
    text = '[run]\nstrategy = "made.py:{}"\ndata = "candles.parquet"\nsymbol = "EURUSD"\n'
    text += "account_currency = 'USD'\n[parameters]\n{}\n"
    made = []
    for name, parameters in (("share", "part = 0.5"), ("half", "when = '1d'")):
        (folder / "run.toml").write_text(text.format(name, parameters))
        done = omega("run", folder / "run.toml", "--json")
        assert done.exit_code == 0, done.output
        made.append(json.loads(done.stdout)["fingerprint"])
    assert made[0] == made[1]
    (folder / "run.toml").write_text(text.format("share", "parts = 0.5"))
    done = omega("run", folder / "run.toml")
    assert done.exit_code != 0
    assert "Did you mean 'part'?" in done.output
