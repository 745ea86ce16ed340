"""Replay the cancellations of a real shop as returns: the data set "Online Retail" (UCI 352).

Run inside Odoo in a database of its own (``python -m tools.replay_returns`` makes one). The file has
9,288 cancelled lines that name no order. Each comes as a refund of its own; the orders of its buyer
come with the goods that the buyer ever cancelled (the others could never match), at their prices.
Every refund becomes a case with the goods of its order, or stays parked with its cause.

It goes on where it was: what is in the database already is not imported again.

``ECOM_RETAIL_CUSTOMERS`` says how many customers (default: all), ``ECOM_RETAIL_ALL_LINES=1`` takes
the orders whole, ``ECOM_SHARED`` where the data is.
"""

import csv
import gzip
import os
import sys
import time
from collections import Counter, defaultdict
from decimal import Decimal
from pathlib import Path

from tools.dev import db, odoo, paths, setup

ROOT = Path(__file__).resolve().parents[1]
PART = "datasets/online_retail/online_retail.csv.gz"
CUSTOMERS = int(os.environ.get("ECOM_RETAIL_CUSTOMERS", "0"))
ALL_LINES = os.environ.get("ECOM_RETAIL_ALL_LINES") == "1"
DATABASE = os.environ.get("DB") or "ecom_replay"
BATCH = 100


def source():
    shared = Path(os.environ.get("ECOM_SHARED") or ROOT.parent / "shared")
    return shared / PART


def main(env):
    """:return: 1 where something is lost or refunded twice"""
    orders, refunds = read(CUSTOMERS)
    channel = get_channel(env)
    began = time.monotonic()
    for what, documents in (("orders", orders), ("cancelled lines", refunds)):
        todo = without_known(env, channel, documents)
        for start in range(0, len(todo), BATCH):
            channel.import_orders(todo[start : start + BATCH])
            channel.process_orders()
            env.cr.commit()
            env.invalidate_all()
            print(
                f"{time.monotonic() - began:6.0f} s  {start + BATCH} of {len(todo)} {what}",
                flush=True,
            )
    return report(env, channel, orders, refunds)


def get_channel(env):
    currency = env["res.currency"].with_context(active_test=False).search([("name", "=", "GBP")])
    currency.active = True
    channel = env["ecom.channel"].search([("name", "=", "Online Retail replay")])
    return channel or channel.create(
        {
            "name": "Online Retail replay",
            "sku_policy": "create",
            "approval": "all",
            "approve_wait_minutes": 0,
            "currency_id": currency.id,
        }
    )


def without_known(env, channel, documents):
    known = set()
    for model in ("ecom.order", "ecom.refund"):
        found = env[model].search_fetch([("channel_id", "=", channel.id)], ["external_id"])
        known.update(found.mapped("external_id"))
    return [document for document in documents if document["external_id"] not in known]


def read(customers=0):
    """:return: (orders, refunds) as canonical documents, in the order of time"""
    with gzip.open(source(), "rt", encoding="utf-8", errors="replace") as stream:
        rows = list(csv.DictReader(stream))
    cancelled = defaultdict(set)
    for row in rows:
        if row["InvoiceNo"].startswith("C"):
            cancelled[row["CustomerID"]].add(row["StockCode"].upper())
    chosen = set(list(cancelled)[: customers or None])
    invoices = defaultdict(list)
    for row in rows:
        if row["CustomerID"] in chosen:
            invoices[row["InvoiceNo"]].append(row)
    orders, refunds = [], []
    for number, lines in sorted(invoices.items(), key=lambda entry: entry[1][0]["InvoiceDate"]):
        if number.startswith("C"):
            refunds += [refund(number, n, row) for n, row in enumerate(lines, start=1)]
            continue
        goods = cancelled[lines[0]["CustomerID"]]
        sold = [row for row in lines if int(row["Quantity"]) > 0]
        held = [row for row in sold if row["StockCode"].upper() in goods]
        if held and lines[0]["CustomerID"]:
            orders.append(order(number, sold if ALL_LINES else held))
    return orders, refunds


def common(row):
    customer = row["CustomerID"].split(".")[0]
    known = {"external_id": customer, "name": f"Customer {customer}"}
    return {"currency": "GBP", **({"customer": known} if customer else {})}


def moment(row):
    return row["InvoiceDate"].replace(" ", "T") + "Z"


