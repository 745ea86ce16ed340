"""Reorder point and order-up-to level, from a forecast's own quantiles.

Forecasts are by week: ``points[w]`` is the demand expected in week ``w``, ``totals[w]`` the
quantile of the demand of the first ``w + 1`` weeks together. Lead times are in days, so both
are read between the weeks as well.
"""

from dataclasses import dataclass
from statistics import NormalDist

WEEK = 7.0


def mean_over(points, days):
    """Return the demand expected within ``days``; after the horizon the last week goes on.

    >>> mean_over([7, 14], 10), mean_over([7, 14], 28)
    (13.0, 49.0)
    """
    if not points or days <= 0:
        return 0.0
    weeks = days / WEEK
    whole = min(int(weeks), len(points))
    total = sum(points[:whole])
    rest = weeks - whole
    last = points[whole] if whole < len(points) else points[-1]
    return total + rest * last


def margin_over(points, totals, days):
    """Return how far the quantile of the demand within ``days`` is above the mean.

    Errors add up as the root of time, between the weeks and after the horizon; from the
    first week down to nothing.
    """
    if not totals or days <= 0:
        return 0.0
    weeks = days / WEEK
    margins, running = [], 0.0
    for point, total in zip(points, totals, strict=True):
        running += point
        margins.append(total - running)
    above = int(weeks)
    if above >= len(margins):
        return margins[-1] * (weeks / len(margins)) ** 0.5
    if above == 0:
        return margins[0] * weeks**0.5
    share = weeks - above
    return margins[above - 1] + share * (margins[above] - margins[above - 1])


def stockout_day(on_hand, arrivals, points, limit=365):
    """Return in how many days nothing is left, ``None`` if not within ``limit`` days.

    :param arrivals: ``{day: quantity}`` on its way, in days from now; what is late comes today
    """
    level = on_hand + sum(qty for day, qty in arrivals.items() if day <= 0)
    if level <= 0:
        return 0
    for day in range(1, limit + 1):
        level += arrivals.get(day, 0.0)
        week = min(int((day - 1) / WEEK), len(points) - 1)
        level -= points[week] / WEEK if points else 0.0
        if level <= 1e-9:
            return day
    return None


@dataclass(slots=True, frozen=True)
class Levels:
    """:ivar protected: expected demand over lead time + review
    :ivar safety: stock on top of it against surprise
    :ivar reorder_point: order when what is on hand and on order falls to this
    :ivar order_up_to: and fill up to this
    """

    protected: float
    safety: float
    reorder_point: float
    order_up_to: float


def levels(
    points,
    totals,
    lead_days,
    lead_spread=0.0,
    review_days=1,
    cover_days=30,
    *,
    service=0.95,
    safety_mode="service",
    safety_days=7,
    safety_qty=0.0,
    season_factor=1.0,
    minimum=0.0,
    calibration=1.0,
):
    """Return the :class:`Levels` of one item.

    Safety stock by ``service`` takes the forecast's own quantile over lead time + review, and
    adds the spread of the lead time as an independent second source of error.

    :param safety_mode: ``service``, ``days`` of expected demand, or ``fixed`` quantity
    :param season_factor: what a person knows better: 1.2 = a fifth more than forecast
    :param calibration: factor of the forecast's margin, from :mod:`.calibrate`
    :param minimum: pieces that are always kept (a display, the one that must be there)
    """
    days = max(0.0, lead_days) + max(0.0, review_days)
    protected = mean_over(points, days) * season_factor
    if safety_mode == "days":
        rate = protected / days if days else mean_over(points, WEEK) * season_factor / WEEK
        safety = rate * safety_days
    elif safety_mode == "fixed":
        safety = safety_qty
    else:
        own = margin_over(points, totals, days) * season_factor
        own *= calibration if own > 0 else 1.0
        rate = protected / days if days else 0.0
        late = NormalDist().inv_cdf(min(0.999, max(0.5, service))) * rate * lead_spread
        # A quantile below the mean (service under the median) takes away, but never below 0.
        safety = max(0.0, own * abs(own) + late * late) ** 0.5
    reorder_point = max(minimum, protected + safety)
    after = mean_over(points, days + cover_days) * season_factor - protected
    return Levels(protected, safety, reorder_point, reorder_point + max(0.0, after))
