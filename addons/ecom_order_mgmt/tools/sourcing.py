"""Which warehouses deliver an order: filters, weighted sort, and a bounded search for few parts.

Nothing here knows Odoo. Quantities are in the products' units; what is free is a dict that the
caller lowers from order to order, the most urgent first.
"""

import time
from dataclasses import dataclass, field
from itertools import combinations
from math import floor

EPSILON = 1e-6
MAX_COMBINATIONS = 2000
MAX_SECONDS = 0.2


@dataclass(frozen=True)
class Line:
    """One line of an order.

    :param parts: dict {product: quantity per unit of the line}: itself, or the components of a kit
    :param whole: only whole units can be split off
    """

    key: object
    quantity: float
    parts: dict
    whole: bool = True


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
    """

    parts: list
    tried: int
    bounded: bool = False


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
        key=lambda line: sum(
            _units(line, place, line.quantity) >= line.quantity - EPSILON for place in free
        ),
    )
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
            if units <= EPSILON:
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
):
    """Find the fewest places that deliver everything; of as many, those with the best scores.

    One place, then pairs, triples and so on up to `max_parts`. After `max_combinations`, or
    `max_seconds`, the rest is done greedily: the place that gives most, then the next.

    :param candidates: rated, the best first (see :func:`rate`)
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
                return _greedy(lines, candidates, max_parts, split_lines, tried)
            score = sum(c.score or 0.0 for c in group)
            if best and best[0] <= score + 1e-12:
                continue
            taken = fill(lines, group, split_lines)
            if taken and all(taken):
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


def _greedy(lines, candidates, max_parts, split_lines, tried):
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
            return _plan([c for c, _t in used], [t for _c, t in used], tried, bounded=True)
    return None


def _covered(line, chosen):
    return min(line.quantity, sum(_units(line, c.free, line.quantity) for c in chosen))


def _plan(group, taken, tried, bounded=False):
    parts = sorted(zip(group, taken, strict=True), key=lambda part: -sum(part[1].values()))
    return Plan(parts, tried, bounded)


def use(plan, lines):
    """Lower what is free in the places of a plan."""
    by_key = {line.key: line for line in lines}
    for candidate, quantities in plan.parts:
        for key, quantity in quantities.items():
            _take(by_key[key], candidate.free, quantity)