def order(number, rows):
    total = sum(Decimal(row["UnitPrice"]) * int(row["Quantity"]) for row in rows)
    return {
        **common(rows[0]),
        "external_id": number,
        "placed_at": moment(rows[0]),
        "lines": [
            {
                "id": str(n),
                "sku": row["StockCode"],
                "name": row["Description"] or row["StockCode"],
                "quantity": row["Quantity"],
                "unit_price": row["UnitPrice"],
            }
            for n, row in enumerate(rows)
        ],
        "payments": [{"amount": str(total), "paid_at": moment(rows[0])}] if total else [],
        "payment_state": "paid",
        "total": str(total),
    }


def refund(number, position, row):
    pieces = abs(int(row["Quantity"]))
    amount = str(Decimal(row["UnitPrice"]) * pieces)
    return {
        **common(row),
        "type": "refund",
        "external_id": f"{number}/{position}",
        "created_at": moment(row),
        "amount": amount,
        "lines": [
            {
                "id": "1",
                "sku": row["StockCode"],
                "name": row["Description"] or row["StockCode"],
                "quantity": str(pieces),
                "amount": amount,
            }
        ],
    }


def outcome(one):
    if one.return_id:
        return "case"
    if one.state == "parked":
        return f"parked: {one.cause_message}"
    return "no case: " + (one.mirror_message or "waits for its order")


def report(env, channel, orders, refunds):
    env.invalidate_all()
    found = env["ecom.refund"].search([("channel_id", "=", channel.id)])
    lines = found.filtered(lambda one: not one.part_of_id)
    spread = lines.filtered("part_ids")
    print(f"{len(orders)} orders, {len(refunds)} cancelled lines")
    for text, number in Counter(map(outcome, lines)).most_common():
        print(f"{number:6} {text}")
    print(f"{len(spread)} lines were of several orders: {len(spread.part_ids)} more cases")
    accepted = env["ecom.order"].search_count(
        [("channel_id", "=", channel.id), ("state", "in", ("accepted", "cancelled"))]
    )
    failed = len(lines) != len(refunds) or accepted != len(orders)
    print(f"{accepted} orders of {len(orders)} were accepted")
    failed |= not check(env, found.return_id.sale_order_id)
    adjusted = found.return_id.filtered("amount_adjustment")
    print(f"{len(adjusted)} cases at another price than that of the sale")
    mirrored = sum((Decimal(repr(p.amount)) for p in found.return_id.payment_ids), Decimal(0))
    asked = sum((Decimal(repr(r.amount)) for r in found if r.return_id), Decimal(0))
    print(f"{asked:.2f} cancelled, {mirrored:.2f} given back in cases")
    failed |= abs(mirrored - asked) >= Decimal("0.005")
    print("FAILED" if failed else "Nothing is lost, nothing is given back twice.")
    return int(failed)


def check(env, sale_orders):
    """:return: whether no order gives back more goods than it had, and more money only with a word
    about it"""
    fine, more = True, 0
    for sale_order in sale_orders:
        paid = sale_order._ecom_get_paid()
        given = sum(
            (Decimal(repr(p.amount)) for p in sale_order.ecom_return_ids.payment_ids), Decimal(0)
        )
        if given > paid:
            # The shop did: the case must say so, and ask a person.
            more += 1
            cases = sale_order.ecom_return_ids
            if not any("were paid for the order" in d.summary for d in cases.decision_ids):
                fine = False
                print(
                    f"FAILED: {sale_order.name}: {given} given back of {paid}, and nobody is told"
                )
        for (line_id, _product), taken in sale_order._ecom_get_taken().items():
            line = env["sale.order.line"].browse(line_id)
            if taken > Decimal(repr(line.product_uom_qty)):
                fine = False
                print(f"FAILED: {sale_order.name}: {taken} of {line.product_uom_qty} taken")
    print(f"{more} orders where the shop gave back more than was paid for these goods: flagged")
    return fine


def run():
    """Make the database where there is none, and replay into it."""
    setup.ensure()
    if not db.exists(DATABASE):
        db.copy(db.ensure_template(), DATABASE)
    script = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r})\n"
        "from tools.replay_returns import main\n"
        "raise SystemExit(main(env))\n"
    )
    log = paths.LOGS / "replay-returns.log"
    code, text = odoo.shell(DATABASE, script, log=log, timeout=6 * 3600)
    print("\n".join(text.splitlines()[-40:]))
    return code


if __name__ == "__main__":
    sys.exit(run())
