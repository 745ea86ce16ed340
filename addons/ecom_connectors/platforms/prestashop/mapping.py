"""PrestaShop orders, as XML or as JSON (output_format=JSON), alone or with what belongs to them.

The webservice names currency, customer, addresses and state by number only. The connector reads
those too and hands over ``{"order": …, "currency": …, "customer": …, "address_delivery": …,
"address_invoice": …, "state": …, "slips": […]}``; an order alone is completed from `context`.
"""

import html
import json
import re

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
    require,
    rounded,
    settle,
    tax,
    text_of,
    unique_ids,
    when,
)
from ..xmlish import looks_like_xml, parse

# States that every PrestaShop is installed with.
PAID_STATES = {"2", "3", "4", "5", "9", "11", "12"}
CANCELLED_STATES = {"6"}
ERROR_STATES = {"8"}
SHIPPED_STATES = {"4", "5"}
REFUNDED_STATES = {"7"}
_ROUND_PIECES = "1"


def find(payload, context):
    if looks_like_xml(payload):
        name, value = parse(payload)
        payload = value if name == "prestashop" else {name: value}
    if isinstance(payload, list):
        for each in payload:
            yield from find(each, context)
        return
    payload = as_dict(payload)
    orders = payload.get("orders")
    if isinstance(orders, dict):
        orders = as_list(orders.get("order"))
    for order in as_list(orders):
        yield from find({"order": order} if "order" not in as_dict(order) else order, context)
    order = payload.get("order")
    if isinstance(order, dict) and {"total_paid", "total_paid_tax_incl"} & set(order):
        parts = {**payload, "order": order}
        yield Found("order", ident(order.get("id")), lambda: _order(parts, context), payload)
        for slip in as_list(payload.get("slips")):
            yield Found(
                "refund", ident(slip.get("id")), lambda slip=slip: _slip(slip, parts, context)
            )
    elif "total_paid" in payload and "id_customer" in payload:
        yield from find({"order": payload}, context)
    slips = payload.get("order_slips", payload.get("order_slip"))
    if isinstance(slips, dict) and "id" not in slips:
        slips = slips.get("order_slip")
    for slip in as_list(slips):
        if isinstance(slip, dict):
            yield Found("refund", ident(slip.get("id")), lambda slip=slip: _slip(slip, {}, context), slip)


def text(value):
    """:return: a text that may be a list of languages: the first one"""
    if isinstance(value, dict):
        value = value.get("language", value.get("value"))
    if isinstance(value, list):
        value = value[0] if value else None
    if isinstance(value, dict):
        value = value.get("value")
    return value


def _rows(order):
    rows = as_dict(order.get("associations")).get("order_rows")
    if isinstance(rows, dict):
        rows = rows.get("order_row")
    return as_list(rows)


def _currency(parts, context):
    known = as_dict(parts.get("currency"))
    code = known.get("iso_code") or as_dict(context.get("currencies")).get(
        ident(as_dict(parts.get("order")).get("id_currency"))
    )
    return require(
        code or context.get("currency"), "no_currency",
        "names its currency by number only; read the shop's currencies too",
    )  # fmt: skip


def _order(parts, context):
    order, tz = parts["order"], context.get("tz")
    currency = _currency(parts, context)
    total = rounded(order.get("total_paid_tax_incl") or order.get("total_paid"), currency)
    rows = require(_rows(order), "incomplete", "has no order rows: read it with display=full")
    lines = [_row(row, currency, ident(order.get("round_type")) == _ROUND_PIECES) for row in rows]
    for name, kind, title in (("shipping", "shipping", "Shipping"), ("wrapping", "gift_wrap", "Gift wrapping")):
        entry = _total_line(order, name, kind, title, currency)
        if entry:
            lines.append(entry)
    discount = rounded(order.get("total_discounts_tax_incl") or order.get("total_discounts"), currency)
    if discount:
        lines += _discount_lines(order, lines, discount, currency)
    lines = unique_ids([each for each in lines if each])
    settle(lines, total, currency)
    customer = as_dict(parts.get("customer"))
    delivery, invoice = as_dict(parts.get("address_delivery")), as_dict(parts.get("address_invoice"))
    placed = when(order.get("date_add"), tz)
    return {
        "external_id": ident(order["id"]),
        "number": order.get("reference") or ident(order["id"]),
        "status": _status(parts, context),
        "placed_at": require(placed, "incomplete", "does not say when it was placed"),
        "updated_at": when(order.get("date_upd"), tz),
        "currency": currency,
        "prices_include_tax": False,
        "customer": {
            "external_id": ident(order.get("id_customer")),
            "name": join(customer.get("firstname"), customer.get("lastname"))
            or join(delivery.get("firstname"), delivery.get("lastname")),
            "company": customer.get("company") or delivery.get("company"),
            "email": customer.get("email"),
            "phone": delivery.get("phone_mobile") or delivery.get("phone"),
            "vat": invoice.get("vat_number"),
        },
        "billing_address": _address(invoice),
        "shipping_address": _address(delivery),
        "lines": lines,
        "payments": [_payment(parts, total, context)],
        "payment_state": "refunded" if _is_refunded(parts, context) else None,
        "total": text_of(total),
        "buyer_message": order.get("gift_message"),
        "delivery_option": text(as_dict(parts.get("carrier")).get("name")),
        "extra": {
            "state": ident(order.get("current_state")),
            "addresses_missing": None if delivery else True,
            "module": order.get("module"),
        },
    }


