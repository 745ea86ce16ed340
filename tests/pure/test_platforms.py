"""What the connectors make of real documents of their platforms, without Odoo.

The documents lie beside the project (``ECOM_SHARED``, by default ``../shared``) and are not part of
it; without them these tests skip.
"""

import collections
import copy
import importlib
import json
import os
import sys
from decimal import Decimal
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))
map_document = importlib.import_module("map_document")
base = map_document.base
SHARED = Path(os.environ.get("ECOM_SHARED") or ROOT.parent / "shared")
FOLDERS = {
    "shopify": "payloads/shopify",
    "woocommerce": "payloads/woocommerce",
    "prestashop": "payloads/prestashop",
    "amazon": "payloads/amazon_sp_api",
    "magento": "payloads/magento1_xmlrpc",
    "bigcommerce": "payloads/bigcommerce",
    "walmart": "payloads/walmart",
    "ebay": "payloads/ebay",
    "mercadolibre": "payloads/mercadolibre",
    "pinduoduo": "payloads/pinduoduo",
    "taobao": "payloads/taobao",
    "medusa": "stores/medusa",
    "vendure": "stores/vendure",
}
# What documents of these folders do not say themselves.
CONTEXT = {"prestashop": {"currency": "EUR", "tz": "Europe/Paris"}, "medusa": {"currency": "EUR"}}
# At least so many orders and refunds there must become canonical documents.
LEAST = {
    "shopify": (6, 1), "woocommerce": (39, 8), "prestashop": (1, 0), "amazon": (4, 0),
    "magento": (10, 0), "walmart": (45, 3), "ebay": (3, 0), "mercadolibre": (1, 0),
    "pinduoduo": (2, 0), "medusa": (5, 2), "vendure": (8, 1),
}  # fmt: skip
SUFFIXES = {".json", ".xml", ".csv", ".tsv", ".txt"}


def folder(connector):
    path = SHARED / FOLDERS[connector]
    if not path.is_dir():
        pytest.skip(f"no documents: there is no {path} (ECOM_SHARED)")
    return path


def files(connector):
    found = sorted(p for p in folder(connector).rglob("*") if p.suffix in SUFFIXES)
    return [path for path in found if "install" not in path.parts]


@pytest.mark.parametrize("connector", FOLDERS)
def test_walk(connector, capsys):
    """Every document is mapped, with the platform's own total, or parks with a cause."""
    table, counts = collections.Counter(), collections.Counter()
    for path in files(connector):
        for result in map_document.map_file(connector, path, CONTEXT.get(connector)):
            assert result["outcome"] in ("mapped", "parked")
            if result["outcome"] == "parked":
                assert result["cause"], (path, result)
                assert result["message"], (path, result)
                table[f"{result['type']} parked: {result['cause']}"] += 1
                continue
            table[f"{result['type']} mapped"] += 1
            counts[result["type"]] += 1
            if result["type"] == "order":
                assert abs(Decimal(result["difference"])) <= Decimal("0.05"), (path, result["external_id"], result["difference"])
    with capsys.disabled():
        print(f"\n{connector}:", ", ".join(f"{k} {v}" for k, v in table.most_common()))
    orders, refunds = LEAST.get(connector, (0, 0))
    assert counts["order"] >= orders
    assert counts["refund"] >= refunds


@pytest.mark.parametrize("connector", FOLDERS)
def test_replay(connector):
    """The same document gives the same canonical one, and mapping leaves it as it was."""
    for path in files(connector)[:200]:
        payloads, _problem = map_document.read(path)
        for payload in payloads:
            before = copy.deepcopy(payload)
            context = CONTEXT.get(connector)
            first = map_document.map_payload(connector, payload, context)
            assert payload == before, path
            assert first == map_document.map_payload(connector, payload, context), path


