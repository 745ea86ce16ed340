"""Every recorded answer of a carrier goes through our client without an exception."""

import importlib
import json
import sys
import warnings
from collections import Counter, defaultdict

import pytest

from tests.pure.carrier_answers import Played, play, recorded, request_of
from tests.pure.loader import ADDONS

warnings.simplefilter("ignore")


def load_carriers():
    """The addon's pure folder of carriers, without Odoo."""
    name = "ecom_connectors_carriers"
    if name not in sys.modules:
        folder = ADDONS / "ecom_connectors" / "carriers"
        spec = importlib.util.spec_from_file_location(
            name, folder / "__init__.py", submodule_search_locations=[str(folder)]
        )
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return name


karrio = importlib.import_module(f"{load_carriers()}.karrio_client")


@pytest.fixture(scope="module")
def plugins():
    found = karrio.plugins()
    if not found:
        pytest.skip("karrio is not installed")
    return found


def test_karrio_answers(shared, plugins, capsys):
    """Success, refusal, exception and garbage: always an answer, never an exception."""
    table = defaultdict(Counter)
    silent = []
    for plugin, path in recorded(shared / "payloads" / "carriers_karrio"):
        if plugin not in plugins:
            continue
        bad = "error" in path.stem.lower()
        kind, answer, served = play(karrio, plugin, path, 400 if bad else 200)
        row = table[plugin]
        if kind is None:
            row["other"] += 1
            continue
        if not served:
            row["unasked"] += 1
            silent.append(f"{plugin}/{path.name}: {answer.text[:150]}")
            continue
        row["answers"] += 1
        row[kind] += len(answer.items)
        row["errors"] += len(answer.messages)
        assert answer.items or answer.messages or answer.outcome in ("refused", "unknown"), path
    with capsys.disabled():
        columns = "answers rates ship return void track pickup manifest errors unasked other"
        print(f"\n{'carrier':20}" + "".join(f"{name:>9}" for name in columns.split()))
        for plugin, row in sorted(table.items()):
            print(f"{plugin:20}" + "".join(f"{row[name]:>9}" for name in columns.split()))
        for line in silent:
            print("unasked", line)
    assert sum(row["track"] for row in table.values()) > 100
    assert sum(row["rates"] for row in table.values()) > 30
    assert sum(row["ship"] for row in table.values()) > 10
    json.dumps([dict(row) for row in table.values()])


@pytest.mark.parametrize("body", [b"", b"<html>gateway</html>", b"{", b"[]", b"null", b"\xff\xfe"])
@pytest.mark.parametrize("status", [200, 500])
def test_garbage_is_an_answer(plugins, body, status):
    for plugin in ("ups", "fedex", "dhl_express", "dpd", "usps", "canadapost"):
        if plugin not in plugins:
            continue
        names = dict(karrio.fields(plugin))
        client = karrio.Client(plugin, dict.fromkeys(names, "1"), send=Played(body, status))
        answer = client.track(["1Z1"])
        assert not answer.items
        assert answer.outcome != "ok"


easypost = importlib.import_module(f"{load_carriers()}.easypost")
shippo = importlib.import_module(f"{load_carriers()}.shippo")
kuaidi100 = importlib.import_module(f"{load_carriers()}.kuaidi100")


def bodies(folder):
    for path in sorted(folder.rglob("*.json")):
        document = json.loads(path.read_text())
        if isinstance(document, dict) and "response" in document:
            document = document["response"].get("body")
        yield path, document


def test_easypost(shared, capsys):
    counts = Counter()
    for _path, document in bodies(shared / "payloads" / "easypost"):
        counts["documents"] += 1
        for item in easypost.read(document):
            assert item["tracking_ref"]
            counts["events" if "at" in item else "facts"] += 1
            counts[item.get("status")] += 1
    with capsys.disabled():
        print(f"\neasypost {dict(counts)}")
    assert counts["documents"] > 80
    assert counts["events"] > 20
    assert counts["delivered"]


def test_easypost_signature():
    body = b'{"a": 1}'
    good = "hmac-sha256-hex=e2b0c8c2a2b1c0ba3d5d7a7b5ee5b0d7"
    assert not easypost.signature_ok(body, good, "secret")
    assert not easypost.signature_ok(body, "", "")
    mac = importlib.import_module("hmac").new(b"secret", body, "sha256").hexdigest()
    assert easypost.signature_ok(body, f"hmac-sha256-hex={mac}", "secret")


