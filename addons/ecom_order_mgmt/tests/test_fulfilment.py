from datetime import timedelta

from odoo.exceptions import AccessError, UserError
from odoo.fields import Datetime
from odoo.tests import freeze_time, new_test_user, tagged

from .test_shipment import ShipmentCase


@tagged("post_install", "-at_install")
class TestMergeTimer(ShipmentCase):
    def _parcels(self, orders):
        return orders.shipment_ids

    def test_off_and_propose_do_nothing_by_themselves(self):
        for mode in ("off", "propose"):
            self.channel.merge_mode = mode
            orders = self._confirmed(f"{mode}-1", f"{mode}-2")
            self.env["ecom.shipment"]._cron_merge()
            self.assertEqual(len(orders.shipment_ids), 2, mode)
        groups = self.env["ecom.shipment"]._find_merge_groups()
        self.assertEqual([len(g) for g in groups if g & orders.shipment_ids], [2])

    def test_by_itself(self):
        self.channel.merge_mode = "auto"
        orders = self._confirmed("M-1", "M-2", "M-3")
        other = self._confirmed(
            "M-4",
            shipping_address={"name": "Bob", "street": "Else 2", "zip": "1", "country": "DE"},
        )
        self.env["ecom.shipment"]._cron_merge()
        self.assertEqual(len(orders.shipment_ids), 1)
        self.assertEqual(other.shipment_ids.order_ids, other)
        late = self._confirmed("M-5")
        self.env["ecom.shipment"]._cron_merge()
        self.assertEqual(late.shipment_ids, orders.shipment_ids, "joins within the window")
        self.assertEqual(len(late.shipment_ids.order_ids), 4)
        decision = late.decision_ids.filtered(lambda d: d.stage == "merge")
        self.assertIn("60 minutes", decision[0].summary)

    def test_too_late_is_told(self):
        self.channel.merge_mode = "auto"
        first = self._confirmed("M-1")
        first.shipment_ids.action_start()
        late = self._confirmed("M-2")
        self.env["ecom.shipment"]._cron_merge()
        self.assertNotEqual(late.shipment_ids, first.shipment_ids)
        self.assertIn(first.shipment_ids.name, late.shipment_ids.merge_warning)
        decision = late.decision_ids.filtered(lambda d: d.stage == "merge")
        self.assertIn("not merged", decision.summary)

    def test_limits(self):
        self.channel.write({"merge_mode": "auto", "merge_max_orders": 2})
        orders = self._confirmed("M-1", "M-2", "M-3")
        self.env["ecom.shipment"]._cron_merge()
        self.assertEqual(len(orders.shipment_ids), 2)
        self.channel.write({"merge_max_orders": 10, "merge_max_weight": 5})
        self.product.weight = 3
        orders = self._confirmed("M-4", "M-5")
        self.env["ecom.shipment"]._cron_merge()
        self.assertEqual(len(orders.shipment_ids), 2)

    def test_excluded(self):
        self.channel.merge_mode = "auto"
        cod = {"payments": [{"amount": "10", "kind": "cash_on_delivery", "state": "pending"}]}
        orders = self._confirmed("M-1") | self._confirmed("M-2", **cod)
        self.env["ecom.shipment"]._cron_merge()
        self.assertEqual(len(orders.shipment_ids), 2)

    def test_presales(self):
        self.channel.merge_mode = "auto"
        lines = [{**self._line(), "presale": True}]
        orders = self._confirmed("M-1", "M-2", lines=lines)
        self.env["ecom.shipment"]._cron_merge()
        self.assertEqual(len(orders.shipment_ids), 2)
        self.channel.merge_presale = True
        orders = self._confirmed("M-3", "M-4", lines=lines)
        self.env["ecom.shipment"]._cron_merge()
        self.assertEqual(len(orders.shipment_ids), 1)

    def test_masked_addresses_and_opaque_keys(self):
        self.channel.merge_mode = "auto"
        masked = {"name": "A**", "street": "R*** 1", "zip": "1", "country": "DE"}
        orders = self._confirmed("K-1", "K-2", shipping_address=masked)
        self.env["ecom.shipment"]._cron_merge()
        self.assertEqual(len(orders.shipment_ids), 2)
        keyed = self._confirmed(
            "K-3", "K-4", shipping_address=masked, extra={"recipient_key": "XYZ"}
        )
        next_week = self._confirmed(
            "K-5",
            shipping_address=masked,
            extra={"recipient_key": "XYZ"},
            placed_at="2026-03-09T10:00:00Z",
        )
        self.env["ecom.shipment"]._cron_merge()
        self.assertEqual(len(keyed.shipment_ids), 1)
        self.assertNotEqual(next_week.shipment_ids, keyed.shipment_ids)

    def test_taken_apart_stays_apart(self):
        self.channel.merge_mode = "auto"
        orders = self._confirmed("M-1", "M-2")
        self.env["ecom.shipment"]._cron_merge()
        orders.shipment_ids.action_unmerge()
        self.env["ecom.shipment"]._cron_merge()
        self.assertEqual(len(orders.shipment_ids), 2)

    def test_proposal(self):
        orders = self._confirmed("M-1", "M-2")
        action = self.env["ecom.shipment"].action_open_proposals()
        found = self.env["ecom.shipment"].search(action["domain"])
        self.assertLessEqual(orders.shipment_ids, found)
        viewer = new_test_user(self.env, "mg_view", groups="ecom_order_mgmt.group_ecom_viewer")
        with self.assertRaises(AccessError):
            orders.shipment_ids[0].with_user(viewer).action_merge_group()
        orders.shipment_ids[0].action_merge_group()
        self.assertEqual(len(orders.shipment_ids), 1)

    def test_member_cancelled(self):
        orders = self._confirmed("M-1", "M-2", "M-3")
        orders.shipment_ids.action_merge()
        parcel = orders.shipment_ids
        for order in orders[0], orders[1]:
            order.sale_order_id._action_cancel()
        self.assertEqual(parcel.order_ids, orders[2])
        self.assertEqual(parcel.state, "ready")
        parcel.action_ship()
        self.assertEqual(orders[2].sale_order_id.delivery_status, "full")

    def test_readdressed_member_leaves(self):
        orders = self._confirmed("M-1", "M-2")
        orders.shipment_ids.action_merge()
        parcel = orders.shipment_ids
        self._import(
            self._document(
                "M-2",
                customer={"name": "Ada Buyer", "email": "ada@example.com"},
                updated_at="2026-03-02T10:00:00Z",
                shipping_address={"name": "Eve", "street": "New 9", "zip": "2", "country": "DE"},
            )
        )
        self.channel.process_orders()
        moved = orders[1].shipment_ids.filtered(lambda s: s.state != "cancelled")
        self.assertNotEqual(moved, parcel)
        self.assertEqual(orders[0].shipment_ids, parcel)
        self.assertEqual(parcel.order_ids, orders[0])


