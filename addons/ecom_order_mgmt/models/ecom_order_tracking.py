from odoo import models


class EcomOrder(models.Model):
    """Where the parcels of an order are, over the API."""

    _inherit = "ecom.order"

    def _get_shipment(self, shipment):
        """As before, and `tracking`: status, page and boxes with their events, the same that the
        buyer's page shows; None while the shipment has no number."""
        entry = super()._get_shipment(shipment)
        # Reading the order was checked by get_status; where its parcels are belongs to that.
        entry["tracking"] = shipment._get_tracking_info() if shipment.parcel_ids else None
        return entry
