"""Signatures and paging of the platforms that were built by their published contracts alone."""

import base64
import hashlib

from odoo.tests import freeze_time, tagged

from ..platforms import top_sign, windows
from .test_connector_contracts import ContractCase

SINCE = "2026-03-01 00:00:00"


@tagged("post_install", "-at_install")
class TestDocumentsTransport(ContractCase):
    def _open(self, connector, url, credentials, **options):
        channel, shop = self._connect(connector, url, credentials, connector_options=options)
        channel.connector_since = SINCE
        return channel, shop

    def _task(self, channel, external_id, lines, **values):
        """A shipment of an order whose content does not matter."""
        (result,) = channel.with_context(ecom_canonical=True).import_orders([self._document(external_id)])
        order = self.env["ecom.order"].browse(result["order_id"])
        payload = {"shipment": "OUT/1", "tracking": "TRACK-1", "carrier": "UPS Standard", "shipped_at": "2026-03-02T10:00:00Z",
                   "lines": [{"line_id": key, "quantity": count} for key, count in lines]}  # fmt: skip
        return self.env["ecom.task"]._add(channel, "shipment", "ship/1", {**payload, **values}, order=order)

    def _tell(self, channel, task, shop, method, part):
        """Told, and again as after a lost answer: there once. :return: the request"""
        channel.sync_now(["shipments"])
        self.assertEqual(task.state, "done", task.last_error)
        task.write({"state": "waiting", "next_try": "2020-01-01"})
        channel.sync_now(["shipments"])
        self.assertEqual(task.state, "done", task.last_error)
        (call,) = shop.sent(method, part)
        return call["body"]

    def _read(self, channel, pages):
        """:return: numbers of all documents that the pages of a poll hold, and how far it read"""
        handler, since, cursor, found = channel._get_handler(), channel.connector_since, None, []
        for _page in range(pages):
            page = handler._fetch_orders(channel, since, None, cursor)
            found += page.documents
            cursor = page.next
            if cursor is None:
                break
            self.assertTrue(page.newest is None or isinstance(page.newest, str))
        self.assertIsNone(cursor, "it comes to an end")
        return found, page.newest

    def test_bigcommerce(self):
        channel, shop = self._open("bigcommerce", "https://api.bigcommerce.com/stores/abc", {"token": "tok"}, carriers={"UPS Standard": "ups"})
        orders = [{"id": n, "status_id": 14 if n == 2 else 11, "date_modified": f"Sun, 01 Mar 2026 10:{n:02}:00 +0000"} for n in range(1, 24)]
        root = "/stores/abc"
        shop.on("GET", f"{root}/v2/orders", lambda m, p, b: orders[(p["page"] - 1) * p["limit"] : p["page"] * p["limit"]] or b"")
        shop.on("GET", f"{root}/v2/orders/\\d+/products", [{"id": 5}])
        shop.on("GET", f"{root}/v2/orders/\\d+/shipping_addresses", [{"id": 127}])
        shop.on("GET", f"{root}/v3/orders/2/payment_actions/refunds", {"data": [{"id": 9, "order_id": 2}]})
        found, newest = self._read(channel, 5)
        self.assertEqual((len(found), newest), (24, "2026-03-01T10:23:00Z"), "23 orders and a refund")
        self.assertEqual(found[0]["products"], [{"id": 5}])
        self.assertEqual(shop.calls[0]["headers"]["X-Auth-Token"], "tok")
        parcels = []
        shop.on("GET", f"{root}/v2/orders/1/shipments", lambda *a: parcels or b"")
        shop.on("POST", f"{root}/v2/orders/1/shipments", lambda m, p, b: parcels.append({"id": 6, **b}) or parcels[-1])
        body = self._tell(channel, self._task(channel, "1", [("5", 2)]), shop, "POST", "shipments")
        self.assertEqual(
            {k: body[k] for k in ("order_address_id", "tracking_number", "shipping_provider", "items")},
            {"order_address_id": 127, "tracking_number": "TRACK-1", "shipping_provider": "ups", "items": [{"order_product_id": 5, "quantity": 2}]},
        )
        shop.on("PUT", f"{root}/v3/catalog/variants", {"data": []})
        result = channel._get_handler()._push_stock(channel, [{"key": "A", "listing_id": "7", "quantity": 3}, {"key": "B", "listing_id": None, "quantity": 1}])
        self.assertEqual((shop.sent("PUT")[0]["body"], result["A"]), ([{"id": 7, "inventory_level": 3}], None))
        self.assertTrue(result["B"])

    def test_magento(self):
        channel, shop = self._open("magento", "https://shop.example.com", {"token": "tok"}, carriers={"UPS Standard": "ups"})
        orders = [{"increment_id": f"1{n:08}", "entity_id": n, "updated_at": f"2026-03-01 10:{n // 60:02}:{n % 60:02}"} for n in range(1, 121)]

        def search(match, params, body):
            if params["searchCriteria[filter_groups][0][filters][0][field]"] == "increment_id":
                value = params["searchCriteria[filter_groups][0][filters][0][value]"]
                return {"items": [o for o in orders if o["increment_id"] == value], "total_count": 1}
            size, page = params["searchCriteria[pageSize]"], params["searchCriteria[currentPage]"]
            last = (len(orders) - 1) // size + 1
            start = (min(page, last) - 1) * size  # beyond the last page: that one again
            return {"items": orders[start : start + size], "total_count": len(orders)}

        shop.on("GET", "/rest/V1/orders", search)
        found, newest = self._read(channel, 9)
        self.assertEqual((len(found), newest), (120, "2026-03-01T10:02:00Z"))
        params = shop.calls[0]["params"]
        self.assertEqual(params["searchCriteria[filter_groups][0][filters][0][value]"], SINCE)
        self.assertEqual(params["searchCriteria[sortOrders][0][direction]"], "ASC")
        self.assertEqual(shop.calls[0]["headers"]["Authorization"], "Bearer tok")
        parcels = []

        def ship(match, params, body):
            parcels.append({"entity_id": 6, "comments": [body["comment"]]})
            return 6

        shop.on("GET", "/rest/V1/shipments", lambda *a: {"items": parcels, "total_count": len(parcels)})
        shop.on("POST", "/rest/V1/order/3/ship", ship)
        body = self._tell(channel, self._task(channel, "100000003", [("8", 2)]), shop, "POST", "ship")
        self.assertEqual(body["tracks"], [{"track_number": "TRACK-1", "title": "UPS Standard", "carrier_code": "ups"}])
        self.assertEqual(body["items"], [{"order_item_id": 8, "qty": 2}])
        shop.on("POST", "/rest/V1/inventory/source-items", [])
        channel._get_handler()._push_stock(channel, [{"key": "A", "listing_id": "1", "quantity": 0}])
        self.assertEqual(
            shop.sent("POST", "source-items")[0]["body"],
            {"sourceItems": [{"sku": "A", "source_code": "default", "quantity": 0, "status": 0}]},
        )

    def test_ebay(self):
        channel, shop = self._open("ebay", "https://api.ebay.com", {"key": "app", "secret": "cert", "token": "refresh"}, carriers={"UPS Standard": "UPS"})
        shop.on("POST", "/identity/v1/oauth2/token", {"access_token": "acc", "expires_in": 7200})
        # Not sorted by change: the newest one is on the first page.
        orders = [{"orderId": f"O{n}", "lastModifiedDate": f"2026-03-01T10:00:{59 - n % 60:02}.000Z"} for n in range(250)]

        def read(match, params, body):
            start, size = int(params["offset"]), int(params["limit"])
            return {"orders": orders[start : start + size], **({"next": "…"} if start + size < 250 else {})}

        shop.on("GET", "/sell/fulfillment/v1/order", read)
        found, newest = self._read(channel, 9)
        self.assertEqual((len(found), newest), (250, "2026-03-01T10:00:59.000Z"))
        self.assertEqual(len(shop.sent("POST", "token")), 1)
        sign_in = shop.sent("POST", "token")[0]
        self.assertEqual(sign_in["headers"]["Authorization"], "Basic " + base64.b64encode(b"app:cert").decode())
        call = shop.sent("GET")[0]
        self.assertEqual(call["headers"]["Authorization"], "Bearer acc")
        self.assertTrue(call["params"]["filter"].startswith("lastmodifieddate:[2026-03-01T00:00:00.000Z.."))
        parcels = []

        def ship(match, params, body):
            parcels.append({"fulfillmentId": "F1", "shipmentTrackingNumber": body["trackingNumber"], "shippedDate": body["shippedDate"]})
            return b""

        path = "/sell/fulfillment/v1/order/O1/shipping_fulfillment"
        shop.on("GET", path, lambda *a: {"fulfillments": parcels})
        shop.on("POST", path, ship, status=201, headers={"Location": f"https://api.ebay.com{path}/F1"})
        task = self._task(channel, "O1", [("L1", 1)])
        body = self._tell(channel, task, shop, "POST", "shipping_fulfillment")
        self.assertEqual((body["trackingNumber"], body["shippingCarrierCode"], task.remote_ref), ("TRACK1", "UPS", "F1"))
        shop.on("POST", "/sell/inventory/v1/bulk_update_price_quantity", {"responses": [
            {"sku": "A", "statusCode": 200}, {"sku": "B", "statusCode": 400, "errors": [{"message": "no offer"}]}]})  # fmt: skip
        items = [{"key": key, "listing_id": None, "quantity": 1} for key in "AB"]
        self.assertEqual(channel._get_handler()._push_stock(channel, items), {"A": None, "B": "no offer"})

    def test_walmart(self):
        channel, shop = self._open("walmart", "https://marketplace.walmartapis.com", {"key": "id", "secret": "sec"}, carriers={"UPS Standard": "UPS"})
        shop.on("POST", "/v3/token", {"access_token": "acc", "expires_in": 900})
        status = {"status": "Created", "statusQuantity": {"unitOfMeasurement": "EACH", "amount": "1"}}

        def order(number):
            return {"purchaseOrderId": number, "orderLines": {"orderLine": [
                {"lineNumber": "1", "statusDate": 1772359200000, "orderLineStatuses": {"orderLineStatus": [dict(status)]}}]}}  # fmt: skip

        orders = {n: order(n) for n in ("1", "2", "3")}
        cursor = "?limit=2&hasMoreElements=true&soIndex=3&poIndex=2"

        def read(match, params, body):
            second = params.get("soIndex") == "3"
            elements = [orders["3"]] if second else [orders["1"], orders["2"]]
            return {"list": {"meta": {"totalCount": 3, "nextCursor": None if second else cursor}, "elements": {"order": elements}}}

        shop.on("GET", "/v3/orders", read)
        shop.on("GET", "/v3/orders/(\\d)", lambda m, p, b: {"order": orders[m[1]]})
        shop.on("POST", "/v3/orders/\\d/acknowledge", {})
        found, newest = self._read(channel, 5)
        self.assertEqual((len(found), newest), (3, "2026-03-01T10:00:00Z"))
        self.assertEqual(len(shop.sent("POST", "acknowledge")), 3)
        headers = shop.sent("GET")[0]["headers"]
        self.assertEqual(headers["WM_SEC.ACCESS_TOKEN"], "acc")
        self.assertTrue(headers["WM_QOS.CORRELATION_ID"])

        def ship(match, params, body):
            line = body["orderShipment"]["orderLines"]["orderLine"][0]
            orders["1"]["orderLines"]["orderLine"][0]["orderLineStatuses"] = line["orderLineStatuses"]
            return {}

        shop.on("POST", "/v3/orders/1/shipping", ship)
        body = self._tell(channel, self._task(channel, "1", [("1", 1)]), shop, "POST", "shipping")
        info = body["orderShipment"]["orderLines"]["orderLine"][0]["orderLineStatuses"]["orderLineStatus"][0]
        self.assertEqual((info["statusQuantity"]["amount"], info["trackingInfo"]["carrierName"]), ("1", {"carrier": "UPS"}))
        self.assertEqual(info["trackingInfo"]["shipDateTime"], 1772445600000)
        shop.on("PUT", "/v3/inventory", {})
        channel._get_handler()._push_stock(channel, [{"key": "A B", "listing_id": None, "quantity": 3}])
        call = shop.sent("PUT")[0]
        self.assertEqual((call["params"], call["body"]["quantity"]), ({"sku": "A B"}, {"unit": "EACH", "amount": 3}))

    def test_walmart_in_shadow(self):
        channel, shop = self._open("walmart", "https://marketplace.walmartapis.com", {"key": "id", "secret": "sec"})
        channel.connector_shadow = True
        shop.on("POST", "/v3/token", {"access_token": "acc", "expires_in": 900})
        line = {"lineNumber": "1", "orderLineStatuses": {"orderLineStatus": [{"status": "Created"}]}}
        shop.on("GET", "/v3/orders", {"list": {"elements": {"order": [{"purchaseOrderId": "1", "orderLines": {"orderLine": [line]}}]}}})
        channel._get_handler()._fetch_orders(channel, channel.connector_since)
        self.assertFalse(shop.sent("POST", "acknowledge"), "nothing is told")

    def test_mercadolibre(self):
        channel, shop = self._open("mercadolibre", "https://api.mercadolibre.com", {"account": "77", "key": "id", "secret": "sec", "token": "one"})
        tokens = iter(("two", "three"))
        shop.on("POST", "/oauth/token", lambda m, p, b: {"access_token": f"by {b['refresh_token']}", "refresh_token": next(tokens), "expires_in": 21600})
        orders = [{"id": n, "last_updated": f"2026-03-01T10:00:{n:02}.000-04:00", "shipping": {"id": 500 + n}} for n in range(1, 61)]
        orders[59]["last_updated"] = "2026-03-01T09:00:00.000-04:00"
        shop.on("GET", "/orders/search", lambda m, p, b: {"results": orders[p["offset"] : p["offset"] + p["limit"]], "paging": {"total": 60}})
        shop.on("GET", "/shipments/(\\d+)", lambda m, p, b: {"id": int(m[1])})
        found, newest = self._read(channel, 5)
        self.assertEqual((len(found), newest), (60, "2026-03-01T10:00:59.000-04:00"))
        self.assertEqual(found[0]["shipment_detail"], {"id": 501})
        self.assertEqual(shop.sent("GET")[0]["headers"]["Authorization"], "Bearer by one")
        # A refresh token counts once: the next sign-in uses the one that came with the first.
        self.env["ecom.credential"].sudo()._save(channel, "access", "")
        channel._get_handler()._fetch_order(channel, "1")
        self.assertEqual([call["body"]["refresh_token"] for call in shop.sent("POST", "token")], ["one", "two"])

    @freeze_time("2026-03-01 01:40:00")
    def test_pinduoduo(self):
        channel, shop = self._open("pinduoduo", False, {"key": "cid", "secret": "sec", "token": "acc"}, carriers={"UPS Standard": 44})
        sent, info = [], {"order_sn": "S1", "updated_at": "2026-03-01 08:05:00", "tracking_number": ""}

        def answer(match, params, body):
            sign = body.pop("sign")
            text = "sec" + "".join(f"{k}{body[k]}" for k in sorted(body)) + "sec"
            self.assertEqual(sign, hashlib.md5(text.encode()).hexdigest().upper())
            sent.append(body)
            if body["type"] == "pdd.order.number.list.increment.get":
                rows = [{"order_sn": "S1"}] if int(body["start_updated_at"]) == windows.epoch(channel.connector_since) else []
                return {"order_sn_increment_get_response": {"order_sn_list": rows, "total_count": len(rows)}}
            if body["type"] == "pdd.logistics.online.send":
                info["tracking_number"] = body["tracking_number"]
                return {"logistics_online_send_response": {"is_success": 1}}
            return {"order_info_get_response": {"order_info": info}}

        shop.on("POST", "/api/router", answer)
        found, newest = self._read(channel, 9)
        self.assertEqual(found, [info])
        reads = [body for body in sent if body["type"].startswith("pdd.order.number")]
        self.assertEqual([int(b["end_updated_at"]) - int(b["start_updated_at"]) for b in reads], [1800, 1800, 1800, 600])
        self.assertIsNone(newest, "what was read just now may be followed by something earlier")
        task = self._task(channel, "S1", [("1", 1)])
        channel.sync_now(["shipments"])
        task.write({"state": "waiting", "next_try": "2020-01-01"})
        channel.sync_now(["shipments"])
        self.assertEqual(task.state, "done", task.last_error)
        told = [body for body in sent if body["type"] == "pdd.logistics.online.send"]
        self.assertEqual([(body["logistics_id"], body["tracking_number"]) for body in told], [("44", "TRACK-1")])

    def test_taobao(self):
        channel, shop = self._open("taobao", False, {"key": "app", "secret": "sec", "token": "sess"}, carriers={"UPS Standard": "UPS"})
        sent, trade = [], {"tid": 9, "modified": "2026-03-01 09:00:00", "status": "WAIT_SELLER_SEND_GOODS"}

        def answer(match, params, body):
            self.assertEqual(body.pop("sign"), top_sign.sign("sec", body))
            sent.append(body)
            if body["method"] == "taobao.trades.sold.increment.get":
                first = body["start_modified"] == "2026-03-01 08:00:00"
                rows = [{"tid": 9}] if first else []
                return {"trades_sold_increment_get_response": {"trades": {"trade": rows}, "has_next": first and body["page_no"] == "1"}}
            if body["method"] == "taobao.logistics.offline.send":
                trade["status"] = "WAIT_BUYER_CONFIRM_GOODS"
                return {"logistics_offline_send_response": {"shipping": {"is_success": True}}}
            return {"trade_fullinfo_get_response": {"trade": trade}}

        shop.on("POST", "/router/rest", answer)
        with freeze_time("2026-03-03 12:00:00"):
            found, _newest = self._read(channel, 9)
        self.assertEqual(len(found), 2, "the same trade on two pages")
        reads = [(b["start_modified"], b["page_no"]) for b in sent if b["method"].startswith("taobao.trades")]
        self.assertEqual(reads[:3], [("2026-03-01 08:00:00", "1"), ("2026-03-01 08:00:00", "2"), ("2026-03-02 08:00:00", "1")])
        task = self._task(channel, "9", [("1", 1)])
        channel.sync_now(["shipments"])
        task.write({"state": "waiting", "next_try": "2020-01-01"})
        channel.sync_now(["shipments"])
        self.assertEqual(task.state, "done", task.last_error)
        self.assertEqual(len([b for b in sent if b["method"] == "taobao.logistics.offline.send"]), 1)

    def test_errors_inside(self):
        """Status 200 with an error inside: signed out, too fast, or refused."""
        for connector, url, error, outcome in (
            ("taobao", "/router/rest", {"code": 27, "msg": "Invalid session"}, "needs_auth"),
            ("taobao", "/router/rest", {"code": 7, "msg": "App Call Limited"}, "ok"),
            ("pinduoduo", "/api/router", {"error_code": 10019, "error_msg": "expired"}, "needs_auth"),
        ):
            channel, shop = self._open(connector, False, {"key": "a", "secret": "b", "token": "c"})
            shop.on("POST", url, {"error_response": error})
            channel.sync_now(["orders"])
            self.assertEqual(channel.state, outcome, connector)
            failures = channel.sync_ids.filtered(lambda sync: sync.kind == "orders").failures
            self.assertEqual(failures, 0 if outcome == "ok" else 1)

    def test_windows(self):
        cursor, read = windows.follow(0, 1, False, 1800, 7200)
        self.assertEqual((cursor, read), ({"start": 1800, "page": 1}, "1970-01-01T00:30:00Z"))
        self.assertEqual(windows.follow(0, 1, True, 1800, 7200), ({"start": 0, "page": 2}, None))
        self.assertEqual(windows.newest([None, "2026-03-01T00:00:00Z"], "2026-02-01T00:00:00Z"), "2026-03-01T00:00:00Z")
