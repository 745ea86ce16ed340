"""Prediction quantiles from back-test errors, per period and for the total of a lead time.

Errors of the method that each item uses, divided by the item's own expected error, are
pooled over the items of a demand class: a few windows of one item say nothing about a 95 %
quantile, those of a thousand items do. The total over ``h`` periods has quantiles of its own,
taken from totals of errors, because errors of neighbouring periods are not independent; it is
what a reorder point needs. Compare Trapero, Cardos and Kourentzes (2019), "Empirical safety
stock estimation based on kernel and GARCH models", Omega 84.
"""

from bisect import bisect_left
from statistics import NormalDist

import numpy as np

#: Grid on which the distribution of errors is kept; between its points it is interpolated.
GRID = (
    *(0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5),
    *(0.6, 0.7, 0.8, 0.85, 0.9, 0.925, 0.95, 0.975, 0.99, 0.995),
)
#: Errors needed for an own distribution of a class; below it, that of all classes; below
#: it again, the normal one.
LEAST_ERRORS = 200


def empirical(errors):
    """Return the grid of quantiles of an array of standardised errors, ``None`` if too few.

    Definition 7 of Hyndman and Fan (1996), "Sample quantiles in statistical packages", The
    American Statistician 50(4).
    """
    if len(errors) < LEAST_ERRORS:
        return None
    return np.quantile(errors, GRID).tolist()


def normal():
    return [NormalDist().inv_cdf(probability) for probability in GRID]


def at(grid, probability):
    """Return the quantile of a grid at any probability; beyond its ends, the end's."""
    if probability <= GRID[0]:
        return grid[0]
    if probability >= GRID[-1]:
        return grid[-1]
    above = bisect_left(GRID, probability)
    below = above - 1
    share = (probability - GRID[below]) / (GRID[above] - GRID[below])
    return grid[below] + share * (grid[above] - grid[below])


def standardised(windows, path, deviation):
    """Return ``(errors per period, errors of totals over 1, 2, ... periods)``, flat arrays of
    what is known, divided by what was expected.

    :param backtest.Windows windows: of some items
    :param path: their forecasts, windows x future periods x items
    :param deviation: the items' expected error per period, each above 0
    """
    errors = (windows.actuals - path) * windows.known / deviation
    known = windows.known > 0.0
    # Totals only up to the first unknown period.
    unbroken = np.logical_and.accumulate(known, axis=1)
    lengths = np.arange(1, path.shape[1] + 1)
    running = np.cumsum(errors, axis=1) / np.sqrt(lengths)[:, None]
    totals = [running[:, h][unbroken[:, h]] for h in range(len(lengths))]
    return errors[known], totals
