"""Tracking events: any order, any repetition, one answer; times, keys, ETA arithmetic."""

import importlib
from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.pure.loader import load_tools

load_tools("ecom_order_mgmt")
tracking = importlib.import_module("ecom_order_mgmt_tools.tracking")
eta = importlib.import_module("ecom_order_mgmt_tools.eta")

START = datetime(2026, 3, 2, 8)


def event(hours, status, key=None):
    return tracking.Event(START + timedelta(hours=hours), key or f"{hours}-{status}", status)


EVENTS = st.lists(
    st.builds(
        event,
        st.integers(0, 12),
        st.one_of(st.none(), st.sampled_from(tracking.STATUSES)),
        st.sampled_from("abcdefgh"),
    ),
    max_size=12,
    # A key stands for one event: that is what the unique index in the database guarantees.
    unique_by=lambda item: item.key,
)


@settings(max_examples=400, deadline=None)
@given(EVENTS, st.randoms(use_true_random=False))
def test_order_and_repetition_do_not_matter(events, random):
    expected = tracking.reduce_events(events)
    shuffled = events + random.choices(events, k=len(events)) if events else []
    random.shuffle(shuffled)
    assert tracking.reduce_events(shuffled) == expected


@settings(max_examples=300, deadline=None)
@given(EVENTS, EVENTS)
def test_never_backwards(events, more):
    """Later events never make a parcel that was delivered look on its way again."""
    last = max((item.at for item in events), default=START)
    more = [
        item._replace(at=last + (item.at - START) + timedelta(minutes=1), key=f"late-{item.key}")
        for item in more
    ]
    before = tracking.reduce_events(events).status
    after = tracking.reduce_events(events + more).status
    if before in ("delivered", "returned"):
        allowed = {"delivered", "returned", "exception"} if before == "delivered" else {before}
        assert after in allowed


@settings(max_examples=200, deadline=None)
@given(EVENTS, EVENTS)
def test_old_events_that_come_late_only_fill_in(events, older):
    """What happened before the delivery changes the timeline, not the status."""
    delivered = event(20, "delivered", "final")
    state = tracking.reduce_events([*events, delivered])
    filled = tracking.reduce_events(
        [*events, delivered, *(item._replace(key=f"old-{item.key}") for item in older)]
    )
    if "returned" not in {item.status for item in [*events, *older]}:
        assert state.status == filled.status == "delivered"
    assert set(state.timeline) <= set(filled.timeline)


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        ([], "pending"),
        (["info_received"], "info_received"),
        (["in_transit", "info_received"], "in_transit"),
        (["out_for_delivery", "attempt_failed", "in_transit"], "attempt_failed"),
        (["out_for_delivery", "attempt_failed", "out_for_delivery"], "out_for_delivery"),
        (["in_transit", "exception"], "exception"),
        (["out_for_delivery", "exception", "in_transit"], "in_transit"),
        (["delivered", "in_transit"], "delivered"),
        (["delivered", "exception"], "exception"),
        (["delivered", "returned"], "returned"),
        (["returned", "delivered"], "returned"),
        (["in_transit", "expired"], "expired"),
        (["expired", "in_transit"], "in_transit"),
        (["delivered", "expired"], "delivered"),
        (["attempt_failed", "available_for_pickup", "delivered"], "delivered"),
        ([None], "pending"),
    ],
)
def test_status(statuses, expected):
    events = [event(hour, status) for hour, status in enumerate(statuses)]
    assert tracking.reduce_events(events).status == expected


def test_facts():
    events = [
        event(0, "info_received"),
        event(5, "in_transit"),
        event(20, "out_for_delivery"),
        event(22, "attempt_failed"),
        event(44, "out_for_delivery"),
        event(45, "attempt_failed"),
        event(46, "available_for_pickup"),
        event(47, "available_for_pickup", "again"),
        event(60, "delivered"),
    ]
    state = tracking.reduce_events(events)
    assert state.first_scan_at == events[1].at
    assert state.out_for_delivery_at == events[2].at
    assert state.attempts == 2
    assert state.pickup_since == events[6].at
    assert state.delivered_at == events[8].at
    assert tracking.reduce_events(events[:8]).status_at == events[6].at


@pytest.mark.parametrize(
    ("value", "zone", "expected"),
    [
        ("2026-03-01T10:00:00Z", None, (datetime(2026, 3, 1, 10), 0)),
        ("2026-03-01T10:00:00.377089Z", None, (datetime(2026, 3, 1, 10), 0)),
        ("2026-03-01T10:00:00+08:00", None, (datetime(2026, 3, 1, 2), 480)),
        ("2026-03-01 10:00:00", "Asia/Shanghai", (datetime(2026, 3, 1, 2), 480)),
        ("2026-07-01 10:00", "Europe/Berlin", (datetime(2026, 7, 1, 8), 120)),
        ("2026-07-01 10:00", "-0500", (datetime(2026, 7, 1, 15), -300)),
        ("2026-07-01 10:00", "Moon/Crater", (datetime(2026, 7, 1, 10), None)),
        ("2026-07-01", None, (datetime(2026, 7, 1), None)),
    ],
)
def test_read_time(value, zone, expected):
    assert tracking.read_time(value, zone) == expected


@pytest.mark.parametrize("value", ["", "soon", None, 5, "0001-01-01T00:00:00", "9999-01-01"])
def test_bad_time(value):
    with pytest.raises(tracking.TimeError):
        tracking.read_time(value)


