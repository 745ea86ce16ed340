from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain

WEIGHTS = ("cost", "distance", "capacity", "balance", "rank")


class EcomChannel(models.Model):
    """How the warehouses and parcels of a channel's orders are chosen."""

    _inherit = "ecom.channel"

    sourcing = fields.Selection(
        [("fixed", "The warehouse above"), ("best", "The best warehouse for each order")],
        string="Deliver From",
        default="fixed",
        required=True,
    )
    source_warehouse_ids = fields.Many2many(
        "stock.warehouse",
        "ecom_channel_source_warehouse_rel",
        string="Choose Among",
        check_company=True,
        help="Empty: all warehouses of the company that deliver channel orders.",
    )
    weight_cost = fields.Float("Cost", default=1.0)
    weight_distance = fields.Float("Distance", default=1.0)
    weight_capacity = fields.Float("Capacity Left", default=0.5)
    weight_balance = fields.Float("Most Stock", default=0.5)
    weight_rank = fields.Float("Order of the List", default=0.1)
    source_max_parts = fields.Integer(
        "Warehouses per Order",
        default=3,
        help="An order comes from one warehouse if any has all of it; from more only where needed.",
    )
    source_split_lines = fields.Boolean(
        "May Part a Line",
        default=True,
        help="Pieces of one line may come from different warehouses. Kits always stay whole.",
    )
    split_by_class = fields.Boolean(
        "By Kind of Transport",
        help="Frozen, hazardous and oversize goods travel in parcels of their own.",
    )
    split_by_date = fields.Boolean(
        "By Promised Date", help="Pre-sold goods do not keep the others waiting."
    )
    split_alone = fields.Boolean(
        "Alone Where the Product Says So", default=True, help="See the product's Inventory page."
    )
    split_max_weight = fields.Float("Heaviest Parcel", digits="Stock Weight", help="0: no limit.")
    split_max_value = fields.Float("Most Valuable Parcel", help="0: no limit.")
    split_max_items = fields.Float("Pieces per Parcel", digits="Product Unit", help="0: no limit.")
    split_min_value = fields.Float(
        "Least Value of a Parcel", help="An order is not split if a part were worth less."
    )
    split_max_parts = fields.Integer("Parcels per Order", default=5)

    @api.constrains("source_max_parts", "split_max_parts")
    def _check_parts(self):
        for channel in self:
            if not 1 <= channel.source_max_parts <= 5 or not 1 <= channel.split_max_parts <= 20:
                raise ValidationError(
                    self.env._(
                        "An order comes from 1 to 5 warehouses, and travels in 1 to 20 parcels."
                    )
                )

    def _get_source_weights(self):
        self.ensure_one()
        return {key: self[f"weight_{key}"] for key in WEIGHTS}

    def _get_source_warehouses(self):
        """:return: the warehouses that an order of this channel may come from"""
        self.ensure_one()
        if self.sourcing == "fixed":
            return self._get_warehouse()
        return self.source_warehouse_ids or self.env["stock.warehouse"].search(
            [("company_id", "=", self.company_id.id), ("ecom_sourcing", "=", True)]
        )

    def _needs_sourcing(self):
        """:return: whether there is anything to choose for the orders of this channel"""
        self.ensure_one()
        return self.sourcing == "best" or any(
            self[name]
            for name in (
                "split_by_class",
                "split_by_date",
                "split_alone",
                "split_max_weight",
                "split_max_value",
                "split_max_items",
            )
        )

    def _get_pipeline(self):
        """Warehouse and parcels are chosen after the review, right before confirmation."""
        steps = super()._get_pipeline()
        if not self._needs_sourcing():
            return steps
        index = [step for _domain, step in steps].index("_confirm_batch")
        domain = Domain(self.env["ecom.order"]._get_source_domain())
        return [*steps[:index], (domain, "_source_batch"), *steps[index:]]
