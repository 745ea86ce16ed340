"""Every GraphQL document of the Shopify connector, against Shopify's own schema.

The schemas come with Shopify's npm package and are not part of the project. ``make shopify-schema``
fetches them (``make test`` does by itself); ``ECOM_SHOPIFY_SCHEMA`` names another folder.
"""

import gzip
import importlib
import json
import os
import sys
from functools import cache
from pathlib import Path

import pytest

graphql = pytest.importorskip("graphql")
values = importlib.import_module("graphql.execution.values")

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))
importlib.import_module("map_document")
documents = importlib.import_module("ecom_connectors_platforms.shopify.documents")
FOLDER = Path(os.environ.get("ECOM_SHOPIFY_SCHEMA") or ROOT / ".odoo" / "shopify")
GID = "gid://shopify/{}/1".format
VARIABLES = {
    "ORDERS": {"n": 25, "after": None, "query": "updated_at:>='2026-01-01T00:00:00Z'"},
    "ONE_ORDER": {"id": GID("Order")},
    "FULFILL": {"fulfillment": {
        "lineItemsByFulfillmentOrder": [
            {"fulfillmentOrderId": GID("FulfillmentOrder"),
             "fulfillmentOrderLineItems": [{"id": GID("FulfillmentOrderLineItem"), "quantity": 1}]}],
        "notifyCustomer": True, "trackingInfo": {"number": "X", "company": "UPS", "url": "https://example.com/X"}}},
    "CANCEL": {"id": GID("Order"), "note": "x"},
    "REFUND": {"key": "k", "input": {
        "orderId": GID("Order"), "note": "x", "notify": True,
        "transactions": [{"orderId": GID("Order"), "parentId": GID("OrderTransaction"), "gateway": "bogus",
                          "kind": "REFUND", "amount": "1.00"}],
        "refundLineItems": [{"lineItemId": GID("LineItem"), "quantity": 1, "restockType": "RETURN",
                             "locationId": GID("Location")}]}},
    "SET_STOCK": {"key": "k", "input": {
        "name": "available", "reason": "correction",
        "quantities": [{"inventoryItemId": GID("InventoryItem"), "locationId": GID("Location"), "quantity": 3,
                        "changeFromQuantity": None}]}},
    "WEBHOOK_CREATE": {"topic": "ORDERS_CREATE", "input": {"uri": "https://example.com/x", "format": "JSON"}},
    "WEBHOOK_DELETE": {"id": GID("WebhookSubscription")},
    "RETURNS": {"n": 20, "after": None, "query": "-return_status:no_return"},
    "ONE_RETURN": {"id": GID("Return")},
    "RETURN_APPROVE": {"input": {"id": GID("Return"), "notifyCustomer": True}},
    "RETURN_DECLINE": {"input": {"id": GID("Return"), "declineReason": "OTHER", "declineNote": "x", "notifyCustomer": True}},
    "RETURN_CANCEL": {"id": GID("Return")},
    "MORE_LINES": {"id": GID("Order"), "after": "x"},
    "BULK_RUN": {"query": documents.bulk_orders("updated_at:>='2026-01-01T00:00:00Z'")},
    "BULK_GET": {"id": GID("BulkOperation")},
}  # fmt: skip


@cache
def schema(version):
    path = FOLDER / f"admin_{version}.json.gz"
    if not path.exists():
        pytest.skip(f"no schema: there is no {path} (ECOM_SHOPIFY_SCHEMA)")
    with gzip.open(path) as file:
        value = json.load(file)
    return graphql.build_client_schema(value.get("data", value), assume_valid=True)


@pytest.mark.parametrize("version", documents.SUPPORTED)
@pytest.mark.parametrize("name", documents.ALL)
def test_document(version, name):
    errors = graphql.validate(schema(version), graphql.parse(documents.ALL[name]))
    assert [error.message for error in errors] == []


@pytest.mark.parametrize("version", documents.SUPPORTED)
@pytest.mark.parametrize("name", VARIABLES)
def test_variables(version, name):
    """What the connector sends along has the types that Shopify asks for."""
    tree = graphql.parse(documents.ALL[name])
    operation = next(d for d in tree.definitions if isinstance(d, graphql.OperationDefinitionNode))
    coerced = values.get_variable_values(
        schema(version), operation.variable_definitions or [], VARIABLES[name]
    )
    errors = coerced if isinstance(coerced, list) else []
    assert [error.message for error in errors] == []


@pytest.mark.parametrize("version", documents.SUPPORTED)
def test_bulk_query(version):
    """An export is a query of its own: valid, at most five connections, two deep, none in a list."""
    tree = graphql.parse(documents.bulk_orders("updated_at:>='2026-01-01T00:00:00Z' AND name:\"x\""))
    assert [e.message for e in graphql.validate(schema(version), tree)] == []
    info, depth, found = graphql.TypeInfo(schema(version)), [], []

    class Connections(graphql.Visitor):
        def enter_field(self, node, *_args):
            kind = str(info.get_type()).strip("!")
            listed = kind.startswith("[") and node.name.value not in ("edges", "nodes")
            depth.append("list" if listed else kind)
            if kind.endswith("Connection"):
                assert "list" not in depth[:-1], depth
                found.append(sum(each.endswith("Connection") for each in depth))

        def leave_field(self, *_args):
            depth.pop()

    graphql.visit(tree, graphql.TypeInfoVisitor(info, Connections()))
    assert len(found) <= 5 and max(found) <= 2


def test_a_wrong_field_is_caught():
    tree = graphql.parse("{ orders(first: 1) { nodes { id nonsense } } }")
    assert graphql.validate(schema(documents.VERSION), tree)
