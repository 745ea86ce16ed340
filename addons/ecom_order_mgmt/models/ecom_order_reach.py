from decimal import Decimal

from odoo import fields, models

from ..tools import carrier_choice


class StockWarehouse(models.Model):
    _inherit = "stock.warehouse"

    ecom_carrier_ids = fields.Many2many(
        "delivery.carrier",
        "ecom_warehouse_carrier_rel",
        string="Carriers That Call Here",
        check_company=True,
        help="An order comes from here only if one of them takes it to its address. Empty: "
        "carriers are not looked at.",
    )
    ecom_max_weight = fields.Float(
        "Heaviest Order", digits="Stock Weight", help="What is heavier does not come from here. 0: no limit."
    )  # fmt: skip


class EcomOrder(models.Model):
    """Whether a warehouse can send an order at all: how heavy it is, and who would carry it."""

    _inherit = "ecom.order"

    def _get_reach_refusal(self, warehouse, carriers):
        """:param carriers: {id: carrier_choice.Carrier} of those that call at any warehouse
        :return: why it is out of the question, in words, or None"""
        self.ensure_one()
        limit = warehouse.ecom_max_weight
        if limit and self.weight > limit:
            return self.env._(
                "takes orders up to %(limit)g, this one weighs %(weight)g",
                limit=limit,
                weight=self.weight,
            )
        calling = warehouse.ecom_carrier_ids
        if not calling:
            return None
        wanted = self.rule_carrier_id or self.sale_order_id.carrier_id
        if wanted and wanted not in calling:
            return self.env._("%(carrier)s does not call there", carrier=wanted.name)
        parcel = self._prepare_reach_parcel(warehouse)
        asked = wanted or calling
        refusals = {c: carrier_choice.refusal(carriers[c.id], parcel) for c in asked}
        if all(refusals.values()):
            shipment = self.env["ecom.shipment"]
            return self.env._(
                "no carrier takes it there (%(why)s)",
                why="; ".join(
                    f"{c.name}: {shipment._explain_refusal(*why)}" for c, why in refusals.items()
                ),
            )
        return None

    def _prepare_reach_parcel(self, warehouse):
        """:return: the whole order as one parcel; a split parcel would be lighter"""
        contact, option = self.sale_order_id.partner_shipping_id, self.delivery_option_id
        lines = self.sale_order_id.order_line
        classes = set(lines.product_id.mapped("ecom_goods_class"))
        classes |= set(lines.product_id.mapped("ecom_transport_class"))
        return carrier_choice.Parcel(
            self.id,
            contact.country_id.code or "",
            contact.state_id.code or "",
            (contact.zip or "").strip().upper(),
            weight=self.weight,
            value=Decimal(str(self.amount_total or 0)),
            classes=frozenset(classes - {False, "normal"}),
            channel=self.channel_id.id,
            warehouse=warehouse.id,
            cod=self.is_cash_on_delivery,
            option=option.id or None,
            option_carriers=frozenset(option.carrier_ids.ids),
        )
