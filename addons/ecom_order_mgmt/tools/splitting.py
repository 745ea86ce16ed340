"""Into how many parcels an order goes, and what each of them is worth.

Nothing here knows Odoo. Money is Decimal; shares add up to the total to the cent.
"""

from dataclasses import dataclass, field, replace
from decimal import ROUND_DOWN, Decimal

# Of goods that are sold by the fraction, no less than this is split off.
SMALLEST = Decimal("0.01")


@dataclass(frozen=True)
class Piece:
    """Some units of one line that leave one place.

    :param labels: dict {strategy: text}: pieces with different texts go into different parcels
    :param together: pieces with the same text are never parted
    :param whole: only whole units can be split off
    :param alone: every unit travels in a parcel of its own
    :param per_parcel: no more units than these travel in one parcel; 0: any number
    """

    key: object
    quantity: Decimal
    value: Decimal = Decimal(0)
    weight: Decimal = Decimal(0)
    gift: bool = False
    labels: dict = field(default_factory=dict)
    together: object = None
    whole: bool = True
    alone: bool = False
    per_parcel: int = 0

    def cut(self, units):
        """:return: (these units, the rest)"""
        share = Decimal(units) / self.quantity
        first = replace(
            self, quantity=Decimal(units), value=self.value * share, weight=self.weight * share
        )
        rest = replace(
            self,
            quantity=self.quantity - first.quantity,
            value=self.value - first.value,
            weight=self.weight - first.weight,
        )
        return first, rest


@dataclass(frozen=True)
class Limits:
    """:param strategies: what to part by, in this order: labels of the pieces, or "alone"
    :param floor: least value of every part; None: any"""

    strategies: tuple = ()
    max_weight: Decimal | None = None
    max_value: Decimal | None = None
    max_items: Decimal | None = None
    floor: Decimal | None = None
    max_parts: int = 5

    def has_any(self):
        """:return: whether there is anything to part by"""
        return bool(self.strategies or self.max_weight or self.max_value or self.max_items)


@dataclass
class Split:
    """:param parts: list of lists of pieces
    :param notes: list of (strategy, "done" or why not)
    :param origins: for each part, the index of the part it was made of"""

    parts: list
    notes: list
    origins: list = field(default_factory=list)


def split(parts, limits):
    """Part further what is parted already (by warehouse).

    Each strategy is tried on top of those before; one that breaks a floor is left out, and the
    goods travel together instead. Nothing moves from one of the given parts into another.

    :param parts: list of lists of pieces
    :return: Split
    """
    notes = []
    groups = [[part] for part in parts]
    steps = [(name, _alone if name == "alone" else _by_label(name)) for name in limits.strategies]
    steps += [
        (name, _by_limit(measure, limit))
        for name, measure, limit in (
            ("max_weight", lambda piece: piece.weight, limits.max_weight),
            ("max_value", lambda piece: piece.value, limits.max_value),
            ("max_items", lambda piece: piece.quantity, limits.max_items),
        )
        if limit
    ]
    for name, step in steps:
        after = [_with_gifts([new for part in group for new in step(part)]) for group in groups]
        if _count(after) == _count(groups):
            continue
        broken = _broken_floor(sum(after, []), limits)
        notes.append((name, broken or "done"))
        if not broken:
            groups = after
    return Split(
        sum(groups, []), notes, [index for index, group in enumerate(groups) for _part in group]
    )


def _count(groups):
    return sum(map(len, groups))


def _by_label(name):
    def step(part):
        # A set that stays together goes where its most valuable piece goes.
        leading = {}
        for piece in sorted(part, key=lambda piece: piece.value):
            if piece.together is not None:
                leading[piece.together] = piece.labels.get(name, "")
        groups = {}
        for piece in part:
            label = leading.get(piece.together, piece.labels.get(name, ""))
            groups.setdefault(label, []).append(piece)
        return [groups[label] for label in sorted(groups)]

    return step


def _alone(part):
    """Every unit of what travels alone is a parcel, and so is what is more than fits in one; what
    belongs to a set stays with the set."""
    rest, parcels = [], []
    for piece in part:
        left, free = piece, not piece.gift and piece.together is None
        size = free and (1 if piece.alone else piece.per_parcel)
        while size and left.whole and left.quantity > size:
            first, left = left.cut(size)
            parcels.append([first])
        if free and piece.alone:
            parcels.append([left])
        else:
            rest.append(left)
    return [rest, *parcels] if rest else parcels


def _by_limit(measure, limit):
    """Fill parcels up to a limit, the biggest goods first; what is above it alone, goes alone."""

    def step(part):
        if sum(map(measure, part)) <= limit:
            return [part]
        blocks = {}
        for index, piece in enumerate(part):
            key = (piece.together,) if piece.together is not None else (None, index)
            blocks.setdefault(key, []).append(piece)
        todo = sorted(blocks.values(), key=lambda block: -sum(map(measure, block)))
        parcels = []
        for block in todo:
            size = sum(map(measure, block))
            if len(block) == 1 and block[0].together is None and size > limit:
                parcels += _cut_up(block[0], measure, limit)
                continue
            fitting = next((p for p in parcels if sum(map(measure, p)) + size <= limit), None)
            if fitting is not None:
                fitting += block
            else:
                parcels.append(list(block))
        return parcels

    return step


def _cut_up(piece, measure, limit):
    parcels, rest = [], piece
    while measure(rest) > limit and rest.quantity > 0:
        units = rest.quantity * limit / measure(rest)
        if piece.whole:
            units = max(units.to_integral_value(ROUND_DOWN), Decimal(1))
        else:
            units = units.quantize(SMALLEST, ROUND_DOWN)
        if not 0 < units < rest.quantity:
            break
        first, rest = rest.cut(units)
        parcels.append([first])
    return [*parcels, [rest]]


def _with_gifts(parts):
    """A gift never travels alone: it goes along with the most valuable part of its order."""
    lonely = [part for part in parts if all(piece.gift for piece in part)]
    others = [list(part) for part in parts if not all(piece.gift for piece in part)]
    if not lonely:
        return parts
    if not others:
        return [[piece for part in lonely for piece in part]]
    target = max(others, key=lambda part: sum(piece.value for piece in part))
    for part in lonely:
        target.extend(part)
    return others


def _broken_floor(parts, limits):
    """:return: which floor these parts break, or None"""
    if len(parts) > limits.max_parts:
        return f"{len(parts)} parts are more than {limits.max_parts}"
    if limits.floor is not None:
        least = min(sum(piece.value for piece in part) for part in parts)
        if least < limits.floor:
            return f"a part would be worth {least:.2f}, less than {limits.floor:.2f}"
    return None


def shares(total, weights, rounding=Decimal("0.01")):
    """Share out an amount by weights; what rounding leaves over goes to the biggest.

    >>> shares(Decimal("10.00"), [Decimal(1), Decimal(1), Decimal(1)])
    [Decimal('3.34'), Decimal('3.33'), Decimal('3.33')]

    :return: list of Decimal; their sum is exactly `total`
    """
    if not weights:
        return []
    whole = sum(weights)
    if not whole:
        weights, whole = [Decimal(1)] * len(weights), Decimal(len(weights))
    found = [
        (total * weight / whole / rounding).to_integral_value(ROUND_DOWN) * rounding
        for weight in weights
    ]
    biggest = max(range(len(weights)), key=lambda i: (weights[i], -i))
    found[biggest] += total - sum(found)
    return found
