"""Tracking events of any carrier in one vocabulary. Pure: no database, no clock, no network.

Carriers send events late, twice and in any order. What a parcel's status is must not depend on
that: :func:`reduce_events` looks at the *set* of events only.
"""

import hashlib
import re
from datetime import UTC, datetime, timedelta, timezone
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

PENDING = "pending"
INFO_RECEIVED = "info_received"
IN_TRANSIT = "in_transit"
OUT_FOR_DELIVERY = "out_for_delivery"
ATTEMPT_FAILED = "attempt_failed"
AVAILABLE_FOR_PICKUP = "available_for_pickup"
DELIVERED = "delivered"
RETURNED = "returned"
EXCEPTION = "exception"
EXPIRED = "expired"

# How far a parcel is. Within one phase the latest event wins (out for delivery, failed, out
# again); a later event of an earlier phase changes nothing.
PHASES = {
    PENDING: 0,
    INFO_RECEIVED: 1,
    IN_TRANSIT: 2,
    OUT_FOR_DELIVERY: 3,
    ATTEMPT_FAILED: 3,
    AVAILABLE_FOR_PICKUP: 3,
    DELIVERED: 4,
    RETURNED: 5,
}
STATUSES = (*PHASES, EXCEPTION, EXPIRED)
FINAL = frozenset({DELIVERED, RETURNED, EXPIRED})
# Statuses that prove that the carrier has the parcel in hands.
SCANNED = frozenset(STATUSES) - {PENDING, INFO_RECEIVED, EXPIRED}

EXPIRES_AFTER = timedelta(days=30)
# Carriers announce a parcel before its label reaches us; anything older belongs to an earlier
# parcel with the same number.
NUMBER_GRACE = timedelta(days=3)


class Event(NamedTuple):
    """One event as far as the status is concerned.

    `at` is a naive datetime in UTC, `key` identifies the event, `status` is one of STATUSES or
    None where the carrier's code means nothing to us (it is shown, and counts as movement).
    """

    at: datetime
    key: str
    status: str | None = None


class State(NamedTuple):
    """What a set of events says of a parcel."""

    status: str
    status_at: datetime | None
    first_scan_at: datetime | None
    last_event_at: datetime | None
    out_for_delivery_at: datetime | None
    attempts: int
    pickup_since: datetime | None
    delivered_at: datetime | None
    returned_at: datetime | None
    timeline: tuple  # keys, oldest first


def reduce_events(events):
    """:param events: iterable of :class:`Event`, in any order, repeated or not
    :return: :class:`State`; equal for equal sets of events"""
    ordered = sorted(
        {event.key: event for event in sorted(events, key=_order)}.values(), key=_order
    )
    status, status_at, phase, troubled = PENDING, None, 0, False
    first_scan = out_at = pickup_since = delivered_at = returned_at = None
    attempts = 0
    for event in ordered:
        new = event.status
        if new in SCANNED and first_scan is None:
            first_scan = event.at
        if new is None or new == PENDING or phase == PHASES[RETURNED]:
            # A parcel on its way back may be "delivered": to the sender.
            continue
        if new in (EXCEPTION, EXPIRED):
            if new == EXPIRED and phase >= PHASES[DELIVERED]:
                continue
            status, status_at, troubled = new, event.at, True
            continue
        if PHASES[new] < phase and not (troubled and phase < PHASES[DELIVERED]):
            continue
        if troubled and phase == PHASES[DELIVERED] and new != RETURNED and new != DELIVERED:
            continue
        if new == ATTEMPT_FAILED:
            attempts += 1
        if new == OUT_FOR_DELIVERY and out_at is None:
            out_at = event.at
        if new == AVAILABLE_FOR_PICKUP:
            pickup_since = pickup_since if status == AVAILABLE_FOR_PICKUP else event.at
        if new == DELIVERED and delivered_at is None:
            delivered_at = event.at
        if new == RETURNED:
            returned_at = event.at
        if new != status:
            status_at = event.at
        status, phase, troubled = new, PHASES[new], False
    return State(
        status=status,
        status_at=status_at,
        first_scan_at=first_scan,
        last_event_at=ordered[-1].at if ordered else None,
        out_for_delivery_at=out_at,
        attempts=attempts,
        pickup_since=pickup_since,
        delivered_at=delivered_at,
        returned_at=returned_at,
        timeline=tuple(event.key for event in ordered),
    )


def _order(event):
    # Events of one minute are put by progress; the key makes the order total.
    return event.at, PHASES.get(event.status, 2.5), event.status or "", event.key


# === EVENTS FROM OUTSIDE === #

_SPACES = re.compile(r"\s+")
_OFFSET = re.compile(r"^([+-])(\d{2}):?(\d{2})$")


class TimeError(ValueError):
    """The time of an event cannot be read."""


def read_time(value, zone=None):
    """:param value: ISO 8601 text or a datetime, with or without a zone
    :param zone: name or offset of the zone that a local time is meant in
    :return: (naive datetime in UTC, offset from UTC in minutes or None where nobody said it)
    :raise TimeError: no date in it"""
    if isinstance(value, str):
        text = value.strip().replace("Z", "+00:00") if value.strip().endswith("Z") else value
        try:
            value = datetime.fromisoformat(text.strip())
        except ValueError as error:
            raise TimeError(f"not a time: {value!r}") from error
    if not isinstance(value, datetime) or not 1990 <= value.year <= 2100:
        raise TimeError(f"not a time: {value!r}")
    known = True
    if value.tzinfo is None:
        info = zone_of(zone)
        known = info is not None
        value = value.replace(tzinfo=info or UTC)
    minutes = int(value.utcoffset().total_seconds() // 60) if known else None
    return value.astimezone(UTC).replace(tzinfo=None, microsecond=0), minutes


def zone_of(zone):
    """:return: tzinfo of "Europe/Berlin" or "+08:00", None where it is neither"""
    if not zone:
        return None
    match = _OFFSET.match(zone)
    if match:
        minutes = int(match[2]) * 60 + int(match[3])
        return timezone(timedelta(minutes=minutes if match[1] == "+" else -minutes))
    try:
        return ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError):
        return None


