#!/usr/bin/env python3
"""Measure the review: 1,000 orders against 50 rules, beside 50 automation rules of stock Odoo.

    .odoo/venv/bin/python tools/bench_review.py [--orders 1000] [--rules 50] [--past 10000]

Works on a copy of the project's template database, which is dropped at the end. Prints lines
`bench <name> <value> <unit> base <value> ratio <number>`; the base of the review is the time that
`base.automation` of stock Odoo takes to evaluate conditions of the same shape when one field of as
many sale orders is written.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tools.dev import db as databases
from tools.dev import odoo, paths, setup

DATABASE = "ecom_bench_review"
SCRIPT = r"""
import json, time
from odoo import fields
from odoo.fields import Command

WANTED = json.loads(WANTED_JSON)

def clock(work):
    env.flush_all(); env.invalidate_all()
    queries, start, cpu = env.cr.sql_log_count, time.perf_counter(), time.process_time()
    result = work()
    env.flush_all()
    print("cpu", round(time.process_time() - cpu, 2), flush=True)
    return time.perf_counter() - start, env.cr.sql_log_count - queries, result

def document(number):
    quantity = 1 + number % 4
    total = str(quantity * 20)
    return {
        "external_id": f"BENCH-{number}", "placed_at": "2026-03-01T10:00:00Z", "currency": currency.name,
        "customer": {"name": f"Buyer {number}", "email": f"bench{number % 700}@example.com"},
        "shipping_address": {"name": "Buyer", "street": f"Way {number}", "zip": str(10000 + number % 90),
                             "city": "Berlin", "country": "DE"},
        "lines": [{"id": "1", "sku": f"BENCH-{number % 50}", "quantity": str(quantity), "unit_price": "20"}],
        "payments": [{"amount": total, "paid_at": "2026-03-01T10:01:00Z"}], "total": total,
        "buyer_message": "please hurry" if number % 40 == 0 else "thank you",
    }

env = env(context={**env.context, "tracking_disable": True})
currency = env.company.currency_id
channel = env["ecom.channel"].create({"name": "Bench", "approval": "manual", "sku_policy": "create"})
products = env["product.product"].create([
    {"name": f"Bench {n}", "default_code": f"BENCH-{n}", "type": "consu", "is_storable": True,
     "standard_price": 12, "weight": 0.3, "taxes_id": False} for n in range(50)])
location = channel._get_warehouse().lot_stock_id
for product in products:
    env["stock.quant"]._update_available_quantity(product, location, 100000)

def take_in(start, count):
    orders = env["ecom.order"]
    for position in range(start, start + count, 500):
        entries = channel._ingest([document(n) for n in range(position, min(position + 500, start + count))])
        batch = orders.browse([e["order_id"] for e in entries])
        for part in range(0, len(batch), 50):
            batch[part:part + 50]._accept_batch()
        orders |= batch
        env.flush_all(); env.invalidate_all()
        print("progress", len(orders), "orders taken in", flush=True)
    assert not orders.filtered(lambda o: o.state != "accepted"), orders.mapped("cause_message")
    return orders

def make_rules(count):
    conditions = [
        "[('amount_total', '>=', {n})]",
        "[('margin_rate', '<', {n}), ('quantity_max', '>', 3)]",
        "[('country_id.code', 'in', ['DE', 'AT']), ('weight', '>', {n})]",
        "['|', ('buyer_order_count', '>', {n}), ('skus', 'ilike', 'BENCH-{n},')]",
        "[('discount_share', '>', {n}), ('payment_state', '=', 'paid')]",
    ]
    checks = [
        {"kind": "memo_pattern", "text": "hurry, urgent, call*back"}, {"kind": "same_buyer", "value": 1},
        {"kind": "address"}, {"kind": "stock_shortage"}, {"kind": "margin_floor", "value": 5},
        {"kind": "duplicate_number"}, {"kind": "blacklist"}, {"kind": "below_cost"},
        {"kind": "refund_open"}, {"kind": "carrier_reach"},
    ]
    vals = []
    for n in range(count):
        with_check = n < len(checks)
        vals.append({
            "name": f"Bench {n}", "sequence": n,
            "domain": "[]" if with_check else conditions[n % 5].format(n=70 + n),
            "check_ids": [Command.create(checks[n])] if with_check else [],
            "action_ids": [Command.create({"kind": "hold"})],
        })
    rules = env["ecom.rule"].create(vals)
    rules.action_activate()
    return rules

rules = make_rules(WANTED["rules"])
orders = take_in(0, WANTED["orders"])
channel.write({"approval": "all", "approve_wait_minutes": 0})
env.flush_all()
env.cr.execute("ANALYZE")  # a shop's database has statistics of its tables
seconds, queries, counts = clock(orders._review_batch)
held = sum(o.review_state == "held" for o in orders)
pairs = len(orders) * len(rules)
print("result", json.dumps({"seconds": seconds, "queries": queries, "pairs": pairs, "held": held,
                            "approved": len(orders) - held}), flush=True)

