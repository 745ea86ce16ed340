"""After the sale, against a running server: many at once, and one refund all the same."""

import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from conftest import Json2Error

AGENTS = 8


@pytest.fixture(scope="module")
def channel(json2):
    (currency,) = json2.call(
        "res.currency", "search", domain=[["name", "=", "EUR"], ["active", "in", [True, False]]]
    )
    json2.call("res.currency", "write", ids=[currency], vals={"active": True})
    (channel,) = json2.call(
        "ecom.channel",
        "create",
        vals_list=[
            {
                "name": "After-sales e2e",
                "currency_id": currency,
                "sku_policy": "create",
                "approval": "all",
                "approve_wait_minutes": 0,
            }
        ],
    )
    return channel


def sell(json2, channel, quantity="3"):
    """:return: (ids of the channel order and its sale order, external id)"""
    external_id = uuid.uuid4().hex
    (result,) = json2.call(
        "ecom.channel",
        "import_orders",
        ids=[channel],
        documents=[
            {
                "external_id": external_id,
                "placed_at": "2026-03-01T10:00:00Z",
                "currency": "EUR",
                "customer": {"name": "Ada", "email": f"{external_id}@example.com"},
                "lines": [{"id": "1", "sku": "AFTER-1", "quantity": quantity, "unit_price": "10"}],
                "payments": [
                    {"amount": str(int(quantity) * 10), "paid_at": "2026-03-01T10:00:00Z"}
                ],
                "total": str(int(quantity) * 10),
            }
        ],
    )
    json2.call("ecom.channel", "process_orders", ids=[channel])
    (order,) = json2.call(
        "ecom.order", "read", ids=[result["order_id"]], fields=["sale_order_id", "state"]
    )
    return order["id"], order["sale_order_id"][0], external_id


def payments(json2, sale_order):
    return json2.call(
        "ecom.return.payment",
        "search_read",
        domain=[["sale_order_id", "=", sale_order], ["state", "not in", ["failed", "cancelled"]]],
        fields=["amount", "method", "state"],
    )


def test_many_agents_and_the_channel_refund_at_once(json2, channel):
    order, sale_order, external_id = sell(json2, channel)
    case = json2.call(
        "ecom.return",
        "create_request",
        values={"type": "refund_only", "order_id": order, "reason": "defect"},
    )
    if case["request_state"] == "new":
        json2.call("ecom.return", "action_approve", ids=[case["id"]], reason="e2e")

    def refund(_number):
        try:
            return json2.call("ecom.return", "action_refund", ids=[case["id"]])
        except Json2Error as error:
            return str(error)

    def report(_number):
        return json2.call(
            "ecom.channel",
            "import_orders",
            ids=[channel],
            documents=[
                {
                    "type": "refund",
                    "external_id": f"R-{external_id}",
                    "order_external_id": external_id,
                    "created_at": "2026-03-05T10:00:00Z",
                    "currency": "EUR",
                    "amount": "30",
                }
            ],
        )

    with ThreadPoolExecutor(AGENTS) as pool:
        futures = [pool.submit(refund, n) for n in range(AGENTS)]
        futures += [pool.submit(report, n) for n in range(2)]
        for future in futures:
            future.result()
    json2.call("ecom.channel", "process_orders", ids=[channel])
    made = payments(json2, sale_order)
    assert sum(payment["amount"] for payment in made) == 30, made
    assert len(made) == 1


def test_same_request_at_once_is_one_case(json2, channel):
    _order, sale_order, _external_id = sell(json2, channel)
    key = uuid.uuid4().hex

    def ask(_number):
        return json2.call(
            "ecom.return",
            "create_request",
            values={
                "type": "refund_only",
                "sale_order_id": sale_order,
                "lines": [{"sku": "AFTER-1", "quantity": 1}],
                "reason": "defect",
                "request_key": key,
            },
        )

    with ThreadPoolExecutor(AGENTS) as pool:
        results = list(pool.map(ask, range(AGENTS)))
    assert len({result["id"] for result in results}) == 1
    assert [result["outcome"] for result in results].count("created") == 1


def test_pieces_are_given_to_one_case_only(json2, channel):
    _order, sale_order, _external_id = sell(json2, channel, "3")

    def ask(_number):
        try:
            return json2.call(
                "ecom.return",
                "create_request",
                values={
                    "type": "refund_only",
                    "sale_order_id": sale_order,
                    "lines": [{"sku": "AFTER-1", "quantity": 1}],
                    "reason": "defect",
                },
            )["id"]
        except Json2Error:
            return None

    with ThreadPoolExecutor(AGENTS) as pool:
        results = [result for result in pool.map(ask, range(AGENTS)) if result]
    assert len(results) == 3
