"""Methods whose forecast differs from one future period to the next: trend and season.

They walk over periods, not over known values, because a missing period moves the trend and
the season on. Like those of :mod:`flat` they return what they would have forecast at each
of several origins from one pass over all items of a panel, here
parameters x origins x future periods x items.

:param panel.Panel panel: the items
:param origins: ascending periods
:param oldest: per item, the oldest origin of its back-test, whether it is among ``origins``
    or not: a nightly forecast must start as what the back-test has judged
"""

import numpy as np


def _column(values):
    return np.array(values, dtype=float)[:, None]


def _first_known(panel, start, limit):
    """Per item, its first known period from ``start`` on, if that is before ``limit``, else
    the first of all.
    """
    position = panel.counts[start, panel.columns]
    last = np.maximum(panel.counts[-1] - 1, 0)
    found = panel.times[np.minimum(position, last), panel.columns]
    return np.where((position <= last) & (found < limit), found, panel.first)


def _reach(phi, horizon):
    """Return how many steps of trend each future period is away, parameters x periods."""
    return np.cumsum(np.cumprod(np.repeat(phi, horizon, axis=1), axis=1), axis=1)


def damped_trend(panel, origins, horizon, oldest, parameters, memory):
    """Additive trend that fades by ``phi`` a period; ``phi=1`` is Holt's linear trend.

    Holt (1957), reprinted in International Journal of Forecasting 20(1), 2004; Gardner and
    McKenzie (1985), "Forecasting trends in time series", Management Science 31(10).
    Error-correction form of Hyndman and Athanasopoulos (2021), section 8.2, with ``beta``
    relative to ``alpha`` (beta* there), started at the first value without trend.

    :param parameters: triples ``(alpha, beta, phi)``
    :param memory: periods before ``oldest`` that are read
    """
    alpha, beta, phi = (_column(column) for column in zip(*parameters, strict=True))
    gain, reach = alpha * beta, _reach(phi, horizon)[:, :, None]
    first = _first_known(panel, np.maximum(oldest - memory, 0), oldest)
    level = np.tile(panel.values[first, panel.columns], (len(alpha), 1))
    trend, error, paths = np.zeros_like(level), np.empty_like(level), []
    start = int(first.min())
    latest = int(first.max())
    for origin in origins:
        for period in range(start, origin):
            trend *= phi
            level += trend
            np.subtract(panel.values[period], level, out=error)
            error *= panel.mask[period]
            if period < latest:
                error *= first <= period
            level += alpha * error
            error *= gain
            trend += error
        start = max(start, origin)
        paths.append(level[:, None, :] + reach * trend[:, None, :])
    return np.stack(paths, axis=1)


def seasonal_naive(panel, origins, horizon, phases, period):
    """Last known value of the same season phase; the mean of all where there is none.

    Hyndman and Athanasopoulos (2021), section 5.2.

    :param phases: phase of each period of the panel and of the horizon after it
    :return: origins x future periods x items
    """
    last = np.full((period, panel.width), np.nan)
    total, start, paths = np.zeros(panel.width), 0, []
    for origin in origins:
        for t in range(start, origin):
            np.copyto(last[phases[t]], panel.values[t], where=panel.known[t])
        total += panel.values[start:origin].sum(axis=0)
        start = origin
        fallback = total / np.maximum(panel.counts[origin], 1)
        future = last[phases[origin : origin + horizon]]
        paths.append(np.where(np.isnan(future), fallback, future))
    return np.array(paths)


def holt_winters(panel, origins, horizon, oldest, phases, period, smoothings, memory):
    """Additive Holt-Winters with damped trend.

    Winters (1960), "Forecasting sales by exponentially weighted moving averages",
    Management Science 6(3); error-correction form of Hyndman and Athanasopoulos (2021),
    section 8.3. Started on the first cycle: level = its mean, season = what differs from it.

    :param phases: phase of each period of the panel and of the horizon after it
    :param smoothings: ``(alpha, beta, gamma, phi)``; ``beta=0`` leaves the trend out
    :param memory: periods before ``oldest`` that are read
    """
    alpha, beta, gamma, phi = (_column(column) for column in zip(*smoothings, strict=True))
    gain, reach = alpha * beta, _reach(phi, horizon)[:, :, None]
    first = _first_known(panel, np.maximum(oldest - memory, 0), oldest)
    ready = np.minimum(first + period, oldest)
    level, season = _first_cycle(panel, first, ready, phases, period)
    level = np.tile(level, (len(alpha), 1))
    season = np.repeat(season[:, None, :], len(alpha), axis=1)
    trend, error, paths = np.zeros_like(level), np.empty_like(level), []
    start, latest = int(ready.min()), int(ready.max())
    for origin in origins:
        for t in range(start, origin):
            trend *= phi
            level += trend
            now = season[phases[t]]
            np.subtract(panel.values[t], level, out=error)
            error -= now
            error *= panel.mask[t]
            if t < latest:
                error *= ready <= t
            level += alpha * error
            now += gamma * error
            error *= gain
            trend += error
        start = max(start, origin)
        future = season[phases[origin : origin + horizon]].swapaxes(0, 1)
        paths.append(level[:, None, :] + reach * trend[:, None, :] + future)
    return np.stack(paths, axis=1)


def _first_cycle(panel, first, ready, phases, period):
    """Return ``(level, season)`` of each item's periods from ``first`` to before ``ready``."""
    periods = range(int(first.min()), int(ready.max()))
    total, count = np.zeros(panel.width), np.zeros(panel.width)
    inside = [panel.known[t] & (first <= t) & (t < ready) for t in periods]
    for t, member in zip(periods, inside, strict=True):
        total += panel.values[t] * member
        count += member
    level = total / np.maximum(count, 1.0)
    season = np.zeros((period, panel.width))
    for t, member in zip(periods, inside, strict=True):
        np.copyto(season[phases[t]], panel.values[t] - level, where=member)
    return level, season


def category_season(panel, origins, horizon, phases, indices, windows):
    """Aggregate-disaggregate over items: the category's season on one sparse item's level.

    Withycombe (1989), "Forecasting with combined seasonal indices", International Journal of
    Forecasting 5(4); Dekker, van Donselaar and Ouwehand (2004), "How to use aggregation and
    combined forecasting to improve seasonal demand forecasts", International Journal of
    Production Economics 90(2). The level is the ratio of the item's demand in the last
    ``window`` known periods to the season indices of those periods, which stays defined
    where most of them are zero.

    :param phases: phase of each period of the panel and of the horizon after it
    :param indices: ``(per origin and category the multiplicative index of each phase as it
        was known then (:func:`season.indices_at`), each item's category)``
    :param windows: numbers of known periods
    """
    index, category = indices
    ends, phases = panel.counts[origins], np.asarray(phases)
    rows = np.arange(len(origins))[:, None]
    demand, weight = np.zeros(ends.shape), np.zeros(ends.shape)
    levels = np.empty((len(windows), *ends.shape))
    times = panel.times.ravel()
    for step in range(1, max(windows) + 1):
        values, position, exists = panel.back(ends, step)
        values *= exists
        demand += values
        weight += index[rows, category, phases[times.take(position)]] * exists
        for number, window in enumerate(windows):
            if window == step:
                levels[number] = np.divide(
                    demand, weight, out=np.zeros(ends.shape), where=weight != 0.0
                )
    steps = np.asarray(origins)[:, None] + np.arange(horizon)
    future = index[rows[:, :, None], category, phases[steps][:, :, None]]
    return levels[:, :, None, :] * future
