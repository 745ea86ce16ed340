from odoo import fields, models


class PurchaseOrder(models.Model):
    _inherit = "purchase.order"

    ecom_replenishment_day = fields.Date(
        "Replenishment Of",
        copy=False,
        readonly=True,
        help="Made from suggestions to order on this day; more of them may join while it is a draft.",
    )
