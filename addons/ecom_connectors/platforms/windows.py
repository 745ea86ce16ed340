"""For platforms that read changes of a limited time at once. Pure functions."""

from datetime import datetime, timedelta, timezone

# A window that ended so long ago is closed: clocks that differ reach no further.
CLOSED = timedelta(hours=2)


def epoch(moment):
    """:param moment: naive UTC datetime. :return: whole seconds"""
    return int(moment.replace(tzinfo=timezone.utc).timestamp())


def resume(since, cursor):
    """Reading in the order of changes, page by page: an order that changes meanwhile moves to the
    end, and all behind it move up, over the edge of a page that was read already. So each page
    begins at the time where the one before ended.

    :param since: naive UTC datetime
    :return: (ISO time without zone from which on to read, page from there)
    """
    if isinstance(cursor, dict):
        return cursor["start"], int(cursor["page"])
    return since.isoformat(), 1


def proceed(start, page, newest):
    """:param newest: ISO time without zone of the last order of the page
    :return: cursor of the next one. Whoever reads takes the last second again: nothing in it is
        missed, and what comes twice changes nothing.
    """
    if not newest:
        return {"start": start, "page": page + 1}
    again = (datetime.fromisoformat(newest) - timedelta(seconds=1)).isoformat()
    # A page of one single second: its end is where it began.
    return {"start": again, "page": 1} if again > start else {"start": start, "page": page + 1}


def first(since, cursor):
    """:return: (start in seconds, page) where reading goes on"""
    if cursor:
        return int(cursor["start"]), int(cursor["page"])
    return epoch(since), 1


def follow(start, page, has_next, span, end):
    """:param span: seconds that a window may last
    :param end: seconds where reading stops
    :return: (cursor of what comes next or None, ISO time up to which everything was read or None)
    """
    if has_next:
        return {"start": start, "page": page + 1}, None
    stop = min(start + span, end)
    closed = datetime.fromtimestamp(stop, timezone.utc)
    now = datetime.now(timezone.utc)
    read = closed.isoformat().replace("+00:00", "Z") if closed < now - CLOSED else None
    return ({"start": stop, "page": 1} if stop < end else None), read


def newest(values, read):
    """:return: the latest of ISO times in UTC and of what was read to its end"""
    return max([value for value in [*values, read] if value], default=None)
