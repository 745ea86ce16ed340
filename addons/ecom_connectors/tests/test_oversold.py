"""Oversold goods: an incident with its cause, and increases that are shown in steps."""

from collections import Counter
from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from .test_connector_sim import SimCase


@tagged("post_install", "-at_install")
class TestOversold(SimCase):
    def _publish(self):
        self.sim.sync_now(["listings"])
        self.sim.stock_publish = True
        self.sim.sync_now(["stock"])

    def _count(self, quantity, sku="TSIM-001"):
        quant = self.env["stock.quant"].search(
            [("product_id.default_code", "=", sku), ("location_id", "=", self.warehouse.lot_stock_id.id)]
        )
        quant.with_context(inventory_mode=True).inventory_quantity = quantity
        quant.action_apply_inventory()

    def _sell_elsewhere(self, pieces):
        other = self._create_channel(name="Elsewhere", approval="all", approve_wait_minutes=0)
        now = fields.Datetime.now().isoformat() + "Z"
        self._import_one(channel=other, external_id=f"E-{pieces}", placed_at=now,
                         lines=[self._line("TSIM-001", quantity=str(pieces))])  # fmt: skip

    def _incident(self, pieces, **fields):
        order_id = self.shop.place([("TSIM-001", pieces)], **fields)
        self.sim._run_sync("orders", Counter())
        self.sim.process_orders()
        return self.env["ecom.oversell"].search([("order_id", "=", self._order(order_id).id)])

    def test_others_sold_before_the_shop_knew(self):
        self._publish()
        self._sell_elsewhere(98)
        incident = self._incident(5)
        self.assertRecordValues(incident, [{"cause": "latency", "wanted": 5, "free": 2, "state": "open"}])
        self.assertIn("= 100", incident.chain)
        self.assertIn("acknowledged by the shop", incident.chain)
        self.assertIn("sold elsewhere: 98 (Elsewhere)", incident.chain)
        self.assertIn("Send 2 now", incident.proposals)
        self.sim.process_orders()
        self.assertEqual(len(self.env["ecom.oversell"].search([("order_id", "=", incident.order_id.id)])), 1)
        self._count(150)
        self.sim.process_orders()
        self.assertEqual((incident.state, incident.order_id.review_state), ("solved", "approved"))

    def test_the_shop_sold_more_than_it_was_told(self):
        self._publish()
        self.assertEqual(self._incident(120).cause, "shop")

    def test_a_count_found_fewer(self):
        self._publish()
        self._count(2)
        incident = self._incident(5)
        self.assertEqual(incident.cause, "count")
        self.assertIn("counted away: 98", incident.chain)

    def test_a_rule_shows_more(self):
        self.env["ecom.stock.rule"].create({"name": "made to order", "channel_id": self.sim.id, "offset": 50})
        self._publish()
        self.assertEqual(self._incident(120).cause, "rule")

    def test_not_told(self):
        self.sim.sync_now(["listings"])
        self.assertEqual(self._incident(120).cause, "not_published")

    def test_refused(self):
        self._publish()
        push = self.env["ecom.stock.push"].search([("channel_id", "=", self.sim.id)])
        push.write({"state": "refused", "acknowledged_at": False})
        self.assertEqual(self._incident(120).cause, "not_taken")

    def test_what_comes_in_time_is_none(self):
        self._publish()
        move = self.env["stock.move"].create(
            {
                "product_id": self.env["product.product"].search([("default_code", "=", "TSIM-001")]).id,
                "product_uom_qty": 50,
                "location_id": self.env.ref("stock.stock_location_suppliers").id,
                "location_dest_id": self.warehouse.lot_stock_id.id,
                "date": fields.Datetime.now() + timedelta(days=1),
            }
        )
        move._action_confirm()
        soon = (fields.Datetime.now() + timedelta(days=3)).isoformat() + "Z"
        self.assertFalse(self._incident(120, ship_by=soon))
        at_once = (fields.Datetime.now() - timedelta(days=1)).isoformat() + "Z"
        self.assertTrue(self._incident(120, ship_by=at_once))

    def test_other_warehouse(self):
        second = self.env["stock.warehouse"].create({"name": "Second", "code": "SEC"})
        product = self.env["product.product"].search([("default_code", "=", "TSIM-001")])
        self.env["stock.quant"]._update_available_quantity(product, second.lot_stock_id, 500)
        self._publish()
        self.sim.write({"warehouse_id": self.warehouse.id})
        incident = self.env["ecom.oversell"]._note(
            {self._plain_order(): [(product, self.warehouse, 120, 100)]}
        )
        self.assertIn("Send it from Second, where 500 are free", incident.proposals)

    def _plain_order(self):
        order_id = self.shop.place([("TSIM-001", 1)])
        self.sim.sync_now(["orders"])
        return self._order(order_id)

    def test_access(self):
        self._publish()
        incident = self._incident(120)
        viewer = new_test_user(self.env, "over_view", "ecom_order_mgmt.group_ecom_viewer")
        manager = new_test_user(self.env, "over_man", "ecom_order_mgmt.group_ecom_manager")
        nobody = new_test_user(self.env, "over_none", "base.group_user")
        self.assertEqual(incident.with_user(viewer).cause, "shop")
        for user in (viewer, manager):
            with self.assertRaises(AccessError):
                incident.with_user(user).write({"cause": "unknown"})
        with self.assertRaises(AccessError):
            incident.with_user(nobody).read(["cause"])
        company = self.env["res.company"].create({"name": "Elsewhere"})
        stranger = new_test_user(
            self.env, "over_else", "ecom_order_mgmt.group_ecom_manager",
            company_id=company.id, company_ids=[(6, 0, company.ids)],
        )  # fmt: skip
        with self.assertRaises(AccessError):
            incident.with_user(stranger).read(["cause"])

    def test_raised_in_steps(self):
        self._publish()
        self.sim.stock_damped = True
        shown = lambda: self.shop.products["TSIM-001"]["stock"]  # noqa: E731
        self._count(20)
        self.sim.sync_now(["stock"])
        self.assertEqual(shown(), 20, "fewer at once")
        self._count(100)
        seen = []
        while shown() != 100 and len(seen) < 20:
            self.sim.sync_now(["stock"])
            seen.append(shown())
        self.assertEqual(seen[:4], [60, 80, 90, 95])
        self.assertEqual(seen[-1], 100)
        self.assertFalse(self.env["ecom.listing"].search([("channel_id", "=", self.sim.id), ("stock_rising", "=", True)]))
        # Where goods were oversold the steps are smaller.
        self._incident(1000).order_id.action_reject("none left")
        self._count(20)
        self.sim.sync_now(["stock"])
        self._count(100)
        self.sim.sync_now(["stock"])
        self.assertEqual(shown(), 40)
        self._count(0)
        self.sim.sync_now(["stock"])
        self.assertEqual(shown(), 0, "none at once")
