"""Known documents of every platform, damaged in all ways: no exception, no total that nobody stated.

The documents are those of ``test_platforms`` (they lie beside the project, else these tests skip),
and some of our own.
"""

import copy
import functools
import importlib
import json
import sys
from decimal import Decimal, InvalidOperation
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).resolve().parent))
known = importlib.import_module("test_platforms")
map_document = known.map_document

MONEY = {"currencyCode": "EUR"}
OWN = {
    "amazon": [
        known.AMAZON,
        {
            "orderId": "302-1", "createdTime": "2026-01-01T10:00:00Z", "lastUpdatedTime": "2026-01-01T10:00:00Z",
            "salesChannel": {"marketplaceId": "A1PA6795UKMFR9"}, "buyer": {"buyerEmail": "x@example.com"},
            "proceeds": {"grandTotal": {"amount": "24.90", **MONEY}}, "fulfillment": {"fulfillmentStatus": "UNSHIPPED", "fulfilledBy": "MERCHANT"},
            "orderItems": [{"orderItemId": "05", "quantityOrdered": 2, "product": {"sellerSku": "MUG", "asin": "B0"}, "proceeds": {"breakdowns": [
                {"type": "ITEM", "subtotal": {"amount": "20.00", **MONEY}}, {"type": "SHIPPING", "subtotal": {"amount": "4.90", **MONEY}}]}}],
        },
    ],
    "saleor": [known.SALEOR],
    "prestashop": [
        known.PRESTASHOP,
        {"order": {**known.PRESTASHOP, "round_type": "1"}, "currency": {"iso_code": "EUR"}, "state": {"id": 2, "paid": "1", "template": [{"id": "1", "value": "payment"}]},
         "slips": [{"id": 4, "id_order": "7", "date_add": "2026-07-02 12:00:00", "total_products_tax_incl": "16.500000", "total_shipping_tax_incl": "0",
                    "associations": {"order_slip_details": [{"id": "4", "id_order_detail": "1", "product_quantity": "1", "amount_tax_incl": "16.500000"}]}}]},
    ],
    "woocommerce": [
        {"id": 7, "number": "7", "status": "processing", "currency": "EUR", "date_created_gmt": "2026-01-01T10:00:00", "total": "19.40",
         "line_items": [{"id": 1, "name": "Mug", "product_id": 5, "quantity": 2, "subtotal": "20.00", "total": "20.00", "total_tax": "4.00",
                         "taxes": [{"id": 1, "total": "4.00"}], "sku": "MUG"}],
         "tax_lines": [{"rate_id": 1, "label": "VAT", "rate_percent": 20}], "fee_lines": [{"id": 3, "name": "Bonus", "total": "-4.60", "total_tax": "0.00"}],
         "gift_cards": [{"id": 1, "code": "x", "amount": "0.00"}],
         "refunds": [{"id": 9, "total": "-5.00", "amount": "5.00", "date_created_gmt": "2026-01-02T10:00:00"}]},
    ],
    "ebay": [
        {"orderId": "1", "creationDate": "2026-01-01T10:00:00.000Z", "lastModifiedDate": "2026-01-01T10:00:00.000Z", "orderFulfillmentStatus": "NOT_STARTED",
         "orderPaymentStatus": "PAID", "cancelStatus": {"cancelState": "NONE_REQUESTED"},
         "pricingSummary": {"priceSubtotal": {"value": "10.0", "currency": "EUR"}, "deliveryCost": {"value": "2.5", "currency": "EUR"}, "total": {"value": "12.5", "currency": "EUR"}},
         "lineItems": [{"lineItemId": "5", "sku": "MUG", "title": "Mug", "quantity": 2, "lineItemCost": {"value": "10.0", "currency": "EUR"},
                        "deliveryCost": {"shippingCost": {"value": "2.5", "currency": "EUR"}}}]},
    ],
    "bigcommerce": [
        {"id": 5, "status_id": 11, "date_created": "Tue, 05 Mar 2019 21:40:11 +0000", "currency_code": "EUR", "total_inc_tax": "26.4000", "shipping_cost_ex_tax": "2.0000",
         "shipping_cost_tax": "0.4000", "payment_status": "captured", "products": [
             {"id": 1, "product_id": 2, "quantity": 2, "name": "Mug", "sku": "MUG", "total_ex_tax": "20.0000", "total_tax": "4.0000", "applied_discounts": []}]},
    ],
    "pinduoduo": [
        {"order_sn": "1", "pay_amount": 18.0, "created_time": "2026-01-01 10:00:00", "order_status": 1, "refund_status": 1, "seller_discount": 2.0,
         "item_list": [{"sku_id": 1, "goods_count": 2, "goods_price": 10.0, "goods_name": "x", "outer_id": "04"}]},
    ],
}  # fmt: skip
# What the total of a document is read from; a change of it may change the total.
STATED = {
    "amazon": {"OrderTotal", "grandTotal", "payload", "order", "orders", "Orders", "proceeds", "OrderStatus", "fulfillmentStatus", "fulfillment"},
    "saleor": {"total", "giftCardUses", "totalGrossAmount"},
    "prestashop": {"total_paid_tax_incl", "total_paid", "currency"},
    "woocommerce": {"total", "gift_cards", "meta_data"},
    "shopify": {"total_price", "total_price_set", "current_total_price", "current_total_price_set", "totalPriceSet"},
    "magento": {"grand_total", "gift_cards_amount", "gift_cards", "customer_balance_amount"},
    "ebay": {"pricingSummary"},
    "bigcommerce": {"total_inc_tax"},
    "pinduoduo": {"pay_amount", "platform_discount", "capital_free_discount"},
}
PLATFORMS = sorted(set(OWN) | set(known.FOLDERS))