def test_key():
    key = tracking.event_key(START, "OD", "Out for delivery", "Berlin")
    assert key == tracking.event_key(START.replace(second=30), "od ", "Wird zugestellt", " BERLIN")
    assert key != tracking.event_key(START, "OD", "", "Bonn")
    assert tracking.event_key(START, "", "a  b") == tracking.event_key(START, None, "A b")


def test_number_used_again():
    first, second = START, START + timedelta(days=200)
    starts = [(second, "second"), (first, "first")]
    assert tracking.pick_parcel(starts, first + timedelta(days=5)) == "first"
    assert tracking.pick_parcel(starts, second - timedelta(days=1)) == "second"
    assert tracking.pick_parcel(starts, first - timedelta(days=30)) is None


def test_poll_backs_off():
    def hours(status, quiet, failures=0):
        at = tracking.next_poll(START, status, START - quiet, START - quiet, failures)
        return at and (at - START) / timedelta(hours=1)

    days = [hours("in_transit", timedelta(days=day)) for day in (0, 2, 7, 20)]
    assert days == [2, 4, 12, 24]
    assert hours("out_for_delivery", timedelta(0)) == 0.5
    assert hours("in_transit", timedelta(0), failures=2) == 8
    assert hours("in_transit", timedelta(0), failures=60) == 24
    assert hours("in_transit", timedelta(days=60)) is None
    assert hours("delivered", timedelta(days=2)) == 24
    assert hours("delivered", timedelta(days=6)) is None
    assert hours("returned", timedelta(0)) is None


def alerts(status="in_transit", shipped=None, scan=None, last=None, pickup=None, due=None):
    limits = tracking.Limits()
    return set(tracking.due_alerts(START, status, shipped, scan, last, pickup, due, limits))


def ago(hours):
    return START - timedelta(hours=hours)


def test_alerts():
    assert alerts("pending", shipped=ago(23)) == set()
    assert alerts("info_received", shipped=ago(24), last=ago(20)) == {"no_scan"}
    assert alerts(shipped=ago(100), scan=ago(90), last=ago(71)) == set()
    assert alerts(shipped=ago(100), scan=ago(90), last=ago(72)) == {"no_movement"}
    assert alerts(scan=ago(9), last=ago(1), due=ago(1)) == {"late"}
    assert alerts("attempt_failed", scan=ago(9), last=ago(1)) == {"attempt_failed"}
    assert alerts("available_for_pickup", scan=ago(99), last=ago(80), pickup=ago(71)) == set()
    assert alerts("available_for_pickup", scan=ago(99), last=ago(80), pickup=ago(72)) == {
        "pickup_waiting"
    }
    assert alerts("returned", scan=ago(9), last=ago(9), due=ago(1)) == {"returned"}
    assert alerts("delivered", scan=ago(999), last=ago(999), due=ago(1)) == set()


def test_summary():
    assert tracking.summary_status([]) == "pending"
    assert tracking.summary_status(["delivered", "in_transit"]) == "in_transit"
    assert tracking.summary_status(["delivered", "exception"]) == "exception"
    assert tracking.summary_status(["delivered", "delivered"]) == "delivered"


# === ETA === #

CALENDAR = eta.Calendar(holidays=frozenset({date(2026, 12, 25)}))


def test_working_days():
    friday, monday = date(2026, 11, 27), date(2026, 11, 30)
    assert eta.add_working_days(friday, 1, CALENDAR) == monday
    assert eta.add_working_days(date(2026, 12, 24), 1, CALENDAR) == date(2026, 12, 28)
    assert eta.working_days(friday, monday, CALENDAR) == 1
    assert eta.working_days(friday, date(2026, 11, 28), CALENDAR) == 1
    assert eta.working_days(friday, friday, CALENDAR) == 0
    late = datetime(2026, 11, 27, 15, 1)
    assert eta.handover_day(late, time(15), CALENDAR) == monday
    assert eta.handover_day(late, None, CALENDAR) == friday


@given(st.dates(date(2026, 1, 1), date(2027, 1, 1)), st.integers(0, 30))
def test_working_days_agree(day, count):
    start = eta.next_working_day(day, CALENDAR)
    assert eta.working_days(start, eta.add_working_days(start, count, CALENDAR), CALENDAR) == count


def test_learn():
    assert eta.learn([1, 1, 2, 2, 3, 3, 3, 4, 9, 9]) == eta.Lane(10, 3, 4)
    assert eta.learn([]) is None
    assert eta.quantile([7], 0.8) == 7


def test_estimate():
    shipped = datetime(2026, 11, 26, 10)
    lane = eta.Lane(20, 2, 3)
    few = eta.Lane(4, 9, 9)
    assert eta.estimate(shipped, date(2026, 12, 1), [lane], CALENDAR).source == "carrier"
    found = eta.estimate(shipped, None, [few, None, lane], CALENDAR)
    assert found == eta.Estimate(date(2026, 11, 30), date(2026, 12, 1), "lane", 20)
    assert eta.estimate(shipped, None, [few], CALENDAR).source == "none"
    assert eta.estimate(None, None, [lane], CALENDAR).low is None


def test_region():
    assert eta.region("de", "10115") == "DE-10"
    assert eta.region("US", "90210") == "US-9"
    assert eta.region("GB", "SW1A 1AA") == "GB-SW"
    assert eta.region("CN", "518000") == "CN-51"
    assert eta.region("HK", "") == "HK"
    assert eta.region("", "123") == ""
