from odoo import models


class StockMove(models.Model):
    _inherit = "stock.move"

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
