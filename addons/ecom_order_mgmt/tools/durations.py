"""Spans of time that rules count in. Times are naive UTC, as Odoo stores them."""

from datetime import timedelta

UNIT_MINUTES = {"minutes": 1, "hours": 60, "days": 24 * 60}


def add(start, amount, unit):
    """:return: the moment `amount` units after `start`.

    A day is 24 hours and no calendar day: two orders that are made one hour apart are let go one
    hour apart, also in the night in which the clocks change.

    >>> from datetime import datetime
    >>> add(datetime(2026, 3, 28, 12, 0), 1.5, "days")
    datetime.datetime(2026, 3, 30, 0, 0)
    """
    return start + timedelta(minutes=amount * UNIT_MINUTES[unit])


def in_words(amount, unit):
    """:return: (number as text, unit) in the largest unit that gives a whole number

    >>> in_words(120, "minutes")
    ('2', 'hours')
    >>> in_words(1.5, "hours")
    ('90', 'minutes')
    """
    minutes = amount * UNIT_MINUTES[unit]
    for name in ("days", "hours"):
        if minutes and not minutes % UNIT_MINUTES[name]:
            return f"{minutes / UNIT_MINUTES[name]:g}", name
    return f"{minutes:g}", "minutes"
