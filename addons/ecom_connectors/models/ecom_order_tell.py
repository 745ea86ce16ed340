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

        It can be called again: the same key is one refund, however often and from however many
        processes it is asked for. It is sent in the background; the task's `state` tells how it
        stands (`failed` and `cancelled` need a person, its `explanation` says why), and its
        `remote_ref` is the platform's id, by which the refund that comes back is known
        (`external_id` of the ecom.refund).

        :param str key: what makes this refund the one it is, within the order
        :param amount: Decimal or decimal text, in the order's currency
        :param lines: list of dicts `line_id` (the channel's), `quantity`, `amount`
        :param restock: whether the platform shall put the goods back on sale itself
        :return: the ecom.task, empty where the connector cannot refund or shall not
        :raise UserError: the amount is none, or another one than under the same key before
        """
        self.ensure_one()
        amount = Decimal(str(amount))
        if not amount.is_finite() or amount <= 0:
            raise UserError(self.env._("A refund gives back more than nothing."))
        task = self.env["ecom.task"].sudo()._add(
            self.channel_id,
            "refund",
            self._get_refund_key(key),
            {
                "amount": str(amount),
                "currency": self.currency_code,
                "reason": reason or None,
                "restock": bool(restock),
                "lines": [_plain(line) for line in lines],
            },
            order=self,
        )
        if task and Decimal(task.payload["amount"]) != amount:
            raise UserError(
                self.env._(
                    "The refund %(key)s was told with %(before)s before; %(now)s needs a key of its own.",
                    key=key, before=task.payload["amount"], now=amount,
                )
            )  # fmt: skip
        return task


def _plain(line):
    """:return: a line of a refund as JSON has it: pieces are numbers, money is text"""
    pieces = Decimal(str(line.get("quantity") or 0))
    return {
        **{key: str(value) if isinstance(value, Decimal) else value for key, value in line.items()},
        "quantity": int(pieces) if pieces == int(pieces) else float(pieces),
        "amount": str(line.get("amount") or 0),
    }
