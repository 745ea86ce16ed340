"""Measure tracking: ingestion of events, choice of carriers, the buyer's page.

    .odoo/venv/bin/python -m tools.bench_tracking [DATABASE]

Works on a fresh copy of the template (or on DATABASE, whose records stay). One plain line per row:
``bench <name> <value> <unit> base <wanted> ratio <number>``. The table goes into
``docs/benchmarks.md``, unless ``WRITE=0``.
"""

import json
import os
import platform
import re
import statistics
import subprocess
import sys
import threading
import time
from datetime import date
from pathlib import Path

import psutil
import requests

from tools.dev import db as dev_db
from tools.dev import odoo as dev_odoo
from tools.dev import paths, pg
from tools.dev.system import free_port
from tools.dev.ui import kill_group, popen

DATABASE = "ecom_bench_tracking"
DOCUMENT = paths.ROOT / "docs" / "benchmarks.md"
ROWS = []

PREPARE = """
import json, random, time
from datetime import datetime, timedelta
company = env.company
env["res.currency"].with_context(active_test=False).search([("name", "=", "EUR")]).active = True
warehouse = env["stock.warehouse"].search([("company_id", "=", company.id)], limit=1)
warehouse.partner_id.write({"city": "Leipzig", "zip": "04103", "country_id": env.ref("base.de").id})
product = env["product.product"].create({"name": "Bench Mug", "default_code": "BENCH-MUG",
    "is_storable": True, "weight": 0.5, "taxes_id": False})
env["stock.quant"]._update_available_quantity(product, warehouse.lot_stock_id, 100000)
service = env["product.product"].create({"name": "Bench Post", "type": "service"})
carriers = env["delivery.carrier"].create([{"name": f"Bench {n}", "product_id": service.id,
    "ecom_carrier_code": f"bench{n}", "ecom_rate_ids": [(0, 0, {"country_id": env.ref("base.de").id,
    "zip_prefix": str(zone), "weight_to": step, "price": 3 + n + step, "days": 1 + n % 4})
    for zone in range(10) for step in (1, 5, 31)]} for n in range(10)])
env["ecom.carrier.rule"].create([{"name": f"Bench {n}", "weight_from": 40 + n,
    "carrier_ids": [(6, 0, carriers[n % 10].ids)]} for n in range(100)])
channel = env["ecom.channel"].create({"name": "Bench", "approval": "all", "approve_wait_minutes": 0,
    "warehouse_id": warehouse.id})
documents = [{"external_id": f"B-{n}", "placed_at": "2026-03-01T10:00:00Z",
    "updated_at": "2026-03-01T10:00:00Z", "currency": "EUR",
    "customer": {"name": f"Buyer {n}", "email": f"b{n}@example.com"},
    "shipping_address": {"name": f"Buyer {n}", "street": f"Street {n}", "city": "Bonn",
        "zip": f"{n % 100:02d}113", "country": "DE"},
    "lines": [{"id": "1", "sku": "BENCH-MUG", "quantity": "1", "unit_price": "10"}],
    "payments": [{"amount": "10", "paid_at": "2026-03-01T10:01:00Z"}], "total": "10"}
    for n in range(1000)]
channel.import_orders(documents)
channel.process_orders()
shipments = channel.order_ids.shipment_ids
assert len(shipments) == 1000, len(shipments)
env.cr.commit()

env.invalidate_all()
start, cpu = time.perf_counter(), time.process_time()
shipments._choose_carriers(again=True)
env.flush_all()
print("choice", time.perf_counter() - start)
print("choice_cpu", time.process_time() - cpu)
assert all(shipments.mapped("carrier_id"))
env.cr.commit()

for number, shipment in enumerate(shipments):
    shipment.tracking_ref = f"BN{number:06d}"
now = datetime.now()
shipments.write({"shipped_at": now - timedelta(days=3)})
env.cr.commit()
codes = {code: env["ecom.tracking.code"].create({"carrier_code": carrier.ecom_carrier_code,
    "code": code, "status": status}) for carrier in carriers
    for code, status in (("S", "in_transit"), ("O", "out_for_delivery"), ("D", "delivered"))}
env.cr.commit()
parcels = shipments.parcel_ids
events = []
for parcel in parcels:
    for hour, code in ((1, "S"), (9, "S"), (20, "S"), (40, "O"), (44, "D")):
        at = now - timedelta(days=3) + timedelta(hours=hour)
        events.append({"carrier": parcel.carrier_code, "tracking_ref": parcel.tracking_ref,
            "at": at.isoformat() + "+00:00", "code": code, "text": "Something happened",
            "city": "Bonn", "country": "DE"})
random.Random(1).shuffle(events)
rates, cpus, counts = [], [], []
for begin in range(0, len(events), 1000):
    env.invalidate_all()
    start, cpu, count = time.perf_counter(), time.process_time(), env.cr.sql_log_count
    result = env["ecom.shipment"]._ingest_events(events[begin:begin + 1000])
    env.cr.commit()
    counts.append(env.cr.sql_log_count - count)
    rates.append(1000 / (time.perf_counter() - start))
    cpus.append(1000 / (time.process_time() - cpu))
    assert result["new"] == 1000, result
print("ingest", *rates)
print("ingest_cpu", *cpus)
print("ingest_statements", *counts)
assert set(parcels.mapped("status")) == {"delivered"}
env.invalidate_all()
start = time.perf_counter()
result = env["ecom.shipment"]._ingest_events(events[:1000])
env.cr.commit()
assert result["known"] == 1000
print("repeat", 1000 / (time.perf_counter() - start))
paths = [shipment._get_tracking_path() for shipment in shipments[:200]]
env.cr.commit()
for token in shipments[:2].mapped("access_token"):
    env.invalidate_all()
    count = env.cr.sql_log_count
    page = env["ecom.shipment"]._find_for_page(token)._for_page()
    page.env["ir.qweb"].with_context(minimal_qcontext=True)._render(
        "ecom_order_mgmt.tracking_page", page._get_page_values())
    count = env.cr.sql_log_count - count
print("page_statements", count)
print("paths", json.dumps(paths))
"""


