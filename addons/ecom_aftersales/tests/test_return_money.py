from unittest.mock import patch

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from .common import AftersalesCase


@tagged("post_install", "-at_install")
class TestReturnMoney(AftersalesCase):
    """Amounts, refunds and credit notes agree to the cent, and nothing is given back twice."""

    def test_request_is_checked_and_once(self):
        sale_order = self._sell(ship=True, lines=[self._line(quantity="2")], total="20")
        Case = self.env["ecom.return"]
        values = {
            "type": "return",
            "sale_order_id": sale_order.id,
            "lines": [{"sku": "mug", "quantity": 1}],
            "reason": "defect",
            "request_key": "shop-4711",
        }
        first = Case.create_request(values)
        again = Case.create_request(values)
        self.assertEqual((first["outcome"], again["outcome"]), ("created", "known"))
        self.assertEqual(first["id"], again["id"])
        self.assertEqual((first["amount_due"], first["currency"]), (10, "EUR"))
        for change, message in (
            ({"type": "gift"}, "what kind"),
            ({"nonsense": 1}, "nonsense"),
            ({"sale_order_id": 0}, "no such order"),
            ({"lines": [{"sku": "X", "quantity": 1}]}, "X is not on order"),
            ({"lines": [{"sku": "MUG", "quantity": 0}]}, "above zero"),
            ({"lines": [{"sku": "MUG", "quantity": 2}]}, "only 1 are left"),
            ({"reason": "whim"}, "no return reason whim"),
        ):
            with self.assertRaisesRegex(UserError, message):
                Case.create_request({**values, "request_key": None, **change})

    def test_policy_decides_with_reasons(self):
        self.policy.auto_approve = True
        sale_order = self._sell(ship=True)
        case = self._request(sale_order)
        self.assertRecordValues(
            case,
            [
                {
                    "request_state": "approved",
                    "policy_id": self.policy.id,
                    "policy_verdict": "allowed",
                    "goods_state": "awaiting",
                }
            ],
        )
        decision = case.decision_ids.filtered(lambda d: d.stage == "policy")
        self.assertIn("Delivered 0 days ago, within 14", decision.summary)
        self.assertEqual(decision.details["facts"]["resolution"], "return")

    def test_against_the_policy_needs_a_reason(self):
        self.policy.write({"auto_approve": True, "days_return": 14})
        sale_order = self._sell(ship=True)
        sale_order.picking_ids.date_done = "2026-01-01 10:00:00"
        case = self._request(sale_order)
        self.assertEqual((case.request_state, case.policy_verdict), ("new", "refused"))
        self.assertTrue(case.activity_ids)
        with self.assertRaisesRegex(UserError, "policy does not allow"):
            case.action_approve()
        case.action_approve("A good customer")
        self.assertEqual(case.request_state, "approved")
        self.assertFalse(case.activity_ids)

    def test_tax_of_the_credit_note_is_the_invoices(self):
        tax = self._create_tax(17.3, included=True)
        self.product.taxes_id = tax
        line = self._line(quantity="3", price="3.33", taxes=[{"rate": "17.3", "amount": "1.47"}])
        sale_order = self._sell(
            ship=True, invoice=True, lines=[line], total="9.99", prices_include_tax=True
        )
        invoice = sale_order.invoice_ids
        self.assertEqual((invoice.amount_total, invoice.amount_tax), (9.99, 1.47))
        notes = self.env["account.move"]
        for _piece in range(3):
            case = self._request(sale_order, [{"sku": "MUG", "quantity": 1}], "refund_only")
            case.action_approve()
            case.action_refund()
            notes |= case.credit_note_ids
        self.assertEqual(len(notes), 3)
        self.assertEqual(notes.reversed_entry_id, invoice)
        self.assertAlmostEqual(sum(notes.mapped("amount_total")), 9.99)
        self.assertAlmostEqual(sum(notes.mapped("amount_tax")), 1.47)
        self.assertEqual(sale_order._ecom_get_refundable(), 0)
        self.assertTrue(all(note.state == "posted" for note in notes))

    def test_tax_excluded_discount_and_shipping(self):
        self._create_tax(10)
        lines = [
            self._line(quantity="2", price="10", taxes=[{"rate": "10", "amount": "2"}]),
            self._line("LAMP", price="30", taxes=[{"rate": "10", "amount": "3"}]),
            {
                "id": "S",
                "kind": "shipping",
                "quantity": "1",
                "unit_price": "5",
                "taxes": [{"rate": "10", "amount": "0.5"}],
            },
        ]
        sale_order = self._sell(
            ship=True, invoice=True, lines=lines, total="60.5", prices_include_tax=False
        )
        self.assertEqual(sale_order.amount_total, 60.5)
        first = self._request(sale_order, [{"sku": "MUG", "quantity": 2}], "refund_only")
        self.assertEqual((first.amount_goods, first.amount_shipping), (22, 0))
        first.action_approve()
        first.action_refund()
        last = self._request(sale_order, None, "refund_only")
        self.assertEqual((last.amount_goods, last.amount_shipping), (33, 5.5))
        last.action_approve()
        last.action_refund()
        notes = (first | last).credit_note_ids
        self.assertAlmostEqual(sum(notes.mapped("amount_total")), 60.5)
        self.assertAlmostEqual(sum(notes.mapped("amount_tax")), 5.5)

    def test_never_more_than_was_paid(self):
        sale_order = self._sell(
            ship=True, lines=[self._line(quantity="2")], payments=[{"amount": "12"}]
        )
        case = self._request(sale_order, None, "refund_only")
        case.action_approve()
        with self.assertRaisesRegex(UserError, "left to refund"):
            case.action_refund(21)
        case.action_refund()
        self.assertEqual(case.amount_issued, 12)
        self.assertIn(
            "instead of", case.decision_ids.filtered(lambda d: d.stage == "money")[-1].summary
        )
        with self.assertRaisesRegex(UserError, "Nothing can be refunded"):
            case.action_refund()
        self.assertEqual(sum(sale_order.ecom_return_ids.payment_ids.mapped("amount")), 12)

    def test_goodwill_has_limits(self):
        agent = new_test_user(self.env, "good_agent", groups="ecom_aftersales.group_ecom_agent")
        sale_order = self._sell(ship=True, invoice=True, lines=[self._line(price="100")])
        case = self._request(sale_order, None, "resend")
        case.action_approve()
        self.policy.goodwill_limit = 20
        with self.assertRaisesRegex(UserError, "up to"):
            case.with_user(agent).action_set_amount(30, "Kind")
        with self.assertRaisesRegex(UserError, "Say why"):
            case.with_user(agent).action_set_amount(10, "")
        with self.assertRaisesRegex(UserError, "At most"):
            case.action_set_amount(101, "Too kind")
        refund = self._request(sale_order, None, "refund_only")
        refund.action_approve()
        refund.with_user(agent).action_set_amount(60, "Keeps the lamp, half the price back")
        refund.with_user(agent).action_refund()
        self.assertEqual(refund.credit_note_ids.amount_total, 60)
        self.assertEqual(refund.amount_adjustment, -40)

    def test_fees_only_where_the_buyer_is_at_fault(self):
        self.policy.write({"restocking_percent": 10, "label_fee": 4})
        sale_order = self._sell(
            ship=True, invoice=True, lines=[self._line(quantity="2", price="50")]
        )
        buyer = self._request(
            sale_order, [{"sku": "MUG", "quantity": 1}], "return", reason="withdrawal"
        )
        self.assertEqual((buyer.amount_fees, buyer.amount_due), (9, 41))
        seller = self._request(
            sale_order, [{"sku": "MUG", "quantity": 1}], "return", reason="wrong_item"
        )
        self.assertEqual((seller.amount_fees, seller.amount_due), (0, 50))
        buyer.action_approve()
        buyer.action_refund()
        self.assertEqual(buyer.credit_note_ids.amount_total, 41)
        self.assertIn("Return fees", buyer.credit_note_ids.invoice_line_ids.mapped("name"))

    def test_credit_waits_for_the_invoice(self):
        self.product.invoice_policy = "order"
        sale_order = self._sell(ship=True)
        case = self._request(sale_order, None, "refund_only")
        case.action_approve()
        case.action_refund()
        self.assertEqual(case.credit_state, "waiting")
        self._invoice(sale_order)
        self.assertEqual(case.credit_state, "done")
        self.assertEqual(case.credit_note_ids.amount_total, 10)
        self.assertEqual(sale_order.order_line.qty_to_invoice, 0, "nothing is invoiced again")

    def test_open_invoice_is_settled_by_the_credit_note(self):
        sale_order = self._sell(ship=True, invoice=True, payments=[], payment_state="unpaid")
        invoice = sale_order.invoice_ids
        case = self._request(sale_order, None, "refund_only")
        case.action_approve()
        with self.assertRaisesRegex(UserError, "Nothing can be refunded"):
            case.action_refund()
        case._refund_due()
        self.assertFalse(case.payment_ids, "nobody paid, nobody gets money")
        self.assertEqual(invoice.payment_state, "reversed")

    def test_payment_in_odoo_is_refunded_by_its_provider_once(self):
        sale_order = self._sell(ship=True, lines=[self._line(quantity="2")], payments=[])
        tx = self._pay_in_odoo(sale_order, 20)
        case = self._request(sale_order, [{"sku": "MUG", "quantity": 1}], "refund_only")
        case.action_approve()
        case.action_refund()
        payment = case.payment_ids
        self.assertEqual(
            (payment.method, payment.transaction_id, payment.state), ("transaction", tx, "todo")
        )
        with self.assertRaisesRegex(UserError, "by itself"):
            payment.action_mark_paid()
        calls = []

        def send(refund_tx):
            calls.append(refund_tx.amount)
            refund_tx._set_done()

        self.startPatcher(
            patch.object(self.env.registry["payment.transaction"], "_send_refund_request", send)
        )
        self._send()
        self._send()
        payment.invalidate_recordset()
        self.assertEqual(calls, [-10])
        self.assertRecordValues(payment, [{"state": "done", "amount": 10}])
        self.assertEqual(case.money_state, "done")
        self.assertEqual(sale_order._ecom_get_refunded(), 10)
        self.assertEqual(case._get_transaction_left(tx), 10)

    def test_refusal_of_the_provider_frees_the_amount(self):
        sale_order = self._sell(ship=True, payments=[])
        self._pay_in_odoo(sale_order, 10)
        case = self._request(sale_order, None, "refund_only")
        case.action_approve()
        case.action_refund()
        self.startPatcher(
            patch.object(
                self.env.registry["payment.transaction"],
                "_send_refund_request",
                lambda refund_tx: refund_tx._set_error("No balance"),
            )
        )
        self._send()
        case.payment_ids.invalidate_recordset()
        self.assertRecordValues(case.payment_ids, [{"state": "failed", "message": "No balance"}])
        self.assertEqual(sale_order._ecom_get_refundable(), 10)
        self.assertTrue(case.activity_ids)
        case.action_refund()
        self.assertEqual(len(case.payment_ids), 2)

    def test_interrupted_refund_is_never_sent_again(self):
        sale_order = self._sell(ship=True, payments=[])
        self._pay_in_odoo(sale_order, 10)
        case = self._request(sale_order, None, "refund_only")
        case.action_approve()
        case.action_refund()
        payment = case.payment_ids
        payment.write({"state": "pending", "sent_at": "2026-01-01 00:00:00"})
        self._send()
        payment.invalidate_recordset()
        self.assertEqual(payment.state, "pending")
        self.assertIn("Interrupted", payment.message)
        self.assertEqual(sale_order._ecom_get_refundable(), 0)
        payment.action_not_sent()
        self.assertEqual(sale_order._ecom_get_refundable(), 10)

    def test_provider_that_refunds_only_all(self):
        sale_order = self._sell(ship=True, lines=[self._line(quantity="2")], payments=[])
        self._pay_in_odoo(sale_order, 20, support="full_only")
        part = self._request(sale_order, [{"sku": "MUG", "quantity": 1}], "refund_only")
        part.action_approve()
        part.action_refund()
        self.assertEqual(part.payment_ids.method, "manual")

    def test_paid_by_hand(self):
        sale_order = self._sell(ship=True)
        case = self._request(sale_order, None, "refund_only")
        case.action_approve()
        case.action_refund()
        self.assertEqual((case.payment_ids.method, case.money_state), ("manual", "due"))
        self.assertTrue(case.activity_ids)
        case.payment_ids.action_mark_paid("SEPA 1")
        self.assertRecordValues(case.payment_ids, [{"state": "done", "reference": "SEPA 1"}])
        self.assertEqual((case.money_state, case.is_open), ("done", False))
        self.assertTrue(case.closed_at)
        with self.assertRaises(UserError):
            case.payment_ids.action_cancel()

    def test_foreign_currency_is_credited_at_the_invoices_rate(self):
        foreign = self.usd if self.company.currency_id != self.usd else self.eur
        self.env["res.currency.rate"].create(
            {
                "currency_id": foreign.id,
                "name": "2026-01-01",
                "rate": 1.25,
                "company_id": self.company.id,
            }
        )
        sale_order = self._sell(
            ship=True, invoice=True, currency=foreign.name, lines=[self._line(price="100")]
        )
        invoice = sale_order.invoice_ids
        self.env["res.currency.rate"].create(
            {
                "currency_id": foreign.id,
                "name": "2026-10-01",
                "rate": 2,
                "company_id": self.company.id,
            }
        )
        case = self._request(sale_order, None, "refund_only")
        case.action_approve()
        case.action_refund()
        note = case.credit_note_ids
        self.assertEqual(note.currency_id, foreign)
        self.assertEqual(note.amount_total, 100)
        self.assertAlmostEqual(note.amount_total_signed, -invoice.amount_total_signed)

    def test_states_are_not_written_by_hand(self):
        agent = new_test_user(self.env, "hand_agent", groups="ecom_aftersales.group_ecom_agent")
        viewer = new_test_user(self.env, "hand_view", groups="ecom_order_mgmt.group_ecom_viewer")
        desk = new_test_user(self.env, "hand_desk", groups="ecom_aftersales.group_ecom_desk")
        case = self._request(self._sell(ship=True))
        case.with_user(agent).description = "It rattles"
        for vals in (
            {"amount_due": 1000},
            {"request_state": "approved"},
            {"policy_verdict": "allowed"},
        ):
            with self.assertRaises(AccessError):
                case.with_user(agent).write(vals)
        with self.assertRaises(AccessError):
            case.line_ids.with_user(agent).write({"amount": 1000})
        for user in (viewer, desk):
            with self.assertRaises(AccessError):
                case.with_user(user).action_approve()
            with self.assertRaises(AccessError):
                case.with_user(user).description = "x"
            with self.assertRaises(AccessError):
                self.env["ecom.return"].with_user(user).create_request({"type": "return"})
        case.with_user(agent).action_approve()
        case.with_user(agent).action_refund()
        with self.assertRaises(AccessError):
            case.payment_ids.with_user(viewer).action_mark_paid()
        with self.assertRaises(AccessError):
            case.line_ids.with_user(agent).write({"quantity": 2})
        with self.assertRaises(AccessError):
            case.with_user(viewer).action_receive()
        case.with_user(desk).action_receive()
        self.assertEqual(case.goods_state, "received")

    def test_policies_are_the_managers(self):
        agent = new_test_user(self.env, "pol_agent", groups="ecom_aftersales.group_ecom_agent")
        manager = new_test_user(
            self.env, "pol_man", groups="ecom_aftersales.group_ecom_aftersales_manager"
        )
        with self.assertRaises(AccessError):
            self.policy.with_user(agent).goodwill_limit = 10000
        self.policy.with_user(manager).goodwill_limit = 50
        with self.assertRaises(AccessError):
            self.env["ecom.return"].with_user(agent).create({"name": "x", "type": "return"})
        portal = new_test_user(self.env, "pol_portal", groups="base.group_portal")
        sale_order = self._sell(ship=True)
        with self.assertRaises(AccessError):
            self.env["ecom.return"].with_user(portal).create_request(
                {"type": "return", "sale_order_id": sale_order.id}
            )
        with self.assertRaises(AccessError):
            self.env["ecom.return"].with_user(portal).find_parcel("A-1")

    def test_other_company_sees_nothing(self):
        case = self._request(self._sell(ship=True))
        other = self.env["res.company"].create({"name": "Other"})
        stranger = new_test_user(
            self.env,
            "stranger",
            groups="ecom_aftersales.group_ecom_aftersales_manager",
            company_id=other.id,
            company_ids=[Command.set(other.ids)],
        )
        self.assertFalse(self.env["ecom.return"].with_user(stranger).search([("id", "=", case.id)]))
        with self.assertRaises(AccessError):
            case.with_user(stranger).action_approve()
        with self.assertRaises(AccessError):
            self.env["ecom.return"].with_user(stranger).create_request(
                {"type": "return", "sale_order_id": case.sale_order_id.id}
            )
