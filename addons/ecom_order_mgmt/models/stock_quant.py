from odoo import api, models


class StockQuant(models.Model):
    _inherit = "stock.quant"

    @api.model
    def _update_reserved_quantity(self, product_id, location_id, quantity, *args, **kwargs):
        """Nothing is reserved past the guard, whoever asks: see :class:`EcomStockGuard`."""
        if quantity > 0 and product_id.is_storable and not location_id.should_bypass_reservation():
            key = (product_id.id, location_id.warehouse_id.id or 0)
            if key not in self.env.context.get("ecom_guarded", ()):
                # The guard is nobody's record; taking it is part of reserving.
                self.env["ecom.stock.guard"].sudo()._take([key])
        return super()._update_reserved_quantity(product_id, location_id, quantity, *args, **kwargs)
