"""Every refund and return document of real platforms becomes a case, or waits with its cause."""

# The table is for whoever runs it.
# pylint: disable=print-used
import json
import re
from collections import Counter

from odoo.tests import tagged

from odoo.addons.ecom_order_mgmt.tests.common import EcomCase

from .common import shared

FOLDERS = {
    "shopify": ["payloads/shopify"],
    "woocommerce": ["payloads/woocommerce"],
    "prestashop": ["payloads/prestashop"],
    "amazon": ["payloads/amazon_sp_api"],
    "magento": ["payloads/magento1_xmlrpc"],
    "bigcommerce": ["payloads/bigcommerce"],
    "walmart": ["payloads/walmart"],
    "ebay": ["payloads/ebay"],
    "mercadolibre": ["payloads/mercadolibre"],
    "pinduoduo": ["payloads/pinduoduo"],
    "taobao": ["payloads/taobao"],
    "medusa": ["stores/medusa"],
    "vendure": ["stores/vendure"],
    # Payment services and carriers are no shops: their documents come to the general interface.
    "api": [
        "payloads/stripe", "payloads/paypal", "payloads/wechat_pay", "payloads/alipay",
        "payloads/easypost", "payloads/shippo", "payloads/carriers_karrio",
    ],
}  # fmt: skip
NAMED = re.compile(r"refund|return|dispute|claim", re.I)
SUFFIXES = {".json", ".xml"}


@tagged("post_install", "-at_install")
class TestReturnDocuments(EcomCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if "ecom.return" not in cls.env:
            cls.skipTest(cls, "ecom_aftersales is not installed")
        # Documents of all currencies of the world.
        cls.env["res.currency"].with_context(active_test=False).search([]).active = True

    def _read(self, path):
        """:return: payloads in a file; one that is no JSON comes as the text that it is"""
        text = path.read_bytes().decode("utf-8-sig", errors="replace")
        try:
            return [json.loads(text)]
        except ValueError:
            return [text]

    def _get_documents(self, connector, channel):
        """:return: (payloads that hold an order, payloads of refunds or named so)"""
        orders, returns = [], []
        handler = channel._get_handler() if connector != "api" else None
        for folder in FOLDERS[connector]:
            for path in sorted(shared(folder).rglob("*")):
                if path.suffix not in SUFFIXES or "install" in path.parts:
                    continue
                named = NAMED.search(path.stem) or NAMED.search(path.parent.name)
                if handler is None and not named:
                    continue
                for payload in self._read(path):
                    kinds = set()
                    if handler is not None:
                        kinds = {m.kind for m in handler._map(channel, payload) if m.document}
                    if "order" in kinds:
                        orders.append(payload)
                    if "refund" in kinds or (named and "order" not in kinds):
                        returns.append((path.relative_to(shared("payloads").parent), payload))
        return orders, returns

    def test_every_document(self):
        lines, cases = [], 0
        for connector in FOLDERS:
            table, failed = self._run_connector(connector)
            self.assertFalse(failed)
            cases += table.get("case", 0)
            total = sum(table.values())
            lines.append(f"{connector:12} {total:4} documents")
            lines += [f"{'':12} {n:4} {outcome}" for outcome, n in table.most_common()]
        print("\n" + "\n".join(lines))
        self.assertGreaterEqual(cases, 5)

    def _run_connector(self, connector):
        channel = self._create_channel(
            name=f"Documents of {connector}", connector=connector, sku_policy="create",
            approval="all", approve_wait_minutes=0,
        )  # fmt: skip
        orders, returns = self._get_documents(connector, channel)
        channel.import_orders(orders)
        channel.process_orders()
        self._answer_questions(channel)
        channel.process_orders()
        table, failed = Counter(), []
        Refund = self.env["ecom.refund"]
        for path, payload in returns:
            (result,) = channel.import_orders([payload])[:1] or ({},)
            if not result:
                failed.append(f"{path}: nothing came of it")
            elif result["outcome"] == "parked" and not result["cause"]:
                failed.append(f"{path}: parked without a cause")
            elif result["outcome"] == "parked" and not Refund.search_count(
                [("channel_id", "=", channel.id), ("external_id", "=", result["external_id"])]
            ):
                table[f"parked: {result['cause']}"] += 1
        channel.process_orders()
        for refund in Refund.search([("channel_id", "=", channel.id)]):
            outcome = self._get_outcome(refund)
            table[outcome] += 1
            if outcome.endswith(": "):
                failed.append(f"{refund.external_id}: no cause")
        return table, failed

    def _answer_questions(self, channel):
        """A person maps the taxes that the documents name; orders that wait for them go on."""
        for mapping in self.env["ecom.mapping"].search(
            [("channel_id", "=", channel.id), ("kind", "=", "tax"), ("state", "=", "missing")]
        ):
            numbers = re.findall(r"[0-9]+(?:[.][0-9]+)?", mapping.key)
            mapping.tax_id = self._create_tax(
                float(numbers[-1]) if numbers else 20,
                "incl" in mapping.key,
                name=f"{channel.name}: {mapping.key}",
            )

    def _get_outcome(self, refund):
        if refund.return_id:
            self.assertAlmostEqual(refund.return_id.amount_due, refund.amount)
            return "case"
        if refund.state == "parked":
            return f"parked: {refund.cause or ''}"
        order = refund.order_id
        if not order.sale_order_id:
            return f"waits for its order: {order.cause or order.state}"
        return f"no case: {refund.mirror_message or ''}"