def to_local(value, zone):
    """:return: naive local datetime of a naive UTC one; UTC where the zone means nothing"""
    info = zone_of(zone) or UTC
    return value.replace(tzinfo=UTC).astimezone(info).replace(tzinfo=None)


def to_utc(value, zone):
    """:return: naive UTC datetime of a naive local one"""
    return value.replace(tzinfo=zone_of(zone) or UTC).astimezone(UTC).replace(tzinfo=None)


def squeeze(value):
    """:return: text without surrounding, repeated and control whitespace"""
    return _SPACES.sub(" ", str(value or "")).strip()


def event_key(at, code="", text="", place=""):
    """:return: what identifies an event of one tracking number, however often and through
    whatever door it comes. The text counts only where the carrier gives no code: it changes
    with the language that was asked for."""
    said = squeeze(code).casefold() or squeeze(text).casefold()
    parts = (at.replace(second=0, microsecond=0).isoformat(), said, squeeze(place).casefold())
    return hashlib.sha1("\x1f".join(parts).encode(), usedforsecurity=False).hexdigest()


def clean_ref(value):
    """:return: a tracking number as it is compared: no blanks, upper case"""
    return re.sub(r"[\s\u200b]+", "", str(value or "")).upper()


def pick_parcel(starts, at):
    """Which of several parcels with the same number an event belongs to.

    :param starts: [(naive datetime from when the number was ours, parcel)]
    :param at: time of the event
    :return: parcel, or None: the event is older than all of them"""
    best = None
    for start, parcel in sorted(starts, key=lambda pair: pair[0]):
        if at >= start - NUMBER_GRACE:
            best = parcel
    return best


# === WHEN TO ASK AGAIN === #


def next_poll(now, status, shipped_at, last_event_at, failures=0):
    """:return: when a carrier should be asked again, or None: not any more.

    Young and moving parcels are asked often, old and silent ones seldom; every failure in a row
    doubles the wait."""
    if status in (RETURNED, EXPIRED):
        return None
    if status == DELIVERED:
        # A parcel can come back after "delivered"; a few more looks, then it is over.
        quiet = now - (last_event_at or now)
        return now + timedelta(days=1) if quiet < timedelta(days=5) else None
    if status == OUT_FOR_DELIVERY:
        wait = timedelta(minutes=30)
    else:
        quiet = now - (last_event_at or shipped_at or now)
        if quiet < timedelta(days=1):
            wait = timedelta(hours=2)
        elif quiet < timedelta(days=4):
            wait = timedelta(hours=4)
        elif quiet < timedelta(days=14):
            wait = timedelta(hours=12)
        elif quiet < EXPIRES_AFTER + timedelta(days=15):
            wait = timedelta(days=1)
        else:
            return None
    return now + min(wait * 2 ** min(failures, 6), timedelta(days=1))


# === WHAT STAFF MUST KNOW BEFORE THE BUYER COMPLAINS === #

ALERTS = ("no_scan", "no_movement", "late", "attempt_failed", "pickup_waiting", "returned")


class Limits(NamedTuple):
    """Hours after which staff is told."""

    no_scan: int = 24
    no_movement: int = 72
    pickup_waiting: int = 72


def due_alerts(now, status, shipped_at, first_scan_at, last_event_at, pickup_since, eta, limits):
    """:return: {kind of alert: since when} of a parcel; what is not in it is no longer so"""
    alerts = {}
    if status in (DELIVERED, EXPIRED):
        return alerts
    if status == RETURNED:
        return {"returned": last_event_at or now}
    if shipped_at and not first_scan_at:
        if now - shipped_at >= timedelta(hours=limits.no_scan):
            alerts["no_scan"] = shipped_at + timedelta(hours=limits.no_scan)
    elif (
        last_event_at
        and status != AVAILABLE_FOR_PICKUP
        and now - last_event_at >= timedelta(hours=limits.no_movement)
    ):
        alerts["no_movement"] = last_event_at + timedelta(hours=limits.no_movement)
    if eta and now > eta and status != AVAILABLE_FOR_PICKUP:
        alerts["late"] = eta
    if status == ATTEMPT_FAILED:
        alerts["attempt_failed"] = last_event_at or now
    if (
        status == AVAILABLE_FOR_PICKUP
        and pickup_since
        and now - pickup_since >= timedelta(hours=limits.pickup_waiting)
    ):
        alerts["pickup_waiting"] = pickup_since + timedelta(hours=limits.pickup_waiting)
    return alerts


def summary_status(statuses):
    """:return: one status for several parcels: trouble first, else the one that is least far"""
    statuses = [status for status in statuses if status]
    if not statuses:
        return PENDING
    for trouble in (EXCEPTION, RETURNED, EXPIRED, ATTEMPT_FAILED):
        if trouble in statuses:
            return trouble
    return min(statuses, key=lambda status: (PHASES[status], STATUSES.index(status)))
