"""Walmart orders: US and CA marketplace, MX marketplace and drop-ship suppliers; JSON or XML."""

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
from ..xmlish import looks_like_xml, parse


def find(payload, context):
    if looks_like_xml(payload):
        name, value = parse(payload)
        payload = {name: value}
    if isinstance(payload, list):
        for each in payload:
            yield from find(each, context)
        return
    payload = as_dict(payload)
    if "purchaseOrderId" in payload and "orderLines" in payload:
        yield Found("order", ident(payload["purchaseOrderId"]), lambda: _order(payload), payload)
        for refund_id, build in _refunds(payload):
            yield Found("refund", refund_id, build)
        return
    if "returnOrderId" in payload:
        yield Found("refund", ident(payload["returnOrderId"]), lambda: _return(payload), payload)
        return
    for key in ("list", "elements", "order", "orders", "returnOrders", "ordersResponse"):
        if isinstance(payload.get(key), dict | list):
            yield from find(payload[key], context)
            return


def _many(value, name):
    """:return: list of what is a list, or an object that holds one (or a single one)"""
    if isinstance(value, dict):
        value = value.get(name)
    return as_list(value)


def _lines(order):
    return _many(order.get("orderLines"), "orderLine")


def _charges(entry):
    return _many(entry.get("charges"), "charge")


def _taxes_of(charge):
    return [as_dict(each) for each in as_list(charge.get("tax")) if each]


def _value(money):
    return dec(as_dict(money).get("amount"))


def _currency(order):
    for entry in _lines(order):
        for charge in _charges(entry):
            code = as_dict(charge.get("chargeAmount")).get("currency")
            if code:
                return code
    return None


def _order(order):
    currency = require(_currency(order), "no_currency", "names no currency")
    entries = require(_lines(order), "no_lines", "has no lines")
    mexican = any("unitPriceWithoutTax" in as_dict(e.get("item")) for e in entries)
    lines = []
    for entry in entries:
        lines += _line(entry, currency, mexican)
    lines = unique_ids(require(lines, "no_lines", "has no line with a quantity"))
    total = sum((dec(e["total"]) for e in lines), ZERO)
    if not mexican:
        total += sum((dec(t.get("amount")) for e in lines for t in e.get("taxes", ())), ZERO)
    if order.get("orderType") == "REPLACEMENT":
        # Already paid with the order that it replaces.
        for e in lines:
            e.update(unit_price="0", total="0", taxes=[])
            e.pop("discount", None)
        total = ZERO
    info = as_dict(order.get("shippingInfo"))
    address = as_dict(info.get("postalAddress"))
    node = as_dict(order.get("shipNode"))
    statuses = [str(s.get("status")) for e in entries for s in _statuses(e)]
    return {
        "external_id": ident(order["purchaseOrderId"]),
        "number": ident(order.get("customerOrderId")) or ident(order["purchaseOrderId"]),
        "status": _status(statuses),
        "placed_at": when(order.get("orderDate")),
        "updated_at": max(
            filter(None, (when(e.get("statusDate")) for e in [*entries, *(s for e in entries for s in _statuses(e))])),
            default=None,
        ),
        "currency": currency,
        "prices_include_tax": mexican,
        "customer": {
            "external_id": order.get("customerEmailId") or None,
            "name": address.get("name"),
            "email": order.get("customerEmailId"),
            "phone": info.get("phone"),
        },
        "billing_address": _address(as_dict(order.get("billingInfo"))),
        "shipping_address": _address(info),
        "lines": lines,
        "payments": [{"method": "Walmart", "amount": text_of(total), "state": "paid"}],
        "total": text_of(total),
        "delivery_option": info.get("methodCode"),
        "ship_by": when(info.get("estimatedShipDate")),
        "deliver_by": when(info.get("estimatedDeliveryDate")),
        "fulfilled_by": "platform" if node.get("type") == "WFSFulfilled" else "merchant",
        "extra": {
            "type": order.get("orderType"),
            "replaces": ident(order.get("originalCustomerOrderID")),
            "node": node.get("type"),
            "statuses": sorted(set(statuses)),
        },
    }  # fmt: skip


def _statuses(entry):
    return _many(entry.get("orderLineStatuses") or entry.get("orderLineStatus"), "orderLineStatus")


def _status(statuses):
    if statuses and all(s == "Cancelled" for s in statuses):
        return "cancelled"
    if statuses and all(s in ("Shipped", "Delivered", "Cancelled", "Refund") for s in statuses):
        return "completed"
    return "open"


