from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..tools.replenishment import replay, simulate

WEEK = 7
LEVELS = (0.8, 0.85, 0.9, 0.925, 0.95, 0.975, 0.99)
# Less history before the replay teaches the forecast too little.
LEAST_WEEKS_BEFORE = 10


class EcomReplenishmentSimulation(models.Model):
    """What would this policy have done: a replay of the past, day by day.

    Every week is forecast from what was known then; orders take the lead time of their supplier.
    The result is a curve of service against stock value, beside the present reordering rules.
    """

    _name = "ecom.replenishment.simulation"
    _description = "Replenishment Simulation"
    _order = "id desc"
    _check_company_auto = True

    name = fields.Char(compute="_compute_name", store=True)
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    warehouse_id = fields.Many2one(
        "stock.warehouse",
        required=True,
        index=True,
        check_company=True,
        default=lambda self: self._default_warehouse_id(),
    )
    policy_id = fields.Many2one(
        "ecom.replenishment.policy",
        required=True,
        index=True,
        ondelete="cascade",
        check_company=True,
        default=lambda self: self._default_policy_id(),
    )
    weeks = fields.Integer("Weeks to Replay", default=26, required=True)
    item_limit = fields.Integer(
        "Products", default=150, required=True, help="Those with the largest turnover."
    )
    state = fields.Selection(
        [("draft", "To Run"), ("done", "Done")], default="draft", required=True, readonly=True
    )
    item_count = fields.Integer("Products Replayed", readonly=True)
    line_ids = fields.One2many("ecom.replenishment.simulation.line", "simulation_id", readonly=True)
    note = fields.Text("Result", readonly=True)

    _positive = models.Constraint(
        "CHECK (weeks BETWEEN 4 AND 78 AND item_limit BETWEEN 1 AND 2000)",
        "Between 4 and 78 weeks, and between 1 and 2000 products can be replayed.",
    )

    @api.model
    def _default_warehouse_id(self):
        return self.env["stock.warehouse"].search(
            [("company_id", "=", self.env.company.id)], limit=1
        )

    @api.model
    def _default_policy_id(self):
        return self.env["ecom.replenishment.policy"].search(
            [("company_id", "=", self.env.company.id)], limit=1
        )

    @api.depends("policy_id", "warehouse_id", "weeks")
    def _compute_name(self):
        for simulation in self:
            simulation.name = self.env._(
                "%(policy)s in %(warehouse)s, %(weeks)s weeks",
                policy=simulation.policy_id.name or "",
                warehouse=simulation.warehouse_id.name or "",
                weeks=simulation.weeks,
            )

    def action_run(self):
        """Replay, and fill the lines.

        :raise UserError: there is too little history
        """
        for simulation in self:
            simulation._run()
        return True

    def _run(self):
        self.ensure_one()
        articles = self._articles()
        if not articles:
            raise UserError(
                self.env._(
                    "There is no product with enough history: at least %(weeks)s weeks before the "
                    "time that is replayed. Choose fewer weeks, or import a history.",
                    weeks=LEAST_WEEKS_BEFORE,
                )
            )
        length = len(next(iter(articles.values())).demand)
        settings = simulate.Settings(
            length - WEEK * self.weeks,
            review_days=self.policy_id.review_days,
            cover_days=self.policy_id.cover_days,
            lead_days=max(article.lead_days[0] for article in articles.values()),
            horizon=8,
        )
        groups = {}
        for item, article in articles.items():
            groups.setdefault(article.lead_days[0], {})[item] = article
        forecasts = list(simulate.rolling_forecasts(articles, settings, LEVELS))
        lines = []
        for level in LEVELS:
            outcomes = {}
            for lead, group in groups.items():
                own = simulate.Settings(
                    settings.first_day,
                    review_days=settings.review_days,
                    cover_days=settings.cover_days,
                    lead_days=lead,
                )
                found = [
                    (day, {item: f for item, f in made.items() if item in group})
                    for day, made in forecasts
                ]
                table = simulate.level_table(group, found, own, level)
                outcomes |= simulate.replay_levels(group, table, own)
            lines.append(self._prepare_line_vals("policy", level, outcomes))
        rules = simulate.replay_rules(articles, settings)
        if rules:
            lines.append(self._prepare_line_vals("rules", 0.0, rules))
        self.line_ids.unlink()
        self.write(
            {
                "state": "done",
                "item_count": len(articles),
                "line_ids": [fields.Command.create(vals) for vals in lines],
                "note": self._prepare_note(lines, len(rules)),
            }
        )

    def _articles(self):
        """:return: {product id: tools' Article} of the policy's products with enough history"""
        today = fields.Date.today()
        days = WEEK * (self.weeks + 52)
        first = today - timedelta(days=days)
        self.env.flush_all()
        demand = {}
        rows = self.env.execute_query(
            SQL(
                """SELECT product_id, day, SUM(GREATEST(qty, 0)) FROM ecom_demand
                    WHERE company_id = %s AND warehouse_id = %s AND day >= %s AND day < %s
                      AND source <> 'stock'
                    GROUP BY product_id, day""",
                self.company_id.id,
                self.warehouse_id.id,
                first,
                today,
            )
        )
        for product, day, qty in rows:
            demand.setdefault(product, [0.0] * days)[(day - first).days] = qty
        products = self.env["product.product"].browse(demand).filtered("active")
        policies = self.env["ecom.replenishment.policy"]._of_company(self.company_id)
        start = days - WEEK * self.weeks
        known = [
            product
            for product in products
            if policies._choose(product, self.warehouse_id) == self.policy_id
            and sum(qty > 0 for qty in demand[product.id][:start]) >= LEAST_WEEKS_BEFORE / 2
            and any(demand[product.id][: start - WEEK * LEAST_WEEKS_BEFORE])
        ]
        known.sort(key=lambda p: (-p.list_price * sum(demand[p.id]), p.id))
        return self._prepare_articles(known[: self.item_limit], demand, today)

    def _prepare_articles(self, products, demand, today):
        Suggestion = self.env["ecom.replenishment"]
        receipts = Suggestion._receipts(self.company_id)
        points = {
            point.product_id: point
            for point in self.env["stock.warehouse.orderpoint"].search(
                [("location_id", "=", self.warehouse_id.lot_stock_id.id)]
            )
        }
        policy, articles = self.policy_id, {}
        for product in products:
            sellers = Suggestion._sellers(product, self.company_id, today)
            listed = sellers[:1].delay
            lead = Suggestion._learn_lead_time(receipts, sellers[:1].partner_id, product, listed)
            days = policy.lead_days if policy.lead_mode == "fixed" else lead.days
            point = points.get(product)
            articles[product.id] = simulate.Article(
                demand[product.id],
                cost=product.with_company(self.company_id).standard_price,
                lead_days=[round(days)],
                moq=policy.moq,
                multiple=policy.multiple or 1.0,
                minimum=point.product_min_qty if point else None,
                maximum=point.product_max_qty if point else None,
            )
        return articles

    def _prepare_line_vals(self, kind, level, outcomes):
        total = replay.together(outcomes.values())
        return {
            "kind": kind,
            "service_target": 100 * level,
            "week_service": 100 * total.cycle_service,
            "fill_rate": 100 * total.fill_rate,
            "stock_value": self.currency_id.round(total.stock_value),
            "orders": total.orders,
            "stockout_days": total.stockout_days,
            "items": len(outcomes),
        }

    def _prepare_note(self, lines, rule_count):
        chosen = self._nearest_line(lines)
        text = self.env._(
            "With a target of %(target)s %%, %(fill)s %% of the pieces asked for would have been "
            "there, with a stock of %(value)s on average and %(orders)s orders.",
            target=round(chosen["service_target"], 1),
            fill=round(chosen["fill_rate"], 1),
            value=self.currency_id.format(chosen["stock_value"]),
            orders=chosen["orders"],
        )
        if rule_count:
            rule = lines[-1]
            text += "\n" + self.env._(
                "The present reordering rules (of %(count)s products): %(fill)s %% with a stock of "
                "%(value)s and %(orders)s orders.",
                count=rule_count,
                fill=round(rule["fill_rate"], 1),
                value=self.currency_id.format(rule["stock_value"]),
                orders=rule["orders"],
            )
        else:
            text += "\n" + self.env._("There are no reordering rules to compare with.")
        return text

    def _nearest_line(self, lines):
        target = self.policy_id.service_level if self.policy_id.service_mode == "fixed" else 95.0
        levels = [line for line in lines if line["kind"] == "policy"]
        return min(levels, key=lambda line: abs(line["service_target"] - target))

    def action_open_curve(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Service and stock value"),
            "res_model": "ecom.replenishment.simulation.line",
            "view_mode": "graph,list",
            "domain": [("simulation_id", "=", self.id)],
        }


