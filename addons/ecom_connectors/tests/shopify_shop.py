# Resolvers take the names and the arguments of Shopify's schema.
# pylint: disable=invalid-name,redefined-builtin
"""A Shopify shop in memory. Its types are those of Shopify's own schema: an answer that the schema
does not allow, and a question that it does not know, are errors here too.

It keeps state (orders, parcels, refunds, stock, webhooks, exports), counts points as Shopify does,
and makes the files of bulk operations.
"""

import copy
import gzip
import importlib
import os
import re
import unittest
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from functools import cache
from json import dumps, load
from pathlib import Path
from urllib.parse import urlsplit

from ..tools import transport

ROOT = Path(__file__).resolve().parents[3]
FILES = "https://files.example.com"
_SINCE = re.compile(r"updated_at:(>=|<=)'([^']+)'")


@cache
def load_schema(version):
    """:return: (module graphql, schema) of a version; skips the test where either is missing"""
    try:
        graphql = importlib.import_module("graphql")
    except ImportError:
        raise unittest.SkipTest("graphql-core is not installed") from None
    folder = Path(os.environ.get("ECOM_SHOPIFY_SCHEMA") or ROOT / ".odoo" / "shopify")
    path = folder / f"admin_{version}.json.gz"
    if not path.exists():
        raise unittest.SkipTest(f"no schema: there is no {path} (make shopify-schema)")
    with gzip.open(path) as file:
        value = load(file)
    return graphql, graphql.build_client_schema(value.get("data", value), assume_valid=True)


def gid(kind, number):
    return f"gid://shopify/{kind}/{number}"


def money(amount, currency="EUR"):
    entry = {"amount": str(amount), "currencyCode": currency}
    return {"shopMoney": entry, "presentmentMoney": entry}


class Rows(list):
    """A connection: a list that answers ``first`` and ``after`` as one."""

    def __call__(self, _info, first=None, after=None, **_filters):
        start = int(after) if after else 0
        end = len(self) if first is None else start + first
        nodes = self[start:end]
        return {
            "nodes": nodes,
            "edges": [{"node": node, "cursor": str(start + i + 1)} for i, node in enumerate(nodes)],
            "pageInfo": {
                "hasNextPage": end < len(self),
                "hasPreviousPage": start > 0,
                "endCursor": str(min(end, len(self))) if nodes else None,
            },
        }


