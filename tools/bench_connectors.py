"""Figures of stock publishing and of webhooks: ``python3 -m tools.bench_connectors stock|webhooks``.

``stock``: 10,000 listings on 5 channels; seconds to compute all of them, and what 100 sales change.
``webhooks``: a server takes signed deliveries at a fixed rate; acknowledgement times, beside a route
of Odoo's own that does nothing.
A database of its own is made, and kept.
"""

import argparse
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tools import bench_webhooks  # noqa: E402
from tools.dev import db, odoo, paths, setup  # noqa: E402

KEY = "only for measuring on this machine"
STOCK = """
import time
N, CHANNELS, SALES = {listings}, {channels}, 100
wh = env["stock.warehouse"].search([("company_id", "=", env.company.id)], limit=1)
start = time.monotonic()
# Things to sell by Odoo itself; their stock and their listings in one statement each.
context = dict(tracking_disable=True, mail_create_nolog=True, mail_create_nosubscribe=True, mail_notrack=True)
products = env["product.product"].with_context(**context)
for first in range(0, N, 2000):
    products.create([
        {{"name": f"P{{n}}", "default_code": f"P{{n}}", "type": "consu", "is_storable": True}}
        for n in range(first, min(first + 2000, N))])
    env.cr.commit()
env.cr.execute(
    '''INSERT INTO stock_quant (product_id, location_id, company_id, quantity, reserved_quantity, in_date,
                                create_uid, write_uid, create_date, write_date)
            SELECT id, %s, %s, 20, 0, now() AT TIME ZONE 'UTC', 1, 1, now() AT TIME ZONE 'UTC', now() AT TIME ZONE 'UTC'
              FROM product_product WHERE default_code LIKE 'P%%' ''',
    [wh.lot_stock_id.id, env.company.id])
channels = env["ecom.channel"].create(
    [{{"name": f"Bench {{c}}", "connector": "sim", "approval": "all", "approve_wait_minutes": 0, "warehouse_id": wh.id}} for c in range(CHANNELS)])
defaults = env["ecom.listing"].create([{{"channel_id": channel.id, "key": "P0", "product_id": env["product.product"].search([("default_code", "=", "P0")]).id}} for channel in channels])
env.flush_all()
columns = [name for name, field in defaults._fields.items() if field.store and field.column_type and name not in ("id", "key", "product_id")]
from odoo.tools import SQL
env.cr.execute(SQL(
    "INSERT INTO ecom_listing (key, product_id, %(columns)s) SELECT p.default_code, p.id, %(copied)s"
    "  FROM product_product p CROSS JOIN ecom_listing l"
    " WHERE p.default_code LIKE 'P%%' AND p.default_code != 'P0' AND l.id = ANY(%(made)s)",
    columns=SQL(", ").join(map(SQL.identifier, columns)),
    copied=SQL(", ").join(SQL.identifier("l", name) for name in columns),
    made=defaults.ids))
env.cr.execute("ANALYZE")
env.cr.commit()
print(f"BENCH made {{N}} products and {{N * CHANNELS}} listings in {{time.monotonic() - start:.0f}} s")
env.invalidate_all()
start = time.monotonic()
for channel in channels:
    listings = env["ecom.listing"].search([("channel_id", "=", channel.id)])
    computed = channel._compute_stock(listings)
    assert len(computed) == N and all(v[1] == 20 for v in computed.values())
print(f"BENCH computing all {{N * CHANNELS}}: {{time.monotonic() - start:.2f}} s")
now = env.cr.now()
for channel in channels:
    listings = env["ecom.listing"].search([("channel_id", "=", channel.id)])
    listings.write({{"published_quantity": 20, "published_at": now}})
env.cr.execute("UPDATE stock_quant SET write_date = write_date - interval '1 hour'")
env.cr.commit()
since = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime())
documents = [{{"external_id": f"S{{n}}", "placed_at": "2026-01-01T00:00:00Z", "currency": env.company.currency_id.name,
    "customer": {{"name": "B", "email": f"b{{n}}@example.com"}}, "shipping_address": {{"name": "B", "street": "S 1", "city": "X", "country": "DE"}},
    "lines": [{{"id": "1", "sku": f"P{{n}}", "quantity": 1, "unit_price": "1"}}], "payments": [{{"amount": "1"}}], "total": "1"}} for n in range(SALES)]
channels[0].with_context(ecom_canonical=True).import_orders(documents)
channels[0].process_orders()
env.cr.commit()
env.invalidate_all()
from odoo import fields
start = time.monotonic()
changed = 0
for channel in channels:
    moved = channel._get_moved_products(fields.Datetime.to_datetime(since))
    listings = env["ecom.listing"].search([("channel_id", "=", channel.id), ("product_id", "in", moved.ids)])
    changed += len(channel._get_stock_changes(listings))
print(f"BENCH what 100 sales change ({{changed}} listings on {{CHANNELS}} channels): {{time.monotonic() - start:.2f}} s")
assert changed == SALES * CHANNELS, changed
"""


def shell(database, script, name):
    _code, text = odoo.shell(database, script, log=paths.LOGS / f"{name}.log")
    lines = [line for line in text.splitlines() if not line.startswith("20") or " ERROR " in line]
    print("\n".join(lines))
    return text


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["stock", "webhooks"])
    parser.add_argument("--listings", type=int, default=10000)
    parser.add_argument("--channels", type=int, default=5)
    parser.add_argument("--rate", type=int, default=200)
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--workers", type=int, default=2, help="of Odoo; 0: threads in one process")
    parser.add_argument("--database", default="bench_connectors")
    args = parser.parse_args(argv)
    setup.ensure()
    odoo.forget_user_settings()
    os.environ.setdefault("ECOM_SECRET_KEY", KEY)
    db.fresh(args.database)
    if args.what == "stock":
        shell(args.database, STOCK.format(listings=args.listings, channels=args.channels), "bench-stock")
    else:
        bench_webhooks.webhooks(args.database, args.rate, args.seconds, args.workers, shell)
    return 0


if __name__ == "__main__":
    sys.exit(main())
