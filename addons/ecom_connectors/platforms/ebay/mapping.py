"""eBay orders of the Fulfillment API. A line's cost is the whole line's; discounts are negative."""

from ..base import (
    ZERO,
    Found,
    Unmappable,
    as_dict,
    as_list,
    dec,
    ident,
    join,
    line,
    require,
    tax,
    text_of,
    unique_ids,
    when,
)

_PAYMENT = {
    "PAID": "paid", "PENDING": "unpaid", "FAILED": "voided",
    "PARTIALLY_REFUNDED": "partially_refunded", "FULLY_REFUNDED": "refunded",
}  # fmt: skip


def find(payload, context):
    if isinstance(payload, list):
        for each in payload:
            yield from find(each, context)
        return
    payload = as_dict(payload)
    if isinstance(payload.get("orders"), list):
        yield from find(payload["orders"], context)
    elif "orderId" in payload and "pricingSummary" in payload:
        yield Found("order", ident(payload["orderId"]), lambda: _order(payload), payload)
        for refund in as_list(as_dict(payload.get("paymentSummary")).get("refunds")):
            if refund.get("refundStatus", "REFUNDED") == "REFUNDED":
                yield Found("refund", ident(refund.get("refundId") or refund.get("refundReferenceId")),
                            lambda refund=refund: _refund(payload, refund))  # fmt: skip


def _money(value, currency=None):
    """:return: Decimal in the order's currency: where the buyer saw another one, that is in
    `convertedFrom…` and the sale was in it"""
    value = as_dict(value)
    if currency and value.get("currency") not in (None, currency):
        if value.get("convertedFromCurrency") == currency:
            return dec(value.get("convertedFromValue"))
        raise Unmappable("mixed_currencies", f"is in {currency}, but an amount is in {value.get('currency')}")
    return dec(value.get("value"))


def _order(order):
    pricing = as_dict(order.get("pricingSummary"))
    stated = as_dict(require(pricing.get("total"), "no_total", "states no total"))
    currency = require(stated.get("currency"), "no_currency", "names no currency")
    total = _money(stated, currency)
    lines = []
    for item in as_list(require(order.get("lineItems"), "no_lines", "has no lines")):
        lines.append(_item(item, currency))
    lines += _delivery(order, pricing, currency)
    _spread_discount(pricing, lines, currency)
    _adjustments(pricing, lines, currency)
    step = as_dict((as_list(order.get("fulfillmentStartInstructions")) or [{}])[0])
    ship_to = as_dict(as_dict(step.get("shippingStep")).get("shipTo"))
    buyer = as_dict(order.get("buyer"))
    registration = as_dict(buyer.get("buyerRegistrationAddress"))
    return {
        "external_id": ident(order["orderId"]),
        "number": ident(order.get("salesRecordReference")) or ident(order["orderId"]),
        "status": "cancelled" if as_dict(order.get("cancelStatus")).get("cancelState") == "CANCELED"
        else "completed" if order.get("orderFulfillmentStatus") == "FULFILLED" else "open",
        "placed_at": when(order.get("creationDate")),
        "updated_at": when(order.get("lastModifiedDate")),
        "currency": currency,
        "prices_include_tax": True,
        "customer": {
            "external_id": buyer.get("username"),
            "name": registration.get("fullName") or ship_to.get("fullName"),
            "email": ship_to.get("email") or registration.get("email"),
            "phone": as_dict(ship_to.get("primaryPhone")).get("phoneNumber"),
        },
        "billing_address": _address(registration),
        "shipping_address": _address(ship_to),
        "lines": unique_ids(lines),
        "payments": _payments(order, total, currency),
        "payment_state": _PAYMENT.get(order.get("orderPaymentStatus")),
        "total": text_of(total),
        "buyer_message": order.get("buyerCheckoutNotes"),
        "delivery_option": as_dict(step.get("shippingStep")).get("shippingServiceCode"),
        "ship_by": min(
            filter(None, (when(as_dict(i.get("lineItemFulfillmentInstructions")).get("shipByDate"))
                          for i in as_list(order["lineItems"]))), default=None,
        ),
        "deliver_by": when(step.get("maxEstimatedDeliveryDate")),
        "fulfilled_by": "platform" if order.get("fulfillmentStartInstructions") and
        step.get("fulfillmentInstructionsType") == "FULFILLED_BY_EBAY" else "merchant",
        "extra": {"due_to_seller": as_dict(order.get("paymentSummary")).get("totalDueSeller")},
    }  # fmt: skip


