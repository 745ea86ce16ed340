import json

from odoo import models

from ...exceptions import EcomDataError, EcomRetryableError
from ...models.ecom_connector import Hook, Page
from .. import base
from ..medusa.client import verify_base64
from . import bulk, documents
from .graphql_shape import tail

_TOPICS = ("ORDERS_CREATE", "ORDERS_UPDATED", "ORDERS_CANCELLED", "REFUNDS_CREATE")
# Orders of one page; fewer where Shopify finds the page too costly.
_PAGES = (25, 10, 5, 2)
# What a return is called there once an answer was given.
_RETURN_STATES = {"approved": ("OPEN", "CLOSED"), "rejected": ("DECLINED", "CANCELED"), "cancelled": ("CANCELED",)}
# Seconds between two looks at an export.
_BULK_PAUSE = 10


class EcomConnectorShopify(models.AbstractModel):
    """Shopify over the GraphQL Admin API."""

    _name = "ecom.connector.shopify"
    _inherit = "ecom.connector"
    _description = "Connector: Shopify"

    _platform = "shopify"

    def _get_auth(self, channel, secrets, method, url, params):
        return {"X-Shopify-Access-Token": secrets["token"]}, {}

    def _query(self, channel, query, /, cost=10, **variables):
        version = (channel.connector_options or {}).get("api_version") or documents.VERSION
        return self._graphql(channel, f"/admin/api/{version}/graphql.json", query, variables, cost=cost)

    def _call_json(self, channel, method, path, **options):
        """Each answer says what is left of the account's points; other apps do not share them, but
        other processes of ours do."""
        value = super()._call_json(channel, method, path, **options)
        left = _status(value).get("currentlyAvailable")
        if left is not None:
            self.env["ecom.throttle"].sudo()._set_left(
                self._get_throttle_key(channel, "default"), float(left)
            )
        return value

    def _explain_graphql_errors(self, channel, errors, value):
        error = super()._explain_graphql_errors(channel, errors, value)
        if isinstance(error, EcomRetryableError) and not error.counts:
            status = _status(value)
            missing = _cost(value) - float(status.get("currentlyAvailable") or 0)
            rate = float(status.get("restoreRate") or 0)
            if rate and missing > 0:
                error.delay = round(missing / rate + 0.5, 1)
        return error

    def _mutate(self, channel, query, /, **variables):
        """:return: the result of the one mutation
        :raise EcomDataError: it lists user errors, which is 200 all the same"""
        (result,) = self._query(channel, query, **variables).values()
        result = result or {}
        errors = result.get("userErrors") or result.get("orderCancelUserErrors")
        if errors:
            said = "; ".join(str(error.get("message")) for error in errors)
            raise EcomDataError(self.env._("The shop refused: %(error)s", error=said), json.dumps(errors))
        return result

    def _gid(self, kind, number):
        return number if str(number).startswith("gid:") else f"gid://shopify/{kind}/{number}"

    def _test_connection(self, channel):
        return self._query(channel, documents.SHOP)["shop"]["name"]

    # === READING === #

    def _get_search(self, since, until):
        query = f"updated_at:>='{since.isoformat()}Z'"
        return query + (f" AND updated_at:<='{until.isoformat()}Z'" if until else "")

    def _fetch_orders(self, channel, since, until=None, cursor=None):
        data = self._fetch_page(channel, self._get_search(since, until), cursor)
        nodes, info = data["nodes"], data["pageInfo"]
        newest = nodes[-1]["updatedAt"] if nodes else None
        nodes = [self._complete(channel, node) for node in nodes]
        return Page(nodes, info["endCursor"] if info["hasNextPage"] else None, newest)

    def _fetch_page(self, channel, search, cursor):
        wanted = (channel.connector_options or {}).get("page_size") or _PAGES[0]
        sizes = [wanted, *(size for size in _PAGES if size < wanted)]
        for index, size in enumerate(sizes):
            try:
                return self._query(
                    channel, documents.ORDERS, cost=16 * size, n=size, after=cursor, query=search
                )["orders"]
            except EcomDataError as error:
                if "cost" not in (error.answer or "").lower() or index == len(sizes) - 1:
                    raise
        return None

    def _complete(self, channel, order):
        """An order of more than a hundred lines is read to its end."""
        lines = order["lineItems"] if order else {}
        info = lines.get("pageInfo") or {}
        while info.get("hasNextPage"):
            more = self._query(
                channel, documents.MORE_LINES, cost=40, id=order["id"], after=info["endCursor"]
            )["order"]["lineItems"]
            lines["nodes"] += more["nodes"]
            info = more["pageInfo"]
        return order

    def _fetch_order(self, channel, external_id):
        order_id = self._gid("Order", external_id)
        order = self._query(channel, documents.ONE_ORDER, cost=40, id=order_id)["order"]
        return self._complete(channel, order)

    def _fetch_returns(self, channel, since, cursor=None):
        """With a query of its own: it takes a scope that an app may not have."""
        search = f"{self._get_search(since, None)} AND -return_status:no_return"
        data = self._query(channel, documents.RETURNS, cost=80, n=3, after=cursor, query=search)["orders"]
        nodes, info = data["nodes"], data["pageInfo"]
        found = [
            self._query(channel, documents.ONE_RETURN, cost=160, id=each["id"])["return"]
            for node in nodes for each in node["returns"]["nodes"]
        ]  # fmt: skip
        newest = nodes[-1]["updatedAt"] if nodes else None
        return Page([each for each in found if each], info["endCursor"] if info["hasNextPage"] else None, newest)

    # === THE PAST === #

    def _fetch_past(self, channel, since, until=None, cursor=None):
        """Shopify exports the past by itself, as one file; it is read window by window.

        The cursor is ``{"bulk": id, "offset": bytes}``; ``{"after": …}`` goes on page by page, where
        Shopify gave the export up.
        """
        cursor = cursor or {}
        if "after" in cursor:
            page = self._fetch_orders(channel, since, until, cursor["after"])
            return Page(page.documents, {"after": page.next} if page.next else None, page.newest)
        if "bulk" not in cursor:
            return Page([], {"bulk": self._start_bulk(channel, since, until), "offset": 0})
        operation = self._query(channel, documents.BULK_GET, id=cursor["bulk"])["bulkOperation"]
        state = (operation or {}).get("status")
        if state in ("CREATED", "RUNNING"):
            raise EcomRetryableError(
                self.env._("Shopify is exporting the orders (%(count)s so far).", count=operation["objectCount"]),
                delay=_BULK_PAUSE, counts=False,
            )  # fmt: skip
        if state != "COMPLETED":
            return Page([], {"after": None})
        if not operation["url"]:
            # No file is made where there is nothing; one that was made is kept for seven days.
            return Page([], {"after": None} if int(operation["objectCount"] or 0) else None)
        size = int(operation["fileSize"] or 0)
        orders, offset = self._read_window(channel, operation["url"], cursor["offset"], size)
        # What refunds hold is in no export.
        orders = [
            self._fetch_order(channel, order["id"]) if order.get("refunds") else order for order in orders
        ]
        return Page(
            [order for order in orders if order],
            {**cursor, "offset": offset} if offset < size else None,
        )

    def _start_bulk(self, channel, since, until):
        """:return: id of an export; one that was begun before a kill is taken up again"""
        query = documents.bulk_orders(self._get_search(since, until))
        latest = self._query(channel, documents.BULK_LATEST)["bulkOperations"]["nodes"]
        for operation in latest:
            if operation["query"] == query and operation["status"] in ("CREATED", "RUNNING", "COMPLETED"):
                return operation["id"]
        try:
            return self._mutate(channel, documents.BULK_RUN, query=query)["bulkOperation"]["id"]
        except EcomDataError as error:
            if "OPERATION_IN_PROGRESS" not in (error.answer or "") and "LIMIT_REACHED" not in (error.answer or ""):
                raise
            raise EcomRetryableError(
                self.env._("Shopify makes another export just now."), error.answer, delay=60, counts=False
            ) from None

    def _read_window(self, channel, url, offset, size):
        """:return: (orders, where to go on). The file lies elsewhere: it gets no credentials."""
        length = bulk.WINDOW
        while True:
            answer = self._send_api_request(
                "GET", url, headers={"Range": f"bytes={offset}-{offset + length - 1}"},
                internal=channel.sudo().connector_internal,
            )  # fmt: skip
            if answer.status not in (200, 206):
                raise EcomRetryableError(
                    self.env._("Shopify's export cannot be fetched (%(status)s).", status=answer.status)
                )
            # A server may send the whole file all the same.
            window = answer.content if answer.status == 206 else answer.content[offset : offset + length]
            try:
                orders, taken = bulk.split(window, offset + len(window) >= size)
            except ValueError as error:
                raise EcomDataError(self.env._("Shopify's export cannot be read: %(error)s", error=error)) from None
            if taken:
                return orders, offset + taken
            if not window:
                raise EcomRetryableError(self.env._("Shopify's export ended too early."))
            length *= 2

    def _fetch_listings(self, channel, cursor=None):
        data = self._query(channel, documents.VARIANTS, cost=100, after=cursor)["productVariants"]
        info = data["pageInfo"]
        return Page(
            [
                base.listing(
                    node["sku"] or tail(node["id"]), listing_id=tail(node["id"]), name=node["displayName"],
                    barcode=node["barcode"], quantity=max(node["inventoryQuantity"] or 0, 0),
                    inventory_item=tail(node["inventoryItem"]["id"]),
                )
                for node in data["nodes"]
            ],
            info["endCursor"] if info["hasNextPage"] else None,
        )  # fmt: skip

    # === TELLING === #

    def _get_location(self, channel):
        known = (channel.connector_options or {}).get("location_id")
        if known:
            return self._gid("Location", known)
        nodes = self._query(channel, documents.LOCATIONS)["locations"]["nodes"]
        if len(nodes) != 1:
            raise EcomDataError(
                self.env._("The shop has several locations. Set location_id in the connector's settings.")
            )
        return nodes[0]["id"]

    def _push_shipment(self, channel, task, values):
        """One fulfilment per location that Shopify assigned the pieces to."""
        order = self._query(
            channel, documents.FULFILLMENT_ORDERS, cost=60, id=self._gid("Order", values["order_id"])
        )["order"]  # fmt: skip
        if order is None:
            raise EcomDataError(self.env._("The shop does not know this order."))
        wanted = {line["line_id"]: line["quantity"] for line in values["lines"]}
        known = self._take_known(task, order, wanted, values.get("tracking"))
        if not any(wanted.values()):
            return {"ref": known, "answer": self.env._("The shop knew of it already.")}
        groups = self._group_parts(order, wanted)
        if not groups:
            if known or task.attempts > 1:
                return {"ref": known, "answer": self.env._("Nothing is left to ship there: an earlier try got through.")}
            raise EcomDataError(self.env._("The shop has nothing left to ship of this order."))
        info = {"number": values.get("tracking"), "company": values.get("carrier"), "url": values.get("tracking_url")}
        made = []
        for parts in groups:
            fulfillment = {"lineItemsByFulfillmentOrder": parts, "notifyCustomer": True}
            if values.get("tracking"):
                fulfillment["trackingInfo"] = {k: v for k, v in info.items() if v}
            made.append(self._mutate(channel, documents.FULFILL, fulfillment=fulfillment)["fulfillment"])
        return {"ref": tail(made[-1]["id"]), "answer": json.dumps(made)}

    def _take_known(self, task, order, wanted, tracking):
        """Take off `wanted`, in place, what an earlier try told: what was shipped under our tracking
        number, or (without one) what was shipped since the first try.

        :return: number of a fulfilment of ours, or None
        """
        shipped, ours, known = {}, {}, None
        for fulfillment in order["fulfillments"] or []:
            if fulfillment["status"] == "CANCELLED":
                continue
            numbers = [info.get("number") for info in fulfillment["trackingInfo"] or []]
            mine = tracking and tracking in numbers
            known = tail(fulfillment["id"]) if mine else known
            for node in fulfillment["fulfillmentLineItems"]["nodes"]:
                number = tail(node["lineItem"]["id"])
                shipped[number] = shipped.get(number, 0) + (node["quantity"] or 0)
                ours[number] = ours.get(number, 0) + (node["quantity"] or 0 if mine else 0)
        if not tracking:
            payload = task.payload or {}
            if "shipped_before" not in payload:
                task.payload = {**payload, "shipped_before": shipped}
                task._commit()
            else:
                ours = {number: count - payload["shipped_before"].get(number, 0) for number, count in shipped.items()}
        for number in wanted:
            wanted[number] = max(wanted[number] - max(ours.get(number, 0), 0), 0)
        return known

    def _group_parts(self, order, wanted):
        """:return: what is wanted and still open, as lists of one location each"""
        groups = {}
        for node in order["fulfillmentOrders"]["nodes"]:
            if node["status"] not in ("OPEN", "IN_PROGRESS", "SCHEDULED"):
                continue
            lines = []
            for item in node["lineItems"]["nodes"]:
                number = tail(item["lineItem"]["id"])
                quantity = int(min(wanted.get(number, 0), item["remainingQuantity"]))
                if quantity:
                    wanted[number] -= quantity
                    lines.append({"id": item["id"], "quantity": quantity})
            if lines:
                place = node["assignedLocation"]
                key = (place["location"] or {}).get("id") or place["name"]
                groups.setdefault(key, []).append(
                    {"fulfillmentOrderId": node["id"], "fulfillmentOrderLineItems": lines}
                )
        return list(groups.values())

    def _push_cancel(self, channel, task, values):
        order = self._fetch_order(channel, values["order_id"])
        if order and order.get("cancelledAt"):
            return {"ref": values["order_id"], "answer": self.env._("It was cancelled there already.")}
        result = self._mutate(channel, documents.CANCEL, id=self._gid("Order", values["order_id"]), note=(values.get("reason") or "")[:255])
        return {"ref": (result.get("job") or {}).get("id"), "answer": json.dumps(result)}

    def _push_refund(self, channel, task, values):
        """The key stands in the note, and goes along as Shopify's own idempotency key."""
        order_id, mark = self._gid("Order", values["order_id"]), f"[{values['key']}]"
        order = self._query(channel, documents.TRANSACTIONS, id=order_id)["order"]
        for refund in order["refunds"] or []:
            if mark in (refund["note"] or ""):
                return {"ref": tail(refund["id"]), "answer": self.env._("It was refunded already.")}
        if order["presentmentCurrencyCode"] != order["currencyCode"]:
            raise EcomDataError(
                self.env._("The buyer paid in %(currency)s: refund this order in Shopify.", currency=order["presentmentCurrencyCode"])
            )
        source = {
            "orderId": order_id, "note": f"{values.get('reason') or ''} {mark}".strip(), "notify": True,
            "transactions": self._share_refund(order, order_id, base.dec(values["amount"])),
            "refundLineItems": [
                {"lineItemId": self._gid("LineItem", line["line_id"]), "quantity": int(line["quantity"]),
                 "restockType": "RETURN" if values.get("restock") else "NO_RESTOCK",
                 **({"locationId": self._get_location(channel)} if values.get("restock") else {})}
                for line in values.get("lines") or [] if line.get("quantity")
            ],
        }  # fmt: skip
        result = self._mutate(channel, documents.REFUND, input=source, key=values["key"])
        return {"ref": tail(result["refund"]["id"]), "answer": json.dumps(result)}

    def _push_return(self, channel, task, values):
        """Shopify keeps no key: the return's own status says what it was told."""
        number = self._gid("Return", values["case_id"])
        found = self._query(channel, documents.ONE_RETURN, id=number)["return"]
        if found is None:
            raise EcomDataError(self.env._("The shop does not know this return."))
        answer, status = values["answer"], found["status"]
        if status in _RETURN_STATES[answer]:
            return {"ref": values["case_id"], "answer": self.env._("The shop knew of it already.")}
        if status != ("OPEN" if answer == "cancelled" else "REQUESTED"):
            raise EcomDataError(
                self.env._("The shop decided otherwise meanwhile: the return is %(status)s there.", status=status)
            )
        if answer == "approved":
            result = self._mutate(channel, documents.RETURN_APPROVE, input={"id": number, "notifyCustomer": True})
        elif answer == "rejected":
            source = {"id": number, "declineReason": "OTHER", "notifyCustomer": True}
            note = (values.get("reason") or "")[:500]
            result = self._mutate(channel, documents.RETURN_DECLINE, input={**source, **({"declineNote": note} if note else {})})
        else:
            result = self._mutate(channel, documents.RETURN_CANCEL, id=number)
        return {"ref": values["case_id"], "answer": json.dumps(result)}

    def _share_refund(self, order, order_id, amount):
        """:return: transactions that give `amount` back by what it was paid with"""
        result = []
        for paid in order["transactions"]:
            if paid["kind"] not in ("SALE", "CAPTURE") or paid["status"] != "SUCCESS":
                continue
            most = paid["maximumRefundableV2"] or paid["amountSet"]["shopMoney"]
            share = min(amount, base.dec(most["amount"]))
            if share > 0:
                amount -= share
                result.append({"orderId": order_id, "parentId": paid["id"], "gateway": paid["gateway"],
                               "kind": "REFUND", "amount": base.text_of(share)})  # fmt: skip
        if not result or amount > 0:
            raise EcomDataError(self.env._("The shop took no payment that could be given back."))
        return result

    def _push_stock(self, channel, items):
        location = self._get_location(channel)
        quantities, result = [], {}
        for item in items:
            number = (item.get("extra") or {}).get("inventory_item")
            if not number:
                result[item["key"]] = self.env._("The shop does not know it; read the catalogue again.")
                continue
            quantities.append({"inventoryItemId": self._gid("InventoryItem", number), "locationId": location,
                               "quantity": item["quantity"], "changeFromQuantity": None})  # fmt: skip
            result[item["key"]] = None
        if quantities:
            key = f"stock/{channel.id}/{self.env['ecom.stock.push']._new_batch_key()}"
            self._mutate(
                channel, documents.SET_STOCK, key=key,
                input={"name": "available", "reason": "correction", "quantities": quantities},
            )  # fmt: skip
        return result

    # === WEBHOOKS === #

    def _verify_webhook(self, channel, headers, raw, secrets):
        return verify_base64(secrets.get("webhook"), raw, headers.get("x-shopify-hmac-sha256"))

    def _read_webhook(self, channel, headers, raw):
        value, topic = json.loads(raw), headers.get("x-shopify-topic") or ""
        number = value.get("order_id") if topic.startswith("refunds/") else value.get("id")
        delivery = headers.get("x-shopify-event-id") or headers.get("x-shopify-webhook-id")
        if headers.get("x-shopify-event-id"):
            # One event may go to several subscriptions of different topics.
            delivery = f"{delivery}/{topic}"
        wanted = number and topic.startswith(("orders/", "refunds/"))
        return Hook(delivery, topic, [base.ident(number)] if wanted else [])

    def _register_webhooks(self, channel, url, secret):
        known = self._query(channel, documents.WEBHOOKS)["webhookSubscriptions"]["nodes"]
        ours = {node["topic"] for node in known if node["uri"] == url}
        for topic in _TOPICS:
            if topic not in ours:
                self._mutate(channel, documents.WEBHOOK_CREATE, topic=topic, input={"uri": url, "format": "JSON"})
        return self.env._("The shop calls %(url)s when an order changes.", url=url)

    def _unregister_webhooks(self, channel, url):
        known = self._query(channel, documents.WEBHOOKS)["webhookSubscriptions"]["nodes"]
        ours = [node["id"] for node in known if node["uri"] == url]
        for number in ours:
            self._mutate(channel, documents.WEBHOOK_DELETE, id=number)
        return self.env._("%(count)s webhooks were removed.", count=len(ours))


def _status(value):
    """:return: what an answer says of the account's points"""
    extensions = value.get("extensions") if isinstance(value, dict) else None
    cost = extensions.get("cost") if isinstance(extensions, dict) else None
    status = cost.get("throttleStatus") if isinstance(cost, dict) else None
    return status if isinstance(status, dict) else {}


def _cost(value):
    """:return: points that a request asked for that was refused for its cost"""
    cost = ((value.get("extensions") or {}) if isinstance(value, dict) else {}).get("cost") or {}
    return float(cost.get("requestedQueryCost") or 0)
