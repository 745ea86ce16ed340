"""Slow and dead stock, and what to do with it."""

from dataclasses import dataclass

DEAD_DAYS = 180
SLOW_COVER_DAYS = 180
EXCESS_COVER_DAYS = 90
AGEING = (30, 90, 180, 365)


def age_band(days):
    """Return the ageing band of a number of days: ``0-30``, ``31-90``, ... ``366+``.

    >>> age_band(0), age_band(31), age_band(400)
    ('0-30', '31-90', '366+')
    """
    lower = 0
    for upper in AGEING:
        if days <= upper:
            return f"{lower}-{upper}"
        lower = upper + 1
    return f"{lower}+"


@dataclass(slots=True, frozen=True)
class Stock:
    """What is known of the stock of one product in one warehouse.

    :ivar rate: pieces sold per day, lately
    :ivar idle_days: days since the last sale, ``None`` if it never sold
    :ivar age_days: days since it came in
    :ivar elsewhere: pieces that a sister warehouse needs
    :ivar returnable: the supplier takes goods back
    :ivar margin_rate: margin as a share of the price
    """

    on_hand: float
    rate: float
    idle_days: int | None
    age_days: int
    elsewhere: float = 0.0
    returnable: bool = False
    margin_rate: float = 0.0


def cover_days(stock):
    """Return how long the stock lasts; ``None`` = for ever."""
    return stock.on_hand / stock.rate if stock.rate > 0 else None


def state_of(stock):
    """Return ``none``, ``new``, ``dead``, ``slow``, ``excess`` or ``healthy``."""
    if stock.on_hand <= 0:
        return "none"
    idle = stock.age_days if stock.idle_days is None else min(stock.idle_days, stock.age_days)
    if idle >= DEAD_DAYS:
        return "dead"
    cover = cover_days(stock)
    if cover is None:
        return "new" if stock.age_days <= EXCESS_COVER_DAYS else "slow"
    if cover > SLOW_COVER_DAYS:
        return "slow"
    return "excess" if cover > EXCESS_COVER_DAYS else "healthy"


def proposal(stock):
    """Return what to do: ``transfer``, ``return``, ``promotion``, ``write_down`` or ``keep``.

    In the order of what it costs: moving it to where it sells, giving it back, selling it at a
    discount while there is margin to give away, and writing it down when there is none or it
    has not sold for a year.
    """
    state = state_of(stock)
    if state not in ("dead", "slow", "excess"):
        return "keep"
    if stock.elsewhere > 0:
        return "transfer"
    if stock.returnable and state in ("dead", "slow"):
        return "return"
    if state == "excess":
        return "keep"
    unsold_year = stock.age_days >= 365 and (stock.idle_days is None or stock.idle_days >= 365)
    return "write_down" if unsold_year or stock.margin_rate <= 0.05 else "promotion"
