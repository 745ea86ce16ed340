"""Splitting: nothing is lost, floors hold, shares are exact."""

import importlib
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from loader import load_tools

load_tools("ecom_order_mgmt")
splitting = importlib.import_module("ecom_order_mgmt_tools.splitting")
Limits, Piece = splitting.Limits, splitting.Piece


def piece(key, quantity=1, value=10, weight=1, **vals):
    return Piece(key, Decimal(quantity), Decimal(value), Decimal(weight), **vals)


def keys(split):
    return [[p.key for p in part] for part in split.parts]


def test_frozen_goods_travel_alone():
    goods = [piece("ice", labels={"class": "frozen"}), piece("book"), piece("pen")]
    assert keys(splitting.split([goods], Limits(("class",)))) == [["book", "pen"], ["ice"]]


def test_strategies_in_order():
    goods = [
        piece("ice", labels={"class": "frozen", "date": "2"}),
        piece("book", labels={"date": "1"}),
        piece("pen", labels={"date": "2"}),
    ]
    found = splitting.split([goods], Limits(("class", "date")))
    assert keys(found) == [["book"], ["pen"], ["ice"]]
    found = splitting.split([goods], Limits(("class", "date"), max_parts=2))
    assert keys(found) == [["book", "pen"], ["ice"]]
    assert found.notes == [("class", "done"), ("date", "3 parts are more than 2")]


def test_floor_of_every_part():
    goods = [piece("ice", value=3, labels={"class": "frozen"}), piece("book", value=50)]
    found = splitting.split([goods], Limits(("class",), floor=Decimal(5)))
    assert keys(found) == [["ice", "book"]]
    assert "worth 3.00" in found.notes[0][1]


def test_gift_goes_along():
    goods = [piece("gift", value=0, gift=True, labels={"class": "x"}), piece("book"), piece("pen")]
    assert keys(splitting.split([goods], Limits(("class",)))) == [["gift", "book", "pen"]]
    goods.append(piece("ice", value=90, labels={"class": "frozen"}))
    assert keys(splitting.split([goods], Limits(("class",)))) == [["book", "pen"], ["ice", "gift"]]


def test_weight_splits_inside_a_line():
    found = splitting.split([[piece("sack", 7, 70, 70)]], Limits(max_weight=Decimal(30)))
    assert [[p.quantity for p in part] for part in found.parts] == [[3], [3], [1]]
    assert sum(p.value for part in found.parts for p in part) == 70


def test_one_too_heavy_piece_goes_alone():
    found = splitting.split(
        [[piece("piano", weight=300), piece("pen")]], Limits(max_weight=Decimal(30))
    )
    assert keys(found) == [["piano"], ["pen"]]


def test_set_is_kept_together():
    goods = [
        piece("a", weight=20, together="set"),
        piece("b", weight=20, together="set"),
        piece("c"),
    ]
    found = splitting.split([goods], Limits(max_weight=Decimal(30)))
    assert keys(found) == [["a", "b"], ["c"]]


def test_shares_are_exact():
    assert splitting.shares(Decimal("0.01"), [Decimal(1), Decimal(9)]) == [0, Decimal("0.01")]
    assert sum(splitting.shares(Decimal("-7.77"), [Decimal(1), Decimal(2)])) == Decimal("-7.77")
    assert splitting.shares(Decimal(5), [Decimal(0), Decimal(0)]) == [Decimal("2.50")] * 2
    assert splitting.shares(Decimal(5), []) == []


pieces = st.builds(
    Piece,
    key=st.integers(),
    quantity=st.integers(1, 9).map(Decimal),
    value=st.decimals(0, 500, places=2),
    weight=st.decimals(0, 40, places=1),
    gift=st.booleans(),
    labels=st.dictionaries(st.sampled_from(["class", "date"]), st.sampled_from("xy")),
    together=st.one_of(st.none(), st.sampled_from("pq")),
    alone=st.booleans(),
    per_parcel=st.sampled_from([0, 0, 2, 5]),
)
limits = st.builds(
    Limits,
    strategies=st.sampled_from([(), ("class",), ("date", "class")]),
    max_weight=st.one_of(st.none(), st.integers(1, 50).map(Decimal)),
    max_items=st.one_of(st.none(), st.integers(1, 5).map(Decimal)),
    floor=st.one_of(st.none(), st.integers(1, 100).map(Decimal)),
    max_parts=st.integers(1, 6),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(pieces, min_size=1, max_size=6, unique_by=lambda p: p.key), limits)
def test_nothing_is_lost_and_floors_hold(goods, limit):
    parts = splitting.split([goods], limit).parts
    for one in goods:
        found = [p for part in parts for p in part if p.key == one.key]
        assert sum(p.quantity for p in found) == one.quantity
        assert abs(sum(p.value for p in found) - one.value) < Decimal("0.000001")
        assert all(p.quantity == int(p.quantity) and p.quantity > 0 for p in found)
    assert len(parts) <= limit.max_parts
    if len(parts) > 1:
        assert not any(all(p.gift for p in part) for part in parts) or all(p.gift for p in goods)
        if limit.floor:
            assert min(sum(p.value for p in part) for part in parts) >= limit.floor


@given(
    st.decimals(-1000, 1000, places=2),
    st.lists(st.decimals(0, 100, places=2), min_size=1, max_size=6),
)
def test_shares_add_up(total, weights):
    assert sum(splitting.shares(total, weights)) == total


