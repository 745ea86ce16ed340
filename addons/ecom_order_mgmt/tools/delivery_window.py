"""Days and time windows that a buyer may choose for a delivery. Pure; all times are local ones."""

import re
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from . import eta

_SLOT = re.compile(r"^\s*(\d{1,2})(?::(\d{2}))?\s*[-–]\s*(\d{1,2})(?::(\d{2}))?\s*$")
_KEY = re.compile(r"^(\d+)(?:/(\d{4}-\d{2}-\d{2})(?:/(\d{4})-(\d{4}))?)?$")
MAX_DAYS = 60


class Window(NamedTuple):
    """From when until when a delivery is wished; local datetimes."""

    start: datetime
    end: datetime


def read_slots(text):
    """:param text: "8-12, 12:30-16, 16-20"
    :return: tuple of (time, time)
    :raise ValueError: not times of day, or an end before its beginning"""
    slots = []
    for part in filter(str.strip, re.split(r"[,;，；]", text or "")):
        match = _SLOT.match(part)
        if not match:
            raise ValueError(part.strip())
        start = _time(match[1], match[2], part)
        end = _time(match[3], match[4], part)
        if end <= start:
            raise ValueError(part.strip())
        slots.append((start, end))
    return tuple(slots)


def _time(hour, minute, part):
    if int(hour) == 24 and not int(minute or 0):
        return time(23, 59)
    try:
        return time(int(hour), int(minute or 0))
    except ValueError as error:
        raise ValueError(part.strip()) from error


def offered_days(now, cut_off, calendar, transit, count):
    """:param now: local datetime; :param transit: working days on the way, at least one
    :return: list of `count` working days on which a parcel that leaves from now on can arrive"""
    day = eta.handover_day(now, cut_off, calendar)
    day = eta.add_working_days(day, max(transit, 1), calendar)
    days = [day]
    while len(days) < min(count, MAX_DAYS):
        day = eta.add_working_days(day, 1, calendar)
        days.append(day)
    return days


def window(day, slot=None):
    """:return: :class:`Window` of a day, or of a slot of it"""
    if slot:
        return Window(datetime.combine(day, slot[0]), datetime.combine(day, slot[1]))
    return Window(datetime.combine(day, time.min), eta.end_of_day(day))


def is_whole_day(start, end):
    """:return: whether these local datetimes mean a day, or days, and no time of it"""
    return start.time() == time.min and end.time() >= time(23, 59)


def instructions(start, end):
    """:return: what the carrier's driver should know, short and without names"""
    if is_whole_day(start, end):
        return f"Deliver {end.date().isoformat()}"
    return f"Deliver {end.date().isoformat()} {start:%H:%M}-{end:%H:%M}"


def handover(day, transit, calendar):
    """:return: the last working day on which the carrier must have a parcel that is wished on
    `day`; the day itself where nobody knows how long it takes"""
    while transit > 0:
        day -= timedelta(days=1)
        transit -= calendar.works(day)
    while not calendar.works(day):
        day -= timedelta(days=1)
    return day


def transit_days(now, cut_off, calendar, day):
    """:return: working days that are left for the way if the parcel is handed over at once; 0
    where the day cannot be reached any more"""
    return eta.working_days(eta.handover_day(now, cut_off, calendar), day, calendar)


def key(option, day=None, slot=None):
    """:return: text that stands for a choice in a form"""
    text = str(option)
    if day:
        text += f"/{day.isoformat()}"
    if slot:
        text += f"/{slot[0]:%H%M}-{slot[1]:%H%M}"
    return text


def read_key(text):
    """:return: (option, day or None, slot or None), or None for anything else"""
    match = _KEY.match(text or "")
    if not match:
        return None
    try:
        day = date.fromisoformat(match[2]) if match[2] else None
        slot = tuple(time(int(t[:2]), int(t[2:])) for t in (match[3], match[4])) if match[3] else None
    except ValueError:
        return None
    return int(match[1]), day, slot
