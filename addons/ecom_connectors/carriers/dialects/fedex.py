"""FedEx's SOAP services: tracking, rates, labels."""

from ..result import Label, Rate, money
from .reading import children, complaint, event, reading, text

NAME = "fedex_soap"
STATUSES = {
    "OC": "info_received", "PU": "in_transit", "PX": "in_transit", "AR": "in_transit",
    "DP": "in_transit", "IT": "in_transit", "AF": "in_transit", "CC": "in_transit",
    "OD": "out_for_delivery", "DE": "attempt_failed", "SE": "exception", "CD": "exception",
    "HL": "available_for_pickup", "DL": "delivered", "RS": "returned", "CA": "exception",
}  # fmt: skip
DAYS = (
    "ZERO", "ONE", "TWO", "THREE", "FOUR", "FIVE", "SIX", "SEVEN", "EIGHT", "NINE", "TEN", "ELEVEN",
    "TWELVE", "THIRTEEN", "FOURTEEN", "FIFTEEN", "SIXTEEN", "SEVENTEEN", "EIGHTEEN", "NINETEEN",
    "TWENTY",
)  # fmt: skip
BAD = ("ERROR", "FAILURE")


def _complaints(element, *names):
    for name in names:
        for note in children(element, name):
            if text(note, "Severity") in BAD:
                yield complaint(text(note, "Code"), text(note, "Message"))


def tracking(document):
    items, messages = [], list(_complaints(document, "Notifications"))
    # Newer versions put one envelope more around each number's details.
    groups = children(document, "CompletedTrackDetails") or [document]
    for group in groups:
        if group is not document:
            messages += _complaints(group, "Notifications")
        for detail in children(group, "TrackDetails"):
            messages += _complaints(detail, "Notification")
            items += _events(detail)
    return reading(NAME, "events", items, messages)


def _events(detail):
    ref = text(detail, "TrackingNumber")
    if not ref:
        return
    found = False
    for step in children(detail, "Events"):
        at, code = text(step, "Timestamp"), text(step, "EventType")
        if at:
            found = True
            said = text(step, "StatusExceptionDescription") or text(step, "EventDescription")
            yield event(
                "fedex", ref, at, code, said, STATUSES.get(code), text(step, "Address", "City"),
                text(step, "Address", "StateOrProvinceCode"), text(step, "Address", "CountryCode"),
            )  # fmt: skip
    status = children(detail, "StatusDetail")
    at = text(status[0], "CreationTime") if status else ""
    code = text(status[0], "Code") if status else ""
    if not found and at and code:
        where = ("Location",)
        yield event(
            "fedex", ref, at, code, text(status[0], "Description"), STATUSES.get(code),
            text(status[0], *where, "City"), text(status[0], *where, "StateOrProvinceCode"),
            text(status[0], *where, "CountryCode"),
        )  # fmt: skip
    expected = text(detail, "EstimatedDeliveryTimestamp")
    if expected:
        yield {"carrier": "fedex", "tracking_ref": ref, "eta": expected[:10]}


def _charge(element):
    for name in ("TotalNetCharge", "TotalNetFedExCharge"):
        for charge in children(element, name):
            amount = money(text(charge, "Amount"))
            if amount is not None:
                return amount, text(charge, "Currency")
    return None, ""


def rates(document):
    items = []
    for detail in children(document, "RateReplyDetails"):
        rated = children(detail, "RatedShipmentDetails", "ShipmentRateDetail")
        actual = text(detail, "ActualRateType")
        rated.sort(key=lambda rate, actual=actual: text(rate, "RateType") != actual)
        amount, currency = next((_charge(rate) for rate in rated), (None, ""))
        if amount is None:
            continue
        transit = (text(detail, "TransitTime") or text(detail, "CommitDetails", "TransitTime"))
        days = transit.split("_")[0]
        items.append(
            Rate(
                "fedex", text(detail, "ServiceType").lower(), amount, currency,
                DAYS.index(days) if days in DAYS else None,
                text(detail, "DeliveryTimestamp")[:10] or None,
            )
        )  # fmt: skip
    messages = list(_complaints(document, "Notifications"))
    if not items and not messages:
        messages = [
            complaint(text(note, "Code"), text(note, "Message"))
            for note in children(document, "Notifications")
        ]
    return reading(NAME, "rates", items, messages)


def shipment(document):
    messages = list(_complaints(document, "Notifications"))
    numbers, images, kind = [], [], "PDF"
    packages = children(document, "CompletedShipmentDetail", "CompletedPackageDetails")
    for package in packages:
        numbers += [
            text(found) if len(found) == 0 else text(found, "TrackingNumber")
            for found in children(package, "TrackingIds")
        ]
        for label in children(package, "Label"):
            kind = text(label, "ImageType") or kind
            images += [text(part).replace(" ", "") for part in children(label, "Parts", "Image")]
    details = children(document, "CompletedShipmentDetail", "ShipmentRating", "ShipmentRateDetails")
    amount, currency = _charge(details[0]) if details else (None, "")
    numbers = [ref for ref in numbers if ref]
    labels = (
        [Label(numbers[0], tuple(numbers), kind, images[0] if images else "", amount, currency)]
        if numbers
        else []
    )
    return reading(NAME, "labels", labels, messages)


READERS = {
    "TrackReply": (tracking,),
    "RateReply": (rates,),
    "ProcessShipmentReply": (shipment,),
}
