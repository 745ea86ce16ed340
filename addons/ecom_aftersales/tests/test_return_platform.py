from datetime import datetime

from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import freeze_time, new_test_user, tagged

from .common import AftersalesCase


@tagged("post_install", "-at_install")
class TestReturnPlatform(AftersalesCase):
    """Cases that a platform opens or closes, and cases of orders of no platform."""

    def test_channel_cancels_what_has_left(self):
        sale_order = self._sell(ship=True)
        parcel = sale_order.picking_ids.ecom_shipment_id
        parcel.carrier_id = self.env["delivery.carrier"].create(
            {
                "name": "Fast & Co",
                "product_id": self.product.id,
                "ecom_stop_how": "Call 0800 1234",
            }
        )
        parcel.tracking_ref = "FC-77"
        self._import_one(status="cancelled", updated_at="2026-03-02T10:00:00Z")
        case = sale_order.ecom_return_ids
        self.assertRecordValues(case, [{"type": "intercept", "request_state": "new"}])
        stopped = sale_order.ecom_order_id.interception_ids
        self.assertRecordValues(stopped, [{"outcome": "refused", "return_id": case.id}])
        self.assertEqual(stopped.action_open_case()["res_id"], case.id)
        case.action_approve()
        self.assertEqual(case.goods_state, "in_transit")
        note = case.activity_ids.filtered(lambda a: "carrier" in a.summary).note
        for text in ("Fast &amp; Co", "FC-77", "Call 0800 1234", "not scanned it yet"):
            self.assertIn(text, note)
        self.channel.import_orders(
            [
                {
                    "type": "refund",
                    "external_id": "R-9",
                    "order_external_id": "A-1",
                    "created_at": "2026-03-05T10:00:00Z",
                    "currency": "EUR",
                    "amount": "10",
                }
            ]
        )
        self.channel.process_orders()
        self.assertEqual(sale_order.ecom_return_ids, case, "the channel paid what the case owes")
        self.assertEqual(case.money_state, "done")
        case.action_receive()
        case.action_grade([{"line_id": case.line_ids.id, "grade": "a", "quantity": 1}])
        self.assertEqual(len(case.payment_ids), 1)

    def test_platform_deadline_escalates(self):
        self.channel.user_id = self.env.user
        sale_order = self._sell(ship=True)
        case = self._request(
            sale_order, platform_case_id="P-1", platform_deadline="2027-01-10 00:00:00"
        )
        again = self._request(sale_order, platform_case_id="P-1")
        self.assertEqual(case, again, "the platform's case is here once")
        self.env.cr.execute(
            "UPDATE ecom_return SET create_date = '2027-01-01' WHERE id = %s", [case.id]
        )
        case.invalidate_recordset(["create_date"])
        for day, step in (("2027-01-03", 0), ("2027-01-06", 1), ("2027-01-09", 2)):
            with freeze_time(day):
                self.env["ecom.return"]._cron_escalate_deadlines()
            self.assertEqual(case.escalation, step)
        case.action_approve()
        self.assertEqual(case.platform_state, "approved")
        self.assertTrue(case.activity_ids.filtered(lambda a: "Answer the platform" in a.summary))

    def _told(self, **values):
        """The canonical document of a request, as a program or a connector hands it in."""
        document = {
            "type": "return",
            "external_id": "PC-1",
            "order_external_id": "A-1",
            "created_at": "2026-03-05T10:00:00Z",
            "lines": [{"sku": "MUG", "quantity": "1"}],
            **values,
        }
        (result,) = self.channel.import_orders([document])
        self.channel.process_orders()
        return result

    def test_request_is_here_before_its_order(self):
        result = self._told(deadline="2027-01-10T00:00:00Z", reason="too big", note="Sorry")
        self.assertEqual(result["outcome"], "created")
        record = self.env["ecom.platform.case"].search([("external_id", "=", "PC-1")])
        self.assertEqual(record.state, "waiting")
        sale_order = self._sell(ship=True)
        self.channel.process_orders()
        case = sale_order.ecom_return_ids
        self.assertRecordValues(
            case,
            [
                {
                    "type": "return",
                    "platform_case_id": "PC-1",
                    "description": "Sorry\ntoo big",
                    "platform_deadline": datetime(2027, 1, 10),
                    "platform_state": "open",
                }
            ],
        )
        self.assertEqual((record.state, record.return_id), ("matched", case))
        self.assertEqual(
            self._told(deadline="2027-01-10T00:00:00Z", reason="too big", note="Sorry")["outcome"],
            "unchanged",
        )
        # The platform gives more time, and the parcel's number.
        self._told(deadline="2027-01-12T00:00:00Z", tracking="BACK-1")
        self.assertRecordValues(
            case,
            [{"platform_deadline": datetime(2027, 1, 12), "return_tracking_ref": "BACK-1"}],
        )
        # No connector: a person answers, and says so.
        case.action_approve()
        self.assertEqual(case.platform_answer, "manual")
        agent = new_test_user(self.env, "answer_agent", groups="ecom_aftersales.group_ecom_agent")
        viewer = new_test_user(self.env, "answer_view", groups="ecom_order_mgmt.group_ecom_viewer")
        with self.assertRaises(AccessError):
            case.with_user(viewer).action_platform_answered()
        case.with_user(agent).action_platform_answered()
        self.assertEqual(case.platform_answer, "done")

    def test_unreadable_request_is_parked(self):
        result = self._told(lines=[{"quantity": "1"}])
        self.assertEqual((result["outcome"], result["cause"]), ("parked", "invalid_document"))
        record = self.env["ecom.platform.case"].search([("external_id", "=", "PC-1")])
        self.assertIn("order_line_id", record.message)

    def test_over_when_first_read(self):
        self._sell(ship=True)
        self._told(status="declined")
        record = self.env["ecom.platform.case"].search([("external_id", "=", "PC-1")])
        self.assertEqual((record.state, record.return_id.id), ("parked", False))

    def test_platform_decides_otherwise(self):
        sale_order = self._sell(ship=True)
        self._told()
        case = sale_order.ecom_return_ids
        case.action_reject("No")
        self._told(status="approved")
        self.assertEqual((case.request_state, case.platform_state), ("rejected", "approved"))
        self.assertTrue(case.activity_ids.filtered(lambda a: "decided otherwise" in a.summary))

    def test_case_of_a_plain_sale_order(self):
        """Not every sale came by a channel."""
        sale_order = self.env["sale.order"].create(
            {
                "partner_id": self.env["res.partner"].create({"name": "Walk-in"}).id,
                "order_line": [
                    Command.create({"product_id": self.product.id, "product_uom_qty": 2})
                ],
            }
        )
        sale_order.action_confirm()
        self._ship(sale_order)
        invoice = self._invoice(sale_order)
        case = self._request(sale_order, [{"sku": "MUG", "quantity": 1}])
        case.action_approve()
        case.action_receive()
        case._refund_due()
        self.assertFalse(case.payment_ids, "nobody has paid yet")
        self.assertEqual(case.credit_note_ids.reversed_entry_id, invoice)
        self.assertEqual(sale_order.order_line.qty_delivered, 1)
