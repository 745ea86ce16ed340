"""Programs that the benchmark of fulfilment runs inside Odoo's shell."""

COMMON = """
import json, random, time
products = env["product.product"].search([("default_code", "=like", "BENCH%")], order="id")
channels = env["ecom.channel"].search([("name", "=like", "Bench %")], order="name")
def documents(prefix, count, seed, customers=range(300)):
    rnd, found = random.Random(seed), []
    for i in range(count):
        c = rnd.choice(customers)
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

GOODS = """
warehouse = env["stock.warehouse"].search([], limit=1)
env.cr.execute("UPDATE ir_cron SET active = false")
made = env["product.product"].create([
    {"name": f"Bench {i}", "default_code": f"BENCH{i}", "type": "consu", "is_storable": True,
     "taxes_id": False, "list_price": 10} for i in range(60)])
for product in made:
    env["stock.quant"]._update_available_quantity(product, warehouse.lot_stock_id, 10**7)
env["res.partner"].create([{"name": f"Bench buyer {i}", "ref": f"BENCH{i}"} for i in range(300)])
env.cr.commit()
"""

CHANNELS = (
    COMMON
    + """
warehouse = env["stock.warehouse"].search([], limit=1)
channels = env["ecom.channel"].create([
    {"name": f"Bench {i}", "approve_wait_minutes": 0, "merge_mode": "off", "split_alone": False,
     "warehouse_id": warehouse.id} for i in range(2)])
# The 300 customers are known, as they are to the other program.
env["res.partner"].create([
    {"name": f"Customer {c}", "email": f"c{c}@example.com", "street": f"Road {c}",
     "zip": str(10000 + c), "city": "Town", "country_id": env.ref("base.de").id} for c in range(300)])
env.cr.commit()
for channel in channels:
    docs = []
    for c in range(300):
        docs += documents(f"first-{channel.id}-{c}", 1, 1, [c])
    channel.import_orders(docs)
    channel.process_orders()
env.cr.commit()
"""
)

# What a worker does. The same in all databases and rounds, however many work beside it.
PIPELINE = (
    COMMON
    + """
import os
channel = channels[CHANNEL]
mine = [("channel_id", "=", channel.id), ("external_id", "=like", "PREFIX-%")]
channel.import_orders(documents("warm-PREFIX", 50, 1)); channel.process_orders(); env.cr.commit()
docs = documents("PREFIX", COUNT, 2)
print("READY", flush=True)
while not os.path.exists("BARRIER"): time.sleep(0.005)
before = env.cr.sql_log_count
began, cpu = time.time(), time.process_time()
for i in range(0, COUNT, 50):
    channel.import_orders(docs[i:i + 50]); env.cr.commit()
channel.process_orders(); env.cr.commit()
while env["ecom.order"].search_count([*mine, ("confirmed_at", "=", False)]):
    channel.process_orders(); env.cr.commit()
ended, cpu = time.time(), time.process_time() - cpu
queries = env.cr.sql_log_count - before
done = env["ecom.order"].search_count([*mine, ("confirmed_at", "!=", False)])
moves = env["stock.move"].search_count([("sale_line_id.order_id.ecom_order_id", "any", mine),
    ("state", "=", "assigned"), ("picking_id.ecom_shipment_id", "!=", False)])
print("RESULT " + json.dumps({"began": began, "ended": ended, "queries": queries, "done": done,
    "moves": moves, "cpu": cpu}), flush=True)
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