class EcomReplenishmentSimulationLine(models.Model):
    """One point of the curve: a service target and what would have come of it."""

    _name = "ecom.replenishment.simulation.line"
    _description = "Point of a Replenishment Simulation"
    _order = "simulation_id, kind, service_target, id"

    simulation_id = fields.Many2one(
        "ecom.replenishment.simulation", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(
        "res.company", related="simulation_id.company_id", store=True, index=True
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    kind = fields.Selection(
        [("policy", "The policy"), ("rules", "Present reordering rules")], required=True
    )
    label = fields.Char(compute="_compute_label", store=True)
    service_target = fields.Float("Target %", digits=(16, 1), aggregator="avg")
    week_service = fields.Float("Weeks Without a Miss %", digits=(16, 1), aggregator="avg")
    fill_rate = fields.Float("Pieces Served %", digits=(16, 1), aggregator="avg")
    stock_value = fields.Monetary(help="Mean over the time that was replayed.")
    orders = fields.Integer()
    stockout_days = fields.Integer("Days Without Stock")
    items = fields.Integer("Products")

    @api.depends("kind", "service_target")
    def _compute_label(self):
        for line in self:
            line.label = (
                self.env._("Present rules")
                if line.kind == "rules"
                else f"{line.service_target:.1f} %"
            )

    def action_choose(self):
        """Make this target the policy's."""
        self.ensure_one()
        self.simulation_id.policy_id.write(
            {"service_mode": "fixed", "service_level": self.service_target}
        )
        return True
