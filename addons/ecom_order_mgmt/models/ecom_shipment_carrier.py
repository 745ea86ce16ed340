from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..tools import carrier_choice

# How far the scales may differ from what the goods should weigh, in the unit of weight.
WEIGHT_BELOW, WEIGHT_ABOVE = 0.2, 0.3


class EcomChannel(models.Model):
    _inherit = "ecom.channel"

    choose_carrier = fields.Boolean(
        "Choose the carrier",
        help="Parcels without a carrier get one when their order is confirmed: by the carrier "
        "rules, else the cheapest that keeps the promise.",
    )


class EcomShipment(models.Model):
    """Which carrier takes the shipment, and why; and whether it weighs what it should."""

    _inherit = "ecom.shipment"

    carrier_reason = fields.Text("Why This Carrier", readonly=True, copy=False)
    carrier_rejected = fields.Json(readonly=True, copy=False)
    carrier_others = fields.Text("Why Not the Others", compute="_compute_carrier_others")
    carrier_price = fields.Monetary(
        "Expected Cost", readonly=True, currency_field="cost_currency_id"
    )
    cost_currency_id = fields.Many2one(related="company_id.currency_id")
    weight_expected = fields.Float(
        compute="_compute_weight_expected", digits="Stock Weight", string="Should Weigh"
    )
    weight_measured = fields.Float("On the Scales", digits="Stock Weight", copy=False)
    weight_alarm = fields.Char(compute="_compute_weight_alarm", store=True)
    weight_accepted = fields.Boolean(
        copy=False, tracking=True, help="A person looked into the parcel and found it right."
    )

    # === WEIGHT === #

    def _get_weight(self):
        """:return: what the goods weigh, in the unit of weight"""
        self.ensure_one()
        return sum(
            move.product_qty * move.product_id.weight
            for move in self._get_last_pickings().move_ids
            if move.state != "cancel"
        )

    @api.depends("picking_ids.move_ids.product_uom_qty", "picking_ids.move_ids.state")
    def _compute_weight_expected(self):
        for shipment in self:
            shipment.weight_expected = shipment._get_weight()

    @api.depends("weight_measured")
    def _compute_weight_alarm(self):
        for shipment in self:
            shipment.weight_alarm = shipment._get_weight_alarm()

    def _get_weight_alarm(self):
        """:return: what is wrong with the weight, in words, or False"""
        self.ensure_one()
        expected, measured = self._get_weight(), self.weight_measured
        if not measured or not expected:
            return False
        if -WEIGHT_BELOW <= round(measured - expected, 4) <= WEIGHT_ABOVE:
            return False
        text = (
            self.env._(
                "The parcel weighs %(measured)s, the goods in it %(expected)s: is something missing?"
            )
            if measured < expected
            else self.env._(
                "The parcel weighs %(measured)s, the goods in it %(expected)s: is there something "
                "else in it?"
            )
        )
        return text % {"measured": f"{measured:g}", "expected": f"{expected:g}"}

    def _check_can_leave(self):
        result = super()._check_can_leave()
        if self.weight_alarm and not self.weight_accepted:
            raise UserError(
                self.env._("%(name)s: %(alarm)s", name=self.name, alarm=self.weight_alarm)
            )
        return result

    def action_accept_weight(self):
        self._check_packer().write({"weight_accepted": True})
        return True

    # === CARRIER === #

    @api.depends("carrier_rejected")
    def _compute_carrier_others(self):
        for shipment in self:
            shipment.carrier_others = "\n".join(
                f"{entry['carrier']}: {entry['why']}" for entry in shipment.carrier_rejected or ()
            )

    def _get_goods_classes(self):
        """:return: set of kinds of goods in the shipment"""
        return self._get_last_pickings().move_ids.product_id._get_ecom_goods_classes()

    def _prepare_choice(self, days_left=None):
        """:param days_left: working days until the day that the buyer chose, None: chose none
        :return: :class:`carrier_choice.Parcel`"""
        self.ensure_one()
        moves = self._get_last_pickings().move_ids.filtered(lambda move: move.state != "cancel")
        value = sum(
            Decimal(str(move.sale_line_id.price_unit)) * Decimal(str(move.product_qty))
            for move in moves
        )
        option, partner = self.delivery_option_id, self.partner_id
        return carrier_choice.Parcel(
            self.id,
            partner.country_id.code or "",
            partner.state_id.code or "",
            (partner.zip or "").strip().upper(),
            round(sum(move.product_qty * move.product_id.weight for move in moves), 4),
            round(sum(move.product_qty * move.product_id.volume for move in moves), 6),
            value,
            frozenset(self._get_goods_classes()),
            option.id or None,
            self.order_ids[:1].channel_id.id or None,
            self.warehouse_id.id or None,
            any(self.order_ids.mapped("is_cash_on_delivery")),
            min(filter(None, (option.promise_days, days_left)), default=None),
            frozenset(option.carrier_ids.ids),
            bool(option.kind == "window" and not option.carrier_ids),
            not option.promise_days and not self.deliver_from,
        )

    def action_choose_carrier(self):
        """Button: choose by the rules and rates of today. :return: True"""
        shipments = self._check_packer()
        for shipment in shipments:
            if (
                shipment.state not in ("draft", "ready", "picking", "packed")
                or shipment.tracking_ref
            ):
                raise UserError(
                    self.env._("%s has a label or is gone: its carrier stays.", shipment.name)
                )
        shipments._choose_carriers(again=True)
        return True

    def _choose_carriers(self, again=False):
        """Choose for all at once; what was set by a person stays, unless asked `again`."""
        todo = self.filtered(lambda shipment: again or not shipment.carrier_id)
        for company, shipments in todo.grouped("company_id").items():
            carriers = self.env["delivery.carrier"]._get_ecom_candidates(company)
            known = carriers._as_carriers()
            rules = self.env["ecom.carrier.rule"].search([("company_id", "=", company.id)])
            pure_rules = rules._as_rules()
            # The decision says what was chosen and why; the chatter would only repeat it.
            shipments = shipments.with_context(tracking_disable=True)
            shipments._load_goods()
            left = shipments._get_days_left()
            quotes = shipments._get_quotes(carriers)
            decisions, chosen = [], {}
            for shipment in shipments:
                parcel = shipment._prepare_choice(left.get(shipment))
                choice = carrier_choice.choose(
                    parcel, pure_rules, known, quotes.get(shipment)
                )
                decisions += shipment._apply_choice(choice, carriers, rules)
                if choice.carrier and choice.carrier != shipment.carrier_id.id:
                    chosen.setdefault(choice.carrier, []).append(shipment.id)
            # One write per carrier: their deliveries follow.
            for carrier_id, ids in chosen.items():
                shipments.browse(ids).write({"carrier_id": carrier_id})
            self.env["ecom.decision"].create(decisions)

    def _get_quotes(self, carriers):
        """Hook: what carriers answered when they were asked for these very parcels.

        :return: {shipment: {carrier id: :class:`carrier_choice.Rate`}}
        """
        return {}

    def _load_goods(self):
        """Read what choices look at for all shipments at once: what is filtered shipment by
        shipment would be read so, too."""
        moves = self.picking_ids.move_ids | self.picking_ids.move_ids.move_orig_ids
        for path in (
            "state",
            "product_qty",
            "quantity",
            "picking_id.state",
            "sale_line_id.price_unit",
            "product_id.weight",
            "product_id.volume",
            "product_id.ecom_goods_class",
        ):
            moves.mapped(path)
        self.mapped("partner_id.country_id.code")
        self.mapped("partner_id.state_id.code")
        self.mapped("delivery_option_id.promise_days")
        self.mapped("order_ids.channel_id")
        self.mapped("order_ids.is_cash_on_delivery")

    def _apply_choice(self, choice, carriers, rules):
        """:return: values of the decisions: one per order"""
        self.ensure_one()
        carrier = carriers.browse(choice.carrier)
        rule = rules.browse(choice.rule)
        rejected = [
            {"carrier": carriers.browse(key).name, "why": self._explain_refusal(*why)}
            for key, why in choice.rejected
        ]
        reason = self._explain_choice(choice, carrier, rule)
        self.write(
            {
                "carrier_reason": reason,
                "carrier_rejected": rejected,
                "carrier_price": float(choice.price or 0),
                "carrier_days": choice.days or 0,
            }
        )
        details = {
            "shipment": self.name,
            "carrier": carrier.name or None,
            "price": str(choice.price) if choice.price is not None else None,
            "days": choice.days,
            "rejected": rejected,
        }
        return [
            {
                "order_id": order.id,
                "stage": "carrier",
                "summary": f"{self.name}: {reason}",
                "rule": rule.name,
                "details": details,
            }
            for order in self.order_ids
        ]

    def _explain_choice(self, choice, carrier, rule):
        if choice.reason == "rule":
            return self.env._("%(carrier)s: rule “%(rule)s”.", carrier=carrier.name, rule=rule.name)
        if choice.reason == "none":
            return self.env._("No carrier can take it; see what stands in the way of each.")
        days = self.env._(" in %s working days", choice.days) if choice.days else ""
        price = f"{choice.price:.2f} {self.cost_currency_id.name}"
        if choice.reason == "only":
            return self.env._(
                "%(carrier)s: the only one that can take it%(days)s, for %(price)s.",
                carrier=carrier.name, days=days, price=price,
            )  # fmt: skip
        return self.env._(
            "%(carrier)s: the cheapest that keeps the promise%(days)s, for %(price)s.",
            carrier=carrier.name, days=days, price=price,
        )  # fmt: skip

    def _explain_refusal(self, key, about):
        texts = {
            "country": self.env._("does not deliver to %s", about or "?"),
            "state": self.env._("does not deliver to %s", about or "?"),
            "postcode": self.env._("does not deliver to postal code %s", about or "?"),
            "weight": self.env._("too heavy: %s", about),
            "volume": self.env._("too large: %s", about),
            "class": self.env._("does not take: %s", about),
            "cod": self.env._("takes no cash on delivery"),
            "window": self.env._("does not deliver in chosen time windows"),
            "option": self.env._("not among the carriers of the delivery option"),
            "no_rate": self.env._("no rate is stored for it"),
            "too_slow": self.env._("too slow, in working days: %s", about),
            "dearer": self.env._("dearer: %s", about),
        }
        return texts[key]


class ProductTemplate(models.Model):
    _inherit = "product.template"

    ecom_goods_class = fields.Selection(
        [("battery", "Battery"), ("liquid", "Liquid")],
        "Special Goods",
        help="Carriers may refuse them; carrier rules can look at them.",
    )


class ProductProduct(models.Model):
    _inherit = "product.product"

    def _get_ecom_goods_classes(self):
        """:return: set of kinds of goods among these products"""
        classes = set(self.mapped("ecom_goods_class"))
        if "ecom_transport_class" in self._fields:
            classes |= set(self.mapped("ecom_transport_class"))
        return classes - {False, "normal"}


class StockPicking(models.Model):
    _inherit = "stock.picking"

    def _ecom_assign_shipments(self):
        shipments = super()._ecom_assign_shipments()
        wished = shipments.filtered(
            lambda shipment: not shipment.carrier_id
            and any(shipment.order_ids.channel_id.mapped("choose_carrier"))
        )
        if wished:
            wished._choose_carriers()
        return shipments

    def _prepare_ecom_shipment_vals(self):
        vals = super()._prepare_ecom_shipment_vals()
        if self.sale_id.ecom_order_id.delivery_option_id.urgent:
            vals["priority"] = "1"
        return vals
