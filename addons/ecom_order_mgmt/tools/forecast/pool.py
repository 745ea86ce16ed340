"""What many items teach about each: combination weights, strategy, distribution of errors.

A :class:`Pool` is learned once in a while (weekly) from a sample of items and is plain data
(:meth:`Pool.to_dict`), so that it can be kept and used every night.
"""

import math
from dataclasses import asdict, dataclass, field, replace

import numpy as np

from . import quantiles
from .choice import Strategy, best_strategy, choose, common_scores, with_combination
from .methods import PRIOR
from .series import DEMAND_CLASSES
from .weights import Normal

#: Windows of an item's own error that weigh as much as its class's (error of the forecast).
ERROR_TRUST = 2.0
#: Expected RMSSE where nothing is known at all: that of a mean on independent demand.
USUAL_RMSSE = 0.75
REFERENCE = "ses_0.2"


@dataclass(slots=True)
class ClassPool:
    """What was learned for one demand class.

    :ivar weights: of the combination, by candidate number
    :ivar common: mean relative score per candidate, the combination last
    :ivar rmsse: mean RMSSE of the methods chosen
    :ivar steps: quantile grid of standardised errors per period
    :ivar totals: the same of totals over 1, 2, ... horizon periods
    """

    weights: dict
    common: list
    strategy: Strategy = field(default_factory=Strategy)
    rmsse: float = USUAL_RMSSE
    steps: list = field(default_factory=quantiles.normal)
    totals: list = field(default_factory=list)

    def combination(self, size):
        """Return the weights of all ``size`` candidates as an array."""
        weights = np.zeros(size)
        for number, weight in self.weights.items():
            weights[number] = weight
        return weights


@dataclass(slots=True)
class Pool:
    """Learned knowledge for one data set: its horizon, seasons and candidates.

    :ivar names: of the candidates, in order; numbers elsewhere are positions in it
    """

    horizon: int
    periods: tuple
    names: list
    classes: dict
    items: int = 0

    def for_class(self, name):
        """Return the pool with only those candidates on which a class's choices depend.

        Where all items of the class take the combination, its parts: what the others would
        have scored on an item changes nothing, and two thirds of the work are saved.
        """
        kept = self.classes[name]
        if not math.isinf(kept.strategy.trust):
            return self
        numbers = list(kept.weights)
        narrowed = replace(
            kept,
            weights={position: kept.weights[n] for position, n in enumerate(numbers)},
            common=[*(kept.common[n] for n in numbers), kept.common[-1]],
        )
        names = [self.names[n] for n in numbers]
        return replace(self, names=names, classes={name: narrowed})

    def to_dict(self):
        """Return the pool as plain data for JSON; :meth:`from_dict` is its inverse."""
        data = asdict(self)
        for class_data in data["classes"].values():
            class_data["weights"] = list(class_data["weights"].items())
            if class_data["strategy"]["trust"] == float("inf"):
                class_data["strategy"]["trust"] = None  # JSON has no infinity
        return data

    @classmethod
    def from_dict(cls, data):
        classes = {}
        for name, kept in data["classes"].items():
            strategy = {key: v for key, v in kept["strategy"].items() if v is not None}
            classes[name] = ClassPool(
                **{
                    **kept,
                    "weights": {int(number): weight for number, weight in kept["weights"]},
                    "strategy": Strategy(**strategy),
                }
            )
        return cls(
            data["horizon"], tuple(data["periods"]), list(data["names"]), classes, data["items"]
        )


def learn(evaluations, origins, names, horizon, periods):
    """Return the :class:`Pool` of a sample of items.

    :param evaluations: ``{demand class: their back-test}``; none is allowed and gives the
        prior: a mean of reactive methods, normal errors
    :param origins: of the windows, oldest first
    """
    reference = names.index(REFERENCE)
    overall, normals = Normal(len(names)), {}
    for name in DEMAND_CLASSES:
        normals[name] = Normal(len(names))
        if name in evaluations:
            normals[name].add(evaluations[name], reference)
        overall.merge(normals[name])
    prior = np.array([1.0 / len(PRIOR) if name in PRIOR else 0.0 for name in names])
    shared = overall.solve(prior)
    pool = Pool(horizon, tuple(periods), list(names), {})
    errors = {}
    for name in DEMAND_CLASSES:
        weights = normals[name].solve(shared)
        kept = {int(n): float(weights[n]) for n in np.flatnonzero(weights)}
        class_pool = pool.classes[name] = ClassPool(kept, [0.0] * (len(names) + 1))
        if name in evaluations:
            joined = with_combination(evaluations.pop(name), weights)
            pool.items += len(joined.scale)
            errors[name] = _learn_class(class_pool, joined, origins)
    _learn_distribution(pool, errors)
    return pool