# The same shape of conditions as automation rules of stock Odoo: they are evaluated when a field is
# written, once each on the whole recordset; their action sets a field.
sale_orders = orders.sale_order_id
model = env["ir.model"]._get("sale.order")
field = env["ir.model.fields"]._get("sale.order", "client_order_ref")
domains = ["[('amount_total', '>=', {n})]",
           "[('amount_untaxed', '<', 20), ('amount_total', '>', {n})]",
           "[('partner_shipping_id.country_id.code', 'in', ['DE', 'AT']), ('amount_total', '>', {n})]",
           "['|', ('partner_id.name', 'ilike', 'Buyer {n}x'), ('order_line.name', 'ilike', 'BENCH-{n}x')]",
           "[('amount_total', '>', {n}), ('state', '=', 'draft')]"]
automations = env["base.automation"].create([
    {"name": f"Bench {n}", "model_id": model.id, "trigger": "on_create_or_write",
     "trigger_field_ids": [Command.set(field.ids)], "filter_domain": domains[n % 5].format(n=70 + n),
     "action_server_ids": [Command.create({
         "name": f"Bench {n}", "model_id": model.id, "state": "code",
         "code": "records.write({'origin': 'held'})"})]}
    for n in range(WANTED["rules"])])
env.flush_all()
base_seconds, base_queries, _none = clock(lambda: sale_orders.write({"client_order_ref": "bench"}))
touched = sum(o.origin == "held" for o in sale_orders)
print("result", json.dumps({"base_seconds": base_seconds, "base_queries": base_queries,
                            "base_touched": touched}), flush=True)
automations.unlink()

if WANTED["past"]:
    take_in(100000, WANTED["past"] - len(orders))
    wizard = env["ecom.rule.backtest"].create({"rule_ids": [Command.set(rules.ids)], "days": 3660,
                                               "channel_ids": [Command.set(channel.ids)]})
    seconds, queries, _action = clock(wizard.action_run)
    print("result", json.dumps({"past": wizard.order_count, "past_seconds": seconds,
                                "past_held": wizard.held_count}), flush=True)
env.cr.rollback()
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--orders", type=int, default=1000)
    parser.add_argument("--rules", type=int, default=50)
    parser.add_argument("--past", type=int, default=10_000, help="orders of the back-test; 0: none")
    wanted = vars(parser.parse_args())
    setup.ensure()
    odoo.forget_user_settings()
    found = measure(wanted)
    report(found)


def measure(wanted):
    """:return: dict of the figures that the script inside Odoo prints"""
    template = databases.template_name(False)
    if not databases.exists(template):
        databases.ensure_template()
    databases.drop(DATABASE)
    databases.copy(template, DATABASE)
    try:
        log = paths.LOGS / "bench_review.log"
        odoo.execute(DATABASE, "-i", "base_automation", "-u", "ecom_order_mgmt", log=log)
        script = SCRIPT.replace("WANTED_JSON", repr(json.dumps(wanted)))
        line = odoo.command("-d", DATABASE, "--no-http", "--log-level=error", sub="shell")
        answer = subprocess.run(
            line, input=script, text=True, capture_output=True, env=odoo.environment(), check=False
        )
        rows = answer.stdout.splitlines()
        cpu = [row.split()[1] for row in rows if row.startswith("cpu ")]
        print(f"# seconds of this process alone, without the database: {', '.join(cpu)}")
        lines = [row for row in rows if row.startswith("result ")]
        if answer.returncode or not lines:
            raise SystemExit(answer.stdout[-2000:] + answer.stderr[-4000:])
        figures = {}
        for row in lines:
            figures |= json.loads(row.removeprefix("result "))
        return figures
    finally:
        databases.drop(DATABASE)


def report(found):
    ratio = found["base_seconds"] / found["seconds"]
    print(
        f"bench review_1000x50 {found['seconds']:.2f} s base {found['base_seconds']:.2f} "
        f"ratio {ratio:.2f}"
    )
    per_pair = found["queries"] / found["pairs"]
    base = found["base_queries"] / found["pairs"]
    print(f"bench review_statements {per_pair:.4f} per_order_and_rule base {base:.4f} "
          f"ratio {base / per_pair:.2f}")  # fmt: skip
    if "past" in found:
        print(
            f"bench review_backtest {found['past_seconds']:.2f} s base 60 "
            f"ratio {60 / found['past_seconds']:.2f}"
        )
        print(f"# {found['past']} past orders, {found['past_held']} would be held")
    print(f"# {found['held']} orders held, {found['approved']} approved; stock Odoo's automation "
          f"wrote to {found['base_touched']}")  # fmt: skip


if __name__ == "__main__":
    main()
