"""What can be wrong with a file, a row or a value: codes, and their English texts.

The texts are marked with `_` so that Odoo's term export finds them; whoever shows one calls
`text(problem, translate)` with the `env._` of the reader.
"""

from dataclasses import dataclass, field


def _(source):
    """Mark `source` as translatable. The translation happens when it is shown."""
    return source


MESSAGES = {
    # the file as a whole
    "empty": _("The file is empty."),
    "no_rows": _("The file has a header but no rows below it."),
    "old_excel": _("This is an Excel 97-2003 file. Open it and save it as .xlsx or .csv."),
    "html": _("This is a web page, not a table. Export the orders as .csv or .xlsx."),
    "binary": _("This is neither a text file nor an .xlsx file."),
    "damaged": _("The file is damaged and cannot be read to its end: %(detail)s"),
    "archive": _("This archive contains no table. Unpack it and import the file inside."),
    "protected": _("The file is protected by a password. Save it without one."),
    "too_big": _("The unpacked file is larger than %(limit)s MB. Split it."),
    "too_many_columns": _("The file has more than %(limit)s columns. Is the delimiter right?"),
    "encoding": _("The text cannot be read as %(encoding)s. Choose another encoding."),
    "no_sheet": _("There is no sheet named %(sheet)s in the file."),
    "open_quote": _("A quotation mark is opened in row %(row)s and never closed."),
    "json_syntax": _("Document %(row)s is not valid JSON: %(detail)s"),
    "json_shape": _("The JSON file must be a list of documents or an object with a list “orders”."),
    "json_document": _("Document %(row)s is not a JSON object."),
    "json_too_big": _("Document %(row)s is larger than %(limit)s MB."),
    # the layout
    "unmapped": _("No column is assigned to “%(field)s”. Without it no order can be read."),
    "column_gone": _("The layout reads a column “%(column)s” that this file does not have."),
    "assigned_twice": _("Two columns are assigned to “%(field)s”, which takes only one."),
    # rows
    "no_order_number": _("The row has no order number, so it belongs to no order."),
    "surplus_cells": _(
        "The row has more values than the header has columns. "
        "A delimiter inside of a text must be in quotation marks."
    ),
    "spreadsheet_number": _(
        "A spreadsheet program has shortened this number. "
        "Format the column as text and export again."
    ),
    "text_too_long": _("The text is longer than %(limit)s characters."),
    # values
    "missing": _("A value is missing."),
    "not_a_number": _("This is not a number."),
    "ambiguous_number": _("This can be read in two ways. Choose the decimal mark in the layout."),
    "too_large": _("The number is too large."),
    "negative_quantity": _(
        "An order cannot contain a negative quantity. If the row takes something "
        "back, set up how this file marks refunds."
    ),
    "negative_amount": _("This amount must not be negative."),
    "not_a_date": _("This is not a date that can be read. Choose the date format in the layout."),
    "ambiguous_date": _("Day and month can be read in two ways. Choose their order in the layout."),
    "not_a_choice": _("Unknown value. Possible are: %(choices)s"),
    "currency": _("This is not a three-letter currency code."),
    "rows_disagree": _("The rows of this order say different things: %(values)s"),
    "mixed_refund": _("Some rows of this number are a refund and others are not."),
    "total_needed": _(
        "Taxes come on top and the whole order has a discount. "
        "The file must then have a column with the order's total."
    ),
    "duplicate_line": _("This line id occurs more than once in the order."),
    "document": _("%(detail)s"),
    # notes: the value was read, but a human may want to know how
    "time_twice": _(
        "This local time occurred twice that night (clocks went back); the first was taken."
    ),
    "time_never": _(
        "This local time did not exist that night (clocks went forward); "
        "it was read with the offset before the change."
    ),
}


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong, at one place of the file.

    :param code: key of MESSAGES
    :param row: number of the row as a spreadsheet shows it (the header has its own), or 0
    :param column: header of the column, or empty
    :param value: what was found there, shortened
    :param params: what the text needs, as a tuple of pairs
    """

    code: str
    row: int = 0
    column: str = ""
    value: str = ""
    params: tuple = field(default=())

    def __post_init__(self):
        object.__setattr__(self, "value", str(self.value or "")[:200])

    def text(self, translate=None):
        """The sentence for a reader, in the language of `translate` (an `env._`)."""
        source, params = MESSAGES[self.code], {"row": self.row, **dict(self.params)}
        if "%(" not in source:
            return translate(source) if translate else source
        return translate(source, **params) if translate else source % params

    def as_dict(self, translate=None):
        return {
            "row": self.row,
            "column": self.column,
            "value": self.value,
            "code": self.code,
            "reason": self.text(translate),
        }


class FileProblem(Exception):
    """The file cannot be read at all, or not further. Carries a Problem."""

    def __init__(self, code, row=0, column="", value="", **params):
        self.problem = Problem(code, row, column, value, tuple(sorted(params.items())))
        super().__init__(self.problem.text())


class ValueProblem(Exception):
    """One value cannot be read. Whoever knows row and column makes a Problem of it."""

    def __init__(self, code, **params):
        self.code = code
        self.params = tuple(sorted(params.items()))
        super().__init__(code)
