from odoo import api, fields, models
from odoo.exceptions import ValidationError

STAGES = [
    ("never", "Never"),
    ("confirmed", "Until the delivery is made"),
    ("picked", "Until it is picked"),
    ("shipped", "Until it has left"),
]
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

    @api.constrains("force_audit_share")
    def _check_force_audit_share(self):
        if any(not 0 <= channel.force_audit_share <= 100 for channel in self):
            raise ValidationError(
                self.env._("The share of forced approvals to check is between 0 and 100 percent.")
            )
