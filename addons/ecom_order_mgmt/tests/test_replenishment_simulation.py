import random
from datetime import timedelta

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from .replenishment_common import ReplenishmentCase


@tagged("post_install", "-at_install")
class TestReplenishmentSimulation(ReplenishmentCase):
    """What would this policy have done."""

    def _random_sales(self, product, seed, days=250):
        generator = random.Random(seed)
        self.env["ecom.demand"].create(
            [
                {
                    "product_id": product.id,
                    "warehouse_id": self.warehouse.id,
                    "company_id": self.company.id,
                    "day": self.today - timedelta(days=day),
                    "source": "import",
                    "qty": generator.randint(0, 6),
                }
                for day in range(1, days)
            ]
        )

    def test_curve_and_present_rules(self):
        other = self._create_product("BOWL", standard_price=3)
        self._create_seller(other, price=3, delay=10)
        self._random_sales(self.item, 1)
        self._random_sales(other, 2)
        self.env["stock.warehouse.orderpoint"].create(
            {
                "product_id": self.item.id,
                "location_id": self.warehouse.lot_stock_id.id,
                "product_min_qty": 2,
                "product_max_qty": 9,
                "trigger": "manual",
            }
        )
        simulation = self.env["ecom.replenishment.simulation"].create(
            {
                "policy_id": self.policy.id,
                "warehouse_id": self.warehouse.id,
                "company_id": self.company.id,
                "weeks": 12,
            }
        )
        simulation.action_run()
        self.assertEqual((simulation.state, simulation.item_count), ("done", 2))
        lines = simulation.line_ids.filtered(lambda line: line.kind == "policy")
        self.assertEqual(len(lines), 7)
        values = lines.mapped("stock_value")
        self.assertEqual(values, sorted(values), "more service, more stock")
        self.assertGreaterEqual(lines[-1].fill_rate, lines[0].fill_rate)
        self.assertGreater(lines[4].fill_rate, 95)
        rule = simulation.line_ids - lines
        self.assertEqual((rule.kind, rule.items), ("rules", 1))
        self.assertLess(rule.fill_rate, lines[0].fill_rate, "2 to 9 is far too little")
        self.assertIn("present reordering rules", simulation.note)
        # Again: the same, not twice.
        simulation.action_run()
        self.assertEqual(len(simulation.line_ids), 8)
        self.assertEqual(
            simulation.line_ids.filtered(lambda line: line.kind == "policy").mapped("stock_value"),
            values,
        )
        simulation.line_ids[2].action_choose()
        self.assertRecordValues(self.policy, [{"service_mode": "fixed", "service_level": 90}])

    def test_too_little_history_and_access(self):
        simulation = self.env["ecom.replenishment.simulation"].create(
            {
                "policy_id": self.policy.id,
                "warehouse_id": self.warehouse.id,
                "company_id": self.company.id,
            }
        )
        with self.assertRaises(UserError):
            simulation.action_run()
        own = {"company_id": self.company.id, "company_ids": [Command.set(self.company.ids)]}
        viewer = new_test_user(
            self.env, "sim_viewer", groups="ecom_order_mgmt.group_ecom_viewer", **own
        )
        buyer = new_test_user(self.env, "sim_buyer", groups="purchase.group_purchase_user", **own)
        with self.assertRaises(AccessError):
            simulation.with_user(viewer).action_run()
        self._random_sales(self.item, 3)
        simulation.weeks = 8
        simulation.with_user(buyer).action_run()
        self.assertEqual(simulation.state, "done")
        with self.assertRaises(AccessError):
            simulation.line_ids[0].with_user(buyer).action_choose()
        company = self.env["res.company"].create({"name": "Sister"})
        self.env.cr.execute(
            "UPDATE ecom_replenishment_simulation SET company_id = %s", [company.id]
        )
        self.env.invalidate_all()
        with self.assertRaises(AccessError):
            simulation.with_user(buyer).read(["note"])
