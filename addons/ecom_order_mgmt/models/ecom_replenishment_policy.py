from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..tools.replenishment import decide


class EcomReplenishmentPolicy(models.Model):
    """How products are replenished: for a company, a category, a product, a warehouse.

    The most specific policy of an item wins as a whole: one of its product before one of its
    category (the deepest first), one of its warehouse before one of all warehouses, then the
    sequence.
    """

    _name = "ecom.replenishment.policy"
    _description = "Replenishment Policy"
    _order = "sequence, id"
    _check_company_auto = True

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    warehouse_id = fields.Many2one(
        "stock.warehouse", check_company=True, index="btree_not_null", help="Empty: all warehouses."
    )
    categ_id = fields.Many2one(
        "product.category",
        "Product Category",
        index="btree_not_null",
        help="With the categories below it. Empty: all products.",
    )
    product_id = fields.Many2one(
        "product.product",
        check_company=True,
        index="btree_not_null",
        domain=[("is_storable", "=", True)],
        help="Empty: all products of the category.",
    )

    # --- how sure
    service_mode = fields.Selection(
        [
            ("class", "By ABC/XYZ class"),
            ("fixed", "The same for all"),
            ("margin", "By margin"),
        ],
        string="Service level",
        default="class",
        required=True,
        help="How often stock shall last until the next delivery. By class: best sellers with "
        "steady demand get most (98 %), rare ones least (85 %). By margin: as long as the margin "
        "of one more piece is worth its holding.",
    )
    service_level = fields.Float(
        "Target %", default=95.0, help="95 = in 95 of 100 cycles nobody finds the shelf empty."
    )
    safety_mode = fields.Selection(
        [
            ("service", "From the forecast's own errors"),
            ("days", "Days of demand"),
            ("fixed", "A fixed quantity"),
        ],
        string="Safety stock",
        default="service",
        required=True,
    )
    safety_days = fields.Float(default=7.0)
    safety_qty = fields.Float("Safety Quantity", digits="Product Unit")
    min_qty = fields.Float("Always Keep", digits="Product Unit", help="Pieces, sold or not.")

    # --- when
    lead_mode = fields.Selection(
        [
            ("learned", "Learned from receipts"),
            ("listed", "As the supplier promises"),
            ("fixed", "A fixed number of days"),
        ],
        string="Lead time",
        default="learned",
        required=True,
    )
    lead_days = fields.Float("Lead Time in Days")
    review_days = fields.Integer(
        "Review Every (Days)", default=7, help="How often somebody looks at it and orders."
    )
    cover_days = fields.Integer(
        "Order for (Days)",
        default=30,
        help="How long one order shall last, over the reorder point.",
    )
    season_factor = fields.Float(
        default=1.0, help="1.2 = a fifth more than the forecast, within the dates beside it."
    )
    season_start = fields.Date(help="The factor holds from here. Empty: always.")
    season_end = fields.Date(help="The factor holds until here. Empty: always.")
    prebuild_days = fields.Integer(
        "Build Up Before (Days)", help="Stock for the season comes in this long before its start."
    )
    end_of_life = fields.Date(
        help="Last day of sale. Until then no more is ordered than will be sold."
    )

    # --- how much
    moq = fields.Float(
        "Minimum Order", digits="Product Unit", help="Beside what the supplier's prices ask for."
    )
    multiple = fields.Float("Order in Multiples of", digits="Product Unit")
    carton = fields.Float("Pieces per Carton", digits="Product Unit", help="Full cartons only.")
    max_qty = fields.Float("At Most per Order", digits="Product Unit", help="0: no limit.")
    shelf_days = fields.Integer("Shelf Life in Days", help="0: keeps for ever.")
    use_price_breaks = fields.Boolean(
        default=True,
        help="Order up to a price break if it saves more than holding the extra pieces costs.",
    )
    holding_rate = fields.Float(
        "Cost of Holding % a Year",
        default=25.0,
        help="Money, room, shrinkage and what goes out of fashion, in percent of the value.",
    )
    budget = fields.Monetary(
        "Budget per Run",
        help="0: no limit. What earns most per money spent goes first, the rest waits.",
    )
    restock_rate = fields.Float(
        "Returns Sold Again %",
        default=80.0,
        help="The share of returned goods that can be sold again; expected returns reduce orders.",
    )

    # --- from where, and by whom
    transfer_first = fields.Boolean(
        default=True, help="Take what another warehouse has above its own reorder point first."
    )
    transfer_min = fields.Float("Smallest Transfer", digits="Product Unit", default=1.0)
    apply_mode = fields.Selection(
        [
            ("order", "Order it"),
            ("rule", "Write minimum and maximum, and let Odoo order"),
        ],
        string="Accepting means",
        default="order",
        required=True,
        help="Order it: requests for quotation, transfers or manufacturing orders, by supplier and "
        "date. Minimum and maximum: the reordering rule of the product is written; Odoo's own "
        "scheduler orders.",
    )
    trust_a = fields.Boolean("Accept Class A by Itself")
    trust_b = fields.Boolean("Accept Class B by Itself")
    trust_c = fields.Boolean("Accept Class C by Itself")
    trust_limit = fields.Monetary(
        "Up To per Product", help="Dearer suggestions always wait for a person. 0: no limit."
    )
    learn_habits = fields.Boolean(
        "Learn From Changes",
        default=True,
        help="A product whose suggestions are always changed the same way is suggested that way.",
    )
    snooze_days = fields.Integer(
        "Ask Again After (Days)", default=14, help="After a suggestion was refused."
    )

    _positive = models.Constraint(
        "CHECK (review_days >= 1 AND cover_days >= 0 AND moq >= 0 AND multiple >= 0 AND carton >= 0"
        " AND max_qty >= 0 AND shelf_days >= 0 AND season_factor >= 0 AND min_qty >= 0"
        " AND lead_days >= 0 AND safety_days >= 0 AND safety_qty >= 0 AND budget >= 0"
        " AND prebuild_days >= 0)",
        "Days and quantities of a policy cannot be negative, and orders are looked at once a day "
        "at most.",
    )
    _rates = models.Constraint(
        "CHECK (service_level >= 50 AND service_level <= 99.9 AND holding_rate >= 0"
        " AND restock_rate >= 0 AND restock_rate <= 100)",
        "The service level is between 50 and 99.9 %, and rates are between 0 and 100 %.",
    )

    @api.constrains("season_start", "season_end")
    def _check_season(self):
        for policy in self:
            if policy.season_start and policy.season_end:
                if policy.season_end < policy.season_start:
                    raise ValidationError(
                        self.env._(
                            "The season of %(policy)s ends before it starts.", policy=policy.name
                        )
                    )

    # === CHOICE === #

    @api.model
    def _of_company(self, company):
        """:return: the policies of a company; a standard one is made where there is none"""
        policies = self.search([("company_id", "=", company.id)])
        if not policies.filtered(lambda p: not (p.product_id or p.categ_id or p.warehouse_id)):
            policies |= self.create(
                {"name": self.env._("Standard"), "company_id": company.id, "sequence": 100}
            )
        return policies

    def _choose(self, product, warehouse):
        """:return: the most specific of these policies for an item"""
        path = [int(part) for part in (product.categ_id.parent_path or "").split("/") if part]

        def fits(policy):
            return (
                policy.product_id in (product, self.env["product.product"])
                and (not policy.categ_id or policy.categ_id.id in path)
                and policy.warehouse_id in (warehouse, self.env["stock.warehouse"])
            )

        def rank(policy):
            depth = path.index(policy.categ_id.id) + 1 if policy.categ_id else 0
            return (
                not policy.product_id,
                -depth,
                not policy.warehouse_id,
                policy.sequence,
                policy.id,
            )

        return min(filter(fits, self), key=rank, default=self.browse())

    def _trusts(self, abc_class, cost):
        """:return: whether a suggestion of this class and cost needs no person"""
        self.ensure_one()
        trusted = {"A": self.trust_a, "B": self.trust_b, "C": self.trust_c}[abc_class]
        return trusted and (not self.trust_limit or cost <= self.trust_limit)

    def _season_factor_on(self, day):
        self.ensure_one()
        if not self.season_start and not self.season_end:
            return self.season_factor or 1.0
        start = self.season_start and fields.Date.subtract(
            self.season_start, days=self.prebuild_days
        )
        inside = (not start or day >= start) and (not self.season_end or day <= self.season_end)
        return self.season_factor if inside and self.season_factor else 1.0

    def _rules(self, service, arrival_day, calibration=1.0):
        """:return: these settings for :func:`decide.decide`
        :param service: service level, 0 to 1
        :param arrival_day: when an order of today would arrive: whether the season holds then"""
        self.ensure_one()
        return decide.Policy(
            service=service,
            safety_mode=self.safety_mode,
            safety_days=self.safety_days,
            safety_qty=self.safety_qty,
            review_days=self.review_days,
            cover_days=self.cover_days,
            minimum=self.min_qty,
            season_factor=self._season_factor_on(arrival_day),
            moq=self.moq,
            multiple=self.multiple,
            carton=self.carton,
            maximum=self.max_qty,
            shelf_days=self.shelf_days,
            end_of_life=self.end_of_life or None,
            holding_rate=self.holding_rate / 100.0,
            learn_habits=self.learn_habits,
            return_share=self.restock_rate / 100.0,
            calibration=calibration,
        )