def test_shippo(shared, capsys):
    counts = Counter()
    for path, document in bodies(shared / "payloads" / "shippo"):
        counts["documents"] += 1
        counts["events"] += sum("at" in item for item in shippo.read(document))
        name = str(path.parent.name)
        if "rate" in name or "shipment" in name:
            answer = shippo.rates(document)
            counts["rates"] += len(answer.items)
            counts["messages"] += len(answer.messages)
        if "transaction" in name:
            answer = shippo.labels(document)
            counts["labels"] += len(answer.items)
            counts[f"label {answer.outcome}"] += 1
            counts["messages"] += len(answer.messages)
    with capsys.disabled():
        print(f"\nshippo {dict(counts)}")
    assert counts["documents"] > 40
    assert counts["events"]
    assert counts["rates"]
    assert counts["labels"] + counts["label unknown"]


def test_kuaidi100(shared):
    folder = shared / "payloads" / "kuaidi100"
    answer = kuaidi100.read(json.loads((folder / "push_signed_yunda.json").read_text()))
    assert len(answer.items) == 10
    first = answer.items[0]
    assert (first["carrier"], first["tracking_ref"]) == ("yunda", "4310508235533")
    assert (first["status"], first["city"]) == ("delivered", "深圳市")
    assert first["zone"] == "Asia/Shanghai"
    assert {item["city"] for item in answer.items} == {"深圳市", "广州市", "赣州市"}
    assert all(item["status"] for item in answer.items)
    missing = kuaidi100.read(json.loads((folder / "query_not_found.json").read_text()))
    assert missing.outcome == "refused"
    assert missing.messages[0].code == "201"
    auto = json.loads((folder / "autodetect_two_carriers.json").read_text())
    assert kuaidi100.companies(auto) == ["shentong", "huitongkuaidi"]


def test_kuaidi100_signs():
    _url, form = kuaidi100.query("1", "yunda", "KEY", "CUSTOMER")
    assert form["sign"] == kuaidi100.sign(form["param"], "KEY", "CUSTOMER")
    assert form["sign"].isupper()
    assert len(form["sign"]) == 32
    param = json.dumps({"status": "polling"})
    signature = kuaidi100.sign(param, "salt", "")
    assert kuaidi100.push_ok(param, signature.lower(), "salt")
    assert not kuaidi100.push_ok(param + " ", signature, "salt")
    assert not kuaidi100.push_ok(param, signature, "")


@pytest.mark.parametrize(
    "document", [None, [], "x", {}, {"lastResult": None}, {"data": [None, {}]}]
)
def test_kuaidi100_garbage(document):
    assert kuaidi100.read(document).outcome in ("refused", "ok")
    assert kuaidi100.companies(document if isinstance(document, dict) else {}) == []


dialects = importlib.import_module(f"{load_carriers()}.dialects")
reading = importlib.import_module(f"{load_carriers()}.dialects.reading")


def test_answers_of_old_interfaces(shared, capsys):
    """Every answer of interfaces that carriers spoke before is read, or known for what it is."""
    table = defaultdict(Counter)
    for folder, path in recorded(shared / "payloads" / "carriers_active_shipping"):
        found = dialects.read(path.read_bytes())
        row = table[folder]
        row["answers"] += 1
        if found.dialect is None:
            row["unknown"] += 1
            assert found.answer.messages[0].code == dialects.UNKNOWN
            # Garbage and an invented document are the only ones that nobody knows.
            assert path.name.startswith(("unknown_", "invalid_")), path
            continue
        row[found.kind] += len(found.answer.items) or (found.kind == "info")
        row["errors"] += len(found.answer.messages)
        assert found.answer.items or found.answer.messages or found.kind in ("info", "errors"), path
        for item in found.answer.items:
            if found.kind == "events":
                assert item["tracking_ref"], path
                assert "at" in item or "eta" in item, path
            elif found.kind == "rates":
                assert item.amount > 0, (path, item)
                assert item.currency
                assert item.service, path
            elif found.kind == "labels":
                assert item.numbers[0], path
    with capsys.disabled():
        columns = ("answers", "rates", "labels", "events", "errors", "info", "unknown")
        print(f"\n{'old interface':20}" + "".join(f"{name:>9}" for name in columns))
        for folder, row in sorted(table.items()):
            print(f"{folder:20}" + "".join(f"{row[name]:>9}" for name in columns))
    assert table["usps"]["events"] > 20
    assert table["fedex"]["events"] > 20
    assert table["canadapost_pws"]["events"] > 10
    assert table["fedex"]["labels"] == table["usps_returns"]["labels"] == 1
    assert sum(row["rates"] for row in table.values()) > 60
    assert sum(row["unknown"] for row in table.values()) <= 3


