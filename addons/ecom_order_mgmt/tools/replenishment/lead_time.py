"""A supplier's lead time, learned from receipts and not only from its price list."""

from dataclasses import dataclass
from statistics import median

#: How many receipts the price list's promise counts for.
PRIOR = 3
#: Only the latest receipts tell how the supplier delivers today.
LATEST = 20
#: Days of spread per day of lead time that are assumed without any receipt.
PRIOR_SPREAD = 0.15
#: Median absolute deviation to standard deviation, for normal errors (Rousseeuw and Croux,
#: 1993, "Alternatives to the median absolute deviation", JASA 88).
MAD_FACTOR = 1.4826


@dataclass(slots=True, frozen=True)
class LeadTime:
    """:ivar days: what to plan with
    :ivar spread: standard deviation in days
    :ivar count: receipts it was learned from
    :ivar listed: the price list's promise, ``None`` if there is none
    :ivar late: share of the receipts that came later than promised, ``None`` without them
    """

    days: float
    spread: float
    count: int
    listed: float | None
    late: float | None = None


def learn(samples, listed=None):
    """Return the :class:`LeadTime` of a supplier.

    The median of the latest receipts, drawn towards the promise while there are few of them;
    the spread is the median absolute deviation, which one lost parcel does not move.

    :param samples: days from order to receipt, oldest first; negative ones are left out
    :param listed: days promised by the price list
    """
    known = [days for days in samples if days >= 0][-LATEST:]
    if not known:
        days = float(listed or 0.0)
        return LeadTime(days, PRIOR_SPREAD * days, 0, listed)
    middle = median(known)
    spread = MAD_FACTOR * median(abs(days - middle) for days in known)
    late = None
    if listed is None:
        days = float(middle)
    else:
        weight = len(known) / (len(known) + PRIOR)
        days = weight * middle + (1 - weight) * listed
        spread = weight * spread + (1 - weight) * PRIOR_SPREAD * listed
        late = sum(1 for days_taken in known if days_taken > listed) / len(known)
    return LeadTime(days, spread, len(known), listed, late)
