from odoo import models


class SaleOrderLine(models.Model):
    """What is launched for a channel order is put into shipments."""

    _inherit = "sale.order.line"

    def _action_launch_stock_rule(self, **kwargs):
        result = super()._action_launch_stock_rule(**kwargs)
        # Whoever confirms an order need not see stock.
        lines = self.sudo().filtered("order_id.ecom_order_id")
        lines.move_ids.picking_id._ecom_assign_shipments()
        return result
