"""Rolling-origin back-test of many items: what each candidate would have forecast, and how
wrong it was.

Tashman (2000), "Out-of-sample tests of forecasting accuracy", International Journal of
Forecasting 16(4). The newest origins have only part of the horizon behind them; they are
kept because they are the only ones that see the demand's present course, and weigh by the
number of periods that they have.
"""

from dataclasses import dataclass, replace

import numpy as np

from .methods import forecasts

#: Number of origins, and what an origin weighs relative to the next newer one.
ORIGINS = 12
DECAY = 0.8
#: Share of the horizon that must be known after the newest origin.
LEAST_SHARE = 0.25
#: Spacing of the origins as a share of the horizon (at least one period).
SPACING = 8
#: Known values before the oldest origin.
LEAST_KNOWN = 4


def origins_before(end, horizon):
    """Return the origins of histories that end with period ``end``, oldest first."""
    newest = end - max(1, int(horizon * LEAST_SHARE))
    spacing = max(1, horizon // SPACING)
    return newest - spacing * np.arange(ORIGINS)[::-1]


def least_length(horizon):
    """Return the length of a panel in which all origins lie (younger items lack some)."""
    return 1 - int(origins_before(0, horizon)[0])


def valid_origins(panel, origins):
    """Return where enough is known before an origin, origins x items."""
    return panel.counts[origins] >= LEAST_KNOWN


def oldest_origins(panel, origins):
    """Return each item's oldest valid origin; the panel's end where there is none."""
    valid = valid_origins(panel, origins)
    return np.where(valid.any(axis=0), np.asarray(origins)[valid.argmax(axis=0)], len(panel))


@dataclass(frozen=True, slots=True)
class Windows:
    """The demand after each origin, at most ``horizon`` periods; nothing where the origin is
    not valid.

    :ivar actuals: 0 where not known; origins x future periods x items
    :ivar known: 1.0 where known
    :ivar valid: whether an item has the origin; origins x items, as all that follows
    :ivar weights: weight of a squared error in the window, 0 without the origin
    :ivar counts: number of known periods
    """

    actuals: np.ndarray
    known: np.ndarray
    valid: np.ndarray
    weights: np.ndarray
    counts: np.ndarray
    totals: np.ndarray
    squares: np.ndarray

    @classmethod
    def of(cls, panel, origins, horizon):
        steps = np.asarray(origins)[:, None] + np.arange(horizon)
        inside = (steps < len(panel))[:, :, None]
        steps = np.minimum(steps, len(panel) - 1)
        valid = valid_origins(panel, origins)
        present = inside & valid[:, None, :]
        decay = DECAY ** np.arange(len(origins))[::-1] / horizon
        return cls.of_known(
            panel.values[steps] * present,
            panel.mask[steps] * present,
            valid,
            decay[:, None] * valid,
        )

    @classmethod
    def of_known(cls, actuals, known, valid, weights):
        """Return the windows with their sums."""
        return cls(
            actuals,
            known,
            valid,
            weights,
            known.sum(axis=1),
            actuals.sum(axis=1),
            (actuals * actuals).sum(axis=1),
        )

    def until(self, origins, number):
        """Return the windows before the ``number``-th, without what happened after it began."""
        steps = np.asarray(origins)[:number, None] + np.arange(self.actuals.shape[1])
        early = (steps < origins[number])[:, :, None]
        return self.of_known(
            self.actuals[:number] * early,
            self.known[:number] * early,
            self.valid[:number],
            self.weights[:number],
        )

    def level_errors(self, levels):
        """Return ``(sums of squared errors, actual minus forecast totals)`` of levels."""
        reach = levels * self.counts
        squares = self.squares - 2.0 * levels * self.totals + reach * levels
        # The difference of large sums can fall below zero by rounding.
        return np.maximum(squares, 0.0), self.totals - reach

    def path_errors(self, path, first=0):
        """Return the same of one path per item and window from ``first`` on."""
        errors = (self.actuals[first:] - path) * self.known[first:]
        totals = errors.sum(axis=1)
        errors *= errors
        return errors.sum(axis=1), totals

    def errors(self, levels, shapes):
        """Return the same of several candidates, candidates x origins x items."""
        squares = np.empty((len(levels) + len(shapes), *self.valid.shape))
        totals = np.empty_like(squares)
        squares[: len(levels)], totals[: len(levels)] = self.level_errors(levels)
        for number, shape in enumerate(shapes, len(levels)):
            squares[number], totals[number] = self.path_errors(shape)
        return squares, totals


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The back-test of some items.

    :ivar scale: per item, the mean squared step of its whole history (RMSSE's denominator)
    :ivar levels: candidates x origins x items; the last origin is the end of the history:
        the forecast proper
    :ivar shapes: candidates x origins x future periods x items, numbered after ``levels``
    :ivar squares: sums of squared errors, candidates x windows x items
    :ivar totals: actual total minus forecast total, candidates x windows x items
    """

    windows: Windows
    scale: np.ndarray
    levels: np.ndarray
    shapes: np.ndarray
    squares: np.ndarray
    totals: np.ndarray

    def rmsse(self, squares, first=0):
        """Return the weighted RMSSE over the windows from ``first`` on, per item.

        :param squares: of one or more candidates, ... x windows x items
        :return: ... x items; 0 without windows or for a history without any change
        """
        found = (self.windows.weights[first:] * squares[..., first:, :]).sum(axis=-2)
        return np.sqrt(_divide(found, self.record(first) * self.scale))

    def cumulative_error(self, totals, first=0):
        """Return the weighted mean absolute error of window totals, in root-scale units."""
        found = (self.windows.weights[first:] * np.abs(totals[..., first:, :])).sum(axis=-2)
        return _divide(found, self.record(first) * np.sqrt(self.scale))

    def record(self, first=0):
        """Return how much was tested, in weighted windows of a whole horizon, per item."""
        return (self.windows.weights[first:] * self.windows.counts[first:]).sum(axis=0)

    def path(self, weights, first=0):
        """Return the weighted sum of the candidates' forecasts from window ``first`` on.

        :param weights: per candidate, or candidates x items
        :return: origins x future periods x items
        """
        return combine(weights, self.levels[:, first:], self.shapes[:, first:])

    def only(self, items):
        """Return the evaluation of some of the items."""
        windows = Windows(
            *(getattr(self.windows, name)[..., items] for name in Windows.__dataclass_fields__)
        )
        return replace(
            self,
            windows=windows,
            **{
                name: getattr(self, name)[..., items]
                for name in ("scale", "levels", "shapes", "squares", "totals")
            },
        )


def combine(weights, levels, shapes):
    """Return the weighted sum of forecasts, origins x future periods x items.

    :param weights: per candidate, or candidates x items
    :param levels: candidates x origins x items of the first candidates
    :param shapes: candidates x origins x future periods x items of the others
    """
    if weights.ndim == 1:
        weights = weights[:, None]
    flat = len(levels)
    level = np.zeros(levels.shape[1:])
    for weight, found in zip(weights[:flat], levels, strict=True):
        if weight.any():
            level += weight * found
    path = np.repeat(level[:, None, :], shapes.shape[2], axis=1)
    for weight, shape in zip(weights[flat:], shapes, strict=True):
        if weight.any():
            path += weight * shape
    return path


def _divide(values, by):
    by = np.broadcast_to(by, values.shape)
    return np.divide(values, by, out=np.zeros(values.shape), where=by > 0.0)


def evaluate(task, candidates):
    """Back-test candidates on the items of a panel.

    :param methods.Task task: its origins are those of :func:`origins_before` and, last, the
        length of the panel
    :param candidates: in the order of :func:`methods.candidates`
    """
    windows = Windows.of(task.panel, task.origins[:-1], task.horizon)
    levels, shapes = forecasts(task, candidates)
    squares, totals = windows.errors(levels[:, :-1], shapes[:, :-1])
    return Evaluation(windows, task.panel.scale, levels, shapes, squares, totals)
