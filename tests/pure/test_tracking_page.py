"""The parts of the buyer's page that need no Odoo: map, places, what is hidden, rate limit."""

import importlib
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.pure.loader import load_tools

load_tools("ecom_order_mgmt")
places = importlib.import_module("ecom_order_mgmt_tools.places")
route_map = importlib.import_module("ecom_order_mgmt_tools.route_map")
public = importlib.import_module("ecom_order_mgmt_tools.public_text")
rate_limit = importlib.import_module("ecom_order_mgmt_tools.rate_limit")


@pytest.mark.parametrize(
    ("city", "country", "expected"),
    [
        ("BERLIN", "DE", ((52.5, 13.4), True)),
        ("München", "DE", ((51.2, 10.4), False)),
        ("深圳市", "CN", ((22.5, 114.1), True)),
        ("New York", "", ((40.7, -74.0), True)),
        ("Kuhdorf", "DE", ((51.2, 10.4), False)),
        ("Atlantis", "", (None, False)),
        ("Birmingham", "US", ((39.5, -98.5), False)),
    ],
)
def test_locate(city, country, expected):
    assert places.locate(city, country) == expected


def test_places_are_on_earth():
    assert len(places.CITIES) > 200
    for latitude, longitude in [*places.CITIES.values(), *places.COUNTRIES.values()]:
        assert -60 < latitude < 75 and -180 <= longitude <= 180


STOPS = st.lists(
    st.builds(
        route_map.Stop,
        st.text(max_size=12),
        st.one_of(st.none(), st.floats(-70, 70)),
        st.floats(-180, 180),
    ),
    max_size=8,
)


@given(STOPS)
def test_map_stays_on_the_paper(stops):
    drawing = route_map.draw(stops)
    if drawing is None:
        assert len({s[1:] for s in stops if s.latitude is not None}) < 2
        return
    for point in drawing["points"]:
        assert -1 <= point["x"] <= drawing["width"] + 1
        assert -1 <= point["y"] <= drawing["height"] + 1
    assert sum(point["last"] for point in drawing["points"]) == 1


def test_map():
    berlin, leipzig, paris = (
        route_map.Stop(name, *places.locate(name, country)[0])
        for name, country in (("Berlin", "DE"), ("Leipzig", "DE"), ("Paris", "FR"))
    )
    drawing = route_map.draw([berlin, berlin, leipzig, paris])
    assert [point["label"] for point in drawing["points"]] == ["Berlin", "Leipzig", "Paris"]
    assert len(drawing["lines"]) == 2
    assert drawing["points"][0]["x"] > drawing["points"][2]["x"], "Paris is west of Berlin"
    assert route_map.draw([berlin, berlin]) is None


@pytest.mark.parametrize(
    ("text", "gone", "stays"),
    [
        ("Delivered, signed by: J SMITH", "SMITH", "Delivered"),
        (
            "您的快件已签收,签收人：保安室21，如有疑问请电联快递员：刘**【166****1498】。",
            "保安室",
            "已签收",
        ),
        ("快递员 刘**166****1498 正在为您派件", "1498", ""),
        ("Call +49 30 123456-78 to arrange", "123456", "Call"),
        ("Ask ada@example.com", "ada@", "Ask"),
        ("Left for Ada Lovelace at Long Street 1", "Lovelace", "Left for"),
        ("Left for Ada Lovelace at LONG STREET 1", "STREET", "Left for"),
        ("Arrived 2026-03-01", "xx", "Arrived"),
    ],
)
def test_public_text(text, gone, stays):
    shown = public.public_text(text, public.secrets_of("Ada Lovelace", "Long Street 1"))
    assert gone not in shown
    assert stays in shown


def test_rate_limit():
    limit = rate_limit.RateLimit(burst=3, per_second=1)
    assert [limit.take("a", 0) for _ in range(4)] == [0, 0, 0, 1]
    assert limit.take("b", 0) == 0
    assert limit.take("a", 1) == 0
    assert limit.take("a", 1) > 0
    limit.charge("c", 1, 2)
    assert (limit.take("c", 1), limit.take("c", 1)) == (0, 1)
    limit.charge("c", 1, 99)
    assert limit.take("c", 1) == 4


def test_rate_limit_forgets_whom_it_saw_long_ago():
    limit = rate_limit.RateLimit(burst=1, per_second=0.001, rows=1)
    for number in range(rate_limit.WAYS):
        assert limit.take(number, number) == 0
    assert limit.take(0, 10) > 0, "remembered still"
    assert limit.take("new", 11) == 0
    # Number 1 was not seen for longest.
    assert limit.take(1, 12) == 0
    assert limit.take(0, 13) > 0
    limit.reset()
    assert limit.take(0, 14) == 0


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 3), st.integers(1, 5))))
def test_nobody_gets_more_than_the_limit(steps):
    limit = rate_limit.RateLimit(burst=5, per_second=1)
    now, passed = 0, {"a": 0, "b": 0}
    for caller, later, cost in steps:
        now += later
        if not limit.take(caller, now, cost):
            passed[caller] += cost
        assert passed[caller] <= 5 + now


@pytest.mark.skipif(not hasattr(os, "fork"), reason="workers are forked")
def test_workers_share_the_limit():
    limit = rate_limit.RateLimit(burst=3, per_second=1)
    assert limit.take("a", 0) == 0
    worker = os.fork()
    if not worker:
        ok = limit.take("a", 0) == 0 and limit.take("a", 0) == 0 and limit.take("a", 0) > 0
        os._exit(0 if ok else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(worker, 0)[1]) == 0
    assert limit.take("a", 0) > 0
    assert limit.take("b", 0) == 0
