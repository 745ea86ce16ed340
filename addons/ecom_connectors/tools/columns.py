"""What a column can mean, and the layout that says which column means what.

A layout is plain JSON, so that it can be saved, sent and kept beside a running import::

    {"columns": {"InvoiceNo": "external_id", "Quantity": "line.quantity", ...},
     "constants": {"currency": "GBP"},
     "options": {"tz": "Europe/London", "refund_prefix": "C", ...}}
"""

import re
from dataclasses import dataclass
from zoneinfo import available_timezones

from .problems import FileProblem, Problem
from .values import clean_text


@dataclass(frozen=True)
class Field:
    """One thing a column can mean.

    :param level: "order" (the same in all rows of an order), "line", or "amount" (of the whole
        order, repeated in its rows)
    :param kind: id, text, number, money, time, choice, currency or flag
    :param joined: several columns may mean it; their texts are joined by a blank
    """

    label: str
    level: str
    kind: str
    joined: bool = False


_ORDER, _LINE, _AMOUNT = "order", "line", "amount"

FIELDS = {
    "external_id": Field("Order number", _ORDER, "id"),
    "number": Field("Order number for people", _ORDER, "id"),
    "placed_at": Field("Order date", _ORDER, "time", joined=True),
    "updated_at": Field("Changed on", _ORDER, "time"),
    "status": Field("Order status", _ORDER, "choice"),
    "currency": Field("Currency", _ORDER, "currency"),
    "total": Field("Order total", _AMOUNT, "money"),
    "line.sku": Field("Product: SKU", _LINE, "id"),
    "line.name": Field("Product: name", _LINE, "text", joined=True),
    "line.barcode": Field("Product: barcode", _LINE, "id"),
    "line.listing_id": Field("Product: listing id", _LINE, "id"),
    "line.quantity": Field("Quantity", _LINE, "number"),
    "line.unit_price": Field("Unit price", _LINE, "number"),
    "line.discount": Field("Line: discount amount", _LINE, "money"),
    "line.discount_percent": Field("Line: discount in percent", _LINE, "number"),
    "line.total": Field("Line: total", _LINE, "money"),
    "line.tax_rate": Field("Line: tax rate in percent", _LINE, "number"),
    "line.tax_amount": Field("Line: tax amount", _LINE, "money"),
    "line.id": Field("Line: id", _LINE, "id"),
    "line.kind": Field("Line: kind", _LINE, "choice"),
    "line.note": Field("Line: note", _LINE, "text", joined=True),
    "shipping_amount": Field("Shipping charge", _AMOUNT, "money"),
    "gift_wrap_amount": Field("Gift wrapping charge", _AMOUNT, "money"),
    "fee_amount": Field("Other charge", _AMOUNT, "money"),
    "discount_amount": Field("Order discount", _AMOUNT, "money"),
    "discount_code": Field("Discount code", _ORDER, "text"),
    "payment_amount": Field("Paid amount", _AMOUNT, "money"),
    "gift_card_amount": Field("Paid by gift card", _AMOUNT, "money"),
    "payment_method": Field("Payment method", _ORDER, "text"),
    "payment_state": Field("Payment status", _ORDER, "choice"),
    "paid_at": Field("Paid on", _ORDER, "time"),
    "customer.external_id": Field("Customer: id", _ORDER, "id"),
    "customer.name": Field("Customer: name", _ORDER, "text", joined=True),
    "customer.company": Field("Customer: company", _ORDER, "text"),
    "customer.email": Field("Customer: e-mail", _ORDER, "text"),
    "customer.phone": Field("Customer: phone", _ORDER, "text"),
    "customer.vat": Field("Customer: VAT number", _ORDER, "text"),
    "shipping_address.name": Field("Delivery: recipient", _ORDER, "text", joined=True),
    "shipping_address.company": Field("Delivery: company", _ORDER, "text"),
    "shipping_address.street": Field("Delivery: street", _ORDER, "text", joined=True),
    "shipping_address.street2": Field("Delivery: street, second line", _ORDER, "text", joined=True),
    "shipping_address.district": Field("Delivery: district", _ORDER, "text"),
    "shipping_address.city": Field("Delivery: city", _ORDER, "text"),
    "shipping_address.zip": Field("Delivery: postal code", _ORDER, "id"),
    "shipping_address.state": Field("Delivery: state or province", _ORDER, "text"),
    "shipping_address.country": Field("Delivery: country", _ORDER, "text"),
    "shipping_address.phone": Field("Delivery: phone", _ORDER, "text"),
    "shipping_address.email": Field("Delivery: e-mail", _ORDER, "text"),
    "billing_address.name": Field("Invoice: name", _ORDER, "text", joined=True),
    "billing_address.company": Field("Invoice: company", _ORDER, "text"),
    "billing_address.street": Field("Invoice: street", _ORDER, "text", joined=True),
    "billing_address.street2": Field("Invoice: street, second line", _ORDER, "text", joined=True),
    "billing_address.city": Field("Invoice: city", _ORDER, "text"),
    "billing_address.zip": Field("Invoice: postal code", _ORDER, "id"),
    "billing_address.state": Field("Invoice: state or province", _ORDER, "text"),
    "billing_address.country": Field("Invoice: country", _ORDER, "text"),
    "billing_address.phone": Field("Invoice: phone", _ORDER, "text"),
    "buyer_message": Field("Buyer's message", _ORDER, "text", joined=True),
    "seller_memo": Field("Seller's memo", _ORDER, "text", joined=True),
    "delivery_option": Field("Delivery option", _ORDER, "text"),
    "ship_by": Field("Ship by", _ORDER, "time"),
    "deliver_from": Field("Deliver from", _ORDER, "time"),
    "deliver_by": Field("Deliver by", _ORDER, "time"),
    "type": Field("Order or refund", _ORDER, "choice"),
    "order_external_id": Field("Refund: of which order", _ORDER, "id"),
    "reason": Field("Refund: reason", _ORDER, "text"),
}