def test_old_answers_in_detail(shared):
    folder = shared / "payloads" / "carriers_active_shipping"
    usps = dialects.read((folder / "usps" / "tracking_response.xml").read_bytes()).answer.items
    assert (usps[0]["at"], usps[0]["status"], usps[0]["city"]) == (
        "2015-04-28T09:01:00", "delivered", "Hanna City",
    )  # fmt: skip
    assert usps[-1]["eta"] == "2015-04-28"
    fedex = dialects.read(
        (folder / "fedex" / "tracking_response_delivered_with_signature.xml").read_bytes()
    ).answer.items
    assert (fedex[0]["at"], fedex[0]["status"]) == ("2014-01-02T13:23:29-05:00", "delivered")
    assert "AVILLALON" not in str(fedex), "who signed is nobody's business"
    post = dialects.read((folder / "canadapost_pws" / "tracking_details_en.xml").read_bytes())
    assert post.answer.items[0]["at"].endswith("-05:00")
    label = dialects.read((folder / "fedex" / "create_shipment_response.xml").read_bytes())
    assert label.answer.items[0].numbers == ("794637052920",)
    assert str(label.answer.items[0].amount) == "13.37"
    missing = dialects.read((folder / "fedex" / "tracking_response_not_found.xml").read_bytes())
    assert (missing.answer.outcome, missing.answer.messages[0].code) == ("refused", "9040")


UPS_XML = b"""<?xml version="1.0"?><TrackResponse><Response><ResponseStatusCode>1</ResponseStatusCode>
</Response><Shipment><ScheduledDeliveryDate>20260305</ScheduledDeliveryDate><Package>
<TrackingNumber>1Z1</TrackingNumber><Activity><ActivityLocation><Address><City>BONN</City>
<CountryCode>DE</CountryCode></Address></ActivityLocation><Status><StatusType><Code>I</Code>
<Description>ARRIVAL SCAN</Description></StatusType><StatusCode><Code>AR</Code></StatusCode></Status>
<Date>20260302</Date><Time>091500</Time></Activity></Package></Shipment></TrackResponse>"""


def test_ups_xml_through_the_client(plugins):
    """A broker that speaks the former interface where the present one was asked."""
    if "ups" not in plugins:
        pytest.skip("karrio-ups is not installed")
    client = karrio.Client("ups", dict.fromkeys(dict(karrio.fields("ups")), "1"),
                           send=Played(UPS_XML, 200))  # fmt: skip
    answer = client.track(["1Z1"])
    assert answer.outcome == "ok"
    assert answer.items[0] == {
        "carrier": "ups", "tracking_ref": "1Z1", "at": "2026-03-02T09:15:00", "code": "AR",
        "text": "ARRIVAL SCAN", "status": "in_transit", "city": "Bonn", "state": "",
        "country": "DE",
    }  # fmt: skip
    assert answer.items[1]["eta"] == "2026-03-05"


@pytest.mark.parametrize(
    "body",
    [
        b"", b"\xff\xfe", b"<", b"<a", b"{", b"[]", b"null", b"<TrackReply/>", b"<eparcel/>",
        b"<Envelope><Body/></Envelope>", b"<TrackResponse><TrackInfo/></TrackResponse>",
        b'{"postage_result": null}', b'{"products": [1, null, {"price": "x"}]}', b"<HTML><BODY>",
        b"<!DOCTYPE x [<!ENTITY a SYSTEM 'file:///etc/passwd'>]><Error><Description>&a;"
        b"</Description></Error>",
    ],
)  # fmt: skip
def test_dialects_read_anything(body):
    found = dialects.read(body)
    assert not found.answer.items
    assert "root:" not in str(found)
    assert found.answer.outcome in ("refused", "unknown")


def test_easypost_label_through_karrio(shared, plugins):
    """The recorded sale of a label: shipment made, rate bought, label fetched."""
    if "easypost" not in plugins:
        pytest.skip("karrio-easypost is not installed")
    folder = shared / "payloads" / "easypost" / "shipment_buy"
    answers = [json.loads(path.read_text())["response"] for path in sorted(folder.glob("*.json"))]
    made, bought = (answer["body"] for answer in answers)
    asked = []

    def send(request, timeout):
        url = request.full_url
        asked.append((request.get_method(), url.split("?")[0]))
        if "/v2/shipments" not in url:
            return Played._answer(b"\x89PNG label", 200)
        body = bought if url.endswith("/buy") else made
        return Played._answer(json.dumps(body).encode(), 200)

    client = karrio.Client("easypost", {"api_key": "k"}, test_mode=True, send=send)
    rates = client.rates(request_of("easypost", "rates", [])).items
    assert len(rates) == len(made["rates"])
    assert {str(rate.amount) for rate in rates} == {str(float(r["rate"])) for r in made["rates"]}
    service = bought["selected_rate"]["service"]
    answer = client.ship(request_of("easypost", "ship", [service]))
    assert answer.outcome == "ok", answer
    assert answer.items[0].numbers == (bought["tracking_code"],)
    assert answer.items[0].data
    assert sum(url.endswith("/buy") for _method, url in asked) == 1
