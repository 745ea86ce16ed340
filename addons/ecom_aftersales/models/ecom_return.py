from contextlib import contextmanager

from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain

from .ecom_return_reason import FAULTS

# Types that take pieces of the order for themselves: each piece can be in one of them once.
TAKING_TYPES = ("refund_only", "return", "exchange", "refused", "intercept")
# Types whose goods come back.
GOODS_TYPES = ("return", "exchange", "warranty", "refused", "intercept", "unknown")
# Types whose goods are paid back.
MONEY_TYPES = ("refund_only", "return", "refused", "intercept")

# Context: a list of decisions that are stored together, see _gather_decisions.
_GATHER = "ecom_decisions"

# What people may write on a case; everything else changes through actions only.
_FREE_FIELDS = frozenset(
    {
        "description",
        "fault",
        "reason_id",
        "user_id",
        "photo_ids",
        "return_tracking_ref",
        "return_carrier_id",
        "line_ids",
        "instructions",
        "partner_id",
        "method",
        "activity_ids",
        "message_follower_ids",
        "message_ids",
        "difference_ids",
    }
)


class EcomReturn(models.Model):
    """One after-sales case: what a buyer or a platform asks for, and what becomes of it.

    Four things move on their own: the *request* (new, approved, rejected, withdrawn), the *goods*
    (none, awaiting, in transit, received, graded), the *money* (none, due, partial, done) and the
    *platform* (its own case, with a deadline). Nobody writes these by hand; actions do.
    """

    _name = "ecom.return"
    _description = "After-Sales Case"
    _inherit = ["portal.mixin", "mail.thread", "mail.activity.mixin"]
    _order = "id desc"
    _check_company_auto = True
    _mail_post_access = "read"

    name = fields.Char("Number", required=True, readonly=True, copy=False, index="trigram")
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    type = fields.Selection(
        [
            ("refund_only", "Refund only"),
            ("return", "Return and refund"),
            ("exchange", "Exchange"),
            ("resend", "Resend"),
            ("warranty", "Warranty repair"),
            ("refused", "Refused parcel"),
            ("intercept", "Stopped parcel"),
            ("unknown", "Unknown parcel"),
        ],
        required=True,
        readonly=True,
        tracking=True,
    )
    origin = fields.Selection(
        [
            ("agent", "Agent"),
            ("portal", "Buyer in the portal"),
            ("api", "Program"),
            ("platform", "Platform"),
            ("warehouse", "Receiving desk"),
            ("ticket", "Ticket"),
        ],
        default="agent",
        required=True,
        readonly=True,
    )
    request_key = fields.Char(
        readonly=True, copy=False, help="The same key twice is one case, however often it is sent."
    )

    # --- what it is about
    channel_id = fields.Many2one("ecom.channel", readonly=True, index="btree_not_null")
    order_id = fields.Many2one("ecom.order", "Channel Order", readonly=True, index="btree_not_null")
    sale_order_id = fields.Many2one("sale.order", readonly=True, index="btree_not_null")
    order_name = fields.Char("Order", compute="_compute_order_name", store=True, compute_sudo=True)
    partner_id = fields.Many2one("res.partner", "Customer", index="btree_not_null")
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    line_ids = fields.One2many("ecom.return.line", "return_id", "Goods")
    reason_id = fields.Many2one("ecom.return.reason", tracking=True)
    fault = fields.Selection(FAULTS, string="Party at Fault", tracking=True)
    description = fields.Text("What the Buyer Says")
    photo_ids = fields.Many2many("ir.attachment", "ecom_return_photo_rel", string="Photos")
    user_id = fields.Many2one("res.users", "Agent", tracking=True, index="btree_not_null")
    deadline = fields.Datetime(readonly=True, tracking=True)

    # --- the four axes
    request_state = fields.Selection(
        [
            ("new", "New"),
            ("approved", "Approved"),
            ("rejected", "Rejected"),
            ("withdrawn", "Withdrawn"),
        ],
        default="new",
        required=True,
        readonly=True,
        index=True,
        tracking=True,
    )
    goods_state = fields.Selection(
        [
            ("none", "No goods"),
            ("awaiting", "Awaited"),
            ("in_transit", "On their way"),
            ("received", "Received"),
            ("graded", "Graded"),
        ],
        string="Goods Status",
        default="none",
        required=True,
        readonly=True,
        tracking=True,
    )
    money_state = fields.Selection(
        [("none", "Nothing due"), ("due", "Due"), ("partial", "Partly paid"), ("done", "Paid")],
        string="Money Status",
        compute="_compute_money_state",
        store=True,
        tracking=True,
    )
    platform_state = fields.Selection(
        [
            ("none", "Not on a platform"),
            ("open", "Waits for us"),
            ("approved", "Approved"),
            ("rejected", "Rejected"),
            ("closed", "Closed"),
        ],
        default="none",
        required=True,
        readonly=True,
        tracking=True,
    )
    platform_case_id = fields.Char("Platform's Case", readonly=True, copy=False)
    platform_deadline = fields.Datetime(readonly=True)
    is_open = fields.Boolean(compute="_compute_is_open", store=True)
    closed_at = fields.Datetime(compute="_compute_is_open", store=True)
    decided_at = fields.Datetime(readonly=True)
    reject_reason = fields.Text(readonly=True)

    # --- policy
    policy_id = fields.Many2one("ecom.return.policy", readonly=True, ondelete="restrict")
    policy_verdict = fields.Selection(
        [("allowed", "Allowed"), ("refused", "Not allowed")], readonly=True
    )
    policy_reason = fields.Text("Why", readonly=True)
    decision_ids = fields.One2many("ecom.return.decision", "return_id", readonly=True)
    method = fields.Selection(
        [
            ("ship", "Buyer ships it back"),
            ("drop_off", "Buyer drops it off"),
            ("keep", "Buyer keeps it"),
            ("destroy", "Buyer destroys it, with a photo"),
        ],
        string="Way Back",
    )
    instructions = fields.Html()
    return_carrier_id = fields.Many2one("delivery.carrier", "Return Carrier")
    return_tracking_ref = fields.Char("Return Tracking Number", index="btree_not_null", copy=False)

    # --- goods
    picking_ids = fields.One2many(
        "stock.picking", "ecom_return_id", readonly=True, groups="stock.group_stock_user"
    )
    difference_ids = fields.One2many("ecom.return.difference", "return_id", "Differences")
    grading_ids = fields.One2many("ecom.return.grading", "return_id", readonly=True)
    difference_count = fields.Integer(compute="_compute_difference_count")

    # --- money
    amount_goods = fields.Monetary("For Goods", readonly=True)
    amount_shipping = fields.Monetary("Shipping", readonly=True)
    amount_fees = fields.Monetary("Fees", readonly=True, help="Restocking and label, kept by us.")
    amount_adjustment = fields.Monetary(
        "Adjusted", readonly=True, help="Goodwill, or what a person or the platform decided."
    )
    adjustment_reason = fields.Char(readonly=True)
    amount_due = fields.Monetary("To Refund", readonly=True, tracking=True)
    amount_issued = fields.Monetary(
        "Issued", compute="_compute_money_state", store=True, help="Refunds paid or on their way."
    )
    amount_paid = fields.Monetary("Paid Back", compute="_compute_money_state", store=True)
    breakdown = fields.Json(readonly=True, help="How the amount comes about, line by line.")
    payment_ids = fields.One2many("ecom.return.payment", "return_id", "Refunds", readonly=True)
    credit_note_ids = fields.One2many(
        "account.move",
        "ecom_return_id",
        "Credit Notes",
        readonly=True,
        groups="account.group_account_readonly,account.group_account_invoice",
    )
    credit_state = fields.Selection(
        [
            ("none", "No credit note"),
            ("waiting", "Waits for the invoice"),
            ("done", "Credited"),
        ],
        default="none",
        required=True,
        readonly=True,
    )
    amount_credited = fields.Monetary(readonly=True)
    refund_days = fields.Float("Days to Refund", readonly=True, digits=(16, 2), aggregator="avg")

    # --- replacement
    exchange_order_id = fields.Many2one(
        "sale.order", "Replacement Order", readonly=True, copy=False, index="btree_not_null"
    )
    exchange_name = fields.Char(related="exchange_order_id.name", string="Replacement")
    exchange_state = fields.Selection(
        [
            ("none", "None"),
            ("reserved", "Reserved"),
            ("payment", "Waits for payment"),
            ("released", "Released"),
            ("expired", "Reservation expired"),
        ],
        default="none",
        required=True,
        readonly=True,
    )
    exchange_amount = fields.Monetary("Replacement Costs", readonly=True)
    exchange_until = fields.Datetime("Reserved Until", readonly=True)

    _request_key_uniq = models.UniqueIndex(
        "(company_id, request_key) WHERE request_key IS NOT NULL",
        "This request has a case already.",
    )
    _platform_case_uniq = models.UniqueIndex(
        "(channel_id, platform_case_id) WHERE platform_case_id IS NOT NULL",
        "This case of the platform is here already.",
    )
    _open_idx = models.Index("(company_id, deadline) WHERE is_open")

    # === COMPUTES === #

    @api.depends("order_id.number", "order_id.external_id", "sale_order_id.name")
    def _compute_order_name(self):
        for case in self:
            case.order_name = (
                case.order_id.number or case.order_id.external_id or case.sale_order_id.name
            )

    @api.depends("payment_ids.state", "payment_ids.amount", "amount_due")
    def _compute_money_state(self):
        for case in self:
            live = case.payment_ids.filtered(lambda p: p.state not in ("failed", "cancelled"))
            paid = sum(live.filtered(lambda p: p.state == "done").mapped("amount"))
            case.amount_issued = sum(live.mapped("amount"))
            case.amount_paid = paid
            compare = case.currency_id.compare_amounts if case.currency_id else None
            if not case.amount_due or not compare:
                case.money_state = "none"
            elif compare(paid, case.amount_due) >= 0:
                case.money_state = "done"
            else:
                case.money_state = "partial" if paid else "due"

    @api.depends("request_state", "goods_state", "money_state", "exchange_state", "credit_state")
    def _compute_is_open(self):
        for case in self:
            case.is_open = case.request_state == "new" or (
                case.request_state == "approved"
                and (
                    case.goods_state in ("awaiting", "in_transit", "received")
                    or case.money_state in ("due", "partial")
                    or case.exchange_state in ("reserved", "payment")
                )
            )
            if case.is_open:
                case.closed_at = False
            elif not case.closed_at:
                case.closed_at = fields.Datetime.now()

    def _compute_difference_count(self):
        counts = dict(
            self.env["ecom.return.difference"]._read_group(
                [("return_id", "in", self.ids), ("state", "=", "open")], ["return_id"], ["__count"]
            )
        )
        for case in self:
            case.difference_count = counts.get(case, 0)

    def _compute_access_url(self):
        for case in self:
            case.access_url = f"/my/returns/{case.id}"

    # === CRUD === #

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            if not vals.get("name"):
                vals["name"] = (
                    self.env["ir.sequence"]
                    .with_company(vals.get("company_id"))
                    .next_by_code("ecom.return")
                )
        return super().create(vals_list)

    def write(self, vals):
        if not self.env.su and vals.keys() - _FREE_FIELDS:
            raise AccessError(
                self.env._("The state and the amounts of a case are changed by its buttons only.")
            )
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_decided(self):
        if any(case.request_state != "new" for case in self):
            raise UserError(self.env._("Cases that are decided cannot be deleted."))

    # === ACCESS === #

    def _check_agent(self):
        """:return: these cases, to be worked on with the rights that this takes
        :raise AccessError: the user is no agent, or must not see one of the cases"""
        if not self.env.su:
            if not self.env.user.has_group("ecom_aftersales.group_ecom_agent"):
                raise AccessError(self.env._("Only after-sales agents may do this."))
            self.check_access("write")
        # Deciding about a case moves stock and money for which agents have no rights of their own.
        return self.sudo()

    def _check_desk(self):
        """As :meth:`_check_agent`, for those who receive and grade goods."""
        if not self.env.su:
            if not self.env.user.has_group("ecom_aftersales.group_ecom_desk"):
                raise AccessError(self.env._("Only the receiving desk may do this."))
            self.check_access("read")
        return self.sudo()

    def _is_manager(self):
        return self.env.user.has_group("ecom_aftersales.group_ecom_aftersales_manager")

    # === SMALL HELPERS === #

    def _decide(self, stage, summary, rule=None, details=None):
        """Keep why something was done, also in the history that people read."""
        decisions = [
            {
                "return_id": case.id,
                "stage": stage,
                "summary": summary,
                "rule": rule,
                "details": details,
            }
            for case in self
        ]
        gathered = self.env.context.get(_GATHER)
        if gathered is None:
            self._store_decisions(decisions)
        else:
            gathered += decisions

    @contextmanager
    def _gather_decisions(self):
        """What is decided within, about these cases as they are given out, is stored at the end:
        one statement for all, and one entry of the history for each case."""
        if _GATHER in self.env.context:
            yield self
            return
        cases = self.with_context(**{_GATHER: []})
        # Equal contexts share an environment: the list that it holds is the one that is filled.
        gathered = cases.env.context[_GATHER]
        try:
            yield cases
            self._store_decisions(gathered)
        finally:
            gathered.clear()

    @api.model
    def _store_decisions(self, decisions):
        if not decisions:
            return
        self.env["ecom.return.decision"].create(decisions)
        bodies = {}
        for decision in decisions:
            case_id = decision["return_id"]
            line = Markup("<p>%s</p>") % decision["summary"]
            bodies[case_id] = bodies.get(case_id, Markup()) + line
        self.browse(bodies)._message_log_batch(bodies=bodies)

    @api.model
    def _get_taking_domain(self):
        """Cases that hold pieces of their orders' lines for themselves."""
        return Domain("request_state", "in", ("new", "approved")) & Domain(
            "type", "in", TAKING_TYPES
        )

    def _format(self, amount):
        return self.currency_id.format(amount)

    def _notify_get_recipients_groups(self, message, model_description, msg_vals=False):
        groups = super()._notify_get_recipients_groups(message, model_description, msg_vals)
        if not self:
            return groups
        # Buyers follow their case by a link with a token, with or without an account.
        self.ensure_one()
        for name, _method, values in groups:
            if name == "portal_customer":
                values["active"] = True
                values["has_button_access"] = True
        return groups
