"""Figures of fulfilment, side by side in one run: plain Odoo over XML-RPC and our pipeline.

``python -m tools.bench_fulfilment`` prints one line per figure,
``bench <name> <value> <unit> base <value> ratio <number>``, and writes ``docs/benchmarks.md``.
``ORDERS=...`` sets how many orders each run takes, ``LARGE=...`` how many are in the database for
the run on a big one (0 leaves that run out).
"""

import json
import os
import platform
import statistics
import subprocess
import sys
import time
import xmlrpc.client
from datetime import date
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tools.dev import db, odoo, paths, pg, setup
from tools.dev.system import free_port
from tools.dev.ui import kill_group, popen

NAME = "ecom_bench"
ORDERS = int(os.environ.get("ORDERS", "300"))
ROUNDS = int(os.environ.get("ROUNDS", "3"))
LARGE = int(os.environ.get("LARGE", "0"))

COMMON = """
import json, random, threading, time
products = env["product.product"].search([("default_code", "=like", "BENCH%")], order="id")
channels = env["ecom.channel"].search([("name", "=like", "Bench %")], order="name")
def documents(prefix, count, seed):
    rnd, found = random.Random(seed), []
    for i in range(count):
        c = rnd.randrange(300)
        lines = [{"id": str(k), "sku": f"BENCH{s}", "quantity": rnd.randint(1, 3), "unit_price": "10"}
                 for k, s in enumerate(rnd.sample(range(60), 3))]
        total = str(sum(line["quantity"] * 10 for line in lines))
        found.append({"external_id": f"{prefix}-{i}", "placed_at": "2026-03-01T10:00:00Z",
            "currency": env.company.currency_id.name,
            "customer": {"name": f"Customer {c}", "email": f"c{c}@example.com"},
            "shipping_address": {"name": f"Customer {c}", "street": f"Road {c}", "zip": str(10000 + c),
                                 "city": "Town", "country": "DE"},
            "lines": lines, "payments": [{"amount": total, "paid_at": "2026-03-01T10:00:00Z"}],
            "total": total})
    return found
"""

PREPARE = """
warehouse = env["stock.warehouse"].search([], limit=1)
env.cr.execute("UPDATE ir_cron SET active = false")
made = env["product.product"].create([
    {"name": f"Bench {i}", "default_code": f"BENCH{i}", "type": "consu", "is_storable": True,
     "taxes_id": False, "list_price": 10} for i in range(60)])
for product in made:
    env["stock.quant"]._update_available_quantity(product, warehouse.lot_stock_id, 10**7)
env["res.partner"].create([{"name": f"Bench buyer {i}", "ref": f"BENCH{i}"} for i in range(300)])
for i in range(2):
    env["ecom.channel"].create({"name": f"Bench {i}", "approve_wait_minutes": 0, "merge_mode": "off",
        "split_alone": False, "warehouse_id": warehouse.id})
env.cr.commit()
"""

PIPELINE = (
    COMMON
    + """
channel = channels[CHANNEL]
channel.import_orders(documents("PREFIX-warm", 50, 1)); channel.process_orders(); env.cr.commit()
docs = documents("PREFIX", COUNT, 2)
print("READY", flush=True)
import os
while not os.path.exists("BARRIER"): time.sleep(0.005)
thread = threading.current_thread(); before = env.cr.sql_log_count
began = time.time()
for i in range(0, COUNT, 50):
    channel.import_orders(docs[i:i + 50]); env.cr.commit()
channel.process_orders(); env.cr.commit()
while env["ecom.order"].search_count([("channel_id", "=", channel.id), ("confirmed_at", "=", False),
        ("external_id", "=like", "PREFIX-%")]):
    env.cr.commit(); channel.process_orders(); env.cr.commit()
ended = time.time()
queries = env.cr.sql_log_count - before
done = env["ecom.order"].search_count([("channel_id", "=", channel.id), ("external_id", "=like", "PREFIX-%"),
    ("confirmed_at", "!=", False)]) - 50
moves = env["stock.move"].search_count([("sale_line_id.order_id.ecom_channel_id", "=", channel.id),
    ("sale_line_id.order_id.client_order_ref", "=like", "PREFIX-%"), ("state", "=", "assigned")])
print("RESULT " + json.dumps({"began": began, "ended": ended, "queries": queries, "done": done, "moves": moves}), flush=True)
"""
)

