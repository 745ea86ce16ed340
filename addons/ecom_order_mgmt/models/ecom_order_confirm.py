from odoo import api, models

from ..fast import LATE


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
        """Confirm the sale orders of approved orders, which makes and reserves the deliveries.

        Where the stock is taken last (see :class:`sale.order` in `sale_order_late.py`), workers do
        that side by side. Else one worker at a time confirms for a warehouse: a second one would
        only wait in front of the same stock, and do its work again. It leaves these orders to the
        first, and takes in others meanwhile.
        """
        late = self.env.context.get(LATE)
        left = self._get_in_other_hands() if late else self.browse()
        todo = (self - left).filtered(
            lambda order: order.review_state == "approved" and not order.confirmed_at
        )
        # Somebody may have cancelled the sale order by hand: that is a decision too.
        cancelled = todo.filtered(lambda order: order.sale_order_id.state == "cancel")
        cancelled.write({"review_state": "rejected"})
        todo -= cancelled
        if not late:
            left = todo._get_without_lane()
            todo -= left
        todo._guarded(lambda orders: orders._confirm_sale_orders(), final)
        return {
            "confirmed": len(todo.filtered("confirmed_at")),
            "held": len(todo.filtered(lambda order: order.review_state == "held")),
            "left": left,
        }

    def _get_in_other_hands(self):
        """Hold the sale orders of these and their lines, before anything of them is read.

        :return: the orders of which somebody else holds something
        """
        wanted = self.sale_order_id
        # Holding is no change: whoever may run the pipeline may do it.
        held = wanted.sudo().try_lock_for_update(allow_referencing=True)
        lines = held.order_line
        foreign = lines - lines.try_lock_for_update(allow_referencing=True)
        held -= foreign.order_id
        return self.filtered(lambda order: order.sale_order_id not in held)

    def _get_without_lane(self):
        """Hold the lanes of these orders: the warehouses that deliver them, until the transaction
        ends. :return: the orders of which another worker has a lane"""
        lanes = {
            order: order.sale_order_id.warehouse_id | order.sale_order_id.order_line.warehouse_id
            for order in self
        }
        # Holding a warehouse is no change of it: whoever may run the pipeline may do it.
        wanted = self.env["stock.warehouse"].sudo().union(*lanes.values()).sorted("id")
        free = wanted.try_lock_for_update(allow_referencing=True)
        return self.filtered(lambda order: lanes[order] - free)

    def _confirm_sale_orders(self):
        # One line in the history of each sale order, instead of a tracked change of every field.
        sale_orders = self.sale_order_id.with_context(tracking_disable=True)
        sale_orders._ecom_confirm_fast()
        done = sale_orders.filtered(lambda order: order.state == "sale")
        if done:
            done._message_log_batch(
                bodies=dict.fromkeys(
                    done.ids, self.env._("Confirmed: the channel order was approved.")
                )
            )
