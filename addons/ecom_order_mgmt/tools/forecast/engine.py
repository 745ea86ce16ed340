"""From histories to forecasts: prepare, learn the pool, forecast each item."""

from dataclasses import dataclass

from . import quantiles as error_quantiles
from . import season as category
from .backtest import combine, evaluate, origins_for
from .choice import COMBINATION
from .methods import Season, Task
from .pool import item_choice
from .result import Forecast, Quality
from .series import (
    INTERMITTENT,
    ForecastInputError,
    Series,
    clean,
    cyclic_phases,
    demand_class,
    naive_scale,
)

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
    :ivar ratios: per category and season, the total's ratios to its trend
    :ivar length: periods of the longest history; all histories end together
    """

    horizon: int
    quantiles: tuple
    periods: tuple
    phases: list
    ratios: dict
    length: int

    def task(self, series, category_name, origins, oldest):
        offset = self.length - len(series)
        ratios = self.ratios[category_name]
        shifted = [origin + offset for origin in origins]
        seasons = tuple(
            Season(
                period,
                phases[offset:],
                _indices(ratios[number], shifted, phases, period),
            )
            for number, (period, phases) in enumerate(zip(self.periods, self.phases, strict=True))
        )
        return Task(series, origins, self.horizon, oldest, seasons)


def _indices(ratios, origins, phases, period):
    """Return :func:`season.indices_at`, kept from item to item: ``ratios`` is shared by a
    category's items and carries what was computed for its origins.
    """
    missing = [origin for origin in origins if origin not in ratios.known]
    if missing:
        found = category.indices_at(ratios.values, missing, phases, period)
        ratios.known.update(zip(missing, found, strict=True))
    return [ratios.known[origin] for origin in origins]


@dataclass(slots=True)
class CategoryRatios:
    """Trend ratios of a category's total, and its indices by origin as they get known."""

    values: list
    known: dict


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

    :param phases: ``{period: phases}`` for seasons by the calendar
        (:func:`series.calendar_phases`), covering the longest history and the horizon; other
        seasons count periods from the start of the longest history
    """
    length = max((len(history) for history in histories.values()), default=0)
    all_phases = []
    for period in periods:
        known = (phases or {}).get(period) or cyclic_phases(length + horizon, period)
        if len(known) != length + horizon or not all(0 <= p < period for p in known):
            raise ForecastInputError(
                f"phases of season {period} must be {length + horizon} numbers below it"
            )
        all_phases.append(known)
    totals = {name: category.CategoryTotal(length) for name in {None, *categories.values()}}
    counts = dict.fromkeys(totals, 0)
    for key, history in histories.items() if periods else ():
        name = categories.get(key)
        if counts[name] < CATEGORY_SAMPLE:
            counts[name] += 1
            totals[name].add(Series(clean(history, key)))
    ratios = {
        name: [CategoryRatios(category.trend_ratios(total.values(), p), {}) for p in periods]
        for name, total in totals.items()
    }
    return Setting(horizon, tuple(quantiles), tuple(periods), all_phases, ratios, length)


def evaluate_item(run_setting, series, category_name, runs):
    """Return the back-test of an item with at least one known value."""
    origins = [*origins_for(series, run_setting.horizon), len(series)]
    task = run_setting.task(series, category_name, origins, origins[0])
    return evaluate(task, runs, demand_class(series.observed))


def forecast_item(run_setting, pools, series, category_name, runs_by_name):
    """Back-test one item, choose, and return ``(Forecast, choice to keep)``.

    :param pools: :meth:`pool.Pool.for_class` of each demand class
    """
    if not series.observed:
        return _unknown(run_setting), None
    pool = pools[demand_class(series.observed)]
    runs = [runs_by_name[name] for name in pool.names]
    evaluation = evaluate_item(run_setting, series, category_name, runs)
    weights, rmsse = item_choice(pool, evaluation)
    kept = {pool.names[number]: weight for number, weight in weights.items()}
    finals = [path[-1] for path in evaluation.paths]
    path = combine(weights, finals, run_setting.horizon)
    choice = {"weights": kept, "rmsse": rmsse}
    forecast = _forecast(run_setting, pool, series, path, choice, evaluation.scale)
    deviation = rmsse * evaluation.scale**0.5
    forecast.quality = _quality(run_setting, pool, evaluation, weights, deviation)
    return forecast, choice


def refresh_item(run_setting, pool, series, category_name, choice, runs_by_name):
    """Forecast one item anew by a choice made earlier, without a back-test (nightly)."""
    if not series.observed:
        return _unknown(run_setting)
    end = len(series)
    oldest, *_newer = [*origins_for(series, run_setting.horizon), end]
    task = run_setting.task(series, category_name, [end], oldest)
    names = list(choice["weights"])
    finals = [runs_by_name[name](task)[0] for name in names]
    weights = dict(enumerate(choice["weights"].values()))
    path = combine(weights, finals, run_setting.horizon)
    return _forecast(run_setting, pool, series, path, choice, naive_scale(series.observed))


def _forecast(run_setting, pool, series, path, choice, scale):
    horizon, observed = run_setting.horizon, series.observed
    points = [path] * horizon if isinstance(path, float) else path
    deviation = choice["rmsse"] * scale**0.5
    names = choice["weights"]
    if not scale:
        # A history that never changed goes on; a weighted mean would shrink it.
        points, names = [observed[-1]] * horizon, {"naive": 1.0}
        if len(observed) < LEAST_SCALE:
            # One to three equal values prove no certainty: as uncertain as it is large.
            deviation = abs(observed[-1])
    points = [max(0.0, point) for point in points]
    kind = demand_class(observed)
    steps, totals = _bands(run_setting, pool.classes[kind], points, deviation)
    method = next(iter(names)) if len(names) == 1 else COMBINATION
    return Forecast(points, steps, totals, method, dict(names), kind, deviation)


def _bands(run_setting, class_pool, points, deviation):
    """Return ``(quantiles per period, quantiles of totals)``, none below 0."""
    steps, totals, running = {}, {}, []
    for point in points:
        running.append(point + (running[-1] if running else 0.0))
    for q in run_setting.quantiles:
        shift = deviation * error_quantiles.at(class_pool.steps, q)
        steps[q] = [max(0.0, point + shift) for point in points]
        band = [
            max(0.0, total + deviation * h**0.5 * error_quantiles.at(grid, q))
            for h, (total, grid) in enumerate(
                zip(running, class_pool.totals, strict=False), start=1
            )
        ]
        if q >= 0.5:
            # Demand adds up: the stock for a longer time is never the smaller one.
            for h in range(1, len(band)):
                band[h] = max(band[h], band[h - 1])
        totals[q] = band
    return steps, totals


def _quality(run_setting, pool, evaluation, weights, deviation):
    class_pool = pool.classes[evaluation.demand_class]
    horizon = run_setting.horizon
    quality = Quality(windows=len(evaluation.windows))
    quality.covered = dict.fromkeys(run_setting.quantiles, 0)
    quality.covered_totals = dict.fromkeys(run_setting.quantiles, 0)
    step_limits = {q: error_quantiles.at(class_pool.steps, q) for q in run_setting.quantiles}
    total_limits = {
        q: error_quantiles.at(class_pool.totals[horizon - 1], q) for q in run_setting.quantiles
    }
    squares = []
    for number, window in enumerate(evaluation.windows):
        path = combine(weights, [p[number] for p in evaluation.paths], horizon)
        square, total = window.errors(path)
        squares.append(square)
        quality.demand += window.total
        quality.error -= total
        quality.cumulative += abs(total)
        quality.periods += len(window.actuals)
        for q, limit in step_limits.items():
            quality.covered[q] += _count_covered(window, path, deviation * limit)
        if window.complete:
            quality.complete += 1
            for q, limit in total_limits.items():
                reach = deviation * horizon**0.5 * limit
                quality.covered_totals[q] += _reaches(reach, total, window.total)
    quality.rmsse = evaluation.rmsse(squares)
    return quality


def _reaches(reach, error, actual):
    """Whether ``actual <= max(0, forecast + reach)``, with ``error = actual - forecast``."""
    return error <= reach or actual <= 0.0


def _count_covered(window, path, reach):
    if isinstance(path, float):
        limit = max(0.0, path + reach)
        return sum(1 for actual in window.actuals if actual <= limit)
    pairs = zip(window.steps, window.actuals, strict=True)
    return sum(1 for step, actual in pairs if actual <= max(0.0, path[step] + reach))


def _unknown(run_setting):
    """Return the forecast for a history without any known value: nothing to sell."""
    horizon = run_setting.horizon
    zeros = {q: [0.0] * horizon for q in run_setting.quantiles}
    also_zeros = {q: [0.0] * horizon for q in run_setting.quantiles}
    return Forecast([0.0] * horizon, zeros, also_zeros, "none", {}, INTERMITTENT, 0.0)
