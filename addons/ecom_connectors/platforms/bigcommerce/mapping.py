"""BigCommerce orders (v2, with `products` as a list) and refunds (v3)."""

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
    rounded,
    settle,
    tax,
    text_of,
    unique_ids,
    when,
)

_CANCELLED = {5, 6}  # cancelled, declined
_COMPLETED = {2, 4, 10}  # shipped, refunded, completed
_PAYMENT = {
    "authorized": "authorized", "captured": "paid", "capture pending": "authorized",
    "declined": "voided", "held for review": "authorized", "paid": "paid",
    "partially refunded": "partially_refunded", "refunded": "refunded", "void": "voided",
    "void pending": "voided",
}  # fmt: skip
# Awaiting fulfilment, shipment or pick-up: paid, whatever the payment status says.
_PAID_STATUS = {2, 3, 8, 9, 10, 11}


def find(payload, context):
    if isinstance(payload, list):
        for each in payload:
            yield from find(each, context)
        return
    payload = as_dict(payload)
    if "scope" in payload and isinstance(payload.get("data"), dict):
        scope, number = payload["scope"], ident(payload["data"].get("id"))
        if str(scope).startswith("store/order"):
            yield Found("order", number, lambda: _hook(scope, number), payload)
        return
    if isinstance(payload.get("data"), list | dict):
        yield from find(payload["data"], context)
    elif "total_inc_tax" in payload and "status_id" in payload:
        yield Found("order", ident(payload.get("id")), lambda: _order(payload), payload)
    elif "order_id" in payload and "total_amount" in payload and "items" in payload:
        yield Found("refund", ident(payload.get("id")), lambda: _refund(payload, context), payload)


def _hook(scope, number):
    raise Unmappable("incomplete", f"is a webhook ({scope}) with an id only: read order {number}")


def _order(order):
    status = int(dec(order.get("status_id")))
    if status == 0:
        raise Unmappable("not_placed", "is incomplete: the buyer never finished it")
    require(order.get("id"), "incomplete", "has no id: it is a request, not an order")
    currency = require(order.get("currency_code") or order.get("default_currency_code"), "no_currency", "names no currency")
    products = order.get("products")
    if not isinstance(products, list):
        raise Unmappable("incomplete", "holds a link to its products only: read them and add them as a list")
    require(products, "no_lines", "has no products")
    gift = dec(order.get("store_credit_amount")) + dec(order.get("gift_certificate_amount"))
    stated = dec(require(order.get("total_inc_tax"), "no_total", "states no total"))
    lines = [each for each in (_product(p, currency) for p in products) if each]
    for name, kind in (("shipping_cost", "shipping"), ("handling_cost", "fee"), ("wrapping_cost", "gift_wrap")):
        net, amount = dec(order.get(f"{name}_ex_tax")), dec(order.get(f"{name}_tax"))
        if net or (kind == "shipping" and f"{name}_ex_tax" in order):
            lines.append(line(
                name, 1, rounded(net, currency), kind=kind, name=name.split("_")[0].capitalize(),
                taxes=[tax(None, rounded(amount, currency), base=net)] if amount else [],
            ))  # fmt: skip
    total = rounded(stated, currency)
    settle(lines, total, currency)
    billing = as_dict(order.get("billing_address"))
    addresses = order.get("shipping_addresses")
    shipping = as_dict(addresses[0]) if isinstance(addresses, list) and addresses else billing
    payment_state = _PAYMENT.get(str(order.get("payment_status") or "").lower())
    paid = payment_state in ("paid", "partially_refunded", "refunded") or (
        not payment_state and status in _PAID_STATUS
    )
    payments = [
        {"kind": kind, "amount": text_of(dec(order.get(key))), "state": "paid"}
        for key, kind in (("store_credit_amount", "store_credit"), ("gift_certificate_amount", "gift_card"))
        if dec(order.get(key))
    ]
    payments.append(
        {
            "method": order.get("payment_method"),
            "amount": text_of(total - gift),
            "state": "paid" if paid else "authorized" if payment_state == "authorized" else "pending",
        }
    )
    customer = ident(order.get("customer_id"))
    return {
        "external_id": ident(order["id"]),
        "status": "cancelled" if status in _CANCELLED or order.get("is_deleted")
        else "completed" if status in _COMPLETED else "open",
        "placed_at": when(order.get("date_created")),
        "updated_at": when(order.get("date_modified")),
        "currency": currency,
        "prices_include_tax": False,
        "customer": {
            "external_id": customer if customer != "0" else None,
            "name": join(billing.get("first_name"), billing.get("last_name")),
            "company": billing.get("company"),
            "email": billing.get("email"),
            "phone": billing.get("phone"),
            "language": order.get("customer_locale"),
        },
        "billing_address": _address(billing),
        "shipping_address": _address(shipping),
        "lines": unique_ids(lines),
        "payments": payments,
        "total": text_of(total),
        "buyer_message": order.get("customer_message"),
        "seller_memo": order.get("staff_notes"),
        "delivery_option": shipping.get("shipping_method"),
        "extra": {"status_id": status, "status": order.get("custom_status") or order.get("status")},
    }  # fmt: skip


def _product(product, currency):
    quantity = dec(product.get("quantity"))
    if not quantity:
        return None
    before, amount = dec(product.get("total_ex_tax")), dec(product.get("total_tax"))
    discount = sum((dec(d.get("amount")) for d in as_list(product.get("applied_discounts"))), ZERO)
    return line(
        ident(product.get("id")), quantity, rounded(before, currency),
        discount=rounded(discount, currency),
        taxes=[tax(None, rounded(amount, currency), base=before - discount)] if amount else [],
        sku=product.get("sku") or None, barcode=product.get("upc") or None,
        listing_id=ident(product.get("variant_id") or product.get("product_id")),
        name=product.get("name") or ident(product.get("id")),
        note=product.get("wrapping_message") or None,
    )  # fmt: skip


def _refund(refund, context):
    kinds = {"PRODUCT": "product", "SHIPPING": "shipping", "HANDLING": "fee", "GIFT_WRAPPING": "gift_wrap"}
    lines = []
    for each in as_list(refund.get("items")):
        kind = kinds.get(each.get("item_type"), "adjustment")
        lines.append(
            {
                "id": f"{kind}-{ident(each.get('item_id'))}",
                "kind": None if kind == "product" else kind,
                "order_line_id": ident(each.get("item_id")) if kind == "product" else None,
                "quantity": text_of(dec(each.get("quantity"))) if kind == "product" else "0",
                "amount": text_of(dec(each.get("requested_amount"))),
            }
        )
    return {
        "type": "refund",
        "external_id": ident(refund["id"]),
        "order_external_id": ident(refund.get("order_id")),
        "created_at": require(when(refund.get("created")), "incomplete", "does not say when it was made"),
        "currency": require(refund.get("currency") or context.get("currency"), "no_currency",
                            "names no currency; its order does"),
        "amount": text_of(dec(refund.get("total_amount"))),
        "reason": refund.get("reason"),
        "lines": unique_ids(lines),
    }  # fmt: skip


def _address(address):
    return {
        "name": join(address.get("first_name"), address.get("last_name")),
        "company": address.get("company"),
        "street": address.get("street_1"),
        "street2": address.get("street_2"),
        "city": address.get("city"),
        "zip": address.get("zip"),
        "state": address.get("state"),
        "country": address.get("country_iso2") or address.get("country"),
        "phone": address.get("phone"),
        "email": address.get("email"),
    }
