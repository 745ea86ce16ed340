from odoo import models


class EcomRefund(models.Model):
    """A refund is a reason to look at its order again."""

    _inherit = "ecom.refund"

    def _set_order(self, order, how):
        result = super()._set_order(order, how)
        if order:
            order._undo_approval(
                "refund", self.env._("refund %s was reported.", self.number or self.external_id)
            )
        return result
