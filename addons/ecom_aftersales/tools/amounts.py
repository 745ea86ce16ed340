"""What a buyer gets back for goods of an order, to the cent.

Shares are cumulative: the money of three pieces one after the other is the money of the three at
once, whatever the order they come back in. So no sequence of returns gives more than was paid, and
the last piece leaves nothing behind.
"""

from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal

ZERO = Decimal(0)
GOODS, DISCOUNT, SHIPPING, OTHER = "goods", "discount", "shipping", "other"


class AmountError(ValueError):
    """The question makes no sense: more pieces than there are, an unknown line."""


@dataclass(frozen=True)
class OrderLine:
    """One line of the order as it was sold.

    :param key: whatever names the line for the caller
    :param kind: GOODS, DISCOUNT, SHIPPING or OTHER (never given back by itself)
    :param Decimal quantity: pieces sold
    :param Decimal total: money of the line with taxes; discounts are negative
    :param Decimal taken: pieces that earlier cases took already
    :param set: what the components of one kit have in common; None where the line is no component.
        Whole kits are rounded as one, not component by component
    """

    key: object
    kind: str
    quantity: Decimal
    total: Decimal
    taken: Decimal = ZERO
    set: object = None


@dataclass
class Refund:
    """Result of :func:`compute`: money by part, and its sum."""

    goods: dict = field(default_factory=dict)  # line key -> (quantity, money before discounts)
    by_line: dict = field(default_factory=dict)  # line key -> money after its share of discounts
    discounts: dict = field(default_factory=dict)  # discount line key -> negative money
    shipping: dict = field(default_factory=dict)  # shipping line key -> money
    restocking_fee: Decimal = ZERO
    label_fee: Decimal = ZERO

    @property
    def goods_total(self):
        return sum(self.by_line.values(), ZERO)

    @property
    def shipping_total(self):
        return sum(self.shipping.values(), ZERO)

    @property
    def total(self):
        return self.goods_total + self.shipping_total - self.restocking_fee - self.label_fee


def round_to(amount, rounding):
    """:return: `amount` rounded half away from zero to a multiple of `rounding`"""
    return (amount / rounding).quantize(Decimal(1), rounding=ROUND_HALF_UP) * rounding


def part_of(total, quantity, before, now, rounding):
    """:return: money of the next `now` of `quantity` pieces, when `before` were given back

    >>> ten = Decimal("10"); cent = Decimal("0.01")
    >>> [str(part_of(ten, 3, n, 1, cent)) for n in range(3)]
    ['3.33', '3.34', '3.33']
    """
    if not quantity:
        return ZERO
    quantity, before, now = Decimal(quantity), Decimal(before), Decimal(now)
    after = before + now
    # What a total holds below one unit of the currency stays with the last piece.
    upto = total if after >= quantity else round_to(total * after / quantity, rounding)
    start = total if before >= quantity else round_to(total * before / quantity, rounding)
    return upto - start


def share(amount, weights, rounding):
    """Share `amount` by `weights`, rounded, with an exact sum; the largest weight takes the rest.

    :return: list of Decimals
    """
    total = sum(weights, ZERO)
    if not weights:
        return []
    if not total:
        weights = [Decimal(1)] * len(weights)
        total = Decimal(len(weights))
    parts = [round_to(amount * weight / total, rounding) for weight in weights]
    biggest = max(range(len(weights)), key=lambda i: (weights[i], -i))
    parts[biggest] += amount - sum(parts, ZERO)
    return parts


def compute(
    lines,
    wanted,
    rounding,
    shipping_rule="none",
    shipping_given=ZERO,
    restocking_percent=ZERO,
    label_fee=ZERO,
):
    """What is given back for `wanted` pieces.

    :param lines: OrderLine objects of the whole order
    :param dict wanted: {key of a goods line: pieces}
    :param Decimal rounding: smallest unit of the currency
    :param shipping_rule: "none"; "last": with the last goods of the order; "share": by the value
        of the goods; "full": all of it, whatever comes back
    :param Decimal shipping_given: shipping that earlier cases gave back already
    :param Decimal restocking_percent: fee in percent of the goods' money
    :param Decimal label_fee: what the return label costs the buyer
    :return: Refund
    :raise AmountError: more pieces are wanted than are left, or of a line that is no goods
    """
    goods = [line for line in lines if line.kind == GOODS]
    by_key = {line.key: line for line in goods}
    for key, pieces in wanted.items():
        line = by_key.get(key)
        if line is None:
            raise AmountError(f"line {key!r} holds no goods")
        if pieces < 0 or line.taken + pieces > line.quantity:
            raise AmountError(f"line {key!r}: {pieces} wanted of {line.quantity - line.taken} left")
    result = Refund()
    totals = [line.total for line in goods]
    for key, money in _money_of(goods, totals, wanted, rounding).items():
        result.goods[key] = (Decimal(wanted[key]), money)
        result.by_line[key] = money
    weights = [max(line.total, ZERO) for line in goods]
    for discount in (line for line in lines if line.kind == DISCOUNT):
        given = ZERO
        shares = share(discount.total, weights, rounding)
        for key, mine in _money_of(goods, shares, wanted, rounding).items():
            result.by_line[key] += mine
            given += mine
        if given:
            result.discounts[discount.key] = given
    _add_shipping(result, lines, goods, wanted, rounding, shipping_rule, Decimal(shipping_given))
    limit = max(result.goods_total, ZERO)
    result.restocking_fee = min(
        round_to(limit * Decimal(restocking_percent) / 100, rounding), limit
    )
    rest = limit - result.restocking_fee + max(result.shipping_total, ZERO)
    result.label_fee = min(Decimal(label_fee), rest)
    return result


