from psycopg2 import IntegrityError

from odoo import models
from odoo.exceptions import LockError, UserError

from ..concurrency import RETRYABLE


class EcomOrder(models.Model):
    """Decisions about many orders, each with a result of its own."""

    _inherit = "ecom.order"

    def action_bulk(self, action, reason=None, until=None):
        """Approve, force, hold or reject many orders; what cannot be done with one of them stops
        no other.

        :param str action: approve, force, hold or reject
        :return: one dict per order, in order: `order_id`, `ok`, `message` (why it was not done),
            `review_state` afterwards
        :raise AccessError: the user may not decide about orders at all
        :raise UserError: no such action
        """
        works = {
            "approve": lambda orders: orders.action_approve(reason),
            "force": lambda orders: orders.action_force_approve(reason),
            "hold": lambda orders: orders.action_hold(reason, until),
            "reject": lambda orders: orders.action_reject(reason),
        }
        if action not in works:
            raise UserError(self.env._("There is no action “%s”.", action))
        self.browse()._check_reviewer()
        if action == "force":
            self._check_may_force()
        errors = self._decide_in_bulk(works[action])
        # The result says what became of each, also of those that the user must not see.
        readable = self.sudo()
        return [
            {
                "order_id": order.id,
                "ok": not errors[order.id],
                "message": errors[order.id] or "",
                "review_state": order.review_state,
            }
            for order in readable
        ]

    def _decide_in_bulk(self, work):
        """Run `work` on all of these; where it fails, on halves, down to the order to blame.

        :return: {order id: error or False}
        """
        if not self:
            return {}
        try:
            with self.env.cr.savepoint():
                work(self)
                self.env.flush_all()
            return dict.fromkeys(self.ids, False)
        except (*RETRYABLE, LockError):
            raise  # the whole request runs again
        except (UserError, IntegrityError) as error:
            if len(self) == 1:
                return {self.id: str(error)}
        half = len(self) // 2
        return {**self[:half]._decide_in_bulk(work), **self[half:]._decide_in_bulk(work)}
