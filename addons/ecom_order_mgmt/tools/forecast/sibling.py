"""Forecast of a new product from products like it.

The usual practice of forecasting by analogy (Goodwin, Dyussekeneva and Meeran 2013, "The use
of analogies in forecasting the annual sales of new electronics products", IMA Journal of
Management Mathematics 24(4)): the siblings give level and shape, and the product's own first
periods correct the level as they come in.
"""

#: A product with fewer known periods than this is new.
NEW = 8
#: Own periods that weigh as much as the siblings.
TRUST = 4


def from_siblings(own, sibling_recents, sibling_forecasts):
    """Return ``(points, quantiles, cumulative quantiles)`` for a new product.

    :param own: its known demands so far, possibly none
    :param sibling_recents: per sibling, its known demands in the last ``len(own)`` periods
        that it has (what it sold while the product was already there)
    :param sibling_forecasts: per sibling, its :class:`result.Forecast`; at least one
    """
    count = len(sibling_forecasts)
    share = _level_share(own, sibling_recents) / count

    def blend(rows):
        return [share * sum(column) for column in zip(*rows, strict=True)]

    first = sibling_forecasts[0]
    points = blend([forecast.points for forecast in sibling_forecasts])
    steps = {q: blend([f.quantiles[q] for f in sibling_forecasts]) for q in first.quantiles}
    totals = {
        q: blend([f.cumulative_quantiles[q] for f in sibling_forecasts])
        for q in first.cumulative_quantiles
    }
    return points, steps, totals


def _level_share(own, sibling_recents):
    """Return the product's level relative to its siblings': 1.0 while nothing is known."""
    means = [sum(recent) / len(recent) for recent in sibling_recents if recent]
    expected = sum(means) / len(means) if means else 0.0
    if not own or expected <= 0.0:
        return 1.0
    seen = max(0.0, sum(own) / len(own))
    return (len(own) * seen / expected + TRUST) / (len(own) + TRUST)
