from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain


class EcomOrder(models.Model):
    """Review: who may go on, who waits, and why."""

    _inherit = "ecom.order"

    # === ACTIONS === #

    def action_approve(self, reason=None):
        """Approve accepted orders; those that are held with a reason need one as well.

        :param str reason: why, kept in the order's history
        :return: True
        :raise UserError: an order is not accepted, or is rejected, or is held and no reason given
        """
        self = self._check_reviewer()
        for order in self:
            if order.state != "accepted" or order.review_state == "rejected":
                raise UserError(
                    self.env._(
                        "Order %(order)s is not waiting for approval.", order=order.display_name
                    )
                )
        todo = self.filtered(lambda order: order.review_state != "approved")
        blocked = todo.filtered(lambda order: order._get_blocking_exceptions())
        if blocked and not reason:
            raise UserError(
                self.env._(
                    "Order %(order)s is held: %(message)s Give a reason to approve it all the same.",
                    order=blocked[0].display_name,
                    message=blocked[0]._get_blocking_exceptions()[0].message,
                )
            )
        todo.exception_ids._resolve(reason or self.env._("Approved"))
        todo.write({"review_state": "approved", "hold_reason": False, "hold_until": False})
        message = self.env._("Approved by %(user)s.", user=self.env.user.name)
        todo._log_review("%s %s" % (message, reason) if reason else message)
        todo.channel_id._trigger_processing()
        return True

    def action_hold(self, reason, until=None):
        """Hold orders that are not confirmed yet.

        :param str reason: shown to everybody who works on the order
        :param until: datetime (UTC) at which they go on by themselves, or None
        """
        self = self._check_reviewer()
        if not reason:
            raise UserError(self.env._("Say why the order is held."))
        self._check_not_confirmed()
        until = fields.Datetime.to_datetime(until) if until else False
        self.write({"review_state": "held", "hold_reason": reason, "hold_until": until})
        self._log_review(
            self.env._("Held by %(user)s: %(reason)s", user=self.env.user.name, reason=reason)
        )
        return True

    def action_reject(self, reason):
        """Reject orders: their sale orders are cancelled, nothing is delivered."""
        self = self._check_reviewer()
        if not reason:
            raise UserError(self.env._("Say why the order is rejected."))
        self._check_not_confirmed()
        self.sale_order_id._action_cancel()
        self.write({"review_state": "rejected", "hold_reason": reason, "hold_until": False})
        self._log_review(
            self.env._("Rejected by %(user)s: %(reason)s", user=self.env.user.name, reason=reason)
        )
        return True

    def _check_not_confirmed(self):
        for order in self:
            if order.confirmed_at or order.state == "cancelled":
                raise UserError(
                    self.env._(
                        "Order %(order)s is confirmed or cancelled already.",
                        order=order.display_name,
                    )
                )

    def _log_review(self, message):
        if self:
            self._message_log_batch(bodies=dict.fromkeys(self.ids, message))

    # === EXCEPTIONS === #

    def _get_blocking_exceptions(self):
        self.ensure_one()
        return self.exception_ids.filtered(lambda e: e.blocking and e.state == "open")

    def _open_exception(self, kind, message):
        """Open an exception of a kind, once; the order is held by it."""
        self.ensure_one()
        same = self.exception_ids.filtered(lambda e: e.type == kind and e.state == "open")
        if same:
            same.message = message
        else:
            self.env["ecom.exception"].create(
                {"order_id": self.id, "type": kind, "message": message}
            )

    # === AUTOMATIC REVIEW === #

    @api.model
    def _get_review_domain(self, channel):
        """:return: domain of the orders of `channel` whose review is due now"""
        now = fields.Datetime.now()
        held_until = Domain("review_state", "=", "held") & Domain("hold_until", "<=", now)
        accepted = Domain("state", "=", "accepted")
        if channel.approval == "manual":
            return accepted & held_until
        limit = fields.Datetime.subtract(now, minutes=channel.approve_wait_minutes)
        due = Domain("placed_at", "<=", limit)
        if channel.approval == "paid":
            due &= Domain("paid_at", "=", False) | Domain("paid_at", "<=", limit)
            due &= Domain("payment_state", "=", "paid") | Domain("is_cash_on_delivery", "=", True)
        waiting = Domain("review_state", "=", "waiting") & due
        return accepted & Domain("channel_status", "=", "open") & (waiting | held_until)

    def _review_batch(self, final=False):
        """Approve, or hold, accepted orders whose review is due. :return: counts by outcome"""
        todo = self.filtered(
            lambda order: order.state == "accepted" and order.review_state in ("waiting", "held")
        )
        expired = todo.filtered(lambda order: order.review_state == "held")
        expired.write({"review_state": "waiting", "hold_until": False, "hold_reason": False})
        if self.channel_id.approval == "manual":
            return {"held": 0}
        held = todo.filtered(lambda order: order._get_blocking_exceptions())
        for order in held:
            order.hold_reason = order._get_blocking_exceptions()[0].message
        held.write({"review_state": "held"})
        approved = todo - held
        approved.write({"review_state": "approved"})
        self.env["ecom.decision"].create(
            [order._prepare_review_decision(order in held) for order in todo]
        )
        return {"approved": len(approved), "held": len(held)}

    def _prepare_review_decision(self, held):
        channel = self.channel_id
        if held:
            summary = self.env._("Held: %(reason)s", reason=self.hold_reason)
        elif channel.approval == "all":
            summary = self.env._(
                "Approved: the channel approves all orders %(minutes)s minutes after they are made.",
                minutes=channel.approve_wait_minutes,
            )
        elif self.payment_state != "paid":
            summary = self.env._("Approved: it is paid on delivery.")
        else:
            summary = self.env._(
                "Approved: paid, %(minutes)s minutes of waiting are over, and nothing speaks "
                "against it.",
                minutes=channel.approve_wait_minutes,
            )
        return {"order_id": self.id, "stage": "review", "rule": "approval", "summary": summary}
