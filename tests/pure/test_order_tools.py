"""Property tests of normalisation, money and totals; the validator against the real library."""

import copy
import importlib
import json
from collections import Counter
from decimal import Decimal

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from loader import load_tools

load_tools("ecom_order_mgmt")
canonical = importlib.import_module("ecom_order_mgmt_tools.canonical")
matching = importlib.import_module("ecom_order_mgmt_tools.matching")
money = importlib.import_module("ecom_order_mgmt_tools.money")
schema = importlib.import_module("ecom_order_mgmt_tools.schema")
text = importlib.import_module("ecom_order_mgmt_tools.text")
totals = importlib.import_module("ecom_order_mgmt_tools.totals")

CENT = Decimal("0.01")
amounts = st.decimals(min_value=0, max_value=10**6, places=2)
prices = st.decimals(min_value=-(10**4), max_value=10**5, places=4)


def decimal_text(number):
    return format(number, "f")


@st.composite
def order_lines(draw, index):
    quantity = draw(st.integers(0, 50) | st.decimals(0, 20, places=3).map(decimal_text))
    price = draw(prices)
    gross = Decimal(str(quantity)) * price
    line = {
        "id": str(index),
        "kind": draw(st.sampled_from(["product", "product", "shipping", "fee", "tip"])),
        "sku": f"SKU{draw(st.integers(0, 5))}",
        "quantity": quantity,
        "unit_price": decimal_text(price),
    }
    if gross > 0 and draw(st.booleans()):
        share = draw(st.integers(0, 100))
        line["discount"] = decimal_text(money.round_to(gross * share / 100, CENT))
    rates = draw(
        st.lists(st.sampled_from(["5", "7", "9.975", "19", "20"]), max_size=2, unique=True)
    )
    line["taxes"] = [
        {"rate": rate, "amount": decimal_text(money.round_to(gross * Decimal(rate) / 100, CENT))}
        if draw(st.booleans())
        else {"rate": rate}
        for rate in rates
    ]
    return line


@st.composite
def orders(draw):
    lines = [draw(order_lines(i)) for i in range(draw(st.integers(1, 8)))]
    return {
        "external_id": draw(st.text("abc019-", min_size=1, max_size=10)),
        "placed_at": draw(st.sampled_from(["2026-01-02T03:04:05Z", "2026-10-25T02:30:00+01:00"])),
        "currency": "EUR",
        "lines": lines,
        "discounts": [{"amount": decimal_text(draw(amounts))}] if draw(st.booleans()) else [],
        "total": decimal_text(draw(amounts)),
    }


# --- money


@given(
    st.decimals(min_value=-(10**6), max_value=10**6, places=4),
    st.lists(st.decimals(min_value=0, max_value=10**5, places=2), min_size=1, max_size=12),
    st.sampled_from([Decimal("1"), Decimal("0.01"), Decimal("0.05")]),
)
def test_allocate_is_exact_and_fair(amount, weights, rounding):
    shares = money.allocate(amount, weights, rounding)
    assert sum(shares) == amount
    total = sum(weights)
    for share, weight in zip(shares, weights, strict=True):
        fair = amount * weight / total if total else amount / len(weights)
        assert abs(share - fair) < 2 * rounding
        assert share == 0 or (share > 0) == (amount > 0)


def test_allocate_remainders():
    """Exact shares are 2.3858, 2.5381, 2.5381 and 2.5378: the cents go to the largest rests."""
    weights = [Decimal(x) for x in ("94.00", "100.00", "100.00", "99.99")]
    shares = money.allocate(Decimal("10.00"), weights, CENT)
    assert shares == [Decimal(x) for x in ("2.38", "2.54", "2.54", "2.54")]


def test_allocate_needs_weights():
    with pytest.raises(ValueError):
        money.allocate(Decimal(1), [], CENT)
    with pytest.raises(ValueError):
        money.allocate(Decimal(1), [Decimal(-1)], CENT)


