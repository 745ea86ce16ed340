from odoo import models


class StockMove(models.Model):
    _inherit = "stock.move"

    def _get_new_picking_values(self):
        """An order that a rule calls urgent has an urgent delivery."""
        values = super()._get_new_picking_values()
        # Who confirms need not see the channel's record of the order.
        channel_orders = self.sale_line_id.order_id.ecom_order_id.sudo()
        if "1" in channel_orders.mapped("priority"):
            values["priority"] = "1"
        return values

    def _action_done(self, cancel_backorder=False):
        moves = super()._action_done(cancel_backorder=cancel_backorder)
        moves._ecom_watch_arrivals()
        return moves

    def _ecom_watch_arrivals(self):
        """Goods came in: orders that a watching rule holds for the want of them go on."""
        arrived = self.filtered(
            lambda move: move.state == "done"
            and move.location_dest_id.usage == "internal"
            and move.location_id.usage != "internal"
        ).product_id
        if not arrived:
            return
        # Who receives goods need not see the orders that wait for them.
        Order = self.env["ecom.order"].sudo()
        Order.search(
            [
                ("state", "=", "accepted"),
                ("review_state", "=", "held"),
                *Order._get_watched_domain(),
                ("sale_order_id.order_line.product_id", "in", arrived.ids),
            ]
        )._request_review()
