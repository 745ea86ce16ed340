"""Demand series: cleaning, scale, Syntetos-Boylan class and the calendar of seasons.

A series has one entry per period, oldest first. NaN marks a period whose demand is not known
(before the product's launch, stock-out); it is never read as zero.
"""

import datetime
import math

import numpy as np

#: Cut-off values of Syntetos, Boylan and Croston (2005), "On the categorization of demand
#: patterns", Journal of the Operational Research Society 56(5), 495-503.
ADI_CUT = 1.32
CV2_CUT = 0.49

SMOOTH, ERRATIC, INTERMITTENT, LUMPY = "smooth", "erratic", "intermittent", "lumpy"
#: Demand above it is a mistake, and its square would leave the range of numbers.
LARGEST = 1e100
#: Types that numpy reads as they are meant.
_PLAIN = {float, int, type(None)}
DEMAND_CLASSES = (SMOOTH, ERRATIC, INTERMITTENT, LUMPY)


class ForecastInputError(ValueError):
    """The caller's data or parameters cannot be forecast; the message says which and why."""


def clean(history, name="history"):
    """Return ``history`` as an array of floats, NaN where the demand is not known.

    :param history: numbers, ``None``, NaN or blank text (the last three mean "not known");
        negative values (corrections, returns) are kept as they are
    :raise ForecastInputError: on text, infinities and booleans
    """
    if set(map(type, history)) <= _PLAIN:
        try:
            values = np.array(history, dtype=float)
        except OverflowError:
            values = np.array([math.inf])
        if not (np.abs(values) > LARGEST).any():
            return values
    values = np.full(len(history), np.nan)
    for position, value in enumerate(history):
        if value is None or (isinstance(value, str) and not value.strip()):
            continue
        try:
            number = float(value)
        except (TypeError, ValueError, OverflowError):
            number = math.inf
        if isinstance(value, bool) or abs(number) > LARGEST:
            raise ForecastInputError(f"{name}: period {position + 1} is {value!r}, not a number")
        values[position] = number
    return values


def naive_scale(observed):
    """Return the mean squared step of a series: the denominator of RMSSE, squared units.

    Hyndman and Koehler (2006), "Another look at measures of forecast accuracy",
    International Journal of Forecasting 22(4), with squares as in the M5 competition
    (Makridakis, Spiliotis, Assimakopoulos 2022). 0.0 for fewer than two values.
    """
    steps = len(observed) - 1
    if steps < 1:
        return 0.0
    return sum((b - a) ** 2 for a, b in zip(observed, observed[1:], strict=False)) / steps


def cyclic_phases(length, period):
    """Return ``length`` season phases counted from the first period: 0..period-1, again."""
    return [t % period for t in range(length)]


def calendar_phases(first, length, period):
    """Return the phases of ``length`` consecutive days from ``first`` for a season in days.

    For a yearly season (365) a day's phase is its place in a year without 29 February, and
    the leap day shares the phase of the 28th: otherwise each leap year would shift the
    season by one day. Other periods simply count days.

    :param datetime.date first: day of the first period
    """
    if period != 365:
        return [(first.toordinal() + t) % period for t in range(length)]
    phases = []
    for t in range(length):
        day = first + datetime.timedelta(days=t)
        after_leap_day = day.month > 2 and _is_leap(day.year)
        is_leap_day = (day.month, day.day) == (2, 29)
        phases.append(day.timetuple().tm_yday - 1 - (after_leap_day or is_leap_day))
    return phases


def _is_leap(year):
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