def _recorded(connector):
    if connector not in known.FOLDERS or not (known.SHARED / known.FOLDERS[connector]).is_dir():
        return
    for path in known.files(connector):
        if path.suffix != ".json" or path.stat().st_size > 60_000:
            continue
        yield from map_document.read(path)[0]


@functools.cache
def documents(connector):
    """:return: list of (payload, total): those that hold one order"""
    found = []
    for payload in [*OWN.get(connector, ()), *_recorded(connector)]:
        results = map_document.map_payload(connector, payload, known.CONTEXT.get(connector))
        orders = [r for r in results if r["outcome"] == "mapped" and r["type"] == "order"]
        if len(orders) == 1:
            found.append((payload, Decimal(orders[0]["document"]["total"])))
        if len(found) == 14:
            break
    return found


def paths(value, path=()):
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in pairs:
        yield (*path, key)
        yield from paths(each, (*path, key))


def at(value, path):
    for key in path:
        value = value[key]
    return value


def numeric(value):
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return None


def variants(value):
    """Values that might stand in the place of one."""
    found = [None, "", "abc", 5, -1, 0, True, [], {}, [value], {"value": value}, [None], "\ud800", float("1e300")]
    if numeric(value) is not None and not isinstance(value, bool):
        number = numeric(value)
        found += [str(number), float(number), str(-number), str(number + 7), f" {number} ", f"{number:.4f}", int(number)]
    if isinstance(value, list):
        found += [value + value, [None, *value], value[:-1]]
    return found


DROP = object()


def damage(payload, draw):
    """:return: (damaged copy, paths of what was damaged)"""
    result, done = copy.deepcopy(payload), []
    for _again in range(draw(st.integers(1, 3))):
        places = list(paths(result))
        if not places:
            break
        path = places[draw(st.integers(0, len(places) - 1))]
        parent, value = at(result, path[:-1]), at(result, path)
        options = [DROP, *variants(value)]
        change = options[draw(st.integers(0, len(options) - 1))]
        if change is DROP:
            del parent[path[-1]]
        else:
            parent[path[-1]] = copy.deepcopy(change)
        done.append(path)
    return result, done


@pytest.mark.parametrize("connector", PLATFORMS)
@settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_damaged(connector, data):
    """Each result is mapped or parked with a cause, and is JSON. What is mapped has the platform's
    own total; what its lines miss of it is said, and is no more than a person is asked about."""
    known_documents = documents(connector)
    if not known_documents:
        pytest.skip("no documents")
    payload, total = known_documents[data.draw(st.integers(0, len(known_documents) - 1))]
    damaged, done = damage(payload, data.draw)
    before = copy.deepcopy(damaged)
    results = map_document.map_payload(connector, damaged, known.CONTEXT.get(connector))
    assert repr(damaged) == repr(before), "mapping leaves the document as it was"
    touched = {key for path in done for key in path}
    for result in results:
        json.dumps(result)
        if result["outcome"] == "parked":
            assert result["cause"] and result["message"], (done, result)
        elif result["type"] == "order":
            assert abs(Decimal(result["difference"])) <= map_document.TOLERANCE_BLOCK
            if connector in STATED and not touched & STATED[connector]:
                assert Decimal(result["document"]["total"]) == total, done


@pytest.mark.parametrize("connector", PLATFORMS)
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_wrapped(connector, data):
    """The same document in a list, twice, or beside things that are none is the same document."""
    known_documents = documents(connector)
    if not known_documents:
        pytest.skip("no documents")
    payload, total = known_documents[data.draw(st.integers(0, len(known_documents) - 1))]
    wrapped = [[payload], [[payload]], [None, payload, 5, "x", {}]][data.draw(st.integers(0, 2))]
    results = map_document.map_payload(connector, wrapped, known.CONTEXT.get(connector))
    orders = [r for r in results if r["outcome"] == "mapped" and r["type"] == "order"]
    assert [Decimal(r["document"]["total"]) for r in orders] == [total]


@pytest.mark.parametrize("connector", PLATFORMS)
def test_numbers_as_texts(connector):
    """Whether a platform writes a number as number or as text makes no other order."""
    for payload, total in documents(connector):
        as_text = _map(payload, lambda v: str(v) if isinstance(v, int | float) and not isinstance(v, bool) else v)
        for result in map_document.map_payload(connector, as_text, known.CONTEXT.get(connector)):
            if result["type"] == "order" and result["outcome"] == "mapped":
                assert Decimal(result["document"]["total"]) == total


PROSE = {"note", "name", "zip", "postcode", "phone", "phone1", "address", "address1", "city", "email", "title", "street", "first_name",
         "postalCode", "customer_note", "telephone"}  # fmt: skip


@pytest.mark.parametrize("connector", PLATFORMS)
@pytest.mark.parametrize("value", [5, 90210, 1.5, True, [], {"a": 1}, ["x"], "x" * 30000, None])
def test_no_order_is_refused_over_a_text(connector, value):
    """A number as postcode, an object as note, an endless name: the order comes in all the same."""
    for payload, total in documents(connector):
        for path in paths(payload):
            if path[-1] not in PROSE or not isinstance(at(payload, path), str):
                continue
            damaged = copy.deepcopy(payload)
            at(damaged, path[:-1])[path[-1]] = copy.deepcopy(value)
            results = map_document.map_payload(connector, damaged, known.CONTEXT.get(connector))
            orders = [r for r in results if r["type"] == "order"]
            assert [r["outcome"] for r in orders] == ["mapped"], (path, orders)
            assert Decimal(orders[0]["document"]["total"]) == total


def _map(value, function):
    if isinstance(value, dict):
        return {key: _map(each, function) for key, each in value.items()}
    if isinstance(value, list):
        return [_map(each, function) for each in value]
    return function(value)
