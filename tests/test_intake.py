"""Orders over JSON-2 and XML-RPC, against a running server of several processes.

The same order sent many times at once, versions in the wrong order, a server that is killed in
the middle of its work: each time every order is there exactly once, in its last state.
"""

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from conftest import Json2, Json2Error

THREADS = 16


def document(external_id, quantity=1, version=0, **vals):
    """A paid canonical order of ``quantity`` pieces at 10.00."""
    total = f"{quantity * 10}.00"
    return {
        "external_id": external_id,
        "placed_at": "2026-03-01T10:00:00Z",
        "updated_at": f"2026-03-01T10:{version:02}:00Z",
        "currency": "USD",
        "customer": {"name": f"Buyer {external_id}", "email": f"{external_id.lower()}@example.com"},
        "shipping_address": {"name": "B", "street": "Road 1", "city": "Reno", "country": "US"},
        "lines": [{"id": "1", "sku": "E2E-1", "quantity": quantity, "unit_price": "10"}],
        "payments": [{"amount": total, "paid_at": "2026-03-01T10:00:00Z"}],
        "total": total,
        **vals,
    }


@pytest.fixture(scope="module")
def product(json2):
    """A storable product of which there is plenty."""
    (product,) = json2.call(
        "product.product",
        "create",
        vals_list=[
            {
                "name": "Thing",
                "default_code": "E2E-1",
                "type": "consu",
                "is_storable": True,
                "taxes_id": False,
            }
        ],
    )
    warehouse = json2.call(
        "stock.warehouse", "search_read", domain=[], fields=["lot_stock_id"], limit=1
    )[0]
    (quant,) = json2.call(
        "stock.quant",
        "create",
        vals_list=[
            {
                "product_id": product,
                "location_id": warehouse["lot_stock_id"][0],
                "inventory_quantity": 100000,
            }
        ],
    )
    json2.call("stock.quant", "action_apply_inventory", ids=[quant])
    return product


@pytest.fixture
def channel(json2, product, request):
    (channel,) = json2.call(
        "ecom.channel", "create", vals_list=[{"name": request.node.name, "connector": "api"}]
    )
    return channel


def read_orders(json2, channel):
    return json2.call(
        "ecom.order",
        "search_read",
        domain=[["channel_id", "=", channel]],
        fields=["external_id", "state", "cause", "review_state", "sale_order_id", "amount_total"],
    )


