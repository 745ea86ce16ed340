"""``tools/map_document.py``: whatever a file holds, one line of JSON per document, and no exception."""

import gzip
import importlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))
map_document = importlib.import_module("map_document")
xmlish = importlib.import_module("ecom_connectors_platforms.xmlish")

ORDER = {
    "id": 7, "number": "7", "status": "processing", "currency": "EUR", "date_created_gmt": "2026-01-01T10:00:00", "total": "20.00",
    "billing": {"first_name": "Jörg", "last_name": "Müller", "city": "Köln"},
    "line_items": [{"id": 1, "name": "Becher, groß", "product_id": 5, "quantity": 2, "subtotal": "20.00", "total": "20.00", "sku": "MUG"}],
}  # fmt: skip
PRESTASHOP = """<?xml version="1.0" encoding="{encoding}"?>
<prestashop xmlns:xlink="http://www.w3.org/1999/xlink"><!-- x --><order><id><![CDATA[7]]></id><reference>ABC</reference>
<id_customer xlink:href="http://x">1</id_customer><current_state>2</current_state><date_add>2026-07-01 12:00:00</date_add>
<total_paid_tax_incl>24.000000</total_paid_tax_incl><associations><order_rows><order_row><id>1</id><product_id>1</product_id>
<product_quantity>2</product_quantity><product_name><![CDATA[Tasse grün]]></product_name><unit_price_tax_incl>12.000000</unit_price_tax_incl>
<unit_price_tax_excl>10.000000</unit_price_tax_excl></order_row></order_rows></associations></order></prestashop>"""


def one(path, connector="woocommerce", context=None):
    (result,) = map_document.map_file(connector, path, context)
    return result


def text(order=ORDER):
    return json.dumps(order, ensure_ascii=False)


@pytest.mark.parametrize(
    "name, content",
    [
        ("a.json", text().encode()),
        ("bom.json", b"\xef\xbb\xbf" + text().encode()),
        ("west.json", text().encode("cp1252")),
        ("wide.json", text().encode("utf-16")),
        ("packed.json.gz", gzip.compress(text().encode())),
        ("lines.txt", text().encode()),
        ("nested.json", json.dumps([[{"orders": [ORDER]}]]).encode()),
        ("indented.json", json.dumps(ORDER, indent=2).encode()),
    ],
)
def test_ways_of_writing(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content)
    result = one(path)
    assert (result["outcome"], result["document"]["customer"]["name"]) == ("mapped", "Jörg Müller")
    assert result["document"]["lines"][0]["name"] == "Becher, groß"


def test_chinese(tmp_path):
    path = tmp_path / "a.json"
    path.write_bytes(text({**ORDER, "billing": {"first_name": "王", "city": "广州市天河区"}}).encode("gb18030"))
    assert one(path)["document"]["billing_address"]["city"] == "广州市天河区"


@pytest.mark.parametrize("encoding", ["UTF-8", "ISO-8859-1", "UTF-16"])
@pytest.mark.parametrize("parser", ["lxml", "standard library"])
def test_xml(tmp_path, monkeypatch, encoding, parser):
    """XML says itself what it is written in; it is read the same without lxml."""
    if parser == "lxml" and xmlish.etree is None:
        pytest.skip("no lxml")
    if parser != "lxml":
        monkeypatch.setattr(xmlish, "etree", None)
    path = tmp_path / "order.xml"
    path.write_bytes(PRESTASHOP.format(encoding=encoding).encode(encoding))
    result = one(path, "prestashop", {"currency": "EUR"})
    assert (result["outcome"], result["document"]["total"]) == ("mapped", "24"), result
    assert result["document"]["lines"][0]["name"] == "Tasse grün"
    for bad in ("<a>", "<!DOCTYPE x [<!ENTITY y SYSTEM 'file:///etc/passwd'>]><x>&y;</x>", "<a>&y;</a>", "<a b=>"):
        path.write_text(bad)
        assert one(path, "prestashop")["cause"] == "unreadable"
    path.write_bytes("<!DOCTYPE x [<!ENTITY y 'z'>]><x>&y;</x>".encode("utf-16"))
    assert one(path, "prestashop")["cause"] == "unreadable"


