"""The command for tables of demand, as a user runs it; and accuracy on the real data sets."""

import csv
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
COMMAND = ROOT / "tools" / "forecast_csv.py"


def forecast_csv(tmp_path, text, *options):
    history = tmp_path / "history.csv"
    history.write_text(text, encoding="utf-8")
    return subprocess.run(
        [sys.executable, COMMAND, history, *options], capture_output=True, text=True, check=False
    )


def rows_of(done):
    assert done.returncode == 0, done.stderr
    return list(csv.reader(done.stdout.splitlines()))


MONTHS = "date,A,B\n" + "".join(
    f"{2020 + m // 12}-{m % 12 + 1:02}-01,{5 + m % 3},{'' if m % 4 else 2}\n" for m in range(24)
)


def test_same_shape_with_dates_going_on(tmp_path):
    header, *rows = rows_of(forecast_csv(tmp_path, MONTHS, "--horizon", "3", "--season", "12"))
    assert header == ["date", "A", "B"]
    assert [row[0] for row in rows] == ["2022-01-01", "2022-02-01", "2022-03-01"]
    assert all(float(row[1]) == pytest.approx(6, abs=1.5) for row in rows)
    assert [row[2] for row in rows] == ["2", "2", "2"]


def test_quantiles_methods_and_file(tmp_path):
    out = tmp_path / "forecast.csv"
    options = ("--horizon", "2", "--quantiles", "0.5,0.95", "--methods", "--out", out)
    done = forecast_csv(tmp_path, MONTHS, *options)
    assert (done.returncode, done.stdout) == (0, "")
    header, first, _second, methods = csv.reader(out.read_text().splitlines())
    assert header[:6] == ["date", "A", "A:q0.5", "A:sum:q0.5", "A:q0.95", "A:sum:q0.95"]
    assert float(first[2]) <= float(first[4])
    assert methods[:2] == ["method", "combination"]


def test_without_a_period_column(tmp_path):
    header, *rows = rows_of(forecast_csv(tmp_path, "A\n3\n\n3\n", "--horizon", "2"))
    assert header == ["A"]
    assert rows == [["3"], ["3"]]


def test_numbered_periods_go_on(tmp_path):
    _header, *rows = rows_of(forecast_csv(tmp_path, "T,A\n8,3\n9,3\n", "--horizon", "2"))
    assert [row[0] for row in rows] == ["10", "11"]


def test_yearly_season_of_days_follows_the_calendar(tmp_path):
    text = "date,A\n2024-02-28,1\n2024-02-29,2\n"
    _header, row = rows_of(forecast_csv(tmp_path, text, "--horizon", "1", "--season", "365"))
    assert row[0] == "2024-03-01"


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        ("", ("--horizon", "1"), "is empty"),
        ("t,A\n", ("--horizon", "1"), "no periods"),
        ("t\n1\n", ("--horizon", "1"), "no item columns"),
        ("t,A\n1,two\n", ("--horizon", "1"), "row 2, column 'A': 'two' is not a number"),
        ("t,A\n1,2,3\n", ("--horizon", "1"), "row 2 has 3 cells, the header has 2"),
        ("t,A,A\n1,2,3\n", ("--horizon", "1"), "two columns named 'A'"),
        ("t,A,\n1,2,3\n", ("--horizon", "1"), "without a name"),
        ("t,A\n1,2\n", ("--horizon", "-1"), "horizon must be a whole number from 1, not -1"),
        ("t,A\n1,2\n", ("--horizon", "1", "--season", "-7"), "season must be"),
        ("t,A\n1,2\n", ("--horizon", "1", "--quantiles", "2"), "quantile 2.0"),
        ("t,A\n1,2\n", ("--horizon", "one"), "invalid int"),
        ("t,A\n1,inf\n", ("--horizon", "1"), "not a number"),
    ],
)
def test_bad_input(tmp_path, text, options, message):
    done = forecast_csv(tmp_path, text, *options)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_missing_file(tmp_path):
    command = [sys.executable, COMMAND, tmp_path / "none.csv", "--horizon", "1"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "none.csv" in done.stderr


@pytest.mark.parametrize(
    ("name", "rmsse", "cumulative_wape"),
    [("car_parts", 0.712, 0.739), ("online_retail", 1.282, 0.507)],
)
def test_beats_the_base_line_on_real_demand(monkeypatch, name, rmsse, cumulative_wape):
    monkeypatch.syspath_prepend(str(ROOT / "tools"))
    protocol = importlib.import_module("forecast_protocol")
    forecast_many = importlib.import_module("forecast").forecast_many
    try:
        data = getattr(protocol, name)()
    except FileNotFoundError as error:
        pytest.skip(f"{error.filename} is missing")
    result = forecast_many(data.train, data.horizon)
    found = protocol.score(data, {item: f.points for item, f in result.forecasts.items()})
    assert found["rmsse"] < rmsse
    assert found["cumulative_wape"] < cumulative_wape
