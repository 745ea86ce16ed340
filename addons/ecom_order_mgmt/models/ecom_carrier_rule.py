from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..tools import carrier_choice
from .ecom_delivery_option import _parts

GOODS_CLASSES = [
    ("battery", "Battery"),
    ("liquid", "Liquid"),
    ("frozen", "Frozen or chilled"),
    ("hazardous", "Hazardous"),
    ("oversize", "Oversize"),
]


class EcomCarrierRule(models.Model):
    """Which parcels go with which carriers. Asked in order; the first one whose carrier can, wins."""

    _name = "ecom.carrier.rule"
    _description = "Carrier Rule"
    _order = "sequence, id"
    _check_company_auto = True

    name = fields.Char(required=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    carrier_ids = fields.Many2many(
        "delivery.carrier",
        "ecom_carrier_rule_carrier_rel",
        string="Carriers",
        required=True,
        check_company=True,
        help="Tried in their own order; one that cannot take the parcel is passed over.",
    )
    country_ids = fields.Many2many("res.country", string="Countries")
    zip_prefixes = fields.Char("Postal Codes", help="Beginnings, separated by commas.")
    weight_from = fields.Float("From Weight")
    weight_to = fields.Float("To Weight", help="0: no limit.")
    volume_to = fields.Float("To Volume", help="0: no limit.")
    value_from = fields.Float("From Value")
    value_to = fields.Float("To Value", help="0: no limit.")
    goods_class = fields.Selection(GOODS_CLASSES, "Kind of Goods")
    option_ids = fields.Many2many("ecom.delivery.option", string="Delivery Options")
    channel_ids = fields.Many2many("ecom.channel", string="Channels")
    warehouse_ids = fields.Many2many("stock.warehouse", string="Warehouses")
    cod = fields.Selection(
        [("yes", "Only cash on delivery"), ("no", "Never cash on delivery")], "Cash on Delivery"
    )

    @api.constrains("weight_from", "weight_to", "value_from", "value_to")
    def _check_bands(self):
        for rule in self:
            if rule.weight_to and rule.weight_to < rule.weight_from:
                raise ValidationError(
                    self.env._("%s: the weights are the wrong way round.", rule.name)
                )
            if rule.value_to and rule.value_to < rule.value_from:
                raise ValidationError(
                    self.env._("%s: the values are the wrong way round.", rule.name)
                )

    def _as_rules(self):
        """:return: list of :class:`carrier_choice.Rule`"""
        return [
            carrier_choice.Rule(
                rule.id,
                rule.name,
                tuple(rule.carrier_ids.ids),
                frozenset(rule.country_ids.mapped("code")),
                _parts(rule.zip_prefixes),
                rule.weight_from,
                rule.weight_to,
                rule.volume_to,
                Decimal(str(rule.value_from)),
                Decimal(str(rule.value_to)),
                frozenset(filter(None, [rule.goods_class])),
                frozenset(rule.option_ids.ids),
                frozenset(rule.channel_ids.ids),
                frozenset(rule.warehouse_ids.ids),
                {"yes": True, "no": False}.get(rule.cod),
            )
            for rule in self
        ]


class EcomCarrierRate(models.Model):
    """What a carrier charges us for a parcel. Entered or imported; used to choose the cheapest."""

    _name = "ecom.carrier.rate"
    _description = "Carrier Rate"
    _order = "carrier_id, country_id, zip_prefix, weight_to"

    carrier_id = fields.Many2one("delivery.carrier", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="carrier_id.company_id", store=True, index=True)
    currency_id = fields.Many2one("res.currency", compute="_compute_currency_id")
    country_id = fields.Many2one("res.country", help="Empty: everywhere.")
    zip_prefix = fields.Char("Postal Codes Beginning With")
    weight_to = fields.Float("Up to Weight", help="0: no limit.")
    price = fields.Monetary(required=True)
    days = fields.Integer(
        "Working Days", help="How long the carrier takes. 0: not known; no promise is kept by it."
    )

    _positive = models.Constraint("CHECK (price >= 0)", "A price must not be negative.")

    @api.depends("company_id")
    def _compute_currency_id(self):
        for rate in self:
            rate.currency_id = (rate.company_id or self.env.company).currency_id


class DeliveryCarrier(models.Model):
    _inherit = "delivery.carrier"

    ecom_rate_ids = fields.One2many("ecom.carrier.rate", "carrier_id", "Stored Rates")
    ecom_takes_cod = fields.Boolean("Takes Cash on Delivery")
    ecom_keeps_windows = fields.Boolean(
        "Delivers in Chosen Time Windows",
        help="Asked where a delivery option with time windows names no carriers itself.",
    )
    ecom_refused_classes = fields.Char(
        "Does Not Take",
        help="Kinds of goods that it refuses, separated by commas: battery, liquid, frozen, "
        "hazardous, oversize.",
    )

    @api.model
    def _get_ecom_candidates(self, company):
        """:return: delivery methods of the company that a parcel can travel with: a delivery
        option among them is a promise, no carrier"""
        return self.with_company(company).search(
            [("company_id", "in", (company.id, False)), ("delivery_type", "!=", "ecom_option")]
        )

    def _as_carriers(self):
        """:return: {id: :class:`carrier_choice.Carrier`}"""
        return {
            carrier.id: carrier_choice.Carrier(
                carrier.id,
                carrier.name,
                frozenset(carrier.country_ids.mapped("code")),
                frozenset(carrier.state_ids.mapped("code")),
                tuple(prefix.name.upper() for prefix in carrier.zip_prefix_ids),
                carrier.max_weight,
                carrier.max_volume,
                frozenset(_parts(carrier.ecom_refused_classes)),
                carrier.ecom_takes_cod,
                tuple(carrier._get_ecom_rates()),
                carrier.ecom_keeps_windows,
            )
            for carrier in self
        }

    def _get_ecom_rates(self):
        """:return: stored rates; of a carrier with a fixed price, that price"""
        self.ensure_one()
        rates = [
            carrier_choice.Rate(
                rate.country_id.code or "",
                (rate.zip_prefix or "").strip().upper(),
                rate.weight_to,
                Decimal(str(rate.price)),
                rate.days or None,
            )
            for rate in self.ecom_rate_ids
        ]
        if not rates and self.delivery_type == "fixed" and self.fixed_price:
            rates = [carrier_choice.Rate("", "", 0, Decimal(str(self.fixed_price)))]
        return rates
