"""What the notes on real shops say, held against the connectors: each trap once."""

import json
from decimal import Decimal
from urllib.parse import parse_qsl

from odoo.tests import tagged

from ..platforms.prestashop import mapping as prestashop
from ..platforms.woocommerce import mapping as woocommerce
from .common import shared
from .openapi_guard import Guard
from .test_connector_contracts import WOO, ContractCase

API = "/wp-json/wc/v3"


@tagged("post_install", "-at_install")
class TestWooCommerceAudit(ContractCase):
    def _shop(self, method="bogus", supports=("products", "refunds")):
        channel, shop = self._connect(
            "woocommerce", credentials={"key": "ck_1", "secret": "cs_1", "webhook": "hush"}
        )
        self.order = {**json.loads(json.dumps(WOO)), "payment_method": method}
        shop.on("GET", f"{API}/orders", lambda *a: [self.order], headers={"X-WP-TotalPages": "1"})
        shop.on("GET", f"{API}/orders/727", lambda *a: self.order)
        shop.on("GET", f"{API}/orders/727/refunds", lambda *a: self.order["refunds"])
        shop.on("GET", f"{API}/payment_gateways/bogus", {"id": "bogus", "method_supports": list(supports)})
        channel.sync_now(["orders"])
        return channel, shop, self._order_of(channel)

    def _refund(self, channel, order, **values):
        lines = [{"line_id": "1", "quantity": 1, "amount": "12.00"}]
        task = order.tell_refund("r1", "12.00", "broken", lines, **values)
        channel.sync_now(["shipments"])
        return task

    def test_refund_by_the_shop(self):
        """Lines without tax and the tax by rate; the money by the shop's own payment method."""
        channel, shop, order = self._shop()

        def refund(match, params, body):
            self.order["refunds"].append({"id": 900, "amount": body["amount"], "reason": body["reason"],
                                          "date_created_gmt": "2026-01-02T10:00:00", "line_items": []})  # fmt: skip
            return self.order["refunds"][-1]

        shop.on("POST", f"{API}/orders/727/refunds", refund, status=201)
        task = self._refund(channel, order, restock=True)
        self.assertEqual((task.state, task.remote_ref), ("done", "900"), task.last_error)
        self.assertEqual(
            shop.sent("POST")[0]["body"],
            {"amount": "12.00", "reason": "broken [refund/727/r1]", "api_refund": True, "api_restock": True,
             "line_items": [{"id": 1, "quantity": 1, "refund_total": 10.0, "refund_tax": [{"id": 1, "refund_total": 2.0}]}]},
        )  # fmt: skip
        task.write({"state": "waiting", "next_try": "2020-01-01"})
        channel.sync_now(["shipments"])
        self.assertEqual(len(shop.sent("POST")), 1, "not twice")

    def test_refund_noted(self):
        """A bank transfer cannot be given back by the shop; orders made by an API have no method."""
        for method, supports in (("bogus", ["products"]), ("unknown", []), ("", [])):
            channel, shop, order = self._shop(method, supports)
            shop.on("POST", f"{API}/orders/727/refunds", {"id": 901}, status=201)
            task = self._refund(channel, order)
            self.assertEqual(task.state, "done", task.last_error)
            self.assertIs(shop.sent("POST")[0]["body"]["api_refund"], False)
            self.assertIn("by hand", task.last_answer)

    def test_refund_refused(self):
        """WooCommerce refuses with 500: that is for a person, not for another try."""
        channel, shop, order = self._shop()
        refusal = {"code": "woocommerce_rest_cannot_create_order_refund", "message": "Ungültiger Betrag", "data": 500}
        shop.on("POST", f"{API}/orders/727/refunds", refusal, status=500)
        task = self._refund(channel, order)
        self.assertEqual((task.state, "Ungültiger Betrag" in task.last_error), ("failed", True))

    def test_own_writes_come_back(self):
        """Our status and meta come back as order.updated: nothing is told again, nothing changes."""
        channel, shop, order = self._shop()
        shop.on("PUT", f"{API}/orders/727", lambda m, p, body: self.order.update(
            {**body, "date_modified_gmt": "2026-01-05T10:00:00"}) or self.order)  # fmt: skip
        shop.on("GET", f"{API}/orders/727/notes", [])
        shop.on("POST", f"{API}/orders/727/notes", {"id": 1})
        task = self._ship(order)
        channel.sync_now(["shipments"])
        self.assertEqual((task.state, self.order["status"]), ("done", "completed"))
        amount, sale = order.amount_total, order.sale_order_id
        channel._fetch_and_ingest(["727"])
        channel.process_orders()
        self.assertEqual((order.state, order.amount_total, order.sale_order_id), ("accepted", amount, sale))
        self.assertEqual(len(order.task_ids), 1)
        self.assertFalse(order.exception_ids.filtered("blocking"))

    def test_batches(self):
        """At most 100 at once, variations under their product; what has no id is said, not raised."""
        channel, shop, _order = self._shop()
        sent = []

        def batch(match, params, body):
            sent.append((match.string, len(body["update"])))
            return {"update": [{"id": e["id"], **({"error": {"message": "no"}} if e["id"] == 7 else {})} for e in body["update"]]}

        shop.on("POST", f"{API}/products/batch", batch)
        shop.on("POST", f"{API}/products/(\\d+)/variations/batch", batch)
        items = [{"key": f"S{n}", "listing_id": str(n), "quantity": n, "extra": {}} for n in range(1, 151)]
        items += [{"key": "V", "listing_id": "900", "quantity": 1, "extra": {"parent": "55"}},
                  {"key": "X", "listing_id": None, "quantity": 1, "extra": {}}]  # fmt: skip
        result = channel._get_handler()._push_stock(channel, items)
        self.assertEqual(
            sent, [(f"{API}/products/batch", 100), (f"{API}/products/batch", 50), (f"{API}/products/55/variations/batch", 1)]
        )
        self.assertEqual((result["S7"], result["S8"], result["V"]), ("no", None, None))
        self.assertTrue(result["X"])
        self.assertEqual(len(result), 152)

    def test_variations(self):
        channel, shop, _order = self._shop()
        products = [{"id": 5, "type": "variable", "name": "Shirt", "variations": [1], "sku": "P"}, {"id": 6, "type": "simple", "name": "Mug", "sku": "MUG"}]
        shop.on("GET", f"{API}/products", products)
        rows = [{"id": 1000 + n, "sku": f"V{n}", "attributes": [{"option": f"Size {n}"}], "stock_quantity": 1} for n in range(130)]
        shop.on("GET", f"{API}/products/5/variations", lambda m, params, b: rows[(params["page"] - 1) * 100 : params["page"] * 100])
        channel.sync_now(["listings"])
        listings = self.env["ecom.listing"].search([("channel_id", "=", channel.id)])
        self.assertEqual(len(listings), 131, "130 variations, one product, no parent")
        one = listings.filtered(lambda each: each.key == "V129")
        self.assertEqual((one.name, one.listing_ref, one.channel_data["parent"]), ("Shirt, Size 129", "1129", "5"))

    def test_refund_lines_add_up(self):
        """Whatever the share: what goes back of a line is what was asked for."""
        order = {"currency": "EUR", "line_items": [{"id": 4, "quantity": 3, "total": "10.00", "total_tax": "1.93",
                 "taxes": [{"id": 1, "total": "1.60"}, {"id": 2, "total": "0.33"}]}],
                 "shipping_lines": [{"id": 8, "total": "4.50", "total_tax": "0.00", "taxes": []}]}  # fmt: skip
        for cents in range(1, 1194, 7):
            amount = Decimal(cents) / 100
            (line,) = woocommerce.refund_lines(order, [{"line_id": "4", "quantity": 1, "amount": str(amount)}])
            parts = [line["refund_total"], *(t["refund_total"] for t in line["refund_tax"])]
            self.assertEqual(sum(Decimal(str(part)) for part in parts), amount)
        (line,) = woocommerce.refund_lines(order, [{"line_id": "shipping-8", "quantity": 1, "amount": "4.50"}])
        self.assertEqual((line["id"], line["quantity"], line["refund_total"]), (8, 0, 4.5))


