"""How one warehouse gets what it does not have: from sister warehouses, from vendors, or made there.

Nothing here knows Odoo. Quantities are in the products' units.
"""

from dataclasses import dataclass, field

from .sourcing import EPSILON, _take, _units

STOCK, TRANSFER, BUY, DROPSHIP, MAKE = "stock", "transfer", "buy", "dropship", "make"


@dataclass
class Supply:
    """Where everything of an order comes from before it leaves one place.

    :param target: candidate that the order leaves from
    :param pieces: dict {line key: list of (kind, place key or None, quantity)}; per line they add
        up to its quantity
    """

    target: object
    pieces: dict = field(default_factory=dict)

    def rank(self):
        """:return: sort key: least bought, fewest sisters, least moved, best score"""
        brought = [piece for found in self.pieces.values() for piece in found if piece[0] != STOCK]
        return (
            sum(quantity for kind, _place, quantity in brought if kind != TRANSFER),
            len({place for kind, place, _quantity in brought if kind == TRANSFER}),
            sum(quantity for _kind, _place, quantity in brought),
            self.target.score or 0.0,
        )


def gather(lines, target, donors=(), buyable=frozenset(), how=BUY):
    """Have everything of an order leave from one place.

    What is on its own shelves first, then what sisters can spare (one that has all of a line
    before two that have it together), and what is left is bought where it can be.

    :param donors: candidates, the best first; their `free` is what they can spare
    :param buyable: keys of the lines whose goods a vendor delivers, or that can be made
    :param how: `BUY` or `MAKE` into the target, or `DROPSHIP`: the vendor sends the whole line to
        the buyer
    :return: Supply, or None: something can neither be brought nor bought or made
    """
    free = {place.key: dict(place.free) for place in (target, *donors)}
    order = {place.key: index for index, place in enumerate((target, *donors))}
    supply, used = Supply(target), set()
    for line in lines:
        left, mine = line.quantity, []
        before = {key: dict(stock) for key, stock in free.items()}
        units = min(_units(line, free[target.key], left), left)
        if units > EPSILON:
            _take(line, free[target.key], units)
            mine.append((STOCK, target.key, units))
            left -= units
        while left > EPSILON:
            able = [d.key for d in donors if _units(line, free[d.key], left) > EPSILON]
            if not able:
                break
            best = min(
                able,
                key=lambda key: (
                    _units(line, free[key], left) < left - EPSILON,
                    key not in used,
                    order[key],
                ),
            )
            units = min(_units(line, free[best], left), left)
            _take(line, free[best], units)
            used.add(best)
            mine.append((TRANSFER, best, units))
            left -= units
        if left > EPSILON:
            if line.key not in buyable:
                return None
            if how == DROPSHIP:
                # One parcel from the vendor, rather than two that hold half of a line each.
                free, mine, left = before, [], line.quantity
                used = {place for found in supply.pieces.values() for k, place, _q in found if k == TRANSFER}  # fmt: skip
            mine.append((how, None, left))
        supply.pieces[line.key] = mine
    return supply


def choose(lines, candidates, donors_of, buyable_of, how=BUY):
    """Find the place for which least has to be brought and bought.

    :param candidates: rated, the best first
    :param donors_of: function of a candidate: list of candidates that may send goods to it
    :param buyable_of: function of a candidate: keys of the lines that can be bought for it
    :return: Supply, or None
    """
    lines = [line for line in lines if line.quantity > EPSILON]
    found = [
        supply
        for candidate in candidates
        if (supply := gather(lines, candidate, donors_of(candidate), buyable_of(candidate), how))
    ]
    return min(found, key=Supply.rank, default=None)


def use(supply, lines, places):
    """Lower what is free.

    :param places: dict {place key: its dict of what is free}
    """
    by_key = {line.key: line for line in lines}
    for key, pieces in supply.pieces.items():
        for _kind, place, quantity in pieces:
            if place is not None:
                _take(by_key[key], places[place], quantity)


def spread(parts, pieces):
    """Mark where the goods of every parcel come from.

    :param parts: list of (parcel, quantity) of one line, in the order of the parcels
    :param pieces: list of (kind, place, quantity) of that line
    :return: list of (parcel, kind, place, quantity); per parcel and per piece the sums stay
    """
    result, todo = [], [list(piece) for piece in pieces]
    for parcel, wanted in parts:
        left = wanted
        while left > EPSILON and todo:
            kind, place, there = todo[0]
            taken = min(left, there)
            result.append((parcel, kind, place, taken))
            left -= taken
            todo[0][2] -= taken
            if todo[0][2] <= EPSILON:
                todo.pop(0)
    return result
