"""What one run of sourcing reads and finds. Holds records, but knows nothing of them."""

from dataclasses import dataclass, field
from typing import NamedTuple


class Found(NamedTuple):
    """`plan`: sourcing.Plan, or None; `candidates` and `lines` that it was made of; `notes`: list
    of texts, why nothing was brought or bought; `settings`: the round that found it, or the first.
    """

    plan: object
    candidates: list
    lines: list
    notes: list
    settings: object


@dataclass
class SourceRun:
    """What is read once for the orders of one channel.

    `warehouses`: {settings: warehouses}; `special`: those that persons or rules chose for single
    orders; `stock`: {warehouse: {product id: quantity that orders may have}}, lowered from order to order;
    `kept`: {(warehouse id, product id): quantity that it does not give to sisters, above what
    `stock` leaves out already}; `used`: {warehouse id: parcels}.
    """

    channel: object
    lines: dict
    warehouses: dict
    special: object
    stock: dict
    used: dict
    carriers: dict = field(default_factory=dict)
    kept: dict = field(default_factory=dict)
