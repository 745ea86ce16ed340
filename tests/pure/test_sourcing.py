"""Sourcing: against a brute-force search, and what must hold for any order."""

import importlib
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from loader import load_tools

load_tools("ecom_order_mgmt")
centroids = importlib.import_module("ecom_order_mgmt_tools.centroids")
sourcing = importlib.import_module("ecom_order_mgmt_tools.sourcing")
Candidate, Line = sourcing.Candidate, sourcing.Line

WEIGHTS = {"cost": 1, "distance": 1, "rank": 1}


def places(*stocks, **facts):
    return [
        Candidate(i, f"W{i}", dict(stock), facts={k: v[i] for k, v in facts.items()})
        for i, stock in enumerate(stocks)
    ]


def line(key, quantity, **parts):
    return Line(key, quantity, parts or {key: 1})


def test_one_place_before_two():
    candidates = places({"a": 5}, {"b": 5}, {"a": 5, "b": 5}, distance=[1, 1, 999])
    plan = sourcing.choose(
        [line("a", 1), line("b", 1)], sourcing.rate(candidates, WEIGHTS), max_parts=3
    )
    assert [(c.key, q) for c, q in plan.parts] == [(2, {"a": 1, "b": 1})]


def test_the_nearer_of_two():
    candidates = places({"a": 5}, {"a": 5}, distance=[700, 20])
    plan = sourcing.choose([line("a", 1)], sourcing.rate(candidates, WEIGHTS))
    assert plan.parts[0][0].key == 1


def test_unknown_distance_counts_as_far():
    candidates = places({"a": 5}, {"a": 5}, {"a": 5}, distance=[None, 700, 20])
    assert [c.key for c in sourcing.rate(candidates, {"distance": 1})] == [2, 1, 0]


def test_more_capacity_is_better():
    candidates = places({}, {}, capacity=[1, 9])
    assert [c.key for c in sourcing.rate(candidates, {"capacity": 1})] == [1, 0]


def test_refused_places_are_out():
    candidates = places({"a": 5}, {"a": 5})
    candidates[0].refused = "closed"
    plan = sourcing.choose([line("a", 1)], sourcing.rate(candidates, WEIGHTS))
    assert plan.parts[0][0].key == 1


def test_two_parts_only_where_allowed():
    candidates = sourcing.rate(places({"a": 1}, {"b": 1}), WEIGHTS)
    lines = [line("a", 1), line("b", 1)]
    assert sourcing.choose(lines, candidates, max_parts=1) is None
    assert len(sourcing.choose(lines, candidates, max_parts=2).parts) == 2


def test_inside_a_line_only_where_allowed():
    candidates = sourcing.rate(places({"a": 2}, {"a": 2}), WEIGHTS)
    lines = [line("a", 3)]
    assert sourcing.choose(lines, candidates, max_parts=2, split_lines=False) is None
    plan = sourcing.choose(lines, candidates, max_parts=2)
    assert sorted(q["a"] for _c, q in plan.parts) == [1, 2]


def test_a_kit_stays_together():
    """One shelf has the cups, the other the saucers: no set can be sent."""
    candidates = sourcing.rate(places({"cup": 9}, {"saucer": 9}), WEIGHTS)
    assert sourcing.choose([line("set", 1, cup=1, saucer=1)], candidates, max_parts=2) is None
    candidates = sourcing.rate(places({"cup": 9}, {"saucer": 9, "cup": 2}), WEIGHTS)
    plan = sourcing.choose([line("set", 2, cup=1, saucer=1)], candidates, max_parts=2)
    assert [(c.key, q) for c, q in plan.parts] == [(1, {"set": 2})]


def test_no_more_than_the_bound():
    many = places(*[{"a": 1} for _i in range(30)])
    plan = sourcing.choose([line("a", 5)], sourcing.rate(many, WEIGHTS), 5, max_combinations=50)
    assert plan.bounded
    assert plan.tried <= 51
    assert sum(q["a"] for _c, q in plan.parts) == 5
    ticks = iter(range(10**6))
    plan = sourcing.choose(
        [line("a", 5)], sourcing.rate(many, WEIGHTS), 5, clock=lambda: next(ticks) / 100
    )
    assert plan.bounded
    assert plan.tried < 25


def test_use_lowers_what_is_free():
    candidates = sourcing.rate(places({"a": 3}), WEIGHTS)
    lines = [line("a", 2)]
    sourcing.use(sourcing.choose(lines, candidates), lines)
    assert candidates[0].free == {"a": 1}
    assert sourcing.choose(lines, candidates) is None


