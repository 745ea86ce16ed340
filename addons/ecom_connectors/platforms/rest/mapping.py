"""Documents of any shop, read by paths that a person wrote (``context['rest']``).

A path is names and numbers with dots: ``billing.first_name``, ``items.0.sku``. ``a|b`` takes the
first that is there, ``a+b`` joins texts with a blank, and ``'text'`` is the text itself.
"""

from ..base import (
    Found,
    Unmappable,
    as_dict,
    as_list,
    dec,
    flag,
    ident,
    line,
    minor,
    require,
    tax,
    text_of,
    unique_ids,
    when,
)

ORDER_FIELDS = (
    "id", "number", "status", "placed_at", "updated_at", "currency", "total", "lines", "customer_id",
    "customer_name", "customer_email", "customer_phone", "ship_name", "ship_company", "ship_street",
    "ship_street2", "ship_city", "ship_zip", "ship_state", "ship_country", "ship_phone",
    "shipping_price", "shipping_tax", "shipping_name", "discount", "paid", "paid_at", "message",
)  # fmt: skip
LINE_FIELDS = ("id", "sku", "barcode", "listing_id", "name", "quantity", "unit_price", "total", "discount", "tax_rate", "tax_amount")


def look(value, path):
    """:return: what stands at a path, or None"""
    path = (path or "").strip()
    if not path:
        return None
    if "|" in path:
        for part in path.split("|"):
            found = look(value, part)
            if found not in (None, ""):
                return found
        return None
    if "+" in path:
        parts = [look(value, part) for part in path.split("+")]
        return " ".join(str(p) for p in parts if p not in (None, "")) or None
    if len(path) > 1 and path[0] == path[-1] == "'":
        return path[1:-1]
    for name in path.split("."):
        if isinstance(value, list):
            if not name.isdigit() or int(name) >= len(value):
                return None
            value = value[int(name)]
        elif isinstance(value, dict):
            value = value.get(name)
        else:
            return None
    return value


def find(payload, context):
    settings = as_dict(context.get("rest"))
    paths = as_dict(settings.get("order"))
    if not paths:
        raise Unmappable("not_set_up", "cannot be read: the channel does not say where things are")
    orders = look(payload, settings.get("orders_path")) if settings.get("orders_path") else None
    if orders is None:
        orders = look(payload, settings.get("order_path")) if settings.get("order_path") else None
    orders = payload if orders is None else orders
    for order in as_list(orders):
        if isinstance(order, dict) and look(order, paths.get("id")) is not None:
            yield Found("order", ident(look(order, paths["id"])),
                        lambda order=order: _order(order, settings, context), order)  # fmt: skip


def _order(order, settings, context):
    paths = settings["order"]

    def get(name):
        return look(order, paths.get(name))

    tz = context.get("tz")
    currency = get("currency") or context.get("currency")
    currency = str(require(currency, "no_currency", "names no currency")).upper()
    scale = (lambda v: minor(v, currency)) if settings.get("minor_units") else dec
    total = scale(require(get("total"), "no_total", "states no total"))
    entries = as_list(require(get("lines"), "no_lines", "has no lines"))
    lines = [_line(each, index, settings, scale) for index, each in enumerate(entries, 1)]
    lines = [each for each in lines if each]
    shipping = scale(get("shipping_price"))
    if shipping:
        amount = scale(get("shipping_tax"))
        lines.append(line("shipping", 1, shipping, kind="shipping", name=get("shipping_name") or "Shipping",
                          taxes=[tax(None, amount, base=shipping)] if amount else []))  # fmt: skip
    state = str(get("status"))
    states = {str(k): v for k, v in as_dict(settings.get("states")).items()}
    meaning = states.get(state, "open")
    if meaning == "ignore":
        raise Unmappable("not_placed", f"is in state {state}, which is not taken in")
    paid = get("paid")
    paid_states = [str(each) for each in as_list(settings.get("paid_values"))]
    is_paid = str(paid) in paid_states if paid_states else flag(paid)
    discount = abs(scale(get("discount")))
    return {
        "external_id": ident(get("id")),
        "number": ident(get("number")) or ident(get("id")),
        "status": meaning,
        "placed_at": when(get("placed_at"), tz),
        "updated_at": when(get("updated_at"), tz),
        "currency": currency,
        "prices_include_tax": bool(settings.get("prices_include_tax")),
        "customer": {
            "external_id": ident(get("customer_id")),
            "name": get("customer_name"),
            "email": get("customer_email"),
            "phone": ident(get("customer_phone")),
        },
        "shipping_address": {
            key: ident(get(f"ship_{key}")) if key in ("zip", "phone") else get(f"ship_{key}")
            for key in ("name", "company", "street", "street2", "city", "zip", "state", "country", "phone")
        },
        "lines": unique_ids(lines),
        "discounts": [{"amount": text_of(discount)}] if discount else [],
        "payments": [{"amount": text_of(total), "state": "paid" if is_paid else "pending",
                      "paid_at": when(get("paid_at"), tz) if is_paid else None}],
        "total": text_of(total),
        "buyer_message": get("message"),
    }  # fmt: skip


def _line(each, index, settings, scale):
    paths = as_dict(settings.get("line"))

    def get(name):
        return look(each, paths.get(name))

    quantity = dec(get("quantity"), dec(1))
    if not quantity:
        return None
    unit, total = get("unit_price"), get("total")
    discount = abs(scale(get("discount")))
    if unit is not None:
        amount = scale(unit) * quantity
    else:
        amount = scale(require(total, "unreadable", f"line {index} has neither price nor total")) + discount
    rate, tax_amount = get("tax_rate"), get("tax_amount")
    taxes = []
    if rate is not None or tax_amount is not None:
        exact = None if tax_amount is None else scale(tax_amount)
        taxes = [tax(rate, exact, base=amount - discount)]
    return line(
        ident(get("id")) or str(index), quantity, amount, discount=discount, taxes=taxes,
        sku=ident(get("sku")), barcode=ident(get("barcode")), listing_id=ident(get("listing_id")),
        name=get("name") or ident(get("sku")) or f"line {index}",
    )  # fmt: skip
