"""Saleor orders, as its GraphQL API and its webhooks write them."""

import re

from ..base import (
    Found,
    Unmappable,
    as_dict,
    as_list,
    dec,
    ident,
    join,
    line,
    require,
    settle,
    tax,
    text_of,
    unique_ids,
    when,
)

_CAMEL = re.compile(r"_([a-z])")


def find(payload, context):
    if isinstance(payload, list):
        for each in payload:
            yield from find(each, context)
        return
    payload = _camel(as_dict(payload))
    for key in ("data", "order", "orders", "node", "event", "draftOrder"):
        value = payload.get(key)
        if isinstance(value, dict | list) and "lines" not in payload:
            yield from find(value, context)
            return
    if "edges" in payload:
        for edge in as_list(payload["edges"]):
            yield from find(as_dict(edge).get("node"), context)
        return
    if "lines" in payload and ("number" in payload or "total" in payload or "totalGrossAmount" in payload):
        yield Found("order", ident(payload.get("id")), lambda: _order(payload, context), payload)
        for refund_id, build in _refunds(payload):
            yield Found("refund", refund_id, build)


def _camel(value):
    """Webhooks without a subscription query write names_like_this."""
    if isinstance(value, dict):
        return {_CAMEL.sub(lambda m: m[1].upper(), str(k)): _camel(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_camel(each) for each in value]
    return value


def _pair(value):
    """:return: (net, gross) of a TaxedMoney"""
    value = as_dict(value)
    gross = dec(as_dict(value.get("gross")).get("amount"))
    net = as_dict(value.get("net")).get("amount")
    return (gross if net is None else dec(net)), gross


def _order(order, context):
    status = str(order.get("status") or "").upper()
    if status in ("DRAFT", "UNCONFIRMED"):
        raise Unmappable("not_placed", f"is not placed yet ({status.lower()})")
    _net, total = _pair(order.get("total"))
    if not order.get("total"):
        total = dec(require(order.get("totalGrossAmount"), "no_total", "states no total"))
    currency = as_dict(as_dict(order.get("total")).get("gross")).get("currency") or order.get("currency")
    require(currency, "no_currency", "names no currency")
    lines = [_line(each, index) for index, each in enumerate(require(order.get("lines"), "no_lines", "has no lines"))]
    lines = [each for each in lines if each]
    shipping = order.get("shippingPrice")
    if shipping is None and order.get("shippingPriceGrossAmount") is not None:
        shipping = {"gross": {"amount": order["shippingPriceGrossAmount"]},
                    "net": {"amount": order.get("shippingPriceNetAmount")}}  # fmt: skip
    net, gross = _pair(shipping)
    method = order.get("shippingMethodName") or as_dict(order.get("deliveryMethod")).get("name")
    if gross or method:
        rate = order.get("shippingTaxRate")
        lines.append(
            line("shipping", 1, net, kind="shipping", name=method or "Shipping",
                 taxes=[tax(_percent(rate), gross - net, base=net)] if gross != net else [])
        )  # fmt: skip
    gift = _gift_cards(order)
    settle(lines, total + gift, currency)
    user = as_dict(order.get("user"))
    shipping_address = as_dict(order.get("shippingAddress"))
    billing = as_dict(order.get("billingAddress"))
    return {
        "external_id": ident(order["id"]),
        "number": ident(order.get("number")),
        "status": {"CANCELED": "cancelled", "EXPIRED": "cancelled", "FULFILLED": "completed", "RETURNED": "completed"}.get(status, "open"),
        "placed_at": when(order.get("created")),
        "updated_at": when(order.get("updatedAt")),
        "currency": currency,
        "prices_include_tax": False,
        "customer": {
            "external_id": ident(user.get("id")),
            "name": join(billing.get("firstName"), billing.get("lastName"))
            or join(user.get("firstName"), user.get("lastName")),
            "company": billing.get("companyName"),
            "email": order.get("userEmail") or user.get("email"),
            "phone": shipping_address.get("phone") or billing.get("phone"),
            "language": order.get("languageCodeEnum"),
        },
        "billing_address": _address(billing),
        "shipping_address": _address(shipping_address),
        "lines": unique_ids(lines),
        "payments": _payments(order, total, gift),
        "payment_state": _payment_state(order, total),
        "total": text_of(total + gift),
        "buyer_message": order.get("customerNote"),
        "delivery_option": method,
        "extra": {"status": status, "channel": as_dict(order.get("channel")).get("slug")},
    }  # fmt: skip


def _percent(rate):
    return None if rate is None else dec(rate) * 100


def _gift_cards(order):
    """:return: what gift cards paid: Saleor takes it off the total"""
    used = as_list(order.get("giftCardUses"))
    return sum((dec(as_dict(each.get("amount")).get("amount")) for each in used), dec(0))


def _line(each, index):
    quantity = dec(each.get("quantity"))
    if not quantity:
        return None
    if each.get("totalPrice"):
        net, gross = _pair(each["totalPrice"])
    elif each.get("totalPriceGrossAmount") is not None:
        net, gross = dec(each.get("totalPriceNetAmount")), dec(each["totalPriceGrossAmount"])
    else:
        unit_net, unit_gross = _pair(each.get("unitPrice"))
        net, gross = unit_net * quantity, unit_gross * quantity
    before = net
    if each.get("undiscountedTotalPrice"):
        before = max(_pair(each["undiscountedTotalPrice"])[0], net)
    elif each.get("undiscountedUnitPrice"):
        before = max(_pair(each["undiscountedUnitPrice"])[0] * quantity, net)
    variant = as_dict(each.get("variant"))
    return line(
        each.get("id") or f"line-{index + 1}", quantity, before, discount=before - net,
        taxes=[tax(_percent(each.get("taxRate")), gross - net, base=net)] if gross != net else [],
        sku=each.get("productSku") or variant.get("sku"),
        listing_id=ident(variant.get("id") or each.get("productVariantId")),
        name=join(each.get("productName"), each.get("variantName"), separator=", ") or ident(each.get("id")),
        gift=True if each.get("isGift") else None,
    )  # fmt: skip


def _amount(value):
    return dec(as_dict(value).get("amount") if isinstance(value, dict) else value)


def _payment_state(order, total):
    """`paymentStatus` is a summary that lags; what was charged and refunded is what counts."""
    if order.get("totalCharged") is None:
        known = {"FULLY_CHARGED": "paid", "NOT_CHARGED": "unpaid", "PARTIALLY_CHARGED": "partially_paid",
                 "PARTIALLY_REFUNDED": "partially_refunded", "FULLY_REFUNDED": "refunded"}  # fmt: skip
        return known.get(str(order.get("paymentStatus") or order.get("chargeStatus")).upper())
    charged, refunded = _amount(order["totalCharged"]), _amount(order.get("totalRefunded"))
    if refunded and charged <= 0:
        return "refunded"
    if refunded:
        return "partially_refunded"
    if charged >= total:
        return "paid"
    if charged > 0:
        return "partially_paid"
    return "authorized" if _amount(order.get("totalAuthorized")) > 0 else "unpaid"


def _payments(order, total, gift):
    result = []
    charged = _amount(order.get("totalCharged")) + _amount(order.get("totalRefunded"))
    if charged:
        result.append({"amount": text_of(charged), "state": "paid"})
    elif _amount(order.get("totalAuthorized")):
        result.append({"amount": text_of(_amount(order["totalAuthorized"])), "state": "authorized"})
    if gift:
        result.append({"kind": "gift_card", "amount": text_of(gift), "state": "paid"})
    return result


def _refunds(order):
    """Money that went back: events of its transactions, or refunds that were granted."""
    currency = as_dict(as_dict(order.get("total")).get("gross")).get("currency")
    for transaction in as_list(order.get("transactions")):
        for event in as_list(transaction.get("events")):
            if str(event.get("type")).upper() == "REFUND_SUCCESS":
                yield ident(event.get("id")), lambda event=event: _refund(order, event, currency)
    for payment in as_list(order.get("payments")):
        for event in as_list(payment.get("transactions")):
            if str(event.get("kind")).upper() == "REFUND" and event.get("isSuccess", True):
                yield ident(event.get("id")), lambda event=event: _refund(order, event, currency)


def _refund(order, event, currency):
    amount = event.get("amount")
    return {
        "type": "refund",
        "external_id": ident(event["id"]),
        "order_external_id": ident(order["id"]),
        "created_at": when(event.get("createdAt") or event.get("created") or order.get("updatedAt")),
        "currency": currency or as_dict(amount).get("currency"),
        "amount": text_of(_amount(amount)),
        "reason": event.get("message"),
    }


def _address(address):
    if not address:
        return None
    country = address.get("country")
    return {
        "name": join(address.get("firstName"), address.get("lastName")),
        "company": address.get("companyName"),
        "street": address.get("streetAddress1"),
        "street2": address.get("streetAddress2"),
        "city": address.get("city"),
        "district": address.get("cityArea"),
        "zip": address.get("postalCode"),
        "state": address.get("countryArea"),
        "country": country.get("code") if isinstance(country, dict) else country,
        "phone": address.get("phone"),
    }
