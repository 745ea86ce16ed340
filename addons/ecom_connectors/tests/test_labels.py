import os
from unittest import skipUnless
from unittest.mock import patch

from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import new_test_user, tagged

from odoo.addons.ecom_order_mgmt.tests.test_tracking import NOW, TrackingCase

from ..carriers import karrio_client, transport
from .carrier_server import Carrier

HAS_UPS = "ups" in karrio_client.plugins()
KEY = "a key for the tests of credentials"


@skipUnless(HAS_UPS, "karrio with karrio-ups is not installed")
class LabelCase(TrackingCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.startClassPatcher(patch.dict(os.environ, {"ECOM_SECRET_KEY": KEY}))
        cls.server = Carrier()
        cls.addClassCleanup(cls.server.close)
        cls.account = cls.env["ecom.carrier.account"].create(
            {
                "name": "UPS",
                "plugin": "ups",
                "server_url": cls.server.url,
                "label_format": "ZPL",
                "company_id": cls.company.id,
            }
        )
        for line in cls.account.field_ids:
            line.new_value = "123456"
        cls.post_office = cls.env["delivery.carrier"].create(
            {
                "name": "UPS Standard",
                "product_id": cls.carrier.product_id.id,
                "delivery_type": "karrio",
                "ecom_account_id": cls.account.id,
                "ecom_service": "ups_standard",
                "tracking_url": "https://ups.example/<shipmenttrackingnumber>",
            }
        )
        cls.warehouse.partner_id.write({"street": "Dock 1", "phone": "+49341123456"})

    def setUp(self):
        super().setUp()
        self.server.fail = None
        self.server.knows_references = True
        # A test must not commit: each commit is a flush instead.
        self.startPatcher(
            patch.object(
                self.env.registry["ir.cron"],
                "_commit_progress",
                lambda cron, *_args, **_kwargs: cron.env.flush_all() or 60,
            )
        )

    def _packed(self, name="B-1"):
        shipment = self._import_one(external_id=name).shipment_ids
        shipment.carrier_id = self.post_office
        return shipment

    def _work(self):
        self.env["ecom.label"]._cron_process()

    def _sold(self, label):
        return self.server.sold.get(label.key, [])


@tagged("post_install", "-at_install")
class TestLabel(LabelCase):
    def test_buy(self):
        shipment = self._packed()
        self.assertTrue(shipment.sells_labels)
        shipment.action_buy_label()
        shipment.action_buy_label()
        label = shipment.label_ids
        self.assertRecordValues(label, [{"state": "waiting", "account_id": self.account.id}])
        self.assertFalse(self._sold(label), "nothing leaves the house before the commit")
        self._work()
        self._work()
        self.assertEqual(len(self._sold(label)), 1)
        number = self._sold(label)[0]
        self.assertRecordValues(
            label,
            [
                {
                    "state": "bought",
                    "numbers": number,
                    "amount": 7.35,
                    "applied": True,
                    "attempts": 1,
                }
            ],
        )
        self.assertEqual(label.currency_id, self.eur)
        self.assertIn(b"^XA", label.attachment_ids.raw)
        self.assertTrue(label.attachment_ids.name.endswith(".zpl"))
        self.assertEqual(shipment.tracking_ref, number)
        self.assertEqual(shipment.picking_ids.carrier_tracking_ref, number)
        parcel = shipment.parcel_ids
        self.assertRecordValues(
            parcel, [{"tracking_ref": number, "carrier_code": "ups", "service": "ups_standard"}]
        )
        self.assertGreater(parcel.cost, 0)
        self.assertEqual(self.account.state, "ok")

    def test_which_package_is_which_box(self):
        self._create_product("CUP", quantity=5, weight=0.2)
        shipment = self._import_one(
            external_id="B-7", lines=[self._line(), self._line("CUP")], total="20"
        ).shipment_ids
        shipment.carrier_id = self.post_office
        packages = self.env["stock.package"].create([{"name": "P1"}, {"name": "P2"}])
        for line in shipment.picking_ids.move_line_ids:
            line.result_package_id = packages[line.product_id.default_code == "CUP"]
        shipment.action_buy_label()
        label = shipment.label_ids
        self.assertEqual(len(label._prepare_parcels()), 2)
        label.numbers = "1ZA,1ZB"
        label._set_numbers()
        boxes = shipment.parcel_ids
        self.assertEqual(boxes.mapped("tracking_ref"), ["1ZA", "1ZB"])
        self.assertEqual(boxes.package_id, packages)
        goods = [parcel["lines"] for parcel in shipment._get_tracking_info()["parcels"]]
        self.assertEqual([[g["name"] for g in box] for box in goods], [["Product MUG"], ["Product CUP"]])

    def test_validation_buys_nothing(self):
        shipment = self._packed()
        shipment.picking_ids.picking_type_id.print_label = True
        shipment.action_ship()
        self.assertFalse(shipment.label_ids)
        shipment.picking_ids.send_to_shipper()
        self.assertEqual(shipment.label_ids.state, "waiting")

    def test_answer_lost_label_is_found_again(self):
        for fail in ("error", "drop"):
            with self.subTest(fail):
                shipment = self._packed(f"B-{fail}")
                shipment.action_buy_label()
                self.server.fail = fail
                self._work()
                label = shipment.label_ids
                self.assertEqual((label.state, len(self._sold(label))), ("bought", 1))
                self.assertEqual(shipment.tracking_ref, self._sold(label)[0])

    def test_answer_lost_and_nobody_can_tell(self):
        shipment = self._packed()
        shipment.action_buy_label()
        self.server.fail = "drop"
        self.server.knows_references = False
        self._work()
        self._work()
        label = shipment.label_ids
        self.assertEqual((label.state, len(self._sold(label))), ("unknown", 1))
        self.assertIn(label.key, str(label.activity_ids.note))
        # Two users more on the button change nothing.
        shipment.action_buy_label()
        self._work()
        self.assertEqual(len(self._sold(label)), 1)
        # A person found it on the carrier's site.
        label.action_cancel()
        self.assertEqual(label.state, "cancelled")

    def test_worker_died_before_the_sale(self):
        shipment = self._packed()
        shipment.action_buy_label()
        label = shipment.label_ids
        label.write({"state": "sending", "attempts": 1})
        self._work()
        self.assertEqual(label.state, "waiting", "the carrier knows of none")
        self._work()
        self.assertEqual((label.state, len(self._sold(label))), ("bought", 1))

    def test_worker_died_before_the_numbers_were_set(self):
        shipment = self._packed()
        shipment.action_buy_label()
        label = shipment.label_ids
        with patch.object(self.env.registry["ecom.label"], "_apply", lambda _label: None):
            self._work()
        self.assertFalse(shipment.tracking_ref)
        self._work()
        self.assertEqual(shipment.tracking_ref, label.numbers)
        self.assertEqual(len(self._sold(label)), 1)

    def test_refused(self):
        shipment = self._packed()
        shipment.action_buy_label()
        self.server.fail = "refuse"
        self._work()
        label = shipment.label_ids
        self.assertEqual(label.state, "failed")
        self.assertIn("Missing postal code", label.answer)
        self.assertTrue(label.activity_ids)
        self.assertEqual(self.account.state, "error")
        shipment.action_buy_label()
        self._work()
        self.assertEqual(sorted(shipment.label_ids.mapped("state")), ["bought", "failed"])

    def test_carrier_is_down(self):
        shipment = self._packed()
        shipment.action_buy_label()
        self.account.server_url = "http://127.0.0.1:9"
        self._work()
        label = shipment.label_ids
        self.assertEqual(label.state, "waiting")
        self.assertGreater(label.next_try, fields.Datetime.now())
        self.account.server_url = self.server.url
        label.next_try = fields.Datetime.now()
        self._work()
        self.assertEqual(label.state, "bought")

    def test_void(self):
        shipment = self._packed()
        shipment.action_buy_label()
        self._work()
        label = shipment.label_ids
        number = label.numbers
        shipment.action_void()
        self._work()
        self.assertEqual(label.state, "voided")
        self.assertIn(number, self.server.voided)
        self.assertFalse(shipment.tracking_ref)
        self.assertTrue(shipment.parcel_ids.voided)
        shipment.action_buy_label()
        self._work()
        self.assertEqual(len(shipment.label_ids), 2)
        self.assertNotEqual(shipment.tracking_ref, number)

    def test_void_on_cancel(self):
        shipment = self._packed()
        shipment.action_buy_label()
        self._work()
        shipment.picking_ids.action_cancel()
        self.assertEqual(shipment.state, "cancelled")
        self._work()
        self.assertEqual(shipment.label_ids.state, "voided")

    def test_timer_rests_when_nothing_is_due(self):
        """A timer that wakes itself never ends, and keeps the others from their work."""
        cron = self.env.ref("ecom_connectors.ir_cron_labels")
        wake_ups = self.env["ir.cron.trigger"].search_count([("cron_id", "=", cron.id)])
        self.env["ecom.label"]._cron_process()
        self.assertEqual(
            self.env["ir.cron.trigger"].search_count([("cron_id", "=", cron.id)]), wake_ups
        )

    def test_stopped_shipment_gets_no_label(self):
        shipment = self._packed()
        shipment.action_buy_label()
        shipment._freeze("Cancelled by the buyer")
        self._work()
        self.assertEqual(shipment.label_ids.state, "failed")
        self.assertFalse(self._sold(shipment.label_ids))

    def test_return_label(self):
        shipment = self._packed()
        shipment.action_buy_label()
        self._work()
        shipment.action_ship()
        number = shipment.tracking_ref
        shipment.action_buy_return_label()
        self._work()
        back = shipment.label_ids.filtered("is_return")
        self.assertEqual(back.state, "bought")
        self.assertEqual(shipment.tracking_ref, number, "the way there is not the way back")

    def test_lock_of_a_living_worker(self):
        shipment = self._packed()
        shipment.action_buy_label()
        label = shipment.label_ids
        with self.registry.cursor() as cr:
            cr.execute("SELECT pg_try_advisory_lock(%s, %s)", [0x6C62, label.id])
            try:
                self._work()
                self.assertEqual(label.state, "waiting")
            finally:
                cr.execute("SELECT pg_advisory_unlock(%s, %s)", [0x6C62, label.id])

    def test_polling(self):
        with freeze_time(NOW):
            shipment = self._packed()
            shipment.action_buy_label()
            self._work()
            shipment.action_ship()
            parcel = shipment.parcel_ids
            self.assertEqual(str(parcel.next_poll_at), "2026-03-02 10:00:00")
            parcel.next_poll_at = fields.Datetime.now()
            self.env["ecom.shipment.parcel"]._cron_poll()
            self.assertEqual(parcel.poll_failures, 1)
            self.assertIn("No tracking information", parcel.poll_error)
            place = {"address": {"city": "Bonn", "country": "DE"}}
            self.server.events[parcel.tracking_ref] = [
                {"date": "20260302", "time": "093000", "location": place,
                 "status": {"type": "I", "code": "AR", "description": "Arrived at Facility"}},
            ]  # fmt: skip
            parcel.next_poll_at = fields.Datetime.now()
            self.env["ecom.shipment.parcel"]._cron_poll()
        self.assertRecordValues(
            parcel, [{"status": "in_transit", "poll_failures": 0, "place": "Bonn, DE"}]
        )
        self.assertGreater(parcel.next_poll_at, fields.Datetime.to_datetime(NOW))

    def test_rates_of_odoo(self):
        order = self.env["sale.order"].create(
            {
                "partner_id": self.env["res.partner"].create({"name": "Somebody"}).id,
                "order_line": [(0, 0, {"product_id": self.product.id})],
            }
        )
        result = self.post_office.rate_shipment(order)
        self.assertFalse(result["success"])
        self.assertTrue(result["error_message"], "words, not an exception")

    def test_settings(self):
        with self.assertRaises(ValidationError):
            self.post_office.ecom_service = False
        self.assertEqual(self.post_office.integration_level, "rate")
        with (
            patch.object(karrio_client, "load", side_effect=karrio_client.CarrierError(
                "missing_library", "no module"
            )),
            self.assertRaisesRegex(UserError, "pip install karrio"),
        ):  # fmt: skip
            self.account._get_client()
        with patch.dict(os.environ, {"ECOM_SECRET_KEY": ""}), self.assertRaises(UserError):
            self.account._get_client()
        with (
            patch.dict(os.environ, {"ECOM_SECRET_KEY": "another key than before"}),
            self.assertRaisesRegex(UserError, "another key"),
        ):
            self.account._get_client()

    def test_credentials_are_written_only(self):
        line = self.account.field_ids[0]
        self.assertTrue(line.is_set)
        self.assertFalse(line.new_value)
        self.env.flush_all()
        self.env.cr.execute("SELECT value FROM ecom_carrier_account_field WHERE id = %s", [line.id])
        self.assertNotIn("123456", self.env.cr.fetchone()[0])
        admin = new_test_user(self.env, "e_adm", groups="base.group_system,base.group_user")
        with self.assertRaises(AccessError):
            line.with_user(admin).read(["value"])
        manager = new_test_user(self.env, "e_man", groups="ecom_order_mgmt.group_ecom_manager")
        with self.assertRaises(AccessError):
            self.env["ecom.carrier.account.field"].with_user(manager).search([])
        with self.assertRaises(AccessError):
            self.account.with_user(manager).read(["push_token"])
        self.assertNotIn("123456", str(self.account.sudo().copy_data()))
        self.assertNotIn("value", line.sudo().copy_data()[0])

    def test_access(self):
        shipment = self._packed()
        viewer = new_test_user(self.env, "e_view", groups="ecom_order_mgmt.group_ecom_viewer")
        packer = new_test_user(self.env, "e_pack", groups="stock.group_stock_user")
        with self.assertRaises(AccessError):
            shipment.with_user(viewer).action_buy_label()
        shipment.with_user(packer).action_buy_label()
        label = shipment.label_ids
        self.assertEqual(label.with_user(packer).state, "waiting")
        with self.assertRaises(AccessError):
            label.with_user(packer).write({"state": "bought"})
        with self.assertRaises(AccessError):
            label.with_user(viewer).action_cancel()

    def test_transport_refuses_other_schemes(self):
        with self.assertRaises(OSError):
            transport.urlopen("file:///etc/passwd")


@tagged("post_install", "-at_install")
class TestPickup(LabelCase):
    def _pickup(self, **vals):
        return self.env["ecom.carrier.pickup"].create(
            {"account_id": self.account.id, "warehouse_id": self.warehouse.id, **vals}
        )

    def _run(self):
        self.env["ecom.carrier.pickup"]._cron_process()

    def test_pickup(self):
        before = self.server.pickups
        pickup = self._pickup()
        pickup.action_order()
        pickup.action_order()
        self.assertEqual(self.server.pickups, before, "after the commit, not before")
        self._run()
        self._run()
        self.assertEqual(self.server.pickups, before + 1)
        self.assertRecordValues(pickup, [{"state": "done", "number": f"PRN{before + 1:06d}"}])
        pickup.action_cancel()
        self._run()
        self.assertEqual(pickup.state, "cancelled")

    def test_refused_and_lost(self):
        self.server.fail = "refuse"
        pickup = self._pickup()
        pickup.action_order()
        self._run()
        self.assertEqual(pickup.state, "refused")
        self.assertIn("in the past", pickup.answer)
        before = self.server.pickups
        self.server.fail = "drop"
        pickup.action_order()
        self._run()
        self._run()
        self.assertEqual(pickup.state, "unknown", "nobody calls a second van")
        self.assertEqual(self.server.pickups, before + 1)
        self.assertTrue(pickup.activity_ids)

    def test_worker_died(self):
        before = self.server.pickups
        pickup = self._pickup(state="sending")
        self._run()
        self.assertEqual((pickup.state, self.server.pickups), ("unknown", before))

    def test_manifest_needs_labels_and_a_carrier_that_has_them(self):
        manifest = self._pickup(kind="manifest")
        with self.assertRaises(UserError):
            manifest.action_order()
        shipment = self._packed()
        shipment.action_buy_label()
        self._work()
        manifest.label_ids = shipment.label_ids
        manifest.action_order()
        self._run()
        self.assertEqual(manifest.state, "refused")
        self.assertIn("not supported", manifest.answer)

    def test_access(self):
        viewer = new_test_user(self.env, "e_pick_v", groups="ecom_order_mgmt.group_ecom_viewer")
        with self.assertRaises(AccessError):
            self.env["ecom.carrier.pickup"].with_user(viewer).create(
                {"account_id": self.account.id, "warehouse_id": self.warehouse.id}
            )
        with self.assertRaises(ValidationError):
            self._pickup(ready_time=18, closing_time=9)
