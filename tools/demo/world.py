"""The world in which the demo orders arrive: channels, warehouses, products, stock, taxes.

Everything has an external id of the made-up module `ecom_demo`, so that a second run finds what
the first one made and adds nothing.
"""

from datetime import datetime, timedelta, timezone

from odoo.fields import Command

from . import catalogue, shops

MODULE = "ecom_demo"
BASE_PARAMETER = "ecom_demo.base"
ON_HAND = {"RNO": 240, "RTM": 180}
ON_HAND_SMALL = 2500  # of what is sold by the hundred
COST_SHARE = 0.42


def base_date(env):
    """:return: aware datetime that the demo's orders lead up to.

    Fixed by the first run: later runs write the same documents again, to the last digit.
    """
    parameters = env["ir.config_parameter"].sudo()
    stored = parameters.get_param(BASE_PARAMETER)
    if stored:
        return datetime.fromisoformat(stored)
    base = datetime.now(timezone.utc).replace(minute=0, second=0, microsecond=0)
    parameters.set_param(BASE_PARAMETER, base.isoformat())
    return base


def ensure(env):
    """Make what is missing. :return: {shop code: ecom.channel}"""
    world = _World(env)
    world.prepare_company()
    world.activate_currencies()
    world.make_taxes()
    world.make_warehouses()
    world.make_products()
    return world.make_channels()


