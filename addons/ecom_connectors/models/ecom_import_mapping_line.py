from odoo import api, fields, models

from ..const import FIELD_SELECTION


class EcomImportMappingLine(models.Model):
    """One column of a file and what it means, or one value that holds for the whole file."""

    _name = "ecom.import.mapping.line"
    _description = "File Layout Column"
    _order = "source desc, sequence, id"
    _rec_name = "header"

    mapping_id = fields.Many2one(
        "ecom.import.mapping", required=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="mapping_id.company_id", store=True, index=True)
    sequence = fields.Integer(default=10)
    source = fields.Selection(
        [("constant", "Fixed value"), ("column", "Column")],
        compute="_compute_source",
        store=True,
        precompute=True,
    )
    header = fields.Char("Column of the File", help="Empty: a fixed value for all rows.")
    sample = fields.Char("Examples", readonly=True)
    field_key = fields.Selection(FIELD_SELECTION, "Means", help="Empty: the column is not read.")
    constant = fields.Char(
        "Fixed Value", help="For what the file does not say and is the same for all, e.g. EUR."
    )

    @api.depends("header")
    def _compute_source(self):
        for line in self:
            line.source = "column" if line.header else "constant"
