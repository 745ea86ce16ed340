"""The candidates of a back-test, by name: which methods, with which parameters.

Parameters are few fixed values over the range that the field uses, the same for every item
and every data set; the back-test and the pool weigh them. Fitting each by optimisation on
some tens of noisy values costs a hundred times as much and chooses no better (docs/forecast.md).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

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
    """A cycle of ``period`` periods. ``phases`` covers the panel's periods and the horizon.

    :ivar index: the categories' indices, origins x categories x phases
    :ivar category: number of each item's category
    """

    period: int
    phases: list
    index: np.ndarray
    category: np.ndarray


@dataclass(frozen=True, slots=True)
class Task:
    """What the candidates see: items up to each origin, and how far to forecast.

    :ivar oldest: per item, the oldest origin of its back-test, whether it is among
        ``origins`` or not: a nightly forecast must use what the back-test has judged
    """

    panel: object
    origins: np.ndarray
    horizon: int
    oldest: np.ndarray
    seasons: tuple = ()


@dataclass(frozen=True, slots=True)
class Candidate:
    """One method with its parameters.

    :ivar family: function that forecasts all candidates of one method together:
        ``family(task, season, [parameters, ...])``
    :ivar shaped: whether its forecast differs from one future period to the next
    :ivar season: number of the season that it uses
    """

    family: Callable
    parameters: tuple = ()
    shaped: bool = False
    season: int | None = None


def candidates(periods=()):
    """Return ``{name: Candidate}`` for a data set with the given season lengths, those with
    one level for all future periods first.
    """
    methods = {"naive": Candidate(_naive), "mean": Candidate(_mean)}
    whole_cycles = {k * p for p in periods if p <= SHORT_CYCLE for k in (1, 2, 4, 8)}
    for window in sorted({*WINDOWS, *whole_cycles}):
        methods[f"moving_average_{window}"] = Candidate(_moving_average, (window,))
    for alpha in SES_ALPHAS:
        methods[f"ses_{alpha}"] = Candidate(_ses, (alpha,))
    methods["ses_optimised"] = Candidate(_ses_optimised)
    methods["croston"] = Candidate(_croston, (1.0,))
    methods["sba"] = Candidate(_croston, (flat.sba_factor(CROSTON_ALPHA),))
    for rates in TSB_RATES:
        methods["tsb_{}_{}".format(*rates)] = Candidate(_tsb, rates)
    methods["imapa"] = Candidate(_imapa)
    methods["holt"] = Candidate(_trend, HOLT, True)
    for trend in TRENDS:
        methods["damped_trend_{}_{}_{}".format(*trend)] = Candidate(_trend, trend, True)
    for number, period in enumerate(periods):
        methods[f"seasonal_naive_{period}"] = Candidate(_seasonal_naive, (), True, number)
        for smoothing in HOLT_WINTERS:
            name = "holt_winters_{}_{}_{}_{}".format(period, *smoothing[:3])
            methods[name] = Candidate(_holt_winters, smoothing, True, number)
        for window in CATEGORY_WINDOWS:
            name = f"category_season_{period}_{window}"
            methods[name] = Candidate(_category_season, (window,), True, number)
    return methods


def forecasts(task, chosen):
    """Return what candidates forecast at every origin.

    :param chosen: candidates in the order of :func:`candidates`
    :return: ``(levels, shapes)``: candidates x origins x items of the first ones, and
        candidates x origins x future periods x items of those that are shaped
    """
    groups = {}
    for candidate in chosen:
        groups.setdefault((candidate.family, candidate.season), []).append(candidate)
    rows = {}
    for (family, season), members in groups.items():
        cycle = None if season is None else task.seasons[season]
        found = family(task, cycle, [member.parameters for member in members])
        rows.update(zip(members, found, strict=True))
    origins, width = len(task.origins), task.panel.width
    levels = [rows[candidate] for candidate in chosen if not candidate.shaped]
    shapes = [rows[candidate] for candidate in chosen if candidate.shaped]
    return (
        np.array(levels) if levels else np.zeros((0, origins, width)),
        np.array(shapes) if shapes else np.zeros((0, origins, task.horizon, width)),
    )


def _naive(task, _season, _parameters):
    return [flat.naive(task.panel, task.origins)]


def _mean(task, _season, _parameters):
    return [flat.mean(task.panel, task.origins)]


def _moving_average(task, _season, parameters):
    return flat.moving_average(task.panel, task.origins, [window for (window,) in parameters])


def _ses(task, _season, parameters):
    return flat.ses(task.panel, task.origins, [alpha for (alpha,) in parameters])


def _ses_optimised(task, _season, _parameters):
    return [flat.ses_optimised(task.panel, task.origins, SES_ALPHAS)]


def _croston(task, _season, parameters):
    factors = [factor for (factor,) in parameters]
    return flat.croston(task.panel, task.origins, CROSTON_ALPHA, factors)


def _tsb(task, _season, parameters):
    return flat.tsb(task.panel, task.origins, parameters)


def _imapa(task, _season, _parameters):
    return [flat.imapa(task.panel, task.origins, IMAPA_BUCKETS, IMAPA_ALPHA)]


def _trend(task, _season, parameters):
    return paths.damped_trend(
        task.panel, task.origins, task.horizon, task.oldest, parameters, MEMORY
    )


def _or_level(task, season, found):
    """Put a level in place of a season where no full cycle precedes the back-test."""
    young = task.oldest - task.panel.first < season.period
    if young.any():
        (level,) = flat.ses(task.panel, task.origins, (FALLBACK_ALPHA,))
        found = np.where(young, level[:, None, :], found)
    return found


def _seasonal_naive(task, season, _parameters):
    found = paths.seasonal_naive(
        task.panel, task.origins, task.horizon, season.phases, season.period
    )
    return [_or_level(task, season, found)]


def _holt_winters(task, season, parameters):
    found = paths.holt_winters(
        *(task.panel, task.origins, task.horizon, task.oldest, season.phases, season.period),
        parameters,
        MEMORY + MEMORY_CYCLES * season.period,
    )
    return _or_level(task, season, found)


def _category_season(task, season, parameters):
    return paths.category_season(
        *(task.panel, task.origins, task.horizon, season.phases, (season.index, season.category)),
        [window for (window,) in parameters],
    )