@tagged("post_install", "-at_install")
class TestPrestaShopAudit(ContractCase):
    ORDER = {
        "id": 7, "id_customer": "1", "current_state": "2", "conversion_rate": "1.000000", "total_paid_tax_incl": "28.800000",
        "total_paid_tax_excl": "24.000000", "total_shipping_tax_incl": "4.800000", "total_shipping_tax_excl": "4.000000",
        "associations": {"order_rows": [{"id": "31", "product_quantity": "2", "unit_price_tax_incl": "12.000000", "unit_price_tax_excl": "10.000000"}]},
    }  # fmt: skip

    def test_slip(self):
        wanted = {"amount": "17.00", "lines": [
            {"line_id": "31", "quantity": 1, "amount": "12.00"}, {"line_id": "shipping", "quantity": 0, "amount": "4.80"}]}  # fmt: skip
        values = prestashop.slip_values(self.ORDER, wanted)
        self.assertEqual(prestashop.slip_amount(values), Decimal("17.00"))
        self.assertEqual((values["total_shipping_tax_excl"], values["partial"]), ("4", "1"))
        self.assertEqual(
            values["associations"]["order_slip_details"]["order_slip_detail"],
            [{"id_order_detail": "31", "product_quantity": 1, "amount_tax_excl": "10", "amount_tax_incl": "12"}],
        )
        text = prestashop.to_xml({"a": [{"b": "x & <y>"}, {"b": None}]})
        self.assertEqual(text, "<a><b>x &amp; &lt;y&gt;</b></a><a><b></b></a>")
        for content in (b'{"order_slip": {"id": 5}}', b"<prestashop><order_slip><id><![CDATA[5]]></id></order_slip></prestashop>"):
            self.assertEqual(prestashop.find_id(content, "order_slip"), "5")
        self.assertIsNone(prestashop.find_id(b"<html>", "order_slip"))

    def test_refund(self):
        """A credit slip, once also where the answer was lost; an order alone is read by a filter, as it
        comes in another shape under its own address."""
        channel, shop = self._connect("prestashop", credentials={"key": "WSKEY"})
        slips, sent = [], []
        shop.on("GET", "/api/orders", lambda m, params, b: {"orders": [self.ORDER]} if params.get("filter[id]") == "[7]" else [])
        shop.on("GET", "/api/order_slip", lambda *a: {"order_slips": slips} if slips else [])

        def add(match, params, body):
            sent.append(body)
            slips.append({"id": 90 + len(slips), "id_order": "7", "total_products_tax_incl": "12.000000", "total_shipping_tax_incl": "0.000000"})
            return b'<?xml version="1.0"?><prestashop><order_slip><id><![CDATA[90]]></id></order_slip></prestashop>'

        shop.on("POST", "/api/order_slip", add, status=201)
        (result,) = channel.with_context(ecom_canonical=True).import_orders([self._document("7")])
        order = self.env["ecom.order"].browse(result["order_id"])
        task = order.tell_refund("r1", "12.00", "x", [{"line_id": "31", "quantity": 1, "amount": "12.00"}])
        channel.sync_now(["shipments"])
        self.assertEqual((task.state, task.remote_ref), ("done", "90"), task.last_error)
        self.assertIn(b"<id_order_detail>31</id_order_detail>", sent[0])
        self.assertIn(b"<total_products_tax_excl>10</total_products_tax_excl>", sent[0])
        task.write({"state": "waiting", "next_try": "2020-01-01"})
        channel.sync_now(["shipments"])
        self.assertEqual((task.state, len(sent)), ("done", 1), "not twice")
        second = order.tell_refund("r2", "12.00")
        channel.sync_now(["shipments"])
        self.assertEqual((second.state, len(sent)), ("done", 2), "another refund of the same amount")


