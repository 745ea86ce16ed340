from unittest.mock import patch

from freezegun import freeze_time

from odoo.exceptions import UserError
from odoo.tests import tagged

from odoo.addons.ecom_order_mgmt.tests.test_tracking import NOW

from .test_labels import LabelCase


@tagged("post_install", "-at_install")
class TestReturnLabel(LabelCase):
    """What a return case asks of a shipment."""

    def setUp(self):
        super().setUp()
        self.told = told = []
        before = self.env.registry["ecom.shipment"]._return_label_changed

        def changed(shipment, reference, label):
            before(shipment, reference, label)
            told.append((reference, label["state"], label["number"]))

        self.startPatcher(
            patch.object(self.env.registry["ecom.shipment"], "_return_label_changed", changed)
        )

    def _sent(self, name="R-1"):
        shipment = self._packed(name)
        shipment.action_ship()
        return shipment

    def test_bought_once_per_reference(self):
        shipment = self._sent()
        self.assertFalse(shipment._get_return_label_problem())
        self.assertIsNone(shipment._get_return_label("RMA/1"))
        first = shipment._order_return_label("RMA/1", weight=0.4)
        again = shipment._order_return_label("RMA/1")
        self.assertEqual((first["state"], again["state"]), ("ordered", "ordered"))
        shipment._order_return_label("RMA/2")
        self._work()
        self._work()
        self.assertEqual(len(shipment.label_ids), 2)
        info = shipment._get_return_label("RMA/1")
        label = shipment.label_ids.filtered(lambda item: item.return_ref == "RMA/1")
        self.assertEqual((info["state"], info["amount"]), ("bought", 7.35))
        self.assertEqual(info["number"], self._sold(label)[0])
        self.assertEqual(info["tracking_url"], f"https://ups.example/{info['number']}")
        self.assertEqual(info["attachment_ids"], label.attachment_ids.ids)
        self.assertIn(("RMA/1", "bought", info["number"]), self.told)
        self.assertFalse(shipment.tracking_ref, "the way back is not the way there")
        asked = self.server.requests[label.key]
        self.assertEqual(asked["ShipFrom"]["Address"]["City"], "Berlin")
        self.assertEqual(asked["ShipTo"]["Address"]["City"], "Leipzig")
        self.assertAlmostEqual(float(asked["Package"][0]["PackageWeight"]["Weight"]), 0.4, 1)

    def test_to_another_warehouse_with_another_service(self):
        other = self.warehouse.copy({"name": "Returns", "code": "RET"})
        other.partner_id = self.env["res.partner"].create(
            {"name": "Returns", "street": "Dock 9", "city": "Halle", "zip": "06108",
             "country_id": self.env.ref("base.de").id, "phone": "+49345123456"}
        )  # fmt: skip
        self.post_office.ecom_return_service = "ups_express"
        shipment = self._sent()
        shipment._order_return_label("RMA/1", warehouse=other)
        self._work()
        asked = self.server.requests[shipment.label_ids.key]
        self.assertEqual(asked["ShipTo"]["Address"]["City"], "Halle")
        self.assertEqual(asked["Service"]["Code"], "07")

    def test_void_and_again(self):
        shipment = self._sent()
        shipment._order_return_label("RMA/1")
        self._work()
        first = shipment._get_return_label("RMA/1")
        shipment._void_return_label("RMA/1")
        self._work()
        self.assertEqual(shipment._get_return_label("RMA/1")["state"], "void")
        self.assertIn(("RMA/1", "void", first["number"]), self.told)
        shipment._order_return_label("RMA/1")
        self._work()
        self.assertEqual(shipment._get_return_label("RMA/1")["state"], "bought")

    def test_refused_and_tried_again(self):
        shipment = self._sent()
        self.server.fail = "refuse"
        shipment._order_return_label("RMA/1")
        self._work()
        info = shipment._get_return_label("RMA/1")
        self.assertEqual(info["state"], "refused")
        self.assertIn("Missing postal code", info["message"])
        self.assertIn(("RMA/1", "refused", False), self.told)
        shipment._order_return_label("RMA/1")
        self._work()
        self.assertEqual(shipment._get_return_label("RMA/1")["state"], "bought")

    def test_none_to_be_had(self):
        shipment = self._packed()
        self.assertIn("not left", shipment._get_return_label_problem())
        shipment = self._sent("R-2")
        shipment.sudo().carrier_id = self.carrier
        with self.assertRaisesRegex(UserError, "sells no labels"):
            shipment._order_return_label("RMA/1")
        self.assertFalse(shipment.label_ids)


