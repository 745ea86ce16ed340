from datetime import timedelta
from unittest.mock import patch

from psycopg2 import errors as pg_errors

from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from .replenishment_common import ReplenishmentCase

# Everything that is readable by viewers and purchasers, and what the latter may more.
RIGHTS = {
    "ecom.demand": "r",
    "ecom.forecast": "r",
    "ecom.replenishment": "rw",
    "ecom.replenishment.policy": "r",
    "ecom.replenishment.run": "r",
    "ecom.replenishment.simulation": "rwcu",
    "ecom.replenishment.simulation.line": "rwcu",
    "ecom.stock.health": "r",
}
OPERATIONS = {"r": "read", "w": "write", "c": "create", "u": "unlink"}


@tagged("post_install", "-at_install")
class TestReplenishmentNightly(ReplenishmentCase):
    def _runs(self):
        return self.env["ecom.replenishment.run"].search([("company_id", "=", self.company.id)])

    def test_timer_does_each_step_once_a_day(self):
        self._sold(self.item)
        cron = self.env.ref("ecom_order_mgmt.ir_cron_replenishment")
        with self.enter_registry_test_mode():
            cron.method_direct_trigger()
        self.env.invalidate_all()
        runs = self._runs()
        self.assertEqual(sorted(runs.mapped("kind")), ["demand", "forecast", "suggest"])
        self.assertEqual(set(runs.mapped("state")), {"done"})
        suggest = runs.filtered(lambda run: run.kind == "suggest")
        self.assertEqual(suggest.done_count, suggest.total_count)
        self.assertGreaterEqual(suggest.figures["created"], 1)
        self.assertEqual(suggest.progress, 100)
        self.assertTrue(self._waiting())
        self.Suggestion._cron_nightly()
        self.assertEqual(self._runs(), runs, "everything is done for today")

    def test_killed_run_goes_on_where_it_stopped(self):
        self._sold(self.item)
        self.env["ecom.demand"]._build(self.company)
        self.Suggestion._cron_nightly()
        self.assertEqual(sorted(self._runs().mapped("kind")), ["demand", "forecast", "suggest"])

    def test_nightly_plan_is_kept(self):
        self._sold(self.item)
        first = self.env["ecom.forecast"]._run(self.company)
        forecast = self.env["ecom.forecast"].search([("product_id", "=", self.item.id)])
        self.assertTrue(forecast.rmsse)
        self.assertAlmostEqual(forecast.weekly_qty, 14, delta=1.5)
        record = forecast.rmsse
        second = self.env["ecom.forecast"]._run(self.company)
        self.assertEqual(first.figures["learned_on"], second.figures["learned_on"])
        self.assertEqual(forecast.rmsse, record, "the back-test's record stays")
        self.assertTrue(self.env["ecom.forecast"]._kept_plan(
            self.company, second, second.figures["horizon"], (), False, self.today)[0])  # fmt: skip

    def test_margins_are_calibrated_by_promises(self):
        """Twenty-five items sell three times what was promised to last: margins grow."""
        products = self.env["product.product"].browse()
        for number in range(25):
            product = self._create_product(f"P{number}")
            self._sold(product)
            products |= product
        run = self.env["ecom.forecast"]._run(self.company)
        self.assertEqual(run.figures["calibration"], {"factor": 1.0, "kept": 0, "broken": 0})
        forecasts = self.env["ecom.forecast"].search([("product_id", "in", products.ids)])
        for forecast in forecasts:
            promise = forecast.promise
            self.assertEqual(promise["day"], self.today.isoformat())
            self.assertGreater(promise["limit"], sum(forecast.points[:2]))
            day = self.today - timedelta(days=14)
            forecast.promise = {"day": day.isoformat(), "limit": 9.0}
        run = self.env["ecom.forecast"]._run(self.company)
        calibration = run.figures["calibration"]
        self.assertEqual((calibration["kept"], calibration["broken"]), (0, 25))
        self.assertGreater(calibration["factor"], 1.1)
        self.assertEqual(
            self.env["ecom.forecast"]._calibration(self.company), calibration["factor"]
        )
        self._create_seller(products[0], price=1, delay=2)
        self.Suggestion._suggest(self.company)
        self.assertIn("lasted less often", self._waiting(products[0]).working)
        # Out of stock: nobody knows what would have been asked for.
        for forecast in forecasts:
            forecast.promise = {"day": (self.today - timedelta(days=14)).isoformat(), "limit": 9.0}
        self.env["ecom.demand"].search([("product_id", "in", products.ids)]).stockout = True
        run = self.env["ecom.forecast"]._run(self.company)
        self.assertEqual(run.figures["calibration"]["broken"], 0)

    def test_interrupted_acceptance_orders_nothing(self):
        """All or nothing: an error in the middle leaves neither order nor acceptance."""
        self._sold(self.item)
        self._suggest()
        record = self._waiting()
        Line = self.env.registry["purchase.order.line"]
        broken = patch.object(Line, "create", side_effect=UserError("no paper"))
        with broken, self.assertRaises(UserError), self.env.cr.savepoint():
            record.action_accept()
        record.invalidate_recordset()
        self.assertEqual(record.state, "open")
        self.assertFalse(self.env["purchase.order"].search([("partner_id", "=", self.supplier.id)]))
        record.action_accept()
        self.assertEqual(len(record.purchase_id.order_line), 1)

    def test_one_waits_per_item_and_source(self):
        self._sold(self.item)
        self._suggest()
        record = self._waiting()
        refused = self.assertRaises(pg_errors.UniqueViolation)
        with mute_logger("odoo.sql_db"), refused, self.env.cr.savepoint():
            record.copy()
        record.action_accept()
        record.copy({"state": "open"})
        self.assertEqual(len(self._waiting()), 1)

    def test_rights(self):
        own = {"company_id": self.company.id, "company_ids": [Command.set(self.company.ids)]}
        users = {
            "viewer": new_test_user(
                self.env, "night_viewer", groups="ecom_order_mgmt.group_ecom_viewer", **own
            ),
            "buyer": new_test_user(
                self.env, "night_buyer", groups="purchase.group_purchase_user", **own
            ),
            "nobody": new_test_user(self.env, "night_nobody", groups="base.group_user", **own),
        }
        for model, buyer in RIGHTS.items():
            allowed = {"viewer": "r", "buyer": buyer, "nobody": ""}
            for name, user in users.items():
                for letter, operation in OPERATIONS.items():
                    with self.subTest(model=model, user=name, operation=operation):
                        self.assertEqual(
                            self.env[model].with_user(user).has_access(operation),
                            letter in allowed[name],
                        )
            rules = self.env["ir.rule"].search([("model_id.model", "=", model)])
            self.assertTrue(
                any("company_ids" in (rule.domain_force or "") for rule in rules), model
            )

    def test_product_page(self):
        self._sold(self.item)
        self._suggest()
        action = self.item.action_open_ecom_forecast()
        forecast = self.env["ecom.forecast"].browse(action["res_id"])
        self.assertEqual(forecast.product_id, self.item)
        self.assertEqual(len(forecast.chart["history"]), 26)
        self.assertIn("forecast", forecast.chart)
        self.assertEqual(forecast.chart["stock"], [])
        self.assertTrue(forecast.method_words)