REQUIRED = ("external_id", "placed_at", "line.quantity")
PRICES = ("line.unit_price", "line.total")

LINE_KINDS = (
    "product", "shipping", "gift_wrap", "fee", "cod_fee", "duty", "tip", "discount", "adjustment",
)  # fmt: skip
CHOICES = {
    "type": ("order", "refund"),
    "status": ("open", "cancelled", "completed"),
    "payment_state": (
        "unpaid", "authorized", "partially_paid", "paid", "partially_refunded", "refunded",
        "voided",
    ),
    "line.kind": LINE_KINDS,
}  # fmt: skip

OPTIONS = {
    "tz": "UTC",
    "date_order": "auto",  # auto, dmy, mdy
    "date_formats": [],  # strptime formats, tried first
    "decimal_mark": "auto",  # auto, ".", ","
    "prices_include_tax": None,  # None: as the channel is set up
    "tax": "none",  # none, column, fixed
    "tax_rate": "",  # percent, where fixed
    "refund_prefix": "",  # an order number that begins so is a refund
    "refund_negative": False,  # rows with a negative quantity are a refund of their order
    "services": {},  # code in upper case -> line kind
    "fill_down": False,  # an empty order number means the one above
    "paid": False,  # every order in the file is paid
    "encoding": None,
    "delimiter": None,
    "sheet": None,
}


# Codes that mean the same in every shop that uses them; proposed where a file has them.
KNOWN_SERVICES = {
    "POST": "shipping", "POSTAGE": "shipping", "SHIPPING": "shipping", "FREIGHT": "shipping",
    "VERSAND": "shipping", "VERSANDKOSTEN": "shipping", "PORTO": "shipping", "运费": "shipping",
    "邮费": "shipping", "DISCOUNT": "discount", "RABATT": "discount", "优惠": "discount",
    "GIFTWRAP": "gift_wrap", "GIFT-WRAP": "gift_wrap", "包装费": "gift_wrap", "TIP": "tip",
    "COD-FEE": "cod_fee", "手续费": "fee", "BANK CHARGES": "fee",
}  # fmt: skip


