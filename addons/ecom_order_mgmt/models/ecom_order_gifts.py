from odoo import fields, models


class EcomChannel(models.Model):
    _inherit = "ecom.channel"

    freeze_gifts = fields.Boolean(
        "Stop Gifts With Them",
        help="When an order is cancelled, parcels of the same buyer that hold nothing but gifts are "
        "stopped, and a person decides about them.",
    )


class EcomOrder(models.Model):
    """Who cancels what he bought may not want, or not have earned, the gifts that go with it."""

    _inherit = "ecom.order"

    def _apply_cancellation(self):
        result = super()._apply_cancellation()
        for order in self:
            if order.channel_id.freeze_gifts and order.state == "cancelled":
                order._get_gifts_of_buyer()._stop_gifts(order)
        return result

    def _get_gifts_of_buyer(self):
        """:return: orders of the same buyer that hold gifts only, and have not left"""
        self.ensure_one()
        gifts = self.search(
            [
                ("channel_id", "=", self.channel_id.id),
                ("partner_id", "=", self.partner_id.id),
                ("partner_id", "!=", False),
                ("is_gift_only", "=", True),
                ("state", "=", "accepted"),
                ("review_state", "!=", "rejected"),
                ("id", "!=", self.id),
            ]
        )
        return gifts.filtered(lambda order: not order._has_left())

    def _stop_gifts(self, cancelled):
        """:param cancelled: the order of the same buyer that was cancelled"""
        for order in self:
            message = self.env._(
                "Only gifts: %(order)s of the same buyer was cancelled.",
                order=cancelled.display_name,
            )
            order._open_exception("same_buyer", message)
            if order.confirmed_at:
                order._get_parcels_here()._freeze(message)
            else:
                order.write({"review_state": "held"})
                order._show_holds()
            order._decide("intercept", message)
