"""Pictures of docs/user-guide/connect-a-shop.md, from a server with a connected channel.

``.odoo/venv/bin/python -m tools.demo.screenshots_connect http://localhost:8069 "Corner Shop"``
"""

import sys

from playwright.sync_api import sync_playwright

from .screenshots import BROWSER, TARGET, Camera


def main(url, name):
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(**BROWSER)
        camera = Camera(browser, url, phone=False)
        (channel,) = camera.call("ecom.channel", "search", [["name", "=", name]])
        camera.open(f"ecom-channels/{channel}", ".o_form_view")
        camera.page.click("text=Connection")
        camera.settle()
        camera.page.screenshot(path=TARGET / "connection.png", full_page=False)
        camera.open("ecom-tasks", ".o_list_view")
        camera.page.screenshot(path=TARGET / "messages.png")
        camera.open("ecom-stock", ".o_list_view")
        camera.page.screenshot(path=TARGET / "published-stock.png")
        phone = Camera(browser, url, phone=True)
        phone.open("ecom-channels", ".o_kanban_view")
        phone.page.screenshot(path=TARGET / "connected-phone.png")
        browser.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
