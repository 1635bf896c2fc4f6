"""Settings that cannot be right: the message names the argument, and nothing is guessed."""

from __future__ import annotations

from pathlib import Path

import pytest

import omega
from omega import Calendar, Carry, ConfigError, Costs, Events, Universe
from omega.config.calendar import calendar_of
from omega.importing._clock import Clock, clock

HUGE = 10**400
SPLIT = {"date": "2020-08-31", "ratio": 4}


@pytest.mark.parametrize(
    ("name", "zone"),
    [("Etc/GMT+5", "Etc/GMT+5"), ("Etc/GMT-3", "Etc/GMT-3"), ("GMT", "GMT"), ("Japan", "Japan")],
)
def test_a_zone_with_an_offset_in_its_name_is_a_zone(name: str, zone: str) -> None:
    assert calendar_of(name) == Calendar(zone)


@pytest.mark.filterwarnings("ignore")  # of pandas, for what the package does
@pytest.mark.parametrize("name", ["24/7", "24/5"])
def test_every_exchange_that_an_error_lists_is_taken(name: str) -> None:
    pytest.importorskip("exchange_calendars")
    assert calendar_of(name).exchange == name


@pytest.mark.parametrize("given", ["XNYS 09:00", "FX 17:00"])
def test_only_a_zone_takes_the_time_at_which_days_begin(given: str) -> None:
    with pytest.raises(ConfigError, match=f"calendar: given '{given}', expected a time zone"):
        calendar_of(given)


def test_a_clock_more_than_a_day_ahead_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"America/New_York\+30"):
        calendar_of("America/New_York+30")


@pytest.mark.parametrize("exchange", ["NOPE", ""])
def test_an_unknown_exchange_is_named(exchange: str) -> None:
    pytest.importorskip("exchange_calendars")
    with pytest.raises(ConfigError, match=r"^(calendar|Calendar\.exchange): "):
        Calendar(exchange=exchange).spans(0, 4)


def test_half_days_that_are_no_pairs_are_refused() -> None:
    sessions = [("09:30", "16:00")]
    with pytest.raises(ConfigError, match=r"Calendar\.half_days: given \(1, 2\), expected"):
        Calendar(sessions=sessions, half_days=(1, 2))  # type: ignore[arg-type]  # on purpose


@pytest.mark.parametrize("table", [SPLIT, {"date": ["2020-08-31"], "ratio": 4}])
def test_a_column_that_is_one_value_is_named(table: object) -> None:
    with pytest.raises(ConfigError, match=r"Events\.splits: given .* as column .*\[\{'date'"):
        Events(splits=table)
    assert len(Events(splits=[SPLIT]).splits) == 1  # as the message has it


def test_columns_of_several_lengths_are_refused() -> None:
    table = {"date": ["2020-08-31", "2020-09-01"], "ratio": [4]}
    with pytest.raises(ConfigError, match=r"Events\.splits: given 2 rows of date and 1 of ratio"):
        Events(splits=table)


def test_rows_without_a_column_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"Universe\.members: .*expected a column symbol"):
        Universe([{}])


def test_a_number_that_no_float_holds_is_refused() -> None:
    for make in (lambda: Costs(fee_percent=HUGE), lambda: Carry(cash=HUGE)):
        with pytest.raises(ConfigError, match=r"(Costs\.fee_percent|Carry\.cash): given 1000"):
            make()
    with pytest.raises(ConfigError, match=r"Events\.splits: given 1000.* as ratio in row 0"):
        Events(splits=[{"date": "2020-08-31", "ratio": HUGE}])


@pytest.mark.parametrize("given", [None, "x", float("nan"), -5])
def test_returns_of_delistings_are_numbers_from_minus_one_on(given: object) -> None:
    with pytest.raises(ConfigError, match=r"Events\.delisting_returns of NYSE: given .* expected"):
        Events(delisting_returns={"NYSE": given})  # type: ignore[dict-item]  # on purpose


@pytest.mark.parametrize(
    "rows",
    [
        "x,1,1,1\n20200102,2,1,5",
        "20201399,1,1,1",
        "20200101,a,1,1",
        "20200101,1,1,1\n20200102,0,0,1",
        "20200101,nan,nan,nan\n20200102,1,1,1",
    ],
)
def test_a_row_of_a_factor_file_that_cannot_be_read_is_named(tmp_path: Path, rows: str) -> None:
    file = tmp_path / "acme.csv"
    file.write_text(rows)
    with pytest.raises(ConfigError, match=r"acme\.csv: given .* in row \d, expected"):
        Events.from_lean(file)


def test_a_factor_file_that_is_not_there_or_no_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"Events\.from_lean: .*gone\.csv"):
        Events.from_lean(tmp_path / "gone.csv")
    (tmp_path / "binary.csv").write_bytes(b"\xff\xfe,1,1,1")
    with pytest.raises(ConfigError, match=r"Events\.from_lean: .*binary\.csv"):
        Events.from_lean(tmp_path / "binary.csv")


def test_rates_by_integer_times_are_put_in_order_of_time() -> None:
    # One second has nine digits and the other ten: as texts the later would come first.
    rates = [{"date": 1_000_000_000, "rate": 0.1}, {"date": 900_000_000, "rate": 0.2}]
    assert [row[1] for row in Carry(cash=rates).cash] == [0.2, 0.1]
    assert [row[1] for row in Carry(borrow=rates).borrow] == [0.2, 0.1]


@pytest.mark.parametrize("given", [float("nan"), float("inf"), []])
def test_a_borrow_rate_is_finite(given: object) -> None:
    with pytest.raises(ConfigError, match=r"Carry\.borrow: given"):
        Carry(borrow=given)


def test_a_blackout_that_is_no_moment_is_named() -> None:
    with pytest.raises(ConfigError, match=r"Limits\.blackouts: given 'x', expected a moment"):
        omega.Limits(blackouts=[("x", "y")])


@pytest.mark.parametrize("zone", ["Etc/GMT+5", "Etc/GMT-3"])
def test_an_import_takes_a_zone_with_an_offset_in_its_name_as_a_zone(zone: str) -> None:
    assert clock(zone) == Clock(zone, 0, zone)
    assert clock("America/New_York+7") == Clock("America/New_York", 420, "America/New_York+7")
