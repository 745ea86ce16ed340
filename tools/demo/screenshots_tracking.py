"""Take the pictures of the guide "Ship parcels and follow them" from a server with parcels.

``.odoo/venv/bin/python -m tools.demo.screenshots_tracking http://localhost:8069`` writes to
``docs/images``; the database needs a delivered, a travelling and an alerted parcel. With ``choose``
after the address only the pictures of the buyer's choice are taken: they need a parcel that is ready.
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


PAGE_SIZES = (
    ("phone", {"width": 390, "height": 844}),
    ("desktop", {"width": 1100, "height": 900}),
)


def choose(browser, desk, url):
    """A buyer chooses day and time on the page, on a phone; the desktop shows what was chosen."""
    domain = [["name", "=", "At a time that suits you"]]
    option = desk.call("ecom.delivery.option", "search", domain, limit=1) or desk.call(
        "ecom.delivery.option",
        "create",
        [{"name": "At a time that suits you", "kind": "window", "slots": "8-12, 12-16, 16-20",
          "days_ahead": 4, "promise_days": 2, "buyer_may_choose": True}],
    )  # fmt: skip
    ready = first(desk, "ecom.shipment", [["state", "=", "ready"], ["tracking_ref", "=", False]])
    path = desk.call("ecom.shipment", "action_open_tracking_page", [ready])["url"]
    for name, size in PAGE_SIZES:
        page = browser.new_context(viewport=size).new_page()
        page.goto(url + path)
        if name == "phone":
            page.click("section[name=option] a.button")
            keys = page.locator(f"optgroup option[value^='{option[0]}/']")
            page.select_option("select[name=option]", keys.nth(2).get_attribute("value"))
            page.screenshot(path=TARGET / "tracking-choose-phone.png", full_page=True)
            page.click("section[name=choice] button")
        page.wait_for_selector(".wish")
        page.screenshot(path=TARGET / f"tracking-chosen-{name}.png", full_page=True)
        print(f"tracking-chosen-{name}", flush=True)
    desk.open(f"ecom-shipments/{ready}", ".o_form_view")
    save(desk, "shipment-wish")


def main(url, only=None):
    with sync_playwright() as play:
        browser = play.chromium.launch(**BROWSER)
        desk = Camera(browser, url, phone=False)
        if only == "choose":
            choose(browser, desk, url)
            return
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
        for name, size in PAGE_SIZES:
            page = browser.new_context(viewport=size).new_page()
            page.goto(url + path)
            page.wait_for_selector(".parcel")
            page.screenshot(path=TARGET / f"tracking-{name}.png", full_page=True)
            print(f"tracking-{name}", flush=True)
        choose(browser, desk, url)
        phone = Camera(browser, url, phone=True)
        phone.open("ecom-parcels", ".o_kanban_view")
        save(phone, "parcels-phone")
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1].rstrip("/"), *sys.argv[2:3])
