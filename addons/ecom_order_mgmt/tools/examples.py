"""Example orders of rule packs: canonical documents made fit for any database. Pure functions."""

from copy import deepcopy
from decimal import Decimal

from . import canonical, totals

_CENT = Decimal("0.01")


def prepare(document, number, currency):
    """:param number: makes the example's id unlike any other
    :param str currency: of the company that tries it
    :return: a copy that needs no mapping: no taxes, in `currency`, its total the sum of its lines
    :raise canonical.InvalidDocument: it is no canonical order"""
    document = deepcopy(document)
    document["currency"] = currency
    for line in document.get("lines", []):
        if isinstance(line, dict):
            line.pop("taxes", None)
    document.setdefault("external_id", f"EXAMPLE-{number}")
    document.setdefault("number", document["external_id"])
    document["external_id"] = f"{document['external_id']}-{number}"[:128]
    document.setdefault("placed_at", "2026-01-01T12:00:00Z")
    document.setdefault("total", "0")
    document = canonical.normalise(document)
    total = totals.compute(document, True, _CENT)
    document["total"] = f"{total.stated - total.difference:f}"
    return document


def product_lines(documents):
    """:return: {key of the listing: the first line that sells it}"""
    result = {}
    for document in documents:
        for line in document["lines"]:
            if line["kind"] == "product":
                key = (
                    line.get("sku")
                    or line.get("listing_id")
                    or line.get("barcode")
                    or line["name"][:128]
                )
                result.setdefault(key, line)
    return result


def anonymise(document, number):
    """:return: a copy in which nobody can be recognised; country and postal code stay, rules ask them

    Texts of buyer and seller are left out as well: nobody knows what stands in them.
    """
    keep = ("placed_at", "status", "payment_state", "discounts", "delivery_option", "fulfilled_by")
    result = {key: deepcopy(document[key]) for key in keep if key in document}
    result["external_id"] = f"EXAMPLE-{number}"
    result["customer"] = {
        "name": f"Buyer {number}",
        "email": f"buyer{number}@example.com",
    }
    for key in ("shipping_address", "billing_address"):
        address = document.get(key)
        if address:
            result[key] = {
                part: address[part]
                for part in ("city", "zip", "state", "country")
                if part in address
            }
            if address.get("name") or address.get("company"):
                result[key]["name"] = f"Buyer {number}"
            if address.get("street"):
                result[key]["street"] = f"Street {number}"
    result["lines"] = [
        {
            key: line[key]
            for key in ("id", "kind", "sku", "listing_id", "barcode", "name", "quantity",
                        "unit_price", "discount", "total", "gift", "presale")
            if key in line
        }
        for line in document["lines"]
    ]  # fmt: skip
    result["payments"] = [
        {key: payment[key] for key in ("kind", "method", "amount", "state", "paid_at") if key in payment}
        for payment in document.get("payments", [])
    ]  # fmt: skip
    result["currency"] = document["currency"]
    result["total"] = document["total"]
    return result
