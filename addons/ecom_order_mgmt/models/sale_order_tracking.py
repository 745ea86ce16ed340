from odoo import models


class SaleOrder(models.Model):
    _inherit = "sale.order"

    def _get_ecom_portal_shipments(self):
        """:return: what the customer's order page shows of its parcels"""
        self.ensure_one()
        # The portal checked that this user, or this link, may see the order.
        shipments = self.sudo().picking_ids.ecom_shipment_id.filtered(
            lambda shipment: shipment.active and shipment.state != "cancelled"
        )
        infos = []
        for shipment in shipments:
            info = shipment._get_tracking_info()
            parcels = shipment.parcel_ids.filtered(lambda parcel: not parcel.voided)
            for entry, parcel in zip(info["parcels"], parcels, strict=True):
                entry["eta_text"] = parcel._get_eta_text()
            infos.append({**info, "url": shipment._get_tracking_path()})
        return infos
