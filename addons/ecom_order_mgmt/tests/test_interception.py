from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from .test_shipment import ShipmentCase


@tagged("post_install", "-at_install")
class TestInterception(ShipmentCase):
    """Requests that meet a parcel: what was recorded, by when, and how it ended."""

    def _cancel(self, status="cancelled", day="02", **vals):
        self._import(
            self._document(
                "I-1",
                customer={"name": "Ada Buyer", "email": "ada@example.com"},
                status=status,
                updated_at=f"2026-03-{day}T10:00:00Z",
                **vals,
            )
        )
        self.channel.process_orders()

    def _refund(self, amount, number="R-1"):
        self.channel.import_orders(
            [
                {
                    "type": "refund",
                    "external_id": number,
                    "order_external_id": "I-1",
                    "created_at": "2026-03-05T10:00:00Z",
                    "currency": "EUR",
                    "amount": amount,
                }
            ]
        )
        self.channel.process_orders()

    def test_while_picking(self):
        order = self._confirmed("I-1")
        order.shipment_ids.action_start()
        self._cancel()
        self.assertRecordValues(
            order.interception_ids,
            [{"kind": "cancel", "stage": "picking", "outcome": "applied", "amount_saved": 10}],
        )

    def test_packed_then_cancelled_by_a_person(self):
        order = self._confirmed("I-1")
        parcel = order.shipment_ids
        parcel.action_pack()
        self._cancel()
        record = order.interception_ids
        self.assertRecordValues(
            record,
            [{"kind": "cancel", "stage": "packed", "outcome": "open", "shipment_ids": parcel.ids}],
        )
        self.assertEqual((record.deadline_at - record.requested_at).total_seconds(), 24 * 3600)
        activity = self.env.ref("ecom_order_mgmt.mail_activity_interception")
        self.assertTrue(order.activity_ids.filtered(lambda a: a.activity_type_id == activity))
        order.sale_order_id.order_line.move_ids.picked = False
        order.sale_order_id._action_cancel()
        self.assertRecordValues(record, [{"outcome": "applied", "amount_saved": 10}])
        self.assertFalse(order.activity_ids.filtered(lambda a: a.activity_type_id == activity))

    def test_asked_twice_is_one_request(self):
        order = self._confirmed("I-1")
        order.shipment_ids.action_pack()
        self._cancel()
        self._cancel(day="03", buyer_message="please")
        self.assertEqual(len(order.interception_ids), 1)

    def test_let_go(self):
        order = self._confirmed("I-1")
        order.shipment_ids.action_pack()
        self._cancel()
        order.shipment_ids.action_release()
        self.assertRecordValues(
            order.interception_ids, [{"outcome": "released", "amount_saved": 0}]
        )

    def test_withdrawn(self):
        order = self._confirmed("I-1")
        order.shipment_ids.action_pack()
        self._cancel()
        self._cancel(status="open", day="03")
        self.assertEqual(order.interception_ids.outcome, "withdrawn")
        self.assertFalse(order.shipment_ids.frozen)

    def test_gone(self):
        order = self._confirmed("I-1")
        order.shipment_ids.action_ship()
        self._cancel()
        self.assertRecordValues(
            order.interception_ids, [{"stage": "shipped", "outcome": "refused"}]
        )

    def test_refunded_in_full_stops_a_packed_parcel(self):
        order = self._confirmed("I-1")
        parcel = order.shipment_ids
        parcel.action_pack()
        self._refund("4", "R-1")
        self.assertFalse(parcel.frozen, "a part of the money is no reason")
        self._refund("6", "R-2")
        if parcel.state != "cancelled":  # the after-sales addon goes on and cancels it
            self.assertTrue(parcel.frozen)
        record = order.interception_ids
        self.assertEqual((record.kind, record.stage), ("refund", "packed"))

    def test_rights(self):
        order = self._confirmed("I-1")
        order.shipment_ids.action_pack()
        self._cancel()
        reviewer = new_test_user(self.env, "ic_rev", groups="ecom_order_mgmt.group_ecom_reviewer")
        record = order.interception_ids.with_user(reviewer)
        self.assertTrue(record.what)
        with self.assertRaises(AccessError):
            record.write({"outcome": "applied"})
        outsider = new_test_user(self.env, "ic_out", groups="base.group_user")
        with self.assertRaises(AccessError):
            record.with_user(outsider).read(["what"])
        other = self.env["res.company"].create({"name": "Elsewhere"})
        stranger = new_test_user(
            self.env, "ic_str", groups="ecom_order_mgmt.group_ecom_viewer",
            company_id=other.id, company_ids=[(6, 0, other.ids)],
        )  # fmt: skip
        self.assertFalse(
            self.env["ecom.interception"].with_user(stranger).search([("id", "=", record.id)])
        )
