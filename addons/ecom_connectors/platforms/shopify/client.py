import json

from odoo import models

from ...exceptions import EcomDataError
from ...models.ecom_connector import Hook, Page
from .. import base
from ..medusa.client import verify_base64
from . import documents
from .graphql_shape import tail

_TOPICS = ("ORDERS_CREATE", "ORDERS_UPDATED", "ORDERS_CANCELLED", "REFUNDS_CREATE")


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

    def _fetch_orders(self, channel, since, until=None, cursor=None):
        query = f"updated_at:>='{since.isoformat()}Z'"
        if until:
            query += f" AND updated_at:<='{until.isoformat()}Z'"
        data = self._query(
            channel, documents.ORDERS, cost=400, n=self._get_capabilities().page_size, after=cursor, query=query
        )["orders"]
        nodes, info = data["nodes"], data["pageInfo"]
        return Page(nodes, info["endCursor"] if info["hasNextPage"] else None, nodes[-1]["updatedAt"] if nodes else None)

    def _fetch_order(self, channel, external_id):
        return self._query(channel, documents.ONE_ORDER, cost=40, id=self._gid("Order", external_id))["order"]

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
        order_id = self._gid("Order", values["order_id"])
        order = self._fetch_order(channel, values["order_id"])
        if order is None:
            raise EcomDataError(self.env._("The shop does not know this order."))
        tracking = values.get("tracking")
        for known in order.get("fulfillments") or []:
            numbers = [info.get("number") for info in known.get("trackingInfo") or []]
            if known["status"] != "CANCELLED" and tracking and tracking in numbers:
                return {"ref": tail(known["id"]), "answer": self.env._("The shop knew of it already.")}
        wanted = {line["line_id"]: line["quantity"] for line in values["lines"]}
        parts = []
        data = self._query(channel, documents.FULFILLMENT_ORDERS, id=order_id)["order"]
        for node in data["fulfillmentOrders"]["nodes"]:
            if node["status"] not in ("OPEN", "IN_PROGRESS", "SCHEDULED"):
                continue
            lines = []
            for item in node["lineItems"]["nodes"]:
                number = tail(item["lineItem"]["id"])
                quantity = min(wanted.get(number, 0), item["remainingQuantity"])
                if quantity:
                    wanted[number] -= quantity
                    lines.append({"id": item["id"], "quantity": int(quantity)})
            if lines:
                parts.append({"fulfillmentOrderId": node["id"], "fulfillmentOrderLineItems": lines})
        if not parts:
            if task.attempts > 1:
                return {"ref": None, "answer": self.env._("Nothing is left to ship there: an earlier try got through.")}
            raise EcomDataError(self.env._("The shop has nothing left to ship of this order."))
        fulfillment = {"lineItemsByFulfillmentOrder": parts, "notifyCustomer": True}
        if tracking:
            info = {"number": tracking, "company": values.get("carrier"), "url": values.get("tracking_url")}
            fulfillment["trackingInfo"] = {k: v for k, v in info.items() if v}
        result = self._mutate(channel, documents.FULFILL, fulfillment=fulfillment)
        return {"ref": tail(result["fulfillment"]["id"]), "answer": json.dumps(result)}

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
        paid = [t for t in order["transactions"] if t["kind"] in ("SALE", "CAPTURE") and t["status"] == "SUCCESS"]
        if not paid:
            raise EcomDataError(self.env._("The shop took no payment that could be given back."))
        source = {
            "orderId": order_id, "note": f"{values.get('reason') or ''} {mark}".strip(), "notify": True,
            "transactions": [
                {"orderId": order_id, "parentId": paid[0]["id"], "gateway": paid[0]["gateway"], "kind": "REFUND",
                 "amount": values["amount"]}
            ],
            "refundLineItems": [
                {"lineItemId": self._gid("LineItem", line["line_id"]), "quantity": int(line["quantity"]),
                 "restockType": "RETURN" if values.get("restock") else "NO_RESTOCK",
                 **({"locationId": self._get_location(channel)} if values.get("restock") else {})}
                for line in values.get("lines") or [] if line.get("quantity")
            ],
        }  # fmt: skip
        result = self._mutate(channel, documents.REFUND, input=source, key=values["key"])
        return {"ref": tail(result["refund"]["id"]), "answer": json.dumps(result)}

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
