"""What a canonical order says to the rules of the review. Pure functions."""

from collections import defaultdict
from decimal import Decimal

from . import matching, text

ZERO = Decimal(0)
_PO_BOX_WORDS = (
    "po box", "p.o. box", "p o box", "postfach", "postbus", "packstation", "apartado de correos",
)  # fmt: skip


def discount_share(document):
    """:return: Decimal percent of the goods' price before discounts that the shop lets off

    What the platform pays for is no discount of ours.
    """
    gross = off = ZERO
    for line in document["lines"]:
        amount = Decimal(str(line["quantity"])) * Decimal(line["unit_price"])
        if line["kind"] == "product" and not line.get("gift"):
            gross += amount
            off += Decimal(line.get("discount", "0"))
        elif line["kind"] == "discount":
            off += abs(amount)
    off += sum(
        (Decimal(d["amount"]) for d in document.get("discounts", []) if d["borne_by"] == "shop"),
        ZERO,
    )
    return (off * 100 / gross).quantize(Decimal("0.01")) if gross > 0 else ZERO


def goods(document):
    """:return: list of the product lines"""
    return [line for line in document["lines"] if line["kind"] == "product"]


def quantity_by_sku(document):
    """:return: {key of the goods: Decimal quantity}"""
    result = defaultdict(Decimal)
    for line in goods(document):
        result[matching.line_key(line)] += Decimal(str(line["quantity"]))
    return result


def of_document(document):
    """:return: dict of the facts that the document alone tells, by name of the field of ecom.order"""
    lines = goods(document)
    quantities = quantity_by_sku(document)
    address = document.get("shipping_address") or document.get("billing_address") or {}
    extra = document.get("extra") or {}
    methods = [p.get("method") or p["kind"] for p in document.get("payments", [])]
    return {
        "discount_share": float(discount_share(document)),
        "quantity_max": float(max(quantities.values(), default=ZERO)),
        "skus": ", ".join(sorted(quantities)),
        "payment_method": ", ".join(dict.fromkeys(methods)) or False,
        "is_gift_only": bool(lines) and all(
            line.get("gift") or not Decimal(line["unit_price"]) for line in lines
        ),
        "has_presale": any(line.get("presale") for line in lines),
        "ship_zip": address.get("zip") or False,
        "ship_city": address.get("city") or False,
        "is_po_box": is_po_box(address),
        "delivery_option": document.get("delivery_option") or False,
        "document_tags": ", ".join(document.get("tags", [])) or False,
        "wants_invoice": bool(
            document.get("customer", {}).get("vat") or extra.get("invoice_requested") is True
        ),
        "risk_score": _number(extra.get("risk_score")),
        "wants_one_parcel": extra.get("ship_together") is True,
    }  # fmt: skip


def is_po_box(address):
    """:return: whether the address is a box that a courier cannot deliver to"""
    lines = text.fold(f"{address.get('street', '')} {address.get('street2', '')}")
    return any(word in lines for word in _PO_BOX_WORDS)


def missing_address_parts(address, zip_required=True, state_required=False):
    """:return: list of the parts that a delivery needs and the address does not have"""
    missing = []
    if not (address.get("name") or address.get("company")):
        missing.append("name")
    missing += [key for key in ("street", "city", "country") if not address.get(key)]
    if zip_required and not address.get("zip"):
        missing.append("zip")
    if state_required and not address.get("state"):
        missing.append("state")
    return missing


def margin(revenue, cost):
    """:return: (margin, its percent of the revenue); all of an order without revenue is loss

    >>> margin(Decimal("100"), Decimal("92"))
    (Decimal('8'), Decimal('8.00'))
    """
    value = revenue - cost
    if revenue > 0:
        return value, (value * 100 / revenue).quantize(Decimal("0.01"))
    return value, Decimal("-100") if cost > 0 else ZERO


def _number(value):
    """:return: a finite float of a figure that a platform put into `extra`, else 0"""
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return 0.0
    if isinstance(value, bool) or not isinstance(value, int | float):
        return 0.0
    return float(value) if abs(value) < 1e9 else 0.0
