"""Medusa v2 orders. Totals are not rounded there: what a buyer pays is, in the currency's units."""

from ..base import (
    CENT,
    ZERO,
    Found,
    Unmappable,
    as_dict,
    as_list,
    dec,
    guess_rate,
    ident,
    join,
    line,
    require,
    rounded,
    settle,
    tax,
    text_of,
    unique_ids,
    unwrap,
    when,
)

_PAYMENT = {
    "not_paid": "unpaid",
    "awaiting": "unpaid",
    "authorized": "authorized",
    "partially_authorized": "authorized",
    "captured": "paid",
    "partially_captured": "partially_paid",
    "partially_refunded": "partially_refunded",
    "refunded": "refunded",
    "canceled": "voided",
    "requires_action": "unpaid",
}


def find(payload, context):
    for order in unwrap(payload, ("orders", "order", "returns", "return"), ("display_id",)):
        if str(order.get("id", "")).startswith("return_"):
            yield Found("return", ident(order["id"]), lambda case=order: _return(case), order)
        elif str(order.get("id", "")).startswith("order_") or "display_id" in order:
            yield from _find_in(order, context)


def _find_in(order, context):
    yield Found("order", ident(order.get("id")), lambda: _order(order, context), order)
    for refund in _refunds(order):
        yield Found("refund", refund["id"], lambda refund=refund: _refund(order, refund, context))


_RETURN_STATES = {
    "requested": "requested",
    "received": "closed",
    "partially_received": "approved",
    "canceled": "withdrawn",
}


def _return(case):
    if case.get("status") == "open":
        raise Unmappable("not_placed", "is being written still")
    return {
        "type": "return",
        "external_id": ident(case["id"]),
        "order_external_id": ident(require(case.get("order_id"), "incomplete", "names no order")),
        "status": require(_RETURN_STATES.get(case.get("status")), "unreadable", "has an unknown status"),
        "created_at": when(case["created_at"]),
        "updated_at": when(case.get("updated_at")),
        "lines": [
            {
                "order_line_id": ident(item["item_id"]),
                "quantity": text_of(item["quantity"]),
                "note": join(as_dict(item.get("reason")).get("label"), item.get("note")),
            }
            for item in require(as_list(case.get("items")), "no_lines", "names no goods")
        ],
    }


def _currency(order, context):
    """:return: ISO code; an order read with too few `fields` names it in its payments only"""
    codes = [order.get("currency_code")]
    codes += [c.get("currency_code") for c in as_list(order.get("payment_collections"))]
    code = next((code for code in codes if code), None) or context.get("currency")
    return str(require(code, "no_currency", "names no currency: ask for currency_code")).upper()


def _order(order, context):
    currency = _currency(order, context)
    items = require(order.get("items"), "incomplete", "carries no items: ask for them in `fields`")
    lines = [_item(item, currency) for item in items]
    lines += [
        _method(method, currency) for method in as_list(order.get("shipping_methods"))
    ]
    credit = _goodwill(order)
    # What was ordered, before returned pieces and goodwill: those are refunds of their own.
    total = rounded(
        sum((_exact(item, _ordered_quantity(item)) for item in items), ZERO)
        + sum((_exact(_as_item(m), dec(1)) for m in as_list(order.get("shipping_methods"))), ZERO),
        currency,
    )
    _check_total(order, items, total, currency)
    settle(lines, total, currency)
    unique_ids(lines)
    customer = as_dict(order.get("customer"))
    shipping = as_dict(order.get("shipping_address"))
    status = order.get("status")
    return {
        "external_id": order["id"],
        "number": ident(order.get("custom_display_id")) or ident(order.get("display_id")),
        "status": _status(order, status),
        "placed_at": when(order.get("created_at")),
        "updated_at": when(order.get("updated_at")),
        "currency": currency,
        "prices_include_tax": False,
        "customer": {
            "external_id": ident(order.get("customer_id") or customer.get("id")),
            "name": join(customer.get("first_name"), customer.get("last_name"))
            or join(shipping.get("first_name"), shipping.get("last_name")),
            "company": customer.get("company_name"),
            "email": order.get("email") or customer.get("email"),
            "phone": customer.get("phone") or shipping.get("phone"),
            "language": order.get("locale"),
        },
        "billing_address": _address(order.get("billing_address")),
        "shipping_address": _address(shipping),
        "lines": lines,
        "payments": _payments(order, currency),
        "payment_state": _PAYMENT.get(order.get("payment_status")),
        "total": text_of(total),
        "delivery_option": join(
            *(m.get("name") for m in as_list(order.get("shipping_methods"))), separator=", "
        ),
        "extra": {
            "fulfillment_status": order.get("fulfillment_status"),
            "goodwill": text_of(credit) if credit else None,
        },
    }


_CAME_BACK = ("return_requested_quantity", "return_received_quantity", "return_dismissed_quantity", "written_off_quantity")


def _check_total(order, items, total, currency):
    """Medusa lowers its total for goodwill and for what comes back; its summary keeps what was
    ordered. One of these is what the items come to, or something is missing among them."""
    summary = as_dict(order.get("summary"))
    credit = sum((dec(c.get("amount")) for c in as_list(order.get("credit_lines")) if isinstance(c, dict)), ZERO)
    stated = [each for each in (order.get("total"), summary.get("original_order_total"), summary.get("current_order_total"))
              if each is not None]  # fmt: skip
    if not stated or any(dec(as_dict(i.get("detail")).get(key)) for i in items for key in _CAME_BACK):
        return
    allowed = [rounded(dec(each) + more, currency) for each in stated for more in (ZERO, credit)]
    if min(abs(each - total) for each in allowed) > CENT:
        if "shipping_methods" not in order:
            raise Unmappable("incomplete", "was read without its shipping: ask for shipping_methods in `fields`")
        raise Unmappable("does_not_add_up", f"states a total of {allowed[0]}, its items and shipping come to {total}")