@pytest.mark.parametrize(
    "name, content, message",
    [
        ("empty.json", b"", "is empty"),
        ("blank.json", b" \n", "is empty"),
        ("broken.json", b'{"id": 1', "is no JSON"),
        ("deep.json", b"[" * 200000, "is no JSON"),
        ("binary.bin", bytes(range(256)), "is no text"),
        ("broken.json.gz", gzip.compress(text().encode())[:-9], "gzip"),
        ("damaged.json.gz", b"\x1f\x8b" + b"x" * 50, "gzip"),
    ],
)
def test_unreadable(tmp_path, name, content, message):
    path = tmp_path / name
    path.write_bytes(content)
    result = one(path)
    assert (result["outcome"], result["cause"]) == ("parked", "unreadable_file")
    assert message in result["message"]
    assert one(tmp_path / "none.json")["cause"] == one(tmp_path)["cause"] == "unreadable_file"


def test_lines_of_which_one_is_broken(tmp_path):
    path = tmp_path / "a.ndjson"
    path.write_text("\n".join([text(), "{broken", text({**ORDER, "id": 8})]))
    outcomes = [(r["outcome"], r["external_id"], r.get("cause")) for r in map_document.map_file("woocommerce", path)]
    assert outcomes == [("mapped", "7", None), ("mapped", "8", None), ("parked", None, "unreadable_file")]


def test_a_ragged_table(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("order,sku\n1,a,b,c\n2\n\n")
    for connector in map_document.platforms.REGISTRY:
        for result in map_document.map_file(connector, path):
            assert result["cause"]
            assert "expected shape" not in result["message"]


@pytest.mark.parametrize("isolated", [False, True])
def test_as_a_program(tmp_path, isolated):
    """In a plain terminal, and without the libraries that Odoo brings."""
    (tmp_path / "a.json").write_text(text({**ORDER, "billing": {"first_name": "\ud800x", "city": "Köln"}}).encode("utf-8", "surrogatepass").decode("utf-8", "replace"))
    (tmp_path / "b.json").write_text('{"id": "\\ud800", "line_items": []}')
    (tmp_path / "c.xml").write_bytes(PRESTASHOP.format(encoding="UTF-8").encode())
    flags = ["-S", "-E"] if isolated else []
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "LC_ALL": "C"}
    for connector in map_document.platforms.REGISTRY:
        done = subprocess.run(
            [sys.executable, *flags, str(ROOT / "tools/map_document.py"), connector,
             str(tmp_path / "a.json"), str(tmp_path / "b.json"), str(tmp_path / "c.xml"), str(tmp_path / "none")],
            capture_output=True, env=environment, check=False,
        )  # fmt: skip
        assert (done.returncode, done.stderr) == (0, b""), connector
        lines = [json.loads(line) for line in done.stdout.decode().splitlines()]
        assert {Path(line["file"]).name for line in lines} == {"a.json", "b.json", "c.xml", "none"}
        assert {line["outcome"] for line in lines} <= {"mapped", "parked"}
        if not isolated and connector != "woocommerce":
            break


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(content=st.one_of(st.binary(max_size=300), st.text(max_size=200).map(str.encode), st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(
        ["id", "order", "orders", "data", "lines", "line_items", "total", "items", "payload", "Orders", "edges", "node", "order_sn"]), inner, max_size=4),
    max_leaves=12).map(lambda v: json.dumps(v).encode())))  # fmt: skip
def test_anything(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("any") / "a.json"
    path.write_bytes(content)
    for connector in ("shopify", "woocommerce", "prestashop", "saleor", "amazon", "magento", "medusa", "walmart", "taobao"):
        results = map_document.map_file(connector, path)
        assert results
        for result in results:
            json.dumps(result)
            assert result["outcome"] == "mapped" or (result["cause"] and result["message"])
