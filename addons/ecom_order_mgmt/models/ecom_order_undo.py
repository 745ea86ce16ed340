from odoo import models

from .ecom_channel_review import STAGE_LIMITS


class EcomOrder(models.Model):
    """What undoes an approval, and until when."""

    _inherit = "ecom.order"

    def _get_undo_stage(self):
        """:return: how far the goods have come: 0 not confirmed, 1 delivery made, 2 picked, 3 gone
        or invoiced"""
        self.ensure_one()
        moves = self.sale_order_id.order_line.move_ids.filtered(
            lambda move: move._ecom_is_delivery()
        )
        if any(move.state == "done" for move in moves) or any(
            invoice.state == "posted" for invoice in self.sale_order_id.invoice_ids
        ):
            return 3
        # A parcel that somebody packs counts as picked, before any piece of it is.
        packing = self._get_fulfilment_stage() in ("picking", "packed")
        if packing or any(move.picked for move in moves if move.state != "cancel"):
            return 2
        return 1 if self.confirmed_at else 0

    def _is_too_late(self, kinds):
        """:param kinds: iterable of lines, address, memo, payment, refund
        :return: whether fulfilment has gone too far for one of these changes"""
        stage, channel = self._get_undo_stage(), self.channel_id
        return any(stage >= STAGE_LIMITS[channel[f"undo_{kind}"]] for kind in kinds)

    def _undo_approval(self, kind, why):
        """Take approvals back where it is not too late: the orders are reviewed again.

        :param kind: memo, payment or refund
        :param why: what happened, in words
        """
        todo = self.filtered(
            lambda order: order.state == "accepted"
            and order.review_state == "approved"
            and not order._is_too_late([kind])
        )
        confirmed = todo.filtered("confirmed_at").sale_order_id
        if confirmed:
            # It goes back to a draft, which gives its stock back.
            confirmed.locked = False
            confirmed._action_cancel()
            confirmed.action_draft()
        todo.write(
            {
                "review_state": "waiting",
                "confirmed_at": False,
                "review_pending": True,
                # The rules look at something new, though the order's own version is the same.
                "reviewed_version": 0,
            }
        )
        todo._decide("change", self.env._("Approval undone: %s", why))
        (self - todo)._request_review(anew=True)

    def _apply_changes(self, resolved):
        """Messages and payments change no sale order, but what was decided on them."""
        changed = {order: set(order.pending_changes or ()) for order in self}
        result = super()._apply_changes(resolved)
        words = {
            "memo": self.env._("the message or memo was changed."),
            "payment": self.env._("the payment was changed."),
        }
        self.filtered(lambda order: order.state == "accepted").review_pending = True
        # Where the change as a whole came too late, a part of it undoes nothing.
        in_time = self.filtered(lambda order: order.cause != "changed_too_late")
        for kind, why in words.items():
            in_time.filtered(lambda order, k=kind: k in changed[order])._undo_approval(kind, why)
        return result
