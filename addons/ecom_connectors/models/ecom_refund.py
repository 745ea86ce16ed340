from odoo import fields, models


class EcomRefund(models.Model):
    _inherit = "ecom.refund"

    import_id = fields.Many2one(
        "ecom.import",
        "File",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
        help="The file that brought the refund, or changed it last.",
    )
