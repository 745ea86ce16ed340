from odoo.tests import tagged

from .common import AftersalesCase


@tagged("post_install", "-at_install")
class TestReturnSpeed(AftersalesCase):
    """From the buyer's request to the refund with its credit note: a budget of SQL statements."""

    # Measured 261 with Manufacturing installed; 190 of them are Odoo's own, for the transfer and the
    # entry that the case makes.
    REQUEST_TO_REFUND = 268

    def test_request_to_refund(self):
        self.env = self.env(context={**self.env.context, "tracking_disable": False})
        self.policy.write({"auto_approve": True, "refund_on": "request", "days_return": 30})
        self._create_tax(19, included=True)
        tax = [{"rate": "19", "amount": "3.80"}]
        orders = [
            self._sell(
                ship=True,
                invoice=True,
                external_id=f"SPEED-{number}",
                lines=[
                    self._line(quantity="2", price="11.90", taxes=tax),
                    self._line("LAMP", price="23.80", taxes=tax),
                ],
                total="47.60",
                prices_include_tax=True,
            )
            for number in range(2)
        ]
        Case = self.env["ecom.return"]

        def run(sale_order):
            values = {
                "type": "return",
                "origin": "portal",
                "sale_order_id": sale_order.id,
                "reason": "withdrawal",
            }
            Case._preview_request(values)
            case, _outcome = Case._create_request(values)
            # With what is written at the end of a request: the changes that the history shows.
            self.env.cr.flush()
            return case

        run(orders[0])
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        case = run(orders[1])
        used = self.env.cr.sql_log_count - before
        self.assertRecordValues(
            case,
            [{"request_state": "approved", "amount_issued": 47.6, "amount_credited": 47.6}],
        )
        self.assertLessEqual(used, self.REQUEST_TO_REFUND)
