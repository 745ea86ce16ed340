from odoo import models

from .. import fast

# What these add to the delivered quantity comes from moves that are done.
_DELIVERED = {"sale", "sale_stock", "sale_mrp", "repair", "ecom_order_mgmt"}


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    def _compute_qty_delivered(self):
        """Of what no move has left yet, nothing is delivered. Odoo comes to the same by looking
        for the kit of every single line."""
        if not fast.only_known(self, "_prepare_qty_delivered", _DELIVERED):
            return super()._compute_qty_delivered()
        resting = self.filtered(
            lambda line: line.qty_delivered_method == "stock_move"
            and all(move.state != "done" for move in line.move_ids)
        )
        resting.qty_delivered = 0.0
        return super(SaleOrderLine, self - resting)._compute_qty_delivered()
