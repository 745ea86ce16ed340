"""Methods whose forecast is one level for all future periods.

Each function makes one pass over the known values and returns the level that it would have
forecast at each of several ends, so that a rolling-origin back-test costs no more than one
fit.

:param values: known demands, oldest first, at least one
:param ends: ascending positions, each 1..len(values); the level at ``end`` has seen
    ``values[:end]`` only
:return: list with one level per end, in units of demand per period
"""


def naive(values, ends):
    """Last value (random walk). Hyndman and Athanasopoulos (2021), "Forecasting: principles
    and practice", 3rd ed., section 5.2.
    """
    return [values[end - 1] for end in ends]


def moving_average(values, ends, window):
    """Mean of the last ``window`` values, of all of them where there are fewer."""
    levels = []
    for end in ends:
        recent = values[max(0, end - window) : end]
        levels.append(sum(recent) / len(recent))
    return levels


def mean(values, ends):
    """Mean of all values so far (same source as :func:`naive`)."""
    levels, total, start = [], 0.0, 0
    for end in ends:
        total += sum(values[start:end])
        levels.append(total / end)
        start = end
    return levels


def ses(values, ends, alpha):
    """Simple exponential smoothing, started at the first value.

    Brown (1959); Hyndman and Athanasopoulos (2021), section 8.1.
    """
    levels, level, start = [], values[0], 0
    for end in ends:
        for value in values[start:end]:
            level += alpha * (value - level)
        levels.append(level)
        start = end
    return levels


def ses_optimised(values, ends, alphas):
    """SES with, at each end, the alpha of the least one-step squared error until then."""
    best = [None] * len(ends)
    for alpha in alphas:
        level, start, loss = values[0], 0, 0.0
        for position, end in enumerate(ends):
            for value in values[start:end]:
                error = value - level
                loss += error * error
                level += alpha * error
            if best[position] is None or loss < best[position][0]:
                best[position] = (loss, level)
            start = end
    return [level for _loss, level in best]


def croston(values, ends, alpha, factor=1.0):
    """Croston's method: smoothed demand size over smoothed interval between demands.

    Croston (1972), "Forecasting and stock control for intermittent demands", Operational
    Research Quarterly 23(3). Started at the first demand: its size and its waiting time.
    With no demand yet the level is 0.

    :param factor: ``1 - alpha / 2`` gives the Syntetos-Boylan approximation (SBA), see
        Syntetos and Boylan (2005), "The accuracy of intermittent demand estimates",
        International Journal of Forecasting 21(2)
    """
    levels, size, interval, waited, start = [], None, 1.0, 0, 0
    for end in ends:
        for value in values[start:end]:
            waited += 1
            if value:
                if size is None:
                    size, interval = value, float(waited)
                else:
                    size += alpha * (value - size)
                    interval += alpha * (waited - interval)
                waited = 0
        levels.append(factor * size / interval if size is not None else 0.0)
        start = end
    return levels


def sba(values, ends, alpha):
    """Syntetos-Boylan approximation: Croston without its upward bias."""
    return croston(values, ends, alpha, factor=1.0 - alpha / 2.0)


def tsb(values, ends, alpha, beta):
    """Teunter-Syntetos-Babai: smoothed size times smoothed probability of demand.

    Teunter, Syntetos and Babai (2011), "Intermittent demand: linking forecasting to
    inventory obsolescence", European Journal of Operational Research 214(3). The probability
    falls in every period without demand, so that a dying product is noticed. Started at the
    first demand: its size, and one over its waiting time.

    :param alpha: smoothing of the demand size
    :param beta: smoothing of the probability
    """
    levels, size, probability, waited, start = [], None, 0.0, 0, 0
    for end in ends:
        for value in values[start:end]:
            if size is None:
                waited += 1
                if value:
                    size, probability = value, 1.0 / waited
            elif value:
                size += alpha * (value - size)
                probability += beta * (1.0 - probability)
            else:
                probability -= beta * probability
        levels.append(size * probability if size is not None else 0.0)
        start = end
    return levels


def adida(values, ends, bucket, alpha):
    """Aggregate-disaggregate over time: SES on sums of ``bucket`` periods, spread evenly.

    Nikolopoulos, Syntetos, Boylan, Petropoulos and Assimakopoulos (2011), "An
    aggregate-disaggregate intermittent demand approach (ADIDA)", Journal of the Operational
    Research Society 62(3). Buckets are counted from the first value and an unfinished one
    waits. Until the first is full, the level is the mean.
    """
    levels, level, done = [], None, 0
    for end in ends:
        while done + bucket <= end:
            total = sum(values[done : done + bucket])
            level = total if level is None else level + alpha * (total - level)
            done += bucket
        levels.append(sum(values[:end]) / end if level is None else level / bucket)
    return levels


def imapa(values, ends, buckets, alpha):
    """Mean of :func:`adida` over several bucket lengths.

    Petropoulos and Kourentzes (2015), "Forecast combinations for intermittent demand",
    Journal of the Operational Research Society 66(6).
    """
    runs = [adida(values, ends, bucket, alpha) for bucket in buckets]
    return [sum(levels) / len(levels) for levels in zip(*runs, strict=True)]
