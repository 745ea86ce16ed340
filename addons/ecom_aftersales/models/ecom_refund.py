from odoo import fields, models
from odoo.exceptions import AccessError


class EcomRefund(models.Model):
    """A refund is *to do* until an agent has seen to its consequences (goods, books)."""

    _inherit = "ecom.refund"

    handling = fields.Selection(
        [("todo", "To do"), ("done", "Done")],
        default="todo",
        required=True,
        readonly=True,
        index=True,
        tracking=True,
    )
    handled_by_id = fields.Many2one("res.users", readonly=True)
    handled_at = fields.Datetime(readonly=True)
    refund_share = fields.Float(
        "Share of the Order",
        compute="_compute_refund_share",
        help="Refunded amount as a part of what the order came to.",
    )

    def _compute_refund_share(self):
        for refund in self:
            total = refund.order_id.amount_total
            refund.refund_share = refund.amount / total if total else 0.0

    def action_done(self):
        """Button: the refund is dealt with, nothing is left to do here."""
        self._check_agent().filtered(lambda refund: refund.handling == "todo").write(
            {
                "handling": "done",
                "handled_by_id": self.env.uid,
                "handled_at": fields.Datetime.now(),
            }
        )
        return True

    def action_reopen(self):
        self._check_agent().write({"handling": "todo", "handled_by_id": False, "handled_at": False})
        return True

    def _check_agent(self):
        """:raise AccessError: the user is no after-sales agent, or must not see one of these"""
        if not self.env.su:
            if not self.env.user.has_group("ecom_aftersales.group_ecom_agent"):
                raise AccessError(self.env._("Only after-sales agents may do this."))
            self.check_access("write")
        return self