stocks = st.lists(
    st.dictionaries(st.sampled_from("abc"), st.integers(0, 4), max_size=3), min_size=1, max_size=5
)
orders = st.lists(
    st.tuples(
        st.integers(1, 4),
        st.dictionaries(st.sampled_from("abc"), st.integers(1, 2), min_size=1, max_size=2),
    ),
    min_size=1,
    max_size=3,
)


def possible(lines, group):
    """Brute force: any way to give out the units of every line over the places of a group."""

    def give(index, free):
        if index == len(lines):
            return True
        current = lines[index]

        def spread(left, place, stock):
            if left == 0:
                return give(index + 1, stock)
            if place == len(stock):
                return False
            most = min(
                [left] + [int(stock[place].get(p, 0) // q) for p, q in current.parts.items()]
            )
            for units in range(most, -1, -1):
                lower = [dict(s) for s in stock]
                for product, quantity in current.parts.items():
                    lower[place][product] = lower[place].get(product, 0) - quantity * units
                if spread(left - units, place + 1, lower):
                    return True
            return False

        return spread(int(current.quantity), 0, free)

    return give(0, [dict(c.free) for c in group])


@settings(max_examples=300, deadline=None)
@given(stocks, orders, st.integers(1, 3))
def test_any_order(stock, order, max_parts):
    candidates = sourcing.rate(places(*stock, rank=list(range(len(stock)))), {"rank": 1})
    lines = [Line(i, quantity, parts) for i, (quantity, parts) in enumerate(order)]
    plan = sourcing.choose(lines, candidates, max_parts)
    if plan is None:
        return
    assert len(plan.parts) <= max_parts
    for current in lines:
        given_out = sum(q.get(current.key, 0) for _c, q in plan.parts)
        assert given_out == pytest.approx(current.quantity)
    sourcing.use(plan, lines)
    for candidate in candidates:
        assert all(left > -1e-6 for left in candidate.free.values())


@settings(max_examples=200, deadline=None)
@given(
    stocks,
    st.lists(
        st.tuples(st.integers(1, 4), st.sampled_from("abc")),
        min_size=1,
        max_size=3,
        unique_by=lambda item: item[1],
    ),
)
def test_never_more_parts_than_brute_force(stock, order):
    """Orders without kits: filling them is exact, so the fewest parts are found."""
    candidates = sourcing.rate(places(*stock, rank=list(range(len(stock)))), {"rank": 1})
    lines = [Line(product, quantity, {product: 1}) for quantity, product in order]
    plan = sourcing.choose(lines, candidates, max_parts=5)
    fewest = next(
        (
            size
            for size in range(1, len(candidates) + 1)
            if any(possible(lines, group) for group in combinations(candidates, size))
        ),
        None,
    )
    assert (len(plan.parts) if plan else None) == fewest


def test_places_of_the_world():
    berlin, munich = centroids.locate("DE", None, "10115"), centroids.locate("DE", None, "80331")
    assert 400 < centroids.distance(berlin, munich) < 700
    assert centroids.locate("US", "CA", "94000") != centroids.locate("US", "NY")
    assert centroids.locate("XX") is None
    assert centroids.locate(None) is None
    assert centroids.distance(None, berlin) is None
    assert centroids.distance(berlin, berlin) == 0
    for latitude, longitude in centroids._PLACES.values():
        assert -60 < latitude < 75
        assert -180 <= longitude <= 180


# === SETS AND GIFTS === #


def test_a_set_comes_from_one_place():
    lines = [line("cup", 2), line("pot", 1), line("pen", 1)]
    together = {"cup": "tea", "pot": "tea"}
    tied = sourcing.bundle(lines, together)
    assert sorted(one.quantity for one in tied) == [1, 1]
    candidates = sourcing.rate(places({"cup": 2, "pen": 1}, {"pot": 1}), WEIGHTS)
    assert sourcing.choose(tied, candidates, max_parts=3) is None
    candidates = sourcing.rate(places({"pen": 1}, {"cup": 2, "pot": 1}), WEIGHTS)
    plan = sourcing.choose(tied, candidates, max_parts=3)
    found = {c.key: sourcing.unbundle(q, tied) for c, q in plan.parts}
    assert found == {0: {"pen": 1}, 1: {"cup": 2, "pot": 1}}


def test_a_gift_comes_along():
    goods, gift = line("a", 1), Line("g", 1, {"g": 1}, gift=True)
    candidates = sourcing.rate(places({"a": 1}, {"g": 1}), WEIGHTS)
    assert sourcing.choose([goods, gift], candidates, max_parts=3) is None
    candidates = sourcing.rate(places({"a": 1}, {"g": 1}, {"a": 1, "g": 1}), WEIGHTS)
    assert len(sourcing.choose([goods, gift], candidates, max_parts=3).parts) == 1


def test_parts_that_are_not_accepted():
    candidates = sourcing.rate(places({"a": 1}, {"b": 1}, {"a": 1, "b": 1}), WEIGHTS)
    lines = [line("a", 1), line("b", 1)]
    assert sourcing.choose(lines, candidates, 2, accept=lambda _taken: False).parts[0][0].key == 2
    assert sourcing.choose(lines, candidates[:2], 2, accept=lambda _taken: False) is None


tied_orders = st.lists(
    st.tuples(
        st.integers(1, 3),
        st.sampled_from("abc"),
        st.booleans(),
        st.one_of(st.none(), st.sampled_from("xy")),
    ),
    min_size=1,
    max_size=3,
    unique_by=lambda item: item[1],
)


@settings(max_examples=300, deadline=None)
@given(stocks, tied_orders, st.integers(1, 5))
def test_sets_and_gifts_of_any_order(stock, order, max_parts):
    candidates = sourcing.rate(places(*stock, rank=list(range(len(stock)))), {"rank": 1})
    lines = [Line(p, q, {p: 1}, gift=gift) for q, p, gift, _name in order]
    together = {p: name for _q, p, _gift, name in order if name}
    tied = sourcing.bundle(lines, together)
    plan = sourcing.choose(tied, candidates, max_parts)
    if plan is None:
        # Never held without need: no single place has all of it.
        assert not any(possible(lines, [c]) for c in candidates)
        return
    parts = [sourcing.unbundle(quantities, tied) for _c, quantities in plan.parts]
    assert len(parts) <= max_parts
    for one in lines:
        assert sum(part.get(one.key, 0) for part in parts) == one.quantity
    for name in set(together.values()):
        members = {p for p, n in together.items() if n == name}
        if len(members) > 1:
            assert sum(bool(members & part.keys()) for part in parts) == 1
    gifts = {one.key for one in lines if one.gift}
    if gifts != {one.key for one in lines}:
        assert not any(part.keys() <= gifts for part in parts)
    sourcing.use(plan, tied)
    assert all(left > -1e-6 for c in candidates for left in c.free.values())


def brute_force(lines, together, candidates, max_parts):
    """:return: fewest places that deliver everything with sets in one place and no gift alone"""
    goods = [one for one in lines if not one.gift]

    def give(index, free, used):
        if index == len(lines):
            places_of_goods = {p for one in goods or lines for p in used[one.key]}
            return all(set(used[one.key]) <= places_of_goods for one in lines) and all(
                len({p for one in lines if together.get(one.key) == name for p in used[one.key]})
                == 1
                for name in set(together.values())
                if sum(together.get(one.key) == name for one in lines) > 1
            )
        current = lines[index]

        def spread(left, where, stock, mine):
            if left == 0:
                return give(index + 1, stock, {**used, current.key: mine})
            if where == len(stock):
                return False
            for units in range(min(left, max(stock[where].get(current.key, 0), 0)), -1, -1):
                lower = [dict(s) for s in stock]
                lower[where][current.key] = lower[where].get(current.key, 0) - units
                if spread(left - units, where + 1, lower, mine + [where] * bool(units)):
                    return True
            return False

        return spread(current.quantity, 0, free, [])

    for size in range(1, min(max_parts, len(candidates)) + 1):
        for group in combinations(candidates, size):
            if give(0, [dict(c.free) for c in group], {}):
                return size
    return None


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.dictionaries(st.sampled_from("abc"), st.integers(0, 3), max_size=3),
        min_size=1,
        max_size=4,
    ),
    tied_orders,
)
def test_sets_never_in_more_parts_than_brute_force(stock, order):
    candidates = sourcing.rate(places(*stock, rank=list(range(len(stock)))), {"rank": 1})
    lines = [Line(p, q, {p: 1}) for q, p, _gift, _name in order]
    together = {p: name for _q, p, _gift, name in order if name}
    plan = sourcing.choose(sourcing.bundle(lines, together), candidates, 5)
    assert (len(plan.parts) if plan else None) == brute_force(lines, together, candidates, 5)
