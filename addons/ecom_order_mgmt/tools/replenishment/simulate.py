"""A policy over many items and a year: rolling forecasts, then a replay per service level.

Every week of the past is forecast from what was known then, by the same library as tonight; the
methods and their weights are learned from the time before the replay begins. The forecasts are
made once and replayed at many service levels: that gives the curve to choose from.
"""

from dataclasses import dataclass, field

from ..forecast import forecast_many
from .calibrate import corrected
from .levels import levels
from .quantity import round_up
from .replay import by_levels, min_max, replay

WEEK = 7


@dataclass(slots=True)
class Article:
    """:ivar demand: pieces per day, oldest first; all articles end on the same day
    :ivar lead_days: of each of its orders, in turn; the last one goes on
    :ivar minimum, maximum: its present reordering rule, ``None`` without
    """

    demand: list
    cost: float = 1.0
    lead_days: list = field(default_factory=lambda: [7])
    moq: float = 0.0
    multiple: float = 1.0
    minimum: float | None = None
    maximum: float | None = None


@dataclass(slots=True, frozen=True)
class Settings:
    """:ivar first_day: index of the first day that is replayed
    :ivar cover_days: what an order adds to the reorder point
    :ivar warm_weeks: weeks before it in which the margins are calibrated already
    """

    first_day: int
    review_days: int = 7
    cover_days: int = 30
    lead_days: float = 7.0
    lead_spread: float = 0.0
    horizon: int = 8
    warm_weeks: int = 8

    @property
    def protected_days(self):
        return round(self.lead_days) + self.review_days


def weekly_before(demand, day):
    """Return the demand of the whole weeks before a day, oldest first."""
    count = day // WEEK
    start = day - count * WEEK
    return [sum(demand[start + WEEK * n : start + WEEK * (n + 1)]) for n in range(count)]


def rolling_forecasts(articles, settings, quantiles, season=None, relearn_weeks=0):
    """Yield ``(day, {item: Forecast})`` for every week that is replayed.

    :param quantiles: all that will be asked for
    :param relearn_weeks: learn the methods anew after so many weeks; 0 = never
    """
    length = max(len(article.demand) for article in articles.values())
    plan, age = None, 0
    start = max(settings.first_day % WEEK, settings.first_day - WEEK * settings.warm_weeks)
    for day in range(start, length, WEEK):
        histories = {}
        for item, article in articles.items():
            before = weekly_before(article.demand, day - (length - len(article.demand)))
            first = next((n for n, value in enumerate(before) if value), len(before))
            if first < len(before):
                histories[item] = before[first:]
        if relearn_weeks and age >= relearn_weeks:
            plan = None
        result = forecast_many(histories, settings.horizon, season, quantiles=quantiles, plan=plan)
        age = 0 if plan is None else age + 1
        plan = result.plan
        yield day, result.forecasts


def level_table(articles, forecasts, settings, service, calibrated=True):
    """Return ``{item: {day: (reorder point, order-up-to level)}}`` at a service level.

    Week by week, as the nightly run does it: the margins of a week are calibrated by the promises
    whose time was over by then, and by nothing later.
    """
    table = {item: {} for item in articles}
    factor, promises = 1.0, {}
    for day, found in forecasts:
        due = day - settings.protected_days
        if calibrated and due in promises:
            kept, broken = _judge(articles, promises.pop(due), due, day)
            factor = corrected(factor, kept, broken, service)
        promises[day] = {}
        for item, forecast in found.items():
            level = levels(
                forecast.points,
                forecast.cumulative_quantiles[service],
                settings.lead_days,
                settings.lead_spread,
                settings.review_days,
                settings.cover_days,
                service=service,
                calibration=factor,
            )
            promises[day][item] = level.reorder_point
            table[item][day] = (level.reorder_point, level.order_up_to)
    return table


def _judge(articles, promised, start, end):
    """Return how many promises of a week were kept, and how many broken."""
    broken = 0
    for item, enough in promised.items():
        broken += sum(articles[item].demand[start:end]) > enough + 1e-9
    return len(promised) - broken, broken


def replay_levels(articles, table, settings):
    """Return ``{item: Outcome}`` of ordering by a table of levels."""
    outcomes = {}
    for item, article in articles.items():
        known = table[item]

        def levels_at(day, known=known, first=settings.first_day):
            week = first + (day // WEEK) * WEEK
            return known.get(week, (0.0, 0.0))

        def rounded(qty, article=article):
            return round_up(qty, article.moq, article.multiple)

        policy = by_levels(levels_at, settings.review_days, rounded)
        start = levels_at(0)[0]
        outcomes[item] = _replay(article, policy, settings, round_up(start, 0, article.multiple))
    return outcomes


def replay_rules(articles, settings):
    """Return ``{item: Outcome}`` of the present reordering rules, for items that have one."""
    return {
        item: _replay(
            article,
            min_max(article.minimum, article.maximum),
            settings,
            article.maximum,
        )
        for item, article in articles.items()
        if article.minimum is not None
    }


def replay_recent_sales(articles, settings, window, days, factor):
    """Return ``{item: Outcome}`` of ordering by the sales of the last days: what a purchaser
    does with Odoo's own *Suggest*, which brings stock up to ``factor`` times the sales that are
    expected in ``days``, if those of the last ``window`` days go on.
    """
    outcomes = {}
    for item, article in articles.items():
        target = _recent_target(article.demand, settings.first_day, window, days * factor)

        def policy(day, position, target=target, article=article):
            if day % settings.review_days:
                return 0.0
            return round_up(target(day) - position, article.moq, article.multiple)

        start = round_up(target(0), 0, article.multiple)
        outcomes[item] = _replay(article, policy, settings, start)
    return outcomes


def _recent_target(demand, first_day, window, days):
    """Return ``target(day)``: so many days of the mean demand of the last ``window`` days."""
    totals = [0.0]
    for value in demand:
        totals.append(totals[-1] + value)

    def target(day):
        now = first_day + day
        return (totals[now] - totals[max(0, now - window)]) / window * days

    return target


def _replay(article, policy, settings, on_hand):
    number = 0

    def lead(_day):
        nonlocal number
        days = article.lead_days[min(number, len(article.lead_days) - 1)]
        number += 1
        return days

    demand = article.demand[settings.first_day :]
    return replay(demand, policy, lead, on_hand=on_hand, cost=article.cost)
