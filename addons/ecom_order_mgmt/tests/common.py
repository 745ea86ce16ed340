"""Factories for the tests of this addon and of those built upon it."""

from copy import deepcopy
from decimal import Decimal

from odoo.fields import Command
from odoo.tests import TransactionCase


class EcomCase(TransactionCase):
    """A channel, products with stock and taxes of our own; nothing of demo data or a chart."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env = cls.env(context={**cls.env.context, "tracking_disable": True})
        # Rules that are in the database already must not judge the orders of the tests.
        cls.env["ecom.rule"].search([]).active = False
        cls.company = cls.env.company
        cls.country = cls.company.account_fiscal_country_id or cls.env.ref("base.de")
        cls.eur = cls._activate_currency("EUR")
        cls.usd = cls._activate_currency("USD")
        cls.warehouse = cls.env["stock.warehouse"].search(
            [("company_id", "=", cls.company.id)], limit=1
        )
        cls.tax_group = cls.env["account.tax.group"].create(
            {"name": "Test", "company_id": cls.company.id, "country_id": cls.country.id}
        )
        cls.product = cls._create_product("MUG", quantity=100)
        cls.product_b = cls._create_product("LAMP", quantity=100)
        cls.channel = cls._create_channel()

    @classmethod
    def _activate_currency(cls, name):
        currency = (
            cls.env["res.currency"].with_context(active_test=False).search([("name", "=", name)])
        )
        currency.active = True
        return currency

    @classmethod
    def _create_product(cls, sku, quantity=0, **vals):
        product = cls.env["product.product"].create(
            {
                "name": f"Product {sku}",
                "default_code": sku,
                "type": "consu",
                "is_storable": True,
                "list_price": 10,
                "taxes_id": False,
                **vals,
            }
        )
        if quantity:
            cls.env["stock.quant"]._update_available_quantity(
                product, cls.warehouse.lot_stock_id, quantity
            )
        return product

    @classmethod
    def _create_bought_to_order(cls, sku):
        """:return: a product that is bought for each order"""
        mto = cls.env.ref("stock.route_warehouse0_mto")
        mto.active = True
        vendor = cls.env["res.partner"].create({"name": "Vendor"})
        return cls._create_product(
            sku,
            route_ids=[(6, 0, (mto | cls.env.ref("purchase_stock.route_warehouse0_buy")).ids)],
            seller_ids=[(0, 0, {"partner_id": vendor.id, "price": 1})],
        )

    @classmethod
    def _create_tax(cls, rate, included=False, **vals):
        return cls.env["account.tax"].create(
            {
                "name": f"Test {rate} % {'incl' if included else 'excl'}",
                "amount": rate,
                "amount_type": "percent",
                "type_tax_use": "sale",
                "price_include_override": "tax_included" if included else "tax_excluded",
                "tax_group_id": cls.tax_group.id,
                "country_id": cls.country.id,
                "company_id": cls.company.id,
                **vals,
            }
        )

    @classmethod
    def _create_channel(cls, **vals):
        return cls.env["ecom.channel"].create(
            {
                "name": "Test Shop",
                "approval": "paid",
                "approve_wait_minutes": 10,
                "warehouse_id": cls.warehouse.id,
                "company_id": cls.company.id,
                **vals,
            }
        )

    @classmethod
    def _line(cls, sku="MUG", quantity="1", price="10", line_id=None, **vals):
        return {
            "id": line_id or f"L-{sku}",
            "sku": sku,
            "quantity": quantity,
            "unit_price": price,
            **vals,
        }

    @classmethod
    def _document(cls, external_id="A-1", lines=None, total=None, **vals):
        """A paid canonical order; the total is the sum of the lines unless it is given."""
        lines = lines if lines is not None else [cls._line()]
        if total is None:
            total = str(
                sum(
                    Decimal(str(line["quantity"])) * Decimal(line["unit_price"])
                    - Decimal(line.get("discount", "0"))
                    for line in lines
                )
            )
        document = {
            "external_id": external_id,
            "placed_at": "2026-03-01T10:00:00Z",
            "updated_at": "2026-03-01T10:00:00Z",
            "currency": "EUR",
            "customer": {"name": "Ada Buyer", "email": f"{external_id.lower()}@example.com"},
            "shipping_address": {
                "name": "Ada Buyer",
                "street": "Long Street 1",
                "city": "Berlin",
                "zip": "10115",
                "country": "DE",
            },
            "lines": lines,
            "payments": [{"amount": total, "paid_at": "2026-03-01T10:01:00Z"}],
            "total": total,
            **vals,
        }
        return deepcopy(document)

    def _import(self, *documents, channel=None):
        """:return: (result of import_orders, the orders in the order of the documents)"""
        result = (channel or self.channel).import_orders(list(documents))
        return result, self.env["ecom.order"].browse([entry["order_id"] for entry in result])

    def _import_one(self, channel=None, process=True, **vals):
        """Import one document and run the pipeline. :return: ecom.order"""
        _result, order = self._import(self._document(**vals), channel=channel)
        if process:
            (channel or self.channel).process_orders()
        return order

    def _reserved(self, product):
        quants = self.env["stock.quant"].search([("product_id", "=", product.id)])
        return sum(quants.mapped("reserved_quantity"))


__all__ = ["Command", "EcomCase"]
