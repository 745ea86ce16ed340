import csv
from collections import Counter
from decimal import Decimal

from odoo.tests import tagged

from .common import ImportCase, shared

DAY = "datasets/online_retail/samples/2010-12-01.csv"
SERVICES = "POST = shipping\nDOT = shipping\nC2 = shipping\nD = discount\nM = adjustment"


@tagged("post_install", "-at_install")
class TestOnlineRetail(ImportCase):
    """One real day: 3,108 lines, cancellations, write-offs, countries that are none."""

    def test_one_day(self):
        path = shared(DAY)
        self._activate_currency("GBP")
        channel = self._create_channel(
            name="Retail",
            connector="file",
            currency_id=self.env.ref("base.GBP").id,
            sku_policy="create",
            approval="manual",
            tz="Europe/London",
        )
        channel.import_mapping_ids.unlink()
        result = self._import(path.read_bytes(), path.name, channel)
        mapping = channel.import_mapping_ids
        self.assertEqual(mapping.refund_prefix, "C")
        mapping.services = SERVICES
        result = self._import(path.read_bytes(), path.name, channel)
        self.assertEqual((result["state"], result["rejected"]), ("done", 0))

        sums = Counter()
        with path.open(encoding="utf-8", newline="") as stream:
            for line in csv.DictReader(stream):
                sums[line["InvoiceNo"]] += int(line["Quantity"]) * Decimal(line["UnitPrice"])
        self.assertEqual((result["rows"], result["orders"]), (3108, len(sums)))

        channel.process_orders()
        orders = self.env["ecom.order"].search([("channel_id", "=", channel.id)])
        refunds = self.env["ecom.refund"].search([("channel_id", "=", channel.id)])
        # Every invoice is somewhere, once, and says why if it waits.
        places = Counter(orders.mapped("external_id") + refunds.mapped("external_id"))
        self.assertEqual(places, Counter(dict.fromkeys(sums, 1)))
        self.assertFalse(orders.filtered(lambda o: o.state == "parked" and not o.cause_message))
        self.assertFalse(refunds.filtered(lambda r: r.state == "parked" and not r.cause))
        self.assertLessEqual(
            set(orders.mapped("cause")), {False, "invalid_document", "country_unmapped"}
        )
        # To the cent, per invoice and in all.
        for order in orders.filtered("sale_order_id"):
            amount = Decimal(str(order.sale_order_id.amount_total))
            self.assertEqual(amount, sums[order.external_id], order.external_id)
        amounts = [Decimal(str(order.amount_total)) for order in orders]
        amounts += [-Decimal(str(refund.amount)) for refund in refunds]
        self.assertEqual(sum(amounts), sum(sums.values()))
        # What is no order is told with its row.
        parked = orders.filtered(lambda o: o.cause == "invalid_document")
        self.assertEqual(parked.mapped("external_id"), ["536589"])
        self.assertIn("-10", parked.cause_message)

        again = self._import(path.read_bytes(), path.name, channel)
        self.assertEqual((again["created"], again["updated"]), (0, 0))
