"""The candidates of a back-test, by name: which methods, with which parameters.

Parameters are few fixed values over the range that the field uses, the same for every item
and every data set; the back-test and the pool weigh them. Fitting each by optimisation on
some tens of noisy values costs a hundred times as much and chooses no better (docs/forecast.md).
"""

from dataclasses import dataclass
from functools import partial

from . import flat, paths

SES_ALPHAS = (0.05, 0.1, 0.2, 0.3, 0.5)
WINDOWS = (2, 4, 8, 13, 26)
#: Windows of whole cycles are added for cycles up to this length.
SHORT_CYCLE = 13
TSB_RATES = ((0.1, 0.1), (0.1, 0.3), (0.05, 0.05))
CROSTON_ALPHA = 0.1
IMAPA_BUCKETS = (2, 3, 4, 6)
IMAPA_ALPHA = 0.2
#: alpha, beta, phi
TRENDS = ((0.2, 0.1, 0.8), (0.3, 0.1, 0.9), (0.2, 0.05, 0.9), (0.3, 0.2, 0.8))
HOLT = (0.2, 0.05, 1.0)
#: alpha, beta, gamma, phi
HOLT_WINTERS = ((0.1, 0.0, 0.1, 1.0), (0.3, 0.0, 0.1, 1.0), (0.2, 0.05, 0.1, 0.9))
CATEGORY_WINDOWS = (8, 26)
#: Trend and season methods start this many periods (and cycles) before the oldest origin:
#: what lies before weighs less than 1e-6 (season: 1 in 4) and would cost most of the time.
MEMORY = 150
MEMORY_CYCLES = 12
#: Stands in where an item's history is too short for a method, so that every item has every
#: candidate and weights learned over many items apply to each.
FALLBACK_ALPHA = 0.2

#: Reactive and robust on every kind of demand: what a combination leans to while there is
#: little evidence (a pool of a few items).
PRIOR = ("moving_average_4", "moving_average_8", "ses_0.2", "ses_0.3")


@dataclass(frozen=True, slots=True)
class Season:
    """A cycle of ``period`` periods. ``phases`` covers history and horizon of the item at
    hand; ``indices`` holds the category's index per origin.
    """

    period: int
    phases: list
    indices: list


@dataclass(frozen=True, slots=True)
class Task:
    """What a candidate sees: an item up to each origin, and how far to forecast.

    :ivar oldest: oldest origin of the item's back-test, whether it is among ``origins`` or
        not: a nightly forecast must use what the back-test has judged
    """

    series: object
    origins: list
    horizon: int
    oldest: int
    seasons: tuple = ()

    @property
    def ends(self):
        return [self.series.known[origin] for origin in self.origins]


def candidates(periods=()):
    """Return ``{name: run}`` for a data set with the given season lengths.

    ``run(task)`` gives one forecast per origin: a float where it is the same for all future
    periods, else a list of ``task.horizon`` values.
    """
    methods = {"naive": _flat(flat.naive), "mean": _flat(flat.mean)}
    whole_cycles = {k * p for p in periods if p <= SHORT_CYCLE for k in (1, 2, 4, 8)}
    for window in sorted({*WINDOWS, *whole_cycles}):
        methods[f"moving_average_{window}"] = _flat(flat.moving_average, window=window)
    for alpha in SES_ALPHAS:
        methods[f"ses_{alpha}"] = _flat(flat.ses, alpha=alpha)
    methods["ses_optimised"] = _flat(flat.ses_optimised, alphas=SES_ALPHAS)
    methods["croston"] = _flat(flat.croston, alpha=CROSTON_ALPHA)
    methods["sba"] = _flat(flat.sba, alpha=CROSTON_ALPHA)
    for alpha, beta in TSB_RATES:
        methods[f"tsb_{alpha}_{beta}"] = _flat(flat.tsb, alpha=alpha, beta=beta)
    methods["imapa"] = _flat(flat.imapa, buckets=IMAPA_BUCKETS, alpha=IMAPA_ALPHA)
    methods["holt"] = partial(_trend, HOLT)
    for trend in TRENDS:
        methods["damped_trend_{}_{}_{}".format(*trend)] = partial(_trend, trend)
    for number, period in enumerate(periods):
        methods[f"seasonal_naive_{period}"] = partial(_seasonal_naive, number)
        for smoothing in HOLT_WINTERS:
            name = "holt_winters_{}_{}_{}_{}".format(period, *smoothing[:3])
            methods[name] = partial(_holt_winters, number, smoothing)
        for window in CATEGORY_WINDOWS:
            name = f"category_season_{period}_{window}"
            methods[name] = partial(_category_season, number, window)
    return methods


def _flat(function, **parameters):
    return lambda task: function(task.series.observed, task.ends, **parameters)


def _trend(parameters, task):
    start = max(0, task.oldest - MEMORY)
    return paths.damped_trend(
        task.series.values, task.origins, task.horizon, *parameters, start=start
    )


def _fallback(task):
    return flat.ses(task.series.observed, task.ends, FALLBACK_ALPHA)


def _has_cycle(task, period):
    """Whether a full cycle since the first known value precedes the back-test."""
    first = task.series.known.index(1) - 1
    return task.oldest - first >= period


def _seasonal_naive(number, task):
    season = task.seasons[number]
    if not _has_cycle(task, season.period):
        return _fallback(task)
    return paths.seasonal_naive(
        task.series.values, task.origins, task.horizon, season.phases, season.period
    )


def _holt_winters(number, smoothing, task):
    season = task.seasons[number]
    if not _has_cycle(task, season.period):
        return _fallback(task)
    start = max(0, task.oldest - MEMORY - MEMORY_CYCLES * season.period)
    return paths.holt_winters(
        *(task.series.values, task.origins, task.horizon, season.phases, season.period),
        smoothing,
        start,
    )


def _category_season(number, window, task):
    season = task.seasons[number]
    return paths.category_season(
        task.series.values, task.origins, task.horizon, season.phases, season.indices, window
    )
