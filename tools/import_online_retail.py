"""Import the UCI Online Retail set, 541,909 lines, as one file through a saved layout.

Run by ``make import-online-retail``, inside Odoo. It can be stopped at any moment, also by a
kill, and started again: it goes on where it was and doubles nothing. At the end it accounts for
every invoice of the file, and compares the sums of every month to the cent.

``ECOM_SHARED``: folder with the data sets (default: ``shared`` beside the project);
``ECOM_ONLINE_RETAIL``: another file of the same shape, e.g. a part of it.
"""

import csv
import gzip
import hashlib
import os
import time
from collections import Counter
from decimal import Decimal
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PART = "datasets/online_retail/online_retail.csv.gz"
CHANNEL = "Online Retail"
CODE = "OR"
TZ = "Europe/London"
# Names of the file that are no country of Odoo's. Two name no country at all.
COUNTRIES = {
    "EIRE": "IE",
    "RSA": "ZA",
    "USA": "US",
    "Channel Islands": "JE",
    "European Community": None,
    "Unspecified": None,
}
COLUMNS = {
    "InvoiceNo": "external_id",
    "StockCode": "line.sku",
    "Description": "line.name",
    "Quantity": "line.quantity",
    "InvoiceDate": "placed_at",
    "UnitPrice": "line.unit_price",
    "CustomerID": "customer.external_id",
    "Country": "shipping_address.country",
}
# POST, DOT: postage. C2: carriage. M: manual entry. B: bad debt. S: samples. CRUK: commission.
SERVICES = """POST = shipping
DOT = shipping
C2 = shipping
D = discount
M = adjustment
B = adjustment
S = fee
BANK CHARGES = fee
AMAZONFEE = fee
CRUK = fee"""
# Sale orders are made after this many chunks of the file, so that both go on together.
PROCESS_EVERY = 5
CENT = Decimal("0.01")


def data_file():
    """:raise SystemExit: there is no file"""
    shared = Path(os.environ.get("ECOM_SHARED") or ROOT.parent / "shared")
    path = Path(os.environ.get("ECOM_ONLINE_RETAIL") or shared / PART)
    if not path.is_file():
        raise SystemExit(
            f"There is no file {path}.\n"
            "Set ECOM_SHARED to the folder that holds datasets/online_retail, or\n"
            "ECOM_ONLINE_RETAIL to the file itself."
        )
    return path


def get_channel(env):
    """The channel with its mappings and layout; made the first time."""
    channel = env["ecom.channel"].search(
        [("code", "=", CODE), ("company_id", "=", env.company.id)], limit=1
    )
    pound = env["res.currency"].with_context(active_test=False).search([("name", "=", "GBP")])
    pound.active = True
    if not channel:
        channel = env["ecom.channel"].create(
            {
                "name": CHANNEL,
                "code": CODE,
                "connector": "file",
                "currency_id": pound.id,
                "sku_policy": "create",
                # History: nobody wants these 20,000 orders delivered today.
                "approval": "manual",
                "tz": TZ,
            }
        )
    for name, code in COUNTRIES.items():
        known = [("channel_id", "=", channel.id), ("kind", "=", "country"), ("key", "=", name)]
        if not env["ecom.mapping"].search_count(known):
            country = env["res.country"].search([("code", "=", code)]) if code else None
            env["ecom.mapping"].create(
                {
                    "channel_id": channel.id,
                    "kind": "country",
                    "key": name,
                    "country_id": country.id if country else False,
                    "ignore": not country,
                }
            )
    if not channel.import_mapping_ids:
        env["ecom.import.mapping"].create(
            {
                "name": CHANNEL,
                "channel_id": channel.id,
                "tz": TZ,
                "decimal_mark": ".",
                "refund_prefix": "C",
                "services": SERVICES,
                "paid": True,
                "line_ids": [
                    (0, 0, {"sequence": position, "header": header, "field_key": path})
                    for position, (header, path) in enumerate(COLUMNS.items())
                ]
                + [(0, 0, {"field_key": "currency", "constant": "GBP"})],
            }
        )
    return channel


def get_import(env, channel, path):
    """The import of this very file: the one that was begun, or a new one."""
    content = path.read_bytes()
    digest = hashlib.sha1(content).hexdigest()
    for known in channel.import_ids:
        if known._get_attachment().checksum == digest:
            if known.state in ("cancelled", "failed"):
                known.with_context(ecom_import_queue=True).action_continue()
            return known
    record = env["ecom.import"].create({"channel_id": channel.id, "file_name": path.name})
    env["ir.attachment"].create(
        {
            "name": path.name,
            "raw": content,
            "res_model": record._name,
            "res_field": "file",
            "res_id": record.id,
        }
    )
    record._read_file()
    record.with_context(ecom_import_queue=True)._start()
    if record.state == "failed":
        raise SystemExit(record.message)
    return record


