from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..tools import durations

# kind: what must be given
_NEEDS = {
    "tag": "tag_ids",
    "team": "team_id",
    "priority": "priority",
    "warehouse": "warehouse_id",
    "carrier": "carrier_id",
    "free_line": "product_id",
    "notify": "user_ids",
}


class EcomRuleAction(models.Model):
    """One thing that a rule does to the orders it is about, with its parameters."""

    _name = "ecom.rule.action"
    _description = "Action of an Order Rule"
    _order = "rule_id, sequence, id"

    rule_id = fields.Many2one("ecom.rule", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="rule_id.company_id", store=True, index=True)
    sequence = fields.Integer(default=10)
    kind = fields.Selection(
        [
            ("hold", "Hold"),
            ("finance", "Ask for a finance review"),
            ("approve", "Approve"),
            ("tag", "Tag"),
            ("team", "Give to a team"),
            ("priority", "Set the priority"),
            ("warehouse", "Deliver from"),
            ("carrier", "Send with"),
            ("no_merge", "Do not merge"),
            ("no_split", "Do not split"),
            ("free_line", "Add a free product"),
            ("notify", "Ask somebody to look"),
        ],
        required=True,
    )
    until = fields.Selection(
        [
            ("person", "until a person decides"),
            ("date", "until a date"),
            ("placed", "for a time after the order"),
            ("paid", "for a time after payment"),
            ("received", "for a time after it came in"),
        ],
        string="How Long",
        default="person",
        required=True,
    )
    date = fields.Datetime()
    duration = fields.Float(default=1)
    unit = fields.Selection(
        [("minutes", "minutes"), ("hours", "hours"), ("days", "days (of 24 hours)")],
        default="hours",
        required=True,
    )
    force_only = fields.Boolean(
        "Only by Force", help="An ordinary approval is not enough: it must be forced."
    )
    group_id = fields.Many2one("res.groups", "Owner", help="Who decides. Empty: any reviewer.")
    due_hours = fields.Float(
        "Due After (Hours)", default=24, help="By when somebody should have looked. 0: no limit."
    )
    tag_ids = fields.Many2many("ecom.tag", string="Tags")
    team_id = fields.Many2one("crm.team", "Team")
    priority = fields.Selection([("0", "Normal"), ("1", "Urgent")])
    warehouse_id = fields.Many2one("stock.warehouse", "Warehouse")
    carrier_id = fields.Many2one("delivery.carrier", "Carrier")
    product_id = fields.Many2one("product.product", "Product", domain=[("sale_ok", "=", True)])
    quantity = fields.Float(default=1, digits="Product Unit")
    user_ids = fields.Many2many("res.users", string="Users", domain=[("share", "=", False)])
    note = fields.Char(help="What the users are asked to do.")
    summary = fields.Char("What It Does", compute="_compute_summary", compute_sudo=True)

    _amounts_positive = models.Constraint(
        "CHECK(duration >= 0 AND due_hours >= 0 AND quantity > 0)",
        "Times must not be negative, and a free product needs a quantity.",
    )

    @api.depends(
        "kind", "until", "date", "duration", "unit", "tag_ids", "team_id", "priority",
        "warehouse_id", "carrier_id", "product_id", "quantity", "user_ids",
    )  # fmt: skip
    def _compute_summary(self):
        labels = dict(self._fields["kind"]._description_selection(self.env))
        for action in self:
            label = labels.get(action.kind, "")
            detail = action._get_detail()
            action.summary = f"{label}: {detail}" if detail else label

    def _get_detail(self):
        """:return: the parameters of the action, in words"""
        self.ensure_one()
        if self.kind == "hold":
            label = dict(self._fields["until"]._description_selection(self.env))[self.until]
            if self.until == "date":
                return f"{label} {fields.Datetime.to_string(self.date) if self.date else '?'} UTC"
            if self.until == "person":
                return label
            number, unit = durations.in_words(self.duration, self.unit)
            return f"{label} ({number} {unit})"
        if self.kind == "free_line":
            return f"{self.quantity:g} × {self.product_id.display_name or '?'}"
        field = _NEEDS.get(self.kind)
        if field == "priority":
            return dict(self._fields["priority"]._description_selection(self.env)).get(
                self.priority
            )
        return ", ".join(self[field].mapped("display_name")) if field else ""

    @api.constrains("kind", "until", "date", *_NEEDS.values())
    def _check_parameters(self):
        for action in self:
            needed = _NEEDS.get(action.kind)
            if action.kind == "hold" and action.until == "date":
                needed = "date"
            if needed and not action[needed]:
                raise ValidationError(
                    self.env._(
                        "Action “%(action)s” of rule “%(rule)s” needs: %(field)s.",
                        action=action.summary or action.kind,
                        rule=action.rule_id.name,
                        field=self._fields[needed]._description_string(self.env),
                    )
                )

    @api.constrains("rule_id", "warehouse_id", "team_id", "carrier_id", "product_id")
    def _check_companies(self):
        """What is of one company cannot be set on orders of another."""
        # Who makes rules need not work with stock or sales teams.
        for action in self.sudo():
            company = action.rule_id.company_id
            for field in ("warehouse_id", "team_id", "carrier_id", "product_id"):
                owner = action[field].company_id
                if owner and owner != company:
                    raise ValidationError(
                        self.env._(
                            "%(record)s is of company %(owner)s; the rule must be of that company "
                            "too.",
                            record=action[field].display_name,
                            owner=owner.name,
                        )
                    )

    @api.model_create_multi
    def create(self, vals_list):
        actions = super().create(vals_list)
        actions.rule_id._bump_version()
        return actions

    def write(self, vals):
        result = super().write(vals)
        if vals.keys() - {"sequence"}:
            self.rule_id._bump_version()
        return result

    def _get_hold_until(self, order):
        """:return: when an order that is held by this action goes on by itself; False: never

        Exact spans of time, in UTC. Where payment is not known, the order's own time counts.
        """
        self.ensure_one()
        if self.until == "person":
            return False
        if self.until == "date":
            return self.date
        start = {
            "placed": order.placed_at,
            "paid": order.paid_at or order.placed_at,
            "received": order.received_at,
        }[self.until] or order.create_date
        return durations.add(start, self.duration, self.unit)
