"""UPS's XML tracking. It calls its document as USPS does."""

from . import usps
from .reading import children, complaint, event, reading, text, when

NAME = "ups_xml"
STATUSES = {
    "M": "info_received", "P": "in_transit", "I": "in_transit", "X": "exception", "D": "delivered",
    "O": "out_for_delivery", "RS": "returned",
}  # fmt: skip


def tracking(document):
    if not children(document, "Response"):
        return None
    items = []
    for package in children(document, "Shipment", "Package"):
        ref = text(package, "TrackingNumber")
        for activity in children(package, "Activity"):
            day, clock = text(activity, "Date"), text(activity, "Time")
            at = when(f"{day}{clock}", "%Y%m%d%H%M%S") or (when(day, "%Y%m%d") or "")[:10]
            if not ref or not at:
                continue
            kind = text(activity, "Status", "StatusType", "Code")
            code = text(activity, "Status", "StatusCode", "Code") or kind
            place = ("ActivityLocation", "Address")
            items.append(
                event(
                    "ups", ref, at, code, text(activity, "Status", "StatusType", "Description"),
                    STATUSES.get(kind), text(activity, *place, "City"),
                    text(activity, *place, "StateProvinceCode"),
                    text(activity, *place, "CountryCode"),
                )
            )  # fmt: skip
    for expected in children(document, "Shipment", "ScheduledDeliveryDate"):
        day = when(expected.text or "", "%Y%m%d")
        if day and items:
            first = items[0]["tracking_ref"]
            items.append({"carrier": "ups", "tracking_ref": first, "eta": day[:10]})
    messages = [
        complaint(text(found, "ErrorCode"), text(found, "ErrorDescription"))
        for found in children(document, "Response", "Error")
    ]
    return reading(NAME, "events", items, messages)


READERS = {"TrackResponse": (usps.tracking, tracking)}
