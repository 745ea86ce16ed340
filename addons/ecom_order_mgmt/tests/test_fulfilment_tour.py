from odoo.exceptions import AccessError, UserError
from odoo.tests import HttpCase, new_test_user, tagged

from .test_shipment import ShipmentCase


@tagged("post_install", "-at_install")
class TestPack(ShipmentCase):
    def test_scan_and_close(self):
        self.product.barcode = "4006381333931"
        order = self._confirmed("P-1", lines=[self._line(quantity="2")])
        shipment = order.shipment_ids
        Shipment = self.env["ecom.shipment"]
        for code in (shipment.name, shipment.picking_ids.name, "P-1", order.sale_order_id.name):
            self.assertEqual(Shipment.pack_open(code)["id"], shipment.id, code)
        self.assertIn("error", Shipment.pack_open("nothing"))
        self.assertIn("error", Shipment.pack_open(""))
        self.assertIn("does not belong", shipment.pack_goods("LAMP")["error"])
        self.assertIn("No product", shipment.pack_goods("0000")["error"])
        with self.assertRaisesRegex(UserError, "2 pieces"):
            shipment.pack_close()
        self.assertEqual(shipment.pack_goods("4006381333931")["missing"], 1)
        self.assertEqual(shipment.state, "picking")
        self.assertEqual(shipment.pack_goods("MUG")["missing"], 0)
        self.assertIn("Too many", shipment.pack_goods("MUG")["error"])
        self.assertEqual(shipment.pack_close()["state"], "packed")
        shipment.action_ship()
        self.assertIn("STOP", Shipment.pack_open(shipment.name)["error"])

    def test_merged_parcel(self):
        orders = self._confirmed("P-1", "P-2")
        names = orders.shipment_ids.mapped("name")
        orders.shipment_ids.action_merge()
        parcel = orders.shipment_ids
        for name in names:
            self.assertEqual(self.env["ecom.shipment"].pack_open(name)["id"], parcel.id)
        parcel.pack_goods("MUG")
        data = parcel.pack_goods("MUG")
        self.assertEqual(data["missing"], 0)
        self.assertEqual(len(data["orders"]), 2)

    def test_stopped(self):
        shipment = self._confirmed("P-1").shipment_ids
        shipment._freeze("cancelled")
        self.assertIn("STOP. cancelled", self.env["ecom.shipment"].pack_open("P-1")["error"])
        self.assertIn("STOP. cancelled", shipment.pack_goods("MUG")["error"])
        with self.assertRaises(UserError):
            shipment.pack_close()

    def test_rights(self):
        shipment = self._confirmed("P-1").shipment_ids
        viewer = new_test_user(self.env, "pk_view", groups="ecom_order_mgmt.group_ecom_viewer")
        packer = new_test_user(self.env, "pk_pack", groups="stock.group_stock_user")
        with self.assertRaises(AccessError):
            self.env["ecom.shipment"].with_user(viewer).pack_open(shipment.name)
        with self.assertRaises(AccessError):
            shipment.with_user(viewer).pack_goods("MUG")
        data = self.env["ecom.shipment"].with_user(packer).pack_open(shipment.name)
        self.assertEqual(data["id"], shipment.id)
        shipment.with_user(packer).pack_goods("MUG")
        shipment.with_user(packer).pack_close()
        self.assertEqual(shipment.state, "packed")

    def test_wave(self):
        orders = self._confirmed("P-1", "P-2")
        action = orders.shipment_ids.action_wave()
        batch = self.env["stock.picking.batch"].browse(action["res_id"])
        self.assertEqual(batch.picking_ids, orders.sale_order_id.picking_ids)
        with self.assertRaises(UserError):
            orders.shipment_ids.action_wave()


@tagged("post_install", "-at_install")
class TestFulfilmentTour(HttpCase, ShipmentCase):
    browser_size = "390x844"
    touch_enabled = True

    def test_pack_at_phone_width(self):
        self.product.barcode = "4006381333931"
        shipment = self._confirmed("TOUR-1", lines=[self._line(quantity="2")]).shipment_ids
        stopped = self._confirmed("TOUR-STOP").shipment_ids
        stopped._freeze("The buyer changed his mind")
        new_test_user(
            self.env, "tour_pack", groups="stock.group_stock_user,ecom_order_mgmt.group_ecom_viewer"
        )
        self.start_tour("/odoo/ecom-pack", "ecom_fulfilment_pack", login="tour_pack")
        self.assertEqual(shipment.state, "shipped")


@tagged("post_install", "-at_install")
class TestFulfilmentDesk(HttpCase, ShipmentCase):
    def test_explanation_merge_and_unmerge(self):
        self.channel.sourcing = "best"
        orders = self._confirmed("TOUR-1", "TOUR-2")
        new_test_user(
            self.env,
            "tour_desk",
            groups="stock.group_stock_user,ecom_order_mgmt.group_ecom_reviewer",
        )
        self.start_tour(
            f"/odoo/action-ecom_order_mgmt.ecom_order_action/{orders[0].id}",
            "ecom_fulfilment_explain",
            login="tour_desk",
        )
        self.start_tour(
            "/odoo/action-ecom_order_mgmt.ecom_shipment_merge_server_action",
            "ecom_fulfilment_merge",
            login="tour_desk",
        )
        parcel = orders.shipment_ids
        self.assertEqual(len(parcel), 1)
        self.start_tour(
            f"/odoo/ecom-shipments/{parcel.id}", "ecom_fulfilment_unmerge", login="tour_desk"
        )
        self.assertEqual(len(orders.shipment_ids), 2)

    def test_shipments_by_stage(self):
        shipment = self._confirmed("TOUR-3").shipment_ids
        new_test_user(
            self.env,
            "tour_stage",
            groups="stock.group_stock_user,ecom_order_mgmt.group_ecom_reviewer",
        )
        self.start_tour("/odoo/ecom-shipments", "ecom_fulfilment_stages", login="tour_stage")
        self.assertEqual(shipment.state, "packed")
