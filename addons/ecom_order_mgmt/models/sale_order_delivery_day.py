from datetime import datetime

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..tools import delivery_window, eta, tracking
from .ecom_shipment_window import describe_wish


class SaleOrder(models.Model):
    """The day, and the time of it, that a buyer chose in the checkout of this database's own shop.
    (What buyers of channels wish is on the channel order and its shipments.)

    Whoever chooses such an option has a day from the first moment on, the earliest; he may choose
    another one. A day that a cart has outlived cannot be paid for any more.
    """

    _inherit = "sale.order"

    ecom_deliver_from = fields.Datetime("Wished From", copy=False)
    ecom_deliver_by = fields.Datetime("Wished Until", copy=False)
    ecom_wish_text = fields.Char("Wished Delivery", compute="_compute_ecom_wish_text")

    @api.depends("ecom_deliver_from", "ecom_deliver_by")
    @api.depends_context("lang")
    def _compute_ecom_wish_text(self):
        for order in self:
            wish = order._ecom_get_local_wish()
            order.ecom_wish_text = wish and describe_wish(self.env, *wish)

    # === WHAT CAN BE CHOSEN === #

    def _ecom_get_day_option(self, carrier):
        """:return: the delivery option of a method that asks for a day, or none"""
        # Visitors of a shop may not read options; what the days of one are may be told.
        option = carrier.sudo().ecom_option_id
        asks = carrier.delivery_type == "ecom_option" and option.kind in ("date", "window")
        return option if asks else option.browse()

    def _ecom_get_day_choices(self, carrier):
        """:return: [(key, text, window in local time)] of the days that can be had now"""
        self.ensure_one()
        option = self._ecom_get_day_option(carrier)
        return option._get_day_choices(*self._ecom_get_now()) if option else []

    def _ecom_get_now(self):
        """:return: (local time of the warehouse, days on which carriers move)"""
        zone = self.warehouse_id.partner_id.tz or "UTC"
        calendar = eta.Calendar(holidays=self.company_id._get_ecom_holidays())
        return tracking.to_local(fields.Datetime.now(), zone), calendar

    def _ecom_get_zone(self):
        """:return: name of the time zone in which the buyer's day is counted"""
        company = self.company_id.partner_id
        return self.partner_shipping_id.tz or self.warehouse_id.partner_id.tz or company.tz or "UTC"

    def _ecom_get_local_wish(self):
        """:return: :class:`delivery_window.Window`, or False: no day was chosen"""
        if not self.ecom_deliver_from or not self.ecom_deliver_by:
            return False
        zone = self._ecom_get_zone()
        return delivery_window.Window(
            tracking.to_local(self.ecom_deliver_from, zone),
            tracking.to_local(self.ecom_deliver_by, zone),
        )

    def _ecom_get_chosen_key(self, carrier):
        """:return: the key of what was chosen among the choices of a method, or None"""
        wish = self._ecom_get_local_wish()
        return next(
            (key for key, _text, window in self._ecom_get_day_choices(carrier) if window == wish),
            None,
        )

    # === CHOOSING === #

    def _ecom_choose_day(self, carrier, key):
        """:param key: what a form sent. :return: whether this is one of the days that are offered"""
        self.ensure_one()
        windows = {known: window for known, _text, window in self._ecom_get_day_choices(carrier)}
        if key not in windows:
            return False
        self._ecom_write_wish(windows[key])
        return True

    def _ecom_write_wish(self, window):
        zone = self._ecom_get_zone()
        self.write(
            {
                "ecom_deliver_from": window and tracking.to_utc(window.start, zone),
                "ecom_deliver_by": window and tracking.to_utc(window.end, zone),
            }
        )

    def set_delivery_line(self, carrier, amount):
        result = super().set_delivery_line(carrier, amount)
        for order in self:
            order._ecom_keep_day()
        return result

    def _ecom_keep_day(self):
        """The method of delivery was set: keep the day if this method has it, else take the
        earliest; a method that asks for no day has none. :return: whether the day was kept"""
        self.ensure_one()
        wish = self._ecom_get_local_wish()
        choices = self._ecom_get_day_choices(self.carrier_id)
        windows = [window for _key, _text, window in choices]
        # A salesperson may promise a day that is farther than the shop offers.
        if wish and windows and wish.start >= windows[0].start:
            slots = {(window.start.time(), window.end.time()) for window in windows}
            if (wish.start.time(), wish.end.time()) in slots:
                return True
        if not windows:
            if wish:
                self._ecom_write_wish(False)
            return not wish
        # The same time of day, if the new method has it.
        times = wish and (wish.start.time(), wish.end.time())
        same = (w for w in windows if (w.start.time(), w.end.time()) == times)
        self._ecom_write_wish(next(same, windows[0]))
        return False

    def _ecom_check_day(self):
        """:raise ValidationError: the chosen day cannot be reached any more"""
        for order in self:
            wish = order._ecom_get_local_wish()
            choices = wish and order._ecom_get_day_choices(order.carrier_id)
            if choices and wish.start < choices[0][2].start:
                raise ValidationError(
                    self.env._(
                        "%s is too near by now. Please go back to the delivery and choose another "
                        "day.",
                        order.ecom_wish_text,
                    )
                )

    # === WHAT FOLLOWS === #

    def _action_confirm(self):
        for order in self.filtered("ecom_deliver_by"):
            wished = order.ecom_wish_text
            if not order._ecom_keep_day() and order.ecom_wish_text:
                order.message_post(
                    body=self.env._(
                        "%(old)s, which was wished, could not be reached any more when the order "
                        "was confirmed. It is planned for %(new)s; tell the buyer.",
                        old=wished,
                        new=order.ecom_wish_text,
                    )
                )
        return super()._action_confirm()

    def _get_ecom_option_date(self):
        return self.ecom_deliver_by or super()._get_ecom_option_date()

    def _ecom_prepare_choice(self):
        parcel = super()._ecom_prepare_choice()
        wish = self._ecom_get_local_wish()
        if not wish:
            return parcel
        option = self.sudo().ecom_delivery_option_id
        now, calendar = self._ecom_get_now()
        cut_off = eta.cut_off_time(option.cut_off)
        left = delivery_window.transit_days(now, cut_off, calendar, wish.end.date())
        return parcel._replace(
            promise_days=min(filter(None, (parcel.promise_days, max(left, 1)))),
            window=option.kind == "window" and not option.carrier_ids,
        )

    def _ecom_note_choice(self, choice, pickings, carriers, rules):
        result = super()._ecom_note_choice(choice, pickings, carriers, rules)
        wish = self._ecom_get_local_wish()
        leaving = pickings.filtered(lambda picking: picking.picking_type_code == "outgoing")
        if wish and leaving:
            _now, calendar = self._ecom_get_now()
            transit = choice.days or self.sudo().ecom_delivery_option_id.promise_days or 1
            day = delivery_window.handover(wish.end.date(), transit, calendar)
            cut_off = eta.cut_off_time(carriers.browse(choice.carrier).ecom_cut_off)
            local = datetime.combine(day, cut_off) if cut_off else eta.end_of_day(day)
            zone = self.warehouse_id.partner_id.tz or "UTC"
            # When it has to leave, so that it is there on the day and not before.
            leaving.scheduled_date = tracking.to_utc(local, zone)
            leaving.note = delivery_window.instructions(*wish)
        return result