@pytest.mark.parametrize("connector", sorted(map_document.platforms.REGISTRY))
@pytest.mark.parametrize(
    "payload",
    [
        None, [], {}, "", "text", 1, 1.5, True, "<a", "<!DOCTYPE x [<!ENTITY y SYSTEM 'file:///etc/passwd'>]><x>&y;</x>",
        {"order": None}, {"orders": [None, 1, "x"]}, {"data": {"orders": {"edges": None}}}, [[[]]],
        {"id": {"a": 1}, "line_items": "x", "total_price": [], "lines": 5, "items": {}, "total": "NaN"},
        {"id": 1, "line_items": [{"id": float("1e300"), "quantity": "many", "price": None}], "total_price": "1", "currency": "EUR"},
        {"increment_id": "1", "grand_total": "x", "items": [{"qty_ordered": "-1"}]},
        {"orderId": "1", "pricingSummary": {"total": {"value": "inf", "currency": "EUR"}}, "lineItems": [{}]},
        {"order_sn": "1", "item_list": [{}], "pay_amount": {}},
        {"id": "order_1", "display_id": 1, "items": [{"id": "a", "quantity": 1, "unit_price": "x"}], "currency_code": "eur"},
    ],
    ids=repr,
)  # fmt: skip
def test_garbage(connector, payload):
    """Whatever comes, it parks with a cause; no exception escapes."""
    for result in map_document.map_payload(connector, payload):
        assert result["outcome"] == "mapped" or (result["cause"] and result["message"])


def one(connector, payload, context=None):
    return map_document.map_payload(connector, payload, context)[0]


def load(connector, name):
    path = folder(connector) / name
    if not path.exists():
        pytest.skip(f"there is no {path}")
    return json.loads(path.read_text(encoding="utf-8"))


def total(result):
    assert result["outcome"] == "mapped", result
    return Decimal(result["document"]["total"])


def test_magento_gift_card_is_a_payment():
    order = load("magento", "import_sale_order_edited_1/02_sales_order.info.json")
    result = one("magento", order)
    assert total(result) == Decimal("899.25")
    payments = {p["kind"]: Decimal(p["amount"]) for p in result["document"]["payments"]}
    assert payments["gift_card"] == 300
    successor = one("magento", load("magento", "import_sale_order_100000200-1/02_sales_order.info.json"))
    assert successor["document"]["extra"]["replaces"]


def test_magento_children_are_not_sold_twice():
    order = one("magento", load("magento", "import_sale_order_100000201/02_sales_order.info.json"))
    skus = [line["sku"] for line in order["document"]["lines"] if line["kind"] == "product"]
    assert len(skus) == len(set(skus))


def test_woocommerce_uses_gmt():
    order = load("woocommerce", "wp-api-v3/orders/retrieve_an_order.response.json")
    document = one("woocommerce", order)["document"]
    assert document["placed_at"] == "2017-03-22T19:28:02Z"
    assert document["lines"][1]["name"] == "Ship Your Idea \u2013 Color: Black, Size: M Test"
    assert document["customer"].get("external_id") is None


def test_ebay_collected_vat_is_not_ours():
    for result in map_document.map_file("ebay", files("ebay")[0]):
        document = result["document"]
        for line in document["lines"]:
            assert all(tax["collected_by"] == "platform" for tax in line.get("taxes", []))


def test_taobao_does_not_guess():
    result = map_document.map_file("taobao", files("taobao")[0])[0]
    assert (result["outcome"], result["cause"]) == ("parked", "does_not_add_up")


def test_amazon_pending_waits():
    path = folder("amazon") / "sandbox_and_examples/ordersV0/getOrder/200_example_01.response.json"
    assert map_document.map_file("amazon", path)[0]["cause"] == "not_placed"


AMAZON = {
    "AmazonOrderId": "902-1", "PurchaseDate": "2026-01-01T00:00:00Z", "OrderStatus": "Unshipped",
    "MarketplaceId": "ATVPDKIKX0DER", "OrderTotal": {"CurrencyCode": "USD", "Amount": "23.00"},
    "FulfillmentChannel": "AFN",
    "OrderItems": [
        {"OrderItemId": "05015851154158", "SellerSKU": "X", "ASIN": "B0", "QuantityOrdered": 2,
         "ItemPrice": {"CurrencyCode": "USD", "Amount": "20.00"}, "ItemTax": {"CurrencyCode": "USD", "Amount": "1.60"},
         "ShippingPrice": {"CurrencyCode": "USD", "Amount": "3.00"},
         "TaxCollection": {"Model": "MarketplaceFacilitator"}},
    ],
}  # fmt: skip


