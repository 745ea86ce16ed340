from odoo import api, fields, models

# What the parties call who pays duties: only "delivered duty paid" lets the sender pay.
DUTY_PAID = "DDP"
NO_INCOTERM = "DAP"


class EcomLabel(models.Model):
    """What the carrier is asked for: addresses, parcels, wishes, and what customs want to know."""

    _inherit = "ecom.label"

    def _get_reference(self):
        return self.key or f"EL{self.id}"

    def _get_problem(self):
        """:return: why the label cannot be bought, in words, or False"""
        self.ensure_one()
        shipment = self.shipment_id
        if shipment.frozen and not self.is_return:
            return self.env._("The shipment is stopped: %s", shipment.freeze_reason or "")
        if shipment.state == "cancelled":
            return self.env._("The shipment was cancelled.")
        if not shipment.partner_id.country_id or not shipment.partner_id.city:
            return self.env._("The address has no city or country.")
        return self._get_cod_problem() or self._get_customs_problem()

    def _prepare_request(self):
        self.ensure_one()
        carrier = self.carrier_id
        request = {
            "service": self._get_service(),
            # As on the way there: karrio itself turns the way of a return round.
            "shipper": carrier._prepare_address(self._get_sender()),
            "recipient": carrier._prepare_address(self.shipment_id.partner_id),
            "parcels": self._prepare_parcels(),
            "payment": {"paid_by": "sender"},
            "reference": self._get_reference(),
            "label_type": self.account_id.label_format,
            "is_return": self.is_return,
            "options": self._prepare_options(),
        }
        if self._needs_customs():
            request["customs"] = self._prepare_customs()
        elif request["options"].get("shipment_note"):
            # What most carriers print on the label; abroad it says what is in the parcel.
            request["parcels"][0]["description"] = request["options"]["shipment_note"]
        return request

    def _get_sender(self):
        """:return: our address: where the parcel leaves, or comes back to"""
        shipment = self.shipment_id
        warehouse = self.return_warehouse_id or shipment.warehouse_id
        return warehouse.partner_id or shipment.company_id.partner_id

    def _get_service(self):
        carrier = self.carrier_id
        return (self.is_return and carrier.ecom_return_service) or carrier.ecom_service

    def _get_packages(self):
        """:return: Odoo's packages of the shipment, in an order that does not change"""
        packages = self.shipment_id._get_last_pickings().move_line_ids.result_package_id
        return packages.sorted("id")

    def _prepare_parcels(self):
        """:return: one parcel per package, or one for all; of a return, one"""
        carrier, reference = self.carrier_id, self._get_reference()
        pickings = self.shipment_id._get_last_pickings()
        packages = self._get_packages()
        if self.return_ref or not packages:
            weight = self.return_weight or (
                sum(pickings.mapped("shipping_weight")) or sum(pickings.mapped("weight"))
            )
            return [carrier._prepare_parcel(weight, reference=reference)]
        return [
            carrier._prepare_parcel(
                package.shipping_weight or package.weight, package.package_type_id, reference
            )
            for package in packages
        ]

    # === WISHES === #

    def _prepare_options(self):
        """:return: dict of karrio's own names of services; each carrier takes those it knows"""
        shipment = self.shipment_id
        options = {}
        if self.is_return:
            return options
        instructions = shipment._get_delivery_instructions()
        if instructions:
            options |= {"shipment_note": instructions, "recipient_instructions": instructions}
        day = shipment._get_chosen_day()
        if day and day.weekday() == 5:
            options["saturday_delivery"] = True
        due = self._get_cod_amount()
        if due:
            options |= {"cash_on_delivery": due, "currency": shipment.order_ids[:1].currency_code}
        return options

    def _get_cod_orders(self):
        return self.shipment_id.order_ids.filtered("is_cash_on_delivery")

    def _get_cod_amount(self):
        """:return: what the carrier collects at the door"""
        return sum(self._get_cod_orders().mapped("amount_total"))

    def _get_cod_problem(self):
        """:return: why nobody can say what to collect, or False"""
        if self.is_return:
            return False
        orders = self._get_cod_orders()
        if len(set(self.shipment_id.order_ids.mapped("currency_code"))) > 1 and orders:
            return self.env._("Cash on delivery in several currencies cannot be collected.")
        for order in orders:
            if len(order.shipment_ids.filtered(lambda s: s.state != "cancelled")) > 1:
                return self.env._(
                    "Order %s is paid in cash on delivery, but travels in several parcels: nobody "
                    "can say what to collect for each. Merge them, or buy these labels at the "
                    "carrier.",
                    order.display_name,
                )
        return False

    # === CUSTOMS === #

    def _needs_customs(self):
        """:return: whether the parcel crosses a customs border"""
        here = self._get_sender().country_id
        there = self.shipment_id.partner_id.country_id
        if not here or not there or here == there:
            return False
        union = self.env.ref("base.europe", raise_if_not_found=False)
        return not union or not (here | there) <= union.country_ids

    def _get_commodities(self):
        """:return: list of Odoo's commodities in the parcel"""
        lines = self.shipment_id._get_last_pickings().move_line_ids
        goods = self.carrier_id._get_commodities_from_stock_move_lines(lines)
        if not self.return_goods:
            return goods
        back = {int(key): quantity for key, quantity in self.return_goods.items()}
        goods = [item for item in goods if back.get(item.product_id.id)]
        for item in goods:
            item.qty = min(item.qty, max(1, round(back[item.product_id.id])))
        return goods

    def _get_customs_problem(self):
        """:return: what customs would stop the parcel for, or False"""
        if not self._needs_customs():
            return False
        products = [item.product_id for item in self._get_commodities()]
        for name, field in (
            (self.env._("HS code"), "hs_code"),
            (self.env._("origin of goods"), "country_of_origin"),
        ):
            missing = [product.display_name for product in products if not product[field]]
            if missing:
                return self.env._(
                    "The parcel crosses a customs border. Enter the %(field)s on: %(products)s",
                    field=name,
                    products=", ".join(missing[:5]),
                )
        return False

    def _prepare_customs(self):
        self.ensure_one()
        sale_orders = self.shipment_id.picking_ids.sale_id
        incoterm = sale_orders.incoterm[:1].code or self.company_id.incoterm_id.code or NO_INCOTERM
        currency = sale_orders.currency_id[:1] or self.company_id.currency_id
        commodities = [
            self._prepare_commodity(item, currency) for item in self._get_commodities()
        ]
        value = sum(item["value_amount"] * item["quantity"] for item in commodities)
        return {
            "commodities": commodities,
            "content_type": "return_merchandise" if self.is_return else "merchandise",
            "content_description": ", ".join(item["title"] for item in commodities)[:100],
            "incoterm": incoterm,
            "invoice": ", ".join(sale_orders.mapped("name"))[:35] or self.shipment_id.name,
            "invoice_date": self._get_customs_date(sale_orders),
            "commercial_invoice": True,
            "certify": True,
            "signer": self.company_id.name,
            "duty": {
                "paid_by": "sender" if incoterm == DUTY_PAID else "recipient",
                "currency": currency.name,
                "declared_value": currency.round(value),
            },
        }

    @api.model
    def _get_customs_date(self, sale_orders):
        dates = [date for date in sale_orders.mapped("date_order") if date]
        return str(min(dates, default=fields.Datetime.now()).date())

    def _prepare_commodity(self, item, currency):
        product = item.product_id
        unit = self.env["product.template"]._get_weight_uom_name_from_ir_config_parameter()
        return {
            "title": (product.name or "")[:35],
            "description": (product.name or "")[:100],
            "sku": product.default_code or None,
            "hs_code": product.hs_code,
            "quantity": int(item.qty),
            "weight": max(product.weight, 0.001),
            "weight_unit": "LB" if unit == "lb" else "KG",
            # A gift has a value, too; customs do not accept nothing.
            "value_amount": currency.round(item.monetary_value or product.lst_price or 0.01),
            "value_currency": currency.name,
            "origin_country": item.country_of_origin or None,
        }
