"""Season of a category: what its items' total says about each phase of the cycle."""

import numpy as np

#: A season is estimated from at least this many cycles: from one alone, the trend and every
#: single event would be taken for a season.
MIN_CYCLES = 2
#: A cycle longer than this is smoothed over neighbouring phases: two or three years give
#: each day of a year two or three values only.
LONG_CYCLE = 60


def category_total(panel):
    """Return the mean demand per period of a panel's items, NaN where none is known.

    Each item is first divided by its own root mean square, so that neither the biggest item
    nor one huge order decides the season.
    """
    squares = (panel.values * panel.values).sum(axis=0)
    size = np.sqrt(squares / np.maximum(panel.counts[-1], 1))
    used = size > 0.0
    total = (panel.values[:, used] / size[used]).sum(axis=1)
    count = panel.known[:, used].sum(axis=1)
    return np.divide(total, count, out=np.full(len(panel), np.nan), where=count > 0)


def trend_ratios(total, period):
    """Return each period's ratio to the centred moving average of one cycle around it.

    Classical decomposition, Hyndman and Athanasopoulos (2021), section 3.4. NaN where the
    average is not defined: at both ends and around unknown periods.
    """
    ratios, half = np.full(len(total), np.nan), period // 2
    around = slice(half, len(total) - half)
    if len(total) <= 2 * half:
        return ratios
    windows = np.lib.stride_tricks.sliding_window_view(total, 2 * half + 1)
    if period % 2:
        cycle = windows.sum(axis=1)
    else:
        # An even cycle is centred by counting its two outer periods by half (2 x m-MA).
        cycle = windows[:, 1:-1].sum(axis=1) + 0.5 * (windows[:, 0] + windows[:, -1])
    found = np.full(len(cycle), np.nan)
    np.divide(total[around] * period, cycle, out=found, where=cycle > 0.0)
    ratios[around] = found
    return ratios


def indices_at(ratios, origins, phases, period):
    """Return the multiplicative index of each phase from data before each origin.

    A ratio looks half a cycle ahead, so only those that were complete at the origin are
    used. All ones while there are fewer than two cycles.

    :param phases: of the periods of ``ratios``, at least
    :return: origins x phases
    """
    result = np.ones((len(origins), period))
    phases = np.asarray(phases)[: len(ratios)]
    for row, origin in zip(result, origins, strict=True):
        if origin < MIN_CYCLES * period:
            continue
        seen = slice(max(0, origin - period // 2))
        usable = ~np.isnan(ratios[seen])
        where = phases[seen][usable]
        sums = np.bincount(where, ratios[seen][usable], minlength=period)
        counts = np.bincount(where, minlength=period)
        index = np.divide(sums, counts, out=np.ones(period), where=counts > 0)
        if period > LONG_CYCLE:
            index = _smooth(index, period // LONG_CYCLE + 1)
        average = index.sum() / period
        if average > 0.0:
            row[:] = index / average
    return result


def _smooth(index, reach):
    neighbours = [np.roll(index, -distance) for distance in range(-reach, reach + 1)]
    return sum(neighbours) / (2 * reach + 1)
