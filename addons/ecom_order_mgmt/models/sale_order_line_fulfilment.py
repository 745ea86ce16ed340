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

    def _ecom_get_shares(self):
        """:return: list of (warehouse, share of the quantity) that this line is taken from"""
        self.ensure_one()
        return [(self.warehouse_id or self.order_id.warehouse_id, 1.0)]

    def _ecom_get_made_to_order(self):
        """:return: lines whose goods are bought, made or sent by the vendor for this order: their
        stock is not on the shelves"""
        special = self.browse()
        for line in self:
            product = line.product_id
            routes = line.route_ids | product.route_ids | product.categ_id.total_route_ids
            rules = routes.rule_ids.filtered(
                lambda rule: rule.location_dest_id.usage == "customer"
                and (rule.action == "buy" or rule.procure_method != "make_to_stock")
            )
            if rules:
                special |= line
        return special
