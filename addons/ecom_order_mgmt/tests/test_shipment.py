from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from .common import EcomCase


class ShipmentCase(EcomCase):
    """Factories for tests of what comes after confirmation."""

    def _confirmed(self, *external_ids, **vals):
        """:return: confirmed orders of the same person at the same address"""
        vals.setdefault("customer", {"name": "Ada Buyer", "email": "ada@example.com"})
        _result, orders = self._import(*[self._document(name, **vals) for name in external_ids])
        self.channel.process_orders()
        self.assertTrue(all(orders.mapped("confirmed_at")), orders.mapped("cause_message"))
        return orders


@tagged("post_install", "-at_install")
class TestShipment(ShipmentCase):
    def test_one_shipment_per_delivery(self):
        order = self._confirmed("S-1", ship_by="2026-03-03T12:00:00Z")
        shipment = order.shipment_ids
        picking = order.sale_order_id.picking_ids
        self.assertRecordValues(
            shipment,
            [
                {
                    "picking_ids": picking.ids,
                    "order_ids": order.ids,
                    "warehouse_id": self.warehouse.id,
                    "state": "ready",
                    "company_id": self.company.id,
                    "partner_id": order.sale_order_id.partner_shipping_id.id,
                }
            ],
        )
        self.assertEqual(str(shipment.due_at), "2026-03-03 12:00:00")
        self.assertTrue(shipment.name.startswith("SH"))
        self.assertTrue(shipment.recipient_key)

    def test_other_orders_have_no_shipment(self):
        sale_order = self.env["sale.order"].create(
            {
                "partner_id": self.env["res.partner"].create({"name": "Shop visitor"}).id,
                "order_line": [(0, 0, {"product_id": self.product.id})],
            }
        )
        sale_order.action_confirm()
        self.assertTrue(sale_order.picking_ids)
        self.assertFalse(sale_order.picking_ids.ecom_shipment_id)

    def test_ship(self):
        order = self._confirmed("S-1")
        shipment = order.shipment_ids
        shipment.tracking_ref = "T-1"
        shipment.action_pack()
        self.assertEqual(shipment.state, "packed")
        shipment.action_ship()
        self.assertEqual(shipment.state, "shipped")
        self.assertTrue(shipment.shipped_at)
        self.assertEqual(order.sale_order_id.picking_ids.state, "done")
        self.assertEqual(order.sale_order_id.picking_ids.carrier_tracking_ref, "T-1")
        self.assertEqual(order.sale_order_id.order_line.qty_delivered, 1)
        with self.assertRaises(UserError):
            shipment.action_ship()
        with self.assertRaises(UserError):
            shipment.action_void()
        shipment._mark_delivered()
        self.assertEqual(shipment.state, "delivered")

    def test_validated_by_hand_counts_as_shipped(self):
        shipment = self._confirmed("S-1").shipment_ids
        shipment.picking_ids.carrier_tracking_ref = "HAND-1"
        shipment.picking_ids.button_validate()
        self.assertRecordValues(shipment, [{"state": "shipped", "tracking_ref": "HAND-1"}])

    def test_void(self):
        shipment = self._confirmed("S-1").shipment_ids
        shipment.tracking_ref = "T-1"
        shipment.action_pack()
        shipment.action_void()
        self.assertRecordValues(shipment, [{"state": "picking", "tracking_ref": False}])
        self.assertFalse(shipment.picking_ids.carrier_tracking_ref)

    def test_stopped_parcel_does_not_leave(self):
        shipment = self._confirmed("S-1").shipment_ids
        shipment._freeze("the buyer cancelled")
        with self.assertRaisesRegex(UserError, "the buyer cancelled"):
            shipment.action_ship()
        with self.assertRaisesRegex(UserError, "the buyer cancelled"):
            shipment.picking_ids.button_validate()
        shipment.action_release()
        shipment.action_ship()
        self.assertEqual(shipment.state, "shipped")

    def test_rest_becomes_a_shipment_of_its_own(self):
        order = self._confirmed(
            "S-1", lines=[self._line(quantity="2"), self._line("LAMP", line_id="2")]
        )
        shipment = order.shipment_ids
        lamp = shipment.move_ids.filtered(lambda m: m.product_id == self.product_b)
        lamp._do_unreserve()
        self.assertEqual(shipment.state, "draft")
        shipment.action_ship()
        rest = order.shipment_ids - shipment
        self.assertEqual(shipment.state, "shipped")
        self.assertEqual(rest.move_ids.product_id, self.product_b)
        self.assertIn(rest.state, ("draft", "ready"))

    def test_steps_share_the_shipment(self):
        self.warehouse.delivery_steps = "pick_ship"
        order = self._confirmed("S-1")
        shipment = order.shipment_ids
        self.assertEqual(len(shipment), 1)
        self.assertEqual(shipment.state, "ready")
        with self.assertRaisesRegex(UserError, "last step"):
            shipment.action_ship()
        shipment.picking_ids.button_validate()
        self.assertEqual(order.shipment_ids, shipment)
        self.assertEqual(len(shipment.picking_ids), 2)
        self.assertEqual(shipment.state, "picking")
        shipment.action_ship()
        self.assertEqual(shipment.state, "shipped")

    def test_merge_and_unmerge(self):
        orders = self._confirmed("S-1", "S-2", "S-3")
        shipments = orders.shipment_ids
        self.assertEqual(len(shipments), 3)
        shipments.action_merge()
        parcel = shipments.filtered("active")
        self.assertEqual(len(parcel), 1)
        self.assertEqual(parcel.order_ids, orders)
        for order in orders:
            self.assertEqual(order.shipment_ids, parcel)
            self.assertEqual(len(order.sale_order_id.picking_ids), 1)
            self.assertTrue(order.decision_ids.filtered(lambda d: d.stage == "merge"))
        self.assertEqual((shipments - parcel).mapped("state"), ["cancelled"] * 2)
        parcel.action_unmerge()
        self.assertTrue(all(shipments.mapped("active")))
        self.assertEqual(shipments.mapped("state"), ["ready"] * 3)
        for order in orders:
            self.assertEqual(len(order.shipment_ids), 1)
            self.assertEqual(order.shipment_ids.order_ids, order)

    def test_merged_parcel_ships_all_its_orders(self):
        orders = self._confirmed("S-1", "S-2")
        orders.shipment_ids.action_merge()
        parcel = orders.shipment_ids
        parcel.tracking_ref = "ONE"
        parcel.action_ship()
        self.assertEqual(orders.sale_order_id.picking_ids.mapped("state"), ["done"] * 2)
        self.assertEqual(
            orders.sale_order_id.picking_ids.mapped("carrier_tracking_ref"), ["ONE"] * 2
        )
        for order in orders:
            self.assertEqual(order.sale_order_id.delivery_status, "full")
            self.assertEqual(order.sale_order_id.order_line.qty_delivered, 1)

    def test_status_shows_the_own_goods_of_a_merged_parcel(self):
        orders = self._confirmed("S-1") | self._confirmed("S-2", lines=[self._line("LAMP")])
        orders.shipment_ids.action_merge()
        orders.shipment_ids.tracking_ref = "ONE"
        for order, sku in zip(orders, ("MUG", "LAMP"), strict=True):
            (shipment,) = order.get_status()["shipments"]
            self.assertEqual([line["sku"] for line in shipment["lines"]], [sku])
            self.assertEqual(shipment["tracking_ref"], "ONE")
            self.assertEqual(shipment["state"], "ready")
        orders.shipment_ids.action_ship()
        self.assertTrue(orders[0].get_status()["shipments"][0]["shipped_at"])

    def test_no_merge(self):
        first, second = self._confirmed("S-1", "S-2")
        other = self._confirmed(
            "S-3",
            shipping_address={"name": "Bob", "street": "Elsewhere 2", "zip": "1", "country": "DE"},
        )
        with self.assertRaises(UserError):
            (first | other).shipment_ids.action_merge()
        with self.assertRaises(UserError):
            first.shipment_ids.action_merge()
        second.shipment_ids.action_start()
        with self.assertRaises(UserError):
            (first | second).shipment_ids.action_merge()

    def test_rights(self):
        shipment = self._confirmed("S-1").shipment_ids
        viewer = new_test_user(self.env, "sh_view", groups="ecom_order_mgmt.group_ecom_viewer")
        clerk = new_test_user(self.env, "sh_clerk", groups="base.group_user")
        packer = new_test_user(self.env, "sh_pack", groups="stock.group_stock_user")
        self.assertEqual(shipment.with_user(viewer).state, "ready")
        for action in ("action_ship", "action_merge", "action_unmerge", "action_void"):
            with self.assertRaises(AccessError):
                getattr(shipment.with_user(viewer), action)()
        with self.assertRaises(AccessError):
            shipment.with_user(clerk).read(["state"])
        with self.assertRaises(AccessError):
            shipment.with_user(viewer).write({"tracking_ref": "X"})
        shipment.with_user(packer).tracking_ref = "P-1"
        shipment.with_user(packer).action_ship()
        self.assertEqual(shipment.state, "shipped")

    def test_other_company(self):
        shipment = self._confirmed("S-1").shipment_ids
        company = self.env["res.company"].create({"name": "Other"})
        user = new_test_user(
            self.env,
            "sh_other",
            groups="ecom_order_mgmt.group_ecom_manager,stock.group_stock_user",
            company_id=company.id,
            company_ids=[(6, 0, company.ids)],
        )
        self.assertFalse(self.env["ecom.shipment"].with_user(user).search([]))
        with self.assertRaises(AccessError):
            shipment.with_user(user).action_ship()
