from collections import defaultdict
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.tools import SQL

from ..tools import eta, tracking
from .ecom_tracking_code import TRACKING_STATUSES

STATE_FIELDS = {
    "status": "status",
    "status_at": "status_at",
    "first_scan_at": "first_scan_at",
    "last_event_at": "last_event_at",
    "out_for_delivery_at": "out_for_delivery_at",
    "attempts": "attempts",
    "pickup_since": "pickup_since",
    "delivered_at": "delivered_at",
    "returned_at": "returned_at",
}


class EcomShipmentParcel(models.Model):
    """One box with a tracking number of its own. A shipment has one or several.

    Its status follows from the set of its events alone (:mod:`..tools.tracking`): it does not
    matter in which order they come, nor how often.
    """

    _name = "ecom.shipment.parcel"
    _description = "Parcel"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "id"
    _rec_name = "tracking_ref"
    _mail_post_access = "read"

    shipment_id = fields.Many2one(
        "ecom.shipment", required=True, readonly=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(
        "res.company", related="shipment_id.company_id", store=True, index=True
    )
    channel_id = fields.Many2one("ecom.channel", readonly=True, index="btree_not_null")
    partner_id = fields.Many2one(related="shipment_id.partner_id")
    wish_text = fields.Char(related="shipment_id.wish_text")
    carrier_id = fields.Many2one("delivery.carrier", readonly=True, index="btree_not_null")
    carrier_code = fields.Char(
        "Carrier's Short Name",
        readonly=True,
        help="Whose numbers these are, e.g. ups. Empty: events of every carrier are taken.",
    )
    service = fields.Char(readonly=True)
    tracking_ref = fields.Char("Tracking Number", required=True, readonly=True)
    tracking_url = fields.Char("Carrier's Page", compute="_compute_tracking_url")
    numbers_from = fields.Datetime(
        readonly=True,
        required=True,
        default=fields.Datetime.now,
        help="Carriers use numbers again. Older events belong to somebody else's parcel.",
    )
    voided = fields.Boolean(
        readonly=True, help="The label was given back; the parcel did not leave under it."
    )

    status = fields.Selection(
        TRACKING_STATUSES, default="pending", required=True, readonly=True, index=True
    )
    status_at = fields.Datetime("Since", readonly=True)
    shipped_at = fields.Datetime("Handed Over", readonly=True)
    first_scan_at = fields.Datetime("First Scan", readonly=True)
    last_event_at = fields.Datetime("Last News", readonly=True)
    out_for_delivery_at = fields.Datetime(readonly=True)
    attempts = fields.Integer("Failed Attempts", readonly=True)
    pickup_since = fields.Datetime("At the Pickup Point Since", readonly=True)
    pickup_code = fields.Char(readonly=True, help="What the buyer shows at the pickup point.")
    pickup_place = fields.Char(readonly=True)
    delivered_at = fields.Datetime("Delivered On", readonly=True)
    returned_at = fields.Datetime("Returned On", readonly=True)
    event_ids = fields.One2many("ecom.shipment.event", "parcel_id", "Events", readonly=True)
    place = fields.Char("Last Place", readonly=True)

    # --- when it arrives
    origin_region = fields.Char("From", readonly=True)
    destination_region = fields.Char("To", readonly=True)
    carrier_eta = fields.Date("Carrier's Date", readonly=True)
    eta_from = fields.Date("Expected From", readonly=True)
    eta = fields.Date("Expected By", readonly=True)
    eta_source = fields.Selection(
        [
            ("carrier", "The carrier"),
            ("lane", "Our own deliveries there"),
            ("promise", "The date promised with the order"),
            ("none", "Nothing to go by"),
        ],
        "Expected According To",
        default="none",
        required=True,
        readonly=True,
    )
    eta_note = fields.Char("Why This Date", readonly=True)
    promised_on = fields.Date(
        "First Promise",
        readonly=True,
        help="The date that was told first. Accuracy is measured against it.",
    )
    transit_days = fields.Integer(
        "Working Days in Transit",
        readonly=True,
        aggregator="avg",
        help="From hand-over to delivery.",
    )
    on_time = fields.Selection(
        [("yes", "On time"), ("no", "Late")], "Kept the Promise", readonly=True
    )
    scan_delay_hours = fields.Float(
        "Hours to First Scan", readonly=True, digits=(16, 1), aggregator="avg"
    )
    # The average: what a parcel costs. (Sums are in the carrier's invoices.)
    cost = fields.Monetary("Label Cost", readonly=True, aggregator="avg")
    package_id = fields.Many2one(
        "stock.package",
        "Package",
        readonly=True,
        index="btree_not_null",
        help="What was packed into this box, as far as that is known.",
    )
    currency_id = fields.Many2one(related="company_id.currency_id")

    # --- asking the carrier
    next_poll_at = fields.Datetime("Ask Again", readonly=True)
    poll_failures = fields.Integer(readonly=True)
    poll_error = fields.Char("Last Answer", readonly=True)

    alert_ids = fields.One2many("ecom.shipment.alert", "parcel_id", "Alerts", readonly=True)
    claim_ids = fields.One2many("ecom.shipment.claim", "parcel_id", "Claims", readonly=True)
    claim_count = fields.Integer(compute="_compute_claim_count")

    _number_uniq = models.UniqueIndex(
        "(shipment_id, tracking_ref)", "This number is on the shipment already."
    )
    _ref_idx = models.Index("(tracking_ref)")
    _poll_idx = models.Index("(next_poll_at) WHERE next_poll_at IS NOT NULL")
    _open_idx = models.Index("(id) WHERE status NOT IN ('delivered', 'expired')")
    _lane_idx = models.Index("(delivered_at) WHERE delivered_at IS NOT NULL")

    # === COMPUTE METHODS === #

    @api.depends("carrier_id", "tracking_ref")
    def _compute_tracking_url(self):
        for parcel in self:
            # The pattern of a carrier is no secret, whoever may see the parcel.
            pattern = parcel.carrier_id.sudo().tracking_url
            parcel.tracking_url = pattern and pattern.replace(
                "<shipmenttrackingnumber>", parcel.tracking_ref
            )

    def _compute_claim_count(self):
        for parcel in self:
            parcel.claim_count = len(parcel.claim_ids)

    # === ACTIONS === #

    def _check_staff(self):
        """:return: these parcels, to be changed by the action that asks"""
        if not self.env.su:
            user = self.env.user
            if not user.has_group("stock.group_stock_user") and not user.has_group(
                "ecom_order_mgmt.group_ecom_reviewer"
            ):
                raise AccessError(self.env._("Only warehouse staff and reviewers may do this."))
            self.check_access("read")
        # Parcels are written by the carrier's news only; the right to ask was checked above.
        return self.sudo()

    def action_open_carrier_page(self):
        self.ensure_one()
        return {"type": "ir.actions.act_url", "url": self.tracking_url, "target": "new"}

    def action_claim(self):
        """Open the claim for this parcel, or begin one."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "ecom_order_mgmt.ecom_shipment_claim_action"
        )
        action["context"] = {
            "default_parcel_id": self.id,
            "default_kind": "late" if self.status == "delivered" else "lost",
        }
        action["domain"] = [("parcel_id", "=", self.id)]
        if not self.claim_ids:
            action.update(view_mode="form", views=[(False, "form")])
        return action

    # === NEWS OF THE CARRIER === #

    def _reread_events(self):
        """Give events their meaning by today's table, and the parcels their state."""
        codes = self.env["ecom.tracking.code"]._get_statuses(
            set(self.mapped("event_ids.carrier_code"))
        )
        for event in self.event_ids:
            status = _meaning(codes, event.carrier_code, event.code, event.library_status)
            if event.status != status:
                event.status = status
        self._update_from_events()

    def _update_from_events(self):
        """Set what follows from the events. Called after each change of them.

        :return: parcels whose status changed
        """
        by_parcel = self._read_events()
        now = fields.Datetime.now()
        changed = []
        for parcel in self:
            own = by_parcel.get(parcel.id, ())
            state = tracking.reduce_events(
                tracking.Event(at, key, status) for at, key, status, _city, _country in own
            )
            vals = {field: getattr(state, name) or False for name, field in STATE_FIELDS.items()}
            vals["attempts"] = state.attempts
            places = [row[3:] for row in own if any(row[3:])]
            vals["place"] = places and ", ".join(filter(None, places[-1]))
            shipped_at = parcel.shipped_at or state.first_scan_at or False
            vals |= {
                "shipped_at": shipped_at,
                "next_poll_at": not parcel.voided
                and tracking.next_poll(now, state.status, shipped_at, state.last_event_at),
            }
            if state.first_scan_at and parcel.shipped_at:
                delay = (state.first_scan_at - parcel.shipped_at) / timedelta(hours=1)
                vals["scan_delay_hours"] = max(delay, 0)
            vals = {name: value for name, value in vals.items() if parcel[name] != (value or False)}
            if "status" in vals:
                changed.append(parcel.id)
            if vals:
                parcel.write(vals)
        return self.browse(changed)

    def _read_events(self):
        """:return: {id of a parcel: [(time, key, status, city, country)], oldest first}. As plain
        rows: a parcel has many events, and nothing of theirs is written here."""
        Event = self.env["ecom.shipment.event"]
        names = ("parcel_id", "occurred_at", "key", "status", "city", "country_code")
        Event.flush_model(names)
        query = Event._search([("parcel_id", "in", self.ids)], order="occurred_at, id")
        columns = [SQL.identifier(query.table, name) for name in names]
        by_parcel = defaultdict(list)
        for parcel_id, *row in self.env.execute_query(query.select(*columns)):
            by_parcel[parcel_id].append(tuple(row))
        return by_parcel

    def _set_transit(self):
        """Note how long delivered parcels took, and whether that was promised."""
        calendars = self._get_calendars()
        for parcel in self:
            if not parcel.delivered_at:
                continue
            zone = parcel._get_zone()
            delivered = tracking.to_local(parcel.delivered_at, zone).date()
            vals = {}
            if parcel.shipped_at:
                calendar = calendars[parcel]
                start = eta.handover_day(
                    tracking.to_local(parcel.shipped_at, zone), parcel._get_cut_off(), calendar
                )
                vals["transit_days"] = eta.working_days(start, delivered, calendar)
            if parcel.promised_on:
                vals["on_time"] = "yes" if delivered <= parcel.promised_on else "no"
            parcel.write(vals)

    def _get_zone(self):
        """:return: name of the time zone that the parcel's days are counted in"""
        self.ensure_one()
        return self.partner_id.tz or self.company_id.partner_id.tz or "UTC"

    def _get_cut_off(self):
        self.ensure_one()
        return eta.cut_off_time(self.carrier_id.ecom_cut_off)

    def _get_calendars(self):
        """:return: {parcel: working days of its carrier, less the company's public holidays}"""
        holidays = {company: company._get_ecom_holidays() for company in self.company_id}
        return {
            parcel: eta.Calendar(
                eta.WEEK | {5} if parcel.carrier_id.ecom_saturday else eta.WEEK,
                holidays[parcel.company_id],
            )
            for parcel in self
        }


def _meaning(codes, carrier_code, code, library_status):
    """:return: status of an event: by our table, else what the carrier's interface said"""
    key = (code or "").lower()
    status = codes.get((carrier_code, key)) or codes.get(("*", key))
    if not status and library_status in tracking.STATUSES and library_status != "pending":
        status = library_status
    return status or False
