"""Two Odoo servers serve one queue on one database; one of them is killed on the way.

Both take in the same documents, both run their timers and are asked to process, at the same time.
Every order has to come out exactly once.
"""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from conftest import Json2, Json2Error, Server
from test_oversell import document, insist

from tools.dev import paths

ORDERS = 240
PRODUCTS = 12
TIME = 240

CHECK = """
orders = env["ecom.order"].search([("channel_id", "=", {channel})])
sales = env["sale.order"].search([("ecom_channel_id", "=", {channel})])
pickings = sales.picking_ids
assert len(orders) == len(sales) == len(pickings) == {orders}, (len(orders), len(sales), len(pickings))
assert sales.ecom_order_id == orders
assert set(sales.mapped("state")) == {{"sale"}}, sales.grouped("state")
assert all(len(sale.picking_ids) == 1 for sale in sales)
assert set(pickings.move_ids.mapped("state")) == {{"assigned"}}
assert len(pickings.ecom_shipment_id) == {orders}
assert not env["stock.picking"].search_count([("move_ids", "=", False)])
products = pickings.move_ids.product_id
held, reserved = {{}}, {{}}
for line in pickings.move_line_ids:
    held[line.product_id] = held.get(line.product_id, 0) + line.quantity_product_uom
quants = env["stock.quant"].search(
    [("product_id", "in", products.ids), ("location_id.usage", "=", "internal")])
for quant in quants:
    reserved[quant.product_id] = reserved.get(quant.product_id, 0) + quant.reserved_quantity
assert held == reserved, (held, reserved)
assert len(quants) == len(products), "a stock record was made twice"
print("fine")
"""


@pytest.fixture
def second(server):
    """Another server, with workers and timers of its own, on the database of the first."""
    log = paths.LOGS / "e2e-server-2.log"
    log.unlink(missing_ok=True)
    other = Server(server.database, log, crons=2)
    try:
        yield other.start()
    finally:
        other.stop()


def test_each_order_once(server, second, json2, api_key, shell):
    shell(
        "warehouse = env['stock.warehouse'].search([], limit=1)\n"
        "products = env['product.product'].create([\n"
        "    {'name': f'Two {i}', 'default_code': f'TWO-{i}', 'type': 'consu',\n"
        f"     'is_storable': True, 'taxes_id': False}} for i in range({PRODUCTS})])\n"
        "for product in products:\n"
        "    env['stock.quant']._update_available_quantity(\n"
        f"        product, warehouse.lot_stock_id, {ORDERS})\n"
    )
    (channel,) = json2.call(
        "ecom.channel", "create", vals_list=[{"name": "Two servers", "approve_wait_minutes": 0}]
    )
    clients = [json2, Json2(second.url, api_key(), server.database)]
    documents = [document(f"TWO-{i}", f"TWO-{i % PRODUCTS}") for i in range(ORDERS)]

    def take_in(client):
        """Both servers get every document."""
        for start in range(0, ORDERS, 40):
            part = documents[start : start + 40]
            insist(
                lambda part=part: client.call(
                    "ecom.channel", "import_orders", ids=[channel], documents=part
                )
            )

    def process(client):
        insist(lambda: client.call("ecom.channel", "process_orders", ids=[channel]))

    with ThreadPoolExecutor(4) as pool:
        imports = [pool.submit(take_in, client) for client in clients]
        work = [pool.submit(process, client) for client in clients]
        for done in imports:
            done.result()
        # In the middle of it, one of the two is gone.
        second.kill()
        work[0].result()
        work[1].exception()

    confirmed, deadline = 0, time.monotonic() + TIME
    domain = [["channel_id", "=", channel], ["confirmed_at", "!=", False]]
    while confirmed < ORDERS and time.monotonic() < deadline:
        try:
            json2.call("ecom.channel", "process_orders", ids=[channel])
        except Json2Error as error:
            assert error.status >= 500, error
        confirmed = json2.call("ecom.order", "search_count", domain=domain)
    assert confirmed == ORDERS
    assert shell(CHECK.format(channel=channel, orders=ORDERS)).strip() == "fine"
    for log in (server.log_text(), second.log_text()):
        assert "ecom.channel/import_orders" in log
