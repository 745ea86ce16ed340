"""Combination weights of the candidates, learned over many items at once.

Bates and Granger (1969), "The combination of forecasts", Operational Research Quarterly
20(4); learned across series as by Montero-Manso, Athanasopoulos, Hyndman and Talagala (2020),
"FFORMA", International Journal of Forecasting 36(1), here by non-negative ridge regression.
One item's few windows cannot carry some thirty weights, thousands of items can.
"""

from dataclasses import dataclass, field
from operator import mul

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

_TOLERANCE = 1e-7
_SWEEPS = 2000


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
    matrix: list = field(init=False)
    vector: list = field(init=False)
    total_matrix: list = field(init=False)
    total_vector: list = field(init=False)

    def __post_init__(self):
        self.matrix = [[0.0] * self.size for _row in range(self.size)]
        self.total_matrix = [[0.0] * self.size for _row in range(self.size)]
        self.vector = [0.0] * self.size
        self.total_vector = [0.0] * self.size

    def add(self, evaluation, reference):
        """Add one item's windows.

        :param reference: number of the candidate whose errors weigh the item's
        """
        if not evaluation.scale or not evaluation.windows:
            return
        self.items += 1
        for number, window in enumerate(evaluation.windows):
            if not window.actuals:
                continue
            count = len(window.actuals)
            error = evaluation.squares[reference][number] / count / evaluation.scale
            weight = window.weight / evaluation.scale / max(error**0.5, LEAST_ERROR)
            forecasts = [path[number] for path in evaluation.paths]
            sums = self._add_window(window, forecasts, weight)
            error = max(
                abs(evaluation.totals[reference][number]),
                LEAST_ERROR * (evaluation.scale * count) ** 0.5,
            )
            self._add_total(window, sums, window.weight / error)

    def _add_total(self, window, sums, weight):
        self.demand += window.weight * abs(window.total)
        for number, value in enumerate(sums):
            scaled = weight * value
            if scaled:
                self.total_vector[number] += scaled * window.total
                row = self.total_matrix[number]
                self.total_matrix[number] = [a + scaled * b for a, b in zip(row, sums, strict=True)]

    def _add_window(self, window, forecasts, weight):
        """Add a window's squared errors; return each forecast's total over it."""
        count = len(window.actuals)
        levels, sums, shapes = [], [], []
        for number, forecast in enumerate(forecasts):
            if isinstance(forecast, float):
                levels.append((number, forecast))
                self.vector[number] += weight * forecast * window.total
                sums.append(forecast * count)
            else:
                shape = window.known_part(forecast)
                shapes.append((number, shape))
                self.vector[number] += weight * _dot(shape, window.actuals)
                sums.append(sum(shape))
        for number, level in levels:
            row, scaled = self.matrix[number], weight * level
            self.matrix[number] = [a + scaled * b for a, b in zip(row, sums, strict=True)]
        for position, (number, shape) in enumerate(shapes):
            row, scaled = self.matrix[number], weight * sums[number]
            for other, level in levels:
                row[other] += scaled * level
            row[number] += weight * _dot(shape, shape)
            for other, other_shape in shapes[position + 1 :]:
                product = weight * _dot(shape, other_shape)
                row[other] += product
                self.matrix[other][number] += product
        return sums

    def merge(self, other):
        self.items += other.items
        self.demand += other.demand
        self.matrix = _add_rows(self.matrix, other.matrix)
        self.total_matrix = _add_rows(self.total_matrix, other.total_matrix)
        (self.vector,) = _add_rows([self.vector], [other.vector])
        (self.total_vector,) = _add_rows([self.total_vector], [other.total_vector])

    def solve(self, prior):
        """Return ``{candidate: weight}``, all positive, pulled towards ``prior``.

        :param prior: ``{candidate: weight}``, returned as it is when there is no evidence
        """
        matrix, vector = self._both_losses()
        curvature = sum(matrix[i][i] for i in range(self.size)) / self.size
        if not curvature:
            return dict(prior)
        pull = curvature * RIDGE * (1.0 + EVIDENCE / self.items)
        matrix = [[value + UNBIASED * curvature for value in row] for row in matrix]
        vector = [value + UNBIASED * curvature for value in vector]
        start = [prior.get(i, 0.0) for i in range(self.size)]
        for i in range(self.size):
            matrix[i][i] += pull
            vector[i] += pull * start[i]
        weights = _least_squares(matrix, vector, start, range(self.size))
        least = LEAST_WEIGHT * sum(weights)
        kept = [i for i in range(self.size) if weights[i] >= least]
        start = [weights[i] if i in kept else 0.0 for i in range(self.size)]
        weights = _least_squares(matrix, vector, start, kept)
        return {i: weights[i] for i in kept if weights[i] > 0.0}

    def _both_losses(self):
        """Return matrix and vector of RMSSE plus cumulative WAPE."""
        one = 1.0 / self.items if self.items else 0.0
        two = CUMULATIVE / self.demand if self.demand else 0.0
        rows = zip(
            [*self.matrix, self.vector], [*self.total_matrix, self.total_vector], strict=True
        )
        *matrix, vector = [
            [one * a + two * b for a, b in zip(row, total_row, strict=True)]
            for row, total_row in rows
        ]
        return matrix, vector


def _add_rows(rows, others):
    return [
        [a + b for a, b in zip(row, other, strict=True)]
        for row, other in zip(rows, others, strict=True)
    ]


def _least_squares(matrix, vector, start, free):
    """Minimise w'Aw - 2b'w over w >= 0 by coordinate descent; only ``free`` ones move."""
    weights, free = list(start), list(free)
    for _sweep in range(_SWEEPS):
        moved = 0.0
        for i in free:
            row = matrix[i]
            gradient = vector[i] - _dot(row, weights)
            value = max(0.0, weights[i] + gradient / row[i])
            moved = max(moved, abs(value - weights[i]))
            weights[i] = value
        if moved < _TOLERANCE:
            break
    return weights


def _dot(left, right):
    return sum(map(mul, left, right))