def propose_services(codes):
    """Text of the service codes among these SKUs that are known everywhere."""
    found = sorted({code.strip().upper() for code in codes} & KNOWN_SERVICES.keys())
    return "\n".join(f"{code} = {KNOWN_SERVICES[code]}" for code in found)


def propose_refund_prefix(items):
    """The letters that all order numbers with negative quantities begin with, and no other does.

    :param items: (order number, text of the quantity) of some rows

    >>> propose_refund_prefix([("536365", "6"), ("C536379", "-1"), ("C536383", "-1")])
    'C'
    """
    negative = {number for number, quantity in items if quantity.lstrip().startswith("-")}
    positive = {number for number, _quantity in items} - negative
    prefixes = {re.match(r"[A-Za-z]*", number)[0].upper() for number in negative}
    prefixes = {prefix for prefix in prefixes if prefix} or {""}
    prefix = min(prefixes, key=len)
    if not prefix or any(not p.startswith(prefix) for p in prefixes):
        return ""
    if any(number.upper().startswith(prefix) for number in positive):
        return ""
    return prefix


def parse_services(text):
    """Service codes as a user types them: one ``CODE = kind`` per line.

    >>> parse_services("POST = shipping\\nBANK CHARGES=fee")
    {'POST': 'shipping', 'BANK CHARGES': 'fee'}

    :raise ValueError: with the line that cannot be read
    """
    services = {}
    for line in (text or "").splitlines():
        if not line.strip():
            continue
        code, mark, kind = line.rpartition("=")
        kind = kind.strip().lower().replace(" ", "_")
        if not mark or not code.strip() or kind not in LINE_KINDS:
            raise ValueError(line.strip())
        services[code.strip().upper()] = kind
    return services


def complete(spec):
    """A layout with every option present. Unknown fields and options are dropped."""
    options = {**OPTIONS, **{k: v for k, v in (spec.get("options") or {}).items() if k in OPTIONS}}
    if options["tz"] not in available_timezones():
        options["tz"] = "UTC"
    return {
        "columns": {
            header: path for header, path in (spec.get("columns") or {}).items() if path in FIELDS
        },
        "constants": {
            path: clean_text(str(value))
            for path, value in (spec.get("constants") or {}).items()
            if path in FIELDS and str(value or "").strip()
        },
        "options": options,
    }


def check(spec, header):
    """Problems of a layout for a file with this header: what is missing, gone or double."""
    spec = complete(spec)
    problems = [
        Problem("column_gone", column=name, params=(("column", name),))
        for name in spec["columns"]
        if name not in header
    ]
    assigned = [spec["columns"][name] for name in header if name in spec["columns"]]
    for path in sorted(set(assigned)):
        if assigned.count(path) > 1 and not FIELDS[path].joined:
            label = FIELDS[path].label
            problems.append(Problem("assigned_twice", params=(("field", label),)))
    present = set(assigned) | set(spec["constants"])
    missing = [path for path in REQUIRED if path not in present]
    if "external_id" in spec["constants"] and "external_id" not in assigned:
        missing.insert(0, "external_id")
    if not present & set(PRICES):
        missing.append("line.unit_price")
    problems += [Problem("unmapped", params=(("field", FIELDS[path].label),)) for path in missing]
    return problems


def positions(spec, header):
    """{path: [index of column, ...]} in the order of the columns."""
    found = {}
    for index, name in enumerate(header):
        path = spec["columns"].get(name)
        if path:
            found.setdefault(path, []).append(index)
    return found


def key_position(spec, header):
    """Index of the column with the order number.

    :raise FileProblem: no column has it
    """
    found = positions(spec, header).get("external_id")
    if not found:
        raise FileProblem("unmapped", field=FIELDS["external_id"].label)
    return found[0]


def fits(spec, header):
    """How well a saved layout fits a file: share of its columns that are there, 0.0 to 1.0."""
    columns = complete(spec)["columns"]
    if not columns:
        return 0.0
    return sum(1 for name in columns if name in header) / len(columns)
