"""Season of a category: what its items' total says about each phase of the cycle."""

#: A season is estimated from at least this many cycles: from one alone, the trend and every
#: single event would be taken for a season.
MIN_CYCLES = 2
#: A cycle longer than this is smoothed over neighbouring phases: two or three years give
#: each day of a year two or three values only.
LONG_CYCLE = 60


class CategoryTotal:
    """Mean demand per period of many items, each first divided by its own root mean square
    so that neither the biggest item nor one huge order decides the season.

    :param length: periods of the longest series; all end together
    """

    def __init__(self, length):
        self._totals = [0.0] * length
        self._counts = [0] * length

    def add(self, series):
        if not series.observed:
            return
        size = (sum(v * v for v in series.observed) / len(series.observed)) ** 0.5
        if not size:
            return
        for t, value in enumerate(series.values, start=len(self._totals) - len(series)):
            if value is not None:
                self._totals[t] += value / size
                self._counts[t] += 1

    def values(self):
        """Return the mean per period, ``None`` where no item is known."""
        pairs = zip(self._totals, self._counts, strict=True)
        return [total / count if count else None for total, count in pairs]


def trend_ratios(total, period):
    """Return each period's ratio to the centred moving average of one cycle around it.

    Classical decomposition, Hyndman and Athanasopoulos (2021), section 3.4. ``None`` where
    the average is not defined: at both ends and around unknown periods.
    """
    ratios, half = [None] * len(total), period // 2
    for t in range(half, len(total) - half):
        around = total[t - half : t + half + 1]
        if any(value is None for value in around):
            continue
        # An even cycle is centred by counting its two outer periods by half (2 x m-MA).
        outer = 0.5 * (around[0] + around[-1]) if period % 2 == 0 else 0.0
        inner = sum(around[1:-1]) + outer if period % 2 == 0 else sum(around)
        if inner > 0:
            ratios[t] = total[t] * period / inner
    return ratios


def indices_at(ratios, origins, phases, period):
    """Return, per origin, the multiplicative index of each phase from data before it.

    A ratio looks half a cycle ahead, so only those that were complete at the origin are
    used. All ones while there are fewer than two cycles.
    """
    result = []
    for origin in origins:
        if origin < MIN_CYCLES * period:
            result.append([1.0] * period)
            continue
        sums, counts = [0.0] * period, [0] * period
        for t in range(max(0, origin - period // 2)):
            if ratios[t] is not None:
                sums[phases[t]] += ratios[t]
                counts[phases[t]] += 1
        index = [s / c if c else 1.0 for s, c in zip(sums, counts, strict=True)]
        if period > LONG_CYCLE:
            index = _smooth(index, period // LONG_CYCLE + 1)
        average = sum(index) / period
        result.append([value / average for value in index] if average > 0 else [1.0] * period)
    return result


def _smooth(index, reach):
    period = len(index)
    return [
        sum(index[(p + d) % period] for d in range(-reach, reach + 1)) / (2 * reach + 1)
        for p in range(period)
    ]
