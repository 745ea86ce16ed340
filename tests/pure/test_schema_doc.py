"""The page on the canonical document says what the schema says."""

import json
from decimal import Decimal

import jsonschema

from tools import schema_doc


def _schema():
    return json.loads(schema_doc.SCHEMA.read_text(encoding="utf-8"))


def test_page_is_up_to_date():
    assert schema_doc.main(["--check"]) == 0, "run python3 -m tools.schema_doc"


def test_every_field_stands_on_the_page():
    page, definitions = schema_doc.build(_schema()), _schema()["$defs"]
    for name, _title in schema_doc.SECTIONS:
        section = page.split(f'<a id="{name}"></a>')[1].split("\n## ")[0]
        for field in definitions[name]["properties"]:
            assert f"| `{field}` |" in section
    for anchor in set(definitions) - {"taxes"}:
        assert f'<a id="{anchor}"></a>' in page, anchor


def test_example_is_valid_and_adds_up():
    example = schema_doc.EXAMPLE
    jsonschema.Draft202012Validator(_schema()).validate(example)
    total = Decimal(0)
    for line in example["lines"]:
        total += int(line["quantity"]) * Decimal(line["unit_price"])
        total -= Decimal(line.get("discount", "0"))
        total += sum(Decimal(tax["amount"]) for tax in line.get("taxes", ()))
    assert total == Decimal(example["total"])
    assert total == sum(Decimal(payment["amount"]) for payment in example["payments"])
