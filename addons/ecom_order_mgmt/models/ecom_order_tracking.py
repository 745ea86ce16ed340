from odoo import models


class EcomOrder(models.Model):
    """Where the parcels of an order are, over the API."""

    _inherit = "ecom.order"

    def get_status(self):
        """As before, and per shipment `tracking`: status, eta, page, boxes with their events; the
        same that the buyer's page shows."""
        status = super().get_status()
        # Reading the order was checked above; where its parcels are belongs to that.
        shipments = self.sudo().shipment_ids.filtered(lambda shipment: shipment.active)
        by_picking = {
            picking.name: shipment for shipment in shipments for picking in shipment.picking_ids
        }
        for entry in status["shipments"]:
            shipment = by_picking.get(entry["name"])
            entry["tracking"] = shipment._get_tracking_info() if shipment else None
            if shipment and shipment.parcel_ids and shipment.eta:
                entry["eta"] = f"{shipment.eta.isoformat()}Z"
        return status
