"""Publishing stock: what a shop shows, and when nothing is told."""

import time
from unittest.mock import patch

from odoo import fields
from odoo.tests import tagged

from ..tools import publish
from .test_connector_sim import SimCase


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
