"""Pure tools of the review: word patterns, durations, facts of documents."""

import fnmatch
import importlib
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from loader import load_tools

load_tools("ecom_order_mgmt")
durations = importlib.import_module("ecom_order_mgmt_tools.durations")
examples = importlib.import_module("ecom_order_mgmt_tools.examples")
patterns = importlib.import_module("ecom_order_mgmt_tools.patterns")
review_facts = importlib.import_module("ecom_order_mgmt_tools.review_facts")


@given(st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)), st.integers(0, 10_000))
def test_units_agree(start, amount):
    assert durations.add(start, amount, "hours") == start + timedelta(hours=amount)
    assert durations.add(start, amount, "days") == durations.add(start, amount * 24, "hours")


@pytest.mark.parametrize(
    ("amount", "unit", "words"),
    [
        (90, "minutes", ("90", "minutes")),
        (120, "minutes", ("2", "hours")),
        (48, "hours", ("2", "days")),
        (1.5, "days", ("36", "hours")),
        (0, "hours", ("0", "minutes")),
    ],
)
def test_durations_in_words(amount, unit, words):
    assert durations.in_words(amount, unit) == words


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        ("urgent", "it is URGENT!", "urgent"),
        ("gift*wrap", "gift-wrap please", "gift*wrap"),
        ("gift*wrap", "gift\nwrap", None),
        ("a?c", "xabcx", "a?c"),
        ("a.c", "abc", None),
        ("urgent, !not urgent", "not urgent", None),
        ("加急，改地址", "请改地址", "改地址"),
        ("x", None, None),
        ("(", "a ( b", "("),
    ],
)
def test_patterns(pattern, text, found):
    assert patterns.find(pattern, text) == found


@pytest.mark.parametrize("pattern", ["", "  ", "*", "?", "!no", ",,", None])
def test_bad_patterns(pattern):
    with pytest.raises(patterns.InvalidPattern):
        patterns.compile_pattern(pattern)


@given(st.text(max_size=200), st.text(max_size=200))
def test_patterns_never_fail_on_text(pattern, text):
    try:
        patterns.find(pattern, text)
        patterns.matches_whole(pattern, text)
    except patterns.InvalidPattern:
        pass


def test_pattern_is_quick_on_hostile_text():
    start = datetime.now()
    assert patterns.find("a*a*a*a*a*b", "a" * 20_000) is None
    assert datetime.now() - start < timedelta(seconds=2)


@given(st.text("ab*?", min_size=1, max_size=6), st.text("ab", min_size=1, max_size=8))
def test_whole_matches_are_those_of_the_shell(pattern, text):
    try:
        found = patterns.matches_whole(pattern, text)
    except patterns.InvalidPattern:
        return
    assert bool(found) == fnmatch.fnmatchcase(text, pattern)


def _line(**vals):
    return {"id": "1", "kind": "product", "sku": "A", "quantity": "2", "unit_price": "10", **vals}


@pytest.mark.parametrize(
    ("document", "share"),
    [
        ({"lines": [_line()]}, "0"),
        ({"lines": [_line(discount="5")]}, "25"),
        ({"lines": [_line()], "discounts": [{"amount": "2", "borne_by": "shop"}]}, "10"),
        ({"lines": [_line()], "discounts": [{"amount": "2", "borne_by": "platform"}]}, "0"),
        ({"lines": [_line(), {**_line(), "kind": "discount", "unit_price": "-1"}]}, "10"),
        ({"lines": [_line(unit_price="0")]}, "0"),
    ],
)
def test_discount_share(document, share):
    assert review_facts.discount_share(document) == Decimal(share)


def test_facts_of_a_document():
    facts = review_facts.of_document(
        {
            "lines": [_line(), _line(id="2", quantity="3"), _line(id="3", sku="B", presale=True)],
            "shipping_address": {"street": "Postfach 12", "zip": "1", "city": "X"},
            "payments": [{"kind": "payment", "method": "card"}, {"kind": "gift_card"}],
            "extra": {"risk_score": "0.7", "invoice_requested": True},
        }
    )
    assert facts["quantity_max"] == 5
    assert facts["skus"] == "A, B"
    assert facts["has_presale"]
    assert facts["is_po_box"]
    assert facts["wants_invoice"]
    assert facts["payment_method"] == "card, gift_card"
    assert facts["risk_score"] == 0.7
    assert not facts["is_gift_only"]


@pytest.mark.parametrize("value", [None, "x", True, "nan", "1e400", [], 1e12])
def test_risk_scores_that_are_none(value):
    assert (
        review_facts.of_document({"lines": [], "extra": {"risk_score": value}})["risk_score"] == 0
    )


def test_missing_address_parts():
    complete = {"name": "A", "street": "S", "city": "C", "zip": "Z", "country": "DE"}
    assert review_facts.missing_address_parts(complete) == []
    assert review_facts.missing_address_parts({}) == ["name", "street", "city", "country", "zip"]
    assert review_facts.missing_address_parts({**complete, "zip": ""}, zip_required=False) == []
    assert review_facts.missing_address_parts(complete, state_required=True) == ["state"]


def test_margin():
    assert review_facts.margin(Decimal(0), Decimal(5)) == (Decimal(-5), Decimal(-100))
    assert review_facts.margin(Decimal(0), Decimal(0)) == (0, 0)


def test_example_is_fit_for_any_database():
    document = {
        "external_id": "X", "placed_at": "2026-01-01T00:00:00Z", "currency": "EUR", "total": "24",
        "customer": {"name": "Ada Lovelace", "email": "ada@real.example"},
        "shipping_address": {"name": "Ada Lovelace", "street": "Real 1", "zip": "1", "country": "DE"},
        "lines": [_line(taxes=[{"rate": "20"}])],
        "buyer_message": "call Ada",
    }  # fmt: skip
    anonymous = examples.anonymise(document, 3)
    assert "Ada" not in str(anonymous)
    assert "Real" not in str(anonymous)
    assert anonymous["shipping_address"]["zip"] == "1"
    prepared = examples.prepare(anonymous, 3, "USD")
    assert prepared["currency"] == "USD"
    assert Decimal(prepared["total"]) == 20
    assert "taxes" not in prepared["lines"][0]
