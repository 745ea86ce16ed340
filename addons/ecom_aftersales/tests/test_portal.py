import re

from lxml import html

from odoo.tests import HttpCase, new_test_user, tagged

from .common import AftersalesCase

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d4944415478da63fcff"
    "9fa11e000782027f3dc848ef0000000049454e44ae426082"
)


@tagged("post_install", "-at_install")
class TestPortal(AftersalesCase, HttpCase):
    """A buyer asks for a return, with an account or as a guest with a token; strangers do not."""

    def setUp(self):
        super().setUp()
        self.policy.write({"auto_approve": True, "buyer_text": "<p>Within two weeks.</p>"})
        self.sale_order = self._sell(ship=True, lines=[self._line(quantity="3")])
        self.url = f"/my/orders/{self.sale_order.id}/return"
        self.token = self.sale_order._portal_ensure_token()
        self.line = self.sale_order.order_line

    def _post(self, page, step, files=None, **changes):
        form = html.fromstring(page.content).xpath("//div[@id='ecom_return_request']//form")[0]
        data = {**dict(form.fields), **changes, "step": step}
        data = {key: value for key, value in data.items() if value is not None and key != "photos"}
        return self.url_open(self.url, data=data, files=files or {"photos": ("", b"")})

    def _ask(self, page, **why):
        page = self._post(page, "why", **{f"qty_{self.line.id}": "2"})
        return self._post(page, "how", **{"reason": "withdrawal", **why})

    def test_guest_with_a_token(self):
        page = self.url_open(f"{self.url}?access_token={self.token}")
        self.assertIn(
            "3 can be returned", re.sub(r"\s+", " ", html.fromstring(page.content).text_content())
        )
        page = self._ask(page, description="Too small")
        text = html.fromstring(page.content).text_content()
        self.assertIn("20.00", text)
        self.assertIn("Within two weeks", text)
        self.assertFalse(
            self.env["ecom.return"].search([("sale_order_id", "=", self.sale_order.id)])
        )
        sent = self._post(page, "send")
        case = self.env["ecom.return"].search([("sale_order_id", "=", self.sale_order.id)])
        self.assertRecordValues(
            case,
            [
                {
                    "origin": "portal",
                    "request_state": "approved",
                    "amount_due": 20,
                    "description": "Too small",
                    "goods_state": "awaiting",
                }
            ],
        )
        self.assertIn(case.name, sent.text)
        self._post(page, "send")
        self.assertEqual(
            self.env["ecom.return"].search_count([("sale_order_id", "=", self.sale_order.id)]),
            1,
            "the button pressed twice is one case",
        )

    def test_photo_is_asked_for_and_kept(self):
        page = self.url_open(f"{self.url}?access_token={self.token}")
        page = self._ask(page, reason="damaged")
        self.assertIn("add a photo", page.text)
        page = self._post(
            page, "how", files={"photos": ("a.txt", b"not a photo")}, reason="damaged"
        )
        self.assertIn("Only photos", page.text)
        page = self._post(page, "how", files={"photos": ("a.png", PNG)}, reason="damaged")
        self._post(page, "send")
        case = self.env["ecom.return"].search([("sale_order_id", "=", self.sale_order.id)])
        self.assertEqual(case.photo_ids.mapped("name"), ["a.png"])
        self.assertEqual(case.photo_ids.res_id, case.id)

    def test_too_many_and_too_late(self):
        page = self.url_open(f"{self.url}?access_token={self.token}")
        wrong = self._post(page, "why", **{f"qty_{self.line.id}": "4"})
        self.assertIn("only 3 can be returned", wrong.text)
        self.sale_order.picking_ids.date_done = "2026-01-01 00:00:00"
        refused = self._ask(page)
        self.assertIn("return_refused", refused.text)
        self.assertNotIn("Send Request", refused.text)
        self._post(refused, "send")
        self.assertFalse(
            self.env["ecom.return"].search([("sale_order_id", "=", self.sale_order.id)])
        )

    def test_strangers_see_nothing(self):
        self.assertNotIn("ecom_return_request", self.url_open(self.url).text)
        self.assertNotIn(
            "ecom_return_request", self.url_open(f"{self.url}?access_token=guess").text
        )
        case = self._request(self.sale_order)
        for url in (f"/my/returns/{case.id}", f"/my/returns/{case.id}?access_token=guess"):
            self.assertNotIn(case.name, self.url_open(url).text)
        new_test_user(
            self.env, "stranger_portal", password="stranger_portal", groups="base.group_portal"
        )
        self.authenticate("stranger_portal", "stranger_portal")
        self.assertNotIn(case.name, self.url_open(f"/my/returns/{case.id}").text)
        self.assertNotIn(case.name, self.url_open("/my/returns").text)
        self.assertIn(
            case.name, self.url_open(case.get_portal_url()).text, "who has the token, may"
        )

    def test_buyer_follows_and_withdraws(self):
        user = new_test_user(
            self.env, "buyer_portal", password="buyer_portal", groups="base.group_portal"
        )
        self.sale_order.partner_id = user.partner_id
        self.sale_order.ecom_order_id.partner_id = user.partner_id
        case = self._request(self.sale_order)
        self.authenticate("buyer_portal", "buyer_portal")
        self.assertIn(case.name, self.url_open("/my/returns").text)
        page = self.url_open(f"/my/returns/{case.id}")
        self.assertIn("On its way to us", page.text)
        form = html.fromstring(page.content).xpath("//form[contains(@action, 'withdraw')]")[0]
        self.url_open(f"/my/returns/{case.id}/withdraw", data=dict(form.fields))
        self.assertEqual(case.request_state, "withdrawn")
        self.assertEqual(self.url_open("/my/home").status_code, 200)

    def test_buyer_pays_what_the_replacement_costs_more(self):
        dearer = self._create_product("JUG", quantity=5, list_price=25)
        case = self._request(
            self.sale_order,
            [{"sku": "MUG", "quantity": 1, "exchange_product_id": dearer.id}],
            "exchange",
        )
        self.assertEqual(case.exchange_state, "payment")
        page = self.url_open(case.get_portal_url())
        link = html.fromstring(page.content).xpath("//a[@id='exchange_pay']/@href")[0]
        self.assertIn("payment_amount=15", link)
        self.assertIn("It leaves once that is paid", page.text)
        path = link.partition("/my/")[2]
        order_page = self.url_open(f"/my/{path}")
        self.assertEqual(order_page.status_code, 200)
        self.assertIn(case.exchange_order_id.name, order_page.text)

    def test_buyer_writes_a_ticket(self):
        user = new_test_user(
            self.env, "buyer_tick", password="buyer_tick", groups="base.group_portal"
        )
        order = self.sale_order.ecom_order_id
        order.partner_id = user.partner_id
        self.authenticate("buyer_tick", "buyer_tick")
        page = self.url_open("/my/tickets/new")
        form = html.fromstring(page.content).xpath("//form[@action='/my/tickets/new']")[0]
        data = {
            **dict(form.fields),
            "subject": "Colour",
            "body": "Is it blue?",
            "order_id": str(order.id),
        }
        page = self.url_open("/my/tickets/new", data=data)
        ticket = self.env["ecom.ticket"].search([("partner_id", "=", user.partner_id.id)])
        self.assertRecordValues(
            ticket,
            [
                {
                    "name": "Colour",
                    "order_id": order.id,
                    "source": "portal",
                    "description": "Is it blue?",
                }
            ],
        )
        self.assertIn("Is it blue?", page.text)
        self.assertIn("Colour", self.url_open("/my/tickets").text)
        self.assertIn(
            "subject and a message",
            self.url_open("/my/tickets/new", data={**data, "body": " "}).text,
        )

    def test_buyer_keeps_or_destroys_it(self):
        """What the policy says of the way back is not the buyer's to choose."""
        self.policy.method = "keep"
        page = self._ask(self.url_open(f"{self.url}?access_token={self.token}"))
        self.assertIn("return_nothing", page.text)
        self._post(page, "send")
        case = self.env["ecom.return"].search([("sale_order_id", "=", self.sale_order.id)])
        self.assertRecordValues(case, [{"method": "keep", "goods_state": "none"}])
        case.action_withdraw()
        self.policy.method = "destroy"
        page = self._ask(self.url_open(f"{self.url}?access_token={self.token}"))
        self.assertIn("destroy it", page.text)
        page = self._post(page, "how", files={"photos": ("a.png", PNG)}, reason="withdrawal")
        self._post(page, "send")
        case = self.env["ecom.return"].search([("sale_order_id", "=", self.sale_order.id)])[0]
        self.assertRecordValues(case, [{"method": "destroy", "goods_state": "none"}])
        self.assertEqual(len(case.photo_ids), 1)

    def test_exchange_for_another_size(self):
        size = self.env["product.attribute"].create(
            {"name": "Size", "value_ids": [(0, 0, {"name": name}) for name in ("S", "M", "L")]}
        )
        template = self.env["product.template"].create(
            {
                "name": "Shirt", "type": "consu", "is_storable": True, "list_price": 10,
                "taxes_id": False,
                "attribute_line_ids": [
                    (0, 0, {"attribute_id": size.id, "value_ids": [(6, 0, size.value_ids.ids)]})
                ],
            }
        )  # fmt: skip
        small, medium, large = template.product_variant_ids
        small.default_code = "SHIRT-S"
        for product in (small, medium):
            self.env["stock.quant"]._update_available_quantity(
                product, self.warehouse.lot_stock_id, 5
            )
        order = self._sell(
            ship=True, external_id="A-2", lines=[self._line(sku="SHIRT-S", quantity="1")]
        )
        self.url, self.line = f"/my/orders/{order.id}/return", order.order_line
        page = self.url_open(f"{self.url}?access_token={order._portal_ensure_token()}")
        page = self._post(page, "why", kind="exchange", **{f"qty_{self.line.id}": "1"})
        self.assertIn(medium.display_name, page.text)
        self.assertNotIn(large.display_name, page.text, "it is not in stock")
        swap = {f"swap_{self.line.id}": str(medium.id)}
        page = self._post(page, "how", reason="size", **swap)
        self._post(page, "send")
        case = self.env["ecom.return"].search([("sale_order_id", "=", order.id)])
        self.assertEqual(case.exchange_order_id.order_line.product_id, medium)
        self.assertEqual(case.amount_due, 0)


@tagged("post_install", "-at_install")
class TestPortalOnAPhone(AftersalesCase, HttpCase):
    browser_size = "375x667"
    touch_enabled = True

    def test_return_in_three_steps(self):
        self.policy.auto_approve = True
        sale_order = self._sell(ship=True, lines=[self._line(quantity="2")])
        buyer = new_test_user(
            self.env, "phone_buyer", password="phone_buyer", groups="base.group_portal"
        )
        sale_order.partner_id = buyer.partner_id
        self.start_tour(
            f"/my/orders/{sale_order.id}", "ecom_buyer_return_tour", login="phone_buyer"
        )
        self.assertRecordValues(
            sale_order.ecom_return_ids,
            [
                {
                    "origin": "portal",
                    "type": "return",
                    "request_state": "approved",
                    "amount_due": 10,
                    "goods_state": "awaiting",
                }
            ],
        )
