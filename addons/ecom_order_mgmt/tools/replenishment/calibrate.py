"""Keep what is promised: margins corrected by how often earlier ones sufficed.

A forecast's quantiles say what would have sufficed in its back-test. The future differs from
that: demand grows, seasons begin. Every promise ("this lasts the lead time, 95 times in 100") is
therefore judged when its time is over, over all items together, and the margin of the next ones
is widened or narrowed by how far the share of broken promises was from what was allowed. It is
the feedback of Gibbs and Candes (2021), "Adaptive conformal inference under distribution shift",
NeurIPS 34, applied to the margin instead of the level, so that one factor serves every level.
"""

from math import exp

#: How much of the relative error is corrected per week: small enough not to chase one bad week,
#: large enough to follow a season.
GAIN = 0.15
LIMITS = (0.5, 3.0)
#: Promises that a week needs to be judged by.
LEAST = 20


def corrected(factor, kept, broken, service):
    """Return the margin factor after one more week of judged promises.

    >>> round(corrected(1.0, 95, 5, 0.95), 3)
    1.0
    >>> round(corrected(1.0, 90, 10, 0.95), 3)
    1.162
    """
    judged = kept + broken
    if judged < LEAST or service >= 1:
        return factor
    allowed = 1.0 - service
    # Nothing broken narrows as much as twice too much broken widens.
    error = max(-1.0, min(1.0, (broken / judged - allowed) / allowed))
    return min(LIMITS[1], max(LIMITS[0], factor * exp(GAIN * error)))
