"""Where the rest comes from: nothing is taken that is not there, every line is complete."""

import importlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from loader import load_tools

load_tools("ecom_order_mgmt")
sourcing = importlib.import_module("ecom_order_mgmt_tools.sourcing")
supply = importlib.import_module("ecom_order_mgmt_tools.supply")
Candidate, Line = sourcing.Candidate, sourcing.Line


def place(key, score=0.0, **free):
    return Candidate(key, key, dict(free), score=score)


def line(key, quantity, **parts):
    return Line(key, quantity, parts or {key: 1})


def test_own_shelves_then_the_nearest_sister():
    found = supply.gather([line("a", 5)], place("T", a=2), [place("N", a=1), place("F", a=9)])
    # One sister that has all the rest goes before two that have it together.
    assert found.pieces == {"a": [("stock", "T", 2), ("transfer", "F", 3)]}


def test_the_sister_that_comes_anyway():
    sisters = [place("N", b=1), place("F", a=9, b=9)]
    found = supply.gather([line("a", 1), line("b", 1)], place("T"), sisters)
    assert found.pieces == {"a": [("transfer", "F", 1)], "b": [("transfer", "F", 1)]}


def test_what_is_left_is_bought():
    found = supply.gather([line("a", 5)], place("T", a=1), [place("N", a=1)], {"a"})
    assert found.pieces == {"a": [("stock", "T", 1), ("transfer", "N", 1), ("buy", None, 3)]}
    assert supply.gather([line("a", 5)], place("T", a=1), [place("N", a=1)]) is None


def test_a_dropshipped_line_comes_whole():
    lines = [line("a", 5), line("b", 1, a=1)]
    found = supply.gather(lines, place("T", a=2), (), {"a"}, supply.DROPSHIP)
    assert found.pieces == {"a": [("dropship", None, 5)], "b": [("stock", "T", 1)]}


def test_the_place_where_least_is_moved():
    places = [place("A", 0.1, a=1), place("B", 0.9, a=2)]
    sisters = {"A": [places[1]], "B": [places[0]]}
    found = supply.choose([line("a", 3)], places, lambda c: sisters[c.key], lambda _c: frozenset())
    assert found.target.key == "B"


def test_spread_over_parcels():
    parts = [("p0", 2), ("p1", 3)]
    pieces = [("stock", "T", 1), ("transfer", "N", 4)]
    assert supply.spread(parts, pieces) == [
        ("p0", "stock", "T", 1),
        ("p0", "transfer", "N", 1),
        ("p1", "transfer", "N", 3),
    ]


stocks = st.lists(
    st.dictionaries(st.sampled_from("abc"), st.integers(-1, 5), max_size=3), min_size=1, max_size=5
)
orders = st.lists(
    st.tuples(
        st.integers(1, 5),
        st.dictionaries(st.sampled_from("abc"), st.integers(1, 2), min_size=1, max_size=2),
    ),
    min_size=1,
    max_size=4,
)


@settings(max_examples=300, deadline=None)
@given(stocks, orders, st.sets(st.integers(0, 3)), st.sampled_from([supply.BUY, supply.DROPSHIP]))
def test_complete_and_nothing_from_nowhere(stock, order, buyable, how):
    places = [place(i, float(i), **free) for i, free in enumerate(stock)]
    lines = [Line(i, quantity, parts) for i, (quantity, parts) in enumerate(order)]
    found = supply.choose(
        lines, places, lambda c: [p for p in places if p is not c], lambda _c: buyable, how
    )
    if found is None:
        assert len(buyable & {one.key for one in lines}) < len(lines)
        return
    before = {p.key: {k: max(v, 0) for k, v in p.free.items()} for p in places}
    supply.use(found, lines, {p.key: p.free for p in places})
    taken = {p.key: dict.fromkeys(before[p.key], 0) for p in places}
    for one in lines:
        pieces = found.pieces[one.key]
        assert sum(q for _k, _p, q in pieces) == pytest.approx(one.quantity)
        assert all(q > 0 and q == int(q) for _k, _p, q in pieces)
        assert {p for k, p, _q in pieces if k == "stock"} <= {found.target.key}
        assert all(one.key in buyable for k, _p, _q in pieces if k == how)
        if how == supply.DROPSHIP and any(k == how for k, _p, _q in pieces):
            assert len(pieces) == 1
        for _kind, where, quantity in pieces:
            if where is not None:
                for product, each in one.parts.items():
                    taken[where][product] = taken[where].get(product, 0) + each * quantity
    for key, products in taken.items():
        for product, quantity in products.items():
            assert quantity <= before[key].get(product, 0) + 1e-6


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.integers(1, 6), min_size=1, max_size=4),
    st.lists(st.tuples(st.sampled_from(["stock", "transfer", "buy"]), st.integers(1, 5)), min_size=1, max_size=4),
)  # fmt: skip
def test_spread_keeps_the_sums(parcels, kinds):
    total = min(sum(parcels), sum(q for _k, q in kinds))
    # Both describe the same goods.
    parts, left = [], total
    for index, quantity in enumerate(parcels):
        if left > 0:
            parts.append((index, min(quantity, left)))
            left -= parts[-1][1]
    pieces, left = [], total
    for index, (kind, quantity) in enumerate(kinds):
        if left > 0:
            pieces.append((kind, index, min(quantity, left)))
            left -= pieces[-1][2]
    found = supply.spread(parts, pieces)
    for parcel, quantity in parts:
        assert sum(q for p, _k, _w, q in found if p == parcel) == quantity
    for kind, where, quantity in pieces:
        assert sum(q for _p, k, w, q in found if (k, w) == (kind, where)) == quantity
