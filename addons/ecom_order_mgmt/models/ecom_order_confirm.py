from odoo import api, models


class EcomOrder(models.Model):
    """Approved orders are confirmed in batches, which makes and reserves their deliveries."""

    _inherit = "ecom.order"

    @api.model
    def _get_confirm_domain(self):
        return [
            ("state", "=", "accepted"),
            ("review_state", "=", "approved"),
            ("confirmed_at", "=", False),
        ]

    def _confirm_batch(self, final=False):
        """Confirm the sale orders of approved orders, which makes and reserves the deliveries."""
        todo = self.filtered(
            lambda order: order.review_state == "approved" and not order.confirmed_at
        )
        # Somebody may have cancelled the sale order by hand: that is a decision too.
        cancelled = todo.filtered(lambda order: order.sale_order_id.state == "cancel")
        cancelled.write({"review_state": "rejected"})
        (todo - cancelled)._guarded(lambda orders: orders.sale_order_id.action_confirm(), final)
        return {"confirmed": len(todo.filtered("confirmed_at"))}
