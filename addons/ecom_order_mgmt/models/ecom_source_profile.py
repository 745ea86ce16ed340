from odoo import api, fields, models
from odoo.exceptions import ValidationError

WEIGHTS = ("cost", "distance", "capacity", "balance", "rank")


class EcomSourceMixin(models.AbstractModel):
    """How one round of sourcing weighs warehouses, and what it does where none has everything."""

    _name = "ecom.source.mixin"
    _description = "Settings of Sourcing"

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
    source_fallback = fields.Selection(
        [
            ("wait", "Wait until goods arrive"),
            ("transfer", "Bring the rest from a sister warehouse"),
            ("buy", "Buy the rest"),
            ("transfer_buy", "Bring the rest from a sister warehouse, else buy it"),
            ("make", "Make the rest"),
            ("transfer_make", "Bring the rest from a sister warehouse, else make it"),
        ],
        string="Where None Has Everything",
        default="wait",
        required=True,
        help="Sister warehouses are those that resupply a warehouse in Odoo; they give what is "
        "above what they keep back and the minimum of their reordering rules. The order then "
        "leaves from one place, when everything is there.",
    )
    source_buy = fields.Selection(
        [
            ("warehouse", "Into the warehouse (purchase order)"),
            ("dropship", "The vendor sends it to the buyer (dropship)"),
        ],
        string="What Is Bought Goes",
        default="warehouse",
        required=True,
        help="Purchase orders are made as requests for quotation, for a person to confirm.",
    )
    source_next_id = fields.Many2one(
        "ecom.source.profile",
        "Next Round",
        check_company=True,
        help="Asked where nothing is found: other warehouses, or other settings.",
    )

    @api.constrains("source_max_parts")
    def _check_source_parts(self):
        if any(not 1 <= settings.source_max_parts <= 5 for settings in self):
            raise ValidationError(self.env._("An order comes from 1 to 5 warehouses."))

    @api.constrains("source_fallback", "source_buy")
    def _check_dropship(self):
        for settings in self:
            if (
                settings.source_fallback in ("buy", "transfer_buy")
                and settings.source_buy == "dropship"
                and not self._get_dropship_route()
            ):
                raise ValidationError(
                    self.env._(
                        "Vendors can send goods to the buyer only with Odoo's app “Drop Shipping” "
                        "(stock_dropshipping): install it, or have what is bought come into the "
                        "warehouse."
                    )
                )

    @api.constrains("source_fallback")
    def _check_make(self):
        if "mrp.bom" in self.env:
            return
        if any(settings.source_fallback in ("make", "transfer_make") for settings in self):
            raise ValidationError(
                self.env._("Goods can be made only with Odoo's app “Manufacturing”: install it.")
            )

    @api.model
    def _get_dropship_route(self):
        """:return: Odoo's route by which vendors deliver to buyers; empty where it is not installed"""
        route = self.env.ref("stock_dropshipping.route_drop_shipping", raise_if_not_found=False)
        route = route or self.env["stock.route"]
        return route.filtered("active")

    def write(self, vals):
        result = super().write(vals)
        if any(name.startswith("source_") or name == "sourcing" for name in vals):
            self._source_waiting_again()
        return result

    def _source_waiting_again(self):
        """Orders that wait for goods may find them by the new settings."""
        # Settings are the manager's, orders the pipeline's.
        orders = (
            self.env["ecom.order"]
            .sudo()
            .search(
                [
                    ("company_id", "in", self.company_id.ids),
                    ("review_state", "=", "held"),
                    ("short_product_ids", "!=", False),
                ]
            )
        )
        orders.write({"source_again": True})
        orders.channel_id._trigger_processing()

    def _get_source_weights(self):
        self.ensure_one()
        return {key: self[f"weight_{key}"] for key in WEIGHTS}

    def _get_rounds(self):
        """:return: list of settings, in the order in which they are asked"""
        self.ensure_one()
        rounds, following = [self], self.source_next_id
        while following and following not in rounds:
            rounds.append(following)
            following = following.source_next_id
        return rounds


class EcomSourceProfile(models.Model):
    """A way to choose warehouses that rules, or a round that found nothing, can point to."""

    _name = "ecom.source.profile"
    _description = "Sourcing Profile"
    _inherit = ["ecom.source.mixin"]
    _order = "name, id"
    _check_company_auto = True

    name = fields.Char(required=True)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    source_warehouse_ids = fields.Many2many(
        "stock.warehouse",
        "ecom_source_profile_warehouse_rel",
        string="Choose Among",
        check_company=True,
        help="Empty: all warehouses of the company that deliver channel orders.",
    )

    _name_uniq = models.Constraint(
        "UNIQUE(company_id, name)", "There is a sourcing profile of this name already."
    )

    @api.constrains("source_next_id")
    def _check_no_circle(self):
        if self._has_cycle("source_next_id"):
            raise ValidationError(self.env._("The rounds of sourcing go round in a circle."))

    def _chooses_source(self):
        return True

    def _get_source_warehouses(self):
        self.ensure_one()
        return self.source_warehouse_ids or self.env["stock.warehouse"].search(
            [("company_id", "=", self.company_id.id), ("ecom_sourcing", "=", True)]
        )
