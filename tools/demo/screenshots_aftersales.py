"""Pictures of the pages about returns and tickets in the user guide.

``.odoo/venv/bin/python -m tools.demo.screenshots_aftersales http://localhost:8069`` after
``tools.demo.aftersales`` ran in that database. It changes nothing there.
"""

import sys

from .screenshots import Camera, take


class AftersalesCamera(Camera):
    def settle(self, milliseconds=900):
        """Without the chat that greets a new user: on a phone it hides everything."""
        if self.page.locator(".o_web_client").count():
            self.page.add_style_tag(content=".o-mail-ChatHub { display: none; }")
        super().settle(milliseconds)

    def open_case(self, *domain):
        (case,) = self.call("ecom.return", "search", list(domain), limit=1)
        self.open(f"ecom-returns/{case}", ".o_form_view")

    def returns(self):
        self.open("ecom-returns", ".o_list_view, .o_kanban_view")

    def return_case(self):
        self.open_case(["type", "=", "return"], ["goods_state", "=", "graded"])

    def tab(self, name):
        self.page.click(f".o_notebook a[name={name}]")
        self.page.locator(".o_notebook").first.evaluate("e => e.scrollIntoView()")
        self.settle()

    def return_why(self):
        self.return_case()
        self.tab("why")

    def return_money(self):
        self.return_case()
        self.tab("money")

    def return_exchange(self):
        self.open_case(["type", "=", "exchange"])

    def tickets_board(self):
        self.tickets()
        self.page.click("button.o_switch_view.o_kanban")
        self.page.wait_for_selector(".o_kanban_record")
        # The name of the button is no part of the board.
        self.page.mouse.move(640, 780)
        self.settle()

    def return_policy(self):
        self.open("action-ecom_aftersales.ecom_return_policy_action", ".o_list_view")
        self.page.locator(".o_data_row").first.click()
        self.page.wait_for_selector(".o_form_view")
        self.settle()

    def receiving_desk(self):
        (case,) = self.call(
            "ecom.return",
            "search_read",
            [["goods_state", "=", "received"], ["type", "=", "return"]],
            ["name"],
            limit=1,
        )
        self.open("ecom-receiving", ".o_ecom_desk")
        self.page.fill(".o_ecom_desk input[aria-label=Code]", case["name"])
        # A chat window of the shown user may lie above the button.
        self.page.locator(".o_ecom_desk form button[type=submit]").evaluate("b => b.click()")
        self.page.wait_for_selector(".o_ecom_card")
        self.settle()

    def tickets(self):
        self.open("ecom-tickets", ".o_list_view, .o_kanban_view")

    def ticket(self):
        (ticket,) = self.call("ecom.ticket", "search", [["kind", "=", "complaint"]], limit=1)
        self.open(f"ecom-tickets/{ticket}", ".o_form_view")

    def agent_page(self):
        (ticket,) = self.call("ecom.ticket", "search", [["kind", "=", "cancel"]], limit=1)
        self.open(f"ecom-tickets/{ticket}", ".o_form_view")
        # A chat window of the shown user may lie above the button.
        self.page.locator("button[name=action_open_agent_page]").first.evaluate("b => b.click()")
        self.page.wait_for_selector(".o_ecom_agent_page h2")
        self.settle()

    def return_analysis(self):
        self.open("action-ecom_aftersales.ecom_return_report_action", ".o_pivot")

    def portal_return(self):
        orders = self.call(
            "ecom.order",
            "search_read",
            [["return_ids", "=", False], ["delivery_status", "=", "full"]],
            ["sale_order_id"],
            limit=1,
        )
        self.page.goto(f"{self.url}/my/orders/{orders[0]['sale_order_id'][0]}/return")
        self.page.wait_for_selector("#ecom_return_request")
        self.page.locator("input[type=number]").first.fill("1")
        self.settle()

    def portal_amount(self):
        self.portal_return()
        self.page.click("button[value=why]")
        self.page.select_option("select[name=reason]", "withdrawal")
        self.page.click("button[value=how]")
        self.page.wait_for_selector("#return_amounts")
        self.settle()

    def portal_case(self):
        (case,) = self.call("ecom.return", "search", [["goods_state", "=", "in_transit"]], limit=1)
        self.page.goto(f"{self.url}/my/returns/{case}")
        self.page.wait_for_selector("#ecom_return_page")
        self.settle()


PICTURES = (
    "returns", "return_case", "return_why", "return_money", "return_policy", "receiving_desk",
    "return_exchange", "tickets", "tickets_board", "ticket", "agent_page", "return_analysis",
)  # fmt: skip
ON_PHONE = ("receiving_desk", "portal_return", "portal_amount", "portal_case", "tickets")


def main(url, *names):
    take(AftersalesCamera, PICTURES, ON_PHONE, url, names)


if __name__ == "__main__":
    main(*sys.argv[1:])
