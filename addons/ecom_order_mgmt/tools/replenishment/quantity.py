"""From a need to a quantity that a supplier sells."""

from dataclasses import dataclass
from decimal import Decimal
from math import ceil, floor

#: Below this a quantity is nothing: the error of sums of floats.
EPSILON = 1e-6
#: A better price is no reason to order for longer than this: nobody knows what sells then.
LONGEST_COVER = 180


@dataclass(slots=True, frozen=True)
class Offer:
    """One price of a supplier: from ``minimum`` pieces on, each costs ``price``."""

    minimum: float
    price: Decimal


def round_up(need, minimum=0.0, multiple=0.0, carton=0.0, maximum=0.0):
    """Return what to order for a need: at least the minimum, in multiples or cartons.

    The maximum wins over all, rounded down to what can be ordered; where less than one
    multiple or the minimum would be left, nothing is ordered.

    >>> round_up(13, minimum=10, multiple=6)
    18.0
    >>> round_up(100, multiple=12, maximum=50)
    48.0
    """
    if need <= EPSILON:
        return 0.0
    qty = max(float(need), float(minimum))
    step = float(_step(multiple, carton))
    if step:
        qty = ceil(qty / step - EPSILON) * step
    if maximum and qty > maximum + EPSILON:
        qty = floor(maximum / step + EPSILON) * step if step else float(maximum)
        if qty + EPSILON < minimum:
            return 0.0
    return qty


def _step(multiple, carton):
    """Whole cartons fulfil a multiple only where they are multiples of it."""
    if not carton:
        return multiple
    if not multiple:
        return carton
    return ceil(carton / multiple - EPSILON) * multiple


def price_at(offers, qty):
    """Return the price for a quantity; the lowest minimum's price where none applies."""
    if not offers:
        return None
    reached = [offer for offer in offers if offer.minimum <= qty + EPSILON]
    if reached:
        return min(reached, key=lambda offer: (offer.price, -offer.minimum)).price
    return min(offers, key=lambda offer: offer.minimum).price


def break_worth_taking(qty, offers, daily_rate, holding_rate):
    """Return ``(quantity, saving)`` of the price break that pays best, ``(qty, 0)`` if none.

    Ordering up to a break saves on every piece, and costs the holding of the extra pieces
    until they are needed: they wait for ``qty`` to be used up, and then fall evenly. A break
    that would take longer than :data:`LONGEST_COVER` days to sell is not taken.

    :param daily_rate: expected demand per day
    :param holding_rate: cost of a year's holding, as a share of the price
    """
    best = (qty, Decimal(0))
    if qty <= EPSILON or daily_rate <= 0:
        return best
    now = price_at(offers, qty)
    for offer in offers:
        extra = offer.minimum - qty
        if extra <= EPSILON or offer.price >= now:
            continue
        if offer.minimum / daily_rate > LONGEST_COVER:
            continue
        gained = (now - offer.price) * Decimal(str(offer.minimum))
        days = (qty + extra / 2) / daily_rate
        held = offer.price * Decimal(str(extra * holding_rate * days / 365.0))
        if gained - held > best[1]:
            best = (offer.minimum, gained - held)
    return best


def sellable_within(daily_rate, shelf_days, position):
    """Return how much more can be ordered without anything outlasting its shelf life."""
    return max(0.0, daily_rate * shelf_days - position)
