from unittest.mock import patch

from odoo.exceptions import UserError
from odoo.tests import freeze_time, tagged

from .common import AftersalesCase, Command


@tagged("post_install", "-at_install")
class TestReturnGoods(AftersalesCase):
    """No piece is lost, none comes back twice, none is sold before it is graded."""

    def _stock(self, product, location=None):
        location = location or self.warehouse.lot_stock_id
        quants = self.env["stock.quant"].search(
            [("product_id", "=", product.id), ("location_id", "child_of", location.id)]
        )
        return sum(quants.mapped("quantity"))

    def _inspection(self):
        return self.warehouse._ecom_get_return_location("inspection")

    def test_return_receive_grade_refund(self):
        self.policy.refund_on = "grading"
        sale_order = self._sell(ship=True, invoice=True, lines=[self._line(quantity="4")])
        case = self._request(sale_order, [{"sku": "MUG", "quantity": 3}])
        case.action_approve()
        self.assertEqual(case.goods_state, "awaiting")
        self.assertEqual(case.picking_ids.return_id, sale_order.picking_ids - case.picking_ids)
        case.action_receive()
        self.assertEqual(case.goods_state, "received")
        self.assertEqual(sale_order.order_line.qty_delivered, 1)
        self.assertEqual(self._free(self.product), 96, "not for sale before it is graded")
        self.assertEqual(self._stock(self.product, self._inspection()), 3)
        self.assertFalse(case.payment_ids)
        line = case.line_ids
        with self.assertRaisesRegex(UserError, "only 3 are here"):
            case.action_grade([{"line_id": line.id, "grade": "a", "quantity": 4}])
        case.action_grade([{"line_id": line.id, "grade": "a", "quantity": 1}])
        self.assertEqual((case.goods_state, self._free(self.product)), ("received", 97))
        case.action_grade(
            [
                {"line_id": line.id, "grade": "b", "quantity": 1, "note": "scratch"},
                {"line_id": line.id, "grade": "c", "quantity": 1},
            ]
        )
        self.assertEqual(case.goods_state, "graded")
        self.assertEqual(self._free(self.product), 97)
        refurbish = self.warehouse._ecom_get_return_location("refurbish")
        self.assertEqual(self._stock(self.product, refurbish), 1)
        self.assertEqual(self._stock(self.product, self._inspection()), 0)
        self.assertEqual(case.payment_ids.amount, 30, "refunded once graded")
        self.assertEqual(case.credit_note_ids.amount_total, 30)
        self.assertEqual(sale_order.order_line.qty_to_invoice, 0)

    def test_several_deliveries(self):
        sale_order = self._sell(lines=[self._line(quantity="5")])
        self._ship(sale_order, 2)
        self._ship(sale_order)
        self.assertEqual(len(sale_order.picking_ids), 2)
        case = self._request(sale_order, [{"sku": "MUG", "quantity": 4}])
        case.action_approve()
        self.assertEqual(len(case.picking_ids), 2)
        self.assertEqual(sum(case.picking_ids.move_ids.mapped("product_uom_qty")), 4)
        case.action_receive()
        self.assertEqual((case.line_ids.quantity_received, case.goods_state), (4, "received"))
        with self.assertRaisesRegex(UserError, "only 1 are left"):
            self._request(sale_order, [{"sku": "MUG", "quantity": 2}])

    def test_half_shipped(self):
        sale_order = self._sell(lines=[self._line(quantity="5")], ship=2)
        case = self._request(sale_order)
        case.action_approve()
        self.assertEqual((case.line_ids.quantity, case.line_ids.unshipped_quantity), (5, 3))
        self.assertEqual(sum(case.picking_ids.move_ids.mapped("product_uom_qty")), 2)
        open_moves = sale_order.order_line.move_ids.filtered(
            lambda m: m.state not in ("done", "cancel") and not m.ecom_return_line_id
        )
        self.assertFalse(open_moves, "the rest is not sent")
        self.assertEqual(self._free(self.product), 98)
        self.assertEqual(case.amount_due, 50)

    def test_part_of_what_is_not_shipped(self):
        self.product.invoice_policy = "delivery"
        sale_order = self._sell(lines=[self._line(quantity="5")])
        case = self._request(sale_order, [{"sku": "MUG", "quantity": 2}], "refund_only")
        case.action_approve()
        move = sale_order.picking_ids.move_ids.filtered(lambda m: m.state != "cancel")
        self.assertEqual((move.product_uom_qty, move.state), (3, "assigned"))
        self.assertEqual(self._reserved(self.product), 3)
        self.assertEqual(sale_order.state, "sale")
        self._ship(sale_order)
        invoice = self._invoice(sale_order)
        self.assertEqual(invoice.amount_total, 30)
        case.action_refund()
        self.assertEqual((case.amount_issued, case.credit_state), (20, "none"))
        self.assertFalse(case.credit_note_ids, "what was never invoiced needs no credit")

    def test_partial_and_short_receipt(self):
        sale_order = self._sell(lines=[self._line(quantity="3")], ship=True)
        case = self._request(sale_order)
        case.action_approve()
        line = case.line_ids
        case.action_receive([{"line_id": line.id, "quantity": 1}])
        self.assertEqual((case.goods_state, line.quantity_received), ("awaiting", 1))
        with self.assertRaisesRegex(UserError, "more than are awaited"):
            case.action_receive([{"line_id": line.id, "quantity": 3}])
        case.action_receive([{"line_id": line.id, "quantity": 1}], final=True)
        self.assertEqual((case.goods_state, line.quantity_received), ("received", 2))
        self.assertRecordValues(case.difference_ids, [{"kind": "short", "quantity": 1}])
        case.action_difference("damaged", line.id, note="wet box")
        self.assertEqual(case.difference_count, 2)
        case.difference_ids.action_settle("Agreed")
        case.invalidate_recordset(["difference_count"])
        self.assertEqual(case.difference_count, 0)

    def test_received_in_odoos_own_screen(self):
        sale_order = self._sell(ship=True)
        case = self._request(sale_order)
        case.action_approve()
        case.picking_ids.button_validate()
        self.assertEqual(case.goods_state, "received")

    def test_withdrawn(self):
        sale_order = self._sell(ship=True)
        case = self._request(sale_order)
        case.action_approve()
        case.action_withdraw("Keeps it")
        self.assertEqual((case.request_state, case.picking_ids.state), ("withdrawn", "cancel"))
        again = self._request(sale_order)
        again.action_approve()
        again.action_receive()
        with self.assertRaisesRegex(UserError, "moved already"):
            again.action_withdraw()

    def test_rejected_frees_the_goods(self):
        sale_order = self._sell(ship=True)
        case = self._request(sale_order)
        with self.assertRaisesRegex(UserError, "Say why"):
            case.action_reject("")
        case.action_reject("Too old")
        self.assertEqual((case.request_state, case.reject_reason), ("rejected", "Too old"))
        self.assertTrue(self._request(sale_order))

    def test_unknown_parcel_is_matched(self):
        sale_order = self._sell(ship=True)
        card = self.env["ecom.return"].receive_unknown(
            {"lines": [{"sku": "MUG", "quantity": 1}], "description": "no slip"}
        )
        case = self.env["ecom.return"].browse(card["id"])
        self.assertEqual((case.type, case.goods_state), ("unknown", "received"))
        self.assertEqual(self._stock(self.product, self._inspection()), 1)
        other = self._sell(external_id="B-1", lines=[self._line("LAMP")], ship=True)
        with self.assertRaisesRegex(UserError, "does not hold"):
            case.action_match(other.id)
        case.action_match(sale_order.id, "Buyer called")
        self.assertRecordValues(
            case, [{"type": "return", "sale_order_id": sale_order.id, "amount_due": 10}]
        )
        self.assertEqual(sale_order.order_line.qty_delivered, 0)
        case.action_approve()
        self.assertFalse(case.picking_ids, "it is here already")
        case.action_grade([{"line_id": case.line_ids.id, "grade": "a", "quantity": 1}])
        self.assertEqual(self._free(self.product), 100)
        case.action_refund()
        self.assertEqual(case.amount_issued, 10)

    def test_desk_finds_by_whatever_is_printed(self):
        self.product.barcode = "4006381333931"
        sale_order = self._sell(ship=True)
        case = self._request(sale_order, return_tracking_ref="JJD001")
        case.action_approve()
        find = self.env["ecom.return"].find_parcel
        for code in (
            case.name,
            case.name.lower(),
            "JJD001",
            "A-1",
            sale_order.name,
            case.picking_ids.name,
            "4006381333931",
            "MUG",
        ):
            self.assertEqual([card["id"] for card in find(code)], case.ids, code)
        self.assertFalse(find("nothing"))
        self.assertFalse(find(" "))

    def test_exchange_for_the_same(self):
        self.policy.exchange_on = "receipt"
        sale_order = self._sell(ship=True, invoice=True)
        case = self._request(sale_order, None, "exchange")
        case.action_approve()
        new = case.exchange_order_id
        self.assertRecordValues(
            case, [{"exchange_state": "reserved", "exchange_amount": 10, "amount_due": 0}]
        )
        self.assertEqual(new.picking_ids.state, "assigned", "reserved")
        new.picking_ids.move_ids.write({"quantity": 1, "picked": True})
        with self.assertRaisesRegex(UserError, "is held for"):
            new.picking_ids.button_validate()
        case.action_receive()
        self.assertEqual(case.exchange_state, "released")
        new.picking_ids.button_validate()
        self.assertEqual(new.picking_ids.state, "done")
        self.assertEqual(case.credit_note_ids.amount_total, 10)
        self.assertFalse(case.payment_ids)
        self.assertEqual(sale_order._ecom_get_refundable(), 0, "its money went to the replacement")
        again = self._request(new, None, "refund_only")
        again.action_approve()
        again.action_refund()
        self.assertEqual(again.amount_issued, 10, "the replacement can be refunded in its turn")

    def test_exchange_for_something_cheaper_dearer_and_nearly_the_same(self):
        self.policy.write({"exchange_on": "request", "exchange_tolerance": 2})
        self.product_b.list_price = 6
        sale_order = self._sell(ship=True, lines=[self._line(quantity="3")])

        def exchange(price):
            self.product_b.list_price = price
            case = self._request(
                sale_order,
                [{"sku": "MUG", "quantity": 1, "exchange_product_id": self.product_b.id}],
                "exchange",
            )
            case.action_approve()
            return case

        cheaper = exchange(6)
        self.assertEqual((cheaper.amount_due, cheaper.exchange_state), (4, "released"))
        self.assertEqual(cheaper.payment_ids.amount, 4)
        nearly = exchange(11.5)
        self.assertRecordValues(
            nearly, [{"exchange_amount": 10, "amount_due": 0, "exchange_state": "released"}]
        )
        dearer = exchange(25)
        self.assertEqual((dearer.exchange_state, dearer.exchange_amount), ("payment", 25))
        dearer.action_payment_received()
        self.assertEqual(dearer.exchange_state, "released")
        self.assertEqual(dearer.exchange_order_id._ecom_get_paid(), 25, "10 in goods, 15 elsewhere")

    def test_buyer_pays_what_the_replacement_costs_more(self):
        self.policy.exchange_on = "request"
        self.product_b.list_price = 25
        sale_order = self._sell(ship=True, lines=[self._line(quantity="3")])
        case = self._request(
            sale_order,
            [{"sku": "MUG", "quantity": 1, "exchange_product_id": self.product_b.id}],
            "exchange",
        )
        case.action_approve()
        replacement = case.exchange_order_id
        self.assertEqual(case._get_price_difference(), 15)
        self.assertIn(f"/my/orders/{replacement.id}?", case.exchange_payment_link)
        self.assertIn("&payment_amount=15", case.exchange_payment_link)
        told = case.message_ids.filtered(lambda m: case.partner_id in m.partner_ids)
        self.assertIn("15.00", told.body)
        self.assertEqual(replacement._ecom_get_paid(), 10, "the goods that come back")
        paid = self._pay_in_odoo(replacement, 14)
        # A provider of no code has no journal to book on.
        Transaction = self.env.registry["payment.transaction"]
        self.startPatcher(
            patch.object(Transaction, "_create_payment", lambda tx, **_: self.env["account.payment"])
        )
        paid._post_process()
        self.assertEqual(case.exchange_state, "payment", "one is missing")
        with self.assertRaises(UserError, msg="nobody sends it before"):
            replacement.picking_ids.button_validate()
        rest = paid.copy(
            {"reference": "rest", "amount": 1, "state": "done", "sale_order_ids": replacement.ids}
        )
        rest._post_process()
        self.assertEqual(case.exchange_state, "released")
        self.assertFalse(case.exchange_payment_link)
        summaries = " ".join(case.decision_ids.mapped("summary"))
        self.assertIn("The buyer paid the price difference", summaries)
        self.assertEqual(replacement._ecom_get_refundable(), 25, "goods and payment, neither twice")

    def test_reservation_ends(self):
        sale_order = self._sell(ship=True)
        case = self._request(sale_order, None, "exchange")
        case.action_approve()
        self.assertEqual(self._reserved(self.product), 1)
        with freeze_time("2027-06-01"):
            self.env["ecom.return"]._cron_expire_reservations()
        self.assertEqual(case.exchange_state, "expired")
        self.assertEqual(self._reserved(self.product), 0)

    def test_replacement_is_not_in_stock(self):
        """A person decides; approved all the same, somebody is told what is missing."""
        self.policy.auto_approve = True
        sale_order = self._sell(ship=True)
        self.env["stock.quant"].search([("product_id", "=", self.product_b.id)]).quantity = 0
        case = self._request(
            sale_order,
            [{"sku": "MUG", "quantity": 1, "exchange_product_id": self.product_b.id}],
            "exchange",
        )
        self.assertEqual((case.request_state, case.policy_verdict), ("new", "allowed"))
        self.assertIn(self.product_b.display_name, case.policy_reason)
        case.action_approve()
        self.assertEqual(case.exchange_state, "reserved")
        self.assertTrue(case.activity_ids.filtered(lambda a: "Not in stock" in a.summary))

    def test_resend_costs_nothing(self):
        sale_order = self._sell(ship=True)
        case = self._request(sale_order, None, "resend", reason="lost")
        case.action_approve()
        self.assertEqual(case.exchange_order_id.amount_total, 0)
        self.assertEqual((case.amount_due, case.goods_state), (0, "none"))
        self.assertEqual(case.exchange_state, "released", "nothing has to come back first")
        self.assertEqual(case.is_open, False)

    def test_refused_and_stopped_parcel(self):
        refused = self._request(self._sell(ship=True), None, "refused", reason="refused")
        refused.action_approve()
        self.assertEqual(refused.goods_state, "in_transit")
        refused.action_receive()
        self.assertEqual(refused.goods_state, "received")
        sale_order = self._sell(external_id="B-1")
        stopped = self._request(sale_order, None, "intercept", reason="cancelled")
        stopped.action_approve()
        self.assertEqual(sale_order.state, "cancel")
        self.assertFalse(stopped.picking_ids)

    def test_lot_comes_back(self):
        product = self._create_product("WATCH", tracking="serial")
        lots = self.env["stock.lot"].create(
            [{"name": f"W{i}", "product_id": product.id} for i in range(2)]
        )
        for lot in lots:
            self.env["stock.quant"]._update_available_quantity(
                product, self.warehouse.lot_stock_id, 1, lot_id=lot
            )
        sale_order = self._sell(lines=[self._line("WATCH", quantity="2")])
        sale_order.picking_ids.move_ids.picked = True
        sale_order.picking_ids._action_done()
        case = self._request(sale_order, [{"sku": "WATCH", "quantity": 1, "lot_id": lots[1].id}])
        case.action_approve()
        case.action_receive()
        case.action_grade([{"line_id": case.line_ids.id, "grade": "a", "quantity": 1}])
        quants = self.env["stock.quant"].search(
            [
                ("product_id", "=", product.id),
                ("location_id", "=", self.warehouse.lot_stock_id.id),
                ("quantity", ">", 0),
            ]
        )
        self.assertEqual(quants.lot_id, lots[1])

    def test_kit_and_one_component(self):
        if "mrp.bom" not in self.env:
            self.skipTest("Odoo's Manufacturing is not installed")
        body = self._create_product("BODY", quantity=10, standard_price=30)
        lens = self._create_product("LENS", quantity=20, standard_price=10)
        kit = self._create_product("KIT", is_storable=False)
        self.env["mrp.bom"].create(
            {
                "product_tmpl_id": kit.product_tmpl_id.id,
                "type": "phantom",
                "bom_line_ids": [
                    Command.create({"product_id": body.id, "product_qty": 1}),
                    Command.create({"product_id": lens.id, "product_qty": 2}),
                ],
            }
        )
        sale_order = self._sell(
            ship=True, invoice=True, lines=[self._line("KIT", quantity="2", price="100")]
        )
        part = self._request(sale_order, [{"sku": "KIT", "quantity": 1, "product_id": lens.id}])
        # A lens is worth 10 of the 50 that a kit's parts cost.
        self.assertEqual(part.amount_due, 20)
        part.action_approve()
        part.action_receive()
        part.action_refund()
        self.assertEqual(part.credit_note_ids.amount_total, 20)
        whole = self._request(sale_order, [{"sku": "KIT", "quantity": 1}])
        self.assertEqual(whole.amount_due, 100)
        whole.action_approve()
        whole.action_receive()
        self.assertEqual(whole.line_ids.quantity_received, 1)
        whole.action_grade([{"line_id": whole.line_ids.id, "grade": "a", "quantity": 1}])
        self.assertEqual((self._free(body), self._free(lens)), (9, 18))
        with self.assertRaisesRegex(UserError, "are left"):
            self._request(sale_order, [{"sku": "KIT", "quantity": 1}])

    def test_warranty_opens_a_repair(self):
        if "repair.order" not in self.env:
            self.skipTest("Odoo's Repairs is not installed")
        case = self._request(self._sell(ship=True), None, "warranty", reason="warranty")
        case.action_approve()
        case.action_receive()
        repair = self.env["repair.order"].search([("partner_id", "=", case.partner_id.id)])
        self.assertEqual((repair.product_id, repair.under_warranty), (self.product, True))
