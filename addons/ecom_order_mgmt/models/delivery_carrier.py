from odoo import fields, models


class DeliveryCarrier(models.Model):
    """What tracking and arrival dates need to know of a carrier."""

    _inherit = "delivery.carrier"

    ecom_carrier_code = fields.Char(
        "Carrier's Short Name",
        help="Whose tracking numbers these are, e.g. ups, fedex, dhl_express, yunda. Tracking "
        "events are matched by it. Empty: events of any carrier with the same number are taken.",
    )
    ecom_service = fields.Char(
        "Service",
        help="Name of the carrier's service, e.g. ups_express. Transit times are learned per "
        "service.",
    )
    ecom_cut_off = fields.Float(
        "Cut-off Time",
        help="Parcels handed over later than this travel on the next working day. 0: no such time.",
    )
    ecom_saturday = fields.Boolean("Saturday Is a Working Day")

    def _get_ecom_carrier_code(self):
        """:return: short name of the carrier in tracking events, or False"""
        code = (self.ecom_carrier_code or "").strip().lower()
        if not code and self.delivery_type not in (False, "fixed", "base_on_rule"):
            code = self.delivery_type
        return code or False

    def _get_ecom_service(self):
        return self.ecom_service or False
