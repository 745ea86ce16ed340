from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import UserError


class EcomOrder(models.Model):
    """What the channel is told of its order."""

    _inherit = "ecom.order"

    task_ids = fields.One2many("ecom.task", "order_id", "Messages to the Shop", readonly=True)

    def action_reject(self, reason):
        """What is rejected here is cancelled there."""
        result = super().action_reject(reason)
        for order in self.sudo():  # the action above checked who may
            if order.channel_status != "cancelled":
                self.env["ecom.task"].sudo()._add(
                    order.channel_id, "cancel", f"cancel/{order.external_id}/{order.version}",
                    {"reason": reason}, order=order,
                )  # fmt: skip
        return result

    @api.private
    def tell_refund(self, key, amount, reason=None, lines=(), restock=False):
        """Have the platform give money back. For other addons.

        :param str key: what makes this refund the one it is; the same key is never refunded twice
        :param amount: Decimal or decimal text, in the order's currency
        :param lines: list of dicts `line_id` (the channel's), `quantity`, `amount`
        :return: the ecom.task, empty where the connector cannot refund
        """
        self.ensure_one()
        amount = Decimal(str(amount))
        if amount <= 0:
            raise UserError(self.env._("A refund gives back more than nothing."))
        return self.env["ecom.task"].sudo()._add(
            self.channel_id,
            "refund",
            self._get_refund_key(key),
            {
                "amount": str(amount),
                "currency": self.currency_code,
                "reason": reason or None,
                "restock": bool(restock),
                "lines": list(lines),
            },
            order=self,
        )
