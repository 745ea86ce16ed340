"""Demand forecasts chosen by back-test: numpy, no Odoo.

Use::

    from forecast import forecast, forecast_many, Plan

    one = forecast([3, 0, 4, None, 2, 5], horizon=4)
    one.points                              # expected demand of the next four periods
    one.cumulative_quantiles[0.95][4 - 1]   # stock that lasts four periods, 95 times in 100
    one.method, one.weights, one.quality    # what was chosen and its record

    result = forecast_many(histories, horizon=28, season=(7,), categories={...})
    result.forecasts["SKU"]
    result.quality.rmsse, .cumulative_wape, .bias, .coverage, .coverage_totals
    plan = result.plan.to_dict()            # keep as JSON; next night, without a back-test:
    forecast_many(histories, 28, (7,), plan=Plan.from_dict(plan))

Parameters of :func:`forecast_many` (:func:`forecast` takes one history instead of many, and
the same options):

``histories``
    ``{item: demand per period, oldest first}``; all end with the same period, and a younger
    item has a shorter list. ``None``, NaN or blank is "not known" (stock-out), not zero.
    Negative corrections are taken as they are; forecasts are never below zero.
``horizon``
    number of periods to forecast: lead time plus review period.
``season``
    length(s) of the cycle in periods, e.g. ``7``, ``12`` or ``(7, 365)``; default none.
``phases``
    ``{season: phase of each period}`` over the longest history and the horizon, where the
    season follows the calendar: :func:`calendar_phases` leaves 29 February out of a year.
``categories``
    ``{item: category}``: whose total gives sparse items their season; default one for all.
``siblings``
    ``{new item: [items like it]}``, used until the new one has eight known periods.
``quantiles``
    probabilities, default 0.5, 0.9 and 0.95.
``plan``
    of an earlier run with the same horizon and season: pool and choices are taken from it,
    items that it does not know are back-tested and join.

Both raise :class:`ForecastInputError` (a ``ValueError``) for data or parameters that cannot
be forecast, naming the item and the period.

How it works: items are worked on side by side, a column each (:mod:`.panel`). Every candidate of :mod:`.methods` forecasts every item from up to twelve past
origins (:mod:`.backtest`); their errors, over all items of a demand class, give the weights
of a combination (:mod:`.weights`); an item leaves it for its own best method, or the mean of
its best few, where a second, later back-test shows that this pays in its class
(:mod:`.choice`); the errors of what was chosen give the quantiles (:mod:`.quantiles`).
"""

from .panel import demand_class
from .result import Forecast, Quality, overall
from .run import Plan, Result, forecast, forecast_many
from .series import ForecastInputError, calendar_phases, cyclic_phases

__all__ = [
    "Forecast",
    "ForecastInputError",
    "Plan",
    "Quality",
    "Result",
    "calendar_phases",
    "cyclic_phases",
    "demand_class",
    "forecast",
    "forecast_many",
    "overall",
]
