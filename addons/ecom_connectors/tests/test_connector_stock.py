"""Publishing stock: what a shop shows, and when nothing is told."""

import dataclasses
import time
from collections import Counter
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import tagged

from ..exceptions import EcomDataError, EcomRetryableError
from ..tools import publish
from .test_connector_sim import SimCase


@tagged("post_install", "-at_install")
class TestCompareMuch(SimCase):
    """A comparison with more to read than may be read at once."""

    def _stop_after(self, number, method="_fetch_orders", error=None):
        """The shop's limit is reached at that call."""
        handler = type(self.sim._get_handler())
        real, calls = getattr(handler, method), []

        def limited(model, *args, **kwargs):
            calls.append(args)
            if len(calls) == number:
                raise error or EcomRetryableError("patience", delay=30, counts=False)
            return real(model, *args, **kwargs)

        return patch.object(handler, method, limited), calls

    def _sync(self):
        return self.sim.sync_ids.filtered(lambda sync: sync.kind == "compare")

    def setUp(self):
        super().setUp()
        able = self.sim._get_handler()._get_capabilities()
        small = dataclasses.replace(able, page_size=2)
        self.startPatcher(patch.object(type(self.sim._get_handler()), "_get_capabilities", lambda model: small))
        for _n in range(7):
            self.shop.place([("TSIM-001", 1)])
        self.sim.sync_now()

    def test_put_off_and_read_on(self):
        limit, calls = self._stop_after(3)
        with limit:
            report = self.sim.action_compare()
            self.assertEqual((report["pending"], report["differences"], report["rows"]), (True, None, []))
            self.assertEqual(report["compared"], 4)
            self.assertEqual(self.sim.state, "ok")
            self.assertTrue(self._sync().page)
            self.assertFalse(self.sim._is_due("compare"), "not before the shop said")
            self._sync().next_at = fields.Datetime.now()
            self.assertTrue(self.sim._is_due("compare"))
            self.sim._run_sync("compare", Counter())
        self.assertFalse(self._sync().page)
        self.assertTrue(self.sim.compared_at)
        self.assertEqual(self.sim.compare_count, 0)
        self.assertEqual(len({args[-1] for args in calls[2:4]}), 1, "it goes on with the page that it was stopped at")
        self.assertEqual(len(calls), 5, "and reads no page twice")

    def test_asked_again_it_goes_on(self):
        limit, calls = self._stop_after(3)
        with limit:
            self.assertEqual(self.sim.action_open_compare()["tag"], "display_notification")
            report = self.sim.action_compare()
        self.assertEqual((report["pending"], report["compared"], report["differences"], len(calls)), (False, 7, 0, 5))

    def test_a_difference_is_found_across_the_stop(self):
        order = self.env["ecom.order"].search([("channel_id", "=", self.sim.id)], order="id", limit=1)
        order.sale_order_id.order_line[0].price_unit += 5
        limit, _calls = self._stop_after(2)
        with limit:
            self.assertTrue(self.sim.action_compare()["pending"])
            report = self.sim.action_compare()
        self.assertEqual([row["kind"] for row in report["rows"]], ["total"])
        self.assertEqual(self.sim.compare_count, 1)

    def test_within_the_catalogue(self):
        self.sim.sync_now(["listings"])
        self.sim.stock_publish = True
        self.sim.sync_now(["stock"])
        self.shop.products["TSIM-002"]["stock"] = 3
        limit, calls = self._stop_after(1, "_fetch_listings")
        with limit:
            self.assertEqual(self.sim.action_compare()["compared"], 7)
            report = self.sim.action_compare()
        self.assertFalse(report["pending"])
        self.assertIn("TSIM-002", [row["key"] for row in report["rows"]])

    def test_a_fault_is_said(self):
        limit, _calls = self._stop_after(2, error=EcomDataError("refused", "no"))
        with limit, self.assertRaises(UserError):
            self.sim.action_compare()

    def test_too_old_to_go_on(self):
        limit, calls = self._stop_after(3)
        with limit:
            self.sim.action_compare()
            page = self._sync().page
            self._sync().page = {**page, "began": "2020-01-01 00:00:00"}
            report = self.sim.action_compare()
        self.assertEqual((report["compared"], len(calls)), (7, 3 + 4), "begun anew")

    def test_the_time_is_over(self):
        with patch("odoo.addons.ecom_connectors.models.ecom_channel_compare.AT_ONCE", -1):
            report = self.sim.action_compare()
            self.assertTrue(report["pending"])
            self.assertEqual(report["compared"], 2)


