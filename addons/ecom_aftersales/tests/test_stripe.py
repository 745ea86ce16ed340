"""Refunds through Odoo's own provider for Stripe, against localstripe: run by tests/test_stripe.py.

``ECOM_STRIPE_URL`` is where localstripe listens; without it, or without payment_stripe, these skip.
"""

import os
from unittest.mock import patch

import requests

from odoo import fields
from odoo.fields import Command
from odoo.tests import freeze_time, tagged

from .common import AftersalesCase

try:
    import stripe
except ImportError:  # only these tests need Stripe's own client
    stripe = None

URL = os.environ.get("ECOM_STRIPE_URL")


@tagged("post_install", "-at_install")
class TestStripe(AftersalesCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if not URL or not stripe or "stripe_secret_key" not in cls.env["payment.provider"]._fields:
            cls.skipTest(cls, "run by tests/test_stripe.py")
        cls.stripe = stripe
        stripe.api_key, stripe.api_base = "sk_test_12345", URL

    def setUp(self):
        super().setUp()
        Provider = self.env.registry["payment.provider"]
        self.startPatcher(
            patch.object(
                Provider,
                "_build_request_url",
                lambda provider, endpoint, **kw: f"{URL}/v1/{endpoint}",
            )
        )

    def _sell_by_stripe(self, quantity="2"):
        """A buyer pays with a card. :return: (sale order, Stripe's payment)"""
        sale_order = self._sell(ship=True, lines=[self._line(quantity=quantity)], payments=[])
        cents = round(sale_order.amount_total * 100)
        card = self.stripe.PaymentMethod.create(
            type="card",
            card={"number": "4242424242424242", "exp_month": 12, "exp_year": 2030, "cvc": "123"},
        )
        customer = self.stripe.Customer.create(email="buyer@example.com")
        self.stripe.PaymentMethod.attach(card.id, customer=customer.id)
        intent = self.stripe.PaymentIntent.create(
            amount=cents, currency="eur", customer=customer.id, payment_method=card.id, confirm=True
        )
        self.assertEqual(intent.status, "succeeded")
        method = self.env.ref("payment.payment_method_card")
        provider = self.env.ref("payment.payment_provider_stripe").copy(
            {
                "name": "Stripe",
                "state": "test",
                "company_id": self.company.id,
                "stripe_publishable_key": "pk_test_12345",
                "stripe_secret_key": "sk_test_12345",
                "payment_method_ids": [Command.set(method.ids)],
            }
        )
        method.active = True
        self.env["payment.transaction"].create(
            {
                "provider_id": provider.id,
                "payment_method_id": method.id,
                "amount": sale_order.amount_total,
                "currency_id": sale_order.currency_id.id,
                "partner_id": sale_order.partner_id.id,
                "reference": f"STRIPE-{sale_order.name}",
                "provider_reference": intent.id,
                "state": "done",
                "sale_order_ids": [Command.set(sale_order.ids)],
            }
        )
        return sale_order, intent

    def _refund(self, sale_order, quantity=1):
        case = self._request(sale_order, [{"sku": "MUG", "quantity": quantity}], "refund_only")
        case.action_approve()
        case.action_refund()
        return case

    def _get_refunds(self, intent):
        """:return: what Stripe itself says was given back, in cents"""
        charge = intent["charges"]["data"][0]["id"]
        return sorted(refund.amount for refund in self.stripe.Refund.list(charge=charge).data)

    def test_part_and_rest(self):
        sale_order, intent = self._sell_by_stripe()
        case = self._refund(sale_order)
        payment = case.payment_ids
        self.assertEqual((payment.method, payment.state), ("transaction", "todo"))
        self.assertEqual(self._get_refunds(intent), [], "nothing is sent within the request")
        self._send()
        payment.invalidate_recordset()
        self.assertEqual(payment.state, "done", payment.message)
        self.assertEqual(self._get_refunds(intent), [1000])
        self.assertTrue(payment.reference)
        self._send()
        self.assertEqual(self._get_refunds(intent), [1000])
        rest = self._refund(sale_order)
        self._send()
        rest.payment_ids.invalidate_recordset()
        self.assertEqual(rest.payment_ids.state, "done")
        self.assertEqual(sum(self._get_refunds(intent)), 2000)
        self.assertEqual(sale_order._ecom_get_refundable(), 0)

    def test_answer_lost(self):
        """Stripe gave the money back and we never heard: asked again, it does not do it twice."""
        sale_order, intent = self._sell_by_stripe()
        case = self._refund(sale_order)
        send, answers = requests.request, {}

        def request(method, url, **kwargs):
            # localstripe does not know keys: here stands what Stripe documents of them. The same key
            # gets the first answer again, and nothing else happens.
            key = kwargs["headers"]["Idempotency-Key"]
            if key in answers:
                return answers[key]
            answers[key] = send(method, url, **kwargs)
            raise requests.exceptions.ReadTimeout("no answer")

        with patch.object(requests, "request", request):
            self._send()
            payment = case.payment_ids
            payment.invalidate_recordset()
            self.assertEqual(payment.state, "pending")
            self.assertIn("No answer", payment.message)
            self.assertTrue(payment.next_try)
            self.assertEqual(self._get_refunds(intent), [1000], "Stripe did it")
            self.assertEqual(sale_order._ecom_get_refundable(), 10, "it stays counted")
            self._send()
            self.assertEqual(payment.attempts, 1, "not before its time")
            with freeze_time(fields.Datetime.add(payment.next_try, seconds=1)):
                self._send()
        payment.invalidate_recordset()
        self.assertEqual((payment.state, payment.attempts), ("done", 2), payment.message)
        self.assertEqual(self._get_refunds(intent), [1000])
        self.assertEqual(len(payment.transaction_id.child_transaction_ids), 1)

    def test_refused(self):
        sale_order, intent = self._sell_by_stripe()
        sale_order.transaction_ids.provider_reference = "pi_of_another_shop"
        case = self._refund(sale_order)
        self._send()
        case.payment_ids.invalidate_recordset()
        self.assertEqual(case.payment_ids.state, "failed")
        self.assertTrue(case.payment_ids.message)
        self.assertTrue(case.activity_ids)
        self.assertEqual(self._get_refunds(intent), [])
        self.assertEqual(sale_order._ecom_get_refundable(), 20, "the amount is free again")