def main():
    database = sys.argv[1] if len(sys.argv) > 1 else DATABASE
    if database == DATABASE:
        dev_db.copy(dev_db.ensure_template(), DATABASE)
    out = paths.LOGS / "bench_tracking.out"
    script = (
        "import contextlib\n"
        f"with open({str(out)!r}, 'w') as _out, contextlib.redirect_stdout(_out):\n"
        f"    exec(compile({PREPARE!r}, 'bench', 'exec'))\n"
    )
    code, text = dev_odoo.shell(database, script, log=paths.LOGS / "bench_tracking.log")
    if code:
        raise SystemExit("\n".join(text.splitlines()[-20:]))
    # Other work on the machine makes the figures worse; the processor time is ours alone (without
    # PostgreSQL's share).
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors", flush=True)
    rows = {line.split()[0]: line.split(maxsplit=1)[1] for line in out.read_text().splitlines()}
    report("carrier choice of 1000 shipments, 100 rules, 300 rates", float(rows["choice"]), "s", 3, smaller=True)
    report("the same, processor time", float(rows["choice_cpu"]), "s", 3, smaller=True)
    ingest = statistics.median(map(float, rows["ingest"].split()))
    report("new events per second, batches of 1000", ingest, "1/s", 1000)
    cpu = statistics.median(map(float, rows["ingest_cpu"].split()))
    report("new events per second of processor time", cpu, "1/s", 1000)
    count = statistics.median(map(float, rows["ingest_statements"].split()))
    report("statements per batch of 1000 events", count, "statements")
    report("events heard before per second", float(rows["repeat"]), "1/s", 1000)
    page(database, json.loads(rows["paths"]))
    report("statements of a page", float(rows["page_statements"]), "statements")
    if database == DATABASE:
        dev_db.drop(DATABASE)
    if os.environ.get("WRITE") != "0":
        write()


