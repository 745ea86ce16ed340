"""Random sequences of what people and channels do with one order, through Odoo: it never gives more
back than was paid, and nothing comes back that was not delivered."""

import os
import unittest
from contextlib import closing, suppress
from decimal import Decimal

from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import AftersalesCase

try:
    from hypothesis import HealthCheck, given, settings
    from hypothesis import strategies as st
except ImportError:  # only the tests need it
    st = None

EXAMPLES = int(os.environ.get("ECOM_SEQUENCES", "12"))
TYPES = ("refund_only", "return", "exchange", "refused", "intercept", "resend")


class NoCase(Exception):
    """A step needs a case, and there is none yet."""


@unittest.skipUnless(st, "hypothesis is not installed")
@tagged("post_install", "-at_install")
class TestReturnSequences(AftersalesCase):
    def _get_steps(self):
        number = st.integers(0, 3)
        return st.one_of(
            st.tuples(st.just("request"), st.sampled_from(TYPES), st.integers(0, 1), number),
            st.tuples(st.just("request_rest"), st.sampled_from(TYPES)),
            st.tuples(st.just("approve"), number),
            st.tuples(st.just("withdraw"), number),
            st.tuples(st.just("receive"), number),
            st.tuples(st.just("refund"), number, st.sampled_from((None, 1, 7, 30))),
            st.tuples(st.just("goodwill"), number, st.integers(0, 80)),
            st.tuples(st.just("ship"), st.integers(1, 2)),
            st.tuples(st.just("invoice")),
            st.tuples(st.just("channel"), st.integers(1, 60), number),
            st.tuples(st.just("release"), number),
        )

    def test_sequences(self):
        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            database=None,
            derandomize="ECOM_SEQUENCES" not in os.environ,
            suppress_health_check=list(HealthCheck),
        )
        @given(
            st.lists(self._get_steps(), min_size=3, max_size=12),
            st.sampled_from(("order", "delivery")),
            st.sampled_from(("paid", "part", "unpaid")),
        )
        def check(steps, policy, paid):
            with closing(self.env.cr.savepoint()) as savepoint:
                try:
                    self._play(steps, policy, paid)
                finally:
                    savepoint.rollback()

        self.policy.write({"goodwill_limit": 1000, "refund_on": "receipt", "days_refund": 30})
        check()

    def _play(self, steps, policy, paid):
        (self.product | self.product_b).write({"invoice_policy": policy})
        payments = {
            "paid": {},
            "part": {"payments": [{"amount": "21"}]},
            "unpaid": {"payments": [], "payment_state": "unpaid"},
        }[paid]
        self.sale_order = self._sell(
            lines=[
                self._line(quantity="3", price="10.01"),
                self._line("LAMP", quantity="2", price="9.99"),
            ],
            **payments,
        )
        self.cases = self.env["ecom.return"]
        self.channel_paid = False
        for number, (name, *arguments) in enumerate(steps):
            before = self._get_given()
            # What makes no sense is refused, as it should be.
            with suppress(UserError, NoCase), self.env.cr.savepoint():
                getattr(self, f"_step_{name}")(*arguments)
            self._check_money(name, number, before)
            self._check_goods()

    def _case(self, index):
        cases = self.sale_order.ecom_return_ids.sorted("id")
        if not cases:
            raise NoCase
        return cases[index % len(cases)]

    def _step_request(self, kind, index, quantity):
        line = self.sale_order.order_line[index]
        self._request(self.sale_order, [{"sale_line_id": line.id, "quantity": quantity}], kind)

    def _step_request_rest(self, kind):
        self._request(self.sale_order, None, kind)

    def _step_approve(self, index):
        self._case(index).action_approve("random")

    def _step_withdraw(self, index):
        self._case(index).action_withdraw()

    def _step_receive(self, index):
        case = self._case(index)
        case.action_receive()
        case.action_grade(
            [
                {"line_id": line.id, "grade": "a", "quantity": line.quantity_received}
                for line in case.line_ids
                if line.quantity_received
            ]
        )

    def _step_refund(self, index, amount):
        self._case(index).action_refund(amount)

    def _step_goodwill(self, index, amount):
        self._case(index).action_set_amount(amount, "random")

    def _step_ship(self, pieces):
        pickings = self.sale_order.picking_ids.filtered(
            lambda p: p.state not in ("done", "cancel") and not p.return_id
        )
        for move in pickings.move_ids:
            move.quantity = min(pieces, move.product_uom_qty)
            move.picked = True
        pickings._action_done()

    def _step_invoice(self):
        self._invoice(self.sale_order)

    def _step_release(self, index):
        self._case(index).action_release()

    def _step_channel(self, amount, quantity):
        self.channel_paid = True
        self.channel.import_orders(
            [
                {
                    "type": "refund",
                    "external_id": f"R-{amount}-{quantity}",
                    "order_external_id": "A-1",
                    "created_at": "2026-03-05T10:00:00Z",
                    "currency": "EUR",
                    "amount": str(amount),
                    "lines": [
                        {"id": "1", "sku": "MUG", "quantity": str(quantity), "amount": str(amount)}
                    ],
                }
            ]
        )
        self.channel.process_orders()

    # === WHAT HOLDS AT EVERY MOMENT === #

    def _get_given(self):
        live = self.env["ecom.return.payment"].search(
            [
                ("sale_order_id", "=", self.sale_order.id),
                ("state", "not in", ("failed", "cancelled")),
            ]
        )
        return sum((Decimal(repr(p.amount)) for p in live.filtered(self._is_ours)), Decimal(0))

    @staticmethod
    def _is_ours(payment):
        return payment.method != "mirror" and not payment.refund_id

    def _check_money(self, name, number, before):
        paid = self.sale_order._ecom_get_paid()
        ours = self._get_given()
        self.assertLessEqual(ours, paid, f"step {number}, {name}")
        if ours > before or not self.channel_paid:
            # What a channel does on its own may be too much; we add nothing to it.
            # What an exchange takes over to its replacement is no money; it is worth what was paid.
            cases = self.sale_order.ecom_return_ids
            taken_over = sum(case._get_exchanged_value() for case in cases)
            gone = self.sale_order._ecom_get_refunded() - taken_over
            self.assertLessEqual(gone, paid, f"{number}, {name}")
            for replacement in cases.exchange_order_id:
                self.assertLessEqual(replacement._ecom_get_paid(), paid, f"{number}, {name}")
        for case in self.sale_order.ecom_return_ids:
            self.assertGreaterEqual(case.amount_due, 0)
            if case.origin != "platform":
                self.assertLessEqual(
                    round(case.amount_issued, 2), round(case.amount_due, 2), f"{number}, {name}"
                )
        notes = self.sale_order.ecom_return_ids.credit_note_ids
        for invoice in notes.reversed_entry_id:
            back = notes.filtered(lambda n, i=invoice: n.reversed_entry_id == i)
            self.assertLessEqual(
                round(sum(back.mapped("amount_total")), 2),
                invoice.amount_total,
                f"{number}, {name}",
            )

    def _check_goods(self):
        for line in self.sale_order.order_line:
            out = line.move_ids.filtered(lambda m: m.location_dest_usage == "customer")
            back = line.move_ids.filtered(
                lambda m: m.location_id.usage == "customer" and m.state != "cancel"
            )
            sent = sum(out.filtered(lambda m: m.state == "done").mapped("quantity"))
            self.assertLessEqual(sum(back.mapped("product_uom_qty")), sent)
            self.assertGreaterEqual(line.qty_delivered, 0)
            self.assertLessEqual(
                sum(out.filtered(lambda m: m.state != "cancel").mapped("product_uom_qty")),
                line.product_uom_qty,
            )
        for (line_id, _product), taken in self.sale_order._ecom_get_taken().items():
            line = self.env["sale.order.line"].browse(line_id)
            self.assertLessEqual(taken, Decimal(repr(line.product_uom_qty)))
