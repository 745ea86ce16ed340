"""Which warehouses deliver an order: filters, weighted sort, and a bounded search for few parts.

Nothing here knows Odoo. Quantities are in the products' units; what is free is a dict that the
caller lowers from order to order, the most urgent first.
"""

import time
from dataclasses import dataclass, field
from itertools import combinations
from math import floor

EPSILON = 1e-6
# Days on the road by distance; carriers know better, but only once one is chosen.
_DAYS = ((300, 1), (1000, 2), (3000, 4))
_FAR = 7
MAX_COMBINATIONS = 2000
MAX_SECONDS = 0.2


@dataclass(frozen=True)
class Line:
    """One line of an order.

    :param parts: dict {product: quantity per unit of the line}: itself, or the components of a kit
    :param whole: only whole units can be split off
    :param gift: it never travels alone
    :param inside: for lines that must come from one place, see :func:`bundle`: what they are
    """

    key: object
    quantity: float
    parts: dict
    whole: bool = True
    gift: bool = False
    inside: tuple = ()


@dataclass
class Candidate:
    """A warehouse as seen by one order. Numbers that are not known are None.

    :param refused: why it is out of the question, or None
    :param facts: dict of what the sort keys weigh: cost, distance, capacity, balance, rank
    """

    key: object
    name: str
    free: dict
    refused: str | None = None
    facts: dict = field(default_factory=dict)
    score: float | None = None


@dataclass
class Plan:
    """:param parts: list of (candidate, dict {line key: quantity}), the biggest first
    :param tried: number of combinations that were looked at
    :param bounded: the search ended at its limit, and the rest was done greedily
    :param supply: where the one place gets what it has not (:class:`supply.Supply`), or None
    """

    parts: list
    tried: int
    bounded: bool = False
    supply: object = None


def rate(candidates, weights):
    """Give each candidate a score, 0 for the best in everything, and sort them by it.

    Each fact is spread over 0..1 between the best and the worst candidate; less is better, except
    for capacity and balance. What is not known counts as the worst.

    :param weights: dict {fact: weight}
    :return: list of the candidates that are not refused, the best first
    """
    open_ones = [c for c in candidates if not c.refused]
    total = sum(weights.values()) or 1.0
    for candidate in open_ones:
        candidate.score = 0.0
    for fact, weight in weights.items():
        known = [c.facts[fact] for c in open_ones if c.facts.get(fact) is not None]
        if not known or not weight:
            continue
        low, high = min(known), max(known)
        for candidate in open_ones:
            value = candidate.facts.get(fact)
            share = 1.5 if value is None else (value - low) / (high - low) if high > low else 0.0
            if fact in ("capacity", "balance") and value is not None:
                share = 1.0 - share if high > low else 0.0
            candidate.score += weight / total * share
    return sorted(open_ones, key=lambda c: (round(c.score, 9), str(c.name), str(c.key)))


def _units(line, free, wanted):
    """:return: how many of `wanted` units of the line `free` can give"""
    units = wanted
    for product, quantity in line.parts.items():
        if quantity > 0:
            units = min(units, free.get(product, 0.0) / quantity)
    if line.whole:
        units = floor(units + EPSILON)
    return max(units, 0.0)


def _take(line, free, units):
    for product, quantity in line.parts.items():
        free[product] = free.get(product, 0.0) - quantity * units


def fill(lines, candidates, split_lines=True):
    """Give out the lines over these candidates, each line from one place where possible.

    :return: list of dict {line key: quantity} beside the candidates, or None if a line is left
    """
    free = [dict(candidate.free) for candidate in candidates]
    taken = [{} for _candidate in candidates]
    # What only one place can deliver first: it must not be used up by another line.
    order = sorted(
        lines,
        key=lambda line: (
            line.gift,
            sum(_units(line, place, line.quantity) >= line.quantity - EPSILON for place in free),
        ),
    )
    goods = any(not line.gift for line in lines)
    for line in order:
        left = line.quantity
        # Where something of the order comes from anyway is as good as the better place.
        places = sorted(
            range(len(candidates)),
            key=lambda i: (
                _units(line, free[i], left) < left - EPSILON,
                not taken[i],
                i,
            ),
        )
        if not split_lines and _units(line, free[places[0]], left) < left - EPSILON:
            return None
        for index in places:
            units = _units(line, free[index], left)
            if units <= EPSILON or (line.gift and goods and not taken[index]):
                continue
            _take(line, free[index], units)
            taken[index][line.key] = taken[index].get(line.key, 0.0) + units
            left -= units
            if left <= EPSILON:
                break
        if left > EPSILON:
            return None
    return taken