def test_amazon_v0():
    result = one("amazon", AMAZON)
    assert total(result) == 23
    line = result["document"]["lines"][0]
    assert line["id"] == "05015851154158", "leading zero"
    assert (line["unit_price"], line["quantity"]) == ("10", "2"), "the price is that of the line"
    assert line["taxes"][0]["collected_by"] == "platform"
    assert result["document"]["fulfilled_by"] == "platform"


def test_amazon_tax_that_amazon_collects():
    """Whether the total holds it or not, it is no tax of ours, and the total is Amazon's."""
    inside = copy.deepcopy(AMAZON)
    inside["OrderTotal"]["Amount"] = "24.60"
    result = one("amazon", inside)
    assert (total(result), Decimal(result["difference"])) == (Decimal("24.60"), 0)
    fee = next(each for each in result["document"]["lines"] if each["id"] == "collected-tax")
    assert (fee["kind"], fee["total"], fee.get("taxes")) == ("fee", "1.6", None)
    item = {"orderItemId": "1", "quantityOrdered": 1, "product": {"sellerSku": "X"}, "tax": {"taxCollections": [{"model": "MARKETPLACE_FACILITATOR"}]},
            "proceeds": {"breakdowns": [{"type": "ITEM", "subtotal": {"amount": "20.00", "currencyCode": "USD"}},
                                        {"type": "TAX", "subtotal": {"amount": "1.60", "currencyCode": "USD"}}]}}  # fmt: skip
    order = {"orderId": "1", "createdTime": "2026-01-01T10:00:00Z", "fulfillment": {"fulfillmentStatus": "UNSHIPPED"}, "orderItems": [item],
             "proceeds": {"grandTotal": {"amount": "26.60", "currencyCode": "USD"}, "breakdowns": [
                 {"type": "ITEM", "subtotal": {"amount": "20.00", "currencyCode": "USD"}}, {"type": "TAX", "subtotal": {"amount": "1.60", "currencyCode": "USD"}},
                 {"type": "DELIVERY_TIP", "status": "FINALIZED", "subtotal": {"amount": "5.00", "currencyCode": "USD"}}]}}  # fmt: skip
    result = one("amazon", order)
    assert (total(result), Decimal(result["difference"])) == (Decimal("26.60"), 0)
    assert {each["kind"]: each["total"] for each in result["document"]["lines"]} == {"product": "20", "tip": "5", "fee": "1.6"}


def test_amazon_cancelled_before_it_had_a_total():
    for order in (
        {**AMAZON, "OrderStatus": "Canceled", "OrderTotal": None, "OrderItems": [{"OrderItemId": "1", "SellerSKU": "X", "QuantityOrdered": 0}]},
        {"orderId": "1", "createdTime": "2026-01-01T10:00:00Z", "salesChannel": {"marketplaceId": "A1F83G8C2ARO7P"},
         "fulfillment": {"fulfillmentStatus": "CANCELLED"}, "orderItems": []},
    ):  # fmt: skip
        result = one("amazon", order)
        assert (total(result), result["document"]["status"]) == (0, "cancelled")


