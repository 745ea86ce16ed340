"""WooCommerce orders: REST v1 to v3 and the legacy API. Line totals are without tax, after coupons."""

import html

from ..base import (
    CENT,
    ZERO,
    Found,
    Unmappable,
    as_dict,
    as_list,
    dec,
    flag,
    ident,
    join,
    line,
    listing,
    require,
    rounded,
    settle,
    sum_of,
    tax,
    text_of,
    unique_ids,
    when,
)

_DRAFTS = ("checkout-draft", "auto-draft", "draft")
_GONE = ("cancelled", "failed", "trash")
_CREDIT_METAS = ("_order_total_store_credit", "_store_credit_used", "_ywgc_applied_gift_cards_totals")


def find(payload, context):
    if isinstance(payload, list):
        for each in payload:
            yield from find(each, context)
        return
    payload = as_dict(payload)
    for key in ("order", "orders", "create", "update"):
        if isinstance(payload.get(key), dict | list) and "line_items" not in payload:
            yield from find(payload[key], context)
    if "delete" in payload and isinstance(payload["delete"], list):
        for each in payload["delete"]:
            if isinstance(each, dict):
                yield from find(each, context)
    if isinstance(payload.get("order_refund"), dict | list):
        for refund in as_list(payload["order_refund"]):
            yield Found("refund", ident(refund.get("id")), lambda refund=refund: _refund(refund, {}, context))
    elif "line_items" in payload and "amount" in payload and "total" not in payload:
        yield Found("refund", ident(payload.get("id")), lambda: _refund(payload, {}, context), payload)
    elif "line_items" in payload:
        yield Found("order", ident(payload.get("id")), lambda: _order(payload, context), payload)
        for refund in as_list(payload.get("refunds")):
            if isinstance(refund, dict):
                yield Found(
                    "refund", ident(refund.get("id")),
                    lambda refund=refund: _refund(refund, payload, context),
                )  # fmt: skip
    elif {"sku", "stock_quantity"} <= set(payload) and "id" in payload:
        yield Found("listing", ident(payload["id"]), lambda: product(payload), payload)


def _moment(order, name, context):
    """:return: time; the field in GMT counts, the other one is the site's local time"""
    return when(order.get(f"{name}_gmt")) or when(order.get(name), context.get("tz"))


def _legacy_moment(order, name):
    return when(order.get(name))


def _order(order, context):
    status = order.get("status")
    if status in _DRAFTS:
        raise Unmappable("not_placed", f"is not placed yet ({status})")
    require(order.get("id"), "incomplete", "has no id: it is a request, not an order")
    currency = require(order.get("currency") or context.get("currency"), "no_currency", "names no currency")
    total = dec(require(order.get("total"), "no_total", "states no total"))
    rates = {
        ident(each.get("rate_id")): each for each in as_list(order.get("tax_lines"))
    }  # fmt: skip
    lines = [_product_line(each, rates, currency) for each in as_list(order.get("line_items"))]
    lines += [_other_line(each, rates, currency, "shipping") for each in as_list(order.get("shipping_lines"))]
    lines += [_other_line(each, rates, currency, "fee") for each in as_list(order.get("fee_lines"))]
    lines = unique_ids([each for each in lines if each])
    require(lines, "no_lines", "has no lines")
    _legacy_shipping_tax(order, lines, currency)
    gift = _gift_cards(order, sum_of(lines) - total)
    total += gift
    settle(lines, total, currency)
    billing = as_dict(order.get("billing") or order.get("billing_address"))
    shipping = as_dict(order.get("shipping") or order.get("shipping_address"))
    if not any(shipping.get(key) for key in ("address_1", "city", "postcode")):
        shipping = billing
    created = (
        _moment(order, "date_created", context) or _legacy_moment(order, "created_at")
    )  # fmt: skip
    customer = ident(order.get("customer_id"))
    return {
        "external_id": ident(order["id"]),
        "number": ident(order.get("number") or order.get("order_number")),
        "status": "cancelled" if status in _GONE
        else "completed" if status in ("completed", "refunded") else "open",
        "placed_at": require(created, "incomplete", "does not say when it was placed"),
        "updated_at": _moment(order, "date_modified", context) or _legacy_moment(order, "updated_at"),
        "currency": currency,
        "prices_include_tax": False,
        "customer": {
            "external_id": customer if customer != "0" else None,
            "name": join(billing.get("first_name"), billing.get("last_name")),
            "company": billing.get("company"),
            "email": billing.get("email"),
            "phone": billing.get("phone"),
        },
        "billing_address": _address(billing),
        "shipping_address": _address({"phone": billing.get("phone"), **_filled(shipping)}),
        "lines": lines,
        "payments": [
            _payment(order, status, total - gift, context) if total > gift or not gift else None,
            {"kind": "gift_card", "amount": text_of(gift), "state": "paid"} if gift else None,
        ],
        "total": text_of(total),
        "buyer_message": order.get("customer_note") or order.get("note"),
        "delivery_option": join(
            *(each.get("method_title") for each in as_list(order.get("shipping_lines"))), separator=", "
        ),
        "extra": {
            "status": status,
            "coupons": [each.get("code") for each in as_list(order.get("coupon_lines"))],
        },
    }  # fmt: skip


