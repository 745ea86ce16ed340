import ast

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain

# A change of these makes another rule of it: its version goes up.
_VERSIONED = {
    "domain", "check_ids", "check_mode", "checks_needed", "action_ids", "stop", "watch", "stage",
    "channel_ids", "company_id", "active_from", "active_to", "exception_type", "message",
}  # fmt: skip


class EcomRule(models.Model):
    """What happens to which orders: a condition, and what is done where it holds.

    Life cycle: *draft* (may be tried on past orders, acts on none) -> *active* -> *faulty* when
    its condition cannot be evaluated any more (a field was removed, say); it stops acting then,
    and is switched on again by a person. The stage says which step of the pipeline asks the rule.
    """

    _name = "ecom.rule"
    _description = "Order Rule"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "stage, sequence, id"

    name = fields.Char(required=True, tracking=True, copy=False)
    stage = fields.Selection(
        [
            ("review", "Review"),
            ("source", "Warehouse"),
            ("split", "Split"),
            ("merge", "Merge"),
        ],
        default="review",
        required=True,
        help="When the rule is asked.",
    )
    sequence = fields.Integer(
        default=10, help="Rules are asked in this order; the first one that sets a field wins."
    )
    active = fields.Boolean(default=True)
    state = fields.Selection(
        [("draft", "Draft"), ("active", "Switched on"), ("faulty", "Faulty")],
        default="draft",
        required=True,
        readonly=True,
        copy=False,
        tracking=True,
    )
    fault_message = fields.Text(readonly=True, copy=False)
    version = fields.Integer(default=1, readonly=True, copy=False)
    changed_at = fields.Datetime(readonly=True, copy=False, default=fields.Datetime.now)
    company_id = fields.Many2one(
        "res.company",
        index=True,
        default=lambda self: self.env.company,
        help="Empty: orders of every company.",
    )
    channel_ids = fields.Many2many("ecom.channel", string="Channels", help="Empty: all channels.")
    active_from = fields.Datetime("From", help="The rule is not asked before. Empty: at once.")
    active_to = fields.Datetime("To", help="The rule is not asked after this. Empty: for ever.")

    # --- condition
    model_name = fields.Char(compute="_compute_model_name")
    domain = fields.Char(
        "Condition", default="[]", required=True, help="Orders that the rule is about."
    )
    check_ids = fields.One2many(
        "ecom.rule.check",
        "rule_id",
        "Checks",
        copy=True,
        help="What a condition on fields cannot say. They are asked for orders that meet the "
        "condition.",
    )
    check_mode = fields.Selection(
        [("all", "all of these"), ("any", "any of these"), ("some", "a number of these")],
        "Needs",
        default="all",
        required=True,
    )
    checks_needed = fields.Integer("At Least", default=2)

    # --- what is done
    action_ids = fields.One2many("ecom.rule.action", "rule_id", "Actions", copy=True)
    message = fields.Char(
        "Say",
        help="What the person who finds the order held should know or do. What was found stands "
        "behind it.",
    )
    exception_type = fields.Selection(
        lambda self: self.env["ecom.exception"]._fields["type"]._description_selection(self.env),
        "Queue",
        help="Queue in which orders that this rule holds wait. Empty: that of its first check.",
    )
    stop = fields.Boolean(
        "Stop Here", help="Where this rule holds, those after it are not asked any more."
    )
    watch = fields.Boolean(
        "Keep Watching",
        help="Asked again when stock arrives, a payment comes in, something is mapped, and every "
        "hour: what it held goes on when the reason is gone.",
    )
    decision_count = fields.Integer("Acted On", compute="_compute_counts")
    open_count = fields.Integer("Holds Now", compute="_compute_counts")

    _checks_needed_positive = models.Constraint(
        "CHECK(checks_needed > 0)", "At least one check must be needed."
    )
    _stage_idx = models.Index("(stage, state)")

    def _compute_model_name(self):
        self.model_name = "ecom.order"

    def _compute_counts(self):
        decided = dict(
            self.env["ecom.decision"]._read_group(
                [("rule_id", "in", self.ids)], ["rule_id"], ["__count"]
            )
        )
        held = dict(
            self.env["ecom.exception"]._read_group(
                [("rule_id", "in", self.ids), ("state", "=", "open")], ["rule_id"], ["__count"]
            )
        )
        for rule in self:
            rule.decision_count = decided.get(rule, 0)
            rule.open_count = held.get(rule, 0)

    # === CHECKS ON SAVING === #

    @api.constrains("domain")
    def _check_domain(self):
        for rule in self:
            rule._validate_domain(rule.domain, self.env._("The condition of rule “%s”", rule.name))

    @api.model
    def _validate_domain(self, text, what):
        """:raise ValidationError: `text` is no domain on channel orders, with the reason"""
        try:
            domain = self._parse_domain(text)
            domain.validate(self.env["ecom.order"])
            # Some operators and values fail only when they meet a record or the database.
            with self.env.cr.savepoint():
                orders = self.env["ecom.order"].sudo()
                orders.search(domain, limit=1)
                orders.search([], limit=1).filtered_domain(domain)
        except Exception as error:
            raise ValidationError(
                self.env._("%(what)s cannot be used: %(error)s", what=what, error=error)
            ) from error

    @api.model
    def _parse_domain(self, text):
        """:return: Domain
        :raise ValueError: not a list of plain values"""
        try:
            value = ast.literal_eval((text or "[]").strip())
        except (ValueError, SyntaxError, MemoryError, RecursionError) as error:
            raise ValueError(
                self.env._("it is no list of conditions with plain values (%s)", error)
            ) from error
        if not isinstance(value, list):
            raise ValueError(self.env._("it is no list of conditions"))
        return Domain(value)

    @api.constrains("active_from", "active_to")
    def _check_dates(self):
        for rule in self:
            if rule.active_from and rule.active_to and rule.active_from >= rule.active_to:
                raise ValidationError(self.env._("Rule “%s” ends before it begins.", rule.name))

    @api.constrains("company_id", "channel_ids")
    def _check_channel_company(self):
        for rule in self:
            others = rule.channel_ids.company_id - rule.company_id
            if rule.company_id and others:
                raise ValidationError(
                    self.env._(
                        "Rule “%(rule)s” is of company %(company)s, its channels are not.",
                        rule=rule.name,
                        company=rule.company_id.name,
                    )
                )

    @api.constrains("check_mode", "checks_needed", "check_ids")
    def _check_needed(self):
        for rule in self:
            if rule.check_mode == "some" and rule.checks_needed > len(rule.check_ids):
                raise ValidationError(
                    self.env._(
                        "Rule “%(rule)s” needs %(needed)s checks, but has %(count)s.",
                        rule=rule.name,
                        needed=rule.checks_needed,
                        count=len(rule.check_ids),
                    )
                )

    # === CRUD === #

    @api.model_create_multi
    def create(self, vals_list):
        rules = super().create(vals_list)
        # Its own checks and actions, created with it, are no change of it.
        super(EcomRule, rules).write({"version": 1})
        return rules

    def write(self, vals):
        result = super().write(vals)
        if _VERSIONED & vals.keys():
            self._bump_version()
        elif "active" in vals:
            self._look_again()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        """What a rule decided must stay explained."""
        used = self.env["ecom.decision"].sudo().search([("rule_id", "in", self.ids)], limit=1)
        if used:
            raise UserError(
                self.env._(
                    "Rule “%s” has decided about orders: archive it instead of deleting it.",
                    used.rule_id.name,
                )
            )

    def copy_data(self, default=None):
        vals_list = super().copy_data(default)
        for rule, vals in zip(self, vals_list, strict=True):
            vals.setdefault("name", self.env._("%s (copy)", rule.name))
        return vals_list

    def _bump_version(self):
        """Called when condition or actions change, also from the lines below the rule."""
        for version, rules in self.grouped("version").items():
            rules.write({"version": version + 1, "changed_at": fields.Datetime.now()})
        # What it holds now was held by what it was.
        self._look_again()

    def _look_again(self):
        """Have the orders reviewed again that these rules hold."""
        # Rules are the manager's, orders are written by the pipeline only.
        exceptions = self.env["ecom.exception"].sudo()
        orders = exceptions.search([("rule_id", "in", self.ids), ("state", "=", "open")]).order_id
        orders._request_review()

    # === ACTIONS === #

    def action_activate(self):
        """Switch the rules on. :raise UserError: one of them does nothing"""
        for rule in self:
            if not rule.action_ids:
                raise UserError(
                    self.env._("Rule “%s” has no action: it would do nothing.", rule.name)
                )
        self._check_domain()
        self.check_ids._check_parameters()
        self.write({"state": "active", "fault_message": False, "changed_at": fields.Datetime.now()})
        self.activity_unlink(["mail.mail_activity_data_warning"])
        self._look_again()
        return True

    def action_deactivate(self):
        """Switch the rules off; what they hold is looked at again."""
        self.write({"state": "draft"})
        self._look_again()
        return True

    def action_open_decisions(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "ecom_order_mgmt.ecom_decision_action"
        )
        action["domain"] = [("rule_id", "=", self.id)]
        action["context"] = {}
        return action

    def action_open_held(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("ecom_order_mgmt.ecom_order_action")
        action["domain"] = [
            ("exception_ids", "any", [("rule_id", "=", self.id), ("state", "=", "open")])
        ]
        return action

    def action_backtest(self):
        """Button: try these rules on past orders."""
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Try on Past Orders"),
            "res_model": "ecom.rule.backtest",
            "view_mode": "form",
            "target": "current",
            "context": {"default_rule_ids": self.ids},
        }

    @api.model
    def _get_rules(self, stage):
        """:return: the rules of a stage that are switched on, in the order in which they are asked"""
        # Whoever makes the pipeline run: the rules are those of the company, all of them.
        return self.sudo().search([("stage", "=", stage), ("state", "=", "active")])

    def _set_faulty(self, error):
        """Called by the pipeline when the rule cannot be evaluated; who made it is told."""
        admin = self.env.ref("base.user_admin", raise_if_not_found=False)
        for rule in self:
            author = rule.create_uid if rule.create_uid.active else admin
            rule.write({"state": "faulty", "fault_message": error})
            if author:
                rule.activity_schedule(
                    "mail.mail_activity_data_warning",
                    summary=self.env._("Rule does not work"),
                    note=error,
                    user_id=author.id,
                )
