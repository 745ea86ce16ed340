from datetime import timedelta

from odoo import models

from ..tools import eta, tracking


class EcomShipmentParcel(models.Model):
    """When a parcel arrives, and what happens when news of it comes."""

    _inherit = "ecom.shipment.parcel"

    def _adopt_events(self):
        """Events came before their parcel did: take them."""
        Event = self.env["ecom.shipment.event"]
        orphans = Event.search(
            [("tracking_ref", "in", self.mapped("tracking_ref")), ("parcel_id", "=", False)]
        )
        touched = self.browse()
        by_ref = self.grouped("tracking_ref")
        for event in orphans:
            for parcel in by_ref[event.tracking_ref]:
                own = not parcel.carrier_code or event.carrier_code in ("?", parcel.carrier_code)
                if own and event.occurred_at >= parcel.numbers_from - tracking.NUMBER_GRACE:
                    event.parcel_id = parcel
                    touched |= parcel
                    break
        if touched:
            touched._after_news(touched._update_from_events())

    def _hand_over(self):
        """The parcels left the house."""
        for shipment, parcels in self.grouped("shipment_id").items():
            at = shipment.shipped_at
            parcels.write(
                {
                    "shipped_at": at,
                    "next_poll_at": at + timedelta(hours=2),
                    "numbers_from": min(at, *parcels.mapped("numbers_from")),
                }
            )
        self._update_eta()
        self._promise()
        self.shipment_id._notify_buyer("shipped")

    def _read_for_news(self):
        """Read at once what news of these parcels is weighed with; the steps after it look at
        some of them each, and would ask again and again."""
        shipments = self.shipment_id
        shipments.fetch(
            ["partner_id", "company_id", "warehouse_id", "deliver_from", "deliver_by", "eta",
             "delivered_at", "state", "started_at", "packed_at", "merged_into_id"]
        )  # fmt: skip
        shipments.partner_id.fetch(["tz"])
        shipments.picking_ids.fetch(["state", "sale_id", "location_dest_id", "picking_type_id"])
        shipments.picking_ids.sale_id.fetch(["commitment_date"])
        shipments.mapped("parcel_ids.status")
        shipments.order_ids.fetch(["channel_id"])

    def _after_news(self, changed, dated=None):
        """What follows from new events.

        :param changed: those of these parcels whose status is another one now
        :param dated: more parcels, whose facts changed
        """
        both = self | (dated if dated is not None else self.browse())
        moved = both.filtered(lambda parcel: parcel.status not in tracking.FINAL)
        moved._update_eta()
        delivered = changed.filtered(lambda parcel: parcel.status == "delivered")
        delivered._set_transit()
        both._resolve_alerts()
        if not changed:
            return
        shipments = changed.shipment_id
        shipments._update_delivered()
        for kind in (
            "out_for_delivery", "delivered", "attempt_failed", "available_for_pickup", "returned",
        ):  # fmt: skip
            shipments.filtered(lambda s, kind=kind: s.tracking_status == kind)._notify_buyer(kind)

    # === ETA === #

    def _update_eta(self):
        """Estimate anew; nothing is written where the answer is the same."""
        if not self:
            return
        calendars = self._get_calendars()
        lanes = self.env["ecom.shipment.lane"]._get_lanes(self)
        for parcel in self:
            zone = parcel._get_zone()
            shipped = parcel.shipped_at and tracking.to_local(parcel.shipped_at, zone)
            estimate = eta.estimate(
                shipped,
                parcel.carrier_eta,
                lanes[parcel],
                calendars[parcel],
                parcel._get_cut_off(),
            )
            source, low, high = estimate.source, estimate.low, estimate.high
            if source == "none" and parcel._get_promised_date():
                source, low, high = "promise", False, parcel._get_promised_date()
            chosen = parcel.shipment_id._get_chosen_day()
            if chosen and source == "lane" and high < chosen:
                # The carrier keeps it for the day that was wished.
                source, low, high = "promise", False, chosen
            vals = {
                "eta_from": low or high or False,
                "eta": high or False,
                "eta_source": source,
                "eta_note": parcel._get_eta_note(source, estimate.samples),
            }
            vals = {name: value for name, value in vals.items() if parcel[name] != value}
            if vals:
                parcel.write(vals)
        self._promise()
        self.shipment_id._update_eta()

    def _promise(self):
        """Keep the first date that a buyer was told."""
        for parcel in self.filtered(lambda p: p.eta and p.shipped_at and not p.promised_on):
            parcel.promised_on = parcel.eta

    def _get_promised_date(self):
        """:return: date that the buyer chose, or that was promised with the order, or False"""
        self.ensure_one()
        if self.shipment_id.deliver_by:
            return tracking.to_local(self.shipment_id.deliver_by, self._get_zone()).date()
        dates = self.shipment_id.picking_ids.sale_id.filtered("commitment_date")
        at = min(dates.mapped("commitment_date"), default=False)
        return at and tracking.to_local(at, self._get_zone()).date()

    def _get_eta_note(self, source, samples):
        self.ensure_one()
        if source == "carrier":
            return self.env._("The carrier says so.")
        if source == "promise":
            return self.env._("Promised with the order; the carrier gives no date.")
        if source == "lane":
            return self.env._(
                "Half of %(count)s parcels from %(origin)s to %(destination)s were there on the "
                "first day, four of five by the last.",
                count=samples,
                origin=self.origin_region,
                destination=self.destination_region,
            )
        return self.env._("The carrier gives no date, and too few parcels went there so far.")

    def _get_deadline(self):
        """:return: naive UTC datetime after which the parcel is late, or False"""
        self.ensure_one()
        return self.eta and tracking.to_utc(eta.end_of_day(self.eta), self._get_zone())
