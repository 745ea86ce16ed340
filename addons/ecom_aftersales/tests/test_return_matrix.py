"""Every way an order can be sold, paid and shipped, with every way it can come back: afterwards
money, credit notes, stock and the channel's total agree to the cent and to the piece."""

import os
from itertools import combinations as pairs_of
from itertools import product as combinations

from odoo import Command
from odoo.tests import freeze_time, tagged

from .common import AftersalesCase

POLICIES = ("order", "delivery")
TAXES = ("included", "excluded", "none")
PAID = ("channel", "unpaid")
SHIPPED = ("before", "after", "half")
CASES = ("full", "part", "twice")


def _choose():
    """All combinations where ECOM_FULL_MATRIX is set (some minutes), else as few as hold every pair
    of two settings at least once."""
    everything = [
        entry
        for entry in combinations(POLICIES, TAXES, PAID, SHIPPED, CASES)
        if not (entry[1] == "none" and entry[2] == "unpaid")
    ]
    if os.environ.get("ECOM_FULL_MATRIX"):
        return everything
    chosen, seen = [], set()

    def pairs(entry):
        return {((i, entry[i]), (j, entry[j])) for i, j in pairs_of(range(len(entry)), 2)}

    wanted = set().union(*map(pairs, everything))
    while wanted - seen:
        best = max(everything, key=lambda entry: len(pairs(entry) - seen))
        chosen.append(best)
        seen |= pairs(best)
    return chosen


@tagged("post_install", "-at_install")
class TestReturnMatrix(AftersalesCase):
    def _build(self, number, policy, tax, paid, shipped):
        self.product.write({"invoice_policy": policy})
        self.product_b.write({"invoice_policy": policy})
        # 3 x 3.33 and 2 x 5, less a code over 1.99, plus shipping of 4.90.
        lines = [
            self._line(quantity="3", price="3.33"),
            self._line("LAMP", quantity="2", price="5"),
            {"id": "S", "kind": "shipping", "quantity": "1", "unit_price": "4.9"},
        ]
        total = "24.89"
        if tax == "included":
            for line, amount in zip(lines, ("1.47", "1.47", "0.72"), strict=True):
                line["taxes"] = [{"rate": "17.3", "amount": amount}]
        elif tax == "excluded":
            for line, amount in zip(lines, ("1.73", "1.73", "0.85"), strict=True):
                line["taxes"] = [{"rate": "17.3", "amount": amount}]
            total = "29.20"
        document = {
            "external_id": f"M-{number}",
            "lines": lines,
            "total": total,
            "prices_include_tax": tax != "excluded",
        }
        if paid == "unpaid":
            document |= {"payments": [], "payment_state": "unpaid"}
        order = self._import_one(**document)
        sale_order = order.sale_order_id
        self.assertEqual(sale_order.state, "sale", (order.cause, order.cause_message))
        self.assertAlmostEqual(sale_order.amount_total, float(total))
        if shipped == "after":
            self._ship(sale_order)
        elif shipped == "half":
            self._ship(sale_order, 1)
        return sale_order

    def _invoice_what_is_due(self, sale_order):
        if any(line.qty_to_invoice > 0 for line in sale_order.order_line):
            self._invoice(sale_order)

    def _run_cases(self, sale_order, kind, shipped):
        type_ = "refund_only" if shipped == "before" else "return"
        mug, lamp = sale_order.order_line.filtered(lambda ln: ln.ecom_kind == "product")
        wishes = {
            "full": [None],
            "part": [[{"sale_line_id": mug.id, "quantity": 1}]],
            "twice": [
                [
                    {"sale_line_id": mug.id, "quantity": 2},
                    {"sale_line_id": lamp.id, "quantity": 1},
                ],
                None,
            ],
        }[kind]
        cases = self.env["ecom.return"]
        for wish in wishes:
            case = self._request(sale_order, wish, type_)
            case.action_approve()
            if case.picking_ids:
                case.action_receive()
                case.action_grade(
                    [
                        {"line_id": line.id, "grade": "a", "quantity": line.quantity_received}
                        for line in case.line_ids
                        if line.quantity_received
                    ]
                )
            case._refund_due()
            cases |= case
        return cases

    def test_matrix(self):
        self._create_tax(17.3, included=True)
        self._create_tax(17.3, included=False)
        for number, entry in enumerate(_choose()):
            with self.subTest("/".join(entry)):
                self._check_one(number, *entry)

    def _check_one(self, number, policy, tax, paid, shipped, kind):
        free = self._free(self.product), self._free(self.product_b)
        sale_order = self._build(number, policy, tax, paid, shipped)
        total = sale_order.amount_total
        self._invoice_what_is_due(sale_order)
        cases = self._run_cases(sale_order, kind, shipped)
        # What is left goes out, and what is due is invoiced.
        if sale_order.state == "sale":
            if sale_order.picking_ids.filtered(
                lambda p: p.state not in ("done", "cancel") and not p.return_id
            ):
                self._ship(sale_order)
            self._invoice_what_is_due(sale_order)
        due = sum(cases.mapped("amount_due"))
        issued = sum(cases.mapped("amount_issued"))
        self.assertAlmostEqual(issued, due if paid == "channel" else 0)
        if kind != "part":
            self.assertAlmostEqual(due, total, msg="everything comes back, shipping included")
        moves = (
            self.env["account.move"].search(
                [("line_ids.sale_line_ids.order_id", "=", sale_order.id)]
            )
            | cases.credit_note_ids
        )
        self.assertFalse(moves.filtered(lambda move: move.state != "posted"))
        invoiced = sum(
            moves.filtered(lambda m: m.move_type == "out_invoice").mapped("amount_total")
        )
        credited = sum(moves.filtered(lambda m: m.move_type == "out_refund").mapped("amount_total"))
        if sale_order.state == "sale":
            self.assertAlmostEqual(invoiced - credited, total - due, msg="the books")
        else:
            self.assertAlmostEqual(invoiced, credited)
        for note in cases.credit_note_ids:
            self.assertTrue(note.reversed_entry_id)
        to_invoice = sale_order.order_line.filtered(
            lambda line: line.ecom_kind == "product" and line.qty_to_invoice > 0
        )
        self.assertFalse(to_invoice if sale_order.state == "sale" else False)
        # Pieces: what is not with the buyer is in stock, for sale.
        back = {"MUG": 3, "LAMP": 2} if kind != "part" else {"MUG": 1, "LAMP": 0}
        self.assertEqual(self._free(self.product), free[0] - 3 + back["MUG"])
        self.assertEqual(self._free(self.product_b), free[1] - 2 + back["LAMP"])

    def test_channel_cancels_what_has_left(self):
        sale_order = self._sell(ship=True)
        self._import_one(status="cancelled", updated_at="2026-03-02T10:00:00Z")
        case = sale_order.ecom_return_ids
        self.assertRecordValues(case, [{"type": "intercept", "request_state": "new"}])
        stopped = sale_order.ecom_order_id.interception_ids
        self.assertRecordValues(stopped, [{"outcome": "refused", "return_id": case.id}])
        self.assertEqual(stopped.action_open_case()["res_id"], case.id)
        case.action_approve()
        self.assertEqual(case.goods_state, "in_transit")
        self.assertTrue(case.activity_ids.filtered(lambda a: "carrier" in a.summary))
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