@tagged("post_install", "-at_install")
class TestIntercept(ShipmentCase):
    def _cancel(self, external_id="I-1", status="cancelled", day="02"):
        self._import(
            self._document(
                external_id,
                customer={"name": "Ada Buyer", "email": "ada@example.com"},
                status=status,
                updated_at=f"2026-03-{day}T10:00:00Z",
            )
        )
        self.channel.process_orders()

    def test_before_picking(self):
        order = self._confirmed("I-1")
        shipment = order.shipment_ids
        self._cancel()
        self.assertEqual(order.state, "cancelled")
        self.assertEqual(shipment.state, "cancelled")
        self.assertEqual(self._reserved(self.product), 0)

    def test_while_picking(self):
        order = self._confirmed("I-1")
        shipment = order.shipment_ids
        shipment.action_start()
        shipment.picking_ids.move_ids.picked = True
        self._cancel()
        self.assertEqual(order.state, "cancelled")
        self.assertTrue(shipment.frozen)
        self.assertIn("Put back: MUG x 1", shipment.freeze_reason)
        self.assertTrue(order.decision_ids.filtered(lambda d: d.stage == "intercept"))

    def test_while_picking_where_the_channel_says_no(self):
        self.channel.cancel_until = "picking"
        order = self._confirmed("I-1")
        order.shipment_ids.action_start()
        self._cancel()
        self.assertEqual(order.cause, "changed_too_late")
        self.assertTrue(order.shipment_ids.frozen)
        self.assertEqual(order.sale_order_id.state, "sale")

    def test_packed(self):
        order = self._confirmed("I-1")
        shipment = order.shipment_ids
        shipment.tracking_ref = "T-9"
        shipment.action_pack()
        self._cancel()
        self.assertEqual(order.sale_order_id.state, "sale")
        self.assertRecordValues(shipment, [{"frozen": True, "tracking_ref": False}])
        with self.assertRaises(UserError):
            shipment.action_ship()
        self._cancel(status="open", day="03")
        self.assertFalse(shipment.frozen, "the request was taken back")
        shipment.action_ship()

    def test_gone(self):
        order = self._confirmed("I-1")
        order.shipment_ids.action_ship()
        self._cancel()
        self.assertEqual(order.cause, "changed_too_late")
        self.assertFalse(order.shipment_ids.frozen)
        self.assertIn(
            "left on", order.decision_ids.filtered(lambda d: d.stage == "intercept").summary
        )

    def test_one_member_of_a_merged_parcel(self):
        orders = self._confirmed("I-1", "I-2")
        orders.shipment_ids.action_merge()
        parcel = orders.shipment_ids
        parcel.action_start()
        self._cancel("I-2")
        self.assertTrue(parcel.frozen)
        self.assertEqual(parcel.order_ids, orders[0])
        parcel.action_release()
        parcel.action_ship()
        self.assertEqual(orders[0].sale_order_id.delivery_status, "full")

    def test_address_while_picking(self):
        order = self._confirmed("I-1")
        order.shipment_ids.action_start()
        self._import(
            self._document(
                "I-1",
                updated_at="2026-03-02T10:00:00Z",
                customer={"name": "Ada Buyer", "email": "ada@example.com"},
                shipping_address={"name": "Eve", "street": "New 9", "zip": "2", "country": "DE"},
            )
        )
        self.channel.process_orders()
        self.assertEqual(order.cause, "changed_too_late")
        self.assertTrue(order.shipment_ids.frozen)


    def test_gifts_of_a_buyer_who_cancelled(self):
        gift = [{**self._line(price="0"), "gift": True}]
        free = {"lines": gift, "payments": []}
        self.channel.approval = "all"
        order = self._confirmed("I-1")
        plain = self._confirmed("I-2")
        sent = self._confirmed("I-3", **free)
        self.assertTrue(sent.is_gift_only)
        self.channel.approval = "manual"
        waiting = self._import_one(
            external_id="I-4", customer={"name": "Ada Buyer", "email": "ada@example.com"}, **free
        )
        stranger = self._import_one(
            external_id="I-5", customer={"name": "Eve", "email": "eve@example.com"}, **free
        )
        self.channel.freeze_gifts = True
        self._cancel()
        self.assertEqual(order.state, "cancelled")
        self.assertTrue(sent.shipment_ids.frozen)
        self.assertIn("Only gifts", sent.shipment_ids.freeze_reason)
        self.assertEqual(waiting.review_state, "held")
        self.assertIn("Only gifts", waiting.hold_reason)
        self.assertEqual(stranger.review_state, "waiting")
        self.assertFalse(plain.shipment_ids.frozen)

    def test_gifts_go_on_where_the_channel_does_not_ask(self):
        self.channel.approval = "all"
        self._confirmed("I-1")
        gift = [{**self._line(price="0"), "gift": True}]
        sent = self._confirmed("I-3", lines=gift, payments=[])
        self._cancel()
        self.assertFalse(sent.shipment_ids.frozen)


