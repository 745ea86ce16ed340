from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from .common import AftersalesCase


@tagged("post_install", "-at_install")
class TestRefundHandling(AftersalesCase):
    """Refunds that channels report: seen to by an agent, and mirrored as cases once."""

    def _refund(self, external_id="R-1", amount="10", **vals):
        return {
            "type": "refund",
            "external_id": external_id,
            "order_external_id": "A-1",
            "created_at": "2026-03-05T10:00:00Z",
            "currency": "EUR",
            "amount": amount,
            "reason": "Broken",
            "lines": [{"id": "1", "sku": "MUG", "quantity": "1", "amount": amount}],
            **vals,
        }

    def _mirror(self, *documents):
        self.channel.import_orders(list(documents))
        self.channel.process_orders()
        return self.env["ecom.refund"].search([("channel_id", "=", self.channel.id)], order="id")

    def test_agent_closes_and_reopens(self):
        self.channel.refund_cases = False
        self._sell()
        refund = self._mirror(self._refund())
        self.assertEqual(refund.handling, "todo")
        self.assertAlmostEqual(refund.refund_share, 1.0)
        agent = new_test_user(self.env, "ref_agent", groups="ecom_aftersales.group_ecom_agent")
        refund.with_user(agent).action_done()
        self.assertRecordValues(refund, [{"handling": "done", "handled_by_id": agent.id}])
        refund.with_user(agent).action_reopen()
        self.assertFalse(refund.handled_by_id)
        viewer = new_test_user(self.env, "ref_viewer", groups="ecom_order_mgmt.group_ecom_viewer")
        with self.assertRaises(AccessError):
            refund.with_user(viewer).action_done()

    def test_refund_before_shipping_stops_the_goods_and_cancels_the_order(self):
        sale_order = self._sell()
        self.assertEqual(self._free(self.product), 99)
        refund = self._mirror(self._refund())
        case = refund.return_id
        self.assertRecordValues(
            case,
            [
                {
                    "type": "refund_only",
                    "request_state": "approved",
                    "amount_due": 10,
                    "money_state": "done",
                    "is_open": False,
                    "credit_state": "done",
                }
            ],
        )
        self.assertEqual(sale_order.state, "cancel")
        self.assertEqual(self._free(self.product), 100)
        self.assertEqual(sale_order._ecom_get_refundable(), 0)

    def test_refund_of_a_draft_is_not_sent_later(self):
        self.channel.approval = "manual"
        order = self._import_one(lines=[self._line(quantity="3")])
        self.assertEqual(order.sale_order_id.state, "draft")
        self._mirror(self._refund())
        order.action_approve("go")
        self.channel.process_orders()
        self.assertEqual(order.sale_order_id.state, "sale")
        self.assertEqual(
            sum(
                order.sale_order_id.picking_ids.move_ids.filtered(
                    lambda m: m.state != "cancel"
                ).mapped("product_uom_qty")
            ),
            2,
        )

    def test_whole_draft_refunded_is_never_confirmed(self):
        self.channel.approval = "manual"
        order = self._import_one()
        self._mirror(self._refund())
        self.assertEqual((order.sale_order_id.state, order.review_state), ("cancel", "rejected"))

    def test_again_is_one_case(self):
        self._sell(ship=True)
        first = self._mirror(self._refund())
        again = self._mirror(self._refund(), self._refund(reason="Very broken"))
        self.assertEqual(first, again)
        self.assertEqual(
            self.env["ecom.return"].search_count([("order_id", "=", first.order_id.id)]), 1
        )
        self.assertEqual(len(first.return_id.payment_ids), 1)

    def test_platforms_amount_is_the_truth(self):
        sale_order = self._sell(ship=True, invoice=True)
        case = self._mirror(self._refund(amount="7.5")).return_id
        self.assertRecordValues(
            case, [{"amount_goods": 10, "amount_adjustment": -2.5, "amount_due": 7.5}]
        )
        note = case.credit_note_ids
        self.assertEqual(note.amount_total, 7.5)
        self.assertEqual(note.reversed_entry_id, sale_order.invoice_ids - note)
        self.assertEqual(note.state, "posted")

    def test_channel_confirms_our_own_refund(self):
        sale_order = self._sell(ship=True)
        case = self._request(sale_order, type="refund_only")
        case.action_approve()
        case.action_refund()
        self.assertEqual(case.payment_ids.state, "todo")
        refund = self._mirror(self._refund())
        self.assertEqual(refund.return_id, case)
        self.assertRecordValues(case.payment_ids, [{"state": "done", "refund_id": refund.id}])
        self.assertEqual(sale_order._ecom_get_refunded(), 10)

    def test_more_than_the_order_holds_is_explained(self):
        self._sell(ship=True)
        refund = self._mirror(
            self._refund(lines=[{"id": "1", "sku": "MUG", "quantity": "3", "amount": "10"}])
        )
        self.assertEqual(refund.return_id.line_ids.quantity, 1)
        self.assertIn(
            "2 x MUG",
            refund.return_id.decision_ids.filtered(lambda d: d.stage == "platform").summary,
        )

    def test_there_and_here(self):
        sale_order = self._sell(ship=True, lines=[self._line(quantity="3")])
        self._mirror(self._refund())
        case = self._request(sale_order, [{"sku": "MUG", "quantity": 1}], "refund_only")
        case.action_approve()
        case.action_refund()
        self.channel.refund_cases = False
        self._mirror(self._refund("R-2", "7"))
        self.env.flush_all()
        Compare = self.env["ecom.refund.compare"]
        rows = Compare.search([("channel_id", "=", self.channel.id)])
        self.assertEqual(
            sorted((row.side, row.amount_there, row.amount_here, row.difference) for row in rows),
            [("both", 10, 10, 0), ("there", 7, 0, 7), ("waiting", 0, 10, -10)],
        )
        case.payment_ids.action_mark_paid()
        self.env.flush_all()
        rows.invalidate_recordset()
        viewer = new_test_user(self.env, "cmp_view", groups="ecom_order_mgmt.group_ecom_viewer")
        self.assertIn("here", rows.with_user(viewer).mapped("side"))
        with self.assertRaises(AccessError):
            Compare.with_user(new_test_user(self.env, "cmp_none")).search([])

    def test_other_currency_waits_for_a_person(self):
        self._sell()
        refund = self._mirror(self._refund(currency="USD"))
        self.assertFalse(refund.return_id)
        self.assertIn("USD", refund.mirror_message)
