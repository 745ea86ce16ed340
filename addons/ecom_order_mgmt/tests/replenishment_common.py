from datetime import timedelta

from odoo import fields

from .common import EcomCase


class ReplenishmentCase(EcomCase):
    """Products with a history and a supplier."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Suggestion = cls.env["ecom.replenishment"]
        cls.env["stock.warehouse.orderpoint"].search([]).active = False
        cls.supplier = cls.env["res.partner"].create({"name": "Potter"})
        cls.policy = cls.env["ecom.replenishment.policy"].create(
            {"name": "Test", "company_id": cls.company.id, "review_days": 7, "cover_days": 28}
        )
        cls.today = fields.Date.today()
        cls.item = cls._create_product("VASE", quantity=10, standard_price=4)
        cls._create_seller(cls.item, price=4, delay=6)

    @classmethod
    def _create_seller(cls, product, **vals):
        return cls.env["product.supplierinfo"].create(
            {
                "partner_id": cls.supplier.id,
                "product_tmpl_id": product.product_tmpl_id.id,
                "min_qty": 0,
                "company_id": False,
                "currency_id": cls.company.currency_id.id,
                **vals,
            }
        )

    @classmethod
    def _sold(cls, product, per_week=14, weeks=30, warehouse=None, company=None):
        """A steady history, without orders behind it."""
        cls.env["ecom.demand"].create(
            [
                {
                    "product_id": product.id,
                    "warehouse_id": (warehouse or cls.warehouse).id,
                    "company_id": (company or cls.company).id,
                    "day": cls.today - timedelta(days=7 * week + 3),
                    "source": "import",
                    "qty": per_week + (week % 3) - 1,
                    "qty_gross": per_week,
                }
                for week in range(weeks)
            ]
        )

    def _suggest(self, company=None):
        company = company or self.company
        self.env["ecom.forecast"]._run(company)
        return self.Suggestion._suggest(company)

    def _waiting(self, product=None, **domain):
        conditions = [(name, "=", value) for name, value in domain.items()]
        return self.Suggestion.search(
            [
                ("product_id", "=", (product or self.item).id),
                ("state", "in", ("open", "postponed")),
                *conditions,
            ]
        )
