from odoo.tests import HttpCase, tagged

from .review_common import ReviewCase


@tagged("post_install", "-at_install")
class TestReviewTour(HttpCase, ReviewCase):
    def test_review_tour(self):
        """A rule made in the domain editor, tried on past orders, switched on; orders come in, the
        queue is worked, one order is forced with a reason. In a real browser."""
        self.channel.write({"name": "Review Shop", "approval": "manual"})
        lines = [self._line(quantity="30")]
        self._import_one(external_id="TOUR-OLD", lines=lines)
        self.start_tour("/odoo/ecom-rules/new", "ecom_review_rule_tour", login="admin", timeout=120)
        rule = self.env["ecom.rule"].search([("name", "=", "Tour rule")])
        self.assertRecordValues(
            rule, [{"state": "active", "domain": '[("amount_total", ">", 200)]'}]
        )
        self.assertEqual(rule.action_ids.kind, "hold")

        self.channel.approval = "all"
        _result, orders = self._import(
            *(self._document(f"TOUR-{i}", lines=lines) for i in range(1, 4)),
            self._document("TOUR-SMALL"),
        )
        self.channel.process_orders()
        self.assertEqual(orders.mapped("review_state"), ["held"] * 3 + ["approved"])
        self.start_tour("/odoo/ecom-review", "ecom_review_queue_tour", login="admin", timeout=120)
        self.assertEqual(orders.mapped("review_state"), ["approved"] * 4)
        forced = orders.filtered("forced_at")
        self.assertEqual(forced.force_reason, "The buyer waits in the shop")
        self.assertEqual(
            set((orders[:3] - forced).exception_ids.mapped("resolution")), {"Looked at all"}
        )
