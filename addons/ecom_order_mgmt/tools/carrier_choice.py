"""Which carrier takes a parcel: the first rule whose carrier can, else the cheapest that keeps the
promise. Pure; amounts are Decimals."""

from decimal import Decimal
from typing import NamedTuple


class Parcel(NamedTuple):
    """What is known of a parcel before it has a carrier."""

    key: int
    country: str = ""
    state: str = ""
    postcode: str = ""
    weight: float = 0.0
    volume: float = 0.0
    value: Decimal = Decimal(0)
    classes: frozenset = frozenset()
    option: int | None = None
    channel: int | None = None
    warehouse: int | None = None
    cod: bool = False
    # Working days in which it has to be there; None: no promise.
    promise_days: int | None = None
    # Carriers that the delivery option allows; empty: all.
    option_carriers: frozenset = frozenset()
    # The buyer chose a time of day.
    window: bool = False
    # Only the channel promised a date: carriers whose time nobody knows may still be taken.
    unknown_days: bool = False


class Rule(NamedTuple):
    """A condition (blank parts mean "any") and the carriers that are tried in this order."""

    key: int
    name: str
    carriers: tuple
    countries: frozenset = frozenset()
    postcodes: tuple = ()
    weight_from: float = 0.0
    weight_to: float = 0.0
    volume_to: float = 0.0
    value_from: Decimal = Decimal(0)
    value_to: Decimal = Decimal(0)
    classes: frozenset = frozenset()
    options: frozenset = frozenset()
    channels: frozenset = frozenset()
    warehouses: frozenset = frozenset()
    cod: bool | None = None

    def holds(self, parcel):
        return (
            (not self.countries or parcel.country in self.countries)
            and (not self.postcodes or parcel.postcode.startswith(self.postcodes))
            and parcel.weight >= self.weight_from
            and (not self.weight_to or parcel.weight <= self.weight_to)
            and (not self.volume_to or parcel.volume <= self.volume_to)
            and parcel.value >= self.value_from
            and (not self.value_to or parcel.value <= self.value_to)
            and (not self.classes or bool(self.classes & parcel.classes))
            and (not self.options or parcel.option in self.options)
            and (not self.channels or parcel.channel in self.channels)
            and (not self.warehouses or parcel.warehouse in self.warehouses)
            and (self.cod is None or self.cod == parcel.cod)
        )


class Rate(NamedTuple):
    """A stored price: for a country (and the beginning of a postcode), up to a weight."""

    country: str
    postcode: str
    weight_to: float
    price: Decimal
    days: int | None = None


class Carrier(NamedTuple):
    """What a carrier can do; blank parts mean "any"."""

    key: int
    name: str
    countries: frozenset = frozenset()
    states: frozenset = frozenset()
    postcodes: tuple = ()
    max_weight: float = 0.0
    max_volume: float = 0.0
    refuses: frozenset = frozenset()
    takes_cod: bool = True
    rates: tuple = ()
    keeps_windows: bool = True


class Choice(NamedTuple):
    """`reason` is rule, price, only, or none; `rejected` is ((carrier, why), ...) where `why` is
    a key of REASONS and what it is about."""

    carrier: int | None
    reason: str
    rule: int | None = None
    price: Decimal | None = None
    days: int | None = None
    rejected: tuple = ()


def refusal(carrier, parcel):
    """:return: (key, about) why a carrier cannot take a parcel, or None"""
    if carrier.countries and parcel.country not in carrier.countries:
        return "country", parcel.country
    if carrier.states and parcel.state not in carrier.states:
        return "state", parcel.state
    if carrier.postcodes and not parcel.postcode.startswith(carrier.postcodes):
        return "postcode", parcel.postcode
    if carrier.max_weight and parcel.weight > carrier.max_weight:
        return "weight", f"{parcel.weight:g} > {carrier.max_weight:g}"
    if carrier.max_volume and parcel.volume > carrier.max_volume:
        return "volume", f"{parcel.volume:g} > {carrier.max_volume:g}"
    bad = carrier.refuses & parcel.classes
    if bad:
        return "class", ", ".join(sorted(bad))
    if parcel.cod and not carrier.takes_cod:
        return "cod", ""
    if parcel.window and not carrier.keeps_windows:
        return "window", ""
    if parcel.option_carriers and carrier.key not in parcel.option_carriers:
        return "option", ""
    return None


def best_rate(carrier, parcel):
    """:return: the stored rate that fits best: the most exact place, then the lowest weight step"""
    fitting = [
        rate
        for rate in carrier.rates
        if (not rate.country or rate.country == parcel.country)
        and parcel.postcode.startswith(rate.postcode)
        and (not rate.weight_to or parcel.weight <= rate.weight_to)
    ]
    return min(
        fitting,
        key=lambda rate: (
            -len(rate.postcode) - bool(rate.country),
            rate.weight_to or float("inf"),
            rate.price,
        ),
        default=None,
    )


def choose(parcel, rules, carriers, quotes=None):
    """:param rules: in the order in which they are asked
    :param carriers: {key: Carrier}
    :param quotes: {key: Rate} that carriers were asked for this very parcel; they go before
        stored rates
    :return: :class:`Choice`"""
    quotes = quotes or {}
    refusals = {key: refusal(carrier, parcel) for key, carrier in carriers.items()}
    rejected = [(key, why) for key, why in refusals.items() if why]
    for rule in rules:
        if rule.holds(parcel):
            for key in rule.carriers:
                if key in carriers and not refusals[key]:
                    rate = quotes.get(key) or best_rate(carriers[key], parcel)
                    return Choice(
                        key,
                        "rule",
                        rule.key,
                        rate and rate.price,
                        rate and rate.days,
                        tuple(pair for pair in rejected if pair[0] in rule.carriers),
                    )
    offers = []
    for key, carrier in carriers.items():
        if refusals[key]:
            continue
        rate = quotes.get(key) or best_rate(carrier, parcel)
        if rate is None:
            rejected.append((key, ("no_rate", "")))
        elif parcel.promise_days is not None and (
            not parcel.unknown_days if rate.days is None else rate.days > parcel.promise_days
        ):
            about = "?" if rate.days is None else f"{rate.days} > {parcel.promise_days}"
            rejected.append((key, ("too_slow", about)))
        else:
            offers.append((rate.price, rate.days if rate.days is not None else 99, key, rate))
    if not offers:
        return Choice(None, "none", rejected=tuple(rejected))
    offers.sort(key=lambda offer: offer[:3])
    price, _days, key, rate = offers[0]
    rejected += [
        (other, ("dearer", f"{other_price} > {price}")) for other_price, _d, other, _r in offers[1:]
    ]
    reason = "price" if len(offers) > 1 else "only"
    return Choice(key, reason, None, price, rate.days, tuple(rejected))
