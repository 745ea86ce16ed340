"""Orders of another Odoo: a sale.order as search_read gives it, its lines and partners inside."""

from ..base import (
    ZERO,
    Found,
    Unmappable,
    as_dict,
    as_list,
    dec,
    ident,
    line,
    require,
    settle,
    tax,
    text_of,
    when,
)


def find(payload, context):
    if isinstance(payload, list):
        for each in payload:
            yield from find(each, context)
        return
    payload = as_dict(payload)
    if "order_line" in payload and "date_order" in payload:
        yield Found("order", ident(payload.get("id")), lambda: _order(payload, context), payload)
        for refund in as_list(payload.get("refund_transactions")):
            yield Found(
                "refund", ident(refund.get("id")), lambda refund=refund: _refund(refund, payload, context)
            )


def _refund(refund, order, context):
    """A payment that went back: its amount is negative there."""
    currency = _name(order.get("currency_id")) or context.get("currency")
    return {
        "type": "refund",
        "external_id": ident(refund["id"]),
        "order_external_id": ident(order.get("id")),
        "created_at": when(refund.get("create_date")),
        "currency": require(currency, "no_currency", "names no currency"),
        "amount": text_of(abs(dec(refund.get("amount")))),
        "reason": refund.get("reference"),
    }


def _name(many2one):
    """:return: display name of a many2one, which is [id, name] or an object"""
    if isinstance(many2one, list | tuple) and len(many2one) > 1:
        return many2one[1]
    return as_dict(many2one).get("display_name") or as_dict(many2one).get("name")


def _order(order, context):
    state = order.get("state")
    entries = as_list(order.get("order_line"))
    if entries and not isinstance(entries[0], dict):
        raise Unmappable("incomplete", "holds the ids of its lines only: read sale.order.line too")
    if state in ("draft", "sent") and not order.get("transaction_state"):
        raise Unmappable("not_placed", f"is not placed yet ({state})")
    currency = _name(order.get("currency_id")) or context.get("currency")
    require(currency, "no_currency", "names no currency")
    lines = [
        _line(entry) for entry in entries if not entry.get("display_type")
    ]  # fmt: skip
    require(lines, "no_lines", "has no lines")
    total = dec(require(order.get("amount_total"), "no_total", "states no total"))
    settle(lines, total, currency)
    paid = order.get("transaction_state") == "done" or (
        dec(order.get("amount_paid")) >= total and total
    )
    return {
        "external_id": ident(order["id"]),
        "number": order.get("name"),
        "status": "cancelled" if state == "cancel" else "open",
        "placed_at": when(order.get("date_order")),
        "updated_at": when(order.get("write_date")),
        "currency": currency,
        "prices_include_tax": False,
        "customer": _customer(order),
        "billing_address": _address(order.get("partner_invoice")),
        "shipping_address": _address(order.get("partner_shipping")),
        "lines": lines,
        "payments": [
            {
                "id": order.get("name"),
                "amount": text_of(total),
                "state": "paid" if paid else
                "authorized" if order.get("transaction_state") == "authorized" else "pending",
            }
        ],
        "total": text_of(total),
        "buyer_message": order.get("client_order_ref") or None,
        "delivery_option": _name(order.get("carrier_id")),
    }  # fmt: skip


def _line(entry):
    quantity = dec(entry.get("product_uom_qty"))
    net, taxed = dec(entry.get("price_subtotal")), dec(entry.get("price_total"))
    product = as_dict(entry.get("product"))
    before = net
    percent = dec(entry.get("discount"))
    if ZERO < percent < 100:
        before = round(net * 100 / (100 - percent), 2)
    if entry.get("is_delivery"):
        kind = "shipping"
    elif net < 0:
        kind = "discount"
    else:
        kind = "product"
    if net < 0:
        before = net
    return line(
        ident(entry["id"]), quantity, before, discount=before - net, kind=kind,
        sku=product.get("default_code") or None, barcode=product.get("barcode") or None,
        listing_id=ident(product.get("id")), name=entry.get("name"),
        taxes=[tax(entry.get("tax_rate"), taxed - net, base=net)] if taxed != net else [],
    )  # fmt: skip


def _customer(order):
    partner = as_dict(order.get("partner"))
    return {
        "external_id": ident(partner.get("id")),
        "name": partner.get("name"),
        "email": partner.get("email") or None,
        "phone": partner.get("phone") or None,
        "vat": partner.get("vat") or None,
    }


def _address(partner):
    partner = as_dict(partner)
    if not partner:
        return None
    return {
        "name": partner.get("name") or None,
        "street": partner.get("street") or None,
        "street2": partner.get("street2") or None,
        "city": partner.get("city") or None,
        "zip": partner.get("zip") or None,
        "state": partner.get("state_code") or None,
        "country": partner.get("country_code") or None,
        "phone": partner.get("phone") or None,
        "email": partner.get("email") or None,
    }