def _status(order, status):
    if status == "canceled" or order.get("canceled_at"):
        return "cancelled"
    if status in ("completed", "archived"):
        return "completed"
    return "open"


def _ordered_quantity(item):
    detail = as_dict(item.get("detail"))
    return dec(item.get("quantity", detail.get("quantity")), dec(1))


def _share(item, quantity):
    """:return: (amount before discount, discount, {index of tax line: tax}) of all ordered pieces

    Medusa lowers an item's totals for pieces that came back, so they are computed from price and
    rates again where it did; tax-inclusive prices hold the tax of each rate.
    """
    unit = dec(as_dict(item.get("raw_unit_price")).get("value", item.get("unit_price")))
    rates = [dec(t.get("rate")) for t in as_list(item.get("tax_lines"))]
    rate = sum(rates, ZERO)
    gross = unit * quantity
    discount = sum(
        (dec(as_dict(a.get("raw_amount")).get("value", a.get("amount")))
         for a in as_list(item.get("adjustments"))), ZERO,
    )  # fmt: skip
    if item.get("is_tax_inclusive"):
        gross = gross * 100 / (100 + rate)
        if any(a.get("is_tax_inclusive") for a in as_list(item.get("adjustments"))):
            discount = discount * 100 / (100 + rate)
    return gross, discount, rates


def _amounts(item, currency, quantity):
    gross, discount, rates = _share(item, quantity)
    net = rounded(gross - discount, currency)
    taxes = [
        tax(rate, rounded((gross - discount) * rate / 100, currency), code=t.get("code"),
            name=t.get("description"))
        for rate, t in zip(rates, as_list(item.get("tax_lines")), strict=True)
    ]  # fmt: skip
    if not rates and dec(item.get("tax_total")):
        # The list was read without tax lines: their sum is there all the same.
        amount = rounded(item["tax_total"], currency)
        taxes = [tax(guess_rate(amount, net), amount)]
    # The whole is rounded once, as Medusa's payment is; the last tax carries the remainder.
    paid = rounded((gross - discount) * (100 + sum(rates, ZERO)) / 100, currency)
    if rates and taxes:
        rest = paid - net - sum(dec(t["amount"]) for t in taxes[:-1])
        taxes[-1]["amount"] = text_of(rest)
    return net, rounded(discount, currency), taxes


def _item(item, currency):
    quantity = _ordered_quantity(item)
    net, discount, taxes = _amounts(item, currency, quantity)
    name = join(item.get("product_title") or item.get("title"), item.get("variant_title"), separator=", ")
    return line(
        item["id"], quantity, net + discount, discount=discount, taxes=taxes,
        sku=item.get("variant_sku") or as_dict(item.get("variant")).get("sku"),
        barcode=item.get("variant_barcode"),
        listing_id=ident(item.get("variant_id")),
        name=name or item["id"],
    )  # fmt: skip


def _method(method, currency):
    quantity = dec(1)
    net, discount, taxes = _amounts(_as_item(method), currency, quantity)
    return line(
        method["id"], quantity, net + discount, discount=discount, taxes=taxes, kind="shipping",
        name=method.get("name"),
    )  # fmt: skip


def _exact(item, quantity):
    """:return: what an item costs with tax, not rounded"""
    gross, discount, rates = _share(item, quantity)
    if not rates:
        return gross - discount + dec(item.get("tax_total"))
    return (gross - discount) * (100 + sum(rates, ZERO)) / 100


def _as_item(method):
    return {**method, "raw_unit_price": method.get("raw_amount"), "unit_price": method.get("amount")}


def _goodwill(order):
    return sum((dec(c.get("amount")) for c in as_list(order.get("credit_lines"))), ZERO)


def _all_payments(order):
    for collection in as_list(order.get("payment_collections")):
        yield from as_list(collection.get("payments"))


def _payments(order, currency):
    result = []
    for payment in _all_payments(order):
        captured, cancelled = payment.get("captured_at"), payment.get("canceled_at")
        result.append(
            {
                "id": ident(payment.get("id")),
                "method": payment.get("provider_id"),
                "amount": text_of(rounded(payment.get("amount"), currency)),
                "state": "failed" if cancelled else "paid" if captured else "authorized",
                "paid_at": when(captured),
            }
        )
    return result


def _refunds(order):
    for payment in _all_payments(order):
        for refund in as_list(payment.get("refunds")):
            if refund.get("id"):
                yield refund


def _refund(order, refund, context):
    currency = _currency(order, context)
    return {
        "type": "refund",
        "external_id": ident(refund["id"]),
        "order_external_id": order["id"],
        "created_at": when(refund.get("created_at") or order.get("updated_at")),
        "currency": currency,
        "amount": text_of(rounded(refund.get("amount"), currency)),
        "reason": refund.get("note"),
    }


def _address(address):
    address = as_dict(address)
    return {
        "name": join(address.get("first_name"), address.get("last_name")),
        "company": address.get("company"),
        "street": address.get("address_1"),
        "street2": address.get("address_2"),
        "city": address.get("city"),
        "zip": address.get("postal_code"),
        "state": address.get("province"),
        "country": (address.get("country_code") or "").upper(),
        "phone": address.get("phone"),
    }