SOURCE = (
    COMMON
    + """
company = env.company
channel = channels[0]
names = [f"Place {i}" for i in range(10)]
places = env["stock.warehouse"].search([("name", "in", names)])
if not places:
    germany = env.ref("base.de")
    places = env["stock.warehouse"].create([
        {"name": name, "code": f"P{i}", "partner_id": env["res.partner"].create(
            {"name": name, "zip": f"{i}0000", "country_id": germany.id}).id} for i, name in enumerate(names)])
    rnd = random.Random(3)
    for place in places:
        for product in products:
            if rnd.random() < 0.6:
                env["stock.quant"]._update_available_quantity(product, place.lot_stock_id, 500)
channel.write({"sourcing": "best", "source_warehouse_ids": [(6, 0, places.ids)], "approval": "manual"})
channel.import_orders(documents("SOURCE-PREFIX", 1000, 5))
channel.process_orders()
orders = env["ecom.order"].search([("external_id", "=like", "SOURCE-PREFIX-%")])
env.flush_all(); env.invalidate_all()
start = time.perf_counter()
plans = orders._plan_sources()
seconds = time.perf_counter() - start
planned = sum(1 for found in plans.values() if found[0])
env.cr.rollback()
print("RESULT " + json.dumps({"seconds": seconds, "planned": planned}), flush=True)
"""
)

MERGE = (
    COMMON
    + """
channel = channels[0]
channel.merge_mode = "propose"
warehouse = env["stock.warehouse"].search([], limit=1)
partner = env["res.partner"].search([("ref", "=", "BENCH1")], limit=1)
vals = [{"company_id": env.company.id, "warehouse_id": warehouse.id, "partner_id": partner.id,
         "recipient_key": f"key{i // 2 if i % 5 == 0 else i}"} for i in range(20000)]
shipments = env["ecom.shipment"].with_context(tracking_disable=True).create(vals)
env.flush_all()
env.cr.execute("UPDATE ecom_shipment SET merge_group = '1:' || recipient_key, state = 'ready' WHERE id = ANY(%s)",
               [shipments.ids])
env.invalidate_all()
env.cr.execute("ANALYZE ecom_shipment")
start = time.perf_counter()
groups = env["ecom.shipment"]._find_merge_groups()
seconds = time.perf_counter() - start
env.cr.rollback()
print("RESULT " + json.dumps({"seconds": seconds, "groups": len(groups)}), flush=True)
"""
)

FILL = """
env.cr.execute("SELECT count(*) FROM sale_order"); have = env.cr.fetchone()[0]
env.cr.execute('''
    INSERT INTO sale_order (name, partner_id, partner_invoice_id, partner_shipping_id, company_id, date_order, state,
        currency_id, warehouse_id, picking_policy, create_date)
    SELECT 'OLD' || n, s.partner_id, s.partner_invoice_id, s.partner_shipping_id, s.company_id,
        now() - n * interval '1 minute', 'sale', s.currency_id, s.warehouse_id, s.picking_policy, now()
      FROM (SELECT * FROM sale_order ORDER BY id LIMIT 1) s, generate_series(1, LARGE) n''')
env.cr.execute('''
    INSERT INTO sale_order_line (order_id, product_id, product_uom_id, name, product_uom_qty, price_unit, company_id,
        state, customer_lead, currency_id, warehouse_id)
    SELECT o.id, l.product_id, l.product_uom_id, l.name, 1, 10, l.company_id, 'sale', 0, l.currency_id, l.warehouse_id
      FROM sale_order o, (SELECT * FROM sale_order_line WHERE product_id IS NOT NULL ORDER BY id LIMIT 1) l
     WHERE starts_with(o.name, 'OLD')''')
env.cr.execute('''
    INSERT INTO stock_picking (name, picking_type_id, location_id, location_dest_id, company_id, state, move_type,
        sale_id, partner_id)
    SELECT 'OLD' || o.id, p.picking_type_id, p.location_id, p.location_dest_id, p.company_id, 'done', 'direct', o.id,
        p.partner_id
      FROM sale_order o, (SELECT * FROM stock_picking ORDER BY id LIMIT 1) p WHERE starts_with(o.name, 'OLD')''')
env.cr.execute('''
    INSERT INTO stock_move (product_id, product_uom, product_uom_qty, product_qty, quantity, location_id,
        location_dest_id, company_id, state, picking_id, sale_line_id, date, procure_method, sequence)
    SELECT m.product_id, m.product_uom, 1, 1, 1, m.location_id, m.location_dest_id, m.company_id, 'done', p.id, l.id,
        now(), 'make_to_stock', 10
      FROM stock_picking p JOIN sale_order_line l ON l.order_id = p.sale_id,
           (SELECT * FROM stock_move WHERE sale_line_id IS NOT NULL ORDER BY id LIMIT 1) m
     WHERE starts_with(p.name, 'OLD')''')
env.cr.commit()
env.cr.execute("ANALYZE")
env.cr.commit()
"""


