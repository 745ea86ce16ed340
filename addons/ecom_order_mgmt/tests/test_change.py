from odoo.tests import tagged

from .common import EcomCase

LATER = "2026-03-01T12:00:00Z"


@tagged("post_install", "-at_install")
class TestChange(EcomCase):
    """Later versions of an order that has a sale order."""

    def _change(self, order, **vals):
        vals = {"updated_at": LATER, **vals}
        result, _order = self._import(self._document(order.external_id, **vals))
        self.channel.process_orders()
        return result[0]["outcome"]

    def test_draft_follows(self):
        order = self._import_one(payments=[])
        sale_order = order.sale_order_id
        self._change(
            order,
            payments=[],
            lines=[self._line(quantity="2", price="9"), self._line("LAMP", price="3")],
        )
        self.assertEqual(order.sale_order_id, sale_order)
        self.assertEqual(sale_order.amount_total, 21)
        self.assertEqual(order.version, 2)

    def test_change_after_approval_undoes_it(self):
        order = self._import_one(lines=[self._line(quantity="5")])
        self.assertEqual(self._reserved(self.product), 5)
        self.channel.approval = "manual"
        self._change(order, lines=[self._line(quantity="2")])
        self.assertEqual(order.review_state, "waiting")
        self.assertEqual(order.sale_order_id.state, "draft")
        self.assertEqual(self._reserved(self.product), 0)
        self.assertIn("lines", order.decision_ids.filtered(lambda d: d.stage == "change").summary)
        order.action_approve()
        self.channel.process_orders()
        self.assertEqual(self._reserved(self.product), 2)
        self.assertEqual(str(order.sale_order_id.date_order), "2026-03-01 10:00:00")

    def test_change_of_address_after_approval(self):
        order = self._import_one()
        address = {"name": "Ada Buyer", "street": "New Street 9", "city": "Bonn", "country": "DE"}
        self._change(order, shipping_address=address)
        self.assertEqual(order.sale_order_id.state, "sale", "approved again by itself")
        picking = order.sale_order_id.picking_ids.filtered(lambda p: p.state != "cancel")
        self.assertEqual(picking.partner_id.street, "New Street 9")

    def test_memo_and_payment_disturb_nothing(self):
        order = self._import_one()
        pickings = order.sale_order_id.picking_ids
        self.assertEqual(self._change(order, seller_memo="call first"), "updated")
        self.assertRecordValues(
            order, [{"state": "accepted", "review_state": "approved", "seller_memo": "call first"}]
        )
        self.assertEqual(pickings.state, "assigned")

    def test_cancelled_draft(self):
        order = self._import_one(payments=[])
        self._change(order, payments=[], status="cancelled")
        self.assertEqual((order.state, order.sale_order_id.state), ("cancelled", "cancel"))

    def test_cancelled_after_confirmation(self):
        order = self._import_one()
        self._change(order, status="cancelled")
        self.assertEqual((order.state, order.sale_order_id.state), ("cancelled", "cancel"))
        self.assertEqual(self._reserved(self.product), 0)

    def test_cancelled_too_late(self):
        order = self._import_one()
        picking = order.sale_order_id.picking_ids
        picking.move_ids.picked = True
        picking._action_done()
        self._change(order, status="cancelled")
        self.assertRecordValues(order, [{"state": "accepted", "cause": "changed_too_late"}])
        self.assertEqual(order.sale_order_id.state, "sale")
        self.assertEqual(order.exception_ids.type, "changed_too_late")

    def test_changed_too_late(self):
        order = self._import_one()
        order.sale_order_id.picking_ids.move_ids.picked = True
        self._change(order, lines=[self._line(quantity="7")])
        self.assertEqual(order.cause, "changed_too_late")
        self.assertEqual(order.sale_order_id.order_line.product_uom_qty, 1)

    def test_cancelled_and_opened_again(self):
        order = self._import_one()
        self._change(order, status="cancelled")
        self._change(order, status="open", updated_at="2026-03-01T13:00:00Z")
        self.assertEqual(order.sale_order_id.state, "sale")
        self.assertEqual(order.state, "accepted")

    def test_rejected_stays_rejected(self):
        self.channel.approval = "manual"
        order = self._import_one()
        order.action_reject("fraud")
        self._change(order, lines=[self._line(quantity="2")])
        self.assertEqual(order.review_state, "rejected")
        self.assertEqual(order.sale_order_id.state, "cancel")

    def test_unreadable_version_of_a_good_order(self):
        order = self._import_one(payments=[])
        document = self._document(updated_at=LATER)
        document["total"] = "ten"
        result, same = self._import(document)
        self.assertEqual(result[0]["outcome"], "parked")
        self.assertEqual(same, order)
        self.assertEqual(order.cause, "invalid_document")
        self.assertEqual(order.document["total"], "10", "what was readable stays")
        self._change(order, seller_memo="readable again")
        self.assertRecordValues(order, [{"state": "accepted", "cause": False}])

    def test_unmapped_change_parks_before_anything_moves(self):
        order = self._import_one()
        self._change(order, lines=[self._line("WHAT")])
        self.assertEqual(order.cause, "listing_unmapped")
        self.assertEqual(order.sale_order_id.state, "sale")
        order.missing_listing_ids.product_id = self.product_b
        self.channel.process_orders()
        self.assertEqual(order.sale_order_id.order_line.product_id, self.product_b)