def _state(parts, context):
    """:return: (id, what the shop says of this state)"""
    number = ident(as_dict(parts["order"]).get("current_state"))
    known = as_dict(parts.get("state")) or as_dict(as_dict(context.get("states")).get(number))
    return number, known


def _status(parts, context):
    number, known = _state(parts, context)
    if number in CANCELLED_STATES or known.get("meaning") == "cancelled" or _template(known) == "order_canceled":
        return "cancelled"
    # Without the shop's own list of states those count that it was installed with.
    shipped = flag(known.get("shipped")) if known else number in SHIPPED_STATES
    return "completed" if shipped else "open"


def _template(state):
    """:return: name of the mail that a state sends, which tells what a state of the shop's own means"""
    found = text(state.get("template"))
    return found if isinstance(found, str) else ""


def _is_refunded(parts, context):
    number, known = _state(parts, context)
    return number in REFUNDED_STATES or _template(known) == "refund"


def _payment(parts, total, context):
    order = parts["order"]
    number, known = _state(parts, context)
    paid = flag(order.get("valid")) or flag(known.get("paid")) or number in PAID_STATES
    real = rounded(order.get("total_paid_real"), _currency(parts, context))
    if number in ERROR_STATES or _template(known) == "payment_error":
        paid = False
    cod = "cashondelivery" in str(order.get("module", ""))
    return {
        "method": order.get("payment"),
        "kind": "cash_on_delivery" if cod else None,
        "amount": text_of(real if paid and ZERO < real < total else total),
        "state": "paid" if paid and not cod else "pending",
    }


def _row(row, currency, by_piece=False):
    """:param by_piece: the shop rounds the price of each piece, and not that of the line"""
    quantity = dec(row.get("product_quantity"))
    unit = dec(row.get("unit_price_tax_excl"), dec(row.get("product_price")))
    unit_incl = dec(row.get("unit_price_tax_incl"), unit)
    if by_piece:
        unit, unit_incl = rounded(unit, currency), rounded(unit_incl, currency)
    net, gross = rounded(unit * quantity, currency), rounded(unit_incl * quantity, currency)
    attribute = ident(row.get("product_attribute_id"))
    product = ident(row.get("product_id"))
    return line(
        row.get("id"), quantity, net,
        taxes=[tax(None, gross - net, base=net)] if gross != net else [],
        sku=text(row.get("product_reference")) or None,
        barcode=text(row.get("product_ean13")) or text(row.get("product_upc")) or None,
        listing_id=f"{product}-{attribute}" if attribute and attribute != "0" else product,
        name=text(row.get("product_name")) or product,
    )  # fmt: skip


def _total_line(order, name, kind, title, currency):
    net = rounded(order.get(f"total_{name}_tax_excl", order.get(f"total_{name}")), currency)
    gross = rounded(order.get(f"total_{name}_tax_incl", order.get(f"total_{name}")), currency)
    if not gross and kind != "shipping":
        return None
    rate = order.get("carrier_tax_rate") if kind == "shipping" else None
    taxed = gross != net
    return line(
        name, 1, net, kind=kind, name=title,
        taxes=[tax(rate if dec(rate) else None, gross - net, base=net)] if taxed else [],
    )  # fmt: skip


def _discount_lines(order, lines, discount, currency):
    """A cart rule lowers goods (and shipping) with their tax: one line, taxed as the goods are."""
    net = rounded(order.get("total_discounts_tax_excl", discount), currency)
    taxed = discount - net
    rate = next((t["rate"] for e in lines for t in e.get("taxes", ())), None)
    entry = line(
        "discount", 1, -net, kind="discount", name="Discount",
        taxes=[tax(rate, -taxed, base=net)] if taxed else [],
    )  # fmt: skip
    return [entry]


def _slip(slip, parts, context):
    order = as_dict(parts.get("order"))
    currency = _currency(parts or {"order": slip}, context)
    details = as_dict(slip.get("associations")).get("order_slip_details")
    if isinstance(details, dict):
        details = details.get("order_slip_detail")
    # The `id` of a detail is that of its slip.
    lines = [
        {
            "id": ident(each.get("id_order_detail") or each.get("id")),
            "order_line_id": ident(each.get("id_order_detail")),
            "quantity": text_of(dec(each.get("product_quantity"))),
            "amount": text_of(rounded(each.get("amount_tax_incl"), currency)),
        }
        for each in as_list(details)
    ]
    products = rounded(slip.get("total_products_tax_incl") or slip.get("amount"), currency)
    shipping = rounded(slip.get("total_shipping_tax_incl") or slip.get("shipping_cost_amount"), currency)
    if shipping:
        lines.append({"id": "shipping", "kind": "shipping", "quantity": "0", "amount": text_of(shipping)})
    return {
        "type": "refund",
        "external_id": ident(slip["id"]),
        "order_external_id": ident(slip.get("id_order") or order.get("id")),
        "created_at": when(slip.get("date_add"), context.get("tz")),
        "currency": currency,
        "amount": text_of(products + shipping),
        "lines": unique_ids(lines),
    }


