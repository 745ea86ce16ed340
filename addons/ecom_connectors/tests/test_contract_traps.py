"""Traps of real shops, each once: what would have been lost, told twice or told never."""

import json
from unittest.mock import patch

from odoo.tests import tagged

from ..exceptions import EcomRetryableError
from .test_connector_contracts import WOO, ContractCase

API = "/wp-json/wc/v3"


@tagged("post_install", "-at_install")
class TestWooCommerceTraps(ContractCase):
    def _connected(self, **options):
        credentials = {"key": "ck_1", "secret": "cs_1", "webhook": "hush"}
        return self._connect("woocommerce", credentials=credentials, connector_options=options)

    def test_an_order_that_changes_between_two_pages(self):
        """It moves to the end, and what stood behind it moves up over the edge of the page."""
        channel, shop = self._connected()
        orders = [
            {**WOO, "id": n, "number": str(n), "date_modified_gmt": f"2026-01-01T10:{n // 60:02}:{n % 60:02}"}
            for n in range(1, 121)
        ]

        def page(match, params, body):
            found = sorted(
                (o for o in orders if o["date_modified_gmt"] > params["modified_after"]), key=lambda o: o["date_modified_gmt"]
            )
            size, number = params["per_page"], params["page"]
            answer = [dict(each) for each in found[(number - 1) * size : number * size]]
            moved = next((o for o in orders if o["id"] == 3), None)
            moved["date_modified_gmt"] = "2026-01-01T12:00:00"
            return answer

        shop.on("GET", f"{API}/orders", page)
        channel.sync_now(["orders"])
        self.assertEqual(len(self._order_of(channel)), 120, "none is missed")

    def test_carts_are_no_orders(self):
        """The block checkout makes a draft of every cart: read by poll it is left alone until it is
        placed; sent by a person it is parked with its cause."""
        channel, shop = self._connected()
        order = {**json.loads(json.dumps(WOO)), "status": "checkout-draft"}
        shop.on("GET", f"{API}/orders", lambda *a: [order, {**WOO, "id": 728}], headers={"X-WP-TotalPages": "1"})
        counts = channel.sync_now(["orders"])
        self.assertEqual((counts["read"], counts["parked"], self._order_of(channel).mapped("external_id")), (2, 0, ["728"]))
        order["status"] = "processing"
        channel.sync_now(["orders"])
        self.assertEqual(set(self._order_of(channel).mapped("external_id")), {"727", "728"})
        (result,) = channel.import_orders([{**WOO, "id": 729, "status": "checkout-draft"}])
        self.assertEqual((result["outcome"], "not placed" in result["message"]), ("parked", True))

    def test_two_deliveries_of_one_second(self):
        """WooCommerce makes the id of a delivery of the webhook's number and the time."""
        channel, _shop = self._connected()
        handler = channel._get_handler()
        headers = {"x-wc-webhook-topic": "order.updated", "x-wc-webhook-delivery-id": "same"}
        first = handler._read_webhook(channel, headers, json.dumps(WOO).encode())
        second = handler._read_webhook(channel, headers, json.dumps({**WOO, "id": 728}).encode())
        self.assertNotEqual(first.delivery_id, second.delivery_id)
        self.assertEqual(first, handler._read_webhook(channel, headers, json.dumps(WOO).encode()))

    def test_complete_without_what_was_refunded(self):
        channel, shop = self._connected()
        refund = {"id": 9, "total": "-12.00", "amount": "12.00", "line_items": [
            {"id": 30, "quantity": -1, "total": "-10.00", "total_tax": "-2.00", "meta_data": [{"key": "_refunded_item_id", "value": "1"}]}]}  # fmt: skip
        order = {**json.loads(json.dumps(WOO)), "refunds": [refund]}
        told = {"a": {"1": 1}}
        self.assertTrue(channel._get_handler()._is_complete(order, told))
        self.assertFalse(channel._get_handler()._is_complete({**order, "refunds": []}, told))

    def test_a_server_without_authorization_header(self):
        channel, shop = self._connected(auth_in_query=True)
        shop.on("GET", f"{API}/orders", [])
        channel.sync_now(["orders"])
        self.assertEqual(shop.calls[0]["params"]["consumer_key"], "ck_1")
        self.assertNotIn("Authorization", shop.calls[0]["headers"])

    def test_throttled_between_batches(self):
        channel, shop = self._connected()
        answers = iter([{"update": []}])

        def batch(match, params, body):
            try:
                return next(answers)
            except StopIteration:
                raise EcomRetryableError("later", counts=False) from None

        shop.on("POST", f"{API}/products/batch", batch)
        items = [{"key": f"S{n}", "listing_id": str(n), "quantity": n, "extra": {}} for n in range(150)]
        with self.assertRaises(EcomRetryableError) as caught:
            channel._get_handler()._push_stock(channel, items)
        self.assertEqual(set(caught.exception.told), {f"S{n}" for n in range(100)})


