"""Shopify orders, as REST (and its webhooks) and as GraphQL write them.

GraphQL answers are brought into the shape of REST first, with the number of their gid as id, so
that an order is the same one whichever way it came.
"""

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
    listing,
    require,
    rounded,
    tax,
    text_of,
    unique_ids,
    unwrap,
    when,
)
from .graphql_shape import from_graphql, is_graphql, nodes, tail

_FINANCIAL = {
    "pending": "unpaid",
    "authorized": "authorized",
    "partially_paid": "partially_paid",
    "paid": "paid",
    "partially_refunded": "partially_refunded",
    "refunded": "refunded",
    "voided": "voided",
    "expired": "voided",
}


_ENVELOPES = ("data", "order", "orders", "refund", "refunds", "node", "nodes", "product", "products")


def find(payload, context):
    for document in unwrap(payload, _ENVELOPES, ("line_items", "lineItems", "draft_order", "returnLineItems")):
        yield from _find_in(document)


def _find_in(payload):
    if "draft_order" in payload:
        draft = payload["draft_order"]
        yield Found("order", ident(draft.get("id")), lambda: _draft(draft), draft)
    elif "returnLineItems" in payload:
        yield Found("return", tail(payload.get("id")), lambda: _return(payload), payload)
    elif is_graphql(payload):
        yield from _order_and_refunds(from_graphql(payload), payload)
    elif "refund_line_items" in payload:
        yield Found("refund", ident(payload.get("id")), lambda: _refund(payload, {}), payload)
    elif "line_items" in payload and ("total_price" in payload or "financial_status" in payload):
        yield from _order_and_refunds(payload, payload)
    elif isinstance(payload.get("variants"), list) and "title" in payload:
        for variant in payload["variants"]:
            yield Found(
                "listing", ident(variant.get("id")),
                lambda variant=variant: _listing(payload, variant),
            )  # fmt: skip


_RETURN_STATES = {
    "REQUESTED": "requested",
    "OPEN": "approved",
    "DECLINED": "declined",
    "CANCELED": "withdrawn",
    "CLOSED": "closed",
}


def _return(case):
    """Shopify gives a request no deadline. Lines of gift cards and the like are no goods: left out."""
    if as_dict(as_dict(case.get("returnLineItems")).get("pageInfo")).get("hasNextPage"):
        raise Unmappable("incomplete", "has more lines than are read: see to it in Shopify")
    lines = []
    for each in nodes(case.get("returnLineItems")):
        item = tail(as_dict(as_dict(each.get("fulfillmentLineItem")).get("lineItem")).get("id"))
        if item and dec(each.get("quantity")) > 0:
            note = join(each.get("returnReasonNote"), each.get("customerNote"))
            lines.append({"order_line_id": item, "quantity": text_of(each["quantity"]), "note": note})
    return {
        "type": "return",
        "external_id": tail(case["id"]),
        "number": case.get("name"),
        "order_external_id": tail(as_dict(case.get("order")).get("id")),
        "status": require(_RETURN_STATES.get(case.get("status")), "unreadable", "has an unknown status"),
        "created_at": when(case["createdAt"]),
        "note": next((line["note"] for line in lines if line["note"]), None),
        "lines": require(lines, "no_lines", "names no goods"),
    }


def _draft(draft):
    raise Unmappable("not_placed", f"is a draft order ({draft.get('status') or 'open'})")


def _order_and_refunds(order, raw):
    yield Found("order", ident(order.get("id")), lambda: _order(order), raw)
    for refund in as_list(order.get("refunds")):
        if isinstance(refund, dict):
            yield Found(
                "refund", ident(refund.get("id")), lambda refund=refund: _refund(refund, order)
            )


