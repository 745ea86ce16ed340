"""Faults: a worker is killed 20 times at random moments while it works on 2,000 orders.

``python -m tools.fulfilment_faults`` imports the orders, starts a worker, ends it by SIGKILL after
a random time, starts the next one, and so on; the last one may finish. Then every order must be
there exactly once, every delivery must belong to an order and to a shipment, and what is reserved
must be what the deliveries hold.
"""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tools.dev import db, odoo, paths, setup

NAME = "ecom_faults"
ORDERS = int(os.environ.get("ORDERS", "2000"))
KILLS = int(os.environ.get("KILLS", "20"))

PREPARE = """
warehouse = env["stock.warehouse"].search([], limit=1)
products = env["product.product"].create([
    {{"name": f"F {{i}}", "default_code": f"F{{i}}", "type": "consu", "is_storable": True,
      "taxes_id": False}} for i in range(60)
])
for product in products:
    env["stock.quant"]._update_available_quantity(product, warehouse.lot_stock_id, {orders})
channel = env["ecom.channel"].create({{"name": "Faults", "approve_wait_minutes": 0}})
def document(i):
    lines = [{{"id": str(k), "sku": f"F{{(i * 7 + k * 11) % 60}}", "quantity": 1 + k, "unit_price": "10"}}
             for k in range(3)]
    return {{"external_id": f"F-{{i}}", "placed_at": "2026-03-01T10:00:00Z", "currency": "USD",
            "customer": {{"name": f"C{{i % 300}}", "email": f"c{{i % 300}}@example.com"}},
            "shipping_address": {{"name": f"C{{i % 300}}", "street": "R 1", "city": "Reno", "country": "US"}},
            "lines": lines, "payments": [{{"amount": "60", "paid_at": "2026-03-01T10:00:00Z"}}],
            "total": "60"}}
for start in range(0, {orders}, 500):
    channel.import_orders([document(i) for i in range(start, min(start + 500, {orders}))])
env.cr.commit()
"""

WORK = """
channel = env["ecom.channel"].search([("name", "=", "Faults")])
print("READY", flush=True)
channel.process_orders()
env.cr.commit()
print("DONE", flush=True)
"""

CHECK = """
orders = env["ecom.order"].search([("channel_id.name", "=", "Faults")])
sales = env["sale.order"].search([("ecom_channel_id.name", "=", "Faults")])
pickings = sales.picking_ids
shipments = env["ecom.shipment"].search([("order_ids", "in", orders.ids)])
problems = []
if len(orders) != {orders}: problems.append(f"{{len(orders)}} channel orders")
if len(sales) != {orders}: problems.append(f"{{len(sales)}} sale orders")
if set(sales.mapped("state")) != {{"sale"}}: problems.append("not confirmed")
if len(pickings) != {orders}: problems.append(f"{{len(pickings)}} deliveries")
if any(len(sale.picking_ids) != 1 for sale in sales): problems.append("deliveries per order")
if len(shipments) != {orders}: problems.append(f"{{len(shipments)}} shipments")
orphans = env["stock.picking"].search_count([("move_ids", "=", False)])
if orphans: problems.append(f"{{orphans}} deliveries without goods")
lost = env["stock.reference"].search_count([("sale_ids", "=", False)])
if lost: problems.append(f"{{lost}} references without order")
held = {{}}
for line in pickings.move_line_ids:
    held[line.product_id.id] = held.get(line.product_id.id, 0) + line.quantity_product_uom
quants = env["stock.quant"].search([("product_id", "in", list(held)), ("location_id.usage", "=", "internal")])
reserved = {{}}
for quant in quants:
    reserved[quant.product_id.id] = reserved.get(quant.product_id.id, 0) + quant.reserved_quantity
if held != reserved: problems.append("reserved sums differ from the deliveries")
if set(pickings.move_ids.mapped("state")) != {{"assigned"}}: problems.append("not all reserved")
print("CHECK", problems or "fine")
"""


def shell(script):
    code, text = odoo.shell(NAME, script, log=paths.LOGS / "faults.log", timeout=1800)
    if code:
        raise SystemExit(text[-3000:])
    return text


def worker():
    line = odoo.command("-d", NAME, "--no-http", "--max-cron-threads=0", sub="shell")
    process = subprocess.Popen(
        line,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, **odoo.environment()},
        start_new_session=True,
    )
    process.stdin.write(WORK)
    process.stdin.close()
    return process


def main():
    setup.ensure()
    db.copy(db.ensure_template(), NAME)
    rnd = random.Random(int(os.environ.get("SEED", "1")))
    try:
        shell(PREPARE.format(orders=ORDERS))
        killed = 0
        while True:
            process = worker()
            for line in process.stdout:
                if line.strip().endswith("READY"):
                    break
            if killed < KILLS:
                time.sleep(rnd.uniform(0.2, 3.0))
                finished = process.poll() is not None
                if not finished:
                    os.killpg(process.pid, signal.SIGKILL)
                    killed += 1
                process.wait()
                if finished:
                    break
            elif process.wait() == 0:
                break
        text = shell(CHECK.format(orders=ORDERS))
        verdict = [line for line in text.splitlines() if line.startswith("CHECK")]
        print(f"killed {killed} times during {ORDERS} orders: {verdict}")
        return 0 if verdict == ["CHECK fine"] else 1
    finally:
        db.drop(NAME)


if __name__ == "__main__":
    sys.exit(main())
