#!/usr/bin/env python3
"""Forecast a table of demand histories: one column per item, one row per period.

    python3 tools/forecast_csv.py HISTORY.csv --horizon 8 [--season 52] [--out FORECAST.csv]
        [--quantiles 0.5,0.9,0.95] [--methods]

The first row names the items. A first column called ``t`` or ``date`` (any case) names the
periods and is carried on into the forecast. A blank cell is a period whose demand is not
known. The answer has the same shape. With ``--quantiles`` each item ``A`` is followed by
columns ``A:q0.9`` (of the period) and ``A:sum:q0.9`` (of the total from the first forecast
period on); with ``--methods`` a last row whose period is ``method`` names the choice per item.

Exit codes: 0 done, 2 wrong arguments or data (one line on standard error says what).
"""

import argparse
import csv
import datetime
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# Threads of numpy's own cost processor time here and save none.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
sys.path.insert(0, str(ROOT / "addons" / "ecom_order_mgmt" / "tools"))

try:
    from forecast import ForecastInputError, calendar_phases, forecast_many
except ModuleNotFoundError as error:
    if error.name != "numpy":
        raise
    # The Python that `make setup` makes has it.
    prepared = ROOT / ".odoo" / "venv" / "bin" / "python"
    if prepared.exists() and Path(sys.executable) != prepared:
        os.execv(prepared, [str(prepared), *sys.argv])
    print("forecast_csv: numpy is missing; run `make setup` or install it", file=sys.stderr)
    sys.exit(2)

PERIOD_COLUMNS = ("t", "date")


def main(arguments=None):
    options = _parse(arguments)
    try:
        period_column, periods, histories = read_table(options.history)
        # 1 is the usual way of other tools to say "no season".
        season = None if options.season in (0, 1) else options.season
        result = forecast_many(
            histories,
            options.horizon,
            season,
            phases=_phases(season, period_column, periods, options.horizon),
            quantiles=options.quantiles or (0.5,),
        )
        rows = table(result, period_column, periods, options)
        if options.out:
            with open(options.out, "w", newline="", encoding="utf-8") as stream:
                csv.writer(stream).writerows(rows)
        else:
            csv.writer(sys.stdout).writerows(rows)
    except (ForecastInputError, OSError, UnicodeDecodeError, csv.Error) as error:
        print(f"forecast_csv: {error}", file=sys.stderr)
        return 2
    return 0


def read_table(path):
    """Return ``(name of the period column or None, its cells, {item: cells})``.

    :raise ForecastInputError: on an empty file, ragged rows, unnamed or repeated columns,
        text cells
    """
    with open(path, newline="", encoding="utf-8-sig") as stream:
        # A row without any cell is a blank line; a blank one-column cell is such a line too,
        # so rows are only dropped at the end of the file.
        lines = list(csv.reader(stream, strict=True))
    while lines and not any(cell.strip() for cell in lines[-1]):
        lines.pop()
    if not lines:
        raise ForecastInputError(f"{path} is empty")
    header, rows = [cell.strip() for cell in lines[0]], lines[1:]
    if not rows:
        raise ForecastInputError(f"{path} has a header but no periods")
    if len(header) == 1:
        rows = [row or [""] for row in rows]
    for number, row in enumerate(rows, start=2):
        if len(row) != len(header):
            raise ForecastInputError(
                f"{path} row {number} has {len(row)} cells, the header has {len(header)}"
            )
    first = 1 if header[0].lower() in PERIOD_COLUMNS else 0
    items = header[first:]
    if not items:
        raise ForecastInputError(f"{path} has no item columns")
    if not all(items):
        raise ForecastInputError(f"{path} has an item column without a name")
    if len(set(items)) != len(items):
        twice = next(item for item in items if items.count(item) > 1)
        raise ForecastInputError(f"{path} has two columns named {twice!r}")
    histories = {
        item: [_number(row[column], item, number) for number, row in enumerate(rows, start=2)]
        for column, item in enumerate(items, start=first)
    }
    return (header[0], [row[0] for row in rows], histories) if first else (None, [], histories)


def _number(cell, item, row):
    text = cell.strip()
    if not text or text.lower() in ("na", "nan"):
        return None
    try:
        return float(text)
    except ValueError:
        raise ForecastInputError(f"row {row}, column {item!r}: {text!r} is not a number") from None


def table(result, period_column, periods, options):
    """Return the rows of the answer, header first."""
    header, columns = [], []
    if period_column is not None:
        header.append(period_column)
        columns.append(following(periods, options.horizon))
    for item, forecast in result.forecasts.items():
        header.append(item)
        columns.append(_texts(forecast.points))
        for q in options.quantiles:
            header.append(f"{item}:q{q:g}")
            columns.append(_texts(forecast.quantiles[q]))
            header.append(f"{item}:sum:q{q:g}")
            columns.append(_texts(forecast.cumulative_quantiles[q]))
    rows = [header, *map(list, zip(*columns, strict=True))]
    if options.methods:
        names = {item: forecast.method for item, forecast in result.forecasts.items()}
        last = [names.get(name, "") for name in header]
        if period_column is not None:
            last[0] = "method"
        rows.append(last)
    return rows


def _texts(values):
    return [f"{value:.6g}" for value in values]


def following(periods, horizon):
    """Return the names of the ``horizon`` periods after the given ones.

    Dates go on by the step of the last two (a month's step for dates of different months
    with the same day), whole numbers by one; anything else is numbered from 1.
    """
    dates = _dates(periods[-2:])
    if dates and len(dates) == 2:
        before, last = dates
        months = (last.year - before.year) * 12 + last.month - before.month
        if before.day == last.day and months > 0:
            return [_add_months(last, months * k).isoformat() for k in range(1, horizon + 1)]
        return [(last + k * (last - before)).isoformat() for k in range(1, horizon + 1)]
    try:
        last = int(periods[-1])
    except ValueError:
        last = 0
    return [str(last + k) for k in range(1, horizon + 1)]


def _add_months(day, months):
    count = day.month - 1 + months
    try:
        return day.replace(year=day.year + count // 12, month=count % 12 + 1)
    except ValueError:  # 31st of a shorter month
        first = day.replace(day=1, year=day.year + count // 12, month=count % 12 + 1)
        return (first + datetime.timedelta(days=31)).replace(day=1) - datetime.timedelta(days=1)


def _dates(cells):
    try:
        return [datetime.date.fromisoformat(cell.strip()[:10]) for cell in cells]
    except ValueError:
        return None


def _phases(season, period_column, periods, horizon):
    """Return calendar phases for a yearly season of daily rows, else ``None``."""
    dates = _dates(periods) if season == 365 and period_column is not None else None
    if not dates or (dates[-1] - dates[0]).days != len(dates) - 1:
        return None
    return {365: calendar_phases(dates[0], len(dates) + horizon, 365)}


def _parse(arguments):
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("history", metavar="HISTORY.csv")
    parser.add_argument("--horizon", type=int, required=True, help="periods to forecast")
    parser.add_argument("--season", type=int, default=0, help="periods of a cycle, e.g. 12")
    parser.add_argument("--out", help="file to write; default: standard output")
    parser.add_argument("--quantiles", type=_probabilities, default=(), help="e.g. 0.5,0.9,0.95")
    parser.add_argument("--methods", action="store_true", help="add a row with the choices")
    return parser.parse_args(arguments)


def _probabilities(text):
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a list of numbers") from None


if __name__ == "__main__":
    sys.exit(main())
