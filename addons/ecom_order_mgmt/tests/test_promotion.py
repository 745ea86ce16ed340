from datetime import timedelta

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from .replenishment_common import ReplenishmentCase


@tagged("post_install", "-at_install")
class TestPromotion(ReplenishmentCase):
    """Planned promotions: ordered for in time, and no measure of usual demand afterwards."""

    @classmethod
    def _promote(cls, first=7, last=20, **vals):
        return cls.env["ecom.promotion"].create(
            {
                "name": "Spring sale",
                "company_id": cls.company.id,
                "date_from": cls.today + timedelta(days=first),
                "date_to": cls.today + timedelta(days=last),
                "product_ids": [Command.set(cls.item.ids)],
                "uplift": 100,
                **vals,
            }
        )

    def test_more_is_ordered_and_told(self):
        self._sold(self.item)
        self._suggest()
        record = self._waiting()
        usual, chart = record.qty, record.chart["forecast"]
        # Two weeks within lead time, review and cover: 28 more pieces of 14 a week.
        self._promote()
        self._suggest()
        self.assertAlmostEqual(record.qty - usual, 28, delta=3)
        self.assertIn("Spring sale", record.working)
        record.invalidate_recordset(["chart"])
        lifted = record.chart["forecast"]
        self.assertAlmostEqual(lifted[1][1], 2 * chart[1][1], 1)
        self.assertAlmostEqual(lifted[1][3], 2 * chart[1][3], 1)
        self.assertEqual(lifted[0], chart[0])
        # The record of the forecast shows the same.
        self.assertEqual(record.forecast_id.chart["forecast"], lifted)

    def test_categories_warehouses_and_what_is_over(self):
        self._sold(self.item)
        self._suggest()
        record = self._waiting()
        usual = record.qty
        other = self.env["stock.warehouse"].create({"name": "North", "code": "NORTH"})
        self._promote(warehouse_ids=[Command.set(other.ids)])
        self._promote(first=-20, last=-6)
        self._promote().active = False
        self._suggest()
        self.assertEqual(record.qty, usual)
        parent = self.env["product.category"].create({"name": "Pottery"})
        self.item.categ_id = self.env["product.category"].create(
            {"name": "Vases", "parent_id": parent.id}
        )
        self._promote(product_ids=False, categ_ids=[Command.set(parent.ids)], uplift=-50)
        self._suggest()
        self.assertAlmostEqual(usual - record.qty, 14, delta=2)
        self.assertIn("less will be asked for", record.working)

    def test_its_days_are_marked_and_measured(self):
        """Marked when planned, unmarked when archived; a build of the changes finds it out."""
        for day in range(40, 0, -1):
            self._sell(3 if day <= 10 else 1, day)
        Demand = self.env["ecom.demand"]
        Demand._build(self.company)
        rows = Demand.search([("product_id", "=", self.item.id), ("source", "=", "sale")])
        self.assertEqual(len(rows), 40)
        self.assertFalse(any(rows.mapped("promotion")))
        promotion = self._promote(first=-10, last=-1)
        Demand._build(self.company)
        rows = Demand.search([("product_id", "=", self.item.id), ("source", "=", "sale")])
        marked = rows.filtered("promotion")
        self.assertEqual(len(marked), 10)
        self.assertEqual(sum(marked.mapped("qty_promoted")), 30)
        self.assertEqual((promotion.state, promotion.is_measured), ("over", True))
        # 3 a day against 30 pieces in the 56 days before.
        self.assertAlmostEqual(promotion.measured_uplift, 460)
        promotion.active = False
        Demand._build(self.company)
        rows = Demand.search([("product_id", "=", self.item.id), ("source", "=", "sale")])
        self.assertFalse(any(rows.mapped("promotion")))

    def _sell(self, qty, days_ago):
        order = self.env["sale.order"].create(
            {
                "partner_id": self.supplier.id,
                "warehouse_id": self.warehouse.id,
                "order_line": [
                    Command.create({"product_id": self.item.id, "product_uom_qty": qty})
                ],
            }
        )
        order.action_confirm()
        order.date_order = f"{self.today - timedelta(days=days_ago)} 10:00:00"

    def test_refusals(self):
        with self.assertRaises(ValidationError):
            self._promote(first=5, last=4)
        with self.assertRaises(ValidationError):
            self._promote(uplift=-101)
        with self.assertRaises(ValidationError):
            self._promote(product_ids=False)
        begun = self._promote(first=0, last=4)
        with self.assertRaises(UserError):
            begun.unlink()
        self._promote(first=1, last=4).unlink()

    def test_access(self):
        promotion = self._promote()
        for groups, may_write in (
            ("ecom_order_mgmt.group_ecom_viewer", False),
            ("purchase.group_purchase_user", False),
            ("purchase.group_purchase_manager", True),
            ("ecom_order_mgmt.group_ecom_manager", True),
        ):
            with self.subTest(groups=groups):
                user = new_test_user(self.env, f"p_{groups}", groups=f"base.group_user,{groups}")
                own = promotion.with_user(user)
                self.assertEqual(own.uplift, 100)
                if may_write:
                    own.name = "Summer sale"
                else:
                    with self.assertRaises(AccessError):
                        own.name = "Summer sale"
        stranger = new_test_user(self.env, "p_nobody", groups="base.group_user")
        with self.assertRaises(AccessError):
            promotion.with_user(stranger).read(["uplift"])
        company = self.env["res.company"].create({"name": "Elsewhere"})
        elsewhere = self._promote(company_id=company.id, product_ids=[Command.set(self.item.ids)])
        user = new_test_user(self.env, "p_here", groups="ecom_order_mgmt.group_ecom_manager")
        self.assertNotIn(elsewhere, self.env["ecom.promotion"].with_user(user).search([]))

    def test_suggest_of_the_purchase_catalogue(self):
        """Odoo's own panel, based on our forecast: promotions are in it, past sales are not."""
        self._sold(self.item)
        self._suggest()
        context = {
            "suggest_based_on": "ecom_forecast", "suggest_days": 14, "suggest_percent": 100,
            "warehouse_id": self.warehouse.id,
        }  # fmt: skip
        product = self.item.with_context(**context)
        # Two weeks of 14, ten pieces are there.
        self.assertAlmostEqual(product.suggested_qty, 18, delta=2)
        self.assertEqual(self.item.with_context(**context | {"warehouse_id": 0}).suggested_qty,
                         product.suggested_qty)  # fmt: skip
        self._promote(first=0, last=6)
        product.invalidate_recordset(["monthly_demand", "suggested_qty"])
        self.assertAlmostEqual(product.suggested_qty, 32, delta=3)
        past = self.item.with_context(**context | {"suggest_based_on": "30_days"})
        self.assertEqual(past.suggested_qty, 0, "nothing was delivered yet")
        unknown = self._create_product("NEW").with_context(**context)
        self.assertEqual(unknown.suggested_qty, 0)