class _World:
    def __init__(self, env):
        self.company = env.ref("base.main_company")
        self.env = env(context={**env.context, "tracking_disable": True})
        self.env = self.env["res.company"].with_company(self.company).env
        self.warehouses = {}

    def find(self, name):
        return self.env.ref(f"{MODULE}.{name}", raise_if_not_found=False)

    def keep(self, name, record):
        """Give `record` an external id that no update of a module takes away."""
        self.env["ir.model.data"]._update_xmlids(
            [{"xml_id": f"{MODULE}.{name}", "record": record, "noupdate": True}]
        )
        return record

    def ensure(self, name, model, prepare):
        """:param prepare: function that returns the values, called only where it is missing"""
        return self.find(name) or self.keep(name, self.env[model].create(prepare()))

    # --- company, money, taxes

    def prepare_company(self):
        """A database without demo data has a company without a country, which taxes need."""
        if not self.company.country_id:
            self.company.country_id = self.env.ref("base.us")
        if not self.company.account_fiscal_country_id:
            self.company.account_fiscal_country_id = self.company.country_id
        # The discount of a line stands in a column that is hidden by default.
        employees, discounts = (
            self.env.ref(xmlid) for xmlid in ("base.group_user", "sale.group_discount_per_so_line")
        )
        if discounts not in employees.all_implied_ids:
            employees.implied_ids = [Command.link(discounts.id)]

    def activate_currencies(self):
        base = base_date(self.env)
        for code, rate in shops.RATES.items():
            currency = (
                self.env["res.currency"]
                .with_context(active_test=False)
                .search([("name", "=", code)])
            )
            if not currency.active:
                currency.active = True
            if not currency.rate_ids.filtered(
                lambda r: r.company_id in (self.company, self.env["res.company"])
            ):
                day = (base - timedelta(days=60)).date()
                self.ensure(
                    f"rate_{code.lower()}",
                    "res.currency.rate",
                    lambda currency=currency, rate=rate, day=day: {
                        "currency_id": currency.id,
                        "company_id": self.company.id,
                        "name": day,
                        "rate": float(rate),
                    },
                )

    def make_taxes(self):
        """Plain taxes that need no chart of accounts: they belong to the company's own country,
        as Odoo invoices no other without a fiscal position."""
        country = self.company.account_fiscal_country_id
        group = self.ensure(
            "tax_group",
            "account.tax.group",
            lambda: {
                "name": "Tax",
                "company_id": self.company.id,
                "country_id": country.id,
            },
        )
        for code, name, percent, included in shops.TAXES:
            self.ensure(
                f"tax_{code}",
                "account.tax",
                lambda name=name, percent=percent, included=included: {
                    "name": name,
                    "amount": float(percent),
                    "amount_type": "percent",
                    "type_tax_use": "sale",
                    "price_include_override": "tax_included" if included else "tax_excluded",
                    "company_id": self.company.id,
                    "country_id": country.id,
                    "tax_group_id": group.id,
                },
            )

    # --- warehouses, products, stock

    def make_warehouses(self):
        for code, spec in shops.WAREHOUSES.items():
            partner = self.ensure(
                f"address_{code.lower()}", "res.partner", lambda s=spec: self._address(s["address"])
            )
            self.warehouses[code] = self.ensure(
                f"warehouse_{code.lower()}",
                "stock.warehouse",
                lambda code=code, spec=spec, partner=partner: {
                    "name": spec["name"],
                    "code": code,
                    "company_id": self.company.id,
                    "partner_id": partner.id,
                },
            )

    def _address(self, address):
        country = self.env["res.country"].search([("code", "=", address["country"])])
        state = self.env["res.country.state"].search(
            [("country_id", "=", country.id), ("code", "=", address.get("state"))]
        )
        return {
            **{key: address[key] for key in ("name", "street", "city", "zip")},
            "country_id": country.id,
            "state_id": state.id,
            "company_id": self.company.id,
        }

    def make_products(self):
        """Products with their variants, and stock for those that are new."""
        made = self.env["product.product"]
        for code, name, price, weight, goods, attributes in catalogue.templates():
            xmlid = "product_" + code.lower().replace("-", "_")
            if self.find(xmlid):
                continue
            is_kit = code == catalogue.KIT[0] and "mrp.bom" in self.env
            template = self.env["product.template"].create(
                {
                    "name": name,
                    "type": "consu",
                    "is_storable": not is_kit,
                    "list_price": float(price),
                    "standard_price": round(float(price) * COST_SHARE, 2),
                    "weight": weight,
                    "categ_id": self._category(goods).id,
                    "taxes_id": False,
                    "supplier_taxes_id": False,
                    "invoice_policy": "order",
                    "attribute_line_ids": [
                        Command.create(self._attribute_line(*attribute)) for attribute in attributes
                    ],
                }
            )
            self.keep(xmlid, template)
            self._name_variants(template, code, attributes)
            if is_kit:
                self._make_kit(template)
            else:
                made |= template.product_variant_ids
        self._put_on_shelf(made)

    def _category(self, goods):
        return self.ensure(
            f"category_{goods}", "product.category", lambda: {"name": goods.capitalize()}
        )

    def _attribute_line(self, name, values):
        attribute = self.ensure(
            f"attribute_{name.lower()}", "product.attribute", lambda: {"name": name}
        )
        found = self.env["product.attribute.value"]
        for index, (value, suffix) in enumerate(values):
            found |= self.ensure(
                f"attribute_{name.lower()}_{suffix.lower()}",
                "product.attribute.value",
                lambda value=value, index=index: {
                    "name": value,
                    "attribute_id": attribute.id,
                    "sequence": index,
                },
            )
        return {"attribute_id": attribute.id, "value_ids": [Command.set(found.ids)]}

    def _name_variants(self, template, code, attributes):
        skus = {frozenset(values): sku for sku, values in catalogue.variants(code, attributes)}
        for variant in template.product_variant_ids:
            values = variant.product_template_attribute_value_ids.mapped("name")
            variant.default_code = skus[frozenset(values)]

    def _make_kit(self, template):
        parts = []
        for sku, quantity in catalogue.KIT_PARTS:
            product = self.env["product.product"].search([("default_code", "=", sku)])
            parts.append(Command.create({"product_id": product.id, "product_qty": quantity}))
        self.env["mrp.bom"].create(
            {"product_tmpl_id": template.id, "type": "phantom", "bom_line_ids": parts}
        )

    def _put_on_shelf(self, products):
        vals_list = [
            {
                "product_id": product.id,
                "location_id": self.warehouses[code].lot_stock_id.id,
                "inventory_quantity": ON_HAND_SMALL if product.list_price < 1 else quantity,
            }
            for product in products
            if product.default_code not in catalogue.SOLD_OUT
            for code, quantity in ON_HAND.items()
        ]
        quants = self.env["stock.quant"].with_context(inventory_mode=True).create(vals_list)
        quants.action_apply_inventory()

    # --- channels

    def make_channels(self):
        return {
            shop.code: self.ensure(
                f"channel_{shop.code.replace('-', '_')}",
                "ecom.channel",
                lambda shop=shop, index=index: self._channel_vals(shop, index),
            )
            for index, shop in enumerate(shops.SHOPS)
        }

    def _channel_vals(self, shop, index):
        return {
            "name": shop.name,
            "code": shop.prefix,
            "sequence": index,
            "color": index + 2,
            "connector": "api",
            "company_id": self.company.id,
            "currency_id": self.env["res.currency"].search([("name", "=", shop.currency)]).id,
            "prices_include_tax": shop.included,
            "warehouse_id": self.warehouses[shop.warehouse].id,
            "user_id": self.env.ref("base.user_admin").id,
            "tz": shop.tz,
        }
