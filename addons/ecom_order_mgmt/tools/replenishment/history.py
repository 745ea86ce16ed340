"""Weeks of demand out of days, and files with a history from elsewhere."""

import csv
import io
from datetime import date, datetime
from statistics import median

#: A week with fewer known days says too little about the others.
LEAST_DAYS = 3
#: A promoted week above this many times the usual one says nothing about usual weeks.
PROMOTION_FACTOR = 1.5
DATE_FORMATS = ("%Y-%m-%d", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%Y/%m/%d", "%Y%m%d")
ITEM_NAMES = (
    "sku",
    "item",
    "product",
    "default_code",
    "internal reference",
    "article",
    "reference",
)
DATE_NAMES = ("date", "day", "t", "week", "month", "period")
QTY_NAMES = ("quantity", "qty", "demand", "sold", "units", "pieces")
WAREHOUSE_NAMES = ("warehouse", "warehouse code", "location")


def weekly(length, weeks):
    """Return the demand per week, oldest first; ``None`` = not known.

    Demand of a week with stock-out days is scaled up from the days on which something could
    be sold. Weeks of a promotion that stand out are not known: they would teach the forecast
    a level that was bought with a discount.

    :param weeks: ``{number of the week: (demand, promoted part of it, days out of stock)}``
    """
    values, promoted = [], set()
    for number in range(length):
        demand, discounted, lost = weeks.get(number, (0.0, 0.0, 0))
        known = 7 - lost
        values.append(demand * 7.0 / known if known >= LEAST_DAYS else None)
        if demand > 0 and discounted * 2 > demand:
            promoted.add(number)
    usual = [v for n, v in enumerate(values) if v is not None and n not in promoted]
    if promoted and usual:
        limit = PROMOTION_FACTOR * median(usual)
        for number in promoted:
            if values[number] is not None and values[number] > limit:
                values[number] = None
    return values


class HistoryFileError(ValueError):
    """The file cannot be read as a history.

    :ivar code: ``no_table``, ``no_rows``, ``no_date_column`` or ``dates_unreadable``
    :ivar detail: what the reader of the table said
    """

    def __init__(self, code, detail=""):
        super().__init__(code, detail)
        self.code, self.detail = code, detail


def read_history(content):
    """Return ``(rows, problems)`` of a CSV file with past demand.

    Two shapes are read: one row per item and day (columns for item, date and quantity, and
    optionally warehouse; any order), or one column per item and one row per day (the shape of
    ``tools/forecast_csv.py`` with dates in the first column; blank = not known). Comma,
    semicolon or tab; the decimal sign may be a comma where the file does not use it to divide.

    :param bytes content: the file
    :return: rows ``(item, warehouse or None, date, quantity)``; problems ``(line number, code,
        detail)``, codes: ``cell`` (missing, or no number), ``no_item``, ``date``, ``number``
    :raise HistoryFileError: the file as a whole makes no sense
    """
    text = _decode(content)
    sample = text[:4096]
    delimiter = max(";\t,", key=sample.split("\n", 1)[0].count)
    try:
        table = list(csv.reader(io.StringIO(text, newline=None), delimiter=delimiter))
    except csv.Error as error:
        raise HistoryFileError("no_table", str(error)) from error
    if len(table) < 2:
        raise HistoryFileError("no_rows")
    header = [name.strip() for name in table[0]]
    lower = [name.lower() for name in header]
    columns = {
        key: next((lower.index(name) for name in names if name in lower), None)
        for key, names in (
            ("item", ITEM_NAMES),
            ("date", DATE_NAMES),
            ("qty", QTY_NAMES),
            ("warehouse", WAREHOUSE_NAMES),
        )
    }
    if columns["date"] is None:
        raise HistoryFileError("no_date_column")
    dated = [(n, row) for n, row in enumerate(table[1:], 2) if any(c.strip() for c in row)]
    parse = _date_parser([row[columns["date"]] for _n, row in dated if len(row) > columns["date"]])
    if columns["item"] is not None and columns["qty"] is not None:
        return _read_long(dated, columns, parse)
    return _read_wide(dated, header, columns["date"], parse)


def _decode(content):
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    return content.decode("latin-1")


def _date_parser(cells):
    """Return a function that reads the dates of this file: one format for all of them."""
    cells = [cell.strip()[:10] for cell in cells if cell.strip()]
    best, most = None, 0
    for form in DATE_FORMATS:
        count = sum(_parse_date(cell, form) is not None for cell in cells)
        if count > most:
            best, most = form, count
    if best is None:
        raise HistoryFileError("dates_unreadable")
    return lambda cell: _parse_date(cell.strip()[:10], best)


def _parse_date(cell, form):
    try:
        return datetime.strptime(cell, form).date()
    except ValueError:
        return None


def _number(cell):
    cell = cell.strip().replace("\u00a0", "").replace(" ", "")
    if "," in cell and "." not in cell:
        cell = cell.replace(",", ".")
    value = float(cell)
    if value != value or value in (float("inf"), float("-inf")):
        raise ValueError(cell)
    return value


def _read_long(lines, columns, parse):
    rows, problems = [], []
    for number, row in lines:
        try:
            item = row[columns["item"]].strip()
            day = parse(row[columns["date"]])
            qty = _number(row[columns["qty"]])
            place = columns["warehouse"]
            warehouse = row[place].strip() or None if place is not None else None
        except (IndexError, ValueError):
            problems.append((number, "cell", ""))
            continue
        if not item or day is None:
            problems.append((number, "no_item" if not item else "date", ""))
        else:
            rows.append((item, warehouse, day, qty))
    return rows, problems


def _read_wide(lines, header, date_column, parse):
    rows, problems = [], []
    for number, row in lines:
        day = parse(row[date_column]) if len(row) > date_column else None
        if day is None:
            problems.append((number, "date", ""))
            continue
        for column, cell in enumerate(row[: len(header)]):
            if column == date_column or not cell.strip() or not header[column]:
                continue
            try:
                rows.append((header[column], None, day, _number(cell)))
            except ValueError:
                problems.append((number, "number", f"{header[column]}: {cell.strip()}"))
    return rows, problems


def spread(rows, today=None):
    """Return rows of weekly or monthly totals spread over the days they stand for.

    A file whose dates are 7 or about 30 days apart holds totals; the day it names is the first
    of its period.

    :param rows: as of :func:`read_history`
    """
    days = sorted({day for _item, _warehouse, day, _qty in rows})
    gaps = [(b - a).days for a, b in zip(days, days[1:], strict=False)]
    if not gaps or median(gaps) < 7:
        return rows
    usual = round(median(gaps))
    length = {a: min(gap, usual * 2) for a, gap in zip(days, gaps, strict=False)}
    last = today or date.max
    result = []
    for item, warehouse, day, qty in rows:
        count = length.get(day, usual)
        for offset in range(count):
            one = date.fromordinal(day.toordinal() + offset)
            if one <= last:
                result.append((item, warehouse, one, qty / count))
    return result
