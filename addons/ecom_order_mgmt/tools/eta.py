"""When a parcel will arrive: the carrier's word, else what our own deliveries teach. Pure.

A *lane* is (origin region, destination region, carrier, service). Transit is counted in working
days from the day the carrier takes the parcel over, so that a weekend teaches nothing wrong.
"""

import re
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

MIN_SAMPLES = 5
WEEK = frozenset(range(5))


class Calendar(NamedTuple):
    """Days on which a carrier moves and delivers: weekdays (Monday is 0), less holidays."""

    weekdays: frozenset = WEEK
    holidays: frozenset = frozenset()

    def works(self, day):
        return day.weekday() in self.weekdays and day not in self.holidays


class Lane(NamedTuple):
    """What a lane's deliveries took, in working days."""

    samples: int
    median: int
    p80: int


class Estimate(NamedTuple):
    """`low` and `high` are dates; `source` is carrier, lane, promise or none."""

    low: date | None
    high: date | None
    source: str
    samples: int = 0


def region(country, postcode, digits=2):
    """:return: region of an address as lanes know it: "DE-10", "US-9", "GB-SW", or the country

    US and Chinese postcodes are regional from the first digit on, British ones begin with
    the letters of the post town."""
    country = (country or "").strip().upper()
    code = re.sub(r"[^0-9A-Z]", "", str(postcode or "").upper())
    if not country:
        return ""
    if country == "GB":
        code = re.match(r"[A-Z]*", code)[0]
    elif country in ("US", "BR", "RU", "CA"):
        code = code[:1]
    else:
        code = code[:digits]
    return f"{country}-{code}" if code else country


def next_working_day(day, calendar):
    """:return: the day itself if it is one"""
    for _step in range(60):
        if calendar.works(day):
            return day
        day += timedelta(days=1)
    return day


def add_working_days(day, count, calendar):
    """:return: the working day `count` working days after `day`"""
    for _step in range(count):
        day = next_working_day(day + timedelta(days=1), calendar)
    return day


def working_days(start, end, calendar):
    """:return: working days from start (not counted) to end; a delivery on a day that is none
    counts as the next working day, so Saturday deliveries do not look faster than they are"""
    if end <= start:
        return 0
    days, day = 0, start
    while day < end:
        day += timedelta(days=1)
        if calendar.works(day):
            days += 1
    return days if calendar.works(end) else days + 1


def handover_day(shipped_at, cut_off, calendar):
    """:param shipped_at: local datetime; :param cut_off: time after which the carrier's van is
    gone, or None
    :return: the working day on which the carrier has it"""
    day = shipped_at.date()
    if cut_off is not None and shipped_at.time() > cut_off:
        day += timedelta(days=1)
    return next_working_day(day, calendar)


def cut_off_time(hours):
    """:return: time of day of a float like Odoo's (14.5 is 14:30), None for 0 or nonsense"""
    if not hours or not 0 < hours < 24:
        return None
    minutes = round(hours * 60)
    return time(minutes // 60 % 24, minutes % 60)


def quantile(values, share):
    """Nearest rank: the smallest value that at least this share of the values do not exceed."""
    ordered = sorted(values)
    rank = max(1, -(-int(share * 1000) * len(ordered) // 1000))
    return ordered[min(rank, len(ordered)) - 1]


def learn(days):
    """:param days: transit times in working days; :return: :class:`Lane` or None without any"""
    if not days:
        return None
    return Lane(len(days), quantile(days, 0.5), quantile(days, 0.8))


def lane_keys(origin, destination, carrier, service):
    """:return: keys of the lanes to look at, the most exact first; blanks mean "any" """
    country_from, country_to = origin[:2], destination[:2]
    keys = [
        (origin, destination, carrier, service),
        (origin, destination, carrier, ""),
        (country_from, destination, carrier, ""),
        (country_from, country_to, carrier, service),
        (country_from, country_to, carrier, ""),
        (country_from, country_to, "", ""),
    ]
    return list(dict.fromkeys(keys))


def estimate(shipped_at, carrier_date, lanes, calendar, cut_off=None, now=None):
    """:param shipped_at: local datetime of the hand-over, or None: not shipped yet
    :param carrier_date: what the carrier says (date), or None
    :param lanes: :class:`Lane` or None, the most exact first
    :param now: local datetime; an estimate that has passed is not moved: being late is told by
        the alert, not hidden by a new date
    :return: :class:`Estimate`"""
    if carrier_date:
        return Estimate(carrier_date, carrier_date, "carrier")
    start = shipped_at or now
    if start:
        for lane in lanes:
            if lane and lane.samples >= MIN_SAMPLES:
                day = handover_day(start, cut_off, calendar)
                return Estimate(
                    add_working_days(day, lane.median, calendar),
                    add_working_days(day, lane.p80, calendar),
                    "lane",
                    lane.samples,
                )
    return Estimate(None, None, "none")


def end_of_day(day):
    """:return: local datetime at which a promise for that day is broken"""
    return datetime.combine(day, time.max).replace(microsecond=0)
