from odoo import fields, models


class EcomImportReject(models.Model):
    """One thing that is wrong with a row of a file.

    *rejected*: the row could not be imported at all. *parked*: the order that the row belongs to
    is kept among the parked orders. While a file is only checked, both say what would happen.
    """

    _name = "ecom.import.reject"
    _description = "Problem in a File"
    _order = "import_id, row, id"
    _rec_name = "reason"

    import_id = fields.Many2one("ecom.import", required=True, ondelete="cascade", index=True)
    company_id = fields.Many2one(related="import_id.company_id", store=True, index=True)
    outcome = fields.Selection(
        [("parked", "Order parked"), ("rejected", "Row left out")], required=True, readonly=True
    )
    row = fields.Integer(readonly=True, help="As a spreadsheet counts; the header is a row too.")
    order_number = fields.Char(readonly=True)
    column = fields.Char(readonly=True)
    value = fields.Char("Found There", readonly=True)
    code = fields.Char(readonly=True)
    reason = fields.Char(readonly=True)
    cells = fields.Json(readonly=True, help="The whole row, for the download.")
