"""Take the pictures of the guide "Ship parcels and follow them" from a server with parcels.

``.odoo/venv/bin/python -m tools.demo.screenshots_tracking http://localhost:8069`` writes to
``docs/images``; the database needs a delivered, a travelling and an alerted parcel.
"""

import sys

from playwright.sync_api import sync_playwright

from tools.demo.screenshots import BROWSER, TARGET, Camera


def first(camera, model, domain, **kwargs):
    (found,) = camera.call(model, "search", domain, limit=1, **kwargs) or [None]
    if not found:
        raise SystemExit(f"no {model} with {domain} to take a picture of")
    return found


def save(camera, name):
    camera.settle()
    camera.page.screenshot(path=TARGET / f"{name}.png")
    print(name, flush=True)


def main(url):
    with sync_playwright() as play:
        browser = play.chromium.launch(**BROWSER)
        desk = Camera(browser, url, phone=False)
        moving = first(
            desk,
            "ecom.shipment.parcel",
            [["status", "=", "out_for_delivery"], ["eta", "!=", False]],
        )
        desk.open("ecom-parcels", ".o_list_view")
        save(desk, "parcels")
        desk.open(f"ecom-parcels/{moving}", ".o_form_view")
        save(desk, "parcel")
        desk.open("action-ecom_order_mgmt.ecom_shipment_alert_action", ".o_list_view")
        save(desk, "parcel-alerts")
        desk.open("action-ecom_order_mgmt.ecom_shipment_parcel_analysis_action", ".o_graph_view")
        save(desk, "delivery-performance")
        waiting = first(
            desk, "ecom.shipment", [["carrier_reason", "!=", False], ["state", "=", "ready"]]
        )
        desk.open(f"ecom-shipments/{waiting}", ".o_form_view")
        save(desk, "shipment-carrier")
        (parcel,) = desk.call("ecom.shipment.parcel", "read", [moving], ["shipment_id"])
        action = desk.call("ecom.shipment", "action_open_tracking_page", [parcel["shipment_id"][0]])
        path = action["url"]
        for name, size in (
            ("tracking-phone", {"width": 390, "height": 844}),
            ("tracking-desktop", {"width": 1100, "height": 900}),
        ):
            page = browser.new_context(viewport=size).new_page()
            page.goto(url + path)
            page.wait_for_selector(".parcel")
            page.screenshot(path=TARGET / f"{name}.png", full_page=True)
            print(name, flush=True)
        phone = Camera(browser, url, phone=True)
        phone.open("ecom-parcels", ".o_kanban_view")
        save(phone, "parcels-phone")
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1].rstrip("/"))