def _order(order):
    currency = require(order.get("currency"), "no_currency", "names no currency")
    total = dec(require(order.get("total_price"), "no_total", "states no total"))
    require(as_list(order.get("line_items")), "no_lines", "has no lines")
    included = bool(order.get("taxes_included"))
    lines = _lines(order, currency, "quantity")
    if _sum(lines, included) != total and any("current_quantity" in e for e in order["line_items"]):
        # Edited: the pieces there are now, at the price there is now.
        current, now = _lines(order, currency, "current_quantity"), order.get("current_total_price")
        if now is not None and current and _sum(current, included) == dec(now):
            lines, total = current, dec(now)
    discounts = _order_discounts(order, lines, total, included)
    _share_order_taxes(order, lines, total, included, discounts, currency)
    lines += _explained(order, lines, total, included, discounts)
    customer = as_dict(order.get("customer"))
    shipping, billing = as_dict(order.get("shipping_address")), as_dict(order.get("billing_address"))
    state = _FINANCIAL.get(order.get("financial_status"))
    return {
        "external_id": ident(order["id"]),
        "number": order.get("name") or ident(order.get("order_number")),
        "status": _status(order),
        "placed_at": when(order.get("processed_at") or order.get("created_at")),
        "updated_at": when(order.get("updated_at")),
        "currency": currency,
        "prices_include_tax": included,
        "customer": {
            "external_id": ident(customer.get("id")),
            "name": join(customer.get("first_name"), customer.get("last_name"))
            or shipping.get("name") or billing.get("name"),
            "company": as_dict(customer.get("default_address")).get("company"),
            "email": order.get("email") or order.get("contact_email") or customer.get("email"),
            "phone": order.get("phone") or customer.get("phone") or shipping.get("phone"),
            "language": order.get("customer_locale"),
        },
        "billing_address": _address(billing),
        "shipping_address": _address(shipping),
        "lines": unique_ids(lines),
        "discounts": discounts,
        "payments": _payments(order, total, state),
        "payment_state": state,
        "total": text_of(total),
        "buyer_message": order.get("note"),
        "delivery_option": join(
            *(s.get("title") for s in as_list(order.get("shipping_lines"))), separator=", "
        ),
        "tags": [tag.strip() for tag in _tags(order) if tag.strip()],
        "extra": {
            "presentment_currency": order.get("presentment_currency"),
            "source": order.get("source_name"),
            "test": order.get("test") or None,
            "gateways": order.get("payment_gateway_names"),
            "attributes": order.get("note_attributes"),
        },
    }  # fmt: skip


def _tags(order):
    tags = order.get("tags") or ""
    return tags if isinstance(tags, list) else str(tags).split(",")


def _status(order):
    if order.get("cancelled_at"):
        return "cancelled"
    if order.get("closed_at") or order.get("fulfillment_status") == "fulfilled":
        return "completed"
    return "open"


def _allocated(entry):
    return sum((dec(a.get("amount")) for a in as_list(entry.get("discount_allocations"))), ZERO)


def _line_taxes(entry, share=None):
    taxes = []
    for each in as_list(entry.get("tax_lines")):
        rate = each.get("rate")
        amount = dec(each.get("price"))
        if share is not None:
            amount = round(amount * share, 2)
        if not amount and not dec(rate):
            continue
        percent = None if rate is None else dec(rate) * 100
        taxes.append(tax(percent, amount, base=dec(entry.get("price")), name=each.get("title"),
                         platform=bool(each.get("channel_liable"))))  # fmt: skip
    return [each for each in taxes if each]


