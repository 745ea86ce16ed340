"""Take the pictures of the user guide from a server that shows the demo.

``.odoo/venv/bin/python -m tools.demo.screenshots http://localhost:8069`` writes to ``docs/images``;
names after the address choose single pictures. Needs Chromium and, for the Chinese names, a font
that has them. The only thing it writes into the database is a file import that is not carried out.
"""

import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

TARGET = Path(__file__).resolve().parents[2] / "docs/images"
BROWSER = {
    "executable_path": "/usr/bin/chromium",
    "args": [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-background-networking",
        "--disable-component-update",
    ],
}
DESKTOP = {"viewport": {"width": 1280, "height": 800}}
PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
FILE = """\
Bestellnummer;Bestelldatum;Währung;Kunde;Empfänger;Straße;PLZ;Ort;Land;Artikelnummer;Menge;\
Einzelpreis;MwSt %;Gesamtbetrag;Zahlungsstatus
BZ-700-1;24.11.2026 09:12;EUR;Femke de Vries;Femke de Vries;Prinsengracht 803;1017 KB;Amsterdam;NL;\
LO-LAMP-CLIP;1;33,95;21;33,95;paid
BZ-700-2;24.11.2026 09:40;EUR;Paula Sommerfeld;Paula Sommerfeld;Gartenweg 8;79098;Freiburg;DE;\
LO-CANDLE-FIG;3;19,95;19;59,85;paid
BZ-700-3;24.11.2026 10:02;EUR;Lars Petersen;Lars Petersen;Hafenstraße 102;24103;Kiel;DE;\
LO-SOAP-BAR-TEA;zwei;5,95;19;11,90;paid
;24.11.2026 10:05;EUR;Sanne Bakker;Sanne Bakker;Oudegracht 17;3511 AB;Utrecht;NL;\
LO-RUG-RUN;1;133,95;21;133,95;paid
"""


class Camera:
    """A browser window that is logged in, and what can be photographed in it."""

    def __init__(self, browser, url, phone):
        self.url, self.phone = url, phone
        options = {"locale": "en-US", "timezone_id": "Europe/Amsterdam"}
        self.page = browser.new_context(**(PHONE if phone else DESKTOP), **options).new_page()
        self.page.goto(f"{url}/web/login")
        self.page.fill("input[name=login]", "admin")
        self.page.fill("input[name=password]", "admin")
        self.page.click("button[type=submit]")
        self.page.wait_for_selector(".o_main_navbar")

    def call(self, model, method, *args, **kwargs):
        return self.page.evaluate(
            """async ([model, method, args, kwargs]) => {
                const params = {model, method, args, kwargs};
                const answer = await fetch("/web/dataset/call_kw", {
                    method: "POST",
                    headers: {"Content-Type": "application/json"},
                    body: JSON.stringify({jsonrpc: "2.0", method: "call", params}),
                });
                return (await answer.json()).result;
            }""",
            [model, method, list(args), kwargs],
        )

    def open(self, path, selector):
        self.page.goto(f"{self.url}/odoo/{path}")
        self.page.wait_for_selector(selector)
        self.settle()

    def settle(self, milliseconds=900):
        """Odoo keeps a connection open, so there is no moment at which the network is idle."""
        self.page.wait_for_timeout(milliseconds)

    def open_order(self, *domain):
        (order,) = self.call("ecom.order", "search", list(domain), limit=1)
        self.open(f"ecom-orders/{order}", ".o_form_view")

    # --- pictures

    def channels(self):
        self.open("action-ecom_order_mgmt.ecom_channel_action", ".o_kanban_record")

    def channel(self):
        (channel,) = self.call("ecom.channel", "search", [], limit=1)
        self.open(f"action-ecom_order_mgmt.ecom_channel_action/{channel}", ".o_form_view")

    def orders(self):
        self.open("ecom-orders", ".o_kanban_view, .o_list_view")

    def parked(self):
        self.open("ecom-parked", ".o_kanban_view, .o_list_view")
        closed = self.page.locator(".o_list_view .o_group_header:not(.o_group_open)")
        while closed.count():
            closed.first.click()
            self.settle(400)

    def order(self):
        self.open_order(["number", "=", "LX002"])

    def order_parked(self):
        self.open_order(["cause", "=", "listing_unmapped"])

    def order_unreadable(self):
        self.open_order(["cause", "=", "invalid_document"])

    def order_held(self):
        self.open_order(["review_state", "=", "held"])

    def approve(self):
        self.order_held()
        self.page.locator(".o_statusbar_buttons button:has-text('Approve')").first.click()
        self.page.wait_for_selector(".modal .modal-footer")
        self.settle()

    def map_product(self):
        self.order_parked()
        self.page.locator("button[name=action_open_missing]:visible").first.click()
        self.page.wait_for_selector(".o_field_widget[name=product_id]")
        self.settle()

    def map_tax(self):
        self.open("ecom-mappings", ".o_kanban_view, .o_list_view")

    def sale_order(self):
        (order,) = self.call("ecom.order", "search_read", [["number", "=", "LX002"]], limit=1)
        self.open(f"action-sale.action_orders/{order['sale_order_id'][0]}", ".o_form_view")

    def import_columns(self):
        self.open("action-ecom_connectors.ecom_import_action/new", ".o_form_view")
        self.page.locator(".o_field_widget[name=channel_id] input").fill("Bazaar")
        self.page.locator(".o-autocomplete--dropdown-item:has-text('Bazaar EU')").first.click()
        content = {"name": "bazaar-today.csv", "mimeType": "text/csv", "buffer": FILE.encode()}
        self.page.set_input_files("input[type=file]", content)
        self.settle()
        self.page.locator("button[name=action_read]:visible").click()
        self.page.wait_for_selector(".o_field_widget[name=mapping_line_ids]")
        self.settle()

    def import_preview(self):
        if not self.page.locator("button[name=action_check]:visible").count():
            self.import_columns()
        self.page.locator("button[name=action_check]:visible").click()
        self.page.wait_for_selector("button[name=action_import]:visible")
        self.settle()

    def import_problems(self):
        if not self.page.locator("button[name=action_import]:visible").count():
            self.import_preview()
        self.page.click(".o_notebook a[name=problems]")
        self.settle()

    def shoot(self, name):
        """:return: path of the picture `name`"""
        getattr(self, name)()
        path = TARGET / f"{name.replace('_', '-')}{'-phone' if self.phone else ''}.png"
        self.page.screenshot(path=path)
        return path


PICTURES = (
    "channels", "channel", "orders", "order", "parked", "order_parked", "order_unreadable",
    "map_product", "map_tax", "order_held", "approve", "sale_order", "import_columns",
    "import_preview", "import_problems",
)  # fmt: skip
ON_PHONE = ("channels", "orders", "parked", "order_parked", "map_product", "order_held")


def take(camera_class, pictures, on_phone, url, names=()):
    """Take pictures, each named after a method of the camera; `names` chooses some of them."""
    TARGET.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(**BROWSER)
        for phone, wanted in ((False, pictures), (True, on_phone)):
            camera = camera_class(browser, url.rstrip("/"), phone)
            for name in wanted:
                if not names or name in names:
                    print(camera.shoot(name).relative_to(TARGET.parents[1]))
        browser.close()


def main(url, *names):
    take(Camera, PICTURES, ON_PHONE, url, names)


if __name__ == "__main__":
    main(*sys.argv[1:])
