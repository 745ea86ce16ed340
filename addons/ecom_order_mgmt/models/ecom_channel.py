from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain


class EcomChannel(models.Model):
    """One shop account on one platform, with its policies.

    Orders come in through :meth:`import_orders`; what happens to them afterwards is decided by
    the settings here.
    """

    _name = "ecom.channel"
    _description = "Sales Channel"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "sequence, name, id"
    _check_company_auto = True

    name = fields.Char(required=True, tracking=True)
    code = fields.Char(help="Short name in front of order numbers, e.g. WEB.")
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    color = fields.Integer()
    connector = fields.Selection(
        [("api", "Canonical documents (API)")],
        default="api",
        required=True,
        help="How the orders of this channel are read.",
    )
    state = fields.Selection(
        [
            ("ok", "Running"),
            ("lagging", "Lagging"),
            ("needs_auth", "Needs a new sign-in"),
            ("paused", "Paused"),
        ],
        default="ok",
        required=True,
        tracking=True,
        help="A paused channel stores what comes in, but makes no orders of it.",
    )
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    currency_id = fields.Many2one(
        "res.currency",
        default=lambda self: self.env.company.currency_id,
        help="Currency of the figures on this channel's card. Orders keep their own currency.",
    )
    warehouse_id = fields.Many2one(
        "stock.warehouse",
        check_company=True,
        index="btree_not_null",
        help="Warehouse that delivers. Empty: the first one of the company.",
    )
    user_id = fields.Many2one("res.users", string="Responsible", default=lambda self: self.env.user)
    team_id = fields.Many2one("crm.team", string="Sales Team", check_company=True)
    tz = fields.Selection(
        lambda self: self.env["res.partner"]._fields["tz"]._description_selection(self.env),
        string="Time Zone",
        default=lambda self: self.env.user.tz or "UTC",
        help="Decides which orders are of today.",
    )

    # --- how documents are read
    prices_include_tax = fields.Boolean(
        help="Used where a document does not say it itself.",
    )
    sku_policy = fields.Selection(
        [("park", "Wait for a person to map them"), ("create", "Create the product")],
        string="Unknown products",
        default="park",
        required=True,
        help="What to do with an order of something that is no product here yet.",
    )
    tolerance_auto = fields.Float(
        "Rounding accepted up to",
        default=0.05,
        digits=(16, 4),
        help="A difference between the channel's total and the sum of its lines up to this "
        "amount becomes a rounding line. Amount in the order's currency.",
    )
    tolerance_block = fields.Float(
        "Difference accepted up to",
        default=1.0,
        digits=(16, 4),
        help="Up to this amount a difference becomes an adjustment line and the order is held "
        "for a person to look at; above it the order is parked.",
    )
    address_line_length = fields.Integer(
        default=60,
        help="Longest street line that your carriers print. Longer ones run over into the second "
        "line, and what fits nowhere stays in a note.",
    )

    # --- what happens then
    approval = fields.Selection(
        [
            ("paid", "By themselves, once paid"),
            ("all", "By themselves, paid or not"),
            ("manual", "By a person"),
        ],
        string="Approve orders",
        default="paid",
        required=True,
        tracking=True,
    )
    approve_wait_minutes = fields.Integer(
        "Wait before approval",
        default=10,
        help="Minutes from payment (or from the order, where payment is not asked for). Leaves "
        "the buyer time for second thoughts.",
    )

    last_import_at = fields.Datetime("Last Import", compute="_compute_last_import_at")
    order_ids = fields.One2many("ecom.order", "channel_id")
    orders_today = fields.Integer(compute="_compute_counts")
    order_count = fields.Integer("Orders", compute="_compute_counts")
    parked_count = fields.Integer("Parked", compute="_compute_counts")
    held_count = fields.Integer("Held", compute="_compute_counts")
    waiting_count = fields.Integer("To Process", compute="_compute_counts")
    listing_missing_count = fields.Integer("Unmapped Products", compute="_compute_counts")
    refund_parked_count = fields.Integer("Unmatched Refunds", compute="_compute_counts")

    _code_uniq = models.UniqueIndex(
        "(company_id, code) WHERE code IS NOT NULL",
        "Another channel of this company has the same code.",
    )

    def _compute_counts(self):
        orders, pending = self.env["ecom.order"], Domain("channel_id", "in", self.ids)

        def count(model, *conditions):
            domain = Domain.AND([pending, *map(Domain, conditions)])
            return dict(model._read_group(domain, ["channel_id"], ["__count"]))

        total = count(orders)
        parked = count(orders, [("cause", "!=", False)])
        held = count(orders, [("review_state", "=", "held"), ("cause", "=", False)])
        waiting = count(orders, [("state", "=", "received")])
        listings = count(self.env["ecom.listing"], [("state", "=", "missing")])
        refunds = count(self.env["ecom.refund"], [("state", "=", "parked")])
        today = {}
        for tz, channels in self.grouped("tz").items():
            start = self.env["ecom.order"]._start_of_today(tz)
            today |= count(orders, [("channel_id", "in", channels.ids), ("placed_at", ">=", start)])
        for channel in self:
            channel.order_count = total.get(channel, 0)
            channel.parked_count = parked.get(channel, 0)
            channel.held_count = held.get(channel, 0)
            channel.waiting_count = waiting.get(channel, 0)
            channel.listing_missing_count = listings.get(channel, 0)
            channel.refund_parked_count = refunds.get(channel, 0)
            channel.orders_today = today.get(channel, 0)

    def _compute_last_import_at(self):
        # Not a column: every import would write the channel's row, and imports of one channel
        # that run side by side would fail for each other.
        last = dict(
            self.env["ecom.order"]._read_group(
                [("channel_id", "in", self.ids)], ["channel_id"], ["received_at:max"]
            )
        )
        for channel in self:
            channel.last_import_at = last.get(channel, False)

    @api.constrains(
        "tolerance_auto", "tolerance_block", "approve_wait_minutes", "address_line_length"
    )
    def _check_limits(self):
        for channel in self:
            if not 0 <= channel.tolerance_auto <= channel.tolerance_block:
                raise ValidationError(
                    self.env._(
                        "The rounding that is accepted must not be negative, nor above the "
                        "difference that is accepted."
                    )
                )
            if channel.address_line_length < 20:
                raise ValidationError(
                    self.env._("A street line must be allowed at least 20 characters.")
                )
            if channel.approve_wait_minutes < 0:
                raise ValidationError(self.env._("The wait before approval must not be negative."))

    def _get_warehouse(self):
        """:return: the warehouse that delivers this channel's orders; may be empty"""
        self.ensure_one()
        return self.warehouse_id or self.env["stock.warehouse"].search(
            [("company_id", "=", self.company_id.id)], limit=1
        )

    # === ACTIONS === #

    def action_pause(self):
        self.write({"state": "paused"})

    def action_resume(self):
        self.write({"state": "ok"})
        self._trigger_processing()

    def action_process(self):
        """Button: do now what the timer does in the background, and say what came of it."""
        self.ensure_one()
        counts = self.process_orders()
        done = counts["accepted"] + counts["confirmed"] + counts["parked"]
        message = (
            self.env._(
                "%(accepted)s taken in, %(confirmed)s confirmed, %(held)s held, %(parked)s parked.",
                **counts,
            )
            if done
            else self.env._("Nothing was due.")
        )
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "title": self.name,
                "message": message,
                "type": "success",
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    def _action_open(self, xmlid, domain, context=None):
        action = self.env["ir.actions.act_window"]._for_xml_id(xmlid)
        action["domain"] = [("channel_id", "in", self.ids), *domain]
        action["context"] = {"default_channel_id": self[:1].id, **(context or {})}
        return action

    def action_open_orders(self):
        return self._action_open("ecom_order_mgmt.ecom_order_action", [])

    def action_open_parked(self):
        return self._action_open(
            "ecom_order_mgmt.ecom_order_parked_action", [("cause", "!=", False)]
        )

    def action_open_held(self):
        return self._action_open(
            "ecom_order_mgmt.ecom_order_action", [("review_state", "=", "held")]
        )

    def action_open_listings(self):
        return self._action_open(
            "ecom_order_mgmt.ecom_listing_action", [], {"search_default_missing": 1}
        )

    def action_open_refunds(self):
        return self._action_open("ecom_order_mgmt.ecom_refund_action", [("state", "=", "parked")])