def run(env, channel, record):
    """Take the file in and make sale orders of it, showing how far it is."""
    began, first, chunks = time.monotonic(), record.cursor, 0
    if first and record.state == "running":
        print(f"Going on at order {first:,} of {record.order_count:,}.")
    elif record.state == "running":
        print("Reading the file…")
    while record.state == "running":
        if record._run_next() is None and record.state == "running":
            time.sleep(1)  # a server's timer has it in hand
            env.cr.rollback()
        chunks += 1
        if chunks % PROCESS_EVERY == 0:
            channel._process_orders()
        done, total = record.cursor, record.order_count
        rate = (done - first) / (time.monotonic() - began)
        left = f"{(total - done) / rate / 60:.1f} min left" if rate else ""
        print(
            f"\r{done:>7,} of {total:,} invoices   {rate:5.1f}/s   {left:<20}", end="", flush=True
        )
    print()
    if record.state == "failed":
        raise SystemExit(record.message)
    print("Making the last sale orders…")
    channel._process_orders()
    env.cr.commit()


def read_file(path):
    """What the file says, read by other code than the importer's.

    :return: ({invoice: sum}, {invoice: month})
    """
    sums, months = Counter(), {}
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            invoice = row["InvoiceNo"]
            sums[invoice] += int(row["Quantity"]) * Decimal(row["UnitPrice"])
            month = row["InvoiceDate"][:7]
            months[invoice] = min(months.get(invoice, month), month)
    return sums, months


def account(env, channel, path):
    """Print where every invoice is and what every month sums to. :return: whether all is well"""
    sums, months = read_file(path)
    env.cr.execute(
        """SELECT o.external_id, CASE WHEN s.id IS NOT NULL THEN 'accepted' ELSE o.state END,
                  o.cause, coalesce(s.amount_total, o.amount_total, 0)
             FROM ecom_order o LEFT JOIN sale_order s ON s.id = o.sale_order_id
            WHERE o.channel_id = %s
        UNION ALL
           SELECT external_id, 'refund ' || state, cause, -amount
             FROM ecom_refund WHERE channel_id = %s""",
        [channel.id, channel.id],
    )
    places, here, month_here = Counter(), set(), Counter()
    for invoice, state, cause, amount in env.cr.fetchall():
        places[f"{state}: {cause}" if cause else state] += 1
        here.add(invoice)
        month_here[months.get(invoice)] += Decimal(str(amount or 0))
    print(f"\nInvoices in the file{len(sums):>24,}")
    for place, count in places.most_common():
        print(f"  {place:<36}{count:>6,}")
    missing, surplus = set(sums) - here, here - set(sums)
    print(f"  {'not accounted for':<36}{len(missing):>6,}")
    if surplus:
        print(f"  {'of other files':<36}{len(surplus):>6,}")
    print(f"\n{'Month':<8}{'File':>16}{'Odoo':>16}{'Difference':>12}")
    month_file, differences = Counter(), []
    for invoice, amount in sums.items():
        month_file[months[invoice]] += amount
    for month in sorted(month_file):
        stated = month_file[month].quantize(CENT)
        ours = month_here[month].quantize(CENT)
        differences.append(ours - stated)
        print(f"{month:<8}{stated:>16,}{ours:>16,}{ours - stated:>12}")
    print(
        f"{'':<8}{sum(month_file.values()).quantize(CENT):>16,}"
        f"{sum(month_here.values()).quantize(CENT):>16,}{sum(differences):>12}"
    )
    return not missing and not any(differences)


def main(env):
    """:raise SystemExit: stopped, or something does not add up"""
    path = data_file()
    channel = get_channel(env)
    record = get_import(env, channel, path)
    env.cr.commit()
    began = time.monotonic()
    try:
        run(env, channel, record)
    except KeyboardInterrupt:
        env.cr.rollback()
        raise SystemExit("\nStopped. Run it again to go on from here.") from None
    print(f"Took {time.monotonic() - began:,.0f} s.")
    print(
        "File: "
        + ", ".join(
            f"{record[f'{outcome}_count']:,} {outcome}"
            for outcome in ("created", "updated", "unchanged", "stale", "parked", "rejected")
        )
    )
    if not account(env, channel, path):
        raise SystemExit("Something does not add up, see above.")
    print("Every invoice is accounted for, every month agrees to the cent.")
