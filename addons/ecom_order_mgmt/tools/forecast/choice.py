"""Choice of the method per item, and how far an item's own record is trusted.

An item's back-test has a few overlapping windows; the winner among thirty candidates is
often luck. Each candidate's score on an item is therefore drawn towards its score on all
items of the same demand class (empirical Bayes), and whether items choose for themselves at
all is decided per class by a second, later back-test.
"""

import math
from dataclasses import dataclass, replace

from .backtest import Evaluation, combine

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


def with_combination(evaluation, weights, horizon):
    """Return the evaluation with the combination as one more, last candidate."""
    forecasts = [
        combine(weights, [path[number] for path in evaluation.paths], horizon)
        for number in range(len(evaluation.windows) + 1)
    ]
    errors = [w.errors(p) for w, p in zip(evaluation.windows, forecasts[:-1], strict=True)]
    return replace(
        evaluation,
        paths=[*evaluation.paths, forecasts],
        squares=[*evaluation.squares, [square for square, _total in errors]],
        totals=[*evaluation.totals, [total for _square, total in errors]],
    )


def relative_scores(evaluation, last=None):
    """Return each candidate's log RMSSE relative to the combination's (the last one's).

    ``None`` without a record: no windows, no change in the history, or a combination
    without error.
    """
    reference = evaluation.rmsse(evaluation.squares[-1], last=last)
    if not reference:
        return None
    floor = reference * 1e-3  # one perfect window is no reason for an infinite preference
    return [
        math.log(max(evaluation.rmsse(squares, last=last), floor) / reference)
        for squares in evaluation.squares
    ]


def choose(evaluation, strategy, common, last=None):
    """Return ``{candidate number: weight}`` for one item.

    :param evaluation: with the combination as last candidate
    :param common: each candidate's mean relative score over the item's class
    :param last: use only the windows before this index
    """
    combination = len(evaluation.squares) - 1
    own = None if math.isinf(strategy.trust) else relative_scores(evaluation, last)
    if own is None:
        return {combination: 1.0}
    record = evaluation.record(last=last)
    share = record / (record + strategy.trust)
    scores = [share * a + (1.0 - share) * b for a, b in zip(own, common, strict=True)]
    order = sorted(range(len(scores)), key=scores.__getitem__)
    if strategy.few > 1:
        return dict.fromkeys(order[: strategy.few], 1.0 / strategy.few)
    tied = [i for i in order if scores[i] <= scores[order[0]] + TIE]
    best = min(tied, key=lambda i: evaluation.cumulative_error(evaluation.totals[i], last=last))
    return {best: 1.0}


def common_scores(evaluations, last=None):
    """Return each candidate's mean relative score over items, ``None`` without a record."""
    rows = [scores for e in evaluations if (scores := relative_scores(e, last)) is not None]
    return [sum(column) / len(rows) for column in zip(*rows, strict=True)] if rows else None


def best_strategy(evaluations, horizon):
    """Return the strategy that would have served a class best in its newest windows.

    Choices are made on demand known at the oldest judging origin and judged on RMSSE, ties
    within :data:`LEAST_GAIN` on the cumulative error: an honest back-test of the choosing.

    :param evaluations: with the combination as last candidate
    """
    trials = [(e, _known_before_judges(e)) for e in evaluations]
    trials = [(e, early) for e, early in trials if early is not None]
    if len(trials) < LEAST_ITEMS:
        return Strategy()
    first_judge = -JUDGES
    common = common_scores([early for _evaluation, early in trials])
    if common is None:
        return Strategy()
    results = []
    for strategy in (Strategy(), *STRATEGIES):
        loss = cumulative = 0.0
        for evaluation, early in trials:
            weights = choose(early, strategy, common)
            squares, totals = _errors_of(evaluation, weights, horizon, first_judge)
            loss += evaluation.rmsse(squares, first_judge)
            cumulative += evaluation.cumulative_error(totals, first_judge)
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


def _known_before_judges(evaluation):
    """Return the evaluation as of the oldest judging origin, ``None`` if too short.

    The earlier windows lose the periods that judge; otherwise they would know the answers.
    """
    windows = evaluation.windows
    if len(windows) <= JUDGES or not evaluation.scale:
        return None
    if not any(w.actuals for w in windows[-JUDGES:]):
        return None
    limit = windows[-JUDGES].origin
    early = [w.until(limit) for w in windows[:-JUDGES]]
    if not any(w.actuals for w in early):
        return None
    errors = [
        [w.errors(p) for w, p in zip(early, paths[: len(early)], strict=True)]
        for paths in evaluation.paths
    ]
    return Evaluation(
        evaluation.demand_class,
        evaluation.scale,
        early,
        [],
        [[square for square, _total in row] for row in errors],
        [[total for _square, total in row] for row in errors],
    )


def _errors_of(evaluation, weights, horizon, first):
    """Return ``(squares, totals)`` of a weighted choice, zeros before window ``first``."""
    if len(weights) == 1:
        number = next(iter(weights))
        return evaluation.squares[number], evaluation.totals[number]
    count = len(evaluation.windows)
    squares, totals = [0.0] * count, [0.0] * count
    for index in range(count + first, count):
        forecast = combine(weights, [path[index] for path in evaluation.paths], horizon)
        squares[index], totals[index] = evaluation.windows[index].errors(forecast)
    return squares, totals
