from odoo import models


class StockMove(models.Model):
    _inherit = "stock.move"

    def _assign_picking_post_process(self, new=False):
        result = super()._assign_picking_post_process(new=new)
        # The next step of a delivery: it travels in the parcel of the step before.
        if new and self.move_orig_ids.picking_id.sudo().ecom_shipment_id:
            self.picking_id._ecom_assign_shipments()
        return result
