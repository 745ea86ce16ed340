"""Pictures of fulfilment for the user guide, from a database of their own.

``python -m tools.demo.fulfilment`` makes the database, starts a server, photographs shipments,
the reasons for a warehouse, merge proposals and the packing table, and writes to ``docs/images``.
Needs Chromium. ``PORT`` chooses the port; the argument ``phone`` takes those of the phone only.
"""

import os
import sys
import time
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from playwright.sync_api import TimeoutError, sync_playwright

from tools.demo.screenshots import BROWSER, TARGET, Camera
from tools.dev import db, odoo, paths, setup
from tools.dev.ui import kill_group, popen

NAME = "ecom_pictures"
PORT = int(os.environ.get("PORT", "8180"))

SCRIPT = """
from datetime import datetime, timedelta
company = env.company
env["res.currency"].with_context(active_test=False).search([("name", "=", "EUR")]).active = True
germany = env.ref("base.de")
env["stock.warehouse"].search([], limit=1).name = "Main"
places = [("Hamburg", "20095", "HAM"), ("Munich", "80331", "MUC"), ("Leipzig", "04109", "LEJ")]
warehouses = env["stock.warehouse"].create([
    {"name": city, "code": code, "ecom_cost": 4.2, "ecom_cost_km": 0.004, "ecom_daily_capacity": 400,
     "partner_id": env["res.partner"].create({"name": f"Warehouse {city}", "zip": zip_code, "city": city,
     "country_id": germany.id}).id} for city, zip_code, code in places])
warehouses[2].write({"ecom_zip_from": "0", "ecom_zip_to": "1", "ecom_max_weight": 30})
warehouses[1].resupply_wh_ids = warehouses[0]
goods = [("Enamel mug, blue", "MUG-BLUE", "4006381333931", 14.9), ("Linen towel", "TOWEL", "4006381333948", 19.5),
         ("Oak board", "BOARD-OAK", "4006381333955", 39.0), ("Beeswax candle", "CANDLE", "4006381333962", 9.9)]
products = env["product.product"].create([
    {"name": name, "default_code": sku, "barcode": code, "list_price": price, "type": "consu",
     "is_storable": True, "taxes_id": False, "weight": 0.6} for name, sku, code, price in goods])
for i, warehouse in enumerate(warehouses):
    for k, product in enumerate(products):
        quantity = 2 if (i, k) == (1, 3) else 0 if (i + k) % 4 == 3 else 40
        if quantity:
            env["stock.quant"]._update_available_quantity(product, warehouse.lot_stock_id, quantity)
carrier = env["delivery.carrier"].search([], limit=1)
channel = env["ecom.channel"].create({"name": "Kitchen & Linen", "code": "KL", "sourcing": "best",
    "source_warehouse_ids": [(6, 0, warehouses.ids)], "approve_wait_minutes": 0, "tz": "Europe/Berlin",
    "source_max_parts": 1, "source_fallback": "transfer"})
people = [("Anna Brandt", "Lindenallee 4", "80799", "Munich"), ("Jonas Keller", "Hafenstr. 11", "22767", "Hamburg"),
          ("Miriam Vogt", "Am Markt 2", "04103", "Leipzig"), ("Peter Lang", "Seeweg 9", "82319", "Starnberg"),
          ("Clara Roth", "Ring 30", "28195", "Bremen")]
def order(number, person, *lines, hours=30):
    name, street, zip_code, city = people[person]
    total = sum(prices[sku] * qty for sku, qty in lines)
    return {"external_id": number, "number": number, "placed_at": "2026-11-23T09:30:00Z", "currency": "EUR",
        "customer": {"name": name, "email": name.split()[0].lower() + "@example.com"},
        "shipping_address": {"name": name, "street": street, "zip": zip_code, "city": city, "country": "DE"},
        "ship_by": (datetime.utcnow() + timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "lines": [{"id": str(i), "sku": sku, "quantity": qty, "unit_price": f"{prices[sku]:.2f}"}
                  for i, (sku, qty) in enumerate(lines)],
        "payments": [{"amount": f"{total:.2f}", "paid_at": "2026-11-23T09:31:00Z"}], "total": f"{total:.2f}"}
prices = {sku: price for _n, sku, _c, price in goods}
channel.import_orders([
    order("KL-1041", 0, ("MUG-BLUE", 2), ("TOWEL", 1), hours=6), order("KL-1042", 0, ("TOWEL", 1), hours=20),
    order("KL-1043", 1, ("TOWEL", 2), ("CANDLE", 1)), order("KL-1044", 2, ("MUG-BLUE", 1), hours=-5),
    order("KL-1045", 3, ("BOARD-OAK", 1), ("MUG-BLUE", 1)), order("KL-1046", 4, ("CANDLE", 90)),
    order("KL-1047", 1, ("MUG-BLUE", 1)), order("KL-1048", 4, ("TOWEL", 1), hours=50),
    order("KL-1049", 2, ("BOARD-OAK", 1)), order("KL-1050", 3, ("TOWEL", 3)),
    order("KL-1051", 3, ("BOARD-OAK", 1), ("CANDLE", 1), hours=80)])
channel.process_orders()
by_number = {o.number: o for o in env["ecom.order"].search([])}
ship = lambda number: by_number[number].shipment_ids[:1]
ship("KL-1045").action_start()
ship("KL-1049").tracking_ref = "00340434161094021501"
ship("KL-1049").action_pack()
ship("KL-1048").tracking_ref = "00340434161094021518"
ship("KL-1048").action_ship()
ship("KL-1050").action_pack()
channel.import_orders([{**order("KL-1050", 3, ("TOWEL", 3)), "status": "cancelled",
    "updated_at": "2026-11-24T08:00:00Z"}])
channel.process_orders()
rule = env["ecom.rule"].create({"name": "Heavy orders from Hamburg", "stage": "source",
    "domain": "[('weight', '>', 20)]", "action_ids": [
    (0, 0, {"kind": "warehouse", "warehouse_id": warehouses[0].id}),
    (0, 0, {"kind": "exclude_warehouse", "exclude_warehouse_ids": [(6, 0, warehouses[2].ids)]})]})
rule.action_activate()
env.cr.commit()
print("IDS", by_number["KL-1041"].id, by_number["KL-1046"].id, channel.id, warehouses[2].id,
      by_number["KL-1051"].id, rule.id)
"""


