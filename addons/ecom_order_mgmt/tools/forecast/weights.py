"""Combination weights of the candidates, learned over many items at once.

Bates and Granger (1969), "The combination of forecasts", Operational Research Quarterly
20(4); learned across series as by Montero-Manso, Athanasopoulos, Hyndman and Talagala (2020),
"FFORMA", International Journal of Forecasting 36(1), here by non-negative ridge regression.
One item's few windows cannot carry some thirty weights, thousands of items can.
"""

from dataclasses import dataclass, field

import numpy as np

#: Pull towards the prior weights, relative to the mean curvature of the loss.
RIDGE = 0.02
#: Items that the data need before they count as much as the prior (in units of RIDGE).
EVIDENCE = 300
#: Pull of the sum of the weights towards 1. Without it, squared errors of sparse demand are
#: least with forecasts some 30 % too low in total; a buyer pays for that in stock-outs.
UNBIASED = 0.3
#: What a point of cumulative WAPE counts in points of RMSSE: errors of lead-time totals are
#: what a reorder point pays for, and RMSSE alone lets many small items decide.
CUMULATIVE = 1.0
#: Weights below this share of their sum are dropped and the others fitted again: each costs
#: a pass over the history every night.
LEAST_WEIGHT = 0.02
#: An item that is forecast well must not outweigh all others: floor of its RMSSE.
LEAST_ERROR = 0.3

_TOLERANCE = 1e-12


@dataclass(slots=True)
class Normal:
    """Normal equations of a least-squares fit over many items' windows.

    Two losses are approached by it, both by dividing a squared error by the absolute error
    of a reference candidate (one step of iteratively reweighted least squares):

    * RMSSE, in which items of all sizes count alike (:attr:`matrix`, :attr:`vector`);
    * the absolute error of window totals over all demand (cumulative WAPE), in which the
      items that sell most count most (:attr:`total_matrix`, :attr:`total_vector`).
    """

    size: int
    items: int = 0
    demand: float = 0.0
    matrix: np.ndarray = field(init=False)
    vector: np.ndarray = field(init=False)
    total_matrix: np.ndarray = field(init=False)
    total_vector: np.ndarray = field(init=False)

    def __post_init__(self):
        self.matrix = np.zeros((self.size, self.size))
        self.total_matrix = np.zeros((self.size, self.size))
        self.vector = np.zeros(self.size)
        self.total_vector = np.zeros(self.size)

    def add(self, evaluation, reference):
        """Add the windows of all items of an evaluation whose demand ever changed.

        :param reference: number of the candidate whose errors weigh the item's
        """
        windows = evaluation.windows
        used = (evaluation.scale > 0.0) & windows.valid.any(axis=0)
        judged = used & (windows.counts > 0.0)
        self.items += int(used.sum())
        scale = np.where(used, evaluation.scale, 1.0)
        counts = np.where(judged, windows.counts, 1.0)
        error = np.sqrt(evaluation.squares[reference] / counts / scale)
        weights = judged * windows.weights / scale / np.maximum(error, LEAST_ERROR)
        sums = self._add_squares(evaluation, weights)
        error = np.maximum(
            np.abs(evaluation.totals[reference]), LEAST_ERROR * np.sqrt(scale * counts)
        )
        self.demand += float((judged * windows.weights * np.abs(windows.totals)).sum())
        scaled = sums * (judged * windows.weights / error)
        self.total_vector += _products(scaled, windows.totals[None])[:, 0]
        self.total_matrix += _products(scaled, sums)

    def _add_squares(self, evaluation, weights):
        """Add the squared errors; return each candidate's totals over the windows."""
        windows, levels = evaluation.windows, evaluation.levels[:, :-1]
        flat = len(levels)
        known = [shape[:-1] * windows.known for shape in evaluation.shapes]
        sums = np.array([*(levels * windows.counts), *(shape.sum(axis=1) for shape in known)])
        sums = sums.reshape(self.size, *weights.shape)
        scaled = levels * weights
        self.matrix[:flat, :flat] += _products(scaled, sums[:flat])
        across = _products(scaled, sums[flat:])
        self.matrix[:flat, flat:] += across
        self.matrix[flat:, :flat] += across.T
        self.vector[:flat] += _products(scaled, windows.totals[None])[:, 0]
        for number, shape in enumerate(known):
            row = flat + number
            scaled = shape * weights[:, None]
            self.vector[row] += np.vdot(scaled, windows.actuals)
            for other in range(number, len(known)):
                product = np.vdot(scaled, known[other])
                self.matrix[row, flat + other] += product
                if other != number:
                    self.matrix[flat + other, row] += product
        return sums

    def merge(self, other):
        self.items += other.items
        self.demand += other.demand
        self.matrix += other.matrix
        self.total_matrix += other.total_matrix
        self.vector += other.vector
        self.total_vector += other.total_vector

    def solve(self, prior):
        """Return the candidates' weights, none below 0, pulled towards ``prior``.

        :param prior: weights, returned as they are when there is no evidence
        """
        matrix, vector = self._both_losses()
        curvature = matrix.trace() / self.size
        if not curvature:
            return prior
        pull = curvature * RIDGE * (1.0 + EVIDENCE / self.items)
        matrix += UNBIASED * curvature
        matrix[np.diag_indices(self.size)] += pull
        vector += UNBIASED * curvature + pull * prior
        weights = least_squares(matrix, vector, np.ones(self.size, dtype=bool))
        kept = weights >= LEAST_WEIGHT * weights.sum()
        return least_squares(matrix, vector, kept)

    def _both_losses(self):
        """Return matrix and vector of RMSSE plus cumulative WAPE."""
        one = 1.0 / self.items if self.items else 0.0
        two = CUMULATIVE / self.demand if self.demand else 0.0
        return (
            one * self.matrix + two * self.total_matrix,
            one * self.vector + two * self.total_vector,
        )


def _products(left, right):
    """Return the matrix of sums of products over all axes but the first."""
    axes = range(1, left.ndim)
    return np.tensordot(left, right, (axes, axes))


def least_squares(matrix, vector, free):
    """Minimise w'Aw - 2b'w over w >= 0 exactly; those that are not ``free`` stay 0.

    The active-set method of Lawson and Hanson (1974), "Solving least squares problems",
    chapter 23, on normal equations. ``A`` is positive definite (ridge), so the answer is the
    only one and is found after finitely many steps.
    """
    weights, active = np.zeros(len(vector)), np.zeros(len(vector), dtype=bool)
    least = _TOLERANCE * np.abs(vector).max(initial=0.0)
    for _round in range(10 * len(vector)):
        gradient = np.where(free & ~active, vector - matrix @ weights, 0.0)
        if gradient.max(initial=0.0) <= least:
            return weights
        active[gradient.argmax()] = True
        while True:
            trial = np.zeros(len(vector))
            trial[active] = np.linalg.solve(matrix[np.ix_(active, active)], vector[active])
            falling = active & (trial <= 0.0)
            if not falling.any():
                weights = trial
                break
            share = (weights[falling] / (weights[falling] - trial[falling])).min()
            weights = weights + share * (trial - weights)
            active &= weights > _TOLERANCE * weights.max()
            weights[~active] = 0.0
    return weights
