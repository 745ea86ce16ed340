#!/usr/bin/env python3
"""Measure the demand history: a million order lines, rebuilt and brought up to date.

    .odoo/venv/bin/python tools/bench_demand.py [--lines 1000000] [--products 5000] [--keep]

Makes a database of its own from the template of ``make db``, fills it by SQL (that is not what is
measured), and prints what the rebuild, the nightly update and the forecasts of that night take.
"""

import argparse
import json
import os
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tools.dev import db as dev_db  # noqa: E402
from tools.dev import odoo as dev_odoo  # noqa: E402
from tools.dev import paths, pg  # noqa: E402

DATABASE = "ecom_bench_demand"

FILL = """
LINES, PRODUCTS = {lines}, {products}

def columns(table, *own):
    env.cr.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_name = %s "
        "AND is_generated = 'NEVER' ORDER BY ordinal_position", [table])
    return [name for (name,) in env.cr.fetchall() if name not in own]

def copies(table, record, count, **own):
    '''Copy a row `count` times; own values are SQL in `n`, the number of the copy.'''
    env.flush_all()
    names = columns(table, "id", *own)
    target = ", ".join('"%s"' % name for name in [*names, *own])
    source = ", ".join(['"%s"' % name for name in names] + list(own.values()))
    env.cr.execute(
        f"INSERT INTO {{table}} ({{target}}) SELECT {{source}} FROM {{table}}, "
        f"generate_series(1, {{count}}) AS n WHERE {{table}}.id = %s RETURNING id", [record.id])
    ids = [row[0] for row in env.cr.fetchall()]
    return min(ids)

from odoo.fields import Command
product = env["product.product"].create(
    {{"name": "Bench", "type": "consu", "is_storable": True, "taxes_id": False}})
channel = env["ecom.channel"].create({{"name": "Bench", "tz": "Europe/Amsterdam"}})
order = env["sale.order"].create({{
    "partner_id": env["res.partner"].create({{"name": "Bench"}}).id,
    "order_line": [Command.create({{"product_id": product.id, "product_uom_qty": 1}})]}})
order.action_confirm()
order.picking_ids.action_cancel()
order.state = "sale"
order.ecom_channel_id = channel
first_template = copies("product_template", product.product_tmpl_id, PRODUCTS)
first_product = copies("product_product", product, PRODUCTS,
                       product_tmpl_id=str(first_template) + " + n - 1",
                       default_code="'B' || n", barcode="NULL")
orders = LINES // 4
first_order = copies("sale_order", order, orders, name="'B' || n", access_token="NULL",
                     ecom_order_id="NULL",
                     date_order="NOW() - mod(n, 730) * INTERVAL '1 day' - INTERVAL '1 hour'",
                     write_date="NOW() - INTERVAL '2 days'")
copies("sale_order_line", order.order_line, LINES,
       order_id=str(first_order) + " + (n - 1) / 4",
       product_id=f"{{first_product}} + (power(random(), 2) * {{PRODUCTS - 1}})::int",
       product_uom_qty="1 + floor(-ln(1 - random()) * 2)",
       write_date="NOW() - INTERVAL '2 days'")
env.cr.execute("UPDATE stock_move SET write_date = NOW() - INTERVAL '2 days'")
order.state = "cancel"
env.cr.commit()
env.cr.execute("ANALYZE")
env.cr.commit()
"""

MEASURE = """
import json, os, resource, time

env.cr.execute("SELECT pg_backend_pid()")
(BACKEND,) = env.cr.fetchone()

def server_cpu():
    '''CPU seconds of this connection's process of the database server, if it is on this machine.'''
    try:
        fields = open(f"/proc/{{BACKEND}}/stat").read().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

def timed(name, work):
    start, cpu, server = time.time(), time.process_time(), server_cpu()
    run = work()
    env.cr.commit()
    figures = {{key: value for key, value in run.figures.items() if key not in ("pool", "kits")}}
    print(json.dumps({{"step": name, "wall": round(time.time() - start, 1),
          "cpu": round(time.process_time() - cpu, 1),
          "database_cpu": round(server_cpu() - server, 1), "load": round(os.getloadavg()[0], 1),
          "memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
          **figures}}), flush=True)

company = env.company
timed("rebuild", lambda: env["ecom.demand"]._build(company, rebuild=True))
env.cr.execute(
    "UPDATE sale_order_line SET write_date = NOW() WHERE order_id IN "
    "(SELECT id FROM sale_order WHERE state = 'sale' ORDER BY id DESC LIMIT 350)")
env["ecom.replenishment.run"].search([("kind", "=", "demand")]).started_at = (
    "{yesterday}")
env.cr.commit()
timed("nightly", lambda: env["ecom.demand"]._build(company))
timed("forecast, learning", lambda: env["ecom.forecast"]._run(company))
timed("forecast, nightly", lambda: env["ecom.forecast"]._run(company))
timed("suggestions", lambda: env["ecom.replenishment"]._run_suggest(company))
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--products", type=int, default=5000)
    parser.add_argument("--keep", action="store_true", help="keep the database")
    parser.add_argument("--reuse", action="store_true", help="measure a kept one again")
    options = parser.parse_args()
    dev_odoo.forget_user_settings()
    if not pg.external():
        pg.ensure()
        os.environ.update(pg.environment())
        os.environ.pop("PGDATABASE", None)
    if not options.reuse:
        dev_db.copy(dev_db.ensure_template(), DATABASE)
        start = time.monotonic()
        _shell(FILL.format(lines=options.lines, products=options.products), "fill")
        print(f"filled in {time.monotonic() - start:.0f} s", flush=True)
    yesterday = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(time.time() - 86400))
    for line in _shell(MEASURE.format(yesterday=yesterday), "measure").splitlines():
        if line.startswith("{"):
            print(json.loads(line))
    if not options.keep:
        dev_db.drop(DATABASE)


def _shell(code, name):
    out = paths.LOGS / f"bench-demand-{name}.out"
    out.unlink(missing_ok=True)
    script = (
        "import contextlib\n"
        f"with open({str(out)!r}, 'w') as _out, contextlib.redirect_stdout(_out):\n"
        f"    exec(compile({code!r}, 'bench', 'exec'))\n"
    )
    log = paths.LOGS / f"bench-demand-{name}.log"
    status, text = dev_odoo.shell(DATABASE, script, log=log, timeout=3600)
    if status:
        raise SystemExit("\n".join(text.splitlines()[-20:]))
    return out.read_text()


if __name__ == "__main__":
    main()
