from datetime import datetime, time

from odoo import api, fields, models
from odoo.tools import format_date, format_time

from ..tools import delivery_window, eta, tracking


class EcomOrder(models.Model):
    _inherit = "ecom.order"

    deliver_from = fields.Datetime(readonly=True)

    @api.model
    def _prepare_document_facts(self, document):
        facts = super()._prepare_document_facts(document)
        if document.get("deliver_from") or document.get("deliver_by"):
            start = document.get("deliver_from")
            facts["deliver_from"] = start and tracking.read_time(start)[0]
        return facts

    def _get_wish(self, zone):
        """:return: (from, until) that the buyer chose, naive UTC datetimes; (False, until) where
        the channel only promised a date; (False, False) without either"""
        self.ensure_one()
        if self.deliver_from or self.delivery_option_id.kind not in ("date", "window"):
            return self.deliver_from, self.deliver_by
        if not self.deliver_by:
            return False, False
        # Channels give a chosen day as its beginning or as its end.
        day = delivery_window.window(tracking.to_local(self.deliver_by, zone).date())
        end = self.deliver_by
        if tracking.to_local(end, zone).time() == time.min:
            end = tracking.to_utc(day.end, zone)
        return tracking.to_utc(day.start, zone), end


class EcomShipment(models.Model):
    """The day, and the time of it, on which the buyer wishes to have the parcel: as the channel
    says, or as chosen on the buyer's page."""

    _inherit = "ecom.shipment"

    deliver_from = fields.Datetime(
        "Wished From", compute="_compute_wish", store=True, readonly=False, tracking=True
    )
    deliver_by = fields.Datetime(
        "Wished Until", compute="_compute_wish", store=True, readonly=False, tracking=True
    )
    wish_chosen = fields.Boolean(
        readonly=True, copy=False, help="Chosen on the buyer's page: the channel's word is older."
    )
    wish_text = fields.Char("Wished Delivery", compute="_compute_wish_text")
    carrier_days = fields.Integer(
        readonly=True, copy=False, help="Working days that the chosen carrier takes. 0: not known."
    )

    @api.depends("order_ids.deliver_from", "order_ids.deliver_by", "order_ids.delivery_option_id")
    def _compute_wish(self):
        for shipment in self:
            if shipment.wish_chosen:
                shipment.deliver_from, shipment.deliver_by = (
                    shipment.deliver_from, shipment.deliver_by,
                )  # fmt: skip
                continue
            zone = shipment._get_zone()
            wishes = [order._get_wish(zone) for order in shipment.order_ids]
            starts = [start for start, _end in wishes if start]
            ends = [end for _start, end in wishes if end]
            start, end = max(starts, default=False), min(ends, default=False)
            if start and end and start >= end:
                # Merged orders whose wishes do not meet: the earlier one is kept.
                start, end = min((w for w in wishes if all(w)), key=lambda wish: wish[1])
            shipment.deliver_from, shipment.deliver_by = start, end

    @api.depends("deliver_from", "deliver_by")
    @api.depends_context("lang")
    def _compute_wish_text(self):
        for shipment in self:
            shipment.wish_text = shipment._get_wish_text()

    def _get_zone(self):
        """:return: name of the time zone in which the recipient's day is counted"""
        self.ensure_one()
        company = self.company_id.partner_id
        return self.partner_id.tz or self.warehouse_id.partner_id.tz or company.tz or "UTC"

    def _get_wish_text(self):
        """:return: the wish in the words of the environment's language, or False"""
        self.ensure_one()
        if not self.deliver_by:
            return False
        zone = self._get_zone()
        end = tracking.to_local(self.deliver_by, zone)
        last = format_date(self.env, end.date(), date_format="EEEE, d MMMM")
        if not self.deliver_from:
            return self.env._("by %s", last)
        return describe_wish(self.env, tracking.to_local(self.deliver_from, zone), end)

    def _get_chosen_day(self):
        """:return: local date on which the buyer wishes to have it, or None"""
        self.ensure_one()
        if not self.deliver_from or not self.deliver_by:
            return None
        return tracking.to_local(self.deliver_by, self._get_zone()).date()

    def _get_delivery_instructions(self):
        """:return: what the carrier's driver should know, short and without names, or False"""
        self.ensure_one()
        day = self._get_chosen_day()
        if not day:
            return False
        zone = self._get_zone()
        return delivery_window.instructions(
            *(tracking.to_local(at, zone) for at in (self.deliver_from, self.deliver_by))
        )

    # === WHAT FOLLOWS === #

    @api.depends("deliver_by", "carrier_days", "delivery_option_id")
    def _compute_due_at(self):
        result = super()._compute_due_at()
        wished = self.filtered("deliver_by")
        calendars = wished._get_calendars()
        for shipment in wished:
            due = shipment._get_wish_due(calendars[shipment])
            # What the channel wants is the limit; a date of our own making gives way.
            given = [order.ship_by for order in shipment.order_ids if order.ship_by]
            own = shipment.deliver_from and not given
            if own or not shipment.due_at or due < shipment.due_at:
                shipment.due_at = due
        return result

    def _get_wish_due(self, calendar):
        """:return: naive UTC datetime at which the carrier must have it to be there in time"""
        self.ensure_one()
        zone = self.warehouse_id.partner_id.tz or "UTC"
        last = tracking.to_local(self.deliver_by, self._get_zone()).date()
        transit = self.carrier_days or self.delivery_option_id.promise_days or 1
        day = delivery_window.handover(last, transit, calendar)
        cut_off = eta.cut_off_time(self.carrier_id.ecom_cut_off)
        local = datetime.combine(day, cut_off) if cut_off else eta.end_of_day(day)
        return tracking.to_utc(local, zone)

    def _get_calendars(self):
        """:return: {shipment: working days of its carrier, less the company's holidays}"""
        holidays = {company: company._get_ecom_holidays() for company in self.company_id}
        return {
            shipment: eta.Calendar(
                eta.WEEK | {5} if shipment.carrier_id.ecom_saturday else eta.WEEK,
                holidays[shipment.company_id],
            )
            for shipment in self
        }

    def _get_days_left(self):
        """:return: {shipment: working days in which a carrier must make it}, of those with a wish.
        What cannot be reached any more gets the fastest there is."""
        wished = self.filtered("deliver_by")
        calendars = wished._get_calendars()
        now = fields.Datetime.now()
        left = {}
        for shipment in wished:
            zone = shipment.warehouse_id.partner_id.tz or "UTC"
            cut_off = eta.cut_off_time(shipment.delivery_option_id.cut_off)
            day = tracking.to_local(shipment.deliver_by, shipment._get_zone()).date()
            days = delivery_window.transit_days(
                tracking.to_local(now, zone), cut_off, calendars[shipment], day
            )
            left[shipment] = max(days, 1)
        return left

    # === THE BUYER CHOOSES === #

    def _get_choice_values(self):
        """:return: values of the template on which the buyer chooses"""
        self.ensure_one()
        return {
            "company": self.company_id,
            "token": self.access_token,
            "page_lang": self._get_page_lang_tag(),
            "option": self._get_option_info(),
            "offered": self._get_choices(),
        }

    def _get_choices(self):
        """:return: [(option, [(key of the choice, its text)])] that the buyer may change to now"""
        self.ensure_one()
        options = self._get_offered_options()
        if not options:
            return []
        zone = self.warehouse_id.partner_id.tz or "UTC"
        now = tracking.to_local(fields.Datetime.now(), zone)
        calendar = self._get_calendars()[self]
        choices = []
        for option in options:
            if option.kind not in ("date", "window"):
                choices.append((option, [(delivery_window.key(option.id), option.name)]))
                continue
            entries = [(key, text) for key, text, _ in option._get_day_choices(now, calendar)]
            choices.append((option, entries))
        return choices

    def _choose(self, key):
        """The buyer wishes what the key of a choice stands for. :return: whether it can be had"""
        self.ensure_one()
        choice = delivery_window.read_key(key)
        offered = {key: option for option, entries in self._get_choices() for key, _text in entries}
        if not choice or key not in offered:
            return False
        _option, day, slot = choice
        vals = {"wish_chosen": True, "deliver_from": False, "deliver_by": False}
        if day:
            zone = self._get_zone()
            window = delivery_window.window(day, slot)
            vals["deliver_from"] = tracking.to_utc(window.start, zone)
            vals["deliver_by"] = tracking.to_utc(window.end, zone)
            vals["eta"] = vals["deliver_by"]
        self.write(vals)
        return self._choose_option(offered[key])


def describe_wish(env, start, end):
    """:param start, end: local datetimes of what was wished
    :return: them in the words of the environment's language"""
    first = format_date(env, start.date(), date_format="EEEE, d MMMM")
    last = format_date(env, end.date(), date_format="EEEE, d MMMM")
    if delivery_window.is_whole_day(start, end):
        return first if first == last else f"{first} – {last}"
    start_time = format_time(env, start.time(), time_format="short")
    end_time = format_time(env, end.time(), time_format="short")
    if first == last:
        return f"{first}, {start_time} – {end_time}"
    return f"{first}, {start_time} – {last}, {end_time}"
