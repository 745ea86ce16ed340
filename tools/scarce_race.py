"""Proof: four workers share the last pieces, and none of them promises what is not there.

``python -m tools.scarce_race`` has four workers of two channels take in and process 600 orders at
the same time, of goods that do not suffice for all. Workers build deliveries side by side and take
the stock last (`sale_order_late.py`); here they meet. In the end no shelf may be reserved beyond
what lies on it, every confirmed order must be reserved in full, and every held one must have left
nothing behind. It says how often a worker was too late and did its work again.
"""

import sys
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tools import bench_fulfilment, bench_scripts
from tools.dev import db, paths, setup

WORKERS, ORDERS, PIECES = 4, 150, 45

STOCK = (
    bench_scripts.COMMON
    + """
warehouse = env["stock.warehouse"].search([], limit=1)
for product in products:
    quant = env["stock.quant"].search([
        ("product_id", "=", product.id), ("location_id", "=", warehouse.lot_stock_id.id)], limit=1)
    quant.write({"quantity": quant.reserved_quantity + PIECES})
env.cr.commit()
"""
)

WORK = (
    bench_scripts.COMMON
    + """
import logging, os
from odoo.addons.ecom_order_mgmt.concurrency import RETRYABLE
seen = []
class Handler(logging.Handler):
    def emit(self, record): seen.append(record.getMessage().rsplit("(", 1)[-1].rstrip(")"))
logging.getLogger("odoo.addons.ecom_order_mgmt.models.ecom_channel_pipeline").addHandler(Handler())
channel = channels[NUMBER % 2]
docs = documents("scarce-NUMBER", COUNT, 2 + NUMBER)
def insist(work):
    while True:
        try:
            work(); env.cr.commit()
            return
        except RETRYABLE:
            env.cr.rollback(); time.sleep(random.uniform(0, 0.3))
print("READY", flush=True)
while not os.path.exists("BARRIER"): time.sleep(0.005)
for i in range(0, COUNT, 30):
    insist(lambda: channel.import_orders(docs[i:i + 30]))
    insist(channel.process_orders)
print("RESULT " + json.dumps({"again": seen}), flush=True)
"""
)

CHECK = (
    bench_scripts.COMMON
    + """
orders = env["ecom.order"].search([("external_id", "=like", "scarce-%")])
done = orders.filtered("confirmed_at")
moves = done.sale_order_id.order_line.move_ids
quants = env["stock.quant"].search([("product_id", "in", products.ids), ("location_id.usage", "=", "internal")])
lines = env["stock.move.line"].search([("product_id", "in", products.ids), ("state", "in", ("assigned", "partially_available")), ("location_id.usage", "=", "internal")])
held = {p: sum(g.mapped("quantity_product_uom")) for p, g in lines.grouped("product_id").items()}
print("RESULT " + json.dumps({
    "orders": len(orders), "confirmed": len(done), "held": len(orders.filtered(lambda o: o.review_state == "held")),
    "not reserved in full": len(moves.filtered(lambda m: m.state != "assigned")),
    "deliveries of held orders": len((orders - done).sale_order_id.picking_ids),
    "more or fewer deliveries": len(done.sale_order_id.picking_ids) - len(done),
    "shelves beyond their stock": len(quants.filtered(lambda q: q.reserved_quantity > q.quantity)),
    "shelves that differ from moves": sum(
        sum(g.mapped("reserved_quantity")) != held.get(p, 0) for p, g in quants.grouped("product_id").items()),
}), flush=True)
"""
)


def main():
    setup.ensure()
    barrier = paths.LOGS / "scarce-barrier"
    barrier.unlink(missing_ok=True)
    try:
        bench_fulfilment.prepare()
        bench_fulfilment.shell(STOCK.replace("PIECES", str(PIECES)))
        workers = [
            bench_fulfilment.spawn(
                WORK.replace("NUMBER", str(number))
                .replace("COUNT", str(ORDERS))
                .replace("BARRIER", str(barrier))
            )
            for number in range(WORKERS)
        ]
        for worker in workers:
            text, ready = bench_fulfilment.read_until_ready(worker)
            if not ready:
                raise SystemExit(text[-3000:])
        barrier.touch()
        again = Counter()
        for worker in workers:
            again.update(bench_fulfilment.result(worker)["again"])
        found = bench_fulfilment.result(bench_fulfilment.spawn(CHECK))
    finally:
        barrier.unlink(missing_ok=True)
        db.drop(bench_fulfilment.OURS)
    print(f"batches that ran again: {dict(again)}")
    print(found)
    wrong = {name: count for name, count in list(found.items())[3:] if count}
    if wrong or found["confirmed"] + found["held"] != WORKERS * ORDERS or not found["held"]:
        raise SystemExit(f"wrong: {wrong or found}")
    print("fine")


if __name__ == "__main__":
    main()
