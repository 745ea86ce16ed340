from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import float_round

from ..carriers.result import rate_of


class DeliveryCarrier(models.Model):
    """Delivery methods whose carrier is reached through karrio.

    Odoo would buy the label inside the transaction that validates the delivery, and buy it again
    when that transaction is repeated. Here the label is a task of its own
    (:class:`ecom.label`): Odoo itself only asks for rates.
    """

    _inherit = "delivery.carrier"

    delivery_type = fields.Selection(
        selection_add=[("karrio", "Carrier Account")],
        ondelete={
            "karrio": lambda records: records.write({"delivery_type": "fixed", "fixed_price": 0})
        },
    )
    ecom_account_id = fields.Many2one(
        "ecom.carrier.account", "Carrier Account", check_company=True, index="btree_not_null"
    )

    ecom_return_service = fields.Char(
        "Service of Return Labels",
        help="Name of the carrier's service for parcels that come back, e.g. "
        "dhl_parcel_de_retoure. Empty: the same service.",
    )

    ecom_ask_rates = fields.Boolean(
        "Ask for the Rate of Each Parcel",
        help="Where the carrier is chosen by price, it is asked what each parcel costs; its answer "
        "goes before the stored rates.",
    )

    @api.constrains("delivery_type", "ecom_account_id", "ecom_service")
    def _check_ecom_account(self):
        for carrier in self.filtered(lambda c: c.delivery_type == "karrio"):
            if not carrier.ecom_account_id or not carrier.ecom_service:
                raise ValidationError(
                    self.env._("%s: choose the carrier account and the service.", carrier.name)
                )

    @api.onchange("delivery_type", "ecom_account_id")
    def _onchange_ecom_account(self):
        if self.delivery_type == "karrio":
            self.integration_level = "rate"
            self.ecom_carrier_code = self.ecom_account_id.plugin

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            if vals.get("delivery_type") == "karrio":
                vals["integration_level"] = "rate"
        return super().create(vals_list)

    def write(self, vals):
        if vals.get("delivery_type") == "karrio":
            vals = {**vals, "integration_level": "rate"}
        return super().write(vals)

    def _get_ecom_carrier_code(self):
        if self.delivery_type == "karrio" and not self.ecom_carrier_code:
            return self.ecom_account_id.plugin
        return super()._get_ecom_carrier_code()

    # === ODOO'S INTERFACE === #

    def karrio_rate_shipment(self, order):
        self.ensure_one()
        warehouse = order.warehouse_id
        weight = order._get_estimated_weight()
        try:
            client = self.ecom_account_id._get_client()
        except UserError as error:
            return self._rate_failed(str(error))
        answer = client.rates(
            self._prepare_rate_request(
                warehouse.partner_id or order.company_id.partner_id,
                order.partner_shipping_id,
                weight,
            )
        )
        rate = rate_of(answer.items, self.ecom_service)
        if not rate:
            return self._rate_failed(
                answer.text or self.env._("The carrier does not offer this service there.")
            )
        price = self._in_company_currency(rate, order.company_id)
        return {"success": True, "price": price, "error_message": False, "warning_message": False}

    def _rate_failed(self, message):
        return {"success": False, "price": 0.0, "error_message": message, "warning_message": False}

    def _in_company_currency(self, rate, company):
        currency = self.env["res.currency"].search([("name", "=", rate.currency)], limit=1)
        amount = float_round(float(rate.amount), precision_digits=4)
        return (currency or company.currency_id)._convert(
            amount, company.currency_id, company, fields.Date.today()
        )

    def karrio_send_shipping(self, pickings):
        """Asked by a person on the delivery: the label is put on its way, and bought after the
        commit. The number comes to the delivery with it."""
        pickings.ecom_shipment_id._order_labels()
        return [{"exact_price": 0.0, "tracking_number": False} for _picking in pickings]

    def karrio_get_tracking_link(self, picking):
        if not self.tracking_url or not picking.carrier_tracking_ref:
            return False
        return self.tracking_url.replace(
            "<shipmenttrackingnumber>", picking.carrier_tracking_ref.split(",")[0]
        )

    def karrio_cancel_shipment(self, pickings):
        pickings.ecom_shipment_id._void_labels()

    def karrio_get_return_label(self, pickings, tracking_number=None, origin_date=None):
        pickings.ecom_shipment_id._order_labels(is_return=True)

    # === REQUESTS === #

    def _prepare_rate_request(self, sender, recipient, weight):
        self.ensure_one()
        return {
            "shipper": self._prepare_address(sender),
            "recipient": self._prepare_address(recipient),
            "parcels": [self._prepare_parcel(weight)],
            "services": [self.ecom_service] if self.ecom_service else [],
        }

    @api.model
    def _prepare_address(self, partner):
        state = partner.state_id.code or None
        return {
            "person_name": partner.name or None,
            "company_name": partner.commercial_company_name or partner.name or None,
            "address_line1": partner.street or "",
            "address_line2": partner.street2 or None,
            "postal_code": partner.zip or None,
            "city": partner.city or None,
            "state_code": state and state.split("-")[-1],
            "country_code": partner.country_id.code or None,
            "email": partner.email or None,
            "phone_number": partner.phone or None,
            "residential": not partner.is_company,
        }

    @api.model
    def _prepare_parcel(self, weight, package_type=None, reference=None):
        """:param weight: in the unit of weight that the company uses; never zero: carriers refuse"""
        unit = self.env["product.template"]._get_weight_uom_name_from_ir_config_parameter()
        length = self.env["product.template"]._get_length_uom_name_from_ir_config_parameter()
        in_inches = length in ("in", "ft")
        parcel = {
            "weight": max(round(weight, 3), 0.01),
            "weight_unit": "LB" if unit == "lb" else "KG",
            "dimension_unit": "IN" if in_inches else "CM",
            "packaging_type": "your_packaging",
            "reference_number": reference,
        }
        if package_type:
            # Odoo keeps lengths of packages in millimetres or inches.
            factor = 1 if in_inches else 0.1
            for name, value in (
                ("length", package_type.packaging_length),
                ("width", package_type.width),
                ("height", package_type.height),
            ):
                if value:
                    parcel[name] = round(value * factor, 1)
        return parcel
