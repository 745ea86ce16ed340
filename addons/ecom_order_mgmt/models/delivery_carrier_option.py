from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..tools import tracking


class DeliveryCarrier(models.Model):
    """A delivery option among the delivery methods of a quotation or of the website's checkout.

    What is sold is the promise ("express"), not a carrier: which carrier takes the parcel is
    chosen by the carrier rules when the order is confirmed. It is offered where the option is:
    country, postal code, weight, kind of goods, cut-off.
    """

    _inherit = "delivery.carrier"

    delivery_type = fields.Selection(
        selection_add=[("ecom_option", "Delivery Option (carrier chosen later)")],
        ondelete={
            "ecom_option": lambda carriers: carriers.write(
                {"delivery_type": "fixed", "fixed_price": 0, "active": False}
            )
        },
    )
    ecom_option_id = fields.Many2one(
        "ecom.delivery.option", "Delivery Option", check_company=True, index="btree_not_null"
    )

    @api.constrains("delivery_type", "ecom_option_id")
    def _check_ecom_option(self):
        for carrier in self.filtered(lambda c: c.delivery_type == "ecom_option"):
            option = carrier.ecom_option_id
            if not option:
                raise ValidationError(
                    self.env._("%s: choose the delivery option.", carrier.name)
                )
            if option.kind == "window" and not option._get_slots():
                raise ValidationError(
                    self.env._("%s: enter the time windows that buyers may choose.", option.name)
                )

    @api.onchange("ecom_option_id")
    def _onchange_ecom_option_id(self):
        if self.delivery_type == "ecom_option" and self.ecom_option_id:
            self.allow_cash_on_delivery = self.ecom_option_id.kind == "cod"
            self.integration_level = "rate"

    def _match(self, partner, source):
        return super()._match(partner, source) and not (
            self.delivery_type == "ecom_option" and self._get_option_refusal(partner, source)
        )

    def _get_option_refusal(self, partner, source):
        """:param source: sale order or delivery
        :return: why the option cannot be had for it, in words, or False"""
        self.ensure_one()
        if source._name == "sale.order":
            lines = source.order_line.filtered(lambda line: not line.display_type)
            warehouse, quantity = source.warehouse_id, "product_uom_qty"
        else:
            lines, warehouse = source.move_ids, source.picking_type_id.warehouse_id
            quantity = "product_uom_qty"
        weight = sum(line.product_id.weight * line[quantity] for line in lines)
        # Visitors of a shop may not read options; whether one is offered may be told.
        return self.sudo().ecom_option_id._get_refusal(
            source.company_id,
            partner,
            weight,
            lines.product_id._get_ecom_goods_classes(),
            tracking.to_local(fields.Datetime.now(), warehouse.partner_id.tz or "UTC"),
        )

    # === ODOO'S INTERFACE === #

    def ecom_option_rate_shipment(self, order):
        self.ensure_one()
        refusal = self._get_option_refusal(order.partner_shipping_id, order)
        if refusal:
            return {
                "success": False, "price": 0.0, "error_message": refusal, "warning_message": False,
            }  # fmt: skip
        price = self._compute_currency(
            order, self.sudo().ecom_option_id.price, "company_to_pricelist"
        )
        return {"success": True, "price": price, "error_message": False, "warning_message": False}

    def ecom_option_send_shipping(self, pickings):
        raise UserError(
            self.env._(
                "%s is a delivery option: choose the carrier of the delivery first.",
                pickings[:1].carrier_id.name,
            )
        )

    def ecom_option_get_tracking_link(self, picking):
        return False

    def ecom_option_cancel_shipment(self, pickings):
        """Nothing was bought under an option."""
