from datetime import datetime, time

from odoo import api, fields, models

from ..tools import eta, tracking
from .ecom_tracking_code import TRACKING_STATUSES


class EcomShipment(models.Model):
    """Where the parcels of a shipment are, and when they arrive."""

    _name = "ecom.shipment"
    _inherit = ["ecom.shipment", "portal.mixin"]

    parcel_ids = fields.One2many("ecom.shipment.parcel", "shipment_id", "Boxes", readonly=True)
    event_ids = fields.One2many("ecom.shipment.event", "shipment_id", "Events", readonly=True)
    alert_ids = fields.One2many("ecom.shipment.alert", "shipment_id", "Alerts", readonly=True)
    tracking_status = fields.Selection(
        TRACKING_STATUSES,
        "Tracking",
        compute="_compute_tracking_status",
        store=True,
        index=True,
        help="Trouble first; otherwise the box that is least far.",
    )
    alert_count = fields.Integer(compute="_compute_alert_count", string="Open Alerts")

    _access_token_uniq = models.UniqueIndex("(access_token) WHERE access_token IS NOT NULL")

    @api.depends("parcel_ids.status", "parcel_ids.voided")
    def _compute_tracking_status(self):
        for shipment in self:
            parcels = shipment.parcel_ids.filtered(lambda parcel: not parcel.voided)
            shipment.tracking_status = parcels and tracking.summary_status(parcels.mapped("status"))

    def _compute_alert_count(self):
        counts = dict(
            self.env["ecom.shipment.alert"]._read_group(
                [("shipment_id", "in", self.ids), ("resolved_at", "=", False)],
                ["shipment_id"],
                ["__count"],
            )
        )
        for shipment in self:
            shipment.alert_count = counts.get(shipment, 0)

    def _compute_access_url(self):
        for shipment in self:
            shipment.access_url = shipment._get_tracking_path()

    def _get_tracking_path(self):
        """:return: path of the buyer's page; made on first use, never guessable"""
        self.ensure_one()
        return f"/track/{self._portal_ensure_token()}"

    # === PARCELS FOLLOW NUMBERS === #

    @api.model_create_multi
    def create(self, vals_list):
        shipments = super().create(vals_list)
        shipments.filtered("tracking_ref")._sync_parcels()
        return shipments

    def write(self, vals):
        result = super().write(vals)
        if vals.keys() & {"tracking_ref", "shipped_at"}:
            self._sync_parcels()
        return result

    def _sync_parcels(self):
        """One parcel per number. Numbers are added, never taken away: a parcel whose number is
        gone before it left is marked as void, one that left keeps its history."""
        # Whoever may set a number need not have rights on parcels.
        Parcel = self.env["ecom.shipment.parcel"].sudo()
        vals_list, leaving = [], Parcel
        for shipment in self.sudo():
            numbers = list(
                dict.fromkeys(filter(None, map(tracking.clean_ref, _split(shipment.tracking_ref))))
            )
            here = shipment.parcel_ids.grouped("tracking_ref")
            for number in numbers:
                if number in here:
                    here[number].filtered("voided").write({"voided": False})
                else:
                    vals_list.append(shipment._prepare_parcel_vals(number))
            gone = shipment.parcel_ids.filtered(
                lambda parcel, numbers=numbers: parcel.tracking_ref not in numbers
                and not parcel.shipped_at
                and not parcel.voided
            )
            gone.write({"voided": True, "next_poll_at": False})
        created = Parcel.with_context(
            tracking_disable=True, mail_create_nolog=True, mail_create_nosubscribe=True
        ).create(vals_list)
        created._adopt_events()
        for shipment in self.sudo().filtered("shipped_at"):
            leaving |= shipment.parcel_ids.filtered(
                lambda parcel: not parcel.voided and not parcel.shipped_at
            )
        leaving._hand_over()

    def _prepare_parcel_vals(self, number):
        self.ensure_one()
        origin = self.warehouse_id.partner_id or self.company_id.partner_id
        return {
            "shipment_id": self.id,
            "tracking_ref": number,
            "channel_id": self.order_ids[:1].channel_id.id,
            "carrier_id": self.carrier_id.id,
            "carrier_code": self.carrier_id._get_ecom_carrier_code(),
            "service": self.carrier_id._get_ecom_service(),
            "origin_region": eta.region(origin.country_id.code, origin.zip),
            "destination_region": eta.region(self.partner_id.country_id.code, self.partner_id.zip),
        }

    # === WHAT FOLLOWS FROM THE PARCELS === #

    def _update_eta(self):
        """The shipment is complete when its last box is there."""
        for shipment in self:
            days = [p.eta for p in shipment.parcel_ids if p.eta and not p.voided]
            if not days:
                continue
            parcel = shipment.parcel_ids[:1]
            expected = tracking.to_utc(datetime.combine(max(days), time(18)), parcel._get_zone())
            if shipment.eta != expected:
                shipment.eta = expected

    def _update_delivered(self):
        """All boxes delivered: so is the shipment. One came back after all: it is not."""
        for shipment in self:
            parcels = shipment.parcel_ids.filtered(lambda parcel: not parcel.voided)
            if parcels and all(parcel.status == "delivered" for parcel in parcels):
                if not shipment.delivered_at:
                    shipment._mark_delivered(max(parcels.mapped("delivered_at")))
            elif shipment.delivered_at and "returned" in parcels.mapped("status"):
                shipment.delivered_at = False


def _split(value):
    return (value or "").replace(";", ",").replace("\n", ",").split(",")
