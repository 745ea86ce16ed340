"""Methods whose forecast is one level for all future periods.

Each function makes one pass over the known values of all items of a panel and returns the
levels that it would have forecast at each of several origins, so that a rolling-origin
back-test costs no more than one fit. A level at an origin has seen earlier periods only; a
period that is not known passes without an update.

:param panel.Panel panel: the items
:param origins: ascending numbers of periods; before an item's first known value its levels
    mean nothing
:return: levels in units of demand per period, parameters x origins x items (without the
    first axis where a method has no parameters)
"""

import numpy as np


def _column(values):
    return np.array(values, dtype=float)[:, None]


def naive(panel, origins):
    """Last value (random walk). Hyndman and Athanasopoulos (2021), "Forecasting: principles
    and practice", 3rd ed., section 5.2.
    """
    values, _position, _exists = panel.back(panel.counts[origins], 1)
    return values


def moving_average(panel, origins, windows):
    """Mean of the last ``window`` values, of all of them where there are fewer."""
    ends = panel.counts[origins]
    total, result = np.zeros(ends.shape), np.empty((len(windows), *ends.shape))
    for step in range(1, max(windows) + 1):
        values, _position, exists = panel.back(ends, step)
        values *= exists
        total += values
        for number, window in enumerate(windows):
            if window == step:
                result[number] = total / np.clip(ends, 1, step)
    return result


def mean(panel, origins):
    """Mean of all values so far (same source as :func:`naive`)."""
    levels, total, start = [], np.zeros(panel.width), 0
    for origin in origins:
        total = total + panel.values[start:origin].sum(axis=0)
        levels.append(total / np.maximum(panel.counts[origin], 1))
        start = origin
    return np.array(levels)


def ses(panel, origins, alphas):
    """Simple exponential smoothing, started at the first value.

    Brown (1959); Hyndman and Athanasopoulos (2021), section 8.1.
    """
    return _ses(panel, origins, alphas)[0]


def ses_optimised(panel, origins, alphas):
    """SES with, at each origin, the alpha of the least one-step squared error until then."""
    levels, losses = _ses(panel, origins, alphas, True)
    best = losses.argmin(axis=0)
    return np.take_along_axis(levels, best[None], axis=0)[0]


def _ses(panel, origins, alphas, with_losses=False):
    """Return the levels of :func:`ses`, and on request the squared errors so far."""
    rates = _column(alphas)
    level = np.tile(panel.first_value, (len(rates), 1))
    error, loss = np.empty_like(level), np.zeros_like(level)
    levels, losses, start = [], [], panel.start
    for origin in origins:
        for value, known in zip(panel.values[start:origin], panel.mask[start:origin], strict=True):
            np.subtract(value, level, out=error)
            error *= known
            if with_losses:
                loss += error * error
            error *= rates
            level += error
        start = max(start, origin)
        levels.append(level.copy())
        losses.append(loss.copy())
    return np.stack(levels, axis=1), np.stack(losses, axis=1)


def croston(panel, origins, alpha, factors=(1.0,)):
    """Croston's method: smoothed demand size over smoothed interval between demands.

    Croston (1972), "Forecasting and stock control for intermittent demands", Operational
    Research Quarterly 23(3). Started at the first demand: its size and its waiting time.
    With no demand yet the level is 0.

    :param factors: 1 for Croston's method; ``1 - alpha / 2`` gives the Syntetos-Boylan
        approximation (SBA) without its upward bias, see Syntetos and Boylan (2005), "The
        accuracy of intermittent demand estimates", International Journal of Forecasting
        21(2)
    """
    first, size, interval = panel.first_hit
    size, interval = size.copy(), np.maximum(interval, 1).astype(float)
    waited, levels, start = np.zeros(panel.width), [], panel.start
    for origin in origins:
        rows = slice(start, origin)
        for value, known, hit in zip(
            panel.values[rows], panel.mask[rows], panel.hits[rows], strict=True
        ):
            waited += known
            gain = alpha * hit
            size += gain * (value - size)
            interval += gain * (waited - interval)
            waited -= waited * hit
        start = max(start, origin)
        # Size and interval stand at those of the first demand before it, too.
        levels.append(np.where(first < origin, size / interval, 0.0))
    return np.stack([factor * np.array(levels) for factor in factors])


def sba_factor(alpha):
    """Return the factor of :func:`croston` that makes it the SBA."""
    return 1.0 - alpha / 2.0


def tsb(panel, origins, rates):
    """Teunter-Syntetos-Babai: smoothed size times smoothed probability of demand.

    Teunter, Syntetos and Babai (2011), "Intermittent demand: linking forecasting to
    inventory obsolescence", European Journal of Operational Research 214(3). The probability
    falls in every period without demand, so that a dying product is noticed. Started at the
    first demand: its size, and one over its waiting time.

    :param rates: pairs of the smoothing of the demand size and of the probability
    """
    alphas, betas = (_column(column) for column in zip(*rates, strict=True))
    first, size, waited = panel.first_hit
    size = np.tile(size, (len(rates), 1))
    probability = np.tile(1.0 / np.maximum(waited, 1), (len(rates), 1))
    levels, start = [], panel.start
    for origin in origins:
        rows = slice(start, origin)
        for period, (value, known, hit) in enumerate(
            zip(panel.values[rows], panel.mask[rows], panel.hits[rows], strict=True), start
        ):
            size += (alphas * hit) * (value - size)
            probability += (betas * (known * (first < period))) * (hit - probability)
        start = max(start, origin)
        levels.append(np.where(first < origin, size * probability, 0.0))
    return np.stack(levels, axis=1)


def adida(panel, origins, bucket, alphas):
    """Aggregate-disaggregate over time: SES on sums of ``bucket`` periods, spread evenly.

    Nikolopoulos, Syntetos, Boylan, Petropoulos and Assimakopoulos (2011), "An
    aggregate-disaggregate intermittent demand approach (ADIDA)", Journal of the Operational
    Research Society 62(3). Buckets are counted from the first known value and an unfinished
    one waits. Until the first is full, the level is the mean.
    """
    ends, rates = panel.counts[origins], _column(alphas)
    count = len(panel) // bucket
    sums = panel.observed[: count * bucket].reshape(count, bucket, panel.width).sum(axis=1)
    # After one full bucket the level is its sum; states[j] is that after j + 1.
    states = np.empty((max(count, 1), len(rates), panel.width))
    states[0] = sums[0] if count else 0.0
    for number in range(1, count):
        before = states[number - 1]
        states[number] = before + rates * (sums[number] - before)
    full = ends // bucket
    levels = np.take_along_axis(states, np.maximum(full - 1, 0)[:, None, :], axis=0).swapaxes(0, 1)
    return np.where(full > 0, levels / bucket, mean(panel, origins))


def imapa(panel, origins, buckets, alpha):
    """Mean of :func:`adida` over several bucket lengths.

    Petropoulos and Kourentzes (2015), "Forecast combinations for intermittent demand",
    Journal of the Operational Research Society 66(6).
    """
    return sum(adida(panel, origins, bucket, (alpha,))[0] for bucket in buckets) / len(buckets)
