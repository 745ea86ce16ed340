"""From histories to forecasts: prepare, back-test and forecast items side by side."""

from dataclasses import dataclass, field

import numpy as np

from . import quantiles as error_quantiles
from . import season as category
from .backtest import combine, evaluate, least_length, oldest_origins, origins_before
from .choice import COMBINATION, with_combination
from .methods import Season, Task, forecasts
from .panel import Panel
from .pool import item_choice
from .result import Forecast, Quality
from .series import INTERMITTENT, ForecastInputError, cyclic_phases

DEFAULT_QUANTILES = (0.5, 0.9, 0.95)
#: Items of a category that its season is estimated from: more change it little.
CATEGORY_SAMPLE = 500
#: Known values that a history needs for its scale to be believed.
LEAST_SCALE = 4


@dataclass(slots=True)
class Setting:
    """What all items of a run have in common.

    :ivar phases: per season, the phase of each period of the longest history and of the
        horizon after it
    :ivar length: periods of the longest history; all histories end together
    :ivar numbers: ``{category: its number}``
    :ivar indices: per season, the categories' indices at every origin, origins x categories
        x phases
    """

    horizon: int
    quantiles: tuple
    periods: tuple
    phases: list
    length: int
    numbers: dict
    indices: list = field(default_factory=list)

    @property
    def origins(self):
        """Origins of the back-test and, last, the end, in periods of the longest history."""
        return np.append(origins_before(self.length, self.horizon), self.length)

    def task(self, histories, categories, newest=0):
        """Return the :class:`methods.Task` of some items.

        :param histories: cleaned arrays
        :param categories: number of each one's category
        :param newest: how many of the newest origins are wanted; 0 = all
        """
        panel = Panel(histories, least_length(self.horizon))
        offset = self.length - len(panel)
        origins = self.origins - offset
        oldest = oldest_origins(panel, origins[:-1])
        seasons = tuple(
            # A panel may begin before the longest history, where nothing is known.
            Season(period, [0] * -offset + phases[max(0, offset) :], index[-newest:], categories)
            for period, phases, index in zip(self.periods, self.phases, self.indices, strict=True)
        )
        return Task(panel, origins[-newest:], self.horizon, oldest, seasons)


def check_parameters(horizon, periods, quantiles):
    """:raise ForecastInputError: on parameters that make no sense"""
    if isinstance(horizon, bool) or not isinstance(horizon, int) or horizon < 1:
        raise ForecastInputError(f"horizon must be a whole number from 1, not {horizon!r}")
    for period in periods:
        if isinstance(period, bool) or not isinstance(period, int) or period < 2:
            raise ForecastInputError(f"season must be a whole number from 2, not {period!r}")
    for probability in quantiles:
        if not 0.0 < probability < 1.0:
            raise ForecastInputError(f"quantile {probability!r} is not between 0 and 1")


def setting(histories, categories, horizon, periods, quantiles, phases=None):
    """Return the :class:`Setting` of a run.

    :param histories: ``{item: cleaned array}``
    :param phases: ``{period: phases}`` for seasons by the calendar
        (:func:`series.calendar_phases`), covering the longest history and the horizon; other
        seasons count periods from the start of the longest history
    """
    length = max((len(history) for history in histories.values()), default=0)
    all_phases = []
    for period in periods:
        known = list((phases or {}).get(period) or cyclic_phases(length + horizon, period))
        if len(known) != length + horizon or not all(0 <= p < period for p in known):
            raise ForecastInputError(
                f"phases of season {period} must be {length + horizon} numbers below it"
            )
        all_phases.append(known)
    names = dict.fromkeys([None, *categories.values()])
    numbers = {name: number for number, name in enumerate(names)}
    found = Setting(horizon, tuple(quantiles), tuple(periods), all_phases, length, numbers)
    if periods:
        _add_indices(found, histories, categories)
    return found


def _add_indices(found, histories, categories):
    """Estimate each category's season, as it was known at every origin."""
    samples = {name: [] for name in found.numbers}
    for key, history in histories.items():
        sample = samples[categories.get(key)]
        if len(sample) < CATEGORY_SAMPLE:
            sample.append(history)
    totals = [category.category_total(Panel(s, found.length)) for s in samples.values()]
    for period, phases in zip(found.periods, found.phases, strict=True):
        ratios = [category.trend_ratios(total, period) for total in totals]
        indices = [category.indices_at(r, found.origins, phases, period) for r in ratios]
        found.indices.append(np.stack(indices, axis=1))


def forecast_items(run_setting, pool, kind, histories, categories, candidates):
    """Back-test items of one demand class, choose, and forecast.

    :param pool: :meth:`pool.Pool.for_class` of the class
    :param candidates: ``{name: methods.Candidate}``
    :return: pairs of a :class:`result.Forecast` and the choice to keep
    """
    class_pool = pool.classes[kind]
    task = run_setting.task(histories, categories)
    evaluation = evaluate(task, [candidates[name] for name in pool.names])
    joined = with_combination(evaluation, class_pool.combination(len(pool.names)))
    choice = item_choice(class_pool, joined)
    weights = _named(pool.names, choice.weights)
    choices = [
        {"weights": names, "rmsse": rmsse}
        for names, rmsse in zip(weights, choice.rmsse.tolist(), strict=True)
    ]
    found = _forecasts(run_setting, class_pool, kind, task.panel, choice.path[-1], choices)
    for forecast, quality in zip(
        found, _qualities(run_setting, class_pool, joined, choice), strict=True
    ):
        forecast.quality = quality
    return list(zip(found, choices, strict=True))


