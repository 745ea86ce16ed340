from odoo.tests import tagged

from .common import AftersalesCase


@tagged("post_install", "-at_install")
class TestReturnReport(AftersalesCase):
    def test_return_rate_and_recovered_value(self):
        self.product.standard_price = 4
        supplier = self.env["res.partner"].create({"name": "Potter"})
        self.product.seller_ids = [(0, 0, {"partner_id": supplier.id})]
        sale_order = self._sell(ship=True, lines=[self._line(quantity="4")])
        case = self._request(sale_order, [{"sku": "MUG", "quantity": 3}])
        case.action_approve()
        case.action_receive()
        line = case.line_ids
        case.action_grade(
            [
                {"line_id": line.id, "grade": "a", "quantity": 2},
                {"line_id": line.id, "grade": "c", "quantity": 1},
            ]
        )
        self.env.flush_all()
        [(found, sold, returned, recovered, lost)] = self.env["ecom.return.report"]._read_group(
            [("product_id", "=", self.product.id)],
            ["supplier_id"],
            ["sold:sum", "returned:sum", "value_recovered:sum", "value_lost:sum"],
        )
        self.assertEqual((found, sold, returned, recovered, lost), (supplier, 4, 3, 8, 4))
        self.assertEqual(self.product.ecom_return_rate, 0.75)
        rates = self.env["ecom.return.report"]._read_group(
            [("product_id", "=", self.product.id)], ["supplier_id"], ["return_rate:avg"]
        )
        self.assertEqual(rates, [(supplier, 75)], "the quotient of the sums, not a mean of rows")
        reasons = self.env["ecom.return.report"]._read_group(
            [("return_id", "=", case.id)], ["reason_id"], ["returned:sum", "return_rate:avg"]
        )
        self.assertEqual([(r.code, n, rate) for r, n, rate in reasons], [("defect", 3, False)])

    def test_answers_in_time(self):
        ticket = self.env["ecom.ticket"].create({"name": "x", "channel_id": self.channel.id})
        ticket.write({"answered_in_time": 3, "answered_late": 1})
        self.env.flush_all()
        [(kept, tickets)] = self.env["ecom.ticket.report"]._read_group(
            [("channel_id", "=", self.channel.id)], [], ["kept_percent:avg", "tickets:sum"]
        )
        self.assertEqual((kept, tickets), (75, 1))
