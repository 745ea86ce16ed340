from odoo import fields, models


class EcomCompare(models.Model):
    """What a shop says and what we say, side by side, where they differ."""

    _name = "ecom.compare"
    _description = "Difference to the Shop"
    _order = "channel_id, kind, id"
    _rec_name = "key"

    channel_id = fields.Many2one(
        "ecom.channel", required=True, readonly=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="channel_id.company_id", store=True, index=True)
    kind = fields.Selection(
        [
            ("missing_here", "Order only in the shop"),
            ("missing_there", "Order only here"),
            ("total", "Total"),
            ("status", "State"),
            ("shipment", "Shipped pieces"),
            ("refund", "Refunds"),
            ("stock", "Stock"),
        ],
        required=True,
        readonly=True,
    )
    key = fields.Char("Order or SKU", readonly=True)
    order_id = fields.Many2one("ecom.order", readonly=True, ondelete="cascade", index="btree_not_null")
    ours = fields.Char("We Say", readonly=True)
    theirs = fields.Char("The Shop Says", readonly=True)
    why = fields.Char("What Is Known of It", readonly=True)
    compared_at = fields.Datetime(readonly=True, default=fields.Datetime.now)
