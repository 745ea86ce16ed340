"""A return case, its label bought of a carrier over HTTP, and the carrier's scans on the way back."""

from odoo import fields
from odoo.tests import HttpCase, tagged

from .return_common import ReturnCase
from .test_labels import LabelCase


@tagged("post_install", "-at_install")
class TestReturnLabelCase(ReturnCase, LabelCase, HttpCase):
    RETURN_POLICY = {
        "name": "With a label", "days_refund": 30, "days_return": 30, "days_exchange": 30,
        "method": "ship", "give_label": True, "auto_approve": True,
        "refund_on": "first_scan", "exchange_on": "first_scan",
    }  # fmt: skip

    def setUp(self):
        super().setUp()
        self.server.voided.clear()

    def _case(self, type="return", name="R-1"):
        shipment = self._packed(name)
        shipment.action_ship()
        self.sale_order = shipment.picking_ids.sale_id
        order = self.sale_order.ecom_order_id
        self.assertEqual(self.sale_order.picking_ids.mapped("state"), ["done"])
        result = self.env["ecom.return"].create_request(
            {"type": type, "order_id": order.id, "origin": "portal", "reason": "withdrawal"}
        )
        case = self.env["ecom.return"].browse(result["id"])
        self.assertEqual((case.request_state, case.goods_state), ("approved", "awaiting"), result)
        return case

    def _scan(self, number, text="Arrived at Facility", code="AR"):
        today = fields.Date.to_string(fields.Date.today()).replace("-", "")
        place = {"address": {"city": "Bonn", "country": "DE"}}
        self.server.events[number] = [
            {"date": today, "time": "235900", "location": place,
             "status": {"type": "I", "code": code, "description": text}},
        ]  # fmt: skip
        self.env["ecom.label"].search([("is_return", "=", True)]).return_poll_at = "2026-01-01"
        self.env["ecom.label"]._cron_poll_returns()

    def test_bought_once_printed_and_refunded_on_first_scan(self):
        case = self._case()
        self.assertEqual(case.label_state, "ordered")
        self.assertFalse(case.payment_ids)
        self.assertIn("return_label_waits", self.url_open(case.get_portal_url()).text)
        for _twice in range(2):
            self._work()
        label = case.label_shipment_id.label_ids.filtered("is_return")
        self.assertEqual(len(self._sold(label)), 1)
        number = label.numbers
        self.assertRecordValues(
            case, [{"label_state": "bought", "return_tracking_ref": number, "label_cost": 7.35}]
        )
        self.assertIn('id="return_label"', self.url_open(case.get_portal_url()).text)
        paper = self.url_open(f"/my/returns/{case.id}/label?access_token={case.access_token}")
        self.assertEqual((paper.status_code, paper.content), (200, b"^XA^FDone^FS^XZ"))
        # The carrier knows nothing of it yet; then it scans the parcel.
        label.return_poll_at = "2026-01-01"
        self.env["ecom.label"]._cron_poll_returns()
        self.assertEqual((case.goods_state, case.payment_ids.ids), ("awaiting", []))
        self.assertTrue(label.return_poll_at > fields.Datetime.now())
        self._scan(number)
        self.assertEqual(case.goods_state, "in_transit")
        self.assertEqual(len(case.payment_ids), 1, "the policy pays on the first scan")
        self.assertTrue(case.decision_ids.filtered(lambda d: "Bonn" in d.summary))
        self._scan(number)
        self.assertEqual(len(case.payment_ids), 1)
        # Once it has arrived nobody is asked any more.
        self._scan(number, "Delivered", "KB")
        self.env["ecom.shipment"].import_tracking(
            [{"carrier": "ups", "tracking_ref": number, "at": fields.Datetime.now().isoformat() + "Z",
              "status": "delivered", "text": "Delivered"}]
        )  # fmt: skip
        label._plan_return_poll()
        self.assertFalse(label.return_poll_at)

    def test_exchange_leaves_on_first_scan(self):
        case = self._case("exchange")
        self._work()
        self.assertEqual(case.exchange_state, "reserved")
        self._scan(case.return_tracking_ref)
        self.assertEqual((case.goods_state, case.exchange_state), ("in_transit", "released"))

    def test_given_back_with_the_case(self):
        case = self._case()
        self._work()
        number = case.return_tracking_ref
        case.action_withdraw("kept")
        self._work()
        self.assertEqual(len(self.server.voided), 1)
        self.assertEqual(case.label_state, "void")
        label = case.label_shipment_id.label_ids.filtered("is_return")
        self.assertEqual((label.state, label.return_poll_at), ("voided", False))
        self._scan(number)
        self.assertEqual(case.goods_state, "none")

    def test_case_ends_while_the_label_is_bought(self):
        case = self._case()
        label = case.label_shipment_id.label_ids.filtered("is_return")
        label.state = "sending"
        case.action_withdraw("kept")
        self.assertEqual(label.state, "sending", "the carrier may be selling it at this moment")
        label.state = "waiting"
        self._work()
        self._work()
        self.assertEqual((label.state, len(self.server.voided)), ("voided", 1))

    def test_number_known_after_the_scan(self):
        """A buyer who sends it with a carrier of their own tells the number later than the carrier."""
        self.return_policy.give_label = False
        case = self._case()
        self.env["ecom.shipment"].import_tracking(
            [{"carrier": "dhl", "tracking_ref": "OWN 1", "at": fields.Datetime.now().isoformat() + "Z",
              "status": "in_transit", "text": "On its way"}]
        )  # fmt: skip
        self.assertEqual(case.goods_state, "awaiting")
        case.return_tracking_ref = "own 1"
        self.env["ecom.return"]._cron_escalate_deadlines()
        self.assertEqual(case.goods_state, "in_transit")