def _learn_class(class_pool, joined, origins):
    """Learn scores and strategy of a class; return its items' standardised errors."""
    joined = joined.only(joined.scale > 0.0)
    common = common_scores(joined)
    if common is not None:
        class_pool.common = common.tolist()
    class_pool.strategy = best_strategy(joined, origins)
    chosen = choose(joined, class_pool.strategy, class_pool.common)
    own, record = _record(joined, chosen)
    if record.any():
        class_pool.rmsse = float(own[record > 0.0].mean())
    choice = item_choice(class_pool, joined)
    deviation = choice.rmsse * np.sqrt(joined.scale)
    judged = deviation > 0.0
    if not judged.all():
        joined, choice = joined.only(judged), item_choice(class_pool, joined.only(judged))
    return quantiles.standardised(joined.windows, choice.path[:-1], deviation[judged])


@dataclass(frozen=True, slots=True)
class Choice:
    """What some items of a class are forecast by.

    :ivar weights: of the candidates without the combination, candidates x items
    :ivar rmsse: expected RMSSE per item
    :ivar path: the forecast at every origin, origins x future periods x items
    :ivar squares: its sums of squared errors, windows x items
    :ivar totals: its actual minus forecast totals
    """

    weights: np.ndarray
    rmsse: np.ndarray
    path: np.ndarray
    squares: np.ndarray
    totals: np.ndarray


def item_choice(class_pool, joined):
    """Return the :class:`Choice` of items of a class.

    :param joined: their back-test with the combination as last candidate
    """
    chosen = choose(joined, class_pool.strategy, class_pool.common)
    combination = class_pool.combination(len(chosen) - 1)
    weights = chosen[:-1] + combination[:, None] * chosen[-1]
    own, record = _record(joined, chosen)
    share = record / (record + ERROR_TRUST)
    if math.isinf(class_pool.strategy.trust):
        path, squares, totals = joined.shapes[-1], joined.squares[-1], joined.totals[-1]
    else:
        path = joined.path(chosen)
        squares, totals = joined.windows.path_errors(path[:-1])
    rmsse = share * own + (1.0 - share) * class_pool.rmsse
    return Choice(weights, rmsse, path, squares, totals)


def _record(evaluation, chosen):
    """Return ``(own RMSSE, windows of evidence)`` per item; 0 windows without a record.

    For a choice of several the mean of their errors stands for the error of their mean.
    """
    own = (chosen * evaluation.rmsse(evaluation.squares)).sum(axis=0)
    return own, np.where(evaluation.scale > 0.0, evaluation.record(), 0.0)


def _learn_distribution(pool, errors):
    """Learn the quantile grids of each class, and of all for classes with few errors.

    :param errors: per class, what :func:`quantiles.standardised` returns
    """
    normal, none = quantiles.normal(), np.zeros(0)
    found = [steps for steps, _totals in errors.values()]
    all_steps = quantiles.empirical(np.concatenate([none, *found])) or normal
    all_totals = []
    for h in range(pool.horizon):
        found = [totals[h] for _steps, totals in errors.values()]
        all_totals.append(quantiles.empirical(np.concatenate([none, *found])) or normal)
    for name, class_pool in pool.classes.items():
        steps, totals = errors.get(name, (none, [none] * pool.horizon))
        class_pool.steps = quantiles.empirical(steps) or all_steps
        class_pool.totals = [
            quantiles.empirical(of_length) or standard
            for of_length, standard in zip(totals, all_totals, strict=True)
        ]
