"""The way of orders between a real store and Odoo, run inside ``odoo shell`` (see live_stores).

Every step is committed, as the timers do; each claim is checked in the store itself.
"""

import time
from collections import Counter


class Failed(AssertionError):
    pass


def check(claim, wanted, got):
    if wanted != got:
        raise Failed(f"{claim}: wanted {wanted!r}, got {got!r}")
    print(f"  ok   {claim}: {got}", flush=True)


def deliver(order, tracking, share=None):
    """Send what is left of an order, or `share` pieces of each line."""
    picking = order.sale_order_id.picking_ids.filtered(lambda p: p.state not in ("done", "cancel"))[:1]
    for move in picking.move_ids:
        move.quantity = min(share or move.product_uom_qty, move.product_uom_qty)
        move.picked = True
    picking.carrier_tracking_ref = tracking
    picking.with_context(skip_backorder=True, skip_sms=True).button_validate()
    return picking


def run(env, store, stop=None, start=None):
    """:param stop, start: functions that take the store down and up again, or None"""
    number = int(time.time()) % 100000
    currency = env["res.currency"].with_context(active_test=False)
    currency.search([("name", "in", ("EUR", "USD"))]).active = True
    warehouse = env["stock.warehouse"].search([("company_id", "=", env.company.id)], limit=1)
    channel = env["ecom.channel"].create(
        {
            "name": f"Live {store.connector} {number}",
            "connector": store.connector,
            "connector_url": store.url,
            "connector_internal": True,
            "connector_since": time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(time.time() - 5)),
            "approval": "all",
            "approve_wait_minutes": 0,
            "sku_policy": "create",
            "warehouse_id": warehouse.id,
        }
    )
    channel.write(store.credentials)
    env.cr.commit()
    check("connection", "success", channel.action_test_connection()["params"]["type"])
    started = time.monotonic()
    counts = channel.sync_now(["listings"])
    check("catalogue without trouble", False, counts["message"])
    listings = env["ecom.listing"].search([("channel_id", "=", channel.id)])
    print(f"       {len(listings)} listings in {time.monotonic() - started:.1f} s")
    for product in listings.product_id:
        env["stock.quant"].with_context(inventory_mode=True).create(
            {"product_id": product.id, "location_id": warehouse.lot_stock_id.id, "inventory_quantity": 50}
        ).action_apply_inventory()
    env.cr.commit()

    print("stock")
    channel.stock_publish = True
    env.cr.commit()
    started = time.monotonic()
    counts = channel.sync_now(["stock"])
    check("stock without trouble", False, counts["message"])
    check("all were published", len(listings), counts["stock_sent"])
    print(f"       {counts['stock_sent']} quantities in {time.monotonic() - started:.1f} s")
    sku = listings[0].key
    check("the shop shows it", 50, store.stock(sku))

    print("order")
    order_id = store.buy(number)
    counts = channel.sync_now()
    order = env["ecom.order"].search([("channel_id", "=", channel.id), ("external_id", "=", order_id)])
    if order.cause == "tax_unmapped":
        _map_taxes(env, channel)
        counts = channel.sync_now()
    check("taken in", ("accepted", False), (order.state, order.cause))
    check("confirmed", "sale", order.sale_order_id.state)
    check("sale order's total", f"{float(order.document['total']):.2f}", f"{order.sale_order_id.amount_total:.2f}")

    print("shipment in two parcels")
    store.capture(order_id)
    deliver(order, "LIVE-1", 1)
    deliver(order, "LIVE-2")
    env.cr.commit()
    counts = channel.sync_now(["shipments"])
    check("both were told", (2, 0), (counts["sent"], counts["failed"]))
    check("the shop shows them", [("LIVE-1", 2), ("LIVE-2", 2)], store.parcels(order_id))

    print("killed between the shop's answer and our commit")
    task = order.task_ids.sorted("id")[-1]
    task.write({"state": "waiting", "attempts": 1, "next_try": "2020-01-01"})
    env.cr.commit()
    check("told again", 1, channel.sync_now(["shipments"])["sent"])
    check("no parcel twice", [("LIVE-1", 2), ("LIVE-2", 2)], store.parcels(order_id))

    if env[f"ecom.connector.{store.connector}"]._get_capabilities().push_refund:
        print("refund")
        order.tell_refund("goodwill-1", "3.00", "scratched")
        env.cr.commit()
        channel.sync_now(["shipments"])
        refund = order.task_ids.filtered(lambda t: t.kind == "refund")
        check("refund was told", ("done", False), (refund.state, refund.last_error))
        check("the shop gave it back", [3.0], store.refunds(order_id))
        refund.write({"state": "waiting", "attempts": 1, "next_try": "2020-01-01"})
        env.cr.commit()
        channel.sync_now(["shipments"])
        check("not twice", [3.0], store.refunds(order_id))
        channel.sync_now(["orders"])
        check("and it came back to us", [3.0], order.refund_ids.mapped("amount"))
        check("the order stays as it was", ("accepted", False), (order.state, order.cause))

    print("cancellations")
    there = store.buy(number + 1)
    channel.sync_now()
    store.cancel(there)
    channel.sync_now()
    order = env["ecom.order"].search([("channel_id", "=", channel.id), ("external_id", "=", there)])
    check("cancelled there, cancelled here", ("cancelled", "cancel"), (order.state, order.sale_order_id.state))
    channel.approval = "manual"
    here = store.buy(number + 2)
    channel.sync_now()
    order = env["ecom.order"].search([("channel_id", "=", channel.id), ("external_id", "=", here)])
    order.action_reject("live test")
    env.cr.commit()
    channel.sync_now(["shipments"])
    check("rejected here, cancelled there", True, store.is_cancelled(here))
    channel.approval = "all"

    if stop and start:
        print("store down")
        last = store.buy(number + 3)
        stop()
        counts = channel.sync_now()
        check("it says so", True, bool(counts["message"]))
        start()
        counts = channel.sync_now()
        check("back", False, counts["message"])
        order = env["ecom.order"].search([("channel_id", "=", channel.id), ("external_id", "=", last)])
        check("nothing is lost", "accepted", order.state)

    print("from reservation to the shop showing it")
    delays = []
    for step in range(10):
        bought = store.buy(number + 10 + step, pieces=1)
        channel.sync_now(["orders"])
        done = env["ecom.order"].search([("channel_id", "=", channel.id), ("external_id", "=", bought)])
        reserved = time.monotonic()
        channel._run_sync("stock", Counter())
        delays.append(time.monotonic() - reserved)
        for line in done.sale_order_id.order_line.filtered("product_id.is_storable"):
            wanted = env["ecom.channel"]._get_available(warehouse, line.product_id)[line.product_id.id]
            if store.stock(line.product_id.default_code) != wanted:
                raise Failed(f"{line.product_id.default_code}: the shop shows {store.stock(line.product_id.default_code)}, we have {wanted}")
    print(f"  ok   10 sales; slowest {max(delays):.2f} s, median {sorted(delays)[5]:.2f} s")

    print("comparison")
    report = channel.action_compare()
    # What was in the store before is not this run's business.
    started = env["ecom.order"].search([("channel_id", "=", channel.id), ("placed_at", ">=", channel.create_date)])
    rows = [row for row in report["rows"] if row["key"] in started.mapped("number") or row["kind"] in ("stock", "missing_here")]
    for row in rows:
        print("      ", row)
    check("differences", 0, len(rows))
    check("orders compared", True, report["compared"] >= 13)
    env.cr.commit()


def _map_taxes(env, channel):
    """Map whatever taxes the store has to taxes made here."""
    country = channel.company_id.account_fiscal_country_id or env.ref("base.nl")
    group = env["account.tax.group"].create(
        {"name": "Live", "company_id": channel.company_id.id, "country_id": country.id}
    )
    Mapping = env["ecom.mapping"]
    rates = {}
    for order in env["ecom.order"].search([("channel_id", "=", channel.id), ("cause", "=", "tax_unmapped")]):
        for line in order.document["lines"]:
            for tax in line.get("taxes", []):
                rates[tax.get("code") or f"{tax['rate']}%"] = float(tax["rate"])
    for mapping in Mapping.search([("channel_id", "=", channel.id), ("kind", "=", "tax"), ("state", "=", "missing")]):
        name = mapping.key.rsplit("|", 2)[0]
        print("       maps", mapping.display_name)
        mapping.tax_id = env["account.tax"].create(
            {
                "name": f"Live {name} {channel.id}", "amount": rates[name], "amount_type": "percent",
                "type_tax_use": "sale", "tax_group_id": group.id, "country_id": country.id,
                "company_id": channel.company_id.id,
            }
        )  # fmt: skip
    env.cr.commit()
