from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..tools import columns, headers
from ..tools.values import date_order, sample_mark


class EcomImportMapping(models.Model):
    """How the files of a channel are read: which column means what, and the rest.

    Saved with the first file of its kind and found again by its headers.
    """

    _name = "ecom.import.mapping"
    _description = "File Layout"
    _order = "channel_id, sequence, id"
    _check_company_auto = True

    name = fields.Char(required=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    channel_id = fields.Many2one("ecom.channel", required=True, ondelete="cascade", index=True)
    company_id = fields.Many2one(related="channel_id.company_id", store=True, index=True)
    line_ids = fields.One2many("ecom.import.mapping.line", "mapping_id", "Columns", copy=True)

    tz = fields.Selection(
        lambda self: self.env["res.partner"]._fields["tz"]._description_selection(self.env),
        string="Time Zone",
        required=True,
        default="UTC",
        help="Where the clock stood that wrote the times of the file. Not used for times that name "
        "their zone themselves.",
    )
    date_order = fields.Selection(
        [
            ("auto", "As each date shows"),
            ("dmy", "Day first (31/12/2026)"),
            ("mdy", "Month first (12/31/2026)"),
        ],
        string="Dates",
        default="auto",
        required=True,
        help="Only for dates in which it cannot be told, such as 03/04/2026.",
    )
    date_formats = fields.Char(
        "Own Date Formats",
        help="For unusual dates: one or several formats, divided by ‘|’, e.g. %d-%b-%Y|%Y%m%d %H%M. "
        "They are tried first.",
    )
    decimal_mark = fields.Selection(
        [
            ("auto", "As each number shows"),
            (".", "Point (1,234.50)"),
            (",", "Comma (1.234,50)"),
        ],
        default="auto",
        required=True,
        help="Only for numbers in which it cannot be told, such as 1,234.",
    )
    encoding = fields.Selection(
        [
            ("utf-8", "UTF-8"),
            ("gb18030", "GB18030, GBK (Chinese)"),
            ("cp1252", "Windows-1252, Latin-1 (Western)"),
            ("utf-16", "UTF-16"),
        ],
        help="Leave empty to have it found.",
    )
    delimiter = fields.Selection(
        [("comma", "Comma"), ("semicolon", "Semicolon"), ("tab", "Tab"), ("pipe", "Bar |")],
        help="Leave empty to have it found.",
    )
    sheet = fields.Char(help="Name of the sheet in Excel files. Empty: the first one.")
    prices_include_tax = fields.Selection(
        [("channel", "As set up on the channel"), ("yes", "Include tax"), ("no", "Without tax")],
        string="Prices",
        default="channel",
        required=True,
    )
    tax = fields.Selection(
        [
            ("none", "The file says nothing about taxes"),
            ("column", "The rate is in a column"),
            ("fixed", "One rate for everything"),
        ],
        string="Taxes",
        default="none",
        required=True,
    )
    tax_rate = fields.Float("Tax Rate (%)", digits=(16, 4))
    refund_prefix = fields.Char(
        "Refunds Begin With",
        help="An order number that begins so is a refund, e.g. C for C536379.",
    )
    refund_negative = fields.Boolean(
        "Negative Quantities Are Refunds",
        help="Rows with a negative quantity take something of their order back.",
    )
    paid = fields.Boolean("All Orders Are Paid", help="For files that hold paid orders only.")
    fill_down = fields.Boolean(
        "Number Only in the First Row",
        help="A row without an order number belongs to the order above it.",
    )
    services = fields.Text(
        "Service Codes",
        help="Codes in the SKU column that are no goods. One per line, e.g. POST = shipping. "
        "Possible: shipping, gift_wrap, fee, cod_fee, duty, tip, discount, adjustment.",
    )

    @api.constrains("services")
    def _check_services(self):
        for mapping in self:
            try:
                columns.parse_services(mapping.services)
            except ValueError as error:
                raise ValidationError(
                    self.env._(
                        "This line of the service codes cannot be read: %(line)s. "
                        "Write it like: POST = shipping",
                        line=error,
                    )
                ) from error

    @api.constrains("tax_rate", "tax")
    def _check_tax_rate(self):
        for mapping in self:
            if not 0 <= mapping.tax_rate < 1000:
                raise ValidationError(
                    self.env._("The tax rate must be between 0 and 1000 percent.")
                )

    def _get_spec(self):
        """:return: the layout as plain JSON, see tools/columns"""
        self.ensure_one()
        delimiters = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|"}
        lines = self.line_ids.filtered("field_key")
        return columns.complete(
            {
                "columns": {
                    line.header: line.field_key for line in lines if line.source == "column"
                },
                "constants": {
                    line.field_key: line.constant for line in lines if line.source == "constant"
                },
                "options": {
                    "tz": self.tz,
                    "date_order": self.date_order,
                    "date_formats": [
                        part.strip()
                        for part in (self.date_formats or "").split("|")
                        if part.strip()
                    ],
                    "decimal_mark": self.decimal_mark,
                    "prices_include_tax": {"yes": True, "no": False}.get(self.prices_include_tax),
                    "tax": self.tax,
                    # repr of a float is the shortest text that means it: 19.0 -> "19.0"
                    "tax_rate": repr(self.tax_rate) if self.tax_rate else "",
                    "refund_prefix": (self.refund_prefix or "").strip(),
                    "refund_negative": self.refund_negative,
                    "services": columns.parse_services(self.services),
                    "fill_down": self.fill_down,
                    "paid": self.paid,
                    "encoding": self.encoding or None,
                    "delimiter": delimiters.get(self.delimiter),
                    "sheet": self.sheet or None,
                },
            }
        )

    @api.model
    def _find(self, channel, header):
        """:return: the channel's layout that fits a header best, or none: all of its columns must
        be there, so that no file is read by a layout that was meant for another"""
        fitting = [
            (len(mapping.line_ids.filtered("field_key")), mapping)
            for mapping in self.search([("channel_id", "=", channel.id)])
            if columns.fits(mapping._get_spec(), header) == 1.0
        ]
        return max(fitting, key=lambda item: item[0])[1] if fitting else self

    @api.model
    def _create_proposal(self, channel, name, header, samples):
        """Make a layout for a file that none fits, from its headers and first rows."""
        proposal = headers.propose(header)
        texts = {path: [] for path in columns.FIELDS}
        for _row, cells in samples:
            for column, cell in zip(header, cells, strict=False):
                if cell and column in proposal:
                    texts[proposal[column]].append(cell)
        numbers = [
            text
            for path, values in texts.items()
            if columns.FIELDS[path].kind in ("number", "money")
            for text in values
        ]
        dates = [
            text
            for path, values in texts.items()
            if columns.FIELDS[path].kind == "time"
            for text in values
        ]
        has_tax = "line.tax_rate" in proposal.values()
        at = columns.positions({"columns": proposal}, header)
        pairs = []
        if "external_id" in at and "line.quantity" in at:
            number, quantity = at["external_id"][0], at["line.quantity"][0]
            pairs = [(cells[number], cells[quantity]) for _row, cells in samples]
        return self.create(
            {
                "name": name,
                "channel_id": channel.id,
                "tz": channel.tz or "UTC",
                "decimal_mark": sample_mark(numbers),
                "date_order": date_order(dates),
                "tax": "column" if has_tax else "none",
                "refund_prefix": columns.propose_refund_prefix(pairs),
                "services": columns.propose_services(texts["line.sku"]),
                "line_ids": [
                    fields.Command.create(
                        {"sequence": position, "header": column, "field_key": proposal.get(column)}
                    )
                    for position, column in enumerate(header)
                ],
            }
        )

    def _update_columns(self, header, samples):
        """Show the columns and sample values of the file at hand in the layout.

        Columns that the file has and the layout does not know are added, unassigned.
        """
        self.ensure_one()
        found = {}
        for _row, cells in samples[:50]:
            for column, cell in zip(header, cells, strict=False):
                values = found.setdefault(column, [])
                if cell and cell not in values and len(values) < 3:
                    values.append(cell[:40])
        lines = {line.header: line for line in self.line_ids if line.source == "column"}
        for position, column in enumerate(header):
            sample = " · ".join(found.get(column, ()))
            if column not in lines:
                self.line_ids = [
                    fields.Command.create(
                        {"sequence": position, "header": column, "sample": sample}
                    )
                ]
            elif lines[column].sample != sample:
                lines[column].sample = sample
