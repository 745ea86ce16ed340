from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from .common import EcomCase


@tagged("post_install", "-at_install")
class TestRefund(EcomCase):
    CUSTOMER = {"external_id": "C-1", "name": "Ada"}

    def _refund(self, external_id="R-1", quantity="1", sku="MUG", **vals):
        return {
            "type": "refund",
            "external_id": external_id,
            "created_at": "2026-03-05T10:00:00Z",
            "currency": "EUR",
            "amount": "10",
            "customer": self.CUSTOMER,
            "lines": [{"id": "1", "sku": sku, "quantity": quantity, "amount": "10"}],
            **vals,
        }

    def _import_refund(self, **vals):
        result = self.channel.import_orders([self._refund(**vals)])
        return result[0], self.env["ecom.refund"].search([], order="id desc", limit=1)

    def test_by_reference(self):
        order = self._import_one()
        result, refund = self._import_refund(order_external_id="A-1")
        self.assertEqual(result["outcome"], "created")
        self.assertEqual(refund.order_id, order)
        self.assertEqual(refund.matched_by, "reference")
        self.assertEqual(order.get_status()["refunds"][0]["amount"], 10)

    def test_by_goods_takes_the_latest_order_that_has_enough(self):
        early = self._import_one(
            external_id="1", customer=self.CUSTOMER, lines=[self._line(quantity="3")]
        )
        late = self._import_one(
            external_id="2", customer=self.CUSTOMER, placed_at="2026-03-02T10:00:00Z"
        )
        _result, first = self._import_refund(sku="mug")
        self.assertEqual(first.order_id, late)
        _result, second = self._import_refund(external_id="R-2")
        self.assertEqual(second.order_id, early, "the latest order has nothing left")
        result, third = self._import_refund(external_id="R-3", quantity="3")
        self.assertEqual(result["cause"], "refund_unmatched")
        self.assertEqual(third.state, "parked")

    def test_two_refunds_in_one_call_share_what_is_left(self):
        self._import_one(external_id="1", customer=self.CUSTOMER)
        result = self.channel.import_orders([self._refund("R-1"), self._refund("R-2")])
        self.assertEqual([entry["outcome"] for entry in result], ["created", "parked"])

    def test_order_after_the_refund_is_none_of_its(self):
        self._import_one(customer=self.CUSTOMER, placed_at="2026-03-09T10:00:00Z")
        result, _refund = self._import_refund()
        self.assertEqual(result["outcome"], "parked")

    def test_late_order_is_matched_by_itself(self):
        _result, refund = self._import_refund(order_external_id="A-1")
        _result, other = self._import_refund(external_id="R-2")
        self.assertEqual((refund.state, other.state), ("parked", "parked"))
        order = self._import_one(customer=self.CUSTOMER, lines=[self._line(quantity="2")])
        self.assertEqual((refund | other).order_id, order)

    def test_again_is_unchanged(self):
        self._import_refund()
        result, _refund = self._import_refund()
        self.assertEqual(result["outcome"], "unchanged")
        self.assertEqual(self.env["ecom.refund"].search_count([]), 1)

    def test_by_hand(self):
        order = self._import_one()
        _result, refund = self._import_refund()
        user = new_test_user(self.env, "ref_rev", groups="ecom_order_mgmt.group_ecom_reviewer")
        with self.assertRaises(UserError):
            refund.with_user(user).action_match_again()
        refund.with_user(user).order_id = order
        self.assertRecordValues(
            refund, [{"state": "matched", "matched_by": "manual", "cause": False}]
        )
        viewer = new_test_user(self.env, "ref_view", groups="ecom_order_mgmt.group_ecom_viewer")
        with self.assertRaises(AccessError):
            refund.with_user(viewer).order_id = False

    def test_unreadable_refund_is_kept(self):
        result = self.channel.import_orders([self._refund(amount="much")])
        self.assertEqual((result[0]["outcome"], result[0]["cause"]), ("parked", "invalid_document"))
        self.assertIn("amount", self.env["ecom.refund"].search([]).cause_message)
