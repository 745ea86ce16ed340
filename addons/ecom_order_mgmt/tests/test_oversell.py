from odoo.exceptions import UserError
from odoo.tests import tagged

from .test_shipment import ShipmentCase


@tagged("post_install", "-at_install")
class TestOversell(ShipmentCase):
    """What one transaction promises; what several do at once is tested over real connections."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.rare = cls._create_product("RARE", quantity=3)

    def _orders(self, *quantities, sku="RARE", **vals):
        documents = [
            self._document(f"O-{i}", lines=[self._line(sku, quantity=str(quantity))], **vals)
            for i, quantity in enumerate(quantities)
        ]
        _result, orders = self._import(*documents)
        self.channel.process_orders()
        return orders

    def _receive(self, product, quantity):
        self.env["stock.quant"].with_context(inventory_mode=True).create(
            {
                "product_id": product.id,
                "location_id": self.warehouse.lot_stock_id.id,
                "inventory_quantity": product.qty_available + quantity,
            }
        ).action_apply_inventory()

    def test_no_more_than_there_is(self):
        orders = self._orders(2, 2, 1)
        self.assertEqual(orders.mapped("review_state"), ["approved", "held", "approved"])
        self.assertEqual(self._reserved(self.rare), 3)
        held = orders[1]
        self.assertRecordValues(
            held.exception_ids, [{"type": "stock_shortage", "state": "open", "blocking": True}]
        )
        self.assertIn("RARE (2 wanted, 1 free", held.hold_reason)
        self.assertEqual(held.sale_order_id.state, "draft")
        self.assertFalse(held.sale_order_id.picking_ids)
        decision = held.decision_ids.filtered(lambda d: d.stage == "reserve")
        self.assertEqual(decision.details[0]["wanted"], 2)

    def test_most_urgent_first(self):
        late = self._document("U-1", lines=[self._line("RARE", quantity="2")])
        soon = self._document(
            "U-2", lines=[self._line("RARE", quantity="2")], ship_by="2026-03-02T00:00:00Z"
        )
        _result, orders = self._import(late, soon)
        self.channel.process_orders()
        self.assertEqual(orders.mapped("review_state"), ["held", "approved"])

    def test_of_those_due_at_the_same_time(self):
        """The urgent one, then the one that costs most to be late with, then the first."""
        dear = self._create_channel(name="Dear", late_cost=5)
        lines, due = [self._line("RARE", quantity="2")], "2026-03-02T00:00:00Z"
        self.channel.approval = dear.approval = "manual"
        _result, orders = self._import(
            *[self._document(f"P-{i}", lines=lines, ship_by=due) for i in (1, 2)]
        )
        _result, other = self._import(
            self._document("P-3", lines=lines, ship_by=due), channel=dear
        )
        (self.channel | dear).process_orders()
        third = other
        self.assertEqual((orders | third).sorted(lambda o: o._get_urgency()), third | orders)
        orders[1].priority = "1"
        self.assertEqual(
            (orders | third).sorted(lambda o: o._get_urgency()), orders[1] | third | orders[0]
        )

    def test_goes_on_when_goods_arrive(self):
        orders = self._orders(3, 2)
        self.assertEqual(orders[1].review_state, "held")
        self.channel.process_orders()
        self.assertEqual(orders[1].review_state, "held", "nothing came in")
        self._receive(self.rare, 1)
        self.channel.process_orders()
        self.assertEqual(orders[1].review_state, "held", "not enough came in")
        self._receive(self.rare, 1)
        counts = self.channel.process_orders()
        self.assertEqual(counts["restocked"], 1)
        self.assertEqual(orders[1].exception_ids.state, "resolved")
        self.assertEqual(orders[1].sale_order_id.state, "sale")
        self.assertEqual(self._reserved(self.rare), 5)

    def test_arrival_wakes_the_timer(self):
        self._orders(3, 2)
        cron = self.env.ref("ecom_order_mgmt.ir_cron_process")
        triggers = self.env["ir.cron.trigger"].search_count([("cron_id", "=", cron.id)])
        self._receive(self.product, 1)
        self.assertEqual(
            self.env["ir.cron.trigger"].search_count([("cron_id", "=", cron.id)]), triggers
        )
        self._receive(self.rare, 1)
        self.assertGreater(
            self.env["ir.cron.trigger"].search_count([("cron_id", "=", cron.id)]), triggers
        )

    def test_new_version_of_a_held_order(self):
        orders = self._orders(3, 2)
        self._import(
            self._document(
                "O-1",
                lines=[self._line("MUG", line_id="L-RARE")],
                updated_at="2026-03-02T10:00:00Z",
            )
        )
        self.channel.process_orders()
        self.assertEqual(orders[1].sale_order_id.state, "sale")
        self.assertFalse(orders[1].short_product_ids)
        self.assertEqual(orders[1].exception_ids.mapped("state"), ["resolved"])

    def test_freed_by_a_cancellation(self):
        orders = self._orders(3, 2)
        orders[0].sale_order_id._action_cancel()
        self.channel.process_orders()
        self.assertEqual(orders[1].sale_order_id.state, "sale")

    def test_a_person_lets_it_go_on(self):
        orders = self._orders(2, 3)
        with self.assertRaises(UserError):
            orders[1].action_approve()
        orders[1].action_approve("the rest comes on Monday")
        self.channel.process_orders()
        self.assertEqual(orders[1].sale_order_id.state, "sale")
        self.assertEqual(self._reserved(self.rare), 3, "and still nothing beyond the stock")
        self.assertEqual(orders[1].shipment_ids.state, "draft")

    def test_channel_that_delivers_in_parts(self):
        self.channel.shortage_policy = "backorder"
        orders = self._orders(2, 3)
        self.assertEqual(orders.sale_order_id.mapped("state"), ["sale"] * 2)
        self.assertEqual(self._reserved(self.rare), 3)
        # What is promised is gone for everybody else, reserved or not.
        self.channel.shortage_policy = "hold"
        self._receive(self.rare, 1)
        late = self._import_one(external_id="L-1", lines=[self._line("RARE")])
        self.assertEqual(late.review_state, "held")

    def test_confirmed_by_hand(self):
        self.channel.approval = "manual"
        _result, orders = self._import(
            self._document("H-1", lines=[self._line("RARE", quantity="2")]),
            self._document("H-2", lines=[self._line("RARE", quantity="2")]),
        )
        self.channel.process_orders()
        orders.write({"review_state": "approved"})
        first, second = orders.sale_order_id
        self.assertIs(first.action_confirm(), True)
        second.with_user(self.env.ref("base.user_admin")).action_confirm()
        self.assertEqual(first.state, "sale")
        self.assertEqual(second.state, "draft")
        self.assertEqual(orders[1].review_state, "held")

    def test_orders_of_no_channel_reserve_what_is_left(self):
        self._orders(2)
        sale_order = self.env["sale.order"].create(
            {
                "partner_id": self.env["res.partner"].create({"name": "B2B"}).id,
                "order_line": [(0, 0, {"product_id": self.rare.id, "product_uom_qty": 5})],
            }
        )
        sale_order.action_confirm()
        self.assertEqual(sale_order.state, "sale")
        self.assertEqual(sale_order.picking_ids.move_ids.quantity, 1)
        self.assertEqual(self._reserved(self.rare), 3)

    def test_goods_at_the_dock_do_not_count(self):
        self.env["stock.quant"]._update_available_quantity(
            self.rare, self.warehouse.wh_input_stock_loc_id, 10
        )
        orders = self._orders(4)
        self.assertEqual(orders.review_state, "held")

    def test_services_and_consumables_need_no_stock(self):
        self._create_product("FLYER", is_storable=False)
        self._create_product("SERVICE", type="service", is_storable=False)
        orders = self._orders(500, sku="FLYER") | self._import_one(
            external_id="SV", lines=[self._line("SERVICE", quantity="9")]
        )
        self.assertEqual(orders.mapped("review_state"), ["approved"] * 2)

    def test_made_to_order_needs_no_stock(self):
        self._create_bought_to_order("MTO")
        order = self._orders(2, sku="MTO")
        self.assertEqual(order.sale_order_id.state, "sale")

    def test_kit_by_its_components(self):
        if "mrp.bom" not in self.env:
            self.skipTest("mrp is not installed")
        kit = self._create_product("KIT")
        self.env["mrp.bom"].create(
            {
                "product_tmpl_id": kit.product_tmpl_id.id,
                "type": "phantom",
                "bom_line_ids": [
                    (0, 0, {"product_id": self.rare.id, "product_qty": 2}),
                    (0, 0, {"product_id": self.product.id, "product_qty": 1}),
                ],
            }
        )
        orders = self._orders(1, 1, sku="KIT")
        self.assertEqual(orders.mapped("review_state"), ["approved", "held"])
        self.assertIn("RARE (2 wanted, 1 free", orders[1].hold_reason)
        self.assertEqual(self._reserved(self.rare), 2)
        self._receive(self.rare, 1)
        self.channel.process_orders()
        self.assertEqual(orders[1].sale_order_id.state, "sale")
