"""Vendure 3 orders. Money is in the smallest unit; prices come with and without tax."""

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
    minor,
    require,
    settle,
    tax,
    text_of,
    unique_ids,
    unwrap,
    when,
)

_CARTS = ("AddingItems", "ArrangingPayment", "Draft", "Created", "Modifying", "ArrangingAdditionalPayment")
_PAID = ("PaymentSettled", "PartiallyShipped", "Shipped", "PartiallyDelivered", "Delivered")


def find(payload, context):
    for order in unwrap(payload, ("data", "orders", "items", "order"), ("currencyCode",)):
        if "code" in order and ("currencyCode" in order or "orderPlacedAt" in order):
            yield from _find_in(order)


def _find_in(order):
    yield Found("order", ident(order.get("id")), lambda: _order(order), order)
    for payment in as_list(order.get("payments")):
        for refund in as_list(payment.get("refunds")):
            if refund.get("state") != "Failed":
                yield Found("refund", ident(refund.get("id")), lambda refund=refund: _refund(order, refund))


def _order(order):
    state = order.get("state")
    if order.get("active") or state in _CARTS[:4]:
        raise Unmappable("not_placed", f"is a cart still ({state})")
    currency = require(order.get("currencyCode"), "no_currency", "names no currency")
    lines = [_line(each, currency) for each in require(order.get("lines"), "no_lines", "has no lines")]
    lines += [_shipping(each, index, currency) for index, each in enumerate(as_list(order.get("shippingLines")))]
    lines += [_surcharge(each, index, currency) for index, each in enumerate(as_list(order.get("surcharges")))]
    lines = unique_ids([each for each in lines if each])
    total = sum((dec(e["total"]) + sum((dec(t["amount"]) for t in e.get("taxes", ())), ZERO) for e in lines), ZERO)
    stated = minor(require(order.get("totalWithTax"), "no_total", "states no total"), currency)
    # After pieces were cancelled the platform's total is lower than what was ordered and paid;
    # then the ordered pieces count, and what was given back is a refund.
    if not _is_reduced(order):
        settle(lines, stated, currency)
        total = stated
    shipping = as_dict(order.get("shippingAddress"))
    customer = as_dict(order.get("customer"))
    return {
        "external_id": ident(order["id"]),
        "number": ident(order.get("code")),
        "status": "cancelled" if state == "Cancelled" else "completed" if state == "Delivered" else "open",
        "placed_at": when(order.get("orderPlacedAt") or order.get("createdAt")),
        "updated_at": when(order.get("updatedAt")),
        "currency": currency,
        "prices_include_tax": False,
        "customer": {
            "external_id": ident(customer.get("id")),
            "name": join(customer.get("firstName"), customer.get("lastName")),
            "email": customer.get("emailAddress"),
            "phone": customer.get("phoneNumber") or shipping.get("phoneNumber"),
        },
        "billing_address": _address(order.get("billingAddress")),
        "shipping_address": _address(shipping),
        "lines": lines,
        "payments": _payments(order, currency),
        "total": text_of(total),
        "delivery_option": join(
            *(as_dict(s.get("shippingMethod")).get("name") for s in as_list(order.get("shippingLines"))),
            separator=", ",
        ),
        "extra": {"state": state, "coupons": order.get("couponCodes")},
    }


def _is_reduced(order):
    return any(
        "orderPlacedQuantity" in each and each["orderPlacedQuantity"] != each.get("quantity")
        for each in as_list(order.get("lines"))
    )