def choose(
    lines,
    candidates,
    max_parts=1,
    split_lines=True,
    clock=time.monotonic,
    max_combinations=MAX_COMBINATIONS,
    max_seconds=MAX_SECONDS,
    accept=None,
):
    """Find the fewest places that deliver everything; of as many, those with the best scores.

    One place, then pairs, triples and so on up to `max_parts`. After `max_combinations`, or
    `max_seconds`, the rest is done greedily: the place that gives most, then the next.

    :param candidates: rated, the best first (see :func:`rate`)
    :param accept: function of a list of dict {line key: quantity}, one per place: whether goods
        may be parted like this; asked where there is more than one place
    :return: Plan, or None if they cannot
    """
    tried, start = 0, clock()
    lines = [line for line in lines if line.quantity > EPSILON]
    candidates = [
        c for c in candidates if any(_units(line, c.free, line.quantity) > 0 for line in lines)
    ]
    if not lines or not _could(lines, candidates):
        return None
    for size in range(1, min(max_parts, len(candidates)) + 1):
        best = None
        # Rated ones come first, so the first that fits has mostly the best score.
        for group in combinations(candidates, size):
            tried += 1
            if tried > max_combinations or clock() - start > max_seconds:
                return _greedy(lines, candidates, max_parts, split_lines, tried, accept)
            score = sum(c.score or 0.0 for c in group)
            if best and best[0] <= score + 1e-12:
                continue
            taken = fill(lines, group, split_lines)
            if taken and all(taken) and (size == 1 or not accept or accept(taken)):
                best = score, group, taken
                if size == 1:
                    break
        if best:
            return _plan(best[1], best[2], tried)
    return None


def _could(lines, candidates):
    """Whether all places together hold enough: most orders that cannot be met end here."""
    need = {}
    for line in lines:
        for product, quantity in line.parts.items():
            need[product] = need.get(product, 0.0) + quantity * line.quantity
    return all(
        sum(max(c.free.get(product, 0.0), 0.0) for c in candidates) >= quantity - EPSILON
        for product, quantity in need.items()
    )


def _greedy(lines, candidates, max_parts, split_lines, tried, accept=None):
    chosen, rest = [], list(candidates)
    while rest and len(chosen) < max_parts:
        left = [(line, line.quantity - _covered(line, chosen)) for line in lines]
        best = max(
            rest,
            key=lambda c: (
                sum(_units(line, c.free, missing) for line, missing in left if missing > EPSILON),
                -(c.score or 0.0),
            ),
        )
        rest.remove(best)
        chosen.append(best)
        taken = fill(lines, chosen, split_lines)
        if taken:
            used = [(c, t) for c, t in zip(chosen, taken, strict=True) if t]
            if len(used) > 1 and accept and not accept([t for _c, t in used]):
                continue
            return _plan([c for c, _t in used], [t for _c, t in used], tried, bounded=True)
    return None


def _covered(line, chosen):
    return min(line.quantity, sum(_units(line, c.free, line.quantity) for c in chosen))


def _plan(group, taken, tried, bounded=False):
    parts = sorted(zip(group, taken, strict=True), key=lambda part: -sum(part[1].values()))
    return Plan(parts, tried, bounded)


def bundle(lines, together):
    """Tie lines that must come from one place together: such a set is one thing for the search.

    :param together: dict {line key: name of its set}
    :return: list of Line; what was tied is in `inside`
    """
    sets = {}
    for line in lines:
        sets.setdefault(together.get(line.key), []).append(line)
    result = sets.pop(None, [])
    for members in sets.values():
        if len(members) == 1:
            result += members
            continue
        parts = {}
        for line in members:
            for product, quantity in line.parts.items():
                parts[product] = parts.get(product, 0.0) + quantity * line.quantity
        gift = all(line.gift for line in members)
        result.append(Line(members[0].key, 1, parts, gift=gift, inside=tuple(members)))
    return result


def unbundle(quantities, lines):
    """:return: dict {key: quantity} of the lines themselves, of one of their sets"""
    by_key = {line.key: line for line in lines}
    result = {}
    for key, quantity in quantities.items():
        members = by_key[key].inside
        if members:
            result.update({line.key: line.quantity for line in members})
        else:
            result[key] = quantity
    return result


def use(plan, lines):
    """Lower what is free in the places of a plan."""
    by_key = {line.key: line for line in lines}
    for candidate, quantities in plan.parts:
        for key, quantity in quantities.items():
            _take(by_key[key], candidate.free, quantity)


def days_on_the_road(distance):
    """:param distance: kilometres, or None"""
    if distance is None:
        return _FAR
    return next((days for limit, days in _DAYS if distance <= limit), _FAR)
