"""Canada Post: the web services' XML, and the "Sell Online" rates that came before them."""

from ..result import Rate, money
from .reading import children, complaint, event, number, reading, text, with_zone

NAME = "canadapost_xml"
SELL_ONLINE = "canadapost_sell_online"
# By what is said: the identifiers of the events are many, their sentences few.
SAYS = (
    ("deliver", "success", "delivered"), ("out for delivery", "", "out_for_delivery"),
    ("notice card", "", "attempt_failed"), ("attempted delivery", "", "attempt_failed"),
    ("available for pickup", "", "available_for_pickup"),
    ("return", "sender", "returned"), ("addressing error", "", "exception"),
    ("electronic information", "", "info_received"), ("induction", "", "in_transit"),
    ("processed", "", "in_transit"), ("accepted", "", "in_transit"), ("departed", "", "in_transit"),
    ("arrived", "", "in_transit"), ("international item", "", "in_transit"),
)  # fmt: skip


def _status(said):
    said = said.lower()
    for first, second, status in SAYS:
        if first in said and second in said:
            return status
    return None


def tracking(document):
    ref, items = text(document, "pin"), []
    for step in children(document, "significant-events", "occurrence"):
        day, clock = text(step, "event-date"), text(step, "event-time")
        at = with_zone(f"{day}T{clock}" if day and clock else day, text(step, "event-time-zone"))
        if not ref or not at:
            continue
        said, state = text(step, "event-description"), text(step, "event-province")
        items.append(
            event(
                "canadapost", ref, at, text(step, "event-identifier"), said, _status(said),
                text(step, "event-site"), state, "CA" if len(state) == 2 else "",
            )
        )  # fmt: skip
    expected = text(document, "changed-expected-date") or text(document, "expected-delivery-date")
    if items and expected:
        items.append({"carrier": "canadapost", "tracking_ref": ref, "eta": expected[:10]})
    return reading(NAME, "events", items)


def messages(document):
    if "canadapost" not in str(document.tag) and not children(document, "message", "code"):
        return None
    found = [
        complaint(text(item, "code"), text(item, "description"))
        for item in children(document, "message")
    ]
    return reading(NAME, "errors", (), found)


def rates(document):
    items = []
    for quote in children(document, "price-quote"):
        amount = money(text(quote, "price-details", "due"))
        if amount is not None:
            standard = ("service-standard",)
            items.append(
                Rate(
                    "canadapost", text(quote, "service-code"), amount, "CAD",
                    number(text(quote, *standard, "expected-transit-time")),
                    text(quote, *standard, "expected-delivery-date") or None,
                )
            )  # fmt: skip
    return reading(NAME, "rates", items)


def receipt(document):
    """What a label that was bought cost."""
    amount = money(text(document, "cc-receipt-details", "charge-amount"))
    currency = text(document, "cc-receipt-details", "currency") or "CAD"
    service = text(document, "service-code")
    rates_ = [Rate("canadapost", service, amount, currency)] if amount is not None else []
    return reading(NAME, "rates", rates_)


def nothing(_document):
    """Lists of services and options, tokens, copies of requests."""
    return reading(NAME, "info")


def sell_online(document):
    found = []
    for name in ("ratesAndServicesResponse", "error"):
        for part in children(document, name):
            code = text(part, "statusCode")
            if code and code != "1":
                found.append(complaint(code, text(part, "statusMessage")))
    items = []
    for product in children(document, "ratesAndServicesResponse", "product"):
        amount = money(text(product, "rate"))
        day = text(product, "deliveryDate")
        if amount is not None:
            items.append(
                Rate(
                    "canadapost", product.get("id") or "", amount, "CAD", None,
                    # Some are dated "Not available".
                    day if day[:2].isdigit() and len(day) == 10 else None,
                )
            )  # fmt: skip
    return reading(SELL_ONLINE, "rates", items, found)


READERS = {
    "tracking-detail": (tracking,),
    "messages": (messages,),
    "price-quotes": (rates,),
    "non-contract-shipment-receipt": (receipt,),
    "eparcel": (sell_online,),
    **dict.fromkeys(
        ("services", "service", "option", "token", "non-contract-shipment"), (nothing,)
    ),
}