def _money_of(goods, totals, wanted, rounding):
    """:return: {key: money of the pieces that are wanted}, in the order of `wanted`

    :param totals: money of each line of `goods`
    """
    sets, money = {}, {}
    for line, total in zip(goods, totals, strict=True):
        sets.setdefault(line.key if line.set is None else ("set", line.set), []).append(
            (line, total)
        )
    for members in sets.values():
        asked = [(line, total) for line, total in members if line.key in wanted]
        if len(members) == 1:
            for line, total in asked:
                money[line.key] = part_of(
                    total, line.quantity, line.taken, wanted[line.key], rounding
                )
        elif asked:
            money |= _money_of_set(members, asked, wanted, rounding)
    return {key: money[key] for key in wanted}


def _money_of_set(members, asked, wanted, rounding):
    """Components of one kit: their sum is rounded, cumulatively, and then shared by their parts."""

    def upto(extra):
        done = [(line, line.taken + extra.get(line.key, ZERO)) for line, _total in members]
        if all(pieces >= line.quantity for line, pieces in done):
            return sum((total for _line, total in members), ZERO)
        exact = sum(
            (
                total * min(pieces, line.quantity) / line.quantity
                for (line, pieces), (_same, total) in zip(done, members, strict=True)
                if line.quantity
            ),
            ZERO,
        )
        return round_to(exact, rounding)

    whole = upto(wanted) - upto({})
    weights = [
        abs(total) * wanted[line.key] / line.quantity if line.quantity else ZERO
        for line, total in asked
    ]
    parts = share(whole, weights, rounding)
    return {line.key: part for (line, _total), part in zip(asked, parts, strict=True)}


def _add_shipping(result, lines, goods, wanted, rounding, rule, given):
    shipping = [line for line in lines if line.kind == SHIPPING and line.total > 0]
    total = sum((line.total for line in shipping), ZERO)
    left = any(line.taken + wanted.get(line.key, ZERO) < line.quantity for line in goods)
    value = sum((max(line.total, ZERO) for line in goods), ZERO)
    if rule == "full":
        due = total
    elif rule == "last" or (rule == "share" and not (left and value)):
        # Goods that cost nothing have no share: shipping goes back with the last of them.
        due = ZERO if left else total
    elif rule == "share":
        taken = sum(
            (
                max(line.total, ZERO)
                * min(line.taken + wanted.get(line.key, ZERO), line.quantity)
                / line.quantity
                for line in goods
                if line.quantity
            ),
            ZERO,
        )
        due = round_to(total * taken / value, rounding)
    else:
        due = ZERO
    due = max(min(due, total) - given, ZERO)
    if due:
        parts = share(due, [line.total for line in shipping], rounding)
        for line, part in zip(shipping, parts, strict=True):
            result.shipping[line.key] = part


def cap(amount, paid, refunded):
    """:return: `amount`, but never more than was paid and is not yet refunded, nor below zero"""
    return max(min(amount, paid - refunded), ZERO)


def split_credit(amount, totals, used, rounding):
    """Split money that is credited into base and taxes, as the invoice line was split.

    The first of `totals` is the base; it takes what rounding of the taxes leaves. When the whole
    line is credited, bit by bit, the parts sum up to the invoice's own parts.

    :param Decimal amount: with taxes, of the line's sign
    :param totals: [base, tax, tax...] of the invoice line
    :param used: the same, of what was credited before
    :return: list of Decimals as long as `totals`, whose sum is `amount`
    """
    whole = sum(totals, ZERO)
    after = sum(used, ZERO) + amount
    if after == whole:
        return [total - before for total, before in zip(totals, used, strict=True)]
    taxes = [
        round_to(total * after / whole, rounding) - before if whole else ZERO
        for total, before in zip(totals[1:], used[1:], strict=True)
    ]
    return [amount - sum(taxes, ZERO), *taxes]
