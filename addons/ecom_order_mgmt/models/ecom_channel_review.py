from odoo import api, fields, models
from odoo.exceptions import ValidationError

STAGES = [
    ("never", "Never"),
    ("confirmed", "Until the delivery is made"),
    ("picked", "Until it is picked"),
    ("shipped", "Until it has left"),
]
# The share of orders that rules approve is told over so many days.
RATE_DAYS = 30
# How far fulfilment may have come, for an approval to be undone.
STAGE_LIMITS = {"never": 0, "confirmed": 1, "picked": 2, "shipped": 3}


class EcomChannel(models.Model):
    """How long a change undoes an approval, and how forced approvals are watched."""

    _inherit = "ecom.channel"

    tag_ids = fields.Many2many("ecom.tag", string="Tags", help="Conditions of rules can ask these.")
    undo_lines = fields.Selection(
        STAGES,
        "New Goods or Total",
        default="picked",
        required=True,
        help="A later change of what was ordered undoes the approval so long.",
    )
    undo_address = fields.Selection(
        STAGES,
        "New Address",
        default="picked",
        required=True,
        help="A later change of an address undoes the approval so long.",
    )
    undo_memo = fields.Selection(
        STAGES,
        "New Message or Memo",
        default="confirmed",
        required=True,
        help="A later message or memo undoes the approval so long.",
    )
    undo_payment = fields.Selection(
        STAGES,
        "Change of Payment",
        default="confirmed",
        required=True,
        help="A later change of the payment undoes the approval so long.",
    )
    undo_refund = fields.Selection(
        STAGES,
        "Refund",
        default="confirmed",
        required=True,
        help="A refund that the channel reports undoes the approval so long.",
    )
    force_audit_share = fields.Float(
        "Check Forced Approvals (%)",
        default=10.0,
        digits=(5, 2),
        help="Share of the forced approvals that is drawn by lot for a finance reviewer to check.",
    )

    approved_count = fields.Integer(
        "Approved in 30 Days",
        compute="_compute_auto_approval_rate",
        help="Orders that passed the review in the last 30 days.",
    )
    auto_approval_rate = fields.Float(
        "Approved by Rules (%)",
        compute="_compute_auto_approval_rate",
        digits=(16, 1),
        help="Share of the orders approved in the last 30 days that no person had to look at.",
    )

    def _compute_auto_approval_rate(self):
        since = fields.Datetime.subtract(fields.Datetime.now(), days=RATE_DAYS)
        figures = {
            channel: (count, rate)
            for channel, count, rate in self.env["ecom.order"]._read_group(
                [("channel_id", "in", self.ids), ("approved_at", ">=", since)],
                ["channel_id"],
                ["__count", "auto_approval_rate:avg"],
            )
        }
        for channel in self:
            channel.approved_count, channel.auto_approval_rate = figures.get(channel, (0, 0.0))

    def action_open_approvals(self):
        """Open the graph of who approved the orders of this channel."""
        self.ensure_one()
        return {
            **self.env["ir.actions.act_window"]._for_xml_id(
                "ecom_order_mgmt.ecom_order_approval_action"
            ),
            "domain": [("channel_id", "=", self.id), ("approval_kind", "!=", False)],
        }

    @api.constrains("force_audit_share")
    def _check_force_audit_share(self):
        if any(not 0 <= channel.force_audit_share <= 100 for channel in self):
            raise ValidationError(
                self.env._("The share of forced approvals to check is between 0 and 100 percent.")
            )