def test_woocommerce_gift_card_and_negative_fee():
    """What a gift card paid lowers the total without a line; a fee below nothing is a discount, and a
    refund of both names the lines by the ids that the order gave them."""
    order = {
        "id": 7, "status": "processing", "currency": "EUR", "date_created_gmt": "2026-01-01T10:00:00", "total": "5.00",
        "line_items": [{"id": 1, "name": "Mug", "quantity": 1, "subtotal": "20.00", "total": "20.00", "total_tax": "0.00"}],
        "fee_lines": [{"id": 3, "name": "Bonus", "total": "-5.00", "total_tax": "0.00"}], "gift_cards": [{"id": 1, "code": "A", "amount": "10.00"}],
        "refunds": [{"id": 9, "amount": "15.00", "date_created_gmt": "2026-01-02T10:00:00", "line_items": [
            {"id": 20, "quantity": -1, "total": "-20.00", "total_tax": "0.00", "meta_data": [{"key": "_refunded_item_id", "value": "1"}]}],
            "fee_lines": [{"id": 21, "total": "5.00", "total_tax": "0.00", "meta_data": [{"key": "_refunded_item_id", "value": "3"}]}]}],
    }  # fmt: skip
    result, refund = map_document.map_payload("woocommerce", order)
    assert (total(result), Decimal(result["difference"])) == (15, 0)
    payments = {each["kind"]: each["amount"] for each in result["document"]["payments"]}
    assert payments == {"gift_card": "10", "payment": "5"}
    kinds = {each["id"]: each["kind"] for each in result["document"]["lines"]}
    assert kinds == {"1": "product", "fee-3": "discount"}
    parts = {each["order_line_id"]: each["amount"] for each in refund["document"]["lines"]}
    assert parts == {"1": "20", "fee-3": "-5"}
    wrong = {**order, "gift_cards": [{"amount": "9.00"}]}
    assert map_document.map_payload("woocommerce", wrong)[0]["cause"] == "total_mismatch", "no guess"


def test_prestashop_traps():
    context = {"currency": "EUR", "tz": "Europe/Paris"}
    row = {"id": "1", "product_id": "1", "product_quantity": "100", "product_name": "x", "unit_price_tax_incl": "10.005000", "unit_price_tax_excl": "10.005000"}
    order = {**PRESTASHOP, "total_paid_tax_incl": "1001.00", "total_discounts_tax_incl": "0", "total_discounts_tax_excl": "0", "total_shipping_tax_incl": "0",
             "total_shipping_tax_excl": "0", "associations": {"order_rows": [row]}}  # fmt: skip
    by_piece = one("prestashop", {"order": {**order, "round_type": "1"}}, context)
    assert (total(by_piece), Decimal(by_piece["difference"])) == (1001, 0), "the shop rounds each piece"
    by_line = one("prestashop", {"order": {**order, "round_type": "2", "total_paid_tax_incl": "1000.50"}}, context)
    assert (total(by_line), Decimal(by_line["difference"])) == (Decimal("1000.5"), 0)
    for template, status, state in (("order_canceled", "cancelled", None), ("refund", "open", "refunded")):
        found = one("prestashop", {"order": {**PRESTASHOP, "current_state": "99"}, "state": {"id": 99, "template": [{"id": "1", "value": template}]}}, context)
        assert (found["document"]["status"], found["document"].get("payment_state")) == (status, state)
    details = [{"id": "4", "id_order_detail": n, "product_quantity": "1", "amount_tax_incl": "5.000000"} for n in ("1", "2")]
    slip = {"id": 4, "id_order": "7", "date_add": "2026-07-02 12:00:00", "total_products_tax_incl": "10.000000",
            "associations": {"order_slip_details": details}}  # fmt: skip
    for payload in ({"order_slip": slip}, {"order_slips": [slip]}, {"order_slips": {"order_slip": slip}}):
        refund = one("prestashop", payload, context)
        assert (refund["outcome"], refund["document"]["amount"], len(refund["document"]["lines"])) == ("mapped", "10", 2)


def test_saleor_expired():
    assert one("saleor", {**SALEOR, "status": "EXPIRED"})["document"]["status"] == "cancelled"


def test_amazon_mixed_currencies():
    order = copy.deepcopy(AMAZON)
    order["OrderItems"][0]["ShippingPrice"]["CurrencyCode"] = "GBP"
    assert one("amazon", order)["cause"] == "mixed_currencies"


