"""Replay the cancellations of a real shop as returns: the data set "Online Retail" (UCI).

Run inside Odoo in a database of its own (see ``main``). Invoices of some customers are imported as
orders, confirmed and shipped; their cancellations, which name no order, come as refunds. Every
cancellation becomes a case with the goods of its order, or stays parked with its cause.

``ECOM_RETAIL_CUSTOMERS`` says how many customers (default 20), ``ECOM_RETAIL_LINES`` how many lines a
customer may have at most (default: any number), ``ECOM_SHARED`` where the data is.
"""

import csv
import gzip
import os
from collections import Counter, defaultdict
from decimal import Decimal
from pathlib import Path

SHARED = Path(os.environ.get("ECOM_SHARED", Path(__file__).resolve().parents[2] / "shared"))
SOURCE = SHARED / "datasets/online_retail/online_retail.csv.gz"
CUSTOMERS = int(os.environ.get("ECOM_RETAIL_CUSTOMERS", "20"))
LINES = int(os.environ.get("ECOM_RETAIL_LINES", "0"))


def main(env):
    """:return: 1 where something is lost or refunded twice"""
    orders, refunds = read(CUSTOMERS)
    currency = env["res.currency"].with_context(active_test=False).search([("name", "=", "GBP")])
    currency.active = True
    channel = env["ecom.channel"].create(
        {
            "name": "Online Retail",
            "sku_policy": "create",
            "approval": "all",
            "approve_wait_minutes": 0,
            "currency_id": currency.id,
        }
    )
    for start in range(0, len(orders), 50):
        channel.import_orders(orders[start : start + 50])
        channel.process_orders()
        env.cr.commit()
    for start in range(0, len(refunds), 50):
        channel.import_orders(refunds[start : start + 50])
        channel.process_orders()
        env.cr.commit()
    return report(env, channel, orders, refunds)


def read(customers):
    """:return: (orders, refunds) as canonical documents of the first customers that cancelled"""
    with gzip.open(SOURCE, "rt", encoding="utf-8", errors="replace") as stream:
        rows = [row for row in csv.DictReader(stream) if row["CustomerID"]]
    size = Counter(row["CustomerID"] for row in rows)
    chosen = [
        customer
        for customer in dict.fromkeys(
            row["CustomerID"] for row in rows if row["InvoiceNo"].startswith("C")
        )
        if not LINES or size[customer] <= LINES
    ][:customers]
    invoices = defaultdict(list)
    for row in rows:
        if row["CustomerID"] in set(chosen):
            invoices[row["InvoiceNo"]].append(row)
    orders, refunds = [], []
    for number, lines in sorted(invoices.items(), key=lambda entry: entry[1][0]["InvoiceDate"]):
        (refunds if number.startswith("C") else orders).append(document(number, lines))
    return orders, refunds


def document(number, rows):
    time = rows[0]["InvoiceDate"].replace(" ", "T") + "Z"
    customer = rows[0]["CustomerID"].split(".")[0]
    common = {
        "external_id": number,
        "currency": "GBP",
        "customer": {"external_id": customer, "name": f"Customer {customer}"},
    }
    money = [Decimal(row["UnitPrice"]) * abs(int(row["Quantity"])) for row in rows]
    total = str(sum(money))
    if number.startswith("C"):
        return {
            **common,
            "type": "refund",
            "created_at": time,
            "amount": total,
            "lines": [
                {
                    "id": str(n),
                    "sku": row["StockCode"],
                    "name": row["Description"] or row["StockCode"],
                    "quantity": str(abs(int(row["Quantity"]))),
                    "amount": str(amount),
                }
                for n, (row, amount) in enumerate(zip(rows, money, strict=True))
            ],
        }
    return {
        **common,
        "placed_at": time,
        "lines": [
            {
                "id": str(n),
                "sku": row["StockCode"],
                "name": row["Description"] or row["StockCode"],
                "quantity": str(int(row["Quantity"])),
                "unit_price": row["UnitPrice"],
            }
            for n, row in enumerate(rows)
        ],
        "payments": [{"amount": total, "paid_at": time}],
        "total": total,
    }


def report(env, channel, orders, refunds):
    env.invalidate_all()
    found = env["ecom.refund"].search([("channel_id", "=", channel.id)])
    outcomes = Counter(
        "case"
        if refund.return_id
        else f"parked: {refund.cause}"
        if refund.state == "parked"
        else "no case: " + (refund.mirror_message or "waits for its order")[:60]
        for refund in found
    )
    print(f"{len(orders)} orders, {len(refunds)} cancellations of {CUSTOMERS} customers")
    for outcome, number in outcomes.most_common():
        print(f"{number:6} {outcome}")
    failed = len(found) != len(refunds)
    for sale_order in found.return_id.sale_order_id:
        paid = sale_order._ecom_get_paid()
        given = sum(sale_order.ecom_return_ids.payment_ids.mapped("amount"))
        if Decimal(repr(given)) > paid + Decimal("0.005"):
            failed = True
            print(f"FAILED: {sale_order.name}: {given} given back of {paid}")
        for key, taken in sale_order._ecom_get_taken().items():
            line = env["sale.order.line"].browse(key[0])
            if taken > Decimal(repr(line.product_uom_qty)):
                failed = True
                print(f"FAILED: {sale_order.name}: {taken} of {line.product_uom_qty} taken")
    adjusted = found.return_id.filtered("amount_adjustment")
    print(f"{len(adjusted)} cases at another price than that of the sale")
    print("FAILED" if failed else "Nothing is lost, nothing is given back twice.")
    return int(failed)
