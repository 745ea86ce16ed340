"""Every way an order can be sold, paid and shipped, with every way it can come back: afterwards
money, credit notes, stock, its value and the channel's total agree to the cent and to the piece."""

import os
from itertools import combinations as pairs_of
from itertools import product as combinations
from unittest.mock import patch

from odoo.tests import tagged

from .common import AftersalesCase

POLICIES = ("order", "delivery")
TAXES = ("included", "excluded", "none")
# Where the buyer paid.
PAID = ("channel", "odoo", "cod", "unpaid")
# What has left when the case comes: nothing, all, a part, all in two deliveries.
SHIPPED = ("before", "after", "half", "deliveries")
CASES = ("full", "part", "twice", "exchange")
GOODS = ("plain", "kit")
CURRENCIES = ("own", "foreign")
COST = 4.0


# What only the full matrix found once: a kit whose components were rounded one by one, and a part of
# a kit that came back before the other kits had left.
_FOUND_BEFORE = [
    ("delivery", "excluded", "channel", "before", "part", "kit", "own"),
    ("delivery", "included", "odoo", "half", "part", "kit", "own"),
]


def _choose():
    """All combinations where ECOM_FULL_MATRIX is set (half an hour; or a part of them), else as few as
    hold every pair of two settings at least once."""
    everything = [
        entry
        for entry in combinations(POLICIES, TAXES, PAID, SHIPPED, CASES, GOODS, CURRENCIES)
        # What the buyer does not have yet cannot be exchanged.
        if not (entry[3] == "before" and entry[4] == "exchange")
    ]
    full = os.environ.get("ECOM_FULL_MATRIX")
    if full:
        # "1": all; "2/6": the second of six parts.
        part, _slash, parts = full.partition("/")
        return everything[int(part) - 1 :: int(parts or 1)]
    chosen, seen = list(_FOUND_BEFORE), set()

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
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.parts = cls.product | cls.product_b
        cls.parts.standard_price = COST
        for product in cls.parts:
            cls.env["stock.quant"]._update_available_quantity(
                product, cls.warehouse.lot_stock_id, 100_000
            )
        cls.kit = cls._create_kit("KIT", {cls.product: 1, cls.product_b: 2})
        cls._create_tax(17.3, included=True)
        cls._create_tax(17.3, included=False)
        cls.foreign = cls.usd if cls.company.currency_id != cls.usd else cls.eur
        cls.own = cls.company.currency_id
        cls.env["res.currency.rate"].create(
            {
                "currency_id": cls.foreign.id,
                "name": "2026-01-01",
                "rate": 1.25,
                "company_id": cls.company.id,
            }
        )
        cls.policy.write({"exchange_on": "receipt", "days_exchange": 30})
        cls.bank = cls.env["account.journal"].search(
            [("type", "=", "bank"), ("company_id", "=", cls.company.id)], limit=1
        )
        if not cls.bank:
            cls.bank = cls.env["account.journal"].create(
                {"name": "Bank", "code": "TBNK", "type": "bank", "company_id": cls.company.id}
            )

    def setUp(self):
        super().setUp()
        # A connector that can refund: what it is told is what the channel knows.
        self.told = []
        Order = self.env.registry["ecom.order"]

        def tell(order, key, amount, reason=None, lines=(), restock=False):
            self.told.append((order, float(amount)))
            return order

        self.startPatcher(patch.object(Order, "_can_tell_refund", lambda order: True))
        self.startPatcher(patch.object(Order, "tell_refund", tell))

        def send(refund_tx):
            refund_tx._set_done()

        Transaction = self.env.registry["payment.transaction"]
        self.startPatcher(patch.object(Transaction, "_send_refund_request", send))

    def _build(self, number, policy, tax, paid, shipped, goods, currency):
        (self.parts | self.kit).write({"invoice_policy": policy})
        # 3 x 3.33 and 2 x 5, plus shipping of 4.90.
        lines = [
            self._line("KIT" if goods == "kit" else "MUG", quantity="3", price="3.33"),
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
        payments = {
            "channel": {"payments": [{"amount": total, "paid_at": "2026-03-01T10:01:00Z"}]},
            "cod": {
                "payments": [{"amount": total, "kind": "cash_on_delivery", "state": "pending"}]
            },
        }.get(paid, {"payments": [], "payment_state": "unpaid"})
        order = self._import_one(
            external_id=f"M-{number}",
            lines=lines,
            total=total,
            prices_include_tax=tax != "excluded",
            currency=(self.own if currency == "own" else self.foreign).name,
            **payments,
        )
        sale_order = order.sale_order_id
        self.assertEqual(sale_order.state, "sale", (order.cause, order.cause_message))
        self.assertAlmostEqual(sale_order.amount_total, float(total))
        if paid == "odoo":
            self._pay_in_odoo(sale_order, sale_order.amount_total)
        if shipped in ("half", "deliveries"):
            self._ship_one_of_each(sale_order)
        if shipped in ("after", "deliveries"):
            self._ship(sale_order)
        return sale_order

    def _ship_one_of_each(self, sale_order):
        picking = sale_order.picking_ids
        for move in picking.move_ids:
            in_kit = "bom_line_id" in move and move.bom_line_id.product_qty
            move.quantity = in_kit or 1
            move.picked = True
        picking._action_done()

    def _invoice_what_is_due(self, sale_order):
        if any(line.qty_to_invoice > 0 for line in sale_order.order_line):
            self._invoice(sale_order)

    def _collect(self, sale_order):
        """The carrier brings what it took at the door."""
        invoices = sale_order.invoice_ids.filtered("amount_residual")
        if invoices:
            self.env["account.payment.register"].with_context(
                active_model="account.move", active_ids=invoices.ids
            ).create({"journal_id": self.bank.id})._create_payments()

    def _get_wishes(self, sale_order, kind, goods, shipped):
        first, lamp = sale_order.order_line.filtered(lambda ln: ln.ecom_kind == "product")
        one = {"sale_line_id": first.id, "quantity": 1}
        if kind == "part" and goods == "kit" and shipped != "before":
            # One component of a kit comes back alone.
            one["product_id"] = self.product.id
        return {
            "full": [None],
            "part": [[one]],
            "exchange": [[one]],
            "twice": [[{**one, "quantity": 2}, {"sale_line_id": lamp.id, "quantity": 1}], None],
        }[kind]

    def _run_cases(self, sale_order, kind, goods, shipped):
        type_ = "refund_only" if shipped == "before" else "return"
        if kind == "exchange":
            type_ = "exchange"
        cases = self.env["ecom.return"]
        for wish in self._get_wishes(sale_order, kind, goods, shipped):
            case = self._request(sale_order, wish, type_)
            case.action_approve()
            if case.picking_ids:
                case.action_receive()
                case.action_grade(
                    [
                        {
                            "line_id": line.id,
                            "grade": "a",
                            "quantity": line.quantity_received,
                        }
                        for line in case.line_ids
                        if line.quantity_received
                    ]
                )
            case._refund_due()
            cases |= case
        return cases

    def _get_entries(self):
        return _choose()

    def test_matrix(self):
        for number, entry in enumerate(self._get_entries()):
            with self.subTest("/".join(entry)):
                self._check_one(number, *entry)

    def _check_one(self, number, policy, tax, paid, shipped, kind, goods, currency):
        self.told.clear()
        free = {product: self._free(product) for product in self.parts}
        sale_order = self._build(number, policy, tax, paid, shipped, goods, currency)
        total = sale_order.amount_total
        self._invoice_what_is_due(sale_order)
        if paid == "cod" and shipped != "before":
            self._collect(sale_order)
        had = float(sale_order._ecom_get_paid())
        cases = self._run_cases(sale_order, kind, goods, shipped)
        replacement = cases.exchange_order_id
        # What is left goes out, and what is due is invoiced.
        for order in sale_order | replacement:
            if order.state == "sale":
                if order.picking_ids.filtered(
                    lambda p: p.state not in ("done", "cancel") and not p.return_id
                ):
                    self._ship(order)
                self._invoice_what_is_due(order)
        self._send()
        cases.payment_ids.invalidate_recordset()
        self._check_money(sale_order, cases, paid, kind, total, had)
        self._check_books(sale_order, replacement, cases, total)
        self._check_pieces(sale_order, replacement, kind, goods, shipped, free)

    def _check_money(self, sale_order, cases, paid, kind, total, had):
        due = sum(cases.mapped("amount_due"))
        issued = sum(cases.mapped("amount_issued"))
        self.assertAlmostEqual(issued, min(due, had), msg="money goes back as far as it came in")
        if kind == "exchange":
            self.assertAlmostEqual(due, 0, msg="the same goods cost the same")
        elif kind != "part":
            self.assertAlmostEqual(due, total, msg="everything comes back, shipping included")
        methods = {"channel": "channel", "odoo": "transaction"}.get(paid, "manual")
        self.assertLessEqual(set(cases.payment_ids.mapped("method")), {methods})
        told = sum(amount for _order, amount in self.told)
        self.assertAlmostEqual(told, issued if paid == "channel" else 0, msg="the channel's total")
        given = sale_order.transaction_ids.child_transaction_ids
        self.assertAlmostEqual(
            -sum(given.mapped("amount")),
            issued if paid == "odoo" else 0,
            msg="the provider's total",
        )
        exchanged = sum(float(case._get_exchanged_value()) for case in cases)
        left = max(had - issued - exchanged, 0)
        self.assertAlmostEqual(float(sale_order._ecom_get_refundable()), left)

    def _check_books(self, sale_order, replacement, cases, total):
        due = sum(cases.mapped("amount_due"))
        orders = sale_order | replacement
        moves = (
            self.env["account.move"].search([("line_ids.sale_line_ids.order_id", "in", orders.ids)])
            | cases.credit_note_ids
        )
        self.assertFalse(moves.filtered(lambda move: move.state != "posted"))
        invoices = moves.filtered(lambda m: m.move_type == "out_invoice")
        notes = moves.filtered(lambda m: m.move_type == "out_refund")
        invoiced, credited = sum(invoices.mapped("amount_total")), sum(notes.mapped("amount_total"))
        if sale_order.state == "sale":
            self.assertAlmostEqual(invoiced - credited, total - due, msg="the books")
        else:
            self.assertAlmostEqual(invoiced, credited)
        for note in cases.credit_note_ids:
            invoice = note.reversed_entry_id
            self.assertTrue(invoice)
            self.assertEqual(note.currency_id, sale_order.currency_id)
            self.assertEqual(note.invoice_currency_rate, invoice.invoice_currency_rate)
        for invoice in invoices:
            # What was credited of an invoice is never more than it, tax by tax.
            back = notes.filtered(lambda note, inv=invoice: note.reversed_entry_id == inv)
            for name in ("amount_untaxed", "amount_tax"):
                left = invoice[name] - sum(back.mapped(name))
                self.assertGreaterEqual(round(left, 2), 0, name)
        to_invoice = sale_order.order_line.filtered(
            lambda line: line.ecom_kind == "product" and line.qty_to_invoice > 0
        )
        self.assertFalse(to_invoice if sale_order.state == "sale" else False)

    def _check_pieces(self, sale_order, replacement, kind, goods, shipped, free):
        """What is not with the buyer is in stock, for sale, at what it cost."""
        in_kit = {self.product: 1, self.product_b: 2 if goods == "kit" else 0}
        with_buyer = {
            self.product: 3,
            self.product_b: 3 * in_kit[self.product_b] + 2,
        }
        if kind in ("full", "twice"):
            with_buyer = dict.fromkeys(with_buyer, 0)
        elif kind == "part":
            with_buyer[self.product] -= 1
            if goods == "kit" and shipped == "before":
                with_buyer[self.product_b] -= in_kit[self.product_b]
        for product, pieces in with_buyer.items():
            self.assertEqual(self._free(product), free[product] - pieces, product.default_code)
            moves = self.env["stock.move"].search(
                [
                    ("product_id", "=", product.id),
                    ("state", "=", "done"),
                    ("sale_line_id.order_id", "in", (sale_order | replacement).ids),
                ]
            )
            value = sum(
                move.value if move.is_out else -move.value if move.is_in else 0 for move in moves
            )
            self.assertAlmostEqual(value, pieces * COST, msg=f"value of {product.default_code}")
