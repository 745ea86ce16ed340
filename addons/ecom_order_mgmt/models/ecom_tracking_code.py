from odoo import api, fields, models
from odoo.tools import SQL

TRACKING_STATUSES = [
    ("pending", "Not Known Yet"),
    ("info_received", "Announced"),
    ("in_transit", "In Transit"),
    ("out_for_delivery", "Out for Delivery"),
    ("attempt_failed", "Delivery Attempt Failed"),
    ("available_for_pickup", "Ready for Pickup"),
    ("delivered", "Delivered"),
    ("returned", "Returned to Sender"),
    ("exception", "Problem"),
    ("expired", "No News"),
]


class EcomTrackingCode(models.Model):
    """What a carrier's own event code means in our words.

    Codes that nobody mapped are collected here with a count, so that a person sees what is
    missing. Mapping one applies to its events at once, old ones included.
    """

    _name = "ecom.tracking.code"
    _description = "Tracking Code"
    _order = "unknown_count desc, carrier_code, code"
    _rec_name = "code"

    carrier_code = fields.Char(
        "Carrier",
        required=True,
        help="Short name of the carrier, e.g. ups, fedex, dhl_express; * for every carrier.",
    )
    code = fields.Char(required=True, help="The carrier's own code of the event.")
    text = fields.Char(help="What the carrier wrote with it last.")
    status = fields.Selection(
        TRACKING_STATUSES,
        "Means",
        help="Empty: the code means nothing to us yet. Its events are shown to the buyer as the "
        "carrier wrote them, but do not change the status of the parcel.",
    )
    unknown_count = fields.Integer("Seen Unmapped", readonly=True)
    last_seen_at = fields.Datetime("Last Seen", readonly=True)

    _code_uniq = models.UniqueIndex(
        "(carrier_code, lower(code))", "This code of the carrier is in the list already."
    )

    @api.depends("carrier_code", "code")
    def _compute_display_name(self):
        for record in self:
            record.display_name = f"{record.carrier_code} {record.code}"

    def write(self, vals):
        result = super().write(vals)
        if "status" in vals:
            if vals["status"]:
                super().write({"unknown_count": 0})
            self._apply()
        return result

    @api.model
    def _get_statuses(self, carrier_codes):
        """:return: {(carrier code, lower-case code): status or False}"""
        # Every internal process reads them, whoever the event came through.
        records = self.sudo().search_fetch(
            [("carrier_code", "in", [*carrier_codes, "*"])], ["carrier_code", "code", "status"]
        )
        return {(r.carrier_code, r.code.lower()): r.status for r in records}

    @api.model
    def _note_unknown(self, seen):
        """Count codes that nobody mapped.

        :param seen: {(carrier code, code): (count, text)}
        """
        if not seen:
            return
        now = fields.Datetime.now()
        rows = SQL(", ").join(
            SQL(
                "(%s, %s, %s, %s, %s, %s, %s, %s, %s)",
                *key,
                text[:500],
                count,
                now,
                uid,
                now,
                uid,
                now,
            )
            for uid in [self.env.uid]
            for key, (count, text) in sorted(seen.items())
        )
        # One statement for all; several workers may meet the same new code at once.
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO ecom_tracking_code
                    (carrier_code, code, text, unknown_count, last_seen_at,
                     create_uid, create_date, write_uid, write_date)
                VALUES %s
                ON CONFLICT (carrier_code, lower(code)) DO UPDATE
                SET unknown_count = COALESCE(ecom_tracking_code.unknown_count, 0)
                                  + excluded.unknown_count,
                    text = excluded.text,
                    last_seen_at = excluded.last_seen_at
                """,
                rows,
            )
        )
        self.invalidate_model(["unknown_count", "text", "last_seen_at"])

    def _apply(self):
        """Read the events of these codes again, in their new meaning."""
        Event = self.env["ecom.shipment.event"].sudo()  # their parcels change as by the carrier
        events = Event
        for record in self:
            domain = [("code", "=ilike", record.code.replace("%", r"\%").replace("_", r"\_"))]
            if record.carrier_code != "*":
                domain.append(("carrier_code", "=", record.carrier_code))
            events |= Event.search(domain)
        events.parcel_id._reread_events()
