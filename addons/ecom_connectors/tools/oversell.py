"""Why a shop sold what was not there, from what the ledger and the orders say. Pure."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Facts:
    """What is known of one product of one order.

    :param wanted: pieces ordered
    :param placed_at: when the buyer bought
    :param publishing: whether the shop is told of stock at all, this listing included
    :param blocked: whether publishing was stopped for a person to look
    :param told: pieces of the last message before the order; None: there was none
    :param available: pieces that were available when that was computed
    :param computed_at, acknowledged_at: of that message; acknowledged_at None: the shop never said yes
    :param refused: whether the shop refused it
    :param sold_here: pieces sold by this shop from then on, before this order
    :param sold_elsewhere: pieces sold by others since it was computed, before this order
    :param counted_down: pieces that a count took away since it was computed
    """

    wanted: float
    placed_at: datetime | None = None
    publishing: bool = True
    blocked: bool = False
    told: int | None = None
    available: float = 0.0
    computed_at: datetime | None = None
    acknowledged_at: datetime | None = None
    refused: bool = False
    sold_here: float = 0.0
    sold_elsewhere: float = 0.0
    counted_down: float = 0.0


def cause(facts):
    """:return: the code of the cause that explains it, the first that does

    ``not_published``: the shop is not told of stock. ``stopped``: it was not told any more.
    ``not_taken``: it was told and did not take it. ``rule``: a rule showed more than there was.
    ``shop``: it sold more than it was told to. ``count``: a count took pieces away afterwards.
    ``latency``: others sold while it did not know yet. ``unknown``: nothing of these.
    """
    if not facts.publishing:
        return "not_published"
    if facts.told is None:
        return "stopped" if facts.blocked else "not_published"
    if facts.refused or (facts.placed_at and not _acknowledged(facts)):
        return "stopped" if facts.blocked else "not_taken"
    left = facts.told - facts.sold_here
    if facts.wanted > left:
        return "shop"
    if facts.told > max(facts.available, 0):
        return "rule"
    if facts.counted_down > 0 and facts.counted_down >= facts.sold_elsewhere:
        return "count"
    if facts.sold_elsewhere > 0:
        return "stopped" if facts.blocked else "latency"
    if facts.counted_down > 0:
        return "count"
    return "stopped" if facts.blocked else "unknown"


def _acknowledged(facts):
    return facts.acknowledged_at is not None and facts.acknowledged_at <= facts.placed_at
