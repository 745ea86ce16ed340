import time

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..models.ecom_rule_check import PRESENT_ONLY

CHUNK = 1000
MAX_ORDERS = 50_000
MAX_LINES = 1000


class EcomRuleBacktest(models.TransientModel):
    """Tries rules on past orders: what would have been held, approved or changed.

    Orders, exceptions and decisions stay as they are; only this result is stored, for a while.
    """

    _name = "ecom.rule.backtest"
    _description = "Rules Tried on Past Orders"

    rule_ids = fields.Many2many("ecom.rule", string="Rules", required=True)
    with_active = fields.Boolean(
        "With the Rules That Are On",
        help="Ask the rules that are switched on as well, in their order.",
    )
    days = fields.Integer("Last Days", default=30, required=True)
    channel_ids = fields.Many2many("ecom.channel", string="Channels", help="Empty: all channels.")
    state = fields.Selection([("ask", "To try"), ("done", "Tried")], default="ask")
    order_count = fields.Integer("Orders Tried", readonly=True)
    held_count = fields.Integer("Would Be Held", readonly=True)
    approved_count = fields.Integer("Would Be Approved", readonly=True)
    changed_count = fields.Integer("Would Be Changed", readonly=True)
    was_held_count = fields.Integer("Were Held", readonly=True)
    newly_held_count = fields.Integer("Held, and Were Not", readonly=True)
    freed_count = fields.Integer("Not Held, and Were", readonly=True)
    held_share = fields.Float("Held %", readonly=True, digits=(16, 1))
    seconds = fields.Float("Took (Seconds)", readonly=True, digits=(16, 1))
    remark = fields.Text(readonly=True)
    line_ids = fields.One2many("ecom.rule.backtest.line", "backtest_id", "Orders", readonly=True)

    @api.depends("rule_ids")
    def _compute_display_name(self):
        for wizard in self:
            wizard.display_name = self.env._(
                "Trial: %s", ", ".join(wizard.rule_ids[:3].mapped("name")) or "…"
            )

    @api.constrains("days")
    def _check_days(self):
        if any(not 1 <= wizard.days <= 3660 for wizard in self):
            raise UserError(self.env._("Try between one day and ten years."))

    def action_run(self):
        """Button: try the rules, and show what would have happened."""
        self.ensure_one()
        start = time.monotonic()
        rules = self._get_rules()
        orders = self._get_orders()
        lines, totals = [], dict.fromkeys(
            ("order_count", "held_count", "changed_count", "was_held_count", "newly_held_count",
             "freed_count"), 0,
        )  # fmt: skip
        failed = {}
        for position in range(0, len(orders), CHUNK):
            # What one may see is settled; rules look at cost, stock and other orders as well.
            chunk = orders[position : position + CHUNK].with_prefetch().sudo()
            was_held = self._get_held_before(chunk)
            plans = rules._plan(chunk, past=True)
            for order in chunk:
                lines += self._count(order, plans[order.id], order.id in was_held, totals)
                failed |= plans[order.id].failed
            # Ten thousand orders with their documents need not stay in memory.
            chunk.invalidate_recordset(flush=False)
        count = totals["order_count"]
        self.write(
            {
                **totals,
                "approved_count": count - totals["held_count"],
                "held_share": 100 * totals["held_count"] / count if count else 0,
                "state": "done",
                "remark": self._get_remark(rules, failed, len(orders), len(lines)),
                "line_ids": [fields.Command.clear()]
                + [fields.Command.create(vals) for vals in lines[:MAX_LINES]],
                "seconds": time.monotonic() - start,
            }
        )
        return True

    def _get_rules(self):
        rules = self.rule_ids
        rules.check_access("read")
        rules = rules.sudo().filtered(lambda rule: rule.stage == "review")
        if self.with_active:
            rules |= self.env["ecom.rule"]._get_rules("review")
        if not rules:
            raise UserError(self.env._("Choose at least one rule of the review."))
        return rules.sorted(lambda rule: (rule.sequence, rule.id))

    def _get_orders(self):
        since = fields.Datetime.subtract(fields.Datetime.now(), days=self.days)
        domain = [
            ("placed_at", ">=", since),
            ("facts_at", "!=", False),
            ("company_id", "in", self.env.companies.ids),
        ]
        if self.channel_ids:
            domain.append(("channel_id", "in", self.channel_ids.ids))
        return self.env["ecom.order"].search(
            domain, order="placed_at desc, id desc", limit=MAX_ORDERS
        )

    def _get_held_before(self, orders):
        """:return: ids of the orders that did not go through by themselves"""
        held = self.env["ecom.exception"].sudo()._read_group(
            [("order_id", "in", orders.ids), ("blocking", "=", True)], ["order_id"]
        )  # fmt: skip
        ids = {order.id for (order,) in held}
        return ids | set(orders.filtered(lambda o: o.review_state in ("held", "rejected")).ids)

    def _count(self, order, plan, was_held, totals):
        """Add an order to the totals. :return: list of at most one line's values"""
        held = bool(plan.holds or plan.failed)
        totals["order_count"] += 1
        totals["held_count"] += held
        totals["changed_count"] += plan.changes()
        totals["was_held_count"] += was_held
        totals["newly_held_count"] += held and not was_held
        totals["freed_count"] += was_held and not held
        if not plan.hits and not was_held:
            return []
        return [
            {
                "order_id": order.id,
                "outcome": "held" if held else "approved",
                "was": "held" if was_held else "approved",
                "differs": held != was_held,
                "reason": "\n".join(self._describe(hit) for hit in plan.hits),
            }
        ]

    def _describe(self, hit):
        return (
            f"{hit.rule.name} v{hit.rule.version}: {hit.reason} → {', '.join(hit.effects) or '–'}"
        )

    def _get_remark(self, rules, failed, count, line_count):
        remarks = []
        if not count:
            remarks.append(self.env._("There are no orders of this time."))
        checks = rules.check_ids.filtered(lambda check: check.kind in PRESENT_ONLY)
        if checks:
            remarks.append(
                self.env._(
                    "Not tried, because only the present is known: %s",
                    ", ".join(sorted({check._get_label() for check in checks})),
                )
            )
        for rule, error in failed.items():
            remarks.append(
                self.env._("Rule “%(rule)s” fails: %(error)s", rule=rule.name, error=error)
            )
        if line_count > MAX_LINES:
            remarks.append(
                self.env._(
                    "The list shows the latest %(shown)s of %(count)s orders.",
                    shown=MAX_LINES,
                    count=line_count,
                )
            )
        return "\n".join(remarks)

    def action_activate_rules(self):
        """Button: the trial was good, switch the rules on."""
        self.ensure_one()
        self.rule_ids.action_activate()
        return {
            "type": "ir.actions.act_window",
            "res_model": "ecom.rule",
            "name": self.env._("Rules"),
            "view_mode": "list,form",
            "views": [(False, "list"), (False, "form")],
        }