def wait(page, selector):
    # The first page of a new database waits for its bundles to be built.
    page.wait_for_selector(selector, timeout=120000)
    page.wait_for_timeout(700)


def shoot(camera, name, full=False):
    suffix = "-phone" if camera.phone else ""
    camera.page.screenshot(path=TARGET / f"{name}{suffix}.png", full_page=full)
    print(f"{name}{suffix}")


def desk(camera, ids):
    page, url = camera.page, camera.url
    order, held, channel, warehouse, brought, rule = ids
    page.goto(f"{url}/odoo/ecom-shipments")
    wait(page, ".o_kanban_record")
    shoot(camera, "shipments")
    page.goto(f"{url}/odoo/action-ecom_order_mgmt.ecom_order_action/{order}")
    wait(page, ".o_form_view")
    page.click(".nav-link[name=fulfilment]")
    wait(page, ".o_field_widget[name=shipment_ids] .o_data_row")
    shoot(camera, "order-delivery")
    page.goto(f"{url}/odoo/action-ecom_order_mgmt.ecom_order_action/{brought}")
    wait(page, ".o_form_view")
    page.click(".nav-link[name=fulfilment]")
    wait(page, ".o_field_widget[name=shipment_ids] .o_data_row")
    shoot(camera, "order-brought")
    page.goto(f"{url}/odoo/action-ecom_order_mgmt.ecom_interception_action")
    wait(page, ".o_data_row")
    shoot(camera, "stopped-parcels")
    page.goto(f"{url}/odoo/ecom-rules/{rule}")
    wait(page, ".o_form_view")
    page.click(".nav-link[name=actions]")
    wait(page, ".o_field_widget[name=action_ids] .o_data_row")
    shoot(camera, "rule-stage")
    page.goto(f"{url}/odoo/action-ecom_order_mgmt.ecom_order_action/{held}")
    wait(page, ".o_form_view")
    shoot(camera, "order-short")
    page.goto(f"{url}/odoo/action-ecom_order_mgmt.ecom_shipment_merge_server_action")
    wait(page, ".o_data_row")
    shoot(camera, "merge-proposals")
    page.goto(f"{url}/odoo/ecom-channels/{channel}")
    wait(page, ".o_form_view")
    page.click(".nav-link[name=fulfilment]")
    wait(page, ".o_field_widget[name=merge_mode]")
    page.set_viewport_size({"width": 1280, "height": 1760})
    page.wait_for_timeout(400)
    shoot(camera, "channel-delivery")
    page.set_viewport_size({"width": 1280, "height": 800})
    page.goto(f"{url}/odoo/action-stock.action_warehouse_form/{warehouse}")
    wait(page, ".o_form_view")
    page.click(".nav-link[name=ecom]")
    wait(page, ".o_field_widget[name=ecom_country_ids]")
    shoot(camera, "warehouse-channel-orders")


