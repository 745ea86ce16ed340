from datetime import timedelta

from odoo.exceptions import AccessError, ValidationError
from odoo.tests import freeze_time, new_test_user, tagged

from .test_sourcing import SourcingCase

LATER = "2026-03-02T10:00:00Z"


@tagged("post_install", "-at_install")
class TestTransfer(SourcingCase):
    """No warehouse has everything: a sister brings the rest, and the order leaves from one place."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.channel.write({"source_fallback": "transfer", "source_max_parts": 1})
        cls.south.resupply_wh_ids = cls.north
        cls.transit = cls.company.internal_transit_location_id

    def _moves(self, order):
        return order.sale_order_id.order_line.move_ids.filtered(lambda m: m.state != "cancel")

    def _steps(self, order):
        return sorted(
            (m.location_id.warehouse_id.name or "-", m.location_dest_id.usage, m.product_qty)
            for m in self._moves(order)
        )

    def _done(self, pickings):
        for picking in pickings:
            picking.move_ids.picked = True
            picking.with_context(skip_backorder=True).button_validate()

    def test_nothing_is_moved_where_one_has_all(self):
        self._stock(self.south, CUP=1)
        self._stock(self.north, CUP=5)
        order = self._order(CUP=3)
        self.assertEqual(order.review_state, "approved")
        self.assertEqual(self._places(order), [("North", "CUP", 3)])

    def test_two_halves_leave_from_one_place(self):
        self._stock(self.south, CUP=3)
        self._stock(self.north, POT=5)
        order = self._order(CUP=2, POT=2)
        self.assertEqual(order.review_state, "approved", order.source_summary)
        self.assertEqual(
            self._steps(order),
            [("-", "internal", 2), ("North", "transit", 2), ("South", "customer", 2), ("South", "customer", 2)],
        )  # fmt: skip
        self.assertIn("2 × POT is brought from North", order.source_summary)
        shipment = order.shipment_ids
        self.assertEqual(len(shipment), 1, "a transfer is no parcel")
        self.assertRecordValues(shipment, [{"warehouse_id": self.south.id, "state": "draft"}])
        self.assertEqual(self._reserved(self.pot), 2, "the sister's pieces are promised")
        transfers = self._moves(order).filtered(lambda m: not m._ecom_is_delivery()).picking_id
        self.assertFalse(transfers.carrier_id, "no label is bought for a transfer")
        decision = order.decision_ids.filtered(lambda d: d.stage == "source")
        self.assertIn(
            {"supply": "transfer", "from": "North", "quantity": 2},
            [
                {k: d[k] for k in ("supply", "from", "quantity")}
                for d in decision.details
                if "supply" in d
            ],
        )
        self.assertIn("transfer", decision.rule)
        out, arrive = (
            self._moves(order)
            .filtered(lambda m: not m._ecom_is_delivery())
            .picking_id.sorted(lambda p: p.location_id.usage == "transit")
        )
        self._done(out)
        self.assertEqual(shipment.state, "draft")
        self.assertFalse(order._has_left(), "goods on the way to a sister have not left")
        self._done(arrive)
        self.assertEqual(shipment.state, "ready")
        shipment.action_ship()
        self.assertEqual(order.sale_order_id.delivery_status, "full")
        self.assertEqual(sum(order.sale_order_id.order_line.mapped("qty_delivered")), 4)

    def test_a_line_is_filled_up(self):
        """Neither has three; the place for which less is moved is taken."""
        self._stock(self.south, CUP=2)
        self._stock(self.north, CUP=2)
        self.channel.source_split_lines = False
        order = self._order(CUP=3)
        self.assertEqual(
            self._steps(order),
            [("-", "internal", 1), ("North", "transit", 1), ("South", "customer", 1), ("South", "customer", 2)],
        )  # fmt: skip
        self.assertEqual(len(order.shipment_ids), 1)
        self.assertEqual(self._reserved(self.cup), 3)

    def test_the_sister_keeps_what_it_needs(self):
        self._stock(self.south, CUP=3)
        self._stock(self.north, POT=5)
        self.env["stock.warehouse.orderpoint"].create(
            {
                "product_id": self.pot.id,
                "warehouse_id": self.north.id,
                "location_id": self.north.lot_stock_id.id,
                "product_min_qty": 4,
                "product_max_qty": 4,
                "trigger": "manual",
            }
        )
        order = self._order(CUP=1, POT=2)
        self.assertEqual(order.review_state, "held")
        self.assertFalse(self._moves(order))
        self.north.ecom_safety_stock = 0
        one = self._order("Q-2", CUP=1, POT=1)
        self.assertEqual(one.review_state, "approved", one.source_summary)

    def test_never_made_twice(self):
        self._stock(self.south, CUP=3)
        self._stock(self.north, POT=5)
        order = self._order(CUP=2, POT=2)
        before = self._moves(order)
        self.channel.process_orders()
        self.channel.process_orders()
        self.assertEqual(self._moves(order), before)
        second = self._order("Q-2", CUP=1, POT=3)
        self.assertEqual(second.review_state, "approved")
        self.assertEqual(self._reserved(self.pot), 5)
        third = self._order("Q-3", CUP=1, POT=1)
        self.assertEqual(third.review_state, "held", "the sister has no more")

    def test_changed_address_takes_the_transfer_back(self):
        self._stock(self.south, CUP=3)
        self._stock(self.north, POT=5)
        order = self._order(CUP=2, POT=2)
        first = self._moves(order)
        self._import(
            self._document(
                "Q-1",
                lines=[self._line("CUP", quantity="2"), self._line("POT", quantity="2")],
                shipping_address={
                    "name": "Eve", "street": "New 9", "zip": "80999", "city": "X", "country": "DE",
                },
                updated_at=LATER,
            )
        )  # fmt: skip
        self.channel.process_orders()
        self.assertEqual(set(first.mapped("state")), {"cancel"})
        self.assertEqual(self._reserved(self.pot), 2)
        self.assertEqual(len(self._moves(order)), 4)

    def test_cancelled_while_on_the_road(self):
        """What is on the road arrives, as plain stock."""
        self._stock(self.south, CUP=3)
        self._stock(self.north, POT=5)
        order = self._order(CUP=2, POT=2)
        out, arrive = (
            self._moves(order)
            .filtered(lambda m: not m._ecom_is_delivery())
            .picking_id.sorted(lambda p: p.location_id.usage == "transit")
        )
        self._done(out)
        self._import(
            self._document(
                "Q-1",
                lines=[self._line("CUP", quantity="2"), self._line("POT", quantity="2")],
                status="cancelled",
                updated_at=LATER,
            )
        )
        self.channel.process_orders()
        self.assertEqual(order.state, "cancelled")
        self.assertEqual(arrive.state, "assigned")
        self._done(arrive)
        free = self.south._ecom_get_free(self.pot)
        self.assertEqual(free[self.pot.id, self.south.id], 2)

    def test_chosen_for_another_order_is_no_candidate(self):
        self.channel.write({"source_warehouse_ids": [(6, 0, self.south.ids)], "approval": "manual"})
        self._stock(self.north, CUP=9)
        by_hand, other = self._order("Q-1", CUP=1), self._order("Q-2", CUP=1)
        by_hand.action_set_warehouse(self.north.id)
        (by_hand | other).action_approve()
        self.south.resupply_wh_ids = False
        self.channel.process_orders()
        self.assertEqual(self._places(by_hand), [("North", "CUP", 1)])
        self.assertEqual(other.review_state, "held")

    def test_promise_counts_the_way_between_warehouses(self):
        for warehouse in (self.north, self.south):
            warehouse.ecom_open_days = "7"
        with freeze_time("2026-03-02 08:00:00"):
            self._stock(self.south, CUP=9)
            plain = self._order("Q-1", CUP=1)
            self._stock(self.north, POT=5)
            brought = self._order("Q-2", CUP=1, POT=1)
        self.assertGreaterEqual(brought.promised_at, plain.promised_at + timedelta(days=2))

    def test_without_a_route_it_waits(self):
        self.south.resupply_wh_ids = False
        self._stock(self.south, CUP=3)
        self._stock(self.north, POT=5)
        order = self._order(CUP=2, POT=2)
        self.assertEqual(order.review_state, "held")
        self.assertIn("No warehouse has everything", order.source_summary)

    def test_route_gone_between_choice_and_confirmation(self):
        self._stock(self.south, CUP=3)
        self._stock(self.north, POT=5)
        order = self._order(process=False, CUP=2, POT=2)
        order._accept_batch()
        order._review_batch()
        order._source_batch()
        self.assertTrue(order.sourced_at)
        self.south.resupply_route_ids.active = False
        order._confirm_batch()
        self.assertEqual(order.cause, "processing_error")
        self.assertIn("has no route", order.cause_message)
        self.assertFalse(self._moves(order))

    def test_a_kit_is_brought_whole(self):
        if "mrp.bom" not in self.env:
            self.skipTest("mrp is not installed")
        kit = self._create_product("SET")
        self.env["mrp.bom"].create(
            {
                "product_tmpl_id": kit.product_tmpl_id.id,
                "type": "phantom",
                "bom_line_ids": [
                    (0, 0, {"product_id": self.cup.id, "product_qty": 2}),
                    (0, 0, {"product_id": self.pot.id, "product_qty": 1}),
                ],
            }
        )
        mug = self._create_product("BOWL")
        self._stock(self.south, BOWL=3)
        self._stock(self.north, CUP=4, POT=2)
        order = self._order(BOWL=1, SET=1)
        self.assertEqual(order.review_state, "approved", order.source_summary)
        self.assertEqual(self._reserved(self.cup), 2)
        self.assertEqual(self._reserved(self.pot), 1)
        self.assertEqual(self._reserved(mug), 1)
        brought = self._moves(order).filtered(lambda m: m.location_dest_id == self.transit)
        self.assertEqual(brought.product_id, self.cup | self.pot)
        for usage in ("internal", "transit"):
            self._done(
                self._moves(order)
                .filtered(lambda m, u=usage: not m._ecom_is_delivery() and m.location_id.usage == u)
                .picking_id
            )
        self.assertEqual(order.shipment_ids.state, "ready")

    def test_slow_confirmation_does_the_same(self):
        """By hand in the web client, without our fast way."""
        self.channel.approval = "manual"
        self._stock(self.south, CUP=3)
        self._stock(self.north, POT=5)
        order = self._order(CUP=2, POT=2)
        order.action_approve()
        order.sale_order_id.action_confirm()
        self.assertEqual(order.sale_order_id.state, "sale")
        self.assertEqual(len(self._moves(order)), 4)
        self.assertEqual(self._reserved(self.pot), 2)


@tagged("post_install", "-at_install")
class TestBuy(SourcingCase):
    """No warehouse has everything: the rest is bought for the order."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.vendor = cls.env["res.partner"].create({"name": "Vendor"})
        cls.pot.seller_ids = [
            (0, 0, {"partner_id": cls.vendor.id, "price": 3, "delay": 5, "min_qty": 0})
        ]
        cls.channel.write({"source_fallback": "buy", "source_max_parts": 1})

    def _requests(self):
        return self.env["purchase.order"].search([("partner_id", "=", self.vendor.id)])

    def test_the_rest_is_bought(self):
        self._stock(self.south, CUP=3, POT=1)
        order = self._order(CUP=2, POT=3)
        self.assertEqual(order.review_state, "approved", order.source_summary)
        request = self._requests()
        self.assertEqual(request.state, "draft", "a person confirms it")
        self.assertEqual(request.order_line.product_qty, 2)
        self.assertIn("2 × POT is bought", order.source_summary)
        self.assertEqual(len(order.shipment_ids), 1)
        self.assertEqual(order.shipment_ids.state, "draft")
        self.channel.process_orders()
        self.assertEqual(request.order_line.product_qty, 2)
        request.button_confirm()
        receipt = request.picking_ids
        receipt.move_ids.picked = True
        receipt.button_validate()
        self.assertEqual(order.shipment_ids.state, "ready")
        order.shipment_ids.action_ship()
        self.assertEqual(order.sale_order_id.delivery_status, "full")

    def test_promise_counts_the_vendor(self):
        self.south.ecom_open_days = "7"
        with freeze_time("2026-03-02 08:00:00"):
            self._stock(self.south, CUP=3)
            plain = self._order("Q-1", CUP=1)
            bought = self._order("Q-2", CUP=1, POT=1)
        self.assertGreaterEqual(bought.promised_at, plain.promised_at + timedelta(days=5))

    def test_a_request_is_taken_back_when_the_order_goes(self):
        self._stock(self.south, CUP=9)
        first = self._order("Q-1", CUP=1, POT=2)
        second = self._order("Q-2", CUP=1, POT=3)
        self.assertEqual(sum(self._requests().order_line.mapped("product_qty")), 5)
        first.sale_order_id._action_cancel()
        self.assertEqual(sum(self._requests().order_line.mapped("product_qty")), 3)
        second.sale_order_id._action_cancel()
        self.assertEqual(sum(self._requests().order_line.mapped("product_qty")), 0)
        self.assertEqual(set(self._requests().mapped("state")), {"cancel"})

    def test_what_is_bought_is_not_bought_again(self):
        self._stock(self.south, CUP=9)
        order = self._order("Q-1", CUP=1, POT=2)
        request = self._requests()
        request.button_confirm()
        self._import(
            self._document(
                "Q-1",
                lines=[self._line("CUP"), self._line("POT", quantity="2")],
                shipping_address={
                    "name": "Eve", "street": "New 9", "zip": "80999", "city": "X", "country": "DE",
                },
                updated_at=LATER,
            )
        )  # fmt: skip
        self.channel.process_orders()
        self.assertEqual(order.review_state, "held")
        self.assertIn("bought for it already", order.source_summary)
        self.assertEqual(self._requests(), request)
        self.assertTrue(order.expected_at)
        receipt = request.picking_ids
        receipt.move_ids.picked = True
        receipt.button_validate()
        self.channel.process_orders()
        self.assertEqual(order.review_state, "approved")
        self.assertEqual(
            order.shipment_ids.filtered(lambda s: s.state != "cancelled").state, "ready"
        )
        self.assertEqual(self._requests(), request)

    def test_without_a_vendor_it_waits(self):
        self._stock(self.south, CUP=9)
        self.pot.seller_ids.unlink()
        order = self._order(CUP=1, POT=2)
        self.assertEqual(order.review_state, "held")
        self.assertIn("has no vendor", order.source_summary)
        self.assertFalse(self._requests())

    def test_waiting_orders_go_on_when_the_settings_change(self):
        self.channel.source_fallback = "wait"
        self._stock(self.south, CUP=9)
        order = self._order(CUP=1, POT=2)
        self.assertEqual(order.review_state, "held")
        self.channel.process_orders()
        self.assertEqual(order.review_state, "held")
        self.channel.source_fallback = "buy"
        self.channel.process_orders()
        self.assertEqual(order.review_state, "approved")
        self.assertEqual(self._requests().order_line.product_qty, 2)
        self.assertFalse(order.source_again)

    def test_sister_before_vendor(self):
        self.channel.source_fallback = "transfer_buy"
        self.south.resupply_wh_ids = self.north
        self._stock(self.south, CUP=3)
        self._stock(self.north, POT=1)
        order = self._order(CUP=1, POT=3)
        self.assertIn("1 × POT is brought from North", order.source_summary)
        self.assertIn("2 × POT is bought", order.source_summary)
        self.assertEqual(self._requests().order_line.product_qty, 2)

    def test_dropship_needs_its_app(self):
        if self.env["ecom.channel"]._get_dropship_route():
            self.skipTest("stock_dropshipping is installed")
        with self.assertRaisesRegex(ValidationError, "Drop Shipping"):
            self.channel.source_buy = "dropship"

    def test_dropship(self):
        if not self.env["ecom.channel"]._get_dropship_route():
            self.skipTest("stock_dropshipping is not installed: nothing to try")
        self.channel.source_buy = "dropship"
        self._stock(self.south, CUP=3, POT=1)
        order = self._order(CUP=1, POT=3)
        self.assertEqual(order.review_state, "approved", order.source_summary)
        request = self._requests()
        self.assertEqual(request.order_line.product_qty, 3, "the whole line comes from the vendor")
        self.assertEqual(self._reserved(self.pot), 0)
        self.assertIn("sent to the buyer by the vendor", order.source_summary)
        self.assertEqual(self._places(order), [("South", "CUP", 1)])
        self.channel.process_orders()
        self.assertEqual(request.order_line.product_qty, 3)
        request.button_confirm()
        self.assertTrue(order._has_left(), "the vendor sends it: a person decides about changes")

    def test_only_viewers_may_not_change_profiles(self):
        viewer = new_test_user(self.env, "sp_view", groups="ecom_order_mgmt.group_ecom_viewer")
        reviewer = new_test_user(self.env, "sp_rev", groups="ecom_order_mgmt.group_ecom_reviewer")
        manager = new_test_user(self.env, "sp_man", groups="ecom_order_mgmt.group_ecom_manager")
        Profile = self.env["ecom.source.profile"]
        for user in (viewer, reviewer):
            with self.assertRaises(AccessError):
                Profile.with_user(user).create({"name": "No"})
        profile = Profile.with_user(manager).create({"name": "Yes"})
        self.assertEqual(profile.with_user(viewer).name, "Yes")
        other = self.env["res.company"].create({"name": "Elsewhere"})
        hidden = Profile.create({"name": "Other", "company_id": other.id})
        self.assertFalse(Profile.with_user(manager).search([("id", "=", hidden.id)]))