@tagged("post_install", "-at_install")
class TestLabelRequest(LabelCase):
    """What the carrier is asked for beside addresses and weights."""

    def _swiss(self, **vals):
        address = {"name": "Urs Buyer", "street": "Gasse 1", "city": "Bern", "zip": "3011",
                   "country": "CH", "phone": "+41311234567"}  # fmt: skip
        shipment = self._import_one(shipping_address=address, **vals).shipment_ids
        shipment.carrier_id = self.post_office
        return shipment

    def test_customs(self):
        self.product.product_tmpl_id.write(
            {"hs_code": "691110", "country_of_origin": self.env.ref("base.cn").id, "weight": 0.5}
        )
        shipment = self._swiss(lines=[self._line(quantity="2", price="12.5")], total="25")
        sale_order = shipment.picking_ids.sale_id
        sale_order.incoterm = self.env["account.incoterms"].search([("code", "=", "DDP")], limit=1)
        shipment.action_buy_label()
        label = shipment.label_ids
        customs = label._prepare_request()["customs"]
        self.assertEqual(customs["incoterm"], "DDP")
        self.assertEqual(
            customs["duty"], {"paid_by": "sender", "currency": "EUR", "declared_value": 25.0}
        )
        self.assertEqual(customs["invoice"], sale_order.name)
        (item,) = customs["commodities"]
        self.assertEqual(
            (item["hs_code"], item["origin_country"], item["quantity"], item["value_amount"]),
            ("691110", "CN", 2, 12.5),
        )
        self._work()
        self.assertEqual(label.state, "bought", label.answer)
        forms = self.server.requests[label.key]["ShipmentServiceOptions"]["InternationalForms"]
        self.assertEqual(forms["Product"][0]["CommodityCode"], "691110")
        self.assertEqual(forms["Product"][0]["OriginCountryCode"], "CN")

    def test_customs_of_what_comes_back(self):
        self.product.product_tmpl_id.write(
            {"hs_code": "691110", "country_of_origin": self.env.ref("base.cn").id}
        )
        shipment = self._swiss(lines=[self._line(quantity="3", price="10")], total="30")
        shipment.action_ship()
        shipment._order_return_label("RMA/1", goods={self.product: 1})
        customs = shipment.label_ids._prepare_request()["customs"]
        self.assertEqual(customs["content_type"], "return_merchandise")
        self.assertEqual(customs["commodities"][0]["quantity"], 1)
        self.assertEqual(customs["duty"]["declared_value"], 10)

    def test_customs_needs_to_know_the_goods(self):
        shipment = self._swiss()
        shipment.action_buy_label()
        self._work()
        label = shipment.label_ids
        self.assertEqual(label.state, "failed")
        self.assertIn("HS code", label.answer)
        self.assertIn("MUG", label.answer)
        self.assertFalse(self._sold(label), "nothing was asked of the carrier")

    def test_no_customs_within_a_union(self):
        shipment = self._packed()
        shipment.partner_id.country_id = self.env.ref("base.fr")
        shipment.action_buy_label()
        self.assertNotIn("customs", shipment.label_ids._prepare_request())

    def test_cash_on_delivery(self):
        payments = [{"amount": "10", "kind": "cash_on_delivery", "state": "pending"}]
        order = self._import_one(payments=payments, payment_state="unpaid")
        shipment = order.shipment_ids
        if not shipment:
            order.action_approve()
            self.channel.process_orders()
            shipment = order.shipment_ids
        shipment.carrier_id = self.post_office
        shipment.action_buy_label()
        options = shipment.label_ids._prepare_request()["options"]
        self.assertEqual((options["cash_on_delivery"], options["currency"]), (10, "EUR"))
        other = shipment.copy({"order_ids": [(6, 0, order.ids)]})
        other.order_ids = order
        self.assertIn("several parcels", shipment.label_ids._get_problem())

    def test_wish_is_told(self):
        with freeze_time(NOW):
            shipment = self._packed()
        shipment.write(
            {"deliver_from": "2026-03-07 08:00:00", "deliver_by": "2026-03-07 12:00:00"}
        )
        shipment.action_buy_label()
        request = shipment.label_ids._prepare_request()
        wish = shipment._get_delivery_instructions()
        self.assertIn("2026-03-07", wish)
        self.assertEqual(request["options"]["recipient_instructions"], wish)
        self.assertEqual(request["parcels"][0]["description"], wish)
        self.assertTrue(request["options"]["saturday_delivery"])
