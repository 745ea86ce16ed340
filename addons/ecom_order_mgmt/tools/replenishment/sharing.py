"""Several wants, one source: transfers between warehouses, and a budget."""

from dataclasses import dataclass
from decimal import Decimal
from math import floor

EPSILON = 1e-6


def transfers(needs, surpluses, multiple=0.0, least=0.0):
    """Return ``[(giver, taker, quantity)]``: sister warehouses help out before anyone buys.

    The largest need is served first, from the largest surplus. Nobody gives more than its
    surplus, and nobody gets more than it needs.

    :param needs: ``{warehouse: quantity}``
    :param surpluses: ``{warehouse: quantity above the warehouse's own level}``
    :param multiple: transfers are whole multiples of it, rounded down
    :param least: smaller transfers are not worth the work
    """
    left = {place: qty for place, qty in surpluses.items() if qty > EPSILON}
    result = []
    for taker, need in sorted(needs.items(), key=lambda pair: (-pair[1], str(pair[0]))):
        for giver in sorted(left, key=lambda place: (-left[place], str(place))):
            if giver == taker or need <= EPSILON:
                continue
            qty = min(need, left[giver])
            if multiple:
                qty = floor(qty / multiple + EPSILON) * multiple
            if qty <= EPSILON or qty + EPSILON < least:
                continue
            result.append((giver, taker, qty))
            need -= qty
            left[giver] -= qty
    return result


@dataclass(slots=True, frozen=True)
class Claim:
    """:ivar cost: what it takes of the budget
    :ivar margin: expected margin of the ordered pieces
    :ivar days_left: days until stock-out, ``None`` if none is in sight
    """

    key: object
    cost: Decimal
    margin: Decimal
    days_left: int | None = None


def within_budget(claims, budget):
    """Return ``(keys that are paid, keys that wait)``, in the order of their priority.

    What earns most per money spent goes first; among equals, what runs out first. A claim that
    is too large for what is left waits, a smaller one after it may still be paid.
    """

    def priority(claim):
        rate = claim.margin / claim.cost if claim.cost > 0 else Decimal("Infinity")
        days = claim.days_left if claim.days_left is not None else 10**6
        return (-rate, days, str(claim.key))

    paid, waiting, left = [], [], budget
    for claim in sorted(claims, key=priority):
        if claim.cost <= left:
            paid.append(claim.key)
            left -= claim.cost
        else:
            waiting.append(claim.key)
    return paid, waiting