@tagged("post_install", "-at_install")
class TestStockGoesOn(ContractCase):
    """The limit of calls, or one listing that is refused, do not keep a shop from hearing of the rest."""

    def _publish(self, connector, count, **options):
        channel, shop = self._connect(
            connector, "https://sellingpartnerapi-eu.amazon.com", {"account": "S", "key": "id", "secret": "sec", "token": "t"},
            connector_options={"marketplaces": ["A1PA6795UKMFR9"], **options},
        )  # fmt: skip
        shop.on("POST", "/auth/o2/token", {"access_token": "Atza|1", "expires_in": 3600})
        products = self.env["product.product"].create(
            [{"name": f"P{n}", "default_code": f"P{n:03}", "is_storable": True} for n in range(count)]
        )
        documents = [{"external_id": p.default_code, "sku": p.default_code, "name": p.name} for p in products]
        self.env["ecom.listing"]._store_listings(channel, documents)
        listings = self.env["ecom.listing"].search([("channel_id", "=", channel.id)])
        self.assertEqual(len(listings.product_id), count)
        channel.stock_publish = True
        return channel, shop, listings

    def test_more_than_may_be_called_at_once(self):
        channel, shop, listings = self._publish("amazon", 35)
        shop.on("PATCH", "/listings/.*", {"status": "ACCEPTED"})
        channel.sync_now(["stock"])
        # Ten calls at once, five more each second: what was told counts.
        first = len(listings.filtered(lambda one: one.published_at and not one.stock_stale))
        self.assertGreaterEqual(first, 10)
        self.assertLess(first, 35)
        self.assertEqual(len(listings.filtered("stock_stale")), 35 - first)
        self.env["ecom.throttle"].search([]).unlink()
        for _again in range(3):
            channel.sync_now(["stock"])
            self.env["ecom.throttle"].search([]).unlink()
        self.assertFalse(listings.filtered("stock_stale"))
        self.assertEqual(len(shop.sent("PATCH")), 35, "and nothing twice")

    def test_one_refused_of_many(self):
        """A platform that refuses a whole batch for one of it is asked about the halves."""
        channel, shop = self._connect(
            "shopify", credentials={"token": "shpat_1"}, connector_options={"location_id": "77"}
        )
        sent = []

        def answer(match, params, body):
            quantities = body["variables"]["input"]["quantities"]
            sent.append(len(quantities))
            if any(q["inventoryItemId"].endswith("/7") for q in quantities):
                errors = [{"field": ["input"], "message": "The specified inventory item could not be found."}]
                return {"data": {"inventorySetQuantities": {"userErrors": errors}}}
            return {"data": {"inventorySetQuantities": {"userErrors": []}}}

        shop.on("POST", ".*", answer)
        items = [{"key": f"S{n}", "listing_id": str(n), "quantity": 1, "extra": {"inventory_item": str(n)}} for n in range(16)]
        answers, error = channel._tell_stock(channel._get_handler(), items)
        self.assertIsNone(error)
        self.assertIn("could not be found", answers["S7"])
        self.assertEqual([key for key, refused in answers.items() if not refused], [f"S{n}" for n in range(16) if n != 7])
        self.assertLessEqual(len(sent), 9)

    def test_a_missing_setting_refuses_no_listing(self):
        channel, _shop, listings = self._publish("amazon", 3, marketplaces=[])
        counts = channel.sync_now(["stock"])
        self.assertIn("marketplaces", counts["message"])
        self.assertEqual(listings.mapped("stock_stale"), [True] * 3)


