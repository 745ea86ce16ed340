from markupsafe import Markup

from odoo import fields, models


class DeliveryCarrier(models.Model):
    _inherit = "delivery.carrier"

    ecom_stop_how = fields.Text(
        "To Stop a Parcel",
        help="Whom to ask to stop a parcel that was handed over: telephone, page, account number. "
        "Agents read it when a buyer cancels what has left.",
    )


class EcomReturn(models.Model):
    """A parcel that the carrier has: a person asks the carrier to stop it, parcel by parcel.

    None of the carriers' interfaces that labels are bought by can do that: they give back the label
    of a parcel that was not handed over, and nothing more. An addon that knows one extends
    :meth:`_stop_at_carrier`.
    """

    _inherit = "ecom.return"

    def _stop_at_carrier(self):
        for case in self:
            # Agents need not see parcels, only what to tell the carrier.
            parcels = case.sudo()._get_parcels_to_stop()
            items = Markup().join(
                Markup("<li>%s</li>") % case._describe_parcel_to_stop(parcel) for parcel in parcels
            )
            note = (
                Markup("<ul>%s</ul>") % items
                if items
                else self.env._("It is handed over already, with no tracking number known here.")
            )
            case._remind(self.env._("Ask the carrier to stop %(case)s", case=case.name), note)

    def _get_parcels_to_stop(self):
        """:return: what has left of the order and is not known to be delivered"""
        pickings = self.picking_ids.return_id or self.sale_order_id.picking_ids
        return pickings.ecom_shipment_id.filtered(lambda parcel: parcel.state == "shipped")

    def _describe_parcel_to_stop(self, parcel):
        """:return: HTML: which carrier, which number, where to follow it, whom to ask"""
        carrier = parcel.carrier_id
        parts = [
            Markup("<b>%s</b> %s")
            % (
                carrier.name or self.env._("Carrier unknown"),
                parcel.tracking_ref or self.env._("no tracking number"),
            )
        ]
        if parcel.tracking_url:
            link = Markup('<a href="%s" target="_blank" rel="noreferrer">%s</a>')
            parts.append(link % (parcel.tracking_url, self.env._("Carrier's page")))
        if not parcel.event_ids:
            parts.append(
                self.env._("The carrier has not scanned it yet: look whether it is still in the house.")
            )
        parts.append(
            carrier.ecom_stop_how
            or self.env._("Telephone or e-mail the carrier with this number: return to sender.")
        )
        return Markup("<br/>").join(parts)
