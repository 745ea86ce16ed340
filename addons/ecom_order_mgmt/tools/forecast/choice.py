"""Choice of the method per item, and how far an item's own record is trusted.

An item's back-test has a few overlapping windows; the winner among thirty candidates is
often luck. Each candidate's score on an item is therefore drawn towards its score on all
items of the same demand class (empirical Bayes), and whether items choose for themselves at
all is decided per class by a second, later back-test.
"""

import math
from dataclasses import dataclass, replace

import numpy as np

from .backtest import Evaluation

COMBINATION = "combination"
#: Scores closer than this (relative RMSSE) are a tie, which the cumulative error breaks.
TIE = 0.01
#: A strategy of own choices must beat the common combination by this much on RMSSE (and be
#: no worse on the cumulative error).
LEAST_GAIN = 0.002
#: Number of the newest origins that judge a strategy chosen on the earlier ones.
JUDGES = 4
#: Items of a class that a strategy is judged on, at least.
LEAST_ITEMS = 30
#: How many methods "the best few" are.
FEW = 3


@dataclass(frozen=True, slots=True)
class Strategy:
    """``trust``: windows of an item's own record that weigh as much as its class
    (``math.inf``: the combination for all); ``few``: average the best few instead of taking
    the best one.
    """

    trust: float = math.inf
    few: int = 1


STRATEGIES = tuple(Strategy(trust, few) for trust in (1.0, 4.0, 16.0) for few in (1, FEW))


def with_combination(evaluation, weights):
    """Return the evaluation with the combination as one more, last candidate."""
    path = evaluation.path(weights)
    squares, totals = evaluation.windows.path_errors(path[:-1])
    return replace(
        evaluation,
        shapes=np.concatenate([evaluation.shapes, path[None]]),
        squares=np.concatenate([evaluation.squares, squares[None]]),
        totals=np.concatenate([evaluation.totals, totals[None]]),
    )


def relative_scores(evaluation):
    """Return ``(scores, where)``: each candidate's log RMSSE relative to the combination's
    (the last one's), candidates x items, and which items have such a record.

    There is none without windows, without a change in the history, or for a combination
    without error.
    """
    rmsse = evaluation.rmsse(evaluation.squares)
    recorded = rmsse[-1] > 0.0
    reference = np.where(recorded, rmsse[-1], 1.0)
    # One perfect window is no reason for an infinite preference.
    return np.log(np.maximum(rmsse / reference, 1e-3)) * recorded, recorded


def choose(evaluation, strategy, common):
    """Return the weights of each item's choice, candidates x items.

    :param evaluation: with the combination as last candidate
    :param common: each candidate's mean relative score over the items' class
    """
    weights = np.zeros(evaluation.squares[:, 0].shape)
    if math.isinf(strategy.trust):
        weights[-1] = 1.0
        return weights
    own, recorded = relative_scores(evaluation)
    record = evaluation.record()
    share = record / (record + strategy.trust)
    scores = share * own + (1.0 - share) * np.asarray(common)[:, None]
    if strategy.few > 1:
        best = np.argsort(scores, axis=0, kind="stable")[: strategy.few]
        np.put_along_axis(weights, best, 1.0 / strategy.few, axis=0)
    else:
        tied = scores <= scores.min(axis=0) + TIE
        cumulative = np.where(tied, evaluation.cumulative_error(evaluation.totals), np.inf)
        tied &= cumulative == cumulative.min(axis=0)
        best = np.where(tied, scores, np.inf).argmin(axis=0)
        np.put_along_axis(weights, best[None], 1.0, axis=0)
    weights[:, ~recorded] = 0.0
    weights[-1, ~recorded] = 1.0
    return weights


def common_scores(evaluation):
    """Return each candidate's mean relative score over items, ``None`` without a record."""
    scores, recorded = relative_scores(evaluation)
    return scores[:, recorded].mean(axis=1) if recorded.any() else None


def best_strategy(evaluation, origins):
    """Return the strategy that would have served a class best in its newest windows.

    Choices are made on demand known at the oldest judging origin and judged on RMSSE, ties
    within :data:`LEAST_GAIN` on the cumulative error: an honest back-test of the choosing.

    :param evaluation: of the class, with the combination as last candidate
    :param origins: of its windows
    """
    evaluation, early = _trials(evaluation, origins)
    if len(evaluation.scale) < LEAST_ITEMS:
        return Strategy()
    common = common_scores(early)
    if common is None:
        return Strategy()
    results = []
    for strategy in (Strategy(), *STRATEGIES):
        squares, totals = _errors_of(evaluation, choose(early, strategy, common))
        loss = float(evaluation.rmsse(squares, -JUDGES).sum())
        cumulative = float(evaluation.cumulative_error(totals, -JUDGES).sum())
        results.append((loss, cumulative, strategy))
    standard = results[0]
    better = [
        (loss, cumulative, strategy)
        for loss, cumulative, strategy in results[1:]
        if loss < standard[0] * (1.0 - LEAST_GAIN) and cumulative <= standard[1]
    ]
    if not better:
        return standard[2]
    least = min(loss for loss, _cumulative, _strategy in better)
    tied = [r for r in better if r[0] <= least * (1.0 + LEAST_GAIN)]
    return min(tied, key=lambda r: r[1])[2]


def _trials(evaluation, origins):
    """Return the items that have both judging and earlier windows: their evaluation, and
    that as of the oldest judging origin.

    The earlier windows lose the periods that judge; otherwise they would know the answers.
    """
    first = len(origins) - JUDGES
    windows = evaluation.windows.until(origins, first)
    judged = evaluation.record(first) > 0.0
    members = (windows.counts * windows.valid).any(axis=0) & judged & (evaluation.scale > 0.0)
    evaluation = evaluation.only(members)
    windows = evaluation.windows.until(origins, first)
    levels, shapes = evaluation.levels[:, :first], evaluation.shapes[:, :first]
    squares, totals = windows.errors(levels, shapes)
    early = Evaluation(windows, evaluation.scale, levels, shapes, squares, totals)
    return evaluation, early


def _errors_of(evaluation, weights):
    """Return ``(squares, totals)`` of a weighted choice, at least in the judging windows."""
    best = weights.argmax(axis=0)
    if (np.take_along_axis(weights, best[None], axis=0) == 1.0).all():
        items = np.arange(len(best))
        return evaluation.squares[best, :, items].T, evaluation.totals[best, :, items].T
    first = evaluation.squares.shape[1] - JUDGES
    return evaluation.windows.path_errors(evaluation.path(weights, first)[:-1], first)
