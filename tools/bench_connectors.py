"""Figures of stock publishing and of webhooks: ``python3 -m tools.bench_connectors stock|webhooks``.

``stock``: 10,000 listings on 5 channels; seconds to compute all of them, and what 100 sales change.
``webhooks``: a server with 2 workers takes signed deliveries at a fixed rate; acknowledgement times.
A database of its own is made, and kept.
"""

import argparse
import hashlib
import hmac
import http.client
import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tools.dev import db, odoo, paths, setup  # noqa: E402
from tools.dev.system import free_port  # noqa: E402

KEY = "only for measuring on this machine"
STOCK = """
import time
N, CHANNELS, SALES = {listings}, {channels}, 100
wh = env["stock.warehouse"].search([("company_id", "=", env.company.id)], limit=1)
start = time.monotonic()
products = env["product.product"].with_context(tracking_disable=True).create(
    [{{"name": f"P{{n}}", "default_code": f"P{{n}}", "type": "consu", "is_storable": True}} for n in range(N)])
env["stock.quant"].sudo().create(
    [{{"product_id": p.id, "location_id": wh.lot_stock_id.id, "quantity": 20}} for p in products])
channels = env["ecom.channel"].create(
    [{{"name": f"Bench {{c}}", "connector": "sim", "approval": "all", "approve_wait_minutes": 0, "warehouse_id": wh.id}} for c in range(CHANNELS)])
for channel in channels:
    env["ecom.listing"].create([{{"channel_id": channel.id, "key": p.default_code, "product_id": p.id}} for p in products])
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
CHANNEL = """
channel = env["ecom.channel"].create({"name": "Bench hooks", "connector": "sim", "connector_url": "http://127.0.0.1:9"})
channel.credential_webhook = "bench-secret"
channel.state = "paused"
env.cr.commit()
print("TOKEN", channel.webhook_token)
"""


def shell(database, script, name):
    _code, text = odoo.shell(database, script, log=paths.LOGS / f"{name}.log")
    lines = [line for line in text.splitlines() if not line.startswith("20") or " ERROR " in line]
    print("\n".join(lines))
    return text


def post(connection, token, number):
    """:return: (status, seconds) of one signed delivery"""
    body = json.dumps({"topic": "order.updated", "order_id": str(number)}).encode()
    stamp = str(int(time.time()))
    signature = hmac.new(b"bench-secret", f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    headers = {"Content-Type": "application/json", "X-Sim-Delivery": f"b{number}", "X-Sim-Time": stamp,
               "X-Sim-Signature": signature}  # fmt: skip
    start = time.monotonic()
    connection.request("POST", f"/ecom/hook/{token}", body, headers)
    answer = connection.getresponse()
    answer.read()
    return answer.status, time.monotonic() - start


def webhooks(database, rate, seconds):
    text = shell(database, CHANNEL, "bench-hooks")
    token = next(line.split()[1] for line in text.splitlines() if line.startswith("TOKEN"))
    port = free_port()
    line = odoo.command(
        f"--database={database}", f"--db-filter=^{database}$", "--http-interface=127.0.0.1",
        f"--http-port={port}", "--workers=2", f"--gevent-port={free_port()}", "--max-cron-threads=0",
    )  # fmt: skip
    with open(paths.LOGS / "bench-server.log", "w", encoding="utf-8") as log:
        server = subprocess.Popen(line, env={**os.environ, **odoo.environment()}, stdout=log, stderr=log)
    try:
        warm = None
        for _ in range(120):
            try:
                warm = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
                if post(warm, token, "warm")[0] == 200:
                    break
            except OSError:
                pass
            time.sleep(0.5)
        lock, results, begin = threading.Lock(), [], time.monotonic() + 0.5
        total, threads = rate * seconds, 16
        counter = iter(range(total))

        def work():
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
            while True:
                with lock:
                    number = next(counter, None)
                if number is None:
                    return
                time.sleep(max(begin + number / rate - time.monotonic(), 0))
                try:
                    results.append(post(connection, token, number))
                except (OSError, http.client.HTTPException):
                    connection.close()
                    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
                    results.append(post(connection, token, number))

        workers = [threading.Thread(target=work) for _ in range(threads)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        spent = time.monotonic() - begin
        times = sorted(each[1] for each in results if each[0] == 200)
        print(f"BENCH {len(times)} of {total} acknowledged in {spent:.1f} s ({len(times) / spent:.0f}/s); "
              f"median {1000 * times[len(times) // 2]:.0f} ms, p95 {1000 * times[int(len(times) * 0.95)]:.0f} ms, "
              f"p99 {1000 * times[int(len(times) * 0.99)]:.0f} ms")  # fmt: skip
    finally:
        server.terminate()
        server.wait(30)


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["stock", "webhooks"])
    parser.add_argument("--listings", type=int, default=10000)
    parser.add_argument("--channels", type=int, default=5)
    parser.add_argument("--rate", type=int, default=200)
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--database", default="bench_connectors")
    args = parser.parse_args(argv)
    setup.ensure()
    odoo.forget_user_settings()
    os.environ.setdefault("ECOM_SECRET_KEY", KEY)
    db.fresh(args.database)
    if args.what == "stock":
        shell(args.database, STOCK.format(listings=args.listings, channels=args.channels), "bench-stock")
    else:
        webhooks(args.database, args.rate, args.seconds)
    return 0


if __name__ == "__main__":
    sys.exit(main())
