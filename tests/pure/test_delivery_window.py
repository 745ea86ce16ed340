"""Days and time windows that a buyer may choose."""

import importlib
from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.pure.loader import load_tools

load_tools("ecom_order_mgmt")
window = importlib.import_module("ecom_order_mgmt_tools.delivery_window")
eta = importlib.import_module("ecom_order_mgmt_tools.eta")

MONDAY = date(2026, 3, 2)
CALENDAR = eta.Calendar(holidays=frozenset({date(2026, 3, 5)}))


def test_slots():
    assert window.read_slots("8-12, 12:30–16；16-24") == (
        (time(8), time(12)), (time(12, 30), time(16)), (time(16), time(23, 59)),
    )  # fmt: skip
    assert window.read_slots("") == window.read_slots(None) == ()


@pytest.mark.parametrize("text", ["12-8", "8", "8-8", "25-26", "8-12:75", "morning", "8-12, x"])
def test_bad_slots(text):
    with pytest.raises(ValueError, match=r"."):
        window.read_slots(text)


def test_offered_days():
    morning = datetime(2026, 3, 2, 9)
    # Leaves on Monday, two days on the way; the 5th is a holiday, then comes the weekend.
    assert window.offered_days(morning, time(14), CALENDAR, 2, 4) == [
        date(2026, 3, 4), date(2026, 3, 6), date(2026, 3, 9), date(2026, 3, 10),
    ]  # fmt: skip
    late = window.offered_days(morning.replace(hour=15), time(14), CALENDAR, 2, 1)
    assert late == [date(2026, 3, 6)]
    assert window.offered_days(morning, None, CALENDAR, 0, 1) == [date(2026, 3, 3)]
    assert len(window.offered_days(morning, None, CALENDAR, 1, 9999)) == window.MAX_DAYS


def test_handover():
    friday = date(2026, 3, 6)
    assert window.handover(friday, 1, CALENDAR) == date(2026, 3, 4)
    assert window.handover(friday, 3, CALENDAR) == MONDAY
    assert window.handover(friday, 0, CALENDAR) == friday
    assert window.handover(date(2026, 3, 8), 0, CALENDAR) == friday, "nobody drives on Sunday"


@given(st.integers(0, 400), st.integers(0, 20))
def test_what_is_handed_over_in_time_arrives_in_time(offset, transit):
    day = eta.next_working_day(MONDAY + timedelta(days=offset), CALENDAR)
    start = window.handover(day, transit, CALENDAR)
    assert CALENDAR.works(start)
    assert eta.working_days(start, day, CALENDAR) == transit


@given(
    st.integers(1, 10**6),
    st.one_of(st.none(), st.dates(date(2020, 1, 1), date(2090, 1, 1))),
    st.one_of(st.none(), st.tuples(st.integers(0, 11), st.integers(12, 23))),
)
def test_keys(option, day, hours):
    slot = tuple(time(hour) for hour in hours) if hours and day else None
    assert window.read_key(window.key(option, day, slot)) == (option, day, slot)


@pytest.mark.parametrize(
    "text", ["", None, "x", "1/2026-13-01", "1/2026-03-02/9900-9900", "1/0800-1200", "1 or 1", "-1"]
)
def test_bad_keys(text):
    assert window.read_key(text) is None


def test_window():
    whole = window.window(MONDAY)
    assert window.is_whole_day(*whole)
    part = window.window(MONDAY, (time(8), time(12)))
    assert part == (datetime(2026, 3, 2, 8), datetime(2026, 3, 2, 12))
    assert not window.is_whole_day(*part)