def _lines(order, currency, quantity_field):
    lines = []
    for entry in as_list(order.get("line_items")):
        ordered = dec(entry.get("quantity"))
        quantity = dec(entry.get(quantity_field), ordered)
        if not quantity:
            continue
        share = quantity / ordered if quantity != ordered and ordered else None
        amount = dec(entry.get("price")) * quantity
        discount = _allocated(entry) or dec(entry.get("total_discount"))
        if share is not None:
            discount = rounded(discount * share, currency)
        variant = ident(entry.get("variant_id"))
        lines.append(
            line(
                entry.get("id"), quantity, amount, discount=discount,
                taxes=_line_taxes(entry, share),
                sku=entry.get("sku") or None,
                listing_id=variant or ident(entry.get("product_id")),
                name=entry.get("name") or entry.get("title") or ident(entry.get("id")),
                note=_properties(entry),
            )
        )  # fmt: skip
    for entry in as_list(order.get("shipping_lines")):
        if entry.get("is_removed"):
            continue
        price = dec(entry.get("price"))
        discount = _allocated(entry)
        if not discount and entry.get("discounted_price") is not None:
            discount = price - dec(entry["discounted_price"])
        lines.append(
            line(
                f"shipping-{entry.get('id') or len(lines)}", 1, price, discount=discount,
                kind="shipping", taxes=_line_taxes(entry),
                name=entry.get("title") or entry.get("code") or "Shipping",
            )
        )  # fmt: skip
    return lines


def _properties(entry):
    """:return: what the buyer typed in; a list of names and values, except where it is not"""
    properties = entry.get("properties")
    if isinstance(properties, dict):
        pairs = list(properties.items())
    elif isinstance(properties, list):
        pairs = [(p.get("name"), p.get("value")) for p in properties if isinstance(p, dict)]
    else:
        pairs = []
    return "\n".join(
        f"{k}: {v}" for k, v in pairs
        if k and not str(k).startswith("_") and isinstance(v, str | int | float)
    ) or None  # fmt: skip


def _sum(lines, included, discounts=()):
    result = -sum((dec(d["amount"]) for d in discounts), ZERO)
    for entry in lines:
        result += dec(entry["total"])
        if not included:
            result += sum(
                (dec(t.get("amount")) for t in entry.get("taxes", ())
                 if t.get("collected_by") != "platform"), ZERO,
            )  # fmt: skip
    return result


def _order_discounts(order, lines, total, included):
    """A discount of the whole order that no line contains, in orders from before allocations."""
    on_lines = sum((dec(entry.get("discount")) for entry in lines), ZERO)
    rest = dec(order.get("total_discounts")) - on_lines
    if rest <= 0 or any(as_list(e.get("discount_allocations")) for e in as_list(order.get("line_items"))):
        return []
    codes = [c.get("code") for c in as_list(order.get("discount_codes"))]
    if _sum(lines, included) == total:
        return []
    return [{"amount": text_of(rest), "code": join(*codes, separator=", ")}]


def _share_order_taxes(order, lines, total, included, discounts, currency):
    """Old orders have taxes of the whole only: they are shared out over the lines by value."""
    if any(entry.get("taxes") for entry in lines) or not as_list(order.get("tax_lines")):
        return
    if not included and _sum(lines, included, discounts) == total:
        return
    targets = [e for e in lines if dec(e["total"]) > 0 and e.get("kind", "product") == "product"]
    worth = sum((dec(e["total"]) for e in targets), ZERO)
    for each in as_list(order["tax_lines"]):
        amount, left = dec(each.get("price")), dec(each.get("price"))
        for index, entry in enumerate(targets):
            last = index == len(targets) - 1
            part = left if last else rounded(amount * dec(entry["total"]) / worth, currency)
            left -= part
            entry.setdefault("taxes", []).append(
                tax(dec(each.get("rate")) * 100, part, name=each.get("title"))
            )


def _explained(order, lines, total, included, discounts):
    """:return: tips, duties and fees that Shopify has on the order, where the total holds them"""
    rest = total - _sum(lines, included, discounts)
    found = []
    for kind, name, key in (
        ("tip", "Tip", "total_tip_received"),
        ("duty", "Duties", "original_total_duties_set"),
        ("fee", "Fees", "original_total_additional_fees_set"),
    ):
        value = order.get(key)
        if isinstance(value, dict):
            value = as_dict(value.get("shop_money")).get("amount")
        amount = dec(value)
        if amount and amount <= rest:
            found.append(line(kind, 1, amount, kind=kind, name=name))
            rest -= amount
    return found