@tagged("post_install", "-at_install")
class TestPrestaShopTraps(ContractCase):
    def test_several_shops_and_pages(self):
        channel, shop = self._connect("prestashop", credentials={"key": "K"}, connector_options={"id_shop": 2}, tz="Europe/Paris")
        rows = [{"id": n, "date_upd": f"2026-07-01 12:{n // 60:02}:{n % 60:02}", "id_currency": "1", "id_customer": "1",
                 "id_address_delivery": "1", "id_address_invoice": "1"} for n in range(1, 71)]  # fmt: skip

        def orders(match, params, body):
            low, high = params["filter[date_upd]"].strip("[]").split(",")
            offset, count = (int(n) for n in params["limit"].split(","))
            found = [r for r in rows if low <= r["date_upd"] <= high]
            return {"orders": found[offset : offset + count]} if found[offset : offset + count] else []

        shop.on("GET", "/api/orders", orders)
        handler, seen, cursor = channel._get_handler(), [], None
        since = channel.connector_since
        while True:
            page = handler._fetch_orders(channel, since, None, cursor)
            seen += [d["order"]["id"] for d in page.documents]
            cursor = page.next
            if cursor is None:
                break
        self.assertEqual(set(seen), set(range(1, 71)))
        self.assertTrue(all(call["params"]["id_shop"] == "2" for call in shop.calls))
        self.assertEqual(page.newest, "2026-07-01T10:01:10Z")


@tagged("post_install", "-at_install")
class TestSaleorTraps(ContractCase):
    DENIED = {"errors": [{"message": "To access this path, you need one of the following permissions: MANAGE_ORDERS",
                          "extensions": {"exception": {"code": "PermissionDenied"}}}], "data": {"orders": None}}  # fmt: skip

    def _shop(self, app):
        channel, shop = self._connect("saleor", "https://shop.example.com/graphql/", {"token": "tok"})
        shop.on("POST", "/graphql/", lambda m, p, body: {"data": {"app": app}} if "{ app {" in body["query"] else self.DENIED)
        return channel

    def test_a_token_that_was_taken_back(self):
        channel = self._shop(None)
        channel.sync_now(["orders"])
        self.assertEqual(channel.state, "needs_auth")

    def test_an_app_that_may_not(self):
        channel = self._shop({"id": "QXBwOjE="})
        counts = channel.sync_now(["orders"])
        self.assertEqual(channel.state, "ok")
        self.assertIn("MANAGE_ORDERS", counts["message"])

    def test_a_fault_of_its_own(self):
        channel, shop = self._connect("saleor", "https://shop.example.com/graphql/", {"token": "tok"})
        shop.on("POST", "/graphql/", {"errors": [{"message": "Internal Server Error", "extensions": {"exception": {"code": "OperationalError"}}}]})
        with self.assertRaises(EcomRetryableError):
            channel._get_handler()._fetch_order(channel, "T1")

    def _life(self, node, answers):
        channel, shop = self._connect(
            "saleor", "https://shop.example.com/graphql/", {"token": "tok"}, connector_options={"warehouse_id": "W1"}
        )
        sent = []

        def answer(match, params, body):
            for part, value in answers.items():
                if part in body["query"]:
                    sent.append((part, body["variables"]))
                    return value(body) if callable(value) else value
            return {"data": {"order": node}}

        shop.on("POST", "/graphql/", answer)
        (result,) = channel.with_context(ecom_canonical=True).import_orders([self._document("T1")])
        return channel, self.env["ecom.order"].browse(result["order_id"]), sent

    def test_a_parcel_that_somebody_approves(self):
        node = {"id": "T1", "status": "UNFULFILLED", "fulfillments": [], "transactions": []}
        channel, order, sent = self._life(node, {
            "orderFulfillmentApprove": {"data": {"orderFulfillmentApprove": {"errors": []}}},
            "orderFulfill(": {"data": {"orderFulfill": {"fulfillments": [{"id": "F1", "status": "WAITING_FOR_APPROVAL"}], "errors": []}}},
        })  # fmt: skip
        task = self.env["ecom.task"]._add(
            channel, "shipment", "ship/1", {"shipment": "OUT/1", "tracking": "T", "lines": [{"line_id": "L1", "quantity": 1}]}, order=order
        )
        channel.sync_now(["shipments"])
        self.assertEqual(task.state, "done", task.last_error)
        self.assertEqual([part for part, _v in sent], ["orderFulfill(", "orderFulfillmentApprove"])

    def test_a_refund_that_is_on_its_way(self):
        """The payment provider takes days: after a lost answer it is not asked a second time."""
        events = []
        node = {"id": "T1", "status": "FULFILLED", "totalRefunded": {"amount": 0}, "fulfillments": [],
                "transactions": [{"id": "TR1", "actions": ["REFUND"], "events": events}]}  # fmt: skip

        def ask(body):
            events.append({"id": f"E{len(events)}", "type": "REFUND_REQUEST", "amount": {"amount": 5.0}})
            raise EcomRetryableError("lost", unsure=True)

        channel, order, sent = self._life(node, {"transactionRequestAction": ask})
        task = order.tell_refund("r1", "5.00")
        channel.sync_now(["shipments"])
        self.assertEqual(task.state, "waiting")
        task.next_try = "2020-01-01"
        channel.sync_now(["shipments"])
        self.assertEqual((task.state, len(sent)), ("done", 1), task.last_error)


