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
import re
import sys
import zlib
from decimal import Decimal
from pathlib import Path

ADDONS = Path(__file__).resolve().parents[1] / "addons"
# As a new channel has them.
TOLERANCE_AUTO, TOLERANCE_BLOCK = Decimal("0.05"), Decimal("1.00")


MAX_BYTES = 256 * 1024 * 1024
_UNREADABLE = {"type": "other", "external_id": None, "outcome": "parked", "cause": "unreadable_file"}


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
    except base.ACCIDENTS as error:
        return {**result, "outcome": "parked", "cause": "unreadable", "message": base.accident(error)}
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


def unpack(data):
    """:return: content of a gzip file, or `data` itself
    :raise ValueError: damaged, or larger than any file of orders"""
    if data[:2] != b"\x1f\x8b":
        return data
    machine = zlib.decompressobj(wbits=31)
    try:
        content = machine.decompress(data, MAX_BYTES)
    except zlib.error as error:
        raise ValueError(f"is no readable gzip file: {error}") from None
    if machine.unconsumed_tail:
        raise ValueError("is larger than any file of orders when it is unpacked")
    if not machine.eof:
        raise ValueError("is no readable gzip file: its end is missing")
    return content


def decode(data):
    """:return: text of a file; None where it is none"""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        encodings = ["utf-16"]
    else:
        # Chinese letters are pairs of high bytes, those of Western Europe stand alone.
        high = re.findall(rb"[\x80-\xff]+", data)
        alone = sum(1 for run in high if len(run) == 1)
        encodings = ["utf-8-sig", "cp1252" if alone * 2 > len(high) else "gb18030"]
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        return None if "\x00" in text else text
    return None


def read(path):
    """:return: (payloads in a file, why it cannot be read)"""
    try:
        data = unpack(Path(path).read_bytes())
    except ValueError as error:
        return [], str(error)
    if data.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"<":
        # XML says itself what it is written in.
        return [data], None
    text = decode(data)
    if text is None:
        return [], "is no text"
    stripped = text.lstrip()
    if not stripped:
        return [], "is empty"
    if stripped[0] == "<":
        return [text], None
    if Path(path).name.lower().removesuffix(".gz").endswith((".csv", ".tsv", ".txt")) and stripped[0] not in "[{":
        delimiter = "\t" if "\t" in text else ","
        try:
            rows = list(csv.DictReader(io.StringIO(text), delimiter=delimiter, restkey="_more", restval=""))
        except csv.Error as error:
            return [], f"is no table: {error}"
        return [rows], None
    return read_json(text)


def read_json(text):
    """JSON, or JSON by lines. A line that cannot be read does not hide the others."""
    try:
        return [json.loads(text)], None
    except (ValueError, RecursionError) as error:
        problem = f"is no JSON: {str(error) or type(error).__name__}"
    found, broken = [], []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except (ValueError, RecursionError) as error:
            broken.append(f"line {number} is no JSON: {str(error) or type(error).__name__}")
            continue
        # A line of a document that was broken in two may be a number or a text by chance.
        found.append(value)
    if broken and not any(isinstance(each, dict | list) for each in found):
        return [], problem
    return [*found, *(Broken(each) for each in broken)], None


class Broken(str):
    """What is wrong with one line of a file."""


def map_file(connector, path, context=None):
    """:return: list of dicts, never empty; no exception escapes"""
    path = Path(path)
    try:
        payloads, problem = read(path)
    except OSError as error:
        payloads, problem = [], f"cannot be read: {error.strerror}"
    if problem:
        payloads = [Broken(problem)]
    results = []
    for payload in payloads:
        if isinstance(payload, Broken):
            results.append({**_UNREADABLE, "message": str(payload)})
        else:
            results += map_payload(connector, payload, context)
    return results


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("connector", choices=sorted(platforms.REGISTRY))
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--context", type=_context, default={}, help="JSON: tz, currency, currencies, states")
    args = parser.parse_args(argv)
    # Whatever the terminal is set to, the lines are JSON in UTF-8; a lone half of a letter, which
    # JSON may hold and UTF-8 may not, is written as JSON writes it.
    out = sys.stdout.buffer if hasattr(sys.stdout, "buffer") else None
    for path in args.files:
        for result in map_file(args.connector, path, args.context):
            line = json.dumps({"file": str(path), **result}, ensure_ascii=False)
            try:
                line.encode()
            except UnicodeEncodeError:
                line = json.dumps({"file": str(path), **result})
            if out is None:
                print(line)
            else:
                out.write(line.encode() + b"\n")
                out.flush()
    return 0


def _context(text):
    value = json.loads(text)
    if not isinstance(value, dict):
        raise ValueError(text)
    return value


if __name__ == "__main__":
    sys.exit(main())
