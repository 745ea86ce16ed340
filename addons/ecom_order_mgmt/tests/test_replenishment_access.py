from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from .replenishment_common import ReplenishmentCase


@tagged("post_install", "-at_install")
class TestReplenishmentAccess(ReplenishmentCase):
    def test_companies_are_apart(self):
        company = self.env["res.company"].create({"name": "Sister"})
        warehouse = self.env["stock.warehouse"].search([("company_id", "=", company.id)], limit=1)
        self.env["stock.quant"]._update_available_quantity(self.item, warehouse.lot_stock_id, 1000)
        self._sold(self.item)
        self._sold(self.item, warehouse=warehouse, company=company, per_week=700)
        self._suggest()
        self._suggest(company)
        ours, theirs = self._waiting().sorted(lambda r: r.company_id == company)
        self.assertEqual(ours.source, "buy", "no transfer between companies")
        self.assertEqual(theirs.company_id, company)
        (ours | theirs).action_accept()
        self.assertEqual(theirs.purchase_id.company_id, company)
        self.assertEqual(theirs.purchase_id.picking_type_id.warehouse_id, warehouse)
        self.assertEqual(ours.purchase_id.company_id, self.company)

    def test_access(self):
        self._sold(self.item)
        self._suggest()
        record = self._waiting()
        own = {"company_id": self.company.id, "company_ids": [Command.set(self.company.ids)]}
        viewer = new_test_user(
            self.env, "rep_viewer", groups="ecom_order_mgmt.group_ecom_viewer", **own
        )
        buyer = new_test_user(self.env, "rep_buyer", groups="purchase.group_purchase_user", **own)
        nobody = new_test_user(self.env, "rep_nobody", groups="base.group_user", **own)
        self.assertTrue(record.with_user(viewer).working)
        self.assertTrue(record.with_user(buyer).chart["history"])
        for user in (viewer, nobody):
            for attempt in ("action_accept", "action_refuse", "action_change"):
                arguments = {"action_accept": [], "action_refuse": ["x"]}.get(attempt, [1, "x"])
                with self.assertRaises(AccessError, msg=f"{user.login} {attempt}"):
                    getattr(record.with_user(user), attempt)(*arguments)
        with self.assertRaises(AccessError):
            record.with_user(buyer).write({"state": "accepted"})
        with self.assertRaises(AccessError):
            self.policy.with_user(buyer).review_days = 3
        with self.assertRaises(UserError):
            self.Suggestion.with_user(viewer).action_run_now()
        company = self.env["res.company"].create({"name": "Sister"})
        for other in (record, record.forecast_id, self.policy):
            other.sudo().company_id = company
            with self.assertRaises(AccessError, msg=other._name):
                other.with_user(buyer).read(["company_id"])
            other.sudo().company_id = self.company
        record.with_user(buyer).action_accept()
        self.assertEqual(record.state, "accepted")
        self.assertEqual(record.answered_by_id, buyer)
        self.assertTrue(record.purchase_line_id)

    def test_run_now(self):
        self._sold(self.item)
        self.Suggestion.action_run_now()
        runs = self.env["ecom.replenishment.run"].search([("company_id", "=", self.company.id)])
        self.assertEqual(set(runs[:3].mapped("kind")), {"demand", "forecast", "suggest"})
        self.assertEqual(set(runs[:3].mapped("state")), {"done"})
        self.assertTrue(self._waiting())
