"""Stamps.com (SOAP), Shipwire, Kunaki, Australia Post's postage calculator, New Zealand Post."""

from ..result import Label, Message, Rate, money
from .reading import children, complaint, number, reading, text, token


def stamps_rates(document):
    items = []
    for rate in children(document, "Rates", "Rate"):
        amount = money(text(rate, "Amount"))
        if amount is not None:
            days = number(text(rate, "DeliverDays").split("-")[-1])
            items.append(Rate("stamps", text(rate, "ServiceType"), amount, "USD", days))
    return reading("stamps_soap", "rates", items)


def stamps_label(document):
    ref = text(document, "TrackingNumber")
    amount = money(text(document, "Rate", "Amount"))
    meta = {"label_url": text(document, "URL"), "transaction": text(document, "StampsTxID")}
    service = text(document, "Rate", "ServiceType")
    identifier = text(document, "StampsTxID") or ref
    labels = [Label(identifier, (ref,), "PNG", "", amount, "USD", service, meta)] if ref else []
    return reading("stamps_soap", "labels", labels, (), None if labels else "unknown")


def stamps_info(_document):
    return reading("stamps_soap", "info")


def fault(document):
    said = text(document, "faultstring") or text(document, "Reason", "Text")
    detail = next((child for part in children(document, "detail") for child in part), None)
    code = detail.get("code") if detail is not None else None
    return reading("soap", "errors", (), [complaint(code or text(document, "faultcode"), said)])


def shipwire(document):
    if not children(document, "Order") and not children(document, "Status"):
        return None
    items = []
    for quote in children(document, "Order", "Quotes", "Quote"):
        for cost in children(quote, "Cost"):
            amount = money(cost.text)
            if amount is not None:
                days = number(text(quote, "DeliveryEstimate", "Maximum"))
                name = token(text(quote, "Service"))
                items.append(
                    Rate("shipwire", name, amount, cost.get("currency") or "USD", days)
                )
    said = text(document, "ErrorMessage")
    return reading("shipwire", "rates", items, [Message("", said)] if said else ())


def kunaki(document):
    code = text(document, "ErrorCode")
    if not code:
        return None
    if code != "0":
        return reading("kunaki", "errors", (), [complaint(code, text(document, "ErrorText"))])
    items = []
    for option in children(document, "Option"):
        amount = money(text(option, "Price"))
        if amount is not None:
            days = number(text(option, "DeliveryTime").split("-")[-1])
            items.append(Rate("kunaki", token(text(option, "Description")), amount, "USD", days))
    return reading("kunaki", "rates", items)


def _listed(value):
    return value if isinstance(value, list) else [value] if isinstance(value, dict) else []


def australia_postage(document):
    result = document["postage_result"]
    amount = money(result.get("total_cost"))
    rates = (
        [Rate("australiapost", token(result.get("service") or ""), amount, "AUD")]
        if amount is not None
        else []
    )
    return reading("australiapost_pac", "rates", rates)


def australia_services(document):
    items = [
        Rate("australiapost", service.get("code") or "", amount, "AUD")
        for service in _listed(document["services"].get("service"))
        if (amount := money(service.get("price"))) is not None
    ]
    return reading("australiapost_pac", "rates", items)


def australia_error(document):
    said = document["error"]
    said = said.get("errorMessage") if isinstance(said, dict) else said
    return reading("australiapost_pac", "errors", (), [Message("", str(said)[:500])])


def new_zealand(document):
    if "products" not in document:
        return None
    items = []
    for product in _listed(document["products"]):
        amount = money(product.get("price") or product.get("cost"))
        if amount is not None:
            days = product.get("max_delivery_target")
            items.append(Rate("nzpost", product.get("code") or "", amount, "NZD", days))
    return reading("nzpost", "rates", items)


READERS = {
    "GetRatesResponse": (stamps_rates,),
    "CreateIndiciumResponse": (stamps_label,),
    **dict.fromkeys(
        (
            "AuthenticateUserResponse", "CleanseAddressResponse", "GetAccountInfoResponse",
            "GetPurchaseStatusResponse", "PurchasePostageResponse",
        ),
        (stamps_info,),
    ),
    "Fault": (fault,),
    "RateResponse": (shipwire,),
    "Response": (kunaki,),
    "json:postage_result": (australia_postage,),
    "json:services": (australia_services,),
    "json:error": (australia_error,),
    "json:products": (new_zealand,),
    "json:courier_defaulting_to_nationwide": (new_zealand,),
}  # fmt: skip
