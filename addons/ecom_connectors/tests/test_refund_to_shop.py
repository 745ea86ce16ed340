"""A case of ecom_aftersales refunds an order that was paid in the shop: over real HTTP, once."""

from odoo.exceptions import UserError
from odoo.tests import tagged

from .return_common import ReturnCase
from .test_connector_sim import SimCase


@tagged("post_install", "-at_install")
class TestRefundToShop(ReturnCase, SimCase):
    def _case(self, quantity=1):
        self.order_id = self.shop.place([("TSIM-001", 2)])
        self.sim.sync_now()
        order = self._order(self.order_id)
        self._deliver(order)
        self.sim.sync_now(["shipments"])
        result = self.env["ecom.return"].create_request(
            {
                "type": "refund_only",
                "order_id": order.id,
                "reason": "defect",
                "lines": [{"sku": "TSIM-001", "quantity": quantity}],
            }
        )
        case = self.env["ecom.return"].browse(result["id"])
        case.action_approve("test")
        case.action_refund()
        return case

    def _refunds(self):
        return self.shop.orders[self.order_id]["refunds"]

    def _refuse(self):
        """The shop has no money of this order, for now."""
        order = self.shop.orders[self.order_id]
        order["total"], total = "0", order["total"]
        self.sim.sync_now(["shipments"])
        order["total"] = total

    def _task(self, case):
        return case.order_id.task_ids.filtered(lambda task: task.kind == "refund").sorted("id")[-1]

    def test_told_once_and_the_answer_comes_back(self):
        case = self._case()
        payment = case.payment_ids
        self.assertEqual((payment.method, payment.state), ("channel", "pending"))
        self.assertFalse(case.activity_ids, "nobody need pay by hand")
        self.assertEqual(self._refunds(), [])
        self.sim.sync_now(["shipments"])
        told = self._refunds()
        self.assertEqual(len(told), 1)
        self.assertEqual((payment.state, case.money_state), ("done", "done"))
        self.assertEqual(payment.reference, self._task(case).remote_ref)
        self.assertAlmostEqual(float(told[0]["amount"]), payment.amount)
        self.assertEqual(told[0]["lines"][0]["quantity"], 1)
        # The shop reports what we told it: no second case, no second refund.
        self.sim.sync_now()
        refund = case.order_id.refund_ids
        self.assertEqual((refund.return_id, payment.refund_id), (case, refund))
        self.assertEqual(len(case.order_id.return_ids), 1)
        self.assertEqual(len(self._refunds()), 1)
        with self.assertRaises(UserError):
            case.action_refund()

    def test_answer_lost(self):
        case = self._case()
        self.shop.fail_next("timeout_after", method="POST")
        self.sim.sync_now(["shipments"])
        self.assertEqual(case.payment_ids.state, "pending")
        with self.assertRaises(UserError, msg="the shop may have paid"):
            case.payment_ids.action_cancel()
        self.sim.sync_now(["shipments"])
        self.assertEqual(case.payment_ids.state, "done")
        self.assertEqual(len(self._refunds()), 1)

    def test_refused_frees_the_amount_and_blocks_nothing(self):
        case = self._case()
        self._refuse()
        payment = case.payment_ids
        self.assertEqual(payment.state, "failed")
        self.assertTrue(case.activity_ids)
        case.action_refund()
        again = case.payment_ids - payment
        self.sim.sync_now(["shipments"])
        self.assertEqual((payment.state, again.state), ("failed", "done"))
        self.assertEqual(len(self._refunds()), 1)

    def test_refused_is_sent_again_by_a_reviewer(self):
        case = self._case()
        self._refuse()
        task = self._task(case)
        self.assertEqual(task.state, "failed")
        task.action_retry()
        self.assertEqual(case.payment_ids.state, "pending")
        self.sim.sync_now(["shipments"])
        self.assertEqual(case.payment_ids.state, "done")
        self.assertEqual(len(self._refunds()), 1)

    def test_refused_and_paid_by_other_means_is_not_sent_again(self):
        case = self._case()
        self._refuse()
        task = self._task(case)
        self.sim.push_refunds = False
        case.action_refund()
        by_hand = case.payment_ids.filtered(lambda p: p.method == "manual")
        by_hand.action_mark_paid("SEPA 1")
        with self.assertRaises(UserError):
            task.action_retry()

    def test_cancelled_before_it_was_told(self):
        case = self._case()
        case.payment_ids.action_cancel()
        self.assertEqual(self._task(case).state, "cancelled")
        self.sim.sync_now(["shipments"])
        self.assertEqual(self._refunds(), [])
        self.assertEqual(case.payment_ids.state, "cancelled")

    def test_paid_by_hand_before_it_was_told(self):
        case = self._case()
        case.payment_ids.action_mark_paid("SEPA 1")
        self.assertEqual(self._task(case).state, "cancelled")
        self.sim.sync_now(["shipments"])
        self.assertEqual(self._refunds(), [])

    def test_nobody_marks_as_paid_what_the_shop_may_be_paying(self):
        case = self._case()
        self.shop.fail_next("timeout_after", method="POST")
        self.sim.sync_now(["shipments"])
        with self.assertRaises(UserError):
            case.payment_ids.action_mark_paid("SEPA 1")
        self.sim.sync_now(["shipments"])
        self.assertEqual(case.payment_ids.state, "done")
        self.assertEqual(len(self._refunds()), 1)

    def test_shop_was_faster(self):
        """Somebody in the shop gives the same money back before we tell it: one refund."""
        case = self._case()
        payment = case.payment_ids
        document = {
            "type": "refund",
            "external_id": "SHOP-1",
            "order_external_id": self.order_id,
            "created_at": "2026-03-05T10:00:00Z",
            "currency": case.currency_id.name,
            "amount": f"{payment.amount:.2f}",
        }
        entry = self.sim._prepare_entry(document)
        self.env["ecom.refund"]._ingest(self.sim, [entry])
        self.sim.process_orders()
        self.assertEqual(payment.state, "done")
        self.assertEqual(self._task(case).state, "cancelled")
        self.sim.sync_now(["shipments"])
        self.assertEqual(self._refunds(), [])

    def test_shadow_mode_is_paid_by_hand(self):
        self.sim.connector_shadow = True
        order_id = self.shop.place([("TSIM-001", 1)])
        self.sim.sync_now()
        self.assertFalse(self._order(order_id)._can_tell_refund())
