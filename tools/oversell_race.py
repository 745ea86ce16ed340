"""Demonstration: 64 buyers at the same moment, with and without our addons.

``python -m tools.oversell_race`` makes two databases, one of plain Odoo and one with our addons,
lets 64 threads confirm sale orders of the last pieces over real connections, and prints what each
database promised. Plain Odoo promises more than there is; ours does not.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tools.dev import db, odoo, paths, setup

THREADS, PRODUCTS, UNITS, ORDERS = 64, 20, 10, 480

SCRIPT = """
import logging, random, threading, time
import psycopg2
from odoo import api

logging.getLogger("odoo.sql_db").setLevel(logging.CRITICAL)
logging.getLogger("odoo.service.model").setLevel(logging.CRITICAL)
registry, uid = env.registry, env.ref("base.user_admin").id
warehouse = env["stock.warehouse"].search([], limit=1)
products = env["product.product"].create([
    {{"name": f"Rush {{i}}", "type": "consu", "is_storable": True, "taxes_id": False}}
    for i in range({products})
])
for product in products:
    env["stock.quant"]._update_available_quantity(product, warehouse.lot_stock_id, {units})
partner = env["res.partner"].create({{"name": "Buyer"}})
orders = env["sale.order"].create([
    {{"partner_id": partner.id, "order_line": [(0, 0, {{"product_id": products[i % {products}].id}})]}}
    for i in range({orders})
])
env.cr.commit()
todo, lock, tries = list(orders.ids), threading.Lock(), [0]
random.Random(1).shuffle(todo)
companies = env.companies.ids

def buyer():
    while True:
        with lock:
            if not todo:
                return
            order_id = todo.pop()
        while True:
            tries[0] += 1
            cursor = registry.cursor()
            try:
                mine = api.Environment(cursor, uid, {{"allowed_company_ids": companies}})
                mine["sale.order"].browse(order_id).action_confirm()
                mine.flush_all()
                cursor.commit()
                break
            except (psycopg2.errors.SerializationFailure, psycopg2.errors.DeadlockDetected,
                    psycopg2.errors.LockNotAvailable):
                cursor.rollback()
                time.sleep(random.uniform(0, 0.3))
            finally:
                cursor.close()

start = time.monotonic()
threads = [threading.Thread(target=buyer) for _i in range({threads})]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
env.invalidate_all()
moves = env["stock.move"].search([("product_id", "in", products.ids), ("sale_line_id", "!=", False)])
quants = env["stock.quant"].search([("product_id", "in", products.ids), ("location_id.usage", "=", "internal")])
promised = sum(moves.mapped("quantity"))
print("RACE", promised, len(quants), sum(1 for q in quants if q.reserved_quantity > q.quantity),
      tries[0], round(time.monotonic() - start, 1))
"""


def race(title, origin):
    name = "ecom_race"
    db.copy(origin, name)
    script = SCRIPT.format(products=PRODUCTS, units=UNITS, orders=ORDERS, threads=THREADS)
    try:
        line = odoo.command(
            "-d", name, "--no-http", "--max-cron-threads=0", f"--db_maxconn={THREADS + 10}",
            sub="shell",
        )  # fmt: skip
        _code, text = odoo.run(
            line, log=paths.LOGS / "race.log", timeout=1200, env=odoo.environment(),
            stdin=script, check=False,
        )  # fmt: skip
    finally:
        db.drop(name)
    found = [row for row in text.splitlines() if row.startswith("RACE")]
    if not found:
        raise SystemExit(f"{title}: the race did not come to its end\n" + text[-2000:])
    promised, quants, over, tries, seconds = found[-1].split()[1:]
    stock = PRODUCTS * UNITS
    print(f"{title}: {stock} pieces in stock, {promised} promised to {ORDERS} buyers")
    print(
        f"  stock records {quants} (of {PRODUCTS}), beyond stock {over}; {tries} tries, {seconds} s"
    )
    print(f"bench oversold_{title.split()[0]} {float(promised) - stock:g} pieces base 0 ratio 1")
    return float(promised)


def main():
    setup.ensure()
    template = db.ensure_template()
    plain = race("plain Odoo", db.base_name(False))
    ours = race("ours", template)
    stock = PRODUCTS * UNITS
    print("plain Odoo oversells" if plain > stock else "plain Odoo did not oversell this time")
    return 0 if ours == stock else 1


if __name__ == "__main__":
    sys.exit(main())
