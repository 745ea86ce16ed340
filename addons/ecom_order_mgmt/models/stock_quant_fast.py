from odoo import api, models


class StockQuant(models.Model):
    _inherit = "stock.quant"

    @api.model
    def _update_reserved_quantity(self, product_id, location_id, quantity, *args, **kwargs):
        if self.env.context.get("ecom_quants_written"):
            return None
        return super()._update_reserved_quantity(product_id, location_id, quantity, *args, **kwargs)

    def _ecom_get_odd_products(self):
        """:return: products whose quants need more care than giving them out in their order: one
        is reserved beyond what is there, one is undated, or two describe the same stock"""
        odd, seen = self.env["product.product"], set()
        for quant in self:
            place = (
                quant.product_id.id,
                quant.location_id.id,
                quant.lot_id.id,
                quant.package_id.id,
                quant.owner_id.id,
            )
            free = quant.quantity - quant.reserved_quantity
            if place in seen or not quant.in_date or quant.product_uom_id.compare(free, 0) < 0:
                odd |= quant.product_id
            seen.add(place)
        return odd
