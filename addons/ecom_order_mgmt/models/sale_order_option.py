from datetime import datetime
from decimal import Decimal

from odoo import fields, models

from ..tools import carrier_choice, eta, tracking


class SaleOrder(models.Model):
    """Orders of this database's own shop or salespeople that chose a delivery option. (Orders of
    channels have theirs on the channel order and its shipments.)"""

    _inherit = "sale.order"

    ecom_delivery_option_id = fields.Many2one(
        related="carrier_id.ecom_option_id", string="Delivery Option", related_sudo=True
    )

    def _action_confirm(self):
        wished = self.filtered(
            lambda order: not order.ecom_order_id and order.sudo().ecom_delivery_option_id
        )
        for order in wished.filtered(lambda order: not order.commitment_date):
            order.commitment_date = order._get_ecom_option_date()
        result = super()._action_confirm()
        wished._ecom_apply_option()
        return result

    def _get_ecom_option_date(self):
        """:return: naive UTC datetime by which the option promises delivery, or False"""
        self.ensure_one()
        option = self.sudo().ecom_delivery_option_id
        if not option.promise_days:
            return False
        zone = self.warehouse_id.partner_id.tz or "UTC"
        calendar = eta.Calendar(holidays=self.company_id._get_ecom_holidays())
        local = tracking.to_local(fields.Datetime.now(), zone)
        day = eta.handover_day(local, eta.cut_off_time(option.cut_off), calendar)
        day = eta.add_working_days(day, option.promise_days, calendar)
        return tracking.to_utc(datetime.combine(day, eta.end_of_day(day).time()), zone)

    def _ecom_apply_option(self):
        """The deliveries get the option's priority, and the carrier that keeps its promise."""
        for company, orders in self.grouped("company_id").items():
            # Whoever sells need not see carriers' rates and rules to have them applied.
            carriers = orders.env["delivery.carrier"].sudo()._get_ecom_candidates(company)
            known = carriers._as_carriers()
            rules = orders.env["ecom.carrier.rule"].sudo().search([("company_id", "=", company.id)])
            pure_rules = rules._as_rules()
            for order in orders:
                pickings = order.sudo().picking_ids.filtered(
                    lambda p: p.state not in ("done", "cancel")
                )
                if order.sudo().ecom_delivery_option_id.urgent:
                    pickings.priority = "1"
                choice = carrier_choice.choose(order._ecom_prepare_choice(), pure_rules, known)
                order._ecom_note_choice(choice, pickings, carriers, rules)

    def _ecom_note_choice(self, choice, pickings, carriers, rules):
        carrier = carriers.browse(choice.carrier)
        pickings.carrier_id = carrier
        Shipment = self.env["ecom.shipment"].sudo().new({"company_id": self.company_id.id})
        reason = Shipment._explain_choice(choice, carrier, rules.browse(choice.rule))
        rejected = [
            f"{carriers.browse(key).name}: {Shipment._explain_refusal(*why)}"
            for key, why in choice.rejected
        ]
        self.message_post(body="\n".join([reason, *rejected]))

    def _ecom_prepare_choice(self):
        """:return: :class:`carrier_choice.Parcel` of the whole order"""
        self.ensure_one()
        option, partner = self.sudo().ecom_delivery_option_id, self.partner_shipping_id
        lines = self.order_line.filtered(lambda line: line.product_id.type == "consu")
        return carrier_choice.Parcel(
            self.id,
            partner.country_id.code or "",
            partner.state_id.code or "",
            (partner.zip or "").strip().upper(),
            round(sum(line.product_id.weight * line.product_uom_qty for line in lines), 4),
            round(sum(line.product_id.volume * line.product_uom_qty for line in lines), 6),
            sum((Decimal(str(line.price_subtotal)) for line in lines), Decimal(0)),
            frozenset(lines.product_id._get_ecom_goods_classes()),
            option.id,
            None,
            self.warehouse_id.id or None,
            option.kind == "cod",
            option.promise_days or None,
            frozenset(option.carrier_ids.ids),
        )
