"""Exact money: decimals in, decimals out; no float before the last step into the ORM."""

from decimal import ROUND_HALF_UP, Decimal

ZERO = Decimal(0)


def decimal_text(value):
    """:return: shortest decimal text of `value` (Decimal, int or decimal text): '10.50' -> '10.5'"""
    number = Decimal(value)
    if number == 0:
        return "0"
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def round_to(amount, rounding):
    """:param rounding: smallest unit of the currency as Decimal (``Decimal('0.01')``)
    :return: `amount` rounded half away from zero, as Odoo rounds money"""
    return (amount / rounding).quantize(Decimal(1), rounding=ROUND_HALF_UP) * rounding


def allocate(amount, weights, rounding):
    """Share `amount` out over `weights`, in multiples of `rounding`, with an exact sum.

    Largest-remainder method: each share is cut down to a multiple, and what is left goes, unit by
    unit, to the shares that lost most (the earlier one on a tie). What `amount` holds below one
    unit stays with the largest weight.

    :param Decimal amount: what to share out, of either sign
    :param weights: non-negative Decimals; all zero shares evenly
    :param Decimal rounding: smallest unit
    :return: list of Decimals, as long as `weights`, whose sum is `amount`
    :raise ValueError: no weights, or a negative one
    """
    if not weights or any(weight < 0 for weight in weights):
        raise ValueError("allocate() needs at least one weight, none negative")
    total = sum(weights)
    if not total:
        weights, total = [Decimal(1)] * len(weights), Decimal(len(weights))
    sign = -1 if amount < 0 else 1
    units, below = divmod(abs(amount), rounding)
    exact = [units * weight / total for weight in weights]
    shares = [share // 1 for share in exact]
    order = sorted(range(len(weights)), key=lambda i: (shares[i] - exact[i], i))
    for index in order[: int(units - sum(shares))]:
        shares[index] += 1
    result = [sign * share * rounding for share in shares]
    result[max(range(len(weights)), key=lambda i: (weights[i], -i))] += sign * below
    return result
