"""What a forecast is handed over as, and the quality that goes with it."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Quality:
    """Record of one item's chosen method in its back-test.

    Sums are kept beside the ratios, so that a set of items can be judged as a whole.

    :ivar rmsse: root mean squared scaled error (1 = as good as one step of the naive
        method); ``None`` without a record
    :ivar demand: total demand in the windows
    :ivar error: forecast total minus demand in the windows
    :ivar cumulative: sum over windows of the absolute error of the window's total
    :ivar covered: per probability, the number of periods at or below that quantile
    :ivar covered_totals: the same for totals of whole windows
    :ivar periods: number of periods judged
    :ivar windows: number of windows
    :ivar complete: number of windows with the whole horizon known
    """

    rmsse: float | None = None
    demand: float = 0.0
    error: float = 0.0
    cumulative: float = 0.0
    covered: dict = field(default_factory=dict)
    covered_totals: dict = field(default_factory=dict)
    periods: int = 0
    windows: int = 0
    complete: int = 0

    @property
    def cumulative_wape(self):
        """Absolute error of lead-time totals over demand; ``None`` without demand."""
        return self.cumulative / self.demand if self.demand > 0 else None

    @property
    def bias(self):
        """Forecast minus demand, over demand: +0.1 = 10 % too high. ``None`` without."""
        return self.error / self.demand if self.demand > 0 else None

    @property
    def coverage(self):
        """Per probability, the share of periods at or below the quantile."""
        return {q: n / self.periods for q, n in self.covered.items()} if self.periods else {}

    @property
    def coverage_totals(self):
        """The same for totals over the horizon."""
        if not self.complete:
            return {}
        return {q: count / self.complete for q, count in self.covered_totals.items()}


def overall(qualities):
    """Return the :class:`Quality` of many items: mean RMSSE, sums of all else."""
    result, scores = Quality(), []
    for quality in qualities:
        if quality.rmsse is not None:
            scores.append(quality.rmsse)
        for name in ("demand", "error", "cumulative", "periods", "windows", "complete"):
            setattr(result, name, getattr(result, name) + getattr(quality, name))
        for name in ("covered", "covered_totals"):
            counts = getattr(result, name)
            for q, count in getattr(quality, name).items():
                counts[q] = counts.get(q, 0) + count
    result.rmsse = sum(scores) / len(scores) if scores else None
    return result


@dataclass(slots=True)
class Forecast:
    """One item's forecast.

    :ivar points: expected demand per future period
    :ivar quantiles: per probability, the quantile of each future period's demand
    :ivar cumulative_quantiles: per probability, the quantile of the demand of the first
        1, 2, ... periods together: ``cumulative_quantiles[0.95][lead_time - 1]`` is the stock
        that lasts the lead time with 95 % probability
    :ivar method: name of the chosen method, or of the combination
    :ivar weights: the methods behind it with their weights
    :ivar deviation: expected error per period (root mean square)
    """

    points: list
    quantiles: dict
    cumulative_quantiles: dict
    method: str
    weights: dict
    demand_class: str
    deviation: float
    quality: Quality = field(default_factory=Quality)

    def total(self, periods=None):
        """Return the expected demand of the first ``periods`` periods (default: all)."""
        return sum(self.points[:periods])
