from odoo import fields, models


class EcomOrder(models.Model):
    _inherit = "ecom.order"

    import_id = fields.Many2one(
        "ecom.import",
        "File",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
        help="The file that brought the order, or changed it last.",
    )
