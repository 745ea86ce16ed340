"""Until when must somebody answer? Working time, pauses and what restarts the clock."""

from datetime import datetime, time, timedelta

import pytz

WEEK = 7


def _open_intervals(start, hours, zone):
    """Yield (from, to) of working time, in UTC, from `start` on.

    :param hours: {weekday 0-6: (from hour, to hour)}; None means always
    """
    if hours is None:
        yield start, datetime.max.replace(tzinfo=pytz.utc)
        return
    day = start.astimezone(zone).date()
    idle = 0
    while idle < WEEK:
        span = hours.get(day.weekday())
        if span and span[1] > span[0]:
            idle = 0
            begin = zone.localize(datetime.combine(day, time()) + timedelta(hours=span[0]))
            end = zone.localize(datetime.combine(day, time()) + timedelta(hours=span[1]))
            begin = max(begin.astimezone(pytz.utc), start)
            if begin < end.astimezone(pytz.utc):
                yield begin, end.astimezone(pytz.utc)
        else:
            idle += 1
        day += timedelta(days=1)


def deadline(start, allowed, hours=None, tz="UTC", pauses=()):
    """When `allowed` hours of working time since `start` are over.

    :param datetime start: naive UTC
    :param float allowed: hours
    :param hours: {weekday: (from, to)} of the working week in `tz`; None: around the clock
    :param pauses: [(from, to)] naive UTC, time that does not count; `to` None: still paused
    :return: naive UTC datetime; None while the clock is paused, or where nobody ever works
    """
    if any(end is None for _begin, end in pauses):
        return None
    if hours is not None and not any(span and span[1] > span[0] for span in hours.values()):
        return None
    zone = pytz.timezone(tz or "UTC")
    left = timedelta(hours=allowed)
    aware = pytz.utc.localize
    stops = sorted((aware(begin), aware(end)) for begin, end in pauses)
    for begin, end in _open_intervals(aware(start), hours, zone):
        for work_begin, work_end in _without(begin, end, stops):
            if left <= work_end - work_begin:
                return (work_begin + left).astimezone(pytz.utc).replace(tzinfo=None)
            left -= work_end - work_begin
    return None


def _without(begin, end, stops):
    """Yield what is left of one interval when the stops are cut out."""
    for stop_begin, stop_end in stops:
        if stop_end <= begin or stop_begin >= end:
            continue
        if stop_begin > begin:
            yield begin, stop_begin
        begin = max(begin, stop_end)
    if begin < end:
        yield begin, end


def running_pauses(events):
    """Pauses out of what happened to a ticket.

    The clock runs from a buyer's message; it pauses while we wait for the buyer and when no answer
    is needed. An automatic reply changes nothing.

    :param events: [(datetime, kind)] in order; kind: "buyer", "answer", "auto", "wait", "resume",
        "no_answer"
    :return: (start of the running clock or None when nothing is owed, pauses since then)
    """
    start, pauses, open_pause = None, [], None
    for at, kind in events:
        if kind == "buyer":
            if start is None:
                start, pauses = at, []
            elif open_pause is not None:
                pauses.append((open_pause, at))
            open_pause = None
        elif kind in ("answer", "no_answer"):
            start, pauses, open_pause = None, [], None
        elif kind == "wait" and start is not None and open_pause is None:
            open_pause = at
        elif kind == "resume" and open_pause is not None:
            pauses.append((open_pause, at))
            open_pause = None
    if open_pause is not None:
        pauses.append((open_pause, None))
    return start, pauses