@tagged("post_install", "-at_install")
class TestAmazonTraps(ContractCase):
    def _amazon(self, **options):
        channel, shop = self._connect(
            "amazon", "https://sellingpartnerapi-eu.amazon.com", {"account": "SELLER", "key": "id", "secret": "sec", "token": "t"},
            connector_options={"marketplaces": ["A1PA6795UKMFR9"], **options},
        )  # fmt: skip
        shop.on("POST", "/auth/o2/token", {"access_token": "Atza|1", "expires_in": 3600})
        return channel, shop

    ORDER = {
        "AmazonOrderId": "302-1", "PurchaseDate": "2026-01-01T10:00:00Z", "LastUpdateDate": "2026-01-01T10:00:00Z", "OrderStatus": "Unshipped",
        "MarketplaceId": "A1PA6795UKMFR9", "OrderTotal": {"CurrencyCode": "EUR", "Amount": "20.00"}, "FulfillmentChannel": "MFN",
        "ShippingAddress": {"Name": "Ada", "AddressLine1": "Street 1", "City": "Berlin", "PostalCode": "10115", "CountryCode": "DE"},
        "OrderItems": [{"OrderItemId": "1", "SellerSKU": "MUG", "Title": "Mug", "QuantityOrdered": 2, "ItemPrice": {"CurrencyCode": "EUR", "Amount": "20.00"}}],
    }  # fmt: skip

    def test_a_cancelled_order_has_lost_its_total(self):
        channel, _shop = self._amazon(orders_api="v0")
        channel.import_orders([self.ORDER])
        channel.process_orders()
        order = self._order_of(channel)
        self.assertEqual((order.state, order.sale_order_id.state), ("accepted", "sale"))
        gone = {**self.ORDER, "OrderStatus": "Canceled", "LastUpdateDate": "2026-01-02T10:00:00Z", "OrderTotal": None,
                "OrderItems": [{"OrderItemId": "1", "SellerSKU": "MUG", "QuantityOrdered": 0}]}  # fmt: skip
        (result,) = channel.import_orders([gone])
        channel.process_orders()
        self.assertEqual((order.state, order.sale_order_id.state, order.amount_total), ("cancelled", "cancel", 20.0), result)
        self.assertEqual(channel.import_orders([gone])[0]["outcome"], "unchanged")
        # One that we never saw paid is no order of ours, and nobody has to look at it.
        pending = {k: v for k, v in self.ORDER.items() if k not in ("OrderTotal", "OrderItems")}
        channel.import_orders([{**pending, "AmazonOrderId": "302-2", "OrderStatus": "Pending"}])
        channel.import_orders([{**gone, "AmazonOrderId": "302-2"}])
        channel.process_orders()
        other = self._order_of(channel) - order
        self.assertEqual((other.state, other.sale_order_id.id), ("cancelled", False))

    def test_refunds_from_the_finances(self):
        """Amazon's orders do not speak of refunds; a seller without the role for finances loses no orders."""
        channel, shop = self._amazon(orders_api="v0")
        channel.import_orders([self.ORDER])
        channel.process_orders()
        shop.on("GET", "/orders/v0/orders", {"payload": {"Orders": []}})
        shop.on("POST", "/tokens/.*", {"restrictedDataToken": "r"})

        def event(number, amount):
            charge = {"ChargeType": "Principal", "ChargeAmount": {"CurrencyCode": "EUR", "CurrencyAmount": -amount}}
            return {"AmazonOrderId": "302-1", "PostedDate": "2026-01-03T10:00:00Z", "ShipmentItemAdjustmentList": [
                {"OrderAdjustmentItemId": number, "SellerSKU": "MUG", "QuantityShipped": 1, "ItemChargeAdjustmentList": [charge]}]}  # fmt: skip

        pages = {None: {"FinancialEvents": {"RefundEventList": [event("1", 10.0)]}, "NextToken": "n"},
                 "n": {"FinancialEvents": {"RefundEventList": [event("2", 2.5)], "ShipmentEventList": [{}]}}}  # fmt: skip
        shop.on("GET", "/finances/v0/financialEvents", lambda m, params, b: {"payload": pages[params.get("NextToken")]})
        for _again in range(2):
            self.assertFalse(channel.sync_now(["orders"])["message"])
            self.assertEqual(sorted(self._order_of(channel).refund_ids.mapped("amount")), [2.5, 10.0])
        shop.on("GET", "/finances/v0/financialEvents", {"errors": [{"code": "Unauthorized"}]}, status=403)
        self.assertFalse(channel.sync_now(["orders"])["message"])
        self.assertEqual(channel.state, "ok")

    def test_not_the_last_two_minutes(self):
        channel, shop = self._amazon()
        shop.on("GET", "/orders/2026-01-01/orders", {"orders": []})
        now = self.env.cr.now()
        channel._get_handler()._fetch_orders(channel, channel.connector_since, now.replace(microsecond=0))
        self.assertLess(shop.sent("GET")[0]["params"]["lastUpdatedBefore"], now.isoformat())

    def test_catalogue(self):
        """What Amazon ships itself is told no stock; a search shows a thousand, the next begins there."""
        channel, shop = self._amazon()
        items = [
            {"sku": f"S{n}", "summaries": [{"asin": f"B{n}", "itemName": f"Item {n}", "createdDate": f"2026-01-01T00:{n // 60:02}:{n % 60:02}Z"}],
             "fulfillmentAvailability": [{"fulfillmentChannelCode": "AMAZON_EU" if n == 5 else "DEFAULT", "quantity": n}]}
            for n in range(1230)
        ]  # fmt: skip

        def search(match, params, body):
            found = [i for i in items if i["summaries"][0]["createdDate"] >= params.get("createdAfter", "")]
            start = int(params.get("pageToken") or 0)
            self.assertLess(start, 1000)
            following = {"nextToken": str(start + 20)} if start + 20 < min(len(found), 1000) else {}
            return {"numberOfResults": len(found), "items": found[start : start + 20], "pagination": following}

        shop.on("GET", "/listings/2021-08-01/items/SELLER", search)
        with patch.object(type(self.env["ecom.connector"]), "_take_turn", lambda *a: None):
            channel.sync_now(["listings"])
        listings = self.env["ecom.listing"].search([("channel_id", "=", channel.id)])
        self.assertEqual(len(listings), 1230)
        self.assertEqual(listings.filtered(lambda one: not one.publish).mapped("key"), ["S5"])
        self.assertEqual(listings.filtered(lambda one: one.key == "S7").channel_quantity, 7)
