"""Files of orders over JSON-2 and XML-RPC, against a running server of several processes.

Small files at once, large ones in the background; the same file several times at the same
moment; a server that is killed in the middle of a file and goes on as if nothing had happened.
"""

import base64
import csv
import gzip
import io
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from conftest import Json2, Json2Error

HEADER = ["Order ID", "Order Date", "SKU", "Product", "Quantity", "Unit Price", "E-Mail"]
OUTCOMES = ("created", "updated", "unchanged", "stale", "parked", "rejected")
LARGE = 3000
INLINE = "ecom_connectors.inline_rows"


def table(orders, prefix="F", lines=2):
    """CSV with the rows of all orders mixed: first the first line of each, then the second."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(HEADER)
    for line in range(lines):
        for number in range(orders):
            writer.writerow(
                [f"{prefix}{number}", "2026-03-01 10:00:00", f"FILE-{line}", f"Thing {line}",
                 number % 3 + 1, "10.00", f"{prefix.lower()}{number}@example.com"]
            )  # fmt: skip
    return out.getvalue().encode()


def encoded(content):
    return base64.b64encode(content).decode()


def counts(result):
    return {name: result[name] for name in OUTCOMES if result[name]}


@pytest.fixture(scope="module")
def channel(json2):
    """A channel that reads files and makes the products it does not know."""
    (currency,) = json2.call(
        "res.currency", "search", domain=[["name", "=", "EUR"], ["active", "in", [True, False]]]
    )
    json2.call("res.currency", "write", ids=[currency], vals={"active": True})
    (channel,) = json2.call(
        "ecom.channel",
        "create",
        vals_list=[
            {
                "name": "File e2e",
                "connector": "file",
                "currency_id": currency,
                "sku_policy": "create",
                "approval": "manual",
            }
        ],
    )
    return channel


@pytest.fixture
def in_background(json2):
    """Files of more than ten rows wait for the timer."""
    before = json2.call("ir.config_parameter", "get_param", key=INLINE)
    json2.call("ir.config_parameter", "set_param", key=INLINE, value="10")
    yield
    json2.call("ir.config_parameter", "set_param", key=INLINE, value=before or "5000")


def import_file(client, channel, content, name="orders.csv"):
    return client.call(
        "ecom.channel", "import_file", ids=[channel], name=name, content=encoded(content)
    )


def read_import(client, record):
    return client.call(
        "ecom.import",
        "read",
        ids=[record],
        fields=["state", "cursor", "order_count", "message", *(f"{o}_count" for o in OUTCOMES)],
    )[0]


def wait_for(client, record, condition, seconds=240):
    """Read the import until the condition holds. :return: its last values"""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        values = read_import(client, record)
        if condition(values):
            return values
        assert values["state"] != "failed", values["message"]
        time.sleep(0.2)
    raise AssertionError(f"the import got no further than {values}")


def order_count(client, channel, prefix):
    return client.call(
        "ecom.order",
        "search_count",
        domain=[["channel_id", "=", channel], ["external_id", "=like", f"{prefix}%"]],
    )


def test_small_file_over_both(json2, xmlrpc_models, channel):
    content = table(20, "S")
    result = import_file(json2, channel, content)
    assert (result["state"], result["rows"], result["orders"]) == ("done", 40, 20)
    assert counts(result) == {"created": 20}
    packed = encoded(gzip.compress(content))
    result = xmlrpc_models("ecom.channel", "import_file", [channel], "orders.csv.gz", packed)
    assert counts(result) == {"unchanged": 20}
    assert order_count(json2, channel, "S") == 20


def test_broken_rows_are_told(json2, channel):
    content = table(3, "B").replace(b"Thing 0,2,", b"Thing 0,two,") + b",,FILE-0,,1,1,\n"
    result = import_file(json2, channel, content)
    assert counts(result) == {"created": 2, "parked": 1, "rejected": 1}
    assert [(error["row"], error["column"], error["value"]) for error in result["errors"]] == [
        (3, "Quantity", "two"),
        (8, "Order ID", ""),
    ]
    result = import_file(json2, channel, b"\x89PNG\r\n\x1a\n" + b"\x00" * 100, "orders.png")
    assert result["state"] == "failed"
    assert result["message"]


def test_viewer_is_refused(server, shell, api_key, channel):
    shell(
        "env['res.users'].create({'name': 'V', 'login': 'file_viewer', 'group_ids': [(6, 0, ["
        "env.ref('base.group_user').id, env.ref('ecom_order_mgmt.group_ecom_viewer').id])]})"
    )
    viewer = Json2(server.url, api_key("file_viewer"), server.database)
    with pytest.raises(Json2Error) as refused:
        import_file(viewer, channel, table(1, "V"))
    assert refused.value.status == 403


def test_same_file_at_the_same_moment(json2, channel):
    """However many send it, each order is there once."""
    content = table(60, "P")
    import_file(json2, channel, table(1, "Q"))  # the layout is known, and the products
    with ThreadPoolExecutor(4) as pool:
        results = list(
            pool.map(lambda _i: import_file(json2, channel, content), range(4))
        )
    assert {result["state"] for result in results} == {"done"}
    assert sum(result["created"] for result in results) == 60
    assert sum(result["unchanged"] for result in results) == 180
    assert order_count(json2, channel, "P") == 60


def test_killed_in_the_middle(server, json2, channel, in_background):
    """SIGKILL while a file is taken in: nothing is lost, nothing is there twice."""
    content = table(LARGE, "K")
    result = import_file(json2, channel, content)
    assert (result["state"], result["created"]) == ("running", 0)
    record = result["import_id"]
    wait_for(json2, record, lambda values: values["cursor"] >= 300)
    server.kill()
    server.start()
    after = read_import(json2, record)
    assert after["state"] == "running"
    assert after["cursor"] < LARGE
    assert order_count(json2, channel, "K") == after["cursor"] == after["created_count"]
    # The timer's next look may be minutes away; uploading anything wakes it.
    import_file(json2, channel, table(6, "W"))
    done = wait_for(json2, record, lambda values: values["state"] == "done")
    assert done["created_count"] == LARGE
    assert order_count(json2, channel, "K") == LARGE
    again = import_file(json2, channel, content)["import_id"]
    done = wait_for(json2, again, lambda values: values["state"] == "done")
    assert (done["created_count"], done["unchanged_count"]) == (0, LARGE)


def test_stopped_and_continued(json2, channel, in_background):
    record = import_file(json2, channel, table(LARGE, "X"))["import_id"]
    wait_for(json2, record, lambda values: values["cursor"] >= 100)
    json2.call("ecom.import", "action_cancel", ids=[record])
    stopped = wait_for(json2, record, lambda values: values["state"] != "running", seconds=30)
    assert stopped["state"] == "cancelled"
    time.sleep(2)
    assert read_import(json2, record)["cursor"] == stopped["cursor"] < LARGE
    json2.call("ecom.import", "action_continue", ids=[record])
    done = wait_for(json2, record, lambda values: values["state"] == "done")
    assert done["created_count"] == order_count(json2, channel, "X") == LARGE