@pytest.mark.parametrize(
    ("amount", "rounding", "expected"),
    [
        ("2.675", "0.01", "2.68"),
        ("-2.675", "0.01", "-2.68"),
        ("7", "5", "5"),
        ("0.005", "0.01", "0.01"),
    ],
)
def test_round_half_away_from_zero(amount, rounding, expected):
    assert money.round_to(Decimal(amount), Decimal(rounding)) == Decimal(expected)


# --- normalisation


@given(orders())
def test_normalising_again_changes_nothing(document):
    first = canonical.normalise(document)
    assert canonical.normalise(first) == first
    assert canonical.digest(canonical.normalise(copy.deepcopy(document))) == canonical.digest(first)


@given(orders(), st.randoms())
def test_digest_ignores_what_does_not_matter(document, random):
    """Order of keys, trailing zeros, blanks, another zone for the same moment, its version."""
    first = canonical.normalise(document)
    items = list(document.items())
    random.shuffle(items)
    other = dict(items)
    other["total"] += "0" if "." in other["total"] else ".00"
    other["currency"] = f" {other['currency']} "
    other["buyer_message"] = "   "
    other["customer"] = None
    other["updated_at"] = "2026-05-05T05:05:05Z"
    if other["placed_at"].endswith("Z"):
        other["placed_at"] = "2026-01-02T11:04:05+08:00"
    assert canonical.digest(canonical.normalise(other)) == canonical.digest(first)


@given(orders(), amounts)
def test_digest_sees_another_total(document, total):
    first = canonical.normalise(document)
    other = canonical.normalise({**document, "total": decimal_text(total)})
    assert (canonical.digest(first) == canonical.digest(other)) == (
        Decimal(document["total"]) == total
    )


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=True) | st.text(max_size=8),
    lambda children: st.lists(children, max_size=3)
    | st.dictionaries(st.text(max_size=8), children, max_size=3),
    max_leaves=10,
)


@given(json_values)
def test_garbage_is_refused_with_a_reason(value):
    with pytest.raises(canonical.InvalidDocument) as caught:
        canonical.normalise(value)
    assert caught.value.errors
    assert all(isinstance(message, str) for _path, message in caught.value.errors)


@given(orders(), st.data())
def test_damaged_document_is_refused_or_read(document, data):
    """Any value put anywhere: an answer in words, never a crash; what is read, is storable."""
    target, key = document, data.draw(st.sampled_from(sorted(document)))
    if key == "lines":
        target = document["lines"][0]
        key = data.draw(st.sampled_from(sorted(target)))
    target[key] = data.draw(json_values)
    try:
        normal = canonical.normalise(document)
    except canonical.InvalidDocument as error:
        assert str(error)
    else:
        json.dumps(normal, allow_nan=False).encode()


def test_deep_nesting_is_refused():
    deep = {}
    for _ in range(10000):
        deep = {"a": deep}
    with pytest.raises(canonical.InvalidDocument, match="deeply"):
        canonical.normalise({"external_id": "x", "extra": deep})


@pytest.mark.parametrize(
    ("change", "path", "words"),
    [
        ({"total": 12.5}, "total", "must be string"),
        ({"total": "12,50"}, "total", "such as '12.50'"),
        ({"total": "12.50\n1"}, "total", "form"),
        ({"total": "１２"}, "total", "form"),
        ({"placed_at": "2026-02-30T10:00:00Z"}, "placed_at", "no date"),
        ({"placed_at": "2026-02-03 10:00:00"}, "placed_at", "zone"),
        ({"placed_at": "1970-01-01T00:00:00Z"}, "placed_at", "plausible"),
        ({"currency": "eur"}, "currency", "EUR"),
        ({"shiping_address": {}}, "shiping_address", "did you mean 'shipping_address'"),
        ({"lines": []}, "lines", "empty"),
        ({"type": "invoice"}, "type", "order"),
        ({"external_id": 7}, "external_id", "string"),
    ],
)
def test_error_names_the_field(change, path, words):
    document = {
        "external_id": "1",
        "placed_at": "2026-01-01T00:00:00Z",
        "currency": "EUR",
        "lines": [{"id": "1", "sku": "A", "quantity": 1, "unit_price": "1"}],
        "total": "1",
    }
    with pytest.raises(canonical.InvalidDocument) as caught:
        canonical.normalise({**document, **change})
    messages = dict(caught.value.errors)
    assert words in messages[path]


