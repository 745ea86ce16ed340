from datetime import datetime

from odoo import api, fields, models, tools
from odoo.exceptions import ValidationError
from odoo.tools import format_date, format_time

from ..tools import delivery_window, eta, tracking


class EcomDeliveryOption(models.Model):
    """What a buyer may wish for: express, a day, a pickup point, cash on delivery."""

    _name = "ecom.delivery.option"
    _description = "Delivery Option"
    _order = "sequence, id"
    _check_company_auto = True

    name = fields.Char(required=True, translate=True, help="As the buyer reads it.")
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    kind = fields.Selection(
        [
            ("standard", "Standard"),
            ("express", "Express"),
            ("next_day", "Next working day"),
            ("date", "On a chosen day"),
            ("window", "In a chosen time window"),
            ("pickup", "At a pickup point"),
            ("cod", "Cash on delivery"),
        ],
        default="standard",
        required=True,
    )
    price = fields.Monetary(help="What the buyer pays for it. On the tracking page only options "
                            "without a price can be chosen.")  # fmt: skip
    currency_id = fields.Many2one(related="company_id.currency_id")
    promise_days = fields.Integer(
        "Working Days Until Delivery",
        help="Carriers that take longer are not chosen. 0: no promise.",
    )
    urgent = fields.Boolean(help="These parcels are packed first.")
    cut_off = fields.Float(
        "Orders Until",
        help="Orders that come in by this time leave on the same working day; local time of the "
        "warehouse. 0: no such time.",
    )
    carrier_ids = fields.Many2many(
        "delivery.carrier",
        string="Only These Carriers",
        check_company=True,
        help="Empty: any carrier that keeps the promise.",
    )
    buyer_may_choose = fields.Boolean(
        "Offered on the Tracking Page",
        help="Until the parcel is packed the buyer may change to it.",
    )
    country_ids = fields.Many2many("res.country", string="Countries", help="Empty: everywhere.")
    zip_prefixes = fields.Char(
        "Postal Codes", help="Beginnings of postal codes, separated by commas. Empty: all."
    )
    max_weight = fields.Float("Up to Weight", help="0: no limit.")
    excluded_classes = fields.Char(
        "Not For",
        help="Kinds of goods that this option is not offered for, separated by commas: frozen, "
        "hazardous, oversize, battery, liquid.",
    )
    slots = fields.Char(
        "Time Windows",
        help="Times of day that buyers may choose from, e.g. 8-12, 12-16, 16:30-20. Local time.",
    )
    days_ahead = fields.Integer(
        "Days to Choose From", default=7, help="How many working days the buyer is offered."
    )
    word_ids = fields.One2many("ecom.delivery.word", "option_id", "Names on the Channels")

    @api.constrains("kind", "slots", "days_ahead")
    def _check_slots(self):
        for option in self:
            slots = option._get_slots()
            if option.kind == "window" and option.buyer_may_choose and not slots:
                raise ValidationError(
                    self.env._("%s: enter the time windows that buyers may choose.", option.name)
                )
            if not 0 <= option.days_ahead <= delivery_window.MAX_DAYS:
                raise ValidationError(
                    self.env._("%(name)s: offer at most %(days)s days.", name=option.name,
                               days=delivery_window.MAX_DAYS)
                )  # fmt: skip

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        self.env.registry.clear_cache()
        return super().create(vals_list)

    def write(self, vals):
        self.env.registry.clear_cache()
        return super().write(vals)

    def unlink(self):
        self.env.registry.clear_cache()
        return super().unlink()

    # === WHAT IS OFFERED === #

    @api.model
    @tools.ormcache("company_id")
    def _get_choosable_ids(self, company_id):
        """:return: tuple of ids of what this company's buyers may choose on the tracking page"""
        # The page is nobody's in particular; what it may show is checked by its callers.
        options = self.sudo().search(
            [("buyer_may_choose", "=", True), ("company_id", "=", company_id)]
        )
        return tuple(option.id for option in options if not option.price)

    def _get_slots(self):
        """:return: tuple of (time, time); of a chosen day, none
        :raise ValidationError: what was entered is no time of day"""
        self.ensure_one()
        if self.kind != "window":
            return ()
        try:
            return delivery_window.read_slots(self.slots)
        except ValueError as error:
            raise ValidationError(
                self.env._("“%s” is not a time window. Write them like 8-12, 12-16, 16:30-20.", error)
            ) from error

    def _get_day_choices(self, now, calendar):
        """What a buyer of an option with a day may choose from.

        :param now: local datetime of the warehouse
        :return: [(key of the choice, its text, :class:`delivery_window.Window`)], earliest first"""
        self.ensure_one()
        days = delivery_window.offered_days(
            now,
            eta.cut_off_time(self.cut_off),
            calendar,
            self.promise_days,
            self.days_ahead or 7,
        )
        slots = self._get_slots() or (None,)
        return [
            (
                delivery_window.key(self.id, day, slot),
                self._describe_day(day, slot),
                delivery_window.window(day, slot),
            )
            for day in days
            for slot in slots
        ]

    def _describe_day(self, day, slot):
        # Short: it has to fit into a list on a phone.
        text = format_date(self.env, day, date_format="EEE, d MMM")
        if slot:
            times = [format_time(self.env, at, time_format="short") for at in slot]
            text = f"{text}, {times[0]} – {times[1]}"
        return text

    def _offers(self, shipment):
        """:return: those of these options that the shipment's buyer may have"""
        zone = shipment.warehouse_id.partner_id.tz or "UTC"
        facts = (
            shipment.company_id,
            shipment.partner_id,
            shipment._get_weight(),
            shipment._get_goods_classes(),
            tracking.to_local(fields.Datetime.now(), zone),
        )
        return self.filtered(lambda option: not option._get_refusal(*facts))

    def _get_refusal(self, company, partner, weight, classes, now):
        """:param now: local datetime of the warehouse
        :return: why the option cannot be had, in words, or False"""
        self.ensure_one()
        if not self.active or self.company_id != company:
            return self.env._("This delivery option is not offered.")
        if self.country_ids and partner.country_id not in self.country_ids:
            return self.env._("%s is not offered in this country.", self.name)
        if not (partner.zip or "").startswith(_parts(self.zip_prefixes) or ("",)):
            return self.env._("%s is not offered for this postal code.", self.name)
        if self.max_weight and weight > self.max_weight:
            return self.env._("%s is not offered for parcels of this weight.", self.name)
        if classes & set(_parts(self.excluded_classes)):
            return self.env._("%s is not offered for these goods.", self.name)
        cut_off = eta.cut_off_time(self.cut_off)
        late = cut_off and now.time() > cut_off and now.weekday() in eta.WEEK
        if self.kind == "next_day" and late:
            return self.env._(
                "%(name)s is offered until %(time)s.", name=self.name, time=f"{cut_off:%H:%M}"
            )
        return False

    def _get_due(self, placed_at, zone, open_days=eta.WEEK):
        """:return: naive UTC datetime by which an order of this time must be handed over, or False
        where the option makes no haste"""
        self.ensure_one()
        if not placed_at or self.kind not in ("express", "next_day"):
            return False
        local = tracking.to_local(placed_at, zone)
        day = eta.handover_day(local, eta.cut_off_time(self.cut_off), eta.Calendar(open_days))
        return tracking.to_utc(datetime.combine(day, eta.end_of_day(day).time()), zone)


