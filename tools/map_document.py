"""Show what a connector makes of documents: ``python3 tools/map_document.py CONNECTOR FILE...``

Without Odoo and without a database. One JSON line per document found in the files: the canonical
document, or the cause for which it would park. ``--context`` gives what the documents do not say
themselves, as JSON, e.g. ``'{"tz": "Europe/Paris", "currency": "EUR"}'``.
"""

import argparse
import csv
import importlib
import importlib.util
import io
import json
import sys
from decimal import Decimal
from pathlib import Path

ADDONS = Path(__file__).resolve().parents[1] / "addons"
# As a new channel has them.
TOLERANCE_AUTO, TOLERANCE_BLOCK = Decimal("0.05"), Decimal("1.00")


def load(addon, folder):
    """:return: a pure package of an addon, under a name of its own"""
    name = f"{addon}_{folder}"
    if name not in sys.modules:
        path = ADDONS / addon / folder
        spec = importlib.util.spec_from_file_location(
            name, path / "__init__.py", submodule_search_locations=[str(path)]
        )
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


platforms = load("ecom_connectors", "platforms")
load("ecom_order_mgmt", "tools")
base = importlib.import_module("ecom_connectors_platforms.base")
canonical = importlib.import_module("ecom_order_mgmt_tools.canonical")
totals = importlib.import_module("ecom_order_mgmt_tools.totals")


def evaluate(mapped):
    """:param mapped: base.Mapped
    :return: dict: what intake makes of one document"""
    result = {"type": mapped.kind, "external_id": mapped.external_id}
    if mapped.document is None:
        return {**result, "outcome": "parked", "cause": mapped.code, "message": mapped.message}
    if mapped.kind == "listing":
        return {**result, "outcome": "mapped", "document": mapped.document}
    try:
        document = canonical.normalise(mapped.document)
    except canonical.InvalidDocument as error:
        return {**result, "outcome": "parked", "cause": "invalid_document", "message": str(error)}
    result |= {"external_id": document["external_id"], "outcome": "mapped", "document": document}
    if document["type"] == "order":
        difference = difference_of(document)
        result["difference"] = str(difference)
        if abs(difference) > TOLERANCE_BLOCK:
            result |= {
                "outcome": "parked",
                "cause": "total_mismatch",
                "message": f"the total is {document['total']}, the lines come to "
                f"{Decimal(document['total']) - difference}",
            }
    return result


def difference_of(document):
    """:return: what the stated total has more than the lines"""
    unit = Decimal(1).scaleb(-base.digits_of(document["currency"]))
    included = document.get("prices_include_tax", False)
    return totals.compute(document, included, unit).difference


def map_payload(connector, payload, context=None):
    """:return: list of dicts of :func:`evaluate`"""
    mapping = platforms.get_mapping(connector)
    return [evaluate(mapped) for mapped in base.map_payload(mapping, payload, context)]


def read(path):
    """:return: (payloads in a file, why it cannot be read)"""
    data = Path(path).read_bytes()
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = data.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        return [], "is no text"
    stripped = text.lstrip()
    if not stripped:
        return [], "is empty"
    if stripped[0] == "<":
        return [text], None
    if path.suffix.lower() in (".csv", ".tsv", ".txt"):
        rows = list(csv.DictReader(io.StringIO(text), delimiter="\t" if "\t" in text else ","))
        return [rows], None
    try:
        return [json.loads(text)], None
    except (ValueError, RecursionError) as error:
        lines = [line for line in text.splitlines() if line.strip()]
        try:
            return [json.loads(line) for line in lines], None
        except (ValueError, RecursionError):
            return [], f"is no JSON: {error}"


def map_file(connector, path, context=None):
    """:return: list of dicts, never empty; no exception escapes"""
    path = Path(path)
    try:
        payloads, problem = read(path)
    except OSError as error:
        payloads, problem = [], f"cannot be read: {error.strerror}"
    if problem:
        return [
            {"type": "other", "external_id": None, "outcome": "parked", "cause": "unreadable_file", "message": problem}
        ]
    return [result for payload in payloads for result in map_payload(connector, payload, context)]


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("connector", choices=sorted(platforms.REGISTRY))
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--context", type=json.loads, default={}, help="JSON: tz, currency, currencies, states")
    args = parser.parse_args(argv)
    for path in args.files:
        for result in map_file(args.connector, path, args.context):
            print(json.dumps({"file": str(path), **result}, ensure_ascii=False))
    return 0


if __name__ == "__main__":
    sys.exit(main())
