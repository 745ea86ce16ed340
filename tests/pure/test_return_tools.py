"""Amounts, policies and deadlines after the sale: pure functions, tried with any input."""

import dataclasses
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from loader import load_tools

load_tools("ecom_aftersales")
from ecom_aftersales_tools import amounts, policy, sla  # noqa: E402

CENT = Decimal("0.01")
ZERO = Decimal(0)


def line(key, quantity, total, kind=amounts.GOODS, taken=0, kit=None):
    return amounts.OrderLine(key, kind, Decimal(quantity), Decimal(total), Decimal(taken), kit)


money = st.integers(min_value=0, max_value=500_000).map(lambda n: Decimal(n) / 100)


@st.composite
def orders(draw):
    lines = [
        line(f"g{i}", draw(st.integers(1, 7)), draw(money), kit=draw(st.sampled_from((None, "k"))))
        for i in range(draw(st.integers(1, 5)))
    ]
    value = sum(entry.total for entry in lines)
    for i in range(draw(st.integers(0, 2))):
        cents = draw(st.integers(0, int(value * 100) // 2))
        lines.append(line(f"d{i}", 1, -Decimal(cents) / 100, amounts.DISCOUNT))
    for i in range(draw(st.integers(0, 2))):
        lines.append(line(f"s{i}", 1, draw(money), amounts.SHIPPING))
    return lines


def taken_lines(lines, taken):
    return [dataclasses.replace(entry, taken=taken.get(entry.key, ZERO)) for entry in lines]


@settings(max_examples=200, deadline=None)
@given(orders(), st.sampled_from(["none", "last", "share", "full"]), st.data())
def test_any_sequence_gives_back_what_was_paid_and_no_more(lines, rule, data):
    goods = {entry.key: entry for entry in lines if entry.kind == amounts.GOODS}
    taken = dict.fromkeys(goods, ZERO)
    given_goods = given_shipping = ZERO
    while any(taken[key] < goods[key].quantity for key in goods):
        wanted = {
            key: Decimal(data.draw(st.integers(0, int(goods[key].quantity - taken[key]))))
            for key in goods
        }
        if not any(wanted.values()):
            wanted = {key: goods[key].quantity - taken[key] for key in goods}
        result = amounts.compute(
            taken_lines(lines, taken), wanted, CENT, rule, shipping_given=given_shipping
        )
        assert result.total == result.goods_total + result.shipping_total
        parts = sum(money for _q, money in result.goods.values())
        assert result.goods_total == parts + sum(result.discounts.values(), ZERO)
        given_goods += result.goods_total
        given_shipping += result.shipping_total
        for key in goods:
            taken[key] += wanted[key]
    shipping = sum(e.total for e in lines if e.kind == amounts.SHIPPING)
    assert given_goods == sum(e.total for e in lines if e.kind != amounts.SHIPPING)
    assert given_shipping == (ZERO if rule == "none" else shipping)


def test_whole_kits_are_rounded_as_one():
    """3 kits for 11.72, each of parts that are worth 3.91 and 7.81: one kit is 3.91, not 1.30 + 2.60."""
    kit = [line("a", 3, "3.91", kit=1), line("b", 6, "7.81", kit=1)]
    one = {"a": Decimal(1), "b": Decimal(2)}
    given = [
        amounts.compute(
            [dataclasses.replace(part, taken=n * one[part.key]) for part in kit], one, CENT
        ).goods_total
        for n in range(3)
    ]
    assert [str(money) for money in given] == ["3.91", "3.90", "3.91"]


def test_free_goods_take_their_shipping_along():
    lines = [line("gift", 2, "0"), line("dhl", 1, "4.90", amounts.SHIPPING)]
    assert amounts.compute(lines, {"gift": Decimal(1)}, CENT, "share").shipping_total == 0
    assert amounts.compute(lines, {"gift": Decimal(2)}, CENT, "share").shipping_total == Decimal(
        "4.9"
    )


@given(money, st.integers(1, 9), st.data())
def test_pieces_one_by_one_are_the_whole(total, quantity, data):
    done, sum_of_parts = 0, ZERO
    while done < quantity:
        now = data.draw(st.integers(1, quantity - done))
        part = amounts.part_of(total, quantity, done, now, CENT)
        assert part >= 0
        sum_of_parts += part
        done += now
    assert sum_of_parts == total


@given(orders(), st.integers(0, 150), money)
def test_fees_never_make_the_buyer_pay(lines, percent, label):
    wanted = {e.key: e.quantity for e in lines if e.kind == amounts.GOODS}
    result = amounts.compute(lines, wanted, CENT, "full", ZERO, Decimal(percent), label)
    assert ZERO <= result.restocking_fee <= max(result.goods_total, ZERO)
    if result.goods_total >= 0:
        assert result.total >= 0


def test_more_than_is_left_is_refused():
    lines = [line("a", 3, "30", taken=2)]
    with pytest.raises(amounts.AmountError, match="2 wanted of 1 left"):
        amounts.compute(lines, {"a": Decimal(2)}, CENT)
    with pytest.raises(amounts.AmountError, match="no goods"):
        amounts.compute([*lines, line("s", 1, "5", amounts.SHIPPING)], {"s": Decimal(1)}, CENT)


def test_example_of_a_discounted_order():
    lines = [
        line("mug", 2, "20"),
        line("lamp", 1, "30"),
        line("code", 1, "-5", amounts.DISCOUNT),
        line("dhl", 1, "4.90", amounts.SHIPPING),
    ]
    one_mug = amounts.compute(lines, {"mug": Decimal(1)}, CENT, "share")
    assert one_mug.by_line == {"mug": Decimal("9.00")}
    assert one_mug.discounts == {"code": Decimal("-1.00")}
    assert one_mug.shipping_total == Decimal("0.98")
    fee = amounts.compute(lines, {"lamp": Decimal(1)}, CENT, "last", ZERO, Decimal(15), Decimal(3))
    assert (fee.restocking_fee, fee.label_fee) == (Decimal("4.05"), Decimal(3))
    assert fee.total == Decimal("19.95")


@given(money, money, money)
def test_cap(amount, paid, refunded):
    result = amounts.cap(amount, paid, refunded)
    assert ZERO <= result <= amount
    assert result == 0 or result + refunded <= paid


@settings(max_examples=200)
@given(st.lists(money, min_size=1, max_size=4), st.data())
def test_credits_sum_up_to_the_invoice(totals, data):
    whole, used = sum(totals), [ZERO] * len(totals)
    for _step in range(data.draw(st.integers(0, 5))):
        left = whole - sum(used)
        amount = Decimal(data.draw(st.integers(0, int(left * 100)))) / 100
        parts = amounts.split_credit(amount, totals, used, CENT)
        assert sum(parts) == amount
        used = [a + b for a, b in zip(used, parts, strict=True)]
    last = amounts.split_credit(whole - sum(used), totals, used, CENT)
    assert [a + b for a, b in zip(used, last, strict=True)] == totals


# --- policies

EU = {
    "name": "EU",
    "countries": {"DE", "FR"},
    "windows": {"return": 14, "exchange": 14, "refund_only": None},
    "auto_approve": True,
    "auto_value_max": 100,
    "max_cases": 2,
}
ANY = {"name": "Any", "windows": {"return": 30}}
FACTS = {
    "resolution": "return",
    "country": "DE",
    "value": 50,
    "cases": 0,
    "shipped": True,
    "days": 3,
}


@pytest.mark.parametrize(
    "change, name, allowed, automatic, reason",
    [
        ({}, "EU", True, True, "in_time"),
        ({"days": 14}, "EU", True, True, "in_time"),
        ({"days": 15}, "EU", False, False, "too_late"),
        ({"days": None}, "EU", True, True, "not_delivered"),
        (
            {"shipped": False, "days": None, "resolution": "refund_only"},
            "EU",
            True,
            True,
            "not_shipped",
        ),
        ({"resolution": "refund_only"}, "EU", False, False, "not_offered"),
        ({"value": 101}, "EU", True, False, "too_dear"),
        ({"cases": 2}, "EU", False, False, "too_many"),
        ({"country": "US", "days": 30}, "Any", True, False, "in_time"),
    ],
)
def test_policy(change, name, allowed, automatic, reason):
    verdict = policy.decide([EU, ANY], {**FACTS, **change})
    assert (verdict.policy["name"], verdict.allowed, verdict.automatic) == (
        name,
        allowed,
        automatic,
    )
    assert verdict.reasons[-1][0] == reason
    assert verdict.rejected == ([("EU", "countries")] if name == "Any" else [])


def test_no_policy_fits():
    verdict = policy.decide([EU], {**FACTS, "country": "US"})
    assert not verdict.allowed and verdict.policy is None
    assert verdict.reasons == [("no_policy", {})]


@pytest.mark.parametrize(
    "key, value, fact, good, bad",
    [
        ("reasons", {"defect"}, "reason", "defect", "other"),
        ("product_tags", {1, 2}, "product_tags", {2, 3}, {3}),
        ("partner_tags", {9}, "partner_tags", {9}, set()),
        ("channels", {5}, "channel", 5, 6),
        ("value_min", 10, "value", 10, 9),
        ("value_max", 10, "value", 10, 11),
    ],
)
def test_conditions(key, value, fact, good, bad):
    assert policy.fits({key: value}, {fact: good}) is None
    assert policy.fits({key: value}, {fact: bad}) == key


# --- deadlines

OFFICE = dict.fromkeys(range(5), (9, 17))
FRIDAY = datetime(2026, 3, 6, 15)


def test_around_the_clock_counts_weekends():
    assert sla.deadline(FRIDAY, 24) == datetime(2026, 3, 7, 15)


def test_office_hours_skip_nights_and_weekends():
    assert sla.deadline(FRIDAY, 4, OFFICE) == datetime(2026, 3, 9, 11)
    assert sla.deadline(FRIDAY, 4, OFFICE, "Europe/Berlin") == datetime(2026, 3, 9, 11)
    assert sla.deadline(datetime(2026, 3, 7, 3), 1, OFFICE) == datetime(2026, 3, 9, 10)


def test_clocks_that_change():
    # Germany goes to summer time on 29 March 2026; an office day has eight hours all the same.
    friday = datetime(2026, 3, 27, 15)  # 16:00 in Berlin
    assert sla.deadline(friday, 2, OFFICE, "Europe/Berlin") == datetime(2026, 3, 30, 8)


def test_pauses():
    hour = timedelta(hours=1)
    pause = (FRIDAY + hour, FRIDAY + 3 * hour)
    assert sla.deadline(FRIDAY, 2, pauses=[pause]) == FRIDAY + 4 * hour
    assert sla.deadline(FRIDAY, 2, pauses=[(FRIDAY, None)]) is None
    assert sla.deadline(FRIDAY, 2, {}) is None


@given(
    st.floats(0.1, 100), st.lists(st.tuples(st.integers(0, 200), st.integers(0, 50)), max_size=4)
)
def test_a_pause_never_brings_a_deadline_forward(allowed, pauses):
    stops = [
        (FRIDAY + timedelta(hours=a), FRIDAY + timedelta(hours=a + length)) for a, length in pauses
    ]
    assert sla.deadline(FRIDAY, allowed, OFFICE, pauses=stops) >= sla.deadline(
        FRIDAY, allowed, OFFICE
    )


def at(hour):
    return FRIDAY + timedelta(hours=hour)


def test_what_restarts_and_stops_the_clock():
    assert sla.running_pauses([(at(0), "buyer"), (at(1), "auto")]) == (at(0), [])
    assert sla.running_pauses([(at(0), "buyer"), (at(1), "answer")]) == (None, [])
    assert sla.running_pauses([(at(0), "buyer"), (at(1), "no_answer"), (at(2), "buyer")]) == (
        at(2),
        [],
    )
    assert sla.running_pauses([(at(0), "buyer"), (at(1), "wait")]) == (at(0), [(at(1), None)])
    assert sla.running_pauses([(at(0), "buyer"), (at(1), "wait"), (at(3), "resume")]) == (
        at(0),
        [(at(1), at(3))],
    )
    assert sla.running_pauses([(at(0), "buyer"), (at(1), "wait"), (at(3), "buyer")]) == (
        at(0),
        [(at(1), at(3))],
    )