def _gift_cards(order, missing):
    """WooCommerce's gift cards, and store credit of plug-ins, lower the total without a line.

    :param missing: what the lines come to beyond the total
    :return: what they paid, where that is just what the total lacks
    """
    paid = [dec(each.get("amount")) for each in as_list(order.get("gift_cards")) if isinstance(each, dict)]
    metas = [m for m in as_list(order.get("meta_data")) if isinstance(m, dict) and m.get("key") in _CREDIT_METAS]
    paid += [abs(dec(m.get("value"))) for m in metas]
    amount = sum(paid, ZERO)
    return amount if amount and abs(missing - amount) < CENT * 5 else ZERO


def _plain(value):
    """:return: text without the site's HTML entities; None where it is none"""
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = str(value)
    return html.unescape(value) or None if isinstance(value, str) else None


def _filled(address):
    return {key: value for key, value in address.items() if value}


def _payment(order, status, total, context):
    details = as_dict(order.get("payment_details"))
    paid_at = _moment(order, "date_paid", context)
    paid = bool(paid_at) or flag(details.get("paid")) or flag(order.get("set_paid"))
    # A shop may move an order on by hand, without a date of payment; on-hold is not paid.
    paid = paid or (status in ("processing", "completed", "refunded") and not _is_cod(order))
    cod = _is_cod(order) and not paid_at
    return {
        "id": order.get("transaction_id") or None,
        "kind": "cash_on_delivery" if cod else None,
        "method": order.get("payment_method_title") or details.get("method_title"),
        "amount": text_of(total),
        "state": "failed" if status == "failed" else "paid" if paid and not cod else "pending",
        "paid_at": paid_at,
    }


def _is_cod(order):
    details = as_dict(order.get("payment_details"))
    return (order.get("payment_method") or details.get("method_id")) == "cod"


def _taxes(each, rates, currency, net):
    found = []
    for entry in as_list(each.get("taxes")):
        amount = dec(entry.get("total"))
        if amount:
            known = as_dict(rates.get(ident(entry.get("id"))))
            percent = known.get("rate_percent")
            found.append(
                tax(percent, rounded(amount, currency), base=net,
                    name=known.get("label"), code=known.get("rate_code"))
            )  # fmt: skip
    if not found and dec(each.get("total_tax")):
        found.append(tax(None, rounded(each["total_tax"], currency), base=net))
    return [entry for entry in found if entry]


def _product_line(each, rates, currency):
    quantity = dec(each.get("quantity"), dec(1))
    net = dec(each.get("total"))
    before = dec(each.get("subtotal"), net)
    if quantity < 0 or (not quantity and not net):
        return None
    variation = ident(each.get("variation_id"))
    return line(
        each.get("id"), quantity or dec(1), before, discount=before - net,
        taxes=_taxes(each, rates, currency, net),
        sku=each.get("sku") or None,
        listing_id=variation if variation and variation != "0" else ident(each.get("product_id")),
        name=_plain(each.get("name")) or ident(each.get("id")),
        note=_meta(each),
    )  # fmt: skip


def _meta(each):
    """:return: what the buyer chose or typed in, for people; hidden fields begin with a line"""
    pairs = [
        (entry.get("display_key") or entry.get("label") or entry.get("key"),
         entry.get("display_value") or entry.get("value"))
        for entry in as_list(each.get("meta_data") or each.get("meta"))
        if isinstance(entry, dict) and not str(entry.get("key", "")).startswith("_")
    ]  # fmt: skip
    return "\n".join(f"{k}: {v}" for k, v in pairs if isinstance(v, str | int | float)) or None


def _other_line(each, rates, currency, kind):
    net = dec(each.get("total"))
    if not net and kind == "fee":
        return None
    name = each.get("method_title") or each.get("title") or each.get("name") or kind
    # Refunds name the line by its own kind.
    line_id = f"{kind}-{each.get('id')}"
    if kind == "fee" and net < 0:
        kind = "discount"
    return line(
        line_id, 1, net, kind=kind, taxes=_taxes(each, rates, currency, net),
        name=_plain(name) or kind,
    )  # fmt: skip


