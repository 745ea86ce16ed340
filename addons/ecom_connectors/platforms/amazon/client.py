import json
from datetime import timedelta
from urllib.parse import quote

from odoo import fields, models

from ...exceptions import EcomAuthError, EcomDataError, EcomRetryableError
from ...models.ecom_connector import Page
from . import feeds

LWA = "https://api.amazon.com/auth/o2/token"
_FEEDS = "/feeds/2021-06-30"
# Clocks differ.
_SKEW = timedelta(minutes=15)
# Listings of one page, and as many as Amazon shows of one search.
_LISTINGS_PAGE, _LISTINGS_SHOWN = 20, 1000
# Orders of one page of v0: the items of each are a call of their own, 30 at once at most.
_V0_PAGE = 10


class EcomConnectorAmazon(models.AbstractModel):
    """Amazon SP-API: Login with Amazon, Orders v0 or 2026-01-01, listings for stock."""

    _name = "ecom.connector.amazon"
    _inherit = "ecom.connector"
    _description = "Connector: Amazon"

    _platform = "amazon"

    # === SIGNING IN === #

    def _get_auth(self, channel, secrets, method, url, params):
        restricted = self.env.context.get("amazon_restricted_token")
        return {"x-amz-access-token": restricted or self._get_token(channel, secrets)}, {}

    def _request_token(self, channel, secrets):
        answer = self._send_api_request(
            "POST", (channel.connector_options or {}).get("lwa_url") or LWA,
            data={
                "grant_type": "refresh_token", "refresh_token": secrets["token"],
                "client_id": secrets["key"], "client_secret": secrets["secret"],
            },
            headers={"Content-Type": "application/x-www-form-urlencoded"},
            internal=channel.sudo().connector_internal, secrets=list(secrets.values()),
        )  # fmt: skip
        if answer.status in (400, 401, 403):
            raise EcomAuthError(self.env._("Amazon does not accept the sign-in any more."), answer.text[:300])
        self._check_status(channel, answer, list(secrets.values()), signed=False)
        value = answer.json()
        return value["access_token"], float(value.get("expires_in") or 3600)

    def _get_restricted(self, channel, path, elements):
        """:return: this connector with a token that may read buyers' names and addresses"""
        value = self._call_json(
            channel, "POST", "/tokens/2021-03-01/restrictedDataToken", operation="tokens",
            json={"restrictedResources": [{"method": "GET", "path": path, "dataElements": elements}]},
        )  # fmt: skip
        return self.with_context(amazon_restricted_token=value["restrictedDataToken"])

    def _get_marketplaces(self, channel):
        found = (channel.connector_options or {}).get("marketplaces") or []
        if not found:
            raise EcomDataError(self.env._("Set the marketplaces (list of ids) in the connector's settings."))
        return found

    def _is_v0(self, channel):
        return (channel.connector_options or {}).get("orders_api") == "v0"

    def _test_connection(self, channel):
        value = self._call_json(channel, "GET", "/sellers/v1/marketplaceParticipations") or {}
        names = [entry["marketplace"]["name"] for entry in value.get("payload") or []]
        return ", ".join(names) or "Amazon"

    # === READING === #

    def _fetch_orders(self, channel, since, until=None, cursor=None):
        if self._is_v0(channel):
            return self._fetch_orders_v0(channel, since, until, cursor)
        params = {
            "lastUpdatedAfter": f"{since.isoformat()}Z", "marketplaceIds": ",".join(self._get_marketplaces(channel)),
            "maxResultsPerPage": 100,
            "includedData": "BUYER,RECIPIENT,PROCEEDS,PROMOTION,FULFILLMENT,PACKAGES",
        }  # fmt: skip
        if until:
            params["lastUpdatedBefore"] = f"{_not_too_late(until).isoformat()}Z"
        if cursor:
            params["paginationToken"] = cursor
        value = self._call_json(channel, "GET", "/orders/2026-01-01/orders", operation="searchOrders", params=params) or {}
        orders = value.get("orders") or []
        newest = max((order.get("lastUpdatedTime") or "" for order in orders), default=None)
        return Page(orders, (value.get("pagination") or {}).get("nextToken"), newest or None)

    def _fetch_orders_v0(self, channel, since, until, cursor):
        path = "/orders/v0/orders"
        # The turns of all items of the page are taken first, so that a page that was begun can be
        # finished: getOrders itself may be called once a minute only.
        self._take_turn(channel, "getOrderItems", _V0_PAGE)
        restricted = self._get_restricted(channel, path, ["buyerInfo", "shippingAddress"])
        # The other parameters are repeated with a token: Amazon asks for that.
        params = {
            "LastUpdatedAfter": f"{since.isoformat()}Z", "MarketplaceIds": ",".join(self._get_marketplaces(channel)),
            "MaxResultsPerPage": _V0_PAGE,
        }  # fmt: skip
        if until:
            params["LastUpdatedBefore"] = f"{_not_too_late(until).isoformat()}Z"
        if cursor:
            params["NextToken"] = cursor
        value = restricted._call_json(channel, "GET", path, operation="getOrders", params=params) or {}
        payload = value.get("payload") or {}
        orders = payload.get("Orders") or []
        for order in orders:
            if order.get("OrderStatus") not in ("Pending", "PendingAvailability"):
                order["OrderItems"] = self._fetch_items(channel, order["AmazonOrderId"], cost=0)
        newest = max((order.get("LastUpdateDate") or "" for order in orders), default=None)
        return Page(orders, payload.get("NextToken"), newest or None)

    def _fetch_items(self, channel, order_id, cost=1.0):
        """:param cost: 0 where its turn was taken already"""
        items, token = [], None
        while True:
            value = self._call_json(
                channel, "GET", f"/orders/v0/orders/{order_id}/orderItems", operation="getOrderItems",
                params={"NextToken": token} if token else {}, cost=cost,
            )  # fmt: skip
            payload = (value or {}).get("payload") or {}
            items += payload.get("OrderItems") or []
            token = payload.get("NextToken")
            if not token:
                return items

    def _fetch_order(self, channel, external_id):
        if not self._is_v0(channel):
            value = self._call_json(
                channel, "GET", f"/orders/2026-01-01/orders/{external_id}", operation="getOrder", accept=(404,),
                params={"includedData": "BUYER,RECIPIENT,PROCEEDS,PROMOTION,FULFILLMENT,PACKAGES"},
            )  # fmt: skip
            return (value or {}).get("order")
        path = f"/orders/v0/orders/{external_id}"
        restricted = self._get_restricted(channel, path, ["buyerInfo", "shippingAddress"])
        value = restricted._call_json(channel, "GET", path, operation="getOrder", accept=(404,))
        order = (value or {}).get("payload")
        if order and order.get("OrderStatus") not in ("Pending", "PendingAvailability"):
            order["OrderItems"] = self._fetch_items(channel, external_id)
        return order

    def _fetch_refunds(self, channel, since, cursor=None):
        """From the finances: orders do not speak of refunds. A seller may keep these from us."""
        params = {"PostedAfter": f"{_not_too_late(since).isoformat()}Z", "MaxResultsPerPage": 100}
        if cursor:
            params["NextToken"] = cursor
        value = self._call_json(
            channel, "GET", "/finances/v0/financialEvents", operation="finances", params=params, accept=(403, 404)
        ) or {}  # fmt: skip
        payload = value.get("payload") or {}
        events = (payload.get("FinancialEvents") or {}).get("RefundEventList") or []
        documents = [{"RefundEventList": [event]} for event in events if event.get("AmazonOrderId")]
        newest = max((event.get("PostedDate") or "" for event in events), default=None)
        return Page(documents, payload.get("NextToken") or None, newest or None)

    def _fetch_listings(self, channel, cursor=None):
        """By the time they were made: Amazon shows a thousand of a search, so that each search begins
        where the last one ended."""
        cursor = cursor if isinstance(cursor, dict) else {"after": None, "token": None, "pages": 0}
        seller = self._get_secrets(channel)["account"]
        params = {
            "marketplaceIds": ",".join(self._get_marketplaces(channel)), "pageSize": _LISTINGS_PAGE,
            "includedData": "summaries,fulfillmentAvailability", "sortBy": "createdDate", "sortOrder": "ASC",
        }  # fmt: skip
        if cursor["after"]:
            params["createdAfter"] = cursor["after"]
        if cursor["token"]:
            params["pageToken"] = cursor["token"]
        value = self._call_json(
            channel, "GET", f"/listings/2021-08-01/items/{seller}", operation="listings", params=params
        ) or {}  # fmt: skip
        items = value.get("items") or []
        token, pages = (value.get("pagination") or {}).get("nextToken"), cursor["pages"] + 1
        following = {"after": cursor["after"], "token": token, "pages": pages} if token else None
        made = [s.get("createdDate") for s in (items[-1].get("summaries") or [])] if items else []
        last = min(filter(None, made), default=None)
        if pages * _LISTINGS_PAGE >= _LISTINGS_SHOWN and last and last != cursor["after"]:
            following = {"after": last, "token": None, "pages": 0}
        return Page([feeds.listing(item) for item in items], following)

    # === TELLING === #

    def _push_shipment(self, channel, task, values):
        """Amazon keeps parcels by our reference: the same one again changes it, and adds none."""
        options = channel.connector_options or {}
        order = task.order_id.raw_document or {}
        order = order.get("order") or order.get("payload") or order
        marketplace = order.get("MarketplaceId") or (order.get("salesChannel") or {}).get("marketplaceId")
        carrier = values.get("carrier_code") or ""
        known = (options.get("carriers") or {}).get(values.get("carrier") or "")
        package = {
            # Digits only, as the contract asks.
            "packageReferenceId": str(task.picking_id.id or task.id),
            "carrierCode": known or "Other",
            "carrierName": values.get("carrier") or carrier or "Other",
            "trackingNumber": values.get("tracking") or values["shipment"],
            "shipDate": values["shipped_at"],
            "orderItems": [{"orderItemId": line["line_id"], "quantity": int(line["quantity"])} for line in values["lines"]],
        }
        answer = self._call(
            channel, "POST", f"/orders/v0/orders/{values['order_id']}/shipmentConfirmation", operation="confirmShipment",
            json={"marketplaceId": marketplace or self._get_marketplaces(channel)[0], "packageDetail": package},
        )  # fmt: skip
        return {"ref": package["packageReferenceId"], "answer": str(answer.status)}

    def _push_stock(self, channel, items):
        seller = self._get_secrets(channel)["account"]

        def tell(item):
            value = self._call_json(
                channel, "PATCH", f"/listings/2021-08-01/items/{seller}/{quote(item['key'], safe='')}", operation="listings",
                params={"marketplaceIds": ",".join(self._get_marketplaces(channel))}, json=feeds.patch(item["quantity"]),
            ) or {}  # fmt: skip
            issues = [i.get("message") for i in value.get("issues") or [] if i.get("severity") == "ERROR"]
            refused = value.get("status") == "INVALID"
            return "; ".join(filter(None, issues)) or json.dumps(value)[:200] if refused else None

        return self._push_each(items, tell)

    # === STOCK IN ONE FILE === #

    def _submit_stock(self, channel, feed):
        seller = self._get_secrets(channel)["account"]
        if feed.tried_at:
            # It was about to be handed over when we were interrupted.
            known = self._find_feed(channel, feed)
            if known:
                feed._keep(remote_ref=known)
                return
        value = self._call_json(
            channel, "POST", f"{_FEEDS}/documents", operation="createFeedDocument", json={"contentType": feeds.CONTENT_TYPE}
        )
        self._send_file(channel, "PUT", value["url"], feeds.document(seller, feed.items or []))
        feed._keep(document_ref=value["feedDocumentId"], tried_at=fields.Datetime.now())
        body = {
            "feedType": feeds.TYPE, "marketplaceIds": self._get_marketplaces(channel),
            "inputFeedDocumentId": value["feedDocumentId"],
        }  # fmt: skip
        made = self._call_json(channel, "POST", f"{_FEEDS}/feeds", operation="createFeed", json=body) or {}
        feed._keep(remote_ref=made["feedId"])

    def _find_feed(self, channel, feed):
        """:return: id of a file that Amazon has and we did not hear of, where there is one only"""
        since = feed.tried_at - _SKEW
        value = self._call_json(
            channel, "GET", f"{_FEEDS}/feeds", operation="getFeeds",
            params={"feedTypes": feeds.TYPE, "pageSize": 100, "createdSince": f"{since.isoformat()}Z"},
        ) or {}  # fmt: skip
        ids = {each["feedId"] for each in value.get("feeds") or []}
        known = self.env["ecom.stock.feed"].sudo().search(
            [("channel_id", "=", channel.id), ("remote_ref", "in", list(ids))]
        )  # fmt: skip
        ids -= set(known.mapped("remote_ref"))
        return ids.pop() if len(ids) == 1 else None

    def _read_stock_answer(self, channel, feed):
        value = self._call_json(channel, "GET", f"{_FEEDS}/feeds/{feed.remote_ref}", operation="getFeed") or {}
        status, document = value.get("processingStatus"), value.get("resultFeedDocumentId")
        if status in feeds.OPEN:
            return None
        if status != "DONE" and not document:
            raise EcomDataError(self.env._("Amazon gave the file up (%(status)s).", status=status), json.dumps(value)[:300])
        place = self._call_json(
            channel, "GET", f"{_FEEDS}/documents/{document}", operation="getFeedDocument"
        ) or {}  # fmt: skip
        answer = self._send_file(channel, "GET", place["url"])
        try:
            report = json.loads(feeds.unpack(answer.content, place.get("compressionAlgorithm")))
            found = feeds.answers(report, feed.items or [])
        except ValueError as error:
            raise EcomDataError(
                self.env._("Amazon's report on the file: %(error)s", error=error), json.dumps(value)[:300]
            ) from None
        if status != "DONE":
            # Some of it may have come through, and nobody says which.
            raise EcomDataError(
                self.env._("Amazon gave the file up (%(status)s).", status=status), json.dumps(report)[:300]
            )
        return found

    def _send_file(self, channel, method, url, content=None):
        """Amazon keeps files at addresses of their own, which carry their own signature: our token
        is not for them."""
        if not url.startswith("https://") and not channel.sudo().connector_internal:
            raise EcomDataError(self.env._("Amazon names an address without TLS for a file."))
        answer = self._send_api_request(
            method, url, data=content, headers={"Content-Type": feeds.CONTENT_TYPE} if content is not None else {},
            internal=channel.sudo().connector_internal,
        )  # fmt: skip
        if answer.status >= 300:
            # Such an address lives for five minutes: the next try asks for another.
            raise EcomRetryableError(
                self.env._("Amazon's file store answered %(status)s.", status=answer.status), answer.text[:300]
            )
        return answer


def _not_too_late(until):
    """Amazon refuses an end that is less than two minutes ago."""
    return min(until, fields.Datetime.now() - timedelta(minutes=3))