class EcomDeliveryWord(models.Model):
    """What a channel calls a delivery option."""

    _name = "ecom.delivery.word"
    _description = "Channel's Name of a Delivery Option"
    _order = "channel_id, word"
    _rec_name = "word"

    channel_id = fields.Many2one("ecom.channel", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="channel_id.company_id", store=True, index=True)
    word = fields.Char("Channel's Name", required=True)
    option_id = fields.Many2one(
        "ecom.delivery.option", "Means", required=True, index=True, ondelete="cascade"
    )

    _word_uniq = models.UniqueIndex(
        "(channel_id, lower(word))", "The channel has this name already."
    )

    @api.model_create_multi
    def create(self, vals_list):
        words = super().create(vals_list)
        words._apply()
        return words

    def write(self, vals):
        result = super().write(vals)
        self._apply()
        return result

    def _apply(self):
        """Orders that wait for the name take the option now."""
        # Whoever maps names decides about the orders that use them.
        orders = (
            self.env["ecom.order"]
            .sudo()
            .search([("channel_id", "in", self.channel_id.ids), ("delivery_word", "!=", False)])
        )
        shipments = orders.shipment_ids
        urgent = shipments.filtered("delivery_option_id.urgent")
        orders._compute_delivery_option_id()
        shipments._follow_urgency(urgent)


