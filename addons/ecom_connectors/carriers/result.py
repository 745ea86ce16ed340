"""What carriers answer, in our words."""

from decimal import Decimal, InvalidOperation
from typing import NamedTuple


class CarrierError(Exception):
    """Nothing can be asked of the carrier.

    :param code: ``missing_library``, ``missing_plugin``, ``settings`` or ``unsupported``
    """

    def __init__(self, code, message):
        self.code = code
        super().__init__(message)


class Message(NamedTuple):
    """What the carrier complains about."""

    code: str
    text: str


class Rate(NamedTuple):
    """One offer: `amount` is a Decimal in `currency`, `eta` a date as ISO text."""

    carrier: str
    service: str
    amount: Decimal
    currency: str
    transit_days: int | None = None
    eta: str | None = None
    rate_id: str | None = None


class Label(NamedTuple):
    """A label that was bought. `numbers` are the tracking numbers of its boxes, the main one
    first; `data` is base64."""

    identifier: str
    numbers: tuple
    format: str
    data: str
    amount: Decimal | None = None
    currency: str | None = None
    service: str | None = None
    meta: dict = {}
    extra: tuple = ()  # (name, format, base64) of further documents


class Answer(NamedTuple):
    """Of one call: `items` by its kind, `messages`, and how sure we can be of the outcome.

    `outcome`: ``ok``; ``refused`` (the carrier says no: nothing happened there); ``not_sent``
    (nothing happened there either, and it may be tried again); ``unknown`` (sent, but the answer
    is lost or a failure of the carrier's server: it may have happened).
    """

    items: tuple = ()
    messages: tuple = ()
    outcome: str = "ok"

    @property
    def text(self):
        return "; ".join(
            f"{message.code}: {message.text}" if message.code else message.text
            for message in self.messages
        )


def money(value):
    """:return: Decimal of what a carrier calls an amount, or None"""
    if value in (None, ""):
        return None
    try:
        amount = Decimal(str(value).replace(",", ""))
    except InvalidOperation:
        return None
    return amount if amount.is_finite() else None


def rate_of(rates, service):
    """:return: the rate of a service, or None. Carriers name a service by the region it is sold in
    ("ups_standard" is offered as "ups_standard_eu"), or answer with the one that was asked for."""
    exact = [rate for rate in rates if rate.service == service]
    regional = [rate for rate in rates if rate.service.startswith(f"{service}_")]
    for found in (exact, regional, list(rates)):
        if len(found) == 1:
            return found[0]
    return min(exact, key=lambda rate: rate.amount) if exact else None