def _legacy_shipping_tax(order, lines, currency):
    """The legacy API has the tax of shipping on the order only."""
    amount = dec(order.get("shipping_tax"))
    for entry in lines:
        if entry.get("kind") == "shipping" and amount and not entry.get("taxes"):
            if "created_at" in order:
                entry["taxes"] = [tax(None, rounded(amount, currency), base=dec(entry["total"]))]
            return


def _refund(refund, order, context):
    """:param order: the order it is inside of, or {}; a refund alone does not name its order"""
    amount = refund.get("amount")
    amount = abs(dec(amount if amount not in (None, "") else refund.get("total")))
    require(refund.get("id"), "incomplete", "has no id: it is a request, not a refund")
    currency = order.get("currency") or context.get("currency")
    lines = []
    for each in as_list(refund.get("line_items")):
        quantity, money = abs(dec(each.get("quantity"))), dec(each.get("total")) + dec(each.get("total_tax"))
        lines.append(_refund_line(each, "product", quantity, money))
    for kind in ("shipping", "fee"):
        for each in as_list(refund.get(f"{kind}_lines")):
            money = dec(each.get("total")) + dec(each.get("total_tax"))
            if money:
                lines.append(_refund_line(each, kind, ZERO, money))
    return {
        "type": "refund",
        "external_id": ident(refund["id"]),
        "order_external_id": ident(order.get("id") or refund.get("parent_id") or refund.get("order_id")),
        "created_at": require(
            _moment(refund, "date_created", context) or when(refund.get("created_at"))
            or _moment(order, "date_modified", context), "incomplete", "does not say when it was made",
        ),
        "currency": require(currency, "no_currency", "names no currency"),
        "amount": text_of(amount),
        "reason": refund.get("reason") or None,
        "lines": [each for each in lines if each],
        "extra": {"money_sent": refund.get("refunded_payment")},
    }  # fmt: skip


def _refund_line(each, kind, quantity, money):
    if not quantity and not money:
        return None
    refunded = [
        m.get("value") for m in as_list(each.get("meta_data"))
        if isinstance(m, dict) and m.get("key") == "_refunded_item_id"
    ]  # fmt: skip
    prefix = "" if kind == "product" else f"{kind}-"
    return {
        "id": f"{prefix}{ident(each.get('id'))}",
        "kind": None if kind == "product" else kind,
        "order_line_id": f"{prefix}{ident(refunded[0])}" if refunded else None,
        "sku": each.get("sku") or None,
        "name": _plain(each.get("name") or each.get("method_title")),
        "quantity": text_of(quantity),
        # Refunds are negative there; what lowers one (a discount that is taken back) is not.
        "amount": text_of(-money if kind == "fee" else abs(money)),
    }


def _address(address):
    return {
        "name": join(address.get("first_name"), address.get("last_name")),
        "company": address.get("company"),
        "street": address.get("address_1"),
        "street2": address.get("address_2"),
        "city": address.get("city"),
        "zip": address.get("postcode"),
        "state": address.get("state"),
        "country": address.get("country"),
        "phone": address.get("phone"),
        "email": address.get("email"),
    }


def product(entry, parent=None):
    """:return: listing of a product or (with its `parent`) of a variation"""
    barcode = entry.get("global_unique_id")
    return listing(
        entry.get("sku") or entry["id"],
        listing_id=entry["id"],
        name=_plain(entry.get("name") or (parent or {}).get("name")),
        barcode=barcode or None,
        quantity=entry.get("stock_quantity"),
        parent=ident((parent or {}).get("id")),
        managed=bool(entry.get("manage_stock")),
    )


def refund_lines(order, wanted):
    """What a refund request says of lines. WooCommerce takes them without tax, and the tax by rate,
    each in the share of the line that goes back.

    :param order: the shop's document
    :param wanted: list of dicts `line_id`, `quantity` and `amount` (with tax)
    :return: list for ``line_items``
    """
    currency = order.get("currency")
    known = {ident(each.get("id")): each for each in as_list(order.get("line_items"))}
    for kind in ("shipping", "fee"):
        for each in as_list(order.get(f"{kind}_lines")):
            known[f"{kind}-{ident(each.get('id'))}"] = each
    lines = []
    for entry in wanted:
        each = known.get(entry.get("line_id"))
        if each is None:
            continue
        amount = dec(entry.get("amount"))
        worth = dec(each.get("total")) + dec(each.get("total_tax"))
        taxes, left = [], amount
        for part in as_list(each.get("taxes")):
            share = rounded(amount * dec(part.get("total")) / worth, currency) if worth else ZERO
            if share:
                left -= share
                taxes.append({"id": int(part["id"]), "refund_total": float(share)})
        quantity = dec(entry.get("quantity"))
        lines.append(
            {
                "id": int(each["id"]),
                "quantity": int(quantity) if each.get("quantity") is not None else 0,
                "refund_total": float(left),
                "refund_tax": taxes,
            }
        )
    return lines
