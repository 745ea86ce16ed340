"""Rolling-origin back-test of one item: what each candidate would have forecast, and how
wrong it was.

Tashman (2000), "Out-of-sample tests of forecasting accuracy", International Journal of
Forecasting 16(4). The newest origins have only part of the horizon behind them; they are
kept because they are the only ones that see the demand's present course, and weigh by the
number of periods that they have.
"""

from array import array
from dataclasses import dataclass, field
from operator import mul, sub

from .series import naive_scale

#: Number of origins, and what an origin weighs relative to the next newer one.
ORIGINS = 12
DECAY = 0.8
#: Share of the horizon that must be known after the newest origin.
LEAST_SHARE = 0.25
#: Spacing of the origins as a share of the horizon (at least one period).
SPACING = 8
#: Known values before the oldest origin.
LEAST_KNOWN = 4


@dataclass(frozen=True, slots=True)
class Window:
    """The known demand after one origin, at most ``horizon`` periods.

    :ivar steps: 0-based future steps that are known
    :ivar complete: whether all ``horizon`` steps are known
    :ivar weight: weight of a squared error in this window
    """

    origin: int
    steps: list
    actuals: list
    total: float
    squares: float
    complete: bool
    weight: float

    def until(self, limit):
        """Return the window without what happened at or after period ``limit``."""
        pairs = zip(self.steps, self.actuals, strict=True)
        known = [(step, value) for step, value in pairs if self.origin + step < limit]
        return _window(self.origin, known, False, self.weight)

    def errors(self, path):
        """Return ``(sum of squared errors, actual minus forecast total)``."""
        if isinstance(path, float):
            count = len(self.actuals)
            square = self.squares - 2.0 * path * self.total + count * path * path
            # The difference of large sums can fall below zero by rounding.
            return max(0.0, square), self.total - count * path
        errors = list(map(sub, self.actuals, self.known_part(path)))
        return sum(map(mul, errors, errors)), sum(errors)

    def known_part(self, path):
        """Return the values of a forecast list for the known steps."""
        count = len(self.steps)
        if not count or self.steps[-1] == count - 1:
            return path[:count]
        return [path[step] for step in self.steps]


def origins_for(series, horizon):
    """Return the back-test origins of a series, oldest first (possibly none)."""
    newest = len(series) - max(1, int(horizon * LEAST_SHARE))
    spacing = max(1, horizon // SPACING)
    origins = []
    for number in range(ORIGINS):
        origin = newest - number * spacing
        if origin < 1 or series.known[origin] < LEAST_KNOWN:
            break
        origins.append(origin)
    return origins[::-1]


def windows_for(series, origins, horizon):
    """Return the :class:`Window` after each origin; one without known demand weighs 0."""
    windows, decay = [], DECAY ** len(origins)
    for origin in origins:
        decay /= DECAY
        future = series.values[origin : origin + horizon]
        known = [(step, value) for step, value in enumerate(future) if value is not None]
        windows.append(_window(origin, known, len(known) == horizon, decay / horizon))
    return windows


def _window(origin, known, complete, weight):
    actuals = [value for _step, value in known]
    return Window(
        origin=origin,
        steps=[step for step, _value in known],
        actuals=actuals,
        total=sum(actuals),
        squares=sum(value * value for value in actuals),
        complete=complete,
        weight=weight,
    )


@dataclass(slots=True)
class Evaluation:
    """One item's back-test.

    :ivar scale: mean squared step of the whole training history (RMSSE's denominator)
    :ivar paths: ``paths[m][o]`` = forecast of candidate ``m`` at origin ``o`` (float or
        array); the last origin is the end of the history: the forecast proper
    :ivar squares: ``squares[m][o]`` = sum of squared errors in window ``o``
    :ivar totals: ``totals[m][o]`` = actual total minus forecast total in window ``o``
    """

    demand_class: str
    scale: float
    windows: list
    paths: list
    squares: list
    totals: list
    weights: list = field(init=False)
    counts: list = field(init=False)

    def __post_init__(self):
        self.weights = [window.weight for window in self.windows]
        self.counts = [len(window.actuals) for window in self.windows]

    def rmsse(self, squares, first=0, last=None):
        """Return the weighted RMSSE of a candidate over ``windows[first:last]``.

        :param squares: the candidate's row of :attr:`squares`
        :return: ``None`` without windows or for a history without any change
        """
        weight = self.record(first, last)
        if not weight or not self.scale:
            return None
        total = sum(map(mul, self.weights[first:last], squares[first:last]))
        return (total / weight / self.scale) ** 0.5

    def cumulative_error(self, totals, first=0, last=None):
        """Return the weighted mean absolute error of window totals, in root-scale units."""
        weight = self.record(first, last)
        if not weight or not self.scale:
            return None
        total = sum(map(mul, self.weights[first:last], map(abs, totals[first:last])))
        return total / weight / self.scale**0.5

    def record(self, first=0, last=None):
        """Return how much was tested, in weighted windows of a whole horizon."""
        return sum(map(mul, self.weights[first:last], self.counts[first:last]))


def evaluate(task, runs, demand_class):
    """Back-test every candidate on one item.

    :param methods.Task task: its origins are those of :func:`origins_for` and, last, the
        length of the history
    :param runs: the candidates' functions
    """
    windows = windows_for(task.series, task.origins[:-1], task.horizon)
    evaluation = Evaluation(demand_class, naive_scale(task.series.observed), windows, [], [], [])
    for run in runs:
        # array: a tenth of the memory of lists of float objects, for thousands of items.
        forecasts = [p if isinstance(p, float) else array("d", p) for p in run(task)]
        errors = [w.errors(p) for w, p in zip(windows, forecasts[:-1], strict=True)]
        evaluation.paths.append(forecasts)
        evaluation.squares.append([square for square, _total in errors])
        evaluation.totals.append([total for _square, total in errors])
    return evaluation


def combine(weights, forecasts, horizon):
    """Return the weighted sum of forecasts at one origin.

    :param weights: ``{candidate number: weight}``
    :param forecasts: ``forecasts[m]``, float or array
    :return: float if all parts are, else a list
    """
    level, shaped = 0.0, []
    for number, weight in weights.items():
        forecast = forecasts[number]
        if isinstance(forecast, float):
            level += weight * forecast
        else:
            shaped.append((weight, forecast))
    if not shaped:
        return level
    path = [level] * horizon
    for weight, forecast in shaped:
        path = [p + weight * f for p, f in zip(path, forecast, strict=True)]
    return path