def spawn(script):
    line = odoo.command("-d", NAME, "--no-http", "--max-cron-threads=0", sub="shell")
    process = subprocess.Popen(
        line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        env={**os.environ, **odoo.environment()},
    )  # fmt: skip
    process.stdin.write(script)
    process.stdin.close()
    return process


def result(process):
    text = process.stdout.read()
    process.wait()
    for line in text.splitlines():
        if "RESULT {" in line:
            return json.loads(line[line.index("{") :])
    raise SystemExit(text[-3000:])


def shell(script):
    code, text = odoo.shell(NAME, script, log=paths.LOGS / "bench.log", timeout=3600)
    if code:
        raise SystemExit(text[-3000:])
    return text


def pipeline(workers, name, count=None):
    """:return: (orders per second, statements per order) of so many workers side by side"""
    count = count or ORDERS
    # They begin together, when the last of them is ready.
    barrier = paths.LOGS / "bench-barrier"
    barrier.unlink(missing_ok=True)
    processes = [
        spawn(
            PIPELINE.replace("CHANNEL", str(i))
            .replace("PREFIX", f"{name}{i}")
            .replace("COUNT", str(count))
            .replace("BARRIER", str(barrier))
        )
        for i in range(workers)
    ]
    for process in processes:
        for line in process.stdout:
            if line.strip().endswith("READY"):
                break
    barrier.touch()
    results = [result(process) for process in processes]
    barrier.unlink()
    for found in results:
        assert found["done"] == count, found
    seconds = max(f["ended"] for f in results) - min(f["began"] for f in results)
    queries = sum(found["queries"] for found in results) / (count * workers)
    return count * workers / seconds, queries


def xmlrpc_base(count):
    """:return: (orders per second, statements per order) of a caller of plain Odoo's methods"""
    port = free_port()
    log = paths.LOGS / "bench-server.log"
    line = odoo.command(
        "-d", NAME, f"--http-port={port}", "--http-interface=127.0.0.1", "--max-cron-threads=0"
    )
    with open(log, "wb") as stream:
        process = popen(
            line, stdout=stream, stderr=stream, env={**os.environ, **odoo.environment()}
        )
    try:
        url = f"http://127.0.0.1:{port}/xmlrpc/2"
        deadline = time.monotonic() + 120
        while True:
            try:
                uid = xmlrpc.client.ServerProxy(f"{url}/common").authenticate(
                    NAME, "admin", "admin", {}
                )
                break
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.5)
        proxy = xmlrpc.client.ServerProxy(f"{url}/object", allow_none=True)

        def call(model, method, *arguments):
            return proxy.execute_kw(NAME, uid, "admin", model, method, list(arguments))

        products = call("product.product", "search", [["default_code", "=like", "BENCH%"]])
        partners = call("res.partner", "search", [["ref", "=like", "BENCH%"]])

        def one(i):
            lines = [
                (0, 0, {"product_id": products[(i * 7 + k * 11) % 60], "product_uom_qty": 1 + k})
                for k in range(3)
            ]
            vals = {"partner_id": partners[i % 300], "order_line": lines}
            (order,) = call("sale.order", "create", [vals])
            call("sale.order", "action_confirm", [order])

        for i in range(10):
            one(i)
        mark = log.stat().st_size
        start = time.perf_counter()
        for i in range(count):
            one(i)
        seconds = time.perf_counter() - start
    finally:
        kill_group(process)
    text = log.read_text(errors="replace")[mark:]
    queries = sum(
        int(line.split(" 200 - ")[1].split()[0])
        for line in text.splitlines()
        if "/xmlrpc/2/object" in line and " 200 - " in line
    )
    return count / seconds, queries / count


