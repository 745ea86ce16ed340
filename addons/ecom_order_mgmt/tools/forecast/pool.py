"""What many items teach about each: combination weights, strategy, distribution of errors.

A :class:`Pool` is learned once in a while (weekly) from a sample of items and is plain data
(:meth:`Pool.to_dict`), so that it can be kept and used every night.
"""

import math
from dataclasses import asdict, dataclass, field, replace

from . import quantiles
from .backtest import combine
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


def learn(evaluations, names, horizon, periods, normals=None):
    """Return the :class:`Pool` of a sample of items.

    :param evaluations: their back-tests (:func:`backtest.evaluate`); none is allowed and
        gives the prior: a mean of reactive methods, normal errors
    :param normals: :func:`normal_equations` of the sample, where a caller has spread that
        work over processes
    """
    normals = normals or normal_equations(evaluations, names)
    overall = Normal(len(names))
    for normal in normals.values():
        overall.merge(normal)
    prior = {names.index(name): 1.0 / len(PRIOR) for name in PRIOR}
    shared = overall.solve(prior)
    classes = {}
    for name in DEMAND_CLASSES:
        weights = normals[name].solve(shared)
        members = [
            with_combination(e, weights, horizon)
            for e in evaluations
            if e.demand_class == name and e.windows and e.scale
        ]
        common = common_scores(members) or [0.0] * (len(names) + 1)
        classes[name] = ClassPool(weights, common, best_strategy(members, horizon))
        _learn_errors(classes[name], members)
    pool = Pool(horizon, tuple(periods), list(names), classes, len(evaluations))
    _learn_distribution(pool, evaluations)
    return pool


def normal_equations(evaluations, names):
    """Return ``{demand class: Normal}`` of the evaluations."""
    reference = names.index(REFERENCE)
    normals = {name: Normal(len(names)) for name in DEMAND_CLASSES}
    for evaluation in evaluations:
        normals[evaluation.demand_class].add(evaluation, reference)
    return normals


def item_choice(pool, evaluation):
    """Return ``({candidate: weight}, expected RMSSE)`` for one item.

    :param evaluation: of the item, without the combination
    """
    class_pool = pool.classes[evaluation.demand_class]
    joined = with_combination(evaluation, class_pool.weights, pool.horizon)
    chosen = choose(joined, class_pool.strategy, class_pool.common)
    weights = _expand(chosen, class_pool.weights, len(pool.names))
    own, record = _record(joined, chosen)
    share = record / (record + ERROR_TRUST)
    return weights, share * own + (1.0 - share) * class_pool.rmsse


def _expand(chosen, combination, number):
    """Replace the combination (candidate ``number``) by its parts."""
    weights = {}
    for candidate, weight in chosen.items():
        parts = combination if candidate == number else {candidate: 1.0}
        for part, share in parts.items():
            weights[part] = weights.get(part, 0.0) + weight * share
    return weights


def _record(evaluation, chosen):
    """Return ``(own RMSSE, windows of evidence)``; 0 windows where there is no record.

    For a choice of several the mean of their errors stands for the error of their mean.
    """
    scores = [
        (weight, evaluation.rmsse(evaluation.squares[number])) for number, weight in chosen.items()
    ]
    if any(score is None for _weight, score in scores):
        return 0.0, 0.0
    return sum(weight * score for weight, score in scores), evaluation.record()


def _learn_errors(class_pool, members):
    scores = []
    for member in members:
        chosen = choose(member, class_pool.strategy, class_pool.common)
        own, record = _record(member, chosen)
        if record:
            scores.append(own)
    if scores:
        class_pool.rmsse = sum(scores) / len(scores)


def _learn_distribution(pool, evaluations):
    """Learn the quantile grids of each class, and of all for classes with few errors."""
    every = ([], [[] for _h in range(pool.horizon)])
    found = {}
    for name in DEMAND_CLASSES:
        steps, totals = [], [[] for _h in range(pool.horizon)]
        for evaluation in evaluations:
            if evaluation.demand_class == name and evaluation.scale:
                _collect(pool, evaluation, steps, totals)
        found[name] = (steps, totals)
        every[0].extend(steps)
        for h in range(pool.horizon):
            every[1][h].extend(totals[h])
    normal = quantiles.normal()
    all_steps = quantiles.empirical(every[0]) or normal
    all_totals = [quantiles.empirical(errors) or normal for errors in every[1]]
    for name, (steps, totals) in found.items():
        class_pool = pool.classes[name]
        class_pool.steps = quantiles.empirical(steps) or all_steps
        class_pool.totals = [
            quantiles.empirical(errors) or standard
            for errors, standard in zip(totals, all_totals, strict=True)
        ]


def _collect(pool, evaluation, steps, totals):
    weights, rmsse = item_choice(pool, evaluation)
    deviation = rmsse * evaluation.scale**0.5
    if not deviation:
        return
    for number, window in enumerate(evaluation.windows):
        forecasts = [path[number] for path in evaluation.paths]
        path = combine(weights, forecasts, pool.horizon)
        quantiles.collect(window, path, deviation, steps, totals)
