"""Replenishment over a real server of several processes: accepted by many at once, ordered once."""

import json
from concurrent.futures import ThreadPoolExecutor

import conftest
import pytest

pytestmark = pytest.mark.e2e

SETUP = """
import json
from datetime import timedelta
from odoo import fields
from odoo.fields import Command
today, company = fields.Date.today(), env.company
warehouse = env["stock.warehouse"].search([("company_id", "=", company.id)], limit=1)
supplier = env["res.partner"].create({"name": "Race Supplier"})
products = env["product.product"].create([
    {"name": f"Race {n}", "default_code": f"RACE-{n}", "type": "consu", "is_storable": True,
     "seller_ids": [Command.create({"partner_id": supplier.id, "price": 5, "delay": 6})]}
    for n in range(4)])
env["ecom.demand"].create([
    {"product_id": product.id, "warehouse_id": warehouse.id, "company_id": company.id,
     "day": today - timedelta(days=3 + 7 * week), "source": "import", "qty": 14, "qty_gross": 14}
    for product in products for week in range(30)])
env["ecom.forecast"]._run(company)
env["ecom.replenishment"]._suggest(company, product_ids=products.ids)
records = env["ecom.replenishment"].search([("product_id", "in", products.ids)])
assert len(records) == 4, records
print(json.dumps(records.ids))
"""
RESULT = """
import json
records = env["ecom.replenishment"].browse({ids})
lines = env["purchase.order.line"].search([("product_id", "in", records.product_id.ids)])
print(json.dumps({{
    "states": sorted(set(records.mapped("state"))),
    "suggested": sorted(records.mapped("qty_done")),
    "ordered": sorted(lines.mapped("product_qty")),
    "linked": sorted(records.purchase_line_id.ids) == sorted(lines.ids),
}}))
"""


def test_accepted_by_many_at_once_ordered_once(server, api_key, shell):
    """Sixteen calls for the same four suggestions: whoever comes second orders nothing."""
    ids = json.loads(shell(SETUP))
    key = api_key()

    def accept(number):
        client = conftest.Json2(server.url, key, server.database)
        try:
            client.call("ecom.replenishment", "action_accept", ids=ids if number % 2 else ids[:1])
            return "done"
        except conftest.Json2Error as error:
            return str(error.body)[:300]

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(accept, range(16)))
    assert "done" in answers, answers
    # Those that did not get the rows are told so; nobody gets an error of the server.
    for answer in answers:
        assert answer == "done" or "lock" in answer.lower() or "concurrent" in answer.lower(), (
            answer
        )
    accept(1)
    found = json.loads(shell(RESULT.format(ids=ids)))
    assert found["states"] == ["accepted"]
    assert len(found["ordered"]) == 4
    assert found["ordered"] == found["suggested"]
    assert found["linked"]