@tagged("post_install", "-at_install")
class TestPublish(SimCase):
    def _publish(self):
        self.sim.sync_now(["listings"])
        self.sim.stock_publish = True
        self.sim.sync_now(["stock"])

    def _shown(self, sku="TSIM-001"):
        return self.shop.products[sku]["stock"]

    def _product(self, sku="TSIM-001"):
        return self.env["product.product"].search([("default_code", "=", sku)])

    def test_waiting_orders_count(self):
        """What is ordered is not sold again, before it is approved too."""
        self._publish()
        self.sim.approval = "manual"
        self.shop.place([("TSIM-001", 10)])
        self.sim.sync_now()
        self.assertEqual(self._shown(), 90)

    def test_rules(self):
        self._publish()
        listing = self.env["ecom.listing"].search([("channel_id", "=", self.sim.id), ("key", "=", "TSIM-001")])
        Rule = self.env["ecom.stock.rule"]
        Rule.create({"name": "half", "channel_id": self.sim.id, "percent": 50})
        Rule.create({"name": "keep three", "product_id": self._product().id, "offset": -3})
        Rule.create({"name": "at most five", "listing_id": listing.id, "maximum": 5, "date_to": fields.Datetime.now()})
        computed = self.sim._compute_stock(self.env["ecom.listing"].search([("channel_id", "=", self.sim.id)]))
        shown = {listing.key: values[1] for listing, values in computed.items()}
        self.assertEqual((shown["TSIM-001"], shown["TSIM-002"]), (97, 50), "the most specific rule that is in force")
        self.assertIn("keep three: 100 available - 3", computed[listing][2])

    def test_divided_pool(self):
        other = self._create_channel(name="Second", connector="sim", stock_publish=True, stock_pool="divided", stock_weight=3)
        self.sim.sync_now(["listings"])
        self.env["ecom.listing"]._store_listings(other, [{"external_id": "x", "sku": "TSIM-001", "name": "x"}])
        self.sim.write({"stock_publish": True, "stock_pool": "divided", "stock_weight": 1})
        self.sim.sync_now(["stock"])
        self.assertEqual(self._shown(), 25)
        listing = self.env["ecom.listing"].search([("channel_id", "=", other.id)])
        self.assertEqual(other._compute_stock(listing)[listing][1], 75)

    def test_one_sku_of_several_things(self):
        """Things of a shop that bear the same SKU, on one page of its catalogue or on two, are all
        told the stock; one that is gone from the catalogue is told no more."""
        Listing, now = self.env["ecom.listing"], fields.Datetime.now()
        thing = lambda ref: {"external_id": ref, "sku": "TSIM-001", "name": "x"}  # noqa: E731
        Listing._store_listings(self.sim, [thing("a"), thing("b")])
        Listing._store_listings(self.sim, [thing("c")], now)
        listing = Listing.search([("channel_id", "=", self.sim.id)])
        self.assertEqual(len(listing), 1)
        self.assertEqual([each["listing_id"] for each in listing._get_published()], ["a", "b", "c"])
        told = []

        def push(handler, channel, items):
            told.extend((item["listing_id"], item["quantity"]) for item in items)
            return {item["key"]: None for item in items}

        self.sim.stock_publish = True
        with patch.object(type(self.sim._get_handler()), "_push_stock", push):
            self.sim.sync_now(["stock"])
        self.assertEqual(told, [("a", 100), ("b", 100), ("c", 100)])
        document = {"external_id": "b", "sku": "TSIM-001", "quantity": 7}
        rows = self.sim._compare_stock([{**document, "external_id": "a", "quantity": 100}, document])
        self.assertEqual([(row["kind"], row["theirs"]) for row in rows], [("stock", "7")])
        Listing._store_listings(self.sim, [thing("b")])
        self.assertEqual([each["listing_id"] for each in listing._get_published()], ["b"])

    def test_breaker(self):
        for n in range(6, 30):
            self._create_product(f"TSIM-{n:03d}", quantity=10)
            self.shop.products[f"TSIM-{n:03d}"] = {"id": f"p{n}", "sku": f"TSIM-{n:03d}", "name": "x", "price": "1", "stock": 0}
        self._publish()
        self.assertEqual(self._shown("TSIM-010"), 10)
        quants = self.env["stock.quant"].search([("product_id.default_code", "like", "TSIM-"), ("location_id", "=", self.warehouse.lot_stock_id.id)])
        quants.with_context(inventory_mode=True).write({"inventory_quantity": 0})
        quants.action_apply_inventory()
        self.sim.sync_now(["stock"])
        self.assertEqual(self._shown("TSIM-010"), 10, "nothing was told")
        self.assertIn("would go to none", self.sim.stock_blocked)
        self.assertTrue(self.sim.activity_ids)
        self.sim.action_unblock_stock()
        self.assertEqual(self._shown("TSIM-010"), 0)

    def test_kit(self):
        if "mrp.bom" not in self.env:
            self.skipTest("mrp is not installed")
        kit = self._create_product("TSIM-KIT")
        self.env["mrp.bom"].create(
            {
                "product_tmpl_id": kit.product_tmpl_id.id, "type": "phantom", "product_qty": 1,
                "bom_line_ids": [
                    (0, 0, {"product_id": self._product("TSIM-001").id, "product_qty": 3}),
                    (0, 0, {"product_id": self._product("TSIM-002").id, "product_qty": 1}),
                ],
            }
        )  # fmt: skip
        available = self.env["ecom.channel"]._get_available(self.warehouse, kit)
        self.assertEqual(available[kit.id], 33)

    def test_ten_thousand_listings(self):
        """All at once, and what a hundred sales change; the figures are in the log."""
        channel = self.sim
        products = self.env["product.product"].create(
            [{"name": f"B{n}", "default_code": f"B{n}", "type": "consu", "is_storable": True} for n in range(1000)]
        )
        self.env["stock.quant"].create(
            [{"product_id": p.id, "location_id": self.warehouse.lot_stock_id.id, "quantity": 7} for p in products]
        )
        listings = self.env["ecom.listing"].create(
            [{"channel_id": channel.id, "key": p.default_code, "product_id": p.id} for p in products]
        )
        self.env.flush_all()
        started = time.monotonic()
        computed = channel._compute_stock(listings)
        seconds = time.monotonic() - started
        self.assertEqual({values[1] for values in computed.values()}, {7})
        # A tenth of the goal's ten thousand; a loaded machine may take its time.
        self.assertLess(seconds, 5)
        with self.assertQueryCount(25):
            self.env.invalidate_all()
            channel._compute_stock(listings)