def test_line_that_contradicts_itself():
    document = {
        "external_id": "1",
        "placed_at": "2026-01-01T00:00:00Z",
        "currency": "EUR",
        "lines": [
            {"id": "1", "sku": "A", "quantity": 2, "unit_price": "5", "total": "12"},
            {"id": "1", "sku": "A", "quantity": 1, "unit_price": "1"},
            {"id": "2", "quantity": 1, "unit_price": "1"},
        ],
        "total": "1",
    }
    with pytest.raises(canonical.InvalidDocument) as caught:
        canonical.normalise(document)
    assert [path for path, _message in caught.value.errors] == [
        "lines[0].total",
        "lines[1].id",
        "lines[2]",
    ]


# --- the validator against jsonschema


def test_schema_uses_known_keywords_only():
    assert schema.check_schema(canonical.load_schema()) == []


def test_schema_is_a_json_schema():
    jsonschema.Draft202012Validator.check_schema(canonical.load_schema())


@settings(max_examples=200)
@given(orders(), st.data())
def test_validator_agrees_with_the_library(document, data):
    if data.draw(st.booleans()):
        key = data.draw(st.sampled_from(sorted(document)))
        document[key] = data.draw(json_values.filter(lambda v: v == v))
    root = canonical.load_schema()
    node = {**root["$defs"]["order"], "$defs": root["$defs"]}
    checker = jsonschema.FormatChecker(formats=[])
    theirs = list(
        jsonschema.Draft202012Validator(node, format_checker=checker).iter_errors(document)
    )
    ours = [
        entry
        for entry in schema.Validator(root).errors(document, root["$defs"]["order"])
        if "date and time" not in entry[1]  # formats are no part of the library's verdict here
    ]
    assert bool(theirs) == bool(ours), (theirs, ours)


# --- totals


@settings(max_examples=300)
@given(orders(), st.booleans(), st.sampled_from([CENT, Decimal(1), Decimal("0.001")]))
def test_totals_add_up(document, included, rounding):
    document = canonical.normalise(document)
    total = totals.compute(document, included, rounding)
    assert sum(line.total for line in total.lines) + total.difference == total.stated
    for line in total.lines:
        gross = line.amount if included else line.net
        assert line.net + (sum(line.taxes.values()) if included else 0) == gross
        assert line.net % rounding == 0


@given(orders(), st.booleans())
def test_price_and_discount_give_the_amount(document, included):
    """What Odoo multiplies, comes to the line's amount after rounding."""
    total = totals.compute(canonical.normalise(document), included, CENT)
    for line in total.lines:
        if not line.quantity:
            continue
        price, discount = line.price_and_discount(CENT)
        odoo = float(line.quantity) * float(price) * (1 - float(discount) / 100)
        assert abs(odoo - float(line.amount)) < 0.00501 or discount == 0
        assert money.round_to(Decimal(repr(odoo)).quantize(Decimal("1e-6")), CENT) == line.amount


@given(orders())
def test_order_discount_is_shared_out_whole(document):
    document = canonical.normalise(document)
    without = totals.compute({**document, "discounts": []}, True, CENT)
    with_discount = totals.compute(document, True, CENT)
    discount = sum(Decimal(d["amount"]) for d in document["discounts"])
    before = sum(line.amount for line in without.lines)
    assert before - sum(line.amount for line in with_discount.lines) == discount


# --- texts


@given(st.text(max_size=400), st.integers(20, 60))
def test_spill_loses_nothing(value, limit):
    parts, rest = text.spill(value, limit, limit)
    assert all(len(part) <= limit for part in parts)
    assert "".join("".join([*parts, rest]).split()) == "".join(value.split())


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("+49 30 123456", "0049 (30) 12 34 56"),
        ("０１３８１２３４", "0138 1234"),
        ("0044-20-7946", "+44207946"),
    ],
)
def test_same_phone(one, other):
    assert text.phone_key(one) == text.phone_key(other) != ""