def process(json2, channel, seconds=120):
    """Run the pipeline to its end; the server's own timer may be at work as well."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        json2.call("ecom.channel", "process_orders", ids=[channel])
        open_orders = json2.call(
            "ecom.order",
            "search_count",
            domain=[
                ["channel_id", "=", channel],
                "|",
                ["state", "=", "received"],
                "&",
                ["state", "=", "accepted"],
                ["confirmed_at", "=", False],
            ],
        )
        if not open_orders:
            return
        time.sleep(0.5)
    raise AssertionError(f"{open_orders} orders are still not processed")


def sale_orders(json2, channel):
    return json2.call(
        "sale.order",
        "search_read",
        domain=[["ecom_channel_id", "=", channel]],
        fields=["client_order_ref", "state", "amount_total", "picking_ids"],
    )


def test_json2_to_reserved_delivery(json2, channel):
    answer = json2.call(
        "ecom.channel",
        "import_orders",
        ids=[channel],
        documents=[document("J-1", 2), {"external_id": "J-2"}],
    )
    assert [entry["outcome"] for entry in answer] == ["created", "parked"]
    assert answer[1]["cause"] == "invalid_document"
    assert "lines is missing" in answer[1]["message"]
    process(json2, channel)
    status = json2.call("ecom.order", "get_status", ids=[answer[0]["order_id"]])
    assert status["allocation"]["state"] == "reserved"
    assert status["order"]["total"] == 20


def test_xmlrpc_and_odoorpc(xmlrpc_models, rpc, json2, channel):
    (answer,) = xmlrpc_models("ecom.channel", "import_orders", [channel], [document("X-1")])
    assert answer["outcome"] == "created"
    (again,) = rpc.env["ecom.channel"].browse(channel).import_orders([document("X-1")])
    assert again["outcome"] == "unchanged"
    assert again["order_id"] == answer["order_id"]
    process(json2, channel)
    (order,) = read_orders(json2, channel)
    assert order["state"] == "accepted"


def test_without_key_or_rights(server, json2, shell, api_key, channel):
    with pytest.raises(Json2Error) as caught:
        Json2(server.url, database=server.database).call(
            "ecom.channel", "import_orders", ids=[channel], documents=[]
        )
    assert caught.value.status in (401, 403)
    shell(
        "env['res.users'].create({'name': 'Clerk', 'login': 'clerk', 'group_ids': "
        "[(6, 0, [env.ref('base.group_user').id])]})"
    )
    clerk = Json2(server.url, api_key("clerk"), server.database)
    for model, method, ids in (
        ("ecom.channel", "import_orders", [channel]),
        ("ecom.order", "action_approve", [1]),
    ):
        with pytest.raises(Json2Error) as caught:
            arguments = {"documents": []} if method == "import_orders" else {}
            clerk.call(model, method, ids=ids, **arguments)
        assert caught.value.status == 403, caught.value


def test_garbage_is_answered_not_crashed(json2, channel):
    garbage = [None, 7, "x", [], {}, {"external_id": "\x00"}, {"external_id": "ok", "lines": "no"}]
    answer = json2.call("ecom.channel", "import_orders", ids=[channel], documents=garbage)
    assert {entry["outcome"] for entry in answer} == {"parked"}
    again = json2.call("ecom.channel", "import_orders", ids=[channel], documents=garbage)
    assert [e["order_id"] for e in again] == [e["order_id"] for e in answer]
    with pytest.raises(Json2Error) as caught:
        json2.call("ecom.channel", "import_orders", ids=[channel], documents="all")
    assert caught.value.status in (400, 422)


def test_same_document_a_hundred_times_at_once(server, json2, api_key, channel):
    key = api_key()

    def send(_number):
        client = Json2(server.url, key, server.database)
        return client.call(
            "ecom.channel", "import_orders", ids=[channel], documents=[document("SAME")]
        )[0]

    with ThreadPoolExecutor(THREADS) as pool:
        answers = list(pool.map(send, range(100)))
    outcomes = Counter(answer["outcome"] for answer in answers)
    assert outcomes == {"created": 1, "unchanged": 99}
    process(json2, channel)
    assert len(read_orders(json2, channel)) == 1
    (sale_order,) = sale_orders(json2, channel)
    assert len(sale_order["picking_ids"]) == 1


def test_versions_in_any_order_at_once(server, json2, api_key, channel):
    """Versions arrive late, early and together: the last one counts."""
    key, orders, versions = api_key(), 10, 6

    def send(number):
        order, version = number % orders, number // orders * 5 % versions
        client = Json2(server.url, key, server.database)
        return client.call(
            "ecom.channel",
            "import_orders",
            ids=[channel],
            documents=[document(f"V-{order}", quantity=version + 1, version=version)],
        )[0]["outcome"]

    numbers = range(orders * versions * 3)
    with ThreadPoolExecutor(4) as pool:
        outcomes = Counter(pool.map(send, numbers))
    assert sum(outcomes.values()) == len(numbers)
    process(json2, channel)
    for order in read_orders(json2, channel):
        assert order["amount_total"] == versions * 10, order
    for sale_order in sale_orders(json2, channel):
        assert sale_order["amount_total"] == versions * 10


def test_one_poisoned_order_in_500(json2, channel):
    """499 are accepted; they are left as drafts, as confirming them proves nothing more here."""
    json2.call("ecom.channel", "write", ids=[channel], vals={"approval": "manual"})
    documents = [document(f"P-{i}") for i in range(500)]
    documents[250]["lines"][0]["unit_price"] = "ten"
    documents[251]["lines"][0]["sku"] = "E2E-UNKNOWN"
    answer = json2.call(
        "ecom.channel", "import_orders", ids=[channel], documents=documents, timeout=300
    )
    assert Counter(entry["outcome"] for entry in answer) == {"created": 498, "parked": 2}
    json2.call("ecom.channel", "process_orders", ids=[channel], timeout=300)
    states = Counter(order["state"] for order in read_orders(json2, channel))
    assert states == {"accepted": 498, "parked": 2}


def test_server_killed_in_the_middle(server, json2, channel):
    """SIGKILL while orders are processed: after a restart each is there exactly once."""
    documents = [document(f"K-{i}") for i in range(100)]
    json2.call("ecom.channel", "import_orders", ids=[channel], documents=documents)
    with ThreadPoolExecutor(1) as pool:
        call = pool.submit(json2.call, "ecom.channel", "process_orders", ids=[channel])
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and not sale_orders(json2, channel):
            time.sleep(0.1)
        server.kill()
        with pytest.raises(requests.RequestException):
            call.result(60)
    server.start()
    done_before = len(sale_orders(json2, channel))
    json2.call("ecom.channel", "import_orders", ids=[channel], documents=documents)
    process(json2, channel, 300)
    assert done_before < 100, "it was killed too late to prove anything"
    orders = read_orders(json2, channel)
    assert Counter(order["state"] for order in orders) == {"accepted": 100}
    refs = Counter(order["client_order_ref"] for order in sale_orders(json2, channel))
    assert set(refs.values()) == {1}
    assert len(refs) == 100
    pickings = [len(order["picking_ids"]) for order in sale_orders(json2, channel)]
    assert pickings == [1] * 100
