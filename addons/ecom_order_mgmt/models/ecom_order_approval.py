from odoo import api, fields, models


class EcomOrder(models.Model):
    """Who approved an order: the share that no person had to look at is what rules are worth."""

    _inherit = "ecom.order"

    approved_at = fields.Datetime("Approved On", readonly=True, copy=False)
    approval_kind = fields.Selection(
        [("rules", "By rules"), ("person", "By a person"), ("forced", "Forced")],
        "Approved",
        readonly=True,
        copy=False,
        help="How the order passed the review the last time.",
    )
    auto_approval_rate = fields.Float(
        "Approved by Rules (%)",
        compute="_compute_auto_approval_rate",
        store=True,
        precompute=True,
        digits=(16, 1),
        aggregator="avg",
        help="100 for an order that the rules approved, 0 for one that a person approved: the "
        "average over many orders is the share that nobody had to look at.",
    )

    _approved_idx = models.Index("(channel_id, approved_at) WHERE approved_at IS NOT NULL")

    @api.depends("approval_kind")
    def _compute_auto_approval_rate(self):
        for order in self:
            order.auto_approval_rate = 100.0 if order.approval_kind == "rules" else 0.0

    def _set_approved(self, kind):
        """The orders pass the review.

        :param kind: a value of `approval_kind`
        """
        self.write(
            {
                "review_state": "approved",
                "hold_reason": False,
                "hold_until": False,
                "approval_kind": kind,
                "approved_at": fields.Datetime.now(),
            }
        )