def phone(camera):
    page, url = camera.page, camera.url
    page.goto(f"{url}/odoo/ecom-pack")
    wait(page, ".o_ecom_pack input")
    page.fill(".o_ecom_pack input", "KL-1041")
    page.press(".o_ecom_pack input", "Enter")
    wait(page, ".o_ecom_pack_line")
    page.fill(".o_ecom_pack input", "4006381333931")
    page.press(".o_ecom_pack input", "Enter")
    wait(page, ".o_ecom_pack_line:has-text('1 / 2')")
    shoot(camera, "packing-table")
    page.click("text=Other parcel")
    page.fill(".o_ecom_pack input", "KL-1050")
    page.press(".o_ecom_pack input", "Enter")
    wait(page, ".o_ecom_pack_error")
    shoot(camera, "packing-stop")
    page.goto(f"{url}/odoo/ecom-shipments")
    wait(page, ".o_kanban_record")
    shoot(camera, "shipments")


def log_in(browser, url, on_phone):
    """The first page of a new database waits for its bundles; a second try finds them."""
    try:
        return Camera(browser, url, on_phone)
    except TimeoutError:
        return Camera(browser, url, on_phone)


def main():
    setup.ensure()
    db.copy(db.ensure_template(), NAME)
    code, text = odoo.shell(NAME, SCRIPT, log=paths.LOGS / "pictures.log")
    found = [line for line in text.splitlines() if line.startswith("IDS")]
    if code or not found:
        raise SystemExit(text[-3000:])
    ids = found[0].split()[1:]
    line = odoo.command(
        "-d", NAME, f"--db-filter=^{NAME}$", f"--http-port={PORT}", "--http-interface=127.0.0.1",
        "--max-cron-threads=0",
    )  # fmt: skip
    with open(paths.LOGS / "pictures-server.log", "wb") as log:
        server = popen(line, stdout=log, stderr=log, env={**os.environ, **odoo.environment()})
    try:
        url = f"http://127.0.0.1:{PORT}"
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            try:
                urllib.request.urlopen(f"{url}/web/login", timeout=60)
                break
            except OSError:
                time.sleep(0.5)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(**BROWSER)
            if "phone" not in sys.argv[1:]:
                desk(log_in(browser, url, False), ids)
            phone(log_in(browser, url, True))
            browser.close()
    finally:
        kill_group(server)
        db.drop(NAME)


if __name__ == "__main__":
    main()