class EcomOrder(models.Model):
    _inherit = "ecom.order"

    delivery_word = fields.Char("Delivery as the Channel Says", readonly=True)
    deliver_by = fields.Datetime(readonly=True)
    delivery_option_id = fields.Many2one(
        "ecom.delivery.option",
        compute="_compute_delivery_option_id",
        store=True,
        index="btree_not_null",
    )
    delivery_unknown = fields.Boolean(compute="_compute_delivery_unknown")

    @api.model
    def _prepare_document_facts(self, document):
        facts = super()._prepare_document_facts(document)
        if document.get("delivery_option") or document.get("deliver_by"):
            deliver_by = document.get("deliver_by")
            facts |= {
                "delivery_word": document.get("delivery_option"),
                "deliver_by": deliver_by and tracking.read_time(deliver_by)[0],
            }
        return facts

    @api.depends("delivery_word", "channel_id", "is_cash_on_delivery")
    def _compute_delivery_option_id(self):
        named = self.filtered("delivery_word")
        (self - named).delivery_option_id = False
        if not named:
            return
        words = (
            self.env["ecom.delivery.word"]
            .sudo()
            .search(  # names decide, whoever imports
                [("channel_id", "in", named.channel_id.ids)]
            )
        )
        options = {(w.channel_id, w.word.strip().casefold()): w.option_id for w in words}
        for order in named:
            order.delivery_option_id = options.get(
                (order.channel_id, order.delivery_word.strip().casefold())
            )

    @api.depends("delivery_word", "delivery_option_id")
    def _compute_delivery_unknown(self):
        for order in self:
            order.delivery_unknown = order.delivery_word and not order.delivery_option_id

    def action_map_delivery(self):
        """Say what the channel's name of the delivery option means."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Delivery Option"),
            "res_model": "ecom.delivery.word",
            "view_mode": "form",
            "target": "new",
            "context": {
                "default_channel_id": self.channel_id.id,
                "default_word": self.delivery_word,
            },
        }


class EcomShipment(models.Model):
    _inherit = "ecom.shipment"

    delivery_option_id = fields.Many2one(
        "ecom.delivery.option",
        compute="_compute_delivery_option_id",
        store=True,
        readonly=False,
        check_company=True,
        index="btree_not_null",
        tracking=True,
    )

    @api.depends("order_ids.delivery_option_id")
    def _compute_delivery_option_id(self):
        for shipment in self:
            options = shipment.order_ids.delivery_option_id
            # Merged orders travel as the most urgent of them asked for.
            chosen = options.sorted(lambda o: (not o.urgent, o.promise_days or 99, o.sequence))[:1]
            if chosen or not shipment.delivery_option_id:
                shipment.delivery_option_id = chosen

    def write(self, vals):
        if "delivery_option_id" not in vals:
            return super().write(vals)
        urgent = self.filtered("delivery_option_id.urgent")
        result = super().write(vals)
        self._follow_urgency(urgent)
        return result

    def _follow_urgency(self, urgent):
        """The option may be another one now: parcels of an urgent one are packed first.

        :param urgent: those of these shipments whose option was urgent before"""
        now = self.filtered("delivery_option_id.urgent")
        # What is urgent for another reason stays so.
        over = (urgent - now).filtered(lambda s: "1" not in s.order_ids.mapped("priority"))
        for shipments, priority in ((now - urgent, "1"), (over, "0")):
            shipments.write({"priority": priority})
            # The buyer who chooses has no right on deliveries.
            pickings = shipments.sudo().picking_ids
            pickings.filtered(lambda p: p.state not in ("done", "cancel")).priority = priority

    @api.depends("delivery_option_id")
    def _compute_due_at(self):
        result = super()._compute_due_at()
        for shipment in self.filtered("delivery_option_id"):
            zone = shipment.warehouse_id.partner_id.tz or "UTC"
            placed = [order.placed_at for order in shipment.order_ids if order.placed_at]
            due = placed and shipment.delivery_option_id._get_due(min(placed), zone)
            if due and (not shipment.due_at or due < shipment.due_at):
                shipment.due_at = due
        return result

    def _get_option_info(self):
        option = self.delivery_option_id
        if not option and not self.deliver_by:
            return {}
        return {
            "id": option.id or None,
            "name": option.name or None,
            "kind": option.kind or None,
            "wish": self._get_wish_text() or None,
            "deliver_from": _iso(self.deliver_from),
            "deliver_by": _iso(self.deliver_by),
        }

    def _may_choose_delivery(self):
        """:return: whether there is something to choose; cheap, because every look at the page
        asks. Whether it fits this parcel is seen where the choices are shown."""
        self.ensure_one()
        if not self._is_choice_open():
            return False
        here = self.delivery_option_id
        if here.kind in ("date", "window"):
            return True
        free = self.env["ecom.delivery.option"]._get_choosable_ids(self.company_id.id)
        return any(option_id != here.id for option_id in free)

    def _is_choice_open(self):
        """:return: whether the buyer may still wish something else"""
        self.ensure_one()
        open_stage = self.state in ("draft", "ready") and not self.frozen
        return open_stage and not self._is_label_ordered()

    def _get_offered_options(self):
        """:return: options that the buyer may change to now"""
        self.ensure_one()
        Option = self.env["ecom.delivery.option"]
        if not self._is_choice_open():
            return Option
        free = Option.browse(Option._get_choosable_ids(self.company_id.id))._offers(self)
        here = self.delivery_option_id
        if here.kind in ("date", "window"):
            # Paid or not: within it the buyer may choose another day.
            return free | here
        return free - here

    def _is_label_ordered(self):
        """:return: whether it is too late to choose another carrier. Hook."""
        return bool(self.tracking_ref)

    def _choose_option(self, option):
        """The buyer wishes another option. :return: whether it can be had"""
        self.ensure_one()
        if option not in self._get_offered_options():
            return False
        self.delivery_option_id = option
        wish = ", ".join(filter(None, (option.name, self._get_wish_text())))
        self.message_post(body=self.env._("The buyer chose: %s", wish))
        if self.order_ids.channel_id.filtered("choose_carrier"):
            self._choose_carriers(again=True)
        return True


def _iso(value):
    return f"{value.isoformat()}Z" if value else None


def _parts(text):
    return tuple(part.strip() for part in (text or "").split(",") if part.strip())