def test_amazon_refund_of_finances():
    event = {
        "AmazonOrderId": "902-1", "PostedDate": "2026-01-02T00:00:00Z",
        "ShipmentItemAdjustmentList": [
            {"OrderAdjustmentItemId": "7", "SellerSKU": "X", "QuantityShipped": 1,
             "ItemChargeAdjustmentList": [
                 {"ChargeType": "Principal", "ChargeAmount": {"CurrencyCode": "USD", "CurrencyAmount": -10.0}},
                 {"ChargeType": "Tax", "ChargeAmount": {"CurrencyCode": "USD", "CurrencyAmount": -0.8}}]}],
    }  # fmt: skip
    result = one("amazon", {"payload": {"FinancialEvents": {"RefundEventList": [event]}}})
    assert result["document"]["amount"] == "10.8"


def test_shopify_graphql_is_the_same_order():
    """An order is one, whether it came by REST webhook or by GraphQL."""
    money = lambda amount: {"shopMoney": {"amount": amount, "currencyCode": "EUR"}}  # noqa: E731
    node = {
        "id": "gid://shopify/Order/42", "name": "#1001", "createdAt": "2026-01-01T10:00:00Z",
        "processedAt": "2026-01-01T10:00:00Z", "updatedAt": "2026-01-01T10:00:00Z", "currencyCode": "EUR",
        "displayFinancialStatus": "PAID", "taxesIncluded": True, "totalPriceSet": money("21.00"),
        "lineItems": {"nodes": [
            {"id": "gid://shopify/LineItem/7", "name": "Mug", "sku": "MUG", "quantity": 2,
             "originalUnitPriceSet": money("10.00"), "discountAllocations": [{"allocatedAmountSet": money("2.00")}],
             "taxLines": [{"title": "VAT", "rate": 0.2, "priceSet": money("3.00")}]}]},
        "shippingLines": {"nodes": [{"id": "gid://shopify/ShippingLine/9", "title": "Post", "originalPriceSet": money("3.00")}]},
        "refunds": [{"id": "gid://shopify/Refund/3", "createdAt": "2026-01-02T10:00:00Z",
                     "refundLineItems": {"nodes": [{"quantity": 1, "subtotalSet": money("9.00"), "totalTaxSet": money("0.00"),
                                                     "lineItem": {"id": "gid://shopify/LineItem/7", "sku": "MUG"}}]},
                     "transactions": {"nodes": [{"kind": "REFUND", "status": "SUCCESS", "amountSet": money("9.00")}]}}],
    }  # fmt: skip
    order, refund = map_document.map_payload("shopify", {"data": {"orders": {"nodes": [node]}}})
    assert (order["external_id"], total(order)) == ("42", 21)
    assert order["document"]["lines"][0]["id"] == "7"
    assert (refund["external_id"], refund["document"]["amount"]) == ("3", "9")
    assert refund["document"]["lines"][0]["order_line_id"] == "7"


SALEOR = {
    "id": "T3JkZXI6MQ==", "number": "21", "status": "UNFULFILLED", "created": "2026-01-01T10:00:00+00:00",
    "updatedAt": "2026-01-01T10:00:00+00:00", "paymentStatus": "NOT_CHARGED", "userEmail": "a@example.com",
    "total": {"net": {"amount": 25.0}, "gross": {"amount": 30.75, "currency": "PLN"}},
    "shippingPrice": {"net": {"amount": 5.0}, "gross": {"amount": 6.15, "currency": "PLN"}}, "shippingMethodName": "DHL",
    "totalCharged": {"amount": 30.75}, "totalRefunded": {"amount": 0},
    "lines": [{"id": "T3JkZXJMaW5lOjE=", "productName": "Mug", "productSku": "MUG", "quantity": 2, "taxRate": 0.23,
               "unitPrice": {"net": {"amount": 10.0}, "gross": {"amount": 12.3}},
               "totalPrice": {"net": {"amount": 20.0}, "gross": {"amount": 24.6}}}],
}  # fmt: skip


def test_saleor():
    result = one("saleor", {"data": {"order": SALEOR}})
    assert total(result) == Decimal("30.75")
    assert result["document"]["payment_state"] == "paid", "what was charged counts, not the summary"
    assert one("saleor", {**SALEOR, "status": "DRAFT"})["cause"] == "not_placed"


