"""Pictures of the set-up assistant and of proposals by name.

``.odoo/venv/bin/python -m tools.demo.screenshots_assistant http://localhost:8069`` on a database that is
for pictures only: it makes a few products, runs a simulated shop beside the server, and connects it.
"""

import importlib
import sys

from playwright.sync_api import sync_playwright

from .. import map_document
from .screenshots import BROWSER, TARGET, Camera

# SKU here, name here, SKU there, name there.
GOODS = (
    ("MUG-BLU-300", "Stoneware mug blue 300 ml", "MUG-BLU-300", "Stoneware mug, blue"),
    ("MUG-GRN-300", "Stoneware mug green 300 ml", "4711", "Mug (stoneware), green - 300ml"),
    ("TEA-100", "Green tea Sencha 100 g", "tea_100", "Sencha green tea, 100g"),
    ("LAMP-CLIP", "Clip lamp brass", "CL-9", "Brass clip-on lamp"),
    (None, None, "CANDLE-XL", "Beeswax candle XL"),
)


def make_shop():
    """:return: address of a simulated shop with its goods and orders"""
    sim = importlib.import_module(f"{map_document.platforms.__name__}.sim.server")
    shop = sim.Shop(seed=4, products=0)
    for number, (_sku, _name, sku, name) in enumerate(GOODS, 1):
        shop.products[sku] = {"id": f"p{number}", "sku": sku, "name": name, "price": f"{number * 4 + 5}.95", "stock": 0}
    for pieces in (1, 2, 1, 4):
        shop.place([("MUG-BLU-300", pieces)])
    for _ in range(5):
        shop.place()
    shop.place([("MUG-BLU-300", 2)], total="99.00")
    _server, url = sim.serve(shop)
    return url


def prepare(camera, url):
    """:return: id of a channel that the assistant is to go on with"""
    for sku, name, *_there in GOODS:
        if sku and not camera.call("product.product", "search", [["default_code", "=", sku]]):
            vals = {"name": name, "default_code": sku, "type": "consu", "is_storable": True, "taxes_id": [[6, 0, []]]}
            camera.call("product.product", "create", [vals])
    euro = camera.call("res.currency", "search", [["name", "=", "EUR"]], context={"active_test": False})
    camera.call("res.currency", "write", euro, {"active": True})
    old = camera.call("ecom.channel", "search", [["name", "=", "Corner Shop"]])
    camera.call("ecom.channel", "unlink", old)
    (channel,) = camera.call("ecom.channel", "create", [{
        "name": "Corner Shop", "connector": "sim", "connector_url": url, "connector_since": "2026-01-01 00:00:00",
        "connector_internal": True, "connector_shadow": True, "state": "paused", "credential_token": "sim-token",
    }])  # fmt: skip
    return channel


OPEN = """channel => odoo.__WOWL_DEBUG__.root.env.services.action.doAction(
    "ecom_connectors.ecom_connect_action", {additionalContext: {default_channel_id: channel}})"""


def press(camera, name):
    camera.page.click(f".modal button[name='{name}']:visible")
    camera.settle(2500)


def walk(camera, channel, suffix=""):
    """Through the assistant of a channel, up to its dry run."""
    page = camera.page
    camera.open(f"ecom-channels/{channel}", ".o_form_view")
    page.evaluate(OPEN, channel)
    page.wait_for_selector(".modal .o_form_view")
    camera.settle()
    page.screenshot(path=TARGET / f"connect-assistant{suffix}.png")
    press(camera, "action_next")
    press(camera, "action_read_listings")
    press(camera, "action_next")
    press(camera, "action_dry_run")
    page.screenshot(path=TARGET / f"connect-dry-run{suffix}.png")


def main(url):
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(**BROWSER)
        camera = Camera(browser, url, phone=False)
        channel = prepare(camera, make_shop())
        walk(camera, channel)
        camera.call("ecom.channel", "write", [channel], {"state": "ok"})
        camera.call("ecom.channel", "sync_now", [channel], ["orders"])
        camera.open("ecom-listings", ".o_list_view")
        camera.page.screenshot(path=TARGET / "map-proposals.png")
        phone = Camera(browser, url, phone=True)
        phone.open("ecom-listings", ".o_kanban_view, .o_list_view")
        phone.page.screenshot(path=TARGET / "map-proposals-phone.png")
        walk(phone, channel, "-phone")
        browser.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