@tagged("post_install", "-at_install")
class TestFormula(SimCase):
    def test_quantity(self):
        for available, rule, buffer, wanted in (
            (10, publish.Rule(), 0, 10),
            (-3, publish.Rule(), 0, 0),
            (7.9, publish.Rule(), 0, 7),
            (10, publish.Rule(percent=33), 0, 3),
            (10, publish.Rule(offset=-4), 0, 6),
            (10, publish.Rule(maximum=5), 0, 5),
            (2, publish.Rule(zero_at=2), 0, 0),
            (4, publish.Rule(threshold=5, low_percent=50), 0, 2),
            (10, publish.Rule(), 3, 7),
            (10, publish.Rule(listed=False), 0, 0),
        ):
            self.assertEqual(publish.quantity(available, rule, buffer)[0], wanted, (available, rule))

    def test_pools_and_kits(self):
        self.assertEqual(publish.divide(10, [1, 1, 1]), [4, 3, 3])
        self.assertEqual(sum(publish.divide(10, [5, 3, 0.1], 1.2)), 12)
        self.assertEqual(publish.kit([(10, 3), (100, 1)]), 3)
        self.assertEqual(publish.kit([(-5, 1)]), -5)
        self.assertEqual(publish.buffer_for(0, 60), 0)
        self.assertGreater(publish.buffer_for(1440, 60), 1)

    def test_breaker(self):
        self.assertFalse(publish.trips([(5, 0)] * 3, 10))
        self.assertTrue(publish.trips([(5, 0)] * 4, 10))
        self.assertTrue(publish.trips([(1, 11)] * 4, 10))
        self.assertFalse(publish.trips([(None, 0)] * 10, 10), "the first time is no alarm")