def main():
    setup.ensure()
    db.copy(db.ensure_template(), NAME)
    rows = []

    def row(name, value, unit, base, ratio, text, reach):
        print(f"bench {name} {value:.2f} {unit} base {base:.2f} ratio {ratio:.2f}", flush=True)
        rows.append((text, f"{value:.2f} {unit}", f"{base:.2f}", f"{ratio:.2f}", reach))

    try:
        shell(PREPARE)
        base, one, two, statements, base_statements = [], [], [], [], []
        # Side by side: each round measures everything once, so that a busy machine hits all alike.
        for number in range(ROUNDS):
            speed, queries = xmlrpc_base(max(ORDERS // 5, 20))
            base.append(speed)
            base_statements.append(queries)
            speed, queries = pipeline(1, f"one{number}x")
            one.append(speed)
            statements.append(queries)
            speed, _queries = pipeline(2, f"two{number}x")
            two.append(speed)
        base, one, two = map(statistics.median, (base, one, two))
        statements, base_statements = map(statistics.median, (statements, base_statements))
        row("pipeline_1_worker", one, "orders/s", base, one / base,
            "whole pipeline, one worker, document in to reserved", "8")  # fmt: skip
        row("pipeline_2_workers", two, "orders/s", base, two / base, "the same, two workers", "12")
        row("statements", statements, "statements/order", base_statements,
            base_statements / statements, "SQL statements per order", "25 statements")  # fmt: skip
        found = result(spawn(SOURCE))
        row("sourcing_1000_orders", found["seconds"], "s", 5, 5 / found["seconds"],
            f"sourcing 1,000 orders over 10 warehouses ({found['planned']} planned)", "5 s")  # fmt: skip
        found = result(spawn(MERGE))
        row("merge_search_20000", found["seconds"], "s", 3, 3 / found["seconds"],
            f"merge search over 20,000 open parcels ({found['groups']} groups)", "3 s")  # fmt: skip
        if LARGE:
            shell(FILL.replace("LARGE", str(LARGE)))
            big = statistics.median(pipeline(1, f"big{n}x")[0] for n in range(ROUNDS))
            row("large_database", big, "orders/s", one, big / one,
                f"whole pipeline with {LARGE:,} more orders in the database", "0.9")  # fmt: skip
    finally:
        db.drop(NAME)
    version = pg.sql("SHOW server_version")[0][0]
    table = "\n".join(f"| {' | '.join(line)} |" for line in rows)
    (paths.ROOT / "docs" / "benchmarks.md").write_text(
        f"""# Benchmarks of fulfilment

Orders of 3 lines out of 60 products, of 300 customers; each gets a delivery that is reserved.
Base is a program that creates and confirms one order after the other over XML-RPC on the same
server. Everything is measured side by side in one run; medians of {ROUNDS} rounds of {ORDERS}
orders. Measured on {date.today()}, {os.cpu_count()} processors ({platform.machine()}), load average
{os.getloadavg()[1]:.0f} (above the number of processors, other work took its share, and figures of
several processes side by side say little), Python {platform.python_version()}, PostgreSQL {version}.

| what | measured | base | ratio | to reach |
|---|---|---|---|---|
{table}

Run it again with `python -m tools.bench_fulfilment` (`ORDERS=300 ROUNDS=3 LARGE=200000`).
What several buyers do to the last pieces at the same moment, with and without these addons, is
shown by `python -m tools.oversell_race`; what a killed worker leaves behind, by
`python -m tools.fulfilment_faults`.
"""
    )


if __name__ == "__main__":
    main()
