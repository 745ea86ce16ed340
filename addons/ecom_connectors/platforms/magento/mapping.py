"""Magento orders: Magento 1 as XML-RPC gives them (also as its XML), Magento 2 as REST does.

Row totals are before discount; prices are without tax, and tax follows the discount.
"""

from ..base import (
    ZERO,
    Found,
    as_dict,
    as_list,
    dec,
    flag,
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
from ..xmlish import looks_like_xml, parse
from .xmlrpc import value_of

_PAID = ("processing", "complete", "closed")


def find(payload, context):
    if looks_like_xml(payload):
        name, value = parse(payload)
        payload = value_of(payload) if name == "methodResponse" else value
    if isinstance(payload, list):
        for each in payload:
            yield from find(each, context)
        return
    payload = as_dict(payload)
    for key in ("result", "orders"):
        if isinstance(payload.get(key), dict | list) and "increment_id" not in payload:
            yield from find(payload[key], context)
            return
    if "increment_id" in payload and ("grand_total" in payload or "base_grand_total" in payload):
        if "order_increment_id" in payload or ("order_id" in payload and _is_memo(payload)):
            yield Found("refund", _memo_id(payload), lambda: _refund(payload, context), payload)
        elif "items" in payload:
            yield Found("order", ident(payload["increment_id"]), lambda: _order(payload, context), payload)
    elif isinstance(payload.get("items"), list):
        yield from find(payload["items"], context)


def _is_memo(payload):
    """Whether it is a credit memo: it belongs to an order, and was no cart before."""
    cart = {"quote_id", "payment", "status_history", "status_histories"}
    return "creditmemo_id" in payload or ("order_id" in payload and not cart & set(payload))


def _memo_id(payload):
    return ident(payload.get("increment_id"))


def _order(order, context):
    currency = require(order.get("order_currency_code") or order.get("base_currency_code"),
                       "no_currency", "names no currency")  # fmt: skip
    grand = dec(require(order.get("grand_total"), "no_total", "states no total"))
    payments, paid_otherwise = _other_payments(order, currency)
    total = rounded(grand + paid_otherwise, currency)
    items = [each for each in as_list(order.get("items")) if isinstance(each, dict)]
    lines = _lines(require(items, "no_lines", "has no items"), currency)
    lines += _shipping(order, currency)
    _order_discount(order, lines, currency)
    settle(lines, total, currency)
    state = order.get("state")
    billing, shipping = as_dict(order.get("billing_address")), _shipping_address(order)
    guest = flag(order.get("customer_is_guest"))
    due = dec(order.get("total_due"), grand - dec(order.get("total_paid")))
    paid = state in _PAID or (grand and dec(order.get("total_paid")) >= grand) or not grand
    method = as_dict(order.get("payment")).get("method")
    cod = method == "cashondelivery"
    if grand:
        payments.append(
            {
                "method": method,
                "kind": "cash_on_delivery" if cod else None,
                "amount": text_of(rounded(grand, currency)),
                "state": "paid" if paid and not cod and due <= 0 or (paid and not cod and "total_due" not in order)
                else "pending",
            }
        )  # fmt: skip
    return {
        "external_id": ident(order["increment_id"]),
        "status": {"canceled": "cancelled", "complete": "completed", "closed": "completed"}.get(state, "open"),
        "placed_at": when(order.get("created_at")),
        "updated_at": when(order.get("updated_at")),
        "currency": currency,
        "prices_include_tax": False,
        "customer": {
            "external_id": None if guest else ident(order.get("customer_id")),
            "name": join(order.get("customer_firstname"), order.get("customer_lastname"))
            or join(billing.get("firstname"), billing.get("lastname")),
            "company": billing.get("company"),
            "email": order.get("customer_email"),
            "phone": billing.get("telephone"),
            "vat": order.get("customer_taxvat") or billing.get("vat_id"),
        },
        "billing_address": _address(billing),
        "shipping_address": _address(shipping),
        "lines": unique_ids(lines),
        "payments": payments,
        "total": text_of(total),
        "delivery_option": order.get("shipping_description"),
        "buyer_message": order.get("customer_note"),
        "extra": {
            "state": state, "status": order.get("status"), "store": order.get("store_id"),
            # An edited order is cancelled and made again under another number.
            "replaces": ident(order.get("relation_parent_real_id")),
            "replaced_by": ident(order.get("relation_child_real_id")),
        },
    }  # fmt: skip


def _other_payments(order, currency):
    """:return: (payments, their sum): gift cards, store credit and points lower the grand total, but
    are ways of paying"""
    found, total = [], ZERO
    extension = as_dict(order.get("extension_attributes"))
    for key, kind in (
        ("gift_cards_amount", "gift_card"),
        ("customer_balance_amount", "store_credit"),
        ("reward_currency_amount", "store_credit"),
    ):
        amount = dec(order.get(key, extension.get(key)))
        if amount:
            found.append({"kind": kind, "amount": text_of(rounded(amount, currency)), "state": "paid"})
            total += amount
    return found, total


def _lines(items, currency):
    """A configurable product has its simple one as a child with the same SKU and no price; a bundle
    has its price on itself or on its parts, whichever is not zero."""
    by_id = {ident(each.get("item_id")): each for each in items}
    parents = {ident(each.get("parent_item_id")) for each in items if each.get("parent_item_id")}
    lines = []
    for each in items:
        item_id, parent = ident(each.get("item_id")), by_id.get(ident(each.get("parent_item_id")))
        quantity = dec(each.get("qty_ordered"))
        row = dec(each.get("row_total"))
        if parent is not None:
            # What is delivered of a bundle are its parts; of a configurable it is the parent's SKU.
            if parent.get("product_type") != "bundle" or not (row or dec(parent.get("row_total"))):
                continue
            if dec(parent.get("row_total")):
                continue
        elif each.get("product_type") == "bundle" and item_id in parents and not row:
            continue
        if not quantity:
            continue
        discount, amount = dec(each.get("discount_amount")), dec(each.get("tax_amount"))
        rate = each.get("tax_percent")
        entries = [tax(rate if dec(rate) else None, rounded(amount, currency), base=row - discount)] if amount else []
        lines.append(
            line(
                item_id, quantity, rounded(row, currency), discount=rounded(abs(discount), currency), taxes=entries,
                sku=each.get("sku"), listing_id=ident(each.get("product_id")),
                name=each.get("name") or item_id,
            )
        )  # fmt: skip
    return lines


def _shipping(order, currency):
    net = dec(order.get("shipping_amount"))
    amount = dec(order.get("shipping_tax_amount"))
    if not net and not order.get("shipping_description"):
        return []
    discount = dec(order.get("shipping_discount_amount"))
    return [
        line(
            "shipping", 1, net, discount=abs(discount), kind="shipping",
            name=order.get("shipping_description") or "Shipping",
            taxes=[tax(None, rounded(amount, currency), base=net - abs(discount))] if amount else [],
        )
    ]  # fmt: skip


def _order_discount(order, lines, currency):
    """What the order's discount has more than its lines."""
    stated = abs(dec(order.get("discount_amount")))
    on_lines = sum((dec(e.get("discount")) for e in lines), ZERO)
    rest = rounded(stated - on_lines, currency)
    if rest > dec("0.05"):
        lines.append(line("discount", 1, -rest, kind="discount",
                          name=order.get("discount_description") or order.get("coupon_code") or "Discount"))  # fmt: skip


def _shipping_address(order):
    if order.get("shipping_address"):
        return as_dict(order["shipping_address"])
    for each in as_list(as_dict(order.get("extension_attributes")).get("shipping_assignments")):
        return as_dict(as_dict(each.get("shipping")).get("address"))
    return {}


def _address(address):
    if not address:
        return None
    street = address.get("street")
    parts = street if isinstance(street, list) else str(street or "").split("\n")
    return {
        "name": join(address.get("firstname"), address.get("lastname")),
        "company": address.get("company"),
        "street": parts[0] if parts else None,
        "street2": join(*parts[1:], separator=", "),
        "city": address.get("city"),
        "zip": address.get("postcode"),
        "state": address.get("region_code") or address.get("region"),
        "country": address.get("country_id"),
        "phone": address.get("telephone"),
        "email": address.get("email"),
    }


def _refund(memo, context):
    currency = require(memo.get("order_currency_code") or context.get("currency"), "no_currency", "names no currency")
    lines = [
        {
            "id": ident(each.get("item_id") or each.get("entity_id") or each.get("order_item_id")),
            "order_line_id": ident(each.get("order_item_id")),
            "sku": each.get("sku"),
            "name": each.get("name"),
            "quantity": text_of(dec(each.get("qty"))),
            "amount": text_of(rounded(dec(each.get("row_total")) + dec(each.get("tax_amount")) - abs(dec(each.get("discount_amount"))), currency)),
        }
        for each in as_list(memo.get("items"))
        if dec(each.get("qty"))
    ]
    return {
        "type": "refund",
        "external_id": ident(memo["increment_id"]),
        "order_external_id": ident(memo.get("order_increment_id")),
        "created_at": when(memo.get("created_at")),
        "currency": currency,
        "amount": text_of(rounded(memo.get("grand_total"), currency)),
        "lines": unique_ids(lines),
    }
