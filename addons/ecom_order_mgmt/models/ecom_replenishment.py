from odoo import api, fields, models

URGENCY = [
    ("0", "In time"),
    ("1", "Soon"),
    ("2", "Too late"),
    ("3", "Out of stock"),
]


class EcomReplenishment(models.Model):
    """A suggestion: what to order of one product for one warehouse, when, from where and why.

    Life cycle: *open* (or *postponed* for want of budget) until a person or a trusted policy
    *accepts* it, which orders, or *refuses* it; *expired* when a later run finds it needless.
    At most one per source waits for a product and warehouse, so nothing is suggested twice.
    """

    _name = "ecom.replenishment"
    _description = "Replenishment Suggestion"
    _inherit = ["mail.thread"]
    _order = "urgency desc, stockout_date, cost desc, id"
    _rec_name = "product_id"
    _check_company_auto = True

    product_id = fields.Many2one(
        "product.product", required=True, readonly=True, index=True, ondelete="cascade"
    )
    categ_id = fields.Many2one(related="product_id.categ_id", store=True, readonly=True)
    uom_id = fields.Many2one(related="product_id.uom_id")
    warehouse_id = fields.Many2one(
        "stock.warehouse", required=True, readonly=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, index=True, ondelete="cascade"
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    policy_id = fields.Many2one("ecom.replenishment.policy", readonly=True, ondelete="set null")
    forecast_id = fields.Many2one("ecom.forecast", readonly=True, ondelete="set null")
    state = fields.Selection(
        [
            ("open", "To Decide"),
            ("postponed", "Waits for Budget"),
            ("accepted", "Accepted"),
            ("refused", "Refused"),
            ("expired", "No Longer Needed"),
        ],
        default="open",
        required=True,
        readonly=True,
        tracking=True,
        index=True,
    )
    source = fields.Selection(
        [("buy", "Buy"), ("make", "Make"), ("transfer", "Transfer")],
        required=True,
        readonly=True,
    )
    partner_id = fields.Many2one("res.partner", "Supplier", readonly=True, index=True)
    source_warehouse_id = fields.Many2one("stock.warehouse", "From Warehouse", readonly=True)

    qty = fields.Float(
        "Quantity",
        digits="Product Unit",
        tracking=True,
        help="What will be ordered. Change it if you know better; changes are learned from.",
    )
    qty_suggested = fields.Float("Suggested", digits="Product Unit", readonly=True)
    qty_plain = fields.Float(
        "Before Habits",
        digits="Product Unit",
        readonly=True,
        help="What the figures alone would say; habits are measured against it.",
    )
    qty_done = fields.Float("Ordered", digits="Product Unit", readonly=True)
    unit_cost = fields.Monetary(readonly=True, help="In the company's currency.")
    cost = fields.Monetary(compute="_compute_cost", store=True)
    order_date = fields.Date("Order On", readonly=True)
    arrival_date = fields.Date("Arrives", readonly=True)
    stockout_date = fields.Date(
        "Out of Stock On", readonly=True, help="If nothing is done. Empty: not within a year."
    )
    urgency = fields.Selection(URGENCY, default="0", required=True, readonly=True, index=True)

    on_hand = fields.Float(
        "Free",
        digits="Product Unit",
        readonly=True,
        help="On hand, less what customers wait for.",
    )
    incoming = fields.Float("On Its Way", digits="Product Unit", readonly=True)
    inbound = fields.Float(
        "On Its Way or Asked For",
        digits="Product Unit",
        readonly=True,
        help="When it was worked out: what comes in later is not ordered again on acceptance.",
    )
    position = fields.Float(
        digits="Product Unit", readonly=True, help="Free, on its way, and asked for."
    )
    reorder_point = fields.Float(digits="Product Unit", readonly=True)
    order_up_to = fields.Float(digits="Product Unit", readonly=True)
    safety = fields.Float("Safety Stock", digits="Product Unit", readonly=True)
    service_level = fields.Float("Service Target %", readonly=True, aggregator="avg")
    abc = fields.Selection([("A", "A"), ("B", "B"), ("C", "C")], "ABC", readonly=True)
    xyz = fields.Selection([("X", "X"), ("Y", "Y"), ("Z", "Z")], "XYZ", readonly=True)
    worked_at = fields.Datetime("Worked Out On", readonly=True)
    reasons = fields.Json(readonly=True)
    working = fields.Html(compute="_compute_working", sanitize=False)
    summary = fields.Char("Why", compute="_compute_working")
    chart = fields.Json(compute="_compute_chart")

    answer_reason = fields.Char("Reason", readonly=True, tracking=True)
    answered_by_id = fields.Many2one("res.users", "Answered By", readonly=True)
    answered_at = fields.Datetime("Answered On", readonly=True)
    automatic = fields.Boolean(readonly=True, help="Accepted by a policy that trusts this class.")
    snoozed_until = fields.Date("Not Again Before", readonly=True)

    purchase_line_id = fields.Many2one(
        "purchase.order.line", readonly=True, index="btree_not_null", ondelete="set null"
    )
    purchase_id = fields.Many2one(related="purchase_line_id.order_id", string="Purchase Order")
    picking_id = fields.Many2one(
        "stock.picking", "Transfer", readonly=True, index="btree_not_null", ondelete="set null"
    )
    orderpoint_id = fields.Many2one(
        "stock.warehouse.orderpoint", "Reordering Rule", readonly=True, ondelete="set null"
    )
    production_ref = fields.Char(
        "Manufacturing Order", readonly=True, help="Name of the order that was made."
    )

    _waiting_uniq = models.UniqueIndex(
        "(product_id, warehouse_id, source, COALESCE(source_warehouse_id, 0)) "
        "WHERE state IN ('open', 'postponed')",
        "A suggestion for this product and warehouse waits already.",
    )
    _qty_positive = models.Constraint("CHECK (qty >= 0)", "A quantity cannot be negative.")
    _answers_idx = models.Index("(product_id, warehouse_id, id) WHERE answered_at IS NOT NULL")

    @api.depends("qty", "unit_cost")
    def _compute_cost(self):
        for suggestion in self:
            suggestion.cost = suggestion.currency_id.round(suggestion.qty * suggestion.unit_cost)

    @api.depends("product_id", "warehouse_id")
    def _compute_display_name(self):
        for suggestion in self:
            suggestion.display_name = self.env._(
                "%(product)s for %(warehouse)s",
                product=suggestion.product_id.display_name,
                warehouse=suggestion.warehouse_id.name,
            )

    @api.depends("reasons", "product_id")
    def _compute_working(self):
        for suggestion in self:
            suggestion.working, suggestion.summary = suggestion._words()

    @api.depends("product_id", "warehouse_id", "forecast_id")
    def _compute_chart(self):
        charts = self._chart_data()
        for suggestion in self:
            suggestion.chart = charts.get(suggestion.id)
