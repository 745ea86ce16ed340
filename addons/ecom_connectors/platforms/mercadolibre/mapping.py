"""Mercado Libre orders. Postage is in the shipment (`shipment_detail`), not in the order."""

from ..base import (
    Found,
    as_dict,
    as_list,
    dec,
    ident,
    join,
    line,
    require,
    rounded,
    text_of,
    unique_ids,
    when,
)

_STATE = {
    "paid": "paid", "confirmed": "unpaid", "payment_required": "unpaid",
    "payment_in_process": "unpaid", "partially_paid": "partially_paid",
    "partially_refunded": "partially_refunded",
}  # fmt: skip


def find(payload, context):
    if isinstance(payload, list):
        for each in payload:
            yield from find(each, context)
        return
    payload = as_dict(payload)
    if isinstance(payload.get("results"), list):
        yield from find(payload["results"], context)
    elif "order_items" in payload:
        yield Found("order", ident(payload.get("id")), lambda: _order(payload), payload)
        for payment in as_list(payload.get("payments")):
            amount = dec(payment.get("transaction_amount_refunded"))
            if amount or payment.get("status") == "refunded":
                yield Found("refund", f"refund-{payment.get('id')}",
                            lambda payment=payment: _refund(payload, payment))  # fmt: skip


def _order(order):
    currency = require(order.get("currency_id"), "no_currency", "names no currency")
    goods = rounded(require(order.get("total_amount"), "no_total", "states no total"), currency)
    shipment = as_dict(order.get("shipment_detail") or order.get("shipping"))
    lines = []
    for index, each in enumerate(as_list(require(order.get("order_items"), "no_lines", "has no items")), 1):
        item = as_dict(each.get("item"))
        quantity, unit = dec(each.get("quantity")), dec(each.get("unit_price"))
        full = max(dec(each.get("full_unit_price"), unit), unit)
        variation = ident(item.get("variation_id"))
        attributes = join(*(a.get("value_name") for a in as_list(item.get("variation_attributes"))), separator=", ")
        amount = rounded(full * quantity, currency)
        lines.append(line(
            f"{ident(item.get('id'))}-{variation or index}", quantity, amount,
            discount=amount - rounded(unit * quantity, currency),
            sku=_sku(item), listing_id=join(item.get("id"), variation, separator="-"),
            name=join(item.get("title"), attributes, separator=", "),
        ))  # fmt: skip
    payments = as_list(order.get("payments"))
    shipping = _shipping_cost(shipment, payments)
    total = goods
    if shipping:
        lines.append(line("shipping", 1, shipping, kind="shipping", name="Envio"))
        total += rounded(shipping, currency)
    buyer = as_dict(order.get("buyer"))
    address = as_dict(shipment.get("receiver_address"))
    status = order.get("status")
    return {
        "external_id": ident(order["id"]),
        "number": ident(order["id"]),
        "status": "cancelled" if status in ("cancelled", "invalid")
        else "completed" if order.get("fulfilled") is True else "open",
        "placed_at": when(order.get("date_created")),
        "updated_at": when(order.get("last_updated") or order.get("date_last_updated")),
        "currency": currency,
        "prices_include_tax": True,
        "customer": {
            "external_id": ident(buyer.get("id")),
            "name": join(buyer.get("first_name"), buyer.get("last_name")) or buyer.get("nickname"),
            "email": buyer.get("email"),
            "vat": ident(as_dict(buyer.get("billing_info")).get("doc_number")),
        },
        "shipping_address": _address(address, shipment),
        "lines": unique_ids(lines),
        "payments": _payments(payments, currency),
        "payment_state": _STATE.get(status),
        "total": text_of(total),
        "fulfilled_by": "platform" if shipment.get("logistic_type") == "fulfillment" else "merchant",
        "extra": {
            "pack": ident(order.get("pack_id")), "shipment": ident(shipment.get("id")), "tags": order.get("tags"),
        },
    }  # fmt: skip


def _sku(item):
    """The seller's SKU, in the order in which Mercado Libre says to look for it."""
    for key in ("seller_sku", "seller_custom_field"):
        if item.get(key):
            return ident(item[key])
    for attribute in as_list(item.get("attributes")):
        if attribute.get("id") == "SELLER_SKU":
            return ident(attribute.get("value_name"))
    return None


def _shipping_cost(shipment, payments):
    """:return: what the buyer paid for postage"""
    option = as_dict(shipment.get("shipping_option") or shipment.get("lead_time"))
    if option.get("cost") is not None:
        return dec(option["cost"])
    return sum((dec(p.get("shipping_cost")) for p in payments if p.get("status") == "approved"), dec(0))


def _payments(payments, currency):
    states = {"approved": "paid", "refunded": "refunded", "pending": "pending", "in_process": "pending",
              "authorized": "authorized"}  # fmt: skip
    return [
        {
            "id": ident(p.get("id")),
            "method": p.get("payment_method_id"),
            "amount": text_of(rounded(dec(p.get("transaction_amount")) + dec(p.get("shipping_cost")), currency)),
            "state": states.get(p.get("status"), "failed"),
            "paid_at": when(p.get("date_approved")),
        }
        for p in payments
    ]


def _refund(order, payment):
    amount = dec(payment.get("transaction_amount_refunded")) or dec(payment.get("transaction_amount"))
    return {
        "type": "refund",
        "external_id": f"refund-{ident(payment['id'])}",
        "order_external_id": ident(order["id"]),
        "created_at": when(payment.get("date_last_modified") or order.get("last_updated")),
        "currency": payment.get("currency_id") or order.get("currency_id"),
        "amount": text_of(amount),
    }


def _address(address, shipment):
    if not address:
        return None
    return {
        "name": address.get("receiver_name"),
        "street": address.get("address_line") or join(address.get("street_name"), address.get("street_number")),
        "street2": address.get("comment"),
        "district": as_dict(address.get("neighborhood")).get("name"),
        "city": as_dict(address.get("city")).get("name"),
        "zip": address.get("zip_code"),
        "state": as_dict(address.get("state")).get("name"),
        "country": as_dict(address.get("country")).get("id"),
        "phone": address.get("receiver_phone"),
    }