@pytest.mark.parametrize("value", ["138****1234", "n/a", "", None, "12"])
def test_no_phone(value):
    assert text.phone_key(value) == ""


@pytest.mark.parametrize("value", ["x***@example.com", "none", "a b@c.de", "a@b", None])
def test_no_email(value):
    assert text.email_key(value) == ""


@given(st.text(max_size=30))
def test_clean_text_can_be_stored(value):
    cleaned = text.clean({"a": [value + "\x00\ud800"]})["a"][0]
    assert "\x00" not in cleaned
    cleaned.encode()


# --- refunds


def _goods(**quantities):
    return {
        "lines": [
            {"id": sku, "sku": sku, "quantity": str(quantity)}
            for sku, quantity in quantities.items()
        ]
    }


def test_refund_goes_to_the_first_order_that_covers_it():
    candidates = [
        ("late", _goods(A=1), []),
        ("middle", _goods(A=5, B=1), [_goods(A=4)]),
        ("early", _goods(a=2, B=1), []),
    ]
    assert matching.find_order(_goods(A=1), candidates) == "late"
    assert matching.find_order(_goods(A=2), candidates) == "early"
    assert matching.find_order(_goods(A=1, B=1), candidates) == "middle"
    assert matching.find_order(_goods(A=9), candidates) is None
    assert matching.find_order({"lines": []}, candidates) is None


def test_refund_of_several_orders_is_shared_out():
    refund = {
        "amount": "10.01",
        "lines": [
            {"id": "1", "sku": "A", "quantity": "3", "amount": "9.01"},
            {"id": "2", "sku": "B", "quantity": "0", "amount": "0.50"},
        ],
    }
    candidates = [("late", _goods(A=1), []), ("early", _goods(A=4), [_goods(A=2)])]
    parts = matching.spread(refund, candidates)
    assert [
        (order, part["amount"], [(ln["id"], ln["quantity"], ln["amount"]) for ln in part["lines"]])
        for order, part in parts
    ] == [
        ("late", "4.00", [("1", "1", "3.00"), ("2", "0", "0.50")]),
        ("early", "6.01", [("1", "2", "6.01")]),
    ]
    assert (
        matching.spread({**refund, "lines": [{**refund["lines"][0], "quantity": "9"}]}, candidates)
        == []
    )


@given(
    st.lists(st.tuples(st.sampled_from("AB"), st.integers(0, 9), st.integers(0, 999)), min_size=1),
    st.lists(st.dictionaries(st.sampled_from("AB"), st.integers(1, 9), min_size=1), max_size=5),
    st.integers(0, 500),
)
def test_shared_out_refunds_add_up(lines, orders, extra):
    refund = {
        "amount": str(Decimal(sum(money for _s, _q, money in lines) + extra) / 100),
        "lines": [
            {"id": str(n), "sku": sku, "quantity": str(q), "amount": str(Decimal(money) / 100)}
            for n, (sku, q, money) in enumerate(lines)
        ],
    }
    candidates = [(n, _goods(**held), []) for n, held in enumerate(orders)]
    parts = matching.spread(refund, candidates)
    if not parts:
        held = sum((matching.quantities(c[1]) for c in candidates), Counter())
        wanted = +matching.quantities(refund)
        assert not wanted or any(held[key] < q for key, q in wanted.items())
        return
    assert sum(Decimal(part["amount"]) for _o, part in parts) == Decimal(refund["amount"])
    total = sum((matching.quantities(part) for _o, part in parts), Counter())
    assert +total == +matching.quantities(refund)
    money = sum(Decimal(ln["amount"]) for _o, part in parts for ln in part["lines"])
    assert money == sum(Decimal(ln["amount"]) for ln in refund["lines"])
    for order, part in parts:
        left = matching.quantities(candidates[order][1])
        left.subtract(matching.quantities(part))
        assert min(left.values()) >= 0 and Decimal(part["amount"]) >= 0