@tagged("post_install", "-at_install")
class TestReject(ShipmentCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other = cls.env["stock.warehouse"].create({"name": "Other", "code": "OTH"})
        cls.env["stock.quant"]._update_available_quantity(cls.product, cls.other.lot_stock_id, 10)
        cls.channel.write(
            {
                "sourcing": "best",
                "weight_rank": 10,
                "source_warehouse_ids": [(6, 0, (cls.warehouse | cls.other).ids)],
            }
        )
        cls.warehouse.sequence, cls.other.sequence = 1, 2

    def test_goods_not_found(self):
        order = self._confirmed("J-1")
        shipment = order.shipment_ids
        self.assertEqual(shipment.warehouse_id, self.warehouse)
        shipment._reject("not_found")
        self.channel.process_orders()
        live = order.shipment_ids.filtered(lambda s: s.state != "cancelled")
        self.assertEqual(live.warehouse_id, self.other)
        self.assertEqual(live.state, "ready")
        self.assertEqual(order.reroute_count, 1)
        quant = self.env["stock.quant"].search(
            [
                ("product_id", "=", self.product.id),
                ("location_id", "=", self.warehouse.lot_stock_id.id),
            ]
        )
        self.assertEqual(quant.reserved_quantity, 0)
        live._reject("damaged")
        self.channel.process_orders()
        self.assertEqual(order.review_state, "held", "nobody is left")

    def test_closed_for_some_hours(self):
        order = self._confirmed("J-1")
        order.shipment_ids._reject("closed", pause_hours=5)
        self.assertGreater(self.warehouse.ecom_paused_until, Datetime.now() + timedelta(hours=4))
        second = self._confirmed("J-2")
        self.assertEqual(second.shipment_ids.warehouse_id, self.other)
        with freeze_time(Datetime.now() + timedelta(hours=6)):
            third = self._confirmed("J-3")
            self.assertEqual(third.shipment_ids.warehouse_id, self.warehouse)

    def test_no_other_warehouse(self):
        self.channel.sourcing = "fixed"
        order = self._confirmed("J-1")
        order.shipment_ids._reject("damaged")
        self.assertEqual(order.exception_ids.type, "not_deliverable")
        self.assertTrue(order.shipment_ids.frozen)

    def test_rights(self):
        order = self._confirmed("J-1")
        viewer = new_test_user(self.env, "rj_view", groups="ecom_order_mgmt.group_ecom_viewer")
        with self.assertRaises(AccessError):
            order.shipment_ids.with_user(viewer)._reject("closed")
