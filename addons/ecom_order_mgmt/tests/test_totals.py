from decimal import Decimal

from odoo.tests import tagged

from .common import EcomCase


@tagged("post_install", "-at_install")
class TestTotals(EcomCase):
    """Odoo's total is the channel's, to the cent, whatever the taxes and discounts."""

    def _assert_exact(self, order):
        self.assertEqual(order.state, "accepted", order.cause_message)
        self.assertEqual(
            order.currency_id.compare_amounts(order.sale_order_id.amount_total, order.amount_total),
            0,
            f"Odoo {order.sale_order_id.amount_total}, channel {order.amount_total}",
        )

    def test_excluded_tax_to_the_cent(self):
        """4.47 where Odoo would compute 4.41 (14.7 % of 29.99)."""
        tax = self._create_tax(14.7)
        order = self._import_one(
            lines=[
                self._line(price="29.99", taxes=[{"rate": "14.7", "amount": "4.47"}]),
            ],
            total="34.46",
        )
        self._assert_exact(order)
        self.assertEqual(order.sale_order_id.amount_tax, 4.47)
        self.assertEqual(order.sale_order_id.order_line.tax_ids, tax)

    def test_included_tax(self):
        self._create_tax(19, included=True)
        order = self._import_one(
            prices_include_tax=True,
            lines=[
                self._line(quantity="3", price="9.99", taxes=[{"rate": "19", "amount": "4.79"}]),
                self._line(
                    "LAMP", price="19.99", discount="3.33", taxes=[{"rate": "19", "amount": "2.66"}]
                ),
            ],
        )
        self._assert_exact(order)
        self.assertAlmostEqual(order.sale_order_id.amount_tax, 7.45)

    def test_included_price_with_a_tax_of_the_other_mode(self):
        self._create_tax(21)
        order = self._import_one(
            prices_include_tax=True,
            lines=[
                self._line(quantity="3", price="7.77", taxes=[{"rate": "21", "amount": "4.05"}])
            ],
        )
        self._assert_exact(order)
        self.assertAlmostEqual(order.sale_order_id.amount_untaxed, 19.26)

    def test_excluded_price_with_a_tax_of_the_other_mode(self):
        self._create_tax(22, included=True)
        order = self._import_one(
            lines=[
                self._line(quantity="3", price="7.77", taxes=[{"rate": "22", "amount": "5.12"}])
            ],
            total="28.43",
        )
        self._assert_exact(order)
        self.assertAlmostEqual(order.sale_order_id.amount_untaxed, 23.31)

    def test_exact_under_both_rounding_methods(self):
        for method in ("round_per_line", "round_globally"):
            with self.subTest(method):
                self.company.tax_calculation_rounding_method = method
                self._create_tax(7, included=True, name=f"Seven {method}")
                lines = [
                    self._line(
                        line_id=f"{i}", price="0.99", taxes=[{"rate": "7", "amount": "0.06"}]
                    )
                    for i in range(25)
                ]
                order = self._import_one(
                    external_id=method, prices_include_tax=True, lines=lines, total="24.75"
                )
                self._assert_exact(order)
                self.assertAlmostEqual(order.sale_order_id.amount_tax, 1.5)
                self.env["account.tax"].search([("name", "=", f"Seven {method}")]).active = False
                self.env["ecom.mapping"].search([("kind", "=", "tax")]).unlink()

    def test_two_taxes_on_a_line(self):
        self._create_tax(5)
        self._create_tax(9.975)
        order = self._import_one(
            lines=[
                self._line(
                    price="100",
                    taxes=[
                        {"name": "GST", "rate": "5", "amount": "5.00"},
                        {"name": "QST", "rate": "9.975", "amount": "9.98"},
                    ],
                )
            ],
            total="114.98",
        )
        self._assert_exact(order)
        self.assertEqual(len(order.sale_order_id.order_line.tax_ids), 2)

    def test_tax_of_the_platform_is_none_of_ours(self):
        order = self._import_one(
            lines=[
                self._line(
                    price="100",
                    taxes=[{"rate": "20", "amount": "20", "collected_by": "platform"}],
                )
            ]
        )
        self._assert_exact(order)
        self.assertFalse(order.sale_order_id.order_line.tax_ids)

    def test_discount_that_no_percentage_carries(self):
        order = self._import_one(lines=[self._line(quantity="3", price="3333.33", discount="3.33")])
        self._assert_exact(order)
        line = order.sale_order_id.order_line
        self.assertEqual((line.discount, line.price_subtotal), (0, 9996.66))

    def test_discount_in_percent_is_shown(self):
        order = self._import_one(lines=[self._line(quantity="2", price="10", discount="5")])
        line = order.sale_order_id.order_line
        self.assertEqual((line.price_unit, line.discount, line.price_subtotal), (10, 25, 15))

    def test_order_discount_with_remainder(self):
        """10.00 over four lines, as a real shop shares it out: 2.39 + 2.54 + 2.54 + 2.53."""
        lines = [
            self._line(line_id=str(i), price=price)
            for i, price in enumerate(["94.00", "100.00", "100.00", "99.99"])
        ]
        order = self._import_one(
            lines=lines, discounts=[{"code": "TENOFF", "amount": "10.00"}], total="383.99"
        )
        self._assert_exact(order)
        self.assertEqual(len(order.sale_order_id.order_line), 4)

    def test_voucher_above_the_goods(self):
        order = self._import_one(
            lines=[
                self._line(price="20"),
                {"id": "ship", "kind": "shipping", "quantity": 1, "unit_price": "5"},
            ],
            discounts=[{"code": "V25", "amount": "25"}],
            total="0",
        )
        self._assert_exact(order)
        kinds = order.sale_order_id.order_line.mapped("ecom_kind")
        self.assertEqual(kinds, ["product", "shipping", "discount"])

    def test_subsidy_of_the_platform_lowers_nothing(self):
        order = self._import_one(
            discounts=[{"amount": "3", "borne_by": "platform"}],
            payments=[
                {"amount": "7", "paid_at": "2026-03-01T10:00:00Z"},
                {"kind": "platform_subsidy", "amount": "3"},
            ],
            total="10",
        )
        self._assert_exact(order)
        self.assertEqual(order.sale_order_id.amount_total, 10)
        self.assertEqual(order.payment_state, "paid")

    def test_gift_card_is_a_payment(self):
        order = self._import_one(
            lines=[self._line(price="100")],
            payments=[{"kind": "gift_card", "amount": "30"}, {"amount": "70"}],
        )
        self._assert_exact(order)
        self.assertEqual(order.payment_state, "paid")

    def test_rounding_line(self):
        order = self._import_one(total="10.03")
        self._assert_exact(order)
        self.assertEqual(order.sale_order_id.order_line[-1].ecom_kind, "rounding")
        self.assertEqual(order.review_state, "approved")
        self.assertIn("0.03", order.decision_ids.filtered(lambda d: d.stage == "total").summary)

    def test_block(self):
        order = self._import_one(total="11.01")
        self.assertRecordValues(order, [{"state": "parked", "cause": "total_mismatch"}])
        self.assertFalse(order.sale_order_id)
        self.channel.tolerance_block = 2
        order.action_replay()
        self.channel.process_orders()
        self._assert_exact(order)

    def test_yen_has_no_cents(self):
        self._activate_currency("JPY")
        order = self._import_one(
            currency="JPY",
            lines=[self._line(quantity="3", price="333.33")],
            total="1000",
            payments=[{"amount": "1000"}],
        )
        self._assert_exact(order)

    def test_zero_quantity_line(self):
        order = self._import_one(
            lines=[self._line(), self._line("LAMP", quantity="0", price="99")], total="10"
        )
        self._assert_exact(order)
        self.assertEqual(order.sale_order_id.order_line.mapped("product_uom_qty"), [1, 0])

    def test_nothing_to_sell(self):
        order = self._import_one(lines=[self._line(quantity="0")], total="0")
        self.assertEqual(order.cause, "nothing_to_sell")

    def test_price_survives_a_change_of_quantity(self):
        """Also a price of -1, and one that came with a discount in percent."""
        order = self._import_one(
            payments=[],
            lines=[
                self._line(price="77.77", quantity="2", discount="15.55"),
                {"id": "d", "kind": "discount", "quantity": 1, "unit_price": "-1"},
            ],
        )
        line, discount = order.sale_order_id.order_line
        before = line.price_subtotal / 2
        line.product_uom_qty = 4
        self.assertAlmostEqual(line.price_subtotal, before * 4, 1)
        discount.product_uom_qty = 2
        self.assertEqual(discount.price_unit, -1)

    def test_invoice_keeps_the_tax(self):
        journal = self.env["account.journal"].search(
            [("type", "=", "sale"), ("company_id", "=", self.company.id)], limit=1
        )
        if not journal:
            self.skipTest("no chart of accounts in this database")
        self._create_tax(14.7)
        self.product.invoice_policy = "order"
        order = self._import_one(
            lines=[self._line(price="29.99", taxes=[{"rate": "14.7", "amount": "4.47"}])],
            total="34.46",
        )
        invoice = order.sale_order_id._create_invoices()
        self.assertEqual((invoice.amount_tax, invoice.amount_total), (4.47, 34.46))

    def test_total_in_the_pure_function_is_exact(self):
        order = self._import_one(lines=[self._line(price="0.1", quantity="3")], total="0.3")
        self._assert_exact(order)
        self.assertEqual(Decimal(order.document["total"]), Decimal("0.3"))