class ShopifyShop:
    """:param version: of the API"""

    def __init__(self, version):
        self.version = version
        self.graphql, self.schema = load_schema(version)
        self.clock = datetime(2026, 1, 1, 10, tzinfo=timezone.utc)
        self.orders, self.variants, self.hooks, self.bulks = {}, {}, {}, {}
        self.locations = Rows([{"id": gid("Location", 1), "name": "Main"}])
        self.asked, self.files, self.done_keys, self.mails = [], {}, {}, []
        self.points, self.most, self.restore = 2000.0, 2000, 100
        self.max_cost, self.polls, self.lose_answer = 100000, 1, False
        self.numbers = iter(range(1000, 10**6))

    # === SETTING UP === #

    def tick(self, seconds=60):
        self.clock += timedelta(seconds=seconds)
        return self.clock.isoformat().replace("+00:00", "Z")

    def add_variant(self, number, sku, quantity=0, price="10.00"):
        item = {"id": gid("InventoryItem", number), "tracked": True}
        self.variants[number] = {
            "id": gid("ProductVariant", number), "sku": sku, "barcode": None, "displayName": f"Title of {sku}",
            "price": price, "inventoryQuantity": quantity, "inventoryItem": item,
        }  # fmt: skip

    def add_order(self, number, lines, paid=True, **values):
        """:param lines: list of (variant number, quantity)"""
        items, open_lines, total = Rows(), Rows(), Decimal(0)
        for index, (variant, quantity) in enumerate(lines):
            known = self.variants[variant]
            total += Decimal(known["price"]) * quantity
            line_id = gid("LineItem", number * 1000 + index)
            item = {
                "__typename": "LineItem", "id": line_id, "name": known["displayName"], "title": known["displayName"],
                "sku": known["sku"], "quantity": quantity, "currentQuantity": quantity, "variant": known,
                "originalUnitPriceSet": money(known["price"]), "discountAllocations": [], "taxLines": [],
                "customAttributes": [],
            }  # fmt: skip
            items.append(item)
            open_lines.append(
                {"id": gid("FulfillmentOrderLineItem", number * 1000 + index), "remainingQuantity": quantity,
                 "totalQuantity": quantity, "lineItem": item}
            )  # fmt: skip
        place = {"name": "Main", "location": self.locations[0]}
        sale = {
            "id": gid("OrderTransaction", number), "kind": "SALE", "status": "SUCCESS", "gateway": "bogus",
            "amountSet": money(total), "maximumRefundableV2": money(total)["shopMoney"],
        }  # fmt: skip
        moment = self.tick()
        self.orders[gid("Order", number)] = {
            "__typename": "Order", "id": gid("Order", number), "name": f"#{number}", "createdAt": moment,
            "processedAt": moment, "updatedAt": moment, "cancelledAt": None, "closedAt": None, "currencyCode": "EUR",
            "presentmentCurrencyCode": "EUR", "displayFinancialStatus": "PAID" if paid else "PENDING",
            "displayFulfillmentStatus": "UNFULFILLED", "taxesIncluded": False, "paymentGatewayNames": ["bogus"],
            "email": f"buyer{number}@example.com", "phone": None, "note": None, "tags": [], "test": False,
            "sourceName": "web", "customerLocale": "de", "customer": {"id": gid("Customer", number), "firstName": "Ada", "lastName": "B"},
            "billingAddress": None,
            "shippingAddress": {"name": "Ada B", "company": None, "address1": "Street 1", "address2": None, "city": "Berlin",
                                "zip": "10115", "phone": None, "provinceCode": None, "countryCodeV2": "DE"},
            "totalPriceSet": money(total), "currentTotalPriceSet": money(total), "totalDiscountsSet": money(0),
            "totalOutstandingSet": money(0 if paid else total), "totalTipReceived": {"amount": "0.0", "currencyCode": "EUR"},
            "originalTotalDutiesSet": None, "taxLines": [], "lineItems": items, "shippingLines": Rows(),
            "fulfillments": [], "refunds": [], "returns": Rows(), "transactions": [sale] if paid else [],
            "fulfillmentOrders": Rows([{"id": gid("FulfillmentOrder", number), "status": "OPEN", "assignedLocation": place,
                                        "lineItems": open_lines}]),
            **values,
        }  # fmt: skip
        return self.orders[gid("Order", number)]

    # === THE WIRE === #

    def send(self, _model, method, url, *, params=None, headers=None, json=None, **_options):
        """Stands in for the seam of the connectors."""
        if url.startswith(FILES):
            return self._send_file(urlsplit(url).path, headers or {})
        assert method == "POST" and url.endswith(f"/admin/api/{self.version}/graphql.json"), url
        assert headers["X-Shopify-Access-Token"] == "shpat_1"
        self.asked.append(json)
        value = self.answer(json["query"], json.get("variables") or {})
        if self.lose_answer and "mutation" in json["query"]:
            self.lose_answer = False
            raise self.lost
        return transport.Answer(200, {}, dumps(value).encode())

    def _send_file(self, path, headers):
        assert "X-Shopify-Access-Token" not in headers, "no credentials leave for another server"
        content = self.files[path]
        start, end = (int(n) for n in headers["Range"].removeprefix("bytes=").split("-"))
        return transport.Answer(206, {}, content[start : end + 1])

    def answer(self, query, variables):
        tree = self.graphql.parse(query)
        errors = self.graphql.validate(self.schema, tree)
        if errors:
            return {"errors": [{"message": error.message} for error in errors]}
        cost = self._cost(tree, variables)
        if cost > self.max_cost:
            return {"errors": [{"message": f"Query cost is {cost}, which exceeds the single query max cost limit ({self.max_cost}).",
                                "extensions": {"code": "MAX_COST_EXCEEDED"}}]}  # fmt: skip
        if cost > self.points:
            return {"errors": [{"message": "Throttled", "extensions": {"code": "THROTTLED"}}], **self._extensions(cost)}
        self.points -= cost
        result = self.graphql.execute_sync(
            self.schema, tree, root_value=self._root(), variable_values=variables
        )
        value = {"data": result.data, **self._extensions(cost)}
        if result.errors:
            value["errors"] = [{"message": error.message} for error in result.errors]
        return value

    def _extensions(self, cost):
        status = {"maximumAvailable": self.most, "currentlyAvailable": self.points, "restoreRate": self.restore}
        return {"extensions": {"cost": {"requestedQueryCost": cost, "throttleStatus": status}}}

    def _cost(self, tree, variables):
        operation = next(d for d in tree.definitions if isinstance(d, self.graphql.OperationDefinitionNode))
        return 10 * int(variables.get("n") or 1) if operation.operation.value == "query" else 10

    # === QUERIES AND MUTATIONS === #

    def _root(self):
        names = ("orders", "order", "productVariants", "locations", "webhookSubscriptions", "bulkOperation", "bulkOperations",
                 "fulfillmentCreate", "orderCancel", "refundCreate", "inventorySetQuantities",
                 "webhookSubscriptionCreate", "webhookSubscriptionDelete", "bulkOperationRunQuery",
                 "return", "returnApproveRequest", "returnDeclineRequest", "returnCancel")  # fmt: skip
        root = {name: getattr(self, f"_{name}") for name in names}
        root["shop"] = {"name": "Fake Shopify", "myshopifyDomain": "fake.myshopify.com"}
        return root

    def _orders(self, info, query=None, **page):
        found = sorted(self.orders.values(), key=lambda order: order["updatedAt"])
        for sign, text in _SINCE.findall(query or ""):
            moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
            found = [
                order for order in found
                if (datetime.fromisoformat(order["updatedAt"].replace("Z", "+00:00")) >= moment) == (sign == ">=")
                or datetime.fromisoformat(order["updatedAt"].replace("Z", "+00:00")) == moment
            ]  # fmt: skip
        if "-return_status:no_return" in (query or ""):
            found = [order for order in found if order["returns"]]
        return Rows(found)(info, **page)

    def _order(self, _info, id):
        return self.orders.get(id)

    def _productVariants(self, info, **page):
        return Rows(self.variants.values())(info, **page)

    def _locations(self, info, **page):
        return self.locations(info, **page)

    def _webhookSubscriptions(self, info, **page):
        return Rows(self.hooks.values())(info, **page)

    def _once(self, info, run):
        """Carry out a mutation, or give what it gave before under the same key."""
        keys = [
            argument.value for directive in info.field_nodes[0].directives if directive.name.value == "idempotent"
            for argument in directive.arguments
        ]  # fmt: skip
        if not keys:
            return run()
        values = getattr(info.variable_values, "coerced", info.variable_values)
        key = info.field_name, values[keys[0].name.value]
        if key not in self.done_keys:
            self.done_keys[key] = run()
        return self.done_keys[key]

    def _fulfillmentCreate(self, _info, fulfillment, message=None):
        made, moved = Rows(), []
        order = None
        for part in fulfillment["lineItemsByFulfillmentOrder"]:
            order, node = self._find_fulfillment_order(part["fulfillmentOrderId"])
            if node is None or node["status"] == "CLOSED":
                return {"userErrors": [{"message": "Fulfillment order is closed.", "field": ["fulfillment"]}]}
            lines = {line["id"]: line for line in node["lineItems"]}
            wanted = part.get("fulfillmentOrderLineItems") or [{"id": k, "quantity": v["remainingQuantity"]} for k, v in lines.items()]
            for each in wanted:
                line = lines[each["id"]]
                if each["quantity"] > line["remainingQuantity"]:
                    return {"userErrors": [{"message": "Invalid fulfillment order line item quantity requested.", "field": ["fulfillment"]}]}
                moved.append((line, each["quantity"]))
                made.append({"id": gid("FulfillmentLineItem", next(self.numbers)), "quantity": each["quantity"], "lineItem": line["lineItem"]})
        for line, quantity in moved:
            line["remainingQuantity"] -= quantity
        info = fulfillment.get("trackingInfo") or {}
        entry = {
            "id": gid("Fulfillment", next(self.numbers)), "status": "SUCCESS", "fulfillmentLineItems": made,
            "trackingInfo": lambda _info, **_page: [{k: info.get(k) for k in ("number", "company", "url")}] if info else [],
        }  # fmt: skip
        order["fulfillments"].append(entry)
        left = sum(line["remainingQuantity"] for node in order["fulfillmentOrders"] for line in node["lineItems"])
        for node in order["fulfillmentOrders"]:
            if not any(line["remainingQuantity"] for line in node["lineItems"]):
                node["status"] = "CLOSED"
        order["displayFulfillmentStatus"] = "PARTIALLY_FULFILLED" if left else "FULFILLED"
        order["updatedAt"] = self.tick()
        self.mails.append(entry["id"])
        return {"fulfillment": entry, "userErrors": []}

    def _find_fulfillment_order(self, number):
        for order in self.orders.values():
            for node in order["fulfillmentOrders"]:
                if node["id"] == number:
                    return order, node
        return None, None

    def _orderCancel(self, _info, orderId, reason, restock, **_options):
        order = self.orders.get(orderId)
        if order is None or order["cancelledAt"]:
            return {"orderCancelUserErrors": [{"message": "Cannot cancel this order.", "field": ["orderId"], "code": "INVALID"}], "userErrors": []}
        order["cancelledAt"] = order["updatedAt"] = self.tick()
        for node in order["fulfillmentOrders"]:
            node["status"] = "CLOSED"
        return {"job": {"id": gid("Job", next(self.numbers)), "done": False}, "orderCancelUserErrors": [], "userErrors": []}

    def _refundCreate(self, info, input):
        return self._once(info, lambda: self._refund(input))

    def _refund(self, input):
        order = self.orders[input["orderId"]]
        sales = {sale["id"]: sale for sale in order["transactions"]}
        transactions = Rows()
        for each in input.get("transactions") or []:
            sale = sales[each["parentId"]]
            left = Decimal(sale["maximumRefundableV2"]["amount"])
            if Decimal(each["amount"]) > left:
                return {"userErrors": [{"message": "Refund amount cannot be greater than the amount that can be refunded.", "field": ["transactions"]}]}
            sale["maximumRefundableV2"] = money(left - Decimal(each["amount"]))["shopMoney"]
            transactions.append({"id": gid("OrderTransaction", next(self.numbers)), "kind": "REFUND", "status": "SUCCESS",
                                 "gateway": each["gateway"], "amountSet": money(each["amount"])})  # fmt: skip
        lines, known = Rows(), {line["id"]: line for line in order["lineItems"]}
        for each in input.get("refundLineItems") or []:
            line = known[each["lineItemId"]]
            if each["quantity"] > line["currentQuantity"]:
                return {"userErrors": [{"message": "Quantity cannot refund more items than were purchased", "field": ["refundLineItems"]}]}
            line["currentQuantity"] -= each["quantity"]
            worth = Decimal(line["originalUnitPriceSet"]["shopMoney"]["amount"]) * each["quantity"]
            lines.append({"quantity": each["quantity"], "subtotalSet": money(worth), "totalTaxSet": money(0), "lineItem": line})
        refund = {"id": gid("Refund", next(self.numbers)), "createdAt": self.tick(), "note": input.get("note"),
                  "refundLineItems": lines, "transactions": transactions}  # fmt: skip
        order["refunds"].append(refund)
        left = sum(Decimal(sale["maximumRefundableV2"]["amount"]) for sale in order["transactions"])
        order["displayFinancialStatus"] = "PARTIALLY_REFUNDED" if left else "REFUNDED"
        order["updatedAt"] = self.tick()
        return {"refund": refund, "userErrors": []}

    def ask_return(self, order, quantity=1):
        """A buyer asks to send pieces of the first line back. :return: the return"""
        item = order["lineItems"][0]
        line = {"__typename": "ReturnLineItem", "id": gid("ReturnLineItem", next(self.numbers)), "quantity": quantity,
                "customerNote": "too small", "returnReasonNote": "",
                "fulfillmentLineItem": {"id": gid("FulfillmentLineItem", 1), "lineItem": item}}  # fmt: skip
        entry = {"id": gid("Return", next(self.numbers)), "name": f"{order['name']}-R1", "status": "REQUESTED",
                 "createdAt": self.tick(), "order": order, "returnLineItems": Rows([line])}  # fmt: skip
        order["returns"].append(entry)
        order["updatedAt"] = self.tick()
        return entry

    def _return(self, _info, id):
        return next((each for order in self.orders.values() for each in order["returns"] if each["id"] == id), None)

    def _decide(self, number, before, status):
        found = self._return(None, number)
        if found is None or found["status"] != before:
            return {"userErrors": [{"message": "Return is not in the right status.", "field": ["input", "id"]}]}
        found["status"] = status
        return {"return": found, "userErrors": []}

    def _returnApproveRequest(self, _info, input):
        return self._decide(input["id"], "REQUESTED", "OPEN")

    def _returnDeclineRequest(self, _info, input):
        return self._decide(input["id"], "REQUESTED", "DECLINED")

    def _returnCancel(self, _info, id, notifyCustomer=False):
        return self._decide(id, "OPEN", "CANCELED")

    def _inventorySetQuantities(self, info, input):
        return self._once(info, lambda: self._set_stock(input))

    def _set_stock(self, input):
        items = {variant["inventoryItem"]["id"]: variant for variant in self.variants.values()}
        for each in input["quantities"]:
            if "changeFromQuantity" not in each:
                return {"userErrors": [{"message": "changeFromQuantity is required", "field": ["input"], "code": "INVALID_NAME"}]}
            if each["inventoryItemId"] not in items:
                return {"userErrors": [{"message": "The specified inventory item could not be found.", "field": ["input"], "code": "INVALID_INVENTORY_ITEM"}]}
        for each in input["quantities"]:
            items[each["inventoryItemId"]]["inventoryQuantity"] = each["quantity"]
        return {"inventoryAdjustmentGroup": {"id": gid("InventoryAdjustmentGroup", next(self.numbers))}, "userErrors": []}

    def _webhookSubscriptionCreate(self, _info, topic, webhookSubscription):
        uri = webhookSubscription["uri"]
        if any((hook["topic"], hook["uri"]) == (topic, uri) for hook in self.hooks.values()):
            return {"userErrors": [{"message": "Address for this topic has already been taken", "field": ["webhookSubscription"]}]}
        hook = {"id": gid("WebhookSubscription", next(self.numbers)), "topic": topic, "uri": uri}
        self.hooks[hook["id"]] = hook
        return {"webhookSubscription": hook, "userErrors": []}

    def _webhookSubscriptionDelete(self, _info, id):
        found = self.hooks.pop(id, None)
        return {"deletedWebhookSubscriptionId": found and id, "userErrors": []}

    # === BULK OPERATIONS === #

    def _bulkOperations(self, info, **page):
        return Rows(reversed(self.bulks.values()))(info, **page)

    def _bulkOperation(self, _info, id):
        operation = self.bulks.get(id)
        if operation and operation["status"] in ("CREATED", "RUNNING"):
            operation["status"] = "RUNNING"
            operation["polls"] -= 1
            if operation["polls"] <= 0:
                self._finish(operation)
        return operation

    def _bulkOperationRunQuery(self, _info, query, groupObjects):
        if any(operation["status"] in ("CREATED", "RUNNING") for operation in self.bulks.values()):
            return {"userErrors": [{"message": "A bulk query operation for this app and shop is already in progress",
                                    "field": None, "code": "OPERATION_IN_PROGRESS"}]}  # fmt: skip
        errors = self.graphql.validate(self.schema, self.graphql.parse(query))
        if errors:
            return {"userErrors": [{"message": errors[0].message, "field": ["query"], "code": "INVALID"}]}
        assert groupObjects, "the connector reads grouped files"
        number = gid("BulkOperation", next(self.numbers))
        self.bulks[number] = {"id": number, "status": "CREATED", "errorCode": None, "query": query, "url": None,
                              "objectCount": "0", "fileSize": None, "polls": self.polls}  # fmt: skip
        return {"bulkOperation": self.bulks[number], "userErrors": []}

    def _finish(self, operation):
        result = self.graphql.graphql_sync(self.schema, operation["query"], root_value=self._root())
        assert not result.errors, result.errors
        lines = []
        _flatten(result.data, None, lines)
        path = f"/{operation['id'].rsplit('/', 1)[-1]}.jsonl"
        content = "".join(dumps(line) + "\n" for line in lines).encode()
        self.files[path] = content
        operation.update(status="COMPLETED", objectCount=str(len(lines)), fileSize=str(len(content)))
        if lines:
            operation["url"] = f"{FILES}{path}?signature=abc"


def _flatten(value, parent, lines):
    """Connections become lines of their own, right after what they belong to."""
    for entry in value.values():
        if isinstance(entry, dict) and "edges" in entry:
            for edge in entry["edges"]:
                node = copy.deepcopy(edge["node"])
                plain = {k: v for k, v in node.items() if not (isinstance(v, dict) and "edges" in v)}
                lines.append({**plain, "__parentId": parent} if parent else plain)
                _flatten(node, node.get("id"), lines)