@tagged("post_install", "-at_install")
class TestSaleorAudit(ContractCase):
    def _order(self, transactions):
        channel, shop = self._connect("saleor", "https://shop.example.com/graphql/", {"token": "tok"})
        self.node = {"id": "T1", "status": "UNFULFILLED", "totalRefunded": {"amount": 0}, "transactions": transactions, "fulfillments": []}
        self.sent, self.granted = [], []

        def answer(match, params, body):
            query, variables = body["query"], body["variables"]
            if "mutation" in query:
                self.sent.append((query.split("{")[1].split("(")[0].strip(), variables))
            if "orderGrantRefundCreate" in query:
                self.granted.append({"id": "G1", "reason": variables["input"]["reason"]})
                return {"data": {"orderGrantRefundCreate": {"grantedRefund": {"id": "G1"}, "errors": []}}}
            if "grantedRefunds" in query:
                return {"data": {"order": {"grantedRefunds": self.granted}}}
            if "transactionRequestAction" in query:
                self.node["totalRefunded"] = {"amount": float(variables["amount"])}
                return {"data": {"transactionRequestAction": {"errors": []}}}
            if "orderRefund" in query:
                return {"data": {"orderRefund": {"errors": [{"field": None, "message": "Manual payments can not be refunded.", "code": "CANNOT_REFUND"}]}}}
            return {"data": {"order": self.node}}

        shop.on("POST", "/graphql/", answer)
        (result,) = channel.with_context(ecom_canonical=True).import_orders([self._document("T1")])
        task = self.env["ecom.order"].browse(result["order_id"]).tell_refund("r1", "5.00", "late")
        channel.sync_now(["shipments"])
        return channel, task

    def _again(self, channel, task):
        task.write({"state": "waiting", "next_try": "2020-01-01"})
        channel.sync_now(["shipments"])
        self.assertEqual((task.state, len(self.sent)), ("done", 1), "not twice")

    def test_by_an_app(self):
        channel, task = self._order([{"id": "TR1", "actions": ["REFUND"]}])
        self.assertEqual((task.state, task.remote_ref), ("done", "TR1"), task.last_error)
        self._again(channel, task)

    def test_granted(self):
        channel, task = self._order([{"id": "TR1", "actions": []}])
        self.assertEqual((task.state, task.remote_ref), ("done", "G1"), task.last_error)
        self.assertIn("by hand", task.last_answer)
        self.assertEqual(self.sent[0][1]["input"], {"amount": "5.00", "reason": "late [refund/T1/r1]", "transactionId": "TR1"})
        self._again(channel, task)

    def test_manual_payment(self):
        _channel, task = self._order([])
        self.assertEqual((task.state, "Manual payments" in task.last_error), ("failed", True))


