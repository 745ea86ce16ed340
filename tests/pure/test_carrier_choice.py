"""Choice of the carrier: rules first, then price within the promise; reasons for the others."""

import importlib
import time
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.pure.loader import load_tools

load_tools("ecom_order_mgmt")
choice = importlib.import_module("ecom_order_mgmt_tools.carrier_choice")
Parcel, Rule, Carrier, Rate = choice.Parcel, choice.Rule, choice.Carrier, choice.Rate

CHEAP = Carrier(
    1, "Cheap", rates=(Rate("DE", "", 5, Decimal(4), 4), Rate("DE", "", 20, Decimal(9), 4))
)
FAST = Carrier(2, "Fast", rates=(Rate("", "", 0, Decimal(12), 1),), takes_cod=False)
LOCAL = Carrier(
    3, "Local", countries=frozenset({"DE"}), postcodes=("10", "12"), max_weight=2,
    refuses=frozenset({"frozen"}), rates=(Rate("DE", "10", 0, Decimal(3), 1),),
)  # fmt: skip
CARRIERS = {carrier.key: carrier for carrier in (CHEAP, FAST, LOCAL)}


def pick(rules=(), **vals):
    return choice.choose(
        Parcel(1, **{"country": "DE", "postcode": "80331", **vals}), rules, CARRIERS
    )


def test_cheapest_that_can():
    found = pick(weight=1)
    assert (found.carrier, found.reason, found.price, found.days) == (1, "price", 4, 4)
    assert dict(found.rejected) == {2: ("dearer", "12 > 4"), 3: ("postcode", "80331")}
    assert pick(weight=1, postcode="10115").carrier == 3
    assert pick(weight=6).price == 9
    assert pick(weight=30).carrier == 2
    assert pick(country="FR", postcode="75001").carrier == 2


def test_promise_beats_price():
    found = pick(weight=1, promise_days=2)
    assert found.carrier == 2
    assert dict(found.rejected)[1] == ("too_slow", "4 > 2")
    assert pick(weight=1, promise_days=0).reason == "none"


def test_refusals():
    assert dict(pick(postcode="10115", weight=3).rejected)[3] == ("weight", "3 > 2")
    frozen = pick(postcode="10115", weight=1, classes=frozenset({"frozen"}))
    assert dict(frozen.rejected)[3] == ("class", "frozen")
    assert dict(pick(weight=1, cod=True).rejected)[2] == ("cod", "")
    assert pick(weight=1, option_carriers=frozenset({2})).carrier == 2


def test_rules():
    heavy = Rule(7, "Heavy", (2,), weight_from=5)
    berlin = Rule(8, "Berlin", (3, 2), postcodes=("10",))
    found = pick((heavy, berlin), weight=6)
    assert (found.carrier, found.reason, found.rule, found.price) == (2, "rule", 7, 12)
    found = pick((heavy, berlin), postcode="10115", weight=1)
    assert (found.carrier, found.rule) == (3, 8)
    # The first carrier of the rule cannot: the next one of it.
    found = pick((berlin,), postcode="10115", weight=3)
    assert (found.carrier, found.rejected) == (2, ((3, ("weight", "3 > 2")),))
    # A rule that no carrier of it can follow is passed over.
    assert pick((Rule(9, "Post", (3,)),), weight=1).reason == "price"
    cod = Rule(5, "COD", (1,), cod=True)
    assert pick((cod,), cod=True, weight=1).rule == 5
    assert pick((cod,), weight=1).rule is None
    value = Rule(6, "Dear", (2,), value_from=Decimal(500), value_to=Decimal(900))
    assert pick((value,), value=Decimal(500)).rule == 6
    assert pick((value,), value=Decimal("900.01"), weight=1).rule is None


PARCELS = st.builds(
    Parcel, st.just(1), st.sampled_from(["DE", "FR"]), st.just(""),
    st.sampled_from(["10115", "80331", ""]), st.floats(0, 30),
    promise_days=st.one_of(st.none(), st.integers(0, 5)), cod=st.booleans(),
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(PARCELS)
def test_choice_is_possible_and_cheapest(parcel):
    found = choice.choose(parcel, (), CARRIERS)
    can = {}
    for key, carrier in CARRIERS.items():
        rate = choice.best_rate(carrier, parcel)
        if rate and not choice.refusal(carrier, parcel):
            late = parcel.promise_days is not None and rate.days > parcel.promise_days
            if not late:
                can[key] = rate.price
    assert (found.carrier is None) == (not can)
    if can:
        assert found.price == min(can.values())
    # Every carrier is either chosen or rejected with a reason.
    assert {key for key, _why in found.rejected} | {found.carrier} >= set(CARRIERS)


def test_speed():
    """1,000 parcels, 100 rules, 20 carriers with 50 rates each."""
    carriers = {
        key: Carrier(key, str(key), rates=tuple(
            Rate("DE", str(zone), step, Decimal(key + step), 2)
            for zone in range(10) for step in (1, 2, 5, 10, 31)
        )) for key in range(20)
    }  # fmt: skip
    rules = [
        Rule(n, str(n), (n % 20,), weight_from=40, countries=frozenset({"DE"})) for n in range(100)
    ]
    parcels = [Parcel(n, "DE", "", f"{n % 100:02d}115", n % 30) for n in range(1000)]
    start = time.perf_counter()
    found = [choice.choose(parcel, rules, carriers) for parcel in parcels]
    seconds = time.perf_counter() - start
    assert all(item.carrier == 0 for item in found)
    assert seconds < 6, f"{seconds:.2f} s"


def test_time_windows_and_quotes():
    carriers = {1: CHEAP._replace(keeps_windows=False), 2: FAST}
    parcel = Parcel(1, "DE", postcode="80331", window=True)
    picked = choice.choose(parcel, (), carriers)
    assert (picked.carrier, dict(picked.rejected)[1]) == (2, ("window", ""))
    # What a carrier says of this very parcel goes before what is stored.
    quotes = {2: Rate("", "", 0, Decimal(1), 1)}
    picked = choice.choose(parcel._replace(window=False), (), carriers, quotes)
    assert (picked.carrier, picked.price) == (2, Decimal(1))


def test_unknown_time_and_a_mere_promise():
    carriers = {1: Carrier(1, "Slow or not", rates=(Rate("", "", 0, Decimal(1)),)), 2: FAST}
    parcel = Parcel(1, "DE", promise_days=2)
    assert choice.choose(parcel, (), carriers).carrier == 2
    assert choice.choose(parcel._replace(unknown_days=True), (), carriers).carrier == 1