def _item(item, currency):
    cost = _money(item.get("lineItemCost"), currency)
    net = _money(item["discountedLineItemCost"], currency) if item.get("discountedLineItemCost") else cost
    taxes = []
    for each in as_list(item.get("ebayCollectAndRemitTaxes")):
        amount = _money(each.get("amount"), currency)
        entry = tax(None, amount, base=net, name=each.get("taxType"), platform=True)
        if entry:
            taxes.append(entry)
    variation = ident(item.get("legacyVariationId"))
    aspects = join(*(a.get("value") for a in as_list(item.get("variationAspects"))), separator=", ")
    return line(
        ident(item["lineItemId"]), dec(item.get("quantity")), cost, discount=cost - net, taxes=taxes,
        sku=item.get("sku") or None,
        listing_id=join(item.get("legacyItemId"), variation if variation != "0" else None, separator="-"),
        name=join(item.get("title"), aspects, separator=", ") or ident(item["lineItemId"]),
    )  # fmt: skip


def _delivery(order, pricing, currency):
    cost = _money(pricing.get("deliveryCost"), currency)
    discount = abs(_money(pricing.get("deliveryDiscount"), currency))
    if not pricing.get("deliveryCost"):
        return []
    return [line("delivery", 1, cost, discount=discount, kind="shipping", name="Delivery")]


def _spread_discount(pricing, lines, currency):
    """The order's discount: eBay has it on the lines too, as their discounted cost, or not at all."""
    stated = abs(_money(pricing.get("priceDiscount"), currency))
    known = sum((dec(e.get("discount")) for e in lines if e.get("kind") != "shipping"), ZERO)
    rest = stated - known
    if rest > 0:
        lines.append(line("discount", 1, -rest, kind="discount", name="Discount"))


def _adjustments(pricing, lines, currency):
    for key, kind in (("adjustment", "adjustment"), ("fee", "fee"), ("tax", "fee")):
        amount = _money(pricing.get(key), currency)
        if amount:
            lines.append(line(key, 1, amount, kind=kind, name=key.capitalize()))


def _payments(order, total, currency):
    """What the buyer paid. The amounts there are what is left for the seller after fees."""
    dates = [when(p.get("paymentDate")) for p in as_list(as_dict(order.get("paymentSummary")).get("payments"))]
    paid = order.get("orderPaymentStatus") in ("PAID", "PARTIALLY_REFUNDED", "FULLY_REFUNDED")
    return [
        {
            "method": "eBay",
            "amount": text_of(total),
            "state": "paid" if paid else "pending",
            "paid_at": max(filter(None, dates), default=None) if paid else None,
        }
    ]


def _refund(order, refund):
    currency = as_dict(as_dict(order["pricingSummary"]).get("total")).get("currency")
    return {
        "type": "refund",
        "external_id": ident(refund.get("refundId") or refund.get("refundReferenceId")),
        "order_external_id": ident(order["orderId"]),
        "created_at": when(refund.get("refundDate") or order.get("lastModifiedDate")),
        "currency": currency,
        "amount": text_of(abs(_money(refund.get("amount"), currency))),
    }


def _address(party):
    address = as_dict(party.get("contactAddress"))
    if not address:
        return None
    return {
        "name": " ".join(str(party.get("fullName") or "").split()),
        "company": party.get("companyName"),
        "street": address.get("addressLine1"),
        "street2": address.get("addressLine2"),
        "city": address.get("city"),
        "district": address.get("county"),
        "zip": address.get("postalCode"),
        "state": address.get("stateOrProvince"),
        "country": address.get("countryCode"),
        "phone": as_dict(party.get("primaryPhone")).get("phoneNumber"),
        "email": party.get("email"),
    }
