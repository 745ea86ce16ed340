from odoo import api, fields, models


class EcomForecast(models.Model):
    """What will be asked for: one row per product and warehouse, by week from today on.

    Made by the nightly run (`ecom_forecast_run.py`), with the method that did best in the
    back-test and its record.
    """

    _name = "ecom.forecast"
    _description = "Demand Forecast"
    _order = "weekly_qty desc, id"
    _rec_name = "product_id"

    product_id = fields.Many2one(
        "product.product", required=True, readonly=True, index=True, ondelete="cascade"
    )
    categ_id = fields.Many2one(related="product_id.categ_id", store=True, readonly=True)
    warehouse_id = fields.Many2one(
        "stock.warehouse", required=True, readonly=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, index=True, ondelete="cascade"
    )
    made_on = fields.Date(readonly=True, help="The first week begins on this day.")
    history = fields.Json(readonly=True, help="Demand per week, oldest first; null = not known.")
    points = fields.Json(readonly=True)
    totals = fields.Json(readonly=True)
    bands = fields.Json(readonly=True)
    choice = fields.Json(readonly=True)
    weekly_qty = fields.Float(
        "Next Weeks, per Week", digits="Product Unit", readonly=True, aggregator="sum"
    )
    method = fields.Char(readonly=True)
    method_words = fields.Char("How", compute="_compute_method_words")
    demand_class = fields.Selection(
        [
            ("smooth", "Smooth"),
            ("erratic", "Erratic"),
            ("intermittent", "Intermittent"),
            ("lumpy", "Lumpy"),
        ],
        readonly=True,
    )
    abc = fields.Selection([("A", "A"), ("B", "B"), ("C", "C")], "ABC", readonly=True)
    xyz = fields.Selection([("X", "X"), ("Y", "Y"), ("Z", "Z")], "XYZ", readonly=True)
    rmsse = fields.Float(
        "RMSSE",
        readonly=True,
        aggregator="avg",
        digits=(16, 3),
        help="Error in the back-test: 1 = as good as 'next week is like this week'.",
    )
    bias = fields.Float(
        readonly=True, aggregator="avg", digits=(16, 3), help="0.1 = forecast 10 % too high."
    )
    cumulative_wape = fields.Float(
        "Error of Totals",
        readonly=True,
        aggregator="avg",
        digits=(16, 3),
        help="Error of the demand over the whole horizon, as a share of it.",
    )
    coverage = fields.Float(
        "Within 95 % Band",
        readonly=True,
        aggregator="avg",
        digits=(16, 3),
        help="How often the back-test stayed within the 95 % quantile; 0.95 is what it should be.",
    )
    weeks_known = fields.Integer("Weeks of History", readonly=True)

    promise = fields.Json(
        readonly=True,
        help="What was said to last from a day on; judged when the time is over.",
    )
    chart = fields.Json(compute="_compute_chart")

    _item_uniq = models.UniqueIndex(
        "(product_id, warehouse_id)", "There is a forecast of this product and warehouse already."
    )

    @api.depends("history", "points")
    def _compute_chart(self):
        """The chart of a suggestion, without stock and levels where there is none."""
        Suggestion = self.env["ecom.replenishment"]
        today = fields.Date.today()
        promotions = {
            company: Suggestion._promotions(company, today) for company in self.company_id
        }
        for forecast in self:
            forecast.chart = Suggestion.new(
                {
                    "product_id": forecast.product_id.id,
                    "warehouse_id": forecast.warehouse_id.id,
                    "company_id": forecast.company_id.id,
                    "forecast_id": forecast.id,
                }
            )._chart_of({}, today, promotions.get(forecast.company_id, {}))

    @api.depends("method", "choice")
    def _compute_method_words(self):
        for forecast in self:
            weights = (forecast.choice or {}).get("weights") or {}
            if len(weights) > 1:
                parts = sorted(weights.items(), key=lambda pair: -abs(pair[1]))[:4]
                words = ", ".join(
                    f"{name.replace('_', ' ')} {weight:.0%}" for name, weight in parts
                )
                forecast.method_words = self.env._("Combination: %(parts)s", parts=words)
            elif forecast.method == "sibling":
                forecast.method_words = self.env._("Like its sibling")
            elif forecast.method == "none":
                forecast.method_words = self.env._("No demand yet")
            else:
                forecast.method_words = (forecast.method or "").replace("_", " ")