def refresh_items(run_setting, class_pool, kind, histories, categories, candidates, choices):
    """Forecast items anew by choices made earlier, without a back-test (nightly).

    :param choices: of :func:`forecast_items`, one per item
    """
    task = run_setting.task(histories, categories, newest=1)
    used = {name for choice in choices for name in choice["weights"]}
    numbers = {name: n for n, name in enumerate(name for name in candidates if name in used)}
    weights = np.zeros((len(numbers), len(histories)))
    for item, choice in enumerate(choices):
        for name, weight in choice["weights"].items():
            weights[numbers[name], item] = weight
    found = forecasts(task, [candidates[name] for name in numbers])
    (path,) = combine(weights, *found)
    return _forecasts(run_setting, class_pool, kind, task.panel, path, choices)


def _named(names, weights):
    """Return ``{name: weight}`` of each item's methods with a weight."""
    result = [{} for _item in range(weights.shape[1])]
    for name, row in zip(names, weights, strict=True):
        for item, weight in enumerate(row.tolist()):
            if weight:
                result[item][name] = weight
    return result


def _forecasts(run_setting, class_pool, kind, panel, path, choices):
    rmsse = np.array([choice["rmsse"] for choice in choices])
    deviation = rmsse * np.sqrt(panel.scale)
    last, _position, _exists = panel.back(panel.counts[-1], 1)
    # A history that never changed goes on; a weighted mean would shrink it.
    constant = panel.scale == 0.0
    points = np.maximum(np.where(constant, last, path), 0.0)
    # One to three equal values prove no certainty: as uncertain as it is large.
    unproven = constant & (panel.counts[-1] < LEAST_SCALE)
    deviation = np.where(unproven, np.abs(last), deviation)
    steps, totals = _bands(run_setting, class_pool, points, deviation)
    result = []
    rows = zip(points.T.tolist(), deviation.tolist(), constant.tolist(), choices, strict=True)
    for number, (values, expected, unchanged, choice) in enumerate(rows):
        weights = {"naive": 1.0} if unchanged else dict(choice["weights"])
        method = next(iter(weights)) if len(weights) == 1 else COMBINATION
        step_bands = {q: band[number] for q, band in steps.items()}
        total_bands = {q: band[number] for q, band in totals.items()}
        result.append(Forecast(values, step_bands, total_bands, method, weights, kind, expected))
    return result


def _bands(run_setting, class_pool, points, deviation):
    """Return ``(quantiles per period, quantiles of totals)`` as lists by item, none below 0."""
    steps, totals = {}, {}
    running = np.cumsum(points, axis=0)
    root = np.sqrt(np.arange(1, len(points) + 1))
    for q in run_setting.quantiles:
        shift = deviation * error_quantiles.at(class_pool.steps, q)
        steps[q] = np.maximum(points + shift, 0.0).T.tolist()
        reach = root * [error_quantiles.at(grid, q) for grid in class_pool.totals]
        band = np.maximum(running + reach[:, None] * deviation, 0.0)
        if q >= 0.5:
            # Demand adds up: the stock for a longer time is never the smaller one.
            band = np.maximum.accumulate(band, axis=0)
        totals[q] = band.T.tolist()
    return steps, totals


def _qualities(run_setting, class_pool, joined, choice):
    """Return the :class:`result.Quality` of each item."""
    windows, horizon = joined.windows, run_setting.horizon
    deviation = choice.rmsse * np.sqrt(joined.scale)
    complete = windows.counts == horizon
    covered, covered_totals = {}, {}
    for q in run_setting.quantiles:
        limit = np.maximum(
            choice.path[:-1] + deviation * error_quantiles.at(class_pool.steps, q), 0
        )
        within = (windows.actuals <= limit) & (windows.known > 0.0)
        covered[q] = within.sum(axis=(0, 1)).tolist()
        reach = deviation * horizon**0.5 * error_quantiles.at(class_pool.totals[-1], q)
        # Whether the total <= max(0, forecast + reach).
        within = ((choice.totals <= reach) | (windows.totals <= 0.0)) & complete
        covered_totals[q] = within.sum(axis=0).tolist()
    recorded = (joined.record() > 0.0) & (joined.scale > 0.0)
    columns = zip(
        joined.rmsse(choice.squares).tolist(),
        recorded.tolist(),
        windows.totals.sum(axis=0).tolist(),
        (-choice.totals.sum(axis=0)).tolist(),
        np.abs(choice.totals).sum(axis=0).tolist(),
        windows.counts.sum(axis=0).astype(int).tolist(),
        windows.valid.sum(axis=0).tolist(),
        complete.sum(axis=0).tolist(),
        strict=True,
    )
    return [
        Quality(
            rmsse=rmsse if has_record else None,
            demand=demand,
            error=error,
            cumulative=cumulative,
            covered={q: counts[number] for q, counts in covered.items()},
            covered_totals={q: counts[number] for q, counts in covered_totals.items()},
            periods=periods,
            windows=count,
            complete=full,
        )
        for number, (rmsse, has_record, demand, error, cumulative, periods, count, full) in (
            enumerate(columns)
        )
    ]


def unknown(run_setting):
    """Return the forecast for a history without any known value: nothing to sell."""
    horizon = run_setting.horizon
    zeros = {q: [0.0] * horizon for q in run_setting.quantiles}
    also_zeros = {q: [0.0] * horizon for q in run_setting.quantiles}
    return Forecast([0.0] * horizon, zeros, also_zeros, "none", {}, INTERMITTENT, 0.0)
