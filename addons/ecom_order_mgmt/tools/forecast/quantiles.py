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

#: Grid on which the distribution of errors is kept; between its points it is interpolated.
GRID = (
    *(0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5),
    *(0.6, 0.7, 0.8, 0.85, 0.9, 0.925, 0.95, 0.975, 0.99, 0.995),
)
#: Errors needed for an own distribution of a class; below it, that of all classes; below
#: it again, the normal one.
LEAST_ERRORS = 200


def empirical(errors):
    """Return the grid of quantiles of a list of standardised errors, ``None`` if too few.

    Definition 7 of Hyndman and Fan (1996), "Sample quantiles in statistical packages", The
    American Statistician 50(4).
    """
    if len(errors) < LEAST_ERRORS:
        return None
    ranked = sorted(errors)
    grid = []
    for probability in GRID:
        position = probability * (len(ranked) - 1)
        below = int(position)
        above = min(below + 1, len(ranked) - 1)
        grid.append(ranked[below] + (position - below) * (ranked[above] - ranked[below]))
    return grid


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


def collect(window, path, deviation, steps, totals):
    """Append one window's standardised errors to ``steps`` and ``totals[h - 1]``.

    :param path: forecast, float or list
    :param float deviation: the item's expected error per period, above 0
    :param list totals: one list per length ``h`` of a lead time
    """
    running, contiguous = 0.0, True
    for count, (step, actual) in enumerate(zip(window.steps, window.actuals, strict=True), start=1):
        error = actual - (path if isinstance(path, float) else path[step])
        steps.append(error / deviation)
        contiguous = contiguous and step == count - 1
        if contiguous:
            running += error
            totals[step].append(running / deviation / count**0.5)
