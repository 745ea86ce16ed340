"""The life of orders against a shop whose types are Shopify's own."""

import os
from unittest.mock import patch

from odoo.tests import tagged

from odoo.addons.ecom_order_mgmt.tests.common import EcomCase

from ..exceptions import EcomRetryableError
from ..models.ecom_credential import ENV_KEY
from ..platforms.shopify import bulk, documents
from .shopify_shop import ShopifyShop, gid


@tagged("post_install", "-at_install")
class TestShopifyLife(EcomCase):
    version = documents.SUPPORTED[0]

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.startClassPatcher(patch.dict(os.environ, {ENV_KEY: "a key for the tests only"}))

    def setUp(self):
        super().setUp()
        self.shop = ShopifyShop(self.version)
        self.shop.lost = EcomRetryableError("The shop did not answer in time.", unsure=True)
        handler = type(self.env["ecom.connector.shopify"])
        self.startPatcher(
            patch.object(handler, "_send_api_request", lambda model, *a, **o: self.shop.send(model, *a, **o))
        )
        self.shop.add_variant(1, "MUG", quantity=1)
        self.shop.add_variant(2, "LAMP", price="25.50")
        self.shop_channel = self._create_channel(
            name="Shopify", connector="shopify", connector_url="https://fake.myshopify.com", approval="all",
            approve_wait_minutes=0, connector_since="2020-01-01 00:00:00", connector_options={"api_version": self.version},
        )  # fmt: skip
        self.shop_channel.write({"credential_token": "shpat_1", "credential_webhook": "hush"})

    def _sync(self, *kinds):
        counts = self.shop_channel.sync_now(list(kinds))
        self.assertFalse(counts["message"])
        return counts

    def _found(self):
        return self.env["ecom.order"].search([("channel_id", "=", self.shop_channel.id)], order="id")

    def _ship(self, order, shares=None, tracking="TRACK-1"):
        picking = order.sale_order_id.picking_ids.filtered(lambda p: p.state not in ("done", "cancel"))
        picking.carrier_tracking_ref = tracking
        for move in picking.move_ids:
            move.quantity = (shares or {}).get(move.product_id.default_code, move.product_uom_qty)
            move.picked = True
        picking.with_context(skip_backorder=True)._action_done()
        return order.task_ids.sorted("id")[-1]

    def _again(self, task):
        """As after a kill between the shop's answer and our commit."""
        task.write({"state": "waiting", "next_try": "2020-01-01"})
        self._sync("shipments")
        self.assertEqual(task.state, "done", task.last_error)

    def _done(self, task):
        self._sync("shipments")
        self.assertEqual(task.state, "done", task.last_error)

    def test_full_life(self):
        order = self.shop.add_order(1, [(1, 3), (2, 1)])
        self.assertEqual(self.shop_channel.action_test_connection()["params"]["type"], "success")
        self._sync("orders")
        found = self._found()
        self.assertEqual((found.external_id, found.state, found.amount_total), ("1", "accepted", 55.5))
        # Part of it leaves, then the rest; each told twice, each there once.
        task = self._ship(found, {"MUG": 2, "LAMP": 0})
        self._done(task)
        self.assertEqual(order["displayFulfillmentStatus"], "PARTIALLY_FULFILLED")
        self._again(task)
        self.assertEqual(len(order["fulfillments"]), 1)
        self._done(self._ship(found, tracking="TRACK-2"))
        self.assertEqual(order["displayFulfillmentStatus"], "FULFILLED")
        numbers = [entry["trackingInfo"](None)[0]["number"] for entry in order["fulfillments"]]
        self.assertEqual(numbers, ["TRACK-1", "TRACK-2"])
        # A refund of a piece, told twice, and one of too much.
        mug = order["lineItems"][0]["id"].rsplit("/", 1)[-1]
        refund = found.tell_refund("r1", "10", "broken", [{"line_id": mug, "quantity": 1, "amount": "10"}])
        self._done(refund)
        self._again(refund)
        self.assertEqual([entry["note"] for entry in order["refunds"]], ["broken [refund/1/r1]"])
        self.assertEqual(order["displayFinancialStatus"], "PARTIALLY_REFUNDED")
        self._sync("orders")
        self.assertEqual(found.refund_ids.mapped("amount"), [10.0])
        much = found.tell_refund("r2", "100")
        self._sync("shipments")
        self.assertEqual(much.state, "failed")
        much.action_give_up()
        self._done(found.tell_refund("r3", "45.50"))
        self.assertEqual(order["displayFinancialStatus"], "REFUNDED")

    def test_cancelled_here(self):
        self.shop_channel.approval = "manual"
        order = self.shop.add_order(1, [(1, 1)])
        self._sync("orders")
        found = self._found()
        found.action_reject("out of stock")
        self._done(found.task_ids)
        self.assertTrue(order["cancelledAt"])
        self._again(found.task_ids)

    def test_cancelled_there(self):
        order = self.shop.add_order(1, [(1, 1)])
        self._sync("orders")
        self.shop._orderCancel(None, order["id"], "CUSTOMER", True)
        self._sync("orders")
        self.assertEqual(self._found().channel_status, "cancelled")

    def test_answer_is_lost(self):
        """The shop did it, we never heard: looked at first, done once; also without a number."""
        order = self.shop.add_order(1, [(1, 4)])
        self._sync("orders")
        found = self._found()
        for tracking, shipped in (("TRACK-1", 2), (False, 4)):
            task = self._ship(found, {"MUG": 2}, tracking)
            self.shop.lose_answer = True
            self.shop_channel.sync_now(["shipments"])
            self.assertEqual(task.state, "waiting")
            self._done(task)
            lines = [node for entry in order["fulfillments"] for node in entry["fulfillmentLineItems"]]
            self.assertEqual(sum(node["quantity"] for node in lines), shipped)
        refund = found.tell_refund("r1", "10")
        self.shop.lose_answer = True
        self.shop_channel.sync_now(["shipments"])
        self._done(refund)
        self.assertEqual(len(order["refunds"]), 1)

    def test_two_places(self):
        """Pieces that Shopify assigned to two locations leave as two fulfilments; the second one also
        where the first was told before a kill."""
        order = self.shop.add_order(1, [(1, 1), (2, 1)])
        node = order["fulfillmentOrders"][0]
        other = {"name": "Other", "location": {"id": gid("Location", 2)}}
        order["fulfillmentOrders"].append(
            {**node, "id": gid("FulfillmentOrder", 99), "assignedLocation": other, "lineItems": type(node["lineItems"])([node["lineItems"].pop()])}
        )
        self._sync("orders")
        task = self._ship(self._found())
        self._done(task)
        self.assertEqual(len(order["fulfillments"]), 2)
        self._again(task)
        self.assertEqual(len(order["fulfillments"]), 2)
        lost = order["fulfillments"].pop()
        order["fulfillmentOrders"][1]["status"] = "OPEN"
        order["fulfillmentOrders"][1]["lineItems"][0]["remainingQuantity"] = 1
        self._again(task)
        self.assertEqual(len(order["fulfillments"]), 2)
        self.assertEqual(
            [n["lineItem"]["id"] for n in order["fulfillments"][1]["fulfillmentLineItems"]],
            [n["lineItem"]["id"] for n in lost["fulfillmentLineItems"]],
        )

    def test_stock_and_listings(self):
        self._sync("listings")
        self.shop_channel.stock_publish = True
        self._sync("stock")
        self.assertEqual([v["inventoryQuantity"] for v in self.shop.variants.values()], [100, 100])

    def test_webhooks(self):
        self.shop_channel.action_register_webhooks()
        self.shop_channel.action_register_webhooks()
        self.assertEqual(len(self.shop.hooks), 4, "registered once")
        self.shop_channel.action_unregister_webhooks()
        self.assertFalse(self.shop.hooks)

    def test_many_lines(self):
        """An order of more lines than one page has."""
        self.shop.add_order(1, [(1, 1)] * 130)
        self._sync("orders")
        found = self._found()
        self.assertEqual((found.state, len(found.sale_order_id.order_line)), ("accepted", 130))

    def test_too_costly(self):
        """Where Shopify finds a page too costly, it is asked for less."""
        for number in range(1, 8):
            self.shop.add_order(number, [(1, 1)])
        self.shop.max_cost = 50
        self._sync("orders")
        self.assertEqual(len(self._found()), 7)
        asked = [each for each in self.shop.asked if "query Orders" in each["query"]]
        self.assertEqual(asked[-1]["variables"]["n"], 5)

    def test_throttled(self):
        """What is left of the points is what Shopify says; waiting is no failure and costs no try."""
        self.shop.add_order(1, [(1, 1)])
        self.shop.points = 30
        self.shop_channel.sync_now(["orders"])
        sync = self.shop_channel.sync_ids.filtered(lambda s: s.kind == "orders")
        self.assertEqual((sync.failures, self.shop_channel.state), (0, "ok"))
        wait = (sync.next_at - sync.started_at).total_seconds()
        self.assertLessEqual(wait, 5, "220 points are missing, 100 come back each second")
        bucket = self.env["ecom.throttle"].search([("key", "like", "shopify/%")])
        self.assertAlmostEqual(bucket.tokens, 30, delta=0.1)
        self.shop.points = 2000
        bucket.tokens = 2000
        bucket.flush_recordset()
        self._sync("orders")
        self.assertEqual(len(self._found()), 1)

    # === THE PAST === #

    def _backfill(self):
        self.shop_channel.action_backfill("2020-01-01 00:00:00", "2026-06-01 00:00:00")

    def _run(self):
        """One run of the timer. :return: the row of the back-fill"""
        sync = self.shop_channel._get_sync("backfill")
        sync.next_at = "2020-01-01 00:00:00"
        self.shop_channel._cron_sync()
        self.assertEqual((sync.failures, self.shop_channel.state), (0, "ok"))
        return sync

    def test_past_in_bulk(self):
        for number in range(1, 31):
            self.shop.add_order(number, [(1, 1), (2, number % 3 + 1)])
        refunded = self.shop.orders[gid("Order", 4)]
        self.shop._refund({"orderId": refunded["id"], "note": "x", "transactions": [
            {"parentId": refunded["transactions"][0]["id"], "gateway": "bogus", "amount": "10.00"}],
            "refundLineItems": [{"lineItemId": refunded["lineItems"][0]["id"], "quantity": 1}]})  # fmt: skip
        self.shop.polls = 2
        # The poll of new orders must not find them first.
        self.shop_channel.connector_since = "2026-11-01 00:00:00"
        self.startPatcher(patch.object(bulk, "WINDOW", 3000))
        self._backfill()
        sync = self._run()
        self.assertEqual((len(self._found()), len(self.shop.bulks)), (0, 1))
        self.assertEqual((sync.failures, bool(sync.next_at)), (0, True), "it waits for the file")
        # Killed before our commit: the export that runs is taken up, not begun again.
        sync.page = False
        self._run()
        self.assertFalse(sync.until_at, "it is at its end")
        found = self._found()
        self.assertEqual((len(found), len(self.shop.bulks)), (30, 1))
        self.assertEqual(sum(found.mapped("amount_total")), 30 * 10 + 25.5 * 60)
        self.assertEqual(found.refund_ids.mapped("amount"), [10.0])
        before = found.mapped("digest")
        # What the export says of an order is what the order itself says.
        self.shop_channel.write({"connector_since": "2020-01-01 00:00:00"})
        counts = self._sync("orders")
        self.assertEqual((counts["unchanged"], self._found().mapped("digest")), (counts["read"], before))

    def test_past_is_resumed(self):
        """Killed in the middle of the file: it goes on from the last window that was stored."""
        for number in range(1, 21):
            self.shop.add_order(number, [(1, 1)])
        self.shop_channel.connector_since = "2026-11-01 00:00:00"
        self.startPatcher(patch.object(bulk, "WINDOW", 4000))
        self._backfill()
        send, windows = self.shop._send_file, []

        def dies(path, headers):
            windows.append(headers["Range"])
            if len(windows) == 3:
                raise EcomRetryableError("The shop cannot be reached.")
            return send(path, headers)

        self.startPatcher(patch.object(self.shop, "_send_file", dies))
        sync = self.shop_channel._get_sync("backfill")
        sync.next_at = "2020-01-01 00:00:00"
        self.shop_channel._cron_sync()
        stored = len(self._found())
        self.assertTrue(0 < stored < 20, stored)
        self._run()
        self.assertEqual(len(self._found()), 20)
        self.assertEqual(windows[3], windows[2], "the window that broke is read again")
        self.assertEqual(len(set(windows)), len(windows) - 1, "and no other")

    def test_past_without_export(self):
        """Shopify gives an export up: the past is read page by page."""
        for number in range(1, 4):
            self.shop.add_order(number, [(1, 1)])
        self.shop_channel.connector_since = "2026-11-01 00:00:00"
        self._backfill()
        self.shop._finish = lambda operation: operation.update(status="FAILED", errorCode="INTERNAL_SERVER_ERROR")
        self._run()
        self.assertEqual(len(self._found()), 3)

    def test_nothing_in_the_past(self):
        self._backfill()
        sync = self._run()
        self.assertFalse(sync.until_at)


@tagged("post_install", "-at_install")
class TestShopifyLifeBefore(TestShopifyLife):
    """The same on the version before."""

    allow_inherited_tests_method = True
    version = documents.SUPPORTED[1]
