from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain


class EcomChannel(models.Model):
    """How the warehouses and parcels of a channel's orders are chosen."""

    _name = "ecom.channel"
    _inherit = ["ecom.channel", "ecom.source.mixin"]

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
    split_by_class = fields.Boolean(
        "By Kind of Transport",
        help="Frozen, hazardous and oversize goods travel in parcels of their own.",
    )
    split_by_date = fields.Boolean(
        "By Promised Date", help="Pre-sold goods do not keep the others waiting."
    )
    split_by_vendor = fields.Boolean(
        "By Vendor", help="Goods of different main vendors travel in parcels of their own."
    )
    split_categ_ids = fields.Many2many(
        "product.category",
        "ecom_channel_split_categ_rel",
        string="Categories Apart",
        help="Goods of each of these categories, and of those below it, travel in parcels of "
        "their own.",
    )
    together_tag_ids = fields.Many2many(
        "product.tag",
        "ecom_channel_together_tag_rel",
        string="Keep Together",
        help="Products of one order that share one of these tags are never parted: they come from "
        "one warehouse and travel in one parcel.",
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

    @api.constrains("split_max_parts")
    def _check_parts(self):
        for channel in self:
            if not 1 <= channel.split_max_parts <= 20:
                raise ValidationError(self.env._("An order travels in 1 to 20 parcels."))

    def _chooses_source(self):
        self.ensure_one()
        return self.sourcing == "best"

    def _plans_sources(self):
        """:return: whether more than the stock of one warehouse is looked at for its orders"""
        self.ensure_one()
        return (
            self.sourcing == "best"
            or self.source_fallback != "wait"
            or bool(self.source_next_id)
            or bool(self._get_stage_rules("source"))
        )

    def _get_stage_rules(self, *stages):
        """:return: the rules of these stages that may be about orders of this channel"""
        self.ensure_one()
        rules = self.env["ecom.rule"]
        for stage in stages:
            rules |= self.env["ecom.rule"]._get_rules(stage)
        return rules.filtered(
            lambda rule: (not rule.channel_ids or self in rule.channel_ids)
            and (not rule.company_id or rule.company_id == self.company_id)
        )

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
        return (
            self._plans_sources()
            or any(
                self[name]
                for name in (
                    "split_by_class",
                    "split_by_date",
                    "split_by_vendor",
                    "split_categ_ids",
                    "split_alone",
                    "split_max_weight",
                    "split_max_value",
                    "split_max_items",
                )
            )
            or bool(self._get_stage_rules("split"))
        )

    def _get_pipeline(self):
        """Warehouse and parcels are chosen after the review, right before confirmation."""
        steps = super()._get_pipeline()
        if not self._needs_sourcing():
            return steps
        index = [step for _domain, step in steps].index("_confirm_batch")
        domain = Domain(self.env["ecom.order"]._get_source_domain())
        return [*steps[:index], (domain, "_source_batch"), *steps[index:]]