def _payments(order, total, state):
    outstanding = dec(order.get("total_outstanding"))
    method = join(*as_list(order.get("payment_gateway_names")), separator=", ") or order.get("gateway")
    if state in ("paid", "partially_refunded", "refunded", "partially_paid"):
        paid = total - outstanding if state == "partially_paid" else total
        return [{"method": method, "amount": text_of(paid), "state": "paid",
                 "paid_at": when(order.get("processed_at"))}]  # fmt: skip
    if state == "authorized":
        return [{"method": method, "amount": text_of(total), "state": "authorized"}]
    cod = "cash on delivery" in str(method).lower()
    return [
        {
            "method": method,
            "amount": text_of(total),
            "kind": "cash_on_delivery" if cod else None,
            "state": "failed" if state == "voided" else "pending",
        }
    ]


def _refund(refund, order):
    order_id = ident(refund.get("order_id") or order.get("id"))
    transactions = [
        t for t in as_list(refund.get("transactions"))
        if t.get("kind") in ("refund", "void") and t.get("status", "success") == "success"
    ]  # fmt: skip
    currency = order.get("currency") or next(
        (t.get("currency") for t in transactions if t.get("currency")), None
    )
    lines = []
    for each in as_list(refund.get("refund_line_items")):
        lines.append(_refund_line(each))
    for each in as_list(refund.get("order_adjustments")):
        if each.get("kind") == "shipping_refund":
            lines.append(
                {
                    "id": f"adjustment-{each.get('id')}",
                    "kind": "shipping",
                    "quantity": "0",
                    "amount": text_of(abs(dec(each.get("amount")) + dec(each.get("tax_amount")))),
                }
            )
    if transactions:
        amount = sum((dec(t.get("amount")) for t in transactions), ZERO)
    else:
        # Nothing went back by a payment provider; what the lines are worth may be owed still.
        amount = ZERO
    if not amount and not lines:
        raise Unmappable("no_money", "gives back neither money nor goods")
    return {
        "type": "refund",
        "external_id": ident(require(refund.get("id"), "incomplete", "has no id: it is a calculation, no refund")),
        "order_external_id": order_id,
        "created_at": when(refund.get("processed_at") or refund.get("created_at")),
        "currency": require(currency, "no_currency", "names no currency"),
        "amount": text_of(amount),
        "reason": refund.get("note"),
        "lines": unique_ids(lines),
    }  # fmt: skip


def _refund_line(each):
    entry = as_dict(each.get("line_item"))
    quantity = dec(each.get("quantity"))
    if each.get("subtotal") is not None:
        amount = dec(each["subtotal"]) + dec(each.get("total_tax"))
    else:
        amount = dec(entry.get("price")) * quantity
    return {
        "id": ident(each.get("id")) or ident(each.get("line_item_id")),
        "order_line_id": ident(each.get("line_item_id") or entry.get("id")),
        "sku": entry.get("sku") or None,
        "name": entry.get("name") or entry.get("title"),
        # A refund for goods that never left, or that the buyer keeps, takes nothing back.
        "quantity": text_of(quantity),
        "amount": text_of(amount),
    }


def _address(address):
    address = as_dict(address)
    if not address:
        return None
    return {
        "name": address.get("name") or join(address.get("first_name"), address.get("last_name")),
        "company": address.get("company"),
        "street": address.get("address1"),
        "street2": address.get("address2"),
        "city": address.get("city"),
        "zip": address.get("zip"),
        "state": address.get("province_code") or address.get("province"),
        "country": address.get("country_code") or address.get("country"),
        "phone": address.get("phone"),
    }


def _listing(product, variant):
    title = variant.get("title")
    return listing(
        variant.get("sku") or variant["id"],
        listing_id=variant["id"],
        name=join(product.get("title"), title if title != "Default Title" else None, separator=", "),
        barcode=variant.get("barcode"),
        quantity=variant.get("inventory_quantity"),
        inventory_item=ident(variant.get("inventory_item_id")),
    )