@tagged("post_install", "-at_install")
class TestOdooShopRefund(ContractCase):
    def test_refund(self):
        channel, shop = self._connect("odoo", credentials={"token": "t"})
        order = {"id": 4, "name": "S4", "state": "sale", "date_order": "2026-01-01 10:00:00", "write_date": "2026-01-01 10:00:00",
                 "currency_id": [1, "EUR"], "amount_total": 20.0, "amount_paid": 20.0, "partner_id": False, "partner_invoice_id": False,
                 "partner_shipping_id": False, "client_order_ref": False, "order_line": [8], "carrier_id": False, "transaction_ids": [3]}  # fmt: skip
        line = {"id": 8, "order_id": [4, "S4"], "product_id": False, "name": "Mug", "product_uom_qty": 2.0, "price_unit": 10.0, "discount": 0.0,
                "price_subtotal": 20.0, "price_total": 20.0, "display_type": False, "is_delivery": False, "tax_ids": []}  # fmt: skip
        refunds, asked = [], []
        shop.on("POST", "/json/2/sale.order/search_read", [order])
        shop.on("POST", "/json/2/sale.order.line/search_read", [line])

        def payments(match, params, body):
            if ["operation", "=", "refund"] in body["domain"]:
                return refunds
            return [{"id": 3, "state": "done", "amount": 20.0}]

        def refund(match, params, body):
            asked.append(body)
            refunds.append({"id": 30, "source_transaction_id": [3, "S4-1"], "amount": -body["amount_to_refund"], "reference": "R-S4-1",
                            "create_date": "2026-01-02 10:00:00"})  # fmt: skip
            return {"type": "ir.actions.client"}

        shop.on("POST", "/json/2/payment.transaction/search_read", payments)
        shop.on("POST", "/json/2/payment.transaction/action_refund", refund)
        channel.sync_now(["orders"])
        found = self._order_of(channel)
        task = found.tell_refund("r1", "5.00")
        channel.sync_now(["shipments"])
        self.assertEqual((task.state, task.remote_ref), ("done", "30"), task.last_error)
        task.write({"state": "waiting", "next_try": "2020-01-01"})
        channel.sync_now(["shipments"])
        self.assertEqual([body["amount_to_refund"] for body in asked], [5.0], "not twice")
        channel.sync_now(["orders"])
        self.assertEqual(found.refund_ids.mapped("amount"), [5.0])


