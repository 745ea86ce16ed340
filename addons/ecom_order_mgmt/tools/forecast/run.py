"""Forecasts of many items: sampling, processes, and what is kept from run to run."""

from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from itertools import repeat

from . import engine
from .methods import candidates
from .pool import Pool, learn, normal_equations
from .result import Quality, overall
from .series import DEMAND_CLASSES, ForecastInputError, Series, clean
from .sibling import NEW, from_siblings

#: Items that a pool is learned from. More cost time and change the weights little.
SAMPLE = 1500
#: Items per piece of work handed to a process.
CHUNK = 100


@dataclass(slots=True)
class Plan:
    """What one run leaves for the next: the pool and each item's choice (plain data)."""

    pool: Pool
    choices: dict = field(default_factory=dict)

    def to_dict(self):
        """Return plain data for JSON; :meth:`from_dict` is its inverse."""
        return {"pool": self.pool.to_dict(), "choices": self.choices}

    @classmethod
    def from_dict(cls, data):
        return cls(Pool.from_dict(data["pool"]), dict(data["choices"]))


@dataclass(slots=True)
class Result:
    """Forecasts by item, the plan for the next run, and the quality of all together."""

    forecasts: dict
    plan: Plan
    quality: Quality


@dataclass(slots=True)
class _Work:
    """What every process needs beside its items."""

    setting: engine.Setting
    categories: dict
    pool: Pool | None = None
    choices: dict = field(default_factory=dict)

    def evaluate(self, items):
        methods = candidates(self.setting.periods)
        found = []
        for key, history in items:
            series, name = Series(clean(history, key)), self.categories.get(key)
            if series.observed:
                found.append(engine.evaluate_item(self.setting, series, name, methods.values()))
        return found, normal_equations(found, list(methods))

    def forecast(self, items):
        methods = candidates(self.setting.periods)
        pools = {name: self.pool.for_class(name) for name in DEMAND_CLASSES}
        results = []
        for key, history in items:
            series, name = Series(clean(history, key)), self.categories.get(key)
            choice = self.choices.get(key)
            if choice is None:
                forecast, choice = engine.forecast_item(self.setting, pools, series, name, methods)
            else:
                forecast = engine.refresh_item(
                    self.setting, self.pool, series, name, choice, methods
                )
            results.append((key, forecast, choice))
        return results


def forecast_many(
    histories,
    horizon,
    season=None,
    *,
    categories=None,
    siblings=None,
    phases=None,
    quantiles=engine.DEFAULT_QUANTILES,
    plan=None,
    workers=1,
):
    """Forecast many items; see the package's documentation for the parameters."""
    periods = _periods(season)
    engine.check_parameters(horizon, periods, quantiles)
    categories = categories or {}
    run_setting = engine.setting(histories, categories, horizon, periods, quantiles, phases)
    work = _Work(run_setting, categories)
    items = list(histories.items())
    if plan is None:
        work.pool = _learn(work, items, workers)
    else:
        _check_plan(plan, horizon, periods)
        work.pool, work.choices = plan.pool, plan.choices
    forecasts, choices = {}, {}
    for results in _in_chunks(work, _Work.forecast, items, workers):
        for key, forecast, choice in results:
            forecasts[key] = forecast
            if choice is not None:
                choices[key] = choice
    _apply_siblings(histories, forecasts, siblings or {})
    quality = overall(forecast.quality for forecast in forecasts.values())
    return Result(forecasts, Plan(work.pool, choices), quality)


def forecast(history, horizon, season=None, *, plan=None, **options):
    """Forecast one item; see the package's documentation for the parameters."""
    result = forecast_many({"": history}, horizon, season, plan=_without_choices(plan), **options)
    return result.forecasts[""]


def _without_choices(plan):
    return None if plan is None else Plan(plan.pool)


def _periods(season):
    if season is None:
        return ()
    if isinstance(season, (list, tuple)):
        return tuple(dict.fromkeys(season))
    return (season,)


def _check_plan(plan, horizon, periods):
    names = list(candidates(periods))
    if (plan.pool.horizon, plan.pool.periods, plan.pool.names) != (horizon, periods, names):
        raise ForecastInputError(
            "the plan was made for another horizon, season or set of methods; leave it out once"
        )


def _learn(work, items, workers):
    stride = max(1, -(-len(items) // SAMPLE))
    names = list(candidates(work.setting.periods))
    evaluations, normals = [], None
    for found, found_normals in _in_chunks(work, _Work.evaluate, items[::stride], workers):
        evaluations.extend(found)
        if normals is None:
            normals = found_normals
        else:
            for name, normal in found_normals.items():
                normals[name].merge(normal)
    return learn(evaluations, names, work.setting.horizon, work.setting.periods, normals)


def _apply_siblings(histories, forecasts, siblings):
    """Replace the forecast of each new item that has siblings with a forecast of their own."""
    for key, sibling_keys in siblings.items():
        own = [value for value in clean(histories[key], key) if value is not None]
        known = [k for k in sibling_keys if k in forecasts and k not in siblings]
        if len(own) >= NEW or not known:
            continue
        recents = []
        for k in known:
            observed = [value for value in clean(histories[k], k) if value is not None]
            recents.append(observed[-len(own) :] if own else observed[-NEW:])
        found = forecasts[key]
        blend = from_siblings(own, recents, [forecasts[k] for k in known])
        found.points, found.quantiles, found.cumulative_quantiles = blend
        found.method, found.weights = "sibling", {}


def _in_chunks(work, step, items, workers):
    """Yield the results of ``step(work, chunk)`` here or from several processes, in order.

    Odoo's workers call it with one: a process that holds a database cursor is not forked.
    ``work`` goes to each process once, at its start, and not with every chunk.
    """
    chunks = [items[i : i + CHUNK] for i in range(0, len(items), CHUNK)]
    if workers <= 1 or len(chunks) <= 1:
        for chunk in chunks:
            yield step(work, chunk)
        return
    with ProcessPoolExecutor(workers, initializer=_adopt, initargs=(work,)) as executor:
        yield from executor.map(_run_adopted, repeat(step), chunks)


_adopted = None


def _adopt(work):
    global _adopted
    _adopted = work


def _run_adopted(step, chunk):
    return step(_adopted, chunk)
