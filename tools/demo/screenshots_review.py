"""Pictures of the review for the user guide, from a server that shows the demo.

``.odoo/venv/bin/python -m tools.demo.screenshots_review http://localhost:8069`` writes to
``docs/images``; names after the address choose single pictures. It switches the rules of "Cautious
start" on and brings in orders that they hold, so give it a copy of the demo.
"""

import sys
from datetime import UTC, datetime, timedelta

from tools.demo.screenshots import Camera, take

PICTURES = ("review_queues", "review_order", "approval_rate", "rule", "rule_backtest")
ON_PHONE = ("review_queues",)


# What the rules of the pack hold, and what they let through: fields of the document.
ORDERS = (
    {},
    {"buyer_message": "Please call before you deliver"},
    {"quantity": 14},
    {"zip": ""},
    {},
    {"quantity": 30},
    {"buyer_message": "It is a present, no invoice please"},
    {},
    {"zip": "", "street": ""},
    {"discount": 12},
    {},
    {},
)


def document(number, quantity=1, discount=0, zip="79098", street="Gartenweg 8", **vals):
    """:return: dict, an order of the shop "Lumen & Oak" in the canonical form"""
    placed_at = (datetime.now(UTC) - timedelta(hours=2, minutes=number)).isoformat()
    total = f"{19.95 * quantity - discount:.2f}"
    name = f"Paula Sommerfeld {number}"
    return {
        "external_id": f"REVIEW-{number}",
        "number": f"LX9{number:02}",
        "placed_at": placed_at,
        "currency": "EUR",
        "customer": {"name": name, "email": f"paula{number}@example.com"},
        "shipping_address": {
            "name": name, "street": street, "zip": zip, "city": "Freiburg", "country": "DE",
        },
        "lines": [{
            "id": "1", "sku": "LO-CANDLE-FIG", "quantity": str(quantity), "unit_price": "19.95",
            "discount": f"{discount:.2f}",
        }],
        "payments": [{"amount": total, "paid_at": placed_at}],
        "total": total,
        **vals,
    }  # fmt: skip


class ReviewCamera(Camera):
    """The queues, an order that waits, the rules and what they are worth."""

    def prepare(self):
        """The rules of a pack at work, once."""
        (channel,) = self.call("ecom.channel", "search", [["name", "ilike", "Lumen"]])
        if self.call("ecom.rule", "search_count", []):
            return
        pack = self.call("ecom.rule.pack", "create", [{"source": "cautious_start"}])
        self.call("ecom.rule.pack", "action_import", pack)
        rules = self.call("ecom.rule", "search", [])
        self.call("ecom.rule", "action_activate", rules)
        documents = [document(number, **vals) for number, vals in enumerate(ORDERS)]
        self.call("ecom.channel", "import_orders", channel, documents)
        self.call("ecom.channel", "process_orders", [channel])
        held = self.call("ecom.order", "search", [["number", "in", ["LX901", "LX906"]]])
        self.call("ecom.order", "action_approve", held, "Asked by phone: all is well")

    def review_queues(self):
        self.prepare()
        self.open("action-ecom_order_mgmt.ecom_review_queue_action", ".o_kanban_record")

    def review_order(self):
        self.open_order(["number", "=", "LX908"])
        self.page.locator(".o_notebook a:has-text('Why')").first.click()
        self.settle()

    def approval_rate(self):
        self.open("action-ecom_order_mgmt.ecom_order_approval_action", ".o_graph_canvas_container")

    def rule(self):
        self.open("action-ecom_order_mgmt.ecom_rule_action", ".o_data_row")
        self.page.locator(".o_data_row td[name=name]:has-text('First order of a buyer')").click()
        self.page.wait_for_selector(".o_form_view .o_domain_selector, .o_form_view .o_notebook")
        self.settle()

    def rule_backtest(self):
        rules = self.call("ecom.rule", "search", [["stage", "=", "review"]])
        trial = self.call(
            "ecom.rule.backtest", "create", [{"rule_ids": [[6, 0, rules]], "days": 30}]
        )
        self.call("ecom.rule.backtest", "action_run", trial)
        self.open(
            f"action-ecom_order_mgmt.ecom_rule_backtest_action/{trial[0]}",
            ".o_form_view .o_list_view",
        )


def main(url, *names):
    take(ReviewCamera, PICTURES, ON_PHONE, url, names)


if __name__ == "__main__":
    main(*sys.argv[1:])