PRESTASHOP = {
    "id": 7, "reference": "ABC", "id_customer": "1", "id_currency": "1", "current_state": "2", "date_add": "2026-07-01 12:00:00",
    "date_upd": "2026-07-01 12:00:00", "total_paid_tax_incl": "29.400000", "total_paid": "29.4", "valid": "1",
    "total_discounts_tax_incl": "6.000000", "total_discounts_tax_excl": "5.000000",
    "total_shipping_tax_incl": "2.400000", "total_shipping_tax_excl": "2.000000", "carrier_tax_rate": "20.000",
    "associations": {"order_rows": [
        {"id": "1", "product_id": "1", "product_attribute_id": "2", "product_quantity": "2", "product_name": "Mug",
         "product_reference": "MUG", "unit_price_tax_incl": "16.500000", "unit_price_tax_excl": "13.750000"}]},
}  # fmt: skip


def test_prestashop_json():
    result = one("prestashop", {"orders": [PRESTASHOP]}, {"currency": "EUR", "tz": "Europe/Paris"})
    assert total(result) == Decimal("29.4")
    assert result["document"]["placed_at"] == "2026-07-01T10:00:00Z", "summer time of the shop"
    assert result["document"]["lines"][0]["listing_id"] == "1-2"


def test_walmart_replacement_costs_nothing():
    result = one("walmart", load("walmart", "us_mp_orders/getAnOrder/200_ATTRIBUTES.json"))
    assert total(result) == 0


def test_rest_by_data():
    settings = {
        "orders_url": "/o", "orders_path": "result.list", "minor_units": True, "states": {"3": "cancelled", "9": "ignore"},
        "paid_values": ["yes"],
        "order": {"id": "no", "placed_at": "at", "currency": "cur", "total": "sum", "lines": "pos", "status": "st",
                  "paid": "payed", "ship_name": "to.first+to.last", "ship_country": "'DE'"},
        "line": {"sku": "art|code", "quantity": "n", "unit_price": "each"},
    }  # fmt: skip
    order = {"no": 5, "at": 1767225600, "cur": "eur", "sum": 2500, "st": 1, "payed": "yes", "to": {"first": "A", "last": "B"},
             "pos": [{"code": "MUG", "n": 2, "each": 1250}]}  # fmt: skip
    result = one("rest", {"result": {"list": [order]}}, {"rest": settings})
    assert total(result) == 25
    document = result["document"]
    assert document["lines"][0]["sku"] == "MUG"
    assert document["shipping_address"] == {"name": "A B", "country": "DE"}
    assert document["payments"][0]["state"] == "paid"
    assert document["placed_at"] == "2026-01-01T00:00:00Z"
    assert one("rest", {"result": {"list": [{**order, "st": 9}]}}, {"rest": settings})["cause"] == "not_placed"


@pytest.mark.parametrize(
    "value, tz, wanted",
    [
        ("2026-01-01T10:00:00-05:00", None, "2026-01-01T15:00:00Z"),
        ("2026-07-01 12:00:00", "Europe/Paris", "2026-07-01T10:00:00Z"),
        ("0000-00-00 00:00:00", None, None),
        ("0001-01-01T00:00:00Z", None, None),
        ("", None, None),
        ("Tue, 05 Mar 2019 21:40:11 +0000", None, "2019-03-05T21:40:11Z"),
        (1623796407000, None, "2021-06-15T22:33:27Z"),
        ("2026-01-01", None, "2026-01-01T00:00:00Z"),
        # The hour that there is twice counts as the first one: it is read again, not missed.
        ("2026-10-25 02:30:00", "Europe/Paris", "2026-10-25T00:30:00Z"),
        ("2026-10-25 03:30:00", "Europe/Paris", "2026-10-25T02:30:00Z"),
    ],
)
def test_when(value, tz, wanted):
    assert base.when(value, tz) == wanted


def test_no_odoo_needed():
    assert not any(name == "odoo" or name.startswith("odoo.") for name in sys.modules)
