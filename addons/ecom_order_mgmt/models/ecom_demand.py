from odoo import fields, models


class EcomDemand(models.Model):
    """What was asked for on one day: one row per product, warehouse, channel and day.

    Rows are derived, from orders, deliveries and the stock history (`ecom_demand_build.py`), and
    can be thrown away and built again at any time; only rows of an imported history
    (:class:`EcomDemandImport`) are originals. Quantities are in the product's own unit; kits
    count as their components.
    """

    _name = "ecom.demand"
    _description = "Demand of a Day"
    _order = "day desc, product_id, id"
    _rec_name = "product_id"
    # Hundreds of thousands of derived rows: who wrote them says nothing, and costs a third.
    _log_access = False

    product_id = fields.Many2one(
        "product.product", required=True, readonly=True, ondelete="cascade"
    )
    warehouse_id = fields.Many2one(
        "stock.warehouse", required=True, readonly=True, ondelete="cascade"
    )
    channel_id = fields.Many2one("ecom.channel", readonly=True, ondelete="set null")
    company_id = fields.Many2one("res.company", required=True, readonly=True, ondelete="cascade")
    day = fields.Date(required=True, readonly=True, help="By the channel's clock.")
    source = fields.Selection(
        [
            ("sale", "Sales"),
            ("production", "Used in production"),
            ("import", "Imported history"),
            ("stock", "Stock-out"),
        ],
        required=True,
        readonly=True,
    )
    qty = fields.Float(
        "Demand",
        default=0.0,
        digits="Product Unit",
        readonly=True,
        help="What forecasts see: ordered, less cancelled, less set aside.",
    )
    qty_gross = fields.Float("Ordered", default=0.0, digits="Product Unit", readonly=True)
    qty_cancelled = fields.Float("Cancelled", default=0.0, digits="Product Unit", readonly=True)
    qty_outlier = fields.Float(
        "Set Aside",
        default=0.0,
        digits="Product Unit",
        readonly=True,
        help="The part of single, unusually large orders that is taken for a one-off.",
    )
    qty_returned = fields.Float(
        "Returned",
        default=0.0,
        digits="Product Unit",
        readonly=True,
        help="Came back on this day, whenever it was ordered. Not taken off the demand.",
    )
    qty_promoted = fields.Float(
        "Promoted",
        default=0.0,
        digits="Product Unit",
        readonly=True,
        help="The part of the demand that was sold at a discount.",
    )
    line_count = fields.Integer("Order Lines", default=0, readonly=True)
    stockout = fields.Boolean(
        "Out of Stock",
        readonly=True,
        help="Nothing was on hand the whole day: what was not sold is not known.",
    )
    promotion = fields.Boolean(readonly=True, help="Mostly sold at a discount.")

    _day_uniq = models.UniqueIndex(
        "(product_id, warehouse_id, day, source, COALESCE(channel_id, 0))",
        "There is a row of this product, warehouse, channel and day already.",
    )
    _company_day_idx = models.Index("(company_id, day)")
