"""What happens by itself, with a running server and its timers (see live_stores): webhooks of the
store are received and lead to orders, and what is reserved here is soon shown there."""

import os
import time

from .scenario import Failed, check

PATIENCE = 60


def _wait(env, what, test):
    """:return: seconds until `test` is true in a new transaction"""
    begin = time.monotonic()
    while time.monotonic() - begin < PATIENCE:
        env.cr.rollback()
        env.invalidate_all()
        if test():
            return time.monotonic() - begin
        time.sleep(0.05)
    raise Failed(f"{what}: not within {PATIENCE} s")


def _figures(delays):
    delays = sorted(delays)
    at = lambda share: delays[min(int(len(delays) * share), len(delays) - 1)]  # noqa: E731
    return f"{len(delays)} times; median {at(0.5):.2f} s, p95 {at(0.95):.2f} s, slowest {delays[-1]:.2f} s"


def run(env, store, port, stop=None, start=None):
    channel = env["ecom.channel"].search([("connector", "=", store.connector)], order="id desc", limit=1)
    channel.connector_interval = 60  # a poll must not do the work of the webhooks
    number = int(time.time()) % 100000 + 100
    env.cr.commit()
    if store.connector in ("medusa", "vendure") and stop and start:
        _webhooks(env, store, channel, port, number, stop, start)
    else:
        print("webhooks: the store has none, or cannot be restarted with our address")
    _publishing(env, store, channel, number + 100)
    print("comparison")
    env.cr.rollback()
    report = channel.action_compare()
    rows = [row for row in report["rows"] if row["kind"] in ("stock", "missing_here")]
    for row in rows:
        print("      ", row)
    check("differences", 0, len(rows))
    env.cr.commit()


def _webhooks(env, store, channel, port, number, stop, start):
    print("webhooks of the store")
    channel.credential_webhook = "whsec"
    env.cr.commit()
    os.environ["WEBHOOK_SECRET"] = "whsec"
    os.environ["WEBHOOK_URL"] = f"http://127.0.0.1:{port}/ecom/hook/{channel.webhook_token}"
    stop()
    start()
    # It is polled once more, so that nothing waits that no webhook announces.
    channel.sync_now()
    env.cr.commit()
    Order = env["ecom.order"]
    delays, bought = [], []
    for step in range(10):
        bought.append(store.buy(number + step, pieces=1))
        domain = [("channel_id", "=", channel.id), ("external_id", "=", bought[-1])]
        delays.append(
            _wait(env, f"order {bought[-1]}", lambda domain=domain: Order.search(domain).sale_order_id.state == "sale")
        )
    print(f"  ok   from buying to a confirmed and reserved order here: {_figures(delays)}")
    orders = Order.search([("channel_id", "=", channel.id), ("external_id", "in", bought)])
    check("orders by webhook alone", 10, len(orders))
    store.cancel(bought[0])
    domain = [("channel_id", "=", channel.id), ("external_id", "=", bought[0])]
    seconds = _wait(env, "cancellation", lambda: Order.search(domain).state == "cancelled")
    print(f"  ok   cancelled there, cancelled here after {seconds:.2f} s")
    hooks = env["ecom.webhook"].search([("channel_id", "=", channel.id)])
    topics = sorted(set(hooks.mapped("topic")))
    print(f"       {len(hooks)} deliveries: {', '.join(topics)}")
    check("none of them unreadable", 0, len(hooks.filtered(lambda hook: hook.state == "failed")))


def _publishing(env, store, channel, number):
    print("from a sale elsewhere, reserved here, to the shop showing it")
    warehouse = channel.warehouse_id
    other = env["ecom.channel"].create(
        {"name": f"Elsewhere {number}", "connector": "api", "approval": "all", "approve_wait_minutes": 0,
         "warehouse_id": warehouse.id}
    )  # fmt: skip
    env.cr.commit()
    listings = env["ecom.listing"].search([("channel_id", "=", channel.id), ("product_id", "!=", False)], limit=20)
    delays = []
    for step, listing in enumerate(listings):
        other.import_orders([{
            "external_id": f"E{number}-{step}", "placed_at": "2026-01-01T00:00:00Z",
            "currency": env.company.currency_id.name, "customer": {"name": "E", "email": "e@example.com"},
            "shipping_address": {"name": "E", "street": "S 1", "city": "X", "country": "DE"},
            "lines": [{"id": "1", "sku": listing.product_id.default_code, "quantity": 1, "unit_price": "1"}],
            "payments": [{"amount": "1"}], "total": "1"}])  # fmt: skip
        other.process_orders()
        env.cr.commit()
        begin = time.monotonic()
        order = env["ecom.order"].search([("channel_id", "=", other.id), ("external_id", "=", f"E{number}-{step}")])
        if set(order.sale_order_id.picking_ids.move_ids.mapped("state")) != {"assigned"}:
            raise Failed(f"{order.external_id}: {order.state} {order.cause} is not reserved")
        wanted = env["ecom.channel"]._get_available(warehouse, listing.product_id)[listing.product_id.id]
        while store.stock(listing.key) != wanted:
            if time.monotonic() - begin > PATIENCE:
                raise Failed(f"{listing.key}: the shop shows {store.stock(listing.key)}, we have {wanted}")
            time.sleep(0.05)
        delays.append(time.monotonic() - begin)
    print(f"  ok   {_figures(delays)}")
    check("p95 at most 5 s", True, sorted(delays)[int(len(delays) * 0.95)] <= 5)
