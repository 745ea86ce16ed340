"""What planned promotions add to a forecast.

Days are numbered from the first day of the forecast; forecasts are by week, as in
:mod:`.levels`.
"""

from dataclasses import dataclass

WEEK = 7


@dataclass(slots=True, frozen=True)
class Promotion:
    """A planned promotion.

    :ivar first: its first day; may be negative: it has begun already
    :ivar last: its last day
    :ivar factor: demand of its days as a multiple of usual ones, 1.5 = half as much again
    """

    name: str
    first: int
    last: int
    factor: float


def lift(points, totals, promotions):
    """Return ``(points, totals)`` with the promotions in them.

    On a day of several promotions the largest factor holds: discounts of different makers do
    not add up to more buyers. The quantiles of the totals grow by the same share as the
    expected totals: who expects twice the demand may be wrong by twice as much.

    :param points: expected demand per week
    :param totals: quantile of the demand of the first 1, 2, ... weeks; may be empty

    >>> lift([7.0, 7.0], [10.0, 20.0], [Promotion("Sale", 7, 13, 3.0)])
    ([7.0, 21.0], [10.0, 40.0])
    """
    if not promotions:
        return points, totals
    lifted = [
        point * sum(_factor_on(day, promotions) for day in range(WEEK * week, WEEK * (week + 1)))
        / WEEK
        for week, point in enumerate(points)
    ]  # fmt: skip
    raised, before, after = [], 0.0, 0.0
    for week, total in enumerate(totals):
        before += points[week]
        after += lifted[week]
        raised.append(total * after / before if before > 0 else total)
    return lifted, raised


def _factor_on(day, promotions):
    factors = [p.factor for p in promotions if p.first <= day <= p.last]
    return max(factors, default=1.0)
