"""Forecasts of many items: sampling, blocks of items, and what is kept from run to run."""

from dataclasses import dataclass, field

import numpy as np

from . import engine
from .backtest import ORIGINS, evaluate, least_length
from .methods import candidates
from .panel import Panel
from .pool import Pool, learn
from .result import Quality, overall
from .series import DEMAND_CLASSES, ForecastInputError, clean
from .sibling import NEW, from_siblings

#: Items that a pool is learned from. More cost time and change the weights little.
SAMPLE = 1500
#: Size of a block of items that are forecast together, in numbers per array: large enough
#: for numpy to pay, small enough for the processor's cache and a modest memory.
BLOCK = 250_000


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
class _Run:
    """One run's cleaned items.

    :ivar kinds: ``{item: its demand class}``, without items of which nothing is known
    """

    setting: engine.Setting
    histories: dict
    categories: dict
    methods: dict
    kinds: dict = field(default_factory=dict)

    def classify(self):
        for keys in self.blocks(self.histories):
            panel = Panel([self.histories[key] for key in keys])
            some = panel.counts[-1] > 0
            for key, known, number in zip(keys, some.tolist(), panel.classes.tolist(), strict=True):
                if known:
                    self.kinds[key] = DEMAND_CLASSES[number]

    def of_class(self, kind, keys):
        return [key for key in keys if self.kinds.get(key) == kind]

    def blocks(self, keys):
        """Yield the items in blocks of about equal length, so that few periods of a panel
        are empty.
        """
        keys = sorted(keys, key=lambda key: len(self.histories[key]), reverse=True)
        while keys:
            horizon = self.setting.horizon
            cells = max(len(self.histories[keys[0]]), least_length(horizon))
            count = max(1, BLOCK // (cells + ORIGINS * horizon))
            yield keys[:count]
            keys = keys[count:]

    def columns(self, keys):
        """Return the histories and the category numbers of some items."""
        numbers = self.setting.numbers
        found = [numbers[self.categories.get(key)] for key in keys]
        return [self.histories[key] for key in keys], np.array(found, dtype=int)

    def learn(self):
        """Return the pool of a sample of the items."""
        sample = list(self.histories)[:: max(1, -(-len(self.histories) // SAMPLE))]
        evaluations, origins = {}, self.setting.origins[:-1]
        for kind in DEMAND_CLASSES:
            keys = self.of_class(kind, sample)
            if keys:
                task = self.setting.task(*self.columns(keys))
                evaluations[kind] = evaluate(task, self.methods.values())
        return learn(
            evaluations, origins, list(self.methods), self.setting.horizon, self.setting.periods
        )

    def forecast(self, plan):
        """Return ``({item: forecast}, {item: choice})``, in no order."""
        forecasts, choices = {}, {}
        for kind in DEMAND_CLASSES:
            keys = self.of_class(kind, self.histories)
            pool = plan.pool.for_class(kind)
            for block in self.blocks(key for key in keys if key not in plan.choices):
                found = engine.forecast_items(
                    self.setting, pool, kind, *self.columns(block), self.methods
                )
                for key, (forecast, choice) in zip(block, found, strict=True):
                    forecasts[key], choices[key] = forecast, choice
            for block in self.blocks(key for key in keys if key in plan.choices):
                kept = [plan.choices[key] for key in block]
                found = engine.refresh_items(
                    self.setting, pool.classes[kind], kind, *self.columns(block), self.methods, kept
                )
                forecasts.update(zip(block, found, strict=True))
        return forecasts, choices


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
):
    """Forecast many items; see the package's documentation for the parameters."""
    periods = _periods(season)
    engine.check_parameters(horizon, periods, quantiles)
    categories = categories or {}
    methods = candidates(periods)
    if plan is not None:
        _check_plan(plan, horizon, periods, methods)
    cleaned = {key: clean(history, key) for key, history in histories.items()}
    setting = engine.setting(cleaned, categories, horizon, periods, quantiles, phases)
    run = _Run(setting, cleaned, categories, methods)
    run.classify()
    plan = plan or Plan(run.learn())
    found, choices = run.forecast(plan)
    forecasts = {key: found.get(key) or engine.unknown(setting) for key in histories}
    kept = {}
    for key in histories:
        choice = choices.get(key) or plan.choices.get(key)
        if choice is not None:
            kept[key] = choice
    _apply_siblings(cleaned, forecasts, siblings or {})
    quality = overall(forecast.quality for forecast in forecasts.values())
    return Result(forecasts, Plan(plan.pool, kept), quality)


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


def _check_plan(plan, horizon, periods, methods):
    names = list(methods)
    if (plan.pool.horizon, plan.pool.periods, plan.pool.names) != (horizon, periods, names):
        raise ForecastInputError(
            "the plan was made for another horizon, season or set of methods; leave it out once"
        )


def _apply_siblings(histories, forecasts, siblings):
    """Replace the forecast of each new item that has siblings with a forecast of their own."""
    for key, sibling_keys in siblings.items():
        own = _known(histories[key])
        known = [k for k in sibling_keys if k in forecasts and k not in siblings]
        if len(own) >= NEW or not known:
            continue
        recents = [_known(histories[k])[-(len(own) or NEW) :] for k in known]
        found = forecasts[key]
        blend = from_siblings(own, recents, [forecasts[k] for k in known])
        found.points, found.quantiles, found.cumulative_quantiles = blend
        found.method, found.weights = "sibling", {}


def _known(history):
    return history[~np.isnan(history)].tolist()
