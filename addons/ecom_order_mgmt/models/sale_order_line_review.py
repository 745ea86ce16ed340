from odoo import models


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    def _prepare_procurement_values(self):
        """An order that a rule calls urgent has an urgent delivery."""
        values = super()._prepare_procurement_values()
        # Who confirms need not see the channel's record of the order.
        if self.order_id.ecom_order_id.sudo().priority == "1":
            values["priority"] = "1"
        return values