def report(name, value, unit, wanted=None, smaller=False):
    goal = ""
    if wanted:
        ratio = wanted / value if smaller else value / wanted
        print(f"bench {name} {value:.4g} {unit} base {wanted} ratio {ratio:.2f}", flush=True)
        goal = f"{wanted:,} {unit}"
    else:
        print(f"bench {name} {value:.4g} {unit}", flush=True)
    shown = f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
    ROWS.append(f"| {name} | {shown} {unit} | {goal} |")


def write():
    """Put the table between its marks in the document; the rest stays."""
    version = pg.sql("SHOW server_version")[0][0]
    note = (
        f"Measured on {date.today()}, {os.cpu_count()} processors ({platform.machine()}), load "
        f"average {os.getloadavg()[0]:.1f} at the end, Python {platform.python_version()}, "
        f"PostgreSQL {version}."
    )
    body = "\n".join(("| what | measured | to reach |", "|---|---|---|", *ROWS, "", note))
    begin, end = "<!-- tracking -->", "<!-- end of tracking -->"
    text = DOCUMENT.read_text()
    DOCUMENT.write_text(
        re.sub(f"{begin}.*?{end}", lambda _found: f"{begin}\n{body}\n{end}", text, flags=re.DOTALL)
    )


def page(database, tracked, rate=50, seconds=10):
    """Ask for pages at a steady rate; late answers do not slow the asking down."""
    port = free_port()
    line = dev_odoo.command(
        f"--database={database}", f"--db-filter=^{database}$", "--workers=2",
        "--max-cron-threads=0", f"--http-port={port}", f"--gevent-port={free_port()}",
        "--http-interface=127.0.0.1", "--proxy-mode",
    )  # fmt: skip
    log = Path(paths.LOGS / "bench_tracking_server.log")
    with open(log, "wb") as file:
        process = popen(
            line, stdout=file, stderr=file, env={**os.environ, **dev_odoo.environment()}
        )
    base = f"http://127.0.0.1:{port}"
    try:
        for _try in range(300):
            try:
                if requests.get(base + tracked[0], timeout=30).status_code == 200:
                    break
            except requests.RequestException:
                time.sleep(0.3)
        else:
            raise SystemExit(f"the server did not start, see {log}")
        times, bad = [], []
        session = threading.local()

        def ask(number, due):
            time.sleep(max(0, due - time.perf_counter()))
            if not hasattr(session, "http"):
                session.http = requests.Session()
            # Each buyer has an address of his own, as behind a proxy: the limit is per buyer.
            caller = {
                "X-Forwarded-For": f"10.{number % 200}.{number // 200}.1",
                "X-Forwarded-Host": f"127.0.0.1:{port}",
            }
            try:
                status = session.http.get(
                    base + tracked[number % len(tracked)], headers=caller, timeout=60
                ).status_code
            except requests.RequestException as error:
                status = type(error).__name__
            times.append(time.perf_counter() - due)
            if status != 200:
                bad.append(status)

        for number in range(20):
            ask(number, time.perf_counter())
        times.clear()
        used = processor_time(process.pid)
        begin = time.perf_counter() + 0.5
        threads = [
            threading.Thread(target=ask, args=(number, begin + number / rate))
            for number in range(rate * seconds)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        used = processor_time(process.pid) - used
    finally:
        kill_group(process)
    if bad:
        raise SystemExit(f"{len(bad)} answers were no pages: {set(bad)}")
    times.sort()
    report(f"page p95 at {rate}/s", times[int(len(times) * 0.95)] * 1000, "ms", 150, smaller=True)
    report(f"page p50 at {rate}/s", statistics.median(times) * 1000, "ms", 150, smaller=True)
    report("processor time of Odoo's workers per page", used / len(times) * 1000, "ms")


def processor_time(pid):
    """:return: seconds that a process and its living children have used"""
    server = psutil.Process(pid)
    spent = [each.cpu_times() for each in (server, *server.children(recursive=True))]
    return sum(times.user + times.system for times in spent)


if __name__ == "__main__":
    try:
        main()
    except subprocess.SubprocessError as error:
        raise SystemExit(str(error)) from error