@tagged("post_install", "-at_install")
class TestAmazonAudit(ContractCase):
    """Every request is held against Amazon's own contracts; answers are Amazon's own."""

    def _shop(self, **options):
        channel, shop = self._connect(
            "amazon", "https://sellingpartnerapi-na.amazon.com",
            {"account": "SELLER", "key": "id", "secret": "sec", "token": "refresh"},
            connector_options={"marketplaces": ["ATVPDKIKX0DER"], **options},
        )  # fmt: skip
        guard = Guard("ordersV0", "orders_2026-01-01", "listingsItems_2021-08-01", "tokens_2021-03-01", "sellers", "financesV0")
        shop.on("POST", "/auth/o2/token", lambda m, p, body: {"access_token": "Atza|1", "expires_in": 3600})
        send = shop.send

        def guarded(model, method, url, *, params=None, json=None, **options):
            if "/auth/o2/" not in url:
                path = url.split("amazon.com", 1)[1]
                guard.check(method, path.split("?")[0], {**dict(parse_qsl(path.partition("?")[2])), **(params or {})}, json)
            return send(model, method, url, params=params, json=json, **options)

        self.patch(shop, "send", guarded)
        return channel, shop, guard

    def _recorded(self, name):
        path = shared(f"payloads/amazon_sp_api/sandbox_and_examples/{name}")
        return json.loads(path.read_text(encoding="utf-8"))

    def test_v0(self):
        channel, shop, guard = self._shop(orders_api="v0")
        token = self._recorded("tokens_2021-03-01/createRestrictedDataToken/200_sandbox_01.response.json")
        shop.on("POST", "/tokens/2021-03-01/restrictedDataToken", token)
        page = self._recorded("ordersV0/getOrders/200_example_01.response.json")
        last = {"payload": {"Orders": []}}
        shop.on("GET", "/orders/v0/orders", lambda m, params, b: last if params.get("NextToken") else page)
        shop.on("GET", "/orders/v0/orders/[^/]+/orderItems", {"payload": {"OrderItems": []}})
        counts = channel.sync_now(["orders"])
        self.assertFalse(counts["message"])
        self.assertEqual(counts["read"], len(page["payload"]["Orders"]))
        calls = [call for call in shop.calls if call["path"] == "/orders/v0/orders"]
        self.assertEqual({call["headers"]["x-amz-access-token"] for call in calls}, {token["restrictedDataToken"]})
        items = [call for call in shop.calls if call["path"].endswith("/orderItems")]
        self.assertTrue(all(call["headers"]["x-amz-access-token"] == "Atza|1" for call in items))
        if page["payload"].get("NextToken"):
            self.assertEqual(calls[1]["params"]["MarketplaceIds"], "ATVPDKIKX0DER", "repeated with the token")
        self.assertIn("createRestrictedDataToken", guard.checked)

    def test_v0_within_rates(self):
        """A page that was begun is finished: the turns of its items are taken before it is read."""
        channel, shop, _guard = self._shop(orders_api="v0")
        shop.on("POST", "/tokens/2021-03-01/restrictedDataToken", {"restrictedDataToken": "Atz|r"})
        template = self._recorded("ordersV0/getOrders/200_example_01.response.json")["payload"]["Orders"][0]
        orders = [{**template, "AmazonOrderId": f"902-{n}", "OrderStatus": "Unshipped"} for n in range(100)]

        def page(match, params, body):
            start, size = int(params.get("NextToken") or 0), int(params["MaxResultsPerPage"])
            end = start + size
            return {"payload": {"Orders": orders[start:end], **({"NextToken": str(end)} if end < 100 else {})}}

        shop.on("GET", "/orders/v0/orders", page)
        shop.on("GET", "/orders/v0/orders/[^/]+/orderItems", {"payload": {"OrderItems": []}})
        channel.sync_now(["orders"])
        pages = [c for c in shop.calls if c["path"] == "/orders/v0/orders"]
        items = [c for c in shop.calls if c["path"].endswith("/orderItems")]
        self.assertEqual((len(pages), len(items)), (3, 30), "as many pages as the items' burst allows, none in vain")
        self.assertEqual(channel.sync_ids.filtered(lambda s: s.kind == "orders").failures, 0)

    def test_2026_and_telling(self):
        channel, shop, guard = self._shop(carriers={"FedEx": "FedEx"})
        answer = self._recorded("orders_2026-01-01/getOrder/200_sandbox_01.response.json")
        number = answer["order"]["orderId"]
        shop.on("GET", f"/orders/2026-01-01/orders/{number}", answer)
        shop.on("GET", "/orders/2026-01-01/orders", {"orders": [answer["order"]], "pagination": {}})
        shop.on("POST", f"/orders/v0/orders/{number}/shipmentConfirmation", b"", status=204)
        shop.on("PATCH", "/listings/2021-08-01/items/SELLER/[^/]+", {"sku": "A B", "status": "ACCEPTED", "submissionId": "1"})
        shop.on("GET", "/sellers/v1/marketplaceParticipations", {"payload": [{"marketplace": {"name": "Amazon.com"}}]})
        self.assertEqual(channel.action_test_connection()["params"]["type"], "success")
        self.assertEqual(channel.sync_now(["orders"])["read"], 1)
        order = self._order_of(channel)
        self.assertEqual(order.external_id, number)
        handler = channel._get_handler()
        self.assertEqual(handler._fetch_order(channel, number)["orderId"], number)
        task = self.env["ecom.task"]._add(
            channel, "shipment", "ship/1", {"shipment": "OUT/1", "tracking": "112345678", "carrier": "FedEx", "carrier_code": None,
            "shipped_at": "2026-02-11T01:00:00Z", "lines": [{"line_id": "79039765272157", "quantity": 1}]}, order=order,
        )  # fmt: skip
        channel.sync_now(["shipments"])
        self.assertEqual(task.state, "done", task.last_error)
        self.assertEqual(shop.sent("POST", "shipmentConfirmation")[0]["body"]["packageDetail"]["carrierCode"], "FedEx")
        result = handler._push_stock(channel, [{"key": "A B", "listing_id": None, "quantity": 3}])
        self.assertEqual(result, {"A B": None})
        self.assertEqual(
            set(guard.checked), {"getMarketplaceParticipations", "searchOrders", "getOrder", "confirmShipment", "patchListingsItem", "listFinancialEvents"}
        )

    def test_refused(self):
        channel, shop, _guard = self._shop(orders_api="v0")
        refusal = self._recorded("tokens_2021-03-01/createRestrictedDataToken/400_sandbox_01.response.json")
        shop.on("POST", "/tokens/2021-03-01/restrictedDataToken", refusal, status=400)
        counts = channel.sync_now(["orders"])
        self.assertIn("Resource not provided", counts["message"])
        self.assertEqual(channel.state, "ok")
