"""Write the field-by-field description of the canonical document from its JSON Schema.

``python3 -m tools.schema_doc`` writes ``docs/canonical-order.md``; with ``--check`` it only says
whether the file is up to date.
"""

import argparse
import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SCHEMA = ROOT / "addons/ecom_order_mgmt/data/canonical_order.schema.json"
TARGET = ROOT / "docs/canonical-order.md"

# Named types of the schema that get a row in a table of their own instead of a section.
PLAIN_TYPES = ("money", "amount", "quantity", "time", "currency", "id", "short", "text")
SECTIONS = (
    ("order", "Order"),
    ("order_line", "Order line"),
    ("tax", "Tax of a line"),
    ("order_discount", "Discount of the whole order"),
    ("payment", "Payment"),
    ("customer", "Customer"),
    ("address", "Address"),
    ("refund", "Refund"),
    ("refund_line", "Refund line"),
    ("return", "Return request"),
    ("return_line", "Return line"),
)

EXAMPLE = {
    "external_id": "54820001042",
    "number": "L1042",
    "placed_at": "2026-11-23T09:30:00-08:00",
    "updated_at": "2026-11-23T17:37:00Z",
    "currency": "USD",
    "prices_include_tax": False,
    "customer": {
        "external_id": "LO-C7003",
        "name": "Sofia Lindqvist",
        "email": "sofia@example.com",
    },
    "shipping_address": {
        "name": "Sofia Lindqvist",
        "street": "33 Cannery Row",
        "city": "Monterey",
        "zip": "93940",
        "state": "CA",
        "country": "US",
    },
    "lines": [
        {
            "id": "1",
            "sku": "LO-BOX-DESK",
            "name": "Desk Organiser",
            "quantity": 3,
            "unit_price": "33.33",
            "discount": "10.00",
            "taxes": [{"rate": "7.25", "amount": "6.52"}],
        },
        {"id": "2", "kind": "shipping", "name": "Ground", "quantity": 1, "unit_price": "5.95"},
    ],
    "payments": [
        {"id": "gc_1", "kind": "gift_card", "amount": "20.00"},
        {"id": "ch_1", "method": "card", "amount": "82.46"},
    ],
    "total": "102.46",
}

INTRO = """\
# Canonical document

{description}

This page is written by `python3 -m tools.schema_doc` from
[`canonical_order.schema.json`](../addons/ecom_order_mgmt/data/canonical_order.schema.json)
(JSON Schema, draft 2020-12); change the schema, not this page.

Documents go to `ecom.channel.import_orders(documents)` of a channel with the connector
*Canonical documents*, for example over JSON-2:

```
POST /json/2/ecom.channel/import_orders
Authorization: bearer <API key>

{{"ids": [<channel>], "documents": [{{…}}, {{…}}]}}
```

The answer holds one entry per document, in the same order, with `outcome` (`created`, `updated`,
`unchanged`, `stale` or `parked`), `order_id`, `cause` and `message`. Sending a document again
changes nothing, and one bad document never stops the others. What is wrong in it is named with
its path, such as `lines[0].unit_price`.

## Example

```json
{example}
```

3 × 33.33 − 10.00 + 6.52 tax + 5.95 = 102.46.
"""


def build(schema):
    """:param dict schema: the JSON Schema
    :return: text of the page"""
    example = json.dumps(EXAMPLE, indent=2, ensure_ascii=False)
    parts = [INTRO.format(description=schema["description"], example=example)]
    parts.append(_types(schema))
    parts += [_section(schema, name, title) for name, title in SECTIONS]
    return "\n".join(parts)


def _types(schema):
    rows = ["## Kinds of values", "", "| Kind | What it is | Limits |", "| --- | --- | --- |"]
    for name in PLAIN_TYPES:
        node = schema["$defs"][name]
        examples = ", ".join(f"`{value}`" for value in node.get("examples", ()))
        words = node.get("description", "Text.")
        words += f" For example {examples}." if examples else ""
        rows.append(f'| <a id="{name}"></a>{name} | {_cell(words)} | {_limits(node)} |')
    return "\n".join([*rows, ""])


def _section(schema, name, title):
    node = schema["$defs"][name]
    required = set(node.get("required", ()))
    lines = [f"## {title}", f'<a id="{name}"></a>', ""]
    if node.get("description"):
        lines += [node["description"], ""]
    lines += ["| Field | Kind | | What it says |", "| --- | --- | --- | --- |"]
    for field, child in node.get("properties", {}).items():
        kind, words = _kind(schema, child), _words(schema, child)
        need = "required" if field in required else ""
        lines.append(f"| `{field}` | {kind} | {need} | {_cell(words)} |")
    if node.get("additionalProperties") is False:
        lines += ["", "Other fields are refused."]
    return "\n".join([*lines, ""])


def _target(schema, node):
    """:return: (name of the type that a node refers to or None, node with the rules)"""
    if "$ref" not in node:
        return None, node
    path = node["$ref"].lstrip("#/").split("/")
    target = schema
    for part in path:
        target = target[part]
    return (path[-1] if len(path) == 2 else None), target


def _kind(schema, node):
    name, target = _target(schema, node)
    if name and target.get("type") != "array":
        return f"[{name}](#{name})"
    if target.get("type") == "array":
        return f"list of {_kind(schema, target['items'])}"
    if "enum" in target:
        return "one of " + ", ".join(f"`{value}`" for value in target["enum"])
    if "const" in target:
        return f"`{target['const']}`"
    kind = target.get("type", "any")
    return {"boolean": "true or false", "object": "object, free"}.get(kind, kind)


def _words(schema, node):
    _name, target = _target(schema, node)
    words = [
        node.get("description") or (target.get("description") if _inline(schema, node) else "")
    ]
    if "default" in target:
        words.append(f"Default: `{json.dumps(target['default']).strip(chr(34))}`.")
    if target.get("type") == "array" and ("minItems" in target or "maxItems" in target):
        words.append(f"{_limits(target)}.")
    return " ".join(word for word in words if word)


def _inline(schema, node):
    """Descriptions of named types stand at the type; only unnamed ones are repeated."""
    return _target(schema, node)[0] is None


def _limits(node):
    words = []
    if "maxLength" in node:
        words.append(f"up to {node['maxLength']:,} characters")
    if node.get("minLength"):
        words.append("not empty")
    if "minItems" in node:
        words.append(f"at least {node['minItems']}")
    if "maxItems" in node:
        words.append(f"at most {node['maxItems']:,}")
    if "pattern" in node:
        words.append("`" + node["pattern"].replace("|", r"\|") + "`")
    return _cell(", ".join(words))


def _cell(text):
    return " ".join(text.split())


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing, only compare")
    options = parser.parse_args(argv)
    page = build(json.loads(SCHEMA.read_text(encoding="utf-8")))
    current = TARGET.read_text(encoding="utf-8") if TARGET.exists() else ""
    if page == current:
        return 0
    if options.check:
        print(f"{TARGET.relative_to(ROOT)} is out of date: run python3 -m tools.schema_doc")
        return 1
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_text(page, encoding="utf-8")
    print(f"wrote {TARGET.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
