"""Canonical documents: validation, normalisation, comparison. Pure functions.

The shape is described, field by field, in ``data/canonical_order.schema.json``. A *normalised*
document holds the same facts in one single form: decimals in their shortest text, times in UTC,
defaults filled in, blanks trimmed, empty texts and nulls left out. Two documents that say the
same thing thus have the same digest.
"""

import json
from datetime import timezone
from decimal import Decimal
from functools import cache
from pathlib import Path

from . import text
from .money import decimal_text
from .schema import Validator, parse_datetime

SCHEMA_FILE = Path(__file__).parent.parent / "data" / "canonical_order.schema.json"
MAX_DOCUMENT_BYTES = 2_000_000
_MONEY_REFS = {"#/$defs/money", "#/$defs/amount", "#/$defs/quantity"}
# An order without these says nothing; the others are optional and may come later.
_VERSION_FIELDS = ("updated_at",)
DOCUMENT_TYPES = ("order", "refund", "return")


@cache
def _validator():
    return Validator(load_schema())


@cache
def load_schema():
    return json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))


class InvalidDocument(ValueError):
    """`errors`: list of (path, message); `external_id`: where it could be read, else None."""

    def __init__(self, errors, external_id=None, document_type="order"):
        self.errors = errors
        self.external_id = external_id
        self.document_type = document_type
        super().__init__("\n".join(f"{path or 'document'} {message}" for path, message in errors))


def normalise(document):
    """Check a canonical document and bring it into its normal form.

    :param document: JSON value, as it came from outside
    :return: new dict
    :raise InvalidDocument: with the path and reason of every error found
    """
    try:
        document = text.clean(document)
    except ValueError as error:
        raise InvalidDocument([("", f"holds {error}")], _external_id(document)) from None
    if not isinstance(document, dict):
        raise InvalidDocument([("", "must be an object")])
    external_id, kind = _external_id(document), document.get("type", "order")
    schema = load_schema()["$defs"].get(kind) if kind in DOCUMENT_TYPES else None
    if schema is None:
        raise InvalidDocument([("type", "must be 'order', 'refund' or 'return'")], external_id)
    document = _without_blanks(document)
    errors = _validator().errors(document, schema)
    if not errors:
        size = len(json.dumps(document, ensure_ascii=False).encode())
        if size > MAX_DOCUMENT_BYTES:
            errors = [("", f"is larger than {MAX_DOCUMENT_BYTES} bytes")]
    if not errors:
        document = _normal(document, schema)
        errors = _CHECKS[kind](document)
    if errors:
        raise InvalidDocument(errors, external_id, kind)
    if kind == "order":
        document.setdefault("number", document["external_id"])
    return document


def digest(document):
    """:return: digest of what a normalised document says; its version is no part of that"""
    return text.digest({k: v for k, v in document.items() if k not in _VERSION_FIELDS})


def merge(known, document):
    """:return: `document` completed by what `known`, the version before, says and it does not"""
    return {**known, **document}


def pretty(document):
    """:return: JSON text of a document for people to read"""
    return json.dumps(document, indent=2, ensure_ascii=False)


def version(document):
    """:return: naive UTC datetime of the document's version, or None"""
    return utc(document["updated_at"]) if document.get("updated_at") else None


def utc(value):
    """:return: naive UTC datetime of a time text, as Odoo stores it, or False where there is none"""
    if not value:
        return False
    return parse_datetime(value).astimezone(timezone.utc).replace(tzinfo=None)


def _external_id(document):
    value = document.get("external_id") if isinstance(document, dict) else None
    if isinstance(value, str):
        value = text.clean(value).strip()
        return value if 0 < len(value) <= 128 else None
    return None


def _without_blanks(value):
    """Trim texts; leave out what says nothing (null, empty text) from objects."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, list):
        return [_without_blanks(item) for item in value]
    if isinstance(value, dict):
        trimmed = {key: _without_blanks(item) for key, item in value.items()}
        return {key: item for key, item in trimmed.items() if item is not None and item != ""}
    return value


def _normal(value, node):
    """Bring a valid value into its normal form, led by the schema."""
    reference = node.get("$ref")
    node = _validator().resolve(node)
    if reference in _MONEY_REFS:
        return decimal_text(value)
    if node.get("format") == "date-time":
        moment = parse_datetime(value).astimezone(timezone.utc)
        return moment.isoformat().replace("+00:00", "Z")
    if isinstance(value, list):
        return [_normal(item, node.get("items", {})) for item in value]
    if isinstance(value, dict):
        fields = node.get("properties", {})
        result = {key: _normal(item, fields.get(key, {})) for key, item in value.items()}
        for key, child in fields.items():
            if key not in result and "default" in _validator().resolve(child):
                result[key] = _validator().resolve(child)["default"]
        return result
    return value


def _check_order(document):
    """Rules that a schema cannot say."""
    errors, seen = [], {}
    for index, line in enumerate(document["lines"]):
        path = f"lines[{index}]"
        if line["id"] in seen:
            errors.append((f"{path}.id", f"is the same as that of lines[{seen[line['id']]}]"))
        seen[line["id"]] = index
        if line["kind"] == "product" and not any(
            line.get(key) for key in ("sku", "listing_id", "barcode", "name")
        ):
            errors.append((path, "is a product and needs a sku, listing_id, barcode or name"))
        errors += [(f"{path}.{key}", message) for key, message in _check_amounts(line)]
    for key in ("placed_at", "updated_at"):
        if document.get(key) and not 1990 <= int(document[key][:4]) <= 2100:
            errors.append((key, f"is no plausible date: {document[key]}"))
    return errors


def _check_amounts(line):
    quantity, price = Decimal(line["quantity"]), Decimal(line["unit_price"])
    discount = Decimal(line.get("discount", "0"))
    computed = quantity * price - discount
    if "total" in line:
        stated = Decimal(line["total"])
        # A unit price shown with two decimals is off by half a cent at most, per piece.
        if abs(stated - computed) > Decimal("0.01") * max(quantity, Decimal(1)):
            yield "total", f"is {line['total']}, but quantity, price and discount make {computed}"
        elif not quantity and stated:
            yield "total", f"is {line['total']} for a quantity of 0"
    elif not quantity and discount:
        yield "discount", f"is {line['discount']} for a quantity of 0"


def _check_refund(document):
    errors, seen = [], set()
    for index, line in enumerate(document.get("lines", [])):
        if line["id"] in seen:
            errors.append((f"lines[{index}].id", "stands twice in the document"))
        seen.add(line["id"])
    return errors


def _check_return(document):
    return [
        (f"lines[{index}]", "needs an order_line_id or a sku")
        for index, line in enumerate(document.get("lines", []))
        if not (line.get("order_line_id") or line.get("sku"))
    ]


_CHECKS = {"order": _check_order, "refund": _check_refund, "return": _check_return}
