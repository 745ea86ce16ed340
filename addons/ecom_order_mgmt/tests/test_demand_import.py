import base64
from datetime import timedelta

from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from .replenishment_common import ReplenishmentCase


@tagged("post_install", "-at_install")
class TestDemandImport(ReplenishmentCase):
    """A newcomer's past demand from a file."""

    def _import(self, text, user=None):
        wizard = self.env["ecom.demand.import"].with_user(user or self.env.user)
        wizard = wizard.create(
            {"file": base64.b64encode(text.encode()), "warehouse_id": self.warehouse.id}
        )
        wizard.action_import()
        return wizard

    def _rows(self):
        return self.env["ecom.demand"].search([("source", "=", "import")], order="day, id")

    def test_once_and_again(self):
        text = (
            "sku,date,quantity,warehouse\n"
            f"VASE,2026-03-01,5,\nVASE,2026-03-02,7,{self.warehouse.code}\n"
            "VASE,2026-03-02,1,\nNOBODY,2026-03-02,1,\nVASE,2026-03-03,many,\n"
        )
        wizard = self._import(text)
        self.assertEqual(self._rows().mapped("qty"), [5, 8])
        self.assertIn("2 days of 1 products", wizard.note)
        self.assertIn("NOBODY", wizard.note)
        self.assertIn("Line 6", wizard.note)
        self._import(text)
        self.assertEqual(self._rows().mapped("qty"), [5, 8])
        # A corrected file replaces; a rebuild keeps what was imported.
        self._import(text.replace(",5,", ",6,"))
        self.env["ecom.demand"]._build(self.company, rebuild=True)
        self.assertEqual(self._rows().mapped("qty"), [6, 8])

    def test_forecast_from_a_wide_weekly_file(self):
        days = [self.today - timedelta(days=7 * n) for n in range(30, 0, -1)]
        text = "date,VASE\n" + "".join(f"{day},{14 + n % 2}\n" for n, day in enumerate(days))
        self._import(text)
        self._suggest()
        forecast = self.env["ecom.forecast"].search([("product_id", "=", self.item.id)])
        self.assertAlmostEqual(forecast.weekly_qty, 14.5, delta=1)
        self.assertTrue(self._waiting())

    def test_refused(self):
        with self.assertRaises(UserError):
            self._import("no,table\n1,2\n")
        buyer = new_test_user(self.env, "imp_buyer", groups="purchase.group_purchase_user")
        with self.assertRaises(AccessError):
            self._import("sku,date,quantity\nVASE,2026-03-01,5\n", buyer)
