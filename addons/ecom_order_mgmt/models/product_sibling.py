from odoo import fields, models


class ProductProduct(models.Model):
    _inherit = "product.product"

    ecom_sibling_id = fields.Many2one(
        "product.product",
        "Sells Like",
        index="btree_not_null",
        ondelete="set null",
        help="For a new product: forecast as this one, until it has eight weeks of its own.",
    )
