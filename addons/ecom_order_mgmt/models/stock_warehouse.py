from datetime import timedelta

import pytz

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..tools import centroids


class StockWarehouse(models.Model):
    """Where a warehouse delivers to, how much it can do, and when."""

    _inherit = "stock.warehouse"

    ecom_sourcing = fields.Boolean(
        "Delivers Channel Orders",
        default=True,
        help="Whether orders of channels that choose the best warehouse may come from here.",
    )
    ecom_country_ids = fields.Many2many(
        "res.country",
        "ecom_warehouse_country_rel",
        string="Delivers To",
        help="Countries. Empty: everywhere.",
    )
    ecom_state_ids = fields.Many2many(
        "res.country.state",
        "ecom_warehouse_state_rel",
        string="States",
        help="Only these states of the countries that have any here. Empty: all of them.",
    )
    ecom_zip_from = fields.Char("Postal Codes From")
    ecom_zip_to = fields.Char("Postal Codes To")
    ecom_daily_capacity = fields.Integer(
        "Parcels per Day", help="How many parcels it can send on a day. 0: no limit."
    )
    ecom_cutoff = fields.Float(
        "Orders Until",
        default=14.0,
        help="Orders that come in by this time leave on the same day. Local time of the warehouse.",
    )
    ecom_open_days = fields.Selection(
        [("5", "Monday to Friday"), ("6", "Monday to Saturday"), ("7", "Every day")],
        string="Sends Parcels",
        default="5",
        # Not required: while Odoo updates its own modules, warehouses are made without ours.
    )
    ecom_safety_stock = fields.Float(
        "Kept Back",
        digits="Product Unit",
        help="Pieces of every product that the warehouse keeps for itself: channels that choose "
        "among warehouses do not get them.",
    )
    ecom_cost = fields.Float("Cost per Parcel", help="For comparing warehouses with each other.")
    ecom_cost_km = fields.Float("Cost per Kilometre", digits=(16, 4))
    ecom_paused_until = fields.Datetime(
        "Closed Until", help="Set by hand, or by a picker who cannot deliver. Nothing is sent here."
    )

    @api.constrains("ecom_daily_capacity", "ecom_cutoff", "ecom_safety_stock")
    def _check_ecom_numbers(self):
        for warehouse in self:
            if warehouse.ecom_daily_capacity < 0 or warehouse.ecom_safety_stock < 0:
                raise ValidationError(
                    self.env._("Parcels per day and stock kept back must not be negative.")
                )
            if not 0 <= warehouse.ecom_cutoff <= 24:
                raise ValidationError(self.env._("Orders Until is a time of day."))

    def _ecom_get_tz(self):
        self.ensure_one()
        return pytz.timezone(self.partner_id.tz or self.company_id.partner_id.tz or "UTC")

    def _ecom_refusal(self, partner, now):
        """:return: why this warehouse does not deliver to a contact, or None"""
        self.ensure_one()
        if not self.ecom_sourcing:
            return self.env._("does not deliver channel orders")
        if self.ecom_paused_until and self.ecom_paused_until > now:
            return self.env._(
                "closed until %(when)s",
                when=fields.Datetime.to_string(self.ecom_paused_until),
            )
        country, state = partner.country_id, partner.state_id
        if self.ecom_country_ids and country not in self.ecom_country_ids:
            return self.env._("does not deliver to %(country)s", country=country.name or "?")
        states = self.ecom_state_ids.filtered(lambda s: s.country_id == country)
        if states and state not in states:
            return self.env._("does not deliver to %(state)s", state=state.name or "?")
        code = (partner.zip or "").strip().upper()
        low, high = self.ecom_zip_from or "", self.ecom_zip_to or ""
        # "8" to "81" means every code that begins so.
        if (low or high) and not (
            code and low.upper() <= code and (not high or code[: len(high)] <= high.upper())
        ):
            return self.env._("does not deliver to postal code %(code)s", code=code or "?")
        return None

    @api.model
    def _ecom_locate(self, partner):
        """:return: (latitude, longitude) of a contact, as exactly as is known, or None"""
        if partner.partner_latitude or partner.partner_longitude:
            return partner.partner_latitude, partner.partner_longitude
        return centroids.locate(partner.country_id.code, partner.state_id.code, partner.zip)

    def _ecom_get_ship_date(self, now):
        """:return: naive UTC datetime by which an order that is placed now has left"""
        self.ensure_one()
        zone = self._ecom_get_tz()
        local = pytz.utc.localize(now).astimezone(zone)
        cutoff = timedelta(hours=self.ecom_cutoff)
        day = local.date()
        if local - local.replace(hour=0, minute=0, second=0, microsecond=0) > cutoff:
            day += timedelta(days=1)
        while day.isoweekday() > int(self.ecom_open_days or 5):
            day += timedelta(days=1)
        leaves = zone.localize(fields.Datetime.to_datetime(day)) + timedelta(hours=18)
        return leaves.astimezone(pytz.utc).replace(tzinfo=None, microsecond=0)

    def _ecom_get_used_capacity(self, now):
        """:return: dict {warehouse id: parcels that were planned for it today}"""
        start = now.replace(hour=0, minute=0, second=0, microsecond=0)
        groups = self.env["ecom.shipment"]._read_group(
            [("warehouse_id", "in", self.ids), ("create_date", ">=", start), ("state", "!=", "cancelled")],
            ["warehouse_id"],
            ["__count"],
        )  # fmt: skip
        return {warehouse.id: count for warehouse, count in groups}
