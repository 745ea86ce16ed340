"""USPS Web Tools: tracking, domestic and international rates, return labels."""

from ..result import Label, Rate, money
from .reading import children, complaint, event, number, plain, reading, text, token, when

NAME = "usps_webtools"
STATUSES = {
    "MA": "info_received", "GX": "info_received", "01": "delivered", "02": "attempt_failed",
    "03": "in_transit", "04": "returned", "05": "exception", "06": "exception", "07": "in_transit",
    "08": "exception", "09": "returned", "10": "in_transit", "14": "available_for_pickup",
    "16": "available_for_pickup", "21": "returned", "25": "returned", "26": "returned",
    "28": "returned", "29": "returned", "31": "returned", "41": "delivered", "51": "attempt_failed",
    "52": "attempt_failed", "53": "attempt_failed", "54": "attempt_failed", "55": "attempt_failed",
    "56": "attempt_failed", "80": "in_transit", "81": "in_transit", "82": "in_transit",
    "EF": "in_transit", "L1": "in_transit", "NT": "in_transit", "OF": "out_for_delivery",
    "PC": "in_transit", "SF": "in_transit", "TM": "in_transit", "U1": "in_transit",
    "A1": "in_transit", "T1": "in_transit", "DG": "out_for_delivery",
}  # fmt: skip


def tracking(document):
    if not children(document, "TrackInfo"):
        return None
    items, messages = [], []
    for info in children(document, "TrackInfo"):
        ref = info.get("ID") or ""
        messages += _errors(info)
        for step in children(info, "TrackSummary") + children(info, "TrackDetail"):
            found = _event(ref, step)
            if found and ref:
                items.append(found)
        expected = text(info, "ExpectedDeliveryDate") or text(info, "PredictedDeliveryDate")
        day = when(expected, "%B %d, %Y")
        if ref and day and items:
            items.append({"carrier": "usps", "tracking_ref": ref, "eta": day[:10]})
    return reading(NAME, "events", items, messages)


def _event(ref, step):
    day, clock = text(step, "EventDate"), text(step, "EventTime")
    at = when(f"{day} {clock}", "%B %d, %Y %I:%M %p") or (when(day, "%B %d, %Y") or "")[:10]
    if not at:
        return None
    code = text(step, "EventCode")
    said = text(step, "Event")
    country = text(step, "EventCountry")
    return event(
        "usps", ref, at, code, plain(said), STATUSES.get(code),
        text(step, "EventCity"), text(step, "EventState"),
        country if len(country) == 2 else ("" if country else "US"),
    )  # fmt: skip


def _errors(element):
    for error in children(element, "Error"):
        yield complaint(text(error, "Number"), text(error, "Description"))


def error(document):
    said = text(document, "Description")
    if not said:
        return None
    return reading(NAME, "errors", (), [complaint(text(document, "Number"), said)])


def rates(document):
    items, messages = [], []
    for package in children(document, "Package"):
        messages += _errors(package)
        for postage in children(package, "Postage"):
            # What the account pays, where it is told; the counter's price otherwise.
            prices = (
                money(text(postage, name))
                for name in ("CommercialPlusRate", "CommercialRate", "Rate")
            )
            price = next((value for value in prices if value), None)
            if price is not None:
                items.append(Rate("usps", token(text(postage, "MailService")), price, "USD"))
        for service in children(package, "Service"):
            prices = (
                money(text(service, name))
                for name in ("CommercialPlusPostage", "CommercialPostage", "Postage")
            )
            price = next((value for value in prices if value), None)
            if price is not None:
                days = number(text(service, "SvcCommitments").split("-")[-1])
                name = token(text(service, "SvcDescription"))
                items.append(Rate("usps", name, price, "USD", days))
    return reading(NAME, "rates", items, messages)


def return_label(document):
    data, ref = text(document, "ReturnLabel").replace(" ", ""), text(document, "TrackingNumber")
    labels = [Label(ref, (ref,), "PDF", data)] if data and ref else []
    return reading(NAME, "labels", labels, (), None if labels else "unknown")


def return_label_error(document):
    messages = [
        complaint(text(found, "InternalErrorNumber"), text(found, "InternalErrorDescription"))
        for found in children(document, "errors", "ExternalReturnLabelError")
    ]
    return reading(NAME, "errors", (), messages)


READERS = {
    "Error": (error,),
    "RateV4Response": (rates,),
    "IntlRateV2Response": (rates,),
    "ExternalReturnLabelResponse": (return_label,),
    "ExternalReturnLabelErrorResponse": (return_label_error,),
}
