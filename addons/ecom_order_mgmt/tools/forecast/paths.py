"""Methods whose forecast differs from one future period to the next: trend and season.

They walk over periods, not over known values, because a missing period moves the trend and
the season on. Like those of :mod:`flat` they return what they would have forecast at each
of several origins (ascending, each at least one period after the first known value), here a
list of ``horizon`` values per origin, from one pass.
"""


def _first_known(values, start, origin):
    """Return the first known period from ``start`` on, from 0 if none is before ``origin``."""
    for t in range(start, origin):
        if values[t] is not None:
            return t
    return next(t for t, value in enumerate(values) if value is not None)


def damped_trend(values, origins, horizon, alpha, beta, phi, start=0):
    """Additive trend that fades by ``phi`` a period; ``phi=1`` is Holt's linear trend.

    Holt (1957), reprinted in International Journal of Forecasting 20(1), 2004; Gardner and
    McKenzie (1985), "Forecasting trends in time series", Management Science 31(10).
    Error-correction form of Hyndman and Athanasopoulos (2021), section 8.2, with ``beta``
    relative to ``alpha`` (beta* there), started at the first value without trend.

    :param start: earlier periods are not read
    """
    start = _first_known(values, start, origins[0])
    level, trend, gain, result = values[start], 0.0, alpha * beta, []
    for origin in origins:
        for value in values[start:origin]:
            trend *= phi
            level += trend
            if value is not None:
                error = value - level
                level += alpha * error
                trend += gain * error
        start = origin
        path, reach, power = [], 0.0, 1.0
        for _step in range(horizon):
            power *= phi
            reach += power
            path.append(level + reach * trend)
        result.append(path)
    return result


def seasonal_naive(values, origins, horizon, phases, period):
    """Last known value of the same season phase; the mean of all where there is none.

    Hyndman and Athanasopoulos (2021), section 5.2.
    """
    last, start, count, total, result = [None] * period, 0, 0, 0.0, []
    for origin in origins:
        for t in range(start, origin):
            value = values[t]
            if value is not None:
                last[phases[t]] = value
                total += value
                count += 1
        start = origin
        fallback = total / count
        result.append(
            [
                fallback if last[phase] is None else last[phase]
                for phase in phases[origin : origin + horizon]
            ]
        )
    return result


def holt_winters(values, origins, horizon, phases, period, smoothing, start=0):
    """Additive Holt-Winters with damped trend.

    Winters (1960), "Forecasting sales by exponentially weighted moving averages",
    Management Science 6(3); error-correction form of Hyndman and Athanasopoulos (2021),
    section 8.3. Started on the first cycle: level = its mean, season = what differs from it.

    :param smoothing: ``(alpha, beta, gamma, phi)``; ``beta=0`` leaves the trend out
    :param start: earlier periods are not read
    """
    alpha, beta, gamma, phi = smoothing
    first = _first_known(values, start, origins[0])
    start = min(first + period, origins[0])
    cycle = [value for value in values[first:start] if value is not None]
    level, trend, trend_gain = sum(cycle) / len(cycle), 0.0, alpha * beta
    season, result = [0.0] * period, []
    for t in range(first, start):
        if values[t] is not None:
            season[phases[t]] = values[t] - level
    for origin in origins:
        for t in range(start, origin):
            trend *= phi
            level += trend
            value = values[t]
            if value is not None:
                phase = phases[t]
                error = value - level - season[phase]
                level += alpha * error
                trend += trend_gain * error
                season[phase] += gamma * error
        start = origin
        path, reach, power = [], 0.0, 1.0
        for phase in phases[origin : origin + horizon]:
            power *= phi
            reach += power
            path.append(level + reach * trend + season[phase])
        result.append(path)
    return result


def category_season(values, origins, horizon, phases, indices, window):
    """Aggregate-disaggregate over items: the category's season on one sparse item's level.

    Withycombe (1989), "Forecasting with combined seasonal indices", International Journal of
    Forecasting 5(4); Dekker, van Donselaar and Ouwehand (2004), "How to use aggregation and
    combined forecasting to improve seasonal demand forecasts", International Journal of
    Production Economics 90(2). The level is the ratio of the item's demand in the last
    ``window`` known periods to the season indices of those periods, which stays defined
    where most of them are zero.

    :param indices: per origin, the multiplicative index of each phase as it was known then
        (:func:`season.indices_at`)
    """
    result = []
    for origin, index in zip(origins, indices, strict=True):
        demand = weight = 0.0
        left = window
        for t in range(origin - 1, -1, -1):
            value = values[t]
            if value is not None:
                demand += value
                weight += index[phases[t]]
                left -= 1
                if not left:
                    break
        level = demand / weight if weight else 0.0
        result.append([level * index[phase] for phase in phases[origin : origin + horizon]])
    return result
