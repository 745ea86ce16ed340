"""What a shop shows of the stock: pools, rules, kits, buffer, and when not to believe it. Pure."""

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Rule:
    """How much of what is available a listing shows.

    :param percent: of what is available
    :param offset: pieces added (or, negative, held back) after that
    :param maximum: never more than this; None: no limit
    :param zero_at: this many or fewer are shown as none
    :param threshold: below this availability the low values count instead; 0: never
    :param weight: share of a pool that is divided among shops
    :param listed: False takes the listing off sale
    """

    percent: float = 100.0
    offset: int = 0
    maximum: int | None = None
    zero_at: int = 0
    threshold: int = 0
    low_percent: float = 100.0
    low_offset: int = 0
    weight: float = 1.0
    listed: bool = True


def quantity(available, rule, buffer=0):
    """:return: (whole pieces that a listing shows, how that came about, in words)"""
    if not rule.listed:
        return 0, "taken off sale by its rule"
    low = rule.threshold and available < rule.threshold
    percent, offset = (rule.low_percent, rule.low_offset) if low else (rule.percent, rule.offset)
    words = [f"{_number(available)} available"]
    result = float(available)
    if buffer:
        result -= buffer
        words.append(f"- {buffer} held back for sales that are under way")
    if percent != 100:
        result = result * percent / 100
        words.append(f"x {_number(percent)} %{' (few left)' if low else ''}")
    if offset:
        result += offset
        words.append(f"{'+' if offset > 0 else '-'} {abs(offset)}")
    # 0.1 + 0.2 must not lose a piece.
    result = max(math.floor(result + 1e-9), 0)
    # Nobody sells what is not there, whatever a rule adds: an offset is for what is made to order.
    if rule.maximum is not None and result > rule.maximum:
        result = rule.maximum
        words.append(f"at most {rule.maximum}")
    if result <= rule.zero_at and result:
        words.append(f"{result} or fewer than {rule.zero_at + 1} show as none")
        result = 0
    return result, " ".join(words) + f" = {result}"


def _number(value):
    return f"{value:g}"


def kit(components):
    """:param components: list of (available, quantity in one kit)
    :return: complete kits that can be made; never of an aggregate, which would count a part twice"""
    return min((math.floor(have / need + 1e-9) for have, need in components if need > 0), default=0)


def divide(pool, weights, overcommit=1.0):
    """Share a pool out by weight in whole pieces. Their sum is never above pool x overcommit.

    :return: list as long as `weights`"""
    total = sum(weights)
    pieces = max(math.floor(pool * overcommit + 1e-9), 0)
    if not total:
        return [0] * len(weights)
    exact = [pieces * weight / total for weight in weights]
    shares = [math.floor(each) for each in exact]
    order = sorted(range(len(weights)), key=lambda i: (shares[i] - exact[i], i))
    for index in order[: pieces - sum(shares)]:
        shares[index] += 1
    return shares


def buffer_for(rate, seconds, service=0.98):
    """Pieces to hold back, so that sales elsewhere during the delay find stock.

    :param rate: pieces sold per day on the other channels of the pool
    :param seconds: from a sale there until the shop here shows it
    :return: smallest b for which a Poisson number of sales stays within b at this service level
    """
    expected = max(rate, 0) * seconds / 86400
    if expected <= 0 or not 0 < service < 1:
        return 0
    if expected > 50:
        return math.ceil(expected + 2.06 * math.sqrt(expected))
    probability = total = math.exp(-expected)
    pieces = 0
    while total < service and pieces < 1000:
        pieces += 1
        probability *= expected / pieces
        total += probability
    return pieces


def damp(before, wanted, share=0.5):
    """An increase in steps, so that what comes back for a moment is not sold at once.

    :param before: what the shop shows; None: nothing yet
    :param share: of what is missing that is shown now; fewer, and none, are shown at once
    :return: pieces to show; repeated, it arrives at what is wanted
    """
    if before is None or wanted <= before:
        return wanted
    return min(before + max(math.ceil((wanted - before) * share), 1), wanted)


def trips(changes, listings, zero_share=0.30, factor=10, least=10):
    """Whether changes look like an accident rather than like sales.

    :param changes: list of (published before or None, new)
    :param listings: how many there are in all
    :return: reason in words, or None
    """
    if listings < least:
        return None
    zeros = sum(1 for before, now in changes if before and not now)
    if zeros > zero_share * listings:
        return f"{zeros} of {listings} listings would go to none"
    jumps = sum(1 for before, now in changes if before and now > factor * before)
    if jumps > zero_share * listings:
        return f"{jumps} of {listings} listings would show more than {factor} times as many"
    return None
