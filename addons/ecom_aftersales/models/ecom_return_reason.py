from odoo import fields, models

FAULTS = [
    ("buyer", "Buyer"),
    ("seller", "Us"),
    ("carrier", "Carrier"),
    ("supplier", "Supplier"),
    ("platform", "Platform"),
]


class EcomReturnReason(models.Model):
    """Why goods come back, in words that buyers choose from and reports count."""

    _name = "ecom.return.reason"
    _description = "Return Reason"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    code = fields.Char(required=True, help="Short name for programs, e.g. defect.")
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    fault = fields.Selection(
        FAULTS,
        string="Party at Fault",
        default="buyer",
        required=True,
        help="Who caused it, as long as nobody finds otherwise on the case.",
    )
    portal = fields.Boolean("Offered to Buyers", default=True)
    needs_photo = fields.Boolean(
        "Photo Asked For", help="Buyers are asked to add at least one photo."
    )

    _code_uniq = models.UniqueIndex("(code)", "Another reason has the same code.")
