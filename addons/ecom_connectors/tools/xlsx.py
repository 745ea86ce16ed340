"""Rows of a workbook's sheet as text, one after the other.

openpyxl is one of Odoo's own dependencies. A number stays what the cell shows where that matters:
no ".0" behind whole numbers, leading zeros of a format such as 00000, dates as ISO text.
"""

import re
import zipfile
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from .problems import FileProblem

_ZEROS = re.compile(r"^0{2,}$")
_FIFTEEN = 15


@contextmanager
def _workbook(path, limits):
    import openpyxl  # noqa: PLC0415 - only where a workbook is read

    with zipfile.ZipFile(path) as archive:
        sizes = {item.filename: item.file_size for item in archive.infolist()}
    if sum(sizes.values()) > limits.unpacked:
        raise FileProblem("too_big", limit=limits.unpacked >> 20)
    if sizes.get("xl/sharedStrings.xml", 0) > limits.sheet_strings:
        raise FileProblem("too_big", limit=limits.sheet_strings >> 20)
    # An open file, as openpyxl judges a path by its ending, and stored files have none.
    with open(path, "rb") as stream:
        try:
            book = openpyxl.load_workbook(stream, read_only=True, data_only=True, keep_links=False)
        except Exception as error:  # openpyxl raises whatever its parsers raise
            raise FileProblem("damaged", detail=str(error)[:120]) from error
        try:
            yield book
        finally:
            book.close()


def choose_sheet(path, wanted, limits):
    """Name of the sheet to read: the wanted one, else the first visible one that has cells."""
    with _workbook(path, limits) as book:
        sheets = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
        if wanted:
            if wanted not in book.sheetnames:
                raise FileProblem("no_sheet", sheet=wanted)
            return wanted
        for sheet in sheets:
            sheet.reset_dimensions()
            for row in sheet.iter_rows(max_row=50, values_only=True):
                if any(value is not None for value in row):
                    return sheet.title
        raise FileProblem("empty")


def rows(path, sheet, limits):
    """(row number, list of texts) of a sheet, empty rows included as empty lists."""
    with _workbook(path, limits) as book:
        chosen = book[sheet]
        # Some programs write a wrong size into the file; openpyxl would believe it.
        chosen.reset_dimensions()
        try:
            for number, cells in enumerate(chosen.iter_rows(), start=1):
                yield number, [cell_text(cell.value, cell) for cell in cells]
        except FileProblem:
            raise
        except Exception as error:  # as above
            raise FileProblem("damaged", detail=str(error)[:120]) from error


def cell_text(value, cell=None):
    """What a cell says, as text."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return _padded(str(value), cell)
    if isinstance(value, float):
        if value.is_integer() and abs(value) < 1e16:
            return _padded(str(int(value)), cell)
        # 15 digits are what a spreadsheet shows; the rest is the dust of binary fractions.
        return format(Decimal(f"{value:.{_FIFTEEN}g}"), "f")
    if isinstance(value, datetime):
        # Spreadsheets keep fractions of days: round the dust away.
        return (value + timedelta(microseconds=500)).replace(microsecond=0).isoformat(sep=" ")
    if isinstance(value, (date, time)):
        return value.isoformat()
    return str(value).strip()


def _padded(text, cell):
    form = getattr(cell, "number_format", None) or ""
    if _ZEROS.match(form) and text.isdigit():
        return text.zfill(len(form))
    return text