def _address(address):
    if not address:
        return None
    country = as_dict(address.get("country")).get("iso_code") or address.get("country_iso")
    state = as_dict(address.get("state")).get("iso_code") or address.get("state_iso")
    return {
        "name": join(address.get("firstname"), address.get("lastname")),
        "company": address.get("company"),
        "street": address.get("address1"),
        "street2": address.get("address2"),
        "city": address.get("city"),
        "zip": address.get("postcode"),
        "state": state,
        "country": country,
        "phone": address.get("phone_mobile") or address.get("phone"),
    }


# === WRITING === #


def to_xml(value):
    """:return: XML of an object: texts escaped, lists as repeated elements"""
    if isinstance(value, dict):
        parts = []
        for key, each in value.items():
            for item in each if isinstance(each, list) else [each]:
                parts.append(f"<{key}>{to_xml(item)}</{key}>")
        return "".join(parts)
    return html.escape("" if value is None else str(value), quote=False)


def tracking_numbers(numbers):
    """:return: the numbers of an order's parcels as its one field takes them: 64 characters, the
    latest where not all fit, and none in part"""
    numbers = [re.sub(r"[^A-Za-z0-9~:#,%&_=()\[\].? +@/-]", "", each) for each in numbers]
    while len(numbers) > 1 and len(", ".join(numbers)) > 64:
        numbers = numbers[1:]
    return ", ".join(numbers)[:64]


def find_id(content, name):
    """:return: id of the object in the answer to a write, which is JSON or XML; None without one"""
    try:
        found = json.loads(content)
    except ValueError:
        try:
            _root, found = parse(content)
        except Unmappable:
            return None
    found = as_dict(as_dict(found).get(name) or found)
    return ident(found.get("id"))


def slip_amount(slip):
    """:return: what a credit slip gives back"""
    products = dec(slip.get("total_products_tax_incl") or slip.get("amount"))
    return products + dec(slip.get("total_shipping_tax_incl") or slip.get("shipping_cost_amount"))


def slip_values(order, values):
    """What a credit slip holds. Its parts without tax follow from those of the order.

    :param values: dict with `amount` and `lines` (line_id, quantity, amount with tax)
    """
    rows = {ident(row.get("id")): row for row in _rows(order)}
    total = dec(values["amount"])
    known = [e for e in values.get("lines") or [] if e.get("line_id") in rows or e.get("line_id") == "shipping"]
    net_share = _net_share(order.get("total_paid_tax_excl"), order.get("total_paid_tax_incl"))
    shipping = shipping_net = goods = goods_net = ZERO
    details = []
    for entry, amount in zip(known, _capped([dec(e.get("amount")) for e in known], total), strict=True):
        if entry.get("line_id") == "shipping":
            share = _net_share(order.get("total_shipping_tax_excl"), order.get("total_shipping_tax_incl"))
            shipping, shipping_net = shipping + amount, shipping_net + amount * share
            continue
        row = rows[entry["line_id"]]
        share = _net_share(row.get("unit_price_tax_excl"), row.get("unit_price_tax_incl"))
        goods, goods_net = goods + amount, goods_net + amount * share
        details.append(
            {"id_order_detail": ident(row["id"]), "product_quantity": int(dec(entry.get("quantity"))),
             "amount_tax_excl": text_of(amount * share), "amount_tax_incl": text_of(amount)}
        )  # fmt: skip
    # What no line explains is goodwill for the goods.
    rest = total - goods - shipping
    goods, goods_net = goods + rest, goods_net + rest * net_share
    result = {
        "id_customer": ident(order.get("id_customer")),
        "id_order": ident(order["id"]),
        "conversion_rate": text_of(dec(order.get("conversion_rate"), dec(1))),
        "total_products_tax_excl": text_of(goods_net),
        "total_products_tax_incl": text_of(goods),
        "total_shipping_tax_excl": text_of(shipping_net),
        "total_shipping_tax_incl": text_of(shipping),
        "amount": text_of(goods),
        "shipping_cost": "1" if shipping else "0",
        "shipping_cost_amount": text_of(shipping),
        "partial": "0" if total >= dec(order.get("total_paid_tax_incl")) else "1",
    }
    if details:
        result["associations"] = {"order_slip_details": {"order_slip_detail": details}}
    return result


def _capped(amounts, total):
    """Where only part of what lines are worth goes back, each gets its share of that.

    :return: amounts that come to `total` at most
    """
    whole = sum(amounts, ZERO)
    if whole <= total:
        return amounts
    shares, left, rest = [], total, whole
    for amount in amounts:
        share = (left * amount / rest).quantize(CENT) if rest else ZERO
        shares.append(share)
        left, rest = left - share, rest - amount
    return shares


def _net_share(net, gross):
    gross = dec(gross)
    return dec(net) / gross if gross and dec(net) else dec(1)