def _line(entry, currency, mexican):
    item = as_dict(entry.get("item"))
    line_id = ident(entry.get("lineNumber") or entry.get("primeLineNumber"))
    quantity = dec(as_dict(entry.get("orderLineQuantity")).get("amount"))
    if not quantity:
        return []  # cancelled
    goods, taxes, discount, result = ZERO, [], ZERO, []
    shipping, shipping_taxes, shipping_off = None, [], ZERO
    for charge in _charges(entry):
        amount = as_dict(charge.get("chargeAmount"))
        if amount.get("currency") not in (None, currency):
            raise Unmappable("mixed_currencies", f"is in {currency}, but a charge is in {amount['currency']}")
        kind, name = charge.get("chargeType"), str(charge.get("chargeName"))
        found = [(t.get("taxName"), _value(t.get("taxAmount"))) for t in _taxes_of(charge)]
        if kind == "PRODUCT":
            goods += _value(amount)
            taxes += found
        elif kind == "SHIPPING":
            shipping = (shipping or ZERO) + _value(amount)
            shipping_taxes += found
        elif kind == "DISCOUNT" and name.startswith("SHIP"):
            shipping_off += abs(_value(amount))
        elif kind == "DISCOUNT":
            discount += abs(_value(amount))
        elif _value(amount):
            result.append(line(f"{line_id}-{name}", 1, _value(amount), kind="fee", name=name,
                               taxes=_tax_entries(found, _value(amount))))  # fmt: skip
    if mexican:
        # Prices include tax there: the price of one is on the item.
        goods = _value(item.get("unitPrice")) * quantity
    result.insert(0, line(
        line_id, quantity, goods, discount=discount,
        taxes=_tax_entries(taxes, goods - discount, mexican),
        sku=item.get("sku") or None, barcode=item.get("upc") or None,
        listing_id=ident(item.get("offerId")),
        name=" ".join(str(item.get("productName") or line_id).split()),
    ))  # fmt: skip
    if shipping:
        result.append(line(f"{line_id}-shipping", 1, shipping, discount=min(shipping_off, shipping),
                           kind="shipping", name="Shipping",
                           taxes=_tax_entries(shipping_taxes, shipping - shipping_off, mexican)))  # fmt: skip
    return result


def _tax_entries(taxes, base, included=False):
    total = sum((amount for _name, amount in taxes), ZERO)
    if included:
        base -= total
    return [each for each in (tax(None, amount, base=base, name=name) for name, amount in taxes) if each]


def _refunds(order):
    """Money that a line says was given back; its sign differs from sample to sample."""
    for entry in _lines(order):
        refund = as_dict(entry.get("refund"))
        charges = _many(refund.get("refundCharges"), "refundCharge")
        if refund.get("refundId") and charges:
            key = f"{ident(refund['refundId'])}"
            yield key, lambda entry=entry, refund=refund, charges=charges: _line_refund(order, entry, refund, charges)


def _line_refund(order, entry, refund, charges):
    amount = ZERO
    for each in charges:
        charge = as_dict(each.get("charge"))
        amount += abs(_value(charge.get("chargeAmount")))
        amount += sum((abs(_value(t.get("taxAmount"))) for t in _taxes_of(charge)), ZERO)
    return {
        "type": "refund",
        "external_id": ident(refund["refundId"]),
        "order_external_id": ident(order["purchaseOrderId"]),
        "created_at": when(entry.get("statusDate") or order.get("orderDate")),
        "currency": require(_currency(order), "no_currency", "names no currency"),
        "amount": text_of(amount),
        "reason": refund.get("refundComments"),
        "lines": [
            {
                "id": ident(entry.get("lineNumber")),
                "order_line_id": ident(entry.get("lineNumber")),
                "quantity": "0",
                "amount": text_of(amount),
            }
        ],
    }


def _return(order):
    lines, amount, currency = [], ZERO, None
    orders = set()
    for entry in as_list(order.get("returnOrderLines")):
        money = as_dict(entry.get("refundAmount"))
        currency = currency or money.get("currency")
        amount += _value(money)
        orders.add(ident(entry.get("purchaseOrderId")))
        if entry.get("status") in ("Initiated", "INITIATED"):
            raise Unmappable("not_refunded", "is a return that was asked for: no money went back yet")
        lines.append(
            {
                "id": ident(entry.get("returnOrderLineNumber")),
                "order_line_id": ident(entry.get("purchaseOrderLineNumber")),
                "sku": as_dict(entry.get("item")).get("sku"),
                "quantity": text_of(dec(as_dict(entry.get("quantity")).get("amount"))),
                "amount": text_of(_value(money)),
            }
        )
    if not amount:
        raise Unmappable("no_money", "gives no money back")
    if len(orders) != 1:
        raise Unmappable("several_orders", "is a return of several purchase orders")
    return {
        "type": "refund",
        "external_id": ident(order["returnOrderId"]),
        "order_external_id": orders.pop(),
        "created_at": when(order.get("returnOrderDate")),
        "currency": require(currency, "no_currency", "names no currency"),
        "amount": text_of(amount),
        "lines": unique_ids(lines),
    }


def _address(info):
    address = as_dict(info.get("postalAddress"))
    if not address:
        return None
    more = [address.get(f"address{n}") for n in range(2, 7)]
    return {
        "name": " ".join(str(address.get("name") or "").split()),
        "street": address.get("address1"),
        "street2": join(*more, separator=", "),
        "city": address.get("city"),
        "zip": address.get("postalCode"),
        "state": address.get("state"),
        "country": address.get("country"),
        "phone": info.get("phone"),
    }
