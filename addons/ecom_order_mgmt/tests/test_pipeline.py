from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.tests import freeze_time, new_test_user, tagged

from ..models.ecom_order_accept import EcomOrder
from .common import EcomCase


@tagged("post_install", "-at_install")
class TestPipeline(EcomCase):
    def test_document_becomes_reserved_delivery(self):
        result, order = self._import(
            self._document(lines=[self._line(quantity="2"), self._line("LAMP", price="5.50")])
        )
        self.assertEqual(
            result,
            [
                {
                    "external_id": "A-1",
                    "outcome": "created",
                    "order_id": order.id,
                    "cause": False,
                    "message": False,
                }
            ],
        )
        counts = self.channel.process_orders()
        self.assertEqual((counts["accepted"], counts["approved"], counts["confirmed"]), (1, 1, 1))
        self.assertRecordValues(
            order, [{"state": "accepted", "review_state": "approved", "amount_total": 25.5}]
        )
        sale_order = order.sale_order_id
        self.assertEqual(sale_order.state, "sale")
        self.assertEqual(sale_order.amount_total, 25.5)
        self.assertEqual(sale_order.currency_id, self.eur)
        self.assertEqual(str(sale_order.date_order), "2026-03-01 10:00:00")
        self.assertEqual(sale_order.picking_ids.move_ids.mapped("state"), ["assigned"] * 2)
        self.assertEqual(self._reserved(self.product), 2)
        self.assertTrue(order.decision_ids.filtered(lambda d: d.stage == "review").summary)

    def test_process_twice_changes_nothing(self):
        order = self._import_one()
        pickings = order.sale_order_id.picking_ids
        self.assertEqual(self.channel.process_orders()["confirmed"], 0)
        self.assertEqual(order.sale_order_id.picking_ids, pickings)

    def test_same_document_again_is_unchanged(self):
        order = self._import_one()
        document = self._document()
        document["lines"][0]["unit_price"] = "10.00"  # the same price in other words
        result, again = self._import(document)
        self.assertEqual(result[0]["outcome"], "unchanged")
        self.assertEqual(again, order)

    def test_duplicates_in_one_call(self):
        result, orders = self._import(self._document(), self._document())
        self.assertEqual([entry["outcome"] for entry in result], ["created", "unchanged"])
        self.assertEqual(len(set(orders.ids)), 1)

    def test_older_version_is_stale(self):
        newer = self._document(updated_at="2026-03-02T10:00:00Z", seller_memo="new")
        older = self._document(updated_at="2026-03-01T09:00:00Z", seller_memo="old")
        self._import(newer)
        result, order = self._import(older)
        self.assertEqual(result[0]["outcome"], "stale")
        self.assertEqual(order.seller_memo, "new")

    def test_older_version_in_one_call_is_stale(self):
        newer = self._document(updated_at="2026-03-02T10:00:00Z", seller_memo="new")
        older = self._document(updated_at="2026-03-01T09:00:00Z", seller_memo="old")
        result, order = self._import(newer, older)
        self.assertEqual([entry["outcome"] for entry in result], ["created", "stale"])
        self.assertEqual(order[0].seller_memo, "new")

    def test_unchanged_newer_version_outdates_an_older_one(self):
        self._import(self._document())
        self._import(self._document(updated_at="2026-03-05T10:00:00Z"))
        late = self._document(updated_at="2026-03-04T10:00:00Z", seller_memo="late")
        result, order = self._import(late)
        self.assertEqual(result[0]["outcome"], "stale")
        self.assertFalse(order.seller_memo)

    def test_absent_field_never_overwrites(self):
        self._import(self._document(status="cancelled"))
        document = self._document(updated_at="2026-03-02T10:00:00Z", seller_memo="x")
        result, order = self._import(document)
        self.assertEqual(result[0]["outcome"], "updated")
        self.channel.process_orders()
        self.assertEqual(order.channel_status, "cancelled")
        self.assertEqual(order.state, "cancelled")
        self.assertFalse(order.sale_order_id)

    def test_one_bad_order_in_many(self):
        documents = [self._document(f"B-{i}") for i in range(20)]
        documents[7]["lines"][0]["sku"] = "NOT-THERE"
        documents[11]["placed_at"] = "yesterday"
        documents[13] = "garbage"
        documents[17]["total"] = "99"
        result, orders = self._import(*documents)
        self.channel.process_orders()
        self.assertEqual(
            {i: o.cause for i, o in enumerate(orders) if o.cause},
            {
                7: "listing_unmapped",
                11: "invalid_document",
                13: "invalid_document",
                17: "total_mismatch",
            },
        )
        self.assertEqual(len(orders.filtered("confirmed_at")), 16)
        self.assertIn("placed_at", result[11]["message"])
        self.assertIn("yesterday", result[11]["message"])

    def test_error_while_processing_parks_that_order_alone(self):
        """A fault that only the database sees: halving finds the one to blame."""
        documents = [self._document(f"C-{i}") for i in range(9)]
        _result, orders = self._import(*documents)
        broken = orders[4]
        original = type(orders)._prepare_sale_order_vals

        def prepare(order, *args):
            vals = original(order, *args)
            if order == broken:
                vals["partner_id"] = 10**9
            return vals

        self.patch(type(orders), "_prepare_sale_order_vals", prepare)
        self.channel.process_orders()
        self.assertEqual(broken.state, "parked")
        self.assertEqual(broken.cause, "processing_error")
        self.assertTrue(broken.next_try)
        self.assertEqual(len((orders - broken).filtered("confirmed_at")), 8)

    def test_error_is_tried_again_by_itself(self):
        order = self._import_one(process=False)
        order._park("processing_error", "the server was busy")
        self.assertEqual(self.channel.process_orders()["replayed"], 0)
        with freeze_time(order.next_try):
            self.channel.process_orders()
        self.assertEqual(order.state, "accepted")

    def test_unpaid_waits_until_it_is_paid(self):
        order = self._import_one(payments=[])
        self.assertRecordValues(order, [{"state": "accepted", "review_state": "waiting"}])
        self._import(
            self._document(
                updated_at="2026-03-01T11:00:00Z",
                payments=[{"amount": "10", "paid_at": "2026-03-01T10:30:00Z"}],
            )
        )
        self.channel.process_orders()
        self.assertEqual(order.review_state, "approved")
        self.assertEqual(order.sale_order_id.state, "sale")

    def test_wait_before_approval(self):
        with freeze_time("2026-03-01 10:05:00"):
            order = self._import_one()
            self.assertEqual(order.review_state, "waiting")
        with freeze_time("2026-03-01 10:12:00"):
            self.channel.process_orders()
            self.assertEqual(order.review_state, "approved")

    def test_paused_channel_stores_only(self):
        self.channel.action_pause()
        order = self._import_one()
        self.assertEqual(order.state, "received")
        self.channel.action_resume()
        self.channel.process_orders()
        self.assertEqual(order.state, "accepted")

    def test_difference_between_tolerances_is_held(self):
        order = self._import_one(total="10.40")
        self.assertRecordValues(
            order, [{"state": "accepted", "review_state": "held", "amount_difference": 0.4}]
        )
        self.assertEqual(order.sale_order_id.amount_total, 10.4)
        self.assertEqual(order.exception_ids.type, "total_difference")
        with self.assertRaises(UserError):
            order.action_approve()
        order.action_approve("looked at it")
        self.channel.process_orders()
        self.assertEqual(order.sale_order_id.state, "sale")
        self.assertEqual(order.exception_ids.state, "resolved")

    def test_manual_approval(self):
        self.channel.approval = "manual"
        order = self._import_one()
        self.assertEqual(order.review_state, "waiting")
        order.action_approve()
        self.channel.process_orders()
        self.assertEqual(order.sale_order_id.state, "sale")

    def test_hold_until(self):
        self.channel.approval = "all"
        order = self._import_one(process=False)
        with freeze_time("2026-03-01 12:00:00"):
            order.action_hold("buyer is away", "2026-03-02 12:00:00")
            self.channel.process_orders()
            self.assertEqual(order.review_state, "held")
        with freeze_time("2026-03-02 12:01:00"):
            self.channel.process_orders()
            self.assertEqual(order.review_state, "approved")

    def test_reject_cancels(self):
        self.channel.approval = "manual"
        order = self._import_one()
        order.action_reject("fraud")
        self.channel.process_orders()
        self.assertEqual(order.sale_order_id.state, "cancel")
        self.assertEqual(order.review_state, "rejected")

    def test_unreviewed_sale_order_cannot_be_confirmed(self):
        self.channel.approval = "manual"
        order = self._import_one()
        with self.assertRaises(UserError):
            order.sale_order_id.action_confirm()
        self.assertEqual(order.sale_order_id.state, "draft")

    def test_confirming_with_other_orders_keeps_the_date_of_ours(self):
        self.channel.approval = "manual"
        order = self._import_one()
        other = self.env["sale.order"].create({"partner_id": order.partner_id.id})
        order.action_approve()
        (order.sale_order_id | other).action_confirm()
        self.assertEqual(str(order.sale_order_id.date_order), "2026-03-01 10:00:00")
        self.assertNotEqual(str(other.date_order), "2026-03-01 10:00:00")

    def test_platform_fulfilled_ships_nothing(self):
        order = self._import_one(fulfilled_by="platform")
        self.assertEqual(order.sale_order_id.state, "sale")
        self.assertFalse(order.sale_order_id.picking_ids)

    def test_get_status(self):
        order = self._import_one(number="No. 7")
        status = order.get_status()
        self.assertEqual(status["order"]["number"], "No. 7")
        self.assertEqual(status["review"]["state"], "approved")
        self.assertEqual(status["allocation"]["state"], "reserved")
        self.assertEqual(status["shipments"][0]["lines"][0]["sku"], "MUG")
        self.assertEqual(status["payment"], {"state": "paid", "paid_at": "2026-03-01T10:01:00Z"})

    def test_sent_by_a_viewer_is_refused(self):
        viewer = new_test_user(self.env, "ecom_viewer", groups="ecom_order_mgmt.group_ecom_viewer")
        order = self._import_one()
        channel = self.channel.with_user(viewer)
        with self.assertRaises(AccessError):
            channel.import_orders([self._document("A-2")])
        with self.assertRaises(AccessError):
            channel.process_orders()
        with self.assertRaises(AccessError):
            order.with_user(viewer).action_hold("no")
        self.assertEqual(order.with_user(viewer).get_status()["order"]["state"], "accepted")

    def test_reviewer_needs_no_other_rights(self):
        user = new_test_user(self.env, "ecom_rev", groups="ecom_order_mgmt.group_ecom_reviewer")
        channel = self.channel.with_user(user)
        result = channel.import_orders([self._document()])
        channel.process_orders()
        order = self.env["ecom.order"].browse(result[0]["order_id"])
        self.assertEqual(order.sale_order_id.state, "sale")
        with self.assertRaises(AccessError):
            order.with_user(user).write({"review_state": "rejected"})

    def test_what_is_known_of_a_new_line(self):
        """Odoo would compute the same, and goes on computing it."""
        lines = [
            self._line(quantity="2"),
            self._line("LAMP", price="5.50", discount="0.50"),
        ]
        found = {}
        for way in ("known", "computed"):
            with patch.object(
                type(self.env["ecom.order"]),
                "_prepare_new_line_vals",
                EcomOrder._prepare_new_line_vals if way == "known" else lambda self: {},
            ):
                order = self._import_one(external_id=way, lines=lines)
            self.env.flush_all()
            self.env.invalidate_all()
            draft = self._import_one(external_id=f"{way}-2", lines=lines, payments=[])
            self.env.flush_all()
            self.env.invalidate_all()
            self.assertEqual((order.sale_order_id.state, draft.sale_order_id.state), ("sale", "draft"))
            found[way] = [
                {
                    name: line[name]
                    for name, field in line._fields.items()
                    if field.store and field.column_type and field.type not in ("datetime", "many2one")
                    and name not in ("id", "ecom_line_ref")
                }
                | {"warehouse": line.warehouse_id.id}
                for line in (order | draft).sale_order_id.order_line
            ]  # fmt: skip
        self.assertEqual(found["known"], found["computed"])
        self.assertEqual(found["known"][-1]["invoice_status"], "no")
        known = self.env["ecom.order"].search([("external_id", "=", "known")])
        self.assertEqual(set(known._prepare_new_line_vals()), {
            "qty_invoiced", "qty_to_invoice", "invoice_status", "untaxed_amount_invoiced",
            "untaxed_amount_to_invoice", "warehouse_id",
        })  # fmt: skip
