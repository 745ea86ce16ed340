"""What all mappings share: finding documents, values as canonical documents want them, refusal.

A mapping module has one function, ``find(payload, context)``, that yields a :class:`Found` per
order, refund or listing that the payload holds. Everything is pure; `context` is a dict of what a
document does not say itself (``tz``: zone of the shop, ``currency``, ``currencies``, ``states``…).
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from email.utils import parsedate_to_datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

ZERO = Decimal(0)
CENT = Decimal("0.01")
SIX = Decimal("0.000001")
# Currencies without cents, and those with three decimals; all others have two.
_DIGITS = {
    **dict.fromkeys(
        ["BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF"], 0
    ),
    **dict.fromkeys(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"], 3),
}


class Unmappable(ValueError):
    """A document that cannot become a canonical one (yet).

    :param code: short name of the cause: ``not_an_order``, ``incomplete``, ``not_placed``,
        ``no_currency``, ``no_total``, ``no_lines``, ``mixed_currencies``, ``does_not_add_up``,
        ``unreadable``…
    :param message: what a person reads
    """

    def __init__(self, code, message):
        self.code = code
        self.message = message
        super().__init__(message)


@dataclass
class Found:
    """A document in a payload: `build()` gives the canonical one or raises Unmappable."""

    kind: str  # order, refund, return, listing or other
    external_id: str | None
    build: Callable
    raw: object = None


@dataclass
class Mapped:
    """What became of a document: `document`, or the `code` and `message` of why there is none."""

    kind: str
    external_id: str | None
    document: dict | None = None
    code: str | None = None
    message: str | None = None
    raw: object = None


@dataclass(frozen=True)
class Capabilities:
    """What a platform lets a connector do; screens and the outbox offer no more than this."""

    label: str
    tier: str = "documents"  # live, contract, documents or data
    poll: bool = False
    webhooks: bool = False
    register_webhooks: bool = False
    partial_shipment: bool = False
    several_parcels: bool = False
    push_shipment: bool = False
    push_cancel: bool = False
    push_refund: bool = False
    # requests to return or to cancel: they are read, and answered
    returns: bool = False
    push_return: bool = False
    push_stock: bool = False
    # refunds are no part of the orders, and are read by themselves
    refunds_apart: bool = False
    stock_by_location: bool = False
    listings: bool = False
    statements: bool = False
    compare: bool = False
    # name of a credential (key, secret, token, webhook, account): what the platform calls it
    credentials: dict = field(default_factory=dict)
    optional_credentials: tuple = ()
    url_help: str = ""
    fixed_url: str = ""
    # operation: (calls per second, burst)
    rates: dict = field(default_factory=lambda: {"default": (5, 40)})
    # one account of the platform may have several channels: they share its throttle
    page_size: int = 50
    stock_batch: int = 50
    # from how many listings on they go as one file that the platform answers later; 0: never
    stock_feed: int = 0
    # languages, versions, what is missing: shown in the channel's form
    notes: str = ""


def map_payload(mapping, payload, context=None):
    """Map whatever documents a payload holds. No exception escapes.

    :param mapping: mapping module of a platform
    :return: list of Mapped, never empty
    """
    context = context or {}
    results = []
    try:
        for found in mapping.find(payload, context):
            results.append(_build(found))
    except Unmappable as error:
        results.append(Mapped("other", None, None, error.code, error.message, payload))
    except ACCIDENTS as error:
        results.append(Mapped("other", None, None, "unreadable", accident(error), payload))
    if not results:
        message = "holds no order or refund that this connector knows"
        results.append(Mapped("other", None, None, "not_an_order", message, payload))
    return results


# A document of an unexpected shape fails in one of these ways.
ACCIDENTS = (LookupError, TypeError, ValueError, ArithmeticError, AttributeError, RecursionError)


_KINDS = {"str": "a text", "int": "a number", "float": "a number", "list": "a list", "NoneType": "nothing",
          "bool": "true or false", "dict": "an object"}  # fmt: skip


def accident(error):
    """:return: what is wrong with a document that a mapping stumbled over"""
    found = re.match(r"'?(\w+)'? object (has no attribute|is not|does not support)", str(error))
    if isinstance(error, KeyError):
        reason = f"the field {error} is missing"
    elif found and found[1] in _KINDS:
        reason = f"there is {_KINDS[found[1]]} where something else belongs: {error}"
    else:
        reason = f"{type(error).__name__}: {str(error)[:120]}"
    return f"does not have the expected shape ({reason})"


def _build(found):
    result = Mapped(found.kind, found.external_id, raw=found.raw)
    try:
        result.document = prune(tidy(found.build()))
        result.external_id = result.document.get("external_id") or result.external_id
    except Unmappable as error:
        result.code, result.message = error.code, error.message
    except ACCIDENTS as error:
        result.code, result.message = "unreadable", accident(error)
    return result


# === TEXTS === #

_SHORT, _LONG, _ID = 512, 20000, 128
_ADDRESS = {**dict.fromkeys(("name", "company", "district", "city", "zip", "state", "country", "phone", "email"), _SHORT),
            "street": _LONG, "street2": _LONG}  # fmt: skip
_LINE = {"sku": _ID, "barcode": _ID, "listing_id": _ID, "name": _LONG, "note": _LONG}
_TEXTS = {
    "customer": {"external_id": _ID, **dict.fromkeys(("name", "company", "email", "phone", "vat", "language"), _SHORT)},
    "billing_address": _ADDRESS,
    "shipping_address": _ADDRESS,
    "lines": _LINE,
    "payments": {"id": _ID, "method": _SHORT},
    "discounts": {"code": _SHORT, "title": _SHORT},
}
_TOP = {"number": _ID, "delivery_option": _SHORT, "buyer_message": _LONG, "seller_memo": _LONG, "reason": _LONG}


def tidy(document):
    """A number where a postcode or a phone is a text, an address that is too long, a note that is an
    object: none of that keeps an order from coming in. Ids and money are not touched.

    :return: `document`, with texts as canonical documents want them
    """
    if document.get("type") == "listing":
        return document
    result = _texts(document, _TOP)
    if len(result.get("number") or "") > _ID:
        result["number"] = None
    for key, limits in _TEXTS.items():
        value = result.get(key)
        if isinstance(value, dict):
            result[key] = _texts(value, limits)
        elif isinstance(value, list):
            result[key] = [_texts(each, limits) if isinstance(each, dict) else each for each in value]
    return result


def _texts(value, limits):
    return {key: _text(item, limits[key]) if key in limits else item for key, item in value.items()}


def _text(value, limit):
    """:return: text, or None where it is none. An id is never cut: it would be another one."""
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        value = str(int(value)) if value == value and abs(value) < 2**53 and value == int(value) else str(value)
    if not isinstance(value, str):
        return None
    return value if limit == _ID else value[:limit]


# === VALUES === #


def prune(value):
    """:return: `value` without nulls and empty texts, lists and objects in objects"""
    if isinstance(value, dict):
        pruned = {key: prune(item) for key, item in value.items()}
        return {k: v for k, v in pruned.items() if v is not None and v != "" and v not in ([], {})}
    if isinstance(value, list):
        return [prune(item) for item in value if item is not None]
    return value


def dec(value, default=ZERO):
    """:return: Decimal of a number or decimal text; `default` for null and empty text
    :raise Unmappable: something else, or no finite number"""
    if value is None or value == "":
        return default
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        raise Unmappable("unreadable", f"is no amount: {str(value)[:60]}")
    try:
        # repr of a float is its shortest decimal text: 114.7029 and not its binary expansion
        number = Decimal(repr(value) if isinstance(value, float) else str(value).strip())
    except InvalidOperation:
        raise Unmappable("unreadable", f"is no amount: {str(value)[:60]}") from None
    if not number.is_finite():
        raise Unmappable("unreadable", f"is no amount: {str(value)[:60]}")
    return number


def text_of(number):
    """:return: decimal text with at most six decimals, as canonical documents want it"""
    number = dec(number).quantize(SIX)
    text = format(number, "f").rstrip("0").rstrip(".")
    return text if text not in ("-0", "") else "0"


def digits_of(currency):
    return _DIGITS.get(currency, 2)


def rounded(number, currency):
    """:return: `number` in whole units of the currency, half up"""
    return dec(number).quantize(Decimal(1).scaleb(-digits_of(currency)), rounding=ROUND_HALF_UP)


def minor(value, currency):
    """:return: Decimal of an amount in the smallest unit (cents)"""
    return dec(value).scaleb(-digits_of(currency))


def ident(value):
    """:return: an id as text; numbers as large as 2^53 keep their digits, floats are refused"""
    if value is None or isinstance(value, bool) or value == "":
        return None
    if isinstance(value, float):
        if value.is_integer() and abs(value) < 2**53:
            return str(int(value))
        raise Unmappable("unreadable", f"has a number as id that lost its digits: {value!r}")
    if isinstance(value, int | str):
        return str(value).strip() or None
    raise Unmappable("unreadable", f"has an id that is neither text nor number: {str(value)[:40]}")


def flag(value):
    """:return: truth of a JSON value that may be a text: 'false', '0' and '' are not true"""
    if isinstance(value, str):
        return value.strip().lower() in ("true", "1", "yes", "y")
    return bool(value)


def join(*parts, separator=" "):
    """:return: the texts among `parts`, joined; '' where there is none"""
    return separator.join(str(part).strip() for part in parts if part not in (None, "", False))


def as_list(value):
    """:return: `value` as a list of objects, whether the platform sends one, several or none"""
    if value in (None, "", False):
        return []
    return [each for each in value if each is not None] if isinstance(value, list | tuple) else [value]


def as_dict(value):
    return value if isinstance(value, dict) else {}


def unwrap(payload, envelopes, known=()):
    """The objects inside lists and envelopes, whichever way a platform packs them.

    :param envelopes: names under which documents may stand, alone or as a list
    :param known: keys by which an object is a document itself, and is not opened
    """
    if isinstance(payload, list):
        for each in payload:
            yield from unwrap(each, envelopes, known)
        return
    payload = as_dict(payload)
    if not any(key in payload for key in known):
        for key in envelopes:
            if isinstance(payload.get(key), dict | list):
                yield from unwrap(payload[key], envelopes, known)
                return
    yield payload


_NO_DATE = ("0000-", "0001-", "-0001", "1970-01-01T00:00:00", "1970-01-01 00:00:00")
_ISO = re.compile(
    r"(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2})?)(?:[.,](\d+))?)?\s*(Z|z|UTC|[+-]\d{2}:?\d{2})?"
)


def zone(name):
    try:
        return ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        raise Unmappable("unreadable", f"unknown time zone {name}") from None


def when(value, tz=None):
    """Read a time in any of the forms that platforms write.

    :param value: ISO text with or without zone, RFC 2822 text, epoch in s or ms, or none of these
        (null, empty, ``0000-00-00 00:00:00``)
    :param tz: name of the zone of texts without one; none: UTC
    :return: ISO 8601 text in UTC, or None
    :raise Unmappable: a text that is no time
    """
    if value is None or value == "" or value is False or value == 0:
        return None
    if isinstance(value, int | float) or (isinstance(value, str) and re.fullmatch(r"\d{9,14}", value)):
        number = float(value)
        seconds = number / 1000 if number > 10**11 else number
        return _utc(datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(seconds=seconds))
    text = str(value).strip()
    if text.startswith(_NO_DATE):
        return None
    match = _ISO.fullmatch(text)
    try:
        if match:
            day, clock, fraction, offset = match.groups()
            moment = datetime.fromisoformat(f"{day}T{clock or '00:00'}")
            if fraction:
                moment = moment.replace(microsecond=int(fraction[:6].ljust(6, "0")))
            if offset in ("Z", "z", "UTC"):
                return _utc(moment.replace(tzinfo=timezone.utc))
            if offset:
                sign = -1 if offset[0] == "-" else 1
                delta = timedelta(hours=int(offset[1:3]), minutes=int(offset[-2:]))
                return _utc(moment.replace(tzinfo=timezone(sign * delta)))
            return _utc(moment.replace(tzinfo=zone(tz)))
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError, TypeError, IndexError):
        raise Unmappable("unreadable", f"is no date and time: {text[:60]}") from None
    return _utc(moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc))


def _utc(moment):
    moment = moment.astimezone(timezone.utc)
    return moment.isoformat(timespec="milliseconds" if moment.microsecond else "seconds").replace(
        "+00:00", "Z"
    )


# === LINES === #


def line(line_id, quantity, amount, *, discount=ZERO, kind="product", taxes=(), **fields):
    """One line of a canonical order from amounts of the whole line.

    :param Decimal amount: quantity x price *before* discount, in the price mode of the order
    :param Decimal discount: what is off; a negative one raises the price instead
    """
    quantity, amount, discount = dec(quantity), dec(amount), dec(discount)
    if quantity < 0:
        raise Unmappable("unreadable", f"line {line_id} has a negative quantity")
    if not quantity and not amount:
        unit = total = discount = ZERO
    else:
        if not quantity:
            raise Unmappable("does_not_add_up", f"line {line_id} has an amount but no quantity")
        if discount < 0:
            amount, discount = amount - discount, ZERO
        unit, total = amount / quantity, amount - discount
    return prune(
        {
            "id": ident(line_id),
            "kind": None if kind == "product" else kind,
            "quantity": text_of(quantity),
            "unit_price": text_of(unit),
            "discount": text_of(discount) if discount else None,
            "total": text_of(total),
            "taxes": [tax_entry for tax_entry in taxes if tax_entry],
            **fields,
        }
    )


def tax(rate=None, amount=None, *, base=None, name=None, code=None, platform=False):
    """A tax of a line. Where the platform tells no rate it follows from amount and base.

    :param rate: percent
    :param Decimal amount: exact tax of the whole line
    :param Decimal base: net amount of the line
    """
    amount = None if amount is None else dec(amount)
    if rate is None:
        if not amount:
            return None
        rate = guess_rate(amount, base)
    return prune(
        {
            "rate": text_of(rate),
            "amount": None if amount is None else text_of(amount),
            "name": name,
            "code": code,
            "collected_by": "platform" if platform else None,
        }
    )


def guess_rate(amount, base):
    """:return: percent of a tax whose amount and base are known; the shortest number that the
    rounding of the amount allows, so that 3.80 on 20.00 is 19 and not 19.0000"""
    if not base:
        return ZERO
    exact = abs(dec(amount) / dec(base) * 100)
    slack = abs(CENT / dec(base) * 100)
    for digits in range(4):
        candidate = round(exact, digits)
        if abs(candidate - exact) <= slack:
            return candidate
    return round(exact, 4)


def unique_ids(lines):
    """Make the ids of lines unique, in place: a platform may repeat or omit them."""
    seen = {}
    for index, entry in enumerate(lines):
        key = entry.get("id") or f"line-{index + 1}"
        seen[key] = seen.get(key, 0) + 1
        entry["id"] = key if seen[key] == 1 else f"{key}-{seen[key]}"
    return lines


def require(value, code, message):
    """:return: `value`
    :raise Unmappable: it is None or empty"""
    if value is None or value == "" or value == []:
        raise Unmappable(code, message)
    return value


def listing(key, *, listing_id=None, name=None, barcode=None, quantity=None, **extra):
    """What a catalogue says of one sellable thing."""
    return prune(
        {
            "type": "listing",
            "external_id": ident(listing_id) or ident(key),
            "sku": ident(key),
            "name": name,
            "barcode": barcode,
            "quantity": None if quantity is None else text_of(quantity),
            "extra": extra,
        }
    )


def sum_of(lines):
    """:return: total of canonical lines whose prices contain no tax, with the shop's taxes"""
    result = ZERO
    for entry in lines:
        result += dec(entry["total"])
        for each in entry.get("taxes", ()):
            if each.get("collected_by") != "platform":
                result += dec(each.get("amount"))
    return result


def settle(lines, total, currency):
    """Put the cents, by which lines rounded one by one miss a total that was rounded once, into the
    tax of the largest line, in place. More than rounding can explain stays as it is, to be seen.

    :param lines: lines whose prices contain no tax
    """
    rest = dec(total) - sum_of(lines)
    unit = Decimal(1).scaleb(-digits_of(currency))
    taxed = [entry for entry in lines if any("amount" in t for t in entry.get("taxes", ()))]
    if not rest or not taxed or abs(rest) > unit * max(len(lines), 2):
        return
    largest = max(taxed, key=lambda entry: dec(entry["total"]))
    target = [t for t in largest["taxes"] if "amount" in t][-1]
    target["amount"] = text_of(dec(target["amount"]) + rest)
