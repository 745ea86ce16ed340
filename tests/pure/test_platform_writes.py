"""What connectors tell of money, and how Shopify's exports are read, whatever the figures are."""

import hashlib
import importlib
import json
import sys
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))
importlib.import_module("map_document")
woocommerce = importlib.import_module("ecom_connectors_platforms.woocommerce.mapping")
prestashop = importlib.import_module("ecom_connectors_platforms.prestashop.mapping")
bulk = importlib.import_module("ecom_connectors_platforms.shopify.bulk")
top_sign = importlib.import_module("ecom_connectors_platforms.top_sign")
shopify = importlib.import_module("ecom_connectors_platforms.shopify.mapping")

cents = st.integers(1, 10**7).map(lambda n: Decimal(n) / 100)
few = st.lists(st.integers(0, 10**5).map(lambda n: Decimal(n) / 100), max_size=3)


@given(net=cents, taxes=few, share=st.integers(1, 100))
def test_woocommerce_gives_back_what_was_asked(net, taxes, share):
    """The parts of a refund come to its amount to the cent, and none is negative."""
    worth = net + sum(taxes)
    amount = max((worth * share / 100).quantize(Decimal("0.01")), Decimal("0.01"))
    order = {
        "currency": "EUR",
        "line_items": [
            {"id": 1, "quantity": 2, "total": str(net), "total_tax": str(sum(taxes)),
             "taxes": [{"id": index, "total": str(part)} for index, part in enumerate(taxes)]}
        ],
    }  # fmt: skip
    (line,) = woocommerce.refund_lines(order, [{"line_id": "1", "quantity": 1, "amount": str(amount)}])
    parts = [line["refund_total"], *(part["refund_total"] for part in line["refund_tax"])]
    assert sum(Decimal(str(part)) for part in parts) == amount
    assert min(parts) >= -0.02, "rounding of several taxes may exceed a tiny refund by a cent each"


@given(
    amount=cents,
    lines=st.lists(st.tuples(st.sampled_from(["31", "32", "shipping", "?"]), cents), max_size=4),
    net=st.integers(50, 100),
)
def test_prestashop_slip_is_the_amount(amount, lines, net):
    """Goods and postage of a credit slip come to the refund, whatever its lines say."""
    order = {
        "id": 7, "id_customer": "1", "total_paid_tax_incl": "100", "total_paid_tax_excl": str(net),
        "total_shipping_tax_incl": "10", "total_shipping_tax_excl": str(Decimal(net) / 10),
        "associations": {"order_rows": [
            {"id": number, "unit_price_tax_incl": "10", "unit_price_tax_excl": str(Decimal(net) / 10)} for number in ("31", "32")
        ]},
    }  # fmt: skip
    wanted = [{"line_id": key, "quantity": 1, "amount": str(part)} for key, part in lines]
    values = prestashop.slip_values(order, {"amount": str(amount), "lines": wanted})
    goods, postage = Decimal(values["total_products_tax_incl"]), Decimal(values["total_shipping_tax_incl"])
    assert goods + postage == amount
    assert prestashop.slip_amount(values) == amount
    assert min(goods, postage) >= 0, "no part of a slip takes money"
    details = values.get("associations", {}).get("order_slip_details", {}).get("order_slip_detail", [])
    assert sum(Decimal(each["amount_tax_incl"]) for each in details) <= goods, "its lines are no more than it"
    assert all(Decimal(each["amount_tax_excl"]) <= Decimal(each["amount_tax_incl"]) for each in details)
    text = prestashop.to_xml(values).encode()
    assert prestashop.find_id(b"<prestashop><order_slip><id>9</id>" + text + b"</order_slip></prestashop>", "order_slip")


orders = st.lists(st.tuples(st.integers(0, 4), st.text(max_size=12)), min_size=1, max_size=15)


@settings(max_examples=60)
@given(orders=orders, window=st.integers(20, 700))
def test_an_export_is_read_whole(orders, window):
    """Whatever the size of the window: each order once, in order, with all of its lines."""
    rows = []
    for number, (count, text) in enumerate(orders):
        gid = f"gid://shopify/Order/{number}"
        rows.append({"id": gid, "note": text})
        rows += [{"id": f"gid://shopify/LineItem/{number}-{n}", "name": text, "__parentId": gid} for n in range(count)]
    content = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()
    found, offset, length = [], 0, window
    while offset < len(content):
        part = content[offset : offset + length]
        got, taken = bulk.split(part, offset + len(part) >= len(content))
        found += got
        offset += taken
        length = window if taken else length * 2
    assert [order["id"] for order in found] == [f"gid://shopify/Order/{n}" for n in range(len(orders))]
    assert [len(order["lineItems"]["nodes"]) for order in found] == [count for count, _text in orders]
    assert [order["note"] for order in found] == [text for _count, text in orders]


def test_an_export_of_something_else_is_refused():
    for rows in ([{"id": "gid://shopify/LineItem/1", "__parentId": "gid://shopify/Order/1"}],
                 [{"id": "gid://shopify/Order/1"}, {"id": "gid://shopify/Metafield/1", "__parentId": "gid://shopify/Order/1"}]):  # fmt: skip
        content = "".join(json.dumps(row) + "\n" for row in rows).encode()
        with pytest.raises(ValueError, match="no"):
            bulk.split(content, True)


def test_signature():
    """By hand: MD5 of secret + sorted names and values + secret, in capitals; empty ones left out."""
    params = {"type": "pdd.x", "client_id": "c", "empty": None, "a": "1"}
    assert top_sign.sign("s", params) == top_sign.sign("s", {"a": "1", "client_id": "c", "type": "pdd.x"})
    assert top_sign.sign("helloworld", {"foo": "1", "bar": "2", "foo_bar": "3", "foobar": "4"}) == (
        hashlib.md5(b"helloworldbar2foo1foo_bar3foobar4helloworld").hexdigest().upper()
    )