def _line(each, currency):
    quantity = dec(each.get("orderPlacedQuantity") or each.get("quantity"))
    if not quantity:
        quantity = dec(each.get("quantity"))
    if not quantity:
        return None
    present = dec(each.get("quantity"))
    variant = as_dict(each.get("productVariant"))
    if present == quantity and each.get("proratedLinePrice") is not None:
        net = minor(each["proratedLinePrice"], currency)
        gross = minor(each["proratedLinePriceWithTax"], currency)
    else:
        # Some or all pieces were cancelled: price of one, which the discounts do not lower.
        part = dec(each.get("proratedUnitPrice", each.get("unitPrice")))
        part_tax = dec(each.get("proratedUnitPriceWithTax", each.get("unitPriceWithTax")))
        if present and each.get("proratedLinePrice") is not None:
            part = dec(each["proratedLinePrice"]) / present
            part_tax = dec(each["proratedLinePriceWithTax"]) / present
        net, gross = minor(round(part * quantity), currency), minor(round(part_tax * quantity), currency)
    before = minor(dec(each.get("unitPrice")) * quantity, currency)
    discount = max(before - net, ZERO)
    return line(
        each["id"], quantity, net + discount, discount=discount,
        taxes=_taxes(each.get("taxLines"), each.get("taxRate"), net, gross),
        sku=variant.get("sku"), listing_id=ident(variant.get("id")),
        name=variant.get("name") or ident(each["id"]),
    )  # fmt: skip


def _taxes(tax_lines, rate, net, gross):
    """Several rates share the one amount that is known by their size."""
    tax_lines = as_list(tax_lines)
    amount = gross - net
    if len(tax_lines) < 2:
        name = tax_lines[0].get("description") if tax_lines else None
        if rate is None and tax_lines:
            rate = tax_lines[0].get("taxRate")
        if not amount and not dec(rate):
            return []
        return [tax(rate, amount, base=net, name=name)]
    rates = [dec(t.get("taxRate")) for t in tax_lines]
    shares = [round(amount * r / (sum(rates) or 1), 2) for r in rates]
    shares[-1] += amount - sum(shares)
    return [
        tax(r, share, name=t.get("description"))
        for r, share, t in zip(rates, shares, tax_lines, strict=True)
    ]


def _shipping(each, index, currency):
    method = as_dict(each.get("shippingMethod"))
    net = minor(each.get("discountedPrice", each.get("price")), currency)
    gross = minor(each.get("discountedPriceWithTax", each.get("priceWithTax")), currency)
    return line(
        f"shipping-{each.get('id', index + 1)}", 1, net, kind="shipping",
        name=method.get("name") or method.get("code"),
        taxes=_taxes(each.get("taxLines"), each.get("taxRate"), net, gross),
    )  # fmt: skip


def _surcharge(each, index, currency):
    net = minor(each.get("price"), currency)
    gross = minor(each.get("priceWithTax", each.get("price")), currency)
    return line(
        f"surcharge-{each.get('id', index + 1)}", 1, net, kind="fee" if net >= 0 else "discount",
        name=each.get("description"), sku=each.get("sku"),
        taxes=_taxes(each.get("taxLines"), each.get("taxRate"), net, gross),
    )  # fmt: skip


def _payments(order, currency):
    states = {"Settled": "paid", "Authorized": "authorized", "Created": "pending"}
    return [
        {
            "id": ident(payment.get("id")),
            "method": payment.get("method"),
            "amount": text_of(minor(payment.get("amount"), currency)),
            "state": states.get(payment.get("state"), "failed"),
        }
        for payment in as_list(order.get("payments"))
    ]


def _refund(order, refund):
    currency = require(order.get("currencyCode"), "no_currency", "names no currency")
    if refund.get("state") == "Pending":
        raise Unmappable("not_settled", "the refund is pending: no money went back yet")
    return {
        "type": "refund",
        "external_id": ident(refund["id"]),
        "order_external_id": ident(order["id"]),
        "created_at": when(refund.get("createdAt") or order.get("updatedAt")),
        "currency": currency,
        "amount": text_of(minor(refund.get("total"), currency)),
        "reason": refund.get("reason"),
    }


def _address(address):
    address = as_dict(address)
    return {
        "name": address.get("fullName"),
        "company": address.get("company"),
        "street": address.get("streetLine1"),
        "street2": address.get("streetLine2"),
        "city": address.get("city"),
        "zip": address.get("postalCode"),
        "state": address.get("province"),
        "country": address.get("countryCode"),
        "phone": address.get("phoneNumber"),
    }