def test_goods_stay_in_their_warehouse():
    north = [piece("a"), piece("gift", value=0, gift=True, labels={"class": "x"})]
    south = [piece("ice", labels={"class": "frozen"}), piece("b", value=99)]
    found = splitting.split([north, south], Limits(("class",)))
    assert keys(found) == [["a", "gift"], ["b"], ["ice"]]
    assert found.origins == [0, 1, 1]


def test_limits_count_over_all_warehouses():
    groups = [[piece("a", 3)], [piece("b", 3)]]
    found = splitting.split(groups, Limits(max_items=Decimal(1), max_parts=5))
    assert keys(found) == [["a"], ["b"]]
    assert "6 parts are more than 5" in found.notes[0][1]


def test_alone():
    goods = [piece("lamp", 2, alone=True), piece("pen")]
    found = splitting.split([goods], Limits(("alone",)))
    assert keys(found) == [["pen"], ["lamp"], ["lamp"]]
    assert keys(splitting.split([goods], Limits(("alone",), max_parts=2))) == [["lamp", "pen"]]


def test_so_many_per_parcel():
    goods = [piece("cup", 14, per_parcel=6), piece("pen")]
    found = splitting.split([goods], Limits(("alone",)))
    quantities = [[(p.key, p.quantity) for p in part] for part in found.parts]
    assert quantities == [[("cup", 2), ("pen", 1)], [("cup", 6)], [("cup", 6)]]
    few = splitting.split([[piece("cup", 6, per_parcel=6)]], Limits(("alone",)))
    assert keys(few) == [["cup"]]
    tied = [piece("cup", 9, per_parcel=6, together="set"), piece("pen", together="set")]
    assert keys(splitting.split([tied], Limits(("alone",)))) == [["cup", "pen"]]


def test_a_set_goes_where_its_dearest_piece_goes():
    goods = [
        piece("ice", value=50, labels={"class": "frozen"}, together="set"),
        piece("box", value=1, together="set"),
        piece("pen"),
    ]
    assert keys(splitting.split([goods], Limits(("class",)))) == [["pen"], ["ice", "box"]]


groups = st.lists(st.lists(pieces, min_size=1, max_size=4), min_size=1, max_size=3).map(
    lambda found: [
        [splitting.replace(p, key=(i, j)) for j, p in enumerate(group)]
        for i, group in enumerate(found)
    ]
)
all_limits = st.builds(
    Limits,
    strategies=st.lists(st.sampled_from(["class", "date", "alone"]), unique=True, max_size=3).map(
        tuple
    ),
    max_weight=st.one_of(st.none(), st.integers(1, 50).map(Decimal)),
    max_value=st.one_of(st.none(), st.integers(1, 300).map(Decimal)),
    max_items=st.one_of(st.none(), st.integers(1, 5).map(Decimal)),
    floor=st.one_of(st.none(), st.integers(1, 100).map(Decimal)),
    max_parts=st.integers(1, 5),
)


@settings(max_examples=400, deadline=None)
@given(groups, all_limits)
def test_several_warehouses(found, limit):
    result = splitting.split(found, limit)
    assert len(result.parts) == len(result.origins)
    # Every part holds goods of one warehouse only, and all of them are there.
    for index, group in enumerate(found):
        mine = [
            p
            for part, o in zip(result.parts, result.origins, strict=True)
            if o == index
            for p in part
        ]
        for one in group:
            again = [p for p in mine if p.key == one.key]
            assert sum(p.quantity for p in again) == one.quantity
            assert abs(sum(p.value for p in again) - one.value) < Decimal("0.000001")
    # The warehouses are given; beyond them nothing is parted against a floor.
    assert len(result.parts) <= max(limit.max_parts, len(found))
    if len(result.parts) > len(found):
        if limit.floor:
            assert min(sum(p.value for p in part) for part in result.parts) >= limit.floor
        for index, group in enumerate(found):
            parts = [p for p, o in zip(result.parts, result.origins, strict=True) if o == index]
            if not all(p.gift for p in group):
                assert not any(all(p.gift for p in part) for part in parts)
    # A set is in one parcel of its warehouse.
    for index, group in enumerate(found):
        for name in {p.together for p in group if p.together}:
            holders = [
                part
                for part, o in zip(result.parts, result.origins, strict=True)
                if o == index and any(p.together == name and not p.gift for p in part)
            ]
            assert len(holders) <= 1


@settings(max_examples=200, deadline=None)
@given(
    st.decimals("0.01", 50, places=2),
    st.decimals("0.1", 20, places=1),
    st.integers(1, 30).map(Decimal),
)
def test_goods_sold_by_the_fraction(quantity, weight, limit):
    cloth = Piece("cloth", quantity, Decimal(7), quantity * weight, whole=False)
    parts = splitting.split([[cloth]], Limits(max_weight=limit, max_parts=10**6)).parts
    assert sum(p.quantity for part in parts for p in part) == quantity
    assert sum(p.value for part in parts for p in part) == pytest.approx(Decimal(7))
    assert all(p.quantity > 0 for part in parts for p in part)
    if limit >= weight * splitting.SMALLEST * 2:
        assert all(sum(p.weight for p in part) <= limit + Decimal("0.0001") for part in parts)
